//! Mute and hold in any order: what may be heard is heard, and nothing else.

use crate::common::*;
use connect_interpreter::audio::pcm::{to_f32, to_i16};
use connect_interpreter::event::{Event, Outcome};
use connect_interpreter::random::Random;
use connect_interpreter::session::Input;
use connect_interpreter::speaker::Speaker::{self, Agent, Customer};
use std::ops::Range;
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Samples that say which they are: none is zero, and two that are alike are
/// 1.5 s apart.
const CODES: u64 = 24_000;

fn coded(count: u64) -> Vec<f32> {
    let code = |n| to_f32(i16::try_from(1 + n % CODES).unwrap());
    (0..count).map(code).collect()
}

fn below(random: &mut Random, n: u64) -> u64 {
    random.next_u64() % n
}

/// What was told to the session: from a frame on.
#[derive(Clone, Copy)]
enum Told {
    Mute(Speaker, bool),
    Hold(bool),
}

impl Told {
    const fn input(self, from_frame: Option<u64>) -> (Speaker, Input<'static>) {
        match self {
            Self::Mute(speaker, muted) => (speaker, Input::Mute { muted, from_frame }),
            Self::Hold(held) => (Agent, Input::Hold { held, from_frame }),
        }
    }

    fn any(random: &mut Random) -> Self {
        let on = below(random, 2) == 1;
        match below(random, 3) {
            0 => Self::Mute(Agent, on),
            1 => Self::Mute(Customer, on),
            _ => Self::Hold(on),
        }
    }
}

/// The frames at which a speaker may not be heard.
fn shut(told: &[(u64, Told)], speaker: Speaker, end: u64) -> Vec<Range<u64>> {
    let (mut muted, mut held, mut since) = (false, false, None);
    let mut ranges = Vec::new();
    for (frame, what) in told {
        match what {
            Told::Mute(of, on) if *of == speaker => muted = *on,
            Told::Mute(..) => {}
            Told::Hold(on) => held = *on,
        }
        match (since, muted || held) {
            (None, true) => since = Some(*frame),
            (Some(from), false) => {
                ranges.push(from..*frame);
                since = None;
            }
            _ => {}
        }
    }
    ranges.extend(since.map(|from| from..end));
    ranges
}

#[test]
fn every_sample_that_may_be_heard_is_and_no_other() {
    for seed in 0..60 {
        let mut random = Random::new(seed);
        let mut call = Call::seeded(config(), seed);
        call.run(ms(1_000));
        let first = call.taps[Agent].frame;
        assert_eq!(first, call.taps[Customer].frame);
        for speaker in Speaker::BOTH {
            call.speak(speaker, coded(CODES * 4));
        }
        let (mut told, mut latest) = (Vec::new(), 0);
        while call.taps[Agent].frame < first + CODES * 4 - 8_000 {
            call.run(ms(below(&mut random, 300)));
            for _ in 0..=below(&mut random, 3) {
                let what = Told::any(&mut random);
                let now = call.taps[Agent].frame;
                let at_once = latest <= now && below(&mut random, 3) == 0;
                latest = latest.max(now)
                    + if at_once {
                        0
                    } else {
                        below(&mut random, 2_000)
                    };
                told.push((latest, what));
                let (speaker, input) = what.input((!at_once).then_some(latest));
                call.input(speaker, input);
            }
        }
        call.run(ms(2_000));
        for speaker in Speaker::BOTH {
            let ranges = shut(&told, speaker, u64::MAX);
            let expected: Vec<i16> = (first..)
                .zip(coded(CODES * 4))
                .filter(|(frame, _)| !ranges.iter().any(|range| range.contains(frame)))
                .map(|(_, sample)| to_i16(sample))
                .collect();
            let mut got = call.aws.stream(speaker).pcm.clone();
            got.retain(|sample| *sample != 0);
            assert!(got == expected, "seed {seed}, {speaker}: {ranges:?}");
        }
    }
}

