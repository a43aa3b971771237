//! Amazon Translate: `TranslateText` and `ListLanguages`.

use super::{
    Whole, authorize,
    error::{AwsError, Protocol},
    json_answer, json_body, suffer, unknown_operation,
};
use crate::{app::App, control::faults::Service};
use axum::response::Response;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::sleep;

/// Longest text, in bytes of UTF-8.
const MAX_BYTES: usize = 10_000;

/// Code and English name of what Translate knows.
const LANGUAGES: &[(&str, &str)] = &include!("translate_languages.in");

/// Answers one call.
///
/// # Errors
/// As Translate would.
pub async fn answer(app: &App, action: &str, whole: &Whole) -> Result<Response, AwsError> {
    authorize(
        app,
        Protocol::Json11,
        Service::Translate,
        action,
        (&whole.parts.method, &whole.parts.uri, &whole.parts.headers),
        &whole.body,
    )?;
    let body = json_body(whole)?;
    suffer(
        app,
        Protocol::Json11,
        Service::Translate,
        body["SourceLanguageCode"].as_str(),
        (400, "ThrottlingException"),
        (500, "InternalServerException"),
    )
    .await?;
    match action {
        "TranslateText" => translate(app, &body).await,
        "ListLanguages" => Ok(list_languages()),
        _ => Err(unknown_operation()),
    }
    .map(|answer| json_answer(&answer))
}

fn refused(name: &str, message: &str) -> AwsError {
    AwsError::new(Protocol::Json11, 400, name, message)
}

fn invalid(field: &str, constraint: &str) -> AwsError {
    refused(
        "ValidationException",
        &format!(
            "1 validation error detected: Value at '{field}' failed to satisfy constraint: {constraint}"
        ),
    )
}

fn known(code: &str) -> bool {
    LANGUAGES.iter().any(|(known, _)| *known == code)
}

async fn translate(app: &App, body: &Value) -> Result<Value, AwsError> {
    let field = |name: &str, wire: &str| {
        body[name]
            .as_str()
            .ok_or_else(|| invalid(wire, "Member must not be null"))
    };
    let text = field("Text", "text")?;
    let source = field("SourceLanguageCode", "sourceLanguageCode")?;
    let target = field("TargetLanguageCode", "targetLanguageCode")?;
    if text.is_empty() {
        return Err(invalid(
            "text",
            "Member must have length greater than or equal to 1",
        ));
    }
    if text.len() > MAX_BYTES {
        return Err(refused(
            "TextSizeLimitExceededException",
            &format!(
                "Input text size exceeds limit. Max length of request text allowed is {MAX_BYTES} bytes while in this request the text size is {} bytes",
                text.len()
            ),
        ));
    }
    let applied = settings(&body["Settings"])?;
    if let Some(names) = body["TerminologyNames"].as_array() {
        let Some(name) = names.first() else {
            return Err(invalid(
                "terminologyNames",
                "Member must have length greater than or equal to 1",
            ));
        };
        return Err(refused(
            "ResourceNotFoundException",
            &format!("The custom terminology {name} was not found."),
        ));
    }
    if !known(source) || !known(target) || target == "auto" || source == target {
        return Err(refused(
            "UnsupportedLanguagePairException",
            &format!("Unsupported language pair: {source} to {target}."),
        ));
    }
    let (translated, ()) = tokio::join!(
        app.engines.translate(source, target, text),
        sleep(Duration::from_millis(app.delays().translate_ms))
    );
    // The text itself is nobody's business but the caller's.
    let translated = translated.map_err(|_| {
        refused(
            "DetectedLanguageLowConfidenceException",
            "No engine of the stand-in knows this text.",
        )
    })?;
    app.counters.characters(Service::Translate, text);
    let mut answer = json!({
        "TranslatedText": translated.text,
        "SourceLanguageCode": source,
        "TargetLanguageCode": target,
        "Engine": translated.engine,
    });
    if let Some(applied) = applied {
        answer["AppliedSettings"] = applied;
    }
    Ok(answer)
}

/// The settings that apply. They are checked and acknowledged; the engines
/// know one manner of speaking only.
fn settings(given: &Value) -> Result<Option<Value>, AwsError> {
    if given.is_null() {
        return Ok(None);
    }
    let fields = given
        .as_object()
        .ok_or_else(|| refused("SerializationException", ""))?;
    for (name, value) in fields {
        let allowed: &[&str] = match name.as_str() {
            "Formality" => &["FORMAL", "INFORMAL"],
            "Profanity" => &["MASK"],
            "Brevity" => &["ON"],
            _ => continue,
        };
        if !value.as_str().is_some_and(|value| allowed.contains(&value)) {
            return Err(invalid(
                &format!("settings.{}", name.to_lowercase()),
                &format!(
                    "Member must satisfy enum value set: [{}]",
                    allowed.join(", ")
                ),
            ));
        }
    }
    Ok(Some(given.clone()))
}

fn list_languages() -> Value {
    let languages: Vec<Value> = LANGUAGES
        .iter()
        .map(|(code, name)| json!({"LanguageCode": code, "LanguageName": name}))
        .collect();
    json!({"DisplayLanguageCode": "en", "Languages": languages})
}
