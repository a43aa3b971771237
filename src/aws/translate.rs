//! Amazon Translate: `TranslateText`.

use crate::aws::credentials::Credentials;
use crate::aws::exception::{self, exceptions};
use crate::aws::http::{HttpRequest, ResponseHead};
use crate::aws::json::{self, Object};
use crate::aws::sign::Signer;
use crate::config::{Endpoint, TranslateOptions};
use crate::error::{Error, ErrorCode, Stage};
use crate::time::UnixTime;
use serde::Serialize;

/// The longest text, in bytes of UTF-8 (`Text` in the API reference).
pub const MAX_TEXT_BYTES: usize = 10_000;

/// What stands for a masked word in a translation, whatever its length
/// (`Profanity` in the API reference). Never to be spoken.
pub const MASK: &str = "?$#@$";

/// A text to be translated.
#[derive(Clone, Copy)]
pub struct TranslateText<'a> {
    /// The text.
    pub text: &'a str,
    /// Translate's source code: `es`.
    pub source: &'a str,
    /// Translate's target code: `en`.
    pub target: &'a str,
    /// Terminology, formality, profanity mask, brevity.
    pub options: &'a TranslateOptions,
}

/// A translation.
#[derive(Clone, PartialEq, Eq)]
pub struct Translated {
    /// The text; may hold [`MASK`].
    pub text: String,
    /// What translated it; the local stand-in says so, the service does not.
    pub engine: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    text: &'a str,
    source_language_code: &'a str,
    target_language_code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    terminology_names: Option<[&'a str; 1]>,
    #[serde(skip_serializing_if = "Settings::is_empty")]
    settings: Settings,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Settings {
    #[serde(skip_serializing_if = "Option::is_none")]
    formality: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profanity: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    brevity: Option<&'static str>,
}

impl Settings {
    fn is_empty(&self) -> bool {
        self.formality.is_none() && self.profanity.is_none() && self.brevity.is_none()
    }
}

/// The signed request.
///
/// # Errors
/// [`ErrorCode::TextTooLong`] over [`MAX_TEXT_BYTES`],
/// [`ErrorCode::InvalidOption`] if it cannot be signed.
pub fn request(
    endpoint: &Endpoint,
    text: &TranslateText<'_>,
    credentials: &Credentials,
    now: UnixTime,
) -> Result<HttpRequest, Error> {
    if text.text.len() > MAX_TEXT_BYTES {
        return Err(Error::new(
            ErrorCode::TextTooLong,
            Stage::Translate,
            "the text is longer than the 10,000 bytes that Amazon Translate takes",
        ));
    }
    let options = text.options;
    let body = Body {
        text: text.text,
        source_language_code: text.source,
        target_language_code: text.target,
        terminology_names: options.terminology.as_deref().map(|name| [name]),
        settings: Settings {
            formality: options.formality.as_deref().map(str::to_ascii_uppercase),
            profanity: options.mask_profanity.then_some("MASK"),
            brevity: options.brevity.then_some("ON"),
        },
    };
    let body = serde_json::to_vec(&body).map_err(|_| malformed())?;
    let target = "AWSShineFrontendService_20170701.TranslateText";
    signed(endpoint, target, credentials, now, body)
}

/// A signed `ListLanguages` for one language: the smallest question there is.
///
/// # Errors
/// [`ErrorCode::InvalidOption`] if it cannot be signed.
pub fn list_languages(
    endpoint: &Endpoint,
    credentials: &Credentials,
    now: UnixTime,
) -> Result<HttpRequest, Error> {
    let target = "AWSShineFrontendService_20170701.ListLanguages";
    let body = br#"{"MaxResults":1}"#.to_vec();
    signed(endpoint, target, credentials, now, body)
}

fn signed(
    endpoint: &Endpoint,
    target: &str,
    credentials: &Credentials,
    now: UnixTime,
    body: Vec<u8>,
) -> Result<HttpRequest, Error> {
    let headers = [
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amz-target", target),
    ];
    Signer {
        endpoint,
        service: "translate",
        stage: Stage::Translate,
        credentials,
        now,
    }
    .sign_request("POST", "/", &headers, body)
}

/// Reads the whole answer.
///
/// # Errors
/// The [`TranslateException`] as an [`Error`], or
/// [`ErrorCode::MalformedMessage`].
pub fn response(head: &ResponseHead, body: &[u8]) -> Result<Translated, Error> {
    if !head.is_success() {
        return Err(refusal(head, body).to_error(Stage::Translate));
    }
    let answer = json::parse(body).ok_or_else(malformed)?;
    translated(Object::new(&answer)).ok_or_else(malformed)
}

fn translated(answer: Object<'_>) -> Option<Translated> {
    Some(Translated {
        text: answer.text("TranslatedText")??.to_owned(),
        engine: answer.text("Engine")?.map(str::to_owned),
    })
}

/// The exception in an answer that is not 2xx.
#[must_use]
pub fn refusal(head: &ResponseHead, body: &[u8]) -> TranslateException {
    TranslateException::from_name(exception::name(head, body).as_deref(), head.status)
}

fn malformed() -> Error {
    exception::malformed(Stage::Translate, "Amazon Translate")
}

/// The translation without its masked words, for speaking; empty if nothing
/// that can be spoken is left.
#[must_use]
pub fn without_mask(text: &str) -> String {
    let left = text.replace(MASK, " ");
    if !left.contains(char::is_alphanumeric) {
        return String::new();
    }
    let mut out = String::with_capacity(left.len());
    for word in left.split_whitespace() {
        if word.starts_with([',', '.', ';', ':', '!', '?']) {
            // "Stop, ?$#@$!" is "Stop!": the mark stands at the word before.
            out.truncate(out.trim_end_matches([',', ';', ':']).len());
        } else if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

exceptions! {
    /// What `TranslateText` refuses with (service model of 2017-07-01).
    pub enum TranslateException {
        InvalidRequest = "InvalidRequestException" => BadRequest,
            "Amazon Translate refused the request";
        TextSizeLimitExceeded = "TextSizeLimitExceededException" => TextTooLong,
            "the text is longer than Amazon Translate takes";
        TooManyRequests = "TooManyRequestsException" => Throttled,
            "Amazon Translate asks to slow down";
        UnsupportedLanguagePair = "UnsupportedLanguagePairException" => UnsupportedLanguage,
            "Amazon Translate does not translate between these languages";
        DetectedLanguageLowConfidence = "DetectedLanguageLowConfidenceException" => BadRequest,
            "Amazon Translate is not sure of the text's language";
        ResourceNotFound = "ResourceNotFoundException" => BadRequest,
            "Amazon Translate does not have the terminology";
        InternalServer = "InternalServerException" => ServiceUnavailable,
            "Amazon Translate failed";
        ServiceUnavailable = "ServiceUnavailableException" => ServiceUnavailable,
            "Amazon Translate is not available";
    }
}
