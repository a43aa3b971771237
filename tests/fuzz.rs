//! What the fuzzers have found, without a fuzzer: every input in `fuzz/corpus`
//! is run once. An input that broke something stays there, by a name that says
//! what it was.
//!
//! Beside them random inputs, seeded: properties that hold for any of them. The
//! segments of a result are its final transcript, whatever was revised; ids
//! count up, an utterance ends once, nothing grows, and a session can always be
//! stopped.

#![cfg(not(target_family = "wasm"))]
#![allow(
    dead_code,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a panic is how a test fails, its helpers too"
)]

#[path = "../fuzz/src/lib.rs"]
mod fuzz;

use connect_interpreter::random::Random;
use std::path::Path;

fn run_all(name: &str, run: fn(&[u8])) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = root.join("fuzz/corpus").join(name);
    let mut count = 0;
    for entry in std::fs::read_dir(&corpus).unwrap() {
        let path = entry.unwrap().path();
        println!("{}", path.display());
        run(&std::fs::read(&path).unwrap());
        count += 1;
    }
    assert!(count > 10, "{count} inputs in {}", corpus.display());
}

/// Random bytes, half of them small numbers: choices and counts are.
fn run_random(inputs: u64, longest: u64, run: fn(&[u8])) {
    for seed in 0..inputs {
        let mut random = Random::new(seed);
        let length = 20 + random.next_u64() % longest;
        let data: Vec<u8> = (0..length)
            .map(|_| {
                let bits = random.next_u64();
                let byte = (bits >> 8) as u8;
                if bits.is_multiple_of(2) {
                    byte
                } else {
                    byte & 15
                }
            })
            .collect();
        println!("seed {seed}");
        run(&data);
    }
}

#[test]
fn segments_are_the_final_transcript_whatever_is_revised() {
    run_random(3_000, 2_000, fuzz::segments::run);
}

#[test]
fn a_session_keeps_its_promises_whatever_the_world_says() {
    run_random(80, 3_000, fuzz::calls::run);
}

#[test]
fn messages() {
    run_all("messages", fuzz::messages::run);
}

#[test]
fn answers() {
    run_all("answers", fuzz::answers::run);
}

#[test]
fn a_seam_in_a_pause_is_found_however_words_are_dated() {
    run_random(3_000, 400, fuzz::seams::run);
}

#[test]
fn seams() {
    run_all("seams", fuzz::seams::run);
}

#[test]
fn segments() {
    run_all("segments", fuzz::segments::run);
}

#[test]
fn options() {
    run_all("options", fuzz::options::run);
}

#[test]
fn calls() {
    run_all("calls", fuzz::calls::run);
}
