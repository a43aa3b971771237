//! Results to segments: what is settled and makes a clause is committed, once.

use super::script::{Join, ends_clause};
use super::seam::Seam;
use crate::aws::transcribe::{Alternative, ItemKind, TranscriptResult};
use crate::time::Timestamp;
use std::collections::VecDeque;

/// A clause of one word ("Well,") is not worth a breath of its own.
const LEAST_WORDS: usize = 2;

/// Results that can be open at once, and finished ones that are remembered so
/// that a repeated final says nothing twice. The service has one or two open.
const REMEMBERED: usize = 16;

/// A piece of speech that will not be taken back.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// Its words with their punctuation.
    pub text: String,
    /// The result it was cut from.
    pub result_id: String,
    /// Its first word's start, in seconds of the stream.
    pub start: f64,
    /// Its last word's end, in seconds of the stream.
    pub end: f64,
    /// When the first of its words was seen in a result.
    pub first_seen: Timestamp,
}

/// What a result says to the eye.
#[derive(Clone, Debug, PartialEq)]
pub struct Caption {
    /// Its words, but for those that an earlier stream has said.
    pub text: String,
    /// Where they begin, in seconds of the stream.
    pub start: f64,
}

/// Cuts one stream's results into segments.
///
/// The invariant: the segments of a result, joined, are its final transcript,
/// case and punctuation aside, as long as the service does not revise what it
/// called stable. If it does, what was committed stays, and only the words
/// after it are new.
#[derive(Debug)]
pub struct Segmenter {
    join: Join,
    stabilised: bool,
    open: VecDeque<Open>,
    finished: VecDeque<String>,
}

#[derive(Debug)]
struct Open {
    result_id: String,
    start: f64,
    /// The words that were committed, folded.
    committed: Vec<String>,
    /// Their text as it was committed.
    text: String,
    /// Where in the stream they end.
    committed_end: f64,
    /// When a word after the committed ones was first seen.
    tail_seen: Option<Timestamp>,
}

/// A word with the marks after it.
#[derive(Debug)]
pub struct Word {
    text: String,
    /// Without case and punctuation.
    pub folded: String,
    /// In seconds of the stream.
    pub start: f64,
    /// In seconds of the stream.
    pub end: f64,
    /// The word and its marks are stable.
    stable: bool,
    ends_clause: bool,
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

impl Segmenter {
    /// For a Transcribe language code; `stabilised` is whether stable items may
    /// be committed before the final result.
    #[must_use]
    pub fn new(language_code: &str, stabilised: bool) -> Self {
        Self {
            join: Join::of(language_code),
            stabilised,
            open: VecDeque::new(),
            finished: VecDeque::new(),
        }
    }

    /// Takes a result; appends what it commits and gives what it shows: nothing
    /// if an earlier stream has said all of it. `position` is that of a second
    /// of the stream. No segment has both words that begin before `discard` and
    /// words after them.
    pub fn handle(
        &mut self,
        now: Timestamp,
        result: &TranscriptResult,
        seam: &mut Seam,
        position: impl Fn(f64) -> u64,
        discard: u64,
        out: &mut Vec<Segment>,
    ) -> Option<Caption> {
        let empty = Alternative::default();
        let reading = result.alternatives.first().unwrap_or(&empty);
        let mut caption = Caption {
            text: reading.transcript.clone(),
            start: result.start_time,
        };
        if self.finished.contains(&result.result_id) {
            return Some(caption);
        }
        let words = words(reading, result, self.join);
        let old = seam.skip(&words, &position);
        let words = &words[old..];
        if old > 0 {
            caption.text = self.join.all(words.iter().map(|word| word.text.as_str()));
            caption.start = words.first().map_or(result.end_time, |word| word.start);
        }
        let nothing = old > 0 && words.is_empty();
        if nothing && !self.open.iter().any(|o| o.result_id == result.result_id) {
            return None;
        }
        let index = self.open_index(result);
        let open = &mut self.open[index];
        open.start = open.start.min(caption.start);
        let from = open.tail(words);
        let tail = &words[from..];
        if !tail.is_empty() {
            open.tail_seen.get_or_insert(now);
        }
        let count = if result.is_partial {
            if self.stabilised { settled(tail) } else { 0 }
        } else {
            tail.len()
        };
        let (done, rest) = tail.split_at(count);
        let cut = done.partition_point(|word| position(word.start) < discard);
        for part in [&done[..cut], &done[cut..]] {
            if !part.is_empty() {
                seam.commit(part, &position);
                out.push(open.commit(now, part, !rest.is_empty(), self.join));
            }
        }
        if nothing {
            caption.text.clone_from(&open.text);
        }
        if !result.is_partial {
            self.open.remove(index);
            self.finished.push_back(result.result_id.clone());
            if self.finished.len() > REMEMBERED {
                self.finished.pop_front();
            }
        }
        Some(caption)
    }

