//! Translate and Polly when they refuse, fail, stop in the middle or say
//! nothing: every utterance is spoken, a caption or reported, in order, and
//! nothing waits longer than its deadline.

use crate::common::aws::Fault;
use crate::common::*;
use connect_interpreter::config::SessionConfig;
use connect_interpreter::error::ErrorCode;
use connect_interpreter::event::{Event, Marks, Outcome, UtteranceId};
use connect_interpreter::random::Random;
use connect_interpreter::session::{Input, SocketInput};
use connect_interpreter::speaker::Speaker::{self, Agent, Customer};
use connect_interpreter::time::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// What a translation, and the beginning of speech, are waited for.
const DEADLINE_MS: f64 = 8_000.0;

/// What a turn is waited for.
const TURN_MS: f64 = 60_000.0;

/// Utterances whose speech is fetched at once.
const AHEAD: usize = 3;

const SEEDS: u64 = if cfg!(target_family = "wasm") { 3 } else { 12 };

fn at(millis: u64) -> Timestamp {
    Timestamp::ZERO + ms(millis)
}

fn say(call: &mut Call, speaker: Speaker, text: &str, translate: bool) {
    let text = text.to_owned();
    call.input(speaker, Input::Say { text, translate });
}

/// Listeners that are written to and not talked to: nothing is transcribed.
fn writing() -> SessionConfig {
    options().resolve(16_000).unwrap()
}

#[derive(Default)]
struct Story {
    committed: f64,
    end: Option<(f64, Outcome, Option<ErrorCode>)>,
    spoke: Option<f64>,
    marks: Marks,
}

/// What became of each utterance of a speaker. Checks what always holds.
fn stories(call: &Call, of: Speaker) -> BTreeMap<UtteranceId, Story> {
    let mut stories: BTreeMap<UtteranceId, Story> = BTreeMap::new();
    let mut speaking = Vec::new();
    for told in &call.told {
        let now = told.at.as_millis_f64();
        match &told.event {
            Event::Utterance {
                speaker,
                utterance_id,
                outcome,
                error,
                ..
            } if *speaker == of => {
                let story = stories.entry(*utterance_id).or_default();
                match outcome {
                    Outcome::Committed => story.committed = now,
                    Outcome::Speaking => {
                        story.spoke = Some(now);
                        speaking.push(*utterance_id);
                    }
                    outcome => {
                        assert!(story.end.is_none(), "{utterance_id:?} ends twice");
                        story.end = Some((now, *outcome, error.as_ref().map(|e| e.code)));
                    }
                }
            }
            Event::Latency {
                speaker,
                utterance_id,
                marks,
            } if *speaker == of => stories.entry(*utterance_id).or_default().marks = *marks,
            _ => {}
        }
    }
    assert!(speaking.is_sorted(), "out of order: {speaking:?}");
    let mut ends: Vec<f64> = Vec::new();
    for (id, story) in &stories {
        // Every utterance ends.
        let (end, outcome, error) = story.end.unwrap();
        match outcome {
            Outcome::Spoken => assert!(error.is_none() && story.spoke.is_some()),
            Outcome::Caption | Outcome::Failed => assert!(error.is_some(), "{id:?} is reported"),
            other => panic!("{id:?}: {other:?}"),
        }
        // Translated, or given up, by the deadline.
        let translated = story.marks.translated_ms.unwrap_or(end);
        assert!(translated - story.committed <= DEADLINE_MS + 1.0, "{id:?}");
        // Its speech is asked for when it is one of the next three.
        let near = ends.len().checked_sub(AHEAD).map_or(0.0, |n| {
            let mut before = ends.clone();
            before.sort_by(f64::total_cmp);
            before[n]
        });
        let asked = translated.max(near);
        let begun = story.marks.first_byte_ms.unwrap_or(end);
        assert!(
            begun - asked <= DEADLINE_MS + 1.0,
            "{id:?}: {asked} {begun}"
        );
        // What the player has as the next follows the one that plays.
        let turn = story.spoke.unwrap_or(end);
        let next = ends.last().is_some_and(|before| turn - before < 50.0);
        assert!(next || turn - story.committed <= TURN_MS + 1.0, "{id:?}");
        ends.push(end);
    }
    stories
}

