//! What a host may write: what is taken, and which field a refusal names.

use connect_interpreter::config::{
    Endpoint, Form, RegionOptions, SessionConfig, SessionOptions, SpeakerOptions, Stability,
};
use connect_interpreter::error::{Error, ErrorCode, Stage};
use connect_interpreter::speaker::Speaker;
use connect_interpreter::time::Duration;
use serde_json::{Value, json};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn least() -> Value {
    json!({
        "region": "us-east-1",
        "agent": { "language": "en-US" },
        "customer": { "language": "es-US" },
    })
}

fn resolve(options: &Value) -> Result<SessionConfig, Error> {
    SessionOptions::from_json(&options.to_string())?.resolve(48_000)
}

/// The options with the value at a path (`agent.transcribe.vocabulary`).
fn with(path: &str, value: Value) -> Value {
    let mut options = least();
    let mut place = &mut options;
    for name in path.split('.') {
        place = &mut place[name];
    }
    *place = value;
    options
}

fn endpoint(url: &str, signed_host: &str) -> Endpoint {
    Endpoint {
        url: url.to_owned(),
        signed_host: signed_host.to_owned(),
        region: "us-east-1".to_owned(),
    }
}

#[test]
fn the_least_options_have_documented_defaults() {
    let config = resolve(&least()).unwrap();
    assert_eq!(config.playout_rate_hz, 48_000);
    let agent = &config.speakers[Speaker::Agent];
    assert!(agent.enabled);
    assert_eq!(agent.stability, Stability::High);
    assert_eq!(agent.message, Duration::from_millis(50));
    assert_eq!(agent.start_guard, Duration::ZERO);
    assert_eq!(agent.codes.voice.as_ref().unwrap().id, "Lupe");
    let customer = &config.speakers[Speaker::Customer];
    assert_eq!(customer.codes.voice.as_ref().unwrap().id, "Joanna");
    assert_eq!(
        config.endpoints.transcribe,
        endpoint(
            "wss://transcribestreaming.us-east-1.amazonaws.com:8443",
            "transcribestreaming.us-east-1.amazonaws.com:8443"
        )
    );
    let host = "translate.us-east-1.amazonaws.com";
    assert_eq!(
        config.endpoints.translate,
        endpoint(&format!("https://{host}"), host)
    );
    let host = "polly.us-east-1.amazonaws.com";
    assert_eq!(
        config.endpoints.polly,
        endpoint(&format!("https://{host}"), host)
    );
}

#[test]
fn regions_may_differ_by_service() {
    let regions = json!({"transcribe": "eu-central-1", "translate": "us-gov-west-1", "polly": "cn-northwest-1"});
    let endpoints = resolve(&with("region", regions)).unwrap().endpoints;
    assert_eq!(endpoints.transcribe.region, "eu-central-1");
    assert_eq!(
        endpoints.translate.url,
        "https://translate.us-gov-west-1.amazonaws.com"
    );
    assert_eq!(
        endpoints.polly.url,
        "https://polly.cn-northwest-1.amazonaws.com.cn"
    );
}

#[test]
fn an_endpoint_is_signed_for_its_own_host_or_for_the_one_that_is_named() {
    let of = |url: Value| {
        resolve(&with("endpoints", json!({ "polly": url }))).map(|c| c.endpoints.polly)
    };
    for (written, url, signed_host) in [
        (
            "http://127.0.0.1:8701",
            "http://127.0.0.1:8701",
            "127.0.0.1:8701",
        ),
        ("http://localhost:80/", "http://localhost:80", "localhost"),
        (
            "https://Polly.Example:443/a/b/",
            "https://Polly.Example:443/a/b",
            "polly.example",
        ),
        ("https://[::1]:8443", "https://[::1]:8443", "[::1]:8443"),
    ] {
        assert_eq!(of(json!(written)).unwrap(), endpoint(url, signed_host));
    }
    let proxy = of(
        json!({"url": "https://desk.example/polly", "signedHost": "polly.us-east-1.amazonaws.com"}),
    );
    let proxy = proxy.unwrap();
    assert_eq!(
        proxy,
        endpoint(
            "https://desk.example/polly",
            "polly.us-east-1.amazonaws.com"
        )
    );
    assert_eq!(proxy.signed_prefix(), "");
    assert_eq!(
        of(json!("https://desk.example/polly"))
            .unwrap()
            .signed_prefix(),
        "/polly"
    );
}

