//! Segments to translations: several at once, answered in any order.

use super::ahead::rename;
use super::context::Context;
use super::exchange::{Exchange, broken};
use super::script::{Join, pieces};
use crate::aws::translate::{self, Translated};
use crate::config::SpeakerConfig;
use crate::error::{Error, ErrorCode, Stage};
use crate::event::UtteranceId;
use crate::io::{RequestId, ResponseInput};
use crate::language::Codes;
use crate::time::Timestamp;
use std::collections::VecDeque;

/// Requests at the same time; the next ones wait for a place.
const AT_ONCE: usize = 4;

/// An answer longer than this is none: the longest piece, tripled, and JSON.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// Translates one speaker's segments.
#[derive(Default)]
pub struct Translator {
    jobs: VecDeque<Job>,
    done: VecDeque<(UtteranceId, Result<Translated, Error>)>,
}

struct Job {
    utterance: UtteranceId,
    /// What is not translated yet: a text that is longer than Translate takes
    /// goes piece by piece, each with a deadline of its own.
    pieces: VecDeque<String>,
    translated: Vec<String>,
    /// As they were when it was said: settings may change in a call.
    codes: Codes,
    exchange: Exchange,
    body: Vec<u8>,
}

impl Translator {
    /// Begins a translation. The same language needs none.
    pub fn begin(
        &mut self,
        ctx: &mut Context<'_>,
        config: &SpeakerConfig,
        utterance: UtteranceId,
        text: String,
    ) {
        if config.codes.same_language() {
            self.as_is(utterance, text);
            return;
        }
        self.jobs.push_back(Job {
            utterance,
            pieces: pieces(&text, translate::MAX_TEXT_BYTES, char::len_utf8),
            translated: Vec::new(),
            codes: config.codes.clone(),
            exchange: exchange(ctx.now),
            body: Vec::new(),
        });
        self.advance(ctx, config);
    }

    /// A text that is to be spoken as it is.
    pub fn as_is(&mut self, utterance: UtteranceId, text: String) {
        let same = Translated { text, engine: None };
        self.done.push_back((utterance, Ok(same)));
    }

    /// The next answer, in the order they came.
    pub fn poll(&mut self) -> Option<(UtteranceId, Result<Translated, Error>)> {
        self.done.pop_front()
    }

    /// When [`Self::advance`] wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        self.jobs.iter().map(|job| job.exchange.due()).min()
    }

    /// Sends what has a place, and lets what is due fail.
    pub fn advance(&mut self, ctx: &mut Context<'_>, config: &SpeakerConfig) {
        let mut n = 0;
        while n < self.jobs.len() {
            let job = &mut self.jobs[n];
            let Job {
                pieces,
                codes,
                exchange,
                ..
            } = job;
            // One that has no place yet has a deadline all the same.
            if n >= AT_ONCE && ctx.now < exchange.due() {
                n += 1;
                continue;
            }
            let sent = exchange.advance(ctx, |ctx, credentials, unix| {
                let text = translate::TranslateText {
                    text: pieces.front().map_or("", String::as_str),
                    source: &codes.translate_source,
                    target: &codes.translate_target,
                    options: &config.translate,
                };
                translate::request(&ctx.shared.endpoints.translate, &text, credentials, unix)
            });
            match sent {
                Ok(()) => n += 1,
                Err(error) => self.finish(n, Err(error)),
            }
        }
    }

    /// Takes news of a request; `false` if it is not one of these.
    pub fn handle_response(
        &mut self,
        ctx: &mut Context<'_>,
        config: &SpeakerConfig,
        request: RequestId,
        input: &mut Option<ResponseInput<'_>>,
    ) -> bool {
        let Some(n) = self.jobs.iter().position(|job| job.exchange.is(request)) else {
            return false;
        };
        let job = &mut self.jobs[n];
        let outcome = match input.take() {
            Some(ResponseInput::Head(head)) => {
                job.body.clear();
                job.exchange.head(ctx, head);
                return true;
            }
            Some(ResponseInput::Chunk(bytes)) if job.body.len() + bytes.len() > MAX_BODY_BYTES => {
                job.exchange.cancel(ctx);
                Err(Error::new(
                    ErrorCode::MalformedMessage,
                    Stage::Translate,
                    "the answer is longer than a translation can be",
                ))
            }
            Some(ResponseInput::Chunk(bytes)) => {
                job.body.extend_from_slice(bytes);
                job.exchange.heard(ctx.now);
                return true;
            }
            Some(ResponseInput::End) => {
                let outcome = match job.exchange.answered() {
                    Some(head) => translate::response(head, &job.body),
                    None => Err(broken(Stage::Translate)),
                };
                job.exchange.over(ctx, &job.body);
                outcome
            }
            Some(ResponseInput::Failed) => Err(broken(Stage::Translate)),
            None => return true,
        };
        match outcome {
            Ok(translated) if job.pieces.len() <= 1 && job.translated.is_empty() => {
                self.finish(n, Ok(translated));
            }
            Ok(Translated { text, engine }) => {
                job.pieces.pop_front();
                job.translated.push(text.trim().to_owned());
                if job.pieces.is_empty() {
                    let texts = job.translated.iter().map(String::as_str);
                    let text = Join::of(&job.codes.translate_target).all(texts);
                    self.finish(n, Ok(Translated { text, engine }));
                } else {
                    job.exchange = exchange(ctx.now);
                }
            }
            Err(error) => {
                if let Err(error) = job.exchange.fail(ctx, error) {
                    self.finish(n, Err(error));
                }
            }
        }
        // A place may have become free, or credentials be wanted.
        self.advance(ctx, config);
        true
    }

    /// What was begun under one id goes on under another.
    pub fn rename(&mut self, from: UtteranceId, to: UtteranceId) {
        let jobs = self.jobs.iter_mut().map(|job| &mut job.utterance);
        let done = self.done.iter_mut().map(|(utterance, _)| utterance);
        rename(jobs.chain(done), from, to);
    }

    /// Drops an utterance.
    pub fn cancel(&mut self, ctx: &mut Context<'_>, utterance: UtteranceId) {
        self.jobs.retain_mut(|job| {
            let goes = job.utterance == utterance;
            if goes {
                job.exchange.cancel(ctx);
            }
            !goes
        });
        self.done.retain(|(done, _)| *done != utterance);
    }

    fn finish(&mut self, n: usize, outcome: Result<Translated, Error>) {
        if let Some(job) = self.jobs.remove(n) {
            self.done.push_back((job.utterance, outcome));
        }
    }
}

fn exchange(now: Timestamp) -> Exchange {
    Exchange::new(Stage::Translate, None, now)
}
