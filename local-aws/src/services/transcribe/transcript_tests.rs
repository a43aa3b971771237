use super::{Settling, Transcript};
use crate::{
    engines::{Heard, Word},
    services::transcribe::clock::StreamClock,
};
use serde_json::Value;
use std::{cmp::Ordering, collections::HashMap, time::Duration};

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
        let count = spoken(result).len() as u128;
        if result["IsPartial"] == true {
            // A wrong end may have one word more or one less.
            let due = (at.as_millis() - 300) % 3000 / 250;
            assert!(count.abs_diff(due.min(8)) <= 1, "{count} words at {at:?}");
        } else {
            assert_eq!(
                result["Alternatives"][0]["Transcript"],
                "Hola, tengo una pregunta sobre mi última factura."
            );
            // 40 ms: an event may wait for a neighbour.
            let late = (at.as_millis() - 2700) % 3000;
            assert!(late <= 40, "the final at {at:?}");
        }
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
        for (at, result) in results(&events) {
            let id = result["ResultId"].as_str().expect("an id").to_owned();
            for (index, item) in spoken(result).into_iter().enumerate() {
                let word = item["Content"].as_str().expect("a word").to_lowercase();
                if item["Stable"] == true {
                    let partial = result["IsPartial"] == true;
                    let soonest = ms(250 * (index as u64 + 1) + 300 + 200).as_millis();
                    let soon = partial && at.as_millis() % 3000 < soonest;
                    assert!(!soon, "word {index} stable at {at:?}");
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
    let (mut fewer, mut other, mut more) = (0, 0, 0);
    for (at, result) in results(&events) {
        let shown = spoken(result);
        let said: Vec<String> = shown
            .iter()
            .filter_map(|item| item["Content"].as_str().map(str::to_lowercase))
            .collect();
        // By 300 ms after a word's end it is there.
        let due = (at.as_millis() as usize - 300) % 3000 / 250;
        let due = if result["IsPartial"] == true {
            due.min(8)
        } else {
            8
        };
        let right = said
            .iter()
            .zip(TEXT)
            .take_while(|(a, b)| **a == b.to_lowercase());
        let right = right.count();
        assert!(shown.iter().all(|item| item["Stable"].is_null()));
        if result["IsPartial"] == false {
            assert_eq!((said.len(), right), (8, 8), "a final is right");
            continue;
        }
        partials += 1;
        if right == due && said.len() == due {
            continue;
        }
        wrong += 1;
        assert!(right + 3 >= due && said.len() + 1 >= due && said.len() <= due + 1);
        match said.len().cmp(&due) {
            Ordering::Less => fewer += 1,
            Ordering::Equal => other += 1,
            Ordering::Greater => more += 1,
        }
    }
    assert!(fewer > wrong / 8 && more > wrong / 8 && other > wrong / 4);
    let share = f64::from(wrong) / f64::from(partials);
    assert!((0.07..0.13).contains(&share), "{share}");
}

#[test]
fn times_move_by_at_most_120_ms_and_stay_in_order() {
    let events = play(TYPICAL, 11, 20);
    let (mut partials, mut finals) = (0.0_f64, 0.0_f64);
    let mut told = 0.0;
    for (_, result) in results(&events) {
        // Never before what an earlier final has told.
        let mut before = told;
        let items = spoken(result);
        for (n, item) in items.iter().enumerate() {
            let time = |name: &str| item[name].as_f64().expect("a time");
            let (start, end) = (time("StartTime"), time("EndTime"));
            assert!(
                before <= start + 1e-9 && start < end,
                "{before} {start} {end}"
            );
            before = end;
            // With one word more or less, it is not known which is which.
            if item["Stable"] != true {
                continue;
            }
            let truth = 0.25 * (n + 1) as f64;
            let off = (end - truth).rem_euclid(3.0);
            let off = off.min(3.0 - off);
            assert!(off <= 0.1201, "off by {off}");
            let most = if result["IsPartial"] == true {
                &mut partials
            } else {
                &mut finals
            };
            *most = most.max(off);
        }
        if result["IsPartial"] == false {
            told = before;
            let of = |end: &str, item: &Value| result[end] == item[end];
            assert!(of("StartTime", items[0]) && of("EndTime", items[7]));
        }
    }
    // As far in a final as in a partial.
    assert!(partials > 0.1 && finals > 0.1, "{partials} {finals}");
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
