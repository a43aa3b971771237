//! What we spoke ourselves and hear again is not interpreted again.
//!
//! A translation that a loudspeaker plays comes back through the listener's
//! microphone (or down the listener's line), in the listener's language: it
//! would be translated back, spoken, heard again and so on. [`Playback`] is
//! what was played to one listener; [`EchoGuard`] tells which of the
//! listener's words are nothing but that. A word is an echo if all of this
//! holds:
//!
//! - *time*: it was heard while a clip was playing, or at most [`LATEST`] after;
//! - *text*: the clip says it about there, give or take a recogniser's errors;
//! - *energy*: the tap's level went up and down as the clip's did, a constant
//!   delay before, was no louder than what was played, and is explained by it:
//!   somebody who talks over the clip is louder than its echo.
//!
//! So a sentence that a person says again after it was played is theirs, and
//! of two who talk at once the words that the clip does not say, or that are
//! too loud to be its echo, are kept. Who repeats a sentence while it is being
//! played (with headphones, or there would be an echo too) says it at another
//! pace, so the levels do not go together. In doubt a word is a person's.

mod playback;

use super::script::Join;
use super::segmenter::{Word, fold};
use crate::time::{Duration, Timestamp};
pub use playback::Playback;
use playback::{BLOCKS_PER_SECOND, Clip, Levels};

/// An echo comes at most so much later: loudspeaker, room and microphone take
/// 80 to 300 ms together, a wireless headset 200 ms more.
const LATEST: f64 = 500.0;

/// And never sooner than so many blocks.
const SOONEST_BLOCKS: i64 = 2;

/// Levels are taken every 10 ms.
const BLOCK_MS: f64 = 10.0;
const LATEST_BLOCKS: i64 = 50;

/// A single word goes up and down like any other, if it may be shifted at will.
/// Until an echo is known, only these delays count for less than
/// [`SURE_BLOCKS`].
const LATEST_OF_FEW: i64 = 35;

/// Blocks before and after a word that show where it begins and ends.
const AROUND: i64 = 5;

/// From a second on the levels are evidence by themselves.
const SURE_BLOCKS: usize = 100;

/// How alike the levels have to be, of less and of more than a second. Of the
/// demo's voices in a room with walls and noise (`echo_guard/tests.rs`) echoes
/// had at least 0.84, other speech at its best delay at most 0.71 over a second
/// and, in one of ten, 0.85 over half of one.
const ALIKE_FEW: f32 = 0.85;
const ALIKE: f32 = 0.75;

/// So alike are only an echo's: its words may have been misheard altogether.
const SAME: f32 = 0.85;

/// An echo that is known stays where it is, but for so many blocks.
const DRIFT: i64 = 5;

/// Steps of a level: 8 for a factor of two, 0.38 dB each.
const DB: f32 = 8.0 / 3.0103;
/// Below the loudest by so much, levels say nothing: room and noise.
const RANGE: f32 = 30.0 * DB;
/// A word that is louder than its echo by more than this is somebody's.
const LOUDER: f32 = 8.0 * DB;

/// How far the place of a word in a text may be off from its place in the
/// speech; of all words together half as far. Of 127 recorded words the worst
/// was off by 230 ms; numbers and abbreviations are worse.
const PLACE_MS: f64 = 400.0;
const PLACE_SHARE: f64 = 0.1;

/// A word where it was heard.
struct Heard {
    /// Its start in the stream, which names it.
    start: f64,
    units: Vec<String>,
    /// Its middle.
    at: Timestamp,
    /// The tap's blocks.
    from: i64,
    to: i64,
    /// And so many before and after them without a word.
    before: i64,
    after: i64,
}

impl Heard {
    /// With what is before and after, up to the next word: a word alone has
    /// one level.
    fn around(&self) -> std::ops::Range<i64> {
        self.from - self.before..self.to + self.after
    }
}

/// How levels go together.
#[derive(Clone, Copy, Debug)]
struct Likeness {
    correlation: f32,
    /// In blocks.
    lag: i64,
    /// Of the tap over the clip.
    gain: f32,
}

/// Tells one speaker's words from the echo of what was played to them.
#[derive(Debug, Default)]
pub struct EchoGuard {
    tap: Levels,
    /// The last echo that was beyond doubt.
    known: Option<Likeness>,
}

impl EchoGuard {
    /// Takes the tap's samples, at the service's rate.
    pub fn hear(&mut self, samples: &[f32]) {
        self.tap.push(samples, crate::audio::SERVICE_RATE_HZ);
    }

