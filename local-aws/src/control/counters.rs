//! What was asked of the stand-in.

use super::faults::Service;
use serde::Serialize;
use std::{collections::BTreeMap, sync::Mutex};

/// Counts since the last reset.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// By service, then by outcome: `ok` or the exception's name.
    pub requests: BTreeMap<Service, BTreeMap<String, u64>>,
    /// Characters translated and spoken.
    pub characters: BTreeMap<Service, u64>,
    /// Utterances that no engine recognised.
    pub not_recognised: u64,
    /// Final results sent.
    pub finals: u64,
}

/// Thread-safe [`Counts`].
#[derive(Debug, Default)]
pub struct Counters(Mutex<Counts>);

impl Counters {
    /// Counts an answer.
    pub fn request(&self, service: Service, outcome: &str) {
        self.change(|counts| {
            let outcomes = counts.requests.entry(service).or_default();
            *outcomes.entry(outcome.to_owned()).or_default() += 1;
        });
    }

    /// Counts a text's characters.
    pub fn characters(&self, service: Service, text: &str) {
        let count = text.chars().count() as u64;
        self.change(|counts| *counts.characters.entry(service).or_default() += count);
    }

    /// Changes the counts.
    pub fn change(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut super::locked(&self.0));
    }

    /// The counts.
    #[must_use]
    pub fn snapshot(&self) -> Counts {
        super::locked(&self.0).clone()
    }
}
