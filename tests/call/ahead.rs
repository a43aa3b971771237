//! What is prepared while the service still waits for the end of speech: it is
//! heard sooner, never instead of something else, and within its budget.

use crate::common::aws::Fault;
use crate::common::aws::transcribe::Nasty;
use crate::common::*;
use connect_interpreter::config::{SessionConfig, Stability};
use connect_interpreter::error::ErrorCode;
use connect_interpreter::event::{Event, Marks, Outcome};
use connect_interpreter::random::Random;
use connect_interpreter::session::Input;
use connect_interpreter::speaker::Speaker::{Agent, Customer};
use std::collections::BTreeMap;
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn defaults() -> SessionConfig {
    default_options().resolve(16_000).unwrap()
}

fn marks(call: &Call) -> Vec<Marks> {
    let marks = call.told.iter().filter_map(|told| match &told.event {
        Event::Latency { marks, .. } => Some(*marks),
        _ => None,
    });
    marks.collect()
}

/// Hits and misses as they were told last, after checking that they count up.
fn prepared(call: &Call) -> (u32, u32) {
    let mut last = BTreeMap::new();
    for told in &call.told {
        if let Event::Prepared {
            speaker,
            utterance_id,
            characters,
            hits,
            misses,
        } = told.event
        {
            let before = last
                .insert(speaker.to_string(), (hits, misses))
                .unwrap_or((0, 0));
            let hit = u32::from(utterance_id.is_some());
            assert_eq!((hits, misses), (before.0 + hit, before.1 + 1 - hit));
            assert!(characters > 0);
        }
    }
    let sum = |(a, b): (u32, u32), (c, d): (u32, u32)| (a + c, b + d);
    last.into_values().fold((0, 0), sum)
}

/// How long after its last word the only utterance of a call was heard.
fn delay(config: SessionConfig, settles: bool) -> f64 {
    let mut call = Call::prepared(config, |aws| aws.settles = settles);
    call.customer_says(["una frase aqui."]);
    call.drive();
    assert_eq!(
        bare(&call.heard_by(Agent)[0]),
        ["en", "una", "frase", "aqui"]
    );
    let marks = marks(&call);
    assert_eq!(marks.len(), 1);
    marks[0].heard_ms.unwrap() - marks[0].captured_ms.unwrap()
}

#[test]
fn what_is_prepared_is_heard_as_soon_as_it_is_settled() {
    let plain = options().resolve(16_000).unwrap();
    let mut finals = default_options();
    finals.customer.stability = Some(Stability::None);
    let finals = finals.resolve(16_000).unwrap();
    // Final, Translate, Polly, one after another: 600 + 120 + 150 ms.
    let one_by_one = delay(plain.clone(), false);
    assert!((870.0..970.0).contains(&one_by_one), "{one_by_one}");
    // Asked for after 200 ms of silence, let out by the final after 600.
    let by_final = delay(finals, false);
    assert!((600.0..700.0).contains(&by_final), "{by_final}");
    // Stable after 300 ms: what is waited for are Translate and Polly.
    let by_stability = delay(defaults(), true);
    assert!((470.0..570.0).contains(&by_stability), "{by_stability}");
    let not_ahead = delay(plain, true);
    assert!((570.0..670.0).contains(&not_ahead), "{not_ahead}");
}

#[test]
fn each_thing_is_asked_for_once_and_the_hits_are_counted() {
    let mut call = Call::new(defaults());
    call.customer_says(["una frase aqui.", "otra, y una mas.", "la ultima."]);
    call.drive();
    let heard: Vec<_> = call
        .heard_by(Agent)
        .iter()
        .map(|text| bare(text).join(" "))
        .collect();
    let committed = call.utterances(|o| o == Outcome::Committed).len();
    assert_eq!(heard.len(), committed);
    assert_eq!(heard.concat().matches("en ").count(), committed);
    let (hits, misses) = prepared(&call);
    assert!(hits >= 2 && misses == 0, "{hits} {misses}");
    assert_eq!(call.aws.translate.requests, committed);
    assert_eq!(call.aws.polly.requests, committed);
    // Marks of what was prepared are those of when it was there.
    for marks in marks(&call) {
        assert!(marks.heard_ms >= marks.committed_ms && marks.heard_ms >= marks.first_byte_ms);
        assert!(marks.first_byte_ms >= marks.translated_ms);
    }
    assert!(
        marks(&call)
            .iter()
            .any(|m| m.translated_ms < m.committed_ms)
    );
}

