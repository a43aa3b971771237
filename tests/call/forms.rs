//! Speech, captions, a transcript alone: each by itself, also during a call.

use crate::common::*;
use connect_interpreter::config::Form;
use connect_interpreter::event::{Event, Level, Outcome};
use connect_interpreter::session::Input;
use connect_interpreter::speaker::Speaker::{self, Agent, Customer};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn config_with(customer: Form) -> connect_interpreter::config::SessionConfig {
    let mut config = config();
    config.speakers.customer.form = customer;
    config
}

fn configure(call: &mut Call, speaker: Speaker, form: Form) {
    let mut config = config().speakers[speaker].clone();
    config.form = form;
    call.input(speaker, Input::Configure(Box::new(config)));
}

fn outcomes(call: &Call, of: Speaker) -> Vec<(Outcome, bool)> {
    call.told
        .iter()
        .filter_map(|told| match &told.event {
            Event::Utterance {
                speaker,
                outcome,
                error,
                ..
            } if *speaker == of => Some((*outcome, error.is_some())),
            _ => None,
        })
        .collect()
}

fn speaks(call: &Call, speaker: Speaker) -> bool {
    call.session.level(speaker) == Level::Speech
}

#[test]
fn captions_are_translated_and_never_synthesised() {
    let mut call = Call::new(config_with(Form::Captions));
    call.customer_says(["Hola."]);
    call.drive();
    assert_eq!(call.translated(Customer), ["Hola."]);
    assert_eq!(
        outcomes(&call, Customer),
        [(Outcome::Committed, false), (Outcome::Caption, false)]
    );
    assert_eq!(call.aws.polly.requests, 0);
    // The other side is spoken as ever.
    call.agent_says(["Thank you."]);
    call.drive();
    assert_eq!(call.heard_by(Customer), ["Gracias."]);
    assert_eq!(call.heard_by(Agent), Vec::<String>::new());
    assert!(speaks(&call, Agent) && !speaks(&call, Customer));
}

#[test]
fn a_transcript_is_not_translated_and_begins_no_utterance() {
    let mut call = Call::new(config_with(Form::Transcript));
    call.customer_says(["Hola.", "¿Puede ayudarme?"]);
    call.drive();
    assert_eq!(call.finals(Customer), ["Hola.", "¿Puede ayudarme?"]);
    assert_eq!(outcomes(&call, Customer), []);
    assert_eq!(call.aws.translate.requests, 0);
    // What is typed has nowhere to go either, and that is said.
    let text = "good morning".to_owned();
    let translate = true;
    call.input(Customer, Input::Say { text, translate });
    call.drive();
    assert_eq!(
        outcomes(&call, Customer),
        [(Outcome::Committed, false), (Outcome::Dropped, false)]
    );
    assert_eq!(call.errors(), []);
    assert!(!speaks(&call, Customer));
}

#[test]
fn the_form_changes_during_the_call_on_the_same_stream() {
    let mut call = Call::new(config());
    let mut said = Vec::new();
    for (form, spoken) in [
        (Form::Speech, 1),
        (Form::Captions, 1),
        (Form::Speech, 2),
        (Form::Transcript, 2),
        (Form::Captions, 2),
        (Form::Speech, 3),
    ] {
        configure(&mut call, Customer, form);
        call.customer_says(["Hola."]);
        call.drive();
        said.push(form);
        assert_eq!(call.heard_by(Agent), vec!["Hello."; spoken], "{said:?}");
    }
    assert_eq!(call.finals(Customer).len(), 6);
    assert_eq!(call.translated(Customer).len(), 5);
    assert_eq!(call.aws.streams_of(Customer).len(), 1);
}

#[test]
fn whoever_stops_speaking_stops_at_once_and_the_rest_is_captions() {
    let mut call = Call::new(config());
    call.customer_says([
        "una frase larguisima tarda muchisimo.",
        "otra mas.",
        "y otra.",
    ]);
    call.run_until("the first is heard", |call| {
        call.utterances(|o| o == Outcome::Speaking).len() == 1
    });
    configure(&mut call, Customer, Form::Captions);
    assert_eq!(call.players[Customer].stops, 1);
    assert!(call.players[Customer].is_idle());
    let polly = call.aws.polly.requests;
    call.drive();
    assert_eq!(call.aws.polly.requests, polly);
    assert_eq!(call.translated(Customer).len(), 3);
    assert_eq!(call.utterances(|o| o == Outcome::Caption).len(), 3);

    configure(&mut call, Customer, Form::Speech);
    call.customer_says(["una frase larguisima tarda muchisimo."]);
    call.run_until("it is heard", |call| {
        call.utterances(|o| o == Outcome::Speaking).len() == 2
    });
    configure(&mut call, Customer, Form::Transcript);
    assert!(call.players[Customer].is_idle());
    assert_eq!(call.utterances(|o| o == Outcome::Dropped).len(), 1);
}

#[test]
fn a_side_speaks_once_it_is_heard_and_as_long_as_its_words_arrive() {
    let mut call = Call::prepared(config(), |aws| aws.handshake = ms(700));
    assert!(!speaks(&call, Customer));
    call.run(ms(1_000));
    assert!(speaks(&call, Customer));
    call.input(Customer, Input::Enable(false));
    assert!(!speaks(&call, Customer) && speaks(&call, Agent));
    call.input(Customer, Input::Enable(true));
    call.run(ms(4_000));
    assert!(speaks(&call, Customer));

    let mut config = config();
    config.speakers.customer.codes.voice = None;
    let mut call = Call::new(config);
    call.run(ms(1_000));
    assert!(!speaks(&call, Customer) && speaks(&call, Agent));
}
