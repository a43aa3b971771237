//! The transcription stream: what breaks it, and what comes after.

use crate::common::aws::transcribe::{exception, transcript_event};
use crate::common::*;
use connect_interpreter::error::ErrorCode;
use connect_interpreter::event::{Cause, Event, Level, State};
use connect_interpreter::session::{Input, SocketInput};
use connect_interpreter::speaker::Speaker::{Agent, Customer};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use serde_json::json;

fn kill(call: &mut Call) {
    let stream = call.aws.stream_mut(Customer);
    stream.open = false;
    let id = stream.id;
    let input = SocketInput::Closed {
        code: 1006,
        clean: false,
    };
    call.input(Customer, Input::Socket(id, input));
}

fn message(call: &mut Call, bytes: &[u8]) {
    let id = call.aws.stream(Customer).id;
    call.input(Customer, Input::Socket(id, SocketInput::Message(bytes)));
}

#[test]
fn a_broken_stream_is_opened_again_and_nothing_is_lost_in_a_pause() {
    let mut call = Call::new(config());
    call.customer_says(["Hola.", "¿Puede ayudarme?"]);
    call.run_until("the first is final", |call| {
        !call.finals(Customer).is_empty()
    });
    kill(&mut call);
    call.drive();
    assert_eq!(call.heard_by(Agent), ["Hello.", "Can you help me?"]);
    assert_eq!(
        call.states(),
        [State::Running, State::Reconnecting, State::Running]
    );
    assert_eq!(call.aws.streams_of(Customer).len(), 2);
}

#[test]
fn what_was_said_and_not_committed_is_sent_again() {
    let mut call = Call::new(config());
    call.customer_says(["uno dos tres, cuatro cinco seis."]);
    call.run_until("a clause is committed", |call| {
        !call.translated(Customer).is_empty()
    });
    kill(&mut call);
    call.drive();
    assert_eq!(
        call.translated(Customer),
        ["uno dos tres,", "cuatro cinco seis."]
    );
    // The partial that will never be final is closed as what was committed.
    let closed = call.told.iter().any(|told| {
        matches!(&told.event, Event::Transcript { text, is_partial: false, .. }
            if text == "uno dos tres,")
    });
    assert!(closed);
}

#[test]
fn speech_during_the_break_is_not_lost() {
    let mut call = Call::new(config());
    call.run(ms(1_000));
    call.aws.handshake = ms(2_500);
    kill(&mut call);
    call.customer_says(["Buenos días.", "¿Puede ayudarme?"]);
    call.drive();
    assert_eq!(
        call.heard_by(Agent),
        ["en: Buenos días.", "Can you help me?"]
    );
}

/// How much earlier than its end a sentence is dated, in ms.
fn dated_early(call: &mut Call) -> f64 {
    call.customer_says(["Hola."]);
    call.run_until("all is said", |call| call.taps[Customer].queue.is_empty());
    let spoken = call.now.as_millis_f64();
    call.drive();
    let captured = call.told.iter().rev().find_map(|told| match &told.event {
        Event::Latency { marks, .. } => marks.captured_ms,
        _ => None,
    });
    spoken - captured.unwrap()
}

#[test]
fn a_wait_for_the_stream_is_made_up_in_pauses_and_times_stay_true() {
    let mut call = Call::new(config());
    let before = dated_early(&mut call);
    call.aws.handshake = ms(2_500);
    kill(&mut call);
    call.customer_says(["Buenos días.", "¿Puede ayudarme?"]);
    call.run(ms(3_500));
    let backlog = call.aws.stream(Customer).backlog();
    assert!(backlog >= ms(500), "no wait to make up for: {backlog:?}");
    call.drive();
    let after = dated_early(&mut call);
    assert!((after - before).abs() < 10.0, "{before} and {after} ms");
    assert_eq!(
        call.heard_by(Agent),
        ["Hello.", "en: Buenos días.", "Can you help me?", "Hello."]
    );
    let backlog = call.aws.stream(Customer).backlog();
    assert!(backlog <= ms(120), "{backlog:?}");
}

