//! Live interpreter for Amazon Connect agents.
//!
//! The core is a sans-IO state machine: [`session::Session`] takes inputs and
//! gives outputs, and knows neither sockets nor clocks. The browser half
//! ([`web`], on wasm only) drives it in a worker. ARCHITECTURE.md has the
//! whole picture.

pub mod audio;
pub mod aws;
pub mod config;
pub mod error;
pub mod event;
mod few;
mod fields;
pub mod io;
pub mod language;
pub mod pipeline;
pub mod random;
pub mod session;
pub mod softphone;
pub mod speaker;
pub mod time;
#[cfg(target_family = "wasm")]
pub mod web;
