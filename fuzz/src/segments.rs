//! The segmenter: any sequence of partial and final results.
//!
//! A service that keeps its word (stable stays) has to find every word of its
//! finals in the segments, once and in order, however it revises the rest. One
//! that does not must not break anything.

use arbitrary::{Result, Unstructured};
use connect_interpreter::aws::transcribe::{Alternative, Item, ItemKind, TranscriptResult};
use connect_interpreter::pipeline::segmenter::{Fate, Segment, Segmenter, Settle, fold};
use connect_interpreter::time::Timestamp;

const LANGUAGES: [&str; 4] = ["es-US", "en-US", "de-DE", "fr-CA"];
const WORDS: [&str; 14] = [
    "casa", "perro", "tren", "luz", "no", "a", "Dr", "3,50", "¿", "o'clock", "übel", "12", "OK",
    "él",
];
const MARKS: [&str; 8] = [",", ".", "?", "!", ";", "…", "¿", "\""];
const ODD: [&str; 10] = [
    "",
    " ",
    "你好",
    "。",
    "¡",
    "a b",
    "\u{301}",
    "👋",
    "ß",
    "สวัสดี",
];

/// Any bytes.
pub fn run(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let _ = match input.ratio(1, 3) {
        Ok(true) => anything(&mut input),
        _ => honest(&mut input),
    };
}

fn is_mark(token: &str) -> bool {
    !token.chars().any(char::is_alphanumeric)
}

fn result(id: usize, tokens: &[&str], stable: usize, is_partial: bool) -> TranscriptResult {
    let items = tokens.iter().enumerate().map(|(n, token)| Item {
        start_time: n as f64 * 0.3,
        end_time: n as f64 * 0.3 + 0.25,
        kind: if is_mark(token) {
            ItemKind::Punctuation
        } else {
            ItemKind::Pronunciation
        },
        content: (*token).to_owned(),
        stable: Some(n < stable),
    });
    TranscriptResult {
        result_id: format!("r{id}"),
        start_time: 0.0,
        end_time: tokens.len() as f64 * 0.3,
        is_partial,
        alternatives: vec![Alternative {
            transcript: text(tokens),
            items: items.collect(),
        }],
        engine: None,
    }
}

/// Tokens as a text is written.
fn text(tokens: &[&str]) -> String {
    let mut text = String::new();
    for token in tokens {
        if !text.is_empty() && !is_mark(token) {
            text.push(' ');
        }
        text.push_str(token);
    }
    text
}

fn bare<'a>(text: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    text.into_iter()
        .flat_map(str::split_whitespace)
        .filter(|word| !is_mark(word))
        .map(fold)
        .collect()
}

/// A stretch of speech of an honest service.
struct Speech {
    id: usize,
    tokens: Vec<&'static str>,
    shown: usize,
    stable: usize,
    said: Vec<String>,
    over: bool,
}

