//! One request to Translate or Polly, tried again where that may help.

use super::context::Context;
use crate::aws::credentials::Credentials;
use crate::aws::http::{HttpRequest, ResponseHead};
use crate::aws::retry::{Backoff, Retry};
use crate::error::{Error, ErrorCode, Stage};
use crate::io::{Output, RequestId};
use crate::time::{Duration, Timestamp, UnixTime};

/// Attempts in all, as the SDKs' standard mode has it.
const MOST_ATTEMPTS: u32 = 3;

/// Nothing heard for so long: the attempt has failed.
const QUIET: Duration = Duration::from_secs(4);

/// No attempt begins later than this after the first: what comes then is too
/// late to be said in its turn, and everything behind it waits.
const PATIENCE: Duration = Duration::from_secs(8);

/// A request through its attempts.
#[derive(Debug)]
pub struct Exchange {
    stage: Stage,
    began: Timestamp,
    attempts: u32,
    renewed: bool,
    credentials: Option<Credentials>,
    waits: Wait,
}

#[derive(Debug)]
enum Wait {
    /// For credentials.
    Credentials,
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
    /// A request that is still to be sent.
    #[must_use]
    pub const fn new(stage: Stage, now: Timestamp) -> Self {
        Self {
            stage,
            began: now,
            attempts: 0,
            renewed: false,
            credentials: None,
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
        match self.waits {
            Wait::Credentials => self.began + PATIENCE,
            Wait::Retry(at) => at,
            Wait::Answer { due, .. } => due,
        }
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
        match self.waits {
            Wait::Answer { due, .. } if ctx.now >= due => {
                self.cancel(ctx);
                let late = Error::new(
                    ErrorCode::Network,
                    self.stage,
                    "the service did not answer in time",
                );
                return self.fail(ctx, late);
            }
            Wait::Retry(at) if ctx.now < at => return Ok(()),
            Wait::Answer { .. } => return Ok(()),
            Wait::Retry(_) | Wait::Credentials => {}
        }
        let Some((credentials, unix)) = ctx.credentials() else {
            if ctx.now >= self.began + PATIENCE {
                return Err(Error::new(
                    ErrorCode::CredentialsUnavailable,
                    Stage::Credentials,
                    "no credentials came in time",
                ));
            }
            self.waits = Wait::Credentials;
            return Ok(());
        };
        let request = make(ctx, &credentials, unix)?;
        let id = ctx.request_id();
        self.attempts += 1;
        self.credentials = Some(credentials);
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

    /// The answer has ended: there is nothing left to take back.
    pub fn over(&mut self) {
        self.waits = Wait::Credentials;
    }

    /// The attempt failed: arranges the next one.
    ///
    /// # Errors
    /// The same error, if there is to be none.
    pub fn fail(&mut self, ctx: &mut Context<'_>, error: Error) -> Result<(), Error> {
        let backoff = match Retry::of(&error) {
            Retry::Transient => Backoff::TRANSIENT,
            Retry::Throttled => Backoff::THROTTLED,
            // A refusal may be that of credentials that were revoked: once.
            Retry::NewCredentials => return self.renew(ctx, error),
            Retry::Never if error.code == ErrorCode::AccessDenied => return self.renew(ctx, error),
            Retry::Never => return Err(error),
        };
        let at = ctx.now + backoff.delay(self.attempts, ctx.random());
        if self.attempts >= MOST_ATTEMPTS || at > self.began + PATIENCE {
            return Err(error);
        }
        self.waits = Wait::Retry(at);
        Ok(())
    }

    fn renew(&mut self, ctx: &mut Context<'_>, error: Error) -> Result<(), Error> {
        if std::mem::replace(&mut self.renewed, true) {
            return Err(error);
        }
        if let Some(credentials) = self.credentials.take() {
            ctx.shared.credentials.refuse(&credentials);
        }
        self.waits = Wait::Credentials;
        Ok(())
    }

    /// Takes the request back, if it is on its way.
    pub fn cancel(&mut self, ctx: &mut Context<'_>) {
        if let Wait::Answer { id, .. } = self.waits {
            ctx.output(Output::CancelRequest { id });
            self.waits = Wait::Credentials;
        }
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
