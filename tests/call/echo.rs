//! What we spoke ourselves, heard again through a loudspeaker.

use crate::common::*;
use connect_interpreter::event::{Event, Outcome};
use connect_interpreter::random::Random;
use connect_interpreter::session::Input;
use connect_interpreter::speaker::Speaker::{self, Agent, Customer};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// What is said, and what is heard of it: by the customer, by the agent.
const TURNS: [[(&str, &str); 2]; 10] = [
    [
        ("buenos días.", "good morning."),
        ("hello, how may I help?", "hola, ¿cómo puedo ayudar?"),
    ],
    [
        (
            "tengo una maleta perdida desde ayer.",
            "I lost my suitcase yesterday.",
        ),
        ("oh no.", "oh, no."),
    ],
    [("sí.", "yes."), ("which flight was it?", "¿qué vuelo fue?")],
    [
        (
            "el vuelo de Madrid, creo.",
            "the flight from Madrid, I think.",
        ),
        ("thank you.", "gracias."),
    ],
    [
        ("una maleta azul.", "a blue suitcase."),
        (
            "a blue suitcase, I see. which flight was it?",
            "una maleta azul, ya veo. ¿qué vuelo fue?",
        ),
    ],
    [("gracias.", "thank you."), ("thank you.", "gracias.")],
    [
        ("¿cuándo llega?", "when will it come?"),
        ("it will come today.", "llega hoy."),
    ],
    [("llega hoy.", "it will come today."), ("yes.", "sí.")],
    [
        (
            "ya veo, gracias. ¿qué puedo hacer?",
            "I see, thank you. what can I do?",
        ),
        ("you can wait.", "puedo esperar."),
    ],
    [
        ("hola, buenos días.", "hello, good morning."),
        ("hello.", "hola."),
    ],
];

fn call_with(guard: bool) -> Call {
    let mut options = options();
    options.agent.echo_guard = Some(guard);
    options.customer.echo_guard = Some(guard);
    let mut call = Call::new(options.resolve(16_000).unwrap());
    call.aws.hears_clips = true;
    for [(said, meant), (back, meant_back)] in TURNS {
        call.aws.phrasebook.insert(said, meant);
        call.aws.phrasebook.insert(back, meant_back);
    }
    call
}

/// A person says it, in a manner of their own.
fn say(call: &mut Call, speaker: Speaker, sentence: &str, manner: u64) {
    let sound = call.aws.vocabulary.say_so(sentence, manner);
    call.speak(speaker, sound);
}

fn committed(call: &Call) -> usize {
    call.utterances(|o| o == Outcome::Committed).len()
}

fn echoes(call: &Call, of: Speaker) -> usize {
    let is = |event: &Event| matches!(event, Event::Echo { speaker, .. } if *speaker == of);
    call.told.iter().filter(|told| is(&told.event)).count()
}

