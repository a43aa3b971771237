//! How one stream runs: which position each of its seconds is, and how far
//! behind the service is with it.

use crate::audio::framer::samples;
use crate::time::{Duration, Timestamp};
use std::collections::VecDeque;

/// Cuts that are remembered. Results are of the last minute, and a cut takes
/// seconds of pauses.
const MOST_CUTS: usize = 32;

/// From a sample of the stream on, these positions were sent.
#[derive(Clone, Copy, Debug)]
struct Cut {
    sample: u64,
    position: u64,
}

/// A stream's course.
#[derive(Debug)]
pub struct Course {
    cuts: VecDeque<Cut>,
    /// When the service will have worked through all that was sent.
    heard: Timestamp,
}

impl Course {
    /// A stream that begins with this position.
    pub fn new(base: u64) -> Self {
        let first = Cut {
            sample: 0,
            position: base,
        };
        Self {
            cuts: VecDeque::from([first]),
            heard: Timestamp::ZERO,
        }
    }

    /// Audio was sent. The service works at real time, however fast it comes.
    pub fn sent(&mut self, now: Timestamp, length: Duration) {
        self.heard = now.max(self.heard + length);
    }

    /// When the service will have worked through all that was sent.
    pub const fn heard(&self) -> Timestamp {
        self.heard
    }

    /// What stands from `from` to `to` is left out of the stream; everything
    /// before `from` was sent.
    pub fn leave_out(&mut self, from: u64, to: u64) {
        let last = self.cuts.back().copied().unwrap_or(Cut {
            sample: 0,
            position: from,
        });
        let sample = last.sample + from.saturating_sub(last.position);
        if sample == last.sample {
            self.cuts.pop_back();
        }
        if self.cuts.len() == MOST_CUTS {
            self.cuts.pop_front();
        }
        self.cuts.push_back(Cut {
            sample,
            position: to,
        });
    }

    /// The position of a second of the stream; senseless seconds are its
    /// beginning.
    pub fn position(&self, second: f64) -> u64 {
        let sample = samples(Duration::try_from_secs_f64(second).unwrap_or_default());
        let after = self.cuts.partition_point(|cut| cut.sample <= sample);
        let Some(cut) = self.cuts.get(after.saturating_sub(1)) else {
            return 0;
        };
        let position = cut.position.saturating_add(sample);
        position.saturating_sub(cut.sample)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_after_a_cut_are_later_positions() {
        let mut course = Course::new(1_000);
        assert_eq!(course.position(1.0), 17_000);
        course.leave_out(33_000, 40_000);
        assert_eq!(course.position(1.0), 17_000);
        assert_eq!(course.position(3.0), 56_000);
        // Nothing was sent between: one cut.
        course.leave_out(40_000, 41_000);
        assert_eq!(course.position(3.0), 57_000);
        assert_eq!(course.cuts.len(), 2);
        assert_eq!(course.position(f64::NAN), 1_000);
        assert!(course.position(1e15) > 57_000);
    }

    #[test]
    fn cuts_are_bounded_and_the_latest_hold() {
        let mut course = Course::new(0);
        for n in 0..1_000 {
            course.leave_out(n * 100 + 50, n * 100 + 100);
        }
        assert_eq!(course.cuts.len(), MOST_CUTS);
        assert_eq!(course.position(50_000.0 / 16_000.0), 100_000);
    }

    #[test]
    fn a_burst_is_worked_on_at_real_time() {
        let ms = Timestamp::from_millis;
        let mut course = Course::new(0);
        course.sent(ms(5_000), Duration::from_millis(50));
        assert_eq!(course.heard(), ms(5_000));
        for _ in 0..10 {
            course.sent(ms(5_000), Duration::from_millis(50));
        }
        assert_eq!(course.heard(), ms(5_500));
        course.sent(ms(9_000), Duration::from_millis(50));
        assert_eq!(course.heard(), ms(9_000));
    }
}