#[test]
fn nothing_is_asked_for_ahead_without_a_budget_or_where_nothing_is_spoken() {
    for (budget, form) in [
        (Some(0.0), None),
        (None, Some(connect_interpreter::config::Form::Transcript)),
    ] {
        let mut options = default_options();
        options.customer.prepare_ahead = budget;
        options.customer.output = form;
        let mut call = Call::new(options.resolve(16_000).unwrap());
        call.customer_says(["una frase aqui."]);
        call.run_until("said", |call| call.taps[Customer].queue.is_empty());
        call.run(ms(3_000));
        assert_eq!(prepared(&call), (0, 0));
    }
    let mut options = default_options();
    options.customer.output = Some(connect_interpreter::config::Form::Captions);
    let mut call = Call::new(options.resolve(16_000).unwrap());
    call.customer_says(["una frase aqui."]);
    call.drive();
    assert_eq!(prepared(&call), (1, 0));
    assert_eq!(call.aws.polly.requests, 0);
    assert_eq!(call.utterances(|o| o == Outcome::Caption).len(), 1);
}

/// What failed ahead is asked for again when it is wanted, and only then told of.
#[test]
fn a_request_that_fails_ahead_costs_no_utterance() {
    for fault in [
        Fault::Refused(400, "UnsupportedLanguagePairException"),
        Fault::Refused(400, "InvalidRequestException"),
        Fault::Broken,
    ] {
        for polly in [false, true] {
            let mut call = Call::new(defaults());
            let service = if polly {
                &mut call.aws.polly
            } else {
                &mut call.aws.translate
            };
            service.fail(1, fault.clone());
            call.customer_says(["una frase aqui.", "otra mas."]);
            call.drive();
            assert_eq!(call.heard_by(Agent).len(), 2, "{fault:?}");
            assert_eq!(call.errors(), Vec::<ErrorCode>::new(), "{fault:?}");
            // What is refused is not asked for twice ahead; a break is no refusal.
            let expected = match fault {
                Fault::Broken => (2, 0),
                _ => (1, 1),
            };
            assert_eq!(prepared(&call), expected, "{fault:?}");
        }
    }
}

/// A mute, a hold, another voice or form: nothing that was prepared for what was
/// before is heard.
#[test]
fn what_is_prepared_is_dropped_with_what_it_was_for() {
    let changes: [fn(&mut Call); 4] = [
        |call| call.mute(Customer, true),
        |call| {
            call.input(
                Customer,
                Input::Hold {
                    held: true,
                    from_frame: None,
                },
            )
        },
        |call| call.input(Customer, Input::Enable(false)),
        |call| call.stop(),
    ];
    for change in changes {
        let mut call = Call::new(defaults());
        call.customer_says(["una frase aqui."]);
        call.run_until("it is prepared", |call| call.aws.polly.requests == 1);
        change(&mut call);
        call.run(ms(3_000));
        assert_eq!(call.heard_by(Agent), Vec::<String>::new());
        assert_eq!(prepared(&call), (0, 1));
        assert!(call.session.sizes().utterances == 0);
    }
    let mut call = Call::new(defaults());
    call.customer_says(["una frase aqui."]);
    call.run_until("it is prepared", |call| call.aws.polly.requests == 1);
    let mut options = default_options();
    options.customer.voice = Some("Matthew".into());
    let config = options.resolve(16_000).unwrap().speakers.customer;
    call.input(Customer, Input::Configure(Box::new(config)));
    call.drive();
    assert_eq!(call.heard_by(Agent).len(), 1);
    // In vain for the old voice, and once more for the new one.
    assert_eq!(prepared(&call), (1, 1));
}

const WORDS: [&str; 24] = [
    "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "casa",
    "perro", "gato", "agua", "sí", "no", "bien", "mal", "hoy", "ayer", "cuenta", "pago", "factura",
    "gracias",
];

/// What was spoken and what the finals say of many utterances.
#[derive(Default)]
struct Tally {
    utterances: usize,
    contradicted: usize,
    translated: usize,
    spoken: usize,
    hits: u32,
    misses: u32,
}

