//! What a recogniser sees of a sound: each 10 ms a mel cepstrum that hardly
//! depends on loudness or noise, and whether it is speech.

use std::{collections::VecDeque, f32::consts::PI, sync::Arc};

use realfft::{RealFftPlanner, RealToComplex, num_complex::Complex32};

use super::RATE;

/// Samples from one frame to the next: 10 ms.
pub(super) const HOP: usize = RATE / 100;
/// Samples of a frame: 25 ms.
const FRAME: usize = RATE / 40;
const FFT: usize = 512;
const BANDS: usize = 24;
/// The telephone band: what survives any path that a call takes. Pilots are
/// above it.
const BAND_HZ: (f32, f32) = (120.0, 3800.0);
/// Emphasis of high frequencies, where speech is weak.
const EMPHASIS: f32 = 0.97;
/// Cepstral coefficients from the first on. The zeroth, loudness, is replaced
/// by the level below the recent peak.
const CEPSTRA: usize = 12;
const STATIC: usize = CEPSTRA + 1;
/// A frame's values and their slopes.
pub(super) const DIMENSIONS: usize = 2 * STATIC;
/// Whatever is that far below the peak's band (dB) counts as equal. One for the cepstrum, one for the level.
const FLOOR_DB: f32 = -22.0;
const LEVEL_FLOOR_DB: f32 = -30.0;
/// Speech that is not that much above the noise is hidden by it.
const FAINT_DB: f32 = 5.0;
/// How fast a past peak is forgotten.
const PEAK_DECAY_DB_PER_S: f32 = 2.0;
/// Speech is that much above the noise, not more than that much below the
/// recent peak, and above that level at all.
const OVER_NOISE_DB: f32 = 4.0;
const BELOW_PEAK_DB: f32 = 36.0;
const QUIETEST_DBFS: f32 = -66.0;
/// Before that many frames have been heard, anything above that level may be
/// speech: a stream can begin within a word.
const KNOWN_AFTER: usize = 30;
const EARLY_SPEECH_DBFS: f32 = -50.0;
/// The quietest frame of the last this many frames shows the noise.
const NOISE_MEMORY: usize = 150;

/// Frames without speech before the next one shows the noise: a closure within
/// a word is shorter.
const QUIET: usize = 6;

/// What is known of 10 ms.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    /// Cepstrum, level, and their slopes.
    pub values: [f32; DIMENSIONS],
    /// Whether it is speech.
    pub speech: bool,
    /// Whether it may be: so early in a stream nobody knows what is noise.
    pub perhaps: bool,
    /// Whether the noise that it was made for may hide it.
    pub faint: bool,
    /// How deep the deepest 10 ms are below the loudest 5 ms, in dB.
    pub dip_db: f32,
    /// What it was made of.
    bands: Bands,
}

/// Power by band, as parts of the recent peak.
type Bands = [f32; BANDS];

/// What one frame shows without its neighbours.
#[derive(Clone, Copy)]
struct Measured {
    bands: Bands,
    values: [f32; STATIC],
    speech: bool,
    perhaps: bool,
    dip_db: f32,
}

/// Noise by band, as parts of the recent peak.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Noise(Bands);

impl Noise {
    /// None at all.
    pub(super) const NONE: Self = Self([0.0; BANDS]);

    /// Whether frames made for one of them serve for the other: within 1 dB
    /// where it matters.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let floor = band_floor();
        self.0
            .iter()
            .zip(other.0)
            .all(|(a, b)| ((a + floor) / (b + floor)).ln().abs() < 0.23)
    }
}

fn band_floor() -> f32 {
    db(FLOOR_DB) / BANDS as f32
}

/// Cepstra of bands.
struct Cepstrum {
    cosines: Vec<[f32; BANDS]>,
}

impl Cepstrum {
    fn new() -> Self {
        let cosines = (1..=CEPSTRA)
            .map(|k| {
                // Higher coefficients are smaller: a mild lifter evens them.
                let lifter = 1.0 + 5.0 * (PI * k as f32 / 22.0).sin();
                std::array::from_fn(|b| {
                    lifter * (PI * k as f32 * (b as f32 + 0.5) / BANDS as f32).cos() / BANDS as f32
                })
            })
            .collect();
        Self { cosines }
    }

    fn of(&self, bands: &Bands) -> [f32; STATIC] {
        let floor = band_floor();
        let logs: Bands = std::array::from_fn(|b| (bands[b] + floor).ln());
        let mut values = [0.0; STATIC];
        for (value, cosines) in values.iter_mut().zip(&self.cosines) {
            *value = cosines.iter().zip(logs).map(|(c, log)| c * log).sum();
        }
        values[CEPSTRA] = 0.35 * (bands.iter().sum::<f32>() + db(LEVEL_FLOOR_DB)).ln();
        values
    }
}

