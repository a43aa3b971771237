//! Credentials: one request at a time, ahead of time, also when things go wrong.

use crate::common::*;
use connect_interpreter::error::ErrorCode;
use connect_interpreter::event::State;
use connect_interpreter::speaker::Speaker::Agent;
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
    assert_eq!(call.errors(), [ErrorCode::CredentialsUnavailable; 3]);
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

#[test]
fn a_clock_that_is_ten_minutes_off_is_corrected() {
    for skew in [-600, 600] {
        let mut call = Call::new(config());
        call.clock_skew = skew;
        // The socket cannot say what is wrong; a request's answer can.
        call.input(
            Agent,
            connect_interpreter::session::Input::Say {
                text: "good morning".into(),
                translate: true,
            },
        );
        call.run_until("running", |call| {
            call.states().last() == Some(&State::Running)
        });
        call.customer_says(["Hola."]);
        call.drive();
        assert_eq!(call.heard_by(Agent), ["Hello."], "{skew}");
    }
}
