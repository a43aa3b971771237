//! How many requests a service takes in a second.

use crate::control::locked;
use std::{collections::HashMap, sync::Mutex};
use tokio::time::Instant;

/// Buckets of tokens, by the name of what is counted. (The service's are a
/// little larger: Polly's quotas allow 10 at once at 8 a second.)
#[derive(Default)]
pub struct Rates(Mutex<HashMap<&'static str, Bucket>>);

struct Bucket {
    tokens: f64,
    filled: Instant,
}

impl Rates {
    /// Whether one more is taken now, of so many in a second and as many at once.
    pub fn take(&self, name: &'static str, per_second: u32, now: Instant) -> bool {
        let most = f64::from(per_second);
        let mut buckets = locked(&self.0);
        let bucket = buckets.entry(name).or_insert(Bucket {
            tokens: most,
            filled: now,
        });
        let since = now.saturating_duration_since(bucket.filled).as_secs_f64();
        bucket.tokens = (bucket.tokens + since * most).min(most);
        bucket.filled = now;
        let takes = bucket.tokens >= 1.0;
        if takes {
            bucket.tokens -= 1.0;
        }
        takes
    }

    /// All buckets are full again.
    pub fn reset(&self) {
        locked(&self.0).clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_is_more_than_the_rate_is_refused_until_time_has_passed() {
        let rates = Rates::default();
        let begin = Instant::now();
        let at = |millis| begin + Duration::from_millis(millis);
        let taken = |count: usize, name, millis| {
            (0..count)
                .filter(|_| rates.take(name, 8, at(millis)))
                .count()
        };
        assert_eq!(taken(20, "neural", 0), 8);
        assert_eq!(taken(5, "generative", 0), 5, "each engine has its own");
        assert_eq!(taken(20, "neural", 100), 0);
        assert_eq!(taken(20, "neural", 500), 4);
        assert_eq!(taken(20, "neural", 60_000), 8);
        assert!(!rates.take("none", 0, at(0)));
        rates.reset();
        assert_eq!(taken(20, "neural", 60_000), 8);
    }
}
