//! The exports as the package's JavaScript sees them: plain errors with codes.
//! The worker and the worklets are files of the package; the page tests have
//! them.
#![cfg(target_family = "wasm")]
// clippy takes only functions marked as tests for tests, and not their helpers.
#![allow(clippy::unwrap_used)]

use connect_interpreter::web::api::Page;
use js_sys::{Function, JSON, Object, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{AudioContext, MediaStreamTrack};

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

fn nothing() -> Function {
    Closure::<dyn Fn()>::new(|| ())
        .into_js_value()
        .unchecked_into()
}

fn page() -> Page {
    Page::new(
        JsValue::NULL,
        nothing(),
        nothing(),
        "/none/tap".to_owned(),
        "/none/player".to_owned(),
    )
}

fn get(object: &JsValue, key: &str) -> JsValue {
    Reflect::get(object, &key.into()).unwrap()
}

fn text(object: &JsValue, key: &str) -> String {
    get(object, key).as_string().unwrap_or_default()
}

fn track(context: &AudioContext) -> MediaStreamTrack {
    let output = context.create_media_stream_destination().unwrap();
    output.stream().get_audio_tracks().get(0).unchecked_into()
}

/// Good options, with `change` made to them.
fn options(change: impl FnOnce(&JsValue)) -> JsValue {
    let context = AudioContext::new().unwrap();
    let options = JSON::parse(
        r#"{ "region": "us-east-1",
             "credentials": { "accessKeyId": "a", "secretAccessKey": "b" },
             "agent": { "language": "en-US" }, "customer": { "language": "es-US" } }"#,
    )
    .unwrap();
    for speaker in ["agent", "customer"] {
        let side = get(&options, speaker);
        Reflect::set(&side, &"track".into(), &track(&context)).unwrap();
    }
    change(&options);
    options
}

fn set(object: &JsValue, key: &str, value: impl Into<JsValue>) {
    Reflect::set(object, &key.into(), &value.into()).unwrap();
}

/// What `interpret` rejects with: `code` and `field`.
async fn rejected(options: JsValue) -> (String, String) {
    let error = JsFuture::from(page().interpret(options, nothing()))
        .await
        .unwrap_err();
    assert!(!text(&error, "message").is_empty());
    assert!(!text(&error, "stage").is_empty());
    (text(&error, "code"), text(&error, "field"))
}

fn is(code: &str, field: &str) -> (String, String) {
    (code.to_owned(), field.to_owned())
}

#[wasm_bindgen_test]
async fn options_that_are_none_are_refused() {
    assert_eq!(
        rejected(JsValue::UNDEFINED).await,
        is("invalid-option", "options")
    );
    assert_eq!(
        rejected(JsValue::from(5)).await,
        is("invalid-option", "options")
    );
}

#[wasm_bindgen_test]
async fn a_wrong_option_is_named() {
    let agent = |key: &'static str, value: JsValue| {
        options(move |options| set(&get(options, "agent"), key, value))
    };
    let invalid = |field| is("invalid-option", field);
    assert_eq!(
        rejected(agent("nonsense", 1.into())).await,
        invalid("agent.nonsense")
    );
    assert_eq!(
        rejected(agent("messageMs", 5.into())).await,
        invalid("agent.messageMs")
    );
    assert_eq!(
        rejected(agent("track", "mic".into())).await,
        invalid("agent.track")
    );
    assert_eq!(
        rejected(agent("language", "xx-XX".into())).await,
        is("unsupported-language", "agent.language")
    );
    // Joanna speaks English: she cannot speak the agent's words to the customer.
    assert_eq!(
        rejected(agent("voice", "Joanna".into())).await,
        is("voice-mismatch", "agent.voice")
    );
    let top = |key: &'static str, value: JsValue| options(move |options| set(options, key, value));
    for (key, value) in [
        ("region", JsValue::from(5)),
        ("credentials", Object::new().into()),
        ("signal", Object::new().into()),
        ("comfortNoise", "loud".into()),
        ("volumes", 1.into()),
        ("customer", 1.into()),
    ] {
        assert_eq!(rejected(top(key, value)).await, invalid(key));
    }
    let volumes = JSON::parse(r#"{ "comfort-noise-to-agent": 3 }"#).unwrap();
    assert_eq!(
        rejected(top("volumes", volumes)).await,
        invalid("volumes.comfort-noise-to-agent")
    );
}

