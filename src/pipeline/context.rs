//! What the pipelines share, lent to whichever is at work.

use super::echo_guard::Playback;
use crate::aws::credentials::{Credentials, CredentialsCache};
use crate::aws::http::ResponseHead;
use crate::config::Endpoints;
use crate::error::Error;
use crate::event::{Event, UtteranceId};
use crate::io::{Output, RequestId, SocketId};
use crate::random::Random;
use crate::speaker::{PerSpeaker, Speaker};
use crate::time::{Duration, Timestamp, UnixTime};
use std::collections::VecDeque;

/// A service's clock further from ours than this corrects ours: signatures are
/// refused at 300 s, and `date` headers have whole seconds.
const SKEW_SECONDS: f64 = 30.0;

/// What both pipelines use: one credentials cache, one count of each id, one
/// queue of outputs.
pub struct Shared {
    /// Where the services are.
    pub endpoints: Endpoints,
    /// The one cache.
    pub credentials: CredentialsCache,
    /// What was played of each speaker's words: the listener's microphone may
    /// hear it.
    pub played: PerSpeaker<Playback>,
    outputs: VecDeque<(Speaker, Output)>,
    wall: Option<(Timestamp, UnixTime)>,
    correction_seconds: f64,
    random: Random,
    last_id: u64,
    last_utterance: u64,
}

impl Shared {
    /// Nothing yet; `seed` feeds jitter and session ids.
    #[must_use]
    pub fn new(endpoints: Endpoints, seed: u64) -> Self {
        Self {
            endpoints,
            credentials: CredentialsCache::new(),
            played: PerSpeaker::default(),
            outputs: VecDeque::new(),
            wall: None,
            correction_seconds: 0.0,
            random: Random::new(seed),
            last_id: 0,
            last_utterance: 0,
        }
    }

    /// The next utterance is the one after this.
    pub const fn go_on_after(&mut self, last: UtteranceId) {
        self.last_utterance = last.0;
    }

    /// Lends everything to one speaker's pipeline.
    pub const fn context(&mut self, now: Timestamp, speaker: Speaker) -> Context<'_> {
        Context {
            now,
            speaker,
            shared: self,
        }
    }

    /// The next output.
    pub fn pop(&mut self) -> Option<(Speaker, Output)> {
        self.outputs.pop_front()
    }

    /// How many outputs wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.outputs.len()
    }

    /// Learns the wall clock.
    pub const fn set_wall_clock(&mut self, now: Timestamp, unix: UnixTime) {
        self.wall = Some((now, unix));
    }

    /// The wall clock, as far as it is known; the epoch before that.
    #[must_use]
    pub fn unix(&self, now: Timestamp) -> UnixTime {
        let Some((then, unix)) = self.wall else {
            return UnixTime::default();
        };
        let seconds = unix.as_secs_f64() + now.since(then).as_secs_f64() + self.correction_seconds;
        UnixTime::from_secs_f64(seconds)
    }

    /// The point on the session's clock that is that wall time.
    #[must_use]
    pub fn timestamp(&self, now: Timestamp, at: UnixTime) -> Timestamp {
        // Seconds since 1970 are exact to a quarter of a microsecond: a timer that
        // fires too early by that would be due again at once.
        now + at.since(self.unix(now)) + Duration::from_micros(1)
    }

    /// Asks for credentials, if it is time to.
    pub fn ask_for_credentials(&mut self, now: Timestamp, speaker: Speaker) -> bool {
        let unix = self.unix(now);
        let asks = self.credentials.begin(unix);
        if asks {
            self.outputs.push_back((speaker, Output::GetCredentials));
        }
        asks
    }
}

/// The time, the speaker and what is shared.
pub struct Context<'a> {
    /// What time it is.
    pub now: Timestamp,
    /// Whose pipeline is at work.
    pub speaker: Speaker,
    /// What both use.
    pub shared: &'a mut Shared,
}

impl Context<'_> {
    /// Asks something of the world.
    pub fn output(&mut self, output: Output) {
        self.shared.outputs.push_back((self.speaker, output));
    }

    /// What was played of the speaker's words.
    pub const fn played(&mut self) -> &mut Playback {
        match self.speaker {
            Speaker::Agent => &mut self.shared.played.agent,
            Speaker::Customer => &mut self.shared.played.customer,
        }
    }

    /// Tells the host.
    pub fn event(&mut self, event: Event) {
        self.output(Output::Event(event));
    }

    /// Tells the host of an error of this speaker's pipeline.
    pub fn error(&mut self, error: Error) {
        let error = error.of(self.speaker);
        self.event(Event::Error { error });
    }

    /// The session's random numbers.
    pub const fn random(&mut self) -> &mut Random {
        &mut self.shared.random
    }

    /// A socket id that was never used.
    pub const fn socket_id(&mut self) -> SocketId {
        self.shared.last_id += 1;
        SocketId(self.shared.last_id)
    }

    /// A request id that was never used.
    pub const fn request_id(&mut self) -> RequestId {
        self.shared.last_id += 1;
        RequestId(self.shared.last_id)
    }

    /// The next utterance's id.
    pub const fn utterance_id(&mut self) -> UtteranceId {
        self.shared.last_utterance += 1;
        UtteranceId(self.shared.last_utterance)
    }

    /// Credentials that can be used, and the time to sign for. Asks for new
    /// ones if there are none or they are close to their end.
    pub fn credentials(&mut self) -> Option<(Credentials, UnixTime)> {
        self.shared.ask_for_credentials(self.now, self.speaker);
        let unix = self.shared.unix(self.now);
        let credentials = self.shared.credentials.get(unix)?.clone();
        Some((credentials, unix))
    }

    /// Learns from an answer's `date` how wrong this computer's clock is.
    pub fn learn_clock(&mut self, head: &ResponseHead) {
        let (Some(date), Some(_)) = (head.date(), self.shared.wall) else {
            return;
        };
        let skew = date.as_secs_f64() - self.shared.unix(self.now).as_secs_f64();
        if skew.abs() > SKEW_SECONDS {
            self.shared.correction_seconds += skew;
        }
    }
}
