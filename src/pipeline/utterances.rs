//! From a committed text to heard speech, in order.

use super::ahead::{Ahead, is_ahead};
use super::context::Context;
use super::ladder::Ladder;
use super::latency::{Ledger, Step};
use super::playout::Playout;
use super::segmenter::Segment;
use super::sequencer::Sequencer;
use super::synthesizer::{Spoken, Synthesizer};
use super::timer::Timer;
use super::translator::Translator;
use crate::aws::translate::{MASK, Translated, without_mask};
use crate::config::{Form, SpeakerConfig};
use crate::error::{self, Error, ErrorCode};
use crate::event::{Event, Outcome, UtteranceId};
use crate::io::{PlayedInput, RequestId, ResponseInput};
use crate::language::Voice;
use crate::time::{Duration, Timestamp};
use std::collections::VecDeque;

/// Utterances whose speech is fetched or held: the one that plays and two more.
const FETCHED_AHEAD: usize = 3;

/// Utterances under way; when more come, the oldest that is not fetched yet is
/// dropped. At the pace of speech that is minutes behind.
const MOST_UNDER_WAY: usize = 64;

/// An utterance whose turn has not come so long after it was committed is not
/// spoken any more: somebody talks faster than can be said in translation, or
/// the player does not play.
const TURN: Duration = Duration::from_secs(60);

/// What Transcribe's vocabulary filter writes for a word, in rows; some
/// translations widen it.
const FILTERED: [char; 2] = ['*', '＊'];

/// One speaker's utterances that are under way.
pub struct Utterances {
    under_way: VecDeque<Utterance>,
    pub(super) ahead: Ahead,
    pub(super) translator: Translator,
    pub(super) synthesizer: Synthesizer,
    sequencer: Sequencer,
    playout: Playout,
    ledger: Ledger,
    pub ladder: Ladder,
    /// The utterance that finds out whether speech works again.
    probe: Option<UtteranceId>,
}

struct Utterance {
    id: UtteranceId,
    committed: Timestamp,
    result_id: Option<String>,
    source: String,
    stage: Stage,
    engine: Option<String>,
}

#[derive(PartialEq)]
enum Stage {
    Translating,
    /// What is to be spoken, and by whom.
    Translated(String, Voice),
    Fetching,
}

impl Utterances {
    pub fn new(playout_rate_hz: u32) -> Result<Self, Error> {
        Ok(Self {
            under_way: VecDeque::new(),
            ahead: Ahead::default(),
            translator: Translator::default(),
            synthesizer: Synthesizer::default(),
            sequencer: Sequencer::default(),
            playout: Playout::new(playout_rate_hz)?,
            ledger: Ledger::default(),
            ladder: Ladder::default(),
            probe: None,
        })
    }

    pub fn len(&self) -> usize {
        self.under_way.len()
    }

    pub fn timers(&self) -> impl Iterator<Item = (Timer, Timestamp)> {
        let translate = self.translator.poll_timeout();
        let synthesize = self.synthesizer.poll_timeout();
        let turn = self.first_waiting().map(|u| u.committed + TURN);
        translate
            .map(|at| (Timer::Translate, at))
            .into_iter()
            .chain(synthesize.map(|at| (Timer::Synthesize, at)))
            .chain(turn.map(|at| (Timer::Turn, at)))
    }

    /// The first that the player has nothing of.
    fn first_waiting(&self) -> Option<&Utterance> {
        self.under_way
            .iter()
            .find(|utterance| !self.playout.holds(utterance.id))
    }

    /// Those whose turn has not come for too long take none.
    fn give_up_turns(&mut self, ctx: &mut Context<'_>) {
        while let Some(utterance) = self
            .first_waiting()
            .filter(|utterance| ctx.now >= utterance.committed + TURN)
        {
            let (id, outcome) = match utterance.stage {
                Stage::Translating => (utterance.id, Outcome::Failed),
                _ => (utterance.id, Outcome::Caption),
            };
            let error = Error::new(
                ErrorCode::TooLate,
                error::Stage::Playout,
                "what was said before took too long to be spoken",
            );
            self.finish(ctx, id, outcome, Some(error));
        }
    }

