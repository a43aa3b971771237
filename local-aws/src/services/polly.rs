//! Amazon Polly: `SynthesizeSpeech` and `DescribeVoices`.

use super::{
    Whole, authorize, counted,
    error::{AwsError, Protocol},
    request_id, suffer,
};
use crate::{
    app::App,
    audio::Resampler,
    control::{
        faults::{Kind, Service},
        locked,
    },
};
use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use std::{io, sync::Arc, time::Duration};
use tokio::time::{Instant, sleep, sleep_until};

/// Longest text, in characters.
const MAX_CHARACTERS: usize = 3000;

/// How long a body that is cut lets its last bytes leave.
const CUT_AFTER: Duration = Duration::from_millis(50);

/// Most lexicons of a request.
const MAX_LEXICONS: usize = 5;

/// Id, gender, languages (first the own, then additional ones), engines.
type Voice = (
    &'static str,
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

const VOICES: &[Voice] = &include!("polly_voices.in");

const LANGUAGES: &[(&str, &str)] = &include!("polly_languages.in");

fn refused(name: &str, message: &str) -> AwsError {
    AwsError::new(Protocol::RestJson, 400, name, message)
}

async fn prepared(app: &App, request: Request<Body>, action: &str) -> Result<Whole, AwsError> {
    let whole = Whole::read(request, Protocol::RestJson).await?;
    authorize(
        app,
        Protocol::RestJson,
        Service::Polly,
        action,
        (&whole.parts.method, &whole.parts.uri, &whole.parts.headers),
        &whole.body,
    )?;
    suffer(
        app,
        Protocol::RestJson,
        Service::Polly,
        language_of(&whole.body).as_deref(),
        (400, "ThrottlingException"),
        (500, "ServiceFailureException"),
    )
    .await?;
    Ok(whole)
}

/// The language that a request for speech names.
fn language_of(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    body["LanguageCode"].as_str().map(str::to_owned)
}

/// `POST /v1/speech`.
pub async fn speech(State(app): State<Arc<App>>, request: Request<Body>) -> Response {
    let answer = async {
        let whole = prepared(&app, request, "SynthesizeSpeech").await?;
        let asked = Asked::read(&whole)?;
        keep_to_the_rate(&app, asked.engine)?;
        synthesize(&app, &asked).await
    };
    counted(&app, Service::Polly, answer.await)
}

/// `GET /v1/voices`.
pub async fn voices(State(app): State<Arc<App>>, request: Request<Body>) -> Response {
    let answer = async {
        let whole = prepared(&app, request, "DescribeVoices").await?;
        describe_voices(&whole)
    };
    counted(&app, Service::Polly, answer.await)
}

/// A checked request for speech.
struct Asked {
    voice: &'static str,
    engine: &'static str,
    language: String,
    rate_hz: u32,
    text: String,
}

impl Asked {
    fn read(whole: &Whole) -> Result<Self, AwsError> {
        let body: Value = serde_json::from_slice(&whole.body)
            .ok()
            .filter(Value::is_object)
            .ok_or_else(|| refused("SerializationException", ""))?;
        let text = required(&body, "Text")?;
        let (voice, _, languages, engines) = VOICES
            .iter()
            .find(|(id, ..)| Some(*id) == body["VoiceId"].as_str())
            .ok_or_else(|| not_in_set("voiceId"))?;
        let engine = body["Engine"].as_str().unwrap_or("standard");
        if !["standard", "neural", "long-form", "generative"].contains(&engine) {
            return Err(not_in_set("engine"));
        }
        let Some(engine) = engines.iter().find(|known| **known == engine).copied() else {
            return Err(refused(
                "EngineNotSupportedException",
                &format!("This voice does not support the selected engine: {engine}"),
            ));
        };
        let language = match &body["LanguageCode"] {
            Value::Null => languages[0],
            code => LANGUAGES
                .iter()
                .map(|(known, _)| *known)
                .find(|known| Some(*known) == code.as_str())
                .ok_or_else(|| not_in_set("languageCode"))?,
        };
        if !languages.contains(&language) {
            return Err(refused(
                "LanguageNotSupportedException",
                &format!("The voice {voice} does not speak {language}."),
            ));
        }
        let rate_hz = format(&body)?;
        let text_type = body["TextType"].as_str().unwrap_or("text");
        let text = match text_type {
            "text" => text.to_owned(),
            "ssml" => without_tags(text)?,
            _ => return Err(not_in_set("textType")),
        };
        if text.chars().count() > MAX_CHARACTERS {
            return Err(refused(
                "TextLengthExceededException",
                "Maximum text length has been exceeded",
            ));
        }
        if let Some(names) = body["LexiconNames"].as_array()
            && !names.is_empty()
        {
            if names.len() > MAX_LEXICONS {
                return Err(refused(
                    "ValidationException",
                    "1 validation error detected: Value at 'lexiconNames' failed to satisfy constraint: Member must have length less than or equal to 5",
                ));
            }
            return Err(AwsError::new(
                Protocol::RestJson,
                404,
                "LexiconNotFoundException",
                "Lexicon not found",
            ));
        }
        Ok(Self {
            voice,
            engine,
            language: language.to_owned(),
            rate_hz,
            text,
        })
    }
}

/// Each engine has its quota; that of standard voices is ten times the others'.
fn keep_to_the_rate(app: &App, engine: &'static str) -> Result<(), AwsError> {
    let rate = locked(&app.settings).polly_requests_per_s;
    let rate = if engine == "standard" {
        rate.saturating_mul(10)
    } else {
        rate
    };
    if app.rates.take(engine, rate, Instant::now()) {
        return Ok(());
    }
    Err(refused("ThrottlingException", "Rate exceeded"))
}

fn required<'a>(body: &'a Value, name: &str) -> Result<&'a str, AwsError> {
    body[name].as_str().ok_or_else(|| {
        refused(
            "ValidationException",
            &format!("1 validation error detected: Value null at '{name}' failed to satisfy constraint: Member must not be null"),
        )
    })
}

