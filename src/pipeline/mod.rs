//! One speaker's way from sound to translated speech.
//!
//! Samples → [`capture`] → [`transcriber`] → [`segmenter`] → [`translator`] →
//! [`synthesizer`] → [`sequencer`] → [`playout`]. Each is a plain value with
//! explicit calls; [`Pipeline`] puts them together.

pub mod ahead;
pub mod backlog;
pub mod capture;
pub mod clock;
pub mod context;
pub mod cuts;
pub mod echo_guard;
pub mod exchange;
pub mod ladder;
pub mod latency;
pub mod playout;
pub mod probe;
pub mod rate;
pub mod script;
pub mod seam;
pub mod segmenter;
pub mod sequencer;
pub mod synthesizer;
pub mod timer;
pub mod transcriber;
pub mod translator;
mod utterances;
pub mod word;
mod words;

use crate::config::{Form, SpeakerConfig, Stability};
use crate::error::Error;
use crate::event::{Cause as Ended, Event, Level, Outcome, UtteranceId};
use crate::io::{PlayedInput, RequestId, ResponseInput, SocketId, SocketInput};
use crate::time::{Duration, Timestamp};
use capture::{Capture, Cause, Piece};
use context::Context;
use echo_guard::EchoGuard;
use seam::Seam;
use segmenter::{Segmenter, Settle};
use timer::Timer;
use transcriber::{Break, Status, Transcriber};
use utterances::Utterances;

/// Without audio for so long, silence takes its place. Longer than a worker is
/// ever held up, or late audio would come after its silence.
const IDLE: Duration = Duration::from_secs(2);

/// From then on silence comes in portions of this.
const IDLE_PORTION: Duration = Duration::from_millis(500);

/// After a pause of the worker, this much of it is made up for.
const LONGEST_PAD: Duration = Duration::from_secs(5);

/// With no timer's work done for so long the computer slept: the service has
/// closed its end since then, and nothing says so.
const SLEPT: Duration = Duration::from_secs(10);

/// What ended a stream, the position at which the next one begins, and when it
/// was open.
type Unsettled = (Break, u64, Timestamp);

/// Of a result its id, its text and the latest utterance that was cut from it.
type Shown = (String, String, Option<UtteranceId>);

/// One speaker's pipeline.
pub struct Pipeline {
    config: SpeakerConfig,
    playout_rate_hz: u32,
    capture: Capture,
    transcriber: Transcriber,
    segmenter: Segmenter,
    seam: Seam,
    /// The seam that the words will tell of.
    unsettled: Option<Unsettled>,
    guard: EchoGuard,
    /// The partial result that was shown last.
    shown: Option<Shown>,
    /// The result that the latest utterance was cut from.
    cut: Option<(String, UtteranceId)>,
    utterances: Utterances,
    held: bool,
    stopped: bool,
    /// Words before this position were said before a mute or hold and are not
    /// spoken any more.
    discard_before: u64,
    /// Until when the backlog has sound, and whether that is made up.
    filled: Timestamp,
    padding: bool,
    samples: Vec<f32>,
}

impl Pipeline {
    /// A pipeline, switched on if the configuration says so.
    ///
    /// # Errors
    /// If the playout rate is not within 8 to 192 kHz.
    pub fn new(config: SpeakerConfig, playout_rate_hz: u32) -> Result<Self, Error> {
        let mut transcriber = Transcriber::new(config.message);
        if config.enabled {
            transcriber.start();
        }
        Ok(Self {
            playout_rate_hz,
            capture: Capture::new(config.start_guard),
            transcriber,
            segmenter: segmenter(&config),
            seam: Seam::default(),
            unsettled: None,
            guard: EchoGuard::default(),
            shown: None,
            cut: None,
            utterances: Utterances::new(playout_rate_hz)?,
            held: false,
            stopped: false,
            discard_before: 0,
            filled: Timestamp::ZERO,
            padding: false,
            samples: Vec::new(),
            config,
        })
    }

