//! What is signed and encoded, byte for byte against the JavaScript SDK and
//! botocore. `tests/data/golden` has the inputs and the scripts that made the
//! vectors.

use aws_smithy_types::base64;
use connect_interpreter::aws::credentials::Credentials;
use connect_interpreter::aws::http::HttpRequest;
use connect_interpreter::aws::polly::{self, Speech};
use connect_interpreter::aws::transcribe::{self, ExceptionKind, ServerMessage, StreamRequest};
use connect_interpreter::aws::translate::{self, TranslateText};
use connect_interpreter::aws::{cognito, event_stream};
use connect_interpreter::config::{
    Endpoint, EndpointOptions, EndpointsOptions, RegionOptions, SessionOptions, SpeakerOptions,
    Stability, TranscribeOptions, TranslateOptions,
};
use connect_interpreter::error::{Error, ErrorCode};
use connect_interpreter::language::{Engine, Voice};
use connect_interpreter::time::UnixTime;
use serde_json::Value;
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn read(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}

fn cases() -> Value {
    read(include_str!("../data/golden/cases.json"))
}

fn javascript() -> Value {
    read(include_str!("../data/golden/javascript.json"))
}

fn botocore() -> Value {
    read(include_str!("../data/golden/botocore.json"))
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn owned(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn now(cases: &Value) -> UnixTime {
    UnixTime::from_secs(cases["time_unix"].as_u64().unwrap())
}

fn credentials(cases: &Value, case: &Value) -> Credentials {
    let keys = &cases["credentials"][text(&case["credentials"])];
    Credentials {
        access_key_id: text(&keys["accessKeyId"]).to_owned(),
        secret_access_key: text(&keys["secretAccessKey"]).to_owned(),
        session_token: owned(&keys["sessionToken"]),
        expiration: None,
    }
}

/// The endpoint that the host's options give for the case's URL.
fn endpoint(case: &Value, service: &str) -> Endpoint {
    let url = Some(EndpointOptions::Url(text(&case["url"]).to_owned()));
    let speaker = |language: &str| SpeakerOptions {
        language: Some(language.to_owned()),
        ..SpeakerOptions::default()
    };
    let mut options = SessionOptions {
        region: RegionOptions::One(text(&case["region"]).to_owned()),
        endpoints: EndpointsOptions::default(),
        agent: speaker("en-US"),
        customer: speaker("es-US"),
        polly_requests_per_second: None,
    };
    match service {
        "transcribe" => options.endpoints.transcribe = url,
        "translate" => options.endpoints.translate = url,
        _ => options.endpoints.polly = url,
    }
    let endpoints = options.resolve(48_000).unwrap().endpoints;
    match service {
        "transcribe" => endpoints.transcribe,
        "translate" => endpoints.translate,
        _ => endpoints.polly,
    }
}

#[test]
fn presigned_urls_are_those_of_both_sdks() {
    let (cases, javascript, botocore) = (cases(), javascript(), botocore());
    for case in list(&cases["presigned"]) {
        let name = text(&case["name"]);
        let query = &case["query"];
        let options = TranscribeOptions {
            vocabulary: owned(&query["vocabulary-name"]),
            vocabulary_filter: owned(&query["vocabulary-filter-name"]),
            vocabulary_filter_method: owned(&query["vocabulary-filter-method"]),
            language_model: owned(&query["language-model-name"]),
        };
        let window = query["session-resume-window"].as_str();
        let request = StreamRequest {
            language_code: text(&query["language-code"]),
            stability: match query["partial-results-stability"].as_str() {
                Some("low") => Stability::Low,
                Some("medium") => Stability::Medium,
                Some("high") => Stability::High,
                _ => Stability::None,
            },
            options: &options,
            session_id: query["session-id"].as_str(),
            session_resume_window_min: window.map(|minutes| minutes.parse().unwrap()),
        };
        let url = transcribe::presigned_url(
            &endpoint(case, "transcribe"),
            &request,
            &credentials(&cases, case),
            now(&cases),
        )
        .unwrap();
        // The SDK drops the default port from the URL it opens, a browser too.
        let url = url.expose().replace(":443/", "/");
        let sdk = text(&javascript["presigned"][name]).replace(":443/", "/");
        assert_eq!(url, sdk, "{name}");
        let mut pairs: Vec<&str> = url.split_once('?').unwrap().1.split('&').collect();
        pairs.sort_unstable();
        let other: Vec<&str> = list(&botocore["presigned"][name])
            .iter()
            .map(text)
            .collect();
        assert_eq!(pairs, other, "{name}");
    }
}

fn signed_request(case: &Value, cases: &Value) -> Result<HttpRequest, Error> {
    let body = read(text(&case["body"]));
    let service = text(&case["service"]);
    let (credentials, endpoint) = (credentials(cases, case), endpoint(case, service));
    if service == "translate" {
        let settings = &body["Settings"];
        let options = TranslateOptions {
            terminology: owned(&body["TerminologyNames"][0]),
            formality: settings["Formality"].as_str().map(str::to_lowercase),
            mask_profanity: settings["Profanity"] == "MASK",
            brevity: settings["Brevity"] == "ON",
        };
        let text = TranslateText {
            text: text(&body["Text"]),
            source: text(&body["SourceLanguageCode"]),
            target: text(&body["TargetLanguageCode"]),
            options: &options,
        };
        translate::request(&endpoint, &text, &credentials, now(cases))
    } else {
        let voice = Voice {
            id: text(&body["VoiceId"]).to_owned(),
            engine: Engine::from_name(text(&body["Engine"])).unwrap(),
            language_code: text(&body["LanguageCode"]).to_owned(),
        };
        let lexicons: Vec<String> = body["LexiconNames"]
            .as_array()
            .map(|names| names.iter().map(|name| text(name).to_owned()).collect())
            .unwrap_or_default();
        let speech = Speech {
            text: text(&body["Text"]),
            voice: &voice,
            lexicons: &lexicons,
        };
        polly::request(&endpoint, &speech, &credentials, now(cases))
    }
}

#[test]
fn signed_requests_are_those_of_both_sdks() {
    let (cases, javascript, botocore) = (cases(), javascript(), botocore());
    for case in list(&cases["signed"]) {
        let name = text(&case["name"]);
        let request = signed_request(case, &cases).unwrap();
        assert_eq!(
            request.url,
            format!("{}{}", text(&case["url"]), text(&case["path"])),
            "{name}"
        );
        assert_eq!(request.body, text(&case["body"]).as_bytes(), "{name}");
        let mut headers = request.headers.clone();
        headers.sort();
        for (who, vectors) in [("javascript", &javascript), ("botocore", &botocore)] {
            let mut expected: Vec<(String, String)> = vectors["signed"][name]
                .as_object()
                .unwrap()
                .iter()
                // The browser writes it; it is signed all the same.
                .filter(|(header, _)| *header != "host")
                .map(|(header, value)| (header.clone(), text(value).to_owned()))
                .collect();
            expected.sort();
            assert_eq!(headers, expected, "{name}, {who}");
        }
        assert_sdk_request(&request, &javascript["requests"][name], true, name);
    }
}

/// The same method, path, protocol headers and JSON as the SDK's own client.
fn assert_sdk_request(request: &HttpRequest, sdk: &Value, signed: bool, name: &str) {
    assert_eq!(request.method, text(&sdk["method"]), "{name}");
    assert!(request.url.ends_with(text(&sdk["path"])), "{name}");
    for (header, value) in sdk["headers"].as_object().unwrap() {
        let ours = request.headers.iter().find(|(name, _)| name == header);
        assert_eq!(ours.map(|(_, v)| v.as_str()), value.as_str(), "{name}");
    }
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body, sdk["body"], "{name}");
    let has = request
        .headers
        .iter()
        .any(|(name, _)| name == "authorization");
    assert_eq!((has, sdk["signed"].as_bool()), (signed, Some(signed)));
}

#[test]
fn cognito_requests_are_those_of_the_sdk_and_unsigned() {
    let (cases, javascript) = (cases(), javascript());
    for case in list(&cases["unsigned"]) {
        let name = text(&case["name"]);
        let input = &case["input"];
        let logins: cognito::Logins = input["Logins"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(provider, token)| (provider.clone(), text(token).to_owned()))
            .collect();
        let url = cognito::default_url("us-east-1");
        assert_eq!(url, "https://cognito-identity.us-east-1.amazonaws.com");
        let request = if case["operation"] == "GetId" {
            cognito::get_id_request(&url, text(&input["IdentityPoolId"]), &logins)
        } else {
            cognito::get_credentials_request(&url, text(&input["IdentityId"]), &logins)
        };
        let request = request.unwrap();
        assert_sdk_request(&request, &javascript["requests"][name], false, name);
    }
}

#[test]
fn a_proxy_gets_the_request_that_is_signed_for_the_service() {
    let json = r#"{"region": "us-east-1", "agent": {"language": "en-US"},
        "customer": {"language": "es-US"}, "endpoints": {"translate":
        {"url": "https://desk.example/aws/translate/", "signedHost": "translate.us-east-1.amazonaws.com"}}}"#;
    let endpoints = SessionOptions::from_json(json)
        .unwrap()
        .resolve(48_000)
        .unwrap()
        .endpoints;
    let (cases, javascript) = (cases(), javascript());
    let case = &cases["signed"][0];
    let options = TranslateOptions::default();
    let text_to_translate = TranslateText {
        text: "¿Puede ayudarme?",
        source: "es",
        target: "en",
        options: &options,
    };
    let request = translate::request(
        &endpoints.translate,
        &text_to_translate,
        &credentials(&cases, case),
        now(&cases),
    )
    .unwrap();
    assert_eq!(request.url, "https://desk.example/aws/translate/");
    let authorization = &javascript["signed"]["translate"]["authorization"];
    let ours = request.headers.iter().find(|(n, _)| n == "authorization");
    assert_eq!(ours.unwrap().1, text(authorization));
}

