//! Two hours of call in virtual time. A binary of its own with one test, so
//! that every byte that is allocated in it is this call's.
//!
//! The whole process is counted, session and fake services alike: what the
//! session holds by its own account could be less than what it keeps.

#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, its helpers too"
)]

#[path = "common/mod.rs"]
mod common;

use common::*;
use connect_interpreter::event::{Event, Outcome, State};
use connect_interpreter::random::Random;
use connect_interpreter::session::{Input, SocketInput};
use connect_interpreter::speaker::Speaker::{self, Agent, Customer};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Bytes that are allocated now.
fn heap() -> usize {
    let stats = HEAP.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}

const SENTENCES: [(&str, &str); 8] = [
    ("Hola.", "Thank you."),
    ("¿Puede ayudarme?", "yes of course."),
    ("uno dos tres, cuatro cinco.", "one moment please."),
    ("gracias.", "you are welcome, goodbye."),
    ("tengo una pregunta.", "which one?"),
    ("no lo sé.", "well, let me see."),
    ("ocho nueve diez, once.", "eight nine ten."),
    ("sí.", "no."),
];

/// Forgets what the test alone keeps.
fn tidy(call: &mut Call) {
    call.told = Vec::new();
    call.aws.streams.retain(|stream| stream.open);
    call.aws.clips.requests.clear();
    call.aws.translate.came.clear();
    call.aws.polly.came.clear();
}

#[test]
fn two_hours_of_call_in_flat_memory() {
    let mut random = Random::new(11);
    let mut call = Call::new(config());
    call.aws.keep_pcm = false;
    for speaker in Speaker::BOTH {
        call.players[speaker].keep = false;
    }
    let (mut heaps, mut said, mut spoken, mut kills) = (Vec::new(), 0, 0, 0);
    let mut seconds = 0;
    while seconds < 2 * 3_600 {
        let (customer, agent) = SENTENCES[random.next_u64() as usize % SENTENCES.len()];
        call.customer_says([customer]);
        call.agent_says([agent]);
        let turn = 10 + random.next_u64() % 20;
        if random.next_u64().is_multiple_of(6) {
            // A socket ends, in a pause or in the middle of a word.
            call.run(ms(random.next_u64() % 3_000));
            let of = if random.next_u64().is_multiple_of(2) {
                Agent
            } else {
                Customer
            };
            let stream = call.aws.stream_mut(of);
            if std::mem::replace(&mut stream.open, false) {
                let closed = SocketInput::Closed {
                    code: 1006,
                    clean: false,
                };
                let id = stream.id;
                call.input(of, Input::Socket(id, closed));
                kills += 1;
            }
        }
        call.run(ms(turn * 1_000));
        seconds += turn;
        said += call.utterances(|o| o == Outcome::Committed).len();
        spoken += call.utterances(|o| o == Outcome::Spoken).len();
        let errors = call.errors();
        assert_eq!(errors, [], "after {seconds} s");
        let states = call.states();
        assert!(!states.contains(&State::Degraded), "after {seconds} s");
        let words = |told: &Told| matches!(told.event, Event::Transcript { .. });
        assert!(call.told.iter().any(words), "nothing heard by {seconds} s");
        let sizes = call.session.sizes();
        // Two seconds of pause, and what a reconnection replays.
        assert!(sizes.backlog_samples <= 15 * 16_000, "{sizes:?}");
        assert!(sizes.utterances <= 4 && sizes.outputs == 0, "{sizes:?}");
        assert!(sizes.anchors <= 16, "{sizes:?}");
        tidy(&mut call);
        heaps.push(heap());
    }
    assert_eq!(spoken, said);
    assert!(kills > 30, "{kills}");
    // The worst moment sizes the buffers, so hours are compared; what grows with
    // every turn or socket would show.
    let (early, late) = heaps.split_at(heaps.len() / 2);
    let (early, late) = (early.iter().max().unwrap(), late.iter().max().unwrap());
    println!("{said} utterances, {kills} sockets ended; at most {early}, then {late} bytes");
    assert!(*late <= early + early / 100, "{early} bytes, then {late}");
}
