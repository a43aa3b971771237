//! Cognito, Translate, Polly, control and pages over real sockets.

#![allow(clippy::expect_used)]

mod common;

use common::{Client, host, request, send, server, whole};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};

fn text(text: &str) -> Value {
    json!({"Text": text, "SourceLanguageCode": "es", "TargetLanguageCode": "en"})
}

fn speech(text: &str) -> Value {
    json!({"Text": text, "VoiceId": "Joanna", "Engine": "neural", "OutputFormat": "pcm", "SampleRate": "16000"})
}

/// Three words of the pilots, which engines translate and speak without data.
const WORDS: &str = "manzana río piedra";

#[tokio::test]
async fn a_text_is_translated_and_spoken() {
    let client = Client::new().await;
    let answer = client.translate(&text(WORDS)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["TranslatedText"], "apple river stone");
    assert_eq!(answer.json()["Engine"], "pilot");
    let spoken = whole(client.speech(&speech("apple river stone")).await).await;
    assert_eq!(spoken.status, 200);
    assert_eq!(spoken.headers["content-type"], "audio/pcm");
    assert_eq!(spoken.headers["x-local-aws-engine"], "pilot");
    // 40 ms of marker and three words of 320 ms, 16 kHz, two bytes.
    assert_eq!(spoken.body.len(), (40 + 3 * 320) * 32);
    let mut slow = speech("apple river stone");
    slow["SampleRate"] = "8000".into();
    let half = whole(client.speech(&slow).await).await;
    assert!(half.body.len().abs_diff(spoken.body.len() / 2) < 100);
    let state = client.state().await;
    assert_eq!(state["counters"]["requests"]["translate"]["ok"], 1);
    assert_eq!(state["counters"]["characters"]["polly"], 34);
}

#[tokio::test]
async fn what_translate_refuses() {
    let client = Client::new().await;
    let long = "á".repeat(5_001);
    let mut same = text("hola");
    same["TargetLanguageCode"] = "es".into();
    let mut foreign = text("hola");
    foreign["TargetLanguageCode"] = "xx".into();
    let mut formal = text("hola");
    formal["Settings"] = json!({"Formality": "POLITE"});
    let mut terms = text("hola");
    terms["TerminologyNames"] = json!(["none"]);
    for (body, name) in [
        (text(&long), "TextSizeLimitExceededException"),
        (text(""), "ValidationException"),
        (same, "UnsupportedLanguagePairException"),
        (foreign, "UnsupportedLanguagePairException"),
        (formal, "ValidationException"),
        (terms, "ResourceNotFoundException"),
        (
            text("una frase que nadie conoce"),
            "DetectedLanguageLowConfidenceException",
        ),
        (json!({"Text": "hola"}), "ValidationException"),
    ] {
        let answer = client.translate(&body).await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.exception(), name);
        let message = answer.json()["message"].to_string();
        assert!(
            !message.contains("nadie"),
            "an error text quotes the caller"
        );
    }
}

#[tokio::test]
async fn what_polly_refuses() {
    let client = Client::new().await;
    let with = |name: &str, value: &str| {
        let mut body = speech("apple");
        body[name] = value.into();
        body
    };
    let mut lexicon = speech("apple");
    lexicon["LexiconNames"] = json!(["none"]);
    for (body, status, name) in [
        (with("VoiceId", "Nobody"), 400, "ValidationException"),
        (
            with("Engine", "long-form"),
            400,
            "EngineNotSupportedException",
        ),
        (
            with("LanguageCode", "es-US"),
            400,
            "LanguageNotSupportedException",
        ),
        (with("OutputFormat", "mp3"), 400, "ValidationException"),
        (
            with("SampleRate", "22050"),
            400,
            "InvalidSampleRateException",
        ),
        (
            with("Text", &"a".repeat(3_001)),
            400,
            "TextLengthExceededException",
        ),
        (with("TextType", "ssml"), 400, "InvalidSsmlException"),
        (
            with("Text", "what nobody ever said"),
            400,
            "LanguageNotSupportedException",
        ),
        (lexicon, 404, "LexiconNotFoundException"),
    ] {
        let answer = whole(client.speech(&body).await).await;
        assert_eq!(answer.exception(), name);
        assert_eq!(answer.status, status, "{name}");
    }
}

