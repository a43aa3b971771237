//! Polly's voices.
//!
//! Sources: a `DescribeVoices` answer of September 2025, "Available voices" and
//! the document history of Polly's developer guide up to April 2026. Ten names
//! that the service model of November 2026 adds (Arjun, Carlos, Carolina,
//! Curtis, Hyunduk, Kenneth, Kiara, Leo, Nate, Tina) are left out until it can be
//! seen which language they speak. Which engine is offered in which region
//! changes; Polly answers `EngineNotSupportedException` where it is not.

use super::Engine::{self, Generative, LongForm, Neural, Standard};

/// A voice.
#[derive(Debug)]
pub(super) struct VoiceRow {
    /// Polly's `VoiceId`.
    pub id: &'static str,
    /// The languages it speaks, by Polly's codes, the main one first.
    pub languages: &'static [&'static str],
    /// Its engines, in the order in which they are preferred.
    pub engines: &'static [Engine],
}

const fn voice(
    id: &'static str,
    languages: &'static [&'static str],
    engines: &'static [Engine],
) -> VoiceRow {
    VoiceRow {
        id,
        languages,
        engines,
    }
}

/// Every voice; of a language's the one that is its default comes first.
#[rustfmt::skip]
pub(super) const VOICES: &[VoiceRow] = &[
    voice("Zeina", &["arb"], &[Standard]),
    voice("Hala", &["ar-AE", "arb"], &[Neural]),
    voice("Zayd", &["ar-AE", "arb"], &[Neural]),
    voice("Lisa", &["nl-BE"], &[Neural, Generative]),
    voice("Arlet", &["ca-ES"], &[Neural]),
    voice("Jitka", &["cs-CZ"], &[Neural]),
    voice("Hiujin", &["yue-CN"], &[Neural]),
    voice("Zhiyu", &["cmn-CN"], &[Neural, Standard]),
    voice("Sofie", &["da-DK"], &[Neural]),
    voice("Naja", &["da-DK"], &[Standard]),
    voice("Mads", &["da-DK"], &[Standard]),
    voice("Laura", &["nl-NL"], &[Neural, Generative]),
    voice("Lotte", &["nl-NL"], &[Standard]),
    voice("Ruben", &["nl-NL"], &[Standard]),
    voice("Olivia", &["en-AU"], &[Neural, Generative]),
    voice("Nicole", &["en-AU"], &[Standard]),
    voice("Russell", &["en-AU"], &[Standard]),
    voice("Amy", &["en-GB"], &[Neural, Generative, Standard]),
    voice("Emma", &["en-GB"], &[Neural, Standard]),
    voice("Brian", &["en-GB"], &[Neural, Generative, Standard]),
    voice("Arthur", &["en-GB"], &[Neural]),
    voice("Kajal", &["en-IN", "hi-IN"], &[Neural, Generative]),
    voice("Aditi", &["en-IN", "hi-IN"], &[Standard]),
    voice("Raveena", &["en-IN"], &[Standard]),
    voice("Niamh", &["en-IE"], &[Neural, Generative]),
    voice("Aria", &["en-NZ"], &[Neural, Generative]),
    voice("Jasmine", &["en-SG"], &[Neural, Generative]),
    voice("Ayanda", &["en-ZA"], &[Neural, Generative]),
    voice("Joanna", &["en-US"], &[Neural, Generative, Standard]),
    voice("Matthew", &["en-US"], &[Neural, Generative, Standard]),
    voice("Danielle", &["en-US"], &[Neural, Generative, LongForm]),
    voice("Gregory", &["en-US"], &[Neural, LongForm]),
    voice("Ivy", &["en-US"], &[Neural, Standard]),
    voice("Kendra", &["en-US"], &[Neural, Standard]),
    voice("Kimberly", &["en-US"], &[Neural, Standard]),
    voice("Salli", &["en-US"], &[Neural, Generative, Standard]),
    voice("Joey", &["en-US"], &[Neural, Standard]),
    voice("Justin", &["en-US"], &[Neural, Standard]),
    voice("Kevin", &["en-US"], &[Neural]),
    voice("Ruth", &["en-US"], &[Neural, Generative, LongForm]),
    voice("Stephen", &["en-US"], &[Neural, Generative]),
    voice("Tiffany", &["en-US"], &[Generative]),
    voice("Geraint", &["en-GB-WLS"], &[Standard]),
    voice("Suvi", &["fi-FI"], &[Neural]),
    voice("Lea", &["fr-FR"], &[Neural, Generative, Standard]),
    voice("Remi", &["fr-FR"], &[Neural, Generative]),
    voice("Ambre", &["fr-FR"], &[Generative]),
    voice("Florian", &["fr-FR"], &[Generative]),
    voice("Celine", &["fr-FR"], &[Generative, Standard]),
    voice("Mathieu", &["fr-FR"], &[Standard]),
    voice("Isabelle", &["fr-BE"], &[Neural, Generative]),
    voice("Gabrielle", &["fr-CA"], &[Neural, Generative]),
    voice("Liam", &["fr-CA"], &[Neural, Generative]),
    voice("Chantal", &["fr-CA"], &[Standard]),
    voice("Vicki", &["de-DE"], &[Neural, Generative, Standard]),
    voice("Daniel", &["de-DE"], &[Neural, Generative]),
    voice("Lennart", &["de-DE"], &[Generative]),
    voice("Marlene", &["de-DE"], &[Standard]),
    voice("Hans", &["de-DE"], &[Standard]),
    voice("Hannah", &["de-AT"], &[Neural]),
    voice("Sabrina", &["de-CH"], &[Neural, Generative]),
    voice("Dora", &["is-IS"], &[Standard]),
    voice("Karl", &["is-IS"], &[Standard]),
    voice("Bianca", &["it-IT"], &[Neural, Generative, Standard]),
    voice("Adriano", &["it-IT"], &[Neural]),
    voice("Beatrice", &["it-IT"], &[Generative]),
    voice("Lorenzo", &["it-IT"], &[Generative]),
    voice("Carla", &["it-IT"], &[Standard]),
    voice("Giorgio", &["it-IT"], &[Standard]),
    voice("Takumi", &["ja-JP"], &[Neural, Standard]),
    voice("Kazuha", &["ja-JP"], &[Neural]),
    voice("Tomoko", &["ja-JP"], &[Neural]),
    voice("Mizuki", &["ja-JP"], &[Standard]),
    voice("Seoyeon", &["ko-KR"], &[Neural, Generative, Standard]),
    voice("Jihye", &["ko-KR"], &[Neural]),
    voice("Ida", &["nb-NO"], &[Neural]),
    voice("Liv", &["nb-NO"], &[Standard]),
    voice("Ola", &["pl-PL"], &[Neural, Generative]),
    voice("Ewa", &["pl-PL"], &[Generative, Standard]),
    voice("Maja", &["pl-PL"], &[Standard]),
    voice("Jacek", &["pl-PL"], &[Standard]),
    voice("Jan", &["pl-PL"], &[Standard]),
    voice("Camila", &["pt-BR"], &[Neural, Generative, Standard]),
    voice("Vitoria", &["pt-BR"], &[Neural, Standard]),
    voice("Thiago", &["pt-BR"], &[Neural]),
    voice("Ricardo", &["pt-BR"], &[Standard]),
    voice("Ines", &["pt-PT"], &[Neural, Standard]),
    voice("Cristiano", &["pt-PT"], &[Standard]),
    voice("Carmen", &["ro-RO"], &[Standard]),
    voice("Tatyana", &["ru-RU"], &[Standard]),
    voice("Maxim", &["ru-RU"], &[Standard]),
    voice("Lucia", &["es-ES"], &[Neural, Generative, Standard]),
    voice("Sergio", &["es-ES"], &[Neural, Generative]),
    voice("Conchita", &["es-ES"], &[Standard]),
    voice("Enrique", &["es-ES"], &[Standard]),
    voice("Mia", &["es-MX"], &[Neural, Generative, Standard]),
    voice("Andres", &["es-MX"], &[Neural, Generative]),
    voice("Lupe", &["es-US"], &[Neural, Generative, Standard]),
    voice("Pedro", &["es-US"], &[Neural, Generative]),
    voice("Penelope", &["es-US"], &[Standard]),
    voice("Miguel", &["es-US"], &[Standard]),
    voice("Elin", &["sv-SE"], &[Neural]),
    voice("Astrid", &["sv-SE"], &[Standard]),
    voice("Burcu", &["tr-TR"], &[Neural]),
    voice("Filiz", &["tr-TR"], &[Standard]),
    voice("Gwyneth", &["cy-GB"], &[Standard]),
];
