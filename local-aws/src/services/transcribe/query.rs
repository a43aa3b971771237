//! The parameters of a stream.

use crate::sigv4::query_pairs;
use std::{collections::BTreeMap, time::Duration};

/// Lowest and highest sample rate, in Hz.
const RATES_HZ: std::ops::RangeInclusive<u32> = 8_000..=48_000;

/// The languages of Transcribe streaming: `LanguageCode` of its SDK, 3.1141.
const LANGUAGES: &[&str] = &include!("languages.in");

/// How settled partials are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stability {
    /// Soonest stable.
    High,
    /// Later.
    Medium,
    /// Last.
    Low,
}

impl Stability {
    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }

    /// How long items take to be stable where high stability takes `high`.
    #[must_use]
    pub const fn delay(self, high: Duration) -> Duration {
        high.saturating_mul(match self {
            Self::High => 1,
            Self::Medium => 2,
            Self::Low => 3,
        })
    }
}

/// A checked request for a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// `es-US`.
    pub language: String,
    /// In Hz.
    pub sample_rate: u32,
    /// Given or made up.
    pub session_id: String,
    /// For how long after its start the session may be resumed, in minutes.
    pub resume_window_min: Option<u32>,
    /// Nothing when it is off.
    pub stability: Option<Stability>,
}

impl Query {
    /// Checks a query string.
    ///
    /// # Errors
    /// The message of a `BadRequestException`.
    pub fn read(query: &str) -> Result<Self, String> {
        let given = Given::read(query)?;
        for name in ["identify-language", "identify-multiple-languages"] {
            if given.flag(name)? {
                return Err(format!("The stand-in has no engine for {name}."));
            }
        }
        let language = given
            .text("language-code")
            .ok_or("A language code is required: language-code or identify-language.")?;
        if !LANGUAGES.contains(&language) {
            return Err(
                "The language code that you provided isn't supported. Use a supported language code and try your request again.".into(),
            );
        }
        match given.text("media-encoding") {
            Some("pcm") => {}
            Some("ogg-opus" | "flac") => {
                return Err("The stand-in decodes only media-encoding pcm.".into());
            }
            _ => return Err("The media encoding must be one of pcm, ogg-opus, flac.".into()),
        }
        let sample_rate = given
            .number("sample-rate")?
            .filter(|rate| RATES_HZ.contains(rate))
            .ok_or("The sample rate must be between 8000 and 48000 Hz.")?;
        let resume_window_min = given.number("session-resume-window")?;
        if resume_window_min.is_some_and(|minutes| !(1..=300).contains(&minutes)) {
            return Err("The session resume window must be between 1 and 300 minutes.".into());
        }
        given.check_features()?;
        Ok(Self {
            language: language.to_owned(),
            sample_rate,
            session_id: given.session_id()?,
            resume_window_min,
            stability: given.stability()?,
        })
    }
}

struct Given(BTreeMap<String, String>);