/// What was shown as somebody's words, even if only for a moment.
fn shown(call: &Call, of: Speaker) -> Vec<&str> {
    let texts = call.told.iter().filter_map(|told| match &told.event {
        Event::Transcript { speaker, text, .. } if *speaker == of => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

fn words(text: &str) -> Vec<String> {
    let bare = |word: &str| word.chars().filter(|c| c.is_alphanumeric()).collect();
    text.split_whitespace().map(bare).collect()
}

/// Runs the turns with loudspeakers on both sides.
fn twenty_turns(delay: u64, room: bool, seed: u64) {
    let name = format!("{delay} ms, room: {room}, seed {seed}");
    let mut random = Random::new(seed);
    let mut call = call_with(true);
    for speaker in Speaker::BOTH {
        let delay = ms(delay);
        call.loudspeakers[speaker] = Some(if room {
            Loudspeaker::in_a_room(delay, random.next_u64())
        } else {
            Loudspeaker::new(delay)
        });
    }
    call.run(ms(500));
    for turn in TURNS {
        for (speaker, (sentence, _)) in [Customer, Agent].into_iter().zip(turn) {
            say(&mut call, speaker, sentence, random.next_u64());
            call.drive();
            // Whoever answers has heard it to its end, in their room too.
            call.run(ms(350 + random.next_u64() % 1_000));
        }
    }
    call.run(ms(3_000));
    for (side, speaker) in [Customer, Agent].into_iter().enumerate() {
        let said: Vec<&str> = TURNS.iter().map(|turn| turn[side].0).collect();
        assert_eq!(call.finals(speaker), said, "{name}");
        let interpreted = call.translated(speaker).join(" ");
        assert_eq!(interpreted, said.join(" "), "{name}");
        // Each of what the other one said was heard again, and known.
        assert!(echoes(&call, speaker) >= TURNS.len(), "{name}");
        for text in shown(&call, speaker) {
            let words = words(text);
            let theirs = said
                .iter()
                .any(|said| self::words(said).starts_with(&words));
            assert!(theirs, "{name}: {text:?} was never said by the {speaker}");
        }
    }
    assert_eq!(call.errors(), [], "{name}");
}

#[test]
fn no_loop_in_twenty_turns() {
    let delays: &[u64] = if cfg!(target_family = "wasm") {
        &[150]
    } else {
        &[80, 130, 210, 300]
    };
    for delay in delays {
        twenty_turns(*delay, false, *delay);
    }
}

#[test]
fn no_loop_in_twenty_turns_in_a_noisy_room() {
    let delays: &[u64] = if cfg!(target_family = "wasm") {
        &[150]
    } else {
        &[80, 130, 210, 300]
    };
    for (seed, delay) in delays.iter().enumerate() {
        twenty_turns(*delay, true, seed as u64);
    }
}

/// The loop is real: without the guard one sentence is enough for it.
#[test]
fn without_the_guard_there_is_a_loop() {
    let mut call = call_with(false);
    for speaker in Speaker::BOTH {
        call.loudspeakers[speaker] = Some(Loudspeaker::new(ms(150)));
    }
    call.run(ms(500));
    say(&mut call, Customer, "¿cuándo llega?", 1);
    call.run(ms(20_000));
    assert!(committed(&call) > 4, "{}", committed(&call));
    assert_eq!(echoes(&call, Agent) + echoes(&call, Customer), 0);
    // And it is the setting that ends it.
    let guarded = SpeakerGuard::on();
    for speaker in Speaker::BOTH {
        let config = guarded.of(speaker);
        call.input(speaker, Input::Configure(Box::new(config)));
    }
    call.run(ms(8_000));
    let then = committed(&call);
    call.run(ms(20_000));
    assert_eq!(committed(&call), then);
}

struct SpeakerGuard(connect_interpreter::config::SessionConfig);

impl SpeakerGuard {
    fn on() -> Self {
        Self(config())
    }

    fn of(&self, speaker: Speaker) -> connect_interpreter::config::SpeakerConfig {
        self.0.speakers[speaker].clone()
    }
}

/// What is said again is said again: one's own sentence, and the one that was
/// just heard; with loudspeakers and with headphones.
#[test]
fn a_person_who_repeats_a_sentence_is_interpreted_both_times() {
    for (seed, loudspeaker) in [(1, true), (2, true), (3, false), (4, true), (5, false)] {
        let mut call = call_with(true);
        if loudspeaker {
            for speaker in Speaker::BOTH {
                call.loudspeakers[speaker] = Some(Loudspeaker::in_a_room(ms(180), seed));
            }
        }
        call.run(ms(500));
        say(&mut call, Customer, "¿cuándo llega?", seed);
        call.pause(Customer, ms(1_200));
        say(&mut call, Customer, "¿cuándo llega?", seed + 10);
        call.drive();
        call.run(ms(400));
        // The agent says what was just spoken to them, as soon as it has ended.
        say(&mut call, Agent, "when will it come?", seed + 20);
        call.drive();
        call.run(ms(400));
        say(&mut call, Agent, "when will it come?", seed + 30);
        call.drive();
        call.run(ms(2_000));
        let name = format!("seed {seed}");
        assert_eq!(call.translated(Customer), ["¿cuándo llega?"; 2], "{name}");
        let said = call.translated(Agent);
        assert_eq!(said, ["when will it come?"; 2], "{name}");
        assert_eq!(committed(&call), 4, "{name}");
        assert_eq!(echoes(&call, Agent) > 0, loudspeaker, "{name}");
    }
}

/// With headphones there is no echo: who repeats a sentence while it is being
/// played is somebody who speaks. Only the pace tells them from an echo, and the
/// tones of these tests have little of it: recorded speech is in
/// `src/pipeline/echo_guard/tests.rs`.
#[test]
fn who_speaks_along_with_headphones_is_interpreted() {
    let heard = "I lost my suitcase yesterday.";
    let (mut whole, mut calls) = (0, 0);
    for seed in 0..8 {
        for behind in [350, 500, 700] {
            let mut call = call_with(true);
            call.run(ms(500));
            let sentence = "tengo una maleta perdida desde ayer.";
            say(&mut call, Customer, sentence, seed);
            call.run_until("the translation is playing", |call| {
                !call.utterances(|o| o == Outcome::Speaking).is_empty()
            });
            call.pause(Agent, ms(behind));
            say(&mut call, Agent, heard, seed + 100);
            call.drive();
            let said = call.translated(Agent).join(" ");
            calls += 1;
            whole += usize::from(said == heard);
        }
    }
    assert!(whole * 10 >= calls * 9, "{whole} of {calls}");
}

/// Who talks over the echo is louder than it, and says something else.
#[test]
fn double_talk_keeps_the_persons_words() {
    let (mut parts, mut leaked) = (0, 0);
    for (seed, delay) in (0..12).zip([90, 150, 220, 280].into_iter().cycle()) {
        let mut call = call_with(true);
        call.loudspeakers[Agent] = Some(Loudspeaker::in_a_room(ms(delay), seed));
        call.run(ms(500));
        say(
            &mut call,
            Customer,
            "ya veo, gracias. ¿qué puedo hacer?",
            seed,
        );
        call.run_until("the translation is playing", |call| {
            !call.utterances(|o| o == Outcome::Speaking).is_empty()
        });
        call.pause(Agent, ms(400 + 40 * seed));
        let sound = call
            .aws
            .vocabulary
            .say_so("please wait here now.", seed + 50);
        // Near the microphone: louder than any loudspeaker's echo.
        call.speak(Agent, sound.iter().map(|s| s * 2.4).collect());
        call.drive();
        call.run(ms(2_000));
        let said = words(&call.translated(Agent).join(" "));
        let mut rest = said.iter();
        for word in words("please wait here now.") {
            assert!(rest.any(|said| *said == word), "seed {seed}: {said:?}");
        }
        leaked += said.len() - 4;
        parts += echoes(&call, Agent);
    }
    // There was an echo to be told apart.
    assert!(parts >= 12, "{parts}");
    // A lone word of the echo between two of theirs may be taken for theirs.
    assert!(leaked <= 2, "{leaked}");
}

/// A word or two of what is played, from somebody who agrees: nothing but the
/// sound tells whose they are.
#[test]
fn a_word_of_agreement_over_the_echo_is_kept() {
    let mut kept = 0;
    for seed in 0..8 {
        let mut call = call_with(true);
        call.loudspeakers[Agent] = Some(Loudspeaker::new(ms(150)));
        call.run(ms(500));
        say(&mut call, Customer, "¿cuándo llega?", seed);
        call.drive();
        say(
            &mut call,
            Customer,
            "tengo una maleta perdida desde ayer.",
            seed + 7,
        );
        call.run_until("the second translation is playing", |call| {
            call.utterances(|o| o == Outcome::Speaking).len() == 2
        });
        call.pause(Agent, ms(1_000));
        let sound = call.aws.vocabulary.say_so("yesterday suitcase", seed + 50);
        call.speak(Agent, sound.iter().map(|s| s * 2.0).collect());
        call.drive();
        call.run(ms(2_000));
        let said = words(&call.translated(Agent).join(" "));
        kept += said.len();
        let all = words("I lost my suitcase yesterday.");
        assert!(said.len() < all.len(), "seed {seed}: {said:?}");
    }
    assert!(kept >= 12, "{kept} of 16");
}
