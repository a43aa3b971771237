//! Audio in and out of the services: sample formats, rates, message lengths.
//!
//! Everything between the tap and the player is mono. The services take and
//! give [`SERVICE_RATE_HZ`]; the tap and the player run at the AudioContext's
//! rate.

pub mod comfort_noise;
pub mod frame_clock;
pub mod framer;
pub mod pcm;
pub mod resampler;
pub mod ring;
pub mod trim;
pub mod voice_activity;

/// The rate of audio to Transcribe and from Polly: Polly's PCM knows 8,000 and
/// 16,000 Hz, and Transcribe gains nothing above.
pub const SERVICE_RATE_HZ: u32 = 16_000;

/// The slowest and the fastest rate a tap or a player may have.
pub const RATE_RANGE_HZ: std::ops::RangeInclusive<u32> = 8_000..=192_000;
