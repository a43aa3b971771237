//! What is fuzzed: each module's `run` takes any bytes and panics if something
//! is not as it has to be. The fuzzers call it, and so does the test over what
//! they have found (`tests/fuzz.rs`).

pub mod answers;
pub mod calls;
pub mod messages;
pub mod options;
pub mod seams;
pub mod segments;
mod wire;
