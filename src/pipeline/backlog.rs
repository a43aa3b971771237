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

/// A word's end is known to about ±120 ms, and the end of speech later than
/// that of the last word: speech that ends so soon after it is done with.
const SLACK: Duration = Duration::from_millis(400);

/// A replay begins so much before the speech, for its first sound.
const LEAD: Duration = Duration::from_millis(300);

/// Without any speech: what may have been on its way when the socket broke.
const UNDER_WAY: Duration = Duration::from_millis(500);

/// Voice activity is known so much after the sound at the latest.
const UNDECIDED: Duration = Duration::from_millis(100);

/// Silence after speech by which the service ends the sentence, and that is
/// therefore never left out.
const ENDS_SENTENCE: Duration = Duration::from_millis(800);

/// Speech that nobody recognised after so long was none.
const PATIENCE: Duration = Duration::from_secs(15);

/// The ring, and in it the stretches of speech that are not committed.
pub struct Backlog {
    ring: Ring,
    activity: VoiceActivity,
    spans: VecDeque<Span>,
    /// Where the last speech ended that has no span any more.
    quiet_since: u64,
    committed: u64,
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
            committed: 0,
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

    /// Everything up to here was committed. A service that names a time to
    /// come does not commit it.
    pub fn commit(&mut self, up_to: u64) {
        let up_to = up_to.min(self.end());
        self.committed = self.committed.max(up_to);
        self.forget_spans(up_to.saturating_add(samples(SLACK)));
    }

    /// Where a new stream has to begin, when the old one got everything before
    /// `sent`.
    #[must_use]
    pub fn replay_from(&self, sent: u64) -> u64 {
        let from = match self.spans.front() {
            Some(span) => span.start.saturating_sub(samples(LEAD)),
            None => sent.saturating_sub(samples(UNDER_WAY)),
        };
        from.max(self.committed).min(sent).max(self.ring.start())
    }

    /// Where the first stream begins: with the speech that waits, otherwise
    /// now. The service works at real time, so silence from before the socket
    /// was open would be a lag for as long as the stream lives.
    #[must_use]
    pub fn begin_from(&self) -> u64 {
        let (from, lead) = match self.spans.front() {
            Some(span) => (span.start, LEAD),
            None => (self.end(), UNDECIDED),
        };
        from.saturating_sub(samples(lead))
            .max(self.committed)
            .max(self.ring.start())
    }

    /// The pause that a position is in, if it has lasted long enough there for
    /// the service to end the sentence.
    #[must_use]
    pub fn pause_at(&self, position: u64) -> Option<Pause> {
        let mut quiet_since = self.quiet_since;
        let mut next = None;
        for span in &self.spans {
            if span.start > position {
                next = Some(span.start);
                break;
            }
            quiet_since = quiet_since.max(span.end?);
        }
        if position < quiet_since.saturating_add(samples(ENDS_SENTENCE)) {
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

    /// Forgets what no replay would need. `open` is where the earliest result
    /// that is not final begins.
    pub fn trim(&mut self, sent: u64, open: Option<u64>) {
        let old = sent.saturating_sub(samples(PATIENCE));
        let open = open.map_or(u64::MAX, |open| open.saturating_sub(samples(SLACK)));
        self.forget_spans(old.min(open));
        self.ring.forget(self.replay_from(sent));
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.ring.forget(u64::MAX);
        self.spans.clear();
        self.quiet_since = self.ring.end();
        self.committed = self.ring.end();
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
        assert_eq!(backlog.begin_from(), 6_400 - 4_800);
        backlog.extend(&sound(1.0, 0.0));
        assert_eq!(backlog.begin_from(), 6_400 - 4_800);
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
        assert_eq!(backlog.replay_from(sent), 32_000 - 4_800);
        backlog.commit(47_000);
        assert_eq!(backlog.replay_from(sent), 64_000 - 4_800);
        // Within speech: from the end of the last committed word.
        backlog.commit(70_000);
        assert_eq!(backlog.replay_from(sent), 70_000);
        backlog.commit(79_000);
        assert_eq!(backlog.replay_from(sent), sent - 8_000);
    }

    #[test]
    fn a_pause_may_be_left_out_but_for_what_ends_the_sentence_and_leads_to_the_next() {
        let mut backlog = Backlog::default();
        backlog.extend(&sound(1.0, 0.3));
        backlog.extend(&sound(2.0, 0.0));
        assert_eq!(backlog.pause_at(8_000), None);
        assert_eq!(backlog.pause_at(16_000 + 11_000), None);
        let so_far = Pause {
            until: 48_000 - 1_600,
            over: false,
        };
        assert_eq!(backlog.pause_at(16_000 + 13_000), Some(so_far));
        backlog.extend(&sound(1.0, 0.3));
        let over = Pause {
            until: 48_000 - 4_800,
            over: true,
        };
        assert_eq!(backlog.pause_at(16_000 + 13_000), Some(over));
        // The same when the speech before it is done with.
        backlog.commit(16_000);
        assert_eq!(backlog.pause_at(16_000 + 11_000), None);
        assert_eq!(backlog.pause_at(16_000 + 13_000), Some(over));
        assert_eq!(backlog.pause_at(50_000), None);
    }

    #[test]
    fn what_is_to_come_cannot_be_committed() {
        let mut backlog = Backlog::default();
        backlog.extend(&sound(1.0, 0.0));
        backlog.commit(u64::MAX);
        backlog.extend(&sound(1.0, 0.3));
        assert_eq!(backlog.replay_from(backlog.end()), 16_000);
        assert_eq!(backlog.begin_from(), 16_000);
    }

    #[test]
    fn speech_goes_on_after_everything_was_forgotten() {
        let mut backlog = Backlog::default();
        backlog.extend(&sound(1.0, 0.3));
        backlog.clear();
        backlog.extend(&sound(0.4, 0.3));
        assert_eq!(backlog.replay_from(backlog.end()), 16_000);
        assert_eq!(backlog.pause_at(backlog.end()), None);
    }

    #[test]
    fn silence_is_not_kept_and_speech_is_for_as_long_as_it_may_matter() {
        let mut backlog = Backlog::default();
        for _ in 0..600 {
            backlog.extend(&sound(1.0, 0.0));
            backlog.trim(backlog.end(), None);
            assert!(backlog.end() - backlog.start() <= 8_000);
        }
        let spoken = backlog.end();
        backlog.extend(&sound(1.0, 0.3));
        for _ in 0..20 {
            backlog.extend(&sound(1.0, 0.0));
            backlog.trim(backlog.end(), Some(spoken));
        }
        assert_eq!(backlog.start(), spoken - 4_800);
        backlog.trim(backlog.end(), None);
        assert_eq!(backlog.start(), backlog.end() - 8_000);
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