    pub fn mark(&mut self, id: UtteranceId, step: Step, at: Timestamp) {
        self.ledger.mark(id, step, at);
    }

    /// Gives a new utterance its id.
    pub fn announce(&mut self, ctx: &mut Context<'_>) -> UtteranceId {
        let id = ctx.utterance_id();
        self.ledger.mark(id, Step::Committed, ctx.now);
        tell(ctx, id, Outcome::Committed, None, None);
        id
    }

    /// Sends a committed segment on its way, which may be prepared.
    pub fn commit(
        &mut self,
        ctx: &mut Context<'_>,
        config: &SpeakerConfig,
        id: UtteranceId,
        segment: Segment,
    ) {
        let prepared = self.confirm(ctx, id, &segment.folded);
        self.ahead.count(&segment.text);
        let result_id = Some(segment.result_id);
        let Some(prepared) = prepared else {
            self.begin(ctx, config, id, result_id, segment.text, true);
            return;
        };
        self.expect(ctx, id, result_id, segment.text);
        for (step, at) in prepared.marks() {
            self.ledger.mark(id, step, at);
        }
        let Some(translated) = prepared.translated else {
            // It is on its way, under its new name.
            return;
        };
        self.ladder.translated(ctx.now, None);
        self.translated(ctx, config, id, translated);
        let utterance = self.under_way.iter_mut().find(|u| u.id == id);
        if let Some(utterance) = utterance.filter(|_| prepared.speaking)
            && let Stage::Translated(text, _) = &utterance.stage
        {
            let now = ctx.now.as_millis_f64();
            ctx.played().say(now, id, text);
            utterance.stage = Stage::Fetching;
            for spoken in prepared.spoken {
                self.spoken(ctx, id, spoken);
            }
        }
    }

    fn expect(
        &mut self,
        ctx: &mut Context<'_>,
        id: UtteranceId,
        result_id: Option<String>,
        source: String,
    ) {
        if self.under_way.len() >= MOST_UNDER_WAY {
            self.drop_oldest(ctx);
        }
        self.under_way.push_back(Utterance {
            id,
            committed: ctx.now,
            result_id,
            source,
            stage: Stage::Translating,
            engine: None,
        });
        self.sequencer.expect(id);
    }

    /// Sends an announced utterance on its way.
    pub fn begin(
        &mut self,
        ctx: &mut Context<'_>,
        config: &SpeakerConfig,
        id: UtteranceId,
        result_id: Option<String>,
        text: String,
        translate: bool,
    ) {
        self.expect(ctx, id, result_id, text.clone());
        if translate {
            self.translator.begin(ctx, config, id, text);
        } else {
            self.translator.as_is(id, text);
        }
    }

    /// Drops everything that is not heard yet.
    pub fn drop_all(&mut self, ctx: &mut Context<'_>) {
        self.unprepare(ctx);
        self.playout.stop(ctx);
        while let Some(utterance) = self.under_way.front() {
            let id = utterance.id;
            self.finish(ctx, id, Outcome::Dropped, None);
        }
    }

    /// Stops speaking: what is translated stays a caption.
    pub fn only_captions(&mut self, ctx: &mut Context<'_>) {
        self.unprepare(ctx);
        self.playout.stop(ctx);
        let translated = self
            .under_way
            .iter()
            .filter(|u| u.stage != Stage::Translating);
        let ids: Vec<UtteranceId> = translated.map(|u| u.id).collect();
        for id in ids {
            self.finish(ctx, id, Outcome::Caption, None);
        }
    }

