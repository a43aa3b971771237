//! The audio graph of a session. Originals go through it and never through the
//! worker; what must not wait for the main thread (ducking, comfort noise) is
//! moved by the players' envelopes alone.
//!
//! For a speaker `s` and the listener `l`, the other one:
//! ```text
//! track s ─► input s ─► tap s, meter s
//!                   └► mute s ─► original s→l ─► bus l ─► limiter l ─► track out
//! player s ─► translation s→l ─► bus l
//!          └► translation s→s ─► bus s
//! noise ─► comfort noise l ─► bus l
//! ```
//! original s→l is its volume × (1 − 0.75 × envelope s), comfort noise l its
//! volume × (1 − envelope s).

mod build;
mod slot;

use crate::speaker::{PerSpeaker, Speaker};
use crate::web::js::{self, Deferred};
use crate::web::routes::{ROUTES, Route, Sound};
pub use build::Noise;
use build::{Builder, noise_source};
use gloo_events::EventListener;
use js_sys::{Array, Object, Reflect};
use slot::{Side, Slot, TRACK_DELAY};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    AudioBuffer, AudioBufferSourceNode, AudioContext, AudioContextState, AudioNode, AudioParam,
    AudioScheduledSourceNode, AudioWorkletNode, GainNode, HtmlAudioElement, MediaStreamTrack,
    MessageEvent, MessagePort, WaveShaperNode,
};

/// An original under its translation is lowered by 12 dB more.
const DUCK_DEPTH: f32 = -0.75;
/// Comfort noise under speech is off.
const QUIET_DEPTH: f32 = -1.0;
/// Three time constants are the 30 ms in which a volume changes.
const RAMP_TIME_CONSTANT: f64 = 0.010;
/// A mute is at exactly nothing after 45 ms, as is the noise.
const MUTE_TIME_CONSTANT: f64 = 0.005;

/// What goes to the customer.
pub enum Send {
    Mix,
    Microphone,
    /// A recording, again and again or once.
    Clip {
        buffer: AudioBuffer,
        looped: bool,
    },
    Silence,
}

/// The graph. Dropping it takes it apart.
pub struct Mixer {
    context: AudioContext,
    /// Everything, to be disconnected at the end.
    nodes: Vec<AudioNode>,
    /// The agent's tap and player, then the customer's.
    worklets: [AudioWorkletNode; 4],
    sides: PerSpeaker<Side>,
    /// In the order of [`ROUTES`].
    volumes: Vec<Volume>,
    /// To the customer: the mix, and the microphone or a clip past it.
    mix: GainNode,
    microphone: GainNode,
    clip: Slot,
    noise: Option<AudioBufferSourceNode>,
}

/// So many time constants after its beginning a ramp is at its end.
const RAMP_LENGTH: f64 = 9.0;

/// Gives when it is done.
fn ramp(from: f64, param: &AudioParam, value: f32, time_constant: f64) -> f64 {
    // An exponential approach starts from wherever the value is then, so
    // that changing a volume again and again makes no step. It ends at
    // the value itself, so that silence is silence.
    let to = from + RAMP_LENGTH * time_constant;
    let _ = param.cancel_scheduled_values(from);
    let _ = param.set_target_at_time(value, from, time_constant);
    let _ = param.set_value_at_time(value, to);
    to
}

