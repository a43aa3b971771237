//! Amazon Transcribe streaming: its presigned URL and the messages of its
//! WebSocket.

use crate::aws::credentials::Credentials;
use crate::aws::event_stream::{self, Kind, malformed};
use crate::aws::json::{self, Object};
use crate::aws::sign::{PresignedUrl, Signer};
use crate::config::{Endpoint, Stability, TranscribeOptions};
use crate::error::{Error, ErrorCode, Stage};
use crate::time::{Duration, UnixTime};

/// The rate of what is sent, in Hz. The service takes 8,000 to 48,000 and its
/// developer guide recommends 16,000 for sound of full quality.
pub const SAMPLE_RATE_HZ: u32 = 16_000;

/// How long a presigned URL may be opened: 300 s, the most that Transcribe
/// allows ("Setting up streaming transcription", WebSocket). It is opened at
/// once; the length is for computers whose clock is late.
pub const URL_EXPIRES: Duration = Duration::from_secs(300);

/// Silence after which the service ends a stream, with a
/// [`ExceptionKind::BadRequest`].
pub const IDLE_LIMIT: Duration = Duration::from_secs(15);

const PATH: &str = "/stream-transcription-websocket";

/// A stream to be opened.
#[derive(Clone, Copy, Debug)]
pub struct StreamRequest<'a> {
    /// Transcribe's language code: `es-US`.
    pub language_code: &'a str,
    /// Asks for stabilised partial results unless [`Stability::None`].
    pub stability: Stability,
    /// Vocabulary, filter, language model.
    pub options: &'a TranscribeOptions,
    /// A UUID; the same one to carry a stream on.
    pub session_id: Option<&'a str>,
    /// How long the session can be carried on, 1 to 300 minutes from its start.
    pub session_resume_window_min: Option<u16>,
}

/// The URL that opens the stream, valid for [`URL_EXPIRES`] from `now`.
///
/// # Errors
/// [`ErrorCode::InvalidOption`] if it cannot be signed.
pub fn presigned_url(
    endpoint: &Endpoint,
    request: &StreamRequest<'_>,
    credentials: &Credentials,
    now: UnixTime,
) -> Result<PresignedUrl, Error> {
    let rate = SAMPLE_RATE_HZ.to_string();
    let window = request.session_resume_window_min.map(|m| m.to_string());
    let stability = match request.stability {
        Stability::None => None,
        Stability::Low => Some("low"),
        Stability::Medium => Some("medium"),
        Stability::High => Some("high"),
    };
    let options = request.options;
    let optional = [
        ("session-id", request.session_id),
        ("session-resume-window", window.as_deref()),
        ("vocabulary-name", options.vocabulary.as_deref()),
        (
            "vocabulary-filter-name",
            options.vocabulary_filter.as_deref(),
        ),
        (
            "vocabulary-filter-method",
            options.vocabulary_filter_method.as_deref(),
        ),
        ("language-model-name", options.language_model.as_deref()),
        (
            "enable-partial-results-stabilization",
            stability.map(|_| "true"),
        ),
        ("partial-results-stability", stability),
    ];
    let mut query = vec![
        ("language-code", request.language_code),
        ("media-encoding", "pcm"),
        ("sample-rate", rate.as_str()),
    ];
    query.extend(
        optional
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    Signer {
        endpoint,
        service: "transcribe",
        stage: Stage::Transcribe,
        credentials,
        now,
    }
    .presign(PATH, &query, URL_EXPIRES)
}

/// A message with sound: mono 16-bit samples at [`SAMPLE_RATE_HZ`], at most a
/// second of them.
///
/// # Errors
/// [`ErrorCode::InvalidOption`] if it is over a second: the service refuses it.
pub fn audio_message(samples: &[i16]) -> Result<Vec<u8>, Error> {
    if samples.len() > SAMPLE_RATE_HZ as usize {
        return Err(Error::new(
            ErrorCode::InvalidOption,
            Stage::Transcribe,
            "an audio message holds more than a second",
        ));
    }
    let payload: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
    audio_event(&payload)
}

/// The message that ends the sound: an audio event without any. The service
/// answers with what it has not said yet and closes.
///
/// # Errors
/// None that can happen; the signature is that of [`audio_message`].
pub fn end_message() -> Result<Vec<u8>, Error> {
    audio_event(&[])
}

fn audio_event(payload: &[u8]) -> Result<Vec<u8>, Error> {
    let headers = [
        (":message-type", "event"),
        (":event-type", "AudioEvent"),
        (":content-type", "application/octet-stream"),
    ];
    event_stream::encode(&headers, payload)
}

/// What the service says.
#[derive(Clone, Debug, PartialEq)]
pub enum ServerMessage {
    /// What it hears.
    Transcript(TranscriptEvent),
    /// Why it ends the stream.
    Exception(TranscribeException),
    /// An event that this version does not know; nothing is to be done.
    Unknown,
}

/// Reads a binary WebSocket message.
///
/// # Errors
/// [`ErrorCode::MalformedMessage`] if it is not what the protocol says.
pub fn decode(bytes: &[u8]) -> Result<ServerMessage, Error> {
    let message = event_stream::decode(bytes)?;
    let name = match &message.kind {
        Kind::Event(name) if name == "TranscriptEvent" => {
            return json::parse(&message.payload)
                .and_then(|event| TranscriptEvent::read(Object::new(&event)))
                .map(ServerMessage::Transcript)
                .ok_or_else(|| malformed("its payload is not a transcript"));
        }
        Kind::Event(_) => return Ok(ServerMessage::Unknown),
        Kind::Exception(name) | Kind::Error(name) => name,
    };
    // The header says what it is; a payload that cannot be read hides nothing.
    let body = json::parse(&message.payload).unwrap_or_default();
    let text = ["Message", "message"].map(|name| Object::new(&body).text(name).flatten());
    let of_silence = |text: &str| text.contains("no new audio");
    let kind = ExceptionKind::from_name(name);
    let starved = kind == ExceptionKind::BadRequest && text.into_iter().flatten().any(of_silence);
    Ok(ServerMessage::Exception(TranscribeException {
        kind,
        starved,
    }))
}

/// Why the service ends a stream. Its own text is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TranscribeException {
    /// Its kind.
    pub kind: ExceptionKind,
    /// A bad request only in that no sound came for [`IDLE_LIMIT`]: a new
    /// stream helps.
    pub starved: bool,
}