fn message(group: &Value, name: &str) -> Vec<u8> {
    base64::decode(text(&group[name])).unwrap()
}

#[test]
fn audio_messages_are_those_of_the_sdk() {
    let (cases, javascript, botocore) = (cases(), javascript(), botocore());
    for case in list(&cases["audio"]) {
        let name = text(&case["name"]);
        let samples: Vec<i16> = match (case["samples"].as_array(), case["ramp"].as_i64()) {
            (Some(samples), _) => samples
                .iter()
                .map(|sample| i16::try_from(sample.as_i64().unwrap()).unwrap())
                .collect(),
            (None, ramp) => (0..ramp.unwrap())
                .map(|i| i16::try_from((i * 37) % 65536 - 32768).unwrap())
                .collect(),
        };
        let bytes = transcribe::audio_message(&samples).unwrap();
        assert_eq!(
            bytes,
            message(&javascript["messages"]["audio"], name),
            "{name}"
        );
        if samples.is_empty() {
            assert_eq!(bytes, transcribe::end_message().unwrap());
        }
        // botocore reads in them what was put in.
        let decoded = &botocore["decoded"]["audio"][name];
        assert_eq!(decoded["headers"][":event-type"], "AudioEvent");
        let pcm: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
        assert_eq!(base64::decode(text(&decoded["payload"])).unwrap(), pcm);
    }
}

