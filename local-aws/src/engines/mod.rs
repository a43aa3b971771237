//! What hears, translates and speaks in the stand-in. Everything here works on
//! the audio and the text it is given: nothing depends on a clock, a file name
//! or the order in which lines are played.

mod features;
mod installed;
mod likeness;
mod lines;
mod phrasebook;
pub mod pilot;
mod recorded;
mod sphinx;
mod templates;
#[cfg(test)]
mod tests;
mod text;

use std::{io, path::Path, pin::Pin};

use self::{
    installed::Installed, lines::Matcher, phrasebook::Phrasebook, pilot::Pilots,
    recorded::Recorded, sphinx::Sphinx, templates::Lines,
};

/// Samples per second of everything that is heard and spoken here.
const RATE: usize = 16_000;

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

/// What a stream is in the middle of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Moment {
    /// Somebody is saying a word.
    Speech,
    /// Nobody is saying anything, and the last utterance is over.
    Pause,
}

/// Listens to one stream.
pub trait Recogniser: Send {
    /// Takes the stream's next samples (16 kHz, ±1) and says what they showed,
    /// and what an engine that takes its time has found by now.
    fn push(&mut self, pcm_16k: &[f32]) -> Vec<Heard>;

    /// What the audio so far ends in; nothing in the short silence after a word.
    fn moment(&self) -> Option<Moment>;

    /// Whether an engine is still at work on what it has got: [`late`](Self::late)
    /// or the next [`push`](Self::push) gives its result.
    fn is_waiting(&self) -> bool;

    /// What the engine at work reports when it is done; at once and nothing if
    /// none is. For the end of a stream, when no more audio comes. May be dropped
    /// and called again.
    fn late(&mut self) -> Pin<Box<dyn Future<Output = Vec<Heard>> + Send + '_>>;
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

/// What one engine has to say of an utterance.
#[derive(Clone, Debug)]
enum Sound {
    Words(Vec<Word>),
    Ended { words: Vec<Word>, speech_end: f64 },
    NotRecognised { start: f64, speech_end: f64 },
}

/// All engines, shared by all streams.
#[derive(Debug)]
pub struct Engines {
    lines: Lines,
    phrasebook: Phrasebook,
    recorded: Recorded,
    installed: Installed,
}

impl Engines {
    /// Loads lines, recordings and the phrasebook from the repository at `root`.
    ///
    /// # Errors
    /// When a file is missing or not what it should be; the text names the file.
    pub fn load(root: &Path) -> io::Result<Self> {
        Ok(Self {
            lines: Lines::load(&root.join("www/lines"))?,
            phrasebook: Phrasebook::load(&root.join("local-aws/phrasebook.json"))?,
            recorded: Recorded::load(&root.join("local-aws/voices"))?,
            installed: Installed::default(),
        })
    }

    /// The same with the programs of this machine for all other text and speech:
    /// espeak-ng (engine "espeak-ng"), Apertium (engine "apertium") and, for
    /// English, pocketsphinx (engine "pocketsphinx"), those that there are.
    #[must_use]
    pub fn with_installed(self) -> Self {
        Self {
            installed: Installed::detect(),
            ..self
        }
    }

    /// A recogniser for one stream in `language` (`es-US`). With pocketsphinx it
    /// works within a Tokio runtime only.
    #[must_use]
    pub fn recogniser(&self, language: &str) -> Box<dyn Recogniser> {
        Box::new(Listener {
            pilots: Pilots::new(language),
            lines: self.lines.matcher(language),
            sphinx: (self.installed.sphinx && text::primary(language) == "en")
                .then(Sphinx::default),
            muted: false,
            utterance: 0,
        })
    }

    /// Translates `text` between two language codes (`es`, `en-US`).
    ///
    /// # Errors
    /// When no engine knows the text or the pair.
    pub async fn translate(
        &self,
        source: &str,
        target: &str,
        text: &str,
    ) -> Result<Translated, Unknown> {
        if let Some(text) = self.phrasebook.translate(source, target, text) {
            return Ok(Translated {
                text,
                engine: "phrasebook",
            });
        }
        if let Some(text) = pilot::translate(source, target, text) {
            return Ok(Translated {
                text,
                engine: "pilot",
            });
        }
        let text = self.installed.translate(source, target, text).await;
        text.map_or(Err(Unknown), |text| {
            Ok(Translated {
                text,
                engine: "apertium",
            })
        })
    }

    /// Speaks `text` with `voice` (`Lupe`) in `language` (`es-US`).
    ///
    /// # Errors
    /// When no engine can speak the text with that voice.
    pub async fn speak(&self, voice: &str, language: &str, text: &str) -> Result<Speech, Unknown> {
        if let Some(pcm_16k) = self.recorded.speak(voice, text) {
            return Ok(Speech {
                pcm_16k,
                engine: "recorded",
            });
        }
        if let Some(pcm_16k) = pilot::speak(language, text) {
            return Ok(Speech {
                pcm_16k,
                engine: "pilot",
            });
        }
        let pcm = self.installed.speak(language, text).await;
        pcm.map_or(Err(Unknown), |pcm_16k| {
            Ok(Speech {
                pcm_16k,
                engine: "espeak-ng",
            })
        })
    }

