//! The events that Transcribe would send for a turn, by the rules that AWS's
//! documentation gives for partial results and their stabilisation.

use super::turns::{Turn, written};
use connect_interpreter::random::Random;
use serde_json::{Value, json};

/// From a word's end to the partial that has it, and from the end of speech to
/// the final.
const PARTIAL: f64 = 0.3;
const FINAL: f64 = 0.7;

/// How the service is about its partials.
#[derive(Clone, Copy, PartialEq)]
pub enum Manner {
    /// They only grow; the last two words are unstable.
    Calm,
    /// The last 1 to 3 words are revised, words are dated anew, marks and case
    /// change, events are repeated.
    Awkward,
}

/// A result, and when it is sent.
pub struct Sent {
    /// Seconds from the turn's beginning.
    pub at: f64,
    pub result: Value,
}

/// Seconds from the turn's beginning in which each word is said. Nowhere is a
/// pause: clause ends are marks, not silences.
pub fn times(turn: &Turn) -> Vec<(f64, f64)> {
    let mut now = 0.0;
    let word = |word: &super::turns::Word| {
        let start = now;
        let end = start + 0.12 + 0.03 * word.text.chars().count().min(12) as f64;
        now = end + if word.ends_clause { 0.1 } else { 0.03 };
        (start, end)
    };
    turn.words.iter().map(word).collect()
}

/// What is shown of a word in one event.
struct Shown {
    text: String,
    mark: String,
    stable: bool,
    time: (f64, f64),
}

/// The results of a turn that begins `from` seconds into the stream; the last
/// one is final.
pub fn results(turn: &Turn, id: &str, from: f64, manner: Manner, seed: u64) -> Vec<Sent> {
    let mut random = Random::new(seed);
    let awkward = manner == Manner::Awkward;
    let times = times(turn);
    let count = turn.words.len();
    let mut sent = Vec::new();
    let mut stable = 0;
    for shown in 1..=count {
        let unstable = if awkward { below(&mut random, 4) } else { 2 };
        stable = stable.max(shown.saturating_sub(unstable));
        let word = |(n, word): (usize, &super::turns::Word)| Shown {
            text: word.text.clone(),
            // It appears with the next word.
            mark: word.mark[..if n + 1 < shown { word.mark.len() } else { 0 }].to_owned(),
            stable: n < stable,
            time: times[n],
        };
        let mut words: Vec<Shown> = turn.words[..shown].iter().enumerate().map(word).collect();
        if awkward {
            revise(&mut words, stable, turn, &mut random);
        }
        let at = times[shown - 1].1 + PARTIAL;
        let result = result(turn, id, from, true, &words);
        if awkward && below(&mut random, 10) == 0 {
            let result = result.clone();
            sent.push(Sent { at, result });
        }
        sent.push(Sent { at, result });
    }
    let word = |(n, word): (usize, &super::turns::Word)| Shown {
        text: word.text.clone(),
        // Some are other ones in the end.
        mark: if awkward && n + 1 < count && below(&mut random, 10) == 0 {
            String::new()
        } else {
            word.mark.clone()
        },
        stable: true,
        time: times[n],
    };
    let words: Vec<Shown> = turn.words.iter().enumerate().map(word).collect();
    let at = times[count - 1].1 + FINAL;
    let result = result(turn, id, from, false, &words);
    sent.push(Sent { at, result });
    sent
}

/// Changes what a partial may change.
fn revise(words: &mut Vec<Shown>, stable: usize, turn: &Turn, random: &mut Random) {
    for word in words.iter_mut() {
        word.text = word.text.to_lowercase();
        let mut off = || (random.unit() * 2.0 - 1.0) * 0.12;
        let (start, end) = (word.time.0 + off(), word.time.1 + off());
        word.time = (start.max(0.0), end.max(start + 0.01).max(0.01));
    }
    if below(random, 5) > 0 {
        return;
    }
    let open = (words.len() - stable).min(3);
    let wrong = below(random, open + 1);
    let count = words.len();
    for (n, word) in words.iter_mut().enumerate().skip(count - wrong) {
        word.text = any(turn, random);
        let marked = n + 1 < count && below(random, 3) == 0;
        word.mark = if marked { mark_of(turn) } else { String::new() };
    }
    // Two words may be heard as one, and one as two.
    match below(random, 4) {
        0 if wrong > 1 => drop(words.pop()),
        1 if wrong > 0 => {
            let time = words[count - 1].time;
            let text = any(turn, random);
            words.push(Shown {
                text,
                mark: String::new(),
                stable: false,
                time,
            });
        }
        _ => {}
    }
}

fn any(turn: &Turn, random: &mut Random) -> String {
    turn.words[below(random, turn.words.len())].text.clone()
}

/// A mark that the turn has.
fn mark_of(turn: &Turn) -> String {
    let marked = turn.words.iter().find(|word| !word.mark.is_empty());
    marked.map_or_else(String::new, |word| word.mark.clone())
}

fn below(random: &mut Random, n: usize) -> usize {
    (random.next_u64() % n as u64) as usize
}

fn result(turn: &Turn, id: &str, from: f64, is_partial: bool, words: &[Shown]) -> Value {
    let mut items = Vec::new();
    for word in words {
        let (start, end) = (from + word.time.0, from + word.time.1);
        items.push(
            json!({"Content": word.text, "Type": "pronunciation", "StartTime": start,
            "EndTime": end, "Stable": word.stable, "Confidence": 0.93,
            "VocabularyFilterMatch": false}),
        );
        if !word.mark.is_empty() {
            items.push(
                json!({"Content": word.mark, "Type": "punctuation", "StartTime": end,
                "EndTime": end, "Stable": word.stable, "VocabularyFilterMatch": false}),
            );
        }
    }
    let text = words.iter().map(|word| word.text.clone() + &word.mark);
    let end = words.iter().map(|word| word.time.1).fold(0.0, f64::max);
    json!({"ResultId": id, "StartTime": from, "EndTime": from + end, "IsPartial": is_partial,
        "Alternatives": [{"Transcript": written(turn.code, text), "Items": items}],
        "ChannelId": "ch_0"})
}
