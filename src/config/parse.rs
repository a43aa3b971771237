//! Reading the host's object, with the path of what is wrong.

use super::{SessionOptions, SpeakerOptions};
use crate::error::Error;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

impl SessionOptions {
    /// Reads the options.
    ///
    /// # Errors
    /// The field that is missing, unknown or of the wrong type, by its path.
    pub fn parse<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, Error> {
        parse(deserializer, "")
    }

    /// Reads the options from JSON.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn from_json(json: &str) -> Result<Self, Error> {
        from_json(json, "")
    }
}

impl SpeakerOptions {
    /// Reads one speaker's options, `path` (`agent`, `customer`) being where
    /// they stand.
    ///
    /// # Errors
    /// As [`SessionOptions::parse`].
    pub fn from_json(json: &str, path: &str) -> Result<Self, Error> {
        from_json(json, path)
    }

    /// These options with the fields that `changes` has. A field that is
    /// `null` goes back to its default.
    ///
    /// # Errors
    /// As [`SessionOptions::parse`].
    pub fn with_changes(&self, changes: &str, path: &str) -> Result<Self, Error> {
        let mut changes: Map<String, Value> = from_json(changes, path)?;
        let to_default: Vec<String> = changes
            .iter()
            .filter(|(_, value)| value.is_null())
            .map(|(name, _)| name.clone())
            .collect();
        changes.retain(|_, value| !value.is_null());
        let failed = |_| Error::option(path, "an object of a speaker's options");
        let Value::Object(mut merged) = serde_json::to_value(self).map_err(failed)? else {
            return Ok(self.clone());
        };
        merged.extend(changes);
        for name in to_default {
            merged.remove(&name);
        }
        parse(Value::Object(merged), path)
    }
}

fn from_json<T: for<'de> Deserialize<'de>>(json: &str, path: &str) -> Result<T, Error> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let value = parse(&mut deserializer, path)?;
    deserializer
        .end()
        .map_err(|_| Error::option(place(path, ""), "one JSON object and nothing after it"))?;
    Ok(value)
}

fn parse<'de, T, D>(deserializer: D, path: &str) -> Result<T, Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let at = error.path().to_string();
        explained(path, &at, &error.into_inner().to_string())
    })
}

/// `agent` and `transcribe.vocabulary` to `agent.transcribe.vocabulary`.
fn place(path: &str, at: &str) -> String {
    match (path, at.trim_start_matches('.')) {
        ("", "" | "?") => "options".to_owned(),
        ("", at) => at.to_owned(),
        (path, "" | "?") => path.to_owned(),
        (path, at) => format!("{path}.{at}"),
    }
}

/// serde's error as ours: `at` is where (as serde_path_to_error says it) within
/// the option `path`, `text` what was wrong.
#[must_use]
pub fn explained(path: &str, at: &str, text: &str) -> Error {
    explain(&place(path, at), text)
}

/// serde's text to ours. The text quotes the value that is wrong; only what
/// was expected is kept.
fn explain(at: &str, text: &str) -> Error {
    let quoted = || text.split('`').nth(1).unwrap_or_default();
    let inside = |name: &str| match at {
        "options" => name.to_owned(),
        // Some deserializers give the path with the unknown field, some without.
        at if at == name || at.ends_with(&format!(".{name}")) => at.to_owned(),
        at => format!("{at}.{name}"),
    };
    // serde_json adds where in its text it was.
    let without_place = |text: &str| match text.rfind(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text.to_owned(),
    };
    if text.starts_with("unknown field") {
        let known = text.split_once("expected ").map_or("", |(_, known)| known);
        let known = without_place(known).replace('`', "");
        Error::option(
            inside(quoted()),
            format!("one of the options {}", known.trim_start_matches("one of ")),
        )
    } else if text.starts_with("missing field") {
        Error::option(inside(quoted()), "a value: it is required")
    } else if let Some((_, expected)) = text.split_once("expected ") {
        let expected = without_place(expected).replace('`', "");
        // Rust's names say nothing to the host.
        let expected = match expected.as_str() {
            "f64" => "a number",
            "a sequence" => "a list",
            "a map" => "an object",
            name if name.starts_with("struct ") => "an object",
            other => other,
        };
        Error::option(at, expected)
    } else {
        Error::option(at, "valid JSON")
    }
}
