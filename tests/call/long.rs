//! A long call.

use crate::common::*;
use connect_interpreter::event::{Outcome, State};
use connect_interpreter::speaker::Speaker::{Agent, Customer};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn a_long_talk_keeps_its_order_and_fills_no_buffer() {
    let minutes = if cfg!(target_family = "wasm") { 5 } else { 30 };
    let mut call = Call::new(config());
    call.aws.keep_pcm = false;
    call.players[Agent].keep = false;
    call.players[Customer].keep = false;
    let mut said = 0;
    for minute in 0..minutes {
        call.customer_says(["Hola.", "¿Puede ayudarme?"]);
        call.agent_says(["Thank you."]);
        said += 3;
        call.run(ms(60_000));
        assert_eq!(
            call.utterances(|o| o == Outcome::Spoken).len(),
            said,
            "minute {minute}"
        );
    }
    let ids = call.utterances(|o| o == Outcome::Committed);
    assert!(ids.is_sorted() && ids.len() == said);
    assert_eq!(call.errors(), []);
    assert_eq!(call.aws.streams.len(), 2);
    assert!(!call.states().contains(&State::Degraded));
    let sizes = call.session.sizes();
    assert!(sizes.backlog_samples <= 2 * 16_000, "{sizes:?}");
    assert_eq!((sizes.utterances, sizes.outputs), (0, 0), "{sizes:?}");
    assert!(sizes.anchors <= 8, "{sizes:?}");
    for player in [&call.players[Agent], &call.players[Customer]] {
        assert!(player.most_waiting < 16_000 * 3, "{}", player.most_waiting);
    }
}

/// When everything is slower than speech, the backlog has an end.
#[test]
fn a_backlog_of_speech_is_bounded() {
    let mut call = Call::new(config());
    call.aws.keep_pcm = false;
    // The listener's player does not move: a suspended context.
    for _ in 0..100 {
        call.input(
            Agent,
            connect_interpreter::session::Input::Say {
                text: "one more sentence for the listener".into(),
                translate: false,
            },
        );
    }
    let sizes = call.session.sizes();
    assert!(sizes.utterances <= 64, "{sizes:?}");
    assert_eq!(call.utterances(|o| o == Outcome::Dropped).len(), 36);
    call.run(ms(500));
    call.drive();
    assert_eq!(call.utterances(finished).len(), 100);
    // The player never holds more than the one that plays and the next.
    assert!(call.players[Agent].most_waiting < 16_000 * 3);
}

/// The service ends a stream after about four hours: another one takes its place
/// before.
#[cfg(not(target_family = "wasm"))]
#[test]
fn a_stream_is_replaced_before_its_four_hours_are_over() {
    let mut options = options();
    options.agent.enabled = Some(false);
    let mut call = Call::new(options.resolve(16_000).unwrap());
    call.aws.keep_pcm = false;
    call.players[Agent].keep = false;
    call.players[Customer].keep = false;
    call.taps[Agent].running = false;
    call.taps[Customer].running = false;
    call.run(ms(225 * 60_000 - 10_000));
    assert_eq!(call.aws.streams.len(), 1);
    call.run(ms(30_000));
    assert_eq!(call.aws.streams.len(), 2);
    assert_eq!(
        call.states(),
        [State::Running, State::Reconnecting, State::Running]
    );
    assert_eq!(call.errors(), []);
    let sizes = call.session.sizes();
    assert!(
        sizes.anchors <= 8 && sizes.backlog_samples <= 32_000,
        "{sizes:?}"
    );
}
