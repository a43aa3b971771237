//! What happens to sound on its way.

use super::{RATE, Random};

/// Louder or softer, clipped as a sound card does.
pub(super) fn gain(pcm: &[f32], db: f32) -> Vec<f32> {
    let gain = 10.0_f32.powf(db / 20.0);
    pcm.iter().map(|s| (s * gain).clamp(-1.0, 1.0)).collect()
}

fn power(pcm: &[f32]) -> f32 {
    pcm.iter().map(|s| s * s).sum::<f32>() / pcm.len() as f32
}

/// White noise that much below the mean of `pcm`, on all of `sound`.
pub(super) fn noise(sound: &[f32], pcm: &[f32], snr_db: f32, random: &mut Random) -> Vec<f32> {
    // A uniform number within ±1 has the power 1/3.
    let gain = (3.0 * power(pcm) / 10.0_f32.powf(snr_db / 10.0)).sqrt();
    sound.iter().map(|s| s + gain * random.uniform()).collect()
}

/// To 8 kHz, μ-law with 8 bits, and back.
pub(super) fn telephone(pcm: &[f32]) -> Vec<f32> {
    let low = low_pass(pcm);
    let coded: Vec<f32> = low.iter().step_by(2).map(|s| mu_law(*s)).collect();
    let mut wide = vec![0.0; pcm.len()];
    for (i, sample) in coded.into_iter().enumerate() {
        wide[2 * i] = 2.0 * sample;
    }
    low_pass(&wide)
}

fn mu_law(sample: f32) -> f32 {
    let mu = 255.0_f32;
    let coded = sample.signum() * (1.0 + mu * sample.abs().min(1.0)).ln() / (1.0 + mu).ln();
    let coded = (coded * 127.0).round() / 127.0;
    coded.signum() * ((1.0 + mu).powf(coded.abs()) - 1.0) / mu
}

/// Windowed sinc, 3.4 kHz at 16 kHz, without delay.
fn low_pass(pcm: &[f32]) -> Vec<f32> {
    let half = 32_i64;
    let taps: Vec<f32> = (-half..=half)
        .map(|i| {
            let x = std::f32::consts::PI * i as f32;
            let cut = 2.0 * 3400.0 / RATE as f32;
            let sinc = if i == 0 { cut } else { (x * cut).sin() / x };
            sinc * (0.5 + 0.5 * (x / (half + 1) as f32).cos())
        })
        .collect();
    (0..pcm.len() as i64)
        .map(|at| {
            taps.iter()
                .enumerate()
                .filter_map(|(i, tap)| {
                    let from = at + i as i64 - half;
                    (0..pcm.len() as i64)
                        .contains(&from)
                        .then(|| tap * pcm[from as usize])
                })
                .sum()
        })
        .collect()
}

/// Only every second 20 ms arrives.
pub(super) fn halved(pcm: &[f32]) -> Vec<f32> {
    pcm.chunks(RATE / 50)
        .step_by(2)
        .flatten()
        .copied()
        .collect()
}

/// Every second 20 ms is silence.
pub(super) fn holed(pcm: &[f32]) -> Vec<f32> {
    pcm.chunks(RATE / 50)
        .enumerate()
        .flat_map(|(i, chunk)| chunk.iter().map(move |s| if i % 2 == 0 { *s } else { 0.0 }))
        .collect()
}

/// A tune of plain tones with harmonics.
pub(super) fn music(random: &mut Random) -> Vec<f32> {
    let mut pcm = Vec::new();
    for _ in 0..24 {
        let pitch = 220.0 * 2.0_f32.powf(random.below(13) as f32 / 12.0);
        for i in 0..RATE / 4 {
            let time = i as f32 / RATE as f32;
            let fade = (-4.0 * time).exp();
            let tone: f32 = (1..=5)
                .map(|h| (std::f32::consts::TAU * pitch * h as f32 * time).sin() / h as f32)
                .sum();
            pcm.push(0.1 * fade * tone);
        }
    }
    pcm
}
