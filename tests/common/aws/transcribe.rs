//! Amazon Transcribe: checks the presigned URL, reads the event-stream messages
//! and recognises the words in the samples.

use super::super::News;
use super::super::sound::{Burst, Ear, RATE, Vocabulary};
use super::{FakeAws, Replies, wall};
use aws_smithy_eventstream::frame::{read_message_from, write_message_to};
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use connect_interpreter::audio::pcm::to_f32;
use connect_interpreter::aws::retry::Random;
use connect_interpreter::session::SocketId;
use connect_interpreter::speaker::Speaker;
use connect_interpreter::time::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// Silence after a word that ends the utterance.
const PAUSE: u64 = RATE as u64 / 2;

/// Silence after a word that settles it, where stability is on.
const SETTLED: u64 = RATE as u64 / 5;

/// How much later than the audio a result comes.
const DELAY: Duration = Duration::from_millis(100);

pub struct Stream {
    pub speaker: Speaker,
    pub id: SocketId,
    pub query: BTreeMap<String, String>,
    /// All samples that came.
    pub pcm: Vec<i16>,
    /// When messages with sound came, and how many samples each had.
    pub messages: Vec<(Timestamp, usize)>,
    pub ended: bool,
    pub open: bool,
    /// Messages of a final go without items.
    pub finals_without_items: bool,
    /// It goes on to take audio and says nothing more.
    pub silent: bool,
    /// Where its times begin, in samples.
    times_from: u64,
    nasty: Option<Nasty>,
    /// Since the last event, so many samples were worked on.
    unsaid: usize,
    keep: bool,
    stabilised: bool,
    ear: Ear,
    words: Vec<(String, u64, u64)>,
    /// Whether a last word becomes stable before the final.
    settles: bool,
    /// So many of the words are stable since there was silence after them.
    settled: usize,
    results: usize,
    last_audio: Timestamp,
    /// When it will have worked through what it was sent.
    done: Timestamp,
    pending: Vec<Value>,
}

impl FakeAws {
    pub fn open(&mut self, now: Timestamp, speaker: Speaker, id: SocketId, url: &str) -> Replies {
        let refused = |code| vec![(self.handshake, News::Closed(id, code, false))];
        let query = match self.check(now, url) {
            Ok(query) => query,
            Err(reason) => {
                let replies = refused(1006);
                self.wrong_urls.push(reason);
                return replies;
            }
        };
        if self.refuse_handshakes > 0 {
            let replies = refused(1006);
            self.refuse_handshakes -= 1;
            return replies;
        }
        self.streams.push(Stream {
            speaker,
            id,
            stabilised: query.contains_key("enable-partial-results-stabilization"),
            pcm: Vec::new(),
            messages: Vec::new(),
            ended: false,
            open: true,
            finals_without_items: false,
            silent: self.silent_streams,
            times_from: self.times_from(&query),
            nasty: self.nasty.as_mut().map(Nasty::fork),
            unsaid: 0,
            query,
            keep: self.keep_pcm,
            ear: if self.hears_clips {
                Ear::fine()
            } else {
                Ear::new(RATE)
            },
            words: Vec::new(),
            settles: self.settles,
            settled: 0,
            results: 0,
            last_audio: now,
            done: now,
            pending: Vec::new(),
        });
        vec![(self.handshake, News::Opened(id))]
    }

    pub fn message(&mut self, now: Timestamp, id: SocketId, bytes: &[u8]) -> Replies {
        let stream = self
            .streams
            .iter_mut()
            .find(|stream| stream.id == id)
            .expect("a message to a socket that was never opened");
        assert!(stream.open, "a message to a closed socket");
        let mut rest = bytes;
        let message = read_message_from(&mut rest).expect("an event-stream message");
        assert!(rest.is_empty());
        let header = |name: &str| {
            let header = message.headers().iter().find(|h| h.name().as_str() == name);
            header.map(|h| h.value().as_string().unwrap().as_str().to_owned())
        };
        assert_eq!(header(":message-type").as_deref(), Some("event"));
        assert_eq!(header(":event-type").as_deref(), Some("AudioEvent"));
        assert_eq!(
            header(":content-type").as_deref(),
            Some("application/octet-stream")
        );
        let payload = message.payload();
        assert!(payload.len() <= 2 * RATE as usize && payload.len().is_multiple_of(2));
        assert!(!stream.ended, "audio after its end");
        let samples: Vec<i16> = payload
            .chunks_exact(2)
            .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
            .collect();
        let mut replies = stream.hear(now, &samples, &self.vocabulary);
        if samples.is_empty() {
            stream.ended = true;
            replies.extend(stream.finish(&self.vocabulary));
            replies.push((DELAY * 2, News::Closed(id, 1000, true)));
            stream.open = false;
        } else {
            stream.last_audio = now;
            if stream.keep {
                stream.messages.push((now, samples.len()));
                stream.pcm.extend(samples);
            }
        }
        replies
    }

