//! Mute, hold, switching, typing, stopping.

use crate::common::*;
use connect_interpreter::config::SessionConfig;
use connect_interpreter::event::{Event, Outcome, State, UtteranceId};
use connect_interpreter::session::{Input, PlayedInput};
use connect_interpreter::speaker::Speaker::{Agent, Customer};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn spoken(call: &Call) -> usize {
    call.utterances(|outcome| outcome == Outcome::Speaking)
        .len()
}

const fn hold(held: bool) -> Input<'static> {
    Input::Hold {
        held,
        from_frame: None,
    }
}

#[test]
fn a_muted_speaker_is_not_heard_in_any_way() {
    let mut call = Call::new(config());
    call.agent_says(["Thank you."]);
    call.run(ms(300));
    call.mute(Agent, true);
    call.agent_says(["secret words here."]);
    call.drive();
    assert_eq!(call.heard_by(Customer), Vec::<String>::new());
    let stream = call.aws.stream(Agent);
    let from = stream.pcm.len() - 16_000 * 3;
    assert!(stream.pcm[from..].iter().all(|sample| *sample == 0));
    call.mute(Agent, false);
    call.agent_says(["audible words here."]);
    call.drive();
    assert_eq!(call.heard_by(Customer), ["es: audible words here."]);
    assert!(!call.finals(Agent).concat().contains("secret"));
}

#[test]
fn mute_drops_what_is_queued_of_that_speaker_alone() {
    let mut call = Call::new(config());
    call.agent_says(["one long sentence that takes a while.", "two more words."]);
    call.customer_says(["otra frase larga que tarda."]);
    call.run_until("the agent's first is heard", |call| {
        !call.players[Agent].is_idle()
    });
    call.run(ms(200));
    call.mute(Agent, true);
    assert_eq!(call.players[Agent].stops, 1);
    assert!(call.players[Agent].is_idle());
    call.drive();
    assert_eq!(call.players[Customer].stops, 0);
    assert_eq!(call.heard_by(Agent), ["en: otra frase larga que tarda."]);
    let cut = call.heard_by(Customer);
    assert!(cut.len() == 1 && cut.iter().all(|text| text.starts_with('✂')));
    assert!(!call.utterances(|o| o == Outcome::Dropped).is_empty());
}

#[test]
fn the_stream_stays_open_through_minutes_of_mute() {
    let mut call = Call::new(config());
    call.customer_says(["Hola."]);
    call.drive();
    call.mute(Customer, true);
    call.run(ms(120_000));
    assert_eq!(call.aws.streams_of(Customer).len(), 1);
    assert_eq!(call.errors(), []);
    call.mute(Customer, false);
    call.customer_says(["¿Puede ayudarme?"]);
    call.drive();
    assert_eq!(call.heard_by(Agent), ["Hello.", "Can you help me?"]);
}

#[test]
fn mute_is_exact_to_the_frame() {
    let mut call = Call::new(config());
    call.run(ms(1_000));
    let sound = vec![0.25; 32_000];
    call.speak(Agent, sound);
    call.run(ms(500));
    let frame = call.taps[Agent].frame;
    let mute = |muted, from_frame| Input::Mute {
        muted,
        from_frame: Some(from_frame),
    };
    call.input(Agent, mute(true, frame + 777));
    call.input(Agent, mute(false, frame + 9_777));
    call.run(ms(1_500));
    let pcm = &call.aws.stream(Agent).pcm;
    let loud: Vec<usize> = (0..pcm.len()).filter(|n| pcm[*n] != 0).collect();
    let holes: Vec<(usize, usize)> = loud
        .windows(2)
        .filter(|pair| pair[1] > pair[0] + 1)
        .map(|pair| (pair[0] - loud[0] + 1, pair[1] - loud[0]))
        .collect();
    assert_eq!(holes, [(8_000 + 777, 8_000 + 9_777)]);
}

#[test]
fn a_mute_that_comes_late_silences_what_was_not_sent() {
    let mut call = Call::new(config());
    call.run(ms(1_000));
    call.speak(Agent, vec![0.25; 16_000]);
    call.run(ms(520));
    let before = call.aws.stream(Agent).pcm.len();
    call.input(
        Agent,
        Input::Mute {
            muted: true,
            from_frame: Some(call.taps[Agent].frame - 800),
        },
    );
    call.run(ms(500));
    let after = &call.aws.stream(Agent).pcm[before..];
    assert!(after.iter().all(|sample| *sample == 0));
}

