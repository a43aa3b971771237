//! The wire, the settings and the languages: what is sent byte for byte, what
//! is read, and which error what cannot be read gives. One binary, because
//! each costs a link and a browser's start. The same tests run natively and in
//! a browser.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, its helpers too"
)]

mod answers;
mod config;
mod credentials;
mod golden;
mod language;
mod malformed;
mod matrix;

#[cfg(target_family = "wasm")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
