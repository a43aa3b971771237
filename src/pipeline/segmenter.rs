//! Results to segments: what is settled and makes a clause is committed, once.

use super::script::{Join, ends_clause};
use crate::aws::transcribe::{Alternative, ItemKind, TranscriptResult};
use crate::time::Timestamp;
use std::collections::VecDeque;
use std::ops::Range;

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
    /// What is to become of it.
    pub fate: Fate,
}

/// What is to become of a word. Segments are cut where it changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is interpreted.
    Interpreted,
    /// It was said before a mute or hold.
    Discarded,
    /// Nobody said it: it is our own speech, heard again.
    Echo,
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
    /// The word and its marks.
    pub text: String,
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

    /// How words are joined.
    #[must_use]
    pub const fn join(&self) -> Join {
        self.join
    }

    /// The words of a result's first reading.
    #[must_use]
    pub fn words(&self, result: &TranscriptResult) -> Vec<Word> {
        let empty = Alternative::default();
        words(
            result.alternatives.first().unwrap_or(&empty),
            result,
            self.join,
        )
    }

    /// Whether a result has been begun and is not final.
    #[must_use]
    pub fn knows(&self, result_id: &str) -> bool {
        self.open.iter().any(|open| open.result_id == result_id)
    }

    /// Takes a result with its words, but for those that an earlier stream has
    /// said; appends what it commits, and tells which of the words those are.
    /// `fate` is asked for the start of each word, in seconds of the stream; the
    /// words of a segment share it.
    pub fn handle(
        &mut self,
        now: Timestamp,
        result: &TranscriptResult,
        words: &[Word],
        fate: impl Fn(f64) -> Fate,
        out: &mut Vec<Segment>,
    ) -> Range<usize> {
        if self.finished.contains(&result.result_id) {
            return 0..0;
        }
        let index = self.open_index(result);
        let open = &mut self.open[index];
        let start = words.first().map_or(result.start_time, |word| word.start);
        open.start = open.start.min(start);
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
        let (mut done, rest) = tail.split_at(count);
        while let Some(word) = done.first() {
            let its = fate(word.start);
            let alike = done.iter().take_while(|word| fate(word.start) == its);
            let (part, more) = done.split_at(alike.count());
            let more_follows = !(more.is_empty() && rest.is_empty());
            out.push(open.commit(now, part, its, more_follows, self.join));
            done = more;
        }
        if !result.is_partial {
            self.open.remove(index);
            self.finished.push_back(result.result_id.clone());
            if self.finished.len() > REMEMBERED {
                self.finished.pop_front();
            }
        }
        from..from + count
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

    fn commit(
        &mut self,
        now: Timestamp,
        words: &[Word],
        fate: Fate,
        more: bool,
        join: Join,
    ) -> Segment {
        let text = join.all(words.iter().map(|word| word.text.as_str()));
        self.committed
            .extend(words.iter().map(|word| word.folded.clone()));
        if fate != Fate::Echo {
            self.text = join.all([self.text.as_str(), text.as_str()]);
        }
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
            fate,
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
    words_of_text(text, &result, Join::Spaces)
}

#[cfg(test)]
#[path = "segmenter_tests.rs"]
mod tests;
