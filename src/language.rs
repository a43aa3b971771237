//! One BCP-47 tag per speaker, resolved to the three services' codes.

mod tables;
mod voices;

use crate::error::{Error, ErrorCode, Stage};
use crate::speaker::Speaker;
use serde::Serialize;
use std::fmt;
use tables::Row;
use voices::{VOICES, VoiceRow};

/// A Polly engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// The oldest and cheapest.
    Standard,
    /// The default where the voice has it.
    Neural,
    /// For long texts.
    LongForm,
    /// The newest, in few languages.
    Generative,
}

impl Engine {
    /// Every engine, in the order in which a voice's is chosen when the host
    /// names none.
    pub const ALL: [Self; 4] = [
        Self::Neural,
        Self::Generative,
        Self::LongForm,
        Self::Standard,
    ];

    /// Polly's name for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Neural => "neural",
            Self::LongForm => "long-form",
            Self::Generative => "generative",
        }
    }

    /// Requests a second that Polly takes of an account, unless it has been
    /// given more ("Quotas in Amazon Polly").
    #[must_use]
    pub const fn requests_per_second(self) -> f64 {
        match self {
            Self::Standard => 80.0,
            Self::Neural | Self::LongForm | Self::Generative => 8.0,
        }
    }

    /// By Polly's name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|engine| engine.name() == name)
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A voice that speaks a language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voice {
    /// Polly's `VoiceId`.
    pub id: String,
    /// The engine.
    pub engine: Engine,
    /// Polly's `LanguageCode`: `es-US`, `cmn-CN`.
    pub language_code: String,
}

/// What one pipeline needs to know about languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codes {
    /// The speaker's language, as given: `es-US`.
    pub speaker_tag: String,
    /// The listener's language, as given: `en-US`.
    pub listener_tag: String,
    /// Transcribe's `language-code` for what the speaker says.
    pub transcribe: String,
    /// Translate's source code.
    pub translate_source: String,
    /// Translate's target code.
    pub translate_target: String,
    /// Who speaks the translation; `None` where the listener's language has no
    /// voice: then the translation is a caption.
    pub voice: Option<Voice>,
}

impl Codes {
    /// Whether both speak the same language, as Translate sees it: then text
    /// is spoken as it is.
    #[must_use]
    pub fn same_language(&self) -> bool {
        self.translate_source == self.translate_target
    }
}

/// Whose languages, and who shall speak.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// Whose pipeline: errors name `agent.voice` or `customer.voice`.
    pub speaker: Speaker,
    /// What the speaker speaks, in any letter case.
    pub speaker_tag: &'a str,
    /// What the listener hears, in any letter case.
    pub listener_tag: &'a str,
    /// Polly's `VoiceId`; without one the listener's language has a default.
    pub voice: Option<&'a str>,
    /// Without one: neural, then generative, long-form, standard.
    pub engine: Option<Engine>,
}

/// Resolves one pipeline's codes and voice.
///
/// A voice must speak the listener's language. Of its own accord the library
/// takes only a voice of exactly that region; another region's (Lupe, es-US,
/// for es-MX) speaks if the host names it.
///
/// # Errors
/// [`ErrorCode::UnsupportedLanguage`] for a language that Transcribe or
/// Translate does not know, [`ErrorCode::VoiceMismatch`] for a voice that is
/// not known or speaks another language, [`ErrorCode::InvalidOption`] for an
/// engine that the voice does not have. Each names its field.
pub fn resolve(wish: &Wish<'_>) -> Result<Codes, Error> {
    let source = find(wish.speaker, wish.speaker_tag)?;
    let target = find(wish.speaker.other(), wish.listener_tag)?;
    let transcribe = source
        .transcribe
        .ok_or_else(|| unsupported(wish.speaker, wish.speaker_tag, "Amazon Transcribe"))?;
    let translate_source = source
        .translate
        .ok_or_else(|| unsupported(wish.speaker, wish.speaker_tag, "Amazon Translate"))?;
    let translate_target = target
        .translate
        .ok_or_else(|| unsupported(wish.speaker.other(), wish.listener_tag, "Amazon Translate"))?;
    Ok(Codes {
        speaker_tag: wish.speaker_tag.to_owned(),
        listener_tag: wish.listener_tag.to_owned(),
        transcribe: transcribe.to_owned(),
        translate_source: translate_source.to_owned(),
        translate_target: translate_target.to_owned(),
        voice: match wish.voice {
            Some(id) => Some(named_voice(wish, target, id)?),
            None => default_voice(wish, target)?,
        },
    })
}