#[tokio::test]
async fn polly_takes_as_many_requests_as_its_quota_allows() {
    let client = Client::new().await;
    client
        .control("PUT", "settings", &json!({"pollyRequestsPerS": 0}))
        .await;
    for engine in ["neural", "standard"] {
        let mut body = speech("apple");
        body["Engine"] = engine.into();
        let answer = whole(client.speech(&body).await).await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.exception(), "ThrottlingException");
    }
    // A reset gives back what a second allows.
    client.control("POST", "reset", &json!({})).await;
    for _ in 0..8 {
        let answer = whole(client.speech(&speech("apple")).await).await;
        assert_eq!(answer.status, 200);
    }
    let state = client.state().await;
    assert_eq!(state["settings"]["pollyRequestsPerS"], 8);
    assert_eq!(state["counters"]["requests"]["polly"]["ok"], 8);
}

#[tokio::test]
async fn voices_and_languages_are_listed() {
    let client = Client::new().await;
    let path = "/v1/voices?Engine=neural&LanguageCode=es-US";
    let voices = whole(client.signed("polly", ("GET", path), &[], "").await).await;
    let ids: Vec<Value> = voices.json()["Voices"]
        .as_array()
        .expect("voices")
        .iter()
        .map(|voice| voice["Id"].clone())
        .collect();
    assert_eq!(ids, ["Lupe", "Pedro"]);
    let headers = [
        ("content-type", "application/x-amz-json-1.1"),
        (
            "x-amz-target",
            "AWSShineFrontendService_20170701.ListLanguages",
        ),
    ];
    let languages = whole(
        client
            .signed("translate", ("POST", "/"), &headers, "{}")
            .await,
    )
    .await;
    assert_eq!(
        languages.json()["Languages"]
            .as_array()
            .expect("languages")
            .len(),
        76
    );
}

#[tokio::test]
async fn signatures_are_checked() {
    let mut client = Client::new().await;
    let refusal = async |client: &Client| {
        let translated = client.translate(&text(WORDS)).await;
        let spoken = whole(client.speech(&speech("apple")).await).await;
        assert_eq!(
            (translated.status.as_u16(), spoken.status.as_u16()),
            (400, 403)
        );
        assert_eq!(translated.exception(), spoken.exception());
        spoken.exception()
    };
    client.region = "eu-west-1".into();
    assert_eq!(refusal(&client).await, "InvalidSignatureException");
    client.region = "us-east-1".into();
    client.fault(json!({"kind": "skew", "seconds": 301})).await;
    assert_eq!(refusal(&client).await, "InvalidSignatureException");
    client.fault(json!({"kind": "skew", "seconds": 0})).await;
    client.fault(json!({"kind": "expire-credentials"})).await;
    assert_eq!(refusal(&client).await, "ExpiredTokenException");
    client.renew().await;
    client
        .fault(json!({"service": "translate", "kind": "deny", "action": "TranslateText"}))
        .await;
    client
        .fault(json!({"service": "polly", "kind": "deny"}))
        .await;
    assert_eq!(refusal(&client).await, "AccessDeniedException");
    client.control("POST", "reset", &json!({})).await;
    client.token.clear();
    assert_eq!(refusal(&client).await, "UnrecognizedClientException");
    client.renew().await;
    assert_eq!(client.translate(&text(WORDS)).await.status, 200);
    let unsigned = request(&client.server.aws, "POST", "/v1/speech", &[], "{}");
    let answer = whole(send(unsigned).await).await;
    assert_eq!(answer.exception(), "MissingAuthenticationTokenException");
}

