//! Pilot tones from words to sound and back.

use super::{
    super::{
        Moment,
        pilot::{SLOT_MS, SLOTS, WORDS, encode, words},
    },
    *,
};

/// Pilot words from `first` on, as a source carries them.
fn carried(first: usize, count: usize, amplitude: f32) -> Vec<f32> {
    (first * SLOTS..(first + count) * SLOTS)
        .flat_map(|code| encode(code % (WORDS * SLOTS), amplitude))
        .collect()
}

fn expected(language: &str, indices: impl IntoIterator<Item = usize>) -> String {
    let list = words(language).unwrap();
    let words: Vec<&str> = indices.into_iter().map(|i| list[i % WORDS]).collect();
    format!("{}.", words.join(" "))
}

#[test]
fn lists_map_one_to_one() {
    for language in ["en-US", "es-US"] {
        let list = words(language).unwrap();
        assert_eq!(list.len(), WORDS);
        let distinct: std::collections::HashSet<_> = list.iter().collect();
        assert_eq!(distinct.len(), WORDS);
    }
}

#[test]
fn at_any_phase_and_level() {
    let engines = engines();
    for language in ["en-US", "es-US"] {
        for phase in [0, 1, 37, 160, 333, 639] {
            for amplitude in [0.3, 0.05, 0.005] {
                let sound = [
                    &silence(300)[..],
                    &vec![0.0; phase],
                    &carried(5, 9, amplitude),
                    &silence(600),
                ]
                .concat();
                let heard = listen(&engines, language, &sound);
                assert_eq!(
                    utterances(&heard),
                    [expected(language, 5..14)],
                    "{phase} {amplitude}"
                );
                for (at, heard) in &heard {
                    match heard {
                        Heard::Words { words, engine, .. } => {
                            assert_eq!(*engine, "pilot");
                            let end = words.last().unwrap().end;
                            assert!(at - end <= 0.1, "{at} {end}");
                        }
                        Heard::Ended {
                            words, speech_end, ..
                        } => {
                            let begin = 0.3 + phase as f64 / RATE as f64;
                            for (i, word) in words.iter().enumerate() {
                                assert!((word.start - begin - 0.32 * i as f64).abs() < 0.012);
                                assert!((word.end - begin - 0.32 * (i + 1) as f64).abs() < 0.012);
                            }
                            assert!((speech_end - begin - 0.32 * 9.0).abs() < 0.012);
                            assert!(at - speech_end <= 0.4);
                        }
                        Heard::NotRecognised { .. } => panic!("pilots"),
                    }
                }
            }
        }
    }
}

#[test]
fn under_speech_and_noise() {
    let engines = engines();
    let mut random = Random(3);
    for line in dialogue() {
        let mut sound = [in_silence(&line.pcm), silence(1000)].concat();
        for (sample, pilot) in sound[RATE / 4..].iter_mut().zip(carried(60, 10, 0.1)) {
            *sample += pilot + 0.01 * random.uniform();
        }
        let heard = utterances(&listen(&engines, &line.language, &sound));
        assert_eq!(heard[0], expected(&line.language, 60..70), "{}", line.id);
    }
}

#[test]
fn utterances_are_counted_and_separate() {
    let engines = engines();
    let sound = [
        &carried(0, 3, 0.1)[..],
        &silence(500),
        &carried(3, 1, 0.1),
        &silence(500),
    ]
    .concat();
    let heard = listen(&engines, "en-US", &sound);
    assert_eq!(
        utterances(&heard),
        [expected("en-US", 0..3), expected("en-US", 3..4)]
    );
    let mut numbers: Vec<u64> = heard
        .iter()
        .map(|(_, heard)| match heard {
            Heard::Words { utterance, .. }
            | Heard::Ended { utterance, .. }
            | Heard::NotRecognised { utterance, .. } => *utterance,
        })
        .collect();
    numbers.dedup();
    assert_eq!(numbers, [0, 1]);
}

/// Chunks of 20 ms of ten words, as `change` leaves them.
fn damaged(change: impl Fn(&mut Vec<Vec<f32>>)) -> String {
    let mut chunks: Vec<Vec<f32>> = carried(10, 10, 0.1)
        .chunks(RATE / 50)
        .map(<[f32]>::to_vec)
        .collect();
    change(&mut chunks);
    let sound = [silence(200), chunks.concat(), silence(600)].concat();
    utterances(&listen(&engines(), "en-US", &sound)).join(" | ")
}

#[test]
fn lost_doubled_and_reordered_chunks_show() {
    let word = SLOTS * SLOT_MS / 20;
    assert_eq!(
        damaged(|chunks| drop(chunks.remove(3 * word + 5))),
        expected("en-US", 10..20),
        "20 ms lose no word"
    );
    assert_eq!(
        damaged(|chunks| drop(chunks.drain(3 * word..4 * word))),
        expected("en-US", (10..20).filter(|i| *i != 13)),
        "a word is lost"
    );
    assert_eq!(
        damaged(|chunks| drop(chunks.drain(3 * word + 4..4 * word - 4))),
        expected("en-US", (10..20).filter(|i| *i != 13)),
        "its middle alone is lost"
    );
    assert_eq!(
        damaged(|chunks| {
            let again = chunks[2 * word..3 * word].to_vec();
            chunks.splice(3 * word..3 * word, again);
        }),
        expected("en-US", [10, 11, 12, 12, 13, 14, 15, 16, 17, 18, 19]),
        "a word comes twice"
    );
    assert_eq!(
        damaged(|chunks| {
            let moved: Vec<_> = chunks.drain(2 * word..3 * word).collect();
            chunks.splice(4 * word..4 * word, moved);
        }),
        expected("en-US", [10, 11, 13, 14, 12, 15, 16, 17, 18, 19]),
        "a word comes late"
    );
}