    /// How the stream is doing.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.transcriber.status()
    }

    /// What the listener gets of this speaker's words.
    #[must_use]
    pub fn level(&self) -> Level {
        self.utterances.ladder.level(&self.config)
    }

    /// Why that is less than the settings ask for, if it is.
    #[must_use]
    pub fn fault(&self) -> Option<&Error> {
        self.utterances.ladder.fault(&self.config)
    }

    /// Whether everything has ended, after [`Self::stop`].
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.transcriber.is_closed()
    }

    /// Samples, utterances and anchors that are held.
    #[must_use]
    pub fn sizes(&self) -> (usize, usize, usize) {
        (
            self.transcriber.backlog.len(),
            self.utterances.len(),
            self.capture.anchors(),
        )
    }

    /// The timers that run.
    pub fn timers(&self) -> impl Iterator<Item = (Timer, Timestamp)> {
        self.transcriber
            .timers()
            .chain(self.utterances.timers())
            .chain(self.utterances.ladder.timers())
            .chain(self.idle_due().map(|at| (Timer::Idle, at)))
    }

    /// Takes a piece of the tap.
    pub fn audio(&mut self, ctx: &mut Context<'_>, piece: Piece<'_>) {
        if !self.transcriber.is_on() {
            self.capture.pass(ctx.now, piece);
            return;
        }
        self.wake(ctx);
        let position = self.transcriber.backlog.end();
        self.samples.clear();
        let found = self
            .capture
            .push(ctx.now, position, piece, &mut self.samples);
        self.guard.hear(&self.samples);
        self.transcriber.push(&self.samples);
        if self.samples.capacity() > 1 << 16 {
            self.samples = Vec::new();
        }
        (self.filled, self.padding) = (ctx.now, false);
        if let Some((at, lost)) = found.gap {
            gap(ctx, at, lost);
        }
        if let Some(error) = found.error {
            ctx.error(error);
        }
        self.advance(ctx);
    }

    /// Takes news of a socket.
    pub fn socket(&mut self, ctx: &mut Context<'_>, id: SocketId, input: &SocketInput<'_>) {
        // Of a time without a stream there is nothing to make up for.
        if matches!(input, SocketInput::Opened) && ctx.now.since(self.filled) > LONGEST_PAD {
            self.filled = ctx.now;
        }
        self.transcriber.handle_socket(ctx, id, input);
        self.advance(ctx);
    }

    /// Takes news of a request.
    pub fn response(&mut self, ctx: &mut Context<'_>, id: RequestId, input: ResponseInput<'_>) {
        self.utterances.response(ctx, &self.config, id, input);
        self.advance(ctx);
    }

    /// Takes news of the player.
    pub fn played(&mut self, ctx: &mut Context<'_>, id: UtteranceId, input: PlayedInput) {
        let frame = match input {
            PlayedInput::Started { frame } | PlayedInput::Ended { frame, .. } => frame,
        };
        // Taps and players share one AudioContext, so the tap's clock knows the
        // frame; a tap in another context has another rate or no say.
        let at = self
            .capture
            .time_of_frame(self.playout_rate_hz, frame)
            .filter(|at| ctx.now.since(*at) < Duration::from_secs(1) && *at <= ctx.now)
            .unwrap_or(ctx.now);
        self.utterances.played(ctx, id, input, at);
        self.advance(ctx);
    }

    /// Mutes the speaker, or stops to. What was said before is not spoken any
    /// more, unless it is to be finished.
    pub fn mute(&mut self, ctx: &mut Context<'_>, muted: bool, from_frame: Option<u64>) {
        let at = self.shut(Cause::Mute, muted, from_frame);
        if muted && !self.config.finish_on_mute {
            self.discard(ctx, at);
        }
        self.advance(ctx);
    }

    /// Puts the call on hold, or resumes it.
    pub fn hold(&mut self, ctx: &mut Context<'_>, held: bool, from_frame: Option<u64>) {
        let at = self.shut(Cause::Hold, held, from_frame);
        if std::mem::replace(&mut self.held, held) || held {
            self.discard(ctx, at);
        }
        self.advance(ctx);
    }

    /// Gives the position from which it holds.
    fn shut(&mut self, cause: Cause, shut: bool, from_frame: Option<u64>) -> u64 {
        let end = self.transcriber.backlog.end();
        self.samples.clear();
        let rest = &mut self.samples;
        let at = self.capture.shut(cause, shut, from_frame, end, rest);
        self.guard.hear(rest);
        self.transcriber.push(rest);
        if shut {
            self.transcriber.backlog.silence_from(at);
        }
        at
    }

    /// Switches the pipeline on or off.
    pub fn enable(&mut self, ctx: &mut Context<'_>, enabled: bool) {
        if self.stopped {
            return;
        }
        self.config.enabled = enabled;
        if enabled {
            self.filled = ctx.now;
            self.transcriber.start();
        } else {
            self.discard(ctx, self.transcriber.backlog.end());
            self.transcriber.stop(ctx);
        }
        self.advance(ctx);
    }

    /// Takes new settings: a stream that hears otherwise is opened anew.
    pub fn configure(&mut self, ctx: &mut Context<'_>, config: SpeakerConfig) {
        if self.stopped {
            return;
        }
        let old = std::mem::replace(&mut self.config, config);
        let new = &self.config;
        if old.codes != new.codes {
            self.utterances.unprepare(ctx);
        }
        let codes = &new.codes;
        self.segmenter
            .translate_into(&codes.transcribe, &codes.translate_target);
        if (
            &old.codes.transcribe,
            old.stability,
            old.eager,
            &old.transcribe,
            old.message,
        ) != (
            &new.codes.transcribe,
            new.stability,
            new.eager,
            &new.transcribe,
            new.message,
        ) {
            if old.codes.transcribe != new.codes.transcribe {
                self.seam.forget();
            }
            self.transcriber.reopen(ctx, new.message, Ended::Settings);
            self.drain_heard(ctx);
            self.segmenter = segmenter(&self.config);
        }
        match self.config.form {
            form if form == old.form => {}
            Form::Speech => {}
            Form::Captions => self.utterances.only_captions(ctx),
            Form::Transcript => self.utterances.drop_all(ctx),
        }
        if old.enabled != self.config.enabled {
            self.enable(ctx, self.config.enabled);
        }
        self.advance(ctx);
    }

    /// Speaks a typed text.
    pub fn say(&mut self, ctx: &mut Context<'_>, text: String, translate: bool) {
        if self.stopped || text.trim().is_empty() {
            return;
        }
        let id = self.utterances.announce(ctx);
        if self.held || self.config.form == Form::Transcript {
            self.utterances.finish(ctx, id, Outcome::Dropped, None);
            return;
        }
        self.utterances
            .begin(ctx, &self.config, id, None, text, translate);
        self.advance(ctx);
    }

    /// Ends: drops what is queued, and closes the stream when it has said all.
    pub fn stop(&mut self, ctx: &mut Context<'_>) {
        self.stopped = true;
        self.discard(ctx, u64::MAX);
        self.transcriber.close(ctx);
        self.advance(ctx);
    }

    /// Does everything that is due.
    pub fn advance(&mut self, ctx: &mut Context<'_>) {
        self.wake(ctx);
        self.pad(ctx.now);
        let open = self.segmenter.earliest_open();
        self.transcriber.advance(ctx, &self.config, open);
        self.drain_heard(ctx);
        self.pause(ctx);
        self.capture.forget(self.transcriber.backlog.start());
        self.utterances.advance(ctx, &self.config);
        if self.stopped && !self.transcriber.is_on() {
            self.transcriber.close(ctx);
        }
        self.utterances.ladder.advance(ctx.now, self.status());
    }

    /// What was said before that position is not spoken any more.
    fn discard(&mut self, ctx: &mut Context<'_>, before: u64) {
        self.discard_before = self.discard_before.max(before);
        self.utterances.drop_all(ctx);
    }

    fn idle_due(&self) -> Option<Timestamp> {
        let portion = if self.padding { IDLE_PORTION } else { IDLE };
        (self.transcriber.status() == Status::Streaming).then(|| self.filled + portion)
    }

    /// Opens another stream after a sleep.
    fn wake(&mut self, ctx: &mut Context<'_>) {
        if self.idle_due().is_some() && ctx.now.since(self.filled) > SLEPT {
            self.filled = ctx.now;
            let message = self.config.message;
            self.transcriber.reopen(ctx, message, Ended::Closed);
        }
    }

    fn pad(&mut self, now: Timestamp) {
        if self.idle_due().is_none_or(|due| now < due) {
            return;
        }
        let missing = now.since(self.filled).min(LONGEST_PAD);
        let position = self.transcriber.backlog.end();
        self.capture.padded(position, now - missing);
        let count = crate::audio::framer::samples(missing);
        let silence = vec![0.0; usize::try_from(count).unwrap_or(0)];
        self.guard.hear(&silence);
        self.transcriber.push(&silence);
        (self.filled, self.padding) = (now, true);
    }
}

fn segmenter(config: &SpeakerConfig) -> Segmenter {
    let settle = match (config.eager, config.stability) {
        (true, _) => Settle::Agreed,
        (false, Stability::None) => Settle::Final,
        (false, _) => Settle::Stable,
    };
    let codes = &config.codes;
    Segmenter::new(&codes.transcribe, &codes.translate_target, settle)
}

fn gap(ctx: &mut Context<'_>, at: Timestamp, lost: Duration) {
    ctx.event(Event::Gap {
        speaker: ctx.speaker,
        at_ms: at.as_millis_f64(),
        lost_ms: lost.as_secs_f64() * 1000.0,
    });
}