    /// Where the times of a session go on, if they do.
    fn times_from(&self, query: &BTreeMap<String, String>) -> u64 {
        let carried = |stream: &&Stream| stream.query.get("session-id") == query.get("session-id");
        let earlier = self.streams.iter().filter(carried);
        let sent = earlier.map(|stream| stream.ear.position()).sum::<u64>();
        if self.times_go_on { sent } else { 0 }
    }

    pub fn close(&mut self, id: SocketId) {
        for stream in &mut self.streams {
            stream.open &= stream.id != id;
        }
    }

    /// The URL's query, if it is signed as it has to be.
    fn check(&self, now: Timestamp, url: &str) -> Result<BTreeMap<String, String>, String> {
        let host = "wss://transcribestreaming.us-east-1.amazonaws.com:8443";
        let (path, query) = url.split_once('?').ok_or("no query")?;
        if path != format!("{host}/stream-transcription-websocket") {
            return Err("another address".into());
        }
        let query: BTreeMap<String, String> = query
            .split('&')
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                (decode(name), decode(value))
            })
            .collect();
        let get = |name: &str| query.get(name).map_or("", String::as_str);
        let want = |name: &str, value: &str| {
            (get(name) == value)
                .then_some(())
                .ok_or_else(|| format!("{name} is {}", get(name)))
        };
        want("media-encoding", "pcm")?;
        want("sample-rate", "16000")?;
        want("X-Amz-Algorithm", "AWS4-HMAC-SHA256")?;
        want("X-Amz-SignedHeaders", "host")?;
        want("X-Amz-Security-Token", "token+/=")?;
        let scope: Vec<&str> = get("X-Amz-Credential").split('/').collect();
        let [key, day, "us-east-1", "transcribe", "aws4_request"] = scope[..] else {
            return Err("the credential's scope".into());
        };
        if let Some(reason) = self.refusal_of(key, now) {
            return Err(reason.into());
        }
        let date = get("X-Amz-Date");
        if !date.starts_with(day) || seconds_off(date, now).abs() > 300 {
            return Err("the date".into());
        }
        let expires: u32 = get("X-Amz-Expires").parse().map_err(|_| "no expiry")?;
        let signature = get("X-Amz-Signature");
        if expires > 300 || signature.len() != 64 || get("session-id").len() != 36 {
            return Err("expiry, signature or session id".into());
        }
        Ok(query)
    }
}

impl Stream {
    /// Closes the socket as a fault does.
    pub fn kill(&mut self, code: u16) -> News {
        self.open = false;
        News::Closed(self.id, code, false)
    }

    /// How long a service that works at real time still has to do, right after
    /// the last message.
    pub fn backlog(&self) -> Duration {
        let length = |count: usize| Duration::from_secs_f64(count as f64 / f64::from(RATE));
        let mut done = Timestamp::ZERO;
        for (at, count) in &self.messages {
            done = (*at).max(done + length(*count));
        }
        let last = self.messages.last().map_or(done, |(at, _)| *at);
        done.since(last)
    }

    /// A message of the service's, whatever it says.
    pub fn say(&self, bytes: Vec<u8>) -> News {
        News::Message(self.id, bytes)
    }

    /// The time without audio is limited.
    pub fn tick(&mut self, now: Timestamp) -> Replies {
        if !self.open || self.ended || now.since(self.last_audio) < Duration::from_secs(15) {
            return Vec::new();
        }
        self.open = false;
        let text = json!({"Message": "Your request timed out because no new audio was received for 15 seconds."});
        vec![
            (
                Duration::ZERO,
                News::Message(self.id, exception("BadRequestException", &text)),
            ),
            (Duration::ZERO, News::Closed(self.id, 1000, true)),
        ]
    }