#[test]
fn a_stream_that_breaks_again_and_again_is_left_alone_for_a_while() {
    let mut call = Call::new(config());
    call.run(ms(1_000));
    for _ in 0..12 {
        if call.aws.stream(Customer).open {
            let text = json!({"Message": "secret words"});
            let bytes = exception("InternalFailureException", &text);
            message(&mut call, &bytes);
        }
        call.run(ms(1_000));
    }
    assert!(call.aws.streams_of(Customer).len() <= 5);
    assert!(call.states().contains(&State::Degraded));
    assert!(
        call.errors()
            .iter()
            .all(|e| *e == ErrorCode::ServiceUnavailable)
    );
    assert!(
        !format!(
            "{:?}",
            call.told.iter().map(|t| &t.event).collect::<Vec<_>>()
        )
        .contains("secret")
    );
    call.run_until("tried again", |call| {
        call.states().last() == Some(&State::Running)
    });
}

#[test]
fn every_exception_is_typed_and_followed_by_another_stream() {
    for (name, code) in [
        ("BadRequestException", ErrorCode::BadRequest),
        ("LimitExceededException", ErrorCode::Throttled),
        ("InternalFailureException", ErrorCode::ServiceUnavailable),
        ("ConflictException", ErrorCode::Conflict),
        ("ServiceUnavailableException", ErrorCode::ServiceUnavailable),
    ] {
        let mut call = Call::new(config());
        call.customer_says(["Hola."]);
        call.drive();
        let bytes = exception(name, &json!({"Message": "no"}));
        message(&mut call, &bytes);
        call.customer_says(["¿Puede ayudarme?"]);
        call.drive();
        assert_eq!(call.errors(), [code], "{name}");
        assert_eq!(
            call.heard_by(Agent),
            ["Hello.", "Can you help me?"],
            "{name}"
        );
    }
}

#[test]
fn messages_that_cannot_be_read_are_an_error_each_and_the_stream_goes_on() {
    let mut call = Call::new(config());
    call.customer_says(["Hola."]);
    call.drive();
    let whole = transcript_event(&json!({"Transcript": {"Results": []}}));
    let mut flipped = whole.clone();
    flipped[20] ^= 1;
    let odd = transcript_event(&json!({"Transcript": 7}));
    let bad: [&[u8]; 5] = [b"", b"{}", &whole[..whole.len() - 3], &flipped, &odd];
    for bytes in bad {
        message(&mut call, bytes);
    }
    message(&mut call, &whole);
    call.customer_says(["¿Puede ayudarme?"]);
    call.drive();
    assert_eq!(call.errors(), [ErrorCode::MalformedMessage; 5]);
    assert_eq!(call.heard_by(Agent), ["Hello.", "Can you help me?"]);
    assert_eq!(call.aws.streams_of(Customer).len(), 1);
}

#[test]
fn senseless_numbers_in_a_transcript_do_no_harm() {
    let mut call = Call::new(config());
    call.run(ms(500));
    for (start, end) in [(-5.0, 1e300), (1e300, -1.0), (0.0, 0.0)] {
        let item = json!({"StartTime": start, "EndTime": end, "Type": "pronunciation",
            "Content": "raro", "Stable": true});
        let event = transcript_event(&json!({"Transcript": {"Results": [
            {"ResultId": format!("{start}"), "StartTime": start, "EndTime": end, "IsPartial": false,
             "Alternatives": [{"Transcript": "raro raro", "Items": [item, item]}]},
            {"ResultId": "empty", "IsPartial": false, "Alternatives": []}]}}));
        message(&mut call, &event);
    }
    call.run(ms(500));
    // What they claim to be committed is not held against the next stream.
    kill(&mut call);
    call.customer_says(["Hola."]);
    call.drive();
    assert_eq!(
        call.heard_by(Agent).last().map(String::as_str),
        Some("Hello.")
    );
}

