//! Transcribe over real sockets.

#![allow(clippy::expect_used)]

mod common;

use common::{Client, Said, Stream, audio_event, whole};
use local_aws::event_stream::Message;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Error;

const PLAIN: &str = "language-code=es-US&media-encoding=pcm&sample-rate=16000";
const STABLE: &str = "language-code=es-US&media-encoding=pcm&sample-rate=16000&enable-partial-results-stabilization=true&partial-results-stability=high";

/// Words spoken as pilots, with a pause after them.
async fn spoken(client: &Client, words: &str) -> Vec<u8> {
    let body =
        json!({"Text": words, "VoiceId": "Lupe", "OutputFormat": "pcm", "SampleRate": "16000"});
    let mut pcm = whole(client.speech(&body).await).await.body.to_vec();
    pcm.extend(vec![0; 32 * 600]);
    pcm
}

fn transcripts(results: &[Value], partial: bool) -> Vec<&str> {
    results
        .iter()
        .filter(|result| result["IsPartial"] == partial)
        .map(|result| {
            result["Alternatives"][0]["Transcript"]
                .as_str()
                .expect("text")
        })
        .collect()
}

async fn say(client: &Client, query: &str, pcm: &[u8], message: usize) -> Vec<Value> {
    let mut stream = client.stream(query).await;
    for piece in pcm.chunks(message) {
        stream.audio(piece).await;
    }
    stream.audio(&[]).await;
    let (results, end) = stream.rest().await;
    assert_eq!(end, Said::Closed(1000));
    results
}

#[tokio::test]
async fn what_was_said_is_recognised_and_the_stream_closed_after_its_end() {
    let client = Client::new().await;
    let pcm = spoken(&client, "manzana río piedra ventana").await;
    let results = say(&client, STABLE, &pcm, 1600).await;
    let finals = transcripts(&results, false);
    assert_eq!(finals.len(), 1, "{finals:?}");
    assert_eq!(finals[0].to_lowercase(), "manzana río piedra ventana.");
    let partials = transcripts(&results, true);
    assert!(partials.len() >= 4, "{partials:?}");
    assert!(results.iter().all(|result| result["Engine"] == "pilot"));
    let state = client.state().await;
    assert_eq!(state["streams"][0]["samplesReceived"], pcm.len() / 2);
    assert_eq!(state["streams"][0]["samplesProcessed"], pcm.len() / 2);
    assert_eq!(state["streams"][0]["ended"], "finished");
    assert_eq!(state["counters"]["finals"], 1);
}

#[tokio::test]
async fn the_page_rate_of_48_khz_is_recognised_too() {
    let client = Client::new().await;
    let pcm = spoken(&client, "verano mesa música plata").await;
    let samples: Vec<f32> = pcm
        .chunks_exact(2)
        .map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]])) / 32768.0)
        .collect();
    let wide: Vec<u8> = local_aws::audio::Resampler::new(16_000, 48_000)
        .push(&samples)
        .iter()
        .flat_map(|s| ((s * 32767.0) as i16).to_le_bytes())
        .collect();
    let query = PLAIN.replace("16000", "48000");
    let results = say(&client, &query, &wide, 4096).await;
    let finals = transcripts(&results, false).join(" ").to_lowercase();
    assert_eq!(finals, "verano mesa música plata.");
}

/// The lines that people say in the demo, by their sound.
#[tokio::test]
async fn a_recorded_line_is_recognised_translated_and_spoken() {
    let client = Client::new().await;
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../www/lines/");
    let lines = std::fs::read(format!("{root}lines.json")).expect("the lines");
    let lines: Value = serde_json::from_slice(&lines).expect("JSON");
    let line = &lines["lines"][0];
    let file = format!("{root}{}", line["file"].as_str().expect("a file"));
    let mut recording = hound::WavReader::open(file).expect("a recording");
    let mut pcm: Vec<u8> = recording
        .samples::<i16>()
        .flat_map(|sample| sample.expect("a sample").to_le_bytes())
        .collect();
    pcm.extend(vec![0; 32 * 600]);
    let language = line["language"].as_str().expect("a language");
    let (to, voice) = match language {
        "es-US" => ("en", "Joanna"),
        _ => ("es", "Lupe"),
    };
    let query = STABLE.replace("es-US", language);
    let results = say(&client, &query, &pcm, 1600).await;
    let heard = transcripts(&results, false).join(" ");
    assert_eq!(heard, line["text"].as_str().expect("a text"));
    let body =
        json!({"Text": heard, "SourceLanguageCode": &language[..2], "TargetLanguageCode": to});
    let translated = client.translate(&body).await.json();
    let body = json!({"Text": translated["TranslatedText"], "VoiceId": voice, "Engine": "neural", "OutputFormat": "pcm", "SampleRate": "16000"});
    let spoken = whole(client.speech(&body).await).await;
    assert_eq!(spoken.status, 200);
    assert!(spoken.body.len() > 16_000, "half a second at least");
}

