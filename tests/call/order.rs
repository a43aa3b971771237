//! Order, whatever the services do.

use crate::common::aws::Fault;
use crate::common::*;
use connect_interpreter::config::Stability;
use connect_interpreter::error::ErrorCode;
use connect_interpreter::event::{Event, Outcome, State};
use connect_interpreter::random::Random;
use connect_interpreter::speaker::Speaker::{Agent, Customer};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn both_sides_are_interpreted_at_once() {
    let mut call = Call::new(config());
    call.customer_says(["Hola.", "¿Puede ayudarme?"]);
    call.agent_says(["Thank you."]);
    call.drive();
    assert_eq!(call.heard_by(Agent), ["Hello.", "Can you help me?"]);
    assert_eq!(call.heard_by(Customer), ["Gracias."]);
    assert_eq!(call.states(), [State::Running]);
    assert_eq!(call.errors(), []);
}

#[test]
fn second_sentence_never_overtakes_the_first() {
    let mut call = Call::new(config());
    call.aws.translate.delay(1, ms(900));
    call.customer_says(["Hola.", "¿Puede ayudarme?"]);
    call.drive();
    assert_eq!(call.heard_by(Agent), ["Hello.", "Can you help me?"]);
}

#[test]
fn the_next_is_fetched_while_this_one_plays() {
    let mut call = Call::new(config());
    call.aws.polly.delay(1, ms(1_500));
    call.aws.polly.delay(2, ms(300));
    call.customer_says([
        "esta interesantisima frase durara muchisimo.",
        "corta aqui.",
    ]);
    call.drive();
    let heard = call.heard_by(Agent);
    assert_eq!(heard.len(), 2, "{heard:?}");
    let marks: Vec<_> = call
        .told
        .iter()
        .filter_map(|told| match &told.event {
            Event::Latency { marks, .. } => Some(*marks),
            _ => None,
        })
        .collect();
    assert!(marks[1].first_byte_ms < marks[0].ended_ms);
}

#[test]
fn the_first_chunk_is_played_before_the_last_arrives() {
    let mut call = Call::new(config());
    // 10 s of body at real time: a whole clip would be far too late.
    call.aws.polly_speed = 1.05;
    let long = "una frase larguisima tardara interminablemente.";
    call.customer_says([long]);
    call.drive();
    assert_eq!(call.heard_by(Agent).len(), 1);
    assert_eq!(call.players[Customer].holes, 0);
    let latency = call.told.iter().find_map(|told| match &told.event {
        Event::Latency { marks, .. } => Some(*marks),
        _ => None,
    });
    let marks = latency.unwrap();
    let (first, heard, ended) = (
        marks.first_byte_ms.unwrap(),
        marks.heard_ms.unwrap(),
        marks.ended_ms.unwrap(),
    );
    assert!(heard - first <= 20.0, "{first} -> {heard}");
    assert!(ended - heard > 1_000.0);
    // Every step has its mark, in order.
    let steps = [
        marks.captured_ms,
        marks.first_partial_ms,
        marks.committed_ms,
        marks.translated_ms,
        marks.first_byte_ms,
        marks.heard_ms,
        marks.ended_ms,
    ]
    .map(Option::unwrap);
    let sorted = steps[1..].windows(2).all(|pair| pair[0] <= pair[1]);
    assert!(sorted && steps[0] < steps[2], "{steps:?}");
}

#[test]
fn an_answer_that_breaks_off_goes_on_where_it_was() {
    let mut call = Call::new(config());
    call.aws.polly.fail(1, Fault::BrokenAfter(7_777));
    call.aws.polly_speed = 40.0;
    call.aws.polly.default_delay = ms(20);
    call.customer_says(["una frase que se corta por medio."]);
    call.drive();
    assert_eq!(
        call.heard_by(Agent),
        ["en: una frase que se corta por medio."]
    );
    assert_eq!(call.errors(), []);
    assert_eq!(call.aws.polly.requests, 2);
}

