//! The session's settings: what a host may write, checked and resolved.
//!
//! [`SessionOptions`] is the host's object as it came (camelCase in
//! JavaScript); [`SessionOptions::resolve`] checks every field and gives the
//! [`SessionConfig`] that the pipelines use.

mod endpoint;
mod parse;

use crate::aws::polly::MAX_LEXICONS;
use crate::error::Error;
use crate::language::{self, Codes, Engine, Wish};
use crate::speaker::{PerSpeaker, Speaker};
use crate::time::Duration;
pub use endpoint::dns_suffix;

/// Length of an audio message unless set: Transcribe recommends 50 to 200 ms.
pub const DEFAULT_MESSAGE_MS: f64 = 50.0;

/// Requests in vain for each utterance unless set.
pub const DEFAULT_PREPARE_AHEAD: f64 = 0.3;

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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

/// In which form the listener gets a speaker's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Translated and spoken.
    #[default]
    Speech,
    /// Translated.
    Captions,
    /// As they were said, in writing.
    Transcript,
}

/// One speaker's settings, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct SpeakerConfig {
    /// Whether this pipeline runs.
    pub enabled: bool,
    /// In which form the listener gets the words.
    pub form: Form,
    /// Whether what was said before a mute is still spoken.
    pub finish_on_mute: bool,
    /// The three services' codes for what this speaker says and for what the
    /// listener hears, and the voice that speaks it.
    pub codes: Codes,
    /// How settled a partial must be.
    pub stability: Stability,
    /// Whether two results that agree are settled enough.
    pub eager: bool,
    /// So many requests for each utterance may be made in vain, to have its
    /// speech ready before it is settled.
    pub prepare_ahead: f64,
    /// Length of an audio message.
    pub message: Duration,
    /// How much of the tap's beginning is skipped (silence is sent instead).
    pub start_guard: Duration,
    /// Whether our own speech is left out when it is heard again.
    pub echo_guard: bool,
    /// Optional features of Transcribe.
    pub transcribe: TranscribeOptions,
    /// Optional features of Translate.
    pub translate: TranslateOptions,
    /// Lexicons for Polly, at most five.
    pub lexicons: Vec<String>,
}

/// Optional features of Transcribe.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
    /// Requests a second that Polly gets for each engine; by default what it
    /// takes of an account.
    pub polly_requests_per_second: Option<f64>,
}

/// One speaker's settings as the host wrote them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpeakerOptions {
    /// BCP-47 tag of what this speaker speaks. Required.
    pub language: Option<String>,
    /// Polly voice that speaks this speaker's words in the other's language.
    pub voice: Option<String>,
    /// Polly engine: `standard`, `neural`, `long-form` or `generative`.
    pub engine: Option<String>,
    /// Default `high`.
    pub stability: Option<Stability>,
    /// Default false.
    pub eager: Option<bool>,
    /// 0 to 10, default 0.3.
    pub prepare_ahead: Option<f64>,
    /// 20 to 200, default 50.
    pub message_ms: Option<f64>,
    /// 0 to 10,000, default 0.
    pub start_guard_ms: Option<f64>,
    /// Default true.
    pub enabled: Option<bool>,
    /// Default `speech`.
    pub output: Option<Form>,
    /// `finish` (true) or `drop` (false, the default).
    pub on_mute: Option<bool>,
    /// Default true.
    pub echo_guard: Option<bool>,
    /// Optional features of Transcribe.
    pub transcribe: TranscribeOptions,
    /// Optional features of Translate.
    pub translate: TranslateOptions,
    /// Lexicons for Polly.
    pub lexicons: Vec<String>,
}

/// A service's endpoint as the host wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndpointOptions {
    /// The URL alone; it is signed for its own host.
    Url(String),
    /// The URL and the host to sign for (a reverse proxy).
    Proxy {
        /// Where to send. A path prefix is not signed: the proxy takes it away.
        url: String,
        /// What to sign for: `translate.us-east-1.amazonaws.com`.
        signed_host: String,
    },
}