#[test]
fn pollys_rate_is_the_services_unless_it_is_set() {
    let rate = |options: &Value| resolve(options).unwrap().polly_requests_per_second;
    assert_eq!(rate(&least()), None);
    assert_eq!(rate(&with("polly", Value::Null)), None);
    assert_eq!(rate(&with("polly.requestsPerSecond", Value::Null)), None);
    assert_eq!(
        rate(&with("polly.requestsPerSecond", json!(0.5))),
        Some(0.5)
    );
}

#[test]
fn settings_are_taken_as_they_are_written() {
    let agent = json!({
        "language": "en-US", "voice": "Pedro", "engine": "generative", "stability": "low",
        "output": "captions", "onMute": "finish",
        "messageMs": 100, "startGuardMs": 800, "enabled": false, "echoGuard": false,
        "transcribe": {"vocabulary": "words", "vocabularyFilter": "filter", "vocabularyFilterMethod": "mask", "languageModel": "model"},
        "translate": {"terminology": "terms", "formality": "formal", "maskProfanity": true, "brevity": true},
        "lexicons": ["Names"],
    });
    let config = resolve(&with("agent", agent)).unwrap();
    let agent = &config.speakers[Speaker::Agent];
    assert_eq!(agent.codes.voice.as_ref().unwrap().id, "Pedro");
    assert_eq!((agent.enabled, agent.stability), (false, Stability::Low));
    assert_eq!((agent.form, agent.finish_on_mute), (Form::Captions, true));
    let other = &config.speakers.customer;
    assert_eq!((other.form, other.finish_on_mute), (Form::Speech, false));
    assert_eq!((agent.echo_guard, other.echo_guard), (false, true));
    assert_eq!(agent.message, Duration::from_millis(100));
    assert_eq!(agent.start_guard, Duration::from_millis(800));
    assert_eq!(
        agent.transcribe.vocabulary_filter_method.as_deref(),
        Some("mask")
    );
    assert!(agent.translate.brevity && agent.translate.mask_profanity);
    assert_eq!(agent.lexicons, ["Names"]);
}

