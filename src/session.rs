//! The sans-IO session: two pipelines, one credentials cache.
//!
//! The driver gives inputs with the time they came, drains
//! [`Session::poll_output`] after each, and calls [`Session::handle_timeout`]
//! when [`Session::poll_timeout`] is due. A spurious timeout does nothing.

use crate::config::SessionConfig;
use crate::error::Error;
use crate::event::{Event, Level, State, UtteranceId};
pub use crate::io::{Input, Output, PlayedInput, RequestId, ResponseInput, SocketId, SocketInput};
use crate::pipeline::Pipeline;
use crate::pipeline::capture::Piece;
use crate::pipeline::context::Shared;
use crate::pipeline::probe::Probe;
use crate::pipeline::rate::Rates;
use crate::pipeline::timer::{Timer, earliest};
use crate::pipeline::transcriber::Status;
use crate::speaker::{PerSpeaker, Speaker};
use crate::time::Timestamp;

/// How much a session holds, to see that it does not grow. Of the pipeline
/// that holds more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Samples that may have to be sent (again): at most 60 s of them.
    pub backlog_samples: usize,
    /// Utterances under way: at most 64.
    pub utterances: usize,
    /// Points at which audio and the clock are tied together.
    pub anchors: usize,
    /// Outputs that were not fetched.
    pub outputs: usize,
}

/// Two pipelines and what they share.
pub struct Session {
    pipelines: PerSpeaker<Pipeline>,
    shared: Shared,
    probe: Probe,
    state: State,
    levels: PerSpeaker<Level>,
    stopping: bool,
    /// The time of the latest input, to say when credentials are due.
    now: Timestamp,
}

impl Session {
    /// A session with a validated configuration. `seed` feeds jitter and
    /// session ids. The first output asks for credentials.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidOption`](crate::error::ErrorCode::InvalidOption) if
    /// the playout rate is not within 8 to 192 kHz.
    pub fn new(config: SessionConfig, seed: u64) -> Result<Self, Error> {
        let SessionConfig {
            endpoints,
            speakers,
            playout_rate_hz,
            polly_requests_per_second,
        } = config;
        let rates = Rates::new(polly_requests_per_second);
        let mut shared = Shared::new(endpoints, rates, seed);
        shared.ask_for_credentials(Timestamp::ZERO, Speaker::Agent);
        Ok(Self {
            pipelines: PerSpeaker {
                agent: Pipeline::new(speakers.agent, playout_rate_hz)?,
                customer: Pipeline::new(speakers.customer, playout_rate_hz)?,
            },
            shared,
            probe: Probe::default(),
            state: State::Connecting,
            levels: PerSpeaker::default(),
            stopping: false,
            now: Timestamp::ZERO,
        })
    }

    /// Goes on for a session whose latest utterance was this one: no id comes
    /// twice. To be called before anything else.
    pub const fn go_on_after(&mut self, last: UtteranceId) {
        self.shared.go_on_after(last);
    }

    /// The state that was last announced.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// What the other one gets of a speaker's words, as was announced. Below
    /// [`Level::Speech`] the listener needs the original.
    #[must_use]
    pub fn level(&self, speaker: Speaker) -> Level {
        self.levels[speaker]
    }

    /// How much it holds.
    #[must_use]
    pub fn sizes(&self) -> Sizes {
        let PerSpeaker { agent, customer } = &self.pipelines;
        let (a, b) = (agent.sizes(), customer.sizes());
        Sizes {
            backlog_samples: a.0.max(b.0),
            utterances: a.1.max(b.1),
            anchors: a.2.max(b.2),
            outputs: self.shared.waiting(),
        }
    }

