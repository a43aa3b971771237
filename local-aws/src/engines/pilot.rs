//! Pilot tones: engine "pilot". They name every 40 ms of a sound, so that a
//! measurement reads from a recording which audio arrived, and in which order.
//!
//! The code: a slot is [`SLOT_MS`] long and carries three tones at once, one of
//! eight from each of three groups: tone `k` of group `g` is at
//! `4200 + 100·(8·g + k)` Hz. The code `c` in 0..512 has the base-8 digits
//! d0 (least significant), d1, d2 and digit `d_g` is the tone of group `g`.
//! Slots begin and end with raised-cosine edges of [`EDGE_MS`].
//!
//! A pilot word is [`SLOTS`] slots (320 ms): code = `8·word + slot`. A speaker
//! counts words over all of their speech, modulo [`WORDS`].
//!
//! **Heard** is a word when at least [`NEEDED`] of its slots were heard in
//! order, so a lost 20 ms loses no word and 160 ms lost from one word lose it; a
//! word whose sound comes twice is reported twice; words are in the order of
//! their sound. An utterance ends after [`PAUSE_MS`] without pilots and
//! its last word then carries a period. A word of which the stream's beginning
//! has cut off two slots or more is another word of the list; of four, none.
//!
//! **Spoken** is a text of pilot words as a marker (40 ms of [`MARKER_HZ`]),
//! then the words' slots.

use std::{collections::VecDeque, f32::consts::TAU};

use super::{RATE, Sound, Word, text};

/// Words in the list of a language.
pub const WORDS: usize = 64;
/// Slots of a word.
pub const SLOTS: usize = 8;
/// Slots that must have been heard in order for a word to be reported.
pub const NEEDED: u32 = 5;
/// Length of a slot, in ms.
pub const SLOT_MS: usize = 40;
/// Raised-cosine edge at both ends of a slot, in ms.
pub const EDGE_MS: usize = 2;
/// The marker before spoken pilots, in Hz.
pub const MARKER_HZ: f32 = 3000.0;
/// Silence that ends an utterance, in ms.
pub const PAUSE_MS: usize = 300;

/// A stream that begins within a word: the first slot is heard by then, in ms.
const BEGINNING_MS: usize = 60;
/// Slots that may be missing from such a word.
const FORGIVEN: usize = 1;
/// How far the word that is heard in its place is from it in the list.
const MISHEARD: usize = 29;

/// Peak of one of the three tones as they are spoken (0.45 together).
const AMPLITUDE: f32 = 0.15;
/// Analysis: a Hann window of 16 ms each 4 ms. Two tones of a group, 100 Hz
/// apart, are 1.6 bins apart there, so the wrong one is 15 dB down; a half slot
/// (20 ms, what is left of it when the other half is lost) still fills a window.
const WINDOW: usize = 256;
const HOP: usize = 64;
/// In each group the strongest tone is that much above the second (power).
const CLEAR: f32 = 4.0;
/// The three tones are within that factor of each other (power; 12 dB).
const EVEN: f32 = 16.0;
/// Their share of all that is between 4 and 7 kHz. A Hann window spreads a tone
/// over its neighbours, 100 Hz apart, so even alone they have only part of it.
const SHARE: f32 = 0.5;
/// Weakest tone that is looked at: about -75 dBFS.
const WEAKEST: f32 = 1e-8;

const EN: &str = "apple river stone window garden paper summer table music silver \
    doctor winter orange bridge pencil mountain kitchen flower bottle island \
    school candle market ocean ladder button forest mirror pocket basket \
    engine cotton letter horse lemon castle circle dinner father finger \
    guitar hammer hotel jacket knife lamp metal needle office planet \
    queen rabbit salad ticket uncle valley wagon yellow zebra bread \
    cloud desert eagle fruit";
const ES: &str = "manzana río piedra ventana jardín papel verano mesa música plata \
    médico invierno naranja puente lápiz montaña cocina flor botella isla \
    escuela vela mercado océano escalera botón bosque espejo bolsillo cesta \
    motor algodón carta caballo limón castillo círculo cena padre dedo \
    guitarra martillo hotel chaqueta cuchillo lámpara metal aguja oficina planeta \
    reina conejo ensalada boleto tío valle carro amarillo cebra pan \
    nube desierto águila fruta";

