//! Preparing ahead: what somebody has said to its end is translated and spoken
//! to us while the service still waits for the end of the speech. If it is
//! settled unchanged it is there at once; if not, it was in vain.
//!
//! It begins only when our own voice activity has seen a pause, so that it is
//! asked for once and not with every word.

use super::context::Context;
use super::latency::Step;
use super::script::Join;
use super::synthesizer::Spoken;
use super::utterances::{Utterances, speakable};
use super::word::Word;
use crate::aws::translate::Translated;
use crate::config::{Form, SpeakerConfig};
use crate::error::Error;
use crate::event::{Event, Level, UtteranceId};
use crate::time::Timestamp;
use std::collections::VecDeque;

/// What is prepared has ids from here on, which no utterance reaches.
const FIRST: u64 = 1 << 62;

/// What is prepared, and what it has cost.
#[derive(Default)]
pub struct Ahead {
    pieces: VecDeque<Prepared>,
    /// Words that could not be prepared: that is not tried twice.
    failed: Vec<String>,
    last: u64,
    committed: Spent,
    in_vain: Spent,
    hits: u32,
}

/// Requests to each service, and characters in them.
#[derive(Clone, Copy, Default)]
struct Spent {
    requests: u32,
    characters: usize,
}

/// A call is taken for so much from its beginning on: one piece in vain among the
/// first few does not stop it.
const FIRST_FEW: Spent = Spent {
    requests: 20,
    characters: 800,
};

impl Spent {
    fn add(&mut self, characters: usize) {
        self.requests = self.requests.saturating_add(1);
        self.characters = self.characters.saturating_add(characters);
    }

    /// Whether it is at most this share of the others, of the first few at least.
    fn within(self, budget: f64, of: Self) -> bool {
        let requests = of.requests.max(FIRST_FEW.requests);
        let characters = of.characters.max(FIRST_FEW.characters);
        f64::from(self.requests) <= budget * f64::from(requests)
            && self.characters as f64 <= budget * characters as f64
    }
}

/// A piece that is prepared.
pub struct Prepared {
    id: UtteranceId,
    /// Its words without case and punctuation.
    folded: Vec<String>,
    characters: usize,
    /// Its translation, and since when.
    pub(super) translated: Option<Translated>,
    translated_at: Option<Timestamp>,
    /// Whether its speech is asked for.
    pub(super) speaking: bool,
    first_byte_at: Option<Timestamp>,
    /// What there is of its speech.
    pub(super) spoken: Vec<Spoken>,
}

impl Prepared {
    /// When its steps happened.
    pub(super) fn marks(&self) -> impl Iterator<Item = (Step, Timestamp)> {
        let translated = self.translated_at.map(|at| (Step::Translated, at));
        let first_byte = self.first_byte_at.map(|at| (Step::FirstByte, at));
        translated.into_iter().chain(first_byte)
    }
}

/// Whether this is the id of something prepared.
pub(super) const fn is_ahead(id: UtteranceId) -> bool {
    id.0 >= FIRST
}

/// What was begun under one id goes on under another.
pub(super) fn rename<'a>(
    ids: impl Iterator<Item = &'a mut UtteranceId>,
    from: UtteranceId,
    to: UtteranceId,
) {
    for id in ids.filter(|id| **id == from) {
        *id = to;
    }
}

impl Ahead {
    /// Whether the budget has something left.
    fn may(&self, config: &SpeakerConfig) -> bool {
        let budget = config.prepare_ahead;
        budget > 0.0 && self.in_vain.within(budget, self.committed)
    }

    /// A segment was committed, prepared or not.
    pub(super) fn count(&mut self, text: &str) {
        self.committed.add(text.chars().count());
        self.failed.clear();
    }

    fn piece(&mut self, id: UtteranceId) -> Option<&mut Prepared> {
        self.pieces.iter_mut().find(|piece| piece.id == id)
    }
}

impl Utterances {
    /// Whether these words are to be prepared and are not yet.
    pub(super) fn wants(&self, config: &SpeakerConfig, words: &[Word]) -> bool {
        // What cannot be spoken now needs no head start.
        let worth = match config.form {
            Form::Speech => self.ladder.level(config) == Level::Speech,
            Form::Captions => true,
            Form::Transcript => false,
        };
        let ahead = &self.ahead;
        let prepared = ahead.pieces.iter().flat_map(|piece| &piece.folded);
        let folded = || words.iter().map(|word| &word.folded);
        worth && ahead.may(config) && !prepared.eq(folded()) && !ahead.failed.iter().eq(folded())
    }