/// How many of a speaker's utterances ended so.
fn count(call: &Call, of: Speaker, wanted: Outcome) -> usize {
    let all = stories(call, of);
    all.values()
        .filter(|story| story.end.is_some_and(|(_, outcome, _)| outcome == wanted))
        .count()
}

/// A lively conversation: short sentences on both sides, with and without
/// pauses, for about half a minute. Gives what each listener is to hear.
fn converse(call: &mut Call, seed: u64) -> (Vec<String>, Vec<String>) {
    const WORDS: [&str; 8] = [
        "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho",
    ];
    let mut random = Random::new(seed);
    let mut below = |n: u64| random.next_u64() % n;
    let (mut agent, mut customer) = (Vec::new(), Vec::new());
    for n in 0..24 {
        let text = format!("{} {n}.", WORDS[below(8) as usize]);
        let (speaker, to, heard) = match below(2) {
            0 => (Agent, "es", &mut customer),
            _ => (Customer, "en", &mut agent),
        };
        call.says(speaker, [text.as_str()]);
        call.pause(speaker, ms(below(1_200)));
        heard.push(format!("{to}: {text}"));
    }
    (agent, customer)
}

#[test]
fn eight_requests_a_second_and_bursts_of_three_seconds_lose_nothing() {
    for seed in 0..SEEDS {
        let mut call = Call::seeded(config(), seed);
        let (agent, customer) = converse(&mut call, seed);
        for n in 0..8 {
            let from = 2_000 + n * 7_000 + 311 * seed;
            let burst = |name| (at(from), at(from + 3_000), Fault::Refused(400, name));
            call.aws.polly.outages.push(burst("ThrottlingException"));
            let from = from + 3_500;
            let burst = |name| (at(from), at(from + 3_000), Fault::Refused(400, name));
            call.aws
                .translate
                .outages
                .push(burst("TooManyRequestsException"));
        }
        call.drive();
        assert_eq!(call.heard_by(Agent), agent, "seed {seed}");
        assert_eq!(call.heard_by(Customer), customer, "seed {seed}");
        assert_eq!(call.errors(), [], "seed {seed}");
        stories(&call, Agent);
        stories(&call, Customer);
        // The bursts did strike, and the rate was kept to all the same.
        assert!(call.aws.polly.requests > 24 && call.aws.translate.requests > 24);
        assert_eq!(call.aws.polly_throttled, 0);
    }
}

#[test]
fn services_that_fail_for_five_seconds_lose_nothing() {
    for seed in 0..SEEDS {
        let mut call = Call::seeded(config(), seed);
        let (agent, customer) = converse(&mut call, seed);
        for (n, fault) in [
            Fault::Refused(500, "InternalServerException"),
            Fault::Refused(503, "ServiceUnavailableException"),
            Fault::Refused(502, ""),
            Fault::Broken,
        ]
        .into_iter()
        .enumerate()
        {
            let from = 1_000 + 12_000 * n as u64 + 173 * seed;
            let service = match (n as u64 + seed) % 2 {
                0 => &mut call.aws.translate,
                _ => &mut call.aws.polly,
            };
            service.outages.push((at(from), at(from + 5_000), fault));
        }
        call.drive();
        assert_eq!(call.heard_by(Agent), agent, "seed {seed}");
        assert_eq!(call.heard_by(Customer), customer, "seed {seed}");
        assert_eq!(call.errors(), [], "seed {seed}");
        stories(&call, Agent);
        stories(&call, Customer);
    }
}