#[tokio::test]
async fn a_host_behind_a_proxy_may_be_signed_for_only_if_it_is_listed() {
    let mut client = Client::new().await;
    let signed = async |client: &Client| {
        let body = text(WORDS).to_string();
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", common::TRANSLATE),
        ];
        let host = "translate.us-east-1.amazonaws.com";
        client
            .signed_for(host, "translate", ("POST", "/"), &headers, &body)
            .await
            .status()
    };
    assert_eq!(signed(&client).await, 400);
    // Its other name is another host too.
    let port = host(&client.server.aws).rsplit(':').next();
    let other = format!("localhost:{}", port.expect("a port"));
    let body = text(WORDS).to_string();
    let headers = [
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amz-target", common::TRANSLATE),
    ];
    let answer = client
        .signed_for(&other, "translate", ("POST", "/"), &headers, &body)
        .await;
    assert_eq!(answer.status(), 400);
    client.server = server(&["translate.us-east-1.amazonaws.com"]).await;
    client.renew().await;
    assert_eq!(signed(&client).await, 200);
}

#[tokio::test]
async fn cognito_knows_its_pool_its_identities_and_its_logins() {
    let client = Client::new().await;
    let pool = local_aws::server::IDENTITY_POOL_ID;
    let other = client
        .cognito("GetId", &json!({"IdentityPoolId": "us-east-1:other"}))
        .await;
    assert_eq!(other.exception(), "ResourceNotFoundException");
    let unknown = json!({"IdentityId": "us-east-1:unknown"});
    let unknown = client.cognito("GetCredentialsForIdentity", &unknown).await;
    assert_eq!(unknown.exception(), "ResourceNotFoundException");
    let login =
        |provider: &str, token: &str| json!({"IdentityPoolId": pool, "Logins": {provider: token}});
    // The tokens of the stand-in's own user pool are in login.rs.
    let ours = "cognito-idp.us-east-1.amazonaws.com/us-east-1_other";
    client
        .control("PUT", "settings", &json!({"loginProviders": [ours]}))
        .await;
    // {"iss":"https://cognito-idp.us-east-1.amazonaws.com/us-east-1_other","exp":4102444800}
    let good = "e30.eyJpc3MiOiJodHRwczovL2NvZ25pdG8taWRwLnVzLWVhc3QtMS5hbWF6b25hd3MuY29tL3VzLWVhc3QtMV9vdGhlciIsImV4cCI6NDEwMjQ0NDgwMH0.c2ln";
    for (provider, token) in [
        ("accounts.example", good),
        (ours, "no token"),
        (ours, "e30.e30.e30"),
    ] {
        let answer = client.cognito("GetId", &login(provider, token)).await;
        assert_eq!(answer.exception(), "NotAuthorizedException");
    }
    let id = client.cognito("GetId", &login(ours, good)).await.json()["IdentityId"].clone();
    let without = client
        .cognito("GetCredentialsForIdentity", &json!({"IdentityId": id}))
        .await;
    assert_eq!(without.exception(), "NotAuthorizedException");
    let with = json!({"IdentityId": id, "Logins": {ours: good}});
    assert_eq!(
        client
            .cognito("GetCredentialsForIdentity", &with)
            .await
            .status,
        200
    );
    client
        .control("PUT", "settings", &json!({"unauthenticated": false}))
        .await;
    let refused = client
        .cognito("GetId", &json!({"IdentityPoolId": pool}))
        .await;
    assert_eq!(refused.exception(), "NotAuthorizedException");
}

#[tokio::test]
async fn faults_strike_as_told_and_then_no_more() {
    let client = Client::new().await;
    client
        .fault(json!({"service": "translate", "kind": "throttle", "count": 2}))
        .await;
    client
        .fault(json!({"service": "polly", "kind": "error", "status": 503}))
        .await;
    client
        .fault(json!({"service": "cognito", "kind": "throttle"}))
        .await;
    for _ in 0..2 {
        assert_eq!(
            client.translate(&text(WORDS)).await.exception(),
            "ThrottlingException"
        );
    }
    assert_eq!(client.translate(&text(WORDS)).await.status, 200);
    let failed = whole(client.speech(&speech("apple")).await).await;
    assert_eq!(failed.status, 503);
    let id = client
        .cognito("GetId", &json!({"IdentityPoolId": "x"}))
        .await;
    assert_eq!(id.exception(), "TooManyRequestsException");
    client
        .fault(json!({"service": "polly", "kind": "cut-body", "afterBytes": 5000}))
        .await;
    let mut cut = client
        .speech(&speech("apple river stone"))
        .await
        .into_body();
    let mut length = 0;
    let end = loop {
        match cut.frame().await {
            Some(Ok(frame)) => length += frame.into_data().expect("data").len(),
            other => break other,
        }
    };
    assert!(
        matches!(end, Some(Err(_))),
        "a cut body ends without an end"
    );
    assert_eq!(length, 5000);
    assert_eq!(client.state().await["faults"], json!([]));
}

