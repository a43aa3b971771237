//! The event-stream decoder: bytes as they are, or as the content of a message
//! whose checksums are right.

use super::wire::checked;
use connect_interpreter::aws::transcribe::{self, ServerMessage};
use connect_interpreter::error::{ErrorCode, Stage};

/// The first byte: 0 takes the rest as a message; anything else is the length
/// of the headers, and the rest is headers and payload.
pub fn run(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else {
        return;
    };
    let decoded = match first {
        0 => transcribe::decode(rest),
        length => transcribe::decode(&checked(u32::from(*length), rest)),
    };
    match decoded {
        Ok(ServerMessage::Transcript(event)) => {
            for result in event.results {
                assert!(result.start_time.is_finite() && result.end_time.is_finite());
            }
        }
        Ok(_) => {}
        Err(error) => {
            assert_eq!(error.code, ErrorCode::MalformedMessage);
            assert_eq!(error.stage, Stage::Transcribe);
            assert!(!error.retryable);
        }
    }
}