#[test]
fn an_outage_that_outlasts_the_deadline_is_reported_and_over_when_it_is_over() {
    for (fault, code) in [
        (Fault::Refused(500, "x"), ErrorCode::ServiceUnavailable),
        (
            Fault::Refused(400, "ThrottlingException"),
            ErrorCode::Throttled,
        ),
        (Fault::Broken, ErrorCode::Network),
        (Fault::Silent, ErrorCode::Network),
    ] {
        for of_polly in [false, true] {
            let mut call = Call::new(config());
            let service = match of_polly {
                false => &mut call.aws.translate,
                true => &mut call.aws.polly,
            };
            service.outages.push((at(0), at(20_000), fault.clone()));
            call.customer_says(["uno aqui.", "dos aqui."]);
            call.agent_says(["tres aqui."]);
            call.run(ms(21_000));
            call.customer_says(["cuatro aqui."]);
            call.drive();
            assert_eq!(call.heard_by(Agent), ["en: cuatro aqui."]);
            assert_eq!(call.errors(), [code; 3]);
            // With a translation in hand it is a caption.
            let wanted = if of_polly {
                Outcome::Caption
            } else {
                Outcome::Failed
            };
            assert_eq!(count(&call, Customer, wanted), 2);
            assert_eq!(count(&call, Agent, wanted), 1);
        }
    }
}

#[test]
fn a_body_that_is_cut_in_the_middle_is_heard_whole() {
    for seed in 0..SEEDS {
        let mut call = Call::seeded(config(), seed);
        let mut random = Random::new(seed);
        let (agent, customer) = converse(&mut call, seed);
        call.aws.polly.default_delay = ms(20);
        call.aws.polly_speed = 20.0;
        // Late enough for the rest to come in time; in the middle of a sample:
        // an end that looks like one is none.
        for n in (1..=30).step_by(3) {
            let bytes = 8_001 + 2 * (random.next_u64() % 3_000) as usize;
            let fault = match random.next_u64() % 2 {
                0 => Fault::BrokenAfter(bytes),
                _ => Fault::EndsAfter(bytes),
            };
            call.aws.polly.fail(n, fault);
        }
        call.drive();
        assert_eq!(call.heard_by(Agent), agent, "seed {seed}");
        assert_eq!(call.heard_by(Customer), customer, "seed {seed}");
        assert_eq!(call.errors(), [], "seed {seed}");
        assert!(call.aws.polly.requests > 24);
        stories(&call, Agent);
        stories(&call, Customer);
    }
}

#[test]
fn an_answer_that_never_comes_is_asked_for_again_and_then_given_up() {
    for seed in 0..SEEDS {
        let mut call = Call::seeded(config(), seed);
        let (mut agent, customer) = converse(&mut call, seed);
        let lost = agent.remove(seed as usize % agent.len());
        let text = lost.strip_prefix("en: ").unwrap().to_owned();
        call.aws.translate.text_faults.insert(text, Fault::Silent);
        // Others never get their first answer.
        for n in (3..20).step_by(8) {
            call.aws.translate.fail(n, Fault::Silent);
            call.aws.polly.fail(n + 4, Fault::Silent);
        }
        call.drive();
        assert_eq!(call.heard_by(Agent), agent, "seed {seed}");
        assert_eq!(call.heard_by(Customer), customer, "seed {seed}");
        assert_eq!(call.errors(), [ErrorCode::Network], "seed {seed}");
        assert_eq!(count(&call, Customer, Outcome::Failed), 1);
        stories(&call, Agent);
    }
}

