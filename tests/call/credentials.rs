//! Credentials: one request at a time, ahead of time, also when things go wrong.

use crate::common::*;
use connect_interpreter::error::ErrorCode;
use connect_interpreter::event::State;
use connect_interpreter::session::{Input, SocketInput};
use connect_interpreter::speaker::Speaker::{self, Agent, Customer};
use connect_interpreter::time::{Timestamp, UnixTime};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn they_are_refreshed_five_minutes_ahead_with_one_request_in_flight() {
    let mut call = Call::prepared(config(), |aws| {
        aws.keep_pcm = false;
        aws.credentials_live = Some(ms(20 * 60_000));
    });
    call.run(ms(15 * 60_000 - 1_000));
    assert_eq!(call.aws.credentials_asked, 1);
    call.run(ms(2_000));
    assert_eq!(call.aws.credentials_asked, 2);
    // Every 15 of their 20 minutes.
    call.run(ms(45 * 60_000));
    assert_eq!(call.aws.credentials_asked, 5);
    assert_eq!(call.aws.most_credentials_in_flight, 1);
    assert_eq!(call.aws.streams.len(), 2);
    call.customer_says(["Hola."]);
    call.drive();
    assert_eq!(call.heard_by(Agent), ["Hello."]);
    assert_eq!(call.errors(), []);
}

#[test]
fn a_provider_that_fails_is_told_and_asked_again() {
    let mut call = Call::prepared(config(), |aws| aws.credentials_fail = 2);
    call.customer_says(["Hola."]);
    call.run_until("running", |call| call.states() == [State::Running]);
    call.drive();
    assert_eq!(call.errors(), [ErrorCode::CredentialsUnavailable; 2]);
    assert_eq!(call.aws.credentials_asked, 3);
    assert_eq!(call.aws.most_credentials_in_flight, 1);
    // What was said in the meantime is not lost.
    assert_eq!(call.heard_by(Agent), ["Hello."]);
}

#[test]
fn a_failed_refresh_does_not_end_the_call() {
    let mut call = Call::prepared(config(), |aws| {
        aws.keep_pcm = false;
        aws.credentials_live = Some(ms(12 * 60_000));
    });
    call.run(ms(60_000));
    call.aws.credentials_fail = 3;
    call.run(ms(9 * 60_000));
    // Told the first and the second time, and then ever more rarely.
    assert_eq!(call.errors(), [ErrorCode::CredentialsUnavailable; 2]);
    assert_eq!(call.aws.credentials_asked, 5);
    call.customer_says(["Hola."]);
    call.drive();
    assert_eq!(call.heard_by(Agent), ["Hello."]);
    assert_eq!(call.states(), [State::Running]);
}

#[test]
fn revoked_credentials_are_replaced_and_the_request_sent_again() {
    let mut call = Call::new(config());
    call.run(ms(500));
    call.aws.revoked.push("AKID1".into());
    call.customer_says(["Hola."]);
    call.drive();
    assert_eq!(call.heard_by(Agent), ["Hello."]);
    assert_eq!(call.aws.credentials_asked, 2);
    assert_eq!(call.errors(), []);
}

#[test]
fn refused_handshakes_renew_the_credentials_and_then_are_an_error() {
    let mut call = Call::new(config());
    call.aws.refuse_handshakes = usize::MAX;
    call.run_until("given up", |call| call.states().contains(&State::Degraded));
    assert!(call.aws.credentials_asked >= 2);
    assert!(call.errors().contains(&ErrorCode::AccessDenied));
    assert!(call.now.as_millis_f64() < 15_000.0);
    let asked = call.aws.credentials_asked;
    call.run(ms(20_000));
    assert!(call.aws.credentials_asked - asked <= 4);
    // It is tried again later: perhaps it was the line.
    call.aws.refuse_handshakes = 0;
    call.run_until("running", |call| {
        call.states().last() == Some(&State::Running)
    });
    call.customer_says(["Hola."]);
    call.drive();
    assert_eq!(call.heard_by(Agent), ["Hello."]);
}

/// Ends the streams of both, so that new URLs are needed.
fn kill_streams(call: &mut Call) {
    for speaker in Speaker::BOTH {
        let stream = call.aws.stream_mut(speaker);
        stream.open = false;
        let id = stream.id;
        let (code, clean) = (1006, false);
        call.input(
            speaker,
            Input::Socket(id, SocketInput::Closed { code, clean }),
        );
    }
}