#[test]
fn an_audio_message_holds_a_second_at_most() {
    assert!(transcribe::audio_message(&[0; 16_000]).is_ok());
    let error = transcribe::audio_message(&[0; 16_001]).unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidOption);
}

#[test]
fn answers_written_by_the_sdk_are_encoded_alike() {
    let (javascript, botocore) = (javascript(), botocore());
    for case in list(&cases()["answers"]) {
        let name = text(&case["name"]);
        let decoded = &botocore["decoded"]["answers"][name];
        // cases.json keeps the order that the SDK wrote; a map here does not.
        let order = [
            ":message-type",
            ":event-type",
            ":exception-type",
            ":error-code",
            ":error-message",
            ":content-type",
        ];
        let headers: Vec<(&str, &str)> = order
            .into_iter()
            .filter_map(|header| Some((header, decoded["headers"][header].as_str()?)))
            .collect();
        let payload = base64::decode(text(&decoded["payload"])).unwrap();
        let bytes = event_stream::encode(&headers, &payload).unwrap();
        assert_eq!(
            bytes,
            message(&javascript["messages"]["answers"], name),
            "{name}"
        );
    }
}

fn answer(name: &str) -> ServerMessage {
    transcribe::decode(&message(&javascript()["messages"]["answers"], name)).unwrap()
}