    /// The utterance is done with.
    pub fn finish(
        &mut self,
        ctx: &mut Context<'_>,
        id: UtteranceId,
        outcome: Outcome,
        error: Option<Error>,
    ) {
        self.playout.end(ctx, id);
        self.sequencer.skip(id);
        self.translator.cancel(ctx, id);
        self.synthesizer.cancel(ctx, id);
        let index = self.under_way.iter().position(|u| u.id == id);
        let utterance = index.and_then(|index| self.under_way.remove(index));
        self.probe = self.probe.filter(|probe| *probe != id);
        let error = error.map(|error| error.of(ctx.speaker));
        tell(ctx, id, outcome, error, utterance.and_then(|u| u.engine));
        let marks = self.ledger.finish(id);
        ctx.event(Event::Latency {
            speaker: ctx.speaker,
            utterance_id: id,
            marks,
        });
    }

    pub fn response(
        &mut self,
        ctx: &mut Context<'_>,
        config: &SpeakerConfig,
        id: RequestId,
        input: ResponseInput<'_>,
    ) {
        let mut input = Some(input);
        let taken = self.translator.handle_response(ctx, config, id, &mut input);
        if !taken {
            // Of a request that was taken back: nobody waits for it.
            self.synthesizer
                .handle_response(ctx, config, id, &mut input);
        }
    }

    pub fn played(
        &mut self,
        ctx: &mut Context<'_>,
        id: UtteranceId,
        input: PlayedInput,
        at: Timestamp,
    ) {
        let known = self.under_way.iter().find(|u| u.id == id);
        let engine = known.map(|u| u.engine.clone());
        match input {
            PlayedInput::Started { .. } => {
                if let Some(clip) = ctx.played().clip(id) {
                    clip.started = Some(at.as_millis_f64());
                }
                if let Some(engine) = engine {
                    self.ledger.mark(id, Step::Heard, at);
                    tell(ctx, id, Outcome::Speaking, None, engine);
                }
            }
            PlayedInput::Ended { .. } => {
                self.playout.ended(id);
                if let Some(clip) = ctx.played().clip(id) {
                    clip.ended = Some(at.as_millis_f64());
                }
                if engine.is_some() {
                    self.ledger.mark(id, Step::Ended, at);
                    self.finish(ctx, id, Outcome::Spoken, None);
                }
            }
        }
    }

    /// Moves everything on as far as it goes.
    pub fn advance(&mut self, ctx: &mut Context<'_>, config: &SpeakerConfig) {
        self.give_up_turns(ctx);
        self.translator.advance(ctx, config);
        self.synthesizer.advance(ctx, config);
        loop {
            let mut moved = false;
            while let Some((id, outcome)) = self.translator.poll() {
                moved = true;
                if is_ahead(id) {
                    self.translated_ahead(ctx, config, id, outcome);
                    continue;
                }
                self.ladder.translated(ctx.now, outcome.as_ref().err());
                match outcome {
                    Ok(translated) => self.translated(ctx, config, id, translated),
                    Err(error) => self.finish(ctx, id, Outcome::Failed, Some(error)),
                }
            }
            moved |= self.fetch(ctx, config);
            while let Some((id, spoken)) = self.synthesizer.poll() {
                moved = true;
                if is_ahead(id) {
                    self.spoken_ahead(ctx, id, spoken);
                } else {
                    self.spoken(ctx, id, spoken);
                }
            }
            self.playout.advance(ctx, &mut self.sequencer);
            if !moved {
                break;
            }
        }
    }