    /// Takes one input, for the pipeline of that speaker, at the time `now`.
    pub fn handle_input(&mut self, now: Timestamp, speaker: Speaker, input: Input<'_>) {
        self.begin(now);
        let pipeline = &mut self.pipelines[speaker];
        let mut ctx = self.shared.context(now, speaker);
        match input {
            Input::Audio {
                rate_hz,
                first_frame,
                samples,
            } => {
                let piece = Piece {
                    rate_hz,
                    first_frame,
                    samples,
                };
                pipeline.audio(&mut ctx, piece);
            }
            Input::Socket(id, input) => {
                let opening =
                    matches!(pipeline.status(), Status::Connecting | Status::Reconnecting);
                if opening && matches!(input, SocketInput::Closed { .. }) {
                    self.probe.ask(&mut ctx);
                }
                pipeline.socket(&mut ctx, id, &input);
            }
            Input::Response(id, input) if self.probe.is(id) => {
                self.probe.handle_response(&mut ctx, input);
                self.both(now, Pipeline::advance);
            }
            Input::Response(id, input) => pipeline.response(&mut ctx, id, input),
            Input::Clock(unix) => self.shared.clock.set(now, unix),
            Input::Played(id, input) => pipeline.played(&mut ctx, id, input),
            Input::Mute { muted, from_frame } => pipeline.mute(&mut ctx, muted, from_frame),
            Input::Enable(enabled) => pipeline.enable(&mut ctx, enabled),
            Input::Configure(config) => pipeline.configure(&mut ctx, *config),
            Input::Say { text, translate } => pipeline.say(&mut ctx, text, translate),
            Input::Hold { held, from_frame } => {
                self.both(now, |pipeline, ctx| pipeline.hold(ctx, held, from_frame));
            }
            Input::Stop => self.stop(now),
            Input::Credentials(answer, unix) => {
                self.shared.clock.set(now, unix);
                let error = answer.as_ref().err().cloned();
                if self.shared.credentials.accept(answer, now)
                    && let Some(error) = error
                {
                    let mut ctx = self.shared.context(now, speaker);
                    ctx.event(Event::Error { error });
                }
                self.both(now, Pipeline::advance);
            }
        }
        self.settle(now, speaker);
    }

    /// The next thing to do, in order; `None` when there is nothing.
    pub fn poll_output(&mut self) -> Option<(Speaker, Output)> {
        self.shared.pop()
    }

    /// When [`Self::handle_timeout`] wants to be called next.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        self.next_timer().map(|(_, at)| at)
    }

    /// The earliest timer, with its reason.
    #[must_use]
    pub fn next_timer(&self) -> Option<(Timer, Timestamp)> {
        let PerSpeaker { agent, customer } = &self.pipelines;
        let now = self.shared.moment(self.now);
        let credentials = (!self.stopping)
            .then(|| self.shared.credentials.due(now))
            .flatten()
            .map(|at| (Timer::Credentials, at));
        let probe = self.probe.due().map(|at| (Timer::Probe, at));
        let timers = agent.timers().chain(customer.timers());
        earliest(timers.chain(credentials).chain(probe))
    }

    /// Lets the timers that are due fire.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        self.begin(now);
        if !self.stopping {
            self.shared.ask_for_credentials(now, Speaker::Agent);
        }
        let mut ctx = self.shared.context(now, Speaker::Agent);
        self.probe.advance(&mut ctx);
        self.both(now, Pipeline::advance);
        self.settle(now, Speaker::Agent);
    }

    /// The first time that is told is when the session begins: the clock's
    /// origin is long past in a worker that had other sessions.
    fn begin(&mut self, now: Timestamp) {
        if self.now == Timestamp::ZERO {
            self.shared.credentials.start(now);
        }
        self.now = now;
    }

    fn stop(&mut self, now: Timestamp) {
        if !std::mem::replace(&mut self.stopping, true) {
            let mut ctx = self.shared.context(now, Speaker::Agent);
            self.probe.forget(&mut ctx);
            self.both(now, Pipeline::stop);
        }
    }

    fn both(
        &mut self,
        now: Timestamp,
        mut act: impl FnMut(&mut Pipeline, &mut crate::pipeline::context::Context<'_>),
    ) {
        for speaker in Speaker::BOTH {
            let mut ctx = self.shared.context(now, speaker);
            act(&mut self.pipelines[speaker], &mut ctx);
        }
    }

    /// Announces levels and the state, where they are others.
    fn settle(&mut self, now: Timestamp, speaker: Speaker) {
        for speaker in Speaker::BOTH {
            let pipeline = &self.pipelines[speaker];
            let level = pipeline.level();
            let previous = std::mem::replace(&mut self.levels[speaker], level);
            if level != previous {
                let error = pipeline.fault().map(|error| error.clone().of(speaker));
                self.shared.context(now, speaker).event(Event::LevelChange {
                    speaker,
                    level,
                    previous,
                    error,
                });
            }
        }
        let state = self.reckon();
        if state != self.state {
            self.state = state;
            let mut ctx = self.shared.context(now, speaker);
            ctx.event(Event::StateChange { state });
        }
    }

    fn reckon(&self) -> State {
        let pipelines = [&self.pipelines.agent, &self.pipelines.customer];
        if self.stopping {
            let closed = pipelines.iter().all(|pipeline| pipeline.is_closed());
            return if closed { State::Stopped } else { self.state };
        }
        let any = |status| pipelines.iter().any(|p| p.status() == status);
        if any(Status::Failed) || pipelines.iter().any(|p| p.fault().is_some()) {
            State::Degraded
        } else if any(Status::Reconnecting) {
            State::Reconnecting
        } else if any(Status::Connecting) {
            State::Connecting
        } else {
            State::Running
        }
    }
}
