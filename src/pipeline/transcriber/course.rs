//! How one stream runs: which position each of its seconds is, and how far
//! behind the service is with it.

use crate::audio::framer::{duration, samples};
use crate::time::{Duration, Timestamp};
use std::collections::VecDeque;

/// Cuts that are remembered. Results are of the last minute, and a cut takes
/// seconds of pauses.
const MOST_CUTS: usize = 32;

/// Words are dated up to 120 ms late.
const UNSURE: Duration = Duration::from_millis(250);

/// A session is carried on from so much on: with less in it, it could not be
/// told whether its times go on.
pub const WORTH_CARRYING: u64 = 2 * crate::audio::SERVICE_RATE_HZ as u64;

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
    /// The samples of earlier streams of the session, if their time goes on.
    carried: u64,
    goes_on: Option<bool>,
    /// When the service will have worked through all that was sent.
    heard: Timestamp,
}

impl Course {
    /// A stream that begins with this position, in a session that was sent
    /// `carried` samples before.
    pub fn new(base: u64, carried: u64) -> Self {
        let first = Cut {
            sample: 0,
            position: base,
        };
        Self {
            cuts: VecDeque::from([first]),
            carried,
            goes_on: (carried == 0).then_some(false),
            heard: Timestamp::ZERO,
        }
    }

    /// Audio was sent. The service works at real time, however fast it comes.
    pub fn sent(&mut self, now: Timestamp, length: Duration) {
        self.heard = now.max(self.heard + length);
    }

    /// How many samples were sent, when everything before `sent` was.
    pub fn samples(&self, sent: u64) -> u64 {
        self.cuts
            .back()
            .map_or(0, |cut| cut.sample + sent.saturating_sub(cut.position))
    }

    /// The first result ends at that second. It is not written down whether the
    /// times of a session that is carried on begin anew: a second that the
    /// service has not worked on yet says no.
    pub fn see(&mut self, second: f64, now: Timestamp, sent: u64) {
        let under_way = samples(self.heard.since(now));
        let done = self.samples(sent).saturating_sub(under_way);
        let goes_on = second > (duration(done) + UNSURE).as_secs_f64();
        self.goes_on.get_or_insert(goes_on);
    }

    /// Up to this position the service has worked, when everything before
    /// `sent` was sent and it is `late` with an answer.
    pub fn worked_on(&self, now: Timestamp, sent: u64, late: Duration) -> u64 {
        let under_way = self.heard.since(now) + late;
        let sample = self.samples(sent).saturating_sub(samples(under_way));
        self.at(sample)
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
        let before = self
            .goes_on
            .map_or(0, |goes_on| u64::from(goes_on) * self.carried);
        self.at(sample.saturating_sub(before))
    }

    /// The position of a sample of the stream.
    fn at(&self, sample: u64) -> u64 {
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
        let mut course = Course::new(1_000, 0);
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
        let mut course = Course::new(0, 0);
        for n in 0..1_000 {
            course.leave_out(n * 100 + 50, n * 100 + 100);
        }
        assert_eq!(course.cuts.len(), MOST_CUTS);
        assert_eq!(course.position(50_000.0 / 16_000.0), 100_000);
    }

    #[test]
    fn a_burst_is_worked_on_at_real_time() {
        let ms = Timestamp::from_millis;
        let mut course = Course::new(0, 0);
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
