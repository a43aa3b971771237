//! What comes in: one speaker's track, which another may take the place of.

use super::ramp;
use crate::error::Error;
use crate::web::js::{self, refused};
use gloo_events::EventListener;
use js_sys::Array;
use std::cell::RefCell;
use std::rc::Rc;
use web_sys::{
    AnalyserNode, AudioContext, AudioNode, GainNode, HtmlAudioElement, MediaStream,
    MediaStreamAudioDestinationNode, MediaStreamAudioSourceNode, MediaStreamTrack,
};

/// A track that takes another's place comes up while that one goes down,
const CROSSFADE_TIME_CONSTANT: f64 = 0.003;
/// and both begin only when the new one surely sounds: a browser takes a few
/// blocks until it does, and then it does so with a step.
pub const CROSSFADE_DELAY: f64 = 0.060;

/// A speaker's end of the graph.
pub struct Side {
    /// Chrome gives silence for a remote track that no element plays.
    pump: HtmlAudioElement,
    /// Whatever track it is comes in here.
    input: GainNode,
    source: RefCell<Option<Source>>,
    /// Sources that fade out, and what tells when the last of them is silent.
    fading: Rc<RefCell<Vec<Source>>>,
    faded: RefCell<Option<EventListener>>,
    pub meter: AnalyserNode,
    pub mute: GainNode,
    /// What the other one hears.
    pub output: MediaStreamAudioDestinationNode,
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
    /// Heard from a time of the context on.
    fn new(
        context: &AudioContext,
        stream: &MediaStream,
        to: &AudioNode,
        from: f64,
    ) -> Result<Self, Error> {
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
        ramp(from, &gate.gain(), 1.0, CROSSFADE_TIME_CONSTANT);
        Ok(source)
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        let _ = self.pump.pause();
        self.pump.set_src_object(None);
    }
}

impl Side {
    pub fn new(
        pump: HtmlAudioElement,
        input: GainNode,
        meter: AnalyserNode,
        mute: GainNode,
        output: MediaStreamAudioDestinationNode,
    ) -> Self {
        Self {
            pump,
            input,
            source: RefCell::default(),
            fading: Rc::default(),
            faded: RefCell::default(),
            meter,
            mute,
            output,
        }
    }

    /// Another track in place of the present one. The exchange begins after
    /// `delay` seconds.
    pub fn replace(
        &self,
        context: &AudioContext,
        track: Option<&MediaStreamTrack>,
        delay: f64,
    ) -> Result<(), Error> {
        let from = context.current_time() + delay;
        let stream = track
            .map(|track| MediaStream::new_with_tracks(&Array::of1(track)).map_err(refused))
            .transpose()?;
        let source = stream
            .as_ref()
            .map(|stream| Source::new(context, stream, &self.input, from))
            .transpose()?;
        self.pump.set_src_object(stream.as_ref());
        if stream.is_some() {
            js::ignore(self.pump.play().map_err(refused)?);
        }
        let Some(old) = self.source.replace(source) else {
            return Ok(());
        };
        let silent = ramp(from, &old.gate.gain(), 0.0, CROSSFADE_TIME_CONSTANT);
        self.fading.borrow_mut().push(old);
        let fading = Rc::downgrade(&self.fading);
        let clock = context.create_constant_source().map_err(refused)?;
        let faded = EventListener::once(&clock, "ended", move |_| {
            if let Some(fading) = fading.upgrade() {
                fading.take();
            }
        });
        self.faded.replace(Some(faded));
        clock.start().map_err(refused)?;
        clock.stop_with_when(silent).map_err(refused)
    }
}
