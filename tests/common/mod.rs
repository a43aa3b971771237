//! A whole call without a browser: the session, a fake AWS and a virtual clock.
//!
//! Nothing here is scripted by time. What is recognised is read from the
//! samples that the fake AWS gets; what was heard is read from the samples that
//! the session gives to the players.
#![allow(dead_code, missing_docs, clippy::unwrap_used, clippy::expect_used)]

pub mod aws;
pub mod player;
pub mod sound;

use aws::FakeAws;
use connect_interpreter::aws::credentials::Credentials;
use connect_interpreter::aws::http::ResponseHead;
use connect_interpreter::config::{SessionConfig, SessionOptions};
use connect_interpreter::error::{Error, ErrorCode};
use connect_interpreter::event::{Event, Outcome, State, UtteranceId};
use connect_interpreter::random::Random;
use connect_interpreter::session::{
    Input, Output, RequestId, ResponseInput, Session, SocketId, SocketInput,
};
use connect_interpreter::speaker::{PerSpeaker, Speaker};
use connect_interpreter::time::{Timestamp, UnixTime};
use player::Player;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

pub use connect_interpreter::session::PlayedInput;

/// The wall clock when the virtual clock is at zero: 2026-11-21.
pub const WALL: u64 = 1_795_219_200;

/// The tap gives its samples in pieces of this.
const TICK: Duration = Duration::from_millis(10);

/// No call in a test lasts longer than this after its last word.
const PATIENCE: Duration = Duration::from_secs(90);

pub const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Spanish customer, English agent, everything by default.
/// Nothing is prepared ahead: what is asked for is what was committed, and each
/// thing once. tests/call/ahead.rs has the defaults.
pub fn options() -> SessionOptions {
    let mut options = default_options();
    for speaker in Speaker::BOTH {
        options.of_mut(speaker).prepare_ahead = Some(0.0);
    }
    options
}

pub fn default_options() -> SessionOptions {
    SessionOptions::from_value(&serde_json::json!({
        "region": "us-east-1",
        "agent": { "language": "en-US", "voice": "Lupe" },
        "customer": { "language": "es-US", "voice": "Joanna" },
    }))
    .unwrap()
}

pub fn config() -> SessionConfig {
    options().resolve(16_000).unwrap()
}

/// A text's words without case and the marks around them.
pub fn bare(text: &str) -> Vec<String> {
    let word = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        word.to_lowercase()
    };
    text.split_whitespace().map(word).collect()
}

/// What the world is going to tell the session.
pub enum News {
    Credentials(Result<Credentials, Error>),
    Opened(SocketId),
    Message(SocketId, Vec<u8>),
    Closed(SocketId, u16, bool),
    Head(RequestId, ResponseHead),
    Chunk(RequestId, Vec<u8>),
    End(RequestId),
    Failed(RequestId),
}

/// Something said by the session, and when.
pub struct Told {
    pub at: Timestamp,
    pub event: Event,
}

/// One speaker's microphone or remote track.
pub struct Tap {
    pub rate_hz: u32,
    pub frame: u64,
    /// Whether it gives samples at all.
    pub running: bool,
    /// Whether its samples get through; frames count on without them.
    pub connected: bool,
    /// What is still to be said.
    pub queue: VecDeque<f32>,
    remainder: f64,
}

/// A loudspeaker beside a microphone: what the listener hears, they say.
pub struct Loudspeaker {
    pub delay: Duration,
    /// Of what is heard, as it is heard again.
    pub gain: f32,
    /// Further ways through the room: how much later, and how much of it.
    pub room: &'static [(f64, f32)],
    /// The most that a sample of the room's own noise has.
    pub noise: f32,
    pub random: Random,
}

impl Loudspeaker {
    /// At -10 dB, in a room of felt.
    pub fn new(delay: Duration) -> Self {
        Self {
            delay,
            gain: 0.316,
            room: &[],
            noise: 0.0,
            random: Random::new(7),
        }
    }

    /// In a room with walls and a fan.
    pub fn in_a_room(delay: Duration, seed: u64) -> Self {
        Self {
            room: &[
                (11.0, 0.3),
                (23.0, -0.2),
                (41.0, 0.15),
                (67.0, -0.1),
                (97.0, 0.07),
            ],
            noise: 0.003,
            random: Random::new(seed),
            ..Self::new(delay)
        }
    }

