//! The degrade ladder: speech, captions, the original, and back, each side by
//! itself.

use crate::common::aws::transcribe::exception;
use crate::common::aws::{FakeAws, Fault};
use crate::common::*;
use connect_interpreter::config::{Form, SessionConfig};
use connect_interpreter::error::{ErrorCode, Stage};
use connect_interpreter::event::{Event, Level, Outcome, State};
use connect_interpreter::session::{Input, SocketInput};
use connect_interpreter::speaker::Speaker::{self, Agent, Customer};
use serde_json::json;
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const ONES: [&str; 10] = [
    "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez",
];

/// The n-th sentence, and what it is in English.
fn sentence(n: usize) -> String {
    format!("{} {}.", ONES[n / 10 % 10], ONES[n % 10])
}

fn say(call: &mut Call, sentences: std::ops::Range<usize>) {
    for n in sentences {
        call.customer_says([sentence(n).as_str()]);
    }
}

/// Lets a service fail for every sentence, or for none.
fn speech(aws: &mut FakeAws, works: bool) {
    let texts = (0..100).map(|n| format!("en: {}", sentence(n)));
    aws.polly.text_faults = faults(texts, works, Fault::Refused(400, "InvalidSsmlException"));
}

fn translation(aws: &mut FakeAws, works: bool) {
    let fault = Fault::Refused(400, "UnsupportedLanguagePairException");
    aws.translate.text_faults = faults((0..100).map(sentence), works, fault);
}

fn faults(
    texts: impl Iterator<Item = String>,
    works: bool,
    fault: Fault,
) -> std::collections::BTreeMap<String, Fault> {
    let texts = texts.map(|text| (text, fault.clone()));
    texts.filter(|_| !works).collect()
}

/// Each step of a speaker's ladder: from, to, and the stage of its reason.
fn steps(call: &Call, of: Speaker) -> Vec<(Level, Level, Option<Stage>)> {
    changes(call, of)
        .into_iter()
        .map(|(_, step)| step)
        .collect()
}

type Step = (Level, Level, Option<Stage>);

fn changes(call: &Call, of: Speaker) -> Vec<(f64, Step)> {
    call.told
        .iter()
        .filter_map(|told| match &told.event {
            Event::LevelChange {
                speaker,
                level,
                previous,
                error,
            } if *speaker == of => {
                if let Some(error) = error {
                    assert_eq!(error.speaker, Some(of));
                }
                let stage = error.as_ref().map(|error| error.stage);
                Some((told.at.as_millis_f64(), (*previous, *level, stage)))
            }
            _ => None,
        })
        .collect()
}

const UP: Step = (Level::Original, Level::Speech, None);

#[test]
fn speech_that_fails_is_captions_until_one_is_spoken_again() {
    let mut call = Call::new(config());
    say(&mut call, 0..1);
    call.drive();
    assert_eq!(steps(&call, Customer), [UP]);

    speech(&mut call.aws, false);
    say(&mut call, 1..4);
    call.drive();
    let down = (Level::Speech, Level::Captions, Some(Stage::Synthesize));
    assert_eq!(steps(&call, Customer), [UP, down]);
    assert_eq!(call.session.level(Customer), Level::Captions);
    assert_eq!(call.states().last(), Some(&State::Degraded));
    // The other side is as it was.
    assert_eq!(steps(&call, Agent), [UP]);
    assert_eq!(call.session.level(Agent), Level::Speech);
    call.agent_says(["Thank you."]);
    call.drive();
    assert_eq!(call.heard_by(Customer), ["Gracias."]);

    // Not every one is tried while it fails, but each has its caption and why.
    let before = call.aws.polly.requests;
    say(&mut call, 4..10);
    call.drive();
    let tried = call.aws.polly.requests - before;
    assert!((1..=5).contains(&tried), "{tried} of 6");
    assert_eq!(call.translated(Customer).len(), 10);
    let captions = call.told.iter().filter(|told| {
        matches!(&told.event, Event::Utterance { outcome: Outcome::Caption, error: Some(error), .. }
            if error.code == ErrorCode::BadRequest)
    });
    assert_eq!(captions.count(), 9);

    speech(&mut call.aws, true);
    call.run(ms(3_000));
    say(&mut call, 10..12);
    call.drive();
    let up = (Level::Captions, Level::Speech, None);
    assert_eq!(steps(&call, Customer), [UP, down, up]);
    assert_eq!(call.states().last(), Some(&State::Running));
    let heard = [0, 10, 11].map(|n| format!("en: {}", sentence(n)));
    assert_eq!(call.heard_by(Agent), heard);
}