    /// Prepares words, in the pieces in which they will be committed; what was
    /// prepared otherwise was in vain.
    pub(super) fn prepare(
        &mut self,
        ctx: &mut Context<'_>,
        config: &SpeakerConfig,
        words: Vec<Word>,
        join: Join,
    ) {
        self.unprepare(ctx);
        let clause = words.iter().rposition(|word| word.ends_clause);
        let cut = clause.filter(|last| *last > 0).map_or(0, |last| last + 1);
        let (first, rest) = words.split_at(cut);
        for piece in [first, rest].into_iter().filter(|piece| !piece.is_empty()) {
            let text = join.all(piece.iter().map(|word| word.text.as_str()));
            let folded = piece.iter().map(|word| word.folded.clone()).collect();
            self.prepare_piece(ctx, config, text, folded);
        }
    }

    fn prepare_piece(
        &mut self,
        ctx: &mut Context<'_>,
        config: &SpeakerConfig,
        text: String,
        folded: Vec<String>,
    ) {
        let ahead = &mut self.ahead;
        if !ahead.may(config) {
            return;
        }
        let id = UtteranceId(FIRST + ahead.last);
        ahead.last += 1;
        ahead.pieces.push_back(Prepared {
            id,
            folded,
            characters: text.chars().count(),
            translated: None,
            translated_at: None,
            speaking: false,
            first_byte_at: None,
            spoken: Vec::new(),
        });
        self.translator.begin(ctx, config, id, text);
    }

    /// Words were committed: gives what is prepared of them, under the id of the
    /// utterance that they became.
    pub(super) fn confirm(
        &mut self,
        ctx: &mut Context<'_>,
        id: UtteranceId,
        folded: &[String],
    ) -> Option<Prepared> {
        if self.ahead.pieces.front()?.folded != folded {
            self.unprepare(ctx);
            return None;
        }
        let prepared = self.ahead.pieces.pop_front()?;
        self.translator.rename(prepared.id, id);
        self.synthesizer.rename(prepared.id, id);
        self.ahead.hits += 1;
        self.tell_prepared(ctx, Some(id), prepared.characters);
        Some(prepared)
    }

    /// What is prepared was in vain.
    pub(super) fn unprepare(&mut self, ctx: &mut Context<'_>) {
        while let Some(piece) = self.ahead.pieces.pop_front() {
            self.translator.cancel(ctx, piece.id);
            self.synthesizer.cancel(ctx, piece.id);
            self.ahead.in_vain.add(piece.characters);
            self.tell_prepared(ctx, None, piece.characters);
        }
    }

    /// What is prepared has failed.
    fn fail_ahead(&mut self, ctx: &mut Context<'_>) {
        let pieces = self.ahead.pieces.iter();
        self.ahead.failed = pieces.flat_map(|piece| piece.folded.clone()).collect();
        self.unprepare(ctx);
    }

    fn tell_prepared(
        &self,
        ctx: &mut Context<'_>,
        utterance_id: Option<UtteranceId>,
        characters: usize,
    ) {
        ctx.event(Event::Prepared {
            speaker: ctx.speaker,
            utterance_id,
            characters: u32::try_from(characters).unwrap_or(u32::MAX),
            hits: self.ahead.hits,
            misses: self.ahead.in_vain.requests,
        });
    }

    /// A translation that nobody waits for yet.
    pub(super) fn translated_ahead(
        &mut self,
        ctx: &mut Context<'_>,
        config: &SpeakerConfig,
        id: UtteranceId,
        outcome: Result<Translated, Error>,
    ) {
        let Some(piece) = self.ahead.piece(id) else {
            return;
        };
        // It is tried again, and told of, when somebody waits for it.
        let Ok(translated) = outcome else {
            self.fail_ahead(ctx);
            return;
        };
        let text = speakable(&translated.text);
        piece.translated = Some(translated);
        piece.translated_at = Some(ctx.now);
        if let Some(voice) = &config.codes.voice
            && !text.is_empty()
            && config.form == Form::Speech
        {
            piece.speaking = true;
            let voice = voice.clone();
            self.synthesizer.begin(ctx, config, id, text, voice);
        }
    }

    /// Speech that nobody waits for yet.
    pub(super) fn spoken_ahead(&mut self, ctx: &mut Context<'_>, id: UtteranceId, spoken: Spoken) {
        let Some(piece) = self.ahead.piece(id) else {
            return;
        };
        match spoken {
            // As above.
            Spoken::Failed(_) => {
                self.fail_ahead(ctx);
                return;
            }
            Spoken::Began { .. } => piece.first_byte_at = Some(ctx.now),
            Spoken::Pcm(_) | Spoken::Ended => {}
        }
        piece.spoken.push(spoken);
    }
}
