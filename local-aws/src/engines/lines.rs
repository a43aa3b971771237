//! Recognition of known lines by their sound: engine "lines".
//!
//! Every line is a template: the frames of its recording. What is heard is
//! aligned with all of them at once (dynamic time warping, one step for each
//! 10 ms of input). An alignment gains where the sound is like the template and
//! loses where it is not, so that one may begin at any time, at any word of a line, and go on
//! with another line when one is complete; the best gain at a moment is what was said.

use std::sync::Arc;

use super::{
    Sound, Word,
    features::{Frame, FrontEnd, Noise, with_noise},
    likeness::{SILENCE_MISMATCH, likeness},
    templates::Template,
};

/// Lost by beginning within a line: as if 100 ms had not matched.
const INSIDE: f32 = 6.0;
/// An alignment that has lost that much is dropped.
const HOPELESS: f32 = -10.0;
/// What may be lost after the last frame of speech, by the soft end of a word.
const SOFT_END: f32 = 1.6;
/// Gain from which words are reported: about 0.4 s of good match.
const REPORTED: f32 = 12.0;
/// Gain of an utterance's words at its end, and per frame of its speech. Measured
/// per frame: lines 0.94–0.99 as recorded, 0.46–0.73 by telephone or with noise
/// 10 dB below; with every second 20 ms lost at most 0.18, reversed 0.04.
const ACCEPTED: f32 = 15.0;
const ACCEPTED_PER_FRAME: f32 = 0.3;
/// The best line's gain is that much of the second's.
const RATIO: f32 = 1.25;
/// Frames of speech, of the last [`ONSET_OF`], that begin an utterance.
const ONSET: u32 = 4;
const ONSET_OF: u32 = 8;
/// Frames of silence that end one. A comma's pause is at most 220 ms.
const PAUSE: usize = 30;
/// The same in the middle of a line that is being recognised.
const PAUSE_INSIDE: usize = 50;
/// Frames after which an utterance is ended in any case: 30 s.
const LONGEST: u32 = 3000;
/// Frames at a template's end that may be missing: the end of a word is soft.
const TAIL: usize = 6;

/// How often the noise is looked at, in frames.
const NOISE_EVERY: u32 = 5;
/// A finished word of an alignment, linked to the one before.
#[derive(Clone, Copy)]
struct Past {
    before: Option<u32>,
    template: u16,
    word: u16,
    start: u32,
    end: u32,
}

/// An alignment that has come to a frame of a template.
#[derive(Clone, Copy)]
struct Route {
    gain: f32,
    /// Gain when it entered this line.
    base: f32,
    /// Words before the present one.
    past: Option<u32>,
    /// Input frame where the present word began.
    word_start: u32,
}

const NOWHERE: Route = Route {
    gain: f32::NEG_INFINITY,
    base: 0.0,
    past: None,
    word_start: 0,
};

/// Matches one stream against the lines of its language.
pub(super) struct Matcher {
    front: FrontEnd,
    templates: Arc<Vec<Template>>,
    /// The templates' frames as they are with the stream's noise.
    known: Vec<Vec<Frame>>,
    noise: Noise,
    paths: Vec<Vec<Route>>,
    /// The best that has completed a line and waits for the next.
    between: Route,
    past: Vec<Past>,
    /// Number of the next input frame.
    now: u32,
    /// The last frames' speech, newest in the lowest bit.
    recent: u32,
    utterance: Option<Utterance>,
}

struct Utterance {
    start: u32,
    last_speech: u32,
    speech_frames: usize,
    reported: Vec<Word>,
    /// The best alignment when speech was last heard: what is aligned with the
    /// silence after it says nothing.
    best: Best,
    /// Its gain then.
    most: f32,
}

/// An alignment, its template and frame (`None` between lines), and how many
/// times more it has gained in its line than any in another one.
type Best = (Route, Option<(usize, usize)>, f32);

impl Matcher {
    pub(super) fn new(templates: Arc<Vec<Template>>) -> Self {
        let paths = templates
            .iter()
            .map(|template| vec![NOWHERE; template.frames.len()])
            .collect();
        Self {
            front: FrontEnd::new(),
            known: templates
                .iter()
                .map(|template| with_noise(&template.frames, &Noise::NONE))
                .collect(),
            noise: Noise::NONE,
            templates,
            paths,
            between: NOWHERE,
            past: Vec::new(),
            now: 0,
            recent: 0,
            utterance: None,
        }
    }

    /// Whether somebody is speaking.
    pub(super) fn speaking(&self) -> bool {
        self.utterance.is_some()
    }

    /// Whether somebody is speaking at this very moment.
    pub(super) fn in_a_word(&self) -> bool {
        self.speaking() && self.recent & 1 == 1
    }

