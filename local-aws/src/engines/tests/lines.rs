//! The dialogue's lines through all that happens to sound.

use super::{conditions::*, *};

/// Every line is recognised with all of its words after `path`.
fn all_lines_survive(path: impl Fn(&[f32], &Line, &mut Random) -> Vec<f32>) {
    let engines = engines();
    let mut random = Random(7);
    for line in dialogue() {
        let sound = path(&in_silence(&line.pcm), &line, &mut random);
        let heard = listen(&engines, &line.language, &sound);
        assert_eq!(
            utterances(&heard),
            [line.text.replace('¿', "")],
            "{}",
            line.id
        );
    }
}

/// Nothing of `sound` is recognised in either language.
fn nothing_in(sound: &[f32], what: &str) {
    let engines = engines();
    for language in ["en-US", "es-US"] {
        for heard in utterances(&listen(&engines, language, sound)) {
            assert_eq!(heard, "?", "{what} in {language}");
        }
    }
}

#[test]
fn as_recorded() {
    all_lines_survive(|sound, _, _| sound.to_vec());
}

#[test]
fn soft_and_loud() {
    all_lines_survive(|sound, _, _| gain(sound, -12.0));
    all_lines_survive(|sound, _, _| gain(sound, 6.0));
    all_lines_survive(|sound, _, _| gain(sound, -30.0));
}

#[test]
fn by_telephone() {
    all_lines_survive(|sound, _, _| telephone(sound));
}

#[test]
fn with_noise() {
    all_lines_survive(|sound, line, random| noise(sound, &line.pcm, 10.0, random));
    all_lines_survive(|sound, line, random| telephone(&noise(sound, &line.pcm, 15.0, random)));
}

#[test]
fn from_another_sample_on() {
    all_lines_survive(|sound, _, random| sound[random.below(400)..].to_vec());
}

/// Before anything else has been heard nobody can tell speech from noise, so the
/// first word may be lost, and no more.
#[test]
fn without_silence_before() {
    let engines = engines();
    for line in dialogue() {
        let sound = [&line.pcm[..], &silence(1000)].concat();
        let heard = utterances(&listen(&engines, &line.language, &sound));
        let rest = texts(&line.words[1..]);
        assert!(
            heard == [line.text.clone()] || heard == [rest],
            "{} {heard:?}",
            line.id
        );
    }
}

#[test]
fn words_are_reported_soon_after_they_end() {
    let engines = engines();
    let (mut soon, mut all) = (0, 0);
    let mut delays = Vec::new();
    for line in dialogue() {
        let heard = listen(&engines, &line.language, &in_silence(&line.pcm));
        for (index, word) in line.words.iter().enumerate() {
            let end = 0.5 + word.end;
            let first = heard.iter().find_map(|(at, heard)| match heard {
                Heard::Words { words, .. } | Heard::Ended { words, .. } => words
                    .get(index)
                    .filter(|heard| heard.text == word.text)
                    .map(|_| *at),
                Heard::NotRecognised { .. } => None,
            });
            let delay = first.unwrap() - end;
            delays.push(delay);
            all += 1;
            soon += usize::from(delay <= 0.25);
        }
        let (at, words, speech_end) = heard
            .iter()
            .find_map(|(at, heard)| match heard {
                Heard::Ended {
                    words, speech_end, ..
                } => Some((*at, words, *speech_end)),
                _ => None,
            })
            .unwrap();
        for (heard, word) in words.iter().zip(&line.words) {
            assert!(
                (heard.start - 0.5 - word.start).abs() < 0.15,
                "{} {heard:?}",
                line.id
            );
            assert!(
                (heard.end - 0.5 - word.end).abs() < 0.15,
                "{} {heard:?}",
                line.id
            );
            assert_eq!(heard.punctuation, word.punctuation);
        }
        let true_end = 0.5 + line.pcm.len() as f64 / RATE as f64;
        assert!((speech_end - true_end).abs() < 0.15, "{}", line.id);
        assert!(at - true_end <= 0.4, "{} {}", line.id, at - true_end);
    }
    delays.sort_by(f64::total_cmp);
    println!(
        "{soon} of {all} words within 250 ms of their end; median {:.0} ms, most {:.0} ms",
        1000.0 * delays[all / 2],
        1000.0 * delays[all - 1]
    );
    assert!(soon * 10 >= all * 9);
}

#[test]
fn a_report_takes_words_back_at_most_rarely() {
    let engines = engines();
    for line in dialogue() {
        let mut before: Vec<Word> = Vec::new();
        for (_, heard) in listen(&engines, &line.language, &in_silence(&line.pcm)) {
            if let Heard::Words { words, engine, .. } = heard {
                assert_eq!(engine, "lines");
                assert!(words.len() >= before.len(), "{}", line.id);
                before = words;
            }
        }
    }
}

#[test]
fn in_any_order_with_any_pause() {
    let engines = engines();
    let dialogue = dialogue();
    let mut random = Random(99);
    for language in ["en-US", "es-US"] {
        let lines: Vec<&Line> = dialogue.iter().filter(|l| l.language == language).collect();
        let mut sound = silence(random.below(700));
        let mut said = Vec::new();
        for _ in 0..20 {
            let line = lines[random.below(lines.len())];
            sound.extend(gain(&line.pcm, -6.0 + random.below(12) as f32));
            sound.extend(silence(600 + random.below(3000)));
            said.push(line.text.clone());
        }
        assert_eq!(utterances(&listen(&engines, language, &sound)), said);
    }
}

