//! Whether and when to try again. Pure: the random numbers come from a seed.

use crate::error::{Error, ErrorCode};
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

/// Seeded random numbers (SplitMix64): for spreading load and naming sessions,
/// never for secrets.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The same seed gives the same numbers.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 up to, but not, 1.
    pub fn unit(&mut self) -> f64 {
        // 53 bits are what an f64 holds exactly.
        #[allow(clippy::cast_precision_loss)]
        let bits = (self.next_u64() >> 11) as f64;
        bits / (1_u64 << 53) as f64
    }

    /// A random UUID (version 4), as Transcribe wants its session ids.
    pub fn uuid(&mut self) -> String {
        let high = self.next_u64() & !0xF000 | 0x4000;
        let low = self.next_u64() & !(0b11 << 62) | (0b10 << 62);
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xFFFF,
            high & 0xFFFF,
            low >> 48,
            low & 0xFFFF_FFFF_FFFF
        )
    }
}
