//! Translations to speech, streamed as it comes.

use super::ahead::rename;
use super::context::Context;
use super::exchange::{Exchange, broken};
use super::script::pieces;
use crate::audio::framer::duration;
use crate::audio::pcm::S16leReader;
use crate::audio::trim::Trim;
use crate::aws::polly;
use crate::config::SpeakerConfig;
use crate::error::{Error, ErrorCode, Stage};
use crate::event::UtteranceId;
use crate::io::{RequestId, ResponseInput};
use crate::language::Voice;
use crate::time::Timestamp;
use std::collections::VecDeque;

/// The longest body of a refusal that is read.
const MAX_REFUSAL_BYTES: usize = 16 * 1024;

/// Five minutes of sound: more than the longest piece takes to say.
const MAX_SAMPLES: usize = 5 * 60 * 16_000;

/// What is known of an utterance's speech.
pub enum Spoken {
    /// Sound follows.
    Began {
        /// What speaks it, if the service says so.
        engine: Option<String>,
    },
    /// Samples at [`SERVICE_RATE_HZ`](crate::audio::SERVICE_RATE_HZ).
    Pcm(Vec<f32>),
    /// It is whole.
    Ended,
    /// It failed, perhaps after some of it.
    Failed(Error),
}

/// Speaks one speaker's translations.
#[derive(Default)]
pub struct Synthesizer {
    jobs: Vec<Job>,
    done: VecDeque<(UtteranceId, Spoken)>,
}

struct Job {
    utterance: UtteranceId,
    /// What is not spoken yet: a text that is longer than Polly takes goes
    /// piece by piece, each with a deadline of its own.
    pieces: VecDeque<String>,
    voice: Voice,
    exchange: Exchange,
    reader: S16leReader,
    trim: Trim,
    refusal: Vec<u8>,
    /// Samples of this piece that came on this attempt.
    samples: usize,
    /// Samples of this piece that were handed on, over all attempts.
    handed: usize,
    began: bool,
}

impl Synthesizer {
    /// Begins to speak a text with a voice.
    pub fn begin(
        &mut self,
        ctx: &mut Context<'_>,
        config: &SpeakerConfig,
        utterance: UtteranceId,
        text: String,
        voice: Voice,
    ) {
        self.jobs.push(Job {
            utterance,
            // An emoji may be one character or two.
            pieces: pieces(&text, polly::MAX_TEXT_CHARS, char::len_utf16),
            exchange: exchange(&voice, ctx.now),
            voice,
            reader: S16leReader::default(),
            trim: Trim::default(),
            refusal: Vec::new(),
            samples: 0,
            handed: 0,
            began: false,
        });
        self.advance(ctx, config);
    }

    /// The next news, in the order they came.
    pub fn poll(&mut self) -> Option<(UtteranceId, Spoken)> {
        self.done.pop_front()
    }