/// `frames` as they would be with that noise: what noise hides in a stream must
/// not count against a line.
pub(super) fn with_noise(frames: &[Frame], noise: &Noise) -> Vec<Frame> {
    let cepstrum = Cepstrum::new();
    let flat = flat();
    let natural = |bands: &Bands| {
        bands
            .iter()
            .zip(flat)
            .map(|(b, flat)| b * flat)
            .sum::<f32>()
    };
    let hiding = natural(&noise.0) * db(FAINT_DB);
    let statics: Vec<_> = frames
        .iter()
        .map(|frame| cepstrum.of(&std::array::from_fn(|b| frame.bands[b] + noise.0[b])))
        .collect();
    let at = |i: usize, by: isize| &statics[i.saturating_add_signed(by).min(frames.len() - 1)];
    frames
        .iter()
        .enumerate()
        .map(|(i, frame)| Frame {
            values: with_slopes([at(i, -2), at(i, -1), at(i, 0), at(i, 1), at(i, 2)]),
            faint: natural(&frame.bands) < hiding,
            ..frame.clone()
        })
        .collect()
}

/// A frame's values with their slopes over five frames.
fn with_slopes(around: [&[f32; STATIC]; 5]) -> [f32; DIMENSIONS] {
    let mut values = [0.0; DIMENSIONS];
    for i in 0..STATIC {
        values[i] = around[2][i];
        values[STATIC + i] =
            (2.0 * (around[4][i] - around[0][i]) + around[3][i] - around[1][i]) * 0.16;
    }
    values
}

/// Makes frames of samples. A frame is known two frames later, because slopes
/// look ahead.
pub(super) struct FrontEnd {
    fft: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    filters: Vec<Vec<(usize, f32)>>,
    cepstrum: Cepstrum,
    pending: VecDeque<f32>,
    last: f32,
    input: Vec<f32>,
    spectrum: Vec<Complex32>,
    /// What undoes the emphasis, by band.
    flat: Bands,
    /// The recent peaks of power with and without emphasis.
    peak: f32,
    loudest: f32,
    noise: [f32; BANDS],
    minima: VecDeque<f32>,
    /// Frames of noise that went into `noise`.
    learnt: usize,
    /// Frames since the last speech.
    quiet: usize,
    ahead: VecDeque<Measured>,
}

impl FrontEnd {
    pub(super) fn new() -> Self {
        let fft = RealFftPlanner::<f32>::new().plan_fft_forward(FFT);
        let window = (0..FRAME)
            .map(|i| 0.54 - 0.46 * (2.0 * PI * i as f32 / (FRAME - 1) as f32).cos())
            .collect();
        Self {
            spectrum: fft.make_output_vec(),
            fft,
            window,
            filters: filters(),
            cepstrum: Cepstrum::new(),
            pending: VecDeque::new(),
            last: 0.0,
            input: vec![0.0; FFT],
            flat: flat(),
            peak: 0.0,
            loudest: 0.0,
            noise: [0.0; BANDS],
            minima: VecDeque::new(),
            learnt: 0,
            quiet: 0,
            ahead: VecDeque::new(),
        }
    }

    /// Takes samples; gives each frame that became known. The n-th frame is
    /// about the 10 ms that begin at n · 10 ms.
    pub(super) fn push(&mut self, pcm: &[f32], mut each: impl FnMut(Frame)) {
        for sample in pcm {
            self.pending.push_back(sample - EMPHASIS * self.last);
            self.last = *sample;
        }
        while self.pending.len() >= FRAME {
            let known = self.measure();
            self.pending.drain(..HOP);
            if self.ahead.is_empty() {
                self.ahead.push_back(known);
                self.ahead.push_back(known);
            }
            self.ahead.push_back(known);
            if self.ahead.len() == 5 {
                each(self.frame());
                self.ahead.pop_front();
            }
        }
    }

    fn frame(&self) -> Frame {
        let a = &self.ahead;
        Frame {
            values: with_slopes(std::array::from_fn(|i| &a[i].values)),
            speech: a[2].speech,
            perhaps: a[2].perhaps,
            faint: false,
            dip_db: a[2].dip_db,
            bands: a[2].bands,
        }
    }

    /// The noise that is now behind the speech.
    pub(super) fn noise(&self) -> Noise {
        let peak = self.peak.max(1e-12);
        Noise(self.noise.map(|band| band / peak))
    }

