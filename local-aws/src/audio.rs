//! Sample rates.

use std::f64::consts::PI;

/// Taps on either side, in periods of the lower of the two rates.
const REACH: f64 = 16.0;

/// A streaming resampler between any two whole rates: a windowed sinc whose
/// phases are computed once.
pub struct Resampler {
    step: usize,
    phases: Vec<Vec<f32>>,
    history: Vec<f32>,
    /// The next output's place: phase counted in `1 / phases.len()` samples.
    phase: usize,
    half: usize,
}

impl Resampler {
    /// From one rate to another, in Hz.
    #[must_use]
    pub fn new(from_hz: u32, to_hz: u32) -> Self {
        let common = gcd(from_hz, to_hz);
        let (step, count) = ((from_hz / common) as usize, (to_hz / common) as usize);
        let cutoff = (f64::from(to_hz) / f64::from(from_hz)).min(1.0) * 0.94;
        let half = (REACH / cutoff).ceil() as usize;
        let phases = (0..count)
            .map(|phase| taps(phase as f64 / count as f64, cutoff, half))
            .collect();
        Self {
            step,
            phases,
            history: vec![0.0; half],
            phase: 0,
            half,
        }
    }

    /// Takes samples and gives those that they complete; the last half
    /// filter length (about 1 ms) waits for more.
    pub fn push(&mut self, samples: &[f32]) -> Vec<f32> {
        if self.step == 1 && self.phases.len() == 1 {
            return samples.to_vec();
        }
        self.history.extend_from_slice(samples);
        let mut out = Vec::with_capacity(samples.len() * self.phases.len() / self.step + 1);
        let mut at = 0;
        while let Some(window) = self.history.get(at..at + 2 * self.half) {
            let taps = &self.phases[self.phase];
            out.push(window.iter().zip(taps).map(|(s, t)| s * t).sum());
            self.phase += self.step;
            at += self.phase / self.phases.len();
            self.phase %= self.phases.len();
        }
        self.history.drain(..at.min(self.history.len()));
        out
    }
}

/// The filter that reads between two samples, `shift` after the first.
fn taps(shift: f64, cutoff: f64, half: usize) -> Vec<f32> {
    let mut taps: Vec<f64> = (0..2 * half)
        .map(|index| {
            let x = index as f64 - (half as f64 - 1.0) - shift;
            let sinc = if x == 0.0 {
                1.0
            } else {
                (PI * cutoff * x).sin() / (PI * cutoff * x)
            };
            let window = 0.5 + 0.5 * (PI * x / half as f64).cos();
            sinc * window
        })
        .collect();
    let sum: f64 = taps.iter().sum();
    taps.iter_mut().for_each(|tap| *tap /= sum);
    taps.into_iter().map(|tap| tap as f32).collect()
}

const fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::Resampler;
    use std::f64::consts::TAU;

    fn level_after(from_hz: u32, tone_hz: f64, piece: usize) -> f64 {
        let samples: Vec<f32> = (0..from_hz)
            .map(|n| (TAU * tone_hz * f64::from(n) / f64::from(from_hz)).sin() as f32)
            .collect();
        let mut resampler = Resampler::new(from_hz, 16_000);
        let out: Vec<f32> = samples
            .chunks(piece)
            .flat_map(|piece| resampler.push(piece))
            .collect();
        assert!(
            (15_900..=16_000).contains(&out.len()),
            "{} samples",
            out.len()
        );
        let middle = &out[1000..15_000];
        (middle.iter().map(|s| f64::from(s * s)).sum::<f64>() / middle.len() as f64 * 2.0).sqrt()
    }

    #[test]
    fn tones_below_the_band_edge_pass_and_those_above_do_not() {
        for rate in [8_000, 22_050, 44_100, 48_000] {
            assert!(
                (level_after(rate, 1_000.0, 333) - 1.0).abs() < 0.02,
                "{rate}"
            );
        }
        for tone in [4_200.0, 6_600.0] {
            assert!(
                (level_after(48_000, tone, 4_800) - 1.0).abs() < 0.02,
                "{tone}"
            );
        }
        assert!(level_after(48_000, 9_500.0, 4_800) < 0.01);
    }

    #[test]
    fn pieces_make_no_difference() {
        let samples: Vec<f32> = (0..4_410_i16).map(|n| f32::from(n % 97) / 97.0).collect();
        let whole = Resampler::new(44_100, 16_000).push(&samples);
        let mut resampler = Resampler::new(44_100, 16_000);
        let pieces: Vec<f32> = samples.chunks(7).flat_map(|p| resampler.push(p)).collect();
        assert_eq!(whole, pieces);
    }
}
