use super::*;
use crate::aws::transcribe::{Item, ItemKind};
use crate::random::Random;

fn item(content: &str, at: f64, stable: bool) -> Item {
    let mark = !content.chars().any(char::is_alphanumeric);
    Item {
        start_time: at,
        end_time: at + 0.3,
        kind: if mark {
            ItemKind::Punctuation
        } else {
            ItemKind::Pronunciation
        },
        content: content.into(),
        stable: Some(stable),
    }
}

/// A result of tokens; the first `stable` of them are stable.
fn result(id: &str, tokens: &[&str], stable: usize, is_partial: bool) -> TranscriptResult {
    let items: Vec<Item> = tokens
        .iter()
        .enumerate()
        .map(|(n, token)| item(token, n as f64 * 0.3, n < stable))
        .collect();
    TranscriptResult {
        result_id: id.into(),
        start_time: 0.0,
        end_time: tokens.len() as f64 * 0.3,
        is_partial,
        alternatives: vec![Alternative {
            transcript: tokens.join(" "),
            items,
        }],
        engine: None,
    }
}

fn take(segmenter: &mut Segmenter, at: u64, result: &TranscriptResult, out: &mut Vec<Segment>) {
    let now = Timestamp::from_millis(at);
    let words = segmenter.words(result);
    segmenter.handle(now, result, &words, |_| Fate::Interpreted, out);
}

fn feed(segmenter: &mut Segmenter, results: &[TranscriptResult]) -> Vec<String> {
    let mut out = Vec::new();
    for (n, result) in results.iter().enumerate() {
        take(segmenter, n as u64, result, &mut out);
    }
    out.into_iter().map(|segment| segment.text).collect()
}

#[test]
fn stable_clauses_are_committed_before_the_final() {
    let tokens = ["Hola", "señora", ",", "necesito", "ayuda", ".", "Gracias"];
    let mut segmenter = Segmenter::new("es-US", "fr", Settle::Stable);
    let said = feed(
        &mut segmenter,
        &[
            result("a", &tokens[..2], 2, true),
            result("a", &tokens[..4], 2, true),
            result("a", &tokens[..5], 3, true),
            result("a", &tokens[..7], 6, true),
            result("a", &tokens, 7, false),
        ],
    );
    assert_eq!(said, ["Hola señora,", "necesito ayuda.", "Gracias"]);
}

#[test]
fn without_stability_only_finals_are_committed() {
    let tokens = ["Hola", "señora", ",", "adiós", "."];
    let mut segmenter = Segmenter::new("es-US", "fr", Settle::Final);
    let said = feed(
        &mut segmenter,
        &[
            result("a", &tokens, 5, true),
            result("a", &tokens, 5, false),
        ],
    );
    assert_eq!(said, ["Hola señora, adiós."]);
}

#[test]
fn one_word_is_not_spoken_alone_but_as_a_whole_final() {
    let tokens = ["Well", ",", "I", "think", "so", ",", "yes"];
    let mut segmenter = Segmenter::new("en-US", "fr", Settle::Stable);
    let said = feed(
        &mut segmenter,
        &[
            result("a", &tokens[..3], 2, true),
            result("a", &tokens, 6, true),
            result("a", &tokens, 7, false),
            result("b", &["No", "."], 2, true),
            result("b", &["No", "."], 2, false),
        ],
    );
    assert_eq!(said, ["Well, I think so,", "yes", "No."]);
}

#[test]
fn a_final_without_items_gives_its_text() {
    let mut segmenter = Segmenter::new("en-US", "fr", Settle::Stable);
    let mut last = result("a", &[], 0, false);
    last.alternatives[0].transcript = "I can see it, and it works.".into();
    last.end_time = 2.0;
    let mut out = Vec::new();
    let tokens = ["I", "can", "see", "it", ",", "and"];
    take(&mut segmenter, 0, &result("a", &tokens, 6, true), &mut out);
    take(&mut segmenter, 0, &last, &mut out);
    let texts: Vec<&str> = out.iter().map(|s| s.text.as_str()).collect();
    assert_eq!(texts, ["I can see it,", "and it works."]);
    assert!(out[1].start >= 1.0 && (out[1].end - 2.0).abs() < 1e-9);
}