#[test]
fn every_wrong_field_is_named_with_what_was_expected() {
    for (path, value, expected) in [
        ("region", json!("moon"), "us-east-1"),
        ("region", json!("us-east-1.evil.example/"), "us-east-1"),
        ("region", json!(7), "us-east-1"),
        ("region", Value::Null, "us-east-1"),
        ("agent", json!("en-US"), "an object"),
        ("agent.language", json!("es_US"), "BCP-47"),
        ("agent.language", Value::Null, "BCP-47"),
        ("agent.language", json!(5), "string"),
        (
            "customer.engine",
            json!("best"),
            "standard, neural, long-form or generative",
        ),
        ("customer.stability", json!("rocksolid"), "none"),
        ("customer.output", json!("song"), "captions"),
        ("agent.onMute", json!("wait"), "finish"),
        ("agent.messageMs", json!(19), "20 to 200"),
        ("agent.messageMs", json!(201), "20 to 200"),
        ("agent.messageMs", json!("50"), "a number"),
        ("customer.startGuardMs", json!(-1), "0 to 10000"),
        ("customer.startGuardMs", json!(10_001), "0 to 10000"),
        ("customer.enabled", json!("yes"), "boolean"),
        ("agent.echoGuard", json!(0), "boolean"),
        ("polly", json!(8), "an object"),
        ("polly.requestsPerSecond", json!("8"), "a number"),
        ("polly.requestsPerSecond", json!(0.05), "0.1 to 1,000"),
        ("polly.requestsPerSecond", json!(1_001), "0.1 to 1,000"),
        ("agent.transcribe.vocabulary", json!(""), "1 to 256"),
        (
            "agent.transcribe.vocabularyFilterMethod",
            json!("bleep"),
            "mask, remove or tag",
        ),
        (
            "agent.translate.formality",
            json!("Formal"),
            "formal or informal",
        ),
        (
            "agent.translate.terminology",
            json!("x".repeat(257)),
            "1 to 256",
        ),
        ("agent.translate.brevity", json!("ON"), "boolean"),
        (
            "agent.lexicons",
            json!(["a", "b", "c", "d", "e", "f"]),
            "at most 5",
        ),
        ("agent.lexicons", json!("Names"), "a list"),
        (
            "endpoints.polly",
            json!("ftp://polly.example"),
            "https: or http:",
        ),
        (
            "endpoints.polly",
            json!("wss://polly.example"),
            "https: or http:",
        ),
        (
            "endpoints.polly",
            json!("https://user:pass@polly.example"),
            "password",
        ),
        (
            "endpoints.polly",
            json!("https://polly.example?x=1"),
            "without a query",
        ),
        ("endpoints.polly", json!("https://polly.example#x"), "URL"),
        ("endpoints.polly", json!("polly.example"), "URL"),
        ("endpoints.polly", json!("https://"), "URL"),
        (
            "endpoints.polly",
            json!("https://polly.example:99999"),
            "URL",
        ),
        ("endpoints.polly", json!(""), "URL"),
        ("endpoints.polly", json!(5), "signedHost"),
        (
            "endpoints.transcribe",
            json!("https://transcribe.example"),
            "wss: or ws:",
        ),
    ] {
        let error = resolve(&with(path, value.clone())).unwrap_err();
        assert_eq!(error.field.as_deref(), Some(path), "{value}: {error:?}");
        assert_eq!(
            (error.code, error.stage),
            (ErrorCode::InvalidOption, Stage::Options)
        );
        assert!(error.message.starts_with(path), "{}", error.message);
        assert!(
            error.message.contains(expected),
            "{path} {value}: {}",
            error.message
        );
        assert!(!error.message.contains(" line "), "{}", error.message);
    }
}

#[test]
fn a_wrong_field_deeper_than_the_value_is_named() {
    for (path, value, field) in [
        (
            "region",
            json!({"transcribe": "us-east-1", "translate": "x", "polly": "us-east-1"}),
            "region.translate",
        ),
        (
            "agent.lexicons",
            json!(["Names", "two words"]),
            "agent.lexicons[1]",
        ),
        ("agent.lexicons", json!(["Names", 5]), "agent.lexicons[1]"),
        (
            "agent.transcribe",
            json!({"vocabularyFilterMethod": "mask"}),
            "agent.transcribe.vocabularyFilter",
        ),
        (
            "endpoints",
            json!({"polly": {"url": "x", "signedHost": "polly.example"}}),
            "endpoints.polly.url",
        ),
        (
            "endpoints",
            json!({"polly": {"url": "https://a.example", "signedHost": "https://b.example"}}),
            "endpoints.polly.signedHost",
        ),
        (
            "endpoints",
            json!({"polly": {"url": "https://a.example", "signedHost": "b.example/path"}}),
            "endpoints.polly.signedHost",
        ),
    ] {
        let error = resolve(&with(path, value)).unwrap_err();
        assert_eq!(error.field.as_deref(), Some(field), "{error:?}");
    }
}