    fn measure(&mut self) -> Measured {
        let dip_db = dip(&mut self.pending);
        for (to, (sample, gain)) in self
            .input
            .iter_mut()
            .zip(self.pending.iter().zip(&self.window))
        {
            *to = sample * gain;
        }
        self.input[FRAME..].fill(0.0);
        // Lengths are those of the plan: this cannot fail.
        if self
            .fft
            .process(&mut self.input, &mut self.spectrum)
            .is_err()
        {
            self.spectrum.fill(Complex32::default());
        }
        let scale = 1.0 / (FRAME as f32 * FRAME as f32 / 4.0);
        let bands: [f32; BANDS] = std::array::from_fn(|b| {
            self.filters[b]
                .iter()
                .map(|(bin, weight)| self.spectrum[*bin].norm_sqr() * weight)
                .sum::<f32>()
                * scale
        });
        let power: f32 = bands.iter().sum();
        let natural = bands.iter().zip(self.flat).map(|(b, flat)| b * flat).sum();
        let speech = self.is_speech(power, natural);
        let perhaps = speech || self.minima.len() < KNOWN_AFTER && natural > db(EARLY_SPEECH_DBFS);
        self.quiet = if speech { 0 } else { self.quiet + 1 };
        if self.quiet >= QUIET && self.minima.len() >= KNOWN_AFTER {
            self.learnt += 1;
            let rate = (1.0 / self.learnt as f32).max(0.05);
            for (noise, band) in self.noise.iter_mut().zip(bands) {
                *noise += rate * (band - *noise);
            }
        }
        let peak = self.peak.max(1e-12);
        let bands = bands.map(|band| band / peak);
        Measured {
            bands,
            values: self.cepstrum.of(&bands),
            speech,
            perhaps,
            dip_db,
        }
    }

    /// By the power without emphasis, where noise weighs less.
    fn is_speech(&mut self, power: f32, natural: f32) -> bool {
        self.minima.push_back(natural);
        if self.minima.len() > NOISE_MEMORY {
            self.minima.pop_front();
        }
        let quietest = self.minima.iter().copied().fold(f32::MAX, f32::min);
        // The least of many frames of noise is about 2 dB below their mean.
        let noise = quietest * db(2.0);
        let speech = natural > noise * db(OVER_NOISE_DB)
            && natural > self.loudest * db(-BELOW_PEAK_DB)
            && natural > db(QUIETEST_DBFS);
        self.loudest *= db(-PEAK_DECAY_DB_PER_S / 100.0);
        self.loudest = self.loudest.max(natural);
        self.peak *= db(-PEAK_DECAY_DB_PER_S / 100.0);
        self.peak = self.peak.max(power);
        speech
    }
}

/// See [`Frame::dip_db`].
fn dip(pending: &mut VecDeque<f32>) -> f32 {
    let block = RATE / 200;
    let powers: Vec<f32> = pending.make_contiguous()[..FRAME]
        .chunks(block)
        .map(|block| block.iter().map(|s| s * s).sum::<f32>())
        .collect();
    let most = powers.iter().copied().fold(1e-12, f32::max);
    let least = powers
        .windows(2)
        .map(|pair| pair[0].max(pair[1]))
        .fold(f32::MAX, f32::min);
    10.0 * (least / most).max(1e-9).log10()
}

fn db(value: f32) -> f32 {
    10.0_f32.powf(value / 10.0)
}

/// What undoes the emphasis, by band.
fn flat() -> Bands {
    std::array::from_fn(|band| {
        let angle = 2.0 * PI * band_edges(band)[1] / RATE as f32;
        1.0 / (1.0 + EMPHASIS * EMPHASIS - 2.0 * EMPHASIS * angle.cos())
    })
}

/// Where a band's triangle begins, has its peak, and ends, in Hz.
fn band_edges(band: usize) -> [f32; 3] {
    let mel = |hz: f32| 1127.0 * (1.0 + hz / 700.0).ln();
    let hz = |mel: f32| 700.0 * ((mel / 1127.0).exp() - 1.0);
    let (low, high) = (mel(BAND_HZ.0), mel(BAND_HZ.1));
    std::array::from_fn(|i| hz(low + (high - low) * (band + i) as f32 / (BANDS + 1) as f32))
}

/// Bins and weights of each band.
fn filters() -> Vec<Vec<(usize, f32)>> {
    (0..BANDS)
        .map(|band| {
            let [a, b, c] = band_edges(band);
            let filter: Vec<_> = (0..FFT / 2)
                .filter_map(|bin| {
                    let f = bin as f32 * RATE as f32 / FFT as f32;
                    let weight = ((f - a) / (b - a)).min((c - f) / (c - b));
                    (weight > 0.0).then_some((bin, weight))
                })
                .collect();
            // A narrow band may fall between two bins.
            if filter.is_empty() {
                vec![((b * FFT as f32 / RATE as f32).round() as usize, 1.0)]
            } else {
                filter
            }
        })
        .collect()
}
