//! What goes wrong in the AWS sample "Amazon Connect Voice to Voice
//! translation", by the numbers of its defects.

use crate::common::aws::transcribe::transcript_event;
use crate::common::*;
use connect_interpreter::audio::pcm::to_i16;
use connect_interpreter::session::{Input, SocketInput};
use connect_interpreter::speaker::Speaker::{Agent, Customer};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use serde_json::{Value, json};

/// 1: Audio longer than 250 ms in one read is thrown away.
#[test]
fn defect_1_a_long_read_is_sent_whole() {
    let mut call = Call::new(config());
    call.run(ms(500));
    call.taps[Customer].running = false;
    let mut sound = call.aws.vocabulary.say("Hola. ¿Puede ayudarme?", 16_000);
    sound.resize(32_000, 0.0);
    let first_frame = call.taps[Customer].frame;
    let input = Input::Audio {
        rate_hz: 16_000,
        first_frame,
        samples: &sound,
    };
    call.input(Customer, input);
    call.drive();
    let voiced = sound.iter().filter(|sample| to_i16(**sample) != 0).count();
    let sent = &call.aws.stream(Customer).pcm;
    let sent = sent.iter().filter(|sample| **sample != 0).count();
    assert_eq!(sent, voiced);
    assert_eq!(
        call.translated(Customer).join(" "),
        "Hola. ¿Puede ayudarme?"
    );
}

/// 2: The declared rate is another one than the captured audio's.
#[test]
fn defect_2_a_headset_at_any_rate_is_understood() {
    for rate in [8_000, 16_000, 32_000, 44_100, 48_000] {
        let mut call = Call::new(options().resolve(48_000).unwrap());
        call.change_rate(Customer, rate);
        call.customer_says(["Hola."]);
        call.drive();
        assert_eq!(call.heard_by(Agent), ["Hello."], "{rate}");
        assert_eq!(call.aws.stream(Customer).query["sample-rate"], "16000");
    }
}

/// 9: A short later sentence is spoken before a long earlier one.
#[test]
fn defect_9_a_short_sentence_does_not_overtake_a_long_one() {
    let mut call = Call::new(config());
    let long = "una frase larguisima tarda muchisimo.";
    call.aws
        .translate
        .text_delays
        .insert(long.into(), ms(2_500));
    call.aws
        .polly
        .text_delays
        .insert(format!("en: {long}"), ms(1_500));
    call.customer_says([long, "Hola."]);
    call.drive();
    assert_eq!(
        call.heard_by(Agent),
        [format!("en: {long}"), "Hello.".into()]
    );
}

fn items(tokens: &[&str]) -> Vec<Value> {
    tokens
        .iter()
        .enumerate()
        .map(|(n, token)| {
            let mark = !token.chars().any(char::is_alphanumeric);
            json!({"StartTime": 0.2 * n as f64, "EndTime": 0.2 * n as f64 + 0.2, "Content": token,
                "Type": if mark { "punctuation" } else { "pronunciation" }, "Stable": true})
        })
        .collect()
}

fn result(id: &str, is_partial: bool, text: &str, tokens: &[&str]) -> Value {
    json!({"ResultId": id, "StartTime": 0.0, "EndTime": 2.0, "IsPartial": is_partial,
        "Alternatives": [{"Transcript": text, "Items": items(tokens)}]})
}

fn hear(call: &mut Call, results: &[Value]) {
    let bytes = transcript_event(&json!({"Transcript": {"Results": results}}));
    let id = call.aws.stream(Customer).id;
    call.input(Customer, Input::Socket(id, SocketInput::Message(&bytes)));
}

/// 12: Tokens are joined with spaces, and only `, . ! ?` end a clause.
#[test]
fn defect_12_every_script_has_its_clauses_and_its_spaces() {
    type Case = (&'static str, &'static [&'static str], [&'static str; 2]);
    let cases: [Case; 5] = [
        (
            "zh-CN",
            &["你好", "先生", "，", "请", "等", "。"],
            ["你好先生，", "请等。"],
        ),
        (
            "ja-JP",
            &["少々", "お待ち", "、", "すぐ", "に", "。"],
            ["少々お待ち、", "すぐに。"],
        ),
        (
            "th-TH",
            &["สวัสดี", "ครับ", ",", "รอ", "สักครู่", "."],
            ["สวัสดีครับ,", "รอสักครู่."],
        ),
        (
            "hi-IN",
            &["नमस्ते", "जी", "।", "कृपया", "रुकिए", "।"],
            ["नमस्ते जी।", "कृपया रुकिए।"],
        ),
        (
            "ar-SA",
            &["مرحبا", "سيدي", "،", "انتظر", "لحظة", "؟"],
            ["مرحبا سيدي،", "انتظر لحظة؟"],
        ),
    ];
    for (language, tokens, expected) in cases {
        let mut options = options();
        options.customer.language = Some(language.into());
        options.agent.voice = None;
        let mut call = Call::new(options.resolve(16_000).unwrap());
        call.run(ms(500));
        let text = tokens.join(" ");
        hear(&mut call, &[result("a", true, &text, &tokens[..4])]);
        hear(&mut call, &[result("a", false, &text, tokens)]);
        call.run(ms(3_000));
        assert_eq!(call.translated(Customer), expected, "{language}");
    }
}

/// 17: Only the first result and the first stable clause of an event are read,
/// and a final with no items loses words.
#[test]
fn defect_17_all_results_and_clauses_are_read_and_a_final_needs_no_items() {
    let mut call = Call::new(config());
    call.run(ms(500));
    hear(
        &mut call,
        &[
            result("a", false, "uno dos.", &["uno", "dos", "."]),
            result(
                "b",
                true,
                "tres cuatro, cinco seis, siete",
                &["tres", "cuatro", ",", "cinco", "seis", ",", "siete"],
            ),
        ],
    );
    hear(
        &mut call,
        &[result(
            "b",
            false,
            "tres cuatro, cinco seis, siete ocho.",
            &[],
        )],
    );
    hear(
        &mut call,
        &[result("c", false, "nueve diez.", &["nueve", "diez", "."])],
    );
    call.run(ms(3_000));
    assert_eq!(
        call.translated(Customer),
        [
            "uno dos.",
            "tres cuatro, cinco seis,",
            "siete ocho.",
            "nueve diez."
        ]
    );
}
