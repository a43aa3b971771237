//! Turns in six languages, as Transcribe's events and as segments: where each
//! script ends its clauses, and how its words are joined.

mod service;
mod turns;

use crate::common::aws::transcribe::transcript_event;
use crate::common::*;
use connect_interpreter::aws::transcribe::{self, ServerMessage};
use connect_interpreter::pipeline::segmenter::{Fate, Segmenter, Settle};
use connect_interpreter::random::Random;
use connect_interpreter::session::{Input, SocketInput};
use connect_interpreter::speaker::Speaker::Customer;
use connect_interpreter::time::Timestamp;
use serde_json::{Value, json};
use service::{Manner, Sent, results, times};
use turns::{CODES, Turn};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// How many words a piece of a clause has at least before it is cut without a
/// mark, if it is translated into English. It waits for four more for a better
/// place. (`pipeline::cuts` says why.)
fn least(code: &str) -> usize {
    match code {
        "ja-JP" => 24,
        "zh-CN" => 14,
        "th-TH" | "hi-IN" => 12,
        "de-DE" => 13,
        _ => 6,
    }
}

fn message(results: &[Value]) -> Vec<u8> {
    transcript_event(&json!({"Transcript": {"Results": results}}))
}

/// What a segmenter makes of a turn.
fn segments(turn: &Turn, manner: Manner, seed: u64) -> Vec<String> {
    segmented(turn, results(turn, "r", 0.0, manner, seed))
}

fn segmented(turn: &Turn, all: Vec<Sent>) -> Vec<String> {
    let mut segmenter = Segmenter::new(turn.code, "en", Settle::Stable);
    let mut out = Vec::new();
    for sent in all {
        let ServerMessage::Transcript(event) =
            transcribe::decode(&message(&[sent.result])).unwrap()
        else {
            panic!("no transcript");
        };
        let now = Timestamp::from_millis((sent.at * 1000.0) as u64);
        for result in &event.results {
            let words = segmenter.words(result);
            segmenter.handle(now, result, &words, |_| Fate::Interpreted, &mut out);
        }
    }
    out.into_iter().map(|segment| segment.text).collect()
}

/// Without case, spaces and the marks of any of the scripts; signs and tones of
/// letters stay.
fn bare(text: &str) -> String {
    const MARKS: &str = "、。，！？；：।॥؟،؛۔.,!?;:";
    let bare = text
        .chars()
        .filter(|c| !c.is_whitespace() && !MARKS.contains(*c));
    bare.collect::<String>().to_lowercase()
}

/// How many words each segment ends after. Fails where a segment is not made of
/// whole words, each once and in order, or ends where none may.
fn cuts(turn: &Turn, segments: &[String], about: &str) -> Vec<usize> {
    let title = turn.title();
    let mut cuts = Vec::new();
    let mut end = 0;
    for segment in segments {
        let start = end;
        let wanted = bare(segment);
        let mut text = String::new();
        while text.len() < wanted.len() && end < turn.words.len() {
            text += &bare(&turn.words[end].text);
            end += 1;
        }
        assert_eq!(text, wanted, "{title}: {about}: {segments:?}");
        let first = segment.chars().next();
        let begins_well = first.is_some_and(char::is_alphanumeric);
        assert!(
            begins_well,
            "{title}: {about}: {segment} begins with a mark"
        );
        let last = end == turn.words.len();
        assert!(
            last || end - start >= 2,
            "{title}: {about}: {segment} is alone"
        );
        let word = &turn.words[end - 1];
        let long = end - start >= least(turn.code);
        assert!(
            last || word.ends_clause || long,
            "{title}: {about}: cut within a clause: {segments:?}"
        );
        cuts.push(end);
    }
    let all = turn.words.len();
    assert_eq!(end, all, "{title}: {about}: not all of it: {segments:?}");
    cuts
}

#[test]
fn every_language_has_its_turns() {
    for code in CODES {
        let turns = turns::of(code);
        let any = |test: &dyn Fn(&Turn) -> bool| turns.iter().any(test);
        assert!(turns.len() >= 4, "{code}");
        assert!(any(&|turn| turn.words.len() <= 3), "{code}: a short answer");
        assert!(any(&|turn| turn.words.len() >= 18), "{code}: a long one");
        if code != "th-TH" {
            let clauses = |turn: &Turn| turn.words.iter().filter(|word| word.ends_clause).count();
            assert!(any(&|turn| clauses(turn) >= 3), "{code}: clauses");
            let question = |turn: &Turn| turn.text(0..turn.words.len()).ends_with(['?', '？', '؟']);
            assert!(any(&question), "{code}: a question");
        }
        let latin = |turn: &Turn| turn.words.iter().any(|word| word.text.is_ascii());
        assert!(any(&latin), "{code}: Latin letters");
    }
    let held = |turn: &Turn| turn.words.iter().filter(|word| word.held).count();
    let held: usize = turns::of("de-DE").iter().map(held).sum();
    assert!(held > 40, "{held} words that wait for a verb");
}

/// As soon as a clause of two words or more is stable it is a segment, with its
/// mark and written as the language is.
#[test]
fn segments_end_where_the_script_ends_a_clause() {
    for turn in turns::all() {
        let (title, count) = (turn.title(), turn.words.len());
        let segments = segments(&turn, Manner::Calm, 0);
        let cuts = cuts(&turn, &segments, "calm");
        let mut start = 0;
        for (segment, end) in segments.iter().zip(&cuts) {
            assert_eq!(*segment, turn.text(start..*end), "{title}");
            start = *end;
        }
        for (n, word) in turn.words.iter().enumerate() {
            let before = cuts.iter().rfind(|end| **end <= n).unwrap_or(&0);
            // The last two words of a partial are not stable.
            let settled = word.ends_clause && n + 3 <= count;
            if settled && n + 1 - before >= 2 {
                assert!(cuts.contains(&(n + 1)), "{title}: {segments:?}");
            }
        }
    }
}