fn honest(input: &mut Unstructured<'_>) -> Result<()> {
    let language = input.choose(&LANGUAGES)?;
    let stabilised = input.ratio(3, 4)?;
    let settle = if stabilised {
        Settle::Stable
    } else {
        Settle::Final
    };
    let mut segmenter = Segmenter::new(language, input.choose(&LANGUAGES)?, settle);
    let mut open: Vec<Speech> = Vec::new();
    let mut next = 0;
    let mut now = 0;
    while !input.is_empty() {
        now += 10;
        // Up to four at once.
        let begin = open.is_empty() || (open.len() < 4 && input.ratio(1, 8)?);
        if begin {
            let mut tokens: Vec<&str> = Vec::new();
            for _ in 0..input.int_in_range(1..=20)? {
                // A word that is a mark would be one.
                let word = *input.choose(&WORDS)?;
                if !is_mark(word) {
                    tokens.push(word);
                    if input.ratio(1, 4)? {
                        tokens.push(*input.choose(&MARKS)?);
                    }
                }
            }
            open.push(Speech {
                id: next,
                tokens,
                shown: 0,
                stable: 0,
                said: Vec::new(),
                over: false,
            });
            next += 1;
        }
        let which = input.choose_index(open.len())?;
        let speech = &mut open[which];
        speech.shown = (speech.shown + input.int_in_range(0..=3)?).min(speech.tokens.len());
        let last = input.ratio(1, 6)?;
        let result = if last {
            speech.over = true;
            let mut tokens: Vec<String> = Vec::new();
            for token in &speech.tokens {
                match input.int_in_range(0..=3)? {
                    // Marks go, case changes.
                    0 if is_mark(token) => {}
                    1 => tokens.push(token.to_uppercase()),
                    _ => tokens.push((*token).to_owned()),
                }
            }
            let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
            let mut result = result(speech.id, &tokens, usize::MAX, false);
            if input.ratio(1, 4)? {
                result.alternatives[0].items.clear();
            }
            result
        } else {
            let unsettled = input.int_in_range(0..=4)?;
            speech.stable = speech.stable.max(speech.shown.saturating_sub(unsettled));
            let mut tokens = speech.tokens[..speech.shown].to_vec();
            for token in tokens.iter_mut().skip(speech.stable) {
                if input.ratio(1, 4)? {
                    *token = *input.choose(&WORDS)?;
                }
            }
            result(speech.id, &tokens, speech.stable, true)
        };
        let mut segments = Vec::new();
        let at = Timestamp::from_millis(now);
        let words = segmenter.words(&result);
        let interpreted = |_| Fate::Interpreted;
        let committed = segmenter.handle(at, &result, &words, interpreted, &mut segments);
        assert!(committed.end <= words.len());
        assert_eq!(committed.is_empty(), segments.is_empty());
        assert!(stabilised || last || segments.is_empty());
        for segment in &segments {
            assert!(!segment.text.is_empty() && segment.first_seen <= at);
        }
        let at_pause = input.ratio(1, 4)? && segmenter.is_settled();
        if at_pause {
            let count = segments.len();
            let words = segmenter.pause(at, interpreted, &mut segments);
            assert_eq!(words.is_empty(), segments.len() == count);
        }
        for segment in segments {
            let its = open
                .iter_mut()
                .find(|o| segment.result_id == format!("r{}", o.id));
            its.expect("an open result").said.push(segment.text);
        }
        let speech = &open[which];
        if last {
            let said = bare(speech.said.iter().map(String::as_str));
            let wanted = bare([result.alternatives[0].transcript.as_str()]);
            assert_eq!(said, wanted);
            // A repeated final says nothing twice.
            let mut again = Vec::new();
            segmenter.handle(at, &result, &words, interpreted, &mut again);
            assert!(again.is_empty());
        }
        open.retain(|speech| !speech.over);
    }
    assert!(segmenter.abandon().len() <= 16);
    Ok(())
}

/// A service that says anything.
fn anything(input: &mut Unstructured<'_>) -> Result<()> {
    const CODES: [&str; 5] = ["zh-CN", "ja-JP", "en-US", "th-TH", ""];
    let code = input.choose(&CODES)?;
    let settle = *input.choose(&[Settle::Final, Settle::Stable, Settle::Agreed])?;
    let mut segmenter = Segmenter::new(code, input.choose(&CODES)?, settle);
    let mut out: Vec<Segment> = Vec::new();
    while !input.is_empty() {
        let id = usize::from(input.int_in_range(0..=40_u8)?);
        let mut tokens = Vec::new();
        for _ in 0..input.int_in_range(0..=9)? {
            tokens.push(match input.int_in_range(0..=2)? {
                0 => *input.choose(&WORDS)?,
                1 => *input.choose(&MARKS)?,
                _ => *input.choose(&ODD)?,
            });
        }
        let stable = input.int_in_range(0..=10)?;
        let mut result = result(id, &tokens, stable, input.ratio(3, 4)?);
        for item in &mut result.alternatives[0].items {
            if input.ratio(1, 8)? {
                item.start_time = f64::from(input.arbitrary::<i16>()?);
                item.kind = ItemKind::Punctuation;
            }
        }
        match input.int_in_range(0..=9)? {
            0 => result.alternatives.clear(),
            1 => result.alternatives[0].items.clear(),
            _ => {}
        }
        let echo = input.int_in_range(0..=20)?;
        let fate = |second: f64| match (second / 0.3) as i64 {
            n if n < echo - 15 => Fate::Discarded,
            n if n == echo => Fate::Echo,
            _ => Fate::Interpreted,
        };
        let before = out.len();
        let words = segmenter.words(&result);
        let from = input.int_in_range(0..=3)?.min(words.len());
        segmenter.handle(Timestamp::ZERO, &result, &words[from..], fate, &mut out);
        assert!(out.len() - before <= words.len() - from);
        assert!(out.iter().all(|segment| !segment.text.is_empty()));
        out.truncate(50);
        let _ = segmenter.earliest_open();
        if input.ratio(1, 30)? {
            assert!(segmenter.abandon().len() <= 16);
            assert_eq!(segmenter.earliest_open(), None);
        }
    }
    assert!(segmenter.abandon().len() <= 16);
    Ok(())
}
