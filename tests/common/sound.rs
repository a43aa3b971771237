//! Words and clips as sound, and back: each is a tone of its own, read from the
//! samples by its zero crossings.

use super::player::Player;
use std::collections::BTreeMap;
use std::f64::consts::TAU;

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

    pub const fn position(&self) -> u64 {
        self.position
    }

    pub const fn in_burst(&self) -> bool {
        self.begun.is_some()
    }

    /// Hears that much silence, if nothing is under way.
    pub const fn skip(&mut self, samples: u64) -> bool {
        let skips = self.begun.is_none();
        if skips {
            self.position += samples;
            self.quiet += samples;
            self.last = 0.0;
        }
        skips
    }

    pub fn hear(&mut self, sample: f32) -> Option<Burst> {
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

/// The words that exist, each with its tone.
#[derive(Default)]
pub struct Vocabulary {
    tokens: Vec<String>,
    /// The sounds so far, by word and rate.
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
            let known = self.tokens.iter().position(|known| known == token);
            let index = known.unwrap_or_else(|| {
                self.tokens.push(token.to_owned());
                self.tokens.len() - 1
            });
            // What 16 kHz can carry after resampling.
            assert!(Self::hz(index) < 7_000.0, "too many words");
            let word = self.sounds.entry((index, rate)).or_insert_with(|| {
                let mut word = Vec::new();
                tone(rate, Self::hz(index), WORD, &mut word);
                silence(rate, GAP, &mut word);
                word
            });
            sound.extend_from_slice(word);
        }
        sound
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
