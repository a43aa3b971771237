//! Faults on demand, each as its client sees it.

#![allow(clippy::expect_used)]

mod common;

use common::{Client, Said, Stream, whole};
use futures_util::StreamExt;
use serde_json::{Value, json};
use std::{ops::Range, time::Duration};
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::tungstenite::Error;

const SPANISH: &str = "language-code=es-US&media-encoding=pcm&sample-rate=16000";
const ENGLISH: &str = "language-code=en-US&media-encoding=pcm&sample-rate=16000";
const WORDS: &str = "manzana río piedra ventana";
/// 50 ms of 16 kHz.
const MESSAGE: usize = 1600;
/// Longer than anything takes that does come.
const LONG: Duration = Duration::from_secs(60);

async fn pilots(client: &Client) -> Vec<u8> {
    let body =
        json!({"Text": WORDS, "VoiceId": "Lupe", "OutputFormat": "pcm", "SampleRate": "16000"});
    whole(client.speech(&body).await).await.body.to_vec()
}

fn text() -> Value {
    json!({"Text": WORDS, "SourceLanguageCode": "es", "TargetLanguageCode": "en"})
}

fn speech(language: &str) -> Value {
    let voice = if language == "es-US" {
        "Lupe"
    } else {
        "Joanna"
    };
    json!({"Text": "metal", "VoiceId": voice, "LanguageCode": language, "OutputFormat": "pcm", "SampleRate": "16000"})
}

/// Sends audio as it is spoken, until all is sent or the stream ends.
async fn talk(stream: &mut Stream, pcm: &[u8]) -> Option<Said> {
    for piece in pcm.chunks(MESSAGE) {
        let next = Instant::now() + Duration::from_millis(50);
        stream.audio(piece).await;
        while let Ok(said) = tokio::time::timeout_at(next, stream.next()).await {
            if !matches!(said, Said::Event(_)) {
                return Some(said);
            }
        }
    }
    None
}

async fn status(client: &Client, query: &str) -> u16 {
    match client.try_stream(query).await {
        Err(Error::Http(response)) => response.status().as_u16(),
        Ok(_) => 101,
        Err(_) => 0,
    }
}

fn milliseconds(stream: &Value, field: &str) -> u64 {
    stream[field].as_u64().expect("samples") / 16
}

