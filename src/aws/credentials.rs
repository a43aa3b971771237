//! Temporary AWS credentials.

use crate::error::Error;
use crate::time::{Duration, UnixTime};
use std::fmt;

/// An AWS identity. `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The access key's id.
    pub access_key_id: String,
    /// The secret key.
    pub secret_access_key: String,
    /// The session token of temporary credentials.
    pub session_token: Option<String>,
    /// When they expire; `None` for ones that do not.
    pub expiration: Option<UnixTime>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("expiration", &self.expiration)
            .finish_non_exhaustive()
    }
}

/// How long before they expire credentials are replaced.
pub const REFRESH_AHEAD: Duration = Duration::from_secs(300);

// After a failure: 1, 2, 4 … 30 s, so that a broken provider is not hammered.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The session's credentials: which can be used now, and when to ask for new
/// ones. One request at a time; pure, the caller asks and answers.
///
/// Credentials whose expiry is past on arrival are used until a service
/// refuses them: this computer's clock is then likelier to be wrong than the
/// provider.
#[derive(Clone, Debug, Default)]
pub struct CredentialsCache {
    held: Option<Held>,
    in_flight: bool,
    failures: u32,
    failed_at: Option<UnixTime>,
}

#[derive(Clone, Debug)]
struct Held {
    credentials: Credentials,
    received: UnixTime,
}

impl Held {
    fn expired_on_arrival(&self) -> bool {
        self.credentials
            .expiration
            .is_some_and(|expiration| expiration <= self.received)
    }

    fn usable(&self, now: UnixTime) -> bool {
        self.expired_on_arrival() || self.credentials.expiration.is_none_or(|at| now < at)
    }

    /// [`REFRESH_AHEAD`] of the end, or at half the life of short-lived ones.
    fn refresh_at(&self) -> Option<UnixTime> {
        let expiration = self.credentials.expiration?;
        if self.expired_on_arrival() {
            return Some(self.received + REFRESH_AHEAD);
        }
        let life = expiration.since(self.received);
        Some(self.received + life.saturating_sub(REFRESH_AHEAD.min(life / 2)))
    }
}

impl CredentialsCache {
    /// An empty cache.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Credentials that can be used now.
    #[must_use]
    pub fn get(&self, now: UnixTime) -> Option<&Credentials> {
        let held = self.held.as_ref()?;
        held.usable(now).then_some(&held.credentials)
    }

    /// Whether to ask for credentials now: none are held or they are close to
    /// their end, no request is on its way, and the last failure is long
    /// enough ago. `true` means that the caller asks: the next answer is `false`.
    #[must_use]
    pub fn begin(&mut self, now: UnixTime) -> bool {
        let due = !self.in_flight && self.due_at().is_none_or(|at| now >= at);
        // A clock that was set back must not stop the refreshing for hours.
        let set_back = !self.in_flight
            && self
                .failed_at
                .is_some_and(|failed| failed > now + LONGEST_WAIT);
        let begins = (due || set_back) && !self.settled();
        self.in_flight |= begins;
        begins
    }

    /// When [`Self::begin`] is worth asking again: `None` while a request is on
    /// its way and for credentials without an end. A time that is past means
    /// now; so does [`UnixTime::default`] when nothing is held.
    #[must_use]
    pub fn next_begin(&self) -> Option<UnixTime> {
        if self.in_flight || self.settled() {
            return None;
        }
        Some(self.due_at().unwrap_or_default())
    }

    /// Whether a request is on its way.
    #[must_use]
    pub const fn in_flight(&self) -> bool {
        self.in_flight
    }

    /// Takes the answer.
    pub fn accept(&mut self, answer: Result<Credentials, Error>, now: UnixTime) {
        self.in_flight = false;
        match answer {
            Ok(credentials) => {
                self.failures = 0;
                self.failed_at = None;
                self.held = Some(Held {
                    credentials,
                    received: now,
                });
            }
            // What is held stays of use until its end.
            Err(_) => {
                self.failures = self.failures.saturating_add(1);
                self.failed_at = Some(now);
            }
        }
    }

    /// Drops these credentials, which a service has refused, unless others have
    /// taken their place since.
    pub fn refuse(&mut self, refused: &Credentials) {
        if self
            .held
            .as_ref()
            .is_some_and(|held| held.credentials == *refused)
        {
            self.held = None;
        }
    }

    // Credentials without an end are never asked for again.
    fn settled(&self) -> bool {
        self.held
            .as_ref()
            .is_some_and(|held| held.credentials.expiration.is_none())
    }

    fn due_at(&self) -> Option<UnixTime> {
        let after_failure = self.failed_at.map(|at| {
            let doublings = self.failures.saturating_sub(1).min(8);
            at + (FIRST_WAIT * (1 << doublings)).min(LONGEST_WAIT)
        });
        let refresh = self.held.as_ref().and_then(Held::refresh_at);
        after_failure.max(refresh)
    }
}
