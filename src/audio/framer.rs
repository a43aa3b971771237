//! Where one audio message ends and the next begins.

use super::SERVICE_RATE_HZ;
use crate::time::Duration;
use std::ops::Range;

/// Each batch costs two threads a wake-up, and whether somebody speaks is seen
/// no sooner than one comes: 50 ms.
const LONGEST_BATCH: u64 = SERVICE_RATE_HZ as u64 / 20;

/// A resampler to the service's rate keeps back 1.7 ms: what may be missing of a
/// message, 2.5 ms.
const KEPT_BACK: u64 = SERVICE_RATE_HZ as u64 / 400;

/// Cuts positions into messages of equal length, or nearly.
#[derive(Clone, Copy, Debug)]
pub struct Framer {
    samples: u64,
}

impl Framer {
    /// Messages of that length, held within 20 to 200 ms: shorter ones cost
    /// more than they carry, longer ones delay. (The service takes up to 1 s.)
    #[must_use]
    pub fn new(message: Duration) -> Self {
        let message = message.clamp(Duration::from_millis(20), Duration::from_millis(200));
        Self {
            samples: samples(message),
        }
    }

    /// A message's length in samples.
    #[must_use]
    pub const fn samples(&self) -> u64 {
        self.samples
    }

    /// A message's length in time.
    #[must_use]
    pub fn message(&self) -> Duration {
        duration(self.samples)
    }

    /// In how many frames of `rate_hz` audio should come: an even part of a
    /// message, 50 ms at most.
    #[must_use]
    pub fn batch(&self, rate_hz: u32) -> u32 {
        let parts = self.samples.div_ceil(LONGEST_BATCH) * u64::from(SERVICE_RATE_HZ);
        let frames = (self.samples * u64::from(rate_hz) + parts / 2) / parts;
        u32::try_from(frames).unwrap_or(u32::MAX)
    }

    /// The next message after `sent`, when `end` allows one that is whole or
    /// nearly: audio comes in batches of an even part of a message, but for what
    /// the resampler keeps back, and a whole one would always wait for the batch
    /// after. The messages after a shorter one are whole again.
    #[must_use]
    pub fn next(&self, sent: u64, end: u64) -> Option<Range<u64>> {
        let least = sent + self.samples - KEPT_BACK;
        (least <= end).then_some(sent..end.min(sent + self.samples))
    }
}

/// How many service-rate samples a time is.
#[must_use]
pub fn samples(time: Duration) -> u64 {
    let exact = time.as_nanos() * u128::from(SERVICE_RATE_HZ) / 1_000_000_000;
    u64::try_from(exact).unwrap_or(u64::MAX)
}

/// How long so many service-rate samples are.
#[must_use]
pub fn duration(samples: u64) -> Duration {
    Duration::from_secs_f64(samples as f64 / f64::from(SERVICE_RATE_HZ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_whole_or_nearly() {
        let framer = Framer::new(Duration::from_millis(50));
        assert_eq!(framer.samples(), 800);
        assert_eq!(framer.message(), Duration::from_millis(50));
        assert_eq!(framer.next(100, 859), None);
        assert_eq!(framer.next(100, 860), Some(100..860));
        assert_eq!(framer.next(100, 900), Some(100..900));
        assert_eq!(framer.next(100, 2_000), Some(100..900));
    }

    #[test]
    fn a_batch_is_an_even_part_of_a_message() {
        let batch = |ms, rate| Framer::new(Duration::from_millis(ms)).batch(rate);
        assert_eq!(
            [20, 50, 60, 200].map(|ms| batch(ms, 48_000)),
            [960, 2_400, 1_440, 2_400]
        );
        assert_eq!(batch(50, 44_100), 2_205);
    }

    #[test]
    fn a_message_goes_with_the_batch_that_completes_it() {
        // At 48 kHz, through a resampler that keeps 27 samples and up to a
        // chunk back.
        for (ms, parts) in [(20, 1), (50, 1), (100, 2), (200, 4)] {
            let framer = Framer::new(Duration::from_millis(ms));
            let batch = u64::from(framer.batch(48_000));
            let mut sent = 0;
            for batches in 1..200 {
                let end = batches * batch / 240 * 240 / 3 - 27;
                let before = sent;
                while let Some(next) = framer.next(sent, end) {
                    sent = next.end;
                }
                assert_eq!(sent > before, batches % parts == 0, "{ms}: {batches}");
            }
        }
    }

    #[test]
    fn lengths_outside_the_range_are_held_in_it() {
        assert_eq!(Framer::new(Duration::ZERO).samples(), 320);
        assert_eq!(Framer::new(Duration::from_secs(9)).samples(), 3_200);
    }
}
