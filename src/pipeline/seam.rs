//! Where one stream takes another's place: which words of the new one were said
//! by the old one already.
//!
//! A replay begins at a pause before the last committed word, so that the
//! service hears whole words again. What it says of them is dropped. Words are
//! dated up to ±120 ms off on either side, more than the gap between two words
//! is long: so near the last committed word the texts decide, by the alignment
//! that fits best, and time only between equals.

use super::segmenter::Word;
use crate::audio::framer::{duration, samples};
use crate::time::Duration;
use std::collections::VecDeque;

/// Words that are remembered: more than anybody says within a replay's overlap,
/// and enough for a context where words are repeated.
const REMEMBERED: usize = 24;

/// So far from the last committed word time alone decides: twice what a word is
/// dated off, and some for the recogniser's own doubt.
const WINDOW: Duration = Duration::from_millis(400);

/// A word that was committed, where it was said.
#[derive(Clone, Debug)]
struct Said {
    folded: String,
    start: u64,
    end: u64,
}

/// What was committed last, and which part of it the present stream hears again.
#[derive(Debug, Default)]
pub struct Seam {
    said: VecDeque<Said>,
    /// Those of them that the present stream hears again. What it adds itself
    /// must not count, or its own words would be taken for old ones.
    again: Vec<Said>,
    /// The end of the last of them.
    watermark: u64,
    /// The last decision was not exact.
    uncertain: bool,
}

impl Seam {
    /// Words were committed; `position` is that of a second of the stream.
    pub fn commit(&mut self, words: &[Word], position: impl Fn(f64) -> u64) {
        for word in words {
            if self.said.len() == REMEMBERED {
                self.said.pop_front();
            }
            let (start, end) = word.span(&position);
            let folded = word.folded.clone();
            self.said.push_back(Said { folded, start, end });
        }
    }

    /// A new stream begins with this position. Tells whether words may come
    /// again.
    pub fn open(&mut self, from: u64) -> bool {
        let again = self.said.iter().filter(|word| word.end > from);
        self.again = again.cloned().collect();
        self.watermark = self.again.iter().map(|word| word.end).max().unwrap_or(0);
        self.uncertain = false;
        !self.again.is_empty()
    }

    /// Nothing that was said before matters, as in another language.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// How many of a result's first words were committed before this stream.
    pub fn skip(&mut self, words: &[Word], position: impl Fn(f64) -> u64) -> usize {
        let window = samples(WINDOW);
        let times: Vec<(u64, u64)> = words.iter().map(|w| w.span(&position)).collect();
        // Every word before `least` is old, every one from `most` on is new.
        let least = times.partition_point(|(_, end)| end.saturating_add(window) <= self.watermark);
        let most =
            times.partition_point(|(start, _)| *start < self.watermark.saturating_add(window));
        if self.again.is_empty() || least >= most {
            return least.min(words.len());
        }
        let costs = self.costs(words, &times);
        let ahead = |k: usize| costs[k];
        let best = (least..=most)
            .min_by(|a, b| ahead(*a).total_cmp(&ahead(*b)))
            .unwrap_or(least);
        let last = self.again.last().map(|word| &word.folded);
        let exact = best > 0 && Some(&words[best - 1].folded) == last;
        let clear = (least..=most).all(|k| k == best || ahead(k) > ahead(best) + 0.3);
        self.uncertain = !(exact && clear);
        best
    }

    /// Whether a result says all that there is to say about the seam.
    pub fn settles(&self, end: u64, is_partial: bool) -> bool {
        end >= self.watermark.saturating_add(samples(WINDOW))
            || (!is_partial && end >= self.watermark)
    }

    /// Whether a word may be missing or said twice.
    pub const fn is_uncertain(&self) -> bool {
        self.uncertain
    }

    /// What it costs to take the first k words for old ones, for each k: the
    /// words that differ, and how far words would be on the wrong side of the
    /// watermark, of which 400 ms count as much as a word.
    fn costs(&self, words: &[Word], times: &[(u64, u64)]) -> Vec<f64> {
        // However many words one stream dates 240 ms later than the other, all of
        // them weigh less than a word: else one that was said again and again
        // would be shifted by one.
        let of_time = (0.8 / self.again.len() as f64).min(0.2);
        let mut row: Vec<f64> = (0..=words.len()).map(|n| n as f64).collect();
        for (n, old) in self.again.iter().enumerate() {
            let mut diagonal = row[0];
            row[0] = (n + 1) as f64;
            for (m, new) in words.iter().enumerate() {
                let off = middle(times[m]).abs_diff(middle((old.start, old.end)));
                let off = seconds(off) / 0.4;
                // The same word said elsewhere is another one.
                let same = old.folded == new.folded && off < 1.5;
                let change = diagonal + if same { of_time * off } else { 1.0 };
                diagonal = row[m + 1];
                row[m + 1] = change.min(row[m] + 1.0).min(diagonal + 1.0);
            }
        }
        let middles: Vec<u64> = times.iter().map(|times| middle(*times)).collect();
        for (k, cost) in row.iter_mut().enumerate() {
            let (old, new) = middles.split_at(k);
            let late = old.iter().map(|m| m.saturating_sub(self.watermark));
            let early = new.iter().map(|m| self.watermark.saturating_sub(*m));
            *cost += seconds(late.chain(early).fold(0, u64::saturating_add)) / 0.4;
        }
        row
    }
}

