//! Amazon Transcribe streaming: the messages of its WebSocket.

use serde::Deserialize;

/// One `TranscriptEvent`: any number of results, also none.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct TranscriptEvent {
    /// The results.
    pub results: Vec<TranscriptResult>,
}

/// A stretch of speech. Sent again under the same id until it is final.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct TranscriptResult {
    /// The service's id.
    pub result_id: String,
    /// Seconds since the stream began.
    pub start_time: f64,
    /// Seconds since the stream began.
    pub end_time: f64,
    /// Whether it may still change.
    pub is_partial: bool,
    /// The readings, best first; may be empty.
    pub alternatives: Vec<Alternative>,
    /// What recognised it; the local stand-in says so, the service does not.
    pub engine: Option<String>,
}

/// A reading of a result.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Alternative {
    /// The text.
    pub transcript: String,
    /// Its words and punctuation; may be missing even in a final result.
    pub items: Vec<Item>,
}

/// A word or a punctuation mark.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Item {
    /// Seconds since the stream began.
    pub start_time: f64,
    /// Seconds since the stream began.
    pub end_time: f64,
    /// Word or mark.
    #[serde(rename = "Type")]
    pub kind: ItemKind,
    /// The word or mark.
    pub content: String,
    /// Whether it will not be revised any more (stability on).
    pub stable: Option<bool>,
}

/// What an item is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ItemKind {
    /// A word.
    #[default]
    Pronunciation,
    /// A punctuation mark.
    Punctuation,
}