    /// Takes samples and says what they showed.
    pub(super) fn push(&mut self, pcm: &[f32], out: &mut Vec<Sound>) {
        let mut frames = Vec::new();
        self.front.push(pcm, |frame| frames.push(frame));
        for frame in frames {
            self.step(&frame, out);
        }
    }

    fn step(&mut self, frame: &Frame, out: &mut Vec<Sound>) {
        self.align(frame);
        self.recent = self.recent << 1 | u32::from(frame.speech);
        let now = self.now;
        self.now += 1;
        let onset = self.recent & ((1 << ONSET_OF) - 1);
        match &mut self.utterance {
            None if onset.count_ones() >= ONSET => {
                let since = 31 - onset.leading_zeros();
                self.utterance = Some(Utterance {
                    start: now - since.min(now),
                    last_speech: now,
                    speech_frames: onset.count_ones() as usize,
                    reported: Vec::new(),
                    best: (NOWHERE, None, 0.0),
                    most: 0.0,
                });
            }
            None => {
                // Nothing begins in silence: what noise has matched is forgotten.
                if self.recent & 0xFFFF == 0 {
                    self.forget();
                }
            }
            Some(_) => self.follow(frame.speech, out),
        }
    }

    /// One step of an utterance.
    fn follow(&mut self, speech: bool, out: &mut Vec<Sound>) {
        let now = self.now - 1;
        let best = self.best();
        let Some(utterance) = &mut self.utterance else {
            return;
        };
        if speech {
            utterance.last_speech = now;
            utterance.speech_frames += 1;
            utterance.best = best;
            utterance.most = best.0.gain;
        } else if best.0.gain > utterance.most - SOFT_END {
            utterance.best = best;
        }
        let silent = (now - utterance.last_speech) as usize;
        let long = now > utterance.start + LONGEST;
        let best = utterance.best;
        if long || silent >= PAUSE_INSIDE || silent >= PAUSE && !self.is_inside(best) {
            self.end(out);
        } else if speech {
            self.report(best, out);
        }
    }

    /// One step of every alignment.
    fn align(&mut self, frame: &Frame) {
        let now = self.now;
        let between = self.between;
        let mut completed = NOWHERE;
        let noise = self.front.noise();
        if now.is_multiple_of(NOISE_EVERY) && !noise.is_like(&self.noise) {
            self.noise = noise;
            for (known, template) in self.known.iter_mut().zip(self.templates.iter()) {
                *known = with_noise(&template.frames, &noise);
            }
        }
        for (index, template) in self.templates.iter().enumerate() {
            let paths = &mut self.paths[index];
            // From the end: a step reads what the frames before were.
            for j in (0..template.frames.len()).rev() {
                let known = &self.known[index][j];
                let (local, stay, skip) = likeness(frame, known);
                let mut best = paths[j];
                best.gain -= stay;
                let mut from = j;
                for (step, cost) in [(1, 0.0), (2, skip)] {
                    if let Some(before) = j.checked_sub(step)
                        && paths[before].gain - cost > best.gain
                    {
                        best = paths[before];
                        best.gain -= cost;
                        from = before;
                    }
                }
                if best.gain > HOPELESS && from < j {
                    // Words that end, and the one that begins, on this step.
                    for (word, span) in template.spans.iter().enumerate() {
                        if from < span.1 && span.1 <= j {
                            self.past.push(Past {
                                before: best.past,
                                template: index as u16,
                                word: word as u16,
                                start: best.word_start,
                                end: now,
                            });
                            best.past = Some(self.past.len() as u32 - 1);
                        }
                        if from < span.0 && span.0 <= j {
                            best.word_start = now;
                        }
                    }
                }
                if frame.perhaps
                    && let Some(word) = template.word_that_begins(j)
                {
                    let fresh = Route {
                        gain: if word == 0 { 0.0 } else { -INSIDE },
                        base: if word == 0 { 0.0 } else { -INSIDE },
                        past: None,
                        word_start: now,
                    };
                    if fresh.gain > best.gain {
                        best = fresh;
                    }
                    if word == 0 && between.gain > best.gain {
                        best = Route {
                            base: between.gain,
                            word_start: now,
                            ..between
                        };
                    }
                }
                best.gain += local;
                paths[j] = if best.gain > HOPELESS { best } else { NOWHERE };
            }
            let length = template.frames.len();
            if let Some(end) = paths.last().copied()
                && end.gain > completed.gain.max(0.0)
            {
                completed = finished(
                    end,
                    index,
                    (template, &self.known[index]),
                    length - 1,
                    now,
                    &mut self.past,
                );
            }
        }
        if frame.speech {
            self.between.gain -= SILENCE_MISMATCH;
        }
        if completed.gain > self.between.gain {
            self.between = completed;
        }
    }