impl Mixer {
    /// Builds the graph. Nothing is audible through it before
    /// [`Self::set_gain`]. `batches`: how many frames a tap hands over at once.
    pub fn new(
        context: &AudioContext,
        tracks: &PerSpeaker<MediaStreamTrack>,
        batches: &PerSpeaker<u32>,
        noise: Noise,
        seed: u64,
    ) -> Result<Self, JsValue> {
        let mut build = Builder {
            context,
            nodes: Vec::new(),
        };
        let result = Self::build(&mut build, tracks, batches, noise, seed);
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
        batches: &PerSpeaker<u32>,
        noise: Noise,
        seed: u64,
    ) -> Result<Self, JsValue> {
        let context = build.context;
        let agent = Parts::new(build, &tracks.agent, batches.agent)?;
        let customer = Parts::new(build, &tracks.customer, batches.customer)?;
        let parts = PerSpeaker { agent, customer };
        let noise = noise_source(build, noise, seed)?;
        let mut volumes = Vec::with_capacity(ROUTES.len());
        for Route {
            sound, listener, ..
        } in ROUTES
        {
            let gain = build.gain(0.0)?;
            let bus = &parts[listener].bus;
            build.chain(&[&gain, bus])?;
            let ducking = match sound {
                Sound::Original(speaker) => {
                    let from = &parts[speaker];
                    build.chain(&[&from.side.mute, &gain])?;
                    Some((&from.player, DUCK_DEPTH))
                }
                Sound::Translation(speaker) => {
                    build.chain(&[&parts[speaker].player, &gain])?;
                    None
                }
                Sound::ComfortNoise => {
                    if let Some(noise) = &noise {
                        build.chain(&[noise, &gain])?;
                    }
                    Some((&parts[listener.other()].player, QUIET_DEPTH))
                }
            };
            let ducking = match ducking {
                Some((player, depth)) => Some((build.follow(player, &gain)?, depth)),
                None => None,
            };
            volumes.push(Volume { gain, ducking });
        }
        // To the customer there are other ways, past the mix.
        let mix = build.gain(1.0)?;
        let microphone = build.gain(0.0)?;
        let to_customer = &parts.agent.side.output;
        let clip = Slot::new(context, to_customer);
        build.chain(&[&parts.customer.limited, &mix, to_customer])?;
        build.chain(&[&parts.agent.side.mute, &microphone, to_customer])?;
        build.chain(&[&parts.agent.limited, &parts.customer.side.output])?;
        if let Some(noise) = &noise {
            noise.start()?;
        }
        let PerSpeaker { agent, customer } = parts;
        Ok(Self {
            context: context.clone(),
            nodes: std::mem::take(&mut build.nodes),
            worklets: [agent.tap, agent.player, customer.tap, customer.player],
            sides: PerSpeaker {
                agent: agent.side,
                customer: customer.side,
            },
            volumes,
            mix,
            microphone,
            clip,
            noise,
        })
    }

