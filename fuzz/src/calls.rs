//! A whole session: any inputs in any order, with a clock of its own.
//!
//! Whatever the world says, a session keeps its own promises: ids that count
//! up, utterances that end once, no message to a socket that is closed, timers
//! that do not come back at once, and nothing that grows.

use super::wire::{message, transcript};
use arbitrary::{Result, Unstructured};
use connect_interpreter::aws::credentials::Credentials;
use connect_interpreter::aws::http::ResponseHead;
use connect_interpreter::config::{SessionConfig, SessionOptions};
use connect_interpreter::error::{Error, ErrorCode, Stage};
use connect_interpreter::event::{Event, Outcome, State, UtteranceId};
use connect_interpreter::session::{
    Input, Output, PlayedInput, RequestId, ResponseInput, Session, SocketId, SocketInput,
};
use connect_interpreter::speaker::{PerSpeaker, Speaker};
use connect_interpreter::time::{Timestamp, UnixTime};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

const WALL: u64 = 1_795_219_200;
const WORDS: [&str; 8] = ["hola", "qué", "tal", "sí,", "adiós.", "uno", "dos?", "***"];
const EXCEPTIONS: [&str; 5] = [
    "BadRequestException",
    "LimitExceededException",
    "InternalFailureException",
    "ConflictException",
    "Whatever",
];

/// Any bytes.
pub fn run(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let _ = Call::new(&mut input).and_then(|mut call| {
        while !input.is_empty() {
            call.step(&mut input)?;
        }
        call.end();
        Ok(())
    });
}

#[derive(Clone, Copy, PartialEq)]
enum Socket {
    Asked,
    Open,
    Closed,
}

struct Call {
    session: Session,
    config: SessionConfig,
    now: Timestamp,
    frames: PerSpeaker<u64>,
    sockets: Vec<(Speaker, SocketId, Socket)>,
    requests: Vec<(Speaker, RequestId)>,
    playing: PerSpeaker<Vec<UtteranceId>>,
    /// Whether each has ended.
    utterances: BTreeMap<u64, bool>,
    last_utterance: u64,
    last_id: u64,
    credentials_asked: usize,
    asked_at: Timestamp,
    state: State,
}

impl Call {
    fn new(input: &mut Unstructured<'_>) -> Result<Self> {
        let forms = ["speech", "captions", "transcript"];
        let stabilities = ["none", "low", "high"];
        let mut speaker = |language: &str| -> Result<Value> {
            Ok(json!({
                "language": language,
                "output": forms[usize::from(input.int_in_range(0..=5_u8)?.saturating_sub(3))],
                "stability": stabilities[usize::from(input.int_in_range(0..=2_u8)?)],
                "enabled": input.ratio(5, 6)?,
                "echoGuard": input.ratio(5, 6)?,
                "messageMs": input.int_in_range(20..=200_u8)?,
                "onMute": if input.arbitrary()? { "drop" } else { "finish" },
            }))
        };
        let (agent, customer) = (speaker("en-US")?, speaker("es-US")?);
        let options = json!({"region": "us-east-1", "agent": agent, "customer": customer});
        let options = SessionOptions::from_value(&options).expect("options");
        let rate = *input.choose(&[16_000, 48_000, 44_100, 8_000])?;
        let config = options.resolve(rate).expect("a configuration");
        let session = Session::new(config.clone(), input.arbitrary()?).expect("a session");
        let mut call = Self {
            session,
            config,
            now: Timestamp::ZERO,
            frames: PerSpeaker::default(),
            sockets: Vec::new(),
            requests: Vec::new(),
            playing: PerSpeaker::default(),
            utterances: BTreeMap::new(),
            last_utterance: 0,
            last_id: 0,
            credentials_asked: 0,
            asked_at: Timestamp::ZERO,
            state: State::Connecting,
        };
        call.drain();
        Ok(call)
    }

