//! What of a tap's sound is not for the services: muted, on hold.

use std::collections::VecDeque;

/// Commands of a cause that wait for their frame; more than these are no
/// commands.
const MOST_WAITING: usize = 64;

/// Why a speaker is not heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The speaker is muted.
    Mute,
    /// The call is on hold.
    Hold,
}

/// Open while no cause keeps it shut; moved to the frame.
#[derive(Debug, Default)]
pub struct Gate {
    muted: bool,
    held: bool,
    waiting: VecDeque<Switch>,
}

#[derive(Debug)]
struct Switch {
    frame: u64,
    cause: Cause,
    shut: bool,
}

impl Gate {
    /// Moves when that frame comes, after all that was to be done before.
    pub fn later(&mut self, frame: u64, cause: Cause, shut: bool) {
        let switch = Switch { frame, cause, shut };
        let same = self.waiting.iter_mut().filter(|other| other.cause == cause);
        if same.count() < MOST_WAITING {
            self.waiting.push_back(switch);
        } else if let Some(last) = self.waiting.iter_mut().rfind(|other| other.cause == cause) {
            // The last word counts, above all if it is to be silent.
            last.shut = shut;
        }
    }

    /// Moves at once; what the same cause was still to do is past.
    pub fn now(&mut self, cause: Cause, shut: bool) {
        self.waiting.retain(|other| other.cause != cause);
        self.set(cause, shut);
    }

    /// Does what waits for frames that will not come.
    pub fn rush(&mut self) {
        while let Some(Switch { cause, shut, .. }) = self.waiting.pop_front() {
            self.set(cause, shut);
        }
    }

    /// Makes silent what comes while it is shut.
    pub fn pass(&mut self, first_frame: u64, samples: &mut [f32]) {
        for (frame, sample) in (first_frame..).zip(samples) {
            while let Some(switch) = self.waiting.pop_front_if(|next| next.frame <= frame) {
                self.set(switch.cause, switch.shut);
            }
            if self.muted || self.held {
                *sample = 0.0;
            }
        }
    }

    const fn set(&mut self, cause: Cause, shut: bool) {
        match cause {
            Cause::Mute => self.muted = shut,
            Cause::Hold => self.held = shut,
        }
    }
}
