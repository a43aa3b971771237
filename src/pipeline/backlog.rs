//! Audio that is not done with: what is still to be sent, and what would have
//! to be sent again.

use crate::audio::framer::samples;
use crate::audio::ring::Ring;
use crate::audio::voice_activity::{Change, VoiceActivity};
use crate::audio::{SERVICE_RATE_HZ, pcm};
use crate::time::Duration;
use std::collections::VecDeque;
use std::ops::Range;

/// What is kept at most; older audio is lost.
const CAP_SECONDS: usize = 60;

/// A word's end is known to about ±120 ms, and the end of speech to some tens of
/// ms: speech that ends so soon after the last word of a final result is done
/// with. No word fits in it.
const SLACK: Duration = Duration::from_millis(250);

/// A replay begins so much before the speech, for its first sound.
const LEAD: Duration = Duration::from_millis(200);

/// Without any speech: what may have been on its way when the socket broke.
const UNDER_WAY: Duration = Duration::from_millis(500);

/// Voice activity is known so much after the sound at the latest.
const UNDECIDED: Duration = Duration::from_millis(100);

/// Silence after speech by which the service ends the sentence, and that is
/// therefore left out by none but a stream that is very late.
pub const ENDS_SENTENCE: Duration = Duration::from_millis(600);

/// A replay begins at the pause before the last committed word, so that the
/// service hears whole words and the seam can be read from the text. Where
/// nobody paused for so long, it begins in the quietest moment of the window.
const LONGEST_OVERLAP: Duration = Duration::from_millis(2_000);
const LEAST_OVERLAP: Duration = Duration::from_millis(1_000);

/// Liveliness is judged over this, about half a sound of speech; one in so many
/// of them is another one than the one before.
const CHANGES: Duration = Duration::from_millis(40);
const LEAST_CHANGES: usize = 6;

/// What is quiet is judged over this: less than the gap between two words.
const QUIET: Duration = Duration::from_millis(30);

/// The ring, and in it the stretches of speech that are not committed.
pub struct Backlog {
    ring: Ring,
    activity: VoiceActivity,
    spans: VecDeque<Span>,
    /// Where the last speech ended that has no span any more.
    quiet_since: u64,
    /// The end of the last committed word.
    watermark: u64,
}

/// A pause that has lasted long enough for the service to end the sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    /// Up to here it is not needed.
    pub until: u64,
    /// Speech has begun after it.
    pub over: bool,
}

#[derive(Debug)]
struct Span {
    start: u64,
    end: Option<u64>,
}

impl Default for Backlog {
    fn default() -> Self {
        Self {
            ring: Ring::new(CAP_SECONDS * SERVICE_RATE_HZ as usize),
            activity: VoiceActivity::default(),
            spans: VecDeque::new(),
            quiet_since: 0,
            watermark: 0,
        }
    }
}

