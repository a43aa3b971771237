//! Results to segments: what is settled and makes a clause is committed, once.

use super::cuts::Cuts;
use super::script::Join;
use super::word::words;
#[cfg(test)]
pub use super::word::words_of;
pub use super::word::{Word, fold};
use crate::aws::transcribe::{Alternative, TranscriptResult};
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
    /// Its last word's start, in seconds of the stream.
    pub last: f64,
    /// Its last word's end, in seconds of the stream.
    pub end: f64,
    /// When the first of its words was seen in a result.
    pub first_seen: Timestamp,
    /// What is to become of it.
    pub fate: Fate,
    /// Its words without case and punctuation.
    pub folded: Vec<String>,
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

/// What counts as settled before the final result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settle {
    /// Nothing.
    Final,
    /// What the service calls stable.
    Stable,
    /// That, and words that two results in a row agree on: sooner, and now and
    /// then wrong.
    Agreed,
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
    cuts: Cuts,
    settle: Settle,
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
    /// The words after the committed ones, as the latest result has them.
    tail: Vec<Word>,
}

impl Segmenter {
    /// For the Transcribe language code of what is spoken and the code of the
    /// language that it is translated into.
    #[must_use]
    pub fn new(spoken: &str, heard: &str, settle: Settle) -> Self {
        Self {
            join: Join::of(spoken),
            cuts: Cuts::of(spoken, heard),
            settle,
            open: VecDeque::new(),
            finished: VecDeque::new(),
        }
    }

    /// It is translated into another language from now on.
    pub fn translate_into(&mut self, spoken: &str, heard: &str) {
        self.cuts = Cuts::of(spoken, heard);
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
        let open = self.open.iter();
        let mut its = open.filter(|open| open.result_id == result.result_id);
        words(
            result.alternatives.first().unwrap_or(&empty),
            result,
            self.join,
            its.next().map_or(&[], |open| &open.committed),
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
        let mut tail = words[from..].to_vec();
        if !tail.is_empty() {
            open.tail_seen.get_or_insert(now);
        }
        if self.settle == Settle::Agreed {
            agree(&open.tail, &mut tail);
        }
        let count = match (result.is_partial, self.settle) {
            (false, _) => tail.len(),
            (true, Settle::Final) => 0,
            (true, _) => settled(&tail, self.cuts),
        };
        open.tail = tail.split_off(count);
        open.commit_all(now, &tail, &fate, self.join, out);
        if !result.is_partial {
            self.open.remove(index);
            self.finished.push_back(result.result_id.clone());
            if self.finished.len() > REMEMBERED {
                self.finished.pop_front();
            }
        }
        from..from + count
    }

    /// The words that are not committed yet, if they are of one result alone.
    #[must_use]
    pub fn tail(&self) -> Option<&[Word]> {
        let mut tails = self.open.iter().filter(|open| !open.tail.is_empty());
        let tail = tails.next()?;
        tails.next().is_none().then_some(&tail.tail)
    }

    /// Whether all of [`Self::tail`] is settled.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        let settled = |tail: &[Word]| tail.iter().all(|word| word.stable);
        self.settle != Settle::Final && self.tail().is_some_and(settled)
    }

    /// The speaker pauses after [`Self::tail`]: commits it, though no mark ends
    /// the clause. Gives its words.
    pub fn pause(
        &mut self,
        now: Timestamp,
        fate: impl Fn(f64) -> Fate,
        out: &mut Vec<Segment>,
    ) -> Vec<Word> {
        let Some(open) = self.open.iter_mut().find(|open| !open.tail.is_empty()) else {
            return Vec::new();
        };
        let tail = std::mem::take(&mut open.tail);
        open.commit_all(now, &tail, &fate, self.join, out);
        tail
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
                tail: Vec::new(),
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

    /// Commits words, cut where their fate changes.
    fn commit_all(
        &mut self,
        now: Timestamp,
        mut words: &[Word],
        fate: &impl Fn(f64) -> Fate,
        join: Join,
        out: &mut Vec<Segment>,
    ) {
        while let Some(word) = words.first() {
            let its = fate(word.start);
            let alike = words.iter().take_while(|word| fate(word.start) == its);
            let (part, more) = words.split_at(alike.count());
            let more_follows = !(more.is_empty() && self.tail.is_empty());
            out.push(self.commit(now, part, its, more_follows, join));
            words = more;
        }
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
        let folded: Vec<String> = words.iter().map(|word| word.folded.clone()).collect();
        self.committed.extend_from_slice(&folded);
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
            last: words.last().map_or(0.0, |word| word.start),
            end,
            first_seen,
            fate,
            folded,
        }
    }
}

/// How many of the words can be committed: the longest stable beginning that
/// ends with a clause, or a piece of one that has become long.
fn settled(words: &[Word], cuts: Cuts) -> usize {
    let stable = words.iter().take_while(|word| word.stable).count();
    let clause = words[..stable].iter().rposition(|word| word.ends_clause);
    clause
        .map(|last| last + 1)
        .filter(|count| *count >= LEAST_WORDS)
        .unwrap_or_else(|| cuts.after(words, stable))
}

/// Words that two results agree on count as stable. The mark after the last of
/// them may still come.
fn agree(before: &[Word], now: &mut [Word]) {
    for (old, new) in before.iter().zip(now) {
        if old.folded != new.folded {
            break;
        }
        new.stable = true;
    }
}

#[cfg(test)]
#[path = "segmenter_tests.rs"]
mod tests;
