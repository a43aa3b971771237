//! Event-stream messages, through aws-smithy-eventstream. One binary WebSocket
//! message holds exactly one.

use crate::error::{Error, ErrorCode, Stage};
use aws_smithy_eventstream::frame::{read_message_from, write_message_to};
use aws_smithy_types::event_stream::{Header, HeaderValue, Message as SmithyMessage};

/// The longest message that is read, 16 MiB as the specification of the format
/// says (`application/vnd.amazon.eventstream`).
pub const MAX_MESSAGE_BYTES: usize = 16 * 1024 * 1024;

/// A message, read.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// What it is, with its name.
    pub kind: Kind,
    /// Its body.
    pub payload: Vec<u8>,
}

/// What a message is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `:message-type` `event`, with its `:event-type`.
    Event(String),
    /// `exception`, with its `:exception-type`.
    Exception(String),
    /// `error`, with its `:error-code`.
    Error(String),
}

impl std::fmt::Debug for Message {
    // The payload is what somebody said.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message")
            .field("kind", &self.kind)
            .field("payload_bytes", &self.payload.len())
            .finish()
    }
}

/// Writes a message with string headers, in their order.
///
/// # Errors
/// [`ErrorCode::InvalidOption`] if a header's name is over 255 bytes, a value
/// over 32,767, or all of it over 4 GiB.
pub fn encode(headers: &[(&str, &str)], payload: &[u8]) -> Result<Vec<u8>, Error> {
    let mut message = SmithyMessage::new(payload.to_vec());
    for (name, value) in headers {
        message = message.add_header(Header::new(
            (*name).to_owned(),
            HeaderValue::String((*value).to_owned().into()),
        ));
    }
    // 12 bytes of prelude, 4 of checksum, about 96 of headers.
    let mut bytes = Vec::with_capacity(payload.len() + 128);
    write_message_to(&message, &mut bytes).map_err(|_| {
        Error::new(
            ErrorCode::InvalidOption,
            Stage::Transcribe,
            "a header or the payload of an event-stream message is too long",
        )
    })?;
    Ok(bytes)
}

/// Reads the one message that `bytes` holds: lengths, both checksums, no byte
/// after its end, and the headers that say what it is.
///
/// # Errors
/// [`ErrorCode::MalformedMessage`] for anything else.
pub fn decode(bytes: &[u8]) -> Result<Message, Error> {
    if bytes.len() > MAX_MESSAGE_BYTES {
        return Err(malformed("it is longer than 16 MiB"));
    }
    let mut rest = bytes;
    let message = read_message_from(&mut rest)
        .map_err(|_| malformed("its lengths, headers or checksums are wrong"))?;
    if !rest.is_empty() {
        return Err(malformed("bytes follow its end"));
    }
    let kind = match header(&message, ":message-type")? {
        "event" => Kind::Event(header(&message, ":event-type")?.to_owned()),
        "exception" => Kind::Exception(header(&message, ":exception-type")?.to_owned()),
        "error" => Kind::Error(header(&message, ":error-code")?.to_owned()),
        _ => return Err(malformed("its :message-type is unknown")),
    };
    Ok(Message {
        kind,
        payload: message.payload().to_vec(),
    })
}

fn header<'a>(message: &'a SmithyMessage, name: &'static str) -> Result<&'a str, Error> {
    message
        .headers()
        .iter()
        .find(|header| header.name().as_str() == name)
        .ok_or_else(|| malformed(&format!("it has no {name} header")))?
        .value()
        .as_string()
        .map(|value| value.as_str())
        .map_err(|_| malformed(&format!("its {name} header is no string")))
}

/// The error for a message that is not what the protocol says; `what` is ours,
/// never the service's text.
pub(crate) fn malformed(what: &str) -> Error {
    Error::new(
        ErrorCode::MalformedMessage,
        Stage::Transcribe,
        format!("a message of Amazon Transcribe cannot be read: {what}"),
    )
}
