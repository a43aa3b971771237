//! What the session tells its host.

use crate::error::Error;
use crate::speaker::Speaker;
use serde::Serialize;
use std::fmt;

/// The thread through a spoken piece: given once, by the segmenter (or by
/// `say`), and carried by every event, mark and chunk of that piece. Counts up
/// in the order spoken, per session and over both speakers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct UtteranceId(pub u64);

/// The state of the whole session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Not every enabled pipeline is streaming yet.
    #[default]
    Connecting,
    /// Every enabled pipeline is streaming.
    Running,
    /// A pipeline that was streaming is opening a new socket.
    Reconnecting,
    /// An enabled pipeline's [`Level`] is below what was asked for.
    Degraded,
    /// Stopped, by the host or for good.
    Stopped,
}

impl State {
    /// By the name that events have.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "connecting" => Self::Connecting,
            "running" => Self::Running,
            "reconnecting" => Self::Reconnecting,
            "degraded" => Self::Degraded,
            "stopped" => Self::Stopped,
            _ => return None,
        })
    }
}

/// What a listener gets of a speaker's words: the degrade ladder, its lowest
/// step first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The original at full level: nothing is transcribed or translated (or is
    /// to be), as far as is known.
    #[default]
    Original,
    /// Captions, and the original at full level: nothing is spoken.
    Captions,
    /// The translation is spoken.
    Speech,
}

impl Level {
    /// By the name that events have.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "original" => Self::Original,
            "captions" => Self::Captions,
            "speech" => Self::Speech,
            _ => return None,
        })
    }
}

/// What became of an utterance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Committed; translation and speech follow.
    Committed,
    /// The first sample of its speech is heard.
    Speaking,
    /// Heard to its end.
    Spoken,
    /// Translated but not spoken (no voice, or the speech failed): a caption.
    Caption,
    /// Failed; the next one was not held up by it.
    Failed,
    /// Taken back: muted, stopped or switched off before it was heard.
    Dropped,
}

/// What ended a stream to Amazon Transcribe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    /// Its socket was closed, by the service or on the way.
    Closed,
    /// The service said why.
    Exception,
    /// It said nothing more while somebody spoke.
    Silent,
    /// It was as old as a stream may become.
    Rollover,
    /// It was opened for other settings.
    Settings,
}

/// When each step of an utterance happened, in milliseconds on the session's
/// clock. A step that has not happened is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Marks {
    /// The end of its last word at the microphone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub captured_ms: Option<f64>,
    /// The first partial result with any of its words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_partial_ms: Option<f64>,
    /// Committed by the segmenter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub committed_ms: Option<f64>,
    /// Translated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub translated_ms: Option<f64>,
    /// First byte of speech from Polly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_byte_ms: Option<f64>,
    /// First sample played.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heard_ms: Option<f64>,
    /// Last sample played.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_ms: Option<f64>,
}