/// One call of fifty sentences, of a service that revises the last words.
fn talk(config: SessionConfig, seed: u64, tally: &mut Tally) {
    let mut call = Call::seeded(config, seed);
    call.aws.nasty = Some(Nasty::new(seed));
    call.aws.settles = true;
    call.aws.keep_pcm = false;
    call.players[Customer].keep = false;
    call.taps[Agent].running = false;
    let mut random = Random::new(seed);
    let mut below = |n: u64| random.next_u64() % n;
    for _ in 0..50 {
        let mut words: Vec<String> = Vec::new();
        for _ in 0..1 + below(9) {
            let comma = if below(5) == 0 { "," } else { "" };
            words.push(format!("{}{comma}", WORDS[below(24) as usize]));
        }
        let sentence = words.join(" ");
        let sentence = sentence.trim_end_matches(',').to_owned() + ".";
        call.says(Customer, [sentence.as_str()]);
        call.pause(Customer, ms(below(1_500)));
    }
    while !call.taps[Customer].queue.is_empty() {
        call.run(ms(1_000));
    }
    call.drive();
    // By result: what was spoken of it, and what it says in the end.
    let mut spoken: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut finals: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for told in &call.told {
        match &told.event {
            Event::Translation {
                result_id: Some(id),
                source_text,
                ..
            } => {
                tally.utterances += 1;
                spoken
                    .entry(id.clone())
                    .or_default()
                    .extend(bare(source_text));
            }
            Event::Transcript {
                result_id,
                text,
                is_partial: false,
                ..
            } => {
                finals.insert(result_id.clone(), bare(text));
            }
            _ => {}
        }
    }
    for (id, words) in &spoken {
        let last = &finals[id];
        let same = words.iter().zip(last).filter(|(a, b)| a == b).count();
        tally.contradicted += words.len().max(last.len()) - same;
    }
    let outcomes = call.utterances(|o| o == Outcome::Spoken);
    assert!(outcomes.is_sorted());
    assert_eq!(call.errors(), Vec::<ErrorCode>::new(), "seed {seed}");
    assert_eq!(
        outcomes.len(),
        call.utterances(|o| o == Outcome::Committed).len()
    );
    let (hits, misses) = prepared(&call);
    (tally.hits, tally.misses) = (tally.hits + hits, tally.misses + misses);
    tally.translated += call.aws.translate.requests;
    tally.spoken += call.aws.polly.requests;
}

fn calls(config: &SessionConfig, count: u64) -> Tally {
    let mut tally = Tally::default();
    for seed in 0..count {
        talk(config.clone(), seed, &mut tally);
    }
    println!(
        "{} utterances, {} words contradicted, {} translations and {} clips asked for, {} hits, {} misses",
        tally.utterances,
        tally.contradicted,
        tally.translated,
        tally.spoken,
        tally.hits,
        tally.misses
    );
    tally
}

/// Ten thousand utterances, of which a tenth of the partials is revised.
#[test]
fn nothing_is_spoken_that_the_final_contradicts() {
    let count = if cfg!(target_family = "wasm") { 2 } else { 170 };
    let tally = calls(&defaults(), count);
    assert_eq!(tally.contradicted, 0);
    assert!(
        cfg!(target_family = "wasm") || tally.utterances >= 10_000,
        "{}",
        tally.utterances
    );
    let most = tally.utterances as f64 * 1.3;
    assert!((tally.translated as f64) <= most && (tally.spoken as f64) <= most);
    assert!(
        tally.hits > 5 * tally.misses,
        "{} {}",
        tally.hits,
        tally.misses
    );
}

/// The eager policy is wrong now and then: how often is printed.
#[test]
fn the_eager_policy_is_seldom_wrong() {
    let mut options = default_options();
    options.customer.eager = Some(true);
    let count = if cfg!(target_family = "wasm") { 2 } else { 20 };
    let tally = calls(&options.resolve(16_000).unwrap(), count);
    let words = tally.utterances as f64;
    println!(
        "eager: {:.2} % of utterances",
        100.0 * tally.contradicted as f64 / words
    );
    assert!((tally.contradicted as f64) <= 0.01 * words);
}
