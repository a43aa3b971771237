//! What is heard: results to words, words to segments, segments to utterances.

use super::context::Context;
use super::latency::Step;
use super::segmenter::{Fate, Segment, Word};
use super::transcriber::Heard;
use super::word::span;
use super::{Pipeline, gap};
use crate::audio::framer::samples;
use crate::aws::transcribe::TranscriptResult;
use crate::config::Form;
use crate::error::{Error, ErrorCode, Stage};
use crate::event::{Event, Outcome};
use crate::time::Duration;

/// A word that ends so much after the speech, as we hear it, is of speech that we
/// do not hear: of its pauses we know nothing.
const UNHEARD: Duration = Duration::from_millis(400);

/// A word's end is dated so much before the end of the speech at most, if it is
/// the last one: words are dated 120 ms off, the end of speech some tens of ms.
/// No word but the shortest fits in it.
const WORD_LATE: Duration = Duration::from_millis(160);

impl Pipeline {
    pub(super) fn drain_heard(&mut self, ctx: &mut Context<'_>) {
        while let Some(heard) = self.transcriber.poll() {
            match heard {
                Heard::Results(results) => {
                    if !results.is_empty() {
                        self.utterances.ladder.heard();
                    }
                    for result in &results {
                        self.result(ctx, result);
                    }
                }
                Heard::Resumed(broken, from) => {
                    self.unsettled = Some((broken, from, ctx.now));
                    if !self.seam.open(from) {
                        self.settle(ctx);
                    }
                }
                Heard::StreamOver => {
                    self.settle(ctx);
                    self.utterances.unprepare(ctx);
                    for (result_id, text) in self.segmenter.abandon() {
                        self.close_caption(ctx, result_id, text);
                    }
                }
                Heard::Lost { position, samples } => {
                    let at = self.capture.time_of(position).unwrap_or(ctx.now);
                    gap(ctx, at, crate::audio::framer::duration(samples));
                    ctx.error(Error::new(
                        ErrorCode::AudioLost,
                        Stage::Transcribe,
                        "there was no connection to Amazon Transcribe for too long",
                    ));
                }
                Heard::Unanswered { position, samples } => {
                    let at = self.capture.time_of(position).unwrap_or(ctx.now);
                    gap(ctx, at, crate::audio::framer::duration(samples));
                }
                Heard::Error(error) => {
                    self.utterances.ladder.broke(&error);
                    ctx.error(error);
                }
            }
        }
    }

    fn result(&mut self, ctx: &mut Context<'_>, result: &TranscriptResult) {
        let mut segments = Vec::new();
        let all = self.segmenter.words(result);
        // A service that names a time to come is not believed.
        let newest = self.transcriber.backlog.end();
        let old = self
            .seam
            .skip(&all, |second| self.transcriber.position(second).min(newest));
        let words = &all[old..];
        let echoes = self.echoes(ctx, words);
        let transcriber = &self.transcriber;
        let position = |second| transcriber.position(second).min(newest);
        let before = self.discard_before;
        let fate = |second| fate(second, position(second) < before, &echoes);
        let begins = !words.is_empty() || old == 0 || self.segmenter.knows(&result.result_id);
        if begins {
            let committed = self
                .segmenter
                .handle(ctx.now, result, words, fate, &mut segments);
            self.seam.commit(&words[committed], position);
        }
        for segment in segments {
            self.commit(ctx, segment);
        }
        let cut = self.cut.as_ref();
        let utterance_id = cut.filter(|(id, _)| *id == result.result_id);
        let utterance_id = utterance_id.map(|(_, utterance)| *utterance);
        let end = self.transcriber.position(result.end_time);
        if !result.is_partial {
            self.transcriber.backlog.finish(end);
        }
        if self.seam.settles(end, result.is_partial) {
            self.settle(ctx);
        }
        let now = ctx.now;
        let time = |second: f64| {
            let position = self.transcriber.position(second);
            self.capture.time_of(position).unwrap_or(now)
        };
        let echo = |word: &&Word| echoes.contains(&word.start);
        if !echoes.is_empty() && !result.is_partial {
            let first = words.iter().find(echo);
            let last = words.iter().rfind(echo);
            let first = first.map_or(result.start_time, |word| word.start);
            let last = last.map_or(result.end_time, |word| word.end);
            ctx.event(Event::Echo {
                speaker: ctx.speaker,
                result_id: result.result_id.clone(),
                start_ms: time(first).as_millis_f64(),
                end_ms: time(last).as_millis_f64(),
            });
        }
        let (mut text, mut start) = (String::new(), result.start_time);
        if echoes.is_empty() && old == 0 {
            if let Some(reading) = result.alternatives.first() {
                text.clone_from(&reading.transcript);
            }
        } else {
            let theirs = words.iter().filter(|word| !echo(word));
            text = self
                .segmenter
                .join()
                .all(theirs.map(|word| word.text.as_str()));
            start = words.first().map_or(start, |word| word.start);
            // Nobody's words are not shown, not even for a moment; what is
            // shown of them all the same is taken back by the final.
            let shown = self.shown.as_ref();
            let shown = shown.is_some_and(|(id, ..)| *id == result.result_id);
            if text.is_empty() && (result.is_partial || !shown) {
                return;
            }
        }
        // Stability changes more often than words do: that is nothing to show.
        let shown = (result.result_id.clone(), text.clone(), utterance_id);
        let shown = result.is_partial.then_some(shown);
        if shown.is_some() && shown == self.shown {
            return;
        }
        self.shown = shown;
        let (start, end) = (time(start), time(result.end_time));
        ctx.event(Event::Transcript {
            speaker: ctx.speaker,
            result_id: result.result_id.clone(),
            utterance_id,
            text,
            is_partial: result.is_partial,
            start_ms: start.as_millis_f64(),
            end_ms: end.as_millis_f64(),
            engine: result.engine.clone(),
        });
    }