/// The exceptions of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExceptionKind {
    /// `BadRequestException`: a wrong parameter, or no sound for 15 s.
    BadRequest,
    /// `LimitExceededException`: too many streams, or one too long.
    LimitExceeded,
    /// `InternalFailureException`.
    InternalFailure,
    /// `ConflictException`: a new stream with the same session id took over.
    Conflict,
    /// `ServiceUnavailableException`.
    ServiceUnavailable,
    /// One that is not in the service's model.
    Other,
}

impl ExceptionKind {
    fn from_name(name: &str) -> Self {
        match name.strip_suffix("Exception").unwrap_or(name) {
            "BadRequest" => Self::BadRequest,
            "LimitExceeded" => Self::LimitExceeded,
            "InternalFailure" | "InternalServerError" | "InternalError" => Self::InternalFailure,
            "Conflict" => Self::Conflict,
            "ServiceUnavailable" => Self::ServiceUnavailable,
            _ => Self::Other,
        }
    }
}

impl From<TranscribeException> for Error {
    fn from(exception: TranscribeException) -> Self {
        let (code, sentence) = match exception.kind {
            ExceptionKind::BadRequest if exception.starved => (
                ErrorCode::ServiceUnavailable,
                "Amazon Transcribe ended the stream because no sound came",
            ),
            ExceptionKind::BadRequest => (
                ErrorCode::BadRequest,
                "Amazon Transcribe refused the stream's settings or sound",
            ),
            ExceptionKind::LimitExceeded => (
                ErrorCode::Throttled,
                "Amazon Transcribe's quota of streams, or the longest duration of one, is reached",
            ),
            ExceptionKind::InternalFailure => {
                (ErrorCode::ServiceUnavailable, "Amazon Transcribe failed")
            }
            ExceptionKind::Conflict => (
                ErrorCode::Conflict,
                "a new stream with the same session id took over",
            ),
            ExceptionKind::ServiceUnavailable => (
                ErrorCode::ServiceUnavailable,
                "Amazon Transcribe is not available",
            ),
            ExceptionKind::Other => (
                ErrorCode::BadRequest,
                "Amazon Transcribe ended the stream with an unknown error",
            ),
        };
        Self::new(code, Stage::Transcribe, sentence)
    }
}

/// One `TranscriptEvent`: any number of results, also none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TranscriptEvent {
    /// The results.
    pub results: Vec<TranscriptResult>,
}

impl TranscriptEvent {
    // {"Transcript":{"Results":[…]}}
    fn read(event: Object<'_>) -> Option<Self> {
        let results = match event.get("Transcript") {
            Some(transcript) => Object::of(transcript)?.list("Results", TranscriptResult::read)?,
            None => Vec::new(),
        };
        Some(Self { results })
    }
}

/// A stretch of speech. Sent again under the same id until it is final.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TranscriptResult {
    /// The service's id.
    pub result_id: String,
    /// Seconds since the stream began.
    pub start_time: f64,
    /// Seconds since the stream began.
    pub end_time: f64,
    /// Whether it may still change.
    pub is_partial: bool,
    /// The readings, best first; may be empty.
    pub alternatives: Vec<Alternative>,
    /// What recognised it; the local stand-in says so, the service does not.
    pub engine: Option<String>,
}

impl TranscriptResult {
    fn read(result: Object<'_>) -> Option<Self> {
        Some(Self {
            result_id: result.text_or_empty("ResultId")?,
            start_time: result.number("StartTime")?,
            end_time: result.number("EndTime")?,
            is_partial: result.flag("IsPartial")?.unwrap_or_default(),
            alternatives: result.list("Alternatives", Alternative::read)?,
            engine: result.text("Engine")?.map(str::to_owned),
        })
    }
}

/// A reading of a result.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Alternative {
    /// The text.
    pub transcript: String,
    /// Its words and punctuation; may be missing even in a final result.
    pub items: Vec<Item>,
}

impl Alternative {
    fn read(alternative: Object<'_>) -> Option<Self> {
        Some(Self {
            transcript: alternative.text_or_empty("Transcript")?,
            items: alternative.list("Items", Item::read)?,
        })
    }
}

/// A word or a punctuation mark.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Item {
    /// Seconds since the stream began.
    pub start_time: f64,
    /// Seconds since the stream began.
    pub end_time: f64,
    /// Word or mark.
    pub kind: ItemKind,
    /// The word or mark.
    pub content: String,
    /// Whether it will not be revised any more (stability on).
    pub stable: Option<bool>,
}

impl Item {
    fn read(item: Object<'_>) -> Option<Self> {
        Some(Self {
            start_time: item.number("StartTime")?,
            end_time: item.number("EndTime")?,
            kind: match item.text("Type")? {
                Some("punctuation") => ItemKind::Punctuation,
                _ => ItemKind::Pronunciation,
            },
            content: item.text_or_empty("Content")?,
            stable: item.flag("Stable")?,
        })
    }
}

/// What an item is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ItemKind {
    /// A punctuation mark.
    Punctuation,
    /// A word, and anything that a later version of the service may add.
    #[default]
    Pronunciation,
}