impl Given {
    fn read(query: &str) -> Result<Self, String> {
        let mut given = BTreeMap::new();
        for (name, value) in query_pairs(query) {
            let text = |bytes| String::from_utf8(bytes).map_err(|_| "The query is not UTF-8.");
            let name = text(name)?;
            if given.insert(name.clone(), text(value)?).is_some() {
                return Err(format!("The parameter {name} is there twice."));
            }
        }
        Ok(Self(given))
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn number(&self, name: &str) -> Result<Option<u32>, String> {
        self.text(name)
            .map(|text| {
                text.parse()
                    .map_err(|_| format!("{name} must be a whole number."))
            })
            .transpose()
    }

    fn flag(&self, name: &str) -> Result<bool, String> {
        match self.text(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(format!("{name} must be true or false.")),
        }
    }

    fn session_id(&self) -> Result<String, String> {
        let Some(id) = self.text("session-id") else {
            return Ok(crate::keys::uuid(rand::random()));
        };
        let dashes = [8, 13, 18, 23];
        let fits = id.len() == 36
            && id.bytes().enumerate().all(|(at, byte)| {
                if dashes.contains(&at) {
                    byte == b'-'
                } else {
                    byte.is_ascii_hexdigit()
                }
            });
        if fits {
            Ok(id.to_owned())
        } else {
            Err("The session id must be a UUID of 36 characters.".into())
        }
    }

    fn stability(&self) -> Result<Option<Stability>, String> {
        let on = self.flag("enable-partial-results-stabilization")?;
        let level = match self.text("partial-results-stability") {
            None => None,
            Some("high") => Some(Stability::High),
            Some("medium") => Some(Stability::Medium),
            Some("low") => Some(Stability::Low),
            Some(_) => return Err("partial-results-stability must be low, medium or high.".into()),
        };
        match (on, level) {
            (false, Some(_)) => {
                Err("partial-results-stability needs enable-partial-results-stabilization.".into())
            }
            (false, None) => Ok(None),
            (true, level) => Ok(Some(level.unwrap_or(Stability::High))),
        }
    }

    /// Checks features that need resources of an account, which the stand-in
    /// does not have, and those that it does not do.
    fn check_features(&self) -> Result<(), String> {
        for (name, what) in [
            ("vocabulary-name", "vocabulary"),
            ("vocabulary-filter-name", "vocabulary filter"),
            ("language-model-name", "language model"),
        ] {
            if self.text(name).is_some() {
                return Err(format!(
                    "The requested {what} couldn't be found. Check the {what} name and try your request again."
                ));
            }
        }
        if let Some(method) = self.text("vocabulary-filter-method")
            && !["mask", "remove", "tag"].contains(&method)
        {
            return Err("vocabulary-filter-method must be mask, remove or tag.".into());
        }
        for name in ["show-speaker-label", "enable-channel-identification"] {
            if self.flag(name)? {
                return Err(format!("The stand-in does not do {name}."));
            }
        }
        for name in ["content-redaction-type", "content-identification-type"] {
            if self.text(name).is_some() {
                return Err(format!("The stand-in does not do {name}."));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Query, Stability};

    const GOOD: &str = "language-code=es-US&media-encoding=pcm&sample-rate=16000";

    #[test]
    fn a_good_query_is_read() {
        let query = Query::read(&format!(
            "{GOOD}&session-id=00000000-0000-4000-8000-00000000000a&enable-partial-results-stabilization=true&partial-results-stability=medium&session-resume-window=5"
        ))
        .expect("good");
        assert_eq!(query.stability, Some(Stability::Medium));
        assert_eq!(query.session_id, "00000000-0000-4000-8000-00000000000a");
        assert_eq!(query.resume_window_min, Some(5));
        assert_eq!(Query::read(GOOD).expect("good").stability, None);
    }

    #[test]
    fn whatever_is_wrong_is_named() {
        for (query, named) in [
            ("media-encoding=pcm&sample-rate=16000", "language code"),
            (
                "language-code=xx-XX&media-encoding=pcm&sample-rate=16000",
                "language code",
            ),
            (
                "language-code=es-US&media-encoding=wav&sample-rate=16000",
                "media encoding",
            ),
            (
                "language-code=es-US&media-encoding=pcm&sample-rate=7999",
                "sample rate",
            ),
            (
                "language-code=es-US&media-encoding=pcm&sample-rate=96000",
                "sample rate",
            ),
            (
                "language-code=es-US&media-encoding=pcm&sample-rate=a",
                "sample-rate",
            ),
            (&format!("{GOOD}&session-id=7"), "session id"),
            (
                &format!("{GOOD}&session-resume-window=301"),
                "resume window",
            ),
            (
                &format!("{GOOD}&partial-results-stability=high"),
                "stabilization",
            ),
            (&format!("{GOOD}&vocabulary-name=v"), "vocabulary"),
            (&format!("{GOOD}&sample-rate=16000"), "twice"),
        ] {
            let why = Query::read(query).expect_err(query);
            assert!(why.contains(named), "{query}: {why}");
        }
    }
}
