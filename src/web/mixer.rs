//! The audio graph of a session. Originals go through it and never through the
//! worker; what must not wait for the main thread (ducking, comfort noise) is
//! moved by the players' envelopes alone.
//!
//! For a speaker `s` and the listener `l`, the other one:
//! ```text
//! track s ─► input s ─► tap s, meter s
//!                   └► mute s ─► original s→l ─► duck s ─► bus l ─► limiter l ─► track out
//! player s ─► translation s→l ─► bus l        duck s  = 1 − 0.75 × envelope s
//!          └► translation s→s ─► bus s        quiet l = 1 − envelope s
//! noise ─► comfort noise l ─► quiet l ─► bus l
//! ```

use crate::audio::comfort_noise;
use crate::error::Error;
use crate::speaker::{PerSpeaker, Speaker};
use crate::web::js::{self, refused};
use crate::web::routes::{ROUTES, Route, Sound};
use gloo_events::EventListener;
use js_sys::{Array, Object, Reflect};
use std::cell::RefCell;
use wasm_bindgen::prelude::*;
use web_sys::{
    AnalyserNode, AudioBuffer, AudioBufferSourceNode, AudioContext, AudioNode, AudioParam,
    AudioScheduledSourceNode, AudioWorkletNode, AudioWorkletNodeOptions, ChannelCountMode,
    GainNode, HtmlAudioElement, MediaStream, MediaStreamAudioDestinationNode,
    MediaStreamAudioSourceNode, MediaStreamTrack, MessagePort, WaveShaperNode,
};

/// An original under its translation is lowered by 12 dB more.
const DUCK_DEPTH: f32 = -0.75;
/// Comfort noise under speech is off.
const QUIET_DEPTH: f32 = -1.0;
/// Three time constants are the 30 ms in which a volume changes.
const RAMP_TIME_CONSTANT: f64 = 0.010;
/// A track that takes another's place comes up while that one goes down.
const CROSSFADE_TIME_CONSTANT: f64 = 0.003;
/// Length of the loop of generated noise.
const NOISE_SECONDS: f32 = 4.0;

/// What goes to the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Send {
    Mix,
    Microphone,
    Silence,
}

/// The graph. Dropping it takes it apart.
pub struct Mixer {
    context: AudioContext,
    /// Everything, to be disconnected at the end.
    nodes: Vec<AudioNode>,
    worklets: Vec<AudioWorkletNode>,
    sides: PerSpeaker<Side>,
    gains: Vec<GainNode>,
    /// To the customer: the mix, and the microphone past it.
    mix: GainNode,
    microphone: GainNode,
    noise: Option<AudioBufferSourceNode>,
}

struct Side {
    /// Chrome gives silence for a remote track that no element plays.
    pump: HtmlAudioElement,
    /// Whatever track it is comes in here.
    input: GainNode,
    source: RefCell<Option<Source>>,
    /// Holds the source that fades out, until it is silent.
    fading: RefCell<Option<EventListener>>,
    meter: AnalyserNode,
    mute: GainNode,
    /// What the other one hears.
    output: MediaStreamAudioDestinationNode,
}

/// A track on its way into the graph. Dropping it takes it out.
struct Source {
    node: MediaStreamAudioSourceNode,
    gate: GainNode,
}

impl Drop for Source {
    fn drop(&mut self) {
        let _ = self.node.disconnect();
        let _ = self.gate.disconnect();
    }
}

impl Source {
    fn new(context: &AudioContext, stream: &MediaStream, to: &AudioNode) -> Result<Self, Error> {
        let source = Self {
            node: context
                .create_media_stream_source(stream)
                .map_err(refused)?,
            gate: context.create_gain().map_err(refused)?,
        };
        let Self { node, gate } = &source;
        gate.gain().set_value(0.0);
        node.connect_with_audio_node(gate).map_err(refused)?;
        gate.connect_with_audio_node(to).map_err(refused)?;
        ramp(context, &gate.gain(), 1.0, CROSSFADE_TIME_CONSTANT);
        Ok(source)
    }
}