    /// The best alignment now.
    fn best(&self) -> Best {
        let mut best = (self.between, None);
        let mut lines = Vec::with_capacity(self.paths.len());
        for (index, paths) in self.paths.iter().enumerate() {
            let mut most = 0.0_f32;
            for (j, path) in paths.iter().enumerate() {
                most = most.max(path.gain - path.base);
                if path.gain > best.0.gain {
                    best = (*path, Some((index, j)));
                }
            }
            lines.push(most);
        }
        let ratio = match best.1 {
            None => f32::INFINITY,
            Some((index, _)) => {
                let second = lines
                    .iter()
                    .enumerate()
                    .filter(|(other, _)| *other != index)
                    .map(|(_, gain)| *gain)
                    .fold(0.0, f32::max);
                (best.0.gain - best.0.base) / second.max(1e-3)
            }
        };
        (best.0, best.1, ratio)
    }

    /// Whether more words of a line are to come.
    fn is_inside(&self, (best, place, ratio): Best) -> bool {
        place.is_some_and(|(index, j)| {
            let template = &self.templates[index];
            let last = template.spans.last().map_or(0, |span| span.0);
            j < last && best.gain - best.base >= REPORTED && ratio >= RATIO
        })
    }

    fn report(&mut self, (best, place, ratio): Best, out: &mut Vec<Sound>) {
        if best.gain < REPORTED {
            return;
        }
        let certain = place.is_none() || ratio >= RATIO && best.gain - best.base >= REPORTED;
        let words = self.words(best.past, certain, place);
        if let Some(utterance) = &mut self.utterance
            && !words.is_empty()
            && !same(&words, &utterance.reported)
        {
            utterance.reported.clone_from(&words);
            out.push(Sound::Words(words));
        }
    }

    /// The words that led to `past`; without those of the present line unless
    /// it is `certain`.
    fn words(
        &self,
        mut past: Option<u32>,
        certain: bool,
        place: Option<(usize, usize)>,
    ) -> Vec<Word> {
        let mut words = Vec::new();
        let mut dropping = if certain { None } else { place };
        while let Some(at) = past {
            let Past {
                before,
                template,
                word,
                start,
                end,
            } = self.past[at as usize];
            if let Some((present, _)) = dropping {
                if usize::from(template) == present
                    && usize::from(word) + 1 < self.templates[present].words.len()
                {
                    past = before;
                    continue;
                }
                dropping = None;
            }
            let known = &self.templates[usize::from(template)].words[usize::from(word)];
            words.push(Word {
                text: known.text.clone(),
                punctuation: known.punctuation.clone(),
                start: f64::from(start) / 100.0,
                end: f64::from(end) / 100.0,
            });
            past = before;
        }
        words.reverse();
        words
    }

    fn end(&mut self, out: &mut Vec<Sound>) {
        let Some(utterance) = self.utterance.take() else {
            return;
        };
        let (mut best, place, ratio) = utterance.best;
        if let Some((index, j)) = place {
            let template = &self.templates[index];
            best = finished(
                best,
                index,
                (template, &self.known[index]),
                j,
                utterance.last_speech,
                &mut self.past,
            );
        }
        let speech_end = f64::from(utterance.last_speech + 1) / 100.0;
        let words = self.words(best.past, true, None);
        let accepted = best.gain >= ACCEPTED
            && best.gain >= ACCEPTED_PER_FRAME * utterance.speech_frames as f32
            && ratio >= RATIO
            && !words.is_empty();
        out.push(if accepted {
            Sound::Ended { words, speech_end }
        } else {
            Sound::NotRecognised {
                start: f64::from(utterance.start) / 100.0,
                speech_end,
            }
        });
        self.forget();
    }

    fn forget(&mut self) {
        for paths in &mut self.paths {
            paths.fill(NOWHERE);
        }
        self.between = NOWHERE;
        self.past.clear();
    }
}

/// `path`, with the present word added if most of it has been heard or noise may
/// hide the rest.
fn finished(
    mut path: Route,
    index: usize,
    (template, known): (&Template, &[Frame]),
    j: usize,
    now: u32,
    past: &mut Vec<Past>,
) -> Route {
    if let Some(word) = template
        .spans
        .iter()
        .position(|span| span.0 <= j && j < span.1)
    {
        let (start, end) = template.spans[word];
        let tolerated = TAIL.max((end - start) / 4).min((end - start) / 2);
        let hidden = || {
            known[j + 1..end]
                .iter()
                .all(|frame| frame.faint || !frame.speech)
        };
        if j + tolerated >= end || j > start + (end - start) / 3 && hidden() {
            past.push(Past {
                before: path.past,
                template: index as u16,
                word: word as u16,
                start: path.word_start,
                end: now,
            });
            path.past = Some(past.len() as u32 - 1);
        }
    }
    path
}

fn same(a: &[Word], b: &[Word]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.text == b.text)
}
