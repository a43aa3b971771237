//! Strict order: utterances leave as they were spoken, whatever order their
//! sound comes in.

use crate::event::UtteranceId;
use std::collections::VecDeque;

/// What leaves next.
#[derive(Debug, PartialEq)]
pub enum Step {
    /// The next samples of the utterance whose turn it is.
    Pcm(UtteranceId, Vec<f32>),
    /// No more of that one.
    End(UtteranceId),
}

/// Keeps one speaker's utterances in order. A failed one takes no turn; sound
/// that comes before its turn waits.
#[derive(Debug, Default)]
pub struct Sequencer {
    entries: VecDeque<Entry>,
}

#[derive(Debug)]
struct Entry {
    id: UtteranceId,
    waiting: VecDeque<Vec<f32>>,
    ended: bool,
}

impl Sequencer {
    /// Gives an utterance its place: after all that were expected before.
    pub fn expect(&mut self, id: UtteranceId) {
        debug_assert!(self.entries.back().is_none_or(|last| last.id < id));
        self.entries.push_back(Entry {
            id,
            waiting: VecDeque::new(),
            ended: false,
        });
    }

    /// Takes samples of an utterance.
    pub fn push(&mut self, id: UtteranceId, pcm: Vec<f32>) {
        if let Some(entry) = self.entry(id) {
            entry.waiting.push_back(pcm);
        }
    }

    /// The utterance's sound is whole.
    pub fn end(&mut self, id: UtteranceId) {
        if let Some(entry) = self.entry(id) {
            entry.ended = true;
        }
    }

    /// The utterance will not be spoken: it holds up nobody.
    pub fn skip(&mut self, id: UtteranceId) {
        self.entries.retain(|entry| entry.id != id);
    }

    /// How many utterances are before this one.
    #[must_use]
    pub fn before(&self, id: UtteranceId) -> Option<usize> {
        self.entries.iter().position(|entry| entry.id == id)
    }

    /// Whose turn it is.
    #[must_use]
    pub fn current(&self) -> Option<UtteranceId> {
        self.entries.front().map(|entry| entry.id)
    }

    /// What leaves next, if it is here.
    pub fn poll(&mut self) -> Option<Step> {
        let entry = self.entries.front_mut()?;
        let id = entry.id;
        if let Some(pcm) = entry.waiting.pop_front() {
            return Some(Step::Pcm(id, pcm));
        }
        if !entry.ended {
            return None;
        }
        self.entries.pop_front();
        Some(Step::End(id))
    }

    fn entry(&mut self, id: UtteranceId) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn any_order_of_completion_leaves_in_order() {
        for seed in 0..1_000 {
            let mut random = Random::new(seed);
            let mut below = |n: usize| (random.next_u64() % n as u64) as usize;
            let mut sequencer = Sequencer::default();
            // Of each utterance: how many pieces are still to come.
            let mut coming: Vec<(u64, usize)> = Vec::new();
            let mut expected = Vec::new();
            for id in 1..=12 {
                sequencer.expect(UtteranceId(id));
                coming.push((id, 1 + below(4)));
            }
            let mut left = Vec::new();
            while !coming.is_empty() {
                let at = below(coming.len());
                let (id, pieces) = coming[at];
                if below(12) == 0 {
                    // It fails, perhaps after some of it.
                    sequencer.skip(UtteranceId(id));
                    coming.remove(at);
                } else if pieces == 0 {
                    sequencer.end(UtteranceId(id));
                    expected.push(id);
                    coming.remove(at);
                } else {
                    sequencer.push(UtteranceId(id), vec![pieces as f32]);
                    coming[at].1 -= 1;
                }
                while let Some(step) = sequencer.poll() {
                    left.push(step);
                }
            }
            expected.sort_unstable();
            let ends: Vec<u64> = left
                .iter()
                .filter_map(|step| match step {
                    Step::End(id) => Some(id.0),
                    Step::Pcm(..) => None,
                })
                .collect();
            assert_eq!(ends, expected, "seed {seed}");
            let ids: Vec<u64> = left
                .iter()
                .map(|step| match step {
                    Step::End(id) | Step::Pcm(id, _) => id.0,
                })
                .collect();
            assert!(ids.is_sorted(), "seed {seed}: {ids:?}");
            assert_eq!(sequencer.current(), None);
        }
    }

    #[test]
    fn the_first_piece_does_not_wait_for_the_last() {
        let mut sequencer = Sequencer::default();
        sequencer.expect(UtteranceId(1));
        sequencer.expect(UtteranceId(2));
        sequencer.push(UtteranceId(2), vec![2.0]);
        assert_eq!(sequencer.poll(), None);
        sequencer.push(UtteranceId(1), vec![1.0]);
        assert_eq!(sequencer.poll(), Some(Step::Pcm(UtteranceId(1), vec![1.0])));
        assert_eq!(sequencer.poll(), None);
        sequencer.skip(UtteranceId(1));
        assert_eq!(sequencer.poll(), Some(Step::Pcm(UtteranceId(2), vec![2.0])));
        assert_eq!(sequencer.before(UtteranceId(2)), Some(0));
    }
}
