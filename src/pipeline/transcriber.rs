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

use super::backlog::Backlog;
use super::context::Context;
use super::timer::Timer;
use crate::audio::framer::{Framer, samples};
use crate::aws::credentials::Credentials;
use crate::aws::transcribe::{self, ServerMessage, StreamRequest, TranscriptResult};
use crate::config::SpeakerConfig;
use crate::error::Error;
use crate::io::{Output, SocketId, SocketInput};
use crate::time::{Duration, Timestamp};
use course::Course;
use std::collections::VecDeque;

/// A handshake that takes longer has failed.
const CONNECT: Duration = Duration::from_secs(8);

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

/// Lost audio is told of in portions of at least this, not piece by piece.
const LOSS_PORTION: Duration = Duration::from_secs(1);

/// What the pipeline learns.
pub enum Heard {
    /// Results of the present stream.
    Results(Vec<TranscriptResult>),
    /// The stream is over: results that are open stay so.
    StreamOver,
    /// Audio was lost for want of a stream.
    Lost {
        /// From this position on.
        position: u64,
        /// So many samples.
        samples: u64,
    },
    /// Something failed.
    Error(Error),
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
            course: Course::new(0),
            next_send: Timestamp::ZERO,
            held_until: Timestamp::ZERO,
            proven: false,
            streamed: false,
            failures: 0,
            refusals: 0,
            used: None,
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
            State::Streaming { .. } => Status::Streaming,
            State::Failed { .. } => Status::Failed,
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
    pub fn reopen(&mut self, ctx: &mut Context<'_>, message: Duration) {
        self.framer = Framer::new(message);
        match self.state {
            State::Streaming { id, .. } | State::Connecting { id, .. } => {
                ctx.output(Output::CloseSocket { id });
            }
            State::Backoff { .. } | State::Failed { .. } => {}
            _ => return,
        }
        self.failures = 0;
        self.refusals = 0;
        self.over();
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

    /// Up to this second of the stream everything was committed.
    pub fn commit(&mut self, second: f64) {
        self.backlog.commit(self.position(second));
    }

    /// The position of that second of the present stream.
    #[must_use]
    pub fn position(&self, second: f64) -> u64 {
        self.course.position(second)
    }

    /// The timers that run. `open` is where the earliest open result begins, in
    /// seconds of the stream.
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
                (self.course, self.sent) = (Course::new(from), from);
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
                self.broke(ctx, None);
            }
            (State::Draining { id, .. }, SocketInput::Closed { .. }) if *id == socket => {
                self.over();
                self.drained();
            }
            _ => {}
        }
    }

    /// Does what is due. `open` is where the earliest open result begins, in
    /// seconds of the stream.
    pub fn advance(&mut self, ctx: &mut Context<'_>, config: &SpeakerConfig, open: Option<f64>) {
        match self.state {
            State::Connecting { id, due } if ctx.now >= due => {
                ctx.output(Output::CloseSocket { id });
                self.refused(ctx);
            }
            State::Draining { id, due } if ctx.now >= due => {
                ctx.output(Output::CloseSocket { id });
                self.over();
                self.drained();
            }
            State::Backoff { until } if ctx.now >= until => self.state = State::Authorizing,
            State::Failed { probe } if ctx.now >= probe => self.state = State::Authorizing,
            State::Streaming { opened, .. } if self.full(ctx.now, opened, open) => {
                self.reopen(ctx, config.message);
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
                self.course.sent(ctx.now, self.framer.message());
                self.next_send = ctx.now + self.framer.message() / CATCH_UP;
            }
            let open = open.map(|second| self.position(second));
            self.backlog.trim(self.sent, open);
        }
        self.tell_loss(LOSS_PORTION);
    }

    fn full(&self, now: Timestamp, opened: Timestamp, open: Option<f64>) -> bool {
        let age = now.since(opened);
        age >= ROLLOVER + LATEST_ROLLOVER
            || (age >= ROLLOVER && open.is_none() && !self.backlog.speaking())
    }

    fn connect(&mut self, ctx: &mut Context<'_>, config: &SpeakerConfig) {
        let Some((credentials, unix)) = ctx.credentials() else {
            return;
        };
        let session_id = ctx.random().uuid();
        let request = StreamRequest {
            language_code: &config.codes.transcribe,
            stability: config.stability,
            options: &config.transcribe,
            session_id: Some(&session_id),
            session_resume_window_min: None,
        };
        let endpoint = &ctx.shared.endpoints.transcribe;
        match transcribe::presigned_url(endpoint, &request, &credentials, unix) {
            Ok(url) => {
                let id = ctx.socket_id();
                self.used = Some(credentials);
                self.state = State::Connecting {
                    id,
                    due: ctx.now + CONNECT,
                };
                ctx.output(Output::OpenSocket { id, url });
            }
            Err(error) => self.give_up(ctx, error),
        }
    }

    fn message(&mut self, ctx: &mut Context<'_>, id: SocketId, audio: &[i16]) {
        if audio.is_empty() {
            return;
        }
        match transcribe::audio_message(audio) {
            Ok(bytes) => ctx.output(Output::SendMessage { id, bytes }),
            Err(error) => self.heard.push_back(Heard::Error(error)),
        }
    }

    fn read(&mut self, ctx: &mut Context<'_>, bytes: &[u8]) {
        match transcribe::decode(bytes) {
            Ok(ServerMessage::Transcript(event)) => {
                if !event.results.is_empty() {
                    self.prove();
                }
                self.heard.push_back(Heard::Results(event.results));
            }
            Ok(ServerMessage::Unknown) => {}
            Ok(ServerMessage::Exception(exception)) => {
                if let State::Streaming { id, .. } | State::Draining { id, .. } = self.state {
                    ctx.output(Output::CloseSocket { id });
                }
                if matches!(self.state, State::Draining { .. }) {
                    self.over();
                    self.drained();
                } else {
                    self.broke(ctx, Some(exception.into()));
                }
            }
            // One message that cannot be read is no reason to lose the stream.
            Err(error) => self.heard.push_back(Heard::Error(error)),
        }
    }

    /// Where the new stream begins. A long wait full of silence is not made up
    /// for: it would only hold up what is said now.
    fn begin_at(&self) -> u64 {
        if !self.streamed {
            return self.backlog.begin_from();
        }
        let from = self.backlog.replay_from(self.sent);
        if self.backlog.end() - from > samples(LONGEST_SILENCE) {
            from.max(self.backlog.replay_from(self.backlog.end()))
        } else {
            from
        }
    }

    /// The stream is over: the next one begins with what is not committed.
    fn over(&mut self) {
        self.sent = self.backlog.replay_from(self.sent);
        self.heard.push_back(Heard::StreamOver);
    }

    fn off(&mut self) {
        self.backlog.clear();
        self.sent = self.backlog.end();
        self.state = State::Idle;
    }

    fn drained(&mut self) {
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
