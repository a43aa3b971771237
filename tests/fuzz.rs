//! What the fuzzers have found, without a fuzzer: every input in `fuzz/corpus`
//! is run once. An input that broke something stays there, by a name that says
//! what it was.

#![cfg(not(target_family = "wasm"))]
#![allow(
    dead_code,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a panic is how a test fails, its helpers too"
)]

#[path = "../fuzz/src/lib.rs"]
mod fuzz;

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

#[test]
fn messages() {
    run_all("messages", fuzz::messages::run);
}

#[test]
fn answers() {
    run_all("answers", fuzz::answers::run);
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