#[wasm_bindgen_test]
async fn a_number_that_json_does_not_have_is_no_default() {
    for (key, value) in [("messageMs", f64::NAN), ("startGuardMs", f64::INFINITY)] {
        let wrong = options(move |options| set(&get(options, "customer"), key, value));
        let field = format!("customer.{key}");
        assert_eq!(rejected(wrong).await, is("invalid-option", &field));
    }
    let nested = options(|options| {
        let endpoints = JSON::parse(r#"{ "polly": {} }"#).unwrap();
        set(&get(&endpoints, "polly"), "url", f64::NAN);
        set(options, "endpoints", endpoints);
    });
    let field = "endpoints.polly.url";
    assert_eq!(rejected(nested).await, is("invalid-option", field));
}

#[wasm_bindgen_test]
async fn a_track_that_has_ended_is_refused() {
    let ended = options(|options| {
        let track: MediaStreamTrack = get(&get(options, "customer"), "track").unchecked_into();
        track.stop();
    });
    assert_eq!(rejected(ended).await, is("track-ended", "customer.track"));
}

#[wasm_bindgen_test]
async fn an_aborted_signal_starts_nothing() {
    let controller = web_sys::AbortController::new().unwrap();
    controller.abort();
    let aborted = options(|options| set(options, "signal", controller.signal()));
    assert_eq!(rejected(aborted).await, is("aborted", ""));
}

#[wasm_bindgen_test]
async fn a_worker_that_cannot_be_made_is_an_engine_failure() {
    assert_eq!(
        rejected(options(|_| ())).await,
        is("engine-failed", "assets.worker")
    );
}

#[wasm_bindgen_test]
async fn after_dispose_nothing_is_ready() {
    let page = page();
    JsFuture::from(page.dispose()).await.unwrap();
    let error = JsFuture::from(page.prepare(JsValue::UNDEFINED))
        .await
        .unwrap_err();
    assert_eq!(text(&error, "code"), "not-ready");
}

/// A second of silence as a WAV of 8 kHz, 8 bits.
fn wav() -> web_sys::Blob {
    let mut bytes = b"RIFF\x64\x1f\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
    bytes.extend(8000_u32.to_le_bytes());
    bytes.extend(8000_u32.to_le_bytes());
    bytes.extend(b"\x01\0\x08\0data\x40\x1f\0\0");
    bytes.extend([128; 8000]);
    let parts = js_sys::Array::of1(&js_sys::Uint8Array::from(bytes.as_slice()));
    web_sys::Blob::new_with_u8_array_sequence(&parts).unwrap()
}

#[wasm_bindgen_test]
async fn a_file_plays_into_a_track_to_its_end_or_until_stopped() {
    let source = JsFuture::from(page().track_from_file(wav().into()))
        .await
        .unwrap();
    let track: MediaStreamTrack = get(&source, "track").unchecked_into();
    assert_eq!(track.kind(), "audio");
    let call = |name: &str| {
        let function: Function = get(&source, name).unchecked_into();
        function.call0(&source).unwrap()
    };
    let play = || JsFuture::from(call("play").unchecked_into::<js_sys::Promise>());
    play().await.unwrap();
    // A second play ends the first, and stop ends the second.
    let (first, second) = (play(), play());
    first.await.unwrap();
    call("stop");
    second.await.unwrap();
    assert_eq!(track.ready_state(), web_sys::MediaStreamTrackState::Live);
}

#[wasm_bindgen_test]
async fn what_is_no_audio_file_is_refused() {
    let refused = |file: JsValue| async move {
        let error = JsFuture::from(page().track_from_file(file))
            .await
            .unwrap_err();
        (text(&error, "code"), text(&error, "field"))
    };
    assert_eq!(refused(5.into()).await, is("invalid-option", "file"));
    let parts = js_sys::Array::of1(&"not audio".into());
    let blob = web_sys::Blob::new_with_str_sequence(&parts).unwrap();
    assert_eq!(refused(blob.into()).await, is("invalid-option", "file"));
    assert_eq!(
        refused("http://127.0.0.1:9/".into()).await,
        is("network", "file")
    );
}
