//! From AudioContext frames to the session's clock.

use crate::time::{Duration, Timestamp};

/// How long an observation counts. After a suspended context goes on, its
/// frames stand later on the clock; that is learnt within twice this time.
const WINDOW: Duration = Duration::from_millis(2_500);

/// Learns when a frame was captured from when frames arrive.
///
/// A sample cannot arrive before it was captured, so the quickest arrival of
/// the last seconds is the best known; the others were held up on the way.
#[derive(Clone, Copy, Debug, Default)]
pub struct FrameClock {
    rate_hz: u32,
    /// The smallest arrival time less the frame's own time, in seconds.
    recent: Option<f64>,
    older: Option<f64>,
    window_ends: Timestamp,
}

impl FrameClock {
    /// Samples up to `end_frame` (not included) arrived at `now`. Another rate
    /// means another context, whose frames begin anew.
    pub fn observe(&mut self, now: Timestamp, rate_hz: u32, end_frame: u64) {
        if rate_hz != self.rate_hz {
            *self = Self {
                rate_hz,
                ..Self::default()
            };
        }
        if now >= self.window_ends {
            self.older = self.recent.take();
            self.window_ends = now + WINDOW;
        }
        let origin = now.as_millis_f64() / 1000.0 - end_frame as f64 / f64::from(rate_hz.max(1));
        self.recent = Some(self.recent.map_or(origin, |best| best.min(origin)));
    }

    /// The rate of the frames, 0 before the first arrival.
    #[must_use]
    pub const fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    /// When a frame passes, or `None` before the first arrival.
    #[must_use]
    pub fn time_of(&self, frame: u64) -> Option<Timestamp> {
        let origin = match (self.recent, self.older) {
            (Some(a), Some(b)) => a.min(b),
            (a, b) => a.or(b)?,
        };
        let seconds = origin + frame as f64 / f64::from(self.rate_hz.max(1));
        Some(Timestamp::from_millis_f64(seconds * 1000.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quickest_arrival_counts() {
        let mut clock = FrameClock::default();
        assert_eq!(clock.time_of(0), None);
        for (late, end) in [(30, 480_u64), (3, 960), (90, 1_440)] {
            clock.observe(Timestamp::from_millis(1_000 + end / 48 + late), 48_000, end);
        }
        let at = clock.time_of(4_800).map(Timestamp::as_millis_f64);
        assert!((at.unwrap() - 1_103.0).abs() < 1e-6);
    }

    #[test]
    fn a_suspended_context_is_noticed() {
        let mut clock = FrameClock::default();
        let mut frame = 0;
        for tick in 0..2_000_u64 {
            // Between two ticks the context stood still for 60 s.
            let pause = if tick < 500 { 0 } else { 60_000 };
            frame += 480;
            clock.observe(Timestamp::from_millis(tick * 10 + pause), 48_000, frame);
        }
        let at = clock.time_of(frame).map(Timestamp::as_millis_f64).unwrap();
        assert!((at - (19_990.0 + 60_000.0)).abs() < 1.0, "{at}");
    }

    #[test]
    fn another_rate_begins_anew() {
        let mut clock = FrameClock::default();
        clock.observe(Timestamp::from_millis(10), 48_000, 480);
        clock.observe(Timestamp::from_millis(500), 16_000, 160);
        let at = clock.time_of(160).map(Timestamp::as_millis_f64);
        assert!((at.unwrap() - 500.0).abs() < 1e-6);
    }
}