#[test]
fn on_hold_nothing_is_transcribed_translated_or_spoken() {
    let mut call = Call::new(config());
    call.customer_says(["Hola."]);
    call.agent_says(["Thank you."]);
    call.run_until("somebody is heard", |call| spoken(call) > 0);
    call.input(Customer, hold(true));
    assert!(call.players[Agent].is_idle() && call.players[Customer].is_idle());
    let (translated, polly) = (call.aws.translate.requests, call.aws.polly.requests);
    call.customer_says(["musica de espera."]);
    call.agent_says(["private talk."]);
    call.input(
        Agent,
        Input::Say {
            text: "typed".into(),
            translate: false,
        },
    );
    call.drive();
    call.run(ms(30_000));
    assert_eq!(call.aws.translate.requests, translated);
    assert_eq!(call.aws.polly.requests, polly);
    let said = [call.finals(Agent), call.finals(Customer)]
        .concat()
        .concat();
    assert!(!said.contains("espera") && !said.contains("private"));
    // It resumes by itself, on the same streams.
    call.input(Customer, hold(false));
    call.customer_says(["¿Puede ayudarme?"]);
    call.drive();
    assert_eq!(call.heard_by(Agent).last().unwrap(), "Can you help me?");
    assert_eq!(call.aws.streams.len(), 2);
}

#[test]
fn typed_text_takes_its_turn() {
    let mut call = Call::new(config());
    call.agent_says(["Thank you."]);
    call.run_until("committed", |call| {
        !call.utterances(|o| o == Outcome::Committed).is_empty()
    });
    let say = |text: &str, translate| Input::Say {
        text: text.into(),
        translate,
    };
    call.input(Agent, say("good morning", true));
    call.input(Agent, say("Buenos días", false));
    call.input(Agent, say("  ", false));
    call.drive();
    assert_eq!(
        call.heard_by(Customer),
        ["Gracias.", "es: good morning", "Buenos días"]
    );
    assert_eq!(call.aws.translate.requests, 2);
}

#[test]
fn each_direction_is_switched_by_itself_also_during_a_call() {
    let mut options = options();
    options.agent.enabled = Some(false);
    let mut call = Call::new(options.resolve(16_000).unwrap());
    call.customer_says(["Hola."]);
    call.agent_says(["Thank you."]);
    call.drive();
    assert_eq!(call.states(), [State::Running]);
    assert_eq!(call.aws.streams_of(Agent).len(), 0);
    assert_eq!(call.heard_by(Customer), Vec::<String>::new());
    call.input(Agent, Input::Enable(true));
    call.run(ms(500));
    call.agent_says(["Thank you."]);
    call.drive();
    assert_eq!(call.heard_by(Customer), ["Gracias."]);
    call.input(Agent, Input::Enable(false));
    call.input(Agent, Input::Enable(true));
    call.run(ms(3_000));
    call.agent_says(["Thank you."]);
    call.drive();
    assert_eq!(call.heard_by(Customer), ["Gracias.", "Gracias."]);
    assert_eq!(call.heard_by(Agent), ["Hello."]);
    assert_eq!(call.errors(), []);
}

#[test]
fn another_language_opens_another_stream() {
    let mut call = Call::new(config());
    call.customer_says(["Hola."]);
    call.drive();
    let mut french = options();
    french.customer.language = Some("fr-FR".into());
    french.agent.voice = None;
    let SessionConfig { speakers, .. } = french.resolve(16_000).unwrap();
    call.input(Customer, Input::Configure(Box::new(speakers.customer)));
    call.input(Agent, Input::Configure(Box::new(speakers.agent)));
    call.run(ms(500));
    call.customer_says(["bonjour madame."]);
    call.agent_says(["Good morning."]);
    call.drive();
    let codes: Vec<&str> = call
        .aws
        .streams
        .iter()
        .map(|stream| stream.query["language-code"].as_str())
        .collect();
    assert_eq!(codes, ["en-US", "es-US", "fr-FR"]);
    assert_eq!(call.heard_by(Agent), ["Hello.", "en: bonjour madame."]);
    assert_eq!(call.heard_by(Customer), ["fr: Good morning."]);
}