/// An event. `type` is the DOM event's name and the rest its `detail`. `Debug`
/// shows no words.
#[derive(Clone, PartialEq, Serialize)]
#[serde(
    tag = "type",
    rename_all = "lowercase",
    rename_all_fields = "camelCase"
)]
pub enum Event {
    /// What is being said. A result is announced again, under the same
    /// `result_id`, until `is_partial` is false.
    Transcript {
        /// Whose words.
        speaker: Speaker,
        /// The service's id of this stretch of speech.
        result_id: String,
        /// The latest utterance committed from this result.
        #[serde(skip_serializing_if = "Option::is_none")]
        utterance_id: Option<UtteranceId>,
        /// All of the result's words so far.
        text: String,
        /// Whether it may still change.
        is_partial: bool,
        /// Start on the session's clock.
        start_ms: f64,
        /// End on the session's clock.
        end_ms: f64,
        /// What recognised it, if the service says so (the local stand-in does).
        #[serde(skip_serializing_if = "Option::is_none")]
        engine: Option<String>,
    },
    /// A committed piece, translated.
    Translation {
        /// Whose words.
        speaker: Speaker,
        /// The utterance.
        utterance_id: UtteranceId,
        /// The transcript's result it was cut from; absent for `say`.
        #[serde(skip_serializing_if = "Option::is_none")]
        result_id: Option<String>,
        /// What was said.
        source_text: String,
        /// What it means in the listener's language.
        text: String,
        /// What translated it, if the service says so.
        #[serde(skip_serializing_if = "Option::is_none")]
        engine: Option<String>,
    },
    /// An utterance moved on.
    Utterance {
        /// Whose words.
        speaker: Speaker,
        /// The utterance.
        utterance_id: UtteranceId,
        /// What became of it.
        outcome: Outcome,
        /// The error behind `caption` and `failed`.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<Error>,
        /// What spoke it, if the service says so.
        #[serde(skip_serializing_if = "Option::is_none")]
        engine: Option<String>,
    },
    /// The marks of an utterance, once it has ended (spoken or not).
    Latency {
        /// Whose words.
        speaker: Speaker,
        /// The utterance.
        utterance_id: UtteranceId,
        /// Its steps.
        marks: Marks,
    },
    /// What was asked for before it was settled: it was right, or in vain.
    Prepared {
        /// Whose words.
        speaker: Speaker,
        /// The utterance that it became; absent if it was in vain.
        #[serde(skip_serializing_if = "Option::is_none")]
        utterance_id: Option<UtteranceId>,
        /// How many characters were translated for it.
        characters: u32,
        /// How many were right so far, of this speaker.
        hits: u32,
        /// How many were in vain so far, of this speaker.
        misses: u32,
    },
    /// The session's state changed.
    StateChange {
        /// The new state.
        state: State,
    },
    /// What a listener gets of a speaker's words changed.
    LevelChange {
        /// Whose words.
        speaker: Speaker,
        /// What the listener gets from now on.
        level: Level,
        /// What it was.
        previous: Level,
        /// Why it is less than was asked for; absent where it is not.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<Error>,
    },
    /// A stream to Amazon Transcribe took another one's place. It is told once
    /// the first words after the seam are known, or at once if none can be on
    /// both sides of it.
    Seam {
        /// Whose stream.
        speaker: Speaker,
        /// What ended the old stream.
        cause: Cause,
        /// Up to here the speech had been captured then, on the session's clock.
        at_ms: f64,
        /// When it was found out that the old stream was over.
        detected_ms: f64,
        /// When the new one was open.
        streaming_ms: f64,
        /// How much speech was sent again.
        replayed_ms: f64,
        /// Handshakes that it took.
        attempts: u32,
        /// A word may be missing at the seam, or said twice.
        uncertain: bool,
    },
    /// Audio was not interpreted: it was lost between the tap and the engine, there
    /// was no stream for too long, or streams said nothing to it.
    Gap {
        /// Whose audio.
        speaker: Speaker,
        /// Where, on the session's clock.
        at_ms: f64,
        /// How much.
        lost_ms: f64,
    },
    /// A stretch of speech was our own, heard again through a loudspeaker: it
    /// is not interpreted. If it is all that its result has, this comes in
    /// place of the final transcript.
    Echo {
        /// Whose microphone or line heard it.
        speaker: Speaker,
        /// The result that it was part of.
        result_id: String,
        /// Its start on the session's clock.
        start_ms: f64,
        /// Its end on the session's clock.
        end_ms: f64,
    },
    /// Something failed that is not the fault of one utterance.
    Error {
        /// The error.
        error: Error,
    },
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transcript {
                speaker,
                utterance_id,
                is_partial,
                ..
            } => f
                .debug_struct("Transcript")
                .field("speaker", speaker)
                .field("utterance_id", utterance_id)
                .field("is_partial", is_partial)
                .finish_non_exhaustive(),
            Self::Translation {
                speaker,
                utterance_id,
                ..
            } => f
                .debug_struct("Translation")
                .field("speaker", speaker)
                .field("utterance_id", utterance_id)
                .finish_non_exhaustive(),
            Self::Utterance {
                speaker,
                utterance_id,
                outcome,
                error,
                engine,
            } => f
                .debug_struct("Utterance")
                .field("speaker", speaker)
                .field("utterance_id", utterance_id)
                .field("outcome", outcome)
                .field("error", error)
                .field("engine", engine)
                .finish(),
            Self::Latency {
                speaker,
                utterance_id,
                marks,
            } => f
                .debug_struct("Latency")
                .field("speaker", speaker)
                .field("utterance_id", utterance_id)
                .field("marks", marks)
                .finish(),
            Self::Prepared {
                speaker,
                utterance_id,
                characters,
                hits,
                misses,
            } => f
                .debug_struct("Prepared")
                .field("speaker", speaker)
                .field("utterance_id", utterance_id)
                .field("characters", characters)
                .field("hits", hits)
                .field("misses", misses)
                .finish(),
            Self::StateChange { state } => f.debug_tuple("StateChange").field(state).finish(),
            Self::LevelChange {
                speaker,
                level,
                previous,
                error,
            } => f
                .debug_struct("LevelChange")
                .field("speaker", speaker)
                .field("level", level)
                .field("previous", previous)
                .field("error", error)
                .finish(),
            Self::Seam {
                speaker,
                cause,
                at_ms,
                uncertain,
                ..
            } => f
                .debug_struct("Seam")
                .field("speaker", speaker)
                .field("cause", cause)
                .field("at_ms", at_ms)
                .field("uncertain", uncertain)
                .finish_non_exhaustive(),
            Self::Gap {
                speaker,
                at_ms,
                lost_ms,
            } => f
                .debug_struct("Gap")
                .field("speaker", speaker)
                .field("at_ms", at_ms)
                .field("lost_ms", lost_ms)
                .finish(),
            Self::Echo {
                speaker,
                start_ms,
                end_ms,
                ..
            } => f
                .debug_struct("Echo")
                .field("speaker", speaker)
                .field("start_ms", start_ms)
                .field("end_ms", end_ms)
                .finish_non_exhaustive(),
            Self::Error { error } => f.debug_tuple("Error").field(error).finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_not_shown() {
        let transcript = Event::Transcript {
            speaker: Speaker::Agent,
            result_id: "r".into(),
            utterance_id: None,
            text: "secret".into(),
            is_partial: true,
            start_ms: 0.0,
            end_ms: 1.0,
            engine: None,
        };
        let translation = Event::Translation {
            speaker: Speaker::Agent,
            utterance_id: UtteranceId(1),
            result_id: None,
            source_text: "secret".into(),
            text: "secret".into(),
            engine: None,
        };
        let shown = format!("{transcript:?} {translation:?}");
        assert!(shown.contains("Transcript") && shown.contains("Translation"));
        assert!(!shown.contains("secret"), "{shown}");
    }
}