fn not_in_set(field: &str) -> AwsError {
    refused(
        "ValidationException",
        &format!(
            "1 validation error detected: Value at '{field}' failed to satisfy constraint: Member must satisfy enum value set"
        ),
    )
}

/// The sample rate of PCM. Other formats need encoders that are not here.
fn format(body: &Value) -> Result<u32, AwsError> {
    match required(body, "OutputFormat")? {
        "pcm" => {}
        "mp3" | "ogg_vorbis" | "ogg_opus" | "mulaw" | "alaw" | "json" => {
            return Err(refused(
                "ValidationException",
                "The stand-in has no encoder for this OutputFormat; it speaks pcm.",
            ));
        }
        _ => return Err(not_in_set("outputFormat")),
    }
    match &body["SampleRate"] {
        Value::Null => Ok(16_000),
        Value::String(rate) if rate == "16000" => Ok(16_000),
        Value::String(rate) if rate == "8000" => Ok(8_000),
        Value::String(_) => Err(refused(
            "InvalidSampleRateException",
            "The specified sample rate is not valid.",
        )),
        _ => Err(refused("SerializationException", "")),
    }
}

/// The text of SSML. Tags must be balanced inside `<speak>`; they change nothing.
fn without_tags(ssml: &str) -> Result<String, AwsError> {
    let invalid = || refused("InvalidSsmlException", "Invalid SSML request");
    let mut open: Vec<&str> = Vec::new();
    let mut text = String::new();
    let mut rest = ssml.trim();
    if !rest.starts_with("<speak") {
        return Err(invalid());
    }
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        let (tag, after) = tag.split_once('>').ok_or_else(invalid)?;
        let name = |tag: &'_ str| tag.split_whitespace().next().map(str::len);
        if let Some(closing) = tag.strip_prefix('/') {
            if open.pop() != Some(closing.trim()) {
                return Err(invalid());
            }
        } else if !tag.ends_with('/') {
            open.push(&tag[..name(tag).ok_or_else(invalid)?]);
        }
        rest = after;
    }
    if !open.is_empty() || !rest.trim().is_empty() {
        return Err(invalid());
    }
    let text = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&");
    Ok(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

async fn synthesize(app: &Arc<App>, asked: &Asked) -> Result<Response, AwsError> {
    let cut = app.faults.take(|fault| {
        fault.service == Service::Polly
            && fault.kind == Kind::CutBody
            && fault.is_of_language(Some(&asked.language))
    });
    let delays = app.delays();
    let (speech, ()) = tokio::join!(
        app.engines.speak(asked.voice, &asked.language, &asked.text),
        sleep(Duration::from_millis(delays.polly_first_byte_ms))
    );
    // Of the exceptions that Polly's model has for this operation, the one that
    // says "cannot be spoken, and not later either".
    let speech = speech.map_err(|_| {
        refused(
            "LanguageNotSupportedException",
            "No engine of the stand-in can speak this text.",
        )
    })?;
    app.counters.characters(Service::Polly, &asked.text);
    let pcm = at_rate(&speech.pcm_16k, asked.rate_hz);
    let bytes_per_s = f64::from(asked.rate_hz) * 2.0 * delays.polly_body_speed;
    let body = Paced {
        begun: Instant::now(),
        sent: 0,
        bytes_per_s,
        sizes: StdRng::seed_from_u64(delays.seed ^ pcm.len() as u64),
        end: cut.map(|cut| cut.after_bytes.min(pcm.len())),
        pcm: pcm.into(),
    };
    let headers = [
        ("content-type", "audio/pcm".to_owned()),
        ("x-amzn-requestid", request_id()),
        (
            "x-amzn-requestcharacters",
            asked.text.chars().count().to_string(),
        ),
        ("x-local-aws-engine", speech.engine.to_owned()),
    ];
    Ok((headers, body.into_body()).into_response())
}

fn at_rate(pcm_16k: &[i16], rate_hz: u32) -> Vec<u8> {
    let bytes = |samples: &[i16]| samples.iter().flat_map(|s| s.to_le_bytes()).collect();
    if rate_hz == 16_000 {
        return bytes(pcm_16k);
    }
    let samples: Vec<f32> = pcm_16k.iter().map(|s| f32::from(*s) / 32768.0).collect();
    let resampled: Vec<i16> = Resampler::new(16_000, rate_hz)
        .push(&samples)
        .iter()
        .map(|s| (s * 32768.0).round().clamp(-32768.0, 32767.0) as i16)
        .collect();
    bytes(&resampled)
}

/// A body that comes at a set speed, in pieces that need not end at a sample.
struct Paced {
    begun: Instant,
    sent: usize,
    bytes_per_s: f64,
    sizes: StdRng,
    /// Where a cut ends it.
    end: Option<usize>,
    pcm: Bytes,
}

impl Paced {
    fn into_body(self) -> Body {
        Body::from_stream(stream::try_unfold(self, |mut body| async move {
            let whole = body.pcm.len();
            if body.sent >= body.end.unwrap_or(whole) {
                if body.end.is_none() {
                    return Ok(None);
                }
                // An error discards what is not sent yet.
                sleep(CUT_AFTER).await;
                return Err(io::Error::from(io::ErrorKind::ConnectionReset));
            }
            let due = Duration::from_secs_f64(body.sent as f64 / body.bytes_per_s);
            sleep_until(body.begun + due).await;
            let until =
                (body.sent + body.sizes.random_range(900..2400)).min(body.end.unwrap_or(whole));
            let piece = body.pcm.slice(body.sent..until);
            body.sent = until;
            Ok(Some((piece, body)))
        }))
    }
}

fn describe_voices(whole: &Whole) -> Result<Response, AwsError> {
    let query = whole.parts.uri.query().unwrap_or("");
    let mut language = None;
    let mut engine = None;
    let mut additional = false;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match name {
            "LanguageCode" if LANGUAGES.iter().any(|(code, _)| *code == value) => {
                language = Some(value);
            }
            "LanguageCode" => return Err(not_in_set("languageCode")),
            "Engine" => engine = Some(value),
            "IncludeAdditionalLanguageCodes" => additional = matches!(value, "true" | "yes"),
            _ => {}
        }
    }
    let voices: Vec<Value> = VOICES
        .iter()
        .filter(|(_, _, languages, engines)| {
            let spoken = if additional {
                languages
            } else {
                &languages[..1]
            };
            language.is_none_or(|code| spoken.contains(&code))
                && engine.is_none_or(|engine| engines.contains(&engine))
        })
        .map(|(id, gender, languages, engines)| {
            let name = LANGUAGES
                .iter()
                .find(|(code, _)| *code == languages[0])
                .map(|(_, name)| *name);
            let mut voice = json!({
                "Id": id, "Name": id, "Gender": gender,
                "LanguageCode": languages[0], "LanguageName": name,
                "SupportedEngines": engines,
            });
            if languages.len() > 1 {
                voice["AdditionalLanguageCodes"] = json!(languages[1..]);
            }
            voice
        })
        .collect();
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("x-amzn-requestid", request_id()),
    ];
    Ok((headers, json!({"Voices": voices}).to_string()).into_response())
}
