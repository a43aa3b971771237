use super::{Settling, Transcript};
use crate::{
    engines::{Heard, Word},
    services::transcribe::clock::StreamClock,
};
use serde_json::Value;
use std::{collections::HashMap, time::Duration};

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

const TYPICAL: Settling = Settling {
    partial: ms(300),
    stable: Some(ms(200)),
    final_: ms(700),
};

const TEXT: [&str; 8] = [
    "Hola", "tengo", "una", "pregunta", "sobre", "mi", "última", "factura",
];

/// The words so far of an utterance that began at `begin`, 250 ms each.
fn words(begin: f64, count: usize) -> Vec<Word> {
    (0..count)
        .map(|n| Word {
            text: TEXT[n].into(),
            punctuation: match n {
                0 => Some(",".into()),
                7 => Some(".".into()),
                _ => None,
            },
            start: begin + 0.25 * n as f64,
            end: begin + 0.25 * (n + 1) as f64,
        })
        .collect()
}

/// Plays utterances of eight words every three seconds, on a virtual clock;
/// gives all events with their times.
fn play(settling: Settling, seed: u64, utterances: u64) -> Vec<(Duration, Value)> {
    let mut transcript = Transcript::new(settling, seed);
    let mut clock = StreamClock::default();
    let mut events = Vec::new();
    for tick in 1..=utterances * 60 + 40 {
        let now = ms(50 * tick);
        while let Some(due) = transcript.poll_timeout().filter(|due| *due <= now) {
            events.extend(transcript.poll(due).into_iter().map(|event| (due, event)));
        }
        clock.arrived(now, 0.05);
        let (utterance, inside) = ((tick - 1) / 60, (tick - 1) % 60 + 1);
        if utterance >= utterances {
            continue;
        }
        let begin = 3.0 * utterance as f64;
        let heard = match inside {
            1..=40 if inside % 5 == 0 => Heard::Words {
                utterance,
                engine: "test",
                words: words(begin, inside as usize / 5),
            },
            46 => Heard::Ended {
                utterance,
                engine: "test",
                words: words(begin, 8),
                speech_end: begin + 2.0,
            },
            _ => continue,
        };
        transcript.hear(now, heard, &clock);
    }
    assert_eq!(transcript.finals(), utterances);
    events
}

fn results(events: &[(Duration, Value)]) -> impl Iterator<Item = (Duration, &Value)> {
    events.iter().flat_map(|(at, event)| {
        let results = event["Transcript"]["Results"].as_array().expect("results");
        results.iter().map(|result| (*at, result))
    })
}

fn items(result: &Value) -> &Vec<Value> {
    result["Alternatives"][0]["Items"]
        .as_array()
        .expect("items")
}

fn spoken(result: &Value) -> Vec<&Value> {
    items(result)
        .iter()
        .filter(|item| item["Type"] == "pronunciation")
        .collect()
}

#[test]
fn a_word_is_shown_after_p_and_the_final_comes_after_e() {
    for (at, result) in results(&play(TYPICAL, 1, 5)) {
        let count = spoken(result).len();
        let begin = if result["IsPartial"] == true {
            (at - ms(300 + 250 * count as u64)).as_millis() % 3000
        } else {
            assert_eq!(
                result["Alternatives"][0]["Transcript"],
                "Hola, tengo una pregunta sobre mi última factura."
            );
            // 40 ms: an event may wait for a neighbour.
            let late = (at.as_millis() - 2700) % 3000;
            assert!(late <= 40, "the final at {at:?}");
            continue;
        };
        assert!(begin < 500, "{count} words at {at:?}");
    }
}

#[test]
fn the_first_partial_with_a_word_is_exactly_p_after_its_end() {
    let events = play(TYPICAL, 3, 1);
    for count in 1..=8_usize {
        let first = results(&events)
            .find(|(_, result)| spoken(result).len() == count)
            .map(|(at, _)| at);
        assert_eq!(first, Some(ms(300 + 250 * count as u64)), "{count} words");
    }
}

#[test]
fn a_stable_word_never_changes_and_is_stable_after_s() {
    for seed in 0..20 {
        let events = play(TYPICAL, seed, 10);
        let mut stable: HashMap<(String, usize), String> = HashMap::new();
        let mut seen: HashMap<(String, usize), Duration> = HashMap::new();
        for (at, result) in results(&events) {
            let id = result["ResultId"].as_str().expect("an id").to_owned();
            for (index, item) in spoken(result).into_iter().enumerate() {
                let word = item["Content"].as_str().expect("a word").to_lowercase();
                let first = *seen.entry((id.clone(), index)).or_insert(at);
                if item["Stable"] == true {
                    let partial = result["IsPartial"] == true;
                    assert!(!partial || at >= first + ms(200), "stable too soon");
                    let kept = stable.entry((id.clone(), index)).or_insert(word.clone());
                    assert_eq!(*kept, word, "seed {seed}");
                }
            }
        }
        assert_eq!(stable.len(), 80);
    }
}