const fn middle((start, end): (u64, u64)) -> u64 {
    start.midpoint(end)
}

fn seconds(samples: u64) -> f64 {
    duration(samples).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    struct Dice(Random);

    impl Dice {
        fn below(&mut self, n: usize) -> usize {
            (self.0.next_u64() % n as u64) as usize
        }

        /// A word as a stream dates it: up to 120 ms off at each end.
        fn dated(&mut self, text: &str, at: f64) -> Word {
            let mut off = || (self.0.unit() - 0.5) * 0.24;
            let (start, end) = (at + off(), at + 0.2 + off());
            Word::of(text, start.max(0.0), end)
        }
    }

    fn position(second: f64) -> u64 {
        (second * 16_000.0) as u64
    }

    fn texts(random: &mut Dice, count: usize) -> Vec<String> {
        let mut texts: Vec<String> = Vec::new();
        for _ in 0..count {
            let again = texts.last().filter(|_| random.0.unit() < 0.2).cloned();
            let word = format!("w{}", random.below(12));
            texts.push(again.unwrap_or(word));
        }
        texts
    }

    /// Words stand 60 ms apart, are dated 120 ms off, and a fifth of them are
    /// repeated: what was committed is dropped to the word, whatever part of the
    /// result has come.
    #[test]
    fn what_was_committed_is_dropped_to_the_word() {
        let mut wrong = 0;
        for seed in 0..5_000 {
            let mut random = Dice(Random::new(seed));
            let all = texts(&mut random, 14);
            let at = |n: usize| 1.0 + 0.26 * n as f64;
            let committed = 4 + random.below(6);
            let mut seam = Seam::default();
            for (n, text) in all[..committed].iter().enumerate() {
                seam.commit(&[random.dated(text, at(n))], position);
            }
            // At a pause before the first word, or between two of them.
            let first = if random.below(2) == 0 {
                0
            } else {
                committed - 4
            };
            assert!(seam.open(position(at(first) - 0.03)));
            for heard in first + 1..=all.len() {
                let words: Vec<Word> = (first..heard)
                    .map(|n| random.dated(&all[n], at(n)))
                    .collect();
                let expected = heard.min(committed) - first;
                let found = seam.skip(&words, position);
                // What is near enough to be doubtful is counted.
                if found != expected {
                    wrong += 1;
                    assert!(found.abs_diff(expected) == 1, "seed {seed}");
                }
            }
        }
        assert!(wrong <= 25, "{wrong} of some 50,000 partial results");
    }

    #[test]
    fn a_word_that_is_said_nine_times_and_dated_otherwise_each_time_is_counted() {
        let no = |off: f64| -> Vec<Word> {
            let at = |n: i32| 1.0 + 0.26 * f64::from(n) + off;
            (0..9).map(|n| Word::of("no", at(n), at(n) + 0.2)).collect()
        };
        for (old, new) in [(-0.12, 0.12), (0.12, -0.12), (-0.09, 0.12), (0.0, 0.0)] {
            let mut seam = Seam::default();
            seam.commit(&no(old), position);
            seam.open(position(0.85));
            assert_eq!(seam.skip(&no(new), position), 9, "{old} and {new}");
        }
    }

    #[test]
    fn a_word_heard_otherwise_is_still_the_same_one_and_it_is_said() {
        let mut seam = Seam::default();
        let words = |texts: &[&str]| -> Vec<Word> {
            let word = |(n, text): (usize, &&str)| {
                let at = 1.0 + 0.3 * n as f64;
                Word::of(text, at, at + 0.25)
            };
            texts.iter().enumerate().map(word).collect()
        };
        seam.commit(&words(&["I", "was", "over", "their"]), position);
        assert!(seam.open(position(0.8)));
        let again = words(&["I", "was", "over", "there", "in", "May"]);
        assert_eq!(seam.skip(&again, position), 4);
        assert!(seam.is_uncertain());
        let again = words(&["I", "was", "over", "their", "in", "May"]);
        assert_eq!(seam.skip(&again, position), 4);
        assert!(!seam.is_uncertain());
    }

    #[test]
    fn the_same_word_said_again_after_the_seam_is_kept() {
        let mut seam = Seam::default();
        seam.commit(&[Word::of("no", 1.0, 1.2)], position);
        assert!(seam.open(position(0.9)));
        assert_eq!(seam.skip(&[Word::of("no", 1.05, 1.3)], position), 1);
        assert_eq!(seam.skip(&[Word::of("no", 1.9, 2.1)], position), 0);
        // A stream that begins later hears none of it again.
        assert!(!seam.open(position(1.5)));
        assert_eq!(seam.skip(&[Word::of("no", 1.55, 1.7)], position), 0);
        seam.forget();
        assert!(!seam.open(0));
    }
}
