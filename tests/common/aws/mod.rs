//! The services, as strict as they are: they read what the session wrote.

pub mod http;
pub mod transcribe;

use super::News;
use super::WALL;
use super::sound::{Clips, Vocabulary};
use connect_interpreter::aws::credentials::Credentials;
use connect_interpreter::error::{Error, ErrorCode, Stage};
use connect_interpreter::speaker::Speaker;
use connect_interpreter::time::{Timestamp, UnixTime};
use std::collections::BTreeMap;
use std::time::Duration;
use transcribe::Stream;

pub type Replies = Vec<(Duration, News)>;

/// What goes wrong with one request, or one attempt of it.
#[derive(Clone, Debug)]
pub enum Fault {
    /// An exception: status and name.
    Refused(u16, &'static str),
    /// The connection fails.
    Broken,
    /// It breaks after so many bytes of the body.
    BrokenAfter(usize),
    /// Nothing ever comes.
    Silent,
    /// This instead of the body.
    Body(Vec<u8>),
    /// The body ends after so many bytes as if that were all.
    EndsAfter(usize),
}

/// One of the HTTP services.
#[derive(Default)]
pub struct Service {
    /// Requests so far: the n-th is 1.
    pub requests: usize,
    pub default_delay: Duration,
    delays: BTreeMap<usize, Duration>,
    faults: BTreeMap<usize, Fault>,
    /// What strikes every request that comes at such a time, from and to.
    pub outages: Vec<(Timestamp, Timestamp, Fault)>,
    /// When requests came that were signed well.
    pub came: Vec<(Timestamp, String)>,
    /// By text: for every attempt.
    pub text_faults: BTreeMap<String, Fault>,
    pub text_delays: BTreeMap<String, Duration>,
}

impl Service {
    /// The n-th request is answered so much later.
    pub fn delay(&mut self, request: usize, delay: Duration) {
        self.delays.insert(request, delay);
    }

    /// The n-th request fails.
    pub fn fail(&mut self, request: usize, fault: Fault) {
        self.faults.insert(request, fault);
    }

    fn take(&mut self, now: Timestamp, text: &str) -> (Duration, Option<Fault>) {
        self.requests += 1;
        self.came.push((now, text.to_owned()));
        let delay = self
            .delays
            .get(&self.requests)
            .or_else(|| self.text_delays.get(text))
            .copied()
            .unwrap_or(self.default_delay);
        let fault = self.faults.remove(&self.requests);
        let outage = || {
            let now = |(from, to, _): &&(_, _, _)| (*from..*to).contains(&now);
            self.outages.iter().find(now).map(|(.., fault)| fault)
        };
        let fault = fault.or_else(|| outage().cloned());
        (delay, fault.or_else(|| self.text_faults.get(text).cloned()))
    }
}

pub struct FakeAws {
    pub vocabulary: Vocabulary,
    pub clips: Clips,
    pub phrasebook: BTreeMap<&'static str, &'static str>,
    pub translate: Service,
    pub polly: Service,
    /// Bytes of a piece of Polly's body; odd, so that samples are cut.
    pub polly_piece: usize,
    /// How much faster than real time the body comes.
    pub polly_speed: f64,
    /// Requests in a second that Polly takes of each engine but `standard`.
    pub polly_rate: usize,
    /// When Polly took requests, by engine.
    polly_taken: BTreeMap<String, Vec<Timestamp>>,
    /// Requests that were more than that.
    pub polly_throttled: usize,
    /// Whether scripts are not shown the services' `date`.
    pub hide_date: bool,
    /// Questions that are not about a text.
    pub probes: usize,
    pub streams: Vec<Stream>,
    /// Every stream that is opened takes audio and says nothing.
    pub silent_streams: bool,
    /// The times of a session that is carried on do not begin anew.
    pub times_go_on: bool,
    /// In every stream that is opened a last word becomes stable before the final,
    /// 200 ms after it.
    pub settles: bool,
    /// Makes every stream that is opened awkward.
    pub nasty: Option<transcribe::Nasty>,
    /// Handshakes that are refused before one is let through.
    pub refuse_handshakes: usize,
    pub handshake: Duration,
    /// Handshakes whose URL was wrong: the reasons.
    pub wrong_urls: Vec<String>,
    pub credentials_asked: usize,
    pub credentials_in_flight: usize,
    pub most_credentials_in_flight: usize,
    /// Answers of the provider that fail.
    pub credentials_fail: usize,
    /// Answers of the provider that come so much later, or never.
    pub credentials_hang: Vec<Option<Duration>>,
    pub credentials_live: Option<Duration>,
    pub credentials_delay: Duration,
    /// Access keys that are refused.
    pub revoked: Vec<String>,
    /// Access keys whose token has expired before its time.
    pub expired: Vec<String>,
    /// Whether each stream keeps all of its samples.
    pub keep_pcm: bool,
    pub cancelled: usize,
    /// Polly says words that Transcribe recognises, and Transcribe hears the
    /// louder of two who talk at once.
    pub hears_clips: bool,
    issued: Vec<(String, Option<UnixTime>)>,
}

impl Default for FakeAws {
    fn default() -> Self {
        let service = |millis| Service {
            default_delay: Duration::from_millis(millis),
            ..Service::default()
        };
        Self {
            vocabulary: Vocabulary::default(),
            clips: Clips::default(),
            phrasebook: BTreeMap::from([
                ("Hola.", "Hello."),
                ("¿Puede ayudarme?", "Can you help me?"),
                ("Thank you.", "Gracias."),
            ]),
            translate: service(120),
            polly: service(150),
            polly_piece: 3_201,
            polly_speed: 4.0,
            polly_rate: 8,
            polly_taken: BTreeMap::new(),
            polly_throttled: 0,
            hide_date: false,
            probes: 0,
            streams: Vec::new(),
            silent_streams: false,
            times_go_on: false,
            settles: false,
            nasty: None,
            refuse_handshakes: 0,
            handshake: Duration::from_millis(30),
            wrong_urls: Vec::new(),
            credentials_asked: 0,
            credentials_in_flight: 0,
            most_credentials_in_flight: 0,
            credentials_fail: 0,
            credentials_hang: Vec::new(),
            credentials_live: Some(Duration::from_secs(3_600)),
            credentials_delay: Duration::from_millis(40),
            revoked: Vec::new(),
            expired: Vec::new(),
            keep_pcm: true,
            cancelled: 0,
            hears_clips: false,
            issued: Vec::new(),
        }
    }
}

/// The true wall clock.
pub fn wall(now: Timestamp) -> UnixTime {
    UnixTime::from_secs(WALL) + now.since(Timestamp::ZERO)
}

impl FakeAws {
    pub fn get_credentials(&mut self, now: Timestamp) -> Replies {
        self.credentials_asked += 1;
        self.credentials_in_flight += 1;
        self.most_credentials_in_flight = self
            .most_credentials_in_flight
            .max(self.credentials_in_flight);
        let answer = if self.credentials_fail > 0 {
            self.credentials_fail -= 1;
            Err(Error::new(
                ErrorCode::CredentialsUnavailable,
                Stage::Credentials,
                "the provider failed",
            ))
        } else {
            let key = format!("AKID{}", self.credentials_asked);
            let expiration = self.credentials_live.map(|live| wall(now) + live);
            self.issued.push((key.clone(), expiration));
            Ok(Credentials {
                access_key_id: key,
                secret_access_key: "secret".into(),
                session_token: Some("token+/=".into()),
                expiration,
            })
        };
        if self.credentials_hang.is_empty() {
            return vec![(self.credentials_delay, News::Credentials(answer))];
        }
        let late = self.credentials_hang.remove(0);
        late.map_or_else(Vec::new, |late| vec![(late, News::Credentials(answer))])
    }

