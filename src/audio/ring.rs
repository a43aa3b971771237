//! What was captured and is not done with.

use std::collections::VecDeque;
use std::ops::Range;

/// Samples by their position: a count of service-rate samples that runs on
/// over the whole session, whatever stream they are sent on.
#[derive(Clone, Debug)]
pub struct Ring {
    start: u64,
    samples: VecDeque<i16>,
    cap: usize,
}

impl Ring {
    /// An empty ring that holds at most `cap` samples.
    #[must_use]
    pub const fn new(cap: usize) -> Self {
        Self {
            start: 0,
            samples: VecDeque::new(),
            cap,
        }
    }

    /// The position of the oldest sample that is held.
    #[must_use]
    pub const fn start(&self) -> u64 {
        self.start
    }

    /// The position after the newest sample.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.start + self.samples.len() as u64
    }

    /// Appends samples; the oldest give way when the ring is full.
    pub fn extend(&mut self, samples: impl IntoIterator<Item = i16>) {
        self.samples.extend(samples);
        let over = self.samples.len().saturating_sub(self.cap);
        self.forget(self.start + over as u64);
    }

    /// Forgets everything before a position.
    pub fn forget(&mut self, before: u64) {
        let count = before.min(self.end()).saturating_sub(self.start);
        self.samples
            .drain(..usize::try_from(count).unwrap_or(usize::MAX));
        self.start += count;
    }

    /// Makes everything from a position on silent.
    pub fn silence_from(&mut self, position: u64) {
        let skip = position.saturating_sub(self.start);
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        self.samples.iter_mut().skip(skip).for_each(|s| *s = 0);
    }

    /// The samples at these positions, as far as they are held.
    pub fn get(&self, positions: Range<u64>) -> impl Iterator<Item = i16> {
        let index = |position: u64| {
            let held = position.clamp(self.start, self.end()) - self.start;
            usize::try_from(held).unwrap_or(usize::MAX)
        };
        let (from, to) = (index(positions.start), index(positions.end));
        self.samples.range(from..to.max(from)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_run_on_and_the_oldest_give_way() {
        let mut ring = Ring::new(10);
        ring.extend(0..8);
        assert_eq!((ring.start(), ring.end()), (0, 8));
        ring.extend(8..13);
        assert_eq!((ring.start(), ring.end()), (3, 13));
        assert_eq!(ring.get(0..5).collect::<Vec<_>>(), [3, 4]);
        assert_eq!(ring.get(11..99).collect::<Vec<_>>(), [11, 12]);
        assert_eq!(ring.get(50..60).count(), 0);
        ring.forget(12);
        ring.forget(5);
        assert_eq!(ring.get(0..99).collect::<Vec<_>>(), [12]);
        ring.forget(99);
        assert_eq!((ring.start(), ring.end()), (13, 13));
    }

    #[test]
    fn the_past_can_be_silenced() {
        let mut ring = Ring::new(10);
        ring.extend(1..=6);
        ring.forget(2);
        ring.silence_from(4);
        assert_eq!(ring.get(0..9).collect::<Vec<_>>(), [3, 4, 0, 0]);
        ring.silence_from(0);
        assert!(ring.get(0..9).all(|s| s == 0));
    }
}
