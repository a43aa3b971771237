//! What was played to a listener, as far as its echo may still be heard.
//!
//! Times are milliseconds of the session's clock.

use crate::event::UtteranceId;

/// Levels are taken every 10 ms.
pub const BLOCKS_PER_SECOND: u32 = 100;

/// As long as sound may wait to be recognised.
pub const REMEMBERED_MS: f64 = 60_000.0;
pub const REMEMBERED_BLOCKS: usize = 6_000;
pub const REMEMBERED_CLIPS: usize = 32;

/// How loud a sound is, every 10 ms, in steps of 3/8 dB above -96 dBFS.
#[derive(Debug, Default)]
pub struct Levels {
    first: i32,
    /// From block `first` on.
    pub levels: Vec<u8>,
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
                self.levels.push(level(self.power / block as f32));
                (self.power, self.filled) = (0.0, 0);
            }
        }
        // Not one by one: what is behind it would be moved each time.
        if self.levels.len() > 2 * REMEMBERED_BLOCKS {
            let over = self.levels.len() - REMEMBERED_BLOCKS;
            self.levels.drain(..over);
            self.first += over as i32;
        }
    }

    /// A block's level; silence where none is known.
    pub fn get(&self, block: i32) -> f32 {
        let index = block.wrapping_sub(self.first);
        // Before the first, it is beyond any length.
        f32::from(self.levels.get(index as usize).copied().unwrap_or(0))
    }

    /// The loudest of some blocks.
    pub fn peak(&self, from: i32, to: i32) -> f32 {
        (from..to).fold(0.0, |peak, block| peak.max(self.get(block)))
    }
}

/// A logarithm that needs no library: exponent and the mantissa's first bits.
pub fn level(power: f32) -> u8 {
    let steps = power.to_bits() >> 20;
    steps.saturating_sub(95 * 8).min(255) as u8
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
    pub started: Option<f64>,
    /// When its last sample had gone out.
    pub ended: Option<f64>,
}

/// What was played to one listener lately.
#[derive(Debug, Default)]
pub struct Playback {
    /// The one that was asked for first is the first.
    pub clips: Vec<Clip>,
}

impl Playback {
    /// A text is going to be spoken.
    pub fn say(&mut self, now: f64, id: UtteranceId, text: &str) {
        let recent = |end: f64| now - end < REMEMBERED_MS;
        self.clips.retain(|clip| clip.ended.is_none_or(recent));
        if self.clips.len() == REMEMBERED_CLIPS {
            self.clips.remove(0);
        }
        self.clips.push(Clip {
            id,
            text: text.to_owned(),
            levels: Levels::default(),
            started: None,
            ended: None,
        });
    }

    /// The clip of that utterance, if it is remembered.
    pub fn clip(&mut self, id: UtteranceId) -> Option<&mut Clip> {
        self.clips.iter_mut().find(|clip| clip.id == id)
    }

    /// The player was told to drop everything.
    pub fn stopped(&mut self, now: f64) {
        self.clips.retain(|clip| clip.started.is_some());
        for clip in &mut self.clips {
            clip.ended.get_or_insert(now);
        }
    }
}