#[test]
fn without_a_voice_there_are_captions() {
    let mut config = config();
    config.speakers.customer.codes.voice = None;
    let mut call = Call::new(config);
    call.customer_says(["Hola."]);
    call.drive();
    assert_eq!(call.heard_by(Agent), Vec::<String>::new());
    assert_eq!(call.translated(Customer), ["Hola."]);
    assert_eq!(call.utterances(|o| o == Outcome::Caption).len(), 1);
    assert_eq!(call.aws.polly.requests, 0);
}

#[test]
fn the_same_language_is_spoken_as_it_is() {
    let mut options = options();
    options.customer.language = Some("en-US".into());
    options.agent.voice = Some("Joanna".into());
    let mut call = Call::new(options.resolve(16_000).unwrap());
    call.customer_says(["as it is."]);
    call.drive();
    assert_eq!(call.heard_by(Agent), ["as it is."]);
    assert_eq!(call.aws.translate.requests, 0);
}

#[test]
fn stop_ends_the_streams_and_is_idempotent() {
    let mut call = Call::new(config());
    call.customer_says(["Hola."]);
    call.agent_says(["last words."]);
    call.run_until("the customer is heard", |call| spoken(call) > 0);
    call.stop();
    call.stop();
    assert!(call.players[Customer].is_idle() && call.players[Agent].is_idle());
    call.run_until("stopped", |call| {
        call.states().last() == Some(&State::Stopped)
    });
    assert!(call.aws.streams.iter().all(|stream| stream.ended));
    let told = call.told.len();
    let asked = (call.aws.translate.requests, call.aws.polly.requests);
    // Whatever comes yet changes nothing.
    call.stop();
    call.customer_says(["nadie escucha."]);
    call.input(Agent, Input::Enable(true));
    call.input(
        Agent,
        Input::Say {
            text: "nobody".into(),
            translate: true,
        },
    );
    call.input(
        Customer,
        Input::Played(
            UtteranceId(1),
            PlayedInput::Ended {
                frame: 0,
                samples: 0,
            },
        ),
    );
    call.run(ms(10_000));
    assert_eq!(call.told.len(), told);
    assert_eq!(
        (call.aws.translate.requests, call.aws.polly.requests),
        asked
    );
    assert_eq!(call.session.poll_timeout(), None);
}

#[test]
fn the_last_words_before_a_stop_are_captions() {
    let mut call = Call::new(config());
    call.customer_says(["hasta luego."]);
    call.run(ms(1_000));
    call.stop();
    call.run(ms(3_000));
    assert_eq!(call.finals(Customer), ["hasta luego."]);
    assert_eq!(call.heard_by(Agent), Vec::<String>::new());
    assert_eq!(call.states().last(), Some(&State::Stopped));
}

#[test]
fn spurious_timeouts_do_nothing() {
    let told = |spurious| {
        let mut call = Call::new(config());
        call.ticks_as_timeouts = spurious;
        call.customer_says(["Hola.", "¿Puede ayudarme?"]);
        call.drive();
        let texts: Vec<String> = call
            .told
            .iter()
            .map(|told| format!("{:?} {:?}", told.at, told.event))
            .collect();
        texts
    };
    assert_eq!(told(true), told(false));
}

#[test]
fn transcripts_stand_on_the_sessions_clock() {
    let mut call = Call::new(config());
    call.run(ms(2_000));
    call.customer_says(["Hola."]);
    call.drive();
    let times: Vec<(f64, f64, bool)> = call
        .told
        .iter()
        .filter_map(|told| match told.event {
            Event::Transcript {
                start_ms,
                end_ms,
                is_partial,
                ..
            } => Some((start_ms, end_ms, is_partial)),
            _ => None,
        })
        .collect();
    assert_eq!(times.len(), 2);
    for (start, end, _) in times {
        assert!((start - 2_000.0).abs() < 15.0, "{start}");
        assert!((end - 2_200.0).abs() < 15.0, "{end}");
    }
}