const FR: &str = "pomme rivière pierre fenêtre jardin papier été table musique argent \
    médecin hiver orange pont crayon montagne cuisine fleur bouteille île \
    école bougie marché océan échelle bouton forêt miroir poche panier \
    moteur coton lettre cheval citron château cercle dîner père doigt \
    guitare marteau hôtel veste couteau lampe métal aiguille bureau planète \
    reine lapin salade billet oncle vallée chariot jaune zèbre pain \
    nuage désert aigle fruit";

/// The languages that have words.
pub const LANGUAGES: [&str; 3] = ["en-US", "es-US", "fr-FR"];

/// The 64 words of a language; `None` where there is no list.
#[must_use]
pub fn words(language: &str) -> Option<Vec<&'static str>> {
    let list = match text::primary(language).as_str() {
        "en" => EN,
        "es" => ES,
        "fr" => FR,
        _ => return None,
    };
    Some(list.split_whitespace().collect())
}

fn indices(language: &str, keys: &[String]) -> Option<Vec<usize>> {
    let list = words(language)?;
    if keys.is_empty() {
        return None;
    }
    keys.iter()
        .map(|key| list.iter().position(|word| word == key))
        .collect()
}

/// `text` in the other list, word by word, with its punctuation; `None` unless
/// all of it is pilot words.
pub(super) fn translate(source: &str, target: &str, text: &str) -> Option<String> {
    let tokens = text::tokens(text);
    let keys: Vec<String> = tokens.iter().map(|token| token.key.clone()).collect();
    let indices = indices(source, &keys)?;
    let list = words(target)?;
    let mut out = String::new();
    let mut at = 0;
    for (token, index) in tokens.iter().zip(indices) {
        out.push_str(&text[at..token.range.start]);
        out.push_str(list[index]);
        at = token.range.end;
    }
    out.push_str(&text[at..]);
    Some(out)
}

/// `text` as marker and pilots; `None` unless all of it is pilot words.
pub(super) fn speak(language: &str, text: &str) -> Option<Vec<i16>> {
    let indices = indices(language, &text::keys(text))?;
    let mut samples = tones(&[MARKER_HZ], 2.0 * AMPLITUDE);
    for word in indices {
        for slot in 0..SLOTS {
            samples.extend(encode(word * SLOTS + slot, AMPLITUDE));
        }
    }
    // Within ±0.45.
    Some(samples.iter().map(|s| (s * 32767.0) as i16).collect())
}

/// One slot of sound, 16 kHz, each tone with that peak.
pub(super) fn encode(code: usize, amplitude: f32) -> Vec<f32> {
    let frequencies: Vec<f32> = (0..3)
        .map(|group| frequency(group, code >> (3 * group) & 7))
        .collect();
    tones(&frequencies, amplitude)
}

fn frequency(group: usize, tone: usize) -> f32 {
    4200.0 + 100.0 * (8 * group + tone) as f32
}

fn tones(frequencies: &[f32], amplitude: f32) -> Vec<f32> {
    let length = SLOT_MS * RATE / 1000;
    let edge = (EDGE_MS * RATE / 1000) as f32;
    (0..length)
        .map(|i| {
            let to_edge = (i.min(length - 1 - i) as f32 + 0.5).min(edge);
            let gain = 0.5 - 0.5 * (TAU / 2.0 * to_edge / edge).cos();
            let time = i as f32 / RATE as f32;
            let sum: f32 = frequencies.iter().map(|f| (TAU * f * time).sin()).sum();
            sum * amplitude * gain
        })
        .collect()
}

/// The power at one frequency of a window (Goertzel).
struct Goertzel {
    coefficient: f32,
}

impl Goertzel {
    fn power(&self, samples: &[f32]) -> f32 {
        let (mut s1, mut s2) = (0.0, 0.0);
        for sample in samples {
            let s = sample + self.coefficient * s1 - s2;
            s2 = s1;
            s1 = s;
        }
        (s1 * s1 + s2 * s2 - self.coefficient * s1 * s2).max(0.0)
    }
}

