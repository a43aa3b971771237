//! A file in place of a microphone.

use crate::error::{Error, ErrorCode, Stage};
use crate::web::js::{self, Deferred, refused};
use crate::web::page::Audio;
use crate::web::{autoplay, fetch};
use gloo_events::EventListener;
use js_sys::{ArrayBuffer, Promise};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AudioBuffer, AudioBufferSourceNode, AudioContext, AudioScheduledSourceNode, Blob,
    MediaStreamAudioDestinationNode, MediaStreamTrack, Response,
};

/// A file that plays into a track.
pub struct FileSource {
    audio: Rc<Audio>,
    buffer: AudioBuffer,
    output: MediaStreamAudioDestinationNode,
    playing: RefCell<Option<Playing>>,
}

struct Playing {
    node: AudioBufferSourceNode,
    over: Deferred,
    _ended: EventListener,
}

impl Drop for Playing {
    fn drop(&mut self) {
        let _ = self.node.disconnect();
        self.over.resolve();
    }
}

impl FileSource {
    pub fn new(audio: Rc<Audio>, buffer: AudioBuffer) -> Result<Self, Error> {
        let output = audio.context.create_media_stream_destination();
        Ok(Self {
            output: output.map_err(refused)?,
            audio,
            buffer,
            playing: RefCell::new(None),
        })
    }

    pub fn track(&self) -> Option<MediaStreamTrack> {
        self.output
            .stream()
            .get_audio_tracks()
            .get(0)
            .dyn_into()
            .ok()
    }

    /// Plays from the beginning, to its end or to [`Self::stop`].
    pub async fn play(&self) -> Result<(), Error> {
        self.stop();
        autoplay::run(&self.audio.context).await?;
        let node = self.audio.context.create_buffer_source().map_err(refused)?;
        node.set_buffer(Some(&self.buffer));
        node.connect_with_audio_node(&self.output)
            .map_err(refused)?;
        let over = Deferred::new();
        let ended = EventListener::once(&node, "ended", {
            let over = over.clone();
            move |_| over.resolve()
        });
        node.start().map_err(refused)?;
        self.playing.replace(Some(Playing {
            node: node.clone(),
            over: over.clone(),
            _ended: ended,
        }));
        let _ = JsFuture::from(over.promise()).await;
        let mut playing = self.playing.borrow_mut();
        if playing.as_ref().is_some_and(|now| now.node == node) {
            *playing = None;
        }
        Ok(())
    }

    /// Stops playing; `ended` follows.
    pub fn stop(&self) {
        if let Some(playing) = self.playing.borrow().as_ref() {
            let _ = AudioScheduledSourceNode::stop(&playing.node);
        }
    }
}

/// Decodes a Blob or what is at a URL; `field` is the option it came in.
pub async fn decode(
    context: &AudioContext,
    file: &JsValue,
    field: &str,
) -> Result<AudioBuffer, Error> {
    let bytes = bytes(file, field).await?;
    let decoding: Promise = context.decode_audio_data(&bytes).map_err(refused)?;
    let buffer = JsFuture::from(decoding).await.ok();
    buffer
        .and_then(|buffer| buffer.dyn_into().ok())
        .ok_or_else(|| Error::option(field, "audio that this browser can decode"))
}

async fn bytes(file: &JsValue, field: &str) -> Result<ArrayBuffer, Error> {
    let bytes = if let Some(blob) = file.dyn_ref::<Blob>() {
        match Response::new_with_opt_blob(Some(blob)).and_then(|held| held.array_buffer()) {
            Ok(reading) => JsFuture::from(reading).await.ok(),
            Err(_) => None,
        }
        .and_then(|bytes| bytes.dyn_into().ok())
    } else {
        // A string, or a URL object, whose string form is the same.
        let url = file
            .as_string()
            .or_else(|| js::get(file, "href").as_string());
        let url = url.ok_or_else(|| Error::option(field, "a Blob, a URL or a string"))?;
        fetch::download(&url).await
    };
    bytes.ok_or_else(|| {
        let message = format!("{field}: the file could not be loaded");
        Error {
            field: Some(field.to_owned()),
            ..Error::new(ErrorCode::Network, Stage::Audio, message)
        }
    })
}