#[tokio::test]
async fn a_browser_may_call_from_another_origin() {
    let client = Client::new().await;
    let headers = [
        ("origin", "http://page.example"),
        ("access-control-request-method", "POST"),
        (
            "access-control-request-headers",
            "authorization,content-type,x-amz-date,x-amz-security-token,x-amz-target",
        ),
    ];
    for path in ["/", "/v1/speech", "/v1/voices"] {
        let answer =
            whole(send(request(&client.server.aws, "OPTIONS", path, &headers, "")).await).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers["access-control-allow-origin"], "*");
        let allowed = answer.headers["access-control-allow-headers"]
            .to_str()
            .expect("text");
        for name in headers[2].1.split(',') {
            assert!(allowed.contains(name), "{name}");
        }
        assert!(!allowed.contains("x-own"));
    }
    // A preflight has to travel as well.
    client
        .control("PUT", "delays", &json!({"rttMs": 100}))
        .await;
    let sent = std::time::Instant::now();
    send(request(&client.server.aws, "OPTIONS", "/", &headers, "")).await;
    assert!(sent.elapsed() >= std::time::Duration::from_millis(100));
    let origin = [("origin", "http://page.example")];
    let refused = request(&client.server.aws, "POST", "/v1/speech", &origin, "{}");
    let refused = whole(send(refused).await).await;
    assert_eq!(refused.headers["access-control-allow-origin"], "*");
    let exposed = refused.headers["access-control-expose-headers"]
        .to_str()
        .expect("text");
    for name in ["date", "x-amzn-errortype", "x-local-aws-engine"] {
        assert!(exposed.contains(name), "{name}");
    }
}

#[tokio::test]
async fn pages_have_their_types_and_are_never_cached() {
    let server = server(&[]).await;
    let get =
        async |path: &str| whole(send(request(&server.page, "GET", path, &[], "")).await).await;
    let config = get("/config.json").await;
    assert_eq!(config.headers["cache-control"], "no-store");
    assert_eq!(config.headers["content-type"], "application/json");
    let lines = get("/lines/lines.json").await;
    assert_eq!(lines.status, 200);
    assert_eq!(lines.headers["content-type"], "application/json");
    assert_eq!(get("/lines/nothing.json").await.status, 404);
    assert_eq!(get("/../Cargo.toml").await.status, 404);
    assert!(
        config.json()["endpoints"]["transcribe"]
            .as_str()
            .is_some_and(|url| url.ends_with(host(&server.aws)) && url.starts_with("ws:"))
    );
}

#[tokio::test]
async fn the_control_endpoint_refuses_what_it_does_not_know() {
    let client = Client::new().await;
    for (method, path, body) in [
        ("PUT", "delays", json!({"partialMS": 1})),
        ("PUT", "delays", json!({"pollyBodySpeed": 0})),
        ("PUT", "settings", json!({"streamLimit": "many"})),
        (
            "POST",
            "faults",
            json!({"service": "polly", "kind": "kill"}),
        ),
        (
            "POST",
            "faults",
            json!({"service": "polly", "kind": "unknown"}),
        ),
    ] {
        let path = format!("/control/{path}");
        let sent = request(&client.server.aws, method, &path, &[], &body.to_string());
        assert_eq!(whole(send(sent).await).await.status, 400, "{body}");
    }
    let delays = client
        .control("PUT", "delays", &json!({"translateMs": 7, "rttMs": 1}))
        .await;
    assert_eq!(
        (&delays["translateMs"], &delays["partialMs"]),
        (&json!(7), &json!(300))
    );
}