/// On a clock that jumps whenever everybody waits.
#[tokio::test(start_paused = true)]
async fn a_request_that_hangs_is_never_answered_and_the_next_one_is() {
    let client = Client::new().await;
    for service in ["translate", "polly", "transcribe", "cognito"] {
        client
            .fault(json!({"service": service, "kind": "hang"}))
            .await;
    }
    let none = json!({"IdentityPoolId": "x"});
    assert!(timeout(LONG, client.translate(&text())).await.is_err());
    assert!(
        timeout(LONG, client.speech(&speech("es-US")))
            .await
            .is_err()
    );
    assert!(timeout(LONG, client.try_stream(SPANISH)).await.is_err());
    assert!(timeout(LONG, client.cognito("GetId", &none)).await.is_err());
    let requests = &client.state().await["counters"]["requests"];
    for service in ["translate", "polly", "transcribe", "cognito"] {
        assert_eq!(requests[service]["hang"], 1, "{service}");
    }
    assert_eq!(client.translate(&text()).await.status, 200);
    assert_eq!(client.speech(&speech("es-US")).await.status(), 200);
    assert_eq!(status(&client, SPANISH).await, 101);
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_comes_that_much_later() {
    let client = Client::new().await;
    for service in ["translate", "polly", "transcribe"] {
        client
            .fault(json!({"service": service, "kind": "slow", "ms": 7000}))
            .await;
    }
    let slow = |begun: Instant| begun.elapsed() >= Duration::from_secs(7);
    let begun = Instant::now();
    assert_eq!(client.translate(&text()).await.status, 200);
    assert!(slow(begun));
    let begun = Instant::now();
    assert_eq!(client.speech(&speech("es-US")).await.status(), 200);
    assert!(slow(begun));
    let begun = Instant::now();
    assert_eq!(status(&client, SPANISH).await, 101);
    assert!(slow(begun));
    let begun = Instant::now();
    assert_eq!(client.translate(&text()).await.status, 200);
    assert!(!slow(begun), "only once");
}

#[tokio::test]
async fn a_handshake_is_refused_as_the_fault_says() {
    let client = Client::new().await;
    for (fault, answer) in [
        (json!({"kind": "refuse"}), 403),
        (json!({"kind": "throttle"}), 429),
        (json!({"kind": "error"}), 503),
        (json!({"kind": "error", "status": 500}), 500),
    ] {
        let mut fault = fault;
        fault["service"] = "transcribe".into();
        client.fault(fault).await;
        assert_eq!(status(&client, SPANISH).await, answer);
        assert_eq!(status(&client, SPANISH).await, 101);
    }
}

#[tokio::test]
async fn a_fault_of_a_language_leaves_the_other_direction_alone() {
    let client = Client::new().await;
    for fault in [
        json!({"service": "transcribe", "kind": "refuse", "language": "es-US"}),
        json!({"service": "transcribe", "kind": "error", "language": "es-US"}),
        json!({"service": "translate", "kind": "throttle", "language": "es"}),
        json!({"service": "polly", "kind": "error", "language": "en-US"}),
        json!({"service": "polly", "kind": "cut-body", "language": "en-US", "afterBytes": 100}),
    ] {
        client.fault(fault).await;
    }
    let other = json!({"Text": "apple", "SourceLanguageCode": "en", "TargetLanguageCode": "es"});
    assert_eq!(status(&client, ENGLISH).await, 101);
    assert_eq!(client.translate(&other).await.status, 200);
    let spoken = whole(client.speech(&speech("es-US")).await).await;
    assert!(spoken.status == 200 && spoken.body.len() > 100);
    assert_eq!(
        client.state().await["faults"].as_array().map(Vec::len),
        Some(5)
    );
    assert_eq!(status(&client, SPANISH).await, 503);
    assert_eq!(status(&client, SPANISH).await, 403);
    assert_eq!(
        client.translate(&text()).await.exception(),
        "ThrottlingException"
    );
    assert_eq!(client.speech(&speech("en-US")).await.status(), 500);
    let cut = client.speech(&speech("en-US")).await;
    assert!(
        http_body_util::BodyExt::collect(cut.into_body())
            .await
            .is_err()
    );
    assert_eq!(client.state().await["faults"], json!([]));
}

/// It takes audio for a minute and says nothing, not even that it has had none
/// for 15 seconds or that another stream has its session.
#[tokio::test(start_paused = true)]
async fn a_silent_stream_stays_open_and_says_nothing_more() {
    let client = Client::new().await;
    let words = pilots(&client).await;
    let query = format!("{SPANISH}&session-id=00000000-0000-4000-8000-00000000000b");
    let mut stream = client.stream(&query).await;
    let half = &words[..words.len() / 4 * 2];
    stream.audio(half).await;
    stream.audio(half).await;
    assert!(matches!(stream.next().await, Said::Event(_)), "it works");
    client
        .fault(json!({"service": "transcribe", "kind": "silent"}))
        .await;
    while client.state().await["faults"] != json!([]) {
        sleep(Duration::from_millis(10)).await;
    }
    let sent = client.state().await["streams"][0]["eventsSent"].clone();
    for _ in 0..60 {
        stream.audio(half).await;
        let quiet = timeout(Duration::from_secs(1), stream.next()).await;
        assert!(quiet.is_err(), "{quiet:?}");
    }
    assert!(timeout(LONG, stream.next()).await.is_err());
    let _second = client.stream(&query).await;
    stream.audio(&[]).await;
    assert!(timeout(LONG, stream.next()).await.is_err());
    // Time is virtual and the socket is not: what was sent last may be on its way.
    let all = json!(62 * half.len() / 2);
    while client.state().await["streams"][0]["samplesProcessed"] != all {
        sleep(Duration::from_millis(10)).await;
    }
    let state = client.state().await;
    let record = &state["streams"][0];
    assert_eq!(record["samplesReceived"], all);
    assert_eq!(record["eventsSent"], sent);
    assert_eq!(record["ended"], Value::Null);
    assert_eq!(state["counters"]["finals"], 0);
    stream.socket.close(None).await.expect("closed");
    while stream.socket.next().await.is_some() {}
    assert_eq!(client.state().await["streams"][0]["ended"], "client closed");
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_inside_a_word_or_in_a_pause_as_asked() {
    let client = Client::new().await;
    let words = pilots(&client).await;
    let pause = vec![0; 32 * 1000];
    let turns: Vec<u8> = [&pause[..], &words, &pause, &words, &pause].concat();
    let length = words.len() as u64 / 32;
    let spoken = [1000..1000 + length, 2000 + length..2000 + 2 * length];
    for (when, after) in [
        ("speech", 0),
        ("speech", 2500),
        ("pause", 500),
        ("pause", 1500),
    ] {
        let mut stream = client.stream(SPANISH).await;
        client
            .fault(json!({"service": "transcribe", "kind": "kill", "when": when, "afterMs": after}))
            .await;
        assert_eq!(talk(&mut stream, &turns).await, Some(Said::Lost));
        let state = client.state().await;
        let all = state["streams"].as_array().expect("streams");
        let record = all.last().expect("a stream");
        assert_eq!(record["ended"], "killed on demand");
        assert!(milliseconds(record, "samplesReceived") >= after);
        let at = milliseconds(record, "samplesProcessed");
        // A word is known as one soon after it has begun, and an utterance ends
        // 300 ms after its last word.
        let inside = spoken.iter().any(|words| words.contains(&at));
        let after_words = |words: &Range<u64>| (words.end..words.end + 300).contains(&at);
        assert_eq!(inside, when == "speech", "{when} after {after}: {at}");
        assert!(
            !spoken.iter().any(after_words),
            "{when} after {after}: {at}"
        );
    }
}

#[tokio::test]
async fn an_error_message_is_no_exception_of_the_model() {
    let client = Client::new().await;
    let mut stream = client.stream(SPANISH).await;
    client
        .fault(json!({"service": "transcribe", "kind": "error:SlowDown"}))
        .await;
    stream.audio(&[0; 3200]).await;
    let Some(Ok(message)) = stream.socket.next().await else {
        panic!("no message");
    };
    let message =
        local_aws::event_stream::Message::decode(&message.into_data()).expect("a message");
    assert_eq!(message.header(":message-type"), Some("error"));
    assert_eq!(message.header(":error-code"), Some("SlowDown"));
    assert!(message.header(":error-message").is_some());
    assert_eq!(stream.next().await, Said::Closed(1000));
}
