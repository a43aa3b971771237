//! What was played to a listener, as far as its echo may still be heard.

use crate::event::UtteranceId;
use crate::time::{Duration, Timestamp};
use std::collections::VecDeque;

/// Levels are taken every 10 ms.
pub const BLOCKS_PER_SECOND: u32 = 100;

/// As long as sound may wait to be recognised.
pub const REMEMBERED: Duration = Duration::from_secs(60);
pub const REMEMBERED_BLOCKS: usize = 6_000;
pub const REMEMBERED_CLIPS: usize = 32;

/// How loud a sound is, every 10 ms, in steps of 3/8 dB above -96 dBFS.
#[derive(Debug, Default)]
pub struct Levels {
    first: u64,
    /// From block `first` on.
    pub levels: VecDeque<u8>,
    power: f32,
    filled: u32,
}

impl Levels {
    /// Takes the next samples.
    pub fn push(&mut self, samples: &[f32], rate_hz: u32) {
        let block = rate_hz / BLOCKS_PER_SECOND;
        for sample in samples {
            self.power += sample * sample;
            self.filled += 1;
            if self.filled >= block {
                self.levels.push_back(level(self.power / block as f32));
                (self.power, self.filled) = (0.0, 0);
            }
        }
        while self.levels.len() > REMEMBERED_BLOCKS {
            self.levels.pop_front();
            self.first += 1;
        }
    }

    /// A block's level; silence where none is known.
    pub fn get(&self, block: i64) -> f32 {
        let index = u64::try_from(block)
            .ok()
            .and_then(|block| block.checked_sub(self.first))
            .and_then(|index| usize::try_from(index).ok());
        let level = index.and_then(|index| self.levels.get(index));
        f32::from(level.copied().unwrap_or(0))
    }
}

/// A logarithm that needs no library: exponent and the mantissa's first bits.
pub fn level(power: f32) -> u8 {
    let steps = power.to_bits() >> 20;
    u8::try_from(steps.saturating_sub(95 * 8)).unwrap_or(u8::MAX)
}

/// A clip that is, or will be, played.
#[derive(Debug)]
pub struct Clip {
    id: UtteranceId,
    /// What it says.
    pub text: String,
    /// How loud it says it.
    pub levels: Levels,
    /// When its first sample went out.
    pub started: Option<Timestamp>,
    /// When its last sample had gone out.
    pub ended: Option<Timestamp>,
}

/// What was played to one listener lately.
#[derive(Debug, Default)]
pub struct Playback {
    /// The one that was asked for first is the first.
    pub clips: VecDeque<Clip>,
}

impl Playback {
    /// A text is going to be spoken.
    pub fn say(&mut self, now: Timestamp, id: UtteranceId, text: &str) {
        let old = |clip: &Clip| clip.ended.is_some_and(|end| now.since(end) > REMEMBERED);
        self.clips.retain(|clip| !old(clip));
        if self.clips.len() == REMEMBERED_CLIPS {
            self.clips.pop_front();
        }
        self.clips.push_back(Clip {
            id,
            text: text.to_owned(),
            levels: Levels::default(),
            started: None,
            ended: None,
        });
    }

    /// Samples of it go to the player.
    pub fn play(&mut self, id: UtteranceId, pcm: &[f32], rate_hz: u32) {
        if let Some(clip) = self.clip(id) {
            clip.levels.push(pcm, rate_hz);
        }
    }

    /// Its first sample goes out.
    pub fn started(&mut self, id: UtteranceId, at: Timestamp) {
        if let Some(clip) = self.clip(id) {
            clip.started = Some(at);
        }
    }

    /// Its last sample has gone out.
    pub fn ended(&mut self, id: UtteranceId, at: Timestamp) {
        if let Some(clip) = self.clip(id) {
            clip.ended = Some(at);
        }
    }

    /// The player was told to drop everything.
    pub fn stopped(&mut self, now: Timestamp) {
        self.clips.retain(|clip| clip.started.is_some());
        for clip in &mut self.clips {
            clip.ended.get_or_insert(now);
        }
    }

    /// How many clips are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.clips.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.clips.is_empty()
    }

    fn clip(&mut self, id: UtteranceId) -> Option<&mut Clip> {
        self.clips.iter_mut().find(|clip| clip.id == id)
    }
}
