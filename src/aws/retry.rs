//! Whether and when to try again. Pure: the random numbers come from a seed.

use crate::error::{Error, ErrorCode};
pub use crate::random::Random;
use crate::time::Duration;

/// What an error asks for before the same thing is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// It will not work.
    Never,
    /// Wait a little.
    Transient,
    /// Wait longer, and do less.
    Throttled,
    /// Get new credentials (or correct the clock) first, and try once.
    NewCredentials,
}

impl Retry {
    /// By the error's code.
    #[must_use]
    pub fn of(error: &Error) -> Self {
        match error.code {
            ErrorCode::Throttled => Self::Throttled,
            ErrorCode::ServiceUnavailable | ErrorCode::Network => Self::Transient,
            ErrorCode::ExpiredCredentials => Self::NewCredentials,
            _ => Self::Never,
        }
    }
}

/// How long to wait, "full jitter": anything from nothing up to a bound that
/// doubles with each attempt. It spreads clients best ("Exponential Backoff
/// And Jitter", AWS Architecture Blog).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The bound of the first attempt.
    pub base: Duration,
    /// The highest bound.
    pub cap: Duration,
}

impl Backoff {
    /// For requests and sockets: 100 ms (the SDKs' figure) up to 20 s.
    pub const TRANSIENT: Self = Self {
        base: Duration::from_millis(100),
        cap: Duration::from_secs(20),
    };
    /// When throttled: 500 ms (the SDKs' figure) up to 20 s.
    pub const THROTTLED: Self = Self {
        base: Duration::from_millis(500),
        cap: Duration::from_secs(20),
    };

    /// The wait before the attempt after `failures` failed ones (from 1).
    pub fn delay(&self, failures: u32, random: &mut Random) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        let bound = self.base.saturating_mul(1 << doublings).min(self.cap);
        bound.mul_f64(random.unit())
    }
}
