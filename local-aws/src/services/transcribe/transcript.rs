//! From what an engine heard to what the service says, and when: the pure
//! part. Instants are durations since the stream was opened.
//!
//! As nasty as the service: partials are revised (other words, one more or one
//! less) and re-cased, every event re-times its words, marks come late and change,
//! empty results and several results in one event occur. All of it is drawn from
//! the seed.

use super::{
    clock::StreamClock,
    render::{self, Shown},
};
use crate::engines::{Heard, Word};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};

/// Share of partials whose last words are wrong.
const REVISED: f64 = 0.1;
/// Share of words whose case differs until the final.
const RECASED: f64 = 0.15;
/// Share of marks that differ until the final.
const REPUNCTUATED: f64 = 0.15;
/// Share of events after which one without results follows.
const EMPTY: f64 = 0.05;
/// Share of events that wait for a neighbour, and for how long at most.
const GATHERED: f64 = 0.5;
const GATHERING: Duration = Duration::from_millis(40);

/// Delays of one stream.
#[derive(Clone, Copy, Debug)]
pub struct Settling {
    /// From a word's end to its partial.
    pub partial: Duration,
    /// From then to its stability, if stability is on.
    pub stable: Option<Duration>,
    /// From the end of speech to the final.
    pub final_: Duration,
}

/// The transcript of one stream.
pub struct Transcript {
    settling: Settling,
    draw: StdRng,
    results: BTreeMap<u64, Utterance>,
    /// Events without results that are due.
    empty: Vec<Duration>,
    gathering_until: Option<Duration>,
    finals: u64,
    /// Where the last final ended, in seconds of the stream, as it was said.
    told_until: f64,
}

/// An utterance until its final result.
struct Utterance {
    id: String,
    engine: &'static str,
    words: Vec<Settled>,
    /// Where its speech is, in seconds of the stream.
    span: (f64, f64),
    /// Whether a partial was given: then there will be a final.
    shown: bool,
    /// When something that was shown changed.
    changed: Option<Duration>,
    /// When a wrong partial is put right.
    corrected: Option<Duration>,
    final_at: Option<Duration>,
}

/// A word on its way from unheard to stable.
struct Settled {
    word: Word,
    visible_at: Duration,
    stable_at: Option<Duration>,
    visible: bool,
    stable: bool,
    recased: bool,
    repunctuated: bool,
}

impl Transcript {
    /// An empty transcript.
    #[must_use]
    pub fn new(settling: Settling, seed: u64) -> Self {
        Self {
            settling,
            draw: StdRng::seed_from_u64(seed),
            results: BTreeMap::new(),
            empty: Vec::new(),
            gathering_until: None,
            finals: 0,
            told_until: 0.0,
        }
    }

    /// Changes the delays for what is heard from now on.
    pub const fn settle(&mut self, settling: Settling) {
        self.settling = settling;
    }

    /// How many finals were given.
    #[must_use]
    pub const fn finals(&self) -> u64 {
        self.finals
    }

    /// Takes what the engine heard at `now`.
    pub fn hear(&mut self, now: Duration, heard: Heard, clock: &StreamClock) {
        match heard {
            Heard::Words {
                utterance,
                engine,
                words,
            } => self.words(now, utterance, engine, words, clock),
            Heard::Ended {
                utterance,
                engine,
                words,
                speech_end,
            } => {
                self.words(now, utterance, engine, words, clock);
                self.end(now, utterance, speech_end, clock);
            }
            Heard::NotRecognised {
                utterance,
                speech_end,
                ..
            } => {
                if let Some(known) = self.results.get_mut(&utterance) {
                    known.retract();
                }
                self.end(now, utterance, speech_end, clock);
            }
        }
    }

    /// The utterance is over: its final is due, or an event without results if
    /// nothing of it was ever shown.
    fn end(&mut self, now: Duration, utterance: u64, speech_end: f64, clock: &StreamClock) {
        let due = (clock.done_at(speech_end) + self.settling.final_).max(now);
        match self.results.get_mut(&utterance) {
            Some(known) if known.shown || !known.words.is_empty() => {
                known.span.1 = speech_end;
                known.final_at = Some(due);
            }
            _ => {
                self.results.remove(&utterance);
                self.empty.push(due);
            }
        }
    }

