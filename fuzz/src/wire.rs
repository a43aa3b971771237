//! Event-stream messages, right or nearly.

use connect_interpreter::aws::event_stream;
use serde_json::Value;

/// CRC-32 (ISO-HDLC), bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

/// Any headers and payload with right checksums, so that what is behind them is
/// reached.
pub fn checked(header_length: u32, content: &[u8]) -> Vec<u8> {
    let total = u32::try_from(content.len()).unwrap_or(0) + 16;
    let mut bytes = [total.to_be_bytes(), header_length.to_be_bytes()].concat();
    bytes.extend(crc32(&bytes).to_be_bytes());
    bytes.extend(content);
    bytes.extend(crc32(&bytes).to_be_bytes());
    bytes
}

/// A message of the service's.
pub fn message(kind: &str, name: &str, payload: &[u8]) -> Vec<u8> {
    let of = match kind {
        "event" => ":event-type",
        "exception" => ":exception-type",
        _ => ":error-code",
    };
    let headers = [
        (":message-type", kind),
        (of, name),
        (":content-type", "application/json"),
    ];
    event_stream::encode(&headers, payload).unwrap_or_default()
}

/// A transcript event with these results.
pub fn transcript(results: Vec<Value>) -> Vec<u8> {
    let event = serde_json::json!({"Transcript": {"Results": results}});
    message("event", "TranscriptEvent", event.to_string().as_bytes())
}
