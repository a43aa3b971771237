//! From the tap to service-rate samples: rate changes, gaps, mute, hold and the
//! start guard.

mod gate;

use crate::audio::SERVICE_RATE_HZ;
use crate::audio::frame_clock::FrameClock;
use crate::audio::framer::duration;
use crate::audio::resampler::Resampler;
use crate::error::Error;
use crate::time::{Duration, Timestamp};
pub use gate::Cause;
use gate::Gate;
use std::collections::VecDeque;

/// Lost audio is replaced by silence, so that what stood apart is not glued
/// together; at most by so much.
const LONGEST_FILL: Duration = Duration::from_secs(1);

/// One piece of the tap.
#[derive(Clone, Copy)]
pub struct Piece<'a> {
    /// Its rate.
    pub rate_hz: u32,
    /// The frame of its first sample.
    pub first_frame: u64,
    /// The samples.
    pub samples: &'a [f32],
}

/// What a piece brought to light.
#[derive(Debug, Default)]
pub struct Findings {
    /// Audio before it was lost: from when, and how much.
    pub gap: Option<(Timestamp, Duration)>,
    /// It cannot be used.
    pub error: Option<Error>,
}

/// Makes one tap's pieces a stream of samples at [`SERVICE_RATE_HZ`].
pub struct Capture {
    resampler: Option<Resampler>,
    clock: FrameClock,
    timeline: Timeline,
    next_frame: Option<u64>,
    guard: Duration,
    gate: Gate,
    refused_rate: Option<u32>,
    scratch: Vec<f32>,
}

impl Capture {
    /// A capture whose first `guard` of audio is made silent.
    #[must_use]
    pub fn new(guard: Duration) -> Self {
        Self {
            resampler: None,
            clock: FrameClock::default(),
            timeline: Timeline::default(),
            next_frame: None,
            guard,
            gate: Gate::default(),
            refused_rate: None,
            scratch: Vec::new(),
        }
    }

    /// Takes a piece and appends samples to `out`, the first of which is at
    /// `position`.
    pub fn push(
        &mut self,
        now: Timestamp,
        position: u64,
        piece: Piece<'_>,
        out: &mut Vec<f32>,
    ) -> Findings {
        let mut findings = Findings::default();
        let begin = out.len();
        let at = |out: &Vec<f32>| position + (out.len() - begin) as u64;
        let before = self.resampler.as_ref().map(Resampler::in_hz);
        if before != Some(piece.rate_hz) {
            if let Some(old) = &mut self.resampler {
                old.flush(out);
            }
            self.timeline.freeze(&self.clock);
            self.next_frame = None;
            if before.is_some() {
                self.gate.rush();
            }
            self.resampler = match Resampler::new(piece.rate_hz, SERVICE_RATE_HZ) {
                Ok(resampler) => Some(resampler),
                Err(error) => {
                    // Told once, not 400 times a second.
                    if self.refused_rate.replace(piece.rate_hz) != Some(piece.rate_hz) {
                        findings.error = Some(error);
                    }
                    None
                }
            };
        }
        let Some(resampler) = &mut self.resampler else {
            return findings;
        };
        self.refused_rate = None;
        let end_frame = piece.first_frame + piece.samples.len() as u64;
        match self.next_frame {
            Some(expected) if piece.first_frame > expected => {
                let lost = piece.first_frame - expected;
                let lost = Duration::from_secs_f64(lost as f64 / f64::from(piece.rate_hz));
                let from = self.clock.time_of(expected).unwrap_or(now);
                findings.gap = Some((from, lost));
                resampler.flush(out);
                let fill = crate::audio::framer::samples(lost.min(LONGEST_FILL));
                out.resize(out.len() + usize::try_from(fill).unwrap_or(0), 0.0);
                self.clock.observe(now, piece.rate_hz, end_frame);
                self.timeline.anchor_frame(at(out), piece.first_frame);
            }
            Some(expected) if piece.first_frame == expected => {
                self.clock.observe(now, piece.rate_hz, end_frame);
            }
            // The frames began anew: another context, or the first one.
            known => {
                if known.is_some() {
                    resampler.flush(out);
                    self.timeline.freeze(&self.clock);
                    // Their frames will not come.
                    self.gate.rush();
                }
                self.clock = FrameClock::default();
                self.clock.observe(now, piece.rate_hz, end_frame);
                self.timeline.anchor_frame(at(out), piece.first_frame);
            }
        }
        self.next_frame = Some(end_frame);
        self.scratch.clear();
        self.scratch.extend_from_slice(piece.samples);
        self.gate.pass(piece.first_frame, &mut self.scratch);
        self.keep_guard(piece.rate_hz);
        if let Some(resampler) = &mut self.resampler {
            resampler.push(&self.scratch, out);
        }
        findings
    }

