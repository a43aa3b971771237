//! Amazon Transcribe: checks the presigned URL, reads the event-stream messages
//! and recognises the words in the samples.

use super::super::News;
use super::super::sound::{Burst, Ear, RATE};
use super::{FakeAws, Replies, wall};
use aws_smithy_eventstream::frame::{read_message_from, write_message_to};
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use connect_interpreter::audio::pcm::to_f32;
use connect_interpreter::session::SocketId;
use connect_interpreter::speaker::Speaker;
use connect_interpreter::time::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// Silence after a word that ends the utterance.
const PAUSE: u64 = RATE as u64 / 2;

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
    keep: bool,
    stabilised: bool,
    ear: Ear,
    words: Vec<(String, u64, u64)>,
    results: usize,
    last_audio: Timestamp,
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
            query,
            pcm: Vec::new(),
            messages: Vec::new(),
            ended: false,
            open: true,
            finals_without_items: false,
            keep: self.keep_pcm,
            ear: if self.hears_clips {
                Ear::fine()
            } else {
                Ear::new(RATE)
            },
            words: Vec::new(),
            results: 0,
            last_audio: now,
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
        let mut replies = stream.hear(&samples, &self.vocabulary);
        if samples.is_empty() {
            stream.ended = true;
            replies.extend(stream.finish());
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

    fn hear(&mut self, samples: &[i16], words: &super::Vocabulary) -> Replies {
        let silent = samples.iter().all(|sample| *sample == 0);
        if !(silent && self.ear.skip(samples.len() as u64)) {
            for sample in samples {
                if let Some(burst) = self.ear.hear(to_f32(*sample))
                    && let Some(word) = words.recognise(&burst)
                {
                    let Burst { start, end, .. } = burst;
                    self.words.push((word.to_owned(), start, end));
                    self.result(true);
                }
            }
        }
        let last = self.words.last().map(|(_, _, end)| *end);
        if !self.ear.in_burst() && last.is_some_and(|end| self.ear.position() - end >= PAUSE) {
            self.result(false);
        }
        self.send()
    }

    fn finish(&mut self) -> Replies {
        if !self.words.is_empty() {
            self.result(false);
        }
        self.send()
    }

    /// All results of one moment go in one message.
    fn send(&mut self) -> Replies {
        let results = std::mem::take(&mut self.pending);
        if results.is_empty() {
            return Vec::new();
        }
        let event = json!({"Transcript": {"Results": results}});
        vec![(DELAY, News::Message(self.id, transcript_event(&event)))]
    }

    fn result(&mut self, is_partial: bool) {
        let second = |position: u64| position as f64 / f64::from(RATE);
        let last = self.words.len() - 1;
        let mut items = Vec::new();
        let mut text = String::new();
        for (n, (word, start, end)) in self.words.iter().enumerate() {
            // Punctuation shows with the next word, the last one's in the final.
            let shown = !is_partial || n < last;
            let bare = word.trim_end_matches(['.', ',', '?', '!']);
            let item = |kind: &str, content: &str, from: u64, to: u64| {
                let mut item = json!({"StartTime": second(from), "EndTime": second(to),
                    "Type": kind, "Content": content, "Confidence": 0.9,
                    "VocabularyFilterMatch": false});
                if self.stabilised {
                    item["Stable"] = json!(shown);
                }
                item
            };
            items.push(item("pronunciation", bare, *start, *end));
            if shown && bare.len() < word.len() {
                items.push(item("punctuation", &word[bare.len()..], *end, *end));
            }
            text += if n == 0 { "" } else { " " };
            text += if shown { word } else { bare };
        }
        if !is_partial && self.finals_without_items {
            items.clear();
        }
        self.pending.push(json!({
            "ResultId": format!("{}-{}", self.id.0, self.results),
            "StartTime": second(self.words[0].1),
            "EndTime": second(self.words[last].2),
            "IsPartial": is_partial,
            "Alternatives": [{"Transcript": text, "Items": items}],
            "ChannelId": "ch_0",
        }));
        if !is_partial {
            self.words.clear();
            self.results += 1;
        }
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
