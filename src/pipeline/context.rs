//! What the pipelines share, lent to whichever is at work.

use super::clock::WallClock;
use super::echo_guard::Playback;
use super::rate::Rates;
use crate::aws::credentials::{Credentials, CredentialsCache};
use crate::aws::http::ResponseHead;
use crate::config::Endpoints;
use crate::error::{Error, ErrorCode, Stage};
use crate::event::{Event, UtteranceId};
use crate::io::{Output, RequestId, SocketId};
use crate::random::Random;
use crate::speaker::{PerSpeaker, Speaker};
use crate::time::{Moment, Timestamp, UnixTime};
use std::collections::VecDeque;

/// What both pipelines use: one credentials cache, one clock, one rate of
/// requests, one count of each id, one queue of outputs.
pub struct Shared {
    /// Where the services are.
    pub endpoints: Endpoints,
    /// The one cache.
    pub credentials: CredentialsCache,
    /// The services' clock.
    pub clock: WallClock,
    /// How many requests Polly gets.
    pub rates: Rates,
    /// What was played of each speaker's words: the listener's microphone may
    /// hear it.
    pub played: PerSpeaker<Playback>,
    outputs: VecDeque<(Speaker, Output)>,
    random: Random,
    last_id: u64,
    last_utterance: u64,
}

impl Shared {
    /// Nothing yet; `seed` feeds jitter and session ids.
    #[must_use]
    pub fn new(endpoints: Endpoints, rates: Rates, seed: u64) -> Self {
        Self {
            endpoints,
            credentials: CredentialsCache::new(),
            clock: WallClock::default(),
            rates,
            played: PerSpeaker::default(),
            outputs: VecDeque::new(),
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

    /// What time it is, on both clocks.
    #[must_use]
    pub fn moment(&self, now: Timestamp) -> Moment {
        Moment {
            at: now,
            unix: self.clock.unix(now),
        }
    }

    /// Asks for credentials, if it is time to, and tells of a provider that
    /// has not answered.
    pub fn ask_for_credentials(&mut self, now: Timestamp, speaker: Speaker) {
        if self.credentials.give_up(now) {
            self.outputs.push_back((
                speaker,
                Output::Event(Event::Error {
                    error: Error {
                        retryable: true,
                        ..Error::new(
                            ErrorCode::CredentialsUnavailable,
                            Stage::Credentials,
                            "credentials: the provider has not answered within 10 seconds",
                        )
                    },
                }),
            ));
        }
        if self.credentials.begin(self.moment(now)) {
            self.outputs.push_back((speaker, Output::GetCredentials));
        }
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
        let now = self.shared.moment(self.now);
        let credentials = self.shared.credentials.get(now)?.clone();
        Some((credentials, now.unix))
    }

    /// Learns from an answer's `date` how wrong this computer's clock is.
    pub fn learn_clock(&mut self, head: &ResponseHead) {
        if let Some(date) = head.date() {
            self.shared.clock.learn(self.now, date);
        }
    }
}