    /// Which words are our own speech, heard again: their starts.
    fn echoes(&mut self, ctx: &Context<'_>, words: &[Word]) -> Vec<f64> {
        if !self.config.echo_guard {
            return Vec::new();
        }
        let played = &ctx.shared.played[ctx.speaker.other()];
        let (transcriber, capture) = (&self.transcriber, &self.capture);
        let place = |second| {
            let position = transcriber.position(second);
            Some((position, capture.time_of(position)?))
        };
        let join = self.segmenter.join();
        self.guard.echoes(words, join, played, place)
    }

    /// Somebody pauses: what is settled of the last clause is committed without
    /// waiting for its mark, and what is not is prepared.
    pub(super) fn pause(&mut self, ctx: &mut Context<'_>) {
        let Some(tail) = self.segmenter.tail() else {
            return;
        };
        let backlog = &self.transcriber.backlog;
        let newest = backlog.end();
        let position = |second| self.transcriber.position(second);
        let said = tail.last().map_or(0, |word| word.span(position).1);
        let at_its_end = |end: u64| {
            let late = end.saturating_sub(samples(WORD_LATE));
            (late..end + samples(UNHEARD)).contains(&said)
        };
        if !backlog.paused_since().is_some_and(at_its_end) {
            return;
        }
        let settled = self.segmenter.is_settled();
        if !settled && !self.utterances.wants(&self.config, tail) {
            return;
        }
        let tail = tail.to_vec();
        let echoes = self.echoes(ctx, &tail);
        let transcriber = &self.transcriber;
        let position = |second| transcriber.position(second).min(newest);
        let before = self.discard_before;
        let fate = |second| fate(second, position(second) < before, &echoes);
        if settled {
            let mut segments = Vec::new();
            let words = self.segmenter.pause(ctx.now, fate, &mut segments);
            self.seam.commit(&words, position);
            for segment in segments {
                self.commit(ctx, segment);
            }
        } else if tail.iter().all(|w| fate(w.start) == Fate::Interpreted) {
            let join = self.segmenter.join();
            self.utterances.prepare(ctx, &self.config, tail, join);
        }
    }

    fn commit(&mut self, ctx: &mut Context<'_>, segment: Segment) {
        let position = |second| self.transcriber.position(second);
        let (_, end) = span(segment.last, segment.end, position);
        self.transcriber.backlog.commit(end);
        if segment.fate != Fate::Interpreted {
            self.utterances.unprepare(ctx);
        }
        if self.config.form == Form::Transcript || segment.fate == Fate::Echo {
            return;
        }
        let id = self.utterances.announce(ctx);
        self.cut = Some((segment.result_id.clone(), id));
        if let Some(captured) = self.capture.time_of(end) {
            self.utterances.mark(id, Step::Captured, captured);
        }
        self.utterances
            .mark(id, Step::FirstPartial, segment.first_seen);
        if segment.fate == Fate::Discarded {
            self.utterances.finish(ctx, id, Outcome::Dropped, None);
        } else {
            self.utterances.commit(ctx, &self.config, id, segment);
        }
    }

    /// Tells of a seam, once it is known how it is.
    fn settle(&mut self, ctx: &mut Context<'_>) {
        let Some((broken, from, streaming)) = self.unsettled.take() else {
            return;
        };
        let at = self.capture.time_of(broken.position).unwrap_or(ctx.now);
        let replayed = broken.position.saturating_sub(from);
        let replayed = crate::audio::framer::duration(replayed);
        ctx.event(Event::Seam {
            speaker: ctx.speaker,
            cause: broken.cause,
            at_ms: at.as_millis_f64(),
            detected_ms: broken.detected.as_millis_f64(),
            streaming_ms: streaming.as_millis_f64(),
            replayed_ms: replayed.as_secs_f64() * 1000.0,
            attempts: broken.attempts,
            uncertain: self.seam.is_uncertain(),
        });
    }

    /// A result that will never be final ends as what was committed of it; the
    /// rest comes again with the next stream.
    fn close_caption(&mut self, ctx: &mut Context<'_>, result_id: String, text: String) {
        ctx.event(Event::Transcript {
            speaker: ctx.speaker,
            result_id,
            utterance_id: None,
            text,
            is_partial: false,
            start_ms: ctx.now.as_millis_f64(),
            end_ms: ctx.now.as_millis_f64(),
            engine: None,
        });
    }
}

/// What is to become of a word that starts at this second of the stream.
fn fate(second: f64, discarded: bool, echoes: &[f64]) -> Fate {
    if discarded {
        Fate::Discarded
    } else if echoes.contains(&second) {
        Fate::Echo
    } else {
        Fate::Interpreted
    }
}