#[test]
fn every_refusal_ends_its_own_utterance_and_no_other() {
    let of_translate = [
        ("InvalidRequestException", ErrorCode::BadRequest),
        ("TextSizeLimitExceededException", ErrorCode::TextTooLong),
        ("TooManyRequestsException", ErrorCode::Throttled),
        (
            "UnsupportedLanguagePairException",
            ErrorCode::UnsupportedLanguage,
        ),
        (
            "DetectedLanguageLowConfidenceException",
            ErrorCode::BadRequest,
        ),
        ("ResourceNotFoundException", ErrorCode::BadRequest),
        ("InternalServerException", ErrorCode::ServiceUnavailable),
        ("ServiceUnavailableException", ErrorCode::ServiceUnavailable),
    ];
    let of_polly = [
        ("TextLengthExceededException", ErrorCode::TextTooLong),
        ("InvalidSampleRateException", ErrorCode::BadRequest),
        ("InvalidSsmlException", ErrorCode::BadRequest),
        ("LexiconNotFoundException", ErrorCode::BadRequest),
        ("ServiceFailureException", ErrorCode::ServiceUnavailable),
        ("MarksNotSupportedForFormatException", ErrorCode::BadRequest),
        (
            "SsmlMarksNotSupportedForTextTypeException",
            ErrorCode::BadRequest,
        ),
        ("LanguageNotSupportedException", ErrorCode::VoiceMismatch),
        ("EngineNotSupportedException", ErrorCode::VoiceMismatch),
    ];
    let of_both = [
        ("AccessDeniedException", ErrorCode::AccessDenied),
        ("UnrecognizedClientException", ErrorCode::AccessDenied),
        ("ExpiredTokenException", ErrorCode::ExpiredCredentials),
        ("RequestTimeTooSkewed", ErrorCode::ExpiredCredentials),
        ("ThrottlingException", ErrorCode::Throttled),
        ("LimitExceededException", ErrorCode::Throttled),
        ("RequestLimitExceeded", ErrorCode::Throttled),
        ("ValidationException", ErrorCode::BadRequest),
        ("SomethingNewException", ErrorCode::BadRequest),
    ];
    let cases = of_translate
        .iter()
        .chain(&of_both)
        .map(|case| (false, case))
        .chain(of_polly.iter().chain(&of_both).map(|case| (true, case)));
    for (polly, (name, code)) in cases {
        let mut call = Call::new(config());
        let fault = Fault::Refused(400, name);
        let (service, text, outcome) = match polly {
            false => (&mut call.aws.translate, "dos aqui.", Outcome::Failed),
            true => (&mut call.aws.polly, "en: dos aqui.", Outcome::Caption),
        };
        service.text_faults.insert(text.to_owned(), fault);
        call.customer_says(["uno aqui.", "dos aqui.", "tres aqui."]);
        call.drive();
        let heard = call.heard_by(Agent);
        assert_eq!(heard, ["en: uno aqui.", "en: tres aqui."], "{name}");
        assert_eq!(call.errors(), [*code], "{name}");
        assert_eq!(count(&call, Customer, outcome), 1, "{name}");
        // A refused identity costs the others neither theirs nor the provider
        // more than one question.
        assert!(call.aws.credentials_asked <= 3, "{name}");
    }
}

#[test]
fn without_credentials_nothing_waits_longer_than_its_deadline() {
    let mut call = Call::prepared(config(), |aws| aws.credentials_live = Some(ms(20_000)));
    call.run(ms(5_000));
    call.aws.credentials_hang = vec![None; 100];
    call.run(ms(16_000));
    call.customer_says(["uno aqui."]);
    say(&mut call, Agent, "two here.", false);
    call.run(ms(20_000));
    assert_eq!(count(&call, Customer, Outcome::Failed), 1);
    assert_eq!(count(&call, Agent, Outcome::Caption), 1);
    let mut errors = call.errors();
    errors.dedup();
    assert_eq!(errors, [ErrorCode::CredentialsUnavailable]);
    call.aws.credentials_hang.clear();
    call.run(ms(15_000));
    call.customer_says(["dos aqui."]);
    call.drive();
    assert_eq!(call.heard_by(Agent), ["en: dos aqui."]);
}