#[test]
fn what_was_said_is_never_taken_back() {
    let mut segmenter = Segmenter::new("en-US", "fr", Settle::Stable);
    let said = feed(
        &mut segmenter,
        &[
            result("a", &["I", "want", "to", "by", ",", "a"], 6, true),
            result(
                "a",
                &["I", "want", "to", "buy", "a", "ticket", "."],
                7,
                false,
            ),
        ],
    );
    assert_eq!(said, ["I want to by,", "a ticket."]);
    let said = feed(
        &mut segmenter,
        &[
            result("b", &["One", "two", ",", "x"], 3, true),
            result("b", &["Two", "."], 2, false),
        ],
    );
    assert_eq!(said, ["One two,"]);
}

#[test]
fn a_repeated_final_says_nothing_twice() {
    let mut segmenter = Segmenter::new("en-US", "fr", Settle::Stable);
    let last = result("a", &["Yes", "please", "."], 3, false);
    assert_eq!(feed(&mut segmenter, &[last.clone(), last]), ["Yes please."]);
}

#[test]
fn results_that_stay_open_are_bounded_and_can_be_abandoned() {
    let mut segmenter = Segmenter::new("en-US", "fr", Settle::Stable);
    for n in 0..1_000 {
        let id = format!("r{n}");
        feed(
            &mut segmenter,
            &[result(&id, &["and", "so", ",", "on"], 3, true)],
        );
    }
    let open = segmenter.abandon();
    assert_eq!(open.len(), REMEMBERED);
    assert_eq!(open[15], ("r999".to_owned(), "and so,".to_owned()));
    assert_eq!(segmenter.earliest_open(), None);
}

#[test]
fn chinese_and_japanese_are_cut_and_joined_without_spaces() {
    let mut segmenter = Segmenter::new("zh-CN", "fr", Settle::Stable);
    let tokens = ["你好", "先生", "，", "请", "等", "。"];
    let said = feed(
        &mut segmenter,
        &[
            result("a", &tokens[..4], 3, true),
            result("a", &tokens, 6, false),
        ],
    );
    assert_eq!(said, ["你好先生，", "请等。"]);
}

#[test]
fn marks_that_open_go_with_the_next_word() {
    let mut segmenter = Segmenter::new("es-US", "fr", Settle::Stable);
    let said = feed(
        &mut segmenter,
        &[result("a", &["¿", "Puede", "usted", "?"], 4, false)],
    );
    assert_eq!(said, ["¿Puede usted?"]);
}

/// The invariant, over seeded growing results whose unstable end is revised,
/// whose final changes case and punctuation, and some of which lose their items.
#[test]
fn committed_segments_joined_are_the_final_transcript() {
    const WORDS: [&str; 12] = [
        "casa", "perro", "tren", "luz", "mesa", "agua", "sol", "pan", "voz", "mar", "flor", "paz",
    ];
    const MARKS: [&str; 5] = [",", ".", "?", "!", ";"];
    let rounds = if cfg!(target_family = "wasm") {
        200
    } else {
        3_000
    };
    let bare = |text: &str| -> Vec<String> {
        let words = text.split_whitespace().map(fold);
        words.collect()
    };
    for seed in 0..rounds {
        let mut random = Random::new(seed);
        let mut below = |n: u64| usize::try_from(random.next_u64() % n).unwrap();
        let mut tokens: Vec<String> = Vec::new();
        let count = 1 + below(24);
        for _ in 0..count {
            tokens.push(WORDS[below(12)].into());
            if below(4) == 0 {
                tokens.push(MARKS[below(5)].into());
            }
        }
        let stabilised = below(4) > 0;
        let settle = if stabilised {
            Settle::Stable
        } else {
            Settle::Final
        };
        let mut segmenter = Segmenter::new("es-US", "en", settle);
        let mut paused = 0;
        let mut out = Vec::new();
        let mut stable = 0;
        for shown in 1..=tokens.len() {
            stable = stable.max(shown.saturating_sub(1 + below(4)));
            let mut seen: Vec<&str> = tokens[..shown].iter().map(String::as_str).collect();
            // What is not stable may be anything.
            for token in seen.iter_mut().skip(stable) {
                if below(5) == 0 {
                    *token = WORDS[below(12)];
                }
            }
            take(
                &mut segmenter,
                0,
                &result("r", &seen, stable, true),
                &mut out,
            );
            if segmenter.is_settled() && below(3) == 0 {
                let words = segmenter.pause(Timestamp::ZERO, |_| Fate::Interpreted, &mut out);
                paused += usize::from(words.len() < LEAST_WORDS);
                assert!(segmenter.tail().is_none());
            }
        }
        let mut last: Vec<String> = Vec::new();
        for token in &tokens {
            let mark = !token.chars().any(char::is_alphanumeric);
            match below(3) {
                0 if mark => {}
                0 => last.push(token.to_uppercase()),
                _ => last.push(token.clone()),
            }
        }
        let last: Vec<&str> = last.iter().map(String::as_str).collect();
        let mut last = result("r", &last, usize::MAX, false);
        let text = last.alternatives[0].transcript.clone();
        let text: String = text
            .replace(" ,", ",")
            .replace(" .", ".")
            .replace(" ;", ";");
        let text = text.replace(" ?", "?").replace(" !", "!");
        last.alternatives[0].transcript.clone_from(&text);
        if below(4) == 0 {
            last.alternatives[0].items.clear();
        }
        take(&mut segmenter, 0, &last, &mut out);
        let said: Vec<String> = out.iter().flat_map(|s| bare(&s.text)).collect();
        assert_eq!(said, bare(&text), "seed {seed}");
        if stabilised {
            let (_, before) = out.split_last().unwrap();
            let short = before.iter().filter(|s| bare(&s.text).len() < LEAST_WORDS);
            assert!(short.count() <= paused, "seed {seed}");
        } else {
            assert!(out.len() <= 1);
        }
    }
}