    /// Which of a result's words are an echo: their starts. `place` gives the
    /// position and the time of a second of the stream.
    pub fn echoes(
        &mut self,
        words: &[Word],
        join: Join,
        playback: &Playback,
        place: impl Fn(f64) -> Option<(u64, Timestamp)>,
    ) -> Vec<f64> {
        let mut echoes = Vec::new();
        if playback.is_empty() {
            return echoes;
        }
        let mut heard: Vec<Heard> = words
            .iter()
            .filter_map(|word| {
                let ((from, began), (to, ended)) = (place(word.start)?, place(word.end)?);
                Some(Heard {
                    start: word.start,
                    units: units(&word.text, join),
                    at: began + ended.since(began) / 2,
                    from: block(from),
                    to: block(to).max(block(from) + 1),
                    before: AROUND,
                    after: AROUND,
                })
            })
            .collect();
        for n in 1..heard.len() {
            let gap = (heard[n].from - heard[n - 1].to).clamp(0, AROUND);
            (heard[n - 1].after, heard[n].before) = (gap, gap);
        }
        for word in &mut heard {
            // A word that is not recognised yet may have begun.
            let inside = (word.from..word.to).map(|block| self.tap.get(block));
            let peak = inside.fold(0.0, f32::max) + 3.0 * DB;
            let quiet = |block: &i64| self.tap.get(*block) <= peak;
            word.after = (0..word.after)
                .take_while(|n| quiet(&(word.to + n)))
                .count() as i64;
            word.before = (0..word.before)
                .take_while(|n| quiet(&(word.from - 1 - n)))
                .count() as i64;
        }
        for clip in &playback.clips {
            if let Some(started) = clip.started {
                self.of_clip(clip, started, &heard, join, &mut echoes);
            }
        }
        echoes
    }

    fn of_clip(
        &mut self,
        clip: &Clip,
        started: Timestamp,
        heard: &[Heard],
        join: Join,
        echoes: &mut Vec<f64>,
    ) {
        let length = clip.levels.levels.len() as f64 * BLOCK_MS;
        let end = clip.ended.unwrap_or(started + millis(length));
        let latest = match self.known {
            Some(known) => (known.lag + 2 * DRIFT) as f64 * BLOCK_MS,
            None => LATEST,
        };
        let during = |word: &&Heard| word.at > started && word.at < end + millis(latest);
        let during: Vec<&Heard> = heard.iter().filter(during).collect();
        let Some(first) = during.first() else {
            return;
        };
        let said = said(&clip.text, join, &clip.levels);
        let slack = PLACE_MS + PLACE_SHARE * length;
        // How much later than its place in the clip a word was heard.
        let late = |word: &Heard| {
            let at = word.at.as_millis_f64() - started.as_millis_f64();
            let places = word.units.iter().filter_map(|unit| {
                let alike = said.iter().filter(|(text, _)| alike(text, unit));
                let late = alike.map(|(_, from)| at - from);
                late.min_by(|a, b| a.abs().total_cmp(&b.abs()))
                    .filter(|late| (-slack..slack + latest).contains(late))
            });
            let (count, sum) = places.fold((0, 0.0), |(n, sum), late| (n + 1, sum + late));
            (count > 0 && count * 2 >= word.units.len()).then(|| sum / f64::from(count as u32))
        };
        // The tap's block in which the clip began.
        let since = first.at.as_millis_f64() - started.as_millis_f64();
        #[allow(clippy::cast_possible_truncation)]
        let begin = (first.from + first.to) / 2 - (since / BLOCK_MS).round() as i64;
        let (mut matched, mut lateness) = (Vec::new(), Vec::new());
        for word in &during {
            if let Some(late) = late(word) {
                matched.push(*word);
                lateness.push(late);
            }
        }
        // Of a few among many, some would always fit.
        let least = matched.len().div_ceil(2).max(1);
        while matched.len() >= least {
            let likeness = self.likeness(clip, begin, &matched);
            let late = lateness.iter().sum::<f64>() / lateness.len() as f64;
            let there = (late - likeness.lag as f64 * BLOCK_MS).abs() <= slack / 2.0;
            if there && self.is_echo(likeness, &matched) {
                let same = likeness.correlation >= SAME && matched.len() * 3 >= during.len();
                for word in &during {
                    let said = matched.iter().any(|other| std::ptr::eq(*other, *word));
                    let more = self.more_than_echo(clip, begin, word, likeness);
                    if (said || same) && more <= LOUDER {
                        echoes.push(word.start);
                    }
                }
                return;
            }
            // Somebody may have said one of them; but who speaks along is not
            // louder at every word that does not fit.
            let more = matched
                .iter()
                .map(|word| self.more_than_echo(clip, begin, word, likeness));
            let worst = more.enumerate().max_by(|(_, a), (_, b)| a.total_cmp(b));
            match worst {
                Some((index, more)) if more > LOUDER => {
                    matched.remove(index);
                    lateness.remove(index);
                }
                _ => return,
            }
        }
    }

