//! One BCP-47 tag per speaker, resolved to the three services' codes.

use serde::{Deserialize, Serialize};

/// A Polly engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// The oldest and cheapest.
    Standard,
    /// The default where the voice has it.
    Neural,
    /// For long texts.
    LongForm,
    /// The newest, in few languages.
    Generative,
}

/// A voice that speaks a language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voice {
    /// Polly's `VoiceId`.
    pub id: String,
    /// The engine.
    pub engine: Engine,
    /// Polly's `LanguageCode`: `es-US`, `cmn-CN`.
    pub language_code: String,
}

/// What one pipeline needs to know about languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codes {
    /// The speaker's language, as given: `es-US`.
    pub speaker_tag: String,
    /// The listener's language, as given: `en-US`.
    pub listener_tag: String,
    /// Transcribe's `language-code` for what the speaker says.
    pub transcribe: String,
    /// Translate's source code.
    pub translate_source: String,
    /// Translate's target code.
    pub translate_target: String,
    /// Who speaks the translation; `None` where the listener's language has no
    /// voice: then the translation is a caption.
    pub voice: Option<Voice>,
}

impl Codes {
    /// Whether both speak the same language, as Translate sees it: then text
    /// is spoken as it is.
    #[must_use]
    pub fn same_language(&self) -> bool {
        self.translate_source == self.translate_target
    }
}
