//! How fast a stream's audio is worked on.
//!
//! The service works at real-time speed: audio that comes in a burst waits,
//! and the lag stays for the rest of the stream. Network jitter is not a
//! burst; a little of it is made up.

use std::{collections::VecDeque, time::Duration};

/// Jitter that is made up: how far work may run ahead of strict real time.
const SLACK: Duration = Duration::from_millis(60);

/// How much of the past is remembered, to date words that end in it.
const REMEMBERED_S: f64 = 60.0;

/// Ends of messages are sums of fractions.
const ROUNDING_S: f64 = 1e-6;

/// The stream's clock. Instants are durations since the stream was opened,
/// positions are seconds of audio.
#[derive(Debug, Default)]
pub struct StreamClock {
    /// When the last audio would be done at strict real time.
    strict: Option<Duration>,
    /// Ends of messages and when they were done.
    done: VecDeque<(f64, Duration)>,
    end: f64,
}

impl StreamClock {
    /// Takes `seconds` of audio that arrived at `now`; gives when the engine
    /// is done with it.
    pub fn arrived(&mut self, now: Duration, seconds: f64) -> Duration {
        let length = Duration::from_secs_f64(seconds);
        let earliest = now.saturating_sub(SLACK);
        let strict = self
            .strict
            .map_or(earliest, |before| earliest.max(before + length));
        self.strict = Some(strict);
        self.end += seconds;
        let done = now.max(strict);
        self.done.push_back((self.end, done));
        while self
            .done
            .front()
            .is_some_and(|(end, _)| end + REMEMBERED_S < self.end)
        {
            self.done.pop_front();
        }
        done
    }

    /// When the audio at `position` was done: with the message that holds it.
    #[must_use]
    pub fn done_at(&self, position: f64) -> Duration {
        let at = self
            .done
            .partition_point(|(end, _)| *end + ROUNDING_S < position);
        self.done
            .get(at)
            .or(self.done.back())
            .map_or(Duration::ZERO, |(_, done)| *done)
    }
}

#[cfg(test)]
mod tests {
    use super::StreamClock;
    use std::time::Duration;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn audio_at_real_time_is_done_when_it_comes() {
        let mut clock = StreamClock::default();
        for n in 1..=100 {
            assert_eq!(clock.arrived(ms(50 * n), 0.05), ms(50 * n));
        }
        assert_eq!(clock.done_at(1.01), ms(1050));
    }

    #[test]
    fn a_burst_is_done_at_real_time_and_the_lag_stays() {
        let mut clock = StreamClock::default();
        clock.arrived(ms(50), 0.05);
        for _ in 0..40 {
            clock.arrived(ms(2050), 0.05);
        }
        // Two seconds that came at 2,050 ms are done about two seconds later,
        assert_eq!(clock.done_at(2.05), ms(2050 - 60 + 39 * 50));
        // and audio that then comes in time is late by as much.
        assert_eq!(clock.arrived(ms(2100), 0.05), ms(2040 + 39 * 50));
        assert_eq!(clock.arrived(ms(2150), 0.05), ms(2090 + 39 * 50));
    }

    #[test]
    fn jitter_does_not_add_up() {
        let mut clock = StreamClock::default();
        for n in 1..=200_u64 {
            let late = ms(n * 37 % 50);
            let arrival = ms(50 * n) + late;
            assert_eq!(clock.arrived(arrival, 0.05), arrival);
        }
    }
}