    /// When [`Self::advance`] wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        self.jobs.iter().map(|job| job.exchange.due()).min()
    }

    /// Sends what can be sent, and lets what is due fail.
    pub fn advance(&mut self, ctx: &mut Context<'_>, config: &SpeakerConfig) {
        let mut n = 0;
        while n < self.jobs.len() {
            let Job {
                exchange,
                pieces,
                voice,
                ..
            } = &mut self.jobs[n];
            let sent = exchange.advance(ctx, |ctx, credentials, unix| {
                let speech = polly::Speech {
                    text: pieces.front().map_or("", String::as_str),
                    voice,
                    lexicons: &config.lexicons,
                };
                polly::request(&ctx.shared.endpoints.polly, &speech, credentials, unix)
            });
            match sent {
                Ok(()) => n += 1,
                Err(error) => self.finish(n, Spoken::Failed(error)),
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
        let outcome = match input.take() {
            Some(ResponseInput::Head(head)) => {
                let job = &mut self.jobs[n];
                job.exchange.head(ctx, head);
                job.reader = S16leReader::default();
                job.refusal.clear();
                job.samples = 0;
                Ok(false)
            }
            Some(ResponseInput::Chunk(bytes)) => {
                self.jobs[n].exchange.heard(ctx.now);
                self.chunk(n, bytes).map(|()| false)
            }
            Some(ResponseInput::End) => {
                let whole = self.end(n);
                let job = &mut self.jobs[n];
                job.exchange.over(ctx, &job.refusal);
                whole.map(|()| {
                    let mut rest = Vec::new();
                    let job = &mut self.jobs[n];
                    job.trim.end(&mut rest);
                    let (utterance, over) = (job.utterance, job.next_piece(ctx.now));
                    self.pcm(utterance, rest);
                    over
                })
            }
            Some(ResponseInput::Failed) => {
                self.jobs[n].exchange.over(ctx, &[]);
                Err(broken(Stage::Synthesize))
            }
            None => Ok(false),
        };
        match outcome {
            Ok(false) => {}
            Ok(true) => self.finish(n, Spoken::Ended),
            Err(error) => {
                let exchange = &mut self.jobs[n].exchange;
                // Polly gives the same sound again: a second attempt goes on
                // where the first broke off.
                if let Err(error) = exchange.fail(ctx, error) {
                    exchange.cancel(ctx);
                    self.finish(n, Spoken::Failed(error));
                }
                self.advance(ctx, config);
            }
        }
        true
    }

    fn chunk(&mut self, n: usize, bytes: &[u8]) -> Result<(), Error> {
        let job = &mut self.jobs[n];
        let Some(head) = job.exchange.answered() else {
            return Ok(());
        };
        let engine = match polly::head(head) {
            Ok(engine) => engine,
            Err(Some(error)) => return Err(error),
            Err(None) => {
                let room = MAX_REFUSAL_BYTES.saturating_sub(job.refusal.len());
                job.refusal.extend(&bytes[..bytes.len().min(room)]);
                return Ok(());
            }
        };
        let mut pcm = Vec::with_capacity(bytes.len() / 2 + 1);
        job.reader.read(bytes, &mut pcm);
        let from = job.handed.saturating_sub(job.samples).min(pcm.len());
        job.samples += pcm.len();
        if job.samples > MAX_SAMPLES {
            return Err(malformed("the answer is longer than any text"));
        }
        pcm.drain(..from);
        if pcm.is_empty() {
            return Ok(());
        }
        job.handed += pcm.len();
        // Sound may come as late as it is long.
        job.exchange.allow(duration(pcm.len() as u64));
        let utterance = job.utterance;
        if !std::mem::replace(&mut job.began, true) {
            self.done.push_back((utterance, Spoken::Began { engine }));
        }
        let mut sound = Vec::with_capacity(pcm.len());
        job.trim.push(&pcm, &mut sound);
        self.pcm(utterance, sound);
        Ok(())
    }

    fn pcm(&mut self, utterance: UtteranceId, pcm: Vec<f32>) {
        if !pcm.is_empty() {
            self.done.push_back((utterance, Spoken::Pcm(pcm)));
        }
    }

    fn end(&mut self, n: usize) -> Result<(), Error> {
        let job = &self.jobs[n];
        let Some(head) = job.exchange.answered() else {
            return Err(broken(Stage::Synthesize));
        };
        match polly::head(head) {
            Err(None) => Err(polly::refusal(head, &job.refusal).to_error(Stage::Synthesize)),
            Err(Some(error)) => Err(error),
            // A sample that was cut in two: the rest is missing.
            Ok(_) if !job.reader.is_whole() => Err(broken(Stage::Synthesize)),
            Ok(_) if job.handed > 0 => Ok(()),
            Ok(_) => Err(malformed("the answer holds no sound")),
        }
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

    fn finish(&mut self, n: usize, outcome: Spoken) {
        let job = self.jobs.remove(n);
        self.done.push_back((job.utterance, outcome));
    }
}

impl Job {
    /// Goes on to the next piece; whether there was none.
    fn next_piece(&mut self, now: Timestamp) -> bool {
        self.pieces.pop_front();
        self.exchange = exchange(&self.voice, now);
        self.handed = 0;
        self.pieces.is_empty()
    }
}

fn exchange(voice: &Voice, now: Timestamp) -> Exchange {
    Exchange::new(Stage::Synthesize, Some(voice.engine), now)
}

fn malformed(message: &str) -> Error {
    Error::new(ErrorCode::MalformedMessage, Stage::Synthesize, message)
}
