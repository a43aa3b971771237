//! Samples as numbers and as bytes.

/// A sample of -1..1 as a 16-bit one. Louder ones saturate, NaN is silence.
#[must_use]
#[allow(clippy::cast_possible_truncation)]
pub fn to_i16(sample: f32) -> i16 {
    // `as` cuts, saturates and turns NaN into 0. Half a step more makes it
    // round, at a fraction of the cost of `round`, which is a call on most
    // targets.
    (sample * 32_768.0 + 0.5_f32.copysign(sample)) as i16
}

/// A 16-bit sample as one of -1..1.
#[must_use]
pub fn to_f32(sample: i16) -> f32 {
    f32::from(sample) / 32_768.0
}

/// Appends 16-bit samples as little-endian bytes, two a sample.
pub fn extend_s16le(samples: impl IntoIterator<Item = i16>, out: &mut Vec<u8>) {
    for sample in samples {
        out.extend_from_slice(&sample.to_le_bytes());
    }
}

/// Reads little-endian 16-bit samples from pieces that may end in the middle
/// of one.
#[derive(Clone, Debug, Default)]
pub struct S16leReader {
    half: Option<u8>,
}

impl S16leReader {
    /// Whether what was read ended with a sample.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.half.is_none()
    }

    /// Appends the samples of the next piece. An odd byte at its end waits for
    /// the next piece; at the end of the stream it is no sample and is dropped.
    pub fn read(&mut self, bytes: &[u8], out: &mut Vec<f32>) {
        let mut bytes = bytes;
        if let (Some(low), Some((high, rest))) = (self.half, bytes.split_first()) {
            out.push(to_f32(i16::from_le_bytes([low, *high])));
            self.half = None;
            bytes = rest;
        }
        let pairs = bytes.chunks_exact(2);
        if let [odd] = pairs.remainder() {
            self.half = Some(*odd);
        }
        out.extend(pairs.map(|pair| to_f32(i16::from_le_bytes([pair[0], pair[1]]))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_loud_saturates_and_not_a_number_is_silence() {
        assert_eq!(to_i16(1.0), i16::MAX);
        assert_eq!(to_i16(-1.0), i16::MIN);
        assert_eq!(to_i16(7.5), i16::MAX);
        assert_eq!(to_i16(f32::NEG_INFINITY), i16::MIN);
        assert_eq!(to_i16(f32::NAN), 0);
        assert_eq!(to_i16(0.25), 8192);
    }

    #[test]
    fn every_sample_survives_the_round_trip() {
        for sample in i16::MIN..=i16::MAX {
            assert_eq!(to_i16(to_f32(sample)), sample);
        }
    }

    #[test]
    fn pieces_may_be_cut_anywhere() {
        let samples: Vec<i16> = (0..50).map(|n| n * 517 - 9000).collect();
        let mut bytes = Vec::new();
        extend_s16le(samples.iter().copied(), &mut bytes);
        for piece in 1..=7 {
            let mut reader = S16leReader::default();
            let mut out = Vec::new();
            for part in bytes.chunks(piece) {
                reader.read(part, &mut out);
                reader.read(&[], &mut out);
            }
            let back: Vec<i16> = out.iter().map(|s| to_i16(*s)).collect();
            assert_eq!(back, samples, "pieces of {piece}");
        }
    }
}