    fn give(&mut self, speaker: Speaker, input: Input<'_>) {
        self.session.handle_input(self.now, speaker, input);
        self.drain();
    }

    /// Lets time pass; timers fire when they are due.
    fn wait(&mut self, millis: u64) {
        let end = self.now + Duration::from_millis(millis);
        let mut at_once = 0;
        while let Some(due) = self.session.poll_timeout().filter(|due| *due <= end) {
            // What a timer does may make another one due, but not for ever.
            at_once = if due > self.now { 0 } else { at_once + 1 };
            assert!(at_once < 5, "due again: {:?}", self.session.next_timer());
            self.now = self.now.max(due);
            self.session.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    fn step(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        let speaker = if input.arbitrary()? {
            Speaker::Agent
        } else {
            Speaker::Customer
        };
        match input.int_in_range(0..=19)? {
            0 => {
                let millis = input.int_in_range(0..=700)?;
                self.wait(millis);
            }
            1 => {
                // Minutes of a call take long to run, and seldom show anything.
                let long = match input.ratio(1, 12)? {
                    true => *input.choose(&[70_000, 400_000])?,
                    false => *input.choose(&[1_000, 4_000, 9_000, 20_000])?,
                };
                self.wait(long);
            }
            2..=5 => self.audio(speaker, input)?,
            6..=9 => self.socket(input)?,
            10..=12 => self.response(input)?,
            13 | 14 => self.played(speaker, input)?,
            15 => {
                let answer = if input.ratio(4, 5)? {
                    let expiration = match input.int_in_range(0..=3)? {
                        0 => None,
                        1 => Some(UnixTime::from_secs(WALL)),
                        _ => Some(
                            self.unix() + Duration::from_secs(input.arbitrary::<u16>()?.into()),
                        ),
                    };
                    Ok(Credentials {
                        access_key_id: format!("AKID{}", input.arbitrary::<u8>()?),
                        secret_access_key: "secret".into(),
                        session_token: None,
                        expiration,
                    })
                } else {
                    let code = ErrorCode::CredentialsUnavailable;
                    Err(Error::new(code, Stage::Credentials, "none"))
                };
                if self.credentials_asked > 0 {
                    self.credentials_asked -= 1;
                    let skew = u64::from(input.arbitrary::<u8>()?) * 60;
                    let unix = self.unix() + Duration::from_secs(skew);
                    self.give(speaker, Input::Credentials(answer, unix));
                }
            }
            16 => {
                let from_frame = match input.int_in_range(0..=2)? {
                    0 => None,
                    1 => Some(self.frames[speaker].saturating_sub(input.int_in_range(0..=9_000)?)),
                    _ => Some(self.frames[speaker] + input.int_in_range(0..=9_000)?),
                };
                let shut = input.arbitrary()?;
                let command = if input.arbitrary()? {
                    Input::Mute {
                        muted: shut,
                        from_frame,
                    }
                } else {
                    Input::Hold {
                        held: shut,
                        from_frame,
                    }
                };
                self.give(speaker, command);
            }
            17 => {
                let text =
                    (*input.choose(&["yes", "", "one two, three.", "?", "很好。"])?).to_owned();
                let translate = input.arbitrary()?;
                self.give(speaker, Input::Say { text, translate });
            }
            18 => {
                if input.arbitrary()? {
                    let enabled = input.arbitrary()?;
                    self.give(speaker, Input::Enable(enabled));
                } else {
                    let mut config = self.config.speakers[speaker].clone();
                    config.enabled = input.arbitrary()?;
                    config.echo_guard = input.arbitrary()?;
                    config.message = Duration::from_millis(input.int_in_range(20..=200)?);
                    if input.arbitrary()? {
                        config.codes.voice = None;
                    }
                    self.give(speaker, Input::Configure(Box::new(config)));
                }
            }
            _ if input.ratio(1, 12)? => self.give(speaker, Input::Stop),
            _ => {
                // A spurious timeout is a no-op.
                self.session.handle_timeout(self.now);
                self.drain();
            }
        }
        let sizes = self.session.sizes();
        assert!(sizes.backlog_samples <= 61 * 16_000, "{sizes:?}");
        assert!(sizes.utterances <= 64 + 4, "{sizes:?}");
        assert_eq!(sizes.outputs, 0);
        Ok(())
    }

    fn unix(&self) -> UnixTime {
        UnixTime::from_secs(WALL) + self.now.since(Timestamp::ZERO)
    }

    fn audio(&mut self, speaker: Speaker, input: &mut Unstructured<'_>) -> Result<()> {
        let rate_hz = match input.int_in_range(0..=30)? {
            0 => *input.choose(&[7, 500, 8_000, 44_100, 192_000, 4_000_000])?,
            n if n < 4 => 48_000,
            _ => 16_000,
        };
        match input.int_in_range(0..=24)? {
            0 => self.frames[speaker] = 0,
            1 => self.frames[speaker] += u64::from(input.arbitrary::<u32>()?),
            2 => self.frames[speaker] = self.frames[speaker].saturating_sub(4_000),
            _ => {}
        }
        let count = input.int_in_range(0..=4_000_usize)?;
        let kind = input.int_in_range(0..=7_u8)?;
        let level = f32::from(input.arbitrary::<u8>()?) / 200.0;
        let samples: Vec<f32> = (0..count)
            .map(|n| match kind {
                0 | 1 => 0.0,
                2 if n % 97 == 0 => f32::NAN,
                3 if n % 89 == 0 => f32::INFINITY,
                _ => level * ((n * n % 37) as f32 / 18.0 - 1.0),
            })
            .collect();
        let first_frame = self.frames[speaker];
        self.frames[speaker] += count as u64;
        if input.ratio(7, 8)? {
            let real_time = count as u64 * 1_000 / u64::from(rate_hz.max(8_000));
            self.wait(real_time);
        }
        let input = Input::Audio {
            rate_hz,
            first_frame,
            samples: &samples,
        };
        self.give(speaker, input);
        Ok(())
    }

    fn socket(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        if self.sockets.is_empty() {
            return Ok(());
        }
        // The latest are the likeliest, but any may speak.
        let back = input.int_in_range(0..=4)?.min(self.sockets.len() - 1);
        let index = self.sockets.len() - 1 - back;
        let (speaker, id, state) = self.sockets[index];
        let bytes;
        let news = match input.int_in_range(0..=9)? {
            0 | 1 if state == Socket::Asked => {
                self.sockets[index].2 = Socket::Open;
                SocketInput::Opened
            }
            2 => {
                self.sockets[index].2 = Socket::Closed;
                SocketInput::Closed {
                    code: *input.choose(&[1000, 1006, 1011])?,
                    clean: input.arbitrary()?,
                }
            }
            3 => {
                let name = input.choose(&EXCEPTIONS)?;
                let payload = json!({"Message": "no new audio was received"}).to_string();
                bytes = message("exception", name, payload.as_bytes());
                SocketInput::Message(&bytes)
            }
            4 => {
                let count = input.int_in_range(0..=40)?;
                bytes = input.bytes(count.min(input.len()))?.to_vec();
                SocketInput::Message(&bytes)
            }
            _ => {
                let mut results = Vec::new();
                for _ in 0..input.int_in_range(0..=2)? {
                    results.push(result(input)?);
                }
                bytes = transcript(results);
                SocketInput::Message(&bytes)
            }
        };
        self.give(speaker, Input::Socket(id, news));
        Ok(())
    }

    fn response(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        if self.requests.is_empty() {
            return Ok(());
        }
        let back = input.int_in_range(0..=5)?.min(self.requests.len() - 1);
        let index = self.requests.len() - 1 - back;
        let (speaker, id) = self.requests[index];
        let bytes;
        let whole;
        let news = match input.int_in_range(0..=7)? {
            0 => ResponseInput::Head(head(input)?),
            1 => {
                bytes = json!({"TranslatedText": "one two."})
                    .to_string()
                    .into_bytes();
                ResponseInput::Chunk(&bytes)
            }
            2 => {
                bytes = vec![17; input.int_in_range(0..=9_000)?];
                ResponseInput::Chunk(&bytes)
            }
            3 => ResponseInput::End,
            4 => ResponseInput::Failed,
            5 => {
                let count = input.int_in_range(0..=20)?;
                bytes = input.bytes(count.min(input.len()))?.to_vec();
                ResponseInput::Chunk(&bytes)
            }
            _ => {
                // A whole answer, which serves for both services.
                whole = json!({"TranslatedText": "one two, three four."}).to_string();
                let head = ResponseHead {
                    status: 200,
                    headers: Vec::new(),
                };
                self.give(speaker, Input::Response(id, ResponseInput::Head(head)));
                let chunk = ResponseInput::Chunk(whole.as_bytes());
                self.give(speaker, Input::Response(id, chunk));
                ResponseInput::End
            }
        };
        self.give(speaker, Input::Response(id, news));
        Ok(())
    }

    fn played(&mut self, speaker: Speaker, input: &mut Unstructured<'_>) -> Result<()> {
        let frame = self.frames[speaker] + input.int_in_range(0..=5_000)?;
        let started = input.arbitrary()?;
        let id = if input.ratio(1, 10)? {
            UtteranceId(input.int_in_range(0..=40)?)
        } else if let Some(id) = self.playing[speaker].first() {
            *id
        } else {
            return Ok(());
        };
        let news = if started {
            PlayedInput::Started { frame }
        } else {
            self.playing[speaker].retain(|playing| *playing != id);
            PlayedInput::Ended {
                frame,
                samples: 1_000,
            }
        };
        self.give(speaker, Input::Played(id, news));
        Ok(())
    }

    fn drain(&mut self) {
        while let Some((speaker, output)) = self.session.poll_output() {
            match output {
                Output::GetCredentials => {
                    // Again only where the first answer is not to be hoped for.
                    let waited = self.now.since(self.asked_at);
                    let hopeless = waited >= Duration::from_secs(10);
                    assert!(self.credentials_asked == 0 || hopeless, "asked twice");
                    self.credentials_asked = 1;
                    self.asked_at = self.now;
                }
                Output::OpenSocket { id, url } => {
                    self.fresh(id.0);
                    assert!(url.expose().starts_with("wss://"));
                    self.sockets.push((speaker, id, Socket::Asked));
                    let open = self.sockets.iter();
                    let of = open.filter(|(s, _, state)| *s == speaker && *state != Socket::Closed);
                    // One, and one that drains.
                    assert!(of.count() <= 2, "sockets are left open");
                }
                Output::SendMessage { id, bytes } => {
                    let socket = self.sockets.iter().find(|(_, known, _)| *known == id);
                    assert!(socket.is_some_and(|(_, _, state)| *state == Socket::Open));
                    assert!(bytes.len() <= 2 * 16_000 + 200);
                }
                Output::CloseSocket { id } => {
                    let socket = self.sockets.iter_mut().find(|(_, known, _)| *known == id);
                    socket.expect("a socket").2 = Socket::Closed;
                }
                Output::SendRequest { id, request } => {
                    self.fresh(id.0);
                    assert!(request.url.starts_with("https://"));
                    self.requests.push((speaker, id));
                }
                Output::CancelRequest { id } => {
                    assert!(self.requests.iter().any(|(_, known)| *known == id));
                }
                Output::Play { utterance, pcm } => {
                    assert!(!pcm.is_empty() && pcm.len() <= 192_000 / 10);
                    if self.playing[speaker].last() != Some(&utterance) {
                        assert!(!self.playing[speaker].contains(&utterance));
                        self.playing[speaker].push(utterance);
                    }
                }
                Output::PlayEnd { .. } => {}
                Output::StopPlayout => self.playing[speaker].clear(),
                Output::Event(event) => self.told(event),
            }
        }
    }

    fn fresh(&mut self, id: u64) {
        assert!(id > self.last_id, "an id was used twice");
        self.last_id = id;
    }

    fn told(&mut self, event: Event) {
        let text = serde_json::to_string(&event).expect("an event in writing");
        assert!(!text.contains("secret"));
        match event {
            Event::Utterance {
                utterance_id: UtteranceId(id),
                outcome,
                ..
            } => {
                if outcome == Outcome::Committed {
                    assert!(id > self.last_utterance);
                    self.last_utterance = id;
                    assert_eq!(self.utterances.insert(id, false), None);
                    return;
                }
                let ended = self.utterances.get_mut(&id).expect("never committed");
                assert!(!*ended, "{id} went on after its end");
                *ended = outcome != Outcome::Speaking;
            }
            Event::Translation { utterance_id, .. } => {
                assert_eq!(self.utterances.get(&utterance_id.0), Some(&false));
            }
            Event::StateChange { state } => {
                assert_ne!(state, self.state, "no change");
                assert_ne!(self.state, State::Stopped, "it had stopped");
                self.state = state;
            }
            Event::Transcript {
                start_ms, end_ms, ..
            }
            | Event::Echo {
                start_ms, end_ms, ..
            } => assert!(start_ms.is_finite() && end_ms.is_finite()),
            _ => {}
        }
    }

    /// Whatever happened: it can be stopped, and then everything has ended.
    fn end(&mut self) {
        self.give(Speaker::Agent, Input::Stop);
        self.wait(10_000);
        assert_eq!(self.session.state(), State::Stopped);
        assert!(self.utterances.values().all(|ended| *ended));
        assert!(
            self.sockets
                .iter()
                .all(|(_, _, state)| *state == Socket::Closed)
        );
        assert_eq!(self.session.poll_timeout(), None);
    }
}

fn head(input: &mut Unstructured<'_>) -> Result<ResponseHead> {
    let status = *input.choose(&[200, 200, 200, 400, 403, 429, 500, 503])?;
    let mut headers = Vec::new();
    match input.int_in_range(0..=5)? {
        0 => headers.push(("x-amzn-errortype", "ExpiredTokenException")),
        1 => headers.push(("x-amzn-errortype", "ThrottlingException")),
        2 => headers.push(("date", "Sat, 21 Nov 2026 09:20:00 GMT")),
        3 => headers.push(("content-type", "text/html")),
        _ => {}
    }
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    Ok(ResponseHead {
        status,
        headers: headers.into_iter().map(owned).collect(),
    })
}

fn result(input: &mut Unstructured<'_>) -> Result<Value> {
    let start = match input.int_in_range(0..=40)? {
        0 => *input.choose(&[-7.0, 3e9, 1e18, 1e300])?,
        _ => f64::from(input.arbitrary::<u16>()?) / 300.0,
    };
    let stable = input.int_in_range(0..=6)?;
    let mut items = Vec::new();
    let mut text = String::new();
    let mut at = start;
    for n in 0..input.int_in_range(0..=6)? {
        let word = *input.choose(&WORDS)?;
        text = format!("{text} {word}");
        let bare = word.trim_end_matches([',', '.', '?']);
        let mut push = |kind: &str, content: &str| {
            items.push(json!({"StartTime": at, "EndTime": at + 0.2, "Type": kind,
                "Content": content, "Stable": n < stable}));
        };
        push("pronunciation", bare);
        if bare != word {
            push("punctuation", &word[bare.len()..]);
        }
        at += if input.ratio(1, 60)? { 1e6 } else { 0.25 };
    }
    Ok(json!({
        "ResultId": format!("r{}", input.int_in_range(0..=5)?),
        "StartTime": start, "EndTime": at,
        "IsPartial": input.arbitrary::<bool>()?,
        "Alternatives": [{"Transcript": text.trim(), "Items": items}],
    }))
}
