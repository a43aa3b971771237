//! The services' wire: requests, answers and messages, without any I/O.

pub mod credentials;
pub mod http;
pub mod sign;
pub mod transcribe;
