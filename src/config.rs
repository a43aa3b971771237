//! The session's settings: what a host may write, checked and resolved.
//!
//! [`SessionOptions`] is the host's object as it came (camelCase in
//! JavaScript); [`SessionOptions::resolve`] checks every field and gives the
//! [`SessionConfig`] that the pipelines use.

use crate::error::Error;
use crate::language::Codes;
use crate::speaker::{PerSpeaker, Speaker};
use crate::time::Duration;
use serde::{Deserialize, Serialize};

/// Where a service is, and what its requests are signed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Scheme, host and optional port and path prefix, without a slash at the
    /// end: `https://translate.us-east-1.amazonaws.com`, `ws://127.0.0.1:8701`.
    pub url: String,
    /// The `host` that is signed, with its port unless it is the scheme's
    /// default; differs from the URL's behind a reverse proxy.
    pub signed_host: String,
    /// The region in the credential scope.
    pub region: String,
}

/// The services' endpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// Amazon Transcribe streaming (`wss:` or `ws:`).
    pub transcribe: Endpoint,
    /// Amazon Translate.
    pub translate: Endpoint,
    /// Amazon Polly.
    pub polly: Endpoint,
}

/// How far a partial result must have settled before it is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stability {
    /// Only final results are spoken.
    None,
    /// The service's low stability: soonest, revised most.
    Low,
    /// The service's medium stability.
    Medium,
    /// The service's high stability: stable items are almost never revised.
    #[default]
    High,
}

/// One speaker's settings, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct SpeakerConfig {
    /// Whether this pipeline runs.
    pub enabled: bool,
    /// The three services' codes for what this speaker says and for what the
    /// listener hears, and the voice that speaks it.
    pub codes: Codes,
    /// How settled a partial must be.
    pub stability: Stability,
    /// Length of an audio message.
    pub message: Duration,
    /// How much of the tap's beginning is skipped (silence is sent instead).
    pub start_guard: Duration,
    /// Optional features of Transcribe.
    pub transcribe: TranscribeOptions,
    /// Optional features of Translate.
    pub translate: TranslateOptions,
    /// Lexicons for Polly, at most five.
    pub lexicons: Vec<String>,
}

/// Optional features of Transcribe.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TranscribeOptions {
    /// Custom vocabulary.
    pub vocabulary: Option<String>,
    /// Vocabulary filter.
    pub vocabulary_filter: Option<String>,
    /// What the filter does: `mask`, `remove` or `tag`.
    pub vocabulary_filter_method: Option<String>,
    /// Custom language model.
    pub language_model: Option<String>,
}

/// Optional features of Translate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TranslateOptions {
    /// Terminology.
    pub terminology: Option<String>,
    /// `formal` or `informal`.
    pub formality: Option<String>,
    /// Whether profanity is masked (the mask is never spoken).
    pub mask_profanity: bool,
    /// Whether translations are kept short.
    pub brevity: bool,
}

/// A session's settings, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionConfig {
    /// Where the services are.
    pub endpoints: Endpoints,
    /// Each speaker's settings.
    pub speakers: PerSpeaker<SpeakerConfig>,
    /// The rate of [`Output::Play`](crate::session::Output::Play): the
    /// AudioContext's, 8,000 to 192,000 Hz.
    pub playout_rate_hz: u32,
}

/// One speaker's settings as the host wrote them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SpeakerOptions {
    /// BCP-47 tag of what this speaker speaks. Required.
    pub language: Option<String>,
    /// Polly voice that speaks this speaker's words in the other's language.
    pub voice: Option<String>,
    /// Polly engine: `standard`, `neural`, `long-form` or `generative`.
    pub engine: Option<String>,
    /// Default `high`.
    pub stability: Option<Stability>,
    /// 20 to 200, default 50.
    pub message_ms: Option<f64>,
    /// 0 to 10,000, default 0.
    pub start_guard_ms: Option<f64>,
    /// Default true.
    pub enabled: Option<bool>,
    /// Optional features of Transcribe.
    pub transcribe: TranscribeOptions,
    /// Optional features of Translate.
    pub translate: TranslateOptions,
    /// Lexicons for Polly.
    pub lexicons: Vec<String>,
}

/// A service's endpoint as the host wrote it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum EndpointOptions {
    /// The URL alone; it is signed for its own host.
    Url(String),
    /// The URL and the host to sign for (a reverse proxy).
    Proxy {
        /// Where to send.
        url: String,
        /// What to sign for: `translate.us-east-1.amazonaws.com`.
        #[serde(rename = "signedHost")]
        signed_host: String,
    },
}

/// One region for all services, or one each.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RegionOptions {
    /// The same for all.
    One(String),
    /// One each.
    Each {
        /// Of Transcribe.
        transcribe: String,
        /// Of Translate.
        translate: String,
        /// Of Polly.
        polly: String,
    },
}

/// Endpoint overrides, each optional.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct EndpointsOptions {
    /// Of Transcribe (`wss:` or `ws:`).
    pub transcribe: Option<EndpointOptions>,
    /// Of Translate.
    pub translate: Option<EndpointOptions>,
    /// Of Polly.
    pub polly: Option<EndpointOptions>,
}

/// A session's settings as the host wrote them, tracks and callbacks aside.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SessionOptions {
    /// Required.
    pub region: RegionOptions,
    /// Overrides.
    #[serde(default)]
    pub endpoints: EndpointsOptions,
    /// The agent. Required.
    pub agent: SpeakerOptions,
    /// The customer. Required.
    pub customer: SpeakerOptions,
}

impl SessionOptions {
    /// Checks every field and resolves languages, voices and endpoints.
    ///
    /// # Errors
    /// The first wrong field, by its path (`customer.messageMs`), with what
    /// was expected.
    pub fn resolve(&self, playout_rate_hz: u32) -> Result<SessionConfig, Error> {
        let _ = playout_rate_hz;
        Err(Error::option("region", "an AWS region"))
    }
}

impl SpeakerOptions {
    /// Checks one speaker's options against the language of the listener.
    ///
    /// # Errors
    /// As [`SessionOptions::resolve`].
    pub fn resolve(
        &self,
        speaker: Speaker,
        listener_language: &str,
    ) -> Result<SpeakerConfig, Error> {
        let _ = listener_language;
        Err(Error::option(
            format!("{speaker}.language"),
            "a BCP-47 tag such as es-US",
        ))
    }
}