impl Side {
    fn replace(
        &self,
        context: &AudioContext,
        track: Option<&MediaStreamTrack>,
    ) -> Result<(), Error> {
        let stream = track
            .map(|track| MediaStream::new_with_tracks(&Array::of1(track)).map_err(refused))
            .transpose()?;
        let source = stream
            .as_ref()
            .map(|stream| Source::new(context, stream, &self.input))
            .transpose()?;
        self.pump.set_src_object(stream.as_ref());
        if stream.is_some() {
            js::ignore(self.pump.play().map_err(refused)?);
        }
        let Some(old) = self.source.replace(source) else {
            return Ok(());
        };
        ramp(context, &old.gate.gain(), 0.0, CROSSFADE_TIME_CONSTANT);
        let silent = context.current_time() + RAMP_LENGTH * CROSSFADE_TIME_CONSTANT;
        let clock = context.create_constant_source().map_err(refused)?;
        self.fading
            .replace(Some(EventListener::once(&clock, "ended", move |_| {
                drop(old)
            })));
        clock.start().map_err(refused)?;
        clock.stop_with_when(silent).map_err(refused)
    }
}

/// So many time constants after its beginning a ramp is at its end.
const RAMP_LENGTH: f64 = 9.0;

fn ramp(context: &AudioContext, param: &AudioParam, value: f32, time_constant: f64) {
    let now = context.current_time();
    // An exponential approach starts from wherever the value is now, so
    // that changing a volume again and again makes no step. It ends at
    // the value itself, so that silence is silence.
    let _ = param.cancel_scheduled_values(now);
    let _ = param.set_target_at_time(value, now, time_constant);
    let _ = param.set_value_at_time(value, now + RAMP_LENGTH * time_constant);
}

/// The noise that a session is made with.
pub enum Noise {
    Off,
    Generated,
    Clip(AudioBuffer),
}

/// The graph as it is being built.
struct Builder<'a> {
    context: &'a AudioContext,
    nodes: Vec<AudioNode>,
}

