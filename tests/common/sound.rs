//! Words and clips as sound, and back: each is a tone of its own, read from the
//! samples by its zero crossings.

use super::player::Player;
use connect_interpreter::random::Random;
use std::collections::BTreeMap;
use std::f64::consts::TAU;
use std::sync::OnceLock;

pub const RATE: u32 = 16_000;

/// Seconds of a word, and of the gap after it.
const WORD: f64 = 0.2;
const GAP: f64 = 0.06;

fn tone(rate: u32, hz: f64, seconds: f64, out: &mut Vec<f32>) {
    let count = (seconds * f64::from(rate)).round() as usize;
    let edge = (0.004 * f64::from(rate)) as usize;
    for n in 0..count {
        let ramp = n.min(count - 1 - n).min(edge) as f64 / edge as f64;
        let phase = TAU * hz * n as f64 / f64::from(rate);
        out.push((0.4 * ramp * phase.sin()) as f32);
    }
}

fn silence(rate: u32, seconds: f64, out: &mut Vec<f32>) {
    let count = (seconds * f64::from(rate)).round() as usize;
    out.resize(out.len() + count, 0.0);
}

/// A stretch of sound between two stretches of silence.
#[derive(Debug, Clone, Copy)]
pub struct Burst {
    pub start: u64,
    pub end: u64,
    pub hz: f64,
}

/// Finds bursts in a stream of samples.
pub struct Ear {
    fine: Option<Fine>,
    rate: f64,
    position: u64,
    begun: Option<u64>,
    quiet: u64,
    last: f32,
    armed: bool,
    crossings: u64,
    first_crossing: f64,
    last_crossing: f64,
    pub last_end: u64,
}

impl Ear {
    pub fn new(rate: u32) -> Self {
        Self {
            fine: None,
            rate: f64::from(rate),
            position: 0,
            begun: None,
            quiet: 0,
            last: 0.0,
            armed: false,
            crossings: 0,
            first_crossing: 0.0,
            last_crossing: 0.0,
            last_end: 0,
        }
    }

    /// One that hears the louder of several, and words that touch, in noise;
    /// of [`RATE`] only.
    pub fn fine() -> Self {
        Self {
            fine: Some(Fine::default()),
            ..Self::new(RATE)
        }
    }

    pub const fn position(&self) -> u64 {
        self.position
    }

    pub const fn in_burst(&self) -> bool {
        match &self.fine {
            Some(fine) => fine.tone.is_some(),
            None => self.begun.is_some(),
        }
    }

    /// Hears that much silence, if nothing is under way.
    pub fn skip(&mut self, samples: u64) -> bool {
        let skips = self.begun.is_none() && self.fine.is_none();
        if skips {
            self.position += samples;
            self.quiet += samples;
            self.last = 0.0;
        }
        skips
    }

    pub fn hear(&mut self, sample: f32) -> Option<Burst> {
        if let Some(fine) = &mut self.fine {
            self.position += 1;
            let burst = fine.hear(sample, self.position);
            self.last_end = burst.map_or(self.last_end, |burst| burst.end);
            return burst;
        }
        let mut burst = None;
        if sample.abs() > 0.01 {
            if self.begun.is_none() {
                self.begun = Some(self.position);
                self.crossings = 0;
            }
            self.quiet = 0;
        } else {
            self.quiet += 1;
        }
        // Upward, interpolated; what a filter leaves after the sound is no wave.
        self.armed |= sample < -0.02;
        if self.begun.is_some() && self.armed && self.last < 0.0 && sample >= 0.0 {
            self.armed = false;
            let part = f64::from(self.last / (self.last - sample));
            let at = self.position as f64 - 1.0 + part;
            if self.crossings == 0 {
                self.first_crossing = at;
            }
            self.crossings += 1;
            self.last_crossing = at;
        }
        self.last = sample;
        self.position += 1;
        if let Some(start) = self.begun
            && self.quiet as f64 > 0.005 * self.rate
        {
            self.begun = None;
            let end = self.position - self.quiet;
            self.last_end = end;
            let periods = self.crossings.saturating_sub(1) as f64;
            let span = self.last_crossing - self.first_crossing;
            // A click is no burst.
            if (end - start) as f64 > 0.02 * self.rate && span > 0.0 {
                let hz = periods * self.rate / span;
                burst = Some(Burst { start, end, hz });
            }
        }
        burst
    }
}

/// Samples of a frame: words are 50 Hz apart, which are whole periods of it.
const FRAME: usize = RATE as usize / 50;
const HOP: usize = FRAME / 2;

