//! Soft noise for a line that would otherwise seem dead.

use crate::random::Random;

/// Root mean square of the noise; the route's volume (0.005 by default) makes
/// it soft.
const LEVEL: f32 = 0.2;

/// The loop's end fades into its beginning over this many seconds.
const SEAM_SECONDS: f32 = 0.05;

/// A loop of pinkish noise of that length, without a seam to hear: mono, peak
/// within ±1, the same for the same seed.
#[must_use]
pub fn looped(rate_hz: u32, seconds: f32, seed: u64) -> Vec<f32> {
    let count = |seconds: f32| -> usize {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let samples = (seconds.max(0.0) * rate_hz as f32) as usize;
        samples
    };
    let (length, seam) = (count(seconds), count(SEAM_SECONDS));
    let mut source = Pink::new(seed);
    let mut noise: Vec<f32> = (0..length + seam).map(|_| source.sample()).collect();
    // What follows the end fades out over the beginning: equal power, as the
    // two are not alike.
    for n in 0..seam.min(length) {
        let part = n as f32 / seam as f32;
        noise[n] = noise[n] * part.sqrt() + noise[length + n] * (1.0 - part).sqrt();
    }
    noise.truncate(length);
    let power = noise.iter().map(|s| s * s).sum::<f32>() / length.max(1) as f32;
    let gain = LEVEL / power.sqrt().max(f32::MIN_POSITIVE);
    for sample in &mut noise {
        *sample = (*sample * gain).clamp(-1.0, 1.0);
    }
    noise
}

/// Noise that falls by 3 dB an octave: Paul Kellet's economy filter.
struct Pink {
    random: Random,
    state: [f32; 3],
}

impl Pink {
    fn new(seed: u64) -> Self {
        let mut pink = Self {
            random: Random::new(seed),
            state: [0.0; 3],
        };
        // Let the slowest pole settle.
        for _ in 0..4_096 {
            pink.sample();
        }
        pink
    }

    fn sample(&mut self) -> f32 {
        let white = self.random.unit() as f32 * 2.0 - 1.0;
        let [a, b, c] = &mut self.state;
        *a = 0.997_65 * *a + white * 0.099_046;
        *b = 0.963 * *b + white * 0.296_516_4;
        *c = 0.57 * *c + white * 1.052_691_3;
        *a + *b + *c + white * 0.1848
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_soft_steady_and_reproducible() {
        let noise = looped(48_000, 2.0, 1);
        assert_eq!(noise.len(), 96_000);
        assert_eq!(noise, looped(48_000, 2.0, 1));
        assert_ne!(noise, looped(48_000, 2.0, 2));
        assert!(noise.iter().all(|s| s.abs() <= 1.0));
        for part in noise.chunks(12_000) {
            let power = part.iter().map(|s| s * s).sum::<f32>() / part.len() as f32;
            assert!((0.05..0.5).contains(&power.sqrt()), "{}", power.sqrt());
        }
    }

    #[test]
    fn its_seam_is_no_click() {
        let noise = looped(48_000, 1.0, 3);
        let step = |a: f32, b: f32| (a - b).abs();
        let most = noise
            .windows(2)
            .map(|w| step(w[0], w[1]))
            .fold(0.0, f32::max);
        assert!(step(noise[0], noise[noise.len() - 1]) <= most);
    }

    #[test]
    fn it_is_pinkish() {
        // A first difference is 6 dB an octave up: of white noise it would have
        // twice the power.
        let noise = looped(48_000, 1.0, 3);
        let power: f32 = noise.iter().map(|s| s * s).sum();
        let high: f32 = noise.windows(2).map(|w| (w[1] - w[0]).powi(2)).sum();
        assert!(high < power, "{}", high / power);
    }

    #[test]
    fn no_length_is_no_noise() {
        assert!(looped(48_000, 0.0, 1).is_empty());
        assert!(looped(48_000, -1.0, 1).is_empty());
    }
}