    fn words(
        &mut self,
        now: Duration,
        utterance: u64,
        engine: &'static str,
        words: Vec<Word>,
        clock: &StreamClock,
    ) {
        let (settling, draw) = (self.settling, &mut self.draw);
        let known = self.results.entry(utterance).or_insert_with(|| Utterance {
            id: crate::keys::uuid(draw.random()),
            engine,
            words: Vec::new(),
            span: words
                .first()
                .zip(words.last())
                .map_or((0.0, 0.0), |(first, last)| (first.start, last.end)),
            shown: false,
            changed: None,
            corrected: None,
            final_at: None,
        });
        let kept = known.kept();
        // Another engine counts other words: it goes on after those that stay.
        let words = if known.engine == engine {
            words
        } else {
            known.continued(kept, words)
        };
        known.engine = engine;
        if words.len() < known.words.len() {
            let cut = words.len().max(kept);
            if known.words.drain(cut..).any(|settled| settled.visible) {
                known.changed = Some(now);
            }
        }
        for (index, word) in words.into_iter().enumerate() {
            if let Some(settled) = known.words.get_mut(index) {
                if settled.revise(word, now, settling) {
                    known.changed = Some(now);
                }
                continue;
            }
            let before = known.words.last().map_or(now, |settled| settled.visible_at);
            let visible_at = (clock.done_at(word.end) + settling.partial)
                .max(now)
                .max(before);
            known.words.push(Settled {
                word,
                visible_at,
                stable_at: settling.stable.map(|stable| visible_at + stable),
                visible: false,
                stable: false,
                recased: draw.random_bool(RECASED),
                repunctuated: draw.random_bool(REPUNCTUATED),
            });
        }
    }

    /// When something is due next.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        let next = self
            .results
            .values()
            .filter_map(Utterance::due)
            .chain(self.empty.iter().copied())
            .min()?;
        Some(self.gathering_until.map_or(next, |until| until.max(next)))
    }

    /// The events that are due at `now`.
    pub fn poll(&mut self, now: Duration) -> Vec<Value> {
        if self.poll_timeout().is_none_or(|due| due > now) {
            return Vec::new();
        }
        let mut dues: Vec<Duration> = self.results.values().filter_map(Utterance::due).collect();
        dues.sort();
        if self.gathering_until.take().is_none()
            && let [first, second, ..] = dues[..]
            && first <= now
            && second > now
            && second - now <= GATHERING
            && self.draw.random_bool(GATHERED)
        {
            self.gathering_until = Some(second);
            return Vec::new();
        }
        let due: Vec<u64> = self
            .results
            .iter()
            .filter(|(_, utterance)| utterance.due().is_some_and(|due| due <= now))
            .map(|(id, _)| *id)
            .collect();
        let results: Vec<Value> = due.iter().filter_map(|id| self.result(now, *id)).collect();
        let mut events: Vec<Value> = if results.len() > 1 && self.draw.random_bool(GATHERED) {
            vec![event(results)]
        } else {
            results
                .into_iter()
                .map(|result| event(vec![result]))
                .collect()
        };
        let silent = self.empty.iter().filter(|due| **due <= now).count();
        self.empty.retain(|due| *due > now);
        let said = events.len();
        events.extend((0..silent).map(|_| event(Vec::new())));
        if said > 0 && self.draw.random_bool(EMPTY) {
            let later = Duration::from_millis(self.draw.random_range(10..150));
            self.empty.push(now + later);
        }
        events
    }

    fn result(&mut self, now: Duration, id: u64) -> Option<Value> {
        let utterance = self.results.get_mut(&id)?;
        if utterance.final_at.is_some_and(|due| due <= now) {
            let utterance = self.results.remove(&id)?;
            self.finals += 1;
            let stability = self.settling.stable.is_some();
            let mut shown: Vec<Shown> = utterance
                .words
                .iter()
                .map(|settled| Shown::settled(&settled.word, stability))
                .collect();
            render::retime(&mut shown, self.told_until, &mut self.draw);
            if let Some(first) = shown.first_mut() {
                first.text = render::capitalised(&first.text);
            }
            self.told_until = shown.last().map_or(utterance.span.1, |last| last.end);
            return Some(render::result(
                &utterance.id,
                utterance.engine,
                false,
                &shown,
                utterance.span,
            ));
        }
        utterance.partial(now, self.told_until, &mut self.draw)
    }
}

