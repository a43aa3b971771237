//! Speech from recordings: engine "recorded".

use std::{collections::HashMap, io, path::Path};

use super::{RATE, text};

/// Silence between two recordings that are joined, by the mark between them.
const AFTER_CLAUSE_MS: usize = 120;
const AFTER_SENTENCE_MS: usize = 300;

/// What each voice has spoken.
#[derive(Debug, Default)]
pub(super) struct Recorded {
    voices: HashMap<String, Voice>,
    longest: usize,
}

#[derive(Debug, Default)]
struct Voice {
    language: String,
    spoken: HashMap<Vec<String>, Vec<i16>>,
}

impl Recorded {
    /// Reads `voices.json` of `folder` and every recording that it names.
    pub(super) fn load(folder: &Path) -> io::Result<Self> {
        #[derive(serde::Deserialize)]
        struct File {
            recordings: Vec<Recording>,
        }
        #[derive(serde::Deserialize)]
        struct Recording {
            voice: String,
            language: String,
            text: String,
            file: String,
        }
        let file: File = super::read_json(&folder.join("voices.json"))?;
        let mut recorded = Self::default();
        for recording in file.recordings {
            let words = text::keys(&recording.text);
            recorded.longest = recorded.longest.max(words.len());
            let voice = recorded.voices.entry(recording.voice).or_default();
            voice.language = recording.language;
            voice
                .spoken
                .insert(words, super::read_wav(&folder.join(&recording.file))?);
        }
        Ok(recorded)
    }

    /// The voices and their languages, by name.
    pub(super) fn voices(&self) -> Vec<(&str, &str)> {
        let mut voices: Vec<_> = self
            .voices
            .iter()
            .map(|(name, voice)| (name.as_str(), voice.language.as_str()))
            .collect();
        voices.sort_unstable();
        voices
    }

    /// `text` spoken by `voice`, joined from as few recordings as possible.
    pub(super) fn speak(&self, voice: &str, text: &str) -> Option<Vec<i16>> {
        let spoken = &self.voices.get(voice)?.spoken;
        let tokens = text::tokens(text);
        let words: Vec<String> = tokens.iter().map(|token| token.key.clone()).collect();
        let pieces = text::cover(&words, self.longest, |words| spoken.get(words))?;
        let mut pcm = Vec::new();
        let last = pieces.len() - 1;
        for (index, (recording, range)) in pieces.into_iter().enumerate() {
            pcm.extend_from_slice(recording);
            if index < last {
                let mark = text::mark_after(text, tokens[range.end - 1].range.end);
                let pause = if matches!(mark, Some('.' | '?' | '!')) {
                    AFTER_SENTENCE_MS
                } else {
                    AFTER_CLAUSE_MS
                };
                pcm.resize(pcm.len() + pause * RATE / 1000, 0);
            }
        }
        Some(pcm)
    }
}