    /// Where the earliest result that is not final begins, in seconds of the
    /// stream.
    #[must_use]
    pub fn earliest_open(&self) -> Option<f64> {
        let starts = self
            .open
            .iter()
            .map(|open| open.start.max(open.committed_end));
        starts.min_by(f64::total_cmp)
    }

    /// The stream is over: open results will never be final. Gives their ids
    /// with what was committed of them.
    pub fn abandon(&mut self) -> Vec<(String, String)> {
        self.finished.clear();
        let open = std::mem::take(&mut self.open);
        open.into_iter().map(|o| (o.result_id, o.text)).collect()
    }

    fn open_index(&mut self, result: &TranscriptResult) -> usize {
        let known = self
            .open
            .iter()
            .position(|open| open.result_id == result.result_id);
        known.unwrap_or_else(|| {
            if self.open.len() == REMEMBERED {
                self.open.pop_front();
            }
            self.open.push_back(Open {
                result_id: result.result_id.clone(),
                start: f64::INFINITY,
                committed: Vec::new(),
                text: String::new(),
                committed_end: f64::NEG_INFINITY,
                tail_seen: None,
            });
            self.open.len() - 1
        })
    }
}

impl Open {
    /// Which of the words is the first after the committed ones.
    fn tail(&self, words: &[Word]) -> usize {
        let same = self
            .committed
            .iter()
            .zip(words)
            .take_while(|(old, new)| **old == new.folded)
            .count();
        if same == self.committed.len() {
            return same;
        }
        // The service went back on its word: the committed words stand for the
        // beginning that is most like them. Of equally good beginnings the
        // longer one, so that nothing is said twice.
        let mut row: Vec<usize> = (0..=words.len()).collect();
        for (n, old) in self.committed.iter().enumerate() {
            let mut diagonal = row[0];
            row[0] = n + 1;
            for (m, new) in words.iter().enumerate() {
                let change = diagonal + usize::from(*old != new.folded);
                diagonal = row[m + 1];
                row[m + 1] = change.min(row[m] + 1).min(diagonal + 1);
            }
        }
        let best = row.iter().min().copied().unwrap_or(0);
        row.iter().rposition(|cost| *cost == best).unwrap_or(0)
    }

    fn commit(&mut self, now: Timestamp, words: &[Word], more: bool, join: Join) -> Segment {
        let text = join.all(words.iter().map(|word| word.text.as_str()));
        self.committed
            .extend(words.iter().map(|word| word.folded.clone()));
        self.text = join.all([self.text.as_str(), text.as_str()]);
        let end = words.iter().map(|word| word.end).fold(0.0, f64::max);
        self.committed_end = self.committed_end.max(end);
        let first_seen = self.tail_seen.take().unwrap_or(now);
        if more {
            self.tail_seen = Some(now);
        }
        Segment {
            text,
            result_id: self.result_id.clone(),
            start: words.first().map_or(0.0, |word| word.start),
            end,
            first_seen,
        }
    }
}

/// How many of the words can be committed: the longest stable beginning that
/// ends with a clause.
fn settled(words: &[Word]) -> usize {
    let stable = words.iter().take_while(|word| word.stable).count();
    let clause = words[..stable].iter().rposition(|word| word.ends_clause);
    clause
        .map(|last| last + 1)
        .filter(|count| *count >= LEAST_WORDS)
        .unwrap_or(0)
}

/// The words of a reading, each with the marks after it (and opening marks
/// before it).
fn words(alternative: &Alternative, result: &TranscriptResult, join: Join) -> Vec<Word> {
    if alternative.items.is_empty() {
        return words_of_text(&alternative.transcript, result, join);
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
        } else if super::script::opens(content) || words.is_empty() {
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
fn words_of_text(text: &str, result: &TranscriptResult, join: Join) -> Vec<Word> {
    let parts = join.split(text);
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

/// A word without case and punctuation, to tell whether it is the same one.
fn fold(word: &str) -> String {
    let bare: String = word.chars().filter(|c| c.is_alphanumeric()).collect();
    if bare.is_empty() {
        word.to_owned()
    } else {
        bare.to_lowercase()
    }
}

#[cfg(test)]
#[path = "segmenter_tests.rs"]
mod tests;
