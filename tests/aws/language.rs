//! One tag per speaker becomes three services' codes and a voice, or an error
//! that names the field. The wrong language is never spoken.

use connect_interpreter::error::{Error, ErrorCode, Stage};
use connect_interpreter::language::{Codes, Engine, Wish, resolve};
use connect_interpreter::speaker::Speaker;
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn wish<'a>(speaks: &'a str, hears: &'a str) -> Wish<'a> {
    Wish {
        speaker: Speaker::Agent,
        speaker_tag: speaks,
        listener_tag: hears,
        voice: None,
        engine: None,
    }
}

fn codes(speaks: &str, hears: &str) -> Codes {
    resolve(&wish(speaks, hears)).unwrap()
}

fn voice(hears: &str, voice: &str) -> Result<(String, String, Engine), Error> {
    let wish = Wish {
        voice: Some(voice),
        ..wish("en-US", hears)
    };
    let voice = resolve(&wish)?.voice.unwrap();
    Ok((voice.id, voice.language_code, voice.engine))
}

fn spoken(hears: &str) -> Option<(String, String, Engine)> {
    let voice = codes("en-US", hears).voice?;
    Some((voice.id, voice.language_code, voice.engine))
}

fn some(id: &str, code: &str, engine: Engine) -> Option<(String, String, Engine)> {
    Some((id.to_owned(), code.to_owned(), engine))
}

#[test]
fn the_three_services_codes_of_a_tag() {
    for (tag, transcribe, translate, polly) in [
        ("en-US", "en-US", "en", Some("en-US")),
        ("es-US", "es-US", "es", Some("es-US")),
        ("es-MX", "es-MX", "es-MX", Some("es-MX")),
        ("ES-mx", "es-MX", "es-MX", Some("es-MX")),
        ("pt-PT", "pt-PT", "pt-PT", Some("pt-PT")),
        ("pt-BR", "pt-BR", "pt", Some("pt-BR")),
        ("fr-CA", "fr-CA", "fr-CA", Some("fr-CA")),
        ("zh-CN", "zh-CN", "zh", Some("cmn-CN")),
        ("cmn-CN", "zh-CN", "zh", Some("cmn-CN")),
        ("zh-Hans-CN", "zh-CN", "zh", Some("cmn-CN")),
        ("zh-TW", "zh-TW", "zh-TW", Some("cmn-CN")),
        ("zh-HK", "zh-HK", "zh-TW", Some("yue-CN")),
        ("yue-CN", "zh-HK", "zh-TW", Some("yue-CN")),
        ("ar-SA", "ar-SA", "ar", Some("arb")),
        ("arb", "ar-SA", "ar", Some("arb")),
        ("ar-AE", "ar-AE", "ar", Some("ar-AE")),
        ("nb-NO", "no-NO", "no", Some("nb-NO")),
        ("cy-GB", "cy-WL", "cy", Some("cy-GB")),
        ("en-GB-WLS", "en-WL", "en", Some("en-GB-WLS")),
        ("tl-PH", "tl-PH", "tl", None),
        ("fil-PH", "tl-PH", "tl", None),
        ("fa-AF", "fa-AF", "fa-AF", None),
        ("fa-IR", "fa-IR", "fa", None),
        ("uk-UA", "uk-UA", "uk", None),
        ("th-TH", "th-TH", "th", None),
        ("es", "es-ES", "es", Some("es-ES")),
        ("ja", "ja-JP", "ja", Some("ja-JP")),
    ] {
        let as_speaker = codes(tag, "en-US");
        assert_eq!(as_speaker.transcribe, transcribe, "{tag}");
        assert_eq!(as_speaker.translate_source, translate, "{tag}");
        assert_eq!(as_speaker.speaker_tag, tag);
        let as_listener = codes("en-US", tag);
        assert_eq!(as_listener.translate_target, translate, "{tag}");
        let code = as_listener.voice.map(|voice| voice.language_code);
        assert_eq!(code.as_deref(), polly, "{tag}");
    }
}

#[test]
fn a_language_without_a_voice_is_a_caption() {
    for tag in ["uk-UA", "th-TH", "vi-VN", "en-AB", "el-GR", "he-IL"] {
        assert_eq!(spoken(tag), None, "{tag}");
    }
}

#[test]
fn without_a_voice_the_best_engine_of_exactly_that_language_speaks() {
    assert_eq!(spoken("en-US"), some("Joanna", "en-US", Engine::Neural));
    assert_eq!(spoken("es-US"), some("Lupe", "es-US", Engine::Neural));
    assert_eq!(spoken("es-MX"), some("Mia", "es-MX", Engine::Neural));
    assert_eq!(spoken("fr-FR"), some("Lea", "fr-FR", Engine::Neural));
    assert_eq!(spoken("ru-RU"), some("Tatyana", "ru-RU", Engine::Standard));
    assert_eq!(spoken("is-IS"), some("Dora", "is-IS", Engine::Standard));
    assert_eq!(spoken("hi-IN"), some("Kajal", "hi-IN", Engine::Neural));
}