/// The words' tones, in steps of 50 Hz.
const FIRST_TONE: usize = 6;
const LAST_TONE: usize = 140;

/// A frame of each tone's cosine and sine.
fn waves() -> &'static [f32] {
    static WAVES: OnceLock<Vec<f32>> = OnceLock::new();
    WAVES.get_or_init(|| {
        let turn = |tone: usize, n: usize| TAU * (tone * n % FRAME) as f64 / FRAME as f64;
        let tones = FIRST_TONE..LAST_TONE;
        tones
            .flat_map(|tone| {
                let cos = (0..FRAME).map(move |n| turn(tone, n).cos() as f32);
                cos.chain((0..FRAME).map(move |n| turn(tone, n).sin() as f32))
            })
            .collect()
    })
}

/// Looks at the spectrum every 10 ms: a burst is a stretch in which one word's
/// tone stands out.
#[derive(Default)]
struct Fine {
    frame: Vec<f32>,
    tone: Option<usize>,
    begun: u64,
}

impl Fine {
    fn hear(&mut self, sample: f32, position: u64) -> Option<Burst> {
        self.frame.push(sample);
        if self.frame.len() < FRAME {
            return None;
        }
        let tone = self.loudest();
        self.frame.drain(..HOP);
        if tone == self.tone {
            return None;
        }
        // It changed in the middle of the frame, as far as can be said.
        let middle = position - HOP as u64;
        let before = std::mem::replace(&mut self.tone, tone);
        let start = std::mem::replace(&mut self.begun, middle);
        before.map(|tone| Burst {
            start,
            end: middle,
            hz: tone as f64 * 50.0,
        })
    }

    /// The tone (in steps of 50 Hz) that stands out, if one does.
    fn loudest(&mut self) -> Option<usize> {
        let energy: f32 = self.frame.iter().map(|s| s * s).sum();
        if energy < 1e-5 * FRAME as f32 {
            return None;
        }
        let power = |tone: usize| {
            let (mut re, mut im) = ([0.0; 4], [0.0; 4]);
            let waves = &waves()[(tone - FIRST_TONE) * 2 * FRAME..][..2 * FRAME];
            let (cos, sin) = waves.split_at(FRAME);
            let parts = self.frame.chunks_exact(4);
            for ((part, cos), sin) in parts.zip(cos.chunks_exact(4)).zip(sin.chunks_exact(4)) {
                for n in 0..4 {
                    re[n] += part[n] * cos[n];
                    im[n] += part[n] * sin[n];
                }
            }
            let (re, im) = (re.iter().sum::<f32>(), im.iter().sum::<f32>());
            re * re + im * im
        };
        let (mut best, mut first, mut second) = (0, 0.0, 0.0_f32);
        for tone in FIRST_TONE..LAST_TONE {
            let power = power(tone);
            if power > first {
                (best, second, first) = (tone, first, power);
            } else {
                second = second.max(power);
            }
        }
        // All of a tone's energy is FRAME / 2 times smaller than its power.
        let stands_out = first > 3.0 * second && first * 2.0 > 0.4 * energy * FRAME as f32;
        stands_out.then_some(best)
    }
}

/// The words that exist, each with its tone.
#[derive(Default)]
pub struct Vocabulary {
    tokens: Vec<String>,
    /// The sounds so far, by tone and rate.
    sounds: BTreeMap<(usize, u32), Vec<f32>>,
}

impl Vocabulary {
    fn hz(index: usize) -> f64 {
        300.0 + 50.0 * index as f64
    }

    /// Every word so far.
    pub fn tokens(&self) -> &[String] {
        &self.tokens
    }

    /// The sound of a sentence.
    pub fn say(&mut self, sentence: &str, rate: u32) -> Vec<f32> {
        let mut sound = Vec::new();
        for token in sentence.split_whitespace() {
            let hz = self.tone_of(token);
            let word = self.sounds.entry((hz as usize, rate)).or_insert_with(|| {
                let mut word = Vec::new();
                tone(rate, hz, WORD, &mut word);
                silence(rate, GAP, &mut word);
                word
            });
            sound.extend_from_slice(word);
        }
        sound
    }