#[test]
fn the_hosts_rate_is_kept_and_shared_fairly() {
    let mut options = options();
    options.polly_requests_per_second = Some(2.0);
    let mut call = Call::new(options.resolve(16_000).unwrap());
    call.run(ms(500));
    for n in 0..12 {
        say(&mut call, Agent, &format!("{n}"), false);
    }
    call.run(ms(600));
    let asked = call.now;
    say(&mut call, Customer, "a", false);
    call.drive();
    let came: Vec<Timestamp> = call.aws.polly.came.iter().map(|(at, _)| *at).collect();
    for three in came.windows(3) {
        assert!(three[2].since(three[0]) >= ms(1_000), "{came:?}");
    }
    // Not behind all of the other one's: behind the three that were asked for.
    let of_customer = call.aws.polly.came.iter().find(|(_, text)| text == "a");
    let (at, _) = of_customer.unwrap();
    assert!(at.since(asked) <= ms(2_000), "{asked:?} {at:?}");
    assert_eq!(call.heard_by(Customer).len(), 12);
    assert_eq!(call.heard_by(Agent), ["a"]);
    stories(&call, Agent);
}

#[test]
fn a_rate_that_is_too_low_makes_captions_of_what_cannot_be_said_in_time() {
    let mut options = options();
    options.polly_requests_per_second = Some(0.1);
    let mut call = Call::new(options.resolve(16_000).unwrap());
    call.run(ms(500));
    for text in ["a", "b", "c"] {
        say(&mut call, Agent, text, false);
    }
    call.drive();
    assert_eq!(call.heard_by(Customer), ["a"]);
    assert_eq!(call.errors(), [ErrorCode::Throttled; 2]);
    // What was not sent took no place: the next one's is soon.
    call.run(ms(3_000));
    say(&mut call, Agent, "d", false);
    call.drive();
    assert_eq!(call.heard_by(Customer), ["a", "d"]);
    stories(&call, Agent);
}

#[test]
fn a_turn_that_does_not_come_in_a_minute_is_not_waited_for() {
    let mut call = Call::new(writing());
    // 20 s of speech each.
    for n in 0..6 {
        let text = format!("{n}{}", " x".repeat(500));
        say(&mut call, Agent, &text, false);
    }
    call.drive();
    let spoken = count(&call, Agent, Outcome::Spoken);
    assert!((3..=4).contains(&spoken), "{spoken}");
    assert_eq!(count(&call, Agent, Outcome::Caption), 6 - spoken);
    let late = call.errors();
    assert!(late.iter().all(|code| *code == ErrorCode::TooLate));
    assert_eq!(
        call.states().last(),
        Some(&connect_interpreter::event::State::Running)
    );
}

#[test]
fn texts_of_any_length_are_translated_and_spoken_in_order() {
    let mut options = options();
    options.customer.language = Some("zh-CN".into());
    options.agent.voice = None;
    let mut call = Call::new(options.resolve(16_000).unwrap());
    call.aws.polly_speed = 50.0;
    // 3 bytes each: 4,080 characters are 12,240 bytes.
    let sentence = "今天的天气很好，我们去公园吧。";
    let text = sentence.repeat(272);
    say(&mut call, Customer, &text, true);
    say(&mut call, Customer, "再见。", true);
    call.drive();
    assert_eq!(call.errors(), []);
    // Told once. (The short text's is here before.)
    let translations: Vec<(&String, &String)> = call
        .told
        .iter()
        .filter_map(|told| match &told.event {
            Event::Translation {
                source_text, text, ..
            } => Some((source_text, text)),
            _ => None,
        })
        .collect();
    assert_eq!(translations.len(), 2);
    let (source, translated) = translations[1];
    assert_eq!(*source, text);
    // Cut where a sentence ends; the fake begins each answer with its language.
    let pieces: Vec<&str> = translated.split("en: ").filter(|p| !p.is_empty()).collect();
    assert_eq!(pieces.len(), 2);
    assert!(pieces.iter().all(|piece| piece.trim().ends_with("吧。")));
    assert_eq!(pieces.concat().replace(' ', ""), text);
    // Spoken in two pieces, whole, in order, and as one utterance.
    let heard = call.heard_by(Agent);
    assert_eq!(heard.len(), 3);
    assert_eq!(
        heard[..2].concat().replace(' ', ""),
        translated.replace(' ', "")
    );
    assert_eq!(heard[2], "en: 再见。");
    assert_eq!(call.players[Customer].holes, 0);
    let spoken = call.utterances(|outcome| outcome == Outcome::Spoken);
    assert_eq!(spoken.len(), 2);
}

