//! A result's JSON, and the ways in which a partial differs from the final.

use crate::engines::Word;
use rand::{Rng, rngs::StdRng};
use serde_json::{Value, json};

/// How far a word is re-timed at most, in seconds.
const RETIMED_S: f64 = 0.12;

/// A word as an event shows it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The word.
    pub text: String,
    /// The mark after it.
    pub mark: Option<String>,
    /// Its begin.
    pub start: f64,
    /// Its end.
    pub end: f64,
    /// Its stability, with stability on.
    pub stable: Option<bool>,
    /// The mark's stability, with stability on.
    pub mark_stable: Option<bool>,
}

impl Shown {
    /// A word of a final result.
    pub fn settled(word: &Word, stability: bool) -> Self {
        Self {
            text: word.text.clone(),
            mark: word.punctuation.clone(),
            start: word.start,
            end: word.end,
            stable: stability.then_some(true),
            mark_stable: stability.then_some(true),
        }
    }
}

/// Share of wrong ends with one word more, and of those with one less.
const ADDED: f64 = 0.25;
const REMOVED: f64 = 0.25;

/// Moves every word a little, in order and without overlap, to `from` at the
/// earliest, in seconds.
pub fn retime(words: &mut [Shown], from: f64, draw: &mut StdRng) {
    let mut before = from;
    for word in words {
        let start = word.start + draw.random_range(-RETIMED_S..RETIMED_S);
        let end = word.end + draw.random_range(-RETIMED_S..RETIMED_S);
        // Words that were pushed late by their neighbour stay within the limit.
        word.start = start.max(before).min(word.start + RETIMED_S);
        word.end = end
            .max(word.start + 0.01)
            .min(word.end.max(word.start) + RETIMED_S);
        before = word.end;
    }
}

/// The word with its first letter in the other case.
pub fn recased(text: &str) -> String {
    let mut letters = text.chars();
    let Some(first) = letters.next() else {
        return String::new();
    };
    let mut other = if first.is_uppercase() {
        first.to_lowercase().collect::<String>()
    } else {
        first.to_uppercase().collect()
    };
    other.push_str(letters.as_str());
    other
}

/// The word with a capital letter.
pub fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}

/// Makes the last `wrong` words wrong: others, or with one word more or less.
pub fn revise(words: &mut Vec<Shown>, wrong: usize, draw: &mut StdRng) {
    let first = words.len().saturating_sub(wrong);
    if wrong == 0 || first == words.len() {
        return;
    }
    let what = draw.random::<f64>();
    if what < REMOVED && words.len() > 1 {
        words.remove(draw.random_range(first..words.len()));
        // The mark would have come with the next word.
        if let Some(last) = words.last_mut() {
            (last.mark, last.mark_stable) = (None, None);
        }
    } else if what >= 1.0 - ADDED {
        let at = draw.random_range(first..words.len());
        let whole = words[at].clone();
        let middle = (whole.start + whole.end) / 2.0;
        words[at].end = middle;
        (words[at].mark, words[at].mark_stable) = (None, None);
        let text = short(&whole.text, draw);
        words.insert(
            at + 1,
            Shown {
                text,
                start: middle,
                ..whole
            },
        );
    } else {
        for word in &mut words[first..] {
            word.text = misheard(&word.text, draw);
        }
    }
}

/// Another word in this one's place, as if its sound were misjudged.
pub fn misheard(text: &str, draw: &mut StdRng) -> String {
    let length = text.chars().count();
    if length > 3 && draw.random_bool(0.6) {
        return text
            .chars()
            .take(length - draw.random_range(1..=2))
            .collect();
    }
    short(text, draw)
}

/// A short word that is not this one.
fn short(text: &str, draw: &mut StdRng) -> String {
    const SHORT: [&str; 6] = ["a", "en", "the", "so", "uno", "he"];
    let at = draw.random_range(0..SHORT.len());
    let word = SHORT[at];
    if word.eq_ignore_ascii_case(text) {
        SHORT[(at + 1) % SHORT.len()].to_owned()
    } else {
        word.to_owned()
    }
}

/// One result; without words it is at `span`, in seconds.
pub fn result(id: &str, engine: &str, partial: bool, words: &[Shown], span: (f64, f64)) -> Value {
    let seconds = |s: f64| (s * 1000.0).round() / 1000.0;
    let mut transcript = String::new();
    let mut items = Vec::new();
    for word in words {
        if !transcript.is_empty() {
            transcript.push(' ');
        }
        transcript.push_str(&word.text);
        let mut item = json!({
            "Content": word.text,
            "StartTime": seconds(word.start),
            "EndTime": seconds(word.end),
            "Type": "pronunciation",
            "VocabularyFilterMatch": false,
        });
        if let Some(stable) = word.stable {
            item["Stable"] = stable.into();
        }
        items.push(item);
        if let Some(mark) = &word.mark {
            transcript.push_str(mark);
            let mut item = json!({
                "Content": mark,
                "StartTime": seconds(word.end),
                "EndTime": seconds(word.end),
                "Type": "punctuation",
                "VocabularyFilterMatch": false,
            });
            if let Some(stable) = word.mark_stable {
                item["Stable"] = stable.into();
            }
            items.push(item);
        }
    }
    json!({
        "ResultId": id,
        "StartTime": seconds(words.first().map_or(span.0, |word| word.start)),
        "EndTime": seconds(words.last().map_or(span.1, |word| word.end)),
        "IsPartial": partial,
        "Alternatives": [{"Transcript": transcript, "Items": items}],
        "Engine": engine,
    })
}