#[test]
fn a_command_that_comes_late_silences_whatever_was_not_sent() {
    for seed in 0..30 {
        let mut random = Random::new(seed);
        let mut call = Call::seeded(config(), seed);
        for speaker in Speaker::BOTH {
            call.change_rate(speaker, 48_000);
        }
        call.run(ms(1_000));
        for speaker in Speaker::BOTH {
            call.speak(speaker, vec![0.25; 48_000 * 3]);
        }
        call.run(ms(500 + below(&mut random, 500)));
        let late = below(&mut random, 4_800);
        let held = below(&mut random, 2) == 1;
        let frame = Some(call.taps[Agent].frame - late);
        let sent = call.aws.stream(Agent).pcm.len();
        let what = if held {
            Told::Hold(true)
        } else {
            Told::Mute(Agent, true)
        };
        let (speaker, input) = what.input(frame);
        call.input(speaker, input);
        call.run(ms(1_000));
        let after = &call.aws.stream(Agent).pcm[sent..];
        let loud = after.iter().filter(|sample| **sample != 0).count() as u64;
        // What was captured before the frame and not sent: less than a message.
        assert!(
            loud <= 800_u64.saturating_sub(late / 3) + 3,
            "{seed}: {loud}"
        );
        let last = after.iter().rposition(|sample| *sample != 0);
        assert!(last.is_none_or(|last| last < loud as usize), "{seed}");
    }
}

fn hold(held: bool) -> Input<'static> {
    Told::Hold(held).input(None).1
}

/// The agent says six words; while the fourth is said, something happens
/// that is too short to end the sentence.
fn interrupted(mut interrupt: impl FnMut(&mut Call, bool)) -> Call {
    let mut call = Call::new(config());
    call.run(ms(500));
    let sentence = "one two three four five six.";
    call.agent_says([sentence]);
    call.run(ms(780));
    interrupt(&mut call, true);
    call.run(ms(240));
    interrupt(&mut call, false);
    call.drive();
    assert_eq!(
        call.finals(Agent).len(),
        1,
        "{:?} {:?}",
        call.finals(Agent),
        call.heard_by(Customer)
    );
    call
}

#[test]
fn after_a_moment_of_mute_or_hold_the_sentence_goes_on_without_what_was_before() {
    for call in [
        interrupted(|call, on| call.mute(Agent, on)),
        interrupted(|call, on| call.input(Customer, hold(on))),
    ] {
        let heard = call.heard_by(Customer);
        assert_eq!(heard.len(), 1, "{heard:?}");
        assert!(heard[0].ends_with("five six."), "{heard:?}");
        assert!(!heard[0].contains("three"), "{heard:?}");
        // All of it stays in the transcript.
        assert!(call.finals(Agent)[0].starts_with("one two three five"));
        assert_eq!(call.utterances(|o| o == Outcome::Dropped).len(), 1);
    }
}

#[test]
fn what_was_said_before_the_mute_is_finished_if_the_speaker_wishes() {
    let mut options = options();
    options.agent.on_mute = Some(true);
    let mut call = Call::new(options.resolve(16_000).unwrap());
    call.agent_says(["one long sentence that takes a while.", "two more words."]);
    call.agent_says(["secret words here."]);
    call.run_until("the first is heard", |call| !call.players[Agent].is_idle());
    call.run_until("the second was said", |call| call.finals(Agent).len() == 2);
    call.mute(Agent, true);
    call.drive();
    assert_eq!(call.players[Agent].stops, 0);
    assert_eq!(
        call.heard_by(Customer),
        [
            "es: one long sentence that takes a while.",
            "es: two more words."
        ]
    );
    assert!(call.utterances(|o| o == Outcome::Dropped).is_empty());
    // Hold does not wait for anybody.
    call.mute(Agent, false);
    call.agent_says(["three words more."]);
    call.run_until("it is heard", |call| !call.players[Agent].is_idle());
    call.input(Agent, hold(true));
    assert_eq!(call.players[Agent].stops, 1);
}

#[test]
fn typed_text_is_spoken_while_the_speaker_is_muted() {
    let mut call = Call::new(config());
    call.run(ms(500));
    call.mute(Agent, true);
    call.agent_says(["secret words here."]);
    let text = "Un momento".to_owned();
    call.input(
        Agent,
        Input::Say {
            text,
            translate: false,
        },
    );
    call.drive();
    assert_eq!(call.heard_by(Customer), ["Un momento"]);
    let secret = |told: &crate::common::Told| matches!(told.event, Event::Translation { .. });
    assert_eq!(call.told.iter().filter(|told| secret(told)).count(), 1);
}