#[test]
fn about_a_tenth_of_the_partials_is_wrong_at_its_end_and_put_right() {
    let settling = Settling {
        stable: None,
        ..TYPICAL
    };
    let events = play(settling, 7, 200);
    let (mut partials, mut wrong) = (0, 0);
    for (_, result) in results(&events) {
        let shown = spoken(result);
        let errors: Vec<usize> = (0..shown.len())
            .filter(|n| {
                shown[*n]["Content"].as_str().map(str::to_lowercase)
                    != Some(TEXT[*n].to_lowercase())
            })
            .collect();
        assert!(shown.iter().all(|item| item["Stable"].is_null()));
        if result["IsPartial"] == true {
            partials += 1;
            wrong += usize::from(!errors.is_empty());
            assert!(errors.len() <= 3);
            assert!(errors.first().is_none_or(|first| first + 3 >= shown.len()));
        } else {
            assert!(errors.is_empty(), "a final is right");
        }
    }
    let share = f64::from(i32::try_from(wrong).expect("few")) / f64::from(partials);
    assert!((0.07..0.13).contains(&share), "{share}");
}

#[test]
fn times_move_by_at_most_120_ms_and_stay_in_order() {
    let events = play(TYPICAL, 11, 20);
    let mut moved = false;
    for (_, result) in results(&events) {
        let mut before = 0.0;
        for (n, item) in spoken(result).into_iter().enumerate() {
            let time = |name: &str| item[name].as_f64().expect("a time");
            let (start, end) = (time("StartTime"), time("EndTime"));
            assert!(
                before <= start + 1e-9 && start < end,
                "{before} {start} {end}"
            );
            before = end;
            let truth = 0.25 * (n + 1) as f64;
            let off = (end - truth).rem_euclid(3.0);
            assert!(off.min(3.0 - off) <= 0.1201, "off by {off}");
            moved |= off.min(3.0 - off) > 0.02;
        }
    }
    assert!(moved);
}

#[test]
fn marks_come_with_the_next_word_and_the_last_with_the_final() {
    for (_, result) in results(&play(TYPICAL, 5, 20)) {
        let kinds: Vec<&str> = items(result)
            .iter()
            .filter_map(|i| i["Type"].as_str())
            .collect();
        let last = *kinds.last().expect("items");
        let expected = if result["IsPartial"] == true {
            "pronunciation"
        } else {
            "punctuation"
        };
        assert_eq!(last, expected);
    }
}

#[test]
fn the_same_seed_gives_the_same_events_and_another_does_not() {
    assert_eq!(play(TYPICAL, 42, 5), play(TYPICAL, 42, 5));
    assert_ne!(play(TYPICAL, 42, 5), play(TYPICAL, 43, 5));
}

#[test]
fn events_without_results_occur_and_unknown_speech_is_one() {
    let empty = |events: &[(Duration, Value)]| {
        events
            .iter()
            .filter(|(_, event)| event["Transcript"]["Results"] == serde_json::json!([]))
            .count()
    };
    assert!(empty(&play(TYPICAL, 2, 30)) > 0);
    let mut transcript = Transcript::new(TYPICAL, 2);
    let mut clock = StreamClock::default();
    for n in 1..=30 {
        clock.arrived(ms(50 * n), 0.05);
    }
    let heard = Heard::NotRecognised {
        utterance: 0,
        start: 0.2,
        speech_end: 1.0,
    };
    transcript.hear(ms(1500), heard, &clock);
    assert_eq!(transcript.poll_timeout(), Some(ms(1700)));
    assert_eq!(empty(&[(ms(1700), transcript.poll(ms(1700)).remove(0))]), 1);
    assert_eq!(transcript.poll_timeout(), None);
}

#[test]
fn two_results_may_share_an_event() {
    let heard = |utterance: u64, begin: f64| Heard::Ended {
        utterance,
        engine: "test",
        words: words(begin, 1),
        speech_end: begin + 0.25,
    };
    let mut shared = 0;
    for seed in 0..40 {
        let mut transcript = Transcript::new(TYPICAL, seed);
        let mut clock = StreamClock::default();
        for n in 1..=40 {
            clock.arrived(ms(50 * n), 0.05);
        }
        transcript.hear(ms(2000), heard(0, 1.7), &clock);
        transcript.hear(ms(2000), heard(1, 1.72), &clock);
        while let Some(due) = transcript.poll_timeout() {
            for event in transcript.poll(due) {
                let results = event["Transcript"]["Results"].as_array().expect("results");
                shared += usize::from(results.len() > 1);
            }
        }
        assert_eq!(transcript.finals(), 2);
    }
    assert!(shared > 0);
}

