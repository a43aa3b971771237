//! The streams that run, and those that ran.

use crate::control::locked;
use serde::Serialize;
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::sync::Notify;

/// What the control endpoint shows of a stream. Times are Unix milliseconds.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Counts the streams of this run from 1.
    pub id: u64,
    /// The client's session id.
    pub session_id: String,
    /// For how long after its start another stream may resume it.
    pub resume_window_min: Option<u32>,
    /// The stream of the same session that it resumed, if that could still be.
    pub resumes: Option<u64>,
    /// Its language.
    pub language: String,
    /// The declared rate.
    pub sample_rate: u32,
    /// `low`, `medium`, `high`, or nothing.
    pub stability: Option<&'static str>,
    /// When the handshake was done.
    pub opened_at_ms: f64,
    /// When the first audio came.
    pub first_audio_at_ms: Option<f64>,
    /// When the last audio came.
    pub last_audio_at_ms: Option<f64>,
    /// Audio messages.
    pub audio_events: u64,
    /// Samples received, at the declared rate.
    pub samples_received: u64,
    /// Samples that the engine has heard, at the declared rate.
    pub samples_processed: u64,
    /// Events sent.
    pub events_sent: u64,
    /// Why it ended; nothing while it runs.
    pub ended: Option<String>,
}

impl Record {
    /// Whether its window, counted from its start, is open.
    fn may_be_resumed(&self, now_ms: f64) -> bool {
        self.resume_window_min
            .is_some_and(|minutes| now_ms < self.opened_at_ms + f64::from(minutes) * 60_000.0)
    }
}

/// A running stream, seen from outside.
#[derive(Debug)]
pub struct Handle {
    record: Mutex<Record>,
    /// Rings when a newer stream takes the session id over.
    pub replaced: Notify,
}

impl Handle {
    /// Changes the record.
    pub fn change(&self, change: impl FnOnce(&mut Record)) {
        change(&mut locked(&self.record));
    }

    /// The record.
    #[must_use]
    pub fn record(&self) -> Record {
        locked(&self.record).clone()
    }
}

/// All streams since the last reset.
#[derive(Debug, Default)]
pub struct Streams {
    all: Mutex<(u64, Vec<Arc<Handle>>)>,
}

/// The wall clock in milliseconds.
#[must_use]
pub fn unix_ms() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64() * 1000.0)
}

impl Streams {
    /// Opens a stream; nothing if `limit` are open already. A running stream
    /// of the same session id is told that it is replaced, and does not count.
    pub fn open(&self, limit: usize, describe: impl FnOnce(u64) -> Record) -> Option<Arc<Handle>> {
        let mut all = locked(&self.all);
        let id = all.0 + 1;
        let mut record = describe(id);
        let last = all.1.iter().map(|handle| handle.record());
        record.resumes = last
            .rev()
            .find(|last| last.session_id == record.session_id)
            .filter(|last| last.may_be_resumed(record.opened_at_ms))
            .map(|last| last.id);
        let (same, others): (Vec<_>, Vec<_>) = all
            .1
            .iter()
            .filter(|handle| handle.record().ended.is_none())
            .partition(|handle| handle.record().session_id == record.session_id);
        if others.len() >= limit {
            return None;
        }
        for handle in same {
            handle.replaced.notify_one();
        }
        let handle = Arc::new(Handle {
            record: Mutex::new(record),
            replaced: Notify::new(),
        });
        all.0 = id;
        all.1.push(Arc::clone(&handle));
        Some(handle)
    }

    /// Drops the records of ended streams.
    pub fn forget_closed(&self) {
        locked(&self.all)
            .1
            .retain(|handle| handle.record().ended.is_none());
    }

    /// All records.
    #[must_use]
    pub fn describe(&self) -> Value {
        let records: Vec<Record> = locked(&self.all)
            .1
            .iter()
            .map(|handle| handle.record())
            .collect();
        json!(records)
    }
}