/// The stream's end waits for the engine that is at work.
#[tokio::test]
async fn other_english_is_recognised_where_there_is_an_engine_for_it() {
    let client = Client::with_installed().await;
    let state = client.state().await;
    let engines = state["engines"]["recognise"].as_array().expect("engines");
    let sphinx = engines
        .iter()
        .find(|engine| engine["name"] == "pocketsphinx")
        .expect("described");
    if sphinx["available"] == false {
        println!("skipped: no pocketsphinx with pocketsphinx-en-us on this machine");
        return;
    }
    let body = json!({"Text": "The number is four seven zero nine.", "VoiceId": "Joanna", "Engine": "neural", "OutputFormat": "pcm", "SampleRate": "16000"});
    let pcm = whole(client.speech(&body).await).await.body;
    let query = STABLE.replace("es-US", "en-US");
    let results = say(&client, &query, &pcm, 1600).await;
    assert_eq!(
        transcripts(&results, false),
        ["The number is four seven zero nine."]
    );
    assert!(
        results
            .iter()
            .all(|result| result["Engine"] == "pocketsphinx")
    );
}

#[tokio::test]
async fn silence_is_no_result() {
    let client = Client::new().await;
    let results = say(&client, PLAIN, &[0; 32_000], 3200).await;
    assert_eq!(results, Vec::<Value>::new());
}

#[tokio::test]
async fn malformed_messages_are_answered_with_an_exception_and_a_close() {
    let client = Client::new().await;
    let with = |name: &str, value: &str| {
        let mut message = audio_event(&[0; 320]);
        for (key, old) in &mut message.headers {
            if key == name {
                *old = value.to_owned();
            }
        }
        message.encode()
    };
    let mut broken = audio_event(&[0; 320]).encode();
    *broken.last_mut().expect("a byte") ^= 1;
    let none = Message {
        headers: vec![],
        payload: vec![0; 320],
    };
    for bytes in [
        broken,
        vec![1, 2, 3],
        none.encode(),
        with(":event-type", "TextEvent"),
        with(":message-type", "exception"),
        audio_event(&[0; 321]).encode(),
        audio_event(&[0; 32_002]).encode(),
    ] {
        let mut stream = client.stream(PLAIN).await;
        stream.raw(bytes).await;
        assert!(
            matches!(stream.next().await, Said::Exception(name, _) if name == "BadRequestException")
        );
        assert_eq!(stream.next().await, Said::Closed(1000));
    }
    let state = client.state().await;
    assert_eq!(
        state["counters"]["requests"]["transcribe"]["BadRequestException"],
        7
    );
}

#[tokio::test]
async fn a_wrong_parameter_is_named_after_the_handshake() {
    let client = Client::new().await;
    let mut stream = client
        .stream("language-code=xx-XX&media-encoding=pcm&sample-rate=16000")
        .await;
    let said = stream.next().await;
    assert!(
        matches!(&said, Said::Exception(name, why) if name == "BadRequestException" && why.contains("language code")),
        "{said:?}"
    );
    assert_eq!(stream.next().await, Said::Closed(1000));
}

#[tokio::test]
async fn a_refused_signature_is_a_403_of_the_handshake() {
    let mut client = Client::new().await;
    let refused = async |client: &Client| match client.try_stream(PLAIN).await {
        Err(Error::Http(response)) => response.status().as_u16(),
        _ => 0,
    };
    client
        .fault(json!({"service": "transcribe", "kind": "refuse"}))
        .await;
    assert_eq!(refused(&client).await, 403);
    assert!(client.try_stream(PLAIN).await.is_ok());
    client
        .fault(json!({"service": "transcribe", "kind": "deny"}))
        .await;
    assert_eq!(refused(&client).await, 403);
    client.control("POST", "reset", &json!({})).await;
    client.secret.push('x');
    assert_eq!(refused(&client).await, 403);
}

