//! pocketsphinx, where it is installed.

use super::*;

/// The engines with pocketsphinx, or a word about why not.
fn with_sphinx() -> Option<Engines> {
    let engines = engines().with_installed();
    let described = engines.describe();
    let engine = described["recognise"]
        .as_array()
        .unwrap()
        .iter()
        .find(|engine| engine["name"] == "pocketsphinx")
        .unwrap();
    assert_eq!(engine["languages"], serde_json::json!(["en-US"]));
    assert_eq!(engine["available"], engines.installed.sphinx);
    if !engines.installed.sphinx {
        println!("skipped: no pocketsphinx with pocketsphinx-en-us on this machine");
        return None;
    }
    Some(engines)
}

const TEXT: &str = "The number is four seven zero nine.";

/// A recording that is no English line.
async fn spoken(engines: &Engines, text: &str) -> Vec<f32> {
    let speech = engines.speak("Joanna", "en-US", text).await.unwrap();
    assert_eq!(speech.engine, "recorded");
    let samples = speech.pcm_16k.iter();
    samples.map(|s| f32::from(*s) / 32768.0).collect()
}

/// Everything that is heard of a sound, to the last answer.
async fn listen_to_the_end(engines: &Engines, language: &str, pcm: &[f32]) -> Vec<Heard> {
    let mut recogniser = engines.recogniser(language);
    let mut heard = Vec::new();
    for message in pcm.chunks(RATE / 20) {
        heard.extend(recogniser.push(message));
    }
    while recogniser.is_waiting() {
        heard.extend(recogniser.late().await);
    }
    heard
}

#[tokio::test]
async fn english_that_is_no_line_is_recognised() {
    let Some(engines) = with_sphinx() else { return };
    let speech = spoken(&engines, TEXT).await;
    let heard = listen_to_the_end(&engines, "en-US", &in_silence(&speech)).await;
    let Some(Heard::Ended {
        utterance: 0,
        engine,
        words,
        speech_end,
    }) = heard.last()
    else {
        panic!("{heard:?}");
    };
    assert_eq!(*engine, "pocketsphinx");
    assert_eq!(texts(words), TEXT);
    let length = speech.len() as f64 / RATE as f64;
    assert!(
        (length - 0.1..length + 0.6).contains(speech_end),
        "{speech_end}"
    );
    let mut before = 0.4;
    for word in words {
        assert!(before <= word.start && word.start < word.end, "{words:?}");
        before = word.start;
    }
    assert!(before < *speech_end);
}

#[tokio::test]
async fn a_line_after_it_waits_for_its_answer() {
    let Some(engines) = with_sphinx() else { return };
    let speech = spoken(&engines, TEXT).await;
    let line = dialogue()
        .into_iter()
        .find(|line| line.language == "en-US")
        .unwrap();
    let pcm = [in_silence(&speech), in_silence(&line.pcm)].concat();
    let heard = listen_to_the_end(&engines, "en-US", &pcm).await;
    let order: Vec<(u64, &str)> = heard
        .iter()
        .filter_map(|heard| match heard {
            Heard::Ended {
                utterance, engine, ..
            } => Some((*utterance, *engine)),
            _ => None,
        })
        .collect();
    assert_eq!(order, [(0, "pocketsphinx"), (1, "lines")]);
}

/// Only the lines listen to Spanish, and without the option to anything.
#[tokio::test]
async fn other_languages_are_as_without_it() {
    let Some(with) = with_sphinx() else { return };
    let speech = spoken(&with, TEXT).await;
    for (engines, language) in [(&with, "es-US"), (&engines(), "en-US")] {
        let heard = listen_to_the_end(engines, language, &in_silence(&speech)).await;
        assert!(
            matches!(heard[..], [Heard::NotRecognised { .. }]),
            "{heard:?}"
        );
    }
}

/// A burst of noise begins an utterance in which there is no word.
#[tokio::test]
async fn noise_is_not_recognised() {
    let Some(engines) = with_sphinx() else { return };
    let mut random = Random(7);
    let noise: Vec<f32> = (0..RATE * 2 / 5).map(|_| random.uniform() * 0.3).collect();
    let heard = listen_to_the_end(&engines, "en-US", &in_silence(&noise)).await;
    assert!(!heard.is_empty());
    assert!(
        heard
            .iter()
            .all(|heard| matches!(heard, Heard::NotRecognised { .. })),
        "{heard:?}"
    );
}

/// More utterances than may wait; all are answered, in order.
#[tokio::test]
async fn too_many_at_once_are_not_recognised() {
    let Some(engines) = with_sphinx() else { return };
    let speech = spoken(&engines, TEXT).await;
    let pcm = in_silence(&speech).repeat(7);
    let heard = listen_to_the_end(&engines, "en-US", &pcm).await;
    let (recognised, not): (Vec<&Heard>, Vec<&Heard>) = heard
        .iter()
        .partition(|heard| matches!(heard, Heard::Ended { .. }));
    assert_eq!((recognised.len(), not.len()), (4, 3), "{heard:?}");
    let numbers: Vec<u64> = heard
        .iter()
        .map(|heard| match heard {
            Heard::Words { utterance, .. }
            | Heard::Ended { utterance, .. }
            | Heard::NotRecognised { utterance, .. } => *utterance,
        })
        .collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 6]);
}

/// Every result that the process has given is reported by the next sound, as
/// it goes on while nobody speaks.
#[tokio::test]
async fn silence_collects_the_answer() {
    let Some(engines) = with_sphinx() else { return };
    let speech = spoken(&engines, TEXT).await;
    let mut recogniser = engines.recogniser("en-US");
    assert!(recogniser.push(&in_silence(&speech)).is_empty());
    assert!(recogniser.is_waiting());
    let mut heard = Vec::new();
    while recogniser.is_waiting() {
        tokio::task::yield_now().await;
        heard = recogniser.push(&silence(50));
    }
    assert!(
        matches!(heard[..], [Heard::Ended { utterance: 0, .. }]),
        "{heard:?}"
    );
}

/// People (Debian's pocketsphinx-testdata): how much is right is printed.
#[tokio::test]
async fn people_reading() {
    let Some(engines) = with_sphinx() else { return };
    let folder = Path::new("/usr/share/pocketsphinx/test/data/librivox");
    let Ok(transcription) = std::fs::read_to_string(folder.join("transcription")) else {
        println!("skipped: no pocketsphinx-testdata on this machine");
        return;
    };
    let (mut right, mut all) = (0, 0);
    for line in transcription.lines() {
        let (text, name) = line.rsplit_once('(').unwrap();
        let name = name.trim_end_matches(')');
        let pcm: Vec<f32> = read_wav(&folder.join(name).with_extension("wav"))
            .unwrap()
            .iter()
            .map(|s| f32::from(*s) / 32768.0)
            .collect();
        let heard = listen_to_the_end(&engines, "en-US", &in_silence(&pcm)).await;
        let mut said: Vec<String> = heard
            .iter()
            .filter_map(|heard| match heard {
                Heard::Ended { words, .. } => Some(words),
                _ => None,
            })
            .flatten()
            .map(|word| word.text.to_lowercase())
            .collect();
        println!("{}", said.join(" "));
        for word in text
            .split_whitespace()
            .filter(|word| !word.starts_with('<'))
        {
            all += 1;
            if let Some(at) = said.iter().position(|said| said == word) {
                said.remove(at);
                right += 1;
            }
        }
    }
    println!("people reading: {right} of {all} words");
    assert!(right * 2 > all, "{right} of {all} words");
}
