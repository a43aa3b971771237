//! How a late stream catches up: by what it leaves out of a pause.
//!
//! A stream is late by what was said before its socket was open, by what is
//! replayed after a break, and by every moment in which no audio came.

use super::super::backlog::ENDS_SENTENCE;
use super::Transcriber;
use crate::audio::framer::{duration, samples};
use crate::time::{Duration, Timestamp};

/// A stream that is so far behind what is said leaves out what it can of a
/// pause: the service works at real time, and the lag would stay as long as the
/// stream lives.
const LATE: Duration = Duration::from_millis(120);

/// One that is so far behind leaves out more: a sentence that the service runs
/// into the next one is better than one that comes seconds late.
const VERY_LATE: Duration = Duration::from_millis(1_500);
const LEAST_PAUSE: Duration = Duration::from_millis(100);

/// Audio is held back for no longer, to leave some of it out: without any for
/// 15 s the service ends the stream.
const LONGEST_HOLD: Duration = Duration::from_secs(5);

impl Transcriber {
    /// Leaves out what can be of a pause, if the stream is late; whether audio
    /// waits meanwhile, until it is known to be silent or the service has
    /// nothing left to work on.
    pub(super) fn holds_back(&mut self, now: Timestamp) -> bool {
        self.held_until = Timestamp::ZERO;
        let unsent = duration(self.backlog.end().saturating_sub(self.sent));
        let queued = self.course.heard().since(now);
        let behind = queued + unsent.saturating_sub(self.framer.message());
        if behind < LATE {
            return false;
        }
        let least = if behind < VERY_LATE {
            ENDS_SENTENCE
        } else {
            LEAST_PAUSE
        };
        let Some(pause) = self.backlog.pause_at(self.sent, least) else {
            return false;
        };
        let wanted = self.sent + samples(behind);
        let waits = !pause.over && !queued.is_zero() && unsent < LONGEST_HOLD;
        if pause.until < wanted && waits {
            self.held_until = self.course.heard();
            return true;
        }
        let until = pause.until.min(wanted);
        if until > self.sent {
            self.course.leave_out(self.sent, until);
            self.sent = until;
        }
        false
    }
}
