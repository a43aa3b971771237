//! Temporary AWS credentials.

use crate::error::Error;
use crate::time::{Duration, Moment, Timestamp, UnixTime};
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

/// A provider that has said nothing for so long is asked again. A login that is
/// refreshed on the way takes a second or two.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(10);

// After a failure: 1, 2, 4 … 30 s, so that a broken provider is not hammered.
// Where nothing is left that can be used, somebody waits.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);
const LONGEST_WAIT_WITHOUT: Duration = Duration::from_secs(4);

/// The session's credentials: which can be used now, and when to ask for new
/// ones. One request at a time; pure, the caller asks and answers.
///
/// Waits and lives are counted on the session's clock, so that a wall clock
/// that is corrected in a call moves none of them.
///
/// Credentials whose expiry is past on arrival are used until a service
/// refuses them: this computer's clock is then likelier to be wrong than the
/// provider.
#[derive(Clone, Debug, Default)]
pub struct CredentialsCache {
    held: Option<Held>,
    /// How many answers there were.
    generation: u64,
    received: Option<Timestamp>,
    /// When the request on its way was made.
    asked: Option<Timestamp>,
    failures: u32,
    failed_at: Timestamp,
}

#[derive(Clone, Debug)]
struct Held {
    credentials: Credentials,
    received: Timestamp,
    /// A service has refused them, perhaps for another reason.
    doubted: bool,
}

impl Held {
    /// How long they were good for when they came; nothing if they had expired.
    fn life(&self, now: Moment) -> Option<Duration> {
        let end = self.credentials.expiration?;
        let since = now.at.since(self.received);
        Some((end.since(now.unix) + since).saturating_sub(now.unix.since(end)))
    }

    fn usable(&self, now: Moment) -> bool {
        self.life(now)
            .is_none_or(|life| life.is_zero() || now.at < self.received + life)
    }

    /// [`REFRESH_AHEAD`] of the end, or at half the life of short-lived ones;
    /// `None` for ones without an end.
    fn refresh_at(&self, now: Moment) -> Option<Timestamp> {
        if self.doubted {
            return Some(self.received + FIRST_WAIT);
        }
        let life = self.life(now)?;
        let wait = match life.is_zero() {
            true => REFRESH_AHEAD,
            false => life.saturating_sub(REFRESH_AHEAD.min(life / 2)),
        };
        Some(self.received + wait)
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
    pub fn get(&self, now: Moment) -> Option<&Credentials> {
        let held = self.held.as_ref()?;
        held.usable(now).then_some(&held.credentials)
    }

    /// Which answer the credentials that are held came with: another one after
    /// each that came.
    #[must_use]
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// Whether to ask for credentials now: none are held, or they are doubted
    /// or close to their end, no request is on its way, and the last failure is
    /// long enough ago. `true` means that the caller asks: the next answer is
    /// `false`.
    #[must_use]
    pub fn begin(&mut self, now: Moment) -> bool {
        let begins = !self.in_flight() && self.due(now).is_some_and(|at| now.at >= at);
        if begins {
            self.asked = Some(now.at);
        }
        begins
    }

    /// When [`Self::begin`] is worth asking again or, while a request is on its
    /// way, [`Self::give_up`]; `None` for credentials without an end. A time
    /// that is past means now.
    #[must_use]
    pub fn due(&self, now: Moment) -> Option<Timestamp> {
        if let Some(asked) = self.asked {
            return Some(asked + ANSWER_WITHIN);
        }
        let refresh = match (&self.held, self.received) {
            (Some(held), _) => held.refresh_at(now)?,
            (None, Some(received)) => received + FIRST_WAIT,
            (None, None) => Timestamp::ZERO,
        };
        if self.failures == 0 {
            return Some(refresh);
        }
        let good = self
            .held
            .as_ref()
            .is_some_and(|h| !h.doubted && h.usable(now));
        let longest = if good {
            LONGEST_WAIT
        } else {
            LONGEST_WAIT_WITHOUT
        };
        let wait = FIRST_WAIT * (1 << (self.failures - 1).min(8));
        Some(refresh.max(self.failed_at + wait.min(longest)))
    }

    /// Whether a request is on its way.
    #[must_use]
    pub const fn in_flight(&self) -> bool {
        self.asked.is_some()
    }

    /// The session's clock begins here: what was asked for before is asked now.
    pub fn start(&mut self, now: Timestamp) {
        if let Some(asked) = &mut self.asked {
            *asked = now;
        }
    }

    /// Gives up a request that was not answered within [`ANSWER_WITHIN`];
    /// whether that is to be told. Its answer is welcome all the same.
    pub fn give_up(&mut self, now: Timestamp) -> bool {
        let hung = self.asked.is_some_and(|at| now >= at + ANSWER_WITHIN);
        hung && self.fail(now)
    }

    /// Takes an answer; whether it is a failure that is to be told.
    pub fn accept(&mut self, answer: Result<Credentials, Error>, now: Timestamp) -> bool {
        match answer {
            Ok(credentials) => {
                self.asked = None;
                self.failures = 0;
                self.generation += 1;
                self.received = Some(now);
                self.held = Some(Held {
                    credentials,
                    received: now,
                    doubted: false,
                });
                false
            }
            // What is held stays of use until its end. A failure that nobody
            // waits for is that of a request that was given up: told already.
            Err(_) => self.in_flight() && self.fail(now),
        }
    }

    /// Every failure counts; the first, second, fourth, eighth … are told.
    fn fail(&mut self, now: Timestamp) -> bool {
        self.asked = None;
        self.failures = self.failures.saturating_add(1);
        self.failed_at = now;
        self.failures.is_power_of_two()
    }

    /// A service has refused these credentials, or something that came with
    /// them: others are asked for. Until they come these are used, since a
    /// permission that is missing for one service is none of the others'.
    pub fn refuse(&mut self, refused: &Credentials) {
        if let Some(held) = &mut self.held
            && held.credentials == *refused
        {
            held.doubted = true;
        }
    }

    /// Drops these credentials, which have expired, as a service says, unless
    /// others have taken their place since.
    pub fn expire(&mut self, expired: &Credentials) {
        if self
            .held
            .as_ref()
            .is_some_and(|held| held.credentials == *expired)
        {
            self.held = None;
        }
    }
}
