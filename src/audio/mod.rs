//! Audio as numbers: resampling, framing, sample formats.
