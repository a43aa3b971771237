//! Translations and their speech.

use super::{super::Unknown, *};

#[tokio::test]
async fn every_run_of_clauses_both_ways_and_its_speech() {
    let engines = engines();
    for line in dialogue() {
        let (other, voice) = if line.language == "en-US" {
            ("es-US", "Lupe")
        } else {
            ("en-US", "Joanna")
        };
        let said: Vec<&str> = line.text.split(", ").collect();
        let meant: Vec<&str> = line.translation.split(", ").collect();
        assert_eq!(said.len(), meant.len());
        for from in 0..said.len() {
            for to in from..said.len() {
                let (said, meant) = (said[from..=to].join(", "), meant[from..=to].join(", "));
                let there = engines
                    .translate(&line.language, other, &said)
                    .await
                    .unwrap();
                assert_eq!(
                    (there.text.as_str(), there.engine),
                    (meant.as_str(), "phrasebook")
                );
                let back = engines.translate("x", "x", &meant).await;
                assert_eq!(back, Err(Unknown));
                let back = engines
                    .translate(other, &line.language, &meant)
                    .await
                    .unwrap();
                assert_eq!(back.text.to_lowercase(), said.to_lowercase());
                let speech = engines.speak(voice, other, &there.text).await.unwrap();
                assert_eq!(speech.engine, "recorded");
                assert!(speech.pcm_16k.len() > RATE / 3);
                // A voice speaks its own language alone.
                assert_eq!(
                    engines.speak(voice, &line.language, &said).await,
                    Err(Unknown)
                );
            }
        }
    }
}

#[tokio::test]
async fn case_punctuation_and_several_lines() {
    let engines = engines();
    let translate = async |text: &str| engines.translate("es", "en", text).await.map(|t| t.text);
    assert_eq!(
        translate("buenos dias").await,
        Err(Unknown),
        "accents are letters"
    );
    assert_eq!(
        translate("BUENOS   días tengo un problema con mi pedido")
            .await
            .unwrap(),
        "Good morning, I have a problem with my order"
    );
    assert_eq!(
        translate("El viernes trabajo hasta las cinco. Claro que sí,")
            .await
            .unwrap(),
        "On Friday I work until five. Yes of course,"
    );
    assert_eq!(translate("Hasta luego. No sé.").await, Err(Unknown));
    assert_eq!(translate("").await, Err(Unknown));
    let one = engines
        .speak("Joanna", "en-US", "Yes of course")
        .await
        .unwrap();
    let two = engines
        .speak("Joanna", "en-US", "Yes of course. See you later.")
        .await
        .unwrap();
    assert!(two.pcm_16k.len() > one.pcm_16k.len() + RATE / 2);
    assert_eq!(two.pcm_16k[..one.pcm_16k.len()], one.pcm_16k);
}

#[test]
fn the_engines_describe_themselves() {
    let described = engines().describe();
    for (kind, name) in [
        ("recognise", "lines"),
        ("translate", "phrasebook"),
        ("speak", "recorded"),
    ] {
        assert_eq!(described[kind][0]["name"], name);
        assert_eq!(described[kind][0]["available"], true);
    }
    assert_eq!(described["recognise"][0]["lines"], 16);
}
