//! What is read from and written to the service.

use std::error::Error;
use std::fmt::Write as _;
use std::hint::black_box;

use connect_interpreter::aws::credentials::Credentials;
use connect_interpreter::aws::event_stream;
use connect_interpreter::aws::transcribe::{self, StreamRequest};
use connect_interpreter::config::{
    EndpointsOptions, RegionOptions, SessionConfig, SessionOptions, SpeakerOptions, Stability,
    TranscribeOptions,
};
use connect_interpreter::time::UnixTime;

use crate::Work;

/// 2026-11-21.
pub const WALL: UnixTime = UnixTime::from_secs(1_795_219_200);

/// A message with one result of so many words, of which none is stable.
pub fn result(id: usize, words: usize, is_partial: bool) -> Result<Vec<u8>, Box<dyn Error>> {
    let (mut text, mut items) = (String::new(), String::new());
    for n in 0..words {
        let (start, end) = (0.3 * n as f64, 0.3 * n as f64 + 0.27);
        let (space, comma) = if n == 0 { ("", "") } else { (" ", ",") };
        write!(text, "{space}palabra{n}")?;
        write!(
            items,
            r#"{comma}{{"Confidence":0.97,"Content":"palabra{n}","EndTime":{end},"Stable":false,"StartTime":{start},"Type":"pronunciation","VocabularyFilterMatch":false}}"#
        )?;
    }
    let end = 0.3 * words as f64;
    let event = format!(
        r#"{{"Transcript":{{"Results":[{{"Alternatives":[{{"Items":[{items}],"Transcript":"{text}"}}],"ChannelId":"ch_0","EndTime":{end},"IsPartial":{is_partial},"ResultId":"result-{id}","StartTime":0}}]}}}}"#
    );
    let headers = [
        (":content-type", "application/json"),
        (":event-type", "TranscriptEvent"),
        (":message-type", "event"),
    ];
    Ok(event_stream::encode(&headers, event.as_bytes())?)
}

/// A message with a transcript, to what the session reads.
pub fn transcript() -> Result<Work, Box<dyn Error>> {
    let bytes = result(0, 20, true)?;
    Ok(Box::new(move || {
        let _ = black_box(transcribe::decode(black_box(&bytes)));
    }))
}

/// Temporary ones, as an identity pool gives them.
pub fn credentials() -> Credentials {
    Credentials {
        access_key_id: "ASIAEXAMPLE".to_owned(),
        secret_access_key: "example-secret".to_owned(),
        session_token: Some("x".repeat(1_000)),
        expiration: None,
    }
}

/// Spanish customer, English agent, all else by default.
pub fn config() -> Result<SessionConfig, Box<dyn Error>> {
    let speaker = |language: &str, voice: &str| SpeakerOptions {
        language: Some(language.to_owned()),
        voice: Some(voice.to_owned()),
        ..SpeakerOptions::default()
    };
    let options = SessionOptions {
        region: RegionOptions::One("us-east-1".to_owned()),
        endpoints: EndpointsOptions::default(),
        agent: speaker("en-US", "Lupe"),
        customer: speaker("es-US", "Joanna"),
        polly_requests_per_second: None,
    };
    Ok(options.resolve(48_000)?)
}

/// The URL that opens a stream.
pub fn presign() -> Result<Work, Box<dyn Error>> {
    let config = config()?;
    let (credentials, options) = (credentials(), TranscribeOptions::default());
    Ok(Box::new(move || {
        let request = StreamRequest {
            language_code: "es-US",
            stability: Stability::High,
            options: &options,
            session_id: Some("01234567-89ab-4def-8123-456789abcdef"),
            session_resume_window_min: Some(300),
        };
        let endpoint = &config.endpoints.transcribe;
        let url = transcribe::presigned_url(endpoint, &request, &credentials, WALL);
        let _ = black_box(url);
    }))
}
