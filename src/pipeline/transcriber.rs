//! One speaker's stream to Amazon Transcribe, and the next one when it breaks.
//!
//! ```text
//! Idle ─► Authorizing ─► Connecting ─► Streaming ─► Draining ─► Idle / Closed
//!              ▲             │             │
//!              └── Backoff ◄─┴─────────────┘ ─► Failed (tried again later)
//! ```

mod catch_up;
mod course;
mod failure;
mod silence;
mod wire;

use super::backlog::Backlog;
use super::context::Context;
use super::timer::Timer;
use crate::audio::framer::{Framer, duration, samples};
use crate::aws::credentials::Credentials;
use crate::aws::transcribe::{self, TranscriptResult};
use crate::config::SpeakerConfig;
use crate::error::Error;
use crate::event::Cause;
use crate::io::{Output, SocketId, SocketInput};
use crate::time::{Duration, Timestamp};
use course::{Course, WORTH_CARRYING};
use silence::Deafness;
use std::collections::VecDeque;

/// A handshake that takes longer has failed: the signature is made and the line
/// is three round trips, a second where it is bad.
const CONNECT: Duration = Duration::from_secs(5);

/// How long finals are waited for after the end of the audio.
const DRAIN: Duration = Duration::from_secs(2);

/// A backlog is sent at this multiple of real time.
const CATCH_UP: u32 = 4;

/// A stream may last about 4 h. From here on it is replaced in a pause, and
/// [`LATEST_ROLLOVER`] later in any case.
const ROLLOVER: Duration = Duration::from_secs(3 * 3600 + 45 * 60);
const LATEST_ROLLOVER: Duration = Duration::from_secs(10 * 60);

/// A backlog longer than this begins with its first speech.
const LONGEST_SILENCE: Duration = Duration::from_secs(3);

/// How long a session can be carried on from its start: the most that the
/// service allows, and longer than a stream is used.
const RESUME_MINUTES: u16 = 300;

/// Lost audio is told of in portions of at least this, not piece by piece.
const LOSS_PORTION: Duration = Duration::from_secs(1);

/// What the pipeline learns.
pub enum Heard {
    /// Results of the present stream.
    Results(Vec<TranscriptResult>),
    /// The stream is over: results that are open stay so.
    StreamOver,
    /// Another stream goes on in its place, from this position.
    Resumed(Break, u64),
    /// Audio was lost for want of a stream.
    Lost {
        /// From this position on.
        position: u64,
        /// So many samples.
        samples: u64,
    },
    /// Audio was sent that nothing was answered to, and is not sent again.
    Unanswered {
        /// From this position on.
        position: u64,
        /// So many samples.
        samples: u64,
    },
    /// Something failed.
    Error(Error),
}

/// How a stream ended.
#[derive(Clone, Copy, Debug)]
pub struct Break {
    /// What ended it.
    pub cause: Cause,
    /// When that was found out.
    pub detected: Timestamp,
    /// So much had been captured then.
    pub position: u64,
    /// Handshakes since, the successful one included.
    pub attempts: u32,
}

/// How the stream is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Switched off, or closed for good.
    Off,
    /// There was no stream yet.
    Connecting,
    /// All is well.
    Streaming,
    /// There was a stream and there will be one.
    Reconnecting,
    /// Given up, for now.
    Failed,
}

#[derive(Debug)]
enum State {
    Idle,
    Authorizing,
    Connecting { id: SocketId, due: Timestamp },
    Streaming { id: SocketId, opened: Timestamp },
    Draining { id: SocketId, due: Timestamp },
    Backoff { until: Timestamp },
    Failed { probe: Timestamp },
    Closed,
}

/// Sends one speaker's audio and reads what is heard in it.
pub struct Transcriber {
    state: State,
    /// The audio that is not done with.
    pub backlog: Backlog,
    framer: Framer,
    /// Where the next message begins.
    sent: u64,
    course: Course,
    next_send: Timestamp,
    /// Until when audio is held back.
    held_until: Timestamp,
    proven: bool,
    streamed: bool,
    failures: u32,
    refusals: u32,
    used: Option<Credentials>,
    /// The session that the service may carry on, and what it was sent so far.
    session: Option<(String, u64)>,
    broken: Option<Break>,
    deaf: Deafness,
    lost: Option<(u64, u64)>,
    wanted: bool,
    heard: VecDeque<Heard>,
}

impl Transcriber {
    /// Switched off, for messages of that length.
    #[must_use]
    pub fn new(message: Duration) -> Self {
        Self {
            state: State::Idle,
            backlog: Backlog::default(),
            framer: Framer::new(message),
            sent: 0,
            course: Course::new(0, 0),
            next_send: Timestamp::ZERO,
            held_until: Timestamp::ZERO,
            proven: false,
            streamed: false,
            failures: 0,
            refusals: 0,
            used: None,
            session: None,
            broken: None,
            deaf: Deafness::default(),
            lost: None,
            wanted: false,
            heard: VecDeque::new(),
        }
    }