    /// Follows the frames of a piece that is not wanted.
    pub fn pass(&mut self, now: Timestamp, piece: Piece<'_>) {
        self.clock.observe(
            now,
            piece.rate_hz,
            piece.first_frame + piece.samples.len() as u64,
        );
        self.timeline.freeze(&self.clock);
        self.next_frame = None;
        self.resampler = None;
    }

    /// Makes the speaker silent, or stops to, from a frame of the tap on; `None`
    /// is at once. Gives the position of that frame. `position` is where
    /// samples that are appended to `out` begin; what has gone out from the
    /// frame's position on is to be silent after all.
    pub fn shut(
        &mut self,
        cause: Cause,
        shut: bool,
        from_frame: Option<u64>,
        position: u64,
        out: &mut Vec<f32>,
    ) -> u64 {
        let (Some(next), Some(resampler)) = (self.next_frame, &mut self.resampler) else {
            match from_frame {
                Some(frame) => self.gate.later(frame, cause, shut),
                None => self.gate.now(cause, shut),
            }
            return position;
        };
        let rate = u64::from(resampler.in_hz());
        let at_rate = |frames: u64| frames.saturating_mul(u64::from(SERVICE_RATE_HZ));
        let frame = from_frame.unwrap_or(next);
        if frame > next {
            self.gate.later(frame, cause, shut);
            return position + resampler.waiting() + at_rate(frame - next) / rate;
        }
        self.gate.now(cause, shut);
        if shut {
            // What is still in the filter was captured after that frame too.
            resampler.flush(out);
            let end = position + out.len() as u64;
            self.timeline.anchor_frame(end, next);
        }
        let end = position + out.len() as u64;
        end.saturating_sub(at_rate(next - frame).div_ceil(rate))
    }

    /// Samples from `position` on were made up at `at`, because none came.
    pub fn padded(&mut self, position: u64, at: Timestamp) {
        self.timeline.freeze(&self.clock);
        self.timeline.anchors.push_back(Anchor {
            position,
            at: At::Time(at),
        });
        // What comes next has a new anchor.
        self.next_frame = None;
    }

    /// When the sample at `position` was captured.
    #[must_use]
    pub fn time_of(&self, position: u64) -> Option<Timestamp> {
        self.timeline.time_of(position, &self.clock)
    }

    /// When a frame of the AudioContext passes.
    #[must_use]
    pub fn time_of_frame(&self, rate_hz: u32, frame: u64) -> Option<Timestamp> {
        (self.clock.rate_hz() == rate_hz)
            .then(|| self.clock.time_of(frame))
            .flatten()
    }

    /// How many points tie positions to the clock.
    #[must_use]
    pub fn anchors(&self) -> usize {
        self.timeline.anchors.len()
    }

    /// Positions before this one will not be asked for.
    pub fn forget(&mut self, before: u64) {
        self.timeline.forget(before);
    }

    /// Makes the beginning silent.
    fn keep_guard(&mut self, rate_hz: u32) {
        let rate = f64::from(rate_hz);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let guarded = (self.guard.as_secs_f64() * rate).round() as usize;
        let guarded = guarded.min(self.scratch.len());
        self.scratch[..guarded].fill(0.0);
        let past = Duration::from_secs_f64(guarded as f64 / rate);
        self.guard = self.guard.saturating_sub(past);
    }
}

/// Which position was captured when.
#[derive(Debug, Default)]
struct Timeline {
    anchors: VecDeque<Anchor>,
}

#[derive(Debug)]
struct Anchor {
    position: u64,
    at: At,
}

/// A frame of the present clock is better than a time: the clock still learns.
#[derive(Clone, Copy, Debug)]
enum At {
    Frame(u64),
    Time(Timestamp),
}

