//! Every language that Transcribe hears × every one that Polly speaks: the right
//! codes, or captions alone, or an error that names the field; never a voice of
//! another language. The lists are those of the stand-in, not the library's.

use connect_interpreter::error::ErrorCode;
use connect_interpreter::language::{Wish, resolve};
use connect_interpreter::speaker::Speaker;
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const TRANSCRIBE: &[&str] = &include!("../../local-aws/src/services/transcribe/languages.in");
const POLLY: &[(&str, &str)] = &include!("../../local-aws/src/services/polly_languages.in");
const TRANSLATE: &[(&str, &str)] = &include!("../../local-aws/src/services/translate_languages.in");
const VOICES: &[(&str, &str, &[&str], &[&str])] =
    &include!("../../local-aws/src/services/polly_voices.in");

/// The language of a code of any service, whatever its region or script.
fn language(code: &str) -> &str {
    match code {
        "arb" => "ar",
        "zh-HK" | "yue-CN" => "yue",
        "nb-NO" => "no",
        _ if code.starts_with("cmn") || code.starts_with("zh") => "zh",
        _ => code.split('-').next().unwrap(),
    }
}

/// What Translate may call a language.
fn translates(code: &str, tag: &str) -> bool {
    // Cantonese is written in Chinese characters.
    let written = |language| if language == "yue" { "zh" } else { language };
    TRANSLATE.iter().any(|(known, _)| *known == code)
        && written(language(code)) == written(language(tag))
}

fn wish<'a>(speaks: &'a str, hears: &'a str) -> Wish<'a> {
    Wish {
        speaker: Speaker::Customer,
        speaker_tag: speaks,
        listener_tag: hears,
        voice: None,
        engine: None,
    }
}

#[test]
fn every_language_heard_and_every_language_spoken() {
    let (mut spoken, mut refused) = (0, 0);
    for heard in TRANSCRIBE {
        for (said, _) in POLLY {
            let codes = match resolve(&wish(heard, said)) {
                Ok(codes) => codes,
                Err(error) => {
                    // Translate does not know it.
                    assert_eq!(error.code, ErrorCode::UnsupportedLanguage, "{heard} {said}");
                    assert_eq!(error.field.as_deref(), Some("customer.language"));
                    let known = TRANSLATE
                        .iter()
                        .any(|(code, _)| language(code) == language(heard));
                    assert!(!known, "{heard}");
                    refused += 1;
                    continue;
                }
            };
            assert_eq!(codes.transcribe, *heard);
            assert!(translates(&codes.translate_source, heard), "{codes:?}");
            assert!(translates(&codes.translate_target, said), "{codes:?}");
            // Each of Polly's languages has a voice of its very region.
            let voice = codes.voice.unwrap();
            assert_eq!(voice.language_code, *said, "{heard}");
            let known = VOICES.iter().find(|(id, ..)| *id == voice.id);
            let (_, _, languages, engines) = known.unwrap();
            // Of two Gulf voices one list has the standard Arabic too.
            let same = languages
                .iter()
                .any(|code| language(code) == language(said));
            assert!(same, "{} {said}", voice.id);
            assert!(engines.contains(&voice.engine.name()), "{voice:?}");
            spoken += 1;
        }
    }
    assert_eq!(spoken + refused, 99 * 42);
    assert_eq!(refused % 42, 0);
    println!("{spoken} pairs spoken, {} languages refused", refused / 42);
}

#[test]
fn every_language_spoken_to_whoever_hears_any() {
    let (mut spoken, mut captions) = (0, 0);
    for listener in TRANSCRIBE {
        for speaker in TRANSCRIBE {
            let Ok(codes) = resolve(&wish(speaker, listener)) else {
                continue;
            };
            let Some(voice) = codes.voice else {
                // Nobody speaks it in that region.
                let exact = POLLY.iter().find(|(code, _)| code == listener);
                assert!(exact.is_none(), "{listener} has {exact:?}");
                captions += 1;
                continue;
            };
            assert_eq!(
                language(&voice.language_code),
                language(listener),
                "{voice:?}"
            );
            spoken += 1;
        }
    }
    assert!(spoken > 0 && captions > 0);
    println!("{spoken} pairs spoken, {captions} as captions");
}

#[test]
fn a_voice_by_its_name_speaks_its_own_language_or_is_refused() {
    let mut unknown = 0;
    for listener in TRANSCRIBE {
        for (id, _, languages, _) in VOICES {
            let wish = Wish {
                voice: Some(id),
                ..wish("en-US", listener)
            };
            match resolve(&wish) {
                Ok(codes) => {
                    let voice = codes.voice.unwrap();
                    assert_eq!(voice.id, *id);
                    assert_eq!(
                        language(&voice.language_code),
                        language(listener),
                        "{voice:?}"
                    );
                }
                // Left out of the library's table (see there).
                Err(error) if error.message.contains("this voice is not known") => unknown += 1,
                Err(error) if error.code == ErrorCode::VoiceMismatch => {
                    assert_eq!(error.field.as_deref(), Some("customer.voice"));
                    let same = languages
                        .iter()
                        .any(|code| language(code) == language(listener));
                    assert!(!same, "{id} speaks {listener}");
                }
                Err(error) => assert_eq!(error.code, ErrorCode::UnsupportedLanguage, "{error:?}"),
            }
        }
    }
    let unknown = unknown / TRANSCRIBE.len();
    assert!(unknown < VOICES.len() / 10, "{unknown} of {}", VOICES.len());
}