impl Backlog {
    /// The position after the newest sample.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.ring.end()
    }

    /// The position of the oldest sample that is held.
    #[must_use]
    pub const fn start(&self) -> u64 {
        self.ring.start()
    }

    /// How many samples are held.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::try_from(self.end() - self.start()).unwrap_or(usize::MAX)
    }

    /// Whether none are.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether somebody is speaking.
    #[must_use]
    pub const fn speaking(&self) -> bool {
        self.activity.speaking()
    }

    /// Where the latest speech ended, once somebody has paused for 200 ms.
    #[must_use]
    pub fn paused_since(&self) -> Option<u64> {
        let end = self.spans.back().map_or(Some(0), |span| span.end)?;
        (!self.speaking()).then(|| end.max(self.quiet_since))
    }

    /// Appends samples.
    pub fn extend(&mut self, samples: &[f32]) {
        let spans = &mut self.spans;
        self.activity.push(samples, |change| match change {
            Change::Began(start) => spans.push_back(Span { start, end: None }),
            Change::Ended(end) => {
                if let Some(span) = spans.back_mut() {
                    span.end = Some(end);
                }
            }
        });
        self.ring.extend(samples.iter().map(|s| pcm::to_i16(*s)));
        self.forget_spans(self.ring.start());
    }

    /// Speech that ended before this position is done with.
    fn forget_spans(&mut self, before: u64) {
        let quiet_since = &mut self.quiet_since;
        self.spans.retain(|span| match span.end {
            Some(end) if end <= before => {
                *quiet_since = end.max(*quiet_since);
                false
            }
            _ => true,
        });
    }

    /// Makes everything from a position on silent.
    pub fn silence_from(&mut self, position: u64) {
        self.ring.silence_from(position);
    }

    /// The samples at these positions.
    #[must_use]
    pub fn get(&self, positions: Range<u64>) -> Vec<i16> {
        self.ring.get(positions).collect()
    }

    /// A word that ends here was committed, of a result that goes on.
    pub fn commit(&mut self, up_to: u64) {
        // A service that names a time to come does not commit it.
        self.watermark = self.watermark.max(up_to.min(self.end()));
        // Words are committed in order: none before this one is open.
        self.forget_spans(self.watermark.saturating_sub(samples(SLACK)));
    }

    /// A final result ends here: what was said before it is done with.
    pub fn finish(&mut self, up_to: u64) {
        self.commit(up_to);
        let up_to = up_to.min(self.end());
        self.forget_spans(up_to.saturating_add(samples(SLACK)));
    }

    /// How many samples of speech there are between two positions.
    #[must_use]
    pub fn speech(&self, from: u64, to: u64) -> u64 {
        let within = |span: &Span| {
            let end = span.end.unwrap_or(to).min(to);
            end.saturating_sub(span.start.max(from))
        };
        self.spans.iter().map(within).sum()
    }

    /// Whether what sounds like speech between two positions also changes as
    /// speech does, several times a second, in loudness or pitch. What stays the
    /// same is none, however loud.
    #[must_use]
    pub fn is_lively(&self, from: u64, to: u64) -> bool {
        let block = usize::try_from(samples(CHANGES)).unwrap_or(1);
        let likeness = |block: &[i16]| {
            let power: f32 = block.iter().map(|s| f32::from(*s).powi(2)).sum();
            let crossings = block.windows(2).filter(|w| (w[0] < 0) != (w[1] < 0));
            (power + 1.0, crossings.count() as f32 + 4.0)
        };
        let differs = |a: f32, b: f32, ratio: f32| a > b * ratio || b > a * ratio;
        let (mut count, mut changes) = (0, 0);
        for span in &self.spans {
            let sound = self.get(span.start.max(from)..span.end.unwrap_or(to).min(to));
            let blocks: Vec<(f32, f32)> = sound.chunks_exact(block).map(likeness).collect();
            count += blocks.len();
            changes += blocks
                .windows(2)
                .filter(|w| differs(w[0].0, w[1].0, 2.0) || differs(w[0].1, w[1].1, 1.25))
                .count();
        }
        changes * LEAST_CHANGES >= count
    }

    /// Where a new stream has to begin, when the old one got everything before
    /// `sent`.
    #[must_use]
    pub fn replay_from(&self, sent: u64) -> u64 {
        let under_way = sent.saturating_sub(samples(UNDER_WAY));
        let from = self.overlap_from();
        let from = from.unwrap_or_else(|| under_way.max(self.quiet_since));
        from.min(sent).max(self.start())
    }

    /// The pause before the first speech that is not done with, if there is any.
    #[must_use]
    pub fn overlap_from(&self) -> Option<u64> {
        let start = self.unfinished()?;
        let (least, most) = (samples(LEAST_OVERLAP), samples(LONGEST_OVERLAP));
        Some(if self.watermark > start + most {
            self.quietest(self.watermark - most, self.watermark - least)
        } else {
            start.saturating_sub(samples(LEAD)).max(self.quiet_since)
        })
    }

    /// Where the first speech begins that is not done with.
    #[must_use]
    pub fn unfinished(&self) -> Option<u64> {
        self.spans.front().map(|span| span.start)
    }

    /// The middle of the quietest moment between two positions.
    fn quietest(&self, from: u64, to: u64) -> u64 {
        let step = samples(QUIET);
        let loudness = |at: u64| {
            let moment = self.ring.get(at..at + step);
            moment.map(|s| u64::from(s.unsigned_abs())).sum::<u64>()
        };
        let count = to.saturating_sub(from) / (step / 2);
        let moments = (0..count).map(|n| from + n * (step / 2));
        let best = moments.min_by_key(|at| loudness(*at));
        best.map_or(from, |at| at + step / 2)
    }

    /// Where the first stream begins: with the speech that waits, otherwise
    /// now. The service works at real time, so silence from before the socket
    /// was open would be a lag for as long as the stream lives.
    #[must_use]
    pub fn begin_from(&self) -> u64 {
        let (from, lead) = match self.unfinished() {
            Some(start) => (start, LEAD),
            None => (self.end(), UNDECIDED),
        };
        from.saturating_sub(samples(lead)).max(self.ring.start())
    }

    /// The pause that a position is in, if it has lasted so long there.
    #[must_use]
    pub fn pause_at(&self, position: u64, least: Duration) -> Option<Pause> {
        let mut quiet_since = self.quiet_since;
        let mut next = None;
        for span in &self.spans {
            if span.start > position {
                next = Some(span.start);
                break;
            }
            quiet_since = quiet_since.max(span.end?);
        }
        if position < quiet_since.saturating_add(samples(least)) {
            return None;
        }
        let (end, margin) = match next {
            Some(start) => (start, LEAD),
            None => (self.end(), UNDECIDED),
        };
        Some(Pause {
            until: end.saturating_sub(samples(margin)),
            over: next.is_some(),
        })
    }

    /// Forgets what no replay would need.
    pub fn trim(&mut self, sent: u64) {
        let from = match self.unfinished() {
            Some(start) => {
                let overlap = self.watermark.saturating_sub(samples(LONGEST_OVERLAP));
                start.max(overlap).saturating_sub(samples(LEAD))
            }
            None => sent.saturating_sub(samples(UNDER_WAY)),
        };
        self.ring.forget(from.min(sent));
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.ring.forget(u64::MAX);
        self.spans.clear();
        self.quiet_since = self.ring.end();
        self.watermark = self.ring.end();
        // Whoever is speaking goes on.
        if self.activity.speaking() {
            self.spans.push_back(Span {
                start: self.ring.end(),
                end: None,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound(seconds: f32, level: f32) -> Vec<f32> {
        let count = (seconds * 16_000.0) as usize;
        (0..count)
            .map(|n| {
                // Words have gaps, which keep the noise floor where it is.
                let gap = n % 8_000 >= 7_200;
                if gap {
                    0.0
                } else {
                    level * (n as f32 * 0.3).sin()
                }
            })
            .collect()
    }

    #[test]
    fn a_first_stream_begins_with_speech_or_with_the_present() {
        let mut backlog = Backlog::default();
        backlog.extend(&sound(0.4, 0.0));
        assert_eq!(backlog.begin_from(), backlog.end() - 1_600);
        backlog.extend(&sound(0.5, 0.3));
        assert_eq!(backlog.begin_from(), 6_400 - 3_200);
        backlog.extend(&sound(1.0, 0.0));
        assert_eq!(backlog.begin_from(), 6_400 - 3_200);
    }

    #[test]
    fn a_replay_begins_with_the_speech_that_is_not_committed() {
        let mut backlog = Backlog::default();
        backlog.extend(&sound(2.0, 0.0));
        backlog.extend(&sound(1.0, 0.3));
        backlog.extend(&sound(1.0, 0.0));
        backlog.extend(&sound(1.0, 0.3));
        backlog.extend(&sound(1.0, 0.0));
        let sent = backlog.end();
        assert_eq!(backlog.replay_from(sent), 32_000 - 3_200);
        backlog.finish(47_000);
        assert_eq!(backlog.replay_from(sent), 64_000 - 3_200);
        // Within speech: from the pause before it.
        backlog.commit(70_000);
        assert_eq!(backlog.replay_from(sent), 64_000 - 3_200);
        // A word that is not final may not be the last.
        backlog.commit(79_000);
        assert_eq!(backlog.replay_from(sent), 64_000 - 3_200);
        backlog.finish(79_000);
        assert_eq!(backlog.replay_from(sent), sent - 8_000);
    }

    #[test]
    fn a_pause_may_be_left_out_but_for_what_ends_the_sentence_and_leads_to_the_next() {
        let mut backlog = Backlog::default();
        backlog.extend(&sound(1.0, 0.3));
        backlog.extend(&sound(2.0, 0.0));
        assert_eq!(backlog.pause_at(8_000, ENDS_SENTENCE), None);
        assert_eq!(backlog.pause_at(16_000 + 8_000, ENDS_SENTENCE), None);
        let so_far = Pause {
            until: 48_000 - 1_600,
            over: false,
        };
        assert_eq!(
            backlog.pause_at(16_000 + 13_000, ENDS_SENTENCE),
            Some(so_far)
        );
        backlog.extend(&sound(1.0, 0.3));
        let over = Pause {
            until: 48_000 - 3_200,
            over: true,
        };
        assert_eq!(backlog.pause_at(16_000 + 13_000, ENDS_SENTENCE), Some(over));
        // The same when the speech before it is done with.
        backlog.finish(16_000);
        assert_eq!(backlog.pause_at(16_000 + 8_000, ENDS_SENTENCE), None);
        assert_eq!(backlog.pause_at(16_000 + 13_000, ENDS_SENTENCE), Some(over));
        assert_eq!(backlog.pause_at(50_000, ENDS_SENTENCE), None);
    }

    #[test]
    fn a_hum_is_not_lively_and_words_are() {
        let mut backlog = Backlog::default();
        let hum = |n: u32| 0.1 * (n as f32 * 440.0 * std::f32::consts::TAU / 16_000.0).sin();
        backlog.extend(&(0..48_000).map(hum).collect::<Vec<_>>());
        assert!(!backlog.is_lively(0, 48_000));
        // Tones of one loudness that change are speech to a recogniser of tones.
        let tone = |n: u32| 0.2 * (n as f32 * (0.3 + 0.2 * (n / 1_600 % 7) as f32)).sin();
        backlog.extend(&(0..48_000).map(tone).collect::<Vec<_>>());
        assert!(backlog.is_lively(48_000, 96_000));
        let mut rng = crate::random::Random::new(3);
        let talk = |n: u32| {
            let swell = 0.5 + 0.5 * (n as f32 * 4.0 * std::f32::consts::TAU / 16_000.0).sin();
            0.3 * swell * (rng.unit() as f32 - 0.5)
        };
        backlog.extend(&(0..48_000).map(talk).collect::<Vec<_>>());
        assert!(backlog.is_lively(96_000, 144_000));
    }

    #[test]
    fn what_is_to_come_cannot_be_committed() {
        let mut backlog = Backlog::default();
        backlog.extend(&sound(1.0, 0.0));
        backlog.finish(u64::MAX);
        assert_eq!(backlog.watermark, 16_000);
        backlog.extend(&sound(1.0, 0.3));
        assert_eq!(backlog.replay_from(backlog.end()), 16_000 - 3_200);
        assert_eq!(backlog.begin_from(), 16_000 - 3_200);
    }

    #[test]
    fn speech_goes_on_after_everything_was_forgotten() {
        let mut backlog = Backlog::default();
        backlog.extend(&sound(1.0, 0.3));
        backlog.clear();
        backlog.extend(&sound(0.4, 0.3));
        assert_eq!(backlog.replay_from(backlog.end()), 16_000);
        assert_eq!(backlog.pause_at(backlog.end(), ENDS_SENTENCE), None);
    }

    #[test]
    fn silence_is_not_kept_and_speech_is_for_as_long_as_it_may_matter() {
        let mut backlog = Backlog::default();
        for _ in 0..600 {
            backlog.extend(&sound(1.0, 0.0));
            backlog.trim(backlog.end());
            assert!(backlog.end() - backlog.start() <= 8_000);
        }
        let spoken = backlog.end();
        backlog.extend(&sound(1.0, 0.3));
        for _ in 0..20 {
            backlog.extend(&sound(1.0, 0.0));
            backlog.trim(backlog.end());
        }
        assert_eq!(backlog.start(), spoken - 3_200);
        backlog.finish(spoken + 15_000);
        backlog.trim(backlog.end());
        assert_eq!(backlog.start(), backlog.end() - 8_000);
    }

    #[test]
    fn without_a_pause_a_replay_begins_in_the_quietest_moment() {
        let mut backlog = Backlog::default();
        backlog.extend(&sound(6.0, 0.3));
        backlog.commit(80_000);
        let from = backlog.replay_from(backlog.end());
        assert!((40_000..=60_800).contains(&from), "{from}");
        // The gaps of this sound are the last tenths of its half seconds.
        assert!(from % 8_000 >= 7_200, "{from}");
        backlog.trim(backlog.end());
        assert_eq!(backlog.replay_from(backlog.end()), from);
    }

    #[test]
    fn it_never_holds_more_than_its_cap() {
        let mut backlog = Backlog::default();
        for _ in 0..100 {
            backlog.extend(&sound(1.0, 0.3));
        }
        assert_eq!(backlog.end() - backlog.start(), 960_000);
        assert_eq!(backlog.replay_from(backlog.end()), backlog.start());
    }
}