/// Both say something; both are heard.
fn talk(call: &mut Call) {
    let (agent, customer) = (call.heard_by(Agent).len(), call.heard_by(Customer).len());
    call.customer_says(["Hola.", "¿Puede ayudarme?"]);
    call.agent_says(["Thank you."]);
    call.drive();
    assert_eq!(
        call.heard_by(Agent)[agent..],
        ["Hello.", "Can you help me?"]
    );
    assert_eq!(call.heard_by(Customer)[customer..], ["Gracias."]);
}

/// Lets time pass in which nobody says anything.
fn idle_until(call: &mut Call, second: u64) {
    for speaker in Speaker::BOTH {
        call.players[speaker].keep = false;
    }
    let past = call.now.since(Timestamp::ZERO);
    call.run(ms(second * 1_000).saturating_sub(past));
    for speaker in Speaker::BOTH {
        call.players[speaker].keep = true;
    }
}

const HOURS: i64 = 2 * 3_600;

#[test]
fn a_clock_two_hours_off_is_corrected_from_the_very_start() {
    for (skew, hide_date) in [
        (HOURS, false),
        (-HOURS, false),
        (HOURS, true),
        (-HOURS, true),
    ] {
        let mut call = Call::prepared(config(), |aws| {
            aws.keep_pcm = false;
            aws.hide_date = hide_date;
            aws.credentials_live = Some(ms(12 * 60_000));
        });
        call.clock_skew = skew;
        talk(&mut call);
        // One handshake each was signed for the wrong time, and one question
        // told the right one: by the date, or by the refusal's own words.
        assert_eq!(call.aws.wrong_urls, ["the date"; 2], "{skew}");
        assert_eq!(call.aws.probes, 1);
        assert_eq!(
            (call.errors(), call.states()),
            (vec![], vec![State::Running])
        );
        // The credentials were good all the time, and are replaced five minutes
        // before their true end.
        assert_eq!(call.aws.credentials_asked, 1);
        if hide_date {
            continue;
        }
        idle_until(&mut call, 415);
        assert_eq!(call.aws.credentials_asked, 1);
        idle_until(&mut call, 425);
        assert_eq!(call.aws.credentials_asked, 2);
        // The new ones come with the same wrong clock.
        kill_streams(&mut call);
        talk(&mut call);
        assert_eq!(call.aws.wrong_urls.len(), 2);
        assert_eq!(call.errors(), []);
    }
}

#[test]
fn a_clock_two_hours_off_is_found_by_a_typed_text_too() {
    for skew in [-HOURS, HOURS] {
        for hide_date in [false, true] {
            let mut call = Call::prepared(config(), |aws| aws.hide_date = hide_date);
            call.aws.refuse_handshakes = 3;
            call.clock_skew = skew;
            let text = "good morning".into();
            let translate = true;
            call.input(Agent, Input::Say { text, translate });
            call.drive();
            assert_eq!(call.heard_by(Customer), ["es: good morning"]);
            assert_eq!(call.errors(), []);
        }
    }
}

#[test]
fn a_clock_that_is_put_right_or_wrong_in_a_call_costs_nothing() {
    for (before, after) in [(HOURS, 0), (-HOURS, 0), (0, HOURS), (0, -HOURS)] {
        let mut call = Call::new(config());
        call.clock_skew = before;
        talk(&mut call);
        let wrong = call.aws.wrong_urls.len();
        call.clock_skew = after;
        let wall = UnixTime::from_secs((WALL as i64 + after) as u64);
        let wall = wall + call.now.since(Timestamp::ZERO);
        call.input(Agent, Input::Clock(wall));
        kill_streams(&mut call);
        talk(&mut call);
        // One that is put right is believed at once.
        let most = if after == 0 { 0 } else { 2 };
        assert!(
            call.aws.wrong_urls.len() - wrong <= most,
            "{before} {after}"
        );
        assert_eq!((call.errors(), call.aws.credentials_asked), (vec![], 1));
    }
}

