//! Speech to the player: at its rate, in pieces, one utterance after another.

use super::context::Context;
use super::sequencer::{Sequencer, Step};
use crate::audio::SERVICE_RATE_HZ;
use crate::audio::resampler::Resampler;
use crate::error::Error;
use crate::event::UtteranceId;
use crate::io::Output;
use std::collections::VecDeque;

/// Utterances that the player may hold: the one that plays and the next, so
/// that no pause is heard between them. Each is handed over as fast as it
/// comes; its length is bounded by the synthesizer.
const IN_PLAYER: usize = 2;

/// Samples in one [`Output::Play`] are at most so many parts of a second.
const PIECES_PER_SECOND: usize = 10;

/// Feeds one player.
pub struct Playout {
    resampler: Resampler,
    rate_hz: u32,
    piece: usize,
    /// What the player holds, the one that plays first.
    player: VecDeque<UtteranceId>,
    /// The last of them is still being handed over.
    open: bool,
    resampled: Vec<f32>,
}

impl Playout {
    /// A playout at that rate.
    ///
    /// # Errors
    /// As [`Resampler::new`].
    pub fn new(rate_hz: u32) -> Result<Self, Error> {
        Ok(Self {
            resampler: Resampler::new(SERVICE_RATE_HZ, rate_hz)?,
            rate_hz,
            piece: rate_hz as usize / PIECES_PER_SECOND,
            player: VecDeque::new(),
            open: false,
            resampled: Vec::new(),
        })
    }

    /// Hands over what may go.
    pub fn advance(&mut self, ctx: &mut Context<'_>, sequencer: &mut Sequencer) {
        while self.open || self.player.len() < IN_PLAYER {
            let Some(step) = sequencer.poll() else {
                return;
            };
            match step {
                Step::Pcm(utterance, pcm) => {
                    if !std::mem::replace(&mut self.open, true) {
                        self.player.push_back(utterance);
                    }
                    self.resampler.push(&pcm, &mut self.resampled);
                    self.play(ctx, utterance);
                }
                Step::End(utterance) => self.end(ctx, utterance),
            }
        }
    }

    /// No more of this utterance will come: what is in the filter goes too.
    pub fn end(&mut self, ctx: &mut Context<'_>, utterance: UtteranceId) {
        if self.open && self.player.back() == Some(&utterance) {
            self.open = false;
            self.resampler.flush(&mut self.resampled);
            self.play(ctx, utterance);
            ctx.output(Output::PlayEnd { utterance });
        }
    }

    /// Whether the player has (some of) this utterance.
    #[must_use]
    pub fn holds(&self, utterance: UtteranceId) -> bool {
        self.player.contains(&utterance)
    }

    /// The player has played this one to its end.
    pub fn ended(&mut self, utterance: UtteranceId) {
        self.player.retain(|held| *held != utterance);
    }

    /// Drops everything that the player holds.
    pub fn stop(&mut self, ctx: &mut Context<'_>) {
        if !self.player.is_empty() {
            ctx.output(Output::StopPlayout);
            let now = ctx.now.as_millis_f64();
            ctx.played().stopped(now);
        }
        self.player.clear();
        self.open = false;
        self.resampled.clear();
        self.resampler.flush(&mut self.resampled);
        self.resampled.clear();
    }

    fn play(&mut self, ctx: &mut Context<'_>, utterance: UtteranceId) {
        for piece in self.resampled.chunks(self.piece) {
            if let Some(clip) = ctx.played().clip(utterance) {
                clip.levels.push(piece, self.rate_hz);
            }
            let pcm = piece.to_vec();
            ctx.output(Output::Play { utterance, pcm });
        }
        self.resampled.clear();
    }
}
