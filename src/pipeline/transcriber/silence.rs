//! A stream that stays open and says nothing: told from a pause by our own voice
//! activity.

use super::{Context, Heard, State, Transcriber};
use crate::audio::framer::samples;
use crate::error::{Error, ErrorCode, Stage};
use crate::event::Cause;
use crate::time::{Duration, Timestamp};

/// So much speech without any result is not heard. Results come within a second
/// of a word.
const UNANSWERED: Duration = Duration::from_millis(2_000);

/// After each stream that said nothing the next one is given twice as long, up
/// to this: what sounds like speech to us may be music.
const MOST_UNANSWERED: Duration = Duration::from_secs(40);

/// What is sent may be answered so much later.
const LATENCY: Duration = Duration::from_millis(600);

/// A result that is open is final so long after its last word at the latest.
const UNFINISHED: Duration = Duration::from_secs(4);

/// From so many streams in a row that said nothing on, the service is taken for
/// one that does not hear.
const DEAF_AFTER: u32 = 2;

/// What a stream has said nothing to.
#[derive(Debug, Default)]
pub struct Deafness {
    /// Up to this position it has answered.
    answered: u64,
    /// When it last did.
    at: Timestamp,
    /// Streams in a row that said nothing.
    streams: u32,
    /// Up to this position it was given up to be answered.
    given_up: u64,
}

impl Deafness {
    /// A stream begins with this position.
    pub const fn opened(&mut self, from: u64, now: Timestamp) {
        (self.answered, self.at) = (from, now);
    }

    /// Whether nothing is heard at all.
    pub const fn is_deaf(&self) -> bool {
        self.streams >= DEAF_AFTER
    }

    fn patience(&self) -> Duration {
        (UNANSWERED * (1 << self.streams.min(8))).min(MOST_UNANSWERED)
    }
}

impl Transcriber {
    /// Up to this position everything should have been answered.
    fn worked_on(&self, now: Timestamp) -> u64 {
        self.course.worked_on(now, self.sent, LATENCY)
    }

    /// The service has said something, be it that it hears nothing.
    pub(super) fn is_alive(&mut self, now: Timestamp) {
        let answered = self.deaf.answered.max(self.worked_on(now));
        (self.deaf.answered, self.deaf.at, self.deaf.streams) = (answered, now, 0);
    }

    /// Whether the stream has gone silent. `open` is where the earliest open
    /// result begins.
    pub(super) fn is_silent(&mut self, now: Timestamp, open: Option<f64>) -> bool {
        let done = self.worked_on(now);
        let mut speech = self.backlog.speech(self.deaf.answered, done);
        if speech >= samples(self.deaf.patience())
            && !self.backlog.is_lively(self.deaf.answered, done)
        {
            // A hum, a tone, a fan: nothing that would be answered.
            self.deaf.answered = done;
            speech = 0;
        }
        let unfinished = open.is_some()
            && now.since(self.deaf.at) >= UNFINISHED
            && done >= self.deaf.answered + samples(UNFINISHED);
        unfinished || speech >= samples(self.deaf.patience())
    }

    /// Does without a stream that has gone silent.
    pub(super) fn fell_silent(&mut self, ctx: &mut Context<'_>) {
        let error = Error::new(
            ErrorCode::ServiceUnavailable,
            Stage::Transcribe,
            "Amazon Transcribe has stopped answering to what sounds like speech",
        );
        self.heard.push_back(Heard::Error(error));
        self.deaf.streams = self.deaf.streams.saturating_add(1);
        if self.deaf.is_deaf() {
            // Two streams have said nothing to it: it is taken for no speech.
            let position = self.backlog.unfinished().unwrap_or(self.sent);
            let position = position.max(self.deaf.given_up);
            self.deaf.given_up = self.sent;
            if let Some(samples) = self.sent.checked_sub(position).filter(|count| *count > 0) {
                self.heard
                    .push_back(Heard::Unanswered { position, samples });
            }
            self.backlog.finish(self.sent);
        }
        self.over(ctx.now, Cause::Silent);
        // A service that opens streams is there: it is not given up.
        self.state = State::Authorizing;
    }
}