#[test]
fn credentials_may_expire_in_the_middle_of_an_utterance() {
    // The words take 520 ms, the final result 600 ms, then Translate, then Polly.
    let step = if cfg!(target_family = "wasm") {
        400
    } else {
        100
    };
    for before in (0..2_000).step_by(step) {
        let mut call = Call::prepared(config(), |aws| {
            aws.credentials_live = Some(ms(20_000));
        });
        call.run(ms(5_000));
        call.aws.credentials_fail = usize::MAX;
        call.run(ms(20_040 - before).saturating_sub(call.now.since(Timestamp::ZERO)));
        call.customer_says(["una frase."]);
        // They end; and the provider gives none for three seconds more.
        call.run(ms(before + 3_000));
        call.aws.credentials_fail = 0;
        call.drive();
        assert_eq!(call.heard_by(Agent), ["en: una frase."], "{before}");
        let mut errors = call.errors();
        errors.dedup();
        assert_eq!(errors, [ErrorCode::CredentialsUnavailable]);
        assert_eq!(call.aws.most_credentials_in_flight, 1);
    }
}

#[test]
fn a_provider_that_fails_three_times_loses_nothing() {
    // At the start of the call.
    let mut call = Call::prepared(config(), |aws| aws.credentials_fail = 3);
    call.customer_says(["Hola."]);
    call.run_until("running", |call| call.states() == [State::Running]);
    call.drive();
    assert_eq!(call.heard_by(Agent), ["Hello."]);
    assert_eq!(call.aws.credentials_asked, 4);
    assert_eq!(call.errors(), [ErrorCode::CredentialsUnavailable; 2]);
    // When a service refuses what is held, in the middle of a sentence.
    call.aws.credentials_fail = 3;
    call.aws.revoked.push("AKID4".into());
    talk(&mut call);
    assert_eq!(call.aws.credentials_asked, 8);
    assert_eq!(call.states(), [State::Running]);
}

#[test]
fn a_provider_that_hangs_is_told_and_asked_again() {
    for late in [None, Some(ms(10_500)), Some(ms(25_000))] {
        let mut call = Call::prepared(config(), |aws| aws.credentials_hang = vec![late]);
        call.customer_says(["Hola."]);
        call.run(ms(10_020));
        // Not silent for ever, nor degraded yet.
        assert_eq!(call.errors(), [ErrorCode::CredentialsUnavailable]);
        assert_eq!(call.session.state(), State::Connecting);
        call.run_until("running", |call| call.states() == [State::Running]);
        assert!(call.now.as_millis_f64() < 12_000.0);
        call.drive();
        assert_eq!(call.heard_by(Agent), ["Hello."]);
        talk(&mut call);
        assert_eq!(call.errors(), [ErrorCode::CredentialsUnavailable]);
    }
}

#[test]
fn a_provider_that_hangs_when_asked_again_is_not_missed() {
    let mut call = Call::prepared(config(), |aws| {
        aws.keep_pcm = false;
        aws.credentials_live = Some(ms(10 * 60_000));
    });
    idle_until(&mut call, 4 * 60);
    call.aws.credentials_hang = vec![None, None, None];
    call.run(ms(90_000));
    // While the old ones live nobody notices.
    kill_streams(&mut call);
    talk(&mut call);
    assert_eq!(call.aws.credentials_asked, 4);
    assert_eq!(call.errors(), [ErrorCode::CredentialsUnavailable; 2]);
    idle_until(&mut call, 610);
    assert_eq!(call.aws.credentials_asked, 5);
    kill_streams(&mut call);
    talk(&mut call);
    assert_eq!(call.states().last(), Some(&State::Running));
}

#[test]
fn an_expired_token_is_replaced_whoever_says_so() {
    // Translate or Polly.
    let mut call = Call::new(config());
    call.run(ms(3_000));
    call.aws.expired.push("AKID1".into());
    talk(&mut call);
    assert_eq!((call.errors(), call.aws.credentials_asked), (vec![], 2));
    // Transcribe says nothing but no; the question why is answered.
    let probes = call.aws.probes;
    call.aws.expired.push("AKID2".into());
    kill_streams(&mut call);
    talk(&mut call);
    assert_eq!((call.errors(), call.aws.credentials_asked), (vec![], 3));
    assert_eq!(call.aws.probes, probes + 1);
    assert_eq!(call.aws.wrong_urls, ["ExpiredTokenException"; 2]);
    assert_eq!(call.states().last(), Some(&State::Running));
}

#[test]
fn a_line_that_is_down_costs_no_credentials() {
    let mut call = Call::new(config());
    call.run(ms(1_000));
    call.aws.credentials_fail = usize::MAX;
    call.aws.refuse_handshakes = 4;
    kill_streams(&mut call);
    call.run(ms(8_000));
    talk(&mut call);
    assert_eq!(call.states().last(), Some(&State::Running));
}
