//! The one error type, with a stable code for every cause.

use crate::speaker::Speaker;
use serde::Serialize;

/// What went wrong. The kebab-case name is the public `code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorCode {
    /// An option is missing, of the wrong shape or out of range; `field` names it.
    InvalidOption,
    /// The language is not one that the service knows.
    UnsupportedLanguage,
    /// The voice does not speak the other side's language, or is not known.
    VoiceMismatch,
    /// The browser lacks something that is needed; `field` names it.
    Unsupported,
    /// The library was used before `init()` or after `dispose()`.
    NotReady,
    /// The AbortSignal fired.
    Aborted,
    /// A track that was handed over has ended.
    TrackEnded,
    /// The AudioContext may not start yet (it waits for a click) or was suspended.
    AudioSuspended,
    /// Samples between the tap and the engine were lost.
    AudioLost,
    /// The credentials provider failed, or gave something that is no identity.
    CredentialsUnavailable,
    /// The service refused the credentials or the signature.
    AccessDenied,
    /// The credentials had expired.
    ExpiredCredentials,
    /// The service asks to slow down or a quota is used up.
    Throttled,
    /// The service refused what was sent.
    BadRequest,
    /// A conflicting stream took over.
    Conflict,
    /// The service failed or is not available.
    ServiceUnavailable,
    /// The text is longer than the service takes.
    TextTooLong,
    /// No connection, a broken one, or none in time.
    Network,
    /// The turn to be spoken did not come in time.
    TooLate,
    /// The answer is not what the protocol says.
    MalformedMessage,
    /// The engine worker died.
    EngineFailed,
    /// The call's audio cannot be reached from this page; `field` says why.
    MediaUnreachable,
}

/// The part of the library or the service in which it went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Reading the options.
    Options,
    /// Getting credentials.
    Credentials,
    /// Capturing or mixing audio in the page.
    Audio,
    /// Amazon Transcribe.
    Transcribe,
    /// Amazon Translate.
    Translate,
    /// Amazon Polly.
    Synthesize,
    /// Playing what was synthesized.
    Playout,
    /// The engine worker itself.
    Engine,
    /// Amazon Connect Streams and the softphone.
    Softphone,
}

/// An error of the library. Its text never holds a secret, a presigned URL or
/// anything that somebody said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize)]
#[error("{message}")]
#[serde(rename_all = "camelCase")]
pub struct Error {
    /// What went wrong.
    pub code: ErrorCode,
    /// Where.
    pub stage: Stage,
    /// Whose pipeline, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speaker: Option<Speaker>,
    /// The option that is wrong, as a path: `agent.voice`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// One sentence for a person: what was wrong and what was expected.
    pub message: String,
    /// Whether the same thing may work if tried again.
    pub retryable: bool,
}

impl Error {
    /// An error of that code and stage, with one sentence for a person.
    pub fn new(code: ErrorCode, stage: Stage, message: impl Into<String>) -> Self {
        let retryable = matches!(
            code,
            ErrorCode::Throttled
                | ErrorCode::ServiceUnavailable
                | ErrorCode::Network
                | ErrorCode::AudioSuspended
        );
        Self {
            code,
            stage,
            speaker: None,
            field: None,
            message: message.into(),
            retryable,
        }
    }

    /// A wrong option: `field` is its path, `expected` what it should have been.
    pub fn option(field: impl Into<String>, expected: impl AsRef<str>) -> Self {
        let field = field.into();
        let message = format!("{field}: expected {}", expected.as_ref());
        Self {
            field: Some(field),
            ..Self::new(ErrorCode::InvalidOption, Stage::Options, message)
        }
    }

    /// The same error, of that speaker's pipeline.
    #[must_use]
    pub fn of(mut self, speaker: Speaker) -> Self {
        self.speaker = Some(speaker);
        self
    }
}
