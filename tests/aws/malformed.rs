//! What is not what the protocol says gives the typed error, and never a
//! panic: one file per case in `tests/data/malformed`.

use connect_interpreter::aws::http::ResponseHead;
use connect_interpreter::aws::retry::Random;
use connect_interpreter::aws::{cognito, event_stream, polly, transcribe, translate};
use connect_interpreter::error::{Error, ErrorCode, Stage};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// The files of a folder by name. (There is no file system in a browser.)
macro_rules! files {
    ($folder:literal, $extension:literal, $($name:literal,)*) => {
        [$(($name, include_bytes!(concat!("../data/malformed/", $folder, "/", $name, $extension)).as_slice()),)*]
    };
}

fn assert_malformed(error: &Error, stage: Stage, name: &str) {
    assert_eq!(error.code, ErrorCode::MalformedMessage, "{name}");
    assert_eq!(error.stage, stage, "{name}");
    assert!(!error.retryable, "{name}");
    // The text is ours: nothing of the payload.
    for echoed in ["Bad gateway", "0.5", "gossip", "ASIDEXAMPLE"] {
        assert!(!error.message.contains(echoed), "{name}: {}", error.message);
    }
}

#[test]
fn a_malformed_transcribe_message_is_a_typed_error() {
    let files = files!(
        "transcribe",
        ".bin",
        "empty",
        "error_code_missing",
        "event_type_is_a_number",
        "event_type_missing",
        "exception_type_is_a_time",
        "exception_type_missing",
        "header_name_is_not_utf8",
        "header_name_overruns",
        "header_type_unknown",
        "header_value_is_not_utf8",
        "header_value_overruns",
        "headers_end_within_a_header",
        "headers_longer_than_the_message",
        "headers_missing",
        "headers_of_one_byte",
        "huge_length",
        "item_type_is_a_number",
        "length_below_the_least",
        "length_zero",
        "message_checksum",
        "message_type_is_a_boolean",
        "message_type_is_bytes",
        "message_type_missing",
        "message_type_unknown",
        "one_byte",
        "partial_is_a_number",
        "payload_changed",
        "payload_is_a_list",
        "payload_is_cut",
        "payload_is_empty",
        "payload_is_nested_too_deep",
        "payload_is_not_json",
        "payload_is_not_utf8",
        "prelude_checksum",
        "results_are_an_object",
        "time_is_a_text",
        "time_is_too_large",
        "total_length_changed",
        "trailing_byte",
        "transcript_as_a_list",
        "transcript_is_a_number",
        "truncated_checksum",
        "truncated_headers",
        "truncated_payload",
        "truncated_prelude",
        "two_messages",
    );
    for (name, bytes) in files {
        match transcribe::decode(bytes) {
            Err(error) => assert_malformed(&error, Stage::Transcribe, name),
            Ok(_) => panic!("{name} was read"),
        }
    }
}

fn ok_head() -> ResponseHead {
    ResponseHead {
        status: 200,
        headers: Vec::new(),
    }
}

#[test]
fn a_malformed_translation_is_a_typed_error() {
    let files = files!(
        "translate",
        ".json",
        "cut",
        "empty",
        "list",
        "not_json",
        "not_utf8",
        "text_is_a_number",
        "text_is_null",
        "text_missing",
    );
    for (name, body) in files {
        match translate::response(&ok_head(), body) {
            Err(error) => assert_malformed(&error, Stage::Translate, name),
            Ok(_) => panic!("{name} was read"),
        }
    }
}

#[test]
fn a_malformed_identity_is_a_typed_error() {
    let files = files!(
        "cognito",
        ".json",
        "empty",
        "identity_is_a_number",
        "identity_is_empty",
        "identity_missing",
        "not_json",
    );
    for (name, body) in files {
        match cognito::get_id_response(&ok_head(), body) {
            Err(error) => assert_malformed(&error, Stage::Credentials, name),
            Ok(_) => panic!("{name} was read"),
        }
    }
}