impl Utterance {
    /// How many words can no longer change.
    fn kept(&self) -> usize {
        let last = self.words.iter().rposition(|settled| settled.stable);
        last.map_or(0, |last| last + 1)
    }

    /// The first `kept` words, and those of `words` that come after them.
    fn continued(&self, kept: usize, words: Vec<Word>) -> Vec<Word> {
        let stay = self.words[..kept]
            .iter()
            .map(|settled| settled.word.clone());
        let mut all: Vec<Word> = stay.collect();
        let from = all.last().map_or(0.0, |last| last.end);
        let after = |word: &Word| (word.start + word.end) / 2.0 >= from;
        all.extend(words.into_iter().filter(after));
        all
    }

    /// Nobody knows what was said: what is stable stays all the same, for the
    /// service never goes back on it.
    fn retract(&mut self) {
        self.words.truncate(self.kept());
    }

    fn due(&self) -> Option<Duration> {
        let words = self.words.iter().flat_map(|settled| {
            let visible = (!settled.visible).then_some(settled.visible_at);
            let stable = settled.stable_at.filter(|_| !settled.stable);
            [visible, stable]
        });
        words
            .chain([self.changed, self.corrected, self.final_at])
            .flatten()
            .min()
    }

    fn partial(&mut self, now: Duration, from: f64, draw: &mut StdRng) -> Option<Value> {
        self.changed = None;
        self.corrected = None;
        for settled in &mut self.words {
            settled.visible |= settled.visible_at <= now;
            settled.stable |= settled.stable_at.is_some_and(|due| due <= now);
        }
        let visible = self.words.iter().take_while(|word| word.visible).count();
        let words = self
            .words
            .get(..visible)
            .filter(|words| !words.is_empty())?;
        let loose = words.iter().rev().take_while(|word| !word.stable).count();
        let mut wrong = 0;
        if loose > 0 && draw.random_bool(REVISED) {
            wrong = draw.random_range(1..=loose.min(3));
            self.corrected = Some(now + Duration::from_millis(draw.random_range(90..190)));
        }
        let mut shown: Vec<Shown> = words
            .iter()
            .enumerate()
            .map(|(index, settled)| {
                let next = words.get(index + 1);
                let mut shown = settled.shown(next.is_some());
                shown.mark_stable = next
                    .and(shown.stable)
                    .map(|_| next.is_some_and(|n| n.stable));
                shown
            })
            .collect();
        render::revise(&mut shown, wrong, draw);
        render::retime(&mut shown, from, draw);
        self.shown = true;
        Some(render::result(
            &self.id,
            self.engine,
            true,
            &shown,
            self.span,
        ))
    }
}

impl Settled {
    /// Takes the engine's new reading; whether something shown changed. What
    /// is stable keeps its word.
    fn revise(&mut self, word: Word, now: Duration, settling: Settling) -> bool {
        if self.stable {
            self.word = Word {
                text: std::mem::take(&mut self.word.text),
                ..word
            };
            return false;
        }
        let changed = self.word.text != word.text;
        self.word = word;
        if changed && self.visible {
            self.stable_at = settling.stable.map(|stable| now + stable);
        }
        changed && self.visible
    }

    fn shown(&self, followed: bool) -> Shown {
        let mut text = self.word.text.clone();
        if self.recased {
            text = render::recased(&text);
        }
        let mut mark = self.word.punctuation.clone().filter(|_| followed);
        if self.repunctuated {
            mark = mark
                .filter(|mark| mark == "." || mark == ",")
                .filter(|_| self.word.text.len().is_multiple_of(2))
                .map(|mark| if mark == "," { "." } else { "," }.to_owned());
        }
        Shown {
            text,
            mark,
            start: self.word.start,
            end: self.word.end,
            stable: self.stable_at.map(|_| self.stable),
            mark_stable: None,
        }
    }
}

fn event(results: Vec<Value>) -> Value {
    json!({"Transcript": {"Results": results}})
}

#[cfg(test)]
#[path = "transcript_tests.rs"]
mod tests;