#[test]
fn an_unknown_or_missing_field_is_named() {
    for (path, value, field) in [
        ("agent.voise", json!("Lupe"), "agent.voise"),
        (
            "agent.transcribe.vocab",
            json!("x"),
            "agent.transcribe.vocab",
        ),
        (
            "endpoints.poly",
            json!("https://x.example"),
            "endpoints.poly",
        ),
        ("regoin", json!("us-east-1"), "regoin"),
        ("polly.rate", json!(8), "polly.rate"),
    ] {
        let error = resolve(&with(path, value)).unwrap_err();
        assert_eq!(error.field.as_deref(), Some(field), "{error:?}");
        assert!(
            error.message.contains("one of the options"),
            "{}",
            error.message
        );
    }
    for missing in ["region", "agent", "customer"] {
        let mut options = least();
        options.as_object_mut().unwrap().remove(missing);
        let error = resolve(&options).unwrap_err();
        assert_eq!(error.field.as_deref(), Some(missing), "{error:?}");
    }
    let mut options = least();
    options["customer"] = json!({});
    let error = resolve(&options).unwrap_err();
    assert_eq!(error.field.as_deref(), Some("customer.language"));
}

#[test]
fn what_is_no_object_is_an_error() {
    for json in ["", "null", "5", "\"us-east-1\"", "{", "[1]"] {
        let error = SessionOptions::from_json(json).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidOption, "{json}");
    }
    let twice = format!("{0} {0}", least());
    assert!(SessionOptions::from_json(&twice).is_err());
}

#[test]
fn an_error_never_repeats_the_value() {
    let error = resolve(&with("agent.messageMs", json!("hunter2"))).unwrap_err();
    assert!(!error.message.contains("hunter2"), "{}", error.message);
    let error = resolve(&with("endpoints", json!({"polly": "https://hunter2@x"}))).unwrap_err();
    assert!(!error.message.contains("hunter2"), "{}", error.message);
}

#[test]
fn a_wrong_language_is_told_before_a_voice_that_does_not_fit_it() {
    let mut options = least();
    options["agent"]["voice"] = json!("Joanna");
    options["customer"]["language"] = Value::Null;
    let error = resolve(&options).unwrap_err();
    assert_eq!(error.field.as_deref(), Some("customer.language"));
    options["customer"]["language"] = json!("es-US");
    let error = resolve(&options).unwrap_err();
    assert_eq!(error.code, ErrorCode::VoiceMismatch);
    assert_eq!(error.field.as_deref(), Some("agent.voice"));
}

#[test]
fn absurd_playout_rates_are_refused() {
    let options = SessionOptions::from_json(&least().to_string()).unwrap();
    for rate in [0, 7_999, 192_001, u32::MAX] {
        let error = options.resolve(rate).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidOption, "{rate}");
    }
    for rate in [8_000, 44_100, 192_000] {
        assert!(options.resolve(rate).is_ok(), "{rate}");
    }
}

#[test]
fn options_are_changed_field_by_field() {
    let json =
        r#"{"language": "en-US", "voice": "Pedro", "messageMs": 100, "lexicons": ["Names"]}"#;
    let options = SpeakerOptions::from_json(json, "agent").unwrap();
    let changes = r#"{"stability": "low", "messageMs": null, "lexicons": null, "voice": "Lupe"}"#;
    let changed = options.with_changes(changes, "agent").unwrap();
    assert_eq!(changed.language.as_deref(), Some("en-US"));
    assert_eq!(changed.voice.as_deref(), Some("Lupe"));
    assert_eq!(changed.stability, Some(Stability::Low));
    assert_eq!(changed.message_ms, None);
    assert!(changed.lexicons.is_empty());
    for (changes, field) in [
        (r#"{"voise": "Lupe"}"#, "agent.voise"),
        (r#"{"messageMs": "fast"}"#, "agent.messageMs"),
        (
            r#"{"transcribe": {"vocab": "x"}}"#,
            "agent.transcribe.vocab",
        ),
        ("[]", "agent"),
    ] {
        let error = options.with_changes(changes, "agent").unwrap_err();
        assert_eq!(error.field.as_deref(), Some(field), "{error:?}");
    }
}

#[test]
fn options_read_from_a_value_as_from_its_text() {
    let options = SessionOptions::from_value(&least()).unwrap();
    assert_eq!(options.region, RegionOptions::One("us-east-1".to_owned()));
    let error = SessionOptions::from_value(&with("agent.messageMs", json!("x"))).unwrap_err();
    assert_eq!(error.field.as_deref(), Some("agent.messageMs"));
}
