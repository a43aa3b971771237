//! Whether somebody is speaking, from energy above the noise floor.

use super::SERVICE_RATE_HZ;

/// Energy is judged every 10 ms.
const BLOCK: usize = SERVICE_RATE_HZ as usize / 100;

/// Speech stands at least 9 dB above the floor (power, so a factor of 8).
const ABOVE_FLOOR: f32 = 8.0;

/// Below -60 dBFS nothing is speech, whatever the floor says.
const LEAST_POWER: f32 = 1e-6;

/// Three blocks in a row begin speech: a click is shorter.
const ONSET_BLOCKS: u32 = 3;

/// Speech ends after 200 ms without: words have gaps of up to 150 ms.
const HANGOVER_BLOCKS: u32 = 20;

/// The floor rises 1 dB in 200 ms and falls at once.
const FLOOR_RISE: f32 = 1.0116;

/// A stretch of speech by position (see [`Ring`](super::ring::Ring)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Speech began at this position.
    Began(u64),
    /// Speech ended at this position (200 ms before it was sure).
    Ended(u64),
}

/// Finds speech in service-rate samples.
#[derive(Clone, Debug)]
pub struct VoiceActivity {
    position: u64,
    block: u64,
    power: f32,
    filled: usize,
    floor: f32,
    loud: u32,
    quiet: u32,
    speaking: bool,
}

impl Default for VoiceActivity {
    fn default() -> Self {
        Self {
            position: 0,
            block: 0,
            power: 0.0,
            filled: 0,
            // -50 dBFS, a quiet room, until it is known better.
            floor: 1e-5,
            loud: 0,
            quiet: 0,
            speaking: false,
        }
    }
}

impl VoiceActivity {
    /// Whether speech is going on (until 200 ms after its end).
    #[must_use]
    pub const fn speaking(&self) -> bool {
        self.speaking
    }

    /// Takes the next samples and tells what changed.
    pub fn push(&mut self, samples: &[f32], mut changed: impl FnMut(Change)) {
        for sample in samples {
            // NaN would stay in the floor for ever.
            let sample = if sample.is_finite() { *sample } else { 0.0 };
            self.power += sample * sample;
            self.filled += 1;
            self.position += 1;
            if self.filled == BLOCK {
                let power = self.power / BLOCK as f32;
                (self.power, self.filled) = (0.0, 0);
                if let Some(change) = self.judge(power) {
                    changed(change);
                }
                self.block = self.position;
            }
        }
    }

    fn judge(&mut self, power: f32) -> Option<Change> {
        let loud = power > LEAST_POWER.max(self.floor * ABOVE_FLOOR);
        // Digital silence is a floor like any other: noise suppressors leave it
        // between words.
        let lowest = LEAST_POWER / ABOVE_FLOOR;
        self.floor = power.min(self.floor * FLOOR_RISE).max(lowest);
        if loud {
            self.loud += 1;
            self.quiet = 0;
        } else {
            self.quiet += 1;
            self.loud = 0;
        }
        let back = |blocks: u32| u64::from(blocks) * BLOCK as u64;
        if !self.speaking && self.loud >= ONSET_BLOCKS {
            self.speaking = true;
            return Some(Change::Began(self.block - back(ONSET_BLOCKS - 1)));
        }
        if self.speaking && self.quiet >= HANGOVER_BLOCKS {
            self.speaking = false;
            return Some(Change::Ended(self.block - back(HANGOVER_BLOCKS - 1)));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn noise(rng: &mut Random, level: f32, ms: usize) -> Vec<f32> {
        (0..ms * 16)
            .map(|_| (rng.unit() as f32 * 2.0 - 1.0) * level)
            .collect()
    }

    /// 300 ms of talk-like sound: noise under a 4 Hz envelope.
    fn talk(rng: &mut Random, level: f32, ms: usize) -> Vec<f32> {
        let mut sound = noise(rng, level, ms);
        for (n, sample) in sound.iter_mut().enumerate() {
            *sample *= 0.6 + 0.4 * (n as f32 * 4.0 * std::f32::consts::TAU / 16_000.0).sin();
        }
        sound
    }

    fn changes(sound: &[f32], piece: usize) -> Vec<Change> {
        let mut activity = VoiceActivity::default();
        let mut all = Vec::new();
        for part in sound.chunks(piece) {
            activity.push(part, |change| all.push(change));
        }
        all
    }

    #[test]
    fn speech_is_found_in_noise_where_it_is() {
        for floor in [0.0, 0.001, 0.02] {
            let mut rng = Random::new(7);
            let mut sound = noise(&mut rng, floor, 2_000);
            sound.extend(talk(&mut rng, 0.3, 600));
            sound.extend(noise(&mut rng, floor, 1_000));
            let found = changes(&sound, 128);
            // A loud room is taken for speech until it is known, some 600 ms.
            let [ref learnt @ .., Change::Began(from), Change::Ended(to)] = found[..] else {
                panic!("floor {floor}: {found:?}");
            };
            assert!(
                matches!(learnt, [] | [Change::Began(0), Change::Ended(..=9_600)]),
                "{learnt:?}"
            );
            assert!((31_680..=32_480).contains(&from), "{from}");
            assert!((40_800..=41_920).contains(&to), "{to}");
            assert_eq!(changes(&sound, 1_600), found);
        }
    }

    #[test]
    fn clicks_and_steady_noise_are_not_speech() {
        let mut rng = Random::new(7);
        let mut sound = noise(&mut rng, 0.01, 6_000);
        sound[50_000..50_100].fill(0.9);
        assert_eq!(changes(&sound, 128).len(), 0);
    }

    #[test]
    fn a_room_that_grows_loud_becomes_the_floor() {
        let mut rng = Random::new(7);
        let mut sound = noise(&mut rng, 0.001, 1_000);
        sound.extend(noise(&mut rng, 0.05, 12_000));
        let found = changes(&sound, 128);
        assert!(matches!(found[..], [Change::Began(_), Change::Ended(_)]));
    }

    #[test]
    fn not_a_number_is_silence() {
        let mut rng = Random::new(7);
        let mut sound = vec![f32::NAN; 16_000];
        sound.extend(talk(&mut rng, 0.3, 600));
        assert!(matches!(changes(&sound, 128)[..], [Change::Began(_)]));
    }
}