#[test]
fn malformed_credentials_are_a_typed_error() {
    let files = files!(
        "cognito",
        ".json",
        "credentials_are_null",
        "credentials_missing",
        "empty",
        "expiration_is_a_text",
        "expiration_is_negative",
        "expiration_missing",
        "not_json",
        "secret_is_empty",
        "secret_missing",
        "token_missing",
    );
    for (name, body) in files {
        match cognito::get_credentials_response(&ok_head(), body) {
            Err(error) => assert_malformed(&error, Stage::Credentials, name),
            Ok(_) => panic!("{name} was read"),
        }
    }
}

#[test]
fn an_answer_of_polly_that_is_no_sound_is_a_typed_error() {
    let mut head = ok_head();
    for wrong in ["application/json", "text/html; charset=utf-8"] {
        head.headers = vec![("content-type".to_owned(), wrong.to_owned())];
        match polly::head(&head) {
            Err(Some(error)) => assert_malformed(&error, Stage::Synthesize, wrong),
            other => panic!("{wrong}: {other:?}"),
        }
    }
    head.headers = vec![
        ("content-type".to_owned(), "audio/pcm".to_owned()),
        (polly::ENGINE_HEADER.to_owned(), "recorded".to_owned()),
    ];
    assert_eq!(polly::head(&head), Ok(Some("recorded".to_owned())));
}

/// CRC-32 (ISO-HDLC), bit by bit: the tests' own.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

/// A message with right checksums, whatever is in it.
fn checked(total: u32, header_length: u32, content: &[u8]) -> Vec<u8> {
    let mut bytes = [total.to_be_bytes(), header_length.to_be_bytes()].concat();
    bytes.extend(crc32(&bytes).to_be_bytes());
    bytes.extend(content);
    bytes.extend(crc32(&bytes).to_be_bytes());
    bytes
}

fn good() -> Vec<u8> {
    let headers = [
        (":message-type", "event"),
        (":event-type", "TranscriptEvent"),
        (":content-type", "application/json"),
    ];
    event_stream::encode(&headers, br#"{"Transcript":{"Results":[]}}"#).unwrap()
}

#[test]
fn every_changed_bit_and_every_cut_is_noticed() {
    let good = good();
    assert!(transcribe::decode(&good).is_ok());
    for at in 0..good.len() {
        assert!(transcribe::decode(&good[..at]).is_err(), "cut at {at}");
        for bit in 0..8 {
            let mut changed = good.clone();
            changed[at] ^= 1 << bit;
            let error = transcribe::decode(&changed).unwrap_err();
            assert_malformed(&error, Stage::Transcribe, &format!("bit {bit} of {at}"));
        }
    }
}

#[test]
fn nonsense_with_right_checksums_never_panics() {
    let mut random = Random::new(42);
    let good = good();
    // Between the prelude with its checksum and the message's checksum.
    let content = &good[12..good.len() - 4];
    let mut read = 0;
    for _ in 0..20_000 {
        let mut changed = content.to_vec();
        for _ in 0..1 + random.next_u64() % 4 {
            let at = (random.next_u64() % changed.len() as u64) as usize;
            changed[at] = random.next_u64() as u8;
        }
        changed.truncate(changed.len() - (random.next_u64() % 3) as usize);
        let total = 16 + changed.len() as u32;
        let header_length = match random.next_u64() % 3 {
            0 => (random.next_u64() % 120) as u32,
            _ => u32::from_be_bytes([good[4], good[5], good[6], good[7]]),
        };
        match transcribe::decode(&checked(total, header_length, &changed)) {
            Ok(_) => read += 1,
            Err(error) => assert_malformed(&error, Stage::Transcribe, "nonsense"),
        }
    }
    // Some changes leave a message that means the same or another event.
    assert!(read < 20_000 / 2, "{read}");
}
