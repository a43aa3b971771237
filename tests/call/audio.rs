//! From the tap to the service.

use crate::common::*;
use connect_interpreter::error::{ErrorCode, Stage};
use connect_interpreter::event::Event;
use connect_interpreter::event::Outcome;
use connect_interpreter::session::Input;
use connect_interpreter::speaker::Speaker::{Agent, Customer};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn the_rate_may_change_in_a_call() {
    let mut call = Call::new(options().resolve(48_000).unwrap());
    for (rate, text) in [
        (48_000, "primera frase aqui."),
        (44_100, "segunda frase aqui."),
        (16_000, "tercera frase aqui."),
        (8_000, "cuarta frase aqui."),
    ] {
        call.change_rate(Customer, rate);
        call.customer_says([text]);
        call.drive();
    }
    assert_eq!(
        call.heard_by(Agent),
        [
            "en: primera frase aqui.",
            "en: segunda frase aqui.",
            "en: tercera frase aqui.",
            "en: cuarta frase aqui.",
        ]
    );
    assert_eq!(call.errors(), []);
    assert!(
        !call
            .told
            .iter()
            .any(|t| matches!(t.event, Event::Gap { .. }))
    );
    // One stream, and as much audio as time passed.
    assert_eq!(call.aws.streams_of(Customer).len(), 1);
    let pcm = call.aws.stream(Customer).pcm.len() as f64 / 16.0;
    assert!((pcm - call.now.as_millis_f64()).abs() < 100.0, "{pcm}");
}

#[test]
fn absurd_rates_are_an_error_and_the_call_goes_on() {
    let mut call = Call::new(config());
    call.run(ms(500));
    for rate_hz in [0, 1, 1_000_000] {
        for n in 0..10 {
            let input = Input::Audio {
                rate_hz,
                first_frame: n * 128,
                samples: &[0.5; 128],
            };
            call.input(Customer, input);
        }
    }
    call.change_rate(Customer, 16_000);
    call.customer_says(["Hola."]);
    call.drive();
    let errors: Vec<_> = call
        .told
        .iter()
        .filter_map(|told| match &told.event {
            Event::Error { error } => Some((error.code, error.stage, error.speaker)),
            _ => None,
        })
        .collect();
    let one = (ErrorCode::InvalidOption, Stage::Audio, Some(Customer));
    assert_eq!(errors, [one; 3]);
    assert_eq!(call.heard_by(Agent), ["Hello."]);
}

#[test]
fn a_gap_is_told_and_survived() {
    let mut call = Call::new(config());
    call.customer_says(["Hola.", "¿Puede ayudarme?"]);
    call.run(ms(900));
    call.taps[Customer].connected = false;
    call.run(ms(200));
    call.taps[Customer].connected = true;
    call.drive();
    let gaps: Vec<(f64, f64)> = call
        .told
        .iter()
        .filter_map(|told| match told.event {
            Event::Gap { at_ms, lost_ms, .. } => Some((at_ms, lost_ms)),
            _ => None,
        })
        .collect();
    assert_eq!(gaps.len(), 1);
    assert!((gaps[0].0 - 900.0).abs() < 15.0 && (gaps[0].1 - 200.0).abs() < 0.1);
    assert_eq!(call.heard_by(Agent), ["Hello.", "Can you help me?"]);
}

#[test]
fn the_start_guard_sends_silence_instead() {
    let mut options = options();
    options.customer.start_guard_ms = Some(1_300.0);
    let mut call = Call::new(options.resolve(16_000).unwrap());
    call.customer_says(["dial tone", "Hola."]);
    call.drive();
    assert_eq!(call.heard_by(Agent), ["Hello."]);
    let pcm = &call.aws.stream(Customer).pcm;
    let first = pcm.iter().position(|sample| *sample != 0).unwrap();
    assert!(first >= 20_800, "{first}");
}

#[test]
fn samples_arrive_at_the_service_as_they_were() {
    let mut call = Call::new(config());
    let sound: Vec<f32> = (0..48_000).map(|n| (n as f32 * 0.01).sin() * 0.5).collect();
    call.speak(Customer, sound.clone());
    call.run(ms(4_000));
    let pcm = &call.aws.stream(Customer).pcm;
    let sent: Vec<i16> = sound
        .iter()
        .map(|s| connect_interpreter::audio::pcm::to_i16(*s))
        .collect();
    assert_eq!(pcm[..sent.len()], sent);
}

#[test]
fn messages_have_the_length_that_was_set() {
    for millis in [20, 50, 200] {
        let mut options = options();
        options.customer.message_ms = Some(f64::from(millis));
        let mut call = Call::new(options.resolve(16_000).unwrap());
        call.run(ms(3_000));
        let stream = call.aws.stream(Customer);
        assert!(stream.messages.len() > 10);
        let length = 16 * millis as usize;
        assert!(stream.messages.iter().all(|(_, count)| *count == length));
    }
}

#[test]
fn audio_before_the_socket_opens_is_sent_after_at_four_times_real_time() {
    let mut call = Call::new(config());
    call.aws.handshake = ms(3_000);
    call.customer_says(["Buenos días.", "¿Puede ayudarme?"]);
    call.run_until("both are spoken", |call| {
        call.utterances(|outcome| outcome == Outcome::Spoken).len() == 2
    });
    assert_eq!(
        call.heard_by(Agent),
        ["en: Buenos días.", "Can you help me?"]
    );
    // The service works at real time: the pause makes up for the wait.
    call.run(ms(3_000));
    let backlog = call.aws.stream(Customer).backlog();
    assert!(backlog <= ms(120), "{backlog:?}");
    let messages = &call.aws.stream(Customer).messages;
    for pair in messages.windows(2) {
        let apart = pair[1].0.since(pair[0].0);
        let least = ms(50).mul_f64(0.25);
        assert!(apart >= least, "{apart:?}");
    }
}

#[test]
fn a_tap_that_falls_silent_keeps_its_stream_and_ends_its_sentence() {
    let mut call = Call::new(config());
    call.customer_says(["Hola."]);
    call.run(ms(300));
    call.taps[Customer].running = false;
    call.run(ms(60_000));
    assert_eq!(call.finals(Customer), ["Hola."]);
    assert_eq!(call.aws.streams_of(Customer).len(), 1);
    assert_eq!(call.errors(), []);
}
