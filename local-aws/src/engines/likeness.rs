//! How well a frame that was heard fits a frame of a template.

use super::features::Frame;

/// The distance of features that counts as 1: unlike sounds of the dialogue are
/// at 1.6 in the median, 10 ms later in the same sound is at 0.7.
const UNIT: f32 = 2.8;
/// A distance below this gains.
const ALIKE: f32 = 1.0;
/// Most that one frame can lose.
const WORST: f32 = 1.2;
/// Lost where one of both is silent.
pub(super) const SILENCE_MISMATCH: f32 = 0.6;
/// Lost instead where the noise may hide the template.
const FAINT: f32 = 0.1;
/// Sound that falls by that much within 25 ms where the template does not fall
/// by that much has lost a piece.
const HOLE_DB: f32 = -45.0;
const DIP_DB: f32 = -30.0;
/// Lost by staying on a template frame, and by leaving one out.
const STAY: f32 = 0.15;
const SKIP: f32 = 0.35;

/// What an alignment gains by having `heard` at the template's frame `known`,
/// and what it loses by staying there or by leaving it out.
pub(super) fn likeness(heard: &Frame, known: &Frame) -> (f32, f32, f32) {
    let hole = heard.dip_db < HOLE_DB && known.dip_db > DIP_DB;
    match (heard.perhaps && !hole, known.speech) {
        (true, true) => ((ALIKE - distance(heard, known)).max(-WORST), STAY, SKIP),
        // Pauses may be longer or shorter, but are passed at their own pace.
        (false, false) => (0.0, 0.01, 0.02),
        (false, true) if !hole && known.faint => (-FAINT, STAY, SKIP),
        _ => (-SILENCE_MISMATCH, STAY, SKIP),
    }
}

fn distance(a: &Frame, b: &Frame) -> f32 {
    a.values
        .iter()
        .zip(&b.values)
        .map(|(a, b)| (a - b) * (a - b))
        .sum::<f32>()
        .sqrt()
        / UNIT
}
