//! What is done when a stream is refused or breaks.

use super::{Context, Heard, State, Transcriber};
use crate::aws::retry::Backoff;
use crate::error::{Error, ErrorCode, Stage};
use crate::event::Cause;
use crate::time::Duration;

/// Failures in a row after which it is given up for [`PROBE`]. A browser does
/// not tell a refused handshake from a broken line.
const MOST_FAILURES: u32 = 4;

/// After so many refused handshakes new credentials are asked for.
const REFUSALS_BEFORE_RENEWAL: u32 = 2;

/// After giving up it is tried again so much later: the line may come back.
const PROBE: Duration = Duration::from_secs(30);

/// A stream that lived so long, or gave a result, was no failure.
const PROVEN: Duration = Duration::from_secs(10);

impl Transcriber {
    pub(super) const fn prove(&mut self) {
        self.proven = true;
        self.failures = 0;
    }

    /// The handshake was refused, or nothing came of it.
    pub(super) fn refused(&mut self, ctx: &mut Context<'_>) {
        self.refusals += 1;
        // A session that cannot be carried on is begun anew.
        self.session = None;
        if self.refusals == REFUSALS_BEFORE_RENEWAL
            && let Some(used) = self.used.take()
        {
            ctx.shared.credentials.refuse(&used);
        }
        let mut error = Error::new(
            ErrorCode::AccessDenied,
            Stage::Transcribe,
            "Amazon Transcribe cannot be reached, or refuses the credentials or the region",
        );
        error.retryable = true;
        self.failed(ctx, error, false);
    }

    /// The stream broke.
    pub(super) fn broke(&mut self, ctx: &mut Context<'_>, cause: Cause, error: Option<Error>) {
        if let State::Streaming { opened, .. } = self.state
            && ctx.now.since(opened) >= PROVEN
        {
            self.prove();
        }
        self.over(ctx.now, cause);
        let tell = error.is_some();
        let error = error.unwrap_or_else(|| {
            Error::new(
                ErrorCode::Network,
                Stage::Transcribe,
                "the connection to Amazon Transcribe broke",
            )
        });
        self.failed(ctx, error, tell);
    }

    fn failed(&mut self, ctx: &mut Context<'_>, error: Error, tell: bool) {
        self.failures += 1;
        if self.failures >= MOST_FAILURES {
            self.give_up(ctx, error);
            return;
        }
        if tell {
            self.heard.push_back(Heard::Error(error));
        }
        // The first time at once: most breaks are over as soon as they happen.
        let delay = if self.failures == 1 && self.refusals == 0 {
            Duration::ZERO
        } else {
            let half = Backoff::THROTTLED.base / 2;
            half + Backoff::THROTTLED.delay(self.failures, ctx.random())
        };
        self.state = State::Backoff {
            until: ctx.now + delay,
        };
    }

    pub(super) fn give_up(&mut self, ctx: &mut Context<'_>, error: Error) {
        self.failures = 0;
        self.state = State::Failed {
            probe: ctx.now + PROBE,
        };
        self.heard.push_back(Heard::Error(error));
    }
}
