//! How many requests Polly gets in a second.

use crate::few::Few;
use crate::language::Engine;
use crate::time::{Duration, Timestamp};
use std::collections::VecDeque;

/// After Polly has asked to slow down nothing begins for so long: what it
/// counts is the account's, with requests of other agents among them.
const PAUSE: Duration = Duration::from_millis(500);

/// The places in time of both speakers' requests, given in the order in which
/// they were asked for, so that neither starves the other.
///
/// In no second are there more than the engine's rate allows; as long as there
/// are fewer, none waits. (The service's bucket is a little larger: 10 at 8 a
/// second, "Quotas in Amazon Polly". The rest is the network's, which brings
/// what was spread out in a bunch.)
#[derive(Debug, Default)]
pub struct Rates {
    /// The host's rate, in place of the engines' own.
    per_second: Option<f64>,
    given: Few<Engine, VecDeque<Timestamp>>,
    not_before: Timestamp,
}

impl Rates {
    /// With the host's rate for each engine, or the service's.
    #[must_use]
    pub fn new(per_second: Option<f64>) -> Self {
        Self {
            per_second,
            ..Self::default()
        }
    }

    /// How many requests in how long.
    fn limit(&self, engine: Engine) -> (usize, Duration) {
        let rate = self.per_second.unwrap_or(engine.requests_per_second());
        let count = rate.floor().max(1.0);
        // A small number of requests, for the settings have a bound.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        (count as usize, Duration::from_secs_f64(count / rate))
    }

    /// Gives a request its place: now or later.
    pub fn reserve(&mut self, engine: Engine, now: Timestamp) -> Timestamp {
        let (count, span) = self.limit(engine);
        let given = self.given.get_or_default(engine);
        let mut at = now.max(self.not_before);
        at = given.back().map_or(at, |last| at.max(*last));
        if let Some(first) = given.len().checked_sub(count) {
            at = at.max(given[first] + span);
        }
        given.push_back(at);
        // Twice as many, for those that are given back.
        if given.len() > 2 * count {
            given.pop_front();
        }
        at
    }

    /// Takes back a place that will not be used.
    pub fn release(&mut self, engine: Engine, at: Timestamp) {
        let given = self.given.get_or_default(engine);
        if let Some(place) = given.iter().rposition(|given| *given == at) {
            given.remove(place);
        }
    }

    /// The service asks to slow down.
    pub fn slow_down(&mut self, now: Timestamp) {
        self.not_before = now + PAUSE;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn in_no_second_are_there_more_than_eight() {
        let mut rates = Rates::new(None);
        let mut given: Vec<Timestamp> = Vec::new();
        for n in 0..200_u64 {
            // In bursts, and with pauses.
            let now = at(n * 37 + n / 30 * 2_000);
            let place = rates.reserve(Engine::Neural, now);
            assert!(place >= now);
            if n % 7 == 3 {
                rates.release(Engine::Neural, place);
            } else {
                given.push(place);
            }
        }
        assert!(given.is_sorted());
        for nine in given.windows(9) {
            assert!(nine[8] >= nine[0] + Duration::from_secs(1));
        }
    }

    #[test]
    fn eight_at_once_wait_for_nothing_and_engines_not_for_each_other() {
        let mut rates = Rates::new(None);
        for _ in 0..8 {
            assert_eq!(rates.reserve(Engine::Neural, at(5)), at(5));
        }
        assert_eq!(rates.reserve(Engine::Neural, at(5)), at(1_005));
        assert_eq!(rates.reserve(Engine::Generative, at(5)), at(5));
        for _ in 0..80 {
            assert_eq!(rates.reserve(Engine::Standard, at(5)), at(5));
        }
    }

    #[test]
    fn a_host_may_ask_for_less_than_one_a_second() {
        let mut rates = Rates::new(Some(0.5));
        let places: Vec<Timestamp> = (0..3)
            .map(|_| rates.reserve(Engine::Neural, at(0)))
            .collect();
        assert_eq!(places, [at(0), at(2_000), at(4_000)]);
    }

    #[test]
    fn one_that_was_asked_to_slow_down_pauses() {
        let mut rates = Rates::new(None);
        rates.slow_down(at(100));
        assert_eq!(rates.reserve(Engine::Neural, at(200)), at(600));
        assert_eq!(rates.reserve(Engine::Neural, at(700)), at(700));
    }
}