#[test]
fn only_one_at_a_time_finds_out_whether_speech_works_again() {
    let mut call = Call::new(config());
    speech(&mut call.aws, false);
    say(&mut call, 0..3);
    call.drive();
    speech(&mut call.aws, true);
    call.run(ms(3_000));
    // Its answer takes so long that others come meanwhile.
    let first = format!("en: {}", sentence(3));
    call.aws.polly.text_delays.insert(first.clone(), ms(2_900));
    let before = call.aws.polly.requests;
    say(&mut call, 3..5);
    call.run_until("the second is a caption", |call| {
        call.utterances(|o| o == Outcome::Caption).len() == 4
    });
    assert_eq!(call.aws.polly.requests, before + 1);
    assert_eq!(call.session.level(Customer), Level::Captions);
    call.drive();
    assert_eq!(call.session.level(Customer), Level::Speech);
    assert_eq!(call.heard_by(Agent), [first]);

    // One that is taken back is none.
    speech(&mut call.aws, false);
    say(&mut call, 5..8);
    call.drive();
    speech(&mut call.aws, true);
    call.run(ms(10_000));
    let taken = format!("en: {}", sentence(8));
    call.aws.polly.text_delays.insert(taken, ms(2_900));
    let before = call.aws.polly.requests;
    say(&mut call, 8..9);
    call.run_until("it is tried", |call| call.aws.polly.requests > before);
    call.mute(Customer, true);
    call.mute(Customer, false);
    say(&mut call, 9..10);
    call.drive();
    assert_eq!(call.session.level(Customer), Level::Speech);
}

#[test]
fn translation_that_fails_is_the_original_and_each_is_tried() {
    let mut call = Call::new(config());
    call.run(ms(500));
    translation(&mut call.aws, false);
    say(&mut call, 0..3);
    call.drive();
    let down = (Level::Speech, Level::Original, Some(Stage::Translate));
    assert_eq!(steps(&call, Customer), [UP, down]);
    assert_eq!(call.states().last(), Some(&State::Degraded));
    assert_eq!(steps(&call, Agent), [UP]);
    say(&mut call, 3..5);
    call.drive();
    assert_eq!(call.utterances(|o| o == Outcome::Failed).len(), 5);
    translation(&mut call.aws, true);
    say(&mut call, 5..7);
    call.drive();
    assert_eq!(steps(&call, Customer), [UP, down, UP]);
    assert_eq!(call.states().last(), Some(&State::Running));
    // What was translated meanwhile was also spoken.
    let heard = [5, 6].map(|n| format!("en: {}", sentence(n)));
    assert_eq!(call.heard_by(Agent), heard);
}

#[test]
fn a_translation_that_fails_while_nothing_is_spoken_is_one_step_more_and_back() {
    let mut call = Call::new(config());
    speech(&mut call.aws, false);
    say(&mut call, 0..3);
    call.drive();
    translation(&mut call.aws, false);
    say(&mut call, 3..6);
    call.drive();
    translation(&mut call.aws, true);
    say(&mut call, 6..8);
    call.drive();
    speech(&mut call.aws, true);
    call.run(ms(3_000));
    say(&mut call, 8..9);
    call.drive();
    assert_eq!(
        steps(&call, Customer),
        [
            UP,
            (Level::Speech, Level::Captions, Some(Stage::Synthesize)),
            (Level::Captions, Level::Original, Some(Stage::Translate)),
            // Still not spoken: the reason is that of the lower step.
            (Level::Original, Level::Captions, Some(Stage::Synthesize)),
            (Level::Captions, Level::Speech, None),
        ]
    );
}

