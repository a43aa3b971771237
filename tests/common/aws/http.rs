//! Amazon Translate and Amazon Polly.

use super::super::News;
use super::super::sound::RATE;
use super::transcribe::seconds_off;
use super::{FakeAws, Fault, Replies, wall};
use connect_interpreter::audio::pcm::{extend_s16le, to_i16};
use connect_interpreter::aws::http::{HttpRequest, ResponseHead};
use connect_interpreter::session::RequestId;
use connect_interpreter::time::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;

/// How Polly says things.
const MANNER: u64 = 77_000;

impl FakeAws {
    pub fn request(&mut self, now: Timestamp, id: RequestId, request: &HttpRequest) -> Replies {
        let header = |name: &str| {
            let header = request.headers.iter().find(|(n, _)| n == name);
            header.map_or("", |(_, value)| value.as_str())
        };
        let body: Value = serde_json::from_slice(&request.body).expect("JSON");
        let polly = request.url == "https://polly.us-east-1.amazonaws.com/v1/speech";
        if !polly {
            assert_eq!(request.url, "https://translate.us-east-1.amazonaws.com/");
        }
        let service = if polly { "polly" } else { "translate" };
        let key = header("authorization")
            .strip_prefix("AWS4-HMAC-SHA256 Credential=")
            .and_then(|rest| rest.split_once('/'))
            .map_or("", |(key, _)| key);
        assert!(header("authorization").contains(&format!("/us-east-1/{service}/aws4_request")));
        assert_eq!(header("x-amz-security-token"), "token+/=");
        if let Some(name) = self.refusal_of(key, now) {
            return refuse(now, id, self.translate.default_delay, 400, name);
        }
        if seconds_off(header("x-amz-date"), now).abs() > 300 {
            let name = "InvalidSignatureException";
            return refuse(now, id, self.translate.default_delay, 403, name);
        }
        if polly {
            self.speak(now, id, &body)
        } else {
            assert_eq!(
                header("x-amz-target"),
                "AWSShineFrontendService_20170701.TranslateText"
            );
            self.translate_text(now, id, &body)
        }
    }

    fn translate_text(&mut self, now: Timestamp, id: RequestId, body: &Value) -> Replies {
        let text = body["Text"].as_str().unwrap();
        let target = body["TargetLanguageCode"].as_str().unwrap();
        assert_ne!(body["SourceLanguageCode"], body["TargetLanguageCode"]);
        let (delay, fault) = self.translate.take(text);
        let translated = match self.phrasebook.get(text) {
            Some(known) => (*known).to_owned(),
            None => format!("{target}: {text}"),
        };
        let answer = json!({"TranslatedText": translated,
            "SourceLanguageCode": body["SourceLanguageCode"], "TargetLanguageCode": target});
        let answer = answer.to_string().into_bytes();
        let middle = answer.len() / 2;
        let pieces = vec![
            (Duration::ZERO, answer[..middle].to_vec()),
            (Duration::ZERO, answer[middle..].to_vec()),
        ];
        answer_with(now, id, delay, fault, "application/x-amz-json-1.1", pieces)
    }

    fn speak(&mut self, now: Timestamp, id: RequestId, body: &Value) -> Replies {
        assert_eq!(body["OutputFormat"], "pcm");
        assert_eq!(body["SampleRate"], "16000");
        let text = body["Text"].as_str().unwrap();
        let (delay, fault) = self.polly.take(text);
        let sound = if self.hears_clips {
            self.vocabulary.say_so(text, MANNER + text.len() as u64)
        } else {
            self.clips.speak(text)
        };
        let samples = sound.into_iter().map(to_i16);
        let mut bytes = Vec::new();
        extend_s16le(samples, &mut bytes);
        let speed = f64::from(RATE) * 2.0 * self.polly_speed;
        let pieces = bytes
            .chunks(self.polly_piece)
            .enumerate()
            .map(|(n, piece)| {
                let at = (n * self.polly_piece) as f64 / speed;
                (Duration::from_secs_f64(at), piece.to_vec())
            })
            .collect();
        answer_with(now, id, delay, fault, "audio/pcm", pieces)
    }
}

fn head(now: Timestamp, after: Duration, status: u16, kind: &str) -> ResponseHead {
    let date = http_date(now, after);
    ResponseHead {
        status,
        headers: vec![("content-type".into(), kind.into()), ("date".into(), date)],
    }
}

fn refuse(now: Timestamp, id: RequestId, delay: Duration, status: u16, name: &str) -> Replies {
    let body = json!({"__type": name, "message": "…"}).to_string();
    let mut head = head(now, delay, status, "application/x-amz-json-1.1");
    head.headers.push(("x-amzn-errortype".into(), name.into()));
    vec![
        (delay, News::Head(id, head)),
        (delay, News::Chunk(id, body.into_bytes())),
        (delay, News::End(id)),
    ]
}

fn answer_with(
    now: Timestamp,
    id: RequestId,
    delay: Duration,
    fault: Option<Fault>,
    kind: &str,
    mut pieces: Vec<(Duration, Vec<u8>)>,
) -> Replies {
    let mut broken = false;
    match fault {
        Some(Fault::Refused(status, name)) => return refuse(now, id, delay, status, name),
        Some(Fault::Broken) => return vec![(delay, News::Failed(id))],
        Some(Fault::Silent) => return Vec::new(),
        Some(Fault::Body(body)) => pieces = vec![(Duration::ZERO, body)],
        Some(Fault::BrokenAfter(bytes)) => {
            broken = true;
            let mut left = bytes;
            for (_, piece) in &mut pieces {
                piece.truncate(left);
                left -= piece.len();
            }
        }
        None => {}
    }
    let mut replies = vec![(delay, News::Head(id, head(now, delay, 200, kind)))];
    let mut end = delay;
    for (at, piece) in pieces {
        end = delay + at;
        if !piece.is_empty() {
            replies.push((end, News::Chunk(id, piece)));
        }
    }
    let last = if broken {
        News::Failed(id)
    } else {
        News::End(id)
    };
    replies.push((end, last));
    replies
}

/// The `date` header's form, with the crate that reads it.
fn http_date(now: Timestamp, after: Duration) -> String {
    let at = wall(now) + after;
    aws_smithy_types::DateTime::from_secs(at.as_secs_f64() as i64)
        .fmt(aws_smithy_types::date_time::Format::HttpDate)
        .unwrap()
}