#[tokio::test]
async fn spoken_pilots_are_heard_again() {
    let engines = engines();
    let text = "Apple river stone, window.";
    let meant = engines.translate("en-US", "es-US", text).await.unwrap();
    assert_eq!(
        (meant.text.as_str(), meant.engine),
        ("manzana río piedra, ventana.", "pilot")
    );
    let speech = engines.speak("Lupe", "es-US", &meant.text).await.unwrap();
    assert_eq!(speech.engine, "pilot");
    assert_eq!(
        speech.pcm_16k.len(),
        (1 + 4 * SLOTS) * SLOT_MS * RATE / 1000
    );
    let pcm: Vec<f32> = speech
        .pcm_16k
        .iter()
        .map(|s| f32::from(*s) / 32768.0)
        .collect();
    let heard = listen(&engines, "es-US", &in_silence(&pcm));
    assert_eq!(utterances(&heard), [expected("es-US", 0..4)]);
}

#[test]
fn through_48_khz() {
    // Zero-stuffed threefold without a filter and every third taken again at
    // another phase would be the same samples; a straight line between them is
    // what a poor resampler does, and still keeps the tones.
    let at_16k = [silence(200), carried(30, 6, 0.1), silence(600)].concat();
    let at_48k: Vec<f32> = at_16k
        .windows(2)
        .flat_map(|pair| (0..3).map(move |i| pair[0] + (pair[1] - pair[0]) * i as f32 / 3.0))
        .collect();
    let back: Vec<f32> = at_48k.iter().skip(1).step_by(3).copied().collect();
    assert_eq!(
        utterances(&listen(&engines(), "en-US", &back)),
        [expected("en-US", 30..36)]
    );
}

#[test]
fn no_pilots_in_speech() {
    let engines = engines();
    let mut files = vec![];
    for folder in [
        "www/lines",
        "local-aws/voices/joanna",
        "local-aws/voices/lupe",
    ] {
        for entry in std::fs::read_dir(root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|e| e == "wav") {
                files.push(path);
            }
        }
    }
    assert!(files.len() > 40);
    for path in files {
        let pcm: Vec<f32> = read_wav(&path)
            .unwrap()
            .iter()
            .map(|s| f32::from(*s) / 32768.0)
            .collect();
        for (_, heard) in listen(&engines, "en-US", &in_silence(&pcm)) {
            if let Heard::Words { engine, .. } | Heard::Ended { engine, .. } = heard {
                assert_ne!(engine, "pilot", "{}", path.display());
            }
        }
    }
}

/// What is heard of four words when the stream begins with slot `slot` of the first.
fn begun_within(slot: usize) -> String {
    let sound = [
        &carried(20, 4, 0.1)[slot * SLOT_MS * RATE / 1000..],
        &silence(600),
    ]
    .concat();
    utterances(&listen(&engines(), "en-US", &sound)).join(" | ")
}

#[test]
fn a_word_that_the_streams_beginning_cuts_is_misheard_or_missing() {
    assert_eq!(begun_within(0), expected("en-US", 20..24));
    assert_eq!(begun_within(1), expected("en-US", 20..24));
    for slot in [2, 3] {
        assert_eq!(begun_within(slot), expected("en-US", [49, 21, 22, 23]));
    }
    for slot in 4..8 {
        assert_eq!(begun_within(slot), expected("en-US", 21..24));
    }
    // The same word is whole, or missing, where the stream has begun before.
    let whole = [silence(100), carried(20, 4, 0.1), silence(600)].concat();
    let whole = utterances(&listen(&engines(), "en-US", &whole));
    assert_eq!(whole, [expected("en-US", 20..24)]);
}

#[test]
fn moments_are_told_by_the_sound() {
    let engines = engines();
    let lines = dialogue();
    let line = lines.iter().find(|line| line.language == "en-US").unwrap();
    for sound in [&carried(0, 6, 0.1), &line.pcm] {
        let mut recogniser = engines.recogniser("en-US");
        assert_eq!(recogniser.moment(), Some(Moment::Pause));
        recogniser.push(&silence(300));
        assert_eq!(recogniser.moment(), Some(Moment::Pause));
        let spoken = sound.chunks(RATE / 50).filter(|piece| {
            recogniser.push(piece);
            recogniser.moment() == Some(Moment::Speech)
        });
        assert!(spoken.count() * RATE / 50 > sound.len() / 2);
        recogniser.push(&silence(100));
        assert_eq!(recogniser.moment(), None, "an utterance is not over yet");
        recogniser.push(&silence(600));
        assert_eq!(recogniser.moment(), Some(Moment::Pause));
    }
}