#[test]
fn fewer_than_three_failures_and_a_text_that_is_too_long_change_nothing() {
    let mut call = Call::new(config());
    let bad = |n: usize| (format!("en: {}", sentence(n)), Fault::Body(Vec::new()));
    call.aws.polly.text_faults = [0, 1, 3, 4].map(bad).into_iter().collect();
    let long = |n: usize| {
        (
            sentence(n),
            Fault::Refused(400, "TextSizeLimitExceededException"),
        )
    };
    call.aws.translate.text_faults = [6, 7, 8, 9].map(long).into_iter().collect();
    say(&mut call, 0..11);
    call.drive();
    assert_eq!(steps(&call, Customer), [UP]);
    assert_eq!(call.states(), [State::Running]);
    let heard = [2, 5, 10].map(|n| format!("en: {}", sentence(n)));
    assert_eq!(call.heard_by(Agent), heard);
}

fn close(call: &mut Call, speaker: Speaker) {
    let stream = call.aws.stream_mut(speaker);
    stream.open = false;
    let id = stream.id;
    let input = SocketInput::Closed {
        code: 1006,
        clean: false,
    };
    call.input(speaker, Input::Socket(id, input));
}

#[test]
fn a_stream_that_is_back_soon_is_no_step() {
    let mut call = Call::new(config());
    call.run(ms(1_000));
    call.aws.handshake = ms(2_500);
    close(&mut call, Customer);
    call.run(ms(6_000));
    assert_eq!(steps(&call, Customer), [UP]);
    assert_eq!(
        call.states(),
        [State::Running, State::Reconnecting, State::Running]
    );
}

#[test]
fn a_stream_that_stays_away_is_the_original_until_it_lasts() {
    let mut call = Call::new(config());
    call.run(ms(1_000));
    // Every handshake hangs.
    call.aws.handshake = ms(600_000);
    close(&mut call, Customer);
    call.run(ms(3_900));
    assert_eq!(steps(&call, Customer), [UP]);
    call.run(ms(200));
    let down = (Level::Speech, Level::Original, Some(Stage::Transcribe));
    assert_eq!(steps(&call, Customer), [UP, down]);
    assert_eq!(call.states().last(), Some(&State::Degraded));
    assert_eq!(steps(&call, Agent), [UP]);
    call.aws.handshake = ms(30);
    call.run_until("back", |call| call.session.level(Customer) == Level::Speech);
    let (opened, _) = call.aws.stream(Customer).messages[0];
    let streamed = call.now.since(opened);
    assert!((ms(1_900)..=ms(2_100)).contains(&streamed), "{streamed:?}");
    assert_eq!(steps(&call, Customer), [UP, down, UP]);

    // A result is proof enough.
    call.aws.handshake = ms(600_000);
    close(&mut call, Customer);
    call.run(ms(4_100));
    assert_eq!(call.session.level(Customer), Level::Original);
    call.aws.handshake = ms(30);
    say(&mut call, 0..1);
    call.run_until("back", |call| call.session.level(Customer) == Level::Speech);
    let (opened, _) = call.aws.stream(Customer).messages[0];
    assert!(call.now.since(opened) < ms(1_900));
    call.drive();
    assert_eq!(call.heard_by(Agent), [format!("en: {}", sentence(0))]);
}

#[test]
fn a_stream_that_is_given_up_is_the_original_and_is_probed() {
    let mut call = Call::new(config());
    call.run(ms(1_000));
    call.aws.refuse_handshakes = usize::MAX;
    close(&mut call, Customer);
    call.run_until("given up", |call| {
        call.session.level(Customer) == Level::Original
    });
    assert_eq!(call.session.level(Agent), Level::Speech);
    // Probes that are refused change nothing.
    call.run(ms(70_000));
    let down = (Level::Speech, Level::Original, Some(Stage::Transcribe));
    assert_eq!(steps(&call, Customer), [UP, down]);
    assert_eq!(
        call.states(),
        [State::Running, State::Reconnecting, State::Degraded]
    );
    call.aws.refuse_handshakes = 0;
    call.run_until("back", |call| call.session.level(Customer) == Level::Speech);
    assert_eq!(steps(&call, Customer), [UP, down, UP]);
    assert_eq!(call.states().last(), Some(&State::Running));
}