    fn translated(
        &mut self,
        ctx: &mut Context<'_>,
        config: &SpeakerConfig,
        id: UtteranceId,
        translated: Translated,
    ) {
        let Some(utterance) = self.under_way.iter_mut().find(|u| u.id == id) else {
            return;
        };
        self.ledger.mark(id, Step::Translated, ctx.now);
        ctx.event(Event::Translation {
            speaker: ctx.speaker,
            utterance_id: id,
            result_id: utterance.result_id.clone(),
            source_text: std::mem::take(&mut utterance.source),
            text: translated.text.clone(),
            engine: translated.engine,
        });
        let text = speakable(&translated.text);
        match &config.codes.voice {
            Some(voice) if !text.is_empty() && config.form == Form::Speech => {
                let why = self.ladder.speechless(ctx.now, self.probe.is_some());
                if let Some(error) = why.cloned() {
                    self.finish(ctx, id, Outcome::Caption, Some(error));
                    return;
                }
                if self.ladder.is_speechless() {
                    self.probe = Some(id);
                }
                utterance.stage = Stage::Translated(text, voice.clone());
            }
            // Not to be spoken, no voice for it, or nothing left to speak.
            _ => self.finish(ctx, id, Outcome::Caption, None),
        }
    }

    /// Asks for the speech of those whose turn is near.
    fn fetch(&mut self, ctx: &mut Context<'_>, config: &SpeakerConfig) -> bool {
        let mut asked = false;
        for utterance in self.under_way.iter_mut().take(FETCHED_AHEAD) {
            if let Stage::Translated(..) = utterance.stage
                && let Stage::Translated(text, voice) =
                    std::mem::replace(&mut utterance.stage, Stage::Fetching)
            {
                asked = true;
                let now = ctx.now.as_millis_f64();
                ctx.played().say(now, utterance.id, &text);
                self.synthesizer
                    .begin(ctx, config, utterance.id, text, voice);
            }
        }
        asked
    }

    fn spoken(&mut self, ctx: &mut Context<'_>, id: UtteranceId, spoken: Spoken) {
        match spoken {
            Spoken::Began { engine } => {
                self.ledger.mark(id, Step::FirstByte, ctx.now);
                if let Some(utterance) = self.under_way.iter_mut().find(|u| u.id == id) {
                    utterance.engine = engine;
                }
            }
            Spoken::Pcm(pcm) => self.sequencer.push(id, pcm),
            Spoken::Ended => {
                self.ladder.synthesized(ctx.now, None);
                self.sequencer.end(id);
            }
            Spoken::Failed(error) => {
                self.ladder.synthesized(ctx.now, Some(&error));
                self.finish(ctx, id, Outcome::Caption, Some(error));
            }
        }
    }

    fn drop_oldest(&mut self, ctx: &mut Context<'_>) {
        let oldest = self
            .under_way
            .iter()
            .find(|u| !matches!(u.stage, Stage::Fetching))
            .map(|u| u.id);
        if let Some(id) = oldest {
            self.finish(ctx, id, Outcome::Dropped, None);
        }
    }
}

/// What can be said of a text: masks are for the eye, and without a letter or
/// digit there is nothing to say.
pub(super) fn speakable(text: &str) -> String {
    let text = text.replace(MASK, " ");
    without_mask(&text.replace(FILTERED, " "))
}

fn tell(
    ctx: &mut Context<'_>,
    utterance_id: UtteranceId,
    outcome: Outcome,
    error: Option<Error>,
    engine: Option<String>,
) {
    ctx.event(Event::Utterance {
        speaker: ctx.speaker,
        utterance_id,
        outcome,
        error,
        engine,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_are_not_spoken() {
        assert_eq!(speakable("that ?$#@$ thing"), "that thing");
        assert_eq!(speakable("*** and ***, yes"), "and, yes");
        assert_eq!(speakable("?$#@$!"), "");
        // In a row, within a word, widened, and rows of another length.
        assert_eq!(speakable("oh ?$#@$?$#@$, stop"), "oh, stop");
        assert_eq!(speakable("un?$#@$able ?$#@$."), "un able.");
        assert_eq!(speakable("¡***! ＊＊＊ y ****-mente"), "¡! y -mente");
        assert_eq!(speakable(" 再见。 "), "再见。");
    }
}
