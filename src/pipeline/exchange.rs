//! One request to Translate or Polly, tried again where that may help, until
//! its deadline.

use super::context::Context;
use crate::aws::credentials::Credentials;
use crate::aws::exception;
use crate::aws::http::{HttpRequest, ResponseHead};
use crate::aws::retry::{Backoff, Retry};
use crate::error::{Error, ErrorCode, Stage};
use crate::io::{Output, RequestId};
use crate::language::Engine;
use crate::time::{Duration, Moment, Timestamp, UnixTime};

/// A translation that is not here so long after it was wanted has failed, and
/// speech of which nothing is here has. What comes later is too late to be said
/// in its turn, and everything behind it waits. The services answer in a
/// fraction of a second; this bridges an outage of 5 s and a burst of refusals
/// of 3 s with some to spare.
pub const DEADLINE: Duration = Duration::from_secs(8);

/// Nothing heard for so long: the attempt has failed. Two more fit before the
/// deadline.
const QUIET: Duration = Duration::from_secs(3);

/// The deadline is the limit; this one is for a service that refuses at once.
const MOST_ATTEMPTS: u32 = 12;

/// The longest wait between two attempts is anything up to this.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// A request through its attempts.
#[derive(Debug)]
pub struct Exchange {
    stage: Stage,
    /// Whose rate it keeps to.
    engine: Option<Engine>,
    deadline: Timestamp,
    attempts: u32,
    renewed: bool,
    /// The identity of the latest attempt, and the time it was signed for.
    signed: Option<(Credentials, Moment)>,
    /// Only credentials that came after these will do.
    refused: Option<u64>,
    /// Why the latest attempt failed.
    last: Option<Error>,
    waits: Wait,
}

#[derive(Debug)]
enum Wait {
    /// For credentials.
    Credentials,
    /// For its place among the requests of a second.
    Place(Timestamp),
    /// For the next attempt.
    Retry(Timestamp),
    /// For the answer or its next piece.
    Answer {
        id: RequestId,
        due: Timestamp,
        head: Option<ResponseHead>,
    },
}

impl Exchange {
    /// A request that is still to be sent. `engine` is the one whose rate it
    /// keeps to, of Polly's.
    #[must_use]
    pub fn new(stage: Stage, engine: Option<Engine>, now: Timestamp) -> Self {
        Self {
            stage,
            engine,
            deadline: now + DEADLINE,
            attempts: 0,
            renewed: false,
            signed: None,
            refused: None,
            last: None,
            waits: Wait::Credentials,
        }
    }

    /// Whether this is the request on its way.
    #[must_use]
    pub fn is(&self, request: RequestId) -> bool {
        matches!(self.waits, Wait::Answer { id, .. } if id == request)
    }

    /// When [`Self::advance`] wants to be called.
    #[must_use]
    pub fn due(&self) -> Timestamp {
        let due = match self.waits {
            Wait::Credentials => self.deadline,
            Wait::Place(at) | Wait::Retry(at) => at,
            Wait::Answer { due, .. } => due,
        };
        due.min(self.deadline)
    }

    /// What was heard is so long: that much later is soon enough for the rest.
    pub fn allow(&mut self, time: Duration) {
        self.deadline = self.deadline + time;
    }

