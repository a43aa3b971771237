//! A call, from the tap's samples to what the listener hears; natively and in
//! the browser.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, its helpers too"
)]

#[path = "../common/mod.rs"]
mod common;

mod ahead;
mod audio;
mod control;
mod credentials;
mod devices;
mod echo;
mod forms;
mod gate;
mod ladder;
mod languages;
mod long;
mod order;
mod reference_sample;
mod seams;
mod stream;
mod throttle;

#[cfg(target_family = "wasm")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