    /// Which engines there are, for the stand-in's state and the demo page.
    #[must_use]
    pub fn describe(&self) -> serde_json::Value {
        let lines = self.lines.languages();
        let count: usize = lines.iter().map(|(_, count)| count).sum();
        let languages: Vec<&str> = lines.iter().map(|(language, _)| *language).collect();
        let voices = self.recorded.voices();
        serde_json::json!({
            "recognise": [
                {"name": "lines", "languages": languages, "lines": count, "available": true},
                {"name": "pilot", "languages": pilot::LANGUAGES, "available": true},
                {"name": sphinx::ENGINE, "languages": ["en-US"], "available": self.installed.sphinx},
            ],
            "translate": [
                {"name": "phrasebook", "phrases": self.phrasebook.len(), "available": true},
                {"name": "pilot", "available": true},
                {"name": "apertium", "available": self.installed.apertium},
            ],
            "speak": [
                {"name": "recorded", "voices": voices, "available": true},
                {"name": "pilot", "available": true},
                {"name": "espeak-ng", "available": self.installed.espeak},
            ],
        })
    }
}

/// The engines side by side on one stream: where there are pilots they decide,
/// and what is no line goes to pocketsphinx, if there is one.
struct Listener {
    pilots: Option<Pilots>,
    lines: Matcher,
    sphinx: Option<Sphinx>,
    /// The lines' present utterance is the pilots'.
    muted: bool,
    utterance: u64,
}

impl Recogniser for Listener {
    fn push(&mut self, pcm_16k: &[f32]) -> Vec<Heard> {
        let mut heard = Vec::new();
        // Short steps, so that what all say is in the order of the sound.
        for pcm in pcm_16k.chunks(RATE / 100) {
            let mut sounds = Vec::new();
            if let Some(pilots) = &mut self.pilots {
                let was = pilots.active();
                pilots.push(pcm, &mut sounds);
                self.muted |= was || pilots.active();
            }
            for sound in sounds.drain(..) {
                self.report(sound, "pilot", &mut heard);
            }
            let was = self.lines.speaking();
            if let Some(sphinx) = &mut self.sphinx {
                sphinx.hear(pcm, was);
            }
            self.lines.push(pcm, &mut sounds);
            if !self.muted {
                for sound in sounds {
                    self.report(sound, "lines", &mut heard);
                }
            }
            let active = self.pilots.as_ref().is_some_and(Pilots::active);
            if !active && !self.lines.speaking() && !was {
                self.muted = false;
            }
        }
        if let Some(sphinx) = &mut self.sphinx {
            heard.extend(sphinx.reports());
        }
        heard
    }

    fn moment(&self) -> Option<Moment> {
        let pilots = self.pilots.as_ref();
        if pilots.is_some_and(Pilots::in_a_word) || self.lines.in_a_word() {
            Some(Moment::Speech)
        } else if pilots.is_some_and(Pilots::active) || self.lines.speaking() {
            None
        } else {
            Some(Moment::Pause)
        }
    }

    fn is_waiting(&self) -> bool {
        self.sphinx.as_ref().is_some_and(Sphinx::is_waiting)
    }

    fn late(&mut self) -> Pin<Box<dyn Future<Output = Vec<Heard>> + Send + '_>> {
        Box::pin(async {
            match &mut self.sphinx {
                Some(sphinx) => sphinx.next_reports().await,
                None => Vec::new(),
            }
        })
    }
}

impl Listener {
    fn report(&mut self, sound: Sound, engine: &'static str, out: &mut Vec<Heard>) {
        let heard = self.number(sound, engine);
        match &mut self.sphinx {
            Some(sphinx) => sphinx.take(heard, engine == "lines"),
            None => out.push(heard),
        }
    }

    fn number(&mut self, sound: Sound, engine: &'static str) -> Heard {
        let utterance = self.utterance;
        if !matches!(sound, Sound::Words(_)) {
            self.utterance += 1;
        }
        match sound {
            Sound::Words(words) => Heard::Words {
                utterance,
                engine,
                words,
            },
            Sound::Ended { words, speech_end } => Heard::Ended {
                utterance,
                engine,
                words,
                speech_end,
            },
            Sound::NotRecognised { start, speech_end } => Heard::NotRecognised {
                utterance,
                start,
                speech_end,
            },
        }
    }
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> io::Result<T> {
    let named = |error: String| io::Error::other(format!("{}: {error}", path.display()));
    let file = std::fs::read(path).map_err(|error| named(error.to_string()))?;
    serde_json::from_slice(&file).map_err(|error| named(error.to_string()))
}

/// 16 kHz mono, 16 bit.
fn read_wav(path: &Path) -> io::Result<Vec<i16>> {
    let named = |error: String| io::Error::other(format!("{}: {error}", path.display()));
    let mut reader = hound::WavReader::open(path).map_err(|error| named(error.to_string()))?;
    let spec = reader.spec();
    if spec.sample_rate as usize != RATE || spec.channels != 1 || spec.bits_per_sample != 16 {
        return Err(named("not 16 kHz mono with 16 bits".to_owned()));
    }
    reader
        .samples::<i16>()
        .collect::<Result<_, _>>()
        .map_err(|error| named(error.to_string()))
}
