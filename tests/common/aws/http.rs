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

/// Status, name and, where it says something, message.
type Refusal = (u16, &'static str, Option<String>);
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
        let delay = self.translate.default_delay;
        let replies = self.answer(
            now,
            id,
            &body,
            (polly, key, header("x-amz-date"), header("x-amz-target")),
        );
        match replies {
            Ok(replies) => replies,
            Err((status, name, message)) => {
                let mut replies = refuse(now, id, delay, polly, status, name);
                if let Some(message) = message {
                    let field = if polly { "message" } else { "Message" };
                    let body = json!({"__type": name, field: message}).to_string();
                    replies[1].1 = News::Chunk(id, body.into_bytes());
                }
                replies
            }
        }
        .into_iter()
        .map(|(after, news)| match news {
            News::Head(id, mut head) if self.hide_date => {
                head.headers.retain(|(name, _)| name != "date");
                (after, News::Head(id, head))
            }
            news => (after, news),
        })
        .collect()
    }

    /// As strict as the services, in their order: the key, the time, the token.
    fn answer(
        &mut self,
        now: Timestamp,
        id: RequestId,
        body: &Value,
        (polly, key, date, target): (bool, &str, &str, &str),
    ) -> Result<Replies, Refusal> {
        self.probes += usize::from(target.ends_with(".ListLanguages"));
        let refusal = self.refusal_of(key, now);
        let status = if polly { 403 } else { 400 };
        if let Some(name @ "UnrecognizedClientException") = refusal {
            return Err((status, name, None));
        }
        let off = seconds_off(date, now);
        if off.abs() > 300 {
            let time = |seconds: i64| basic_date(now, seconds);
            let message = if off < 0 {
                let (least, now) = (time(-300), time(0));
                format!("Signature expired: {date} is now earlier than {least} ({now} - 5 min.)")
            } else {
                let (most, now) = (time(300), time(0));
                format!(
                    "Signature not yet current: {date} is still later than {most} ({now} + 5 min.)"
                )
            };
            return Err((status, "InvalidSignatureException", Some(message)));
        }
        if let Some(name) = refusal {
            return Err((status, name, None));
        }
        if polly {
            return self.speak(now, id, body);
        }
        match target {
            "AWSShineFrontendService_20170701.TranslateText" => self.translate_text(now, id, body),
            "AWSShineFrontendService_20170701.ListLanguages" => {
                assert_eq!(*body, json!({"MaxResults": 1}));
                let answer =
                    json!({"Languages": [{"LanguageName": "Afrikaans", "LanguageCode": "af"}]});
                let pieces = vec![(Duration::ZERO, answer.to_string().into_bytes())];
                let delay = self.translate.default_delay;
                Ok(answer_with(now, id, delay, None, false, pieces))
            }
            other => panic!("{other}"),
        }
    }

    fn translate_text(
        &mut self,
        now: Timestamp,
        id: RequestId,
        body: &Value,
    ) -> Result<Replies, Refusal> {
        let text = body["Text"].as_str().unwrap();
        if text.len() > 10_000 {
            return Err((400, "TextSizeLimitExceededException", None));
        }
        let target = body["TargetLanguageCode"].as_str().unwrap();
        assert_ne!(body["SourceLanguageCode"], body["TargetLanguageCode"]);
        let (delay, fault) = self.translate.take(now, text);
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
        Ok(answer_with(now, id, delay, fault, false, pieces))
    }

    fn speak(&mut self, now: Timestamp, id: RequestId, body: &Value) -> Result<Replies, Refusal> {
        assert_eq!(body["OutputFormat"], "pcm");
        assert_eq!(body["SampleRate"], "16000");
        let text = body["Text"].as_str().unwrap();
        if text.encode_utf16().count() > 3_000 {
            return Err((400, "TextLengthExceededException", None));
        }
        let (delay, fault) = self.polly.take(now, text);
        if !self.takes_speech(now, body["Engine"].as_str().unwrap()) {
            return Err((400, "ThrottlingException", Some("Rate exceeded".to_owned())));
        }
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
        Ok(answer_with(now, id, delay, fault, true, pieces))
    }
}

fn head(now: Timestamp, after: Duration, status: u16, kind: &str) -> ResponseHead {
    let date = http_date(now, after);
    ResponseHead {
        status,
        headers: vec![("content-type".into(), kind.into()), ("date".into(), date)],
    }
}

/// Translate names the exception in the body, Polly in a header.
fn refuse(
    now: Timestamp,
    id: RequestId,
    delay: Duration,
    polly: bool,
    status: u16,
    name: &str,
) -> Replies {
    let (kind, body) = match polly {
        true => ("application/json", json!({"message": "…"})),
        false => (
            "application/x-amz-json-1.1",
            json!({"__type": name, "message": "…"}),
        ),
    };
    let mut head = head(now, delay, status, kind);
    if polly {
        head.headers.push(("x-amzn-errortype".into(), name.into()));
    }
    vec![
        (delay, News::Head(id, head)),
        (delay, News::Chunk(id, body.to_string().into_bytes())),
        (delay, News::End(id)),
    ]
}

fn answer_with(
    now: Timestamp,
    id: RequestId,
    delay: Duration,
    fault: Option<Fault>,
    polly: bool,
    mut pieces: Vec<(Duration, Vec<u8>)>,
) -> Replies {
    let kind = match polly {
        true => "audio/pcm",
        false => "application/x-amz-json-1.1",
    };
    let mut broken = false;
    match fault {
        Some(Fault::Refused(status, name)) => {
            return refuse(now, id, delay, polly, status, name);
        }
        Some(Fault::Broken) => return vec![(delay, News::Failed(id))],
        Some(Fault::Silent) => return Vec::new(),
        Some(Fault::Body(body)) => pieces = vec![(Duration::ZERO, body)],
        Some(Fault::BrokenAfter(bytes) | Fault::EndsAfter(bytes)) => {
            broken = matches!(fault, Some(Fault::BrokenAfter(_)));
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

/// The date as signatures have it.
fn basic_date(now: Timestamp, seconds: i64) -> String {
    let at = wall(now).as_secs_f64() as i64 + seconds;
    let text = aws_smithy_types::DateTime::from_secs(at)
        .fmt(aws_smithy_types::date_time::Format::DateTime)
        .unwrap();
    text.replace(['-', ':'], "")
}
