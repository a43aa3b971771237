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
use crate::time::Timestamp;
pub use playback::Playback;
use playback::{BLOCKS_PER_SECOND, Clip, Levels};

/// An echo comes at most so much later: loudspeaker, room and microphone take
/// 80 to 300 ms together, a wireless headset 200 ms more.
const LATEST: f64 = 500.0;

/// And never sooner than so many blocks.
const SOONEST_BLOCKS: i32 = 2;

/// Levels are taken every 10 ms.
const BLOCK_MS: f64 = 10.0;
const LATEST_BLOCKS: i32 = 50;

/// A single word goes up and down like any other, if it may be shifted at will.
/// Until an echo is known, only these delays count for less than
/// [`SURE_BLOCKS`].
const LATEST_OF_FEW: i32 = 35;

/// Blocks before and after a word that show where it begins and ends.
const AROUND: i32 = 5;

/// What is said to last longer is no word.
const LONGEST_WORD: i32 = 500;

/// From a second on the levels are evidence by themselves.
const SURE_BLOCKS: i32 = 100;

/// How alike the levels have to be, of less and of more than a second. Of the
/// demo's voices in a room with walls and noise (`echo_guard/tests.rs`) echoes
/// had at least 0.84, other speech at its best delay at most 0.71 over a second
/// and, in one of ten, 0.85 over half of one.
const ALIKE_FEW: f32 = 0.85;
const ALIKE: f32 = 0.75;

/// So alike are only an echo's: its words may have been misheard altogether.
const SAME: f32 = 0.85;

/// An echo that is known stays where it is, but for so many blocks.
const DRIFT: i32 = 5;

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
    /// Its middle, in milliseconds.
    at: f64,
    /// The tap's blocks.
    from: i32,
    to: i32,
    /// The same with what is before and after, up to the next word: a word
    /// alone has one level.
    before: i32,
    after: i32,
}

/// How levels go together.
#[derive(Clone, Copy, Debug, Default)]
struct Likeness {
    correlation: f32,
    /// In blocks.
    lag: i32,
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
        if playback.clips.is_empty() {
            return echoes;
        }
        let mut heard: Vec<Heard> = Vec::with_capacity(words.len());
        for word in words {
            let (Some((from, began)), Some((to, ended))) = (place(word.start), place(word.end))
            else {
                continue;
            };
            let from = block(from);
            let to = block(to).clamp(from + 1, from + LONGEST_WORD);
            let mut before = from - AROUND;
            if let Some(last) = heard.last_mut() {
                let gap = (from - last.to).max(0);
                last.after = last.after.min(last.to + gap);
                before = before.max(from - gap);
            }
            heard.push(Heard {
                start: word.start,
                units: units(&word.text, join),
                at: (began.as_millis_f64() + ended.as_millis_f64()) / 2.0,
                from,
                to,
                before,
                after: to + AROUND,
            });
        }
        for word in &mut heard {
            // A word that is not recognised yet may have begun.
            let peak = self.tap.peak(word.from, word.to) + 3.0 * DB;
            let loud = |block: &i32| self.tap.get(*block) > peak;
            word.after = (word.to..word.after).find(loud).unwrap_or(word.after);
            let before = (word.before..word.from).rfind(loud);
            word.before = before.map_or(word.before, |block| block + 1);
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
        started: f64,
        heard: &[Heard],
        join: Join,
        echoes: &mut Vec<f64>,
    ) {
        let length = clip.levels.levels.len() as f64 * BLOCK_MS;
        let latest = match self.known {
            Some(known) => f64::from(known.lag + 2 * DRIFT) * BLOCK_MS,
            None => LATEST,
        };
        let until = clip.ended.unwrap_or(started + length) + latest;
        let is_during = |word: &&Heard| word.at > started && word.at < until;
        let during: Vec<&Heard> = heard.iter().filter(is_during).collect();
        let Some(first) = during.first() else {
            return;
        };
        // The tap's block in which the clip began.
        #[allow(clippy::cast_possible_truncation)]
        let begin = (first.from + first.to) / 2 - ((first.at - started) / BLOCK_MS) as i32;
        let said = said(&clip.text, join, &clip.levels.levels);
        let slack = PLACE_MS + PLACE_SHARE * length;
        // With how much later than its place in the clip it was heard.
        let mut matched: Vec<(&Heard, f64)> = Vec::new();
        for word in &during {
            let (mut count, mut sum) = (0, 0.0);
            for unit in &word.units {
                let mut best = f64::INFINITY;
                for (text, place) in &said {
                    let late = word.at - started - place;
                    if late.abs() < best.abs() && alike(text.as_bytes(), unit.as_bytes()) {
                        best = late;
                    }
                }
                if best > -slack && best < slack + latest {
                    count += 1;
                    sum += best;
                }
            }
            if count > 0 && count * 2 >= word.units.len() {
                matched.push((word, sum / count as f64));
            }
        }
        // Of a few among many, some would always fit.
        let least = matched.len().div_ceil(2);
        while !matched.is_empty() && matched.len() >= least {
            let (sure, likeness) = self.likeness(clip, begin, &matched);
            let late: f64 = matched.iter().map(|(_, late)| late).sum();
            let late = late / matched.len() as f64 - f64::from(likeness.lag) * BLOCK_MS;
            if late.abs() <= slack / 2.0 && self.is_echo(sure, likeness) {
                let same = likeness.correlation >= SAME && matched.len() * 3 >= during.len();
                for word in &during {
                    let said = matched.iter().any(|(other, _)| other.start == word.start);
                    if (said || same) && self.more_than_echo(clip, begin, word, likeness) <= LOUDER
                    {
                        echoes.push(word.start);
                    }
                }
                return;
            }
            // Somebody may have said one of them; but who speaks along is not
            // louder at every word that does not fit.
            let (mut worst, mut most) = (0, LOUDER);
            for (index, (word, _)) in matched.iter().enumerate() {
                let more = self.more_than_echo(clip, begin, word, likeness);
                if more > most {
                    (worst, most) = (index, more);
                }
            }
            if most <= LOUDER {
                return;
            }
            matched.remove(worst);
        }
    }