#[test]
fn one_piece_that_fails_is_the_whole_text() {
    let mut call = Call::new(writing());
    call.run(ms(500));
    call.aws.polly_speed = 50.0;
    let text = "Seven words that make up a sentence. ".repeat(100);
    let text = text.trim();
    call.aws
        .polly
        .fail(3, Fault::Refused(400, "InvalidSsmlException"));
    say(&mut call, Agent, text, false);
    say(&mut call, Agent, "Bye.", false);
    call.drive();
    assert_eq!(call.errors(), [ErrorCode::BadRequest]);
    assert_eq!(call.utterances(|o| o == Outcome::Caption).len(), 1);
    let heard = call.heard_by(Customer);
    let lengths: Vec<usize> = heard.iter().map(String::len).collect();
    assert_eq!(lengths, [2_996, 4]);
}

#[test]
fn a_mask_is_never_spoken() {
    let mut call = Call::new(writing());
    call.run(ms(500));
    let rude = "You ?$#@$, *** and un?$#@$able ****! ".repeat(200);
    for text in ["?$#@$", "***.", "Oh ?$#@$?$#@$.", rude.trim()] {
        say(&mut call, Agent, text, false);
    }
    call.aws.phrasebook.insert("malo.", "A ?$#@$ one.");
    call.customer_says(["malo."]);
    call.drive();
    let spoken: Vec<&String> = call.aws.polly.came.iter().map(|(_, text)| text).collect();
    assert!(spoken.len() >= 3);
    for text in spoken {
        assert!(!text.contains(['$', '#', '@', '*']), "{text}");
        assert!(text.chars().count() <= 3_000);
    }
    assert_eq!(call.heard_by(Agent), ["A one."]);
    assert_eq!(call.heard_by(Customer)[0], "Oh.");
}

#[test]
fn a_service_that_trickles_is_not_waited_for() {
    // A byte every two seconds: never silent for long, and never done.
    let mut call = Call::new(config());
    call.aws.polly_speed = 0.05;
    call.customer_says(["uno aqui."]);
    call.run(ms(3_000));
    call.aws.polly_speed = 4.0;
    call.customer_says(["dos aqui."]);
    call.drive();
    let heard = call.heard_by(Agent);
    assert_eq!(heard.last().unwrap(), "en: dos aqui.");
    let stories = stories(&call, Customer);
    let first = stories.values().next().unwrap();
    let (end, outcome, _) = first.end.unwrap();
    assert_eq!(outcome, Outcome::Caption);
    let said: Duration = ms(3_000);
    assert!(end - first.committed <= DEADLINE_MS + said.as_secs_f64() * 1_000.0);
}

#[test]
fn a_stream_that_ends_meanwhile_changes_nothing() {
    let mut call = Call::new(config());
    call.aws
        .translate
        .outages
        .push((at(0), at(4_000), Fault::Broken));
    call.customer_says(["uno aqui.", "dos aqui."]);
    call.run_until("one is final", |call| !call.finals(Customer).is_empty());
    let stream = call.aws.stream_mut(Customer);
    stream.open = false;
    let id = stream.id;
    let (code, clean) = (1006, false);
    let input = Input::Socket(id, SocketInput::Closed { code, clean });
    call.input(Customer, input);
    call.drive();
    assert_eq!(call.heard_by(Agent), ["en: uno aqui.", "en: dos aqui."]);
    stories(&call, Customer);
}
