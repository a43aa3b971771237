//! The services' clock, as far as this computer's and their answers tell it.

use crate::time::{Duration, Moment, Timestamp, UnixTime};

/// A service's clock further from ours than this corrects ours: signatures are
/// refused at 300 s, and `date` headers have whole seconds.
const SKEW: Duration = Duration::from_secs(30);

/// How wrong a clock can be in earnest; a date further off is none.
const LONGEST_SKEW_SECONDS: f64 = 100.0 * 366.0 * 86_400.0;

/// The wall clock, corrected by what the services say.
#[derive(Debug, Default)]
pub struct WallClock {
    known: Option<Moment>,
    /// What this computer's clock lacks.
    correction_seconds: f64,
}

impl WallClock {
    /// The time as the services count it; the epoch as long as nothing is known.
    #[must_use]
    pub fn unix(&self, now: Timestamp) -> UnixTime {
        self.known.map_or_else(UnixTime::default, |known| {
            shifted(ahead(known, now), self.correction_seconds)
        })
    }

    /// Takes what this computer's clock says now.
    ///
    /// The correction stays: it is what the services said. But a clock that has
    /// gone just where they said it should be was put right, and needs none. (A
    /// clock that jumps otherwise has slept, and the session's clock with it.)
    pub fn set(&mut self, now: Timestamp, unix: UnixTime) {
        if let Some(known) = self.known {
            let jump = difference(unix, ahead(known, now));
            if (jump - self.correction_seconds).abs() <= SKEW.as_secs_f64() {
                self.correction_seconds = 0.0;
            }
        }
        self.known = Some(Moment { at: now, unix });
    }

    /// Learns what a service's clock says; whether that corrected ours.
    pub fn learn(&mut self, now: Timestamp, service: UnixTime) -> bool {
        let skew = difference(service, self.unix(now));
        let off = skew.abs() > SKEW.as_secs_f64() && skew.abs() < LONGEST_SKEW_SECONDS;
        let learns = off && self.known.is_some();
        if learns {
            self.correction_seconds += skew;
        }
        learns
    }

    /// Whether that moment is another one by now: what was signed then was
    /// signed for a wrong time.
    #[must_use]
    pub fn was_wrong(&self, then: Moment) -> bool {
        difference(self.unix(then.at), then.unix).abs() > SKEW.as_secs_f64()
    }
}

fn ahead(known: Moment, now: Timestamp) -> UnixTime {
    // Asked about a moment before the clock was set, too.
    let back = known.at.since(now).as_secs_f64();
    shifted(known.unix + now.since(known.at), -back)
}

fn shifted(unix: UnixTime, seconds: f64) -> UnixTime {
    if seconds == 0.0 {
        return unix;
    }
    UnixTime::from_secs_f64(unix.as_secs_f64() + seconds)
}

fn difference(a: UnixTime, b: UnixTime) -> f64 {
    a.as_secs_f64() - b.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn unix(seconds: u64) -> UnixTime {
        UnixTime::from_secs(1_800_000_000 + seconds)
    }

    #[test]
    fn what_the_services_say_corrects_the_clock_and_stays() {
        let mut clock = WallClock::default();
        assert!(!clock.learn(at(0), unix(0)), "nothing to correct yet");
        clock.set(at(0), unix(2 * HOUR));
        let then = Moment {
            at: at(1),
            unix: clock.unix(at(1)),
        };
        assert!(clock.learn(at(10), unix(10)));
        assert_eq!(clock.unix(at(20)), unix(20));
        assert!(clock.was_wrong(then));
        // New credentials bring the same wrong clock.
        clock.set(at(600), unix(2 * HOUR + 600));
        assert_eq!(clock.unix(at(600)), unix(600));
        assert!(!clock.learn(at(601), unix(605)), "seconds are no skew");
    }

    #[test]
    fn a_clock_that_is_put_right_needs_no_correction() {
        for wrong in [0, 4 * HOUR] {
            let mut clock = WallClock::default();
            clock.set(at(0), unix(wrong));
            clock.learn(at(0), unix(2 * HOUR));
            clock.set(at(60), unix(2 * HOUR + 61));
            assert_eq!(clock.unix(at(60)), unix(2 * HOUR + 61));
        }
    }

    #[test]
    fn after_sleep_the_wrong_clock_is_as_wrong_as_before() {
        let mut clock = WallClock::default();
        clock.set(at(0), unix(2 * HOUR));
        clock.learn(at(0), unix(0));
        // Eight hours of sleep, of which the session's clock saw nothing.
        clock.set(at(5), unix(10 * HOUR + 5));
        assert_eq!(clock.unix(at(5)), unix(8 * HOUR + 5));
    }

    #[test]
    fn nonsense_is_not_believed() {
        let mut clock = WallClock::default();
        clock.set(at(0), unix(0));
        assert!(!clock.learn(at(0), UnixTime::from_secs(999_999_999_999)));
        assert_eq!(clock.unix(at(0)), unix(0));
    }
}