    /// Sends what can be sent, and gives up what took too long.
    ///
    /// # Errors
    /// Why it has failed for good.
    pub fn advance(
        &mut self,
        ctx: &mut Context<'_>,
        make: impl FnOnce(&mut Context<'_>, &Credentials, UnixTime) -> Result<HttpRequest, Error>,
    ) -> Result<(), Error> {
        if ctx.now >= self.deadline {
            let late = self.late(ctx);
            self.cancel(ctx);
            return Err(late);
        }
        match self.waits {
            Wait::Answer { due, .. } if ctx.now >= due => {
                let late = self.late(ctx);
                self.cancel(ctx);
                return self.fail(ctx, late);
            }
            Wait::Answer { .. } => return Ok(()),
            Wait::Retry(at) | Wait::Place(at) if ctx.now < at => return Ok(()),
            _ => {}
        }
        let generation = ctx.shared.credentials.generation();
        let Some((credentials, unix)) = ctx
            .credentials()
            .filter(|_| self.refused != Some(generation))
        else {
            self.give_place_back(ctx);
            self.waits = Wait::Credentials;
            return Ok(());
        };
        if let Some(engine) = self.engine
            && !matches!(self.waits, Wait::Place(_))
        {
            let at = ctx.shared.rates.reserve(engine, ctx.now);
            if at > ctx.now {
                self.waits = Wait::Place(at);
                return Ok(());
            }
        }
        let request = make(ctx, &credentials, unix)?;
        let id = ctx.request_id();
        self.attempts += 1;
        self.signed = Some((credentials, ctx.shared.moment(ctx.now)));
        self.waits = Wait::Answer {
            id,
            due: ctx.now + QUIET,
            head: None,
        };
        ctx.output(Output::SendRequest { id, request });
        Ok(())
    }

    /// Takes status and headers.
    pub fn head(&mut self, ctx: &mut Context<'_>, answer: ResponseHead) {
        ctx.learn_clock(&answer);
        if let Wait::Answer { due, head, .. } = &mut self.waits {
            *due = ctx.now + QUIET;
            *head = Some(answer);
        }
    }

    /// Status and headers, once they are here.
    #[must_use]
    pub const fn answered(&self) -> Option<&ResponseHead> {
        match &self.waits {
            Wait::Answer { head, .. } => head.as_ref(),
            _ => None,
        }
    }

    /// Something more was heard.
    pub fn heard(&mut self, now: Timestamp) {
        if let Wait::Answer { due, .. } = &mut self.waits {
            *due = now + QUIET;
        }
    }

    /// The answer has ended: there is nothing left to take back. Learns the
    /// time from the body of a refusal.
    pub fn over(&mut self, ctx: &mut Context<'_>, body: &[u8]) {
        let refused = self.answered().is_some_and(|head| !head.is_success());
        if let Some(time) = exception::service_time(body).filter(|_| refused) {
            ctx.shared.clock.learn(ctx.now, time);
        }
        self.waits = Wait::Credentials;
    }

    /// The attempt failed: arranges the next one.
    ///
    /// # Errors
    /// The same error, if there is to be none.
    pub fn fail(&mut self, ctx: &mut Context<'_>, error: Error) -> Result<(), Error> {
        let of_identity = error.code == ErrorCode::AccessDenied;
        let wait = match Retry::of(&error) {
            Retry::Transient => Backoff::TRANSIENT,
            Retry::Throttled => {
                if self.engine.is_some() {
                    ctx.shared.rates.slow_down(ctx.now);
                }
                Backoff::THROTTLED
            }
            Retry::Never if !of_identity => return Err(error),
            Retry::Never | Retry::NewCredentials => return self.renew(ctx, error),
        };
        let wait = Backoff {
            cap: LONGEST_WAIT,
            ..wait
        };
        let at = ctx.now + wait.delay(self.attempts, ctx.random());
        self.again(at, error)
    }

    fn again(&mut self, at: Timestamp, error: Error) -> Result<(), Error> {
        if self.attempts >= MOST_ATTEMPTS || at >= self.deadline {
            return Err(error);
        }
        self.last = Some(error);
        self.waits = Wait::Retry(at);
        Ok(())
    }

    /// The identity was refused: because of the time that it was signed for,
    /// or because it is an old one. New ones are waited for once.
    fn renew(&mut self, ctx: &mut Context<'_>, error: Error) -> Result<(), Error> {
        let Some((credentials, moment)) = self.signed.take() else {
            return Err(error);
        };
        if ctx.shared.clock.was_wrong(moment) {
            return self.again(ctx.now, error);
        }
        let cache = &mut ctx.shared.credentials;
        // Others may have come while this was under way.
        let held = cache.get(moment) == Some(&credentials);
        self.refused = held.then(|| cache.generation());
        if error.code == ErrorCode::ExpiredCredentials {
            cache.expire(&credentials);
        } else if !self.renewed {
            cache.refuse(&credentials);
        }
        if std::mem::replace(&mut self.renewed, true) {
            return Err(error);
        }
        self.again(ctx.now, error)
    }

    /// Takes the request back, if it is on its way.
    pub fn cancel(&mut self, ctx: &mut Context<'_>) {
        self.give_place_back(ctx);
        if let Wait::Answer { id, .. } = self.waits {
            ctx.output(Output::CancelRequest { id });
        }
        self.waits = Wait::Credentials;
    }

    fn give_place_back(&self, ctx: &mut Context<'_>) {
        if let (Some(engine), Wait::Place(at)) = (self.engine, &self.waits) {
            ctx.shared.rates.release(engine, *at);
        }
    }

    /// Why nothing came of it in time.
    fn late(&mut self, ctx: &Context<'_>) -> Error {
        let answers = matches!(self.waits, Wait::Answer { .. });
        if let Some(last) = self.last.take().filter(|_| !answers) {
            return last;
        }
        let now = ctx.shared.moment(ctx.now);
        let (code, stage, message) = match self.waits {
            Wait::Place(_) => (
                ErrorCode::Throttled,
                self.stage,
                "there were too many requests for this one to be sent in time",
            ),
            Wait::Credentials if ctx.shared.credentials.get(now).is_none() => (
                ErrorCode::CredentialsUnavailable,
                Stage::Credentials,
                "no credentials came in time",
            ),
            // Its own request, or those before it.
            _ => (
                ErrorCode::Network,
                self.stage,
                "the service did not answer in time",
            ),
        };
        Error::new(code, stage, message)
    }
}

/// The error for a request that broke off.
#[must_use]
pub fn broken(stage: Stage) -> Error {
    Error::new(
        ErrorCode::Network,
        stage,
        "the service could not be reached, or its answer broke off",
    )
}
