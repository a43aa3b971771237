//! When each step of an utterance happened.

use crate::event::{Marks, UtteranceId};
use crate::few::Few;
use crate::time::Timestamp;

/// A step of an utterance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The end of its last word at the microphone.
    Captured,
    /// The first result with any of its words.
    FirstPartial,
    /// The segmenter committed it.
    Committed,
    /// The translation came.
    Translated,
    /// The first byte of its speech came.
    FirstByte,
    /// Its first sample was played.
    Heard,
    /// Its last sample was played.
    Ended,
}

/// The marks of the utterances that are under way.
#[derive(Debug, Default)]
pub struct Ledger {
    marks: Few<UtteranceId, Marks>,
}

impl Ledger {
    /// Marks a step; the first time counts.
    pub fn mark(&mut self, utterance: UtteranceId, step: Step, at: Timestamp) {
        let marks = self.marks.get_or_default(utterance);
        let slot = match step {
            Step::Captured => &mut marks.captured_ms,
            Step::FirstPartial => &mut marks.first_partial_ms,
            Step::Committed => &mut marks.committed_ms,
            Step::Translated => &mut marks.translated_ms,
            Step::FirstByte => &mut marks.first_byte_ms,
            Step::Heard => &mut marks.heard_ms,
            Step::Ended => &mut marks.ended_ms,
        };
        slot.get_or_insert(at.as_millis_f64());
    }

    /// The utterance is done with: its marks leave the ledger.
    pub fn finish(&mut self, utterance: UtteranceId) -> Marks {
        self.marks.remove(utterance).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_time_counts_and_nothing_stays() {
        let mut ledger = Ledger::default();
        let id = UtteranceId(3);
        ledger.mark(id, Step::Committed, Timestamp::from_millis(10));
        ledger.mark(id, Step::Committed, Timestamp::from_millis(20));
        ledger.mark(id, Step::Heard, Timestamp::from_millis(30));
        let marks = ledger.finish(id);
        assert_eq!(marks.committed_ms, Some(10.0));
        assert_eq!(marks.heard_ms, Some(30.0));
        assert_eq!(marks.ended_ms, None);
        assert_eq!(ledger.marks.values().count(), 0);
    }
}
