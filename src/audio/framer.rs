//! Where one audio message ends and the next begins.

use super::SERVICE_RATE_HZ;
use crate::time::Duration;
use std::ops::Range;

/// Cuts positions into messages of equal length.
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

    /// The next message after `sent`, when `end` allows a whole one.
    #[must_use]
    pub fn next(&self, sent: u64, end: u64) -> Option<Range<u64>> {
        let next = sent + self.samples;
        (next <= end).then_some(sent..next)
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
    fn messages_are_equal_and_whole() {
        let framer = Framer::new(Duration::from_millis(50));
        assert_eq!(framer.samples(), 800);
        assert_eq!(framer.message(), Duration::from_millis(50));
        assert_eq!(framer.next(100, 899), None);
        assert_eq!(framer.next(100, 900), Some(100..900));
    }

    #[test]
    fn lengths_outside_the_range_are_held_in_it() {
        assert_eq!(Framer::new(Duration::ZERO).samples(), 320);
        assert_eq!(Framer::new(Duration::from_secs(9)).samples(), 3_200);
    }
}