    /// The sound of a sentence as somebody says it: words are not equally long
    /// and loud, nor the gaps between them. Nobody says it twice in the same
    /// way, but `manner` gives the same one again.
    pub fn say_so(&mut self, sentence: &str, manner: u64) -> Vec<f32> {
        let mut random = Random::new(manner);
        let mut sound = Vec::new();
        for token in sentence.split_whitespace() {
            let hz = self.tone_of(token);
            let begin = sound.len();
            let letters = token.chars().count() as f64;
            let seconds = 0.8 * WORD + 0.03 * letters + 0.15 * random.unit();
            tone(RATE, hz, seconds, &mut sound);
            let (level, swell) = (0.4 + 0.6 * random.unit(), random.unit());
            let word = &mut sound[begin..];
            let length = word.len() as f64;
            for (n, sample) in word.iter_mut().enumerate() {
                // Louder or quieter in its middle.
                let bend = 1.0 - 0.6 * swell * (TAU * n as f64 / length).cos().abs();
                *sample *= (level * bend) as f32;
            }
            silence(RATE, 0.04 + 0.16 * random.unit(), &mut sound);
        }
        sound
    }

    fn tone_of(&mut self, token: &str) -> f64 {
        let known = self.tokens.iter().position(|known| known == token);
        let index = known.unwrap_or_else(|| {
            self.tokens.push(token.to_owned());
            self.tokens.len() - 1
        });
        // What 16 kHz can carry after resampling.
        assert!(Self::hz(index) < 7_000.0, "too many words");
        Self::hz(index)
    }

    /// The word of a burst: nothing for what is no word or too short for one.
    pub fn recognise(&self, burst: &Burst) -> Option<&str> {
        let seconds = (burst.end - burst.start) as f64 / f64::from(RATE);
        if seconds < 0.75 * WORD {
            return None;
        }
        let index = ((burst.hz - 300.0) / 50.0).round();
        if index < 0.0 || (burst.hz - Self::hz(index as usize)).abs() > 12.0 {
            return None;
        }
        self.tokens.get(index as usize).map(String::as_str)
    }
}

/// What Polly said: each clip carries its number.
#[derive(Default)]
pub struct Clips {
    texts: Vec<String>,
    /// How often each text was asked for.
    pub requests: BTreeMap<String, usize>,
}

const DIGITS: usize = 4;
const MARK: f64 = 3_000.0;
const LAST: f64 = 3_500.0;

impl Clips {
    /// The clip of a text: a mark, the digits of its number, a body that grows
    /// with the text, and an end.
    pub fn speak(&mut self, text: &str) -> Vec<f32> {
        *self.requests.entry(text.to_owned()).or_default() += 1;
        // The same text is the same sound again, as with Polly.
        let known = self.texts.iter().position(|known| known == text);
        let number = known.unwrap_or_else(|| {
            self.texts.push(text.to_owned());
            self.texts.len() - 1
        });
        let mut sound = Vec::new();
        let mut piece = |hz: f64, seconds: f64| {
            tone(RATE, hz, seconds, &mut sound);
            silence(RATE, 0.01, &mut sound);
        };
        piece(MARK, 0.04);
        for digit in 0..DIGITS {
            piece(500.0 + 100.0 * (number >> (4 * digit) & 15) as f64, 0.04);
        }
        piece(440.0, 0.1 + 0.02 * text.chars().count() as f64);
        piece(LAST, 0.04);
        sound
    }

    /// The texts of the clips that a player played whole, in order; of one that
    /// was cut or broken "✂" and what it was.
    pub fn heard(&self, player: &Player) -> Vec<String> {
        let mut ear = Ear::new(player.rate_hz);
        let tail = vec![0.0; player.rate_hz as usize / 50];
        let bursts: Vec<Burst> = player
            .heard
            .iter()
            .chain(&tail)
            .filter_map(|sample| ear.hear(*sample))
            .collect();
        let is = |burst: &Burst, hz: f64| (burst.hz - hz).abs() < 30.0;
        let mut heard = Vec::new();
        let mut rest = bursts.as_slice();
        while let Some(mark) = rest.iter().position(|burst| is(burst, MARK)) {
            rest = &rest[mark + 1..];
            let next = rest.iter().position(|burst| is(burst, MARK));
            let clip = &rest[..next.unwrap_or(rest.len())];
            if clip.len() < DIGITS {
                heard.push("✂".to_owned());
                continue;
            }
            let number = clip[..DIGITS]
                .iter()
                .enumerate()
                .map(|(n, burst)| (((burst.hz - 500.0) / 100.0).round() as usize) << (4 * n))
                .sum::<usize>();
            let text = self.texts.get(number).map_or("?", String::as_str);
            let body = 0.1 + 0.02 * text.chars().count() as f64;
            let whole = matches!(&clip[DIGITS..], [tone, last]
                if is(tone, 440.0) && is(last, LAST)
                && (((tone.end - tone.start) as f64 / f64::from(player.rate_hz)) - body).abs() < 0.01);
            heard.push(if whole {
                text.to_owned()
            } else {
                format!("✂{text}")
            });
        }
        heard
    }
}
