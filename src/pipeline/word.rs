//! Words as a result has them, each with its marks.

use super::script::{Join, ends_clause, opens};
use crate::audio::framer::samples;
use crate::aws::transcribe::{Alternative, ItemKind, TranscriptResult};
use crate::time::Duration;

/// A word with the marks after it.
#[derive(Clone, Debug)]
pub struct Word {
    /// The word and its marks.
    pub text: String,
    /// Without case and punctuation.
    pub folded: String,
    /// In seconds of the stream.
    pub start: f64,
    /// In seconds of the stream.
    pub end: f64,
    /// The word and its marks are stable.
    pub(super) stable: bool,
    pub(super) ends_clause: bool,
}

/// No word takes longer; a service that says so is not believed.
const LONGEST: f64 = 10.0;

impl Word {
    /// From where to where it was said; `position` is that of a second of the
    /// stream. Of a stream that leaves silence out a word that is dated 100 ms off
    /// may reach over the gap: its middle does not.
    pub fn span(&self, position: impl Fn(f64) -> u64) -> (u64, u64) {
        span(self.start, self.end, position)
    }
}

/// As [`Word::span`], of a word from one second to another.
pub fn span(start: f64, end: f64, position: impl Fn(f64) -> u64) -> (u64, u64) {
    let half = (end - start) / 2.0;
    // Not by `clamp`: what is no number at all stays none in it.
    let half = if half > 0.0 { half.min(LONGEST) } else { 0.0 };
    let middle = position(start + half);
    let half = samples(Duration::from_secs_f64(half));
    let from = middle.saturating_sub(half).max(position(start));
    let to = middle.saturating_add(half).min(position(end));
    (from, to.max(from))
}

#[cfg(test)]
impl Word {
    /// A word of its own.
    pub fn of(text: &str, start: f64, end: f64) -> Self {
        Self {
            text: text.to_owned(),
            folded: fold(text),
            start,
            end,
            stable: true,
            ends_clause: false,
        }
    }
}

/// The words of a reading, each with the marks after it (and opening marks
/// before it). `known` are those that were committed of the result, folded.
pub(super) fn words(
    alternative: &Alternative,
    result: &TranscriptResult,
    join: Join,
    known: &[String],
) -> Vec<Word> {
    if alternative.items.is_empty() {
        return words_of_text(&alternative.transcript, result, join, known);
    }
    let mut words: Vec<Word> = Vec::with_capacity(alternative.items.len());
    let mut opening = String::new();
    for item in &alternative.items {
        let content = item.content.trim();
        if content.is_empty() {
            continue;
        }
        let stable = item.stable == Some(true);
        if item.kind == ItemKind::Pronunciation {
            let text = std::mem::take(&mut opening) + content;
            words.push(Word {
                folded: fold(content),
                ends_clause: ends_clause(content, true),
                text,
                start: item.start_time,
                end: item.end_time,
                stable,
            });
        } else if opens(content) || words.is_empty() {
            opening.push_str(content);
        } else if let Some(word) = words.last_mut() {
            word.text.push_str(content);
            word.ends_clause |= ends_clause(content, false);
            word.stable &= stable;
        }
    }
    words
}

/// A final result may come without items: then its text is all there is, and
/// its words are taken as equally long.
fn words_of_text(text: &str, result: &TranscriptResult, join: Join, known: &[String]) -> Vec<Word> {
    let parts = regrouped(join.split(text), known);
    let length = (result.end_time - result.start_time).max(0.0) / parts.len().max(1) as f64;
    parts
        .into_iter()
        .enumerate()
        .map(|(n, part)| Word {
            folded: fold(&part),
            ends_clause: ends_clause(&part, true),
            start: result.start_time + length * n as f64,
            end: result.start_time + length * (n + 1) as f64,
            text: part,
            stable: false,
        })
        .collect()
}

/// Without spaces a text comes apart into characters: those of the words that
/// are known are put together again, or they would be taken for new ones.
fn regrouped(parts: Vec<String>, known: &[String]) -> Vec<String> {
    let mut parts = parts.into_iter().peekable();
    let mut words = Vec::with_capacity(parts.len());
    for known in known {
        let (mut word, mut folded) = (String::new(), String::new());
        while folded != *known
            && let Some(part) = parts.next_if(|part| {
                let rest = known.strip_prefix(&folded);
                rest.is_some_and(|rest| rest.starts_with(&fold(part)))
            })
        {
            folded += &fold(&part);
            word += &part;
        }
        if word.is_empty() {
            break;
        }
        words.push(word);
    }
    words.extend(parts);
    words
}

/// A word without case and punctuation, to tell whether it is the same one.
pub fn fold(word: &str) -> String {
    let bare: String = word.chars().filter(|c| c.is_alphanumeric()).collect();
    if bare.is_empty() {
        word.to_owned()
    } else {
        bare.to_lowercase()
    }
}

/// The words of a text that is said between those seconds.
#[cfg(test)]
pub fn words_of(text: &str, start_time: f64, end_time: f64) -> Vec<Word> {
    let result = TranscriptResult {
        start_time,
        end_time,
        ..TranscriptResult::default()
    };
    words_of_text(text, &result, Join::Spaces, &[])
}
