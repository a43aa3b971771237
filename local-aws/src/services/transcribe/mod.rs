//! Amazon Transcribe streaming over a WebSocket.

pub mod streams;