#[test]
fn a_side_that_is_asked_for_less_is_not_degraded() {
    let with = |change: fn(&mut SessionConfig)| {
        let mut config = config();
        change(&mut config);
        let mut call = Call::new(config);
        speech(&mut call.aws, false);
        say(&mut call, 0..4);
        call.drive();
        call
    };
    let captions = [(Level::Original, Level::Captions, None)];
    let call = with(|config| config.speakers.customer.form = Form::Captions);
    assert_eq!(
        (steps(&call, Customer), call.states()),
        (captions.to_vec(), vec![State::Running])
    );
    let call = with(|config| config.speakers.customer.codes.voice = None);
    assert_eq!(
        (steps(&call, Customer), call.states()),
        (captions.to_vec(), vec![State::Running])
    );
    let call = with(|config| config.speakers.customer.form = Form::Transcript);
    assert_eq!(
        (steps(&call, Customer), call.states()),
        (vec![], vec![State::Running])
    );
    let call = with(|config| config.speakers.customer.enabled = false);
    assert_eq!(
        (steps(&call, Customer), call.states()),
        (vec![], vec![State::Running])
    );

    let mut call = Call::new(config());
    call.run(ms(500));
    call.input(Customer, Input::Enable(false));
    call.run(ms(500));
    call.input(Customer, Input::Enable(true));
    call.run(ms(5_000));
    let off = (Level::Speech, Level::Original, None);
    assert_eq!(steps(&call, Customer), [UP, off, UP]);
}

/// Steps of a call of five minutes in which a service works only while it is
/// given up.
fn flapping(fault: fn(&mut FakeAws, bool)) -> Vec<(f64, Step)> {
    let mut call = Call::prepared(config(), |aws| aws.keep_pcm = false);
    let mut n = 0;
    while call.now.as_millis_f64() < 300_000.0 {
        let works = call.session.level(Customer) < Level::Speech;
        fault(&mut call.aws, works);
        say(&mut call, n % 100..n % 100 + 1);
        call.drive();
        n += 1;
    }
    changes(&call, Customer)
}

#[test]
fn what_works_now_and_then_changes_the_level_ever_more_rarely() {
    for fault in [speech, translation] {
        let changes = flapping(fault);
        assert!((10..=24).contains(&changes.len()), "{changes:?}");
        // Every second one is up. Each time down lasts longer.
        let times: Vec<f64> = changes[1..].iter().map(|(at, _)| *at).collect();
        let down: Vec<f64> = times
            .chunks_exact(2)
            .map(|pair| pair[1] - pair[0])
            .collect();
        assert!(
            down[0] >= 2_000.0 && down[2] >= 8_000.0 && down[4] >= 32_000.0,
            "{down:?}"
        );
    }
}

#[test]
fn a_stream_that_comes_and_goes_changes_the_level_once_a_probe() {
    let mut call = Call::prepared(config(), |aws| aws.keep_pcm = false);
    call.run(ms(1_000));
    let end = call.now + ms(300_000);
    while call.now < end {
        // It is accepted every time and breaks at once.
        if call.aws.stream(Customer).open {
            let bytes = exception("InternalFailureException", &json!({"Message": "no"}));
            let id = call.aws.stream(Customer).id;
            call.input(Customer, Input::Socket(id, SocketInput::Message(&bytes)));
        }
        call.run(ms(500));
    }
    let down = (Level::Speech, Level::Original, Some(Stage::Transcribe));
    assert_eq!(steps(&call, Customer), [UP, down]);
    assert_eq!(
        call.states()
            .iter()
            .filter(|s| **s == State::Degraded)
            .count(),
        1
    );
}

#[test]
fn both_sides_at_once_are_two_ladders() {
    let mut call = Call::new(config());
    call.run(ms(1_000));
    speech(&mut call.aws, false);
    call.aws.refuse_handshakes = usize::MAX;
    close(&mut call, Agent);
    say(&mut call, 0..3);
    call.drive();
    assert_eq!(call.session.level(Customer), Level::Captions);
    assert_eq!(call.session.level(Agent), Level::Original);
    call.aws.refuse_handshakes = 0;
    call.run_until("the agent is back", |call| {
        call.session.level(Agent) == Level::Speech
    });
    assert_eq!(call.session.level(Customer), Level::Captions);
    assert_eq!(call.states().last(), Some(&State::Degraded));
    call.stop();
    call.run(ms(3_000));
    assert_eq!(call.states().last(), Some(&State::Stopped));
}