#[test]
fn two_lines_in_one_breath() {
    let engines = engines();
    let dialogue = dialogue();
    for language in ["en-US", "es-US"] {
        let lines: Vec<&Line> = dialogue.iter().filter(|l| l.language == language).collect();
        for pair in lines.windows(2) {
            let sound = [&pair[0].pcm[..], &silence(150), &pair[1].pcm].concat();
            let heard = utterances(&listen(&engines, language, &in_silence(&sound)));
            assert_eq!(heard, [format!("{} {}", pair[0].text, pair[1].text)]);
        }
    }
}

#[test]
fn a_line_that_begins_late_or_stops_early() {
    let engines = engines();
    for line in dialogue() {
        // From the third word on, as after a lost connection.
        let from = (line.words[2].start * RATE as f64) as usize;
        let heard = utterances(&listen(
            &engines,
            &line.language,
            &in_silence(&line.pcm[from..]),
        ));
        assert_eq!(heard, [texts(&line.words[2..])], "{} late", line.id);
        // Up to the fourth word, as when somebody presses mute.
        let to = (line.words[3].end * RATE as f64) as usize;
        let heard = utterances(&listen(
            &engines,
            &line.language,
            &in_silence(&line.pcm[..to]),
        ));
        let expected = texts(&line.words[..4]);
        assert!(
            heard.len() == 1 && (expected.starts_with(&heard[0]) || heard[0] == "?"),
            "{} early: {heard:?}",
            line.id
        );
    }
}

#[test]
fn a_broken_path_is_not_the_line() {
    let engines = engines();
    for line in dialogue() {
        let reversed: Vec<f32> = line.pcm.iter().rev().copied().collect();
        for (what, sound) in [
            ("halved", halved(&line.pcm)),
            ("holed", holed(&line.pcm)),
            ("reversed", reversed),
        ] {
            let heard = listen(&engines, &line.language, &in_silence(&sound));
            assert!(
                !utterances(&heard).is_empty(),
                "{} {what}: heard at all",
                line.id
            );
            for heard in utterances(&heard) {
                assert_eq!(heard, "?", "{} {what}", line.id);
            }
        }
    }
}

#[test]
fn another_language_is_not_recognised() {
    let engines = engines();
    for line in dialogue() {
        let other = if line.language == "en-US" {
            "es-US"
        } else {
            "en-US"
        };
        let heard = utterances(&listen(&engines, other, &in_silence(&line.pcm)));
        assert!(
            heard.iter().all(|heard| heard == "?") && !heard.is_empty(),
            "{} {heard:?}",
            line.id
        );
    }
}

#[test]
fn speech_that_is_no_line_is_not_recognised() {
    // The voices of the translations: other speakers, other sentences.
    for folder in ["joanna", "lupe"] {
        for entry in std::fs::read_dir(root().join("local-aws/voices").join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let pcm: Vec<f32> = read_wav(&path)
                .unwrap()
                .iter()
                .map(|s| f32::from(*s) / 32768.0)
                .collect();
            nothing_in(&in_silence(&pcm), &path.display().to_string());
        }
    }
}

#[test]
fn silence_noise_and_music_are_nothing() {
    let mut random = Random(5);
    let engines = engines();
    assert!(listen(&engines, "en-US", &silence(5000)).is_empty());
    let hiss: Vec<f32> = (0..10 * RATE).map(|_| 0.1 * random.uniform()).collect();
    nothing_in(&hiss, "noise");
    let bursts: Vec<f32> = (0..10 * RATE)
        .map(|i| {
            if i / 8000 % 2 == 0 {
                0.2 * random.uniform()
            } else {
                0.0
            }
        })
        .collect();
    nothing_in(&bursts, "bursts of noise");
    nothing_in(&in_silence(&music(&mut random)), "music");
}

/// A stream that begins in the middle of a word: that word is missing, sometimes
/// the next one too, now and then all of the line; what is heard is in the line.
#[test]
fn a_word_that_the_streams_beginning_cuts_is_missing() {
    let engines = engines();
    let (mut one, mut all) = (0, 0);
    for line in dialogue() {
        for word in 0..line.words.len().saturating_sub(4) {
            let cut = &line.words[word];
            let from = ((cut.start + cut.end) / 2.0 * RATE as f64) as usize;
            let sound = [&line.pcm[from..], &silence(1000)].concat();
            let heard = utterances(&listen(&engines, &line.language, &sound)).join(" | ");
            let rest = texts(&line.words[word + 1..]);
            all += 1;
            one += usize::from(heard == rest);
            assert!(
                rest.ends_with(heard.trim_start_matches("? | ")) || heard == "?",
                "{} from its word {word}: {heard}",
                line.id
            );
        }
    }
    println!("only the word that was cut is missing in {one} of {all}");
    assert!(one * 10 >= all * 7 && one < all);
}