impl Builder<'_> {
    fn keep<N: AsRef<AudioNode> + Clone>(&mut self, node: N) -> N {
        self.nodes.push(node.as_ref().clone());
        node
    }

    fn gain(&mut self, value: f32) -> Result<GainNode, Error> {
        let gain = self.context.create_gain().map_err(refused)?;
        gain.gain().set_value(value);
        Ok(self.keep(gain))
    }

    fn chain(&self, nodes: &[&AudioNode]) -> Result<(), Error> {
        for pair in nodes.windows(2) {
            pair[0].connect_with_audio_node(pair[1]).map_err(refused)?;
        }
        Ok(())
    }

    /// Lets a player's envelope lower a gain by `depth` at its full height.
    fn follow(
        &mut self,
        player: &AudioWorkletNode,
        gain: &GainNode,
        depth: f32,
    ) -> Result<(), Error> {
        let by = self.gain(depth)?;
        player
            .connect_with_audio_node_and_output(&by, 1)
            .map_err(refused)?;
        by.connect_with_audio_param(&gain.gain()).map_err(refused)
    }

    fn worklet(&mut self, name: &str, outputs: u32) -> Result<AudioWorkletNode, Error> {
        let options = AudioWorkletNodeOptions::new();
        options.set_number_of_inputs(u32::from(outputs == 0));
        options.set_number_of_outputs(outputs);
        if outputs == 0 {
            // The browser mixes down to mono, so the worklet need not.
            options.set_channel_count(1);
            options.set_channel_count_mode(ChannelCountMode::Explicit);
        } else {
            let mono: Array = (0..outputs).map(|_| JsValue::from(1)).collect();
            // Only fails on frozen objects, and this one is new.
            let _ = Reflect::set(&options, &"outputChannelCount".into(), &mono);
        }
        AudioWorkletNode::new_with_options(self.context, name, &options)
            .map(|node| self.keep(node))
            .map_err(refused)
    }

    /// A limiter without delay: transparent below −3 dBFS, bent above it,
    /// never beyond full scale. A DynamicsCompressor would add 6 ms of
    /// look-ahead and a make-up gain that cannot be switched off.
    fn limiter(&mut self) -> Result<(GainNode, WaveShaperNode), Error> {
        // The curve covers inputs up to ±RANGE; the gain before it scales them.
        let before = self.gain(1.0 / LIMITER_RANGE)?;
        let shaper = self.context.create_wave_shaper().map_err(refused)?;
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

impl Mixer {
    /// Builds the graph. Nothing is audible through it before
    /// [`Self::set_gain`].
    pub fn new(
        context: &AudioContext,
        tracks: &PerSpeaker<MediaStreamTrack>,
        noise: Noise,
        seed: u64,
    ) -> Result<Self, Error> {
        let mut build = Builder {
            context,
            nodes: Vec::new(),
        };
        let result = Self::build(&mut build, tracks, noise, seed);
        if result.is_err() {
            for node in &build.nodes {
                let _ = node.disconnect();
            }
        }
        result
    }

    fn build(
        build: &mut Builder<'_>,
        tracks: &PerSpeaker<MediaStreamTrack>,
        noise: Noise,
        seed: u64,
    ) -> Result<Self, Error> {
        let context = build.context;
        let agent = Parts::new(build, &tracks.agent)?;
        let customer = Parts::new(build, &tracks.customer)?;
        let parts = PerSpeaker { agent, customer };
        let noise = noise_source(build, noise, seed)?;
        let mut gains = Vec::with_capacity(ROUTES.len());
        for Route {
            sound, listener, ..
        } in ROUTES
        {
            let gain = build.gain(0.0)?;
            let bus = &parts[listener].bus;
            match sound {
                Sound::Original(speaker) => {
                    let from = &parts[speaker];
                    build.chain(&[&from.side.mute, &gain, &from.duck, bus])?;
                }
                Sound::Translation(speaker) => {
                    build.chain(&[&parts[speaker].player, &gain, bus])?;
                }
                Sound::ComfortNoise => {
                    let quiet = build.gain(1.0)?;
                    build.follow(&parts[listener.other()].player, &quiet, QUIET_DEPTH)?;
                    build.chain(&[&gain, &quiet, bus])?;
                    if let Some(noise) = &noise {
                        build.chain(&[noise, &gain])?;
                    }
                }
            }
            gains.push(gain);
        }
        // To the customer there is a second way, past the mix.
        let mix = build.gain(1.0)?;
        let microphone = build.gain(0.0)?;
        let to_customer = &parts.agent.side.output;
        build.chain(&[&parts.customer.limited, &mix, to_customer])?;
        build.chain(&[&parts.agent.side.mute, &microphone, to_customer])?;
        build.chain(&[&parts.agent.limited, &parts.customer.side.output])?;
        if let Some(noise) = &noise {
            noise.start().map_err(refused)?;
        }
        let PerSpeaker { agent, customer } = parts;
        Ok(Self {
            context: context.clone(),
            nodes: std::mem::take(&mut build.nodes),
            worklets: vec![agent.tap, agent.player, customer.tap, customer.player],
            sides: PerSpeaker {
                agent: agent.side,
                customer: customer.side,
            },
            gains,
            mix,
            microphone,
            noise,
        })
    }

    /// Gives the worklets their ports to the worker: the agent's tap and
    /// player, then the customer's.
    pub fn connect(&self, ports: &[MessagePort; 4]) -> Result<(), Error> {
        for (worklet, port) in self.worklets.iter().zip(ports) {
            let control = worklet.port().map_err(refused)?;
            control
                .post_message_with_transferable(port, &Array::of1(port))
                .map_err(refused)?;
        }
        Ok(())
    }

    /// What the other one hears of this speaker.
    pub fn speech(&self, speaker: Speaker) -> Option<MediaStreamTrack> {
        let tracks = self.sides[speaker].output.stream().get_audio_tracks();
        tracks.get(0).dyn_into().ok()
    }

    /// Another track in place of a speaker's, or silence. What comes after the
    /// input does not notice.
    pub fn replace(&self, speaker: Speaker, track: Option<&MediaStreamTrack>) -> Result<(), Error> {
        self.sides[speaker].replace(&self.context, track)
    }

    /// Sets a route (an index into [`ROUTES`]).
    pub fn set_gain(&self, route: usize, value: f32) {
        if let Some(gain) = self.gains.get(route) {
            self.ramp(&gain.gain(), value);
        }
    }

    /// Silences a speaker's own voice; the tap goes on hearing it.
    pub fn mute(&self, speaker: Speaker, muted: bool) {
        let value = if muted { 0.0 } else { 1.0 };
        self.ramp(&self.sides[speaker].mute.gain(), value);
    }

    /// Chooses what goes to the customer.
    pub fn send(&self, what: Send) {
        let (mix, microphone) = match what {
            Send::Mix => (1.0, 0.0),
            Send::Microphone => (0.0, 1.0),
            Send::Silence => (0.0, 0.0),
        };
        self.ramp(&self.mix.gain(), mix);
        self.ramp(&self.microphone.gain(), microphone);
    }

    /// RMS of the last 43 ms (at 48 kHz) of a track that comes in, in dBFS.
    pub fn level(&self, speaker: Speaker) -> f32 {
        let mut samples = [0.0; 2048];
        let meter = &self.sides[speaker].meter;
        meter.get_float_time_domain_data(&mut samples);
        let power = samples.iter().map(|s| s * s).sum::<f32>() / 2048.0;
        (10.0 * power.max(1e-10).log10()).max(-100.0)
    }

    /// The frame that is being rendered now.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a frame count: not negative and far below 2^53"
    )]
    pub fn frame(&self) -> u64 {
        (self.context.current_time() * f64::from(self.context.sample_rate())).round() as u64
    }

    fn ramp(&self, param: &AudioParam, value: f32) {
        ramp(&self.context, param, value, RAMP_TIME_CONSTANT);
    }
}

