//! What a speaker's player does with what it gets, in virtual time.

use super::PlayedInput;
use connect_interpreter::event::UtteranceId;
use std::collections::VecDeque;
use std::time::Duration;

pub struct Player {
    pub rate_hz: u32,
    /// Everything that went out, silence included.
    pub heard: Vec<f32>,
    /// Whether [`Self::heard`] is kept; a long call would fill the memory.
    pub keep: bool,
    /// Samples handed over and not played, at most so far.
    pub most_waiting: usize,
    /// Times that an utterance ran dry before its end.
    pub holes: usize,
    pub stops: usize,
    frame: u64,
    queue: VecDeque<Clip>,
}

struct Clip {
    id: UtteranceId,
    samples: VecDeque<f32>,
    played: u64,
    whole: bool,
}

impl Player {
    pub fn new(rate_hz: u32) -> Self {
        Self {
            rate_hz,
            heard: Vec::new(),
            keep: true,
            most_waiting: 0,
            holes: 0,
            stops: 0,
            // What is played at a tick is heard in the 10 ms after it.
            frame: u64::from(rate_hz) / 100,
            queue: VecDeque::new(),
        }
    }

    pub fn push(&mut self, id: UtteranceId, pcm: Vec<f32>) {
        assert!(!pcm.is_empty() && pcm.len() <= self.rate_hz as usize / 10);
        match self.queue.back_mut() {
            Some(clip) if clip.id == id => {
                assert!(!clip.whole, "samples after the end of {id:?}");
                clip.samples.extend(pcm);
            }
            last => {
                // Utterances come whole, one after the other, in order.
                assert!(last.is_none_or(|last| last.whole && last.id < id));
                self.queue.push_back(Clip {
                    id,
                    samples: pcm.into(),
                    played: 0,
                    whole: false,
                });
            }
        }
        let waiting = self.queue.iter().map(|clip| clip.samples.len()).sum();
        self.most_waiting = self.most_waiting.max(waiting);
    }

    pub fn end(&mut self, id: UtteranceId) {
        let clip = self.queue.back_mut().expect("an utterance");
        assert_eq!(clip.id, id);
        clip.whole = true;
    }

    pub fn stop(&mut self) {
        self.stops += 1;
        self.queue.clear();
    }

    pub fn is_idle(&self) -> bool {
        self.queue.is_empty()
    }

    /// Plays for that long.
    pub fn play(&mut self, time: Duration) -> Vec<(UtteranceId, PlayedInput)> {
        let count = (time.as_secs_f64() * f64::from(self.rate_hz)).round() as u64;
        let mut news = Vec::new();
        let mut dry = false;
        if self.queue.is_empty() {
            if self.keep {
                self.heard.resize(self.heard.len() + count as usize, 0.0);
            }
            self.frame += count;
            return news;
        }
        for frame in self.frame..self.frame + count {
            let mut sample = 0.0;
            while let Some(clip) = self.queue.front_mut() {
                if let Some(next) = clip.samples.pop_front() {
                    if clip.played == 0 {
                        news.push((clip.id, PlayedInput::Started { frame }));
                    }
                    clip.played += 1;
                    sample = next;
                    break;
                }
                if !clip.whole {
                    dry = clip.played > 0;
                    break;
                }
                let samples = clip.played;
                news.push((clip.id, PlayedInput::Ended { frame, samples }));
                self.queue.pop_front();
            }
            if self.keep {
                self.heard.push(sample);
            }
        }
        self.holes += usize::from(dry);
        self.frame += count;
        news
    }
}