impl Timeline {
    fn anchor_frame(&mut self, position: u64, frame: u64) {
        self.anchors.push_back(Anchor {
            position,
            at: At::Frame(frame),
        });
    }

    fn freeze(&mut self, clock: &FrameClock) {
        for anchor in &mut self.anchors {
            if let At::Frame(frame) = anchor.at
                && let Some(time) = clock.time_of(frame)
            {
                anchor.at = At::Time(time);
            }
        }
    }

    fn time_of(&self, position: u64, clock: &FrameClock) -> Option<Timestamp> {
        let after = self.anchors.partition_point(|a| a.position <= position);
        let anchor = self.anchors.get(after.saturating_sub(1))?;
        let time = match anchor.at {
            At::Frame(frame) => clock.time_of(frame)?,
            At::Time(time) => time,
        };
        Some(if position >= anchor.position {
            time + duration(position - anchor.position)
        } else {
            time - duration(anchor.position - position)
        })
    }

    fn forget(&mut self, before: u64) {
        while self.anchors.len() > 1 && self.anchors[1].position <= before {
            self.anchors.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(
        capture: &mut Capture,
        rate: u32,
        frame: u64,
        value: f32,
        out: &mut Vec<f32>,
    ) -> Findings {
        let samples = vec![value; rate as usize / 100];
        let end = frame as f64 / f64::from(rate) * 1000.0 + 10.0;
        let piece = Piece {
            rate_hz: rate,
            first_frame: frame,
            samples: &samples,
        };
        let position = out.len() as u64;
        capture.push(Timestamp::from_millis_f64(end), position, piece, out)
    }

    #[test]
    fn a_jump_of_the_frames_is_a_gap_filled_with_silence() {
        let mut capture = Capture::new(Duration::ZERO);
        let mut out = Vec::new();
        assert!(push(&mut capture, 16_000, 0, 0.5, &mut out).gap.is_none());
        let found = push(&mut capture, 16_000, 1_760, 0.5, &mut out);
        let (at, lost) = found.gap.unwrap();
        assert!((at.as_millis_f64() - 10.0).abs() < 1e-6);
        assert_eq!(lost, Duration::from_millis(100));
        assert_eq!(out.len(), 160 + 1_600 + 160);
        assert!(out[160..1_760].iter().all(|s| *s == 0.0));
        let far = push(&mut capture, 16_000, 1_600_000, 0.5, &mut out);
        assert!(far.gap.is_some());
        assert_eq!(out.len(), 1_920 + 16_000 + 160);
        let at = capture.time_of(1_920 + 16_000).unwrap();
        assert!((at.as_millis_f64() - 100_000.0).abs() < 1.0);
    }

    fn mute(capture: &mut Capture, muted: bool, frame: Option<u64>, out: &mut Vec<f32>) -> u64 {
        let mut more = Vec::new();
        let end = out.len() as u64;
        let at = capture.shut(Cause::Mute, muted, frame, end, &mut more);
        out.extend(more);
        at
    }

    #[test]
    fn mute_holds_from_its_frame_on_also_when_it_comes_late() {
        let mut capture = Capture::new(Duration::ZERO);
        let mut out = Vec::new();
        push(&mut capture, 16_000, 0, 0.5, &mut out);
        assert_eq!(mute(&mut capture, true, Some(200), &mut out), 200);
        push(&mut capture, 16_000, 160, 0.5, &mut out);
        assert!(out[..200].iter().all(|s| *s == 0.5));
        assert!(out[200..].iter().all(|s| *s == 0.0));
        assert_eq!(mute(&mut capture, false, None, &mut out), 320);
        push(&mut capture, 16_000, 320, 0.5, &mut out);
        assert!(out[320..].iter().all(|s| *s == 0.5));
        assert_eq!(mute(&mut capture, true, Some(400), &mut out), 400);
        capture.shut(Cause::Hold, true, None, 480, &mut out);
        mute(&mut capture, false, None, &mut out);
        push(&mut capture, 16_000, 480, 0.5, &mut out);
        assert!(out[480..].iter().all(|s| *s == 0.0));
    }

    #[test]
    fn a_late_mute_also_reaches_what_is_still_in_the_filter() {
        let mut capture = Capture::new(Duration::ZERO);
        let mut out = Vec::new();
        for n in 0..10 {
            push(&mut capture, 48_000, n * 480, 0.5, &mut out);
        }
        assert!(out.len() < 1_600);
        assert_eq!(mute(&mut capture, true, Some(4_500), &mut out), 1_500);
        assert_eq!(out.len(), 1_600);
        push(&mut capture, 48_000, 4_800, 0.5, &mut out);
        assert!(out[1_600..].iter().all(|s| *s == 0.0));
        let at = capture.time_of(1_600).unwrap();
        assert!((at.as_millis_f64() - 100.0).abs() < 0.1);
    }

    #[test]
    fn a_mute_for_frames_that_never_come_holds_in_the_next_context() {
        for (rate, frame) in [(16_000, 0), (48_000, 7)] {
            let mut capture = Capture::new(Duration::ZERO);
            let mut out = Vec::new();
            push(&mut capture, 16_000, 100_000, 0.5, &mut out);
            mute(&mut capture, true, Some(200_000), &mut out);
            let before = out.len();
            let then = frame + u64::from(rate) / 100;
            push(&mut capture, rate, frame, 0.5, &mut out);
            push(&mut capture, rate, then, 0.5, &mut out);
            assert!(out.len() > before + 160);
            assert!(out[before + 1..].iter().all(|s| *s == 0.0), "{rate}");
        }
    }

    #[test]
    fn the_last_of_too_many_commands_counts() {
        let mut capture = Capture::new(Duration::ZERO);
        let mut out = Vec::new();
        push(&mut capture, 16_000, 0, 0.5, &mut out);
        for n in 0..200 {
            mute(&mut capture, n % 2 == 1, Some(200 + n), &mut out);
        }
        for n in 1..5 {
            push(&mut capture, 16_000, n * 160, 0.5, &mut out);
        }
        assert!(out[500..].iter().all(|s| *s == 0.0));
    }

    #[test]
    fn the_start_guard_is_silent_to_the_sample() {
        let mut capture = Capture::new(Duration::from_millis(25));
        let mut out = Vec::new();
        for n in 0..4 {
            push(&mut capture, 16_000, n * 160, 0.5, &mut out);
        }
        assert!(out[..400].iter().all(|s| *s == 0.0));
        assert!(out[400..].iter().all(|s| *s == 0.5));
    }

    #[test]
    fn rates_change_without_losing_a_sample_or_the_time() {
        let mut capture = Capture::new(Duration::ZERO);
        let mut out = Vec::new();
        let mut now = Timestamp::ZERO;
        for rate in [48_000_u32, 44_100, 16_000] {
            // Another context begins at its own frame.
            let mut frame = u64::from(rate) * 7;
            let samples = vec![0.25; rate as usize / 100];
            for _ in 0..50 {
                now = now + Duration::from_millis(10);
                let piece = Piece {
                    rate_hz: rate,
                    first_frame: frame,
                    samples: &samples,
                };
                let position = out.len() as u64;
                let found = capture.push(now, position, piece, &mut out);
                assert!(found.gap.is_none() && found.error.is_none());
                frame += samples.len() as u64;
            }
        }
        assert_eq!(out.len(), 24_000);
        for (position, ms) in [(1_000, 62.5), (9_000, 562.5), (20_000, 1_250.0)] {
            let at = capture.time_of(position).unwrap().as_millis_f64();
            assert!((at - ms).abs() < 1.0, "{position}: {at}");
        }
    }

    #[test]
    fn an_absurd_rate_is_told_once() {
        let mut capture = Capture::new(Duration::ZERO);
        let mut out = Vec::new();
        let piece = Piece {
            rate_hz: 300,
            first_frame: 0,
            samples: &[0.5; 30],
        };
        assert!(
            capture
                .push(Timestamp::ZERO, 0, piece, &mut out)
                .error
                .is_some()
        );
        assert!(
            capture
                .push(Timestamp::ZERO, 0, piece, &mut out)
                .error
                .is_none()
        );
        assert!(out.is_empty());
        assert!(push(&mut capture, 16_000, 0, 0.5, &mut out).error.is_none());
        assert_eq!(out.len(), 160);
    }
}