#[test]
fn a_partial_is_read_with_its_items() {
    let ServerMessage::Transcript(event) = answer("a partial with stable items") else {
        panic!("no transcript");
    };
    let [result] = event.results.as_slice() else {
        panic!("not one result");
    };
    assert_eq!((result.result_id.as_str(), result.is_partial), ("r1", true));
    assert_eq!((result.start_time, result.end_time), (0.33, 1.25));
    let items: Vec<(&str, Option<bool>)> = result.alternatives[0]
        .items
        .iter()
        .map(|item| (item.content.as_str(), item.stable))
        .collect();
    assert_eq!(
        items,
        [
            ("Hola", Some(true)),
            (",", Some(true)),
            ("buenos", Some(false))
        ]
    );
    assert_eq!(
        result.alternatives[0].items[1].kind,
        transcribe::ItemKind::Punctuation
    );
}

#[test]
fn no_results_and_several_are_read() {
    assert_eq!(
        answer("no results"),
        ServerMessage::Transcript(transcribe::TranscriptEvent::default())
    );
    let ServerMessage::Transcript(event) =
        answer("two results, one without alternatives, one without items")
    else {
        panic!("no transcript");
    };
    assert_eq!(event.results.len(), 2);
    assert!(event.results[0].alternatives.is_empty());
    assert_eq!(event.results[1].alternatives[0].transcript, "¿Sí?");
    assert!(event.results[1].alternatives[0].items.is_empty());
    assert_eq!(event.results[1].engine.as_deref(), Some("pilot"));
}

#[test]
fn every_exception_is_typed_and_says_nothing_of_the_services_text() {
    use ErrorCode as Code;
    use ExceptionKind as Kind;
    for (name, kind, code, retryable) in [
        ("bad request", Kind::BadRequest, Code::BadRequest, false),
        ("no audio", Kind::BadRequest, Code::ServiceUnavailable, true),
        ("limit", Kind::LimitExceeded, Code::Throttled, true),
        (
            "internal",
            Kind::InternalFailure,
            Code::ServiceUnavailable,
            true,
        ),
        ("conflict", Kind::Conflict, Code::Conflict, false),
        (
            "unavailable",
            Kind::ServiceUnavailable,
            Code::ServiceUnavailable,
            true,
        ),
        ("unmodelled exception", Kind::Other, Code::BadRequest, false),
        (
            "error",
            Kind::InternalFailure,
            Code::ServiceUnavailable,
            true,
        ),
    ] {
        let ServerMessage::Exception(exception) = answer(name) else {
            panic!("{name} is no exception");
        };
        assert_eq!(exception.kind, kind, "{name}");
        let error = Error::from(exception);
        assert_eq!((error.code, error.retryable), (code, retryable), "{name}");
        assert!(!error.message.contains("hablamos"), "{name}");
    }
    assert_eq!(answer("an event of another kind"), ServerMessage::Unknown);
}
