//! From any rate to any rate, streamed, through rubato.

use super::RATE_RANGE_HZ;
use crate::error::{Error, ErrorCode, Stage};
use crate::time::Duration;
use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{
    Async, FixedAsync, Indexing, Resampler as _, SincInterpolationParameters,
    SincInterpolationType, WindowFunction,
};

/// Input per rubato call: 5 ms, so that what comes in tens of milliseconds leaves
/// nothing waiting, and that a call costs little beside its samples.
const CHUNKS_PER_S: u32 = 200;

/// Filter taps per unit of in/out when downsampling: 160 taps for 48 → 16 kHz,
/// flat up to 6.7 kHz and down by 89 dB and more from 8.4 kHz on. (256 would be
/// flat up to 6.9 kHz, and this is the engine's one hot loop.)
const TAPS_PER_RATIO: f64 = 160.0 / 3.0;

/// Taps when upsampling (and the least for any): flat up to 6.5 kHz.
const LEAST_TAPS: usize = 64;

/// Above this many filter phases the table would be megabytes (a rate such as
/// 44,099 Hz has 16,000 of them): then interpolate between fewer.
const MOST_PHASES: u32 = 512;

/// The pass band, as a part of the lower Nyquist frequency. Without it rubato
/// lets 8.2 kHz through at -37 dB.
const CUTOFF: f32 = 0.92;

/// Resamples a stream of mono samples.
///
/// The output is aligned with the input: output sample `n` belongs to the time
/// `n / out_hz` of the input. It comes [`Self::delay`] later, because the
/// filter has to see what follows. [`Self::flush`] gives the rest, so that
/// `n` samples in are `round(n * out_hz / in_hz)` samples out.
pub struct Resampler {
    in_hz: u32,
    out_hz: u32,
    inner: Option<Inner>,
}

struct Inner {
    rubato: Async<f32>,
    taps: usize,
    /// Input frames per call.
    chunk: usize,
    /// Input that does not fill a chunk yet.
    waiting: Vec<f32>,
    /// One call's output; its capacity never changes.
    scratch: Vec<f32>,
    /// Output samples before the first that belongs to the input.
    skip: usize,
    /// How many output samples a chunk makes, if each makes as many.
    made: Option<usize>,
    /// How much exact silence came last, in input samples.
    silence: usize,
    taken: u64,
    given: u64,
}

impl Resampler {
    /// A resampler between two rates.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidOption`] when a rate is not within 8 to 192 kHz.
    pub fn new(in_hz: u32, out_hz: u32) -> Result<Self, Error> {
        for rate in [in_hz, out_hz] {
            if !RATE_RANGE_HZ.contains(&rate) {
                return Err(rate_error(rate));
            }
        }
        let inner = if in_hz == out_hz {
            None
        } else {
            Some(Inner::new(in_hz, out_hz)?)
        };
        Ok(Self {
            in_hz,
            out_hz,
            inner,
        })
    }

    /// The input's rate.
    #[must_use]
    pub const fn in_hz(&self) -> u32 {
        self.in_hz
    }

    /// The output's rate.
    #[must_use]
    pub const fn out_hz(&self) -> u32 {
        self.out_hz
    }

    /// How much later a sample leaves than it came, waiting for a full chunk
    /// (at most 5 ms) not counted: half the filter, 1.7 ms for
    /// 48 → 16 kHz and 2 ms for 16 → 48 kHz.
    #[must_use]
    pub fn delay(&self) -> Duration {
        let half = self.inner.as_ref().map_or(0, |inner| inner.taps / 2);
        Duration::from_secs_f64(half as f64 / f64::from(self.in_hz))
    }

    /// Appends to `out` what the next samples make possible.
    pub fn push(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        let Some(inner) = &mut self.inner else {
            out.extend_from_slice(samples);
            return;
        };
        inner.taken += samples.len() as u64;
        let mut rest = samples;
        let whole = inner.chunk;
        while !rest.is_empty() {
            if inner.waiting.is_empty() && rest.len() >= whole {
                inner.run(&rest[..whole], u64::MAX, out);
                rest = &rest[whole..];
                continue;
            }
            let (now, later) = rest.split_at(rest.len().min(whole - inner.waiting.len()));
            inner.waiting.extend_from_slice(now);
            rest = later;
            if inner.waiting.len() == whole {
                let chunk = std::mem::take(&mut inner.waiting);
                inner.run(&chunk, u64::MAX, out);
                inner.waiting = chunk;
                inner.waiting.clear();
            }
        }
    }

