//! Programs of the machine, where they are.

use super::*;

#[tokio::test]
async fn any_text_with_the_programs_that_there_are() {
    let own = engines();
    let engines = engines().with_installed();
    let text = "My blue bicycle has two wheels.";
    let described = engines.describe();
    let available = |kind: &str, name: &str| {
        described[kind]
            .as_array()
            .unwrap()
            .iter()
            .any(|engine| engine["name"] == name && engine["available"] == true)
    };
    match engines.translate("en", "es", text).await {
        Ok(translated) => {
            assert!(available("translate", "apertium"));
            assert_eq!(translated.engine, "apertium");
            assert!(translated.text.contains("bicicleta"), "{}", translated.text);
        }
        Err(_) => {
            assert!(!available("translate", "apertium"));
            println!("skipped: no apertium eng-spa on this machine");
        }
    }
    match engines.speak("Joanna", "en-US", text).await {
        Ok(speech) => {
            assert!(available("speak", "espeak-ng"));
            assert_eq!(speech.engine, "espeak-ng");
            let seconds = speech.pcm_16k.len() as f64 / RATE as f64;
            assert!((1.0..4.0).contains(&seconds), "{seconds}");
            assert!(speech.pcm_16k.iter().any(|s| s.abs() > 3000));
            // Other words than any line's, so the demo's own engines do not
            // recognise them.
            let pcm: Vec<f32> = speech
                .pcm_16k
                .iter()
                .map(|s| f32::from(*s) / 32768.0)
                .collect();
            assert_eq!(utterances(&listen(&own, "en-US", &in_silence(&pcm))), ["?"]);
        }
        Err(_) => {
            assert!(!available("speak", "espeak-ng"));
            println!("skipped: no espeak-ng on this machine");
        }
    }
}

/// Another person says the lines: nothing wrong may be heard, and how much is
/// recognised is printed.
#[tokio::test]
async fn another_speaker() {
    let own = engines();
    let engines = engines().with_installed();
    let (mut right, mut all) = (0, 0);
    for line in dialogue() {
        let Some(pcm) = engines.installed.speak(&line.language, &line.text).await else {
            println!("skipped: no espeak-ng on this machine");
            return;
        };
        let pcm: Vec<f32> = pcm.iter().map(|s| f32::from(*s) / 32768.0).collect();
        let heard = utterances(&listen(&own, &line.language, &in_silence(&pcm)));
        all += 1;
        right += usize::from(heard == [line.text.clone()]);
        for heard in heard {
            // A comma may be a pause for this speaker.
            assert!(
                heard == "?" || line.text.contains(&heard),
                "{} {heard}",
                line.id
            );
        }
    }
    println!("another speaker: {right} of {all} lines");
}
