//! Amazon Polly: `SynthesizeSpeech`.

use crate::aws::credentials::Credentials;
use crate::aws::exception::{self, exceptions};
use crate::aws::http::{HttpRequest, ResponseHead};
use crate::aws::sign::Signer;
use crate::config::Endpoint;
use crate::error::{Error, ErrorCode, Stage};
use crate::language::{Engine, Voice};
use crate::time::UnixTime;
use serde::Serialize;

/// The rate of the answer: mono 16-bit samples. Polly's `pcm` is 8,000 or
/// 16,000 Hz.
pub const SAMPLE_RATE_HZ: u32 = 16_000;

/// The longest text in billed characters: all of a plain text's ("Quotas in
/// Amazon Polly").
pub const MAX_TEXT_CHARS: usize = 3_000;

/// The most lexicons of a request (`LexiconNames` in the API reference).
pub const MAX_LEXICONS: usize = 5;

/// The header in which the local stand-in says what spoke.
pub const ENGINE_HEADER: &str = "x-local-aws-engine";

/// A text to be spoken.
#[derive(Clone, Copy)]
pub struct Speech<'a> {
    /// The text, plain.
    pub text: &'a str,
    /// Who speaks.
    pub voice: &'a Voice,
    /// At most [`MAX_LEXICONS`].
    pub lexicons: &'a [String],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    engine: Engine,
    language_code: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    lexicon_names: &'a [String],
    output_format: &'static str,
    sample_rate: String,
    text: &'a str,
    text_type: &'static str,
    voice_id: &'a str,
}

/// The signed request. Its answer streams raw samples, little-endian, at
/// [`SAMPLE_RATE_HZ`].
///
/// # Errors
/// [`ErrorCode::TextTooLong`] over [`MAX_TEXT_CHARS`],
/// [`ErrorCode::InvalidOption`] if there are too many lexicons or it cannot be
/// signed.
pub fn request(
    endpoint: &Endpoint,
    speech: &Speech<'_>,
    credentials: &Credentials,
    now: UnixTime,
) -> Result<HttpRequest, Error> {
    if speech.text.chars().count() > MAX_TEXT_CHARS {
        return Err(Error::new(
            ErrorCode::TextTooLong,
            Stage::Synthesize,
            "the text is longer than the 3,000 characters that Amazon Polly takes",
        ));
    }
    if speech.lexicons.len() > MAX_LEXICONS {
        return Err(Error::new(
            ErrorCode::InvalidOption,
            Stage::Synthesize,
            "there are more than the 5 lexicons that Amazon Polly takes",
        ));
    }
    let body = Body {
        engine: speech.voice.engine,
        language_code: &speech.voice.language_code,
        lexicon_names: speech.lexicons,
        output_format: "pcm",
        sample_rate: SAMPLE_RATE_HZ.to_string(),
        text: speech.text,
        text_type: "text",
        voice_id: &speech.voice.id,
    };
    let body = serde_json::to_vec(&body)
        .map_err(|_| exception::malformed(Stage::Synthesize, "Amazon Polly"))?;
    Signer {
        endpoint,
        service: "polly",
        stage: Stage::Synthesize,
        credentials,
        now,
    }
    .sign_request(
        "POST",
        "/v1/speech",
        &[("content-type", "application/json")],
        body,
    )
}

/// Reads the head of the answer: `Ok` with the engine, if it is named, when
/// samples follow.
///
/// # Errors
/// `None` if the refusal's body is needed first (give it to [`refusal`]); an
/// error if it is a success but no sound follows.
pub fn head(head: &ResponseHead) -> Result<Option<String>, Option<Error>> {
    if !head.is_success() {
        return Err(None);
    }
    match head.header("content-type") {
        // The header is safelisted by CORS; one that says something else is wrong.
        Some(kind) if !kind.starts_with("audio/") => Err(Some(exception::malformed(
            Stage::Synthesize,
            "Amazon Polly",
        ))),
        _ => Ok(head.header(ENGINE_HEADER).map(str::to_owned)),
    }
}

/// The exception in an answer that is not 2xx.
#[must_use]
pub fn refusal(head: &ResponseHead, body: &[u8]) -> PollyException {
    PollyException::from_name(exception::name(head, body).as_deref(), head.status)
}

exceptions! {
    /// What `SynthesizeSpeech` refuses with (service model of 2016-06-10).
    pub enum PollyException {
        TextLengthExceeded = "TextLengthExceededException" => TextTooLong,
            "the text is longer than Amazon Polly takes";
        InvalidSampleRate = "InvalidSampleRateException" => BadRequest,
            "Amazon Polly refused the sample rate";
        InvalidSsml = "InvalidSsmlException" => BadRequest,
            "Amazon Polly refused the SSML";
        LexiconNotFound = "LexiconNotFoundException" => BadRequest,
            "Amazon Polly does not have the lexicon";
        ServiceFailure = "ServiceFailureException" => ServiceUnavailable,
            "Amazon Polly failed";
        MarksNotSupportedForFormat = "MarksNotSupportedForFormatException" => BadRequest,
            "Amazon Polly gives no speech marks in this format";
        SsmlMarksNotSupportedForTextType = "SsmlMarksNotSupportedForTextTypeException" => BadRequest,
            "Amazon Polly gives no SSML marks for a plain text";
        LanguageNotSupported = "LanguageNotSupportedException" => VoiceMismatch,
            "the voice does not speak this language";
        EngineNotSupported = "EngineNotSupportedException" => VoiceMismatch,
            "the voice does not have this engine, or not in this region";
    }
}