#[test]
fn a_pause_commits_what_is_settled_and_its_mark_is_not_said_again() {
    let mut segmenter = Segmenter::new("es-US", "en", Settle::Stable);
    let mut out = Vec::new();
    take(
        &mut segmenter,
        0,
        &result("a", &["Sí", "claro"], 1, true),
        &mut out,
    );
    assert!(!segmenter.is_settled());
    assert_eq!(segmenter.tail().map(<[Word]>::len), Some(2));
    take(
        &mut segmenter,
        1,
        &result("a", &["Sí", "claro"], 2, true),
        &mut out,
    );
    assert!(segmenter.is_settled() && out.is_empty());
    let words = segmenter.pause(Timestamp::from_millis(2), |_| Fate::Interpreted, &mut out);
    assert_eq!(words.len(), 2);
    assert_eq!(out[0].text, "Sí claro");
    let last = result("a", &["Sí", ",", "claro", "."], 4, false);
    take(&mut segmenter, 3, &last, &mut out);
    assert_eq!(out.len(), 1);
}

#[test]
fn a_clause_that_does_not_end_is_cut() {
    let tokens = [
        "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho",
    ];
    let mut segmenter = Segmenter::new("fr-FR", "en", Settle::Stable);
    let said = feed(
        &mut segmenter,
        &[
            result("a", &tokens[..6], 5, true),
            result("a", &tokens[..7], 6, true),
            result("a", &tokens, 8, false),
        ],
    );
    assert_eq!(said, ["uno dos tres cuatro cinco seis", "siete ocho"]);
    // Its end is in sight.
    let mut long = tokens.to_vec();
    long.insert(7, ".");
    let mut segmenter = Segmenter::new("fr-FR", "en", Settle::Stable);
    let said = feed(
        &mut segmenter,
        &[result("a", &long, 6, true), result("a", &long, 8, true)],
    );
    assert_eq!(said, ["uno dos tres cuatro cinco seis siete."]);
}

#[test]
fn two_results_that_agree_settle_words_for_the_eager() {
    let mut segmenter = Segmenter::new("es-US", "en", Settle::Agreed);
    let mut out = Vec::new();
    take(
        &mut segmenter,
        0,
        &result("a", &["Sí", "claro"], 0, true),
        &mut out,
    );
    assert!(!segmenter.is_settled());
    take(
        &mut segmenter,
        1,
        &result("a", &["Sí", "caro"], 0, true),
        &mut out,
    );
    assert!(!segmenter.is_settled());
    take(
        &mut segmenter,
        2,
        &result("a", &["Sí", "caro"], 0, true),
        &mut out,
    );
    assert!(segmenter.is_settled());
}