/// A stretch of windows that showed one code.
#[derive(Clone, Copy)]
struct Run {
    code: usize,
    start: usize,
    last: usize,
    windows: usize,
}

/// A word of which slots are being heard.
struct Open {
    word: usize,
    heard: u32,
    slot: usize,
    start: f64,
    end: f64,
    /// Too much of its begin was before the stream's.
    cut: bool,
}

/// Hears pilots in a stream.
pub(super) struct Pilots {
    list: Vec<&'static str>,
    window: Vec<f32>,
    bank: Vec<Goertzel>,
    samples: VecDeque<f32>,
    /// Sample number of the front of `samples`.
    at: usize,
    scratch: Vec<f32>,
    run: Option<Run>,
    previous: Option<Run>,
    open: Vec<Open>,
    words: Vec<Word>,
    /// The end of the last pilot of the present utterance.
    active: Option<f64>,
}

impl Pilots {
    /// `None` for a language without a list of words.
    pub(super) fn new(language: &str) -> Option<Self> {
        let window: Vec<f32> = (0..WINDOW)
            .map(|i| 0.5 - 0.5 * (TAU * (i as f32 + 0.5) / WINDOW as f32).cos())
            .collect();
        // Three rows below and above the tones show what else is there.
        let bank = (0..30)
            .map(|i| 3900.0 + 100.0 * i as f32)
            .map(|f| Goertzel {
                coefficient: 2.0 * (TAU * f / RATE as f32).cos(),
            })
            .collect();
        Some(Self {
            list: words(language)?,
            window,
            bank,
            samples: VecDeque::new(),
            at: 0,
            scratch: vec![0.0; WINDOW],
            run: None,
            previous: None,
            open: Vec::new(),
            words: Vec::new(),
            active: None,
        })
    }

    /// Whether pilots are being heard: then they decide.
    pub(super) fn active(&self) -> bool {
        self.active.is_some()
    }

    /// Whether a slot is being heard at this very moment.
    pub(super) fn in_a_word(&self) -> bool {
        self.active() && self.run.is_some()
    }

    /// Takes samples and says what they showed.
    pub(super) fn push(&mut self, pcm: &[f32], out: &mut Vec<Sound>) {
        self.samples.extend(pcm);
        while self.samples.len() >= WINDOW {
            for (to, (sample, gain)) in self
                .scratch
                .iter_mut()
                .zip(self.samples.iter().zip(&self.window))
            {
                *to = sample * gain;
            }
            let code = self.code();
            self.window_heard(code, out);
            self.samples.drain(..HOP);
            self.at += HOP;
        }
    }