    /// Adds to the samples of a tap from that frame on.
    fn add(&mut self, player: &Player, frame: u64, samples: &mut [f32]) {
        let rate = f64::from(player.rate_hz);
        let heard = |frame: u64, later: f64| {
            let late = (later / 1000.0 * rate) as u64 + u64::from(player.rate_hz) / 100;
            let index = frame
                .checked_sub(late)
                .and_then(|n| usize::try_from(n).ok());
            index
                .and_then(|n| player.heard.get(n))
                .copied()
                .unwrap_or(0.0)
        };
        let delay = self.delay.as_secs_f64() * 1000.0;
        for (frame, sample) in (frame..).zip(samples) {
            let mut echo = heard(frame, delay);
            for (later, part) in self.room {
                echo += part * heard(frame, delay + later);
            }
            let noise = self.noise * (self.random.unit() as f32 * 2.0 - 1.0);
            *sample += self.gain * echo + noise;
        }
    }
}

pub struct Call {
    pub session: Session,
    pub aws: FakeAws,
    pub now: Timestamp,
    pub told: Vec<Told>,
    pub taps: PerSpeaker<Tap>,
    pub players: PerSpeaker<Player>,
    /// By the listener. Of taps at the players' rate.
    pub loudspeakers: PerSpeaker<Option<Loudspeaker>>,
    /// How far the host's idea of the wall clock is off, in seconds.
    pub clock_skew: i64,
    pub ticks_as_timeouts: bool,
    news: BTreeMap<(Timestamp, u64), (Speaker, News)>,
    sequence: u64,
    next_tick: Timestamp,
    owners: BTreeMap<u64, Speaker>,
}

impl Call {
    pub fn new(config: SessionConfig) -> Self {
        Self::seeded(config, 42)
    }

    /// With a fake AWS that is not as usual from the first output on.
    pub fn prepared(config: SessionConfig, prepare: impl FnOnce(&mut FakeAws)) -> Self {
        let mut aws = FakeAws::default();
        prepare(&mut aws);
        Self::with(config, 42, aws)
    }

    pub fn seeded(config: SessionConfig, seed: u64) -> Self {
        Self::with(config, seed, FakeAws::default())
    }

    fn with(config: SessionConfig, seed: u64, aws: FakeAws) -> Self {
        let rate = config.playout_rate_hz;
        let mut call = Self {
            aws,
            session: Session::new(config, seed).unwrap(),
            now: Timestamp::ZERO,
            told: Vec::new(),
            taps: PerSpeaker::new(|_| Tap {
                rate_hz: 16_000,
                frame: 0,
                running: true,
                connected: true,
                queue: VecDeque::new(),
                remainder: 0.0,
            }),
            players: PerSpeaker::new(|_| Player::new(rate)),
            loudspeakers: PerSpeaker::default(),
            clock_skew: 0,
            ticks_as_timeouts: false,
            news: BTreeMap::new(),
            sequence: 0,
            next_tick: Timestamp::ZERO + TICK,
            owners: BTreeMap::new(),
        };
        call.drain();
        call
    }

