//! The pieces that the graph is built of.

use crate::audio::comfort_noise;
use js_sys::{Array, Object, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{
    AudioBuffer, AudioBufferSourceNode, AudioContext, AudioNode, AudioWorkletNode,
    AudioWorkletNodeOptions, ChannelCountMode, GainNode, WaveShaperNode,
};

/// Length of the loop of generated noise.
const NOISE_SECONDS: f32 = 4.0;

/// The noise that a session is made with.
pub enum Noise {
    Off,
    Generated,
    Clip(AudioBuffer),
}

/// The graph as it is being built.
pub struct Builder<'a> {
    pub context: &'a AudioContext,
    pub nodes: Vec<AudioNode>,
}

impl Builder<'_> {
    pub fn keep<N: AsRef<AudioNode> + Clone>(&mut self, node: N) -> N {
        self.nodes.push(node.as_ref().clone());
        node
    }

    pub fn gain(&mut self, value: f32) -> Result<GainNode, JsValue> {
        let gain = self.context.create_gain()?;
        gain.gain().set_value(value);
        Ok(self.keep(gain))
    }

    pub fn chain(&self, nodes: &[&AudioNode]) -> Result<(), JsValue> {
        for pair in nodes.windows(2) {
            pair[0].connect_with_audio_node(pair[1])?;
        }
        Ok(())
    }

    /// Lets a player's envelope change a gain, by what the gain that is returned
    /// is set to.
    pub fn follow(
        &mut self,
        player: &AudioWorkletNode,
        gain: &GainNode,
    ) -> Result<GainNode, JsValue> {
        let by = self.gain(0.0)?;
        player.connect_with_audio_node_and_output(&by, 1)?;
        by.connect_with_audio_param(&gain.gain())?;
        Ok(by)
    }

    /// Hands over so many frames at once.
    pub fn tap(&mut self, batch: u32) -> Result<AudioWorkletNode, JsValue> {
        let options = AudioWorkletNodeOptions::new();
        options.set_number_of_inputs(1);
        options.set_number_of_outputs(0);
        // The browser mixes down to mono, so the worklet need not.
        options.set_channel_count(1);
        options.set_channel_count_mode(ChannelCountMode::Explicit);
        let own = Object::new();
        // Only fails on frozen objects, and this one is new.
        let _ = Reflect::set(&own, &"batch".into(), &batch.into());
        options.set_processor_options(Some(&own));
        self.worklet("connect-interpreter-tap", &options)
    }

    /// Output 0 is the speech, output 1 its envelope.
    pub fn player(&mut self) -> Result<AudioWorkletNode, JsValue> {
        let options = AudioWorkletNodeOptions::new();
        options.set_number_of_inputs(0);
        options.set_number_of_outputs(2);
        let mono = Array::of2(&1.into(), &1.into());
        // As above.
        let _ = Reflect::set(&options, &"outputChannelCount".into(), &mono);
        self.worklet("connect-interpreter-player", &options)
    }

    fn worklet(
        &mut self,
        name: &str,
        options: &AudioWorkletNodeOptions,
    ) -> Result<AudioWorkletNode, JsValue> {
        AudioWorkletNode::new_with_options(self.context, name, options).map(|node| self.keep(node))
    }

    /// A limiter without delay: transparent below −3 dBFS, bent above it,
    /// never beyond full scale. A DynamicsCompressor would add 6 ms of
    /// look-ahead and a make-up gain that cannot be switched off.
    pub fn limiter(&mut self) -> Result<(GainNode, WaveShaperNode), JsValue> {
        // The curve covers inputs up to ±RANGE; the gain before it scales them.
        let before = self.gain(1.0 / LIMITER_RANGE)?;
        let shaper = self.context.create_wave_shaper()?;
        shaper.set_curve_opt_f32_slice(Some(&mut limiter_curve()));
        let shaper = self.keep(shaper);
        self.chain(&[&before, &shaper])?;
        Ok((before, shaper))
    }
}

const LIMITER_RANGE: f32 = 4.0;

fn limiter_curve() -> Vec<f32> {
    const STEPS: u16 = 4096; // to each side: straight lines of 1/1024 between
    const KNEE: f32 = 0.707;
    (0..=2 * STEPS)
        .map(|step| {
            let x = (f32::from(step) / f32::from(STEPS) - 1.0) * LIMITER_RANGE;
            let over = x.abs() - KNEE;
            if over <= 0.0 {
                x
            } else {
                (KNEE + (1.0 - KNEE) * (over / (1.0 - KNEE)).tanh()).copysign(x)
            }
        })
        .collect()
}

pub fn noise_source(
    build: &mut Builder<'_>,
    noise: Noise,
    seed: u64,
) -> Result<Option<AudioBufferSourceNode>, JsValue> {
    let context = build.context;
    let buffer = match noise {
        Noise::Off => return Ok(None),
        Noise::Clip(buffer) => buffer,
        Noise::Generated => {
            let rate = context.sample_rate();
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a sample rate of a browser"
            )]
            let samples = comfort_noise::looped(rate as u32, NOISE_SECONDS, seed);
            let length = u32::try_from(samples.len()).unwrap_or(u32::MAX);
            let buffer = context.create_buffer(1, length, rate)?;
            buffer.copy_to_channel(&samples, 0)?;
            buffer
        }
    };
    let source = context.create_buffer_source()?;
    source.set_buffer(Some(&buffer));
    source.set_loop(true);
    Ok(Some(build.keep(source)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn the_limiter_is_transparent_below_its_knee_and_never_clips() {
        let curve = limiter_curve();
        let middle = (curve.len() - 1) / 2;
        for (index, &y) in curve.iter().enumerate() {
            #[expect(clippy::cast_precision_loss, reason = "thousands")]
            let x = (index as f32 - middle as f32) / middle as f32 * LIMITER_RANGE;
            assert!(y.abs() <= 1.0);
            if x.abs() < 0.7 {
                assert!((x - y).abs() < 1e-5, "{x} became {y}");
            }
        }
        assert!(curve.windows(2).all(|pair| pair[0] <= pair[1]));
    }
}