    fn hear(&mut self, now: Timestamp, samples: &[i16], words: &Vocabulary) -> Replies {
        let silent = samples.iter().all(|sample| *sample == 0);
        if !(silent && self.ear.skip(samples.len() as u64)) {
            for sample in samples {
                if let Some(burst) = self.ear.hear(to_f32(*sample)) {
                    // At its beginning a stream may hear half a word.
                    let cut = self.nasty.as_mut().filter(|_| burst.start == 0);
                    let word = match (words.recognise(&burst), cut) {
                        (Some(word), _) => Some(word),
                        (None, Some(nasty)) => nasty.misheard(&burst, words),
                        (None, None) => None,
                    };
                    if let Some(word) = word {
                        let Burst { start, end, .. } = burst;
                        self.words.push((word.to_owned(), start, end));
                        self.result(true, words);
                    }
                }
            }
        }
        let last = self.words.last().map(|(_, _, end)| *end);
        let silence = last.map_or(0, |end| self.ear.position().saturating_sub(end));
        let settles = self.settles && self.stabilised && self.settled < self.words.len();
        if settles && !self.ear.in_burst() && silence >= SETTLED {
            self.settled = self.words.len();
            self.result(true, words);
        }
        if !self.ear.in_burst() && last.is_some_and(|end| self.ear.position() - end >= PAUSE) {
            self.result(false, words);
        }
        self.unsaid += samples.len();
        // The service works at real time: what came in a burst is answered as
        // if it had not.
        let length = Duration::from_secs_f64(samples.len() as f64 / f64::from(RATE));
        self.done = now.max(self.done + length);
        self.send(self.done.since(now))
    }

    fn finish(&mut self, words: &Vocabulary) -> Replies {
        if !self.words.is_empty() {
            self.result(false, words);
        }
        self.send(Duration::ZERO)
    }

    /// All results of one moment go in one message. A stream that hears nothing
    /// says so once in a while.
    fn send(&mut self, behind: Duration) -> Replies {
        let results = std::mem::take(&mut self.pending);
        if self.silent || (results.is_empty() && self.unsaid < RATE as usize) {
            return Vec::new();
        }
        self.unsaid = 0;
        let event = json!({"Transcript": {"Results": results}});
        let event = transcript_event(&event);
        vec![(behind + DELAY, News::Message(self.id, event))]
    }

    fn result(&mut self, is_partial: bool, vocabulary: &Vocabulary) {
        let times_from = self.times_from as f64;
        let second = |position: f64| (times_from + position) / f64::from(RATE);
        let last = self.words.len() - 1;
        let settled = self.settled;
        let wrong = self.nasty.as_mut();
        let wrong = wrong.filter(|_| is_partial && settled <= last);
        let wrong = wrong.and_then(|nasty| nasty.wrong(vocabulary));
        let mut items = Vec::new();
        let mut text = String::new();
        let mut times = Vec::new();
        for (n, (word, start, end)) in self.words.iter().enumerate() {
            // Punctuation shows with the next word, the last one's in the final.
            let shown = !is_partial || n < last;
            let heard = match &wrong {
                Some(wrong) if n == last => wrong.as_str(),
                _ => word.as_str(),
            };
            let bare = heard.trim_end_matches(['.', ',', '?', '!']);
            let (from, to) = match &mut self.nasty {
                Some(nasty) => nasty.dated(*start, *end),
                None => (*start as f64, *end as f64),
            };
            times.push((from, to));
            let cased = match &self.nasty {
                Some(_) if is_partial => bare.to_lowercase(),
                _ => bare.to_owned(),
            };
            let item = |kind: &str, content: &str, from: f64, to: f64| {
                let mut item = json!({"StartTime": second(from), "EndTime": second(to),
                    "Type": kind, "Content": content, "Confidence": 0.9,
                    "VocabularyFilterMatch": false});
                if self.stabilised {
                    item["Stable"] = json!(shown || n < settled);
                }
                item
            };
            items.push(item("pronunciation", &cased, from, to));
            text += if n == 0 { "" } else { " " };
            text += &cased;
            if shown && bare.len() < heard.len() {
                items.push(item("punctuation", &heard[bare.len()..], to, to));
                text += &heard[bare.len()..];
            }
        }
        if !is_partial && self.finals_without_items {
            items.clear();
        }
        let start = times.iter().map(|t| t.0).fold(f64::MAX, f64::min);
        let end = times.iter().map(|t| t.1).fold(0.0, f64::max);
        self.pending.push(json!({
            "ResultId": format!("{}-{}", self.id.0, self.results),
            "StartTime": second(start),
            "EndTime": second(end),
            "IsPartial": is_partial,
            "Alternatives": [{"Transcript": text, "Items": items}],
            "ChannelId": "ch_0",
        }));
        if !is_partial {
            self.words.clear();
            self.settled = 0;
            self.results += 1;
        }
    }
}

