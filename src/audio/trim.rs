//! Takes the silence off both ends of a clip, so that speech begins with its
//! first sound and utterances follow each other without a hole.

use super::SERVICE_RATE_HZ;

/// Below -50 dBFS nothing is heard of speech.
const QUIET: f32 = 0.003;

/// Kept before the first sound: the onset of an f or s is quieter than it.
const LEAD: usize = SERVICE_RATE_HZ as usize / 50;

/// Kept after the last sound: what parts two sentences.
const TAIL: usize = SERVICE_RATE_HZ as usize / 10;

/// A longer silence in the middle is held back for at most so long.
const HELD: usize = SERVICE_RATE_HZ as usize / 2;

/// Trims one clip, piece by piece.
#[derive(Debug, Default)]
pub struct Trim {
    sounded: bool,
    /// Silence since the last sound that was let through.
    let_through: usize,
    /// Silence that may be the end, or was before the beginning.
    held: Vec<f32>,
}

impl Trim {
    /// Takes the clip's next samples and appends what can be played.
    pub fn push(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        let loud = |sample: &f32| sample.abs() >= QUIET;
        let Some(last) = samples.iter().rposition(loud) else {
            self.quiet(samples, out);
            return;
        };
        let (mut sound, rest) = samples.split_at(last + 1);
        if !self.sounded {
            let before;
            (before, sound) = sound.split_at(sound.iter().position(loud).unwrap_or(last));
            self.quiet(before, out);
            self.sounded = true;
        }
        out.append(&mut self.held);
        out.extend_from_slice(sound);
        self.let_through = 0;
        self.quiet(rest, out);
    }

    fn quiet(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        let now = match self.sounded {
            true => samples.len().min(TAIL - self.let_through),
            false => 0,
        };
        let (now, later) = samples.split_at(now);
        self.let_through += now.len();
        out.extend_from_slice(now);
        self.held.extend_from_slice(later);
        let most = if self.sounded { HELD } else { LEAD };
        let over = self.held.len().saturating_sub(most);
        let over = self.held.drain(..over);
        if self.sounded {
            out.extend(over);
        }
    }

    /// The clip is over. One without any sound is a moment of silence.
    pub fn end(&mut self, out: &mut Vec<f32>) {
        if !self.sounded {
            out.append(&mut self.held);
        }
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Trimmed in pieces of some length.
    fn trimmed(clip: &[f32], piece: usize) -> Vec<f32> {
        let mut trim = Trim::default();
        let mut out = Vec::new();
        for samples in clip.chunks(piece) {
            trim.push(samples, &mut out);
        }
        trim.end(&mut out);
        out
    }

    fn clip(parts: &[(usize, f32)]) -> Vec<f32> {
        let samples = |(count, level): &(usize, f32)| vec![*level; *count];
        parts.iter().flat_map(samples).collect()
    }

    #[test]
    fn both_ends_are_taken_off_and_the_middle_stays() {
        let before = clip(&[
            (4_000, 0.001),
            (3_000, 0.2),
            (20_000, 0.0),
            (100, -0.1),
            (7_000, 0.0),
        ]);
        let after = clip(&[
            (LEAD, 0.001),
            (3_000, 0.2),
            (20_000, 0.0),
            (100, -0.1),
            (TAIL, 0.0),
        ]);
        for piece in [1, 7, 160, 4_096, 100_000] {
            assert!(trimmed(&before, piece) == after, "{piece}");
        }
    }

    #[test]
    fn a_clip_without_silence_is_as_it_was() {
        let sound = clip(&[(500, 0.5)]);
        assert_eq!(trimmed(&sound, 64), sound);
        let short = clip(&[(10, 0.0), (500, 0.5), (20, 0.0)]);
        assert_eq!(trimmed(&short, 64), short);
    }

    #[test]
    fn a_silent_clip_leaves_a_moment() {
        let left = trimmed(&clip(&[(30_000, 0.0)]), 1_000);
        assert!(!left.is_empty() && left.len() <= TAIL);
        assert!(trimmed(&[], 10).is_empty());
    }

    #[test]
    fn what_is_held_back_is_bounded() {
        let mut trim = Trim::default();
        let mut out = Vec::new();
        trim.push(&[0.1], &mut out);
        trim.push(&vec![0.0; 100_000], &mut out);
        assert_eq!(out.len(), 1 + 100_000 - HELD);
    }
}