    /// Queues speech: each sentence with a pause of 900 ms after it.
    pub fn says<'a>(&mut self, speaker: Speaker, sentences: impl IntoIterator<Item = &'a str>) {
        for sentence in sentences {
            let sound = self
                .aws
                .vocabulary
                .say(sentence, self.taps[speaker].rate_hz);
            self.taps[speaker].queue.extend(sound);
            self.pause(speaker, ms(900));
        }
    }

    pub fn customer_says<'a>(&mut self, sentences: impl IntoIterator<Item = &'a str>) {
        self.says(Speaker::Customer, sentences);
    }

    pub fn agent_says<'a>(&mut self, sentences: impl IntoIterator<Item = &'a str>) {
        self.says(Speaker::Agent, sentences);
    }

    /// Queues sound.
    pub fn speak(&mut self, speaker: Speaker, sound: Vec<f32>) {
        self.taps[speaker].queue.extend(sound);
    }

    /// Queues silence.
    pub fn pause(&mut self, speaker: Speaker, length: Duration) {
        let tap = &mut self.taps[speaker];
        let count = (length.as_secs_f64() * f64::from(tap.rate_hz)) as usize;
        tap.queue.extend(std::iter::repeat_n(0.0, count));
    }

    /// The tap goes on at another rate, as another context does.
    pub fn change_rate(&mut self, speaker: Speaker, rate_hz: u32) {
        let tap = &mut self.taps[speaker];
        tap.rate_hz = rate_hz;
        tap.frame = 0;
    }

    /// An input from the host or the page.
    pub fn input(&mut self, speaker: Speaker, input: Input<'_>) {
        self.session.handle_input(self.now, speaker, input);
        self.drain();
    }

    pub fn mute(&mut self, speaker: Speaker, muted: bool) {
        self.input(
            speaker,
            Input::Mute {
                muted,
                from_frame: None,
            },
        );
    }

    pub fn stop(&mut self) {
        self.input(Speaker::Agent, Input::Stop);
    }

    /// Lets time pass.
    pub fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.step(end) {}
    }

    /// The computer sleeps: the clock goes on and nothing else does.
    pub fn sleep(&mut self, time: Duration) {
        self.now = self.now + time;
        self.next_tick = self.now + TICK;
    }

    /// Lets time pass until that is so; fails if it never is.
    pub fn run_until(&mut self, what: &str, mut done: impl FnMut(&Self) -> bool) {
        let end = self.now + PATIENCE;
        while !done(self) {
            assert!(self.step(end), "never: {what}");
        }
    }

    /// Lets time pass until everybody has said everything and all of it was
    /// heard, skipped or dropped.
    pub fn drive(&mut self) {
        self.run_until("everything said", |call| {
            Speaker::BOTH
                .iter()
                .all(|speaker| !call.taps[*speaker].running || call.taps[*speaker].queue.is_empty())
        });
        // Long enough for the last word's final result.
        self.run(ms(1_500));
        self.run_until("idle", |call| {
            let under_way = call
                .utterances(|outcome| outcome == Outcome::Committed)
                .len();
            let finished = call.utterances(finished).len();
            under_way == finished && call.players_idle() && call.news.is_empty()
        });
    }

    fn players_idle(&self) -> bool {
        Speaker::BOTH.iter().all(|s| self.players[*s].is_idle())
    }

    /// The texts that the listener heard whole, in order. They heard the other
    /// one's words.
    pub fn heard_by(&self, listener: Speaker) -> Vec<String> {
        let speaker = listener.other();
        self.aws.clips.heard(&self.players[speaker])
    }

    /// Ids of utterances with such an outcome, in the order it was told.
    pub fn utterances(&self, wanted: impl Fn(Outcome) -> bool) -> Vec<UtteranceId> {
        self.told
            .iter()
            .filter_map(|told| match told.event {
                Event::Utterance {
                    utterance_id,
                    outcome,
                    ..
                } if wanted(outcome) => Some(utterance_id),
                _ => None,
            })
            .collect()
    }

    /// Texts of final transcripts of a speaker.
    pub fn finals(&self, of: Speaker) -> Vec<String> {
        self.told
            .iter()
            .filter_map(|told| match &told.event {
                Event::Transcript {
                    speaker,
                    text,
                    is_partial: false,
                    ..
                } if *speaker == of => Some(text.clone()),
                _ => None,
            })
            .collect()
    }

    /// Source texts of the translations of a speaker's words: what was
    /// committed, in the order in which it was translated.
    pub fn translated(&self, of: Speaker) -> Vec<String> {
        self.told
            .iter()
            .filter_map(|told| match &told.event {
                Event::Translation {
                    speaker,
                    source_text,
                    ..
                } if *speaker == of => Some(source_text.clone()),
                _ => None,
            })
            .collect()
    }

    /// Codes of errors that were told, those of utterances included.
    pub fn errors(&self) -> Vec<ErrorCode> {
        self.told
            .iter()
            .filter_map(|told| match &told.event {
                Event::Error { error }
                | Event::Utterance {
                    error: Some(error), ..
                } => Some(error.code),
                _ => None,
            })
            .collect()
    }

    /// The states that were announced.
    pub fn states(&self) -> Vec<State> {
        self.told
            .iter()
            .filter_map(|told| match told.event {
                Event::StateChange { state } => Some(state),
                _ => None,
            })
            .collect()
    }

    /// Goes on to the next thing that happens, at most to `end`.
    fn step(&mut self, end: Timestamp) -> bool {
        let timer = self.session.poll_timeout();
        let news = self.news.keys().next().map(|(at, _)| *at);
        let next = [timer, news, Some(self.next_tick)]
            .into_iter()
            .flatten()
            .min()
            .unwrap()
            .max(self.now);
        if next > end {
            self.now = end;
            return false;
        }
        self.now = next;
        if news.is_some_and(|at| at <= next) {
            let (_, (speaker, news)) = self.news.pop_first().unwrap();
            self.deliver(speaker, news);
        } else if timer.is_some_and(|at| at <= next) {
            self.session.handle_timeout(self.now);
            self.drain();
            assert!(
                self.session.poll_timeout().is_none_or(|at| at > self.now),
                "a timer that is due again at once: {:?}",
                self.session.next_timer()
            );
        } else {
            self.next_tick = self.next_tick + TICK;
            self.tick();
        }
        true
    }

    fn tick(&mut self) {
        if self.ticks_as_timeouts {
            // A spurious timeout is a no-op.
            self.session.handle_timeout(self.now);
            self.drain();
        }
        for speaker in Speaker::BOTH {
            let tap = &mut self.taps[speaker];
            if tap.running {
                let exact = f64::from(tap.rate_hz) * TICK.as_secs_f64() + tap.remainder;
                let count = exact as usize;
                tap.remainder = exact - count as f64;
                let queued = count.min(tap.queue.len());
                let mut samples: Vec<f32> = tap.queue.drain(..queued).collect();
                samples.resize(count, 0.0);
                let first_frame = tap.frame;
                if let Some(loudspeaker) = &mut self.loudspeakers[speaker] {
                    let player = &self.players[speaker.other()];
                    loudspeaker.add(player, first_frame, &mut samples);
                }
                tap.frame += count as u64;
                let (rate_hz, connected) = (tap.rate_hz, tap.connected);
                if connected {
                    let input = Input::Audio {
                        rate_hz,
                        first_frame,
                        samples: &samples,
                    };
                    self.input(speaker, input);
                }
            }
            for (id, played) in self.players[speaker].play(TICK) {
                self.input(speaker, Input::Played(id, played));
            }
        }
        for (speaker, after, news) in self.aws.tick(self.now) {
            self.announce(speaker, after, news);
        }
    }

    fn deliver(&mut self, speaker: Speaker, news: News) {
        let wall = (WALL as i64 + self.clock_skew) as u64;
        let unix = UnixTime::from_secs(wall) + self.now.since(Timestamp::ZERO);
        match news {
            News::Credentials(answer) => {
                self.aws.credentials_in_flight -= 1;
                self.input(speaker, Input::Credentials(answer, unix));
            }
            News::Opened(id) => self.input(speaker, Input::Socket(id, SocketInput::Opened)),
            News::Message(id, bytes) => {
                self.input(speaker, Input::Socket(id, SocketInput::Message(&bytes)));
            }
            News::Closed(id, code, clean) => {
                self.input(
                    speaker,
                    Input::Socket(id, SocketInput::Closed { code, clean }),
                );
            }
            News::Head(id, head) => {
                self.input(speaker, Input::Response(id, ResponseInput::Head(head)));
            }
            News::Chunk(id, bytes) => {
                self.input(speaker, Input::Response(id, ResponseInput::Chunk(&bytes)));
            }
            News::End(id) => self.input(speaker, Input::Response(id, ResponseInput::End)),
            News::Failed(id) => self.input(speaker, Input::Response(id, ResponseInput::Failed)),
        }
    }

    fn announce(&mut self, speaker: Speaker, after: Duration, news: News) {
        self.sequence += 1;
        self.news
            .insert((self.now + after, self.sequence), (speaker, news));
    }

    fn drain(&mut self) {
        while let Some((speaker, output)) = self.session.poll_output() {
            let replies = match output {
                Output::GetCredentials => self.aws.get_credentials(self.now),
                Output::OpenSocket { id, url } => {
                    self.owners.insert(id.0, speaker);
                    self.aws.open(self.now, speaker, id, url.expose())
                }
                Output::SendMessage { id, bytes } => {
                    assert_eq!(self.owners[&id.0], speaker);
                    self.aws.message(self.now, id, &bytes)
                }
                Output::CloseSocket { id } => {
                    self.aws.close(id);
                    self.news.retain(|_, (_, news)| {
                        !matches!(news, News::Opened(n) | News::Message(n, _) | News::Closed(n, ..) if *n == id)
                    });
                    Vec::new()
                }
                Output::SendRequest { id, request } => self.aws.request(self.now, id, &request),
                Output::CancelRequest { id } => {
                    self.aws.cancelled += 1;
                    // Its answer comes all the same: a driver may be too late.
                    let _ = id;
                    Vec::new()
                }
                Output::Play { utterance, pcm } => {
                    self.players[speaker].push(utterance, pcm);
                    Vec::new()
                }
                Output::PlayEnd { utterance } => {
                    self.players[speaker].end(utterance);
                    Vec::new()
                }
                Output::StopPlayout => {
                    self.players[speaker].stop();
                    Vec::new()
                }
                Output::Event(event) => {
                    self.told.push(Told {
                        at: self.now,
                        event,
                    });
                    Vec::new()
                }
            };
            for (after, news) in replies {
                self.announce(speaker, after, news);
            }
        }
    }
}

/// Outcomes after which nothing follows.
pub fn finished(outcome: Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Spoken | Outcome::Caption | Outcome::Failed | Outcome::Dropped
    )
}