    /// How the stream is doing.
    #[must_use]
    pub const fn status(&self) -> Status {
        match self.state {
            State::Idle | State::Draining { .. } | State::Closed => Status::Off,
            State::Failed { .. } => Status::Failed,
            _ if self.deaf.is_deaf() => Status::Failed,
            State::Streaming { .. } => Status::Streaming,
            _ if self.streamed => Status::Reconnecting,
            _ => Status::Connecting,
        }
    }

    /// Whether nothing more will come, after [`Self::close`].
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    /// Whether audio is wanted.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.wanted
    }

    /// The next thing to know.
    pub fn poll(&mut self) -> Option<Heard> {
        self.heard.pop_front()
    }

    /// Switches on: opens a stream as soon as there are credentials.
    pub fn start(&mut self) {
        self.wanted = true;
        if matches!(self.state, State::Idle) {
            self.state = State::Authorizing;
            self.failures = 0;
            self.refusals = 0;
        }
    }

    /// Switches off: says that the audio has ended and reads what comes yet.
    pub fn stop(&mut self, ctx: &mut Context<'_>) {
        self.wanted = false;
        self.streamed = false;
        (self.session, self.broken, self.deaf) = (None, None, Deafness::default());
        match self.state {
            State::Streaming { id, .. } => {
                let rest = self.backlog.get(self.sent..self.backlog.end());
                // A backlog is not worth waiting for: the last message at most.
                if (rest.len() as u64) < self.framer.samples() {
                    self.message(ctx, id, &rest);
                }
                self.backlog.clear();
                self.sent = self.backlog.end();
                if let Ok(bytes) = transcribe::end_message() {
                    ctx.output(Output::SendMessage { id, bytes });
                }
                self.state = State::Draining {
                    id,
                    due: ctx.now + DRAIN,
                };
            }
            State::Connecting { id, .. } => {
                ctx.output(Output::CloseSocket { id });
                self.off();
            }
            State::Draining { .. } | State::Closed => {}
            _ => self.off(),
        }
    }

    /// Ends for good.
    pub fn close(&mut self, ctx: &mut Context<'_>) {
        self.stop(ctx);
        if matches!(self.state, State::Idle) {
            self.state = State::Closed;
        }
    }

    /// Replaces the stream, for other settings or a full clock.
    pub fn reopen(&mut self, ctx: &mut Context<'_>, message: Duration, cause: Cause) {
        self.framer = Framer::new(message);
        self.session = None;
        match self.state {
            State::Streaming { id, .. } | State::Connecting { id, .. } => {
                ctx.output(Output::CloseSocket { id });
            }
            State::Backoff { .. } | State::Failed { .. } => {}
            _ => return,
        }
        self.failures = 0;
        self.refusals = 0;
        self.over(ctx.now, cause);
        self.state = State::Authorizing;
    }

    /// Takes captured samples.
    pub fn push(&mut self, samples: &[f32]) {
        self.backlog.extend(samples);
        let start = self.backlog.start();
        if start > self.sent {
            let (_, count) = self.lost.get_or_insert((self.sent, 0));
            *count += start - self.sent;
            self.course.leave_out(self.sent, start);
            self.sent = start;
        }
    }

    /// The position of that second of the present stream.
    #[must_use]
    pub fn position(&self, second: f64) -> u64 {
        self.course.position(second)
    }

    /// The timers that run.
    pub fn timers(&self) -> impl Iterator<Item = (Timer, Timestamp)> {
        let state = match self.state {
            State::Connecting { due, .. } => Some((Timer::Connect, due)),
            State::Draining { due, .. } => Some((Timer::Drain, due)),
            State::Backoff { until } => Some((Timer::Reconnect, until)),
            State::Failed { probe } => Some((Timer::Reconnect, probe)),
            _ => None,
        };
        let pace = match self.state {
            State::Streaming { .. } => self
                .framer
                .next(self.sent, self.backlog.end())
                .map(|_| (Timer::Pace, self.next_send.max(self.held_until))),
            _ => None,
        };
        let rollover = match self.state {
            State::Streaming { opened, .. } => {
                Some((Timer::Rollover, opened + ROLLOVER + LATEST_ROLLOVER))
            }
            _ => None,
        };
        [state, pace, rollover].into_iter().flatten()
    }

    /// Takes news of a socket; of one that is not its own, nothing.
    pub fn handle_socket(
        &mut self,
        ctx: &mut Context<'_>,
        socket: SocketId,
        input: &SocketInput<'_>,
    ) {
        match (&self.state, input) {
            (State::Connecting { id, .. }, SocketInput::Opened) if *id == socket => {
                let from = self.begin_at();
                let carried = self.session.as_ref().map_or(0, |(_, sent)| *sent);
                (self.course, self.sent) = (Course::new(from, carried), from);
                self.deaf.opened(from, ctx.now);
                if let Some(broken) = self.broken.take() {
                    self.heard.push_back(Heard::Resumed(broken, from));
                }
                (self.next_send, self.held_until) = (ctx.now, Timestamp::ZERO);
                self.proven = false;
                self.streamed = true;
                self.refusals = 0;
                self.state = State::Streaming {
                    id: socket,
                    opened: ctx.now,
                };
                self.tell_loss(Duration::ZERO);
            }
            (State::Connecting { id, .. }, SocketInput::Closed { .. }) if *id == socket => {
                self.refused(ctx);
            }
            (
                State::Streaming { id, .. } | State::Draining { id, .. },
                SocketInput::Message(bytes),
            ) if *id == socket => self.read(ctx, bytes),
            (State::Streaming { id, .. }, SocketInput::Closed { .. }) if *id == socket => {
                self.broke(ctx, Cause::Closed, None);
            }
            (State::Draining { id, .. }, SocketInput::Closed { .. }) if *id == socket => {
                self.drained();
            }
            _ => {}
        }
    }

    /// Does what is due. `open` is where the earliest open result begins, in
    /// seconds of the stream.
    pub fn advance(&mut self, ctx: &mut Context<'_>, config: &SpeakerConfig, open: Option<f64>) {
        if let State::Streaming { id, .. } = self.state
            && self.is_silent(ctx.now, open)
        {
            ctx.output(Output::CloseSocket { id });
            self.fell_silent(ctx);
        }
        match self.state {
            State::Connecting { id, due } if ctx.now >= due => {
                ctx.output(Output::CloseSocket { id });
                self.refused(ctx);
            }
            State::Draining { id, due } if ctx.now >= due => {
                ctx.output(Output::CloseSocket { id });
                self.drained();
            }
            State::Backoff { until } if ctx.now >= until => self.state = State::Authorizing,
            State::Failed { probe } if ctx.now >= probe => self.state = State::Authorizing,
            State::Streaming { opened, .. } if self.full(ctx.now, opened, open) => {
                self.reopen(ctx, config.message, Cause::Rollover);
            }
            _ => {}
        }
        if matches!(self.state, State::Authorizing) {
            self.connect(ctx, config);
        }
        if let State::Streaming { id, .. } = self.state {
            while ctx.now >= self.next_send
                && !self.holds_back(ctx.now)
                && let Some(next) = self.framer.next(self.sent, self.backlog.end())
            {
                let audio = self.backlog.get(next.clone());
                self.message(ctx, id, &audio);
                self.sent = next.end;
                let length = duration(next.end - next.start);
                self.course.sent(ctx.now, length);
                self.next_send = ctx.now + length / CATCH_UP;
            }
            self.backlog.trim(self.sent);
        }
        self.tell_loss(LOSS_PORTION);
    }

    fn full(&self, now: Timestamp, opened: Timestamp, open: Option<f64>) -> bool {
        let age = now.since(opened);
        age >= ROLLOVER + LATEST_ROLLOVER
            || (age >= ROLLOVER && open.is_none() && !self.backlog.speaking())
    }

    /// Where the new stream begins. A long wait full of silence is not made up
    /// for: it would only hold up what is said now.
    fn begin_at(&self) -> u64 {
        if !self.streamed {
            return self.backlog.begin_from();
        }
        let overlap = self.backlog.overlap_from();
        let from = overlap.map_or(self.sent, |from| from.min(self.sent));
        if self.backlog.end() - from > samples(LONGEST_SILENCE) {
            from.max(self.backlog.replay_from(self.backlog.end()))
        } else {
            from
        }
    }

    /// The stream is over: the next one begins with what is not committed.
    fn over(&mut self, now: Timestamp, cause: Cause) {
        let sent = self.course.samples(self.sent);
        if let (State::Streaming { .. }, Some((_, carried))) = (&self.state, &mut self.session) {
            *carried += sent;
        }
        // One that gave nothing may not be worth carrying on.
        let worth = |(_, carried): &mut (_, u64)| *carried >= WORTH_CARRYING;
        self.session = self.session.take_if(worth).filter(|_| self.proven);
        self.sent = self.backlog.replay_from(self.sent);
        if self.streamed {
            self.broken.get_or_insert(Break {
                cause,
                detected: now,
                position: self.backlog.end(),
                attempts: 0,
            });
        }
        self.heard.push_back(Heard::StreamOver);
    }

    fn off(&mut self) {
        self.backlog.clear();
        self.sent = self.backlog.end();
        self.state = State::Idle;
    }

    fn drained(&mut self) {
        self.heard.push_back(Heard::StreamOver);
        self.off();
        if self.wanted {
            self.start();
        }
    }

    fn tell_loss(&mut self, least: Duration) {
        if let Some((position, count)) = self.lost
            && count >= samples(least).max(1)
        {
            self.lost = None;
            self.heard.push_back(Heard::Lost {
                position,
                samples: count,
            });
        }
    }
}