/// One region for all services, or one each.
#[derive(Clone, Debug, PartialEq, Eq)]
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
#[derive(Clone, Debug, Default)]
pub struct EndpointsOptions {
    /// Of Transcribe (`wss:` or `ws:`).
    pub transcribe: Option<EndpointOptions>,
    /// Of Translate.
    pub translate: Option<EndpointOptions>,
    /// Of Polly.
    pub polly: Option<EndpointOptions>,
}

/// A session's settings as the host wrote them, tracks and callbacks aside.
#[derive(Clone, Debug)]
pub struct SessionOptions {
    /// Required.
    pub region: RegionOptions,
    /// Overrides.
    pub endpoints: EndpointsOptions,
    /// The agent. Required.
    pub agent: SpeakerOptions,
    /// The customer. Required.
    pub customer: SpeakerOptions,
    /// Requests a second that Polly gets for each engine, 0.1 to 1,000.
    pub polly_requests_per_second: Option<f64>,
}

impl SessionOptions {
    /// Checks every field and resolves languages, voices and endpoints.
    /// `playout_rate_hz` is the AudioContext's, 8,000 to 192,000.
    ///
    /// # Errors
    /// The first wrong field, by its path (`customer.messageMs`), with what
    /// was expected.
    pub fn resolve(&self, playout_rate_hz: u32) -> Result<SessionConfig, Error> {
        if !(8_000..=192_000).contains(&playout_rate_hz) {
            return Err(Error::option(
                "sampleRate",
                "an AudioContext of 8,000 to 192,000 Hz",
            ));
        }
        let endpoints = self.endpoints()?;
        if let Some(rate) = self.polly_requests_per_second
            && !(0.1..=1_000.0).contains(&rate)
        {
            return Err(Error::option("polly.requestsPerSecond", "0.1 to 1,000"));
        }
        // Every language is checked before any voice, so that a wrong language
        // is not told as a voice that does not fit it.
        for speaker in Speaker::BOTH {
            self.language(speaker)?;
        }
        Ok(SessionConfig {
            endpoints,
            speakers: PerSpeaker {
                agent: self
                    .agent
                    .resolve(Speaker::Agent, self.language(Speaker::Customer)?)?,
                customer: self
                    .customer
                    .resolve(Speaker::Customer, self.language(Speaker::Agent)?)?,
            },
            playout_rate_hz,
            polly_requests_per_second: self.polly_requests_per_second,
        })
    }

    /// One speaker's options, to be changed.
    pub fn of_mut(&mut self, speaker: Speaker) -> &mut SpeakerOptions {
        match speaker {
            Speaker::Agent => &mut self.agent,
            Speaker::Customer => &mut self.customer,
        }
    }

    fn language(&self, speaker: Speaker) -> Result<&str, Error> {
        let options = match speaker {
            Speaker::Agent => &self.agent,
            Speaker::Customer => &self.customer,
        };
        options.language(speaker)
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
        let codes = language::resolve(&Wish {
            speaker,
            speaker_tag: self.language(speaker)?,
            listener_tag: listener_language,
            voice: self.voice.as_deref(),
            engine: self.engine(speaker)?,
        })?;
        let millis = |name: &str, value: Option<f64>, default: f64, range: (u32, u32)| {
            let value = value.unwrap_or(default);
            if (f64::from(range.0)..=f64::from(range.1)).contains(&value) {
                return Ok(Duration::from_secs_f64(value / 1000.0));
            }
            Err(Error::option(
                format!("{speaker}.{name}"),
                format!("{} to {} milliseconds", range.0, range.1),
            ))
        };
        self.check_transcribe(speaker)?;
        self.check_translate(speaker)?;
        self.check_lexicons(speaker)?;
        Ok(SpeakerConfig {
            enabled: self.enabled.unwrap_or(true),
            form: self.output.unwrap_or_default(),
            finish_on_mute: self.on_mute.unwrap_or_default(),
            codes,
            stability: self.stability.unwrap_or_default(),
            eager: self.eager.unwrap_or_default(),
            prepare_ahead: self.prepare_ahead(speaker)?,
            message: millis("messageMs", self.message_ms, DEFAULT_MESSAGE_MS, (20, 200))?,
            start_guard: millis("startGuardMs", self.start_guard_ms, 0.0, (0, 10_000))?,
            echo_guard: self.echo_guard.unwrap_or(true),
            transcribe: self.transcribe.clone(),
            translate: self.translate.clone(),
            lexicons: self.lexicons.clone(),
        })
    }