    /// How many samples [`Self::flush`] would give.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.inner.as_ref().map_or(0, |inner| {
            scale(inner.taken, self.in_hz, self.out_hz).saturating_sub(inner.given)
        })
    }

    /// Appends what is still in the filter and begins a new stream.
    pub fn flush(&mut self, out: &mut Vec<f32>) {
        let Some(inner) = &mut self.inner else {
            return;
        };
        let whole = scale(inner.taken, self.in_hz, self.out_hz);
        let mut chunk = std::mem::take(&mut inner.waiting);
        while inner.given < whole {
            chunk.resize(inner.chunk, 0.0);
            inner.run(&chunk, whole, out);
            chunk.clear();
        }
        chunk.clear();
        inner.waiting = chunk;
        inner.reset();
    }
}

impl Inner {
    fn new(in_hz: u32, out_hz: u32) -> Result<Self, Error> {
        let ratio = f64::from(out_hz) / f64::from(in_hz);
        let phases = out_hz / gcd(in_hz, out_hz);
        let (phases, interpolation) = if phases <= MOST_PHASES {
            (phases, SincInterpolationType::Nearest)
        } else {
            (256, SincInterpolationType::Cubic)
        };
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let taps = ((TAPS_PER_RATIO / ratio).ceil() as usize)
            .next_multiple_of(8)
            .max(LEAST_TAPS);
        let parameters = SincInterpolationParameters::new(taps, WindowFunction::BlackmanHarris)
            .f_cutoff(CUTOFF)
            .oversampling_factor(phases as usize)
            .interpolation(interpolation);
        let chunk = (in_hz / CHUNKS_PER_S) as usize;
        let rubato = Async::new_sinc(ratio, 1.0, &parameters, chunk, 1, FixedAsync::Input)
            .map_err(|_| rate_error(in_hz))?;
        let mut inner = Self {
            chunk,
            waiting: Vec::with_capacity(chunk),
            scratch: vec![0.0; rubato.output_frames_max()],
            rubato,
            taps,
            made: (chunk as u64 * u64::from(out_hz))
                .is_multiple_of(u64::from(in_hz))
                .then(|| chunk * out_hz as usize / in_hz as usize),
            silence: 0,
            skip: 0,
            taken: 0,
            given: 0,
        };
        inner.reset();
        Ok(inner)
    }

    fn reset(&mut self) {
        self.rubato.reset();
        self.silence = 0;
        self.taken = 0;
        self.given = 0;
        // rubato's first output sample stands `taps / 2 - 1` input samples less
        // one output step before the input begins.
        let ratio = self.rubato.resample_ratio();
        let before = (self.taps / 2 - 1) as f64 * ratio - 1.0;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let skip = before.round().max(0.0) as usize;
        self.skip = skip;
    }

    /// Runs one chunk and keeps no more than makes `most` samples in all.
    fn run(&mut self, chunk: &[f32], most: u64, out: &mut Vec<f32>) {
        let silent = chunk.iter().all(|sample| *sample == 0.0);
        // Nothing but silence is in the filter: it would be as it is afterwards.
        // A muted side is half of the work, and a quiet one often.
        if silent
            && self.silence >= 2 * self.taps
            && self.skip == 0
            && most == u64::MAX
            && let Some(made) = self.made
        {
            self.given += made as u64;
            out.resize(out.len() + made, 0.0);
            return;
        }
        self.silence = if silent {
            self.silence.saturating_add(chunk.len())
        } else {
            0
        };
        let frames = self.scratch.len();
        let (Ok(input), Ok(mut output)) = (
            SequentialSlice::new(chunk, 1, chunk.len()),
            SequentialSlice::new_mut(&mut self.scratch, 1, frames),
        ) else {
            return;
        };
        // Cannot fail: both buffers have the sizes that rubato asked for.
        let Ok((_, made)) = self
            .rubato
            .process_into_buffer(&input, &mut output, None::<&Indexing>)
        else {
            return;
        };
        let skipped = self.skip.min(made);
        self.skip -= skipped;
        let left = usize::try_from(most - self.given).unwrap_or(usize::MAX);
        let kept = &self.scratch[skipped..made];
        let kept = &kept[..kept.len().min(left)];
        self.given += kept.len() as u64;
        out.extend_from_slice(kept);
    }
}

