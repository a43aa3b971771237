//! A question that a refused handshake leads to.
//!
//! A browser shows of a refused WebSocket only that it failed. What was wrong
//! with the signature (the time, the token) a signed request is told in words,
//! and its `date` says what time it is. `ListLanguages` costs nothing and is
//! answered by a service that is needed anyway.

use super::context::Context;
use crate::aws::credentials::Credentials;
use crate::aws::exception::{self, CommonException};
use crate::aws::http::ResponseHead;
use crate::aws::translate;
use crate::io::{Output, RequestId, ResponseInput};
use crate::time::{Duration, Moment, Timestamp};

/// An answer is waited for so long, and the next question comes no sooner.
const EVERY: Duration = Duration::from_secs(4);

/// The longest refusal that is read.
const MAX_BODY_BYTES: usize = 4 * 1024;

/// Asks at most one question at a time.
#[derive(Default)]
pub struct Probe {
    asked: Option<Asked>,
    not_before: Timestamp,
}

struct Asked {
    id: RequestId,
    credentials: Credentials,
    signed: Moment,
    head: Option<ResponseHead>,
    body: Vec<u8>,
}

impl Probe {
    /// A handshake was refused: asks why, unless that was asked just now.
    pub fn ask(&mut self, ctx: &mut Context<'_>) {
        if ctx.now < self.not_before {
            return;
        }
        let Some((credentials, unix)) = ctx.credentials() else {
            return;
        };
        self.forget(ctx);
        let endpoint = &ctx.shared.endpoints.translate;
        let Ok(request) = translate::list_languages(endpoint, &credentials, unix) else {
            return;
        };
        let id = ctx.request_id();
        ctx.output(Output::SendRequest { id, request });
        self.not_before = ctx.now + EVERY;
        self.asked = Some(Asked {
            id,
            credentials,
            signed: ctx.shared.moment(ctx.now),
            head: None,
            body: Vec::new(),
        });
    }

    /// When [`Self::advance`] wants to be called.
    #[must_use]
    pub fn due(&self) -> Option<Timestamp> {
        self.asked.as_ref().map(|_| self.not_before)
    }

    /// Gives up an answer that does not come.
    pub fn advance(&mut self, ctx: &mut Context<'_>) {
        if self.due().is_some_and(|at| ctx.now >= at) {
            self.forget(ctx);
        }
    }

    /// Takes the question back.
    pub fn forget(&mut self, ctx: &mut Context<'_>) {
        if let Some(Asked { id, .. }) = self.asked.take() {
            ctx.output(Output::CancelRequest { id });
        }
    }

    /// Whether this is its request.
    #[must_use]
    pub fn is(&self, request: RequestId) -> bool {
        self.asked.as_ref().is_some_and(|asked| asked.id == request)
    }

    /// Takes news of its request.
    pub fn handle_response(&mut self, ctx: &mut Context<'_>, input: ResponseInput<'_>) {
        let Some(asked) = &mut self.asked else {
            return;
        };
        match input {
            ResponseInput::Head(head) => {
                ctx.learn_clock(&head);
                asked.head = Some(head);
            }
            ResponseInput::Chunk(bytes) => {
                let room = MAX_BODY_BYTES.saturating_sub(asked.body.len());
                asked.body.extend(&bytes[..bytes.len().min(room)]);
            }
            ResponseInput::End => {
                if let Some(asked) = self.asked.take() {
                    asked.read(ctx);
                }
            }
            ResponseInput::Failed => self.asked = None,
        }
    }
}

impl Asked {
    /// What is wrong with the credentials, unless it was the time.
    fn read(self, ctx: &mut Context<'_>) {
        let Some(head) = self.head.filter(|head| !head.is_success()) else {
            return;
        };
        if let Some(time) = exception::service_time(&self.body) {
            ctx.shared.clock.learn(ctx.now, time);
        }
        if ctx.shared.clock.was_wrong(self.signed) {
            return;
        }
        let name = exception::name(&head, &self.body);
        let cache = &mut ctx.shared.credentials;
        match CommonException::from_name(name.as_deref(), head.status) {
            CommonException::ExpiredToken => cache.expire(&self.credentials),
            CommonException::InvalidSignature => cache.refuse(&self.credentials),
            _ => {}
        }
    }
}
