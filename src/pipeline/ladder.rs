//! The degrade ladder: what a listener gets of one speaker's words, and why it
//! is not more.
//!
//! Speech while everything works, captions while nothing can be spoken, the
//! original while nothing is understood or translated. It comes back by itself.
//! What fails again soon after it came back stays away longer each time, so that
//! the listener's sound does not change to and fro.

use super::timer::Timer;
use super::transcriber::Status;
use crate::config::{Form, SpeakerConfig};
use crate::error::{Error, ErrorCode, Stage};
use crate::event::Level;
use crate::time::{Duration, Timestamp};

/// After so many failures in a row a service is given up for a while.
const GIVEN_UP_AFTER: u32 = 3;

/// A service that was given up is away at least so long; twice as long each time
/// that it is given up again soon, and at most [`LONGEST_AWAY`].
const AWAY: Duration = Duration::from_secs(2);
const LONGEST_AWAY: Duration = Duration::from_secs(32);

/// What has worked for so long begins with [`AWAY`] again.
const AFRESH: Duration = Duration::from_secs(60);

/// A stream that is away so long is not waited for: the listener needs the
/// original. A new stream takes a second or two.
const NO_STREAM: Duration = Duration::from_secs(4);

/// A stream that was given up counts once it has lasted so long, or has given a
/// result.
const STEADY: Duration = Duration::from_secs(2);

/// One speaker's ladder.
#[derive(Default)]
pub struct Ladder {
    stream: Stream,
    /// The stream's latest error.
    broke: Option<Error>,
    translation: Health,
    speech: Health,
}

#[derive(Default)]
enum Stream {
    /// Switched off, or there was none yet.
    #[default]
    None,
    Up,
    Away {
        since: Timestamp,
    },
    /// Given up, perhaps up again since then.
    Down {
        up: Option<Timestamp>,
    },
}

/// How a service that answers requests is doing.
#[derive(Default)]
struct Health {
    /// In a row.
    failures: u32,
    /// Why it is given up.
    fault: Option<Error>,
    /// Until when it stays so.
    until: Timestamp,
    away: Duration,
    /// The latest answer was a good one.
    good: bool,
    healed: Option<Timestamp>,
}

impl Health {
    fn failed(&mut self, now: Timestamp, error: &Error) {
        // That one text is too long says nothing of the next.
        if error.code == ErrorCode::TextTooLong {
            return;
        }
        self.good = false;
        self.failures += 1;
        if self.fault.is_none() {
            if self.failures < GIVEN_UP_AFTER {
                return;
            }
            let again = self.healed.is_some_and(|at| now.since(at) < AFRESH);
            self.away = match again {
                true => (self.away * 2).min(LONGEST_AWAY),
                false => AWAY,
            };
        }
        self.until = now + self.away;
        self.fault = Some(error.clone());
    }

    fn succeeded(&mut self) {
        self.failures = 0;
        self.good = true;
    }

    fn advance(&mut self, now: Timestamp) {
        if self.fault.is_some() && self.good && now >= self.until {
            self.fault = None;
            self.healed = Some(now);
        }
    }

    fn due(&self) -> Option<Timestamp> {
        (self.fault.is_some() && self.good).then_some(self.until)
    }
}

impl Ladder {
    /// What became of a translation.
    pub fn translated(&mut self, now: Timestamp, failure: Option<&Error>) {
        match failure {
            Some(error) => self.translation.failed(now, error),
            None => self.translation.succeeded(),
        }
    }

    /// What became of an utterance's speech.
    pub fn synthesized(&mut self, now: Timestamp, failure: Option<&Error>) {
        match failure {
            Some(error) => self.speech.failed(now, error),
            None => self.speech.succeeded(),
        }
    }

    /// Why nothing is to be spoken now; `probing`: whether it is being tried
    /// already. One utterance at a time finds out whether it works again.
    #[must_use]
    pub fn speechless(&self, now: Timestamp, probing: bool) -> Option<&Error> {
        let waits = probing || now < self.speech.until;
        self.speech.fault.as_ref().filter(|_| waits)
    }

    /// Whether speech is given up.
    #[must_use]
    pub const fn is_speechless(&self) -> bool {
        self.speech.fault.is_some()
    }

    /// The stream's latest error, in case it is given up.
    pub fn broke(&mut self, error: &Error) {
        self.broke = Some(error.clone());
    }

    /// The stream gave a result: it is up, whatever it was.
    pub fn heard(&mut self) {
        if let Stream::Down { .. } = self.stream {
            self.stream = Stream::Up;
        }
    }

    /// Does what is due. To be told how the stream is doing whenever that may
    /// have changed.
    pub fn advance(&mut self, now: Timestamp, status: Status) {
        self.translation.advance(now);
        self.speech.advance(now);
        self.stream = match (&self.stream, status) {
            (_, Status::Off) => Stream::None,
            (_, Status::Failed) => Stream::Down { up: None },
            (Stream::Down { up: None }, Status::Streaming) => Stream::Down { up: Some(now) },
            (Stream::Down { up: Some(up) }, Status::Streaming) if now.since(*up) < STEADY => return,
            (_, Status::Streaming) => Stream::Up,
            (Stream::Up, _) => Stream::Away { since: now },
            (Stream::Away { since }, _) if now.since(*since) >= NO_STREAM => {
                self.broke = Some(Error::new(
                    ErrorCode::Network,
                    Stage::Transcribe,
                    "Amazon Transcribe has not been reached again yet",
                ));
                Stream::Down { up: None }
            }
            (Stream::Down { .. }, _) => Stream::Down { up: None },
            (Stream::None | Stream::Away { .. }, _) => return,
        };
    }

    /// The timers that run.
    pub fn timers(&self) -> impl Iterator<Item = (Timer, Timestamp)> {
        let stream = match self.stream {
            Stream::Away { since } => Some(since + NO_STREAM),
            Stream::Down { up } => up.map(|up| up + STEADY),
            Stream::None | Stream::Up => None,
        };
        [stream, self.translation.due(), self.speech.due()]
            .into_iter()
            .flatten()
            .map(|at| (Timer::Ladder, at))
    }

    /// What the listener gets with these settings.
    #[must_use]
    pub fn level(&self, config: &SpeakerConfig) -> Level {
        if !matches!(self.stream, Stream::Up | Stream::Away { .. })
            || self.translation.fault.is_some()
        {
            return Level::Original;
        }
        let able = match self.speech.fault {
            Some(_) => Level::Captions,
            None => Level::Speech,
        };
        able.min(wanted(config))
    }

    /// Why it is less than these settings ask for, if it is.
    #[must_use]
    pub fn fault(&self, config: &SpeakerConfig) -> Option<&Error> {
        let wanted = wanted(config);
        if let Stream::Down { .. } = self.stream {
            return self.broke.as_ref();
        }
        let translation = self.translation.fault.as_ref();
        let speech = self.speech.fault.as_ref();
        translation
            .filter(|_| wanted > Level::Original)
            .or(speech.filter(|_| wanted > Level::Captions))
    }
}

/// What is asked for, and can be given while everything works.
fn wanted(config: &SpeakerConfig) -> Level {
    match config.form {
        _ if !config.enabled => Level::Original,
        Form::Speech if config.codes.voice.is_some() => Level::Speech,
        Form::Speech | Form::Captions => Level::Captions,
        Form::Transcript => Level::Original,
    }
}
