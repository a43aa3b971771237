//! The dialogue's lines as templates: the frames of each recording, and where
//! its words are in them.

use std::{io, path::Path, sync::Arc};

use super::{
    Word,
    features::{Frame, FrontEnd},
    lines::Matcher,
    text,
};

/// A line of the dialogue.
#[derive(Debug)]
pub(super) struct Template {
    pub(super) words: Vec<Word>,
    /// First and last frame (exclusive) of each word.
    pub(super) spans: Vec<(usize, usize)>,
    pub(super) frames: Vec<Frame>,
}

impl Template {
    pub(super) fn word_that_begins(&self, frame: usize) -> Option<usize> {
        self.spans.iter().position(|span| span.0 == frame)
    }
}

/// All lines of a dialogue, by language.
#[derive(Debug, Default)]
pub(super) struct Lines {
    languages: Vec<(String, Arc<Vec<Template>>)>,
}

impl Lines {
    /// Reads `lines.json` of `folder` and the recordings that it names.
    pub(super) fn load(folder: &Path) -> io::Result<Self> {
        #[derive(serde::Deserialize)]
        struct File {
            lines: Vec<Line>,
        }
        #[derive(serde::Deserialize)]
        struct Line {
            language: String,
            file: String,
            words: Vec<Spoken>,
        }
        #[derive(serde::Deserialize)]
        struct Spoken {
            text: String,
            punctuation: Option<String>,
            start: f64,
            end: f64,
        }
        let file: File = super::read_json(&folder.join("lines.json"))?;
        let mut languages: Vec<(String, Vec<Template>)> = Vec::new();
        for line in file.lines {
            let pcm = super::read_wav(&folder.join(&line.file))?;
            let words = line
                .words
                .into_iter()
                .map(|word| Word {
                    text: word.text,
                    punctuation: word.punctuation,
                    start: word.start,
                    end: word.end,
                })
                .collect();
            let template = template(words, &pcm);
            match languages.iter_mut().find(|(l, _)| *l == line.language) {
                Some((_, templates)) => templates.push(template),
                None => languages.push((line.language, vec![template])),
            }
        }
        Ok(Self {
            languages: languages
                .into_iter()
                .map(|(language, templates)| (language, Arc::new(templates)))
                .collect(),
        })
    }

    /// The languages that have lines, with their number.
    pub(super) fn languages(&self) -> Vec<(&str, usize)> {
        self.languages
            .iter()
            .map(|(language, templates)| (language.as_str(), templates.len()))
            .collect()
    }

    /// A matcher for a stream in `language`; without lines it recognises
    /// nothing, but hears where utterances are.
    pub(super) fn matcher(&self, language: &str) -> Matcher {
        let templates = self
            .languages
            .iter()
            .find(|(known, _)| text::primary(known) == text::primary(language))
            .map(|(_, templates)| Arc::clone(templates))
            .unwrap_or_default();
        Matcher::new(templates)
    }
}

/// Silence before a template's sound, so that its first frames are made as
/// those of a stream.
const LEAD: usize = 30;

fn template(words: Vec<Word>, pcm: &[i16]) -> Template {
    let mut sound = vec![0.0; LEAD * super::RATE / 100];
    sound.extend(pcm.iter().map(|s| f32::from(*s) / 32768.0));
    let length = sound.len() / super::features::HOP - LEAD;
    sound.resize(sound.len() + super::RATE / 10, 0.0);
    let mut frames = Vec::new();
    FrontEnd::new().push(&sound, |frame| frames.push(frame));
    frames.drain(..LEAD);
    frames.truncate(length);
    let last = frames.iter().rposition(|f| f.speech).unwrap_or(0) + 1;
    frames.truncate(last);
    let spans = words
        .iter()
        .map(|word| {
            let frame = |time: f64| ((time * 100.0).round() as usize).min(last);
            (frame(word.start), frame(word.end))
        })
        .collect();
    Template {
        words,
        spans,
        frames,
    }
}