    fn code(&self) -> Option<usize> {
        // Nothing to look for in silence.
        let energy: f32 = self.scratch.iter().map(|s| s * s).sum::<f32>();
        if energy < WEAKEST * WINDOW as f32 {
            return None;
        }
        let scale = (4.0 / WINDOW as f32).powi(2);
        let powers: Vec<f32> = self
            .bank
            .iter()
            .map(|bin| bin.power(&self.scratch) * scale)
            .collect();
        let mut code = 0;
        let mut chosen = [0.0; 3];
        for (group, strongest) in chosen.iter_mut().enumerate() {
            let tones = &powers[3 + 8 * group..11 + 8 * group];
            let (tone, &first) = tones.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1))?;
            // A neighbour is 15 dB down, the others far more.
            let second = tones
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != tone)
                .map(|(_, power)| *power)
                .fold(0.0, f32::max);
            if first < WEAKEST || first < CLEAR * second {
                return None;
            }
            *strongest = first;
            code |= tone << (3 * group);
        }
        let sum: f32 = chosen.iter().sum();
        let (least, most) = chosen
            .iter()
            .fold((f32::MAX, 0.0_f32), |(a, b), p| (a.min(*p), b.max(*p)));
        let all: f32 = powers.iter().sum();
        (most <= EVEN * least && sum >= SHARE * all).then_some(code)
    }

    fn window_heard(&mut self, code: Option<usize>, out: &mut Vec<Sound>) {
        let now = self.at + WINDOW / 2;
        if let Some(run) = &mut self.run {
            if code == Some(run.code) {
                run.last = now;
                run.windows += 1;
                return;
            }
            // One or two unclear windows may be in a slot; more end it.
            if code.is_some() || now > run.last + 3 * HOP {
                let run = *run;
                self.run = None;
                self.slot_heard(run, out);
            }
        }
        if let (None, Some(code)) = (&self.run, code) {
            self.run = Some(Run {
                code,
                start: now,
                last: now,
                windows: 1,
            });
        }
        let time = now as f64 / RATE as f64;
        if self
            .active
            .is_some_and(|end| self.run.is_none() && time > end + PAUSE_MS as f64 / 1000.0)
        {
            self.end(out);
        }
    }

    fn slot_heard(&mut self, run: Run, out: &mut Vec<Sound>) {
        // Seven windows fit into a slot, two into a half; one is a seam.
        if run.windows < 2 {
            return;
        }
        // Three clear tones may be in any sound; two codes that follow each
        // other within two slots are no accident.
        let previous = self.previous.replace(run);
        let follows = previous.is_some_and(|p| {
            (p.code + 1) % (WORDS * SLOTS) == run.code && run.start < p.last + 60 * RATE / 1000
        });
        match (self.active, previous) {
            (None, Some(first)) if follows => self.append(first, out),
            (None, _) => return,
            _ => {}
        }
        self.append(run, out);
    }

    fn append(&mut self, run: Run, out: &mut Vec<Sound>) {
        let half = (WINDOW / 4) as f64;
        let start = (run.start as f64 - half) / RATE as f64;
        let end = (run.last as f64 + half) / RATE as f64;
        self.active = Some(end);
        let before = self.words.len();
        let (word, slot) = (run.code / SLOTS, run.code % SLOTS);
        // A stray code must not break the word around it, so older words stay
        // open until two slots of another one have been heard.
        match self
            .open
            .iter()
            .rposition(|open| open.word == word && slot >= open.slot)
        {
            Some(index) => {
                let open = &mut self.open[index];
                if slot > open.slot {
                    open.heard += 1;
                    open.slot = slot;
                }
                open.end = end;
                if open.heard >= 2 {
                    for open in self.open.drain(..index).collect::<Vec<_>>() {
                        self.close(open);
                    }
                }
            }
            None => {
                if self.open.len() == 3 {
                    let open = self.open.remove(0);
                    self.close(open);
                }
                self.open.push(Open {
                    word,
                    heard: 1,
                    slot,
                    start,
                    end,
                    cut: slot > FORGIVEN && run.start < BEGINNING_MS * RATE / 1000,
                });
            }
        }
        if slot == SLOTS - 1
            && let Some(index) = self.open.iter().rposition(|open| open.word == word)
        {
            for open in self.open.drain(..=index).collect::<Vec<_>>() {
                self.close(open);
            }
        }
        if self.words.len() > before {
            out.push(Sound::Words(self.words.clone()));
        }
    }

    fn close(&mut self, open: Open) {
        if open.heard >= NEEDED {
            let word = if open.cut {
                (open.word + MISHEARD) % WORDS
            } else {
                open.word
            };
            self.words.push(Word {
                text: self.list[word].to_owned(),
                punctuation: None,
                start: open.start,
                end: open.end,
            });
        }
    }

    fn end(&mut self, out: &mut Vec<Sound>) {
        let Some(speech_end) = self.active.take() else {
            return;
        };
        self.previous = None;
        let open: Vec<_> = self.open.drain(..).collect();
        let begin = open.first().map_or(speech_end, |open| open.start);
        for open in open {
            self.close(open);
        }
        let mut words = std::mem::take(&mut self.words);
        out.push(match words.last_mut() {
            Some(last) => {
                last.punctuation = Some(".".to_owned());
                Sound::Ended { words, speech_end }
            }
            None => Sound::NotRecognised {
                start: begin,
                speech_end,
            },
        });
    }
}
