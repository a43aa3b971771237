//! The services' wire: requests, answers and messages, without any I/O.
//!
//! What a service says in free text never reaches an [`Error`](crate::error::Error):
//! exceptions become fixed sentences by their kind.

pub mod cognito;
pub mod credentials;
pub mod event_stream;
pub mod exception;
pub mod http;
mod json;
pub mod polly;
pub mod retry;
pub mod sign;
pub mod transcribe;
pub mod translate;
