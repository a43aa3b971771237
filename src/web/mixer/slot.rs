//! Places in the graph where one source follows another without a click.

use super::ramp;
use crate::web::js;
use gloo_events::EventListener;
use js_sys::Array;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    AnalyserNode, AudioContext, AudioNode, AudioScheduledSourceNode, GainNode, HtmlAudioElement,
    MediaStream, MediaStreamAudioDestinationNode, MediaStreamTrack,
};

/// A source that takes another's place comes up while that one goes down.
const CROSSFADE_TIME_CONSTANT: f64 = 0.003;

/// A track's exchange begins only when the new one surely sounds: a browser
/// takes a few blocks until it does, and then it does so with a step.
pub const TRACK_DELAY: f64 = 0.060;

/// A place for one source at a time.
pub struct Slot {
    context: AudioContext,
    to: AudioNode,
    source: RefCell<Option<Source>>,
    /// Sources that fade out, and what tells when the last of them is silent.
    fading: Rc<RefCell<Vec<Source>>>,
    faded: RefCell<Option<EventListener>>,
}

/// A source in its place. Dropping it takes it out and ends it.
struct Source {
    node: AudioNode,
    gate: GainNode,
}

impl Drop for Source {
    fn drop(&mut self) {
        let _ = self.node.disconnect();
        let _ = self.gate.disconnect();
        if let Some(node) = self.node.dyn_ref::<AudioScheduledSourceNode>() {
            let _ = node.stop();
        }
    }
}

impl Slot {
    pub fn new(context: &AudioContext, to: &AudioNode) -> Self {
        Self {
            context: context.clone(),
            to: to.clone(),
            source: RefCell::default(),
            fading: Rc::default(),
            faded: RefCell::default(),
        }
    }

    /// Another source, or none, in place of the present one, after `delay`
    /// seconds.
    pub fn put(&self, node: Option<AudioNode>, delay: f64) -> Result<(), JsValue> {
        let from = self.context.current_time() + delay;
        let source = node.map(|node| self.source(node, from)).transpose()?;
        let Some(old) = self.source.replace(source) else {
            return Ok(());
        };
        let silent = ramp(from, &old.gate.gain(), 0.0, CROSSFADE_TIME_CONSTANT);
        self.fading.borrow_mut().push(old);
        let fading = Rc::downgrade(&self.fading);
        let clock = self.context.create_constant_source()?;
        let faded = EventListener::once(&clock, "ended", move |_| {
            if let Some(fading) = fading.upgrade() {
                fading.take();
            }
        });
        self.faded.replace(Some(faded));
        clock.start()?;
        clock.stop_with_when(silent)
    }

    /// Heard from a time of the context on.
    fn source(&self, node: AudioNode, from: f64) -> Result<Source, JsValue> {
        let gate = self.context.create_gain()?;
        let source = Source { node, gate };
        let Source { node, gate } = &source;
        gate.gain().set_value(0.0);
        node.connect_with_audio_node(gate)?;
        gate.connect_with_audio_node(&self.to)?;
        ramp(from, &gate.gain(), 1.0, CROSSFADE_TIME_CONSTANT);
        Ok(source)
    }
}

/// Whether a track is surely not a remote one: a device has a group, and Web
/// Audio's destination a name of its own. (Chromium 148; a browser that says
/// neither has an element for each.)
fn is_made_here(track: &MediaStreamTrack) -> bool {
    let settings = track.get_settings();
    let text = |key| js::get(&settings, key).as_string().unwrap_or_default();
    !text("groupId").is_empty() || text("deviceId").starts_with("WebAudio-")
}

/// A speaker's end of the graph.
pub struct Side {
    /// Chrome gives silence for a remote track that no element plays. Any other
    /// needs none, and an element that plays costs an output device's thread.
    pump: HtmlAudioElement,
    /// Whatever track it is comes in here.
    slot: Slot,
    pub meter: AnalyserNode,
    pub mute: GainNode,
    /// What the other one hears.
    pub output: MediaStreamAudioDestinationNode,
}

impl Drop for Side {
    fn drop(&mut self) {
        let _ = self.pump.pause();
        self.pump.set_src_object(None);
    }
}

impl Side {
    pub const fn new(
        pump: HtmlAudioElement,
        slot: Slot,
        meter: AnalyserNode,
        mute: GainNode,
        output: MediaStreamAudioDestinationNode,
    ) -> Self {
        Self {
            pump,
            slot,
            meter,
            mute,
            output,
        }
    }

    /// Another track in place of the present one, after `delay` seconds.
    pub fn replace(&self, track: Option<&MediaStreamTrack>, delay: f64) -> Result<(), JsValue> {
        let Some(track) = track else {
            self.pump.set_src_object(None);
            return self.slot.put(None, delay);
        };
        let stream = MediaStream::new_with_tracks(&Array::of1(track))?;
        let node = self.slot.context.create_media_stream_source(&stream);
        self.slot.put(Some(node?.into()), delay)?;
        if is_made_here(track) {
            self.pump.set_src_object(None);
            return Ok(());
        }
        self.pump.set_src_object(Some(&stream));
        js::ignore(self.pump.play()?);
        Ok(())
    }
}
