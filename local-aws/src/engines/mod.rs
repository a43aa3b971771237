//! What hears, translates and speaks in the stand-in. Everything here works on
//! the audio and the text it is given: nothing depends on a clock, a file name
//! or the order in which lines are played.

use std::{io, path::Path};

/// A word that was heard.
#[derive(Clone, Debug, PartialEq)]
pub struct Word {
    /// The word, cased as it is written in its line, without punctuation.
    pub text: String,
    /// The mark after it: `,`, `.`, `?`.
    pub punctuation: Option<String>,
    /// Where it begins, in seconds of the stream's audio.
    pub start: f64,
    /// Where it ends, in seconds of the stream's audio.
    pub end: f64,
}

/// What a recogniser has to say after some audio.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// Everything heard of an utterance so far. The next report may revise it.
    Words {
        /// Counts the stream's utterances from 0.
        utterance: u64,
        /// Which engine heard it.
        engine: &'static str,
        /// All words so far.
        words: Vec<Word>,
    },
    /// The utterance is over and these are its words.
    Ended {
        /// Counts the stream's utterances from 0.
        utterance: u64,
        /// Which engine heard it.
        engine: &'static str,
        /// All words.
        words: Vec<Word>,
        /// Where the speech ended, in seconds of the stream's audio.
        speech_end: f64,
    },
    /// Something was said, and no engine knows what.
    NotRecognised {
        /// Counts the stream's utterances from 0.
        utterance: u64,
        /// Where the speech began, in seconds of the stream's audio.
        start: f64,
        /// Where the speech ended, in seconds of the stream's audio.
        speech_end: f64,
    },
}

/// Listens to one stream.
pub trait Recogniser: Send {
    /// Takes the stream's next samples (16 kHz, ±1) and says what they showed.
    fn push(&mut self, pcm_16k: &[f32]) -> Vec<Heard>;
}

/// A text in another language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Translated {
    /// The translation.
    pub text: String,
    /// Which engine made it.
    pub engine: &'static str,
}

/// A text as sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Speech {
    /// 16 kHz mono.
    pub pcm_16k: Vec<i16>,
    /// Which engine made it.
    pub engine: &'static str,
}

/// No engine knows this text, language or voice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unknown;

/// All engines, shared by all streams.
#[derive(Debug)]
pub struct Engines {}

struct Deaf;

impl Recogniser for Deaf {
    fn push(&mut self, _: &[f32]) -> Vec<Heard> {
        Vec::new()
    }
}

impl Engines {
    /// Loads lines, recordings and the phrasebook from the repository at `root`.
    ///
    /// # Errors
    /// When a file is missing or not what it should be; the text names the file.
    pub fn load(_root: &Path) -> io::Result<Self> {
        Ok(Self {})
    }

    /// A recogniser for one stream in `language` (`es-US`).
    #[must_use]
    pub fn recogniser(&self, _language: &str) -> Box<dyn Recogniser> {
        Box::new(Deaf)
    }

    /// Translates `text` between two language codes (`es`, `en-US`).
    ///
    /// # Errors
    /// When no engine knows the text or the pair.
    pub async fn translate(
        &self,
        _source: &str,
        _target: &str,
        _text: &str,
    ) -> Result<Translated, Unknown> {
        Err(Unknown)
    }

    /// Speaks `text` with `voice` (`Lupe`) in `language` (`es-US`).
    ///
    /// # Errors
    /// When no engine can speak the text with that voice.
    pub async fn speak(
        &self,
        _voice: &str,
        _language: &str,
        _text: &str,
    ) -> Result<Speech, Unknown> {
        Err(Unknown)
    }

    /// Which engines there are, for the stand-in's state and the demo page.
    #[must_use]
    pub fn describe(&self) -> serde_json::Value {
        serde_json::json!({"recognise": [], "translate": [], "speak": []})
    }
}
