//! What all requests share.

use crate::{
    control::{counters::Counters, delays::Delays, faults::Faults, locked},
    engines::Engines,
    keys::{Keys, Settings},
    services::{rate::Rates, transcribe::streams::Streams, user_pool::UserPool},
};
use std::{
    sync::{
        Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::SystemTime,
};
use time::OffsetDateTime;

/// The stand-in's wall clock, which can be wrong on demand.
#[derive(Debug, Default)]
pub struct Clock {
    skew_s: AtomicI64,
}

impl Clock {
    /// The date as the stand-in sees it.
    #[must_use]
    pub fn now(&self) -> OffsetDateTime {
        OffsetDateTime::from(SystemTime::now()) + time::Duration::seconds(self.skew_s())
    }

    /// How wrong it is.
    #[must_use]
    pub fn skew_s(&self) -> i64 {
        self.skew_s.load(Ordering::Relaxed)
    }

    /// Makes it wrong.
    pub fn set_skew_s(&self, seconds: i64) {
        self.skew_s.store(seconds, Ordering::Relaxed);
    }
}

/// The state of one stand-in.
pub struct App {
    /// The region that it plays.
    pub region: String,
    /// Its own hosts: a request is signed for the one that it is sent to.
    pub hosts: Vec<String>,
    /// Hosts of proxies before it, which requests may be signed for instead.
    pub signed_hosts: Vec<String>,
    /// Where its own pages are: a login may return to them.
    pub page: String,
    /// The identity pool that it knows.
    pub identity_pool_id: String,
    /// What hears, translates and speaks.
    pub engines: Engines,
    /// Keys and identities.
    pub keys: Keys,
    /// The user pool.
    pub user_pool: UserPool,
    /// The clock for signatures.
    pub clock: Clock,
    /// Settable delays.
    pub delays: Mutex<Delays>,
    /// Settable account.
    pub settings: Mutex<Settings>,
    /// Faults that wait.
    pub faults: Faults,
    /// Counts.
    pub counters: Counters,
    /// What is left of the quotas of this second.
    pub rates: Rates,
    /// Transcribe's streams.
    pub streams: Streams,
}

impl App {
    /// The delays at this moment.
    #[must_use]
    pub fn delays(&self) -> Delays {
        *locked(&self.delays)
    }
}
