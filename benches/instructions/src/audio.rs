//! Samples on their way to the service.

use std::error::Error;
use std::hint::black_box;
use std::time::Duration;

use connect_interpreter::audio::SERVICE_RATE_HZ;
use connect_interpreter::audio::framer::Framer;
use connect_interpreter::audio::pcm::to_i16;
use connect_interpreter::audio::resampler::Resampler;
use connect_interpreter::aws::transcribe::audio_message;
use connect_interpreter::random::Random;

use crate::Work;

/// What a tap sends at a time.
pub const BATCH: usize = 2400;

/// Noise as loud as speech.
pub fn noise(count: usize) -> Vec<f32> {
    let mut random = Random::new(1);
    let mut sample = || 0.2 * (random.unit() as f32 * 2.0 - 1.0);
    (0..count).map(|_| sample()).collect()
}

/// A second of sound to another rate, in batches.
pub fn resample(from_hz: u32, to_hz: u32) -> Result<Work, Box<dyn Error>> {
    let mut resampler = Resampler::new(from_hz, to_hz)?;
    let input = noise(from_hz as usize);
    let mut out = Vec::with_capacity(to_hz as usize + BATCH);
    Ok(Box::new(move || {
        out.clear();
        for batch in input.chunks(BATCH) {
            resampler.push(batch, &mut out);
        }
        black_box(&out);
    }))
}

/// A second of sound at the service's rate to the messages of its stream.
pub fn messages() -> Result<Work, Box<dyn Error>> {
    let input = noise(SERVICE_RATE_HZ as usize);
    let framer = Framer::new(Duration::from_millis(50));
    let mut pcm = Vec::with_capacity(input.len());
    Ok(Box::new(move || {
        pcm.clear();
        pcm.extend(input.iter().map(|sample| to_i16(*sample)));
        let mut sent = 0;
        while let Some(range) = framer.next(sent, pcm.len() as u64) {
            sent = range.end;
            let message = audio_message(&pcm[range.start as usize..range.end as usize]);
            black_box(&message);
        }
    }))
}