    /// What is wrong with an access key, if anything is.
    fn refusal_of(&self, key: &str, now: Timestamp) -> Option<&'static str> {
        if self.revoked.iter().any(|revoked| revoked == key) {
            return Some("UnrecognizedClientException");
        }
        if self.expired.iter().any(|expired| expired == key) {
            return Some("ExpiredTokenException");
        }
        match self.issued.iter().find(|(issued, _)| issued == key) {
            None => Some("UnrecognizedClientException"),
            Some((_, Some(end))) if *end <= wall(now) => Some("ExpiredTokenException"),
            Some(_) => None,
        }
    }

    /// Whether Polly takes one more request of that engine now: in no second
    /// more than it allows. (The service allows two more at once.)
    fn takes_speech(&mut self, now: Timestamp, engine: &str) -> bool {
        let rate = match engine {
            "standard" => 10 * self.polly_rate,
            _ => self.polly_rate,
        };
        let taken = self.polly_taken.entry(engine.to_owned()).or_default();
        taken.retain(|at| now.since(*at) < Duration::from_secs(1));
        let takes = taken.len() < rate;
        if takes {
            taken.push(now);
        } else {
            self.polly_throttled += 1;
        }
        takes
    }

    /// What the services do by themselves.
    pub fn tick(&mut self, now: Timestamp) -> Vec<(Speaker, Duration, News)> {
        let mut all = Vec::new();
        for stream in &mut self.streams {
            let speaker = stream.speaker;
            let news = stream.tick(now);
            all.extend(news.into_iter().map(|(after, news)| (speaker, after, news)));
        }
        all
    }

    /// The speaker's latest stream.
    pub fn stream(&self, speaker: Speaker) -> &Stream {
        self.streams
            .iter()
            .rfind(|stream| stream.speaker == speaker)
            .expect("a stream")
    }

    pub fn stream_mut(&mut self, speaker: Speaker) -> &mut Stream {
        self.streams
            .iter_mut()
            .rfind(|stream| stream.speaker == speaker)
            .expect("a stream")
    }

    pub fn streams_of(&self, speaker: Speaker) -> Vec<&Stream> {
        let of = |stream: &&Stream| stream.speaker == speaker;
        self.streams.iter().filter(of).collect()
    }
}