/// `samples` at one rate counted at another, to the nearest.
fn scale(samples: u64, in_hz: u32, out_hz: u32) -> u64 {
    let exact = u128::from(samples) * u128::from(out_hz) + u128::from(in_hz) / 2;
    u64::try_from(exact / u128::from(in_hz)).unwrap_or(u64::MAX)
}

const fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn rate_error(rate_hz: u32) -> Error {
    Error {
        field: Some("rateHz".into()),
        ..Error::new(
            ErrorCode::InvalidOption,
            Stage::Audio,
            format!("rateHz: expected 8000 to 192000, got {rate_hz}"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    fn tone(rate: u32, hz: f64, seconds: f64) -> Vec<f32> {
        (0..(f64::from(rate) * seconds) as usize)
            .map(|n| (0.5 * (TAU * hz * n as f64 / f64::from(rate)).sin()) as f32)
            .collect()
    }

    fn resample(input: &[f32], in_hz: u32, out_hz: u32, piece: usize) -> Vec<f32> {
        let mut resampler = Resampler::new(in_hz, out_hz).unwrap();
        let mut out = Vec::new();
        for part in input.chunks(piece) {
            resampler.push(part, &mut out);
        }
        resampler.flush(&mut out);
        out
    }

    /// Signal to noise and distortion of a tone, by a least squares fit of its
    /// sine and cosine over the middle of the sound.
    fn sinad_db(samples: &[f32], rate: u32, hz: f64) -> f64 {
        let margin = samples.len() / 10;
        let (mut ss, mut sc, mut cc, mut xs, mut xc) = (0.0, 0.0, 0.0, 0.0, 0.0);
        let middle = margin..samples.len() - margin;
        for n in middle.clone() {
            let (s, c) = (TAU * hz * n as f64 / f64::from(rate)).sin_cos();
            let x = f64::from(samples[n]);
            ss += s * s;
            sc += s * c;
            cc += c * c;
            xs += x * s;
            xc += x * c;
        }
        let det = ss * cc - sc * sc;
        let (a, b) = ((xs * cc - xc * sc) / det, (xc * ss - xs * sc) / det);
        let (mut signal, mut noise) = (0.0, 0.0);
        for n in middle {
            let (s, c) = (TAU * hz * n as f64 / f64::from(rate)).sin_cos();
            let fit = a * s + b * c;
            signal += fit * fit;
            noise += (f64::from(samples[n]) - fit).powi(2);
        }
        10.0 * (signal / noise).log10()
    }

    fn level_db(samples: &[f32]) -> f64 {
        let margin = samples.len() / 10;
        let middle = &samples[margin..samples.len() - margin];
        let power: f64 = middle.iter().map(|s| f64::from(*s).powi(2)).sum();
        10.0 * (power / middle.len() as f64 / 0.125).log10()
    }

    #[test]
    fn tones_stay_clean() {
        for (from, to) in [
            (48_000, 16_000),
            (44_100, 16_000),
            (192_000, 16_000),
            (22_050, 16_000),
            (44_099, 16_000),
            (8_000, 16_000),
            (16_000, 48_000),
            (16_000, 44_100),
            (16_000, 8_000),
        ] {
            for hz in [1_000.0, 0.85 * 0.5 * f64::from(from.min(to))] {
                let out = resample(&tone(from, hz, 0.5), from, to, 128);
                let sinad = sinad_db(&out, to, hz);
                assert!(sinad >= 80.0, "{from} -> {to}, {hz} Hz: {sinad:.1} dB");
            }
        }
    }

    #[test]
    fn what_would_fold_is_stopped() {
        for from in [192_000, 48_000, 44_100] {
            for hz in [8_700.0, 12_000.0, 15_000.0] {
                let out = resample(&tone(from, hz, 0.5), from, 16_000, 128);
                let level = level_db(&out);
                assert!(level < -80.0, "{hz} Hz at {from}: {level:.1} dB");
            }
        }
    }

    #[test]
    fn counts_and_samples_do_not_depend_on_the_pieces() {
        for (from, to) in [(48_000, 16_000), (44_100, 16_000), (16_000, 44_100)] {
            let input = tone(from, 440.0, 0.25);
            let whole = resample(&input, from, to, usize::MAX);
            assert_eq!(
                whole.len() as u64,
                scale(input.len() as u64, from, to),
                "{from} -> {to}"
            );
            for piece in [1, 37, 64, 128, 480] {
                assert_eq!(resample(&input, from, to, piece), whole, "{piece}");
            }
        }
    }

    #[test]
    fn output_is_aligned_with_input() {
        for (from, to) in [(48_000, 16_000), (44_100, 16_000), (16_000, 48_000)] {
            let mut input = vec![0.0; from as usize / 10];
            let at = input.len() / 2;
            // A wide bump, so that its top is well inside the pass band.
            for (n, sample) in input.iter_mut().enumerate() {
                let t = (n as f64 - at as f64) / f64::from(from);
                *sample = (-(t * 2_000.0).powi(2)).exp() as f32;
            }
            let out = resample(&input, from, to, 128);
            let top = (0..out.len()).max_by(|a, b| out[*a].total_cmp(&out[*b]));
            let shift = top.unwrap() as f64 / f64::from(to) - at as f64 / f64::from(from);
            let step = 1.0 / f64::from(to.min(from));
            assert!(shift.abs() <= step + 1e-9, "{from}: {shift}");
        }
    }

    #[test]
    fn nothing_waits_longer_than_the_delay() {
        let mut resampler = Resampler::new(48_000, 16_000).unwrap();
        let mut out = Vec::new();
        resampler.push(&vec![0.1; 48_000], &mut out);
        let late = 1.0 - out.len() as f64 / 16_000.0;
        let delay = resampler.delay().as_secs_f64();
        assert!((0.0016..0.0018).contains(&delay), "{delay}");
        assert!(late <= delay + 0.002, "{late}");
    }

    #[test]
    fn after_a_flush_a_new_stream_begins() {
        let mut resampler = Resampler::new(16_000, 48_000).unwrap();
        let input = tone(16_000, 440.0, 0.1);
        let (mut first, mut second) = (Vec::new(), Vec::new());
        resampler.push(&input, &mut first);
        resampler.flush(&mut first);
        resampler.push(&input, &mut second);
        resampler.flush(&mut second);
        assert_eq!(first, second);
        assert_eq!(first.len(), 4_800);
    }

    #[test]
    fn equal_rates_are_left_alone() {
        let input = tone(16_000, 440.0, 0.1);
        assert_eq!(resample(&input, 16_000, 16_000, 7), input);
    }

    #[test]
    fn silence_is_skipped_and_nothing_shows_it() {
        for (from, to) in [(48_000, 16_000), (16_000, 48_000), (44_100, 16_000)] {
            let mut input = tone(from, 440.0, 0.1);
            input.extend(vec![0.0; from as usize / 2]);
            input.extend(tone(from, 440.0, 0.1));
            let mut resampler = Resampler::new(from, to).unwrap();
            let mut skipping = Vec::new();
            resampler.push(&input, &mut skipping);
            resampler.flush(&mut skipping);
            // What is not exactly nothing is not skipped.
            let mut never = input.clone();
            let quiet = never.iter_mut().filter(|sample| **sample == 0.0);
            quiet.for_each(|sample| *sample = 1e-9);
            let whole = resample(&never, from, to, usize::MAX);
            assert_eq!(skipping.len(), whole.len(), "{from} -> {to}");
            let most = skipping.iter().zip(&whole);
            let most = most.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(most < 1e-8, "{from} -> {to}: {most}");
        }
    }

    #[test]
    fn absurd_rates_are_a_typed_error() {
        for rate in [0, 1, 7_999, 192_001, u32::MAX] {
            for error in [
                Resampler::new(rate, 16_000).err().unwrap(),
                Resampler::new(16_000, rate).err().unwrap(),
            ] {
                assert_eq!(error.code, ErrorCode::InvalidOption);
                assert_eq!(error.stage, Stage::Audio);
                assert_eq!(error.field.as_deref(), Some("rateHz"));
            }
        }
    }
}