    /// How the levels go together at these words, at the delay that fits best,
    /// and whether that is of more than a second.
    fn likeness(&self, clip: &Clip, begin: i32, words: &[(&Heard, f64)]) -> (bool, Likeness) {
        let blocks: i32 = words.iter().map(|(word, _)| word.after - word.before).sum();
        let sure = blocks >= SURE_BLOCKS;
        let (from, to) = match self.known {
            Some(known) if !sure => (known.lag - DRIFT, known.lag + DRIFT),
            _ if sure => (SOONEST_BLOCKS, LATEST_BLOCKS),
            _ => (SOONEST_BLOCKS, LATEST_OF_FEW),
        };
        let mut best = Likeness::default();
        for lag in from..=to {
            let shift = begin + lag;
            let (mut tap_power, mut clip_power, mut both) = (0.0, 0.0, 0.0);
            let (mut gain, mut loud) = (0.0, 0.0);
            for (word, _) in words {
                let (from, to) = (word.before, word.after);
                let tap_floor = self.tap.peak(from, to) - RANGE;
                let clip_floor = clip.levels.peak(from - shift, to - shift) - RANGE;
                // Around its own mean: rooms and loudspeakers like some words
                // better than others.
                let (mut tap_sum, mut clip_sum) = (0.0, 0.0);
                for block in from..to {
                    let tap = self.tap.get(block).max(tap_floor);
                    let clip = clip.levels.get(block - shift).max(clip_floor);
                    tap_sum += tap;
                    clip_sum += clip;
                    tap_power += tap * tap;
                    clip_power += clip * clip;
                    both += tap * clip;
                    if clip > clip_floor + RANGE / 2.0 {
                        loud += 1.0;
                        gain += tap - clip;
                    }
                }
                let count = (to - from) as f32;
                tap_power -= tap_sum * tap_sum / count;
                clip_power -= clip_sum * clip_sum / count;
                both -= tap_sum * clip_sum / count;
            }
            let correlation = both / (tap_power * clip_power).max(1.0).sqrt();
            if correlation > best.correlation {
                best = Likeness {
                    correlation,
                    lag,
                    gain: gain / f32::max(loud, 1.0),
                };
            }
        }
        (sure, best)
    }

    /// Whether that is an echo's likeness.
    fn is_echo(&mut self, sure: bool, likeness: Likeness) -> bool {
        // At the delay that is known, a word is evidence too.
        let (enough, loudest) = match self.known {
            Some(known) if !sure => (ALIKE, known.gain + LOUDER),
            None if !sure => (ALIKE_FEW, 0.0),
            _ => (ALIKE, 0.0),
        };
        let is = likeness.correlation >= enough && likeness.gain <= loudest;
        if is && sure && likeness.correlation >= SAME {
            self.known = Some(likeness);
        }
        is
    }

    /// By how much a word is louder than the clip's echo there.
    fn more_than_echo(&self, clip: &Clip, begin: i32, word: &Heard, likeness: Likeness) -> f32 {
        let shift = begin + likeness.lag;
        let peak = clip.levels.peak(word.from - shift, word.to - shift);
        if peak <= 0.0 {
            return f32::INFINITY;
        }
        let mut more = 0.0;
        for block in word.from..word.to {
            more += self.tap.get(block) - clip.levels.get(block - shift).max(peak - RANGE);
        }
        more / (word.to - word.from) as f32 - likeness.gain
    }
}

fn block(position: u64) -> i32 {
    let samples = u64::from(crate::audio::SERVICE_RATE_HZ / BLOCKS_PER_SECOND);
    // Of a call of 124 days; a time that makes no sense is no later.
    (position / samples).min(1 << 30) as i32
}

/// Words without case and punctuation; where a language has no spaces, signs.
fn units(text: &str, join: Join) -> Vec<String> {
    let mut units = join.split(text);
    for unit in &mut units {
        *unit = fold(unit);
    }
    units
}

/// What a clip says, and at which of its milliseconds: as far into its sound
/// (pauses aside) as into its text.
fn said(text: &str, join: Join, levels: &[u8]) -> Vec<(String, f64)> {
    let units = units(text, join);
    let total: usize = units.iter().map(|unit| unit.len() + 1).sum();
    let peak = levels.iter().fold(0, |peak, level| (*level).max(peak));
    let loud = |level: u8| f32::from(level) > f32::from(peak) - RANGE;
    let sounding = levels.iter().filter(|level| loud(**level)).count();
    let (mut passed, mut block, mut sounded) = (0, 0, 0);
    let mut said = Vec::with_capacity(units.len());
    for unit in units {
        let length = unit.len() + 1;
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

/// Whether two words are the same but for their ending or a letter; short ones
/// (and signs, which are three bytes) have to be the same.
fn alike(a: &[u8], b: &[u8]) -> bool {
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    let (n, m) = (short.len(), long.len());
    if n < 4 {
        return a == b;
    }
    let first = (0..n).take_while(|i| short[*i] == long[*i]).count();
    let last = (1..=n).take_while(|i| short[n - i] == long[m - i]).count();
    (first + last).min(n) * 3 >= m * 2
}

#[cfg(test)]
mod tests;