    fn language(&self, speaker: Speaker) -> Result<&str, Error> {
        self.language.as_deref().ok_or_else(|| {
            Error::option(
                format!("{speaker}.language"),
                "a BCP-47 tag such as es-US or zh-CN",
            )
        })
    }

    fn engine(&self, speaker: Speaker) -> Result<Option<Engine>, Error> {
        self.engine
            .as_deref()
            .map(|name| {
                Engine::from_name(name).ok_or_else(|| {
                    Error::option(
                        format!("{speaker}.engine"),
                        "standard, neural, long-form or generative",
                    )
                })
            })
            .transpose()
    }

    fn prepare_ahead(&self, speaker: Speaker) -> Result<f64, Error> {
        let budget = self.prepare_ahead.unwrap_or(DEFAULT_PREPARE_AHEAD);
        if (0.0..=10.0).contains(&budget) {
            return Ok(budget);
        }
        let field = format!("{speaker}.prepareAhead");
        Err(Error::option(field, "0 to 10 requests for each utterance"))
    }

    fn check_transcribe(&self, speaker: Speaker) -> Result<(), Error> {
        let options = &self.transcribe;
        let path = |name: &str| format!("{speaker}.transcribe.{name}");
        for (name, value) in [
            ("vocabulary", &options.vocabulary),
            ("vocabularyFilter", &options.vocabulary_filter),
            ("languageModel", &options.language_model),
        ] {
            check_name(|| path(name), value.as_deref())?;
        }
        match options.vocabulary_filter_method.as_deref() {
            None | Some("mask" | "remove" | "tag") => {}
            Some(_) => {
                return Err(Error::option(
                    path("vocabularyFilterMethod"),
                    "mask, remove or tag",
                ));
            }
        }
        if options.vocabulary_filter_method.is_some() && options.vocabulary_filter.is_none() {
            return Err(Error::option(
                path("vocabularyFilter"),
                "a filter's name, as vocabularyFilterMethod is set",
            ));
        }
        Ok(())
    }

    fn check_translate(&self, speaker: Speaker) -> Result<(), Error> {
        let options = &self.translate;
        let path = |name: &str| format!("{speaker}.translate.{name}");
        check_name(|| path("terminology"), options.terminology.as_deref())?;
        match options.formality.as_deref() {
            None | Some("formal" | "informal") => Ok(()),
            Some(_) => Err(Error::option(path("formality"), "formal or informal")),
        }
    }

    fn check_lexicons(&self, speaker: Speaker) -> Result<(), Error> {
        if self.lexicons.len() > MAX_LEXICONS {
            return Err(Error::option(
                format!("{speaker}.lexicons"),
                "at most 5 names",
            ));
        }
        for (index, lexicon) in self.lexicons.iter().enumerate() {
            // LexiconName in Polly's model.
            let fits = (1..=20).contains(&lexicon.len())
                && lexicon.chars().all(|c| c.is_ascii_alphanumeric());
            if !fits {
                return Err(Error::option(
                    format!("{speaker}.lexicons[{index}]"),
                    "a name of 1 to 20 letters and digits",
                ));
            }
        }
        Ok(())
    }
}

// The services' models allow 200 characters (256 for terminologies) and differ
// in which: they say so themselves.
fn check_name(path: impl Fn() -> String, name: Option<&str>) -> Result<(), Error> {
    match name {
        Some(name) if name.trim().is_empty() || name.chars().count() > 256 => {
            Err(Error::option(path(), "a name of 1 to 256 characters"))
        }
        _ => Ok(()),
    }
}
