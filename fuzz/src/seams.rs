//! The seam: which words of a new stream were said by the old one already.
//!
//! Where the last committed word stands between pauses, and words are dated as
//! well as the service dates them, exactly the committed ones are left out,
//! whatever was said. Of a service that dates and hears anything it is only
//! wanted that nothing breaks.

use arbitrary::{Result, Unstructured};
use connect_interpreter::aws::transcribe::{Alternative, Item, ItemKind, TranscriptResult};
use connect_interpreter::pipeline::seam::Seam;
use connect_interpreter::pipeline::segmenter::{Segmenter, Settle, Word};

const WORDS: [&str; 10] = [
    "yes", "no", "no,", "a", "tren", "casa.", "2", "one", "one?", "Übel",
];

/// Any bytes.
pub fn run(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let _ = match input.ratio(1, 3) {
        Ok(true) => anything(&mut input),
        _ => honest(&mut input),
    };
}

fn position(second: f64) -> u64 {
    (second.max(0.0) * 16_000.0) as u64
}

fn words(items: Vec<(&str, f64, f64)>) -> Vec<Word> {
    let item = |(text, start_time, end_time): (&str, f64, f64)| Item {
        start_time,
        end_time,
        kind: ItemKind::Pronunciation,
        content: text.to_owned(),
        stable: Some(true),
    };
    let result = TranscriptResult {
        alternatives: vec![Alternative {
            transcript: String::new(),
            items: items.into_iter().map(item).collect(),
        }],
        ..TranscriptResult::default()
    };
    Segmenter::new("en-US", "es", Settle::Stable).words(&result)
}

/// A word's time as one stream has it.
fn dated(input: &mut Unstructured<'_>, second: f64) -> Result<f64> {
    let off = f64::from(input.int_in_range(-120..=120_i16)?) / 1_000.0;
    Ok((second + off).max(0.0))
}

fn honest(input: &mut Unstructured<'_>) -> Result<()> {
    let mut seam = Seam::default();
    let mut spoken: Vec<(&str, f64)> = Vec::new();
    let mut now = 1.0;
    let mut committed = 0;
    while !input.is_empty() {
        // Some words, a pause, some more.
        let before = input.int_in_range(1..=12)?;
        let after = input.int_in_range(1..=6)?;
        for n in 0..before + after {
            spoken.push((*input.choose(&WORDS)?, now));
            now += 0.25 + f64::from(input.int_in_range(0..=30_u8)?) / 100.0;
            if n + 1 == before {
                now += 1.2;
            }
        }
        let cut = spoken.len() - after;
        let mut said = Vec::new();
        for (text, at) in &spoken[committed..cut] {
            said.push((*text, dated(input, *at)?, dated(input, at + 0.2)?));
        }
        seam.commit(&words(said), position);
        committed = cut;
        // The stream breaks; the next one begins before one of the last words.
        let back = input.int_in_range(0..=8)?.min(before - 1);
        let first = cut - 1 - back;
        seam.open(position(spoken[first].1 - 0.15));
        let mut heard = Vec::new();
        for (text, at) in &spoken[first..] {
            heard.push((*text, dated(input, *at)?, dated(input, at + 0.2)?));
        }
        let heard = words(heard);
        // Word by word, as they are shown.
        for shown in 0..=heard.len() {
            let skipped = seam.skip(&heard[..shown], position);
            assert_eq!(skipped, shown.min(back + 1), "of {shown} words");
        }
        // What is new is committed, and all goes on after a pause.
        seam.commit(&heard[back + 1..], position);
        committed += after;
        now += 1.2;
    }
    Ok(())
}

fn anything(input: &mut Unstructured<'_>) -> Result<()> {
    let mut seam = Seam::default();
    while !input.is_empty() {
        let mut some = Vec::new();
        for _ in 0..input.int_in_range(0..=30)? {
            let start = f64::from(input.arbitrary::<i16>()?) / 100.0;
            let end = match input.int_in_range(0..=9)? {
                0 => f64::from(input.arbitrary::<f32>()?),
                _ => start + f64::from(input.arbitrary::<u8>()?) / 500.0,
            };
            some.push((*input.choose(&WORDS)?, start, end));
        }
        let some = words(some);
        match input.int_in_range(0..=4)? {
            0 => seam.commit(&some, position),
            1 => {
                seam.open(u64::from(input.arbitrary::<u32>()?));
            }
            2 if input.ratio(1, 8)? => seam.forget(),
            _ => {
                assert!(seam.skip(&some, position) <= some.len());
                let _ = (seam.is_uncertain(), seam.settles(position(9.0), false));
            }
        }
    }
    Ok(())
}