#[test]
fn news_of_other_sockets_and_requests_is_ignored() {
    use connect_interpreter::aws::http::ResponseHead;
    use connect_interpreter::session::{RequestId, ResponseInput, SocketId};
    let mut call = Call::new(config());
    call.run(ms(500));
    let told = call.told.len();
    for id in [0, 1, 2, 999] {
        // An id of the other speaker's, of an earlier one, of none at all.
        call.input(
            Customer,
            Input::Socket(SocketId(id + 7), SocketInput::Opened),
        );
        call.input(
            Customer,
            Input::Socket(SocketId(id + 7), SocketInput::Message(b"junk")),
        );
        let head = ResponseHead::default();
        call.input(
            Customer,
            Input::Response(RequestId(id), ResponseInput::Head(head)),
        );
        call.input(
            Customer,
            Input::Response(RequestId(id), ResponseInput::Chunk(b"x")),
        );
        call.input(Customer, Input::Response(RequestId(id), ResponseInput::End));
        call.input(
            Customer,
            Input::Response(RequestId(id), ResponseInput::Failed),
        );
    }
    assert_eq!(call.told.len(), told);
    call.customer_says(["Hola."]);
    call.drive();
    assert_eq!(call.heard_by(Agent), ["Hello."]);
}

#[test]
fn after_a_minute_without_a_connection_the_oldest_audio_is_lost_and_told() {
    let mut call = Call::new(config());
    call.run(ms(1_000));
    call.aws.refuse_handshakes = usize::MAX;
    kill(&mut call);
    call.run(ms(90_000));
    let lost: f64 = call
        .told
        .iter()
        .filter_map(|told| match told.event {
            Event::Gap { lost_ms, .. } => Some(lost_ms),
            _ => None,
        })
        .sum();
    assert!((29_000.0..=31_000.0).contains(&lost), "{lost}");
    assert!(call.errors().contains(&ErrorCode::AudioLost));
    call.aws.refuse_handshakes = 0;
    call.run_until("running", |call| {
        call.states().last() == Some(&State::Running)
    });
    call.customer_says(["Hola."]);
    call.run(ms(30_000));
    call.drive();
    assert_eq!(call.heard_by(Agent), ["Hello."]);
}

#[test]
fn a_stream_that_goes_silent_is_replaced_and_nothing_is_lost() {
    let mut call = Call::new(config());
    call.customer_says(["Hola."]);
    call.drive();
    call.aws.stream_mut(Customer).silent = true;
    call.customer_says([
        "uno dos tres cuatro.",
        "cinco seis siete ocho.",
        "nueve diez.",
    ]);
    call.drive();
    call.run_until("all of it is spoken", |call| {
        call.heard_by(Agent).len() == 4
    });
    assert_eq!(
        call.translated(Customer),
        [
            "Hola.",
            "uno dos tres cuatro.",
            "cinco seis siete ocho.",
            "nueve diez."
        ]
    );
    assert_eq!(call.errors(), [ErrorCode::ServiceUnavailable]);
    let seams = call.told.iter().filter_map(|told| match told.event {
        Event::Seam { cause, .. } => Some(cause),
        _ => None,
    });
    assert_eq!(seams.collect::<Vec<_>>(), [Cause::Silent]);
}

#[test]
fn a_silence_of_the_speaker_is_none_of_the_service() {
    let mut call = Call::new(config());
    call.customer_says(["Hola."]);
    call.drive();
    call.aws.stream_mut(Customer).silent = true;
    call.run(ms(600_000));
    assert_eq!(call.aws.streams_of(Customer).len(), 1);
    assert_eq!(call.errors(), []);
}

/// A sentence whose final never comes is said all the same.
#[test]
fn a_result_that_is_never_final_is_heard_again() {
    let mut call = Call::new(config());
    call.customer_says(["uno dos tres."]);
    call.run_until("the last word is shown", |call| {
        call.told.iter().any(|told| {
            matches!(&told.event,
            Event::Transcript { text, .. } if text == "uno dos tres")
        })
    });
    call.aws.stream_mut(Customer).silent = true;
    call.run_until("it is spoken", |call| call.heard_by(Agent).len() == 1);
    assert_eq!(call.translated(Customer), ["uno dos tres."]);
}