#[test]
fn failed_ones_are_skipped_and_reported() {
    let mut call = Call::new(config());
    let twice = |call: &mut Call, text: &str, fault: Fault| {
        call.aws.translate.text_faults.insert(text.into(), fault);
    };
    twice(
        &mut call,
        "dos aqui.",
        Fault::Refused(400, "DetectedLanguageLowConfidenceException"),
    );
    twice(&mut call, "tres aqui.", Fault::Broken);
    twice(&mut call, "cuatro aqui.", Fault::Body(b"{}".to_vec()));
    let faults = &mut call.aws.polly.text_faults;
    faults.insert(
        "en: cinco aqui.".into(),
        Fault::Refused(400, "EngineNotSupportedException"),
    );
    faults.insert("en: seis aqui.".into(), Fault::Silent);
    faults.insert("en: siete aqui.".into(), Fault::Body(Vec::new()));
    call.customer_says([
        "uno aqui.",
        "dos aqui.",
        "tres aqui.",
        "cuatro aqui.",
        "cinco aqui.",
        "seis aqui.",
        "siete aqui.",
        "ocho aqui.",
    ]);
    call.drive();
    assert_eq!(call.heard_by(Agent), ["en: uno aqui.", "en: ocho aqui."]);
    assert_eq!(call.utterances(|o| o == Outcome::Failed).len(), 3);
    assert_eq!(call.utterances(|o| o == Outcome::Caption).len(), 3);
    let mut errors = call.errors();
    errors.sort_by_key(|code| format!("{code:?}"));
    assert_eq!(
        errors,
        [
            ErrorCode::BadRequest,
            ErrorCode::MalformedMessage,
            ErrorCode::MalformedMessage,
            ErrorCode::Network,
            ErrorCode::Network,
            ErrorCode::VoiceMismatch,
        ]
    );
    // Services that answered others in between are not given up.
    assert_eq!(call.states(), [State::Running]);
}

#[test]
fn what_may_work_again_is_tried_again() {
    let mut call = Call::new(config());
    call.aws
        .translate
        .fail(1, Fault::Refused(400, "ThrottlingException"));
    call.aws
        .translate
        .fail(2, Fault::Refused(500, "InternalServerException"));
    call.aws
        .polly
        .fail(1, Fault::Refused(500, "ServiceFailureException"));
    call.aws.polly.fail(2, Fault::Silent);
    call.customer_says(["Hola.", "¿Puede ayudarme?"]);
    call.drive();
    assert_eq!(call.heard_by(Agent), ["Hello.", "Can you help me?"]);
    assert_eq!(call.errors(), []);
    assert!(call.aws.translate.requests >= 3 && call.aws.polly.requests >= 3);
}

#[test]
fn a_thousand_orders_of_late_and_failing_answers() {
    const WORDS: [&str; 6] = ["uno", "dos", "tres", "cuatro", "cinco", "seis"];
    let orders = if cfg!(target_family = "wasm") {
        60
    } else {
        1_000
    };
    let (mut overtaken, mut failed) = (0, 0);
    for seed in 0..orders {
        let mut random = Random::new(seed);
        let mut below = |n: u64| random.next_u64() % n;
        let mut options = options();
        options.agent.enabled = Some(false);
        options.customer.stability = Some(Stability::None);
        let mut call = Call::seeded(options.resolve(16_000).unwrap(), seed);
        let mut expected = Vec::new();
        let mut lost = 0;
        let count = 3 + below(4) as usize;
        let mut said = Vec::new();
        for (n, word) in WORDS.iter().take(count).enumerate() {
            let text = format!("{word}.");
            let translated = format!("en: {text}");
            let (translate, polly) = (ms(below(2_000)), ms(below(1_500)));
            call.aws
                .translate
                .text_delays
                .insert(text.clone(), translate);
            call.aws.polly.text_delays.insert(translated.clone(), polly);
            if below(6) == 0 {
                lost += 1;
                match below(4) {
                    0 => {
                        let fault = Fault::Refused(400, "InvalidRequestException");
                        call.aws.translate.text_faults.insert(text.clone(), fault);
                    }
                    1 => {
                        let fault = Fault::Refused(503, "ServiceUnavailableException");
                        call.aws.translate.text_faults.insert(text.clone(), fault);
                    }
                    2 => {
                        let fault = Fault::Refused(400, "InvalidSsmlException");
                        call.aws.polly.text_faults.insert(translated, fault);
                    }
                    _ => {
                        call.aws.polly.text_faults.insert(translated, Fault::Broken);
                    }
                }
            } else {
                expected.push(translated);
                if below(8) == 0 {
                    call.aws.translate.fail(n + 1, Fault::Broken);
                }
            }
            said.push(text);
        }
        // Without pauses to speak of, so that several are under way.
        for text in &said {
            let sound = call.aws.vocabulary.say(text, 16_000);
            call.speak(Customer, sound);
            call.pause(Customer, ms(520));
        }
        call.drive();
        assert_eq!(call.heard_by(Agent), expected, "seed {seed}");
        let reported = call.told.iter().filter(|told| {
            matches!(
                told.event,
                Event::Utterance {
                    speaker: Customer,
                    error: Some(_),
                    ..
                }
            )
        });
        assert_eq!(reported.count(), lost, "seed {seed}");
        failed += lost;
        // Translations did come out of order, or this shows nothing.
        let order: Vec<u64> = call
            .told
            .iter()
            .filter_map(|told| match told.event {
                Event::Translation {
                    speaker: Customer,
                    utterance_id,
                    ..
                } => Some(utterance_id.0),
                _ => None,
            })
            .collect();
        overtaken += usize::from(!order.is_sorted());
    }
    assert!(overtaken > orders as usize / 4, "{overtaken}");
    assert!(failed > orders as usize / 4, "{failed}");
}