fn find(speaker: Speaker, tag: &str) -> Result<&'static Row, Error> {
    let wanted = tables::ALIASES
        .iter()
        .find(|(alias, _)| alias.eq_ignore_ascii_case(tag))
        .map_or(tag, |(_, tag)| tag);
    tables::ROWS
        .iter()
        .find(|row| row.tag.eq_ignore_ascii_case(wanted))
        .ok_or_else(|| {
            let well_formed = !tag.is_empty()
                && tag.split('-').all(|part| {
                    (1..=8).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric())
                });
            if well_formed {
                unsupported(speaker, tag, "Amazon Transcribe")
            } else {
                Error::option(
                    format!("{speaker}.language"),
                    "a BCP-47 tag such as es-US or zh-CN",
                )
            }
        })
}

fn unsupported(speaker: Speaker, tag: &str, service: &str) -> Error {
    wrong(
        ErrorCode::UnsupportedLanguage,
        format!("{speaker}.language"),
        &format!("a language that {service} knows, not {tag}"),
    )
}

fn wrong(code: ErrorCode, field: String, expected: &str) -> Error {
    Error {
        code,
        stage: Stage::Options,
        ..Error::option(field, expected)
    }
}

fn named_voice(wish: &Wish<'_>, target: &Row, id: &str) -> Result<Voice, Error> {
    let speaker = wish.speaker;
    let listener = wish.listener_tag;
    let mismatch = |what: &str| {
        let such_as = target
            .polly
            .and_then(|code| VOICES.iter().find(|voice| voice.languages.contains(&code)))
            .map(|voice| format!(" such as {}", voice.id))
            .unwrap_or_default();
        wrong(
            ErrorCode::VoiceMismatch,
            format!("{speaker}.voice"),
            &format!(
                "a Polly voice that speaks {listener}, the language of the {}{such_as}; {what}",
                speaker.other()
            ),
        )
    };
    let voice = VOICES
        .iter()
        .find(|voice| voice.id.eq_ignore_ascii_case(id))
        .ok_or_else(|| mismatch("this voice is not known"))?;
    let exact = voice
        .languages
        .iter()
        .find(|code| Some(**code) == target.polly);
    let language = exact
        .or_else(|| {
            let wanted = group(target.tag);
            voice.languages.iter().find(|code| group(code) == wanted)
        })
        .ok_or_else(|| {
            mismatch(&format!(
                "{} speaks {}",
                voice.id,
                voice.languages.join(", ")
            ))
        })?;
    let engine = match wish.engine {
        None => voice.engines.first().copied(),
        Some(engine) => voice.engines.contains(&engine).then_some(engine),
    };
    let engine = engine.ok_or_else(|| {
        let has: Vec<&str> = voice.engines.iter().map(|engine| engine.name()).collect();
        Error::option(
            format!("{speaker}.engine"),
            format!("an engine that {} has: {}", voice.id, has.join(", ")),
        )
    })?;
    Ok(speaking(voice, engine, language))
}

fn default_voice(wish: &Wish<'_>, target: &Row) -> Result<Option<Voice>, Error> {
    let Some(code) = target.polly else {
        return Ok(None);
    };
    let with = |engine: Engine| {
        VOICES
            .iter()
            .find(|voice| voice.languages.contains(&code) && voice.engines.contains(&engine))
            .map(|voice| speaking(voice, engine, code))
    };
    match wish.engine {
        None => Ok(Engine::ALL.into_iter().find_map(with)),
        Some(engine) => with(engine).map(Some).ok_or_else(|| {
            Error::option(
                format!("{}.engine", wish.speaker),
                format!("an engine that has a voice for {}", wish.listener_tag),
            )
        }),
    }
}

fn speaking(voice: &VoiceRow, engine: Engine, code: &str) -> Voice {
    Voice {
        id: voice.id.to_owned(),
        engine,
        language_code: code.to_owned(),
    }
}

/// The spoken language of a tag or Polly code, whatever its region. Cantonese
/// is not Mandarin, though both are written `zh`.
fn group(code: &str) -> &str {
    match code {
        "zh-HK" | "yue-CN" => "yue",
        "zh-CN" | "zh-TW" | "cmn-CN" => "cmn",
        "arb" => "ar",
        "nb-NO" => "no",
        _ => code.split('-').next().unwrap_or(code),
    }
}