    /// Gives the worklets their ports to the worker: the agent's tap and
    /// player, then the customer's.
    pub fn connect(&self, ports: &[MessagePort; 4]) -> Result<(), JsValue> {
        for (worklet, port) in self.worklets.iter().zip(ports) {
            let control = worklet.port()?;
            control.post_message_with_transferable(port, &Array::of1(port))?;
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
    pub fn replace(
        &self,
        speaker: Speaker,
        track: Option<&MediaStreamTrack>,
    ) -> Result<(), JsValue> {
        self.sides[speaker].replace(track, TRACK_DELAY)
    }

    /// Sets a route (an index into [`ROUTES`]).
    pub fn set_gain(&self, route: usize, value: f32) {
        if let Some(Volume { gain, ducking }) = self.volumes.get(route) {
            let noise = ROUTES[route].sound == Sound::ComfortNoise;
            let time_constant = if noise {
                MUTE_TIME_CONSTANT
            } else {
                RAMP_TIME_CONSTANT
            };
            let now = self.context.current_time();
            ramp(now, &gain.gain(), value, time_constant);
            if let Some((by, depth)) = ducking {
                ramp(now, &by.gain(), value * depth, time_constant);
            }
        }
    }

    /// Silences a speaker's own voice; the tap goes on hearing it.
    pub fn mute(&self, speaker: Speaker, muted: bool) {
        let value = if muted { 0.0 } else { 1.0 };
        self.ramp(&self.sides[speaker].mute.gain(), value, MUTE_TIME_CONSTANT);
    }

    /// Stops what is being spoken of this speaker. The player is deaf to the
    /// engine until it hears the same number from there.
    pub fn stop_player(&self, speaker: Speaker, number: u64) {
        if let Some(port) = self.player_port(speaker) {
            let _ = port.post_message(&js::number(number));
        }
    }

    /// A player's own port, by which it tells when it no longer hears the engine:
    /// a number.
    pub fn player_port(&self, speaker: Speaker) -> Option<MessagePort> {
        let [_, agent, _, customer] = &self.worklets;
        let player = match speaker {
            Speaker::Agent => agent,
            Speaker::Customer => customer,
        };
        player.port().ok()
    }

    /// Chooses what goes to the customer.
    pub fn send(&self, what: &Send) -> Result<(), JsValue> {
        let (mix, microphone) = match what {
            Send::Mix => (1.0, 0.0),
            Send::Microphone => (0.0, 1.0),
            Send::Clip { .. } | Send::Silence => (0.0, 0.0),
        };
        let mut clip = None;
        if let Send::Clip { buffer, looped } = what {
            let node = self.context.create_buffer_source()?;
            node.set_buffer(Some(buffer));
            node.set_loop(*looped);
            node.start()?;
            clip = Some(node.into());
        }
        self.clip.put(clip, 0.0)?;
        self.ramp(&self.mix.gain(), mix, RAMP_TIME_CONSTANT);
        self.ramp(&self.microphone.gain(), microphone, RAMP_TIME_CONSTANT);
        Ok(())
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

    fn ramp(&self, param: &AudioParam, value: f32, time_constant: f64) {
        ramp(self.context.current_time(), param, value, time_constant);
    }
}

impl Drop for Mixer {
    fn drop(&mut self) {
        if let Some(noise) = &self.noise {
            let _ = AudioScheduledSourceNode::stop(noise);
        }
        for speaker in Speaker::BOTH {
            // Our own tracks, not the host's.
            if let Some(track) = self.speech(speaker) {
                track.stop();
            }
        }
        let nodes = std::mem::take(&mut self.nodes);
        let left = self
            .worklets
            .each_ref()
            .map(|worklet| Leaving::new(worklet, &self.context));
        spawn_local(async move {
            for worklet in left.into_iter().flatten() {
                worklet.left().await;
            }
            for node in &nodes {
                let _ = node.disconnect();
            }
        });
    }
}

/// A worklet that has been told to go. Chrome keeps one for ever that is
/// disconnected before it has rendered its last.
struct Leaving {
    port: MessagePort,
    left: Deferred,
    _listeners: [EventListener; 2],
}

impl Leaving {
    fn new(worklet: &AudioWorkletNode, context: &AudioContext) -> Option<Self> {
        let port = worklet.port().ok()?;
        let left = Deferred::new();
        let gone = EventListener::new(&port, "message", {
            let left = left.clone();
            move |event| {
                let data = event.unchecked_ref::<MessageEvent>().data();
                if data.is_null() {
                    left.resolve();
                }
            }
        });
        port.start();
        let _ = port.post_message(&JsValue::NULL);
        // With the context everything goes.
        let closed = EventListener::new(context, "statechange", {
            let (left, context) = (left.clone(), context.clone());
            move |_| {
                if context.state() == AudioContextState::Closed {
                    left.resolve();
                }
            }
        });
        Some(Self {
            port,
            left,
            _listeners: [gone, closed],
        })
    }

    async fn left(self) {
        let _ = JsFuture::from(self.left.promise()).await;
        self.port.close();
    }
}

/// A route's volume, and what an envelope at its full height takes off it, in
/// parts of the volume: both ramp alike, so that their ratio never changes.
struct Volume {
    gain: GainNode,
    ducking: Option<(GainNode, f32)>,
}

/// One side's nodes while the graph is being built.
struct Parts {
    side: Side,
    tap: AudioWorkletNode,
    player: AudioWorkletNode,
    /// The beginning and the end of what this side hears.
    bus: GainNode,
    limited: WaveShaperNode,
}

impl Parts {
    fn new(build: &mut Builder<'_>, track: &MediaStreamTrack, batch: u32) -> Result<Self, JsValue> {
        let context = build.context;
        let pump = HtmlAudioElement::new()?;
        pump.set_muted(true);
        let input = build.gain(1.0)?;
        let meter = context.create_analyser()?;
        let meter = build.keep(meter);
        let tap = build.tap(batch)?;
        let player = build.player()?;
        let mute = build.gain(1.0)?;
        let output = context.create_media_stream_destination()?;
        output.set_channel_count(1);
        let output = build.keep(output);
        let (bus, limited) = build.limiter()?;

        build.chain(&[&input, &tap])?;
        build.chain(&[&input, &meter])?;
        build.chain(&[&input, &mute])?;
        let side = Side::new(pump, Slot::new(context, &input), meter, mute, output);
        side.replace(Some(track), 0.0)?;
        Ok(Self {
            side,
            tap,
            player,
            bus,
            limited,
        })
    }
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