#[test]
fn a_named_voice_speaks_its_own_region_of_the_same_language() {
    let lupe = voice("es-MX", "Lupe").unwrap();
    assert_eq!(Some(lupe), some("Lupe", "es-US", Engine::Neural));
    let amy = voice("en-US", "amy").unwrap();
    assert_eq!(Some(amy), some("Amy", "en-GB", Engine::Neural));
    let zeina = voice("ar-AE", "Zeina").unwrap();
    assert_eq!(Some(zeina), some("Zeina", "arb", Engine::Standard));
    let aditi = voice("hi-IN", "Aditi").unwrap();
    assert_eq!(Some(aditi), some("Aditi", "hi-IN", Engine::Standard));
    let amy = voice("en-AB", "Amy").unwrap();
    assert_eq!(Some(amy), some("Amy", "en-GB", Engine::Neural));
}

fn assert_mismatch(error: &Error, field: &str) {
    assert_eq!(error.code, ErrorCode::VoiceMismatch, "{error:?}");
    assert_eq!(error.stage, Stage::Options);
    assert_eq!(error.field.as_deref(), Some(field));
}

#[test]
fn a_voice_of_another_language_is_refused_by_its_field() {
    for (hears, named) in [
        ("es-US", "Joanna"),
        ("en-US", "Lupe"),
        ("pt-BR", "Lucia"),
        ("zh-HK", "Zhiyu"),
        ("zh-CN", "Hiujin"),
        ("uk-UA", "Tatyana"),
        ("cy-WL", "Geraint"),
        ("en-WL", "Gwyneth"),
        ("es-US", "Nobody"),
        ("es-US", ""),
    ] {
        assert_mismatch(&voice(hears, named).unwrap_err(), "agent.voice");
    }
    let error = voice("es-US", "Joanna").unwrap_err();
    for expected in ["es-US", "customer", "Lupe", "Joanna speaks en-US"] {
        assert!(error.message.contains(expected), "{}", error.message);
    }
    let customers = Wish {
        speaker: Speaker::Customer,
        voice: Some("Lupe"),
        ..wish("es-US", "en-US")
    };
    assert_mismatch(&resolve(&customers).unwrap_err(), "customer.voice");
}

#[test]
fn an_engine_is_taken_if_the_voice_has_it() {
    let with = |hears, voice, engine| {
        resolve(&Wish {
            voice,
            engine: Some(engine),
            ..wish("en-US", hears)
        })
    };
    let generative = with("es-US", Some("Pedro"), Engine::Generative).unwrap();
    assert_eq!(generative.voice.unwrap().engine, Engine::Generative);
    let long = with("en-US", None, Engine::LongForm)
        .unwrap()
        .voice
        .unwrap();
    assert_eq!(
        (long.id.as_str(), long.engine),
        ("Danielle", Engine::LongForm)
    );
    let error = with("es-US", Some("Penelope"), Engine::Neural).unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidOption);
    assert_eq!(error.field.as_deref(), Some("agent.engine"));
    assert!(error.message.contains("standard"), "{}", error.message);
    let error = with("is-IS", None, Engine::Neural).unwrap_err();
    assert_eq!(error.field.as_deref(), Some("agent.engine"));
    // A language without any voice stays a caption, whatever the engine.
    assert_eq!(with("uk-UA", None, Engine::Neural).unwrap().voice, None);
}

#[test]
fn a_language_that_no_service_knows_is_refused_by_its_field() {
    for (speaks, hears, code, field) in [
        (
            "xx-XX",
            "en-US",
            ErrorCode::UnsupportedLanguage,
            "agent.language",
        ),
        (
            "en-US",
            "tlh",
            ErrorCode::UnsupportedLanguage,
            "customer.language",
        ),
        // Transcribe hears Basque, Translate does not know it.
        (
            "eu-ES",
            "en-US",
            ErrorCode::UnsupportedLanguage,
            "agent.language",
        ),
        (
            "en-US",
            "eu-ES",
            ErrorCode::UnsupportedLanguage,
            "customer.language",
        ),
        // Polly speaks Singapore's English, Transcribe does not hear it.
        (
            "en-SG",
            "es-US",
            ErrorCode::UnsupportedLanguage,
            "agent.language",
        ),
        ("", "es-US", ErrorCode::InvalidOption, "agent.language"),
        ("es_US", "en-US", ErrorCode::InvalidOption, "agent.language"),
        (
            "en-US",
            "español",
            ErrorCode::InvalidOption,
            "customer.language",
        ),
    ] {
        let error = resolve(&wish(speaks, hears)).unwrap_err();
        assert_eq!(error.code, code, "{speaks} {hears}");
        assert_eq!(error.field.as_deref(), Some(field), "{speaks} {hears}");
        assert!(!error.retryable);
    }
    assert!(resolve(&wish("es-US", "en-SG")).is_ok());
}

#[test]
fn two_regions_of_one_language_need_no_translation() {
    assert!(codes("en-US", "en-GB").same_language());
    assert!(!codes("es-US", "es-MX").same_language());
    assert!(!codes("en-US", "es-US").same_language());
}
