//! Where speech that goes on without a pause is cut, by language.
//!
//! A clause end always closes a segment; this is for the clause that does not
//! end. How many words make a piece that can be translated alone depends on both
//! languages: where the verb comes last, a beginning says little.

use super::word::Word;

/// A pause within a word's neighbours that is heard as one, in seconds.
const BREATH: f64 = 0.15;

/// A cut that would leave a word hanging waits for at most so many more.
const PATIENCE: usize = 4;

/// One language: how many words (or signs, where it is written without spaces)
/// a piece has at least if it is spoken, and if it is heard, and the words that
/// cling to the next one.
type Row = (&'static str, usize, usize, &'static [&'static str]);

/// The verb stands at the end of the sentence: in Japanese, Korean, Hindi,
/// Turkish and their kin of every one, in German and Dutch of every subordinate
/// clause. A piece without it cannot be said in a language that wants it early.
const ROWS: &[Row] = &[
    (
        "en",
        6,
        6,
        &[
            "a", "an", "the", "of", "to", "in", "on", "at", "for", "with", "from", "by", "and",
            "or", "but", "that", "my", "your", "his", "her", "its", "our", "their", "is", "are",
            "not", "was", "be", "has", "have", "had", "will", "would", "can", "could", "if",
            "when", "because", "as", "more", "no",
        ],
    ),
    (
        "es",
        6,
        6,
        &[
            "el", "la", "los", "las", "un", "una", "de", "del", "a", "al", "en", "con", "por",
            "para", "y", "o", "pero", "que", "mi", "tu", "su", "sus", "es", "son", "era", "está",
            "ha", "he", "si", "cuando", "porque", "como", "más", "no", "se", "lo", "le", "les",
            "me", "te", "hasta",
        ],
    ),
    (
        "fr",
        6,
        6,
        &[
            "le", "la", "les", "un", "une", "des", "de", "du", "à", "au", "aux", "en", "dans",
            "avec", "pour", "et", "ou", "mais", "que", "qui", "mon", "votre", "son", "est", "ne",
            "se", "je",
        ],
    ),
    (
        "pt",
        6,
        6,
        &[
            "o", "a", "os", "as", "um", "uma", "de", "do", "da", "em", "no", "na", "com", "por",
            "para", "e", "ou", "mas", "que", "meu", "seu", "é", "não", "se",
        ],
    ),
    (
        "it",
        6,
        6,
        &[
            "il", "lo", "la", "i", "gli", "le", "un", "una", "di", "del", "a", "al", "in", "con",
            "per", "e", "o", "ma", "che", "mio", "suo", "è", "non", "si",
        ],
    ),
    (
        "de",
        13,
        8,
        &[
            "der", "die", "das", "den", "dem", "des", "ein", "eine", "einen", "einem", "einer",
            "von", "zu", "in", "im", "am", "an", "auf", "mit", "für", "und", "oder", "aber",
            "dass", "weil", "wenn", "mein", "ihr", "nicht", "ist",
        ],
    ),
    (
        "nl",
        13,
        8,
        &[
            "de", "het", "een", "van", "te", "in", "op", "met", "voor", "en", "of", "maar", "dat",
            "niet",
        ],
    ),
    ("ja", 24, 10, &[]),
    ("ko", 12, 10, &[]),
    ("zh", 14, 6, &[]),
    ("yue", 14, 6, &[]),
    ("th", 12, 6, &[]),
    ("hi", 12, 10, &["और", "या", "कि", "का", "की", "के"]),
    ("mr", 12, 10, &[]),
    ("bn", 12, 10, &[]),
    ("gu", 12, 10, &[]),
    ("pa", 12, 10, &[]),
    ("ta", 12, 10, &[]),
    ("te", 12, 10, &[]),
    ("kn", 12, 10, &[]),
    ("ml", 12, 10, &[]),
    ("si", 12, 10, &[]),
    ("tr", 12, 10, &[]),
    ("fa", 12, 10, &["و", "که", "از", "به"]),
    ("eu", 12, 10, &[]),
    ("ar", 6, 6, &["و", "في", "من", "على", "إلى", "أن", "لا"]),
];

/// Where to cut, for a pair of languages.
#[derive(Clone, Copy, Debug)]
pub struct Cuts {
    least: usize,
    clings: &'static [&'static str],
}

impl Cuts {
    /// By the language codes of what is spoken and of what is heard.
    #[must_use]
    pub fn of(spoken: &str, heard: &str) -> Self {
        let row = |code: &str| {
            let language = code.split('-').next().unwrap_or_default();
            ROWS.iter()
                .find(|(name, ..)| name.eq_ignore_ascii_case(language))
                .copied()
                .unwrap_or(("", 6, 6, &[]))
        };
        let (_, least_spoken, _, clings) = row(spoken);
        let (_, _, least_heard, _) = row(heard);
        Self {
            least: least_spoken.max(least_heard),
            clings,
        }
    }

    /// How many of the first `settled` words are a piece of their own; 0 if none
    /// is yet. `words` may have more, to see what comes after the cut.
    #[must_use]
    pub fn after(self, words: &[Word], settled: usize) -> usize {
        let most = settled.min(self.least + PATIENCE);
        // The clause is about to end by itself.
        let coming = &words[settled..words.len().min(settled + PATIENCE)];
        if settled <= most && coming.iter().any(|word| word.ends_clause) {
            return 0;
        }
        let places = self.least..=most;
        // Where the speaker took a breath; else where no word is left hanging;
        // else, in the end, anywhere.
        let breath = |count: &usize| {
            let next = words.get(*count);
            next.is_some_and(|next| next.start - words[count - 1].end >= BREATH)
        };
        let loose = |count: &usize| !self.clings.contains(&words[count - 1].folded.as_str());
        places
            .clone()
            .find(breath)
            .filter(loose)
            .or_else(|| places.clone().find(loose))
            .or_else(|| places.last().filter(|last| *last == self.least + PATIENCE))
            .unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Word> {
        let word = |(n, text): (usize, &str)| Word::of(text, n as f64 * 0.3, n as f64 * 0.3 + 0.3);
        text.split(' ').enumerate().map(word).collect()
    }

    fn first(spoken: &str, heard: &str, text: &str) -> usize {
        let words = words(text);
        let settled = 0..=words.len();
        let cuts = Cuts::of(spoken, heard);
        settled
            .map(|n| cuts.after(&words, n))
            .find(|n| *n > 0)
            .unwrap_or(0)
    }

    #[test]
    fn a_piece_has_its_least_words_and_leaves_none_hanging() {
        let text = "I would like to change my flight from Madrid to the second of March";
        // "to" and "my" cling to what comes next.
        assert_eq!(first("en-US", "es-US", text), 7);
        let text = "our driver was at your door yesterday";
        assert_eq!(first("en-US", "es-US", text), 6);
        assert_eq!(
            first("fr-FR", "es-US", "one two three four five six seven"),
            6
        );
        // Every word clings: in the end it is cut all the same.
        assert_eq!(first("en-US", "es-US", &["of"; 20].join(" ")), 10);
        assert_eq!(first("en-US", "es-US", "one two three four five"), 0);
    }

    #[test]
    fn where_the_verb_comes_last_a_piece_is_longer() {
        let text = ["x"; 30].join(" ");
        assert_eq!(first("en-US", "fr-FR", &text), 6);
        assert_eq!(first("de-DE", "en-US", &text), 13);
        assert_eq!(first("en-US", "de-DE", &text), 8);
        assert_eq!(first("ja-JP", "en-US", &text), 24);
        assert_eq!(first("en-US", "ja-JP", &text), 10);
        assert_eq!(first("hi-IN", "en-US", &text), 12);
        // Of a language that is not in the table.
        assert_eq!(first("xx-XX", "en-US", &text), 6);
    }

    #[test]
    fn a_breath_is_the_better_place() {
        let mut words = words("one two three four five six seven eight nine ten");
        for word in &mut words[7..] {
            word.start += 0.2;
            word.end += 0.2;
        }
        let cuts = Cuts::of("en-US", "es-US");
        assert_eq!(cuts.after(&words, 7), 7);
        assert_eq!(cuts.after(&words, 6), 6);
    }

    #[test]
    fn every_language_has_one_row() {
        for (n, (name, spoken, heard, clings)) in ROWS.iter().enumerate() {
            assert!(
                ROWS[n + 1..].iter().all(|(other, ..)| other != name),
                "{name}"
            );
            assert!(*spoken >= 6 && *heard >= 6, "{name}");
            for word in *clings {
                assert_eq!(*word, crate::pipeline::word::fold(word), "{name}");
            }
        }
    }
}
