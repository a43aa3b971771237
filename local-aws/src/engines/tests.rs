//! The engines with the dialogue's recordings.

mod conditions;
mod installed;
mod lines;
mod pilot;
mod sphinx;
mod text;

use std::path::Path;

use super::{Engines, Heard, RATE, Word, read_wav};

/// A line of the dialogue with its sound.
struct Line {
    id: String,
    language: String,
    text: String,
    translation: String,
    words: Vec<Word>,
    pcm: Vec<f32>,
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn engines() -> Engines {
    Engines::load(root()).unwrap()
}

fn dialogue() -> Vec<Line> {
    let folder = root().join("www/lines");
    let file: serde_json::Value = super::read_json(&folder.join("lines.json")).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    file["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| Line {
            id: text(&line["id"]),
            language: text(&line["language"]),
            text: text(&line["text"]),
            translation: text(&line["translation"]),
            words: line["words"]
                .as_array()
                .unwrap()
                .iter()
                .map(|word| Word {
                    text: text(&word["text"]),
                    punctuation: word["punctuation"].as_str().map(str::to_owned),
                    start: word["start"].as_f64().unwrap(),
                    end: word["end"].as_f64().unwrap(),
                })
                .collect(),
            pcm: read_wav(&folder.join(text(&line["file"])))
                .unwrap()
                .iter()
                .map(|s| f32::from(*s) / 32768.0)
                .collect(),
        })
        .collect()
}

fn silence(ms: usize) -> Vec<f32> {
    vec![0.0; ms * RATE / 1000]
}

/// `pcm` between half a second and a second of silence.
fn in_silence(pcm: &[f32]) -> Vec<f32> {
    [&silence(500), pcm, &silence(1000)].concat()
}

/// What is heard of a whole sound that comes in messages of 50 ms, each report
/// with the second of audio after which it came.
fn listen(engines: &Engines, language: &str, pcm: &[f32]) -> Vec<(f64, Heard)> {
    let mut recogniser = engines.recogniser(language);
    let mut heard = Vec::new();
    let mut at = 0;
    for message in pcm.chunks(RATE / 20) {
        at += message.len();
        for what in recogniser.push(message) {
            heard.push((at as f64 / RATE as f64, what));
        }
    }
    heard
}

fn texts(words: &[Word]) -> String {
    words
        .iter()
        .map(|word| format!("{}{}", word.text, word.punctuation.as_deref().unwrap_or("")))
        .collect::<Vec<_>>()
        .join(" ")
}

/// The words of each utterance that ended, `?` for one not recognised.
fn utterances(heard: &[(f64, Heard)]) -> Vec<String> {
    heard
        .iter()
        .filter_map(|(_, heard)| match heard {
            Heard::Words { .. } => None,
            Heard::Ended { words, .. } => Some(texts(words)),
            Heard::NotRecognised { .. } => Some("?".to_owned()),
        })
        .collect()
}

/// A small generator of random numbers, so that every run is the same.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    /// Within ±1.
    fn uniform(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }
}