impl Drop for Mixer {
    fn drop(&mut self) {
        for worklet in &self.worklets {
            // Tells the worklet that it may go.
            if let Ok(port) = worklet.port() {
                let _ = port.post_message(&JsValue::NULL);
                port.close();
            }
        }
        if let Some(noise) = &self.noise {
            let _ = AudioScheduledSourceNode::stop(noise);
        }
        for node in &self.nodes {
            let _ = node.disconnect();
        }
        for speaker in Speaker::BOTH {
            // Our own tracks, not the host's.
            if let Some(track) = self.speech(speaker) {
                track.stop();
            }
            let Side { pump, source, .. } = &self.sides[speaker];
            source.take();
            let _ = pump.pause();
            pump.set_src_object(None);
        }
    }
}

/// One side's nodes while the graph is being built.
struct Parts {
    side: Side,
    tap: AudioWorkletNode,
    player: AudioWorkletNode,
    duck: GainNode,
    /// The beginning and the end of what this side hears.
    bus: GainNode,
    limited: WaveShaperNode,
}

impl Parts {
    fn new(build: &mut Builder<'_>, track: &MediaStreamTrack) -> Result<Self, Error> {
        let context = build.context;
        let pump = HtmlAudioElement::new().map_err(refused)?;
        pump.set_muted(true);
        let input = build.gain(1.0)?;
        let meter = context.create_analyser().map_err(refused)?;
        let meter = build.keep(meter);
        let tap = build.worklet("connect-interpreter-tap", 0)?;
        let player = build.worklet("connect-interpreter-player", 2)?;
        let mute = build.gain(1.0)?;
        let duck = build.gain(1.0)?;
        let output = context.create_media_stream_destination().map_err(refused)?;
        output.set_channel_count(1);
        let output = build.keep(output);
        let (bus, limited) = build.limiter()?;

        build.chain(&[&input, &tap])?;
        build.chain(&[&input, &meter])?;
        build.chain(&[&input, &mute])?;
        build.follow(&player, &duck, DUCK_DEPTH)?;
        let side = Side {
            pump,
            input,
            source: RefCell::default(),
            fading: RefCell::default(),
            meter,
            mute,
            output,
        };
        side.replace(context, Some(track))?;
        Ok(Self {
            side,
            tap,
            player,
            duck,
            bus,
            limited,
        })
    }
}

fn noise_source(
    build: &mut Builder<'_>,
    noise: Noise,
    seed: u64,
) -> Result<Option<AudioBufferSourceNode>, Error> {
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
            let buffer = context.create_buffer(1, length, rate).map_err(refused)?;
            buffer.copy_to_channel(&samples, 0).map_err(refused)?;
            buffer
        }
    };
    let source = context.create_buffer_source().map_err(refused)?;
    source.set_buffer(Some(&buffer));
    source.set_loop(true);
    Ok(Some(build.keep(source)))
}

/// `{ agent, customer }` of a number each.
pub fn per_speaker_object(value: impl Fn(Speaker) -> f32) -> Object {
    let object = Object::new();
    for speaker in Speaker::BOTH {
        let number = JsValue::from_f64(f64::from(value(speaker)));
        // Only fails on frozen objects, and this one is new.
        let _ = Reflect::set(&object, &speaker.name().into(), &number);
    }
    object
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