#[test]
fn a_revision_by_the_engine_reaches_what_is_not_stable_only() {
    let mut transcript = Transcript::new(TYPICAL, 0);
    let mut clock = StreamClock::default();
    for n in 1..=40 {
        clock.arrived(ms(50 * n), 0.05);
    }
    let say = |texts: [&str; 2]| Heard::Words {
        utterance: 0,
        engine: "test",
        words: words(0.0, 2)
            .into_iter()
            .zip(texts)
            .map(|(word, text)| Word {
                text: text.into(),
                end: word.end + if word.start > 0.0 { 1.5 } else { 0.0 },
                ..word
            })
            .collect(),
    };
    transcript.hear(ms(2000), say(["Hola", "tengo"]), &clock);
    while transcript.poll_timeout().is_some_and(|due| due <= ms(2250)) {
        transcript.poll(transcript.poll_timeout().expect("due"));
    }
    transcript.hear(ms(2250), say(["Bola", "vengo"]), &clock);
    let mut last = Value::Null;
    while let Some(due) = transcript.poll_timeout() {
        if let Some(event) = transcript.poll(due).pop()
            && event["Transcript"]["Results"] != serde_json::json!([])
        {
            last = event;
        }
    }
    let text = last["Transcript"]["Results"][0]["Alternatives"][0]["Transcript"]
        .as_str()
        .expect("text")
        .to_lowercase();
    assert!(
        text.starts_with("hola") && text.ends_with("vengo"),
        "{text}"
    );
}

/// Plays `last` after three words of a partial, and gives all results.
fn after_a_partial(settling: Settling, heard_until: Duration, last: Heard) -> Vec<Value> {
    let mut transcript = Transcript::new(settling, 4);
    let mut clock = StreamClock::default();
    for n in 1..=40 {
        clock.arrived(ms(50 * n), 0.05);
    }
    let heard = Heard::Words {
        utterance: 0,
        engine: "test",
        words: words(1.0, 3),
    };
    transcript.hear(ms(1750), heard, &clock);
    let mut events = Vec::new();
    while let Some(due) = transcript.poll_timeout().filter(|due| *due <= heard_until) {
        events.extend(transcript.poll(due).into_iter().map(|event| (due, event)));
    }
    transcript.hear(heard_until, last, &clock);
    while let Some(due) = transcript.poll_timeout() {
        events.extend(transcript.poll(due).into_iter().map(|event| (due, event)));
    }
    results(&events).map(|(_, result)| result.clone()).collect()
}

const NOT_RECOGNISED: Heard = Heard::NotRecognised {
    utterance: 0,
    start: 1.0,
    speech_end: 1.75,
};

#[test]
fn a_partial_that_comes_to_nothing_is_closed_by_an_empty_final() {
    let unstable = Settling {
        stable: None,
        ..TYPICAL
    };
    let results = after_a_partial(unstable, ms(2100), NOT_RECOGNISED);
    let (last, partials) = results.split_last().expect("results");
    assert!(!partials.is_empty());
    assert!(partials.iter().all(|result| result["IsPartial"] == true));
    assert_eq!(last["IsPartial"], false);
    assert_eq!(last["ResultId"], partials[0]["ResultId"]);
    assert_eq!(last["Alternatives"][0]["Transcript"], "");
    assert!(items(last).is_empty());
    assert_eq!(last["StartTime"], 1.0);
    assert_eq!(last["EndTime"], 1.75);
}

#[test]
fn stable_words_of_a_partial_that_comes_to_nothing_stay() {
    let results = after_a_partial(TYPICAL, ms(2400), NOT_RECOGNISED);
    let (last, partials) = results.split_last().expect("results");
    let partial = partials.last().expect("a partial");
    let stable = spoken(partial)
        .into_iter()
        .filter(|item| item["Stable"] == true)
        .count();
    assert!(stable > 0);
    assert_eq!(last["IsPartial"], false);
    assert_eq!(last["ResultId"], partial["ResultId"]);
    assert_eq!(spoken(last).len(), stable);
}

#[test]
fn what_was_never_shown_leaves_no_result() {
    let late = Settling {
        partial: ms(1000),
        ..TYPICAL
    };
    let results = after_a_partial(late, ms(1800), NOT_RECOGNISED);
    assert_eq!(results, Vec::<Value>::new());
}

#[test]
fn another_engine_goes_on_after_the_stable_words() {
    let other = ["Ola", "ten", "go", "una"];
    let words = (0..4)
        .map(|n| Word {
            text: other[n].into(),
            punctuation: None,
            start: 1.0 + 0.2 * n as f64,
            end: 1.2 + 0.2 * n as f64,
        })
        .collect();
    let ended = Heard::Ended {
        utterance: 0,
        engine: "other",
        words,
        speech_end: 1.8,
    };
    // The first two words are stable then: at 1.25 and 1.5 s they ended.
    let settling = Settling {
        partial: ms(500),
        ..TYPICAL
    };
    let results = after_a_partial(settling, ms(2250), ended);
    let last = results.last().expect("a final");
    assert_eq!(last["IsPartial"], false);
    assert_eq!(last["Engine"], "other");
    let said: Vec<&str> = spoken(last)
        .iter()
        .filter_map(|item| item["Content"].as_str())
        .collect();
    assert_eq!(said, ["Hola", "tengo", "go", "una"]);
}