/// Music sounds like speech. It costs a stream now and then, and fewer and
/// fewer of them; the listener hears the original meanwhile.
#[test]
fn sound_that_nobody_answers_to_is_not_sent_for_ever() {
    let mut call = Call::new(config());
    call.run(ms(500));
    let sound: Vec<f32> = (0..16_000 * 60)
        .map(|n| {
            let beat = f32::from(u8::from(n % 8_000 < 6_000));
            beat * 0.3 * (n as f32 * 0.9).sin()
        })
        .collect();
    call.aws.silent_streams = true;
    call.aws.stream_mut(Customer).silent = true;
    call.speak(Customer, sound);
    call.run(ms(62_000));
    let streams = call.aws.streams_of(Customer).len();
    assert!((3..=6).contains(&streams), "{streams}");
    assert_eq!(
        call.states(),
        [
            State::Running,
            State::Reconnecting,
            State::Running,
            State::Degraded
        ]
    );
    assert_eq!(call.session.level(Customer), Level::Original);
    // It hears again: all is well, and nothing of the music is in the way.
    call.aws.silent_streams = false;
    call.aws.stream_mut(Customer).silent = false;
    call.customer_says(["Hola."]);
    call.drive();
    assert_eq!(call.heard_by(Agent), ["Hello."]);
    assert_eq!(call.states().last(), Some(&State::Running));
    // What was given up is told of, piece by piece and once.
    let mut until = 0.0;
    let mut unanswered = 0.0;
    for told in &call.told {
        if let Event::Gap { at_ms, lost_ms, .. } = told.event {
            assert!(at_ms >= until - 1.0, "{at_ms} after {until}");
            until = at_ms + lost_ms;
            unanswered += lost_ms;
        }
    }
    assert!((20_000.0..=62_500.0).contains(&unanswered), "{unanswered}");
}

#[test]
fn a_session_is_carried_on_and_its_times_may_go_on_or_begin_anew() {
    for times_go_on in [false, true] {
        let mut call = Call::new(config());
        call.aws.times_go_on = times_go_on;
        call.run(ms(2_000));
        call.customer_says(["uno dos tres, cuatro cinco."]);
        call.run_until("a clause is committed", |call| {
            !call.translated(Customer).is_empty()
        });
        kill(&mut call);
        call.customer_says(["seis siete, ocho nueve."]);
        call.drive();
        call.run(ms(2_000));
        call.drive();
        assert_eq!(
            call.translated(Customer).join(" "),
            "uno dos tres, cuatro cinco. seis siete, ocho nueve.",
            "{times_go_on}"
        );
        let streams = call.aws.streams_of(Customer);
        let ids: Vec<&String> = streams.iter().map(|s| &s.query["session-id"]).collect();
        assert_eq!(ids[0], ids[1]);
        assert_eq!(streams[1].query["session-resume-window"], "300");
        // Words are dated when they were said, whatever the stream's clock is.
        let late = call.told.iter().rev().find_map(|told| match &told.event {
            Event::Latency { marks, .. } => Some(marks.committed_ms? - marks.captured_ms?),
            _ => None,
        });
        assert!((0.0..5_000.0).contains(&late.unwrap()), "{late:?}");
    }
}

#[test]
fn a_session_that_was_refused_is_begun_anew() {
    let mut call = Call::new(config());
    call.customer_says(["Hola."]);
    call.drive();
    call.aws.refuse_handshakes = 1;
    kill(&mut call);
    call.customer_says(["¿Puede ayudarme?"]);
    call.drive();
    assert_eq!(call.heard_by(Agent), ["Hello.", "Can you help me?"]);
    let streams = call.aws.streams_of(Customer);
    assert_ne!(
        streams[0].query["session-id"],
        streams[1].query["session-id"]
    );
}