/// A German verb is parted from what waits for it (a conjunction, its own first
/// part) by a clause mark, or where the clause is longer than a piece and the
/// service was sure of a word before the mark behind the next one was known.
#[test]
fn german_verbs_stay_with_what_waits_for_them() {
    let (mut whole, mut parted) = (0, 0);
    for turn in turns::of("de-DE") {
        for (manner, seeds) in [(Manner::Calm, 1), (Manner::Awkward, 60)] {
            for seed in 0..seeds {
                let segments = segments(&turn, manner, seed);
                let mut start = 0;
                for end in cuts(&turn, &segments, &format!("seed {seed}")) {
                    let word = &turn.words[end - 1];
                    if word.held && !word.ends_clause {
                        let long = end - start >= least("de-DE");
                        assert!(manner == Manner::Awkward && long, "{segments:?}");
                        parted += 1;
                    } else {
                        whole += 1;
                    }
                    start = end;
                }
            }
        }
    }
    assert!(parted * 10 < whole, "{parted} parted, {whole} whole");
}

/// A speaker who never ends a clause is cut all the same, where the language
/// bears it.
#[test]
fn what_has_no_marks_is_cut_by_the_languages_own_measure() {
    for code in CODES {
        let mut words: Vec<_> = turns::of(code).into_iter().flat_map(|t| t.words).collect();
        for word in &mut words {
            (word.mark, word.ends_clause) = (String::new(), false);
        }
        let name = "without marks".to_owned();
        let turn = Turn { code, name, words };
        for seed in 0..10 {
            let segments = segments(&turn, Manner::Awkward, seed);
            let cuts = cuts(&turn, &segments, &format!("seed {seed}"));
            let mut start = 0;
            for end in &cuts[..cuts.len() - 1] {
                let most = least(code) + 4;
                assert!(end - start <= most, "{code}: seed {seed}: {segments:?}");
                start = *end;
            }
            assert!(cuts.len() > 1, "{code}: seed {seed}: {segments:?}");
        }
    }
}

#[test]
fn segments_are_the_final_transcript_whatever_was_revised() {
    let rounds = if cfg!(target_family = "wasm") { 10 } else { 60 };
    let mut early = 0;
    for turn in turns::all() {
        for seed in 0..rounds {
            let segments = segments(&turn, Manner::Awkward, seed);
            cuts(&turn, &segments, &format!("seed {seed}"));
            early += segments.len() - 1;
        }
    }
    assert!(early as u64 > 20 * rounds, "{early} before a final");
}

/// A final may come as a text alone.
#[test]
fn a_final_without_items_says_no_word_twice() {
    for turn in turns::all() {
        let mut sent = results(&turn, "r", 0.0, Manner::Calm, 0);
        let last = &mut sent.last_mut().unwrap().result;
        last["Alternatives"][0]["Items"] = json!([]);
        cuts(&turn, &segmented(&turn, sent), "without items");
    }
}

/// Sound as loud as speech while the words are said, so that the session's own
/// ears hear what the transcript tells.
fn sound_of(turn: &Turn, random: &mut Random) -> Vec<f32> {
    let mut sound = Vec::new();
    for (start, end) in times(turn) {
        sound.resize((start * 16_000.0) as usize, 0.0);
        let count = (end * 16_000.0) as usize - sound.len();
        sound.extend((0..count).map(|_| 0.2 * (random.unit() as f32 * 2.0 - 1.0)));
    }
    sound
}

#[test]
fn a_call_is_cut_and_joined_as_its_language_is() {
    for code in CODES {
        let mut options = options();
        options.customer.language = Some(code.into());
        options.agent.voice = None;
        let config = options.resolve(16_000).unwrap();
        // What is recognised comes from here.
        let mut call = Call::prepared(config, |aws| aws.silent_streams = true);
        call.run(ms(500));
        let mut random = Random::new(5);
        for (n, turn) in turns::of(code).iter().enumerate() {
            let (before, told) = (call.translated(Customer).len(), call.finals(Customer).len());
            let stream = call.aws.stream(Customer);
            let (socket, from) = (stream.id, stream.pcm.len() as f64 / 16_000.0);
            call.speak(Customer, sound_of(turn, &mut random));
            let begun = call.now;
            let results = results(turn, &format!("r{n}"), from, Manner::Awkward, 7);
            let last = results[results.len() - 1].result.clone();
            for sent in results {
                let at = begun + std::time::Duration::from_secs_f64(sent.at);
                call.run(at.since(call.now));
                // An event without results means nothing.
                for bytes in [message(&[]), message(&[sent.result])] {
                    call.input(
                        Customer,
                        Input::Socket(socket, SocketInput::Message(&bytes)),
                    );
                }
            }
            call.run(ms(1_500));
            cuts(turn, &call.translated(Customer)[before..], "in a call");
            let text = &last["Alternatives"][0]["Transcript"];
            assert_eq!(call.finals(Customer)[told..], [text.as_str().unwrap()]);
        }
        assert_eq!(call.errors(), [], "{code}");
        assert_eq!(call.aws.streams_of(Customer).len(), 1, "{code}");
    }
}
