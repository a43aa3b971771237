//! The browser half: thin, and the only place that knows a browser.
//!
//! On the main thread: [`api`] (the exports), `page`, `call`, `mixer`. In the
//! worker: `engine` and what it drives. Both are the same wasm module.

pub mod api;
mod autoplay;
mod call;
mod driver;
mod engine;
mod fetch;
mod file_source;
mod guard;
mod js;
mod mixer;
mod options;
mod page;
mod pool;
mod port;
mod protocol;
mod provider;
mod routes;
mod socket;
mod softphone;
