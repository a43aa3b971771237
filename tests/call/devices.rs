//! What a computer does to a call: it sleeps, its microphone goes and comes.

use crate::common::*;
use connect_interpreter::error::ErrorCode;
use connect_interpreter::event::{Event, Level, Outcome, State};
use connect_interpreter::session::Input;
use connect_interpreter::speaker::Speaker::{self, Agent, Customer};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const TWO_HOURS: std::time::Duration = ms(2 * 3_600_000);

/// Samples that the speaker's latest stream got so far.
fn sent(call: &Call, speaker: Speaker) -> usize {
    call.aws.stream(speaker).pcm.len()
}

fn awake(call: &mut Call) {
    let told = call.told.len();
    call.run(ms(400));
    for speaker in Speaker::BOTH {
        assert_eq!(call.aws.streams_of(speaker).len(), 2, "{speaker}");
        // The time that was slept is not sent.
        let sent = sent(call, speaker);
        assert!((1..=16_000 * 6).contains(&sent), "{speaker}: {sent}");
        assert_eq!(call.session.level(speaker), Level::Speech);
    }
    assert!(call.told.len() - told < 12);
    assert_eq!(call.states().last(), Some(&State::Running));
    // Their hour was over.
    assert_eq!(call.aws.credentials_asked, 2);
    assert_eq!(call.aws.wrong_urls, Vec::<String>::new());
    call.customer_says(["Hola."]);
    call.agent_says(["Thank you."]);
    call.drive();
    assert_eq!(call.heard_by(Agent).last().unwrap(), "Hello.");
    assert_eq!(call.heard_by(Customer), ["Gracias."]);
}

#[test]
fn after_two_hours_of_sleep_everything_comes_back() {
    let mut call = Call::new(config());
    call.customer_says(["Hola."]);
    call.drive();
    call.sleep(TWO_HOURS);
    awake(&mut call);
    assert_eq!(call.errors(), []);
    // The old sockets got nothing more: they lead nowhere.
    for speaker in Speaker::BOTH {
        let old = call.aws.streams_of(speaker)[0];
        assert!(!old.open && old.messages.last().unwrap().0.as_millis_f64() < 60_000.0);
    }
}

#[test]
fn audio_that_comes_before_any_timer_finds_the_same() {
    let mut call = Call::new(config());
    call.customer_says(["Hola."]);
    call.drive();
    call.sleep(TWO_HOURS);
    for speaker in Speaker::BOTH {
        let first_frame = call.taps[speaker].frame;
        call.taps[speaker].frame += 160;
        let audio = Input::Audio {
            rate_hz: 16_000,
            first_frame,
            samples: &[0.0; 160],
        };
        call.input(speaker, audio);
    }
    awake(&mut call);
}

#[test]
fn a_sleep_in_the_middle_of_speech_ends_what_was_said_and_not_the_call() {
    let mut call = Call::new(config());
    call.customer_says(["Hola.", "una frase muy larga que tarda mucho."]);
    call.run_until("it is being spoken", |call| {
        call.utterances(|o| o == Outcome::Speaking).len() == 1
            && call.translated(Customer).len() == 1
    });
    call.run(ms(500));
    call.sleep(TWO_HOURS);
    awake(&mut call);
    // Every utterance ended, once.
    let (begun, ended) = (
        call.utterances(|o| o == Outcome::Committed),
        call.utterances(finished),
    );
    assert_eq!(begun.len(), ended.len());
    // What was said around the sleep is not lost either.
    assert!(call.translated(Customer).join(" ").contains("tarda mucho"));
}

#[test]
fn a_worker_that_is_held_up_for_seconds_did_not_sleep() {
    let mut call = Call::new(config());
    call.run(ms(1_000));
    call.sleep(ms(9_000));
    call.customer_says(["Hola."]);
    call.drive();
    assert_eq!(call.aws.streams.len(), 2);
    assert_eq!(call.heard_by(Agent), ["Hello."]);
    assert_eq!(call.states(), [State::Running]);
}

#[test]
fn a_sleep_without_a_stream_is_no_loop() {
    let mut call = Call::new(config());
    call.run(ms(1_000));
    // Credentials take their time, and the taps bring nothing.
    call.aws.credentials_delay = ms(9_000);
    for speaker in Speaker::BOTH {
        call.taps[speaker].running = false;
    }
    call.sleep(TWO_HOURS);
    call.run(ms(60_000));
    assert_eq!(call.aws.streams.len(), 4);
    assert_eq!(call.states().last(), Some(&State::Running));
    assert_eq!(call.errors(), []);
}

#[test]
fn a_sleep_while_switched_off_or_given_up_is_nothing() {
    let mut call = Call::new(config());
    call.run(ms(1_000));
    call.input(Customer, Input::Enable(false));
    call.run(ms(5_000));
    call.sleep(TWO_HOURS);
    call.run(ms(1_000));
    assert_eq!(call.aws.streams_of(Customer).len(), 1);
    call.input(Customer, Input::Enable(true));
    call.customer_says(["Hola."]);
    call.drive();
    assert_eq!(call.heard_by(Agent), ["Hello."]);
}

#[test]
fn another_microphone_with_another_rate_is_heard_on_the_same_stream() {
    let mut call = Call::new(config());
    for rate in [48_000, 44_100, 8_000, 16_000] {
        // Unplugged: the frames go on, the sound does not.
        call.customer_says(["Hola."]);
        call.drive();
        call.pause(Customer, ms(3_000));
        call.drive();
        call.change_rate(Customer, rate);
    }
    call.customer_says(["¿Puede ayudarme?"]);
    call.drive();
    assert_eq!(call.heard_by(Agent)[..4], ["Hello."; 4]);
    assert_eq!(call.heard_by(Agent)[4..], ["Can you help me?"]);
    assert_eq!(call.aws.streams_of(Customer).len(), 1);
    assert_eq!(call.errors(), []);
}

#[test]
fn a_context_that_is_suspended_for_minutes_keeps_its_stream_and_is_told_of_no_loss() {
    let mut call = Call::new(config());
    call.customer_says(["Hola."]);
    call.drive();
    // A suspended context counts no frames either.
    for speaker in Speaker::BOTH {
        call.taps[speaker].running = false;
    }
    call.run(ms(5 * 60_000));
    for speaker in Speaker::BOTH {
        call.taps[speaker].running = true;
    }
    call.customer_says(["¿Puede ayudarme?"]);
    call.drive();
    assert_eq!(call.heard_by(Agent), ["Hello.", "Can you help me?"]);
    assert_eq!(call.aws.streams.len(), 2);
    assert!(
        !call
            .told
            .iter()
            .any(|told| matches!(told.event, Event::Gap { .. }))
    );
    assert_eq!(call.errors(), Vec::<ErrorCode>::new());
}