#[tokio::test]
async fn a_stream_ends_as_a_fault_says() {
    let client = Client::new().await;
    for (kind, ends) in [
        ("close", vec![Said::Closed(1000)]),
        ("kill", vec![Said::Lost]),
        (
            "exception:InternalFailureException",
            vec![
                Said::Exception(
                    "InternalFailureException".into(),
                    "Raised on demand.".into(),
                ),
                Said::Closed(1000),
            ],
        ),
    ] {
        let mut stream = client.stream(PLAIN).await;
        client
            .fault(
                json!({"service": "transcribe", "kind": kind, "afterMs": 200, "language": "es-US"}),
            )
            .await;
        stream.audio(&[0; 3200]).await;
        stream.audio(&[0; 3200]).await;
        for end in ends {
            assert_eq!(stream.next().await, end, "{kind}");
        }
    }
    assert_eq!(client.state().await["faults"], json!([]));
}

#[tokio::test]
async fn a_newer_stream_of_the_same_session_wins_and_the_limit_holds() {
    let client = Client::new().await;
    let query = format!("{PLAIN}&session-id=00000000-0000-4000-8000-00000000000a");
    let mut first = client.stream(&query).await;
    let mut second = client.stream(&query).await;
    assert!(matches!(first.next().await, Said::Exception(name, _) if name == "ConflictException"));
    client
        .control("PUT", "settings", &json!({"streamLimit": 1}))
        .await;
    let mut third = client.stream(PLAIN).await;
    assert!(
        matches!(third.next().await, Said::Exception(name, _) if name == "LimitExceededException")
    );
    second.audio(&[]).await;
    assert_eq!(second.rest().await.1, Said::Closed(1000));
    let state = client.state().await;
    assert_eq!(state["streams"][0]["ended"], "ConflictException");
    assert_eq!(
        state["streams"][1]["resumes"],
        Value::Null,
        "nobody asked for a window"
    );
}

#[tokio::test]
async fn a_session_may_be_resumed_within_its_window_and_begins_at_0_all_the_same() {
    let client = Client::new().await;
    let words = spoken(&client, "manzana río piedra ventana").await;
    let query =
        format!("{STABLE}&session-id=00000000-0000-4000-8000-00000000000c&session-resume-window=5");
    let begins = async |stream: &mut Stream| {
        for piece in words.chunks(1600) {
            stream.audio(piece).await;
        }
        stream.audio(&[]).await;
        let (results, end) = stream.rest().await;
        assert_eq!(end, Said::Closed(1000));
        let last = results.last().expect("results");
        assert_eq!(last["IsPartial"], false);
        last["StartTime"].as_f64().expect("a time")
    };
    // 40 ms of marker, ± 120 ms.
    assert!(begins(&mut client.stream(&query).await).await <= 0.16);
    assert!(begins(&mut client.stream(&query).await).await <= 0.16);
    let streams = client.state().await["streams"].clone();
    assert_eq!(streams[0]["resumeWindowMin"], 5);
    assert_eq!(streams[0]["resumes"], Value::Null);
    assert_eq!(streams[1]["resumes"], streams[0]["id"]);
}

#[tokio::test]
async fn an_empty_websocket_message_ends_a_stream_too() {
    let client = Client::new().await;
    let mut stream = client.stream(PLAIN).await;
    stream.audio(&[0; 3200]).await;
    stream.raw(Vec::new()).await;
    assert_eq!(stream.next().await, Said::Closed(1000));
}

/// On a clock that jumps whenever everybody waits.
#[tokio::test(start_paused = true)]
async fn fifteen_seconds_without_audio_end_a_stream() {
    let client = Client::new().await;
    let begun = tokio::time::Instant::now();
    let mut stream = client.stream(PLAIN).await;
    assert_eq!(
        stream.next().await,
        Said::Exception(
            "BadRequestException".into(),
            "Your request timed out because no new audio was received for 15 seconds.".into()
        )
    );
    assert!(begun.elapsed() >= std::time::Duration::from_secs(15));
    assert_eq!(stream.next().await, Said::Closed(1000));
}
