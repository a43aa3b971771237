//! Time as data: the core is told what time it is and never asks.

use std::ops::{Add, Sub};
pub use std::time::Duration;

/// A point on the session's monotonic clock, counted from an origin that the
/// driver chooses (in the browser `performance.now()` of the page).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(Duration);

impl Timestamp {
    /// The clock's origin.
    pub const ZERO: Self = Self(Duration::ZERO);

    /// The point `millis` milliseconds after the origin; a negative or
    /// non-finite number is the origin itself.
    #[must_use]
    pub fn from_millis_f64(millis: f64) -> Self {
        Self(Duration::try_from_secs_f64(millis / 1000.0).unwrap_or_default())
    }

    /// The point `millis` milliseconds after the origin.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(Duration::from_millis(millis))
    }

    /// Milliseconds since the origin.
    #[must_use]
    pub fn as_millis_f64(self) -> f64 {
        self.0.as_secs_f64() * 1000.0
    }

    /// The time from `earlier` to here, zero if `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;
    fn add(self, rhs: Duration) -> Self {
        Self(self.0.saturating_add(rhs))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;
    fn sub(self, rhs: Duration) -> Self {
        Self(self.0.saturating_sub(rhs))
    }
}

/// A wall-clock time as the services count it: time since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(Duration);

impl UnixTime {
    /// `secs` seconds after the epoch; a negative or non-finite number is the
    /// epoch itself.
    #[must_use]
    pub fn from_secs_f64(secs: f64) -> Self {
        Self(Duration::try_from_secs_f64(secs).unwrap_or_default())
    }

    /// `secs` seconds after the epoch.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self(Duration::from_secs(secs))
    }

    /// Seconds since the epoch.
    #[must_use]
    pub fn as_secs_f64(self) -> f64 {
        self.0.as_secs_f64()
    }

    /// Time since the epoch, as aws-sigv4 wants it (added to `UNIX_EPOCH`,
    /// which unlike `now()` works on wasm32).
    #[must_use]
    pub const fn since_epoch(self) -> Duration {
        self.0
    }

    /// The time from `earlier` to here, zero if `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for UnixTime {
    type Output = Self;
    fn add(self, rhs: Duration) -> Self {
        Self(self.0.saturating_add(rhs))
    }
}

/// One moment on both clocks: the session's, which only goes on, and the
/// services', which is known as far as they have told it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// On the session's clock.
    pub at: Timestamp,
    /// On the services' clocks.
    pub unix: UnixTime,
}