/// What makes a recogniser awkward, drawn from a seed: words are dated up to
/// 120 ms off and otherwise in each event, a tenth of the partials end with a
/// wrong word, case changes in the final, half a word is heard as another one.
#[derive(Clone)]
pub struct Nasty(Random);

impl Nasty {
    pub fn new(seed: u64) -> Self {
        Self(Random::new(seed))
    }

    fn fork(&mut self) -> Self {
        Self::new(self.0.next_u64())
    }

    fn dated(&mut self, start: u64, end: u64) -> (f64, f64) {
        let mut off = || (self.0.unit() * 2.0 - 1.0) * 0.12 * f64::from(RATE);
        let (start, end) = (start as f64 + off(), end as f64 + off());
        (start.max(0.0), end.max(start + 160.0).max(160.0))
    }

    fn wrong(&mut self, words: &Vocabulary) -> Option<String> {
        if self.0.unit() >= 0.1 {
            return None;
        }
        let words = words.tokens();
        let index = self.0.next_u64() as usize % words.len().max(1);
        words.get(index).map(|w| w.to_lowercase())
    }

    fn misheard<'a>(&mut self, burst: &Burst, words: &'a Vocabulary) -> Option<&'a str> {
        let long = burst.end - burst.start > u64::from(RATE) / 16;
        let words = words.tokens();
        let index = self.0.next_u64() as usize % words.len().max(1);
        words.get(index).filter(|_| long).map(String::as_str)
    }
}

fn message(headers: &[(&str, &str)], payload: &Value) -> Vec<u8> {
    let mut message = Message::new(payload.to_string().into_bytes());
    for (name, value) in headers {
        let value = HeaderValue::String((*value).to_owned().into());
        message = message.add_header(Header::new((*name).to_owned(), value));
    }
    let mut bytes = Vec::new();
    write_message_to(&message, &mut bytes).unwrap();
    bytes
}

pub fn transcript_event(payload: &Value) -> Vec<u8> {
    let headers = [
        (":message-type", "event"),
        (":event-type", "TranscriptEvent"),
        (":content-type", "application/json"),
    ];
    message(&headers, payload)
}

pub fn exception(name: &str, payload: &Value) -> Vec<u8> {
    let headers = [
        (":message-type", "exception"),
        (":exception-type", name),
        (":content-type", "application/json"),
    ];
    message(&headers, payload)
}

pub fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte == b'%' {
            let hex = std::str::from_utf8(&rest[..2]).unwrap();
            bytes.push(u8::from_str_radix(hex, 16).unwrap());
            rest = &rest[2..];
        } else {
            assert_ne!(*byte, b'+', "a space has to be %20");
            bytes.push(*byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// How many seconds an `X-Amz-Date` is off.
pub fn seconds_off(date: &str, now: Timestamp) -> i64 {
    let number =
        |range: std::ops::Range<usize>| date.get(range).and_then(|d| d.parse::<i64>().ok());
    let parts = (
        number(0..4),
        number(4..6),
        number(6..8),
        number(9..11),
        number(11..13),
        number(13..15),
    );
    let (Some(y), Some(m), Some(d), Some(h), Some(min), Some(s)) = parts else {
        return i64::MAX;
    };
    // Days from civil (Howard Hinnant).
    let (y, m) = if m <= 2 { (y - 1, m + 9) } else { (y, m - 3) };
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + d - 1 - 719_468;
    let date = days * 86_400 + h * 3_600 + min * 60 + s;
    date - wall(now).as_secs_f64() as i64
}
