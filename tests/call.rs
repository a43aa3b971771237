//! A call, from the tap's samples to what the listener hears.
#![cfg_attr(target_family = "wasm", allow(unused_imports))]

mod common;

use common::aws::Fault;
use common::*;
use connect_interpreter::error::ErrorCode;
use connect_interpreter::event::{Event, Outcome, State};
use connect_interpreter::speaker::Speaker;
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;
#[cfg(target_family = "wasm")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

#[test]
fn both_sides_are_interpreted_at_once() {
    let mut call = Call::new(config());
    call.customer_says(["Hola.", "¿Puede ayudarme?"]);
    call.agent_says(["Thank you."]);
    call.drive();
    assert_eq!(
        call.heard_by(Speaker::Agent),
        ["Hello.", "Can you help me?"]
    );
    assert_eq!(call.heard_by(Speaker::Customer), ["Gracias."]);
    assert_eq!(call.states(), [State::Running]);
    assert_eq!(call.errors(), []);
}

#[test]
fn second_sentence_never_overtakes_the_first() {
    let mut call = Call::new(config());
    call.aws.translate.delay(1, ms(900));
    call.customer_says(["Hola.", "¿Puede ayudarme?"]);
    call.drive();
    assert_eq!(
        call.heard_by(Speaker::Agent),
        ["Hello.", "Can you help me?"]
    );
}