    /// How the levels go together at these words, at the delay that fits best.
    fn likeness(&self, clip: &Clip, begin: i64, words: &[&Heard]) -> Likeness {
        let known = self.known.filter(|_| blocks(words) < SURE_BLOCKS);
        let lags = match known {
            Some(known) => known.lag - DRIFT..=known.lag + DRIFT,
            _ if blocks(words) >= SURE_BLOCKS => SOONEST_BLOCKS..=LATEST_BLOCKS,
            _ => SOONEST_BLOCKS..=LATEST_OF_FEW,
        };
        let mut best = Likeness {
            correlation: 0.0,
            lag: *lags.start(),
            gain: 0.0,
        };
        for lag in lags {
            let (mut tap_power, mut clip_power, mut both) = (0.0, 0.0, 0.0);
            let (mut gain, mut loud) = (0.0, 0.0);
            for word in words {
                let tap_floor = word.around().map(|b| self.tap.get(b)).fold(0.0, f32::max) - RANGE;
                let played = |block: i64| clip.levels.get(block - begin - lag);
                let peak = word.around().map(played).fold(0.0, f32::max);
                let pairs = word.around().map(|block| {
                    let tap = self.tap.get(block).max(tap_floor);
                    (tap, played(block).max(peak - RANGE))
                });
                // Around its own mean: rooms and loudspeakers like some words
                // better than others.
                let (mut n, mut tap_sum, mut clip_sum) = (0.0, 0.0, 0.0);
                for (tap, clip) in pairs.clone() {
                    n += 1.0;
                    tap_sum += tap;
                    clip_sum += clip;
                    if clip > peak - RANGE / 2.0 {
                        loud += 1.0;
                        gain += tap - clip;
                    }
                }
                for (tap, clip) in pairs {
                    let (tap, clip) = (tap - tap_sum / n, clip - clip_sum / n);
                    tap_power += tap * tap;
                    clip_power += clip * clip;
                    both += tap * clip;
                }
            }
            let correlation = both / f32::max(tap_power * clip_power, 1.0).sqrt();
            if correlation > best.correlation {
                best = Likeness {
                    correlation,
                    lag,
                    gain: gain / f32::max(loud, 1.0),
                };
            }
        }
        best
    }

    /// Whether that is an echo's likeness.
    fn is_echo(&mut self, likeness: Likeness, words: &[&Heard]) -> bool {
        let sure = blocks(words) >= SURE_BLOCKS;
        // At the delay that is known, a word is evidence too.
        let enough = match self.known {
            None if !sure => ALIKE_FEW,
            _ => ALIKE,
        };
        let loudest = match self.known {
            Some(known) if !sure => known.gain + LOUDER,
            _ => 0.0,
        };
        let is = likeness.correlation >= enough && likeness.gain <= loudest;
        if is && sure && likeness.correlation >= SAME {
            self.known = Some(likeness);
        }
        is
    }

    /// By how much a word is louder than the clip's echo there.
    fn more_than_echo(&self, clip: &Clip, begin: i64, word: &Heard, likeness: Likeness) -> f32 {
        let played = |block: i64| clip.levels.get(block - begin - likeness.lag);
        let blocks = word.from..word.to;
        let peak = blocks.clone().map(played).fold(0.0, f32::max);
        if peak <= 0.0 {
            return f32::INFINITY;
        }
        let count = (word.to - word.from) as f32;
        let more = blocks.map(|b| self.tap.get(b) - played(b).max(peak - RANGE));
        more.sum::<f32>() / count - likeness.gain
    }
}

fn blocks(words: &[&Heard]) -> usize {
    words.iter().map(|word| word.around().count()).sum()
}

fn millis(millis: f64) -> Duration {
    Duration::try_from_secs_f64(millis / 1000.0).unwrap_or_default()
}

fn block(position: u64) -> i64 {
    let samples = u64::from(crate::audio::SERVICE_RATE_HZ / BLOCKS_PER_SECOND);
    i64::try_from(position / samples).unwrap_or(i64::MAX)
}

/// Words without case and punctuation; where a language has no spaces, signs.
fn units(text: &str, join: Join) -> Vec<String> {
    join.split(text).iter().map(|word| fold(word)).collect()
}

/// What a clip says, and at which of its milliseconds: as far into its sound
/// (pauses aside) as into its text.
fn said(text: &str, join: Join, levels: &Levels) -> Vec<(String, f64)> {
    let units = units(text, join);
    let length = |unit: &String| unit.chars().count() + 1;
    let total: usize = units.iter().map(length).sum();
    let levels = &levels.levels;
    let peak = levels.iter().max().copied().unwrap_or(0);
    let loud = |level: u8| f32::from(level) > f32::from(peak) - RANGE;
    let sounding = levels.iter().filter(|level| loud(**level)).count();
    let mut passed = 0;
    let (mut block, mut sounded) = (0, 0);
    let mut said = Vec::with_capacity(units.len());
    for unit in units {
        let length = length(&unit);
        let middle = (2 * passed + length) * sounding;
        passed += length;
        while block < levels.len() && sounded * 2 * total < middle {
            sounded += usize::from(loud(levels[block]));
            block += 1;
        }
        said.push((unit, block as f64 * BLOCK_MS));
    }
    said
}

/// Whether two words are the same but for their ending or a sign.
fn alike(a: &str, b: &str) -> bool {
    let same = |(x, y): &(char, char)| x == y;
    let (n, m) = (a.chars().count(), b.chars().count());
    let first = a.chars().zip(b.chars()).take_while(same).count();
    let last = a.chars().rev().zip(b.chars().rev());
    let last = last.take_while(same).count();
    (first + last).min(n.min(m)) * 3 >= n.max(m) * 2
}

#[cfg(test)]
mod tests;
