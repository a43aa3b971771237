//! The host's options: what is JavaScript's (tracks, callbacks) apart from
//! what is data.

use crate::config::{Endpoints, SessionOptions, SpeakerOptions};
use crate::error::{Error, ErrorCode, Stage};
use crate::speaker::{PerSpeaker, Speaker};
use crate::web::js;
use crate::web::provider::Provider;
use crate::web::routes::Volumes;
use js_sys::{Object, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{AbortSignal, MediaStreamTrack, MediaStreamTrackState};

/// What fills the silence.
pub enum ComfortNoise {
    /// Our own noise.
    Generated,
    /// Nothing.
    Off,
    /// A recording: a URL or a Blob.
    Clip(JsValue),
}

/// The options of `interpret()`, checked as far as the page can.
pub struct Options {
    pub session: SessionOptions,
    /// The same as JSON, for the worker.
    pub json: String,
    pub tracks: PerSpeaker<MediaStreamTrack>,
    pub credentials: Provider,
    pub volumes: Volumes,
    pub noise: ComfortNoise,
    pub signal: Option<AbortSignal>,
}

impl Options {
    pub fn read(options: &JsValue) -> Result<Self, Error> {
        let data = copy(options).ok_or_else(|| Error::option("options", "an object"))?;
        let signal = match take(&data, "signal") {
            None => None,
            Some(signal) => Some(
                signal
                    .dyn_into::<AbortSignal>()
                    .map_err(|_| Error::option("signal", "an AbortSignal"))?,
            ),
        };
        let credentials = Provider::new(&take(&data, "credentials").unwrap_or_default())?;
        let noise = noise(take(&data, "comfortNoise"))?;
        let mut volumes = Volumes::new(matches!(noise, ComfortNoise::Clip(_)));
        if let Some(wanted) = take(&data, "volumes") {
            set_volumes(&mut volumes, &wanted)?;
        }
        let tracks = PerSpeaker {
            agent: track(&data, Speaker::Agent)?,
            customer: track(&data, Speaker::Customer)?,
        };
        let json = js::json(&data, "")?;
        Ok(Self {
            session: SessionOptions::from_json(&json)?,
            json,
            tracks,
            credentials,
            volumes,
            noise,
            signal,
        })
    }
}

/// What `prepare()` is to get ready.
#[derive(Default)]
pub struct Prepare {
    /// Whom to ask for credentials.
    pub credentials: Option<Provider>,
    /// Where to connect to.
    pub hosts: Vec<String>,
}

impl Prepare {
    /// Reads the options: `credentials`, `region` and `endpoints` as those of a
    /// session, all optional.
    pub fn read(options: &JsValue) -> Result<Self, Error> {
        if options.is_undefined() {
            return Ok(Self::default());
        }
        let data = copy(options).ok_or_else(|| Error::option("options", "an object"))?;
        let credentials = take(&data, "credentials");
        let endpoints = SessionOptions::endpoints_from_json(&js::json(&data, "options")?)?;
        Ok(Self {
            credentials: credentials.as_ref().map(Provider::new).transpose()?,
            hosts: endpoints.map_or_else(
                Vec::new,
                |Endpoints {
                     translate, polly, ..
                 }| { vec![translate.url + "/", polly.url + "/"] },
            ),
        })
    }
}

/// Changes of a speaker's settings as JSON, and the settings with them in
/// place of the old ones. A field that is `undefined` goes back to its default.
pub fn changed(
    speaker: Speaker,
    old: &SpeakerOptions,
    changes: &JsValue,
) -> Result<(String, SpeakerOptions), Error> {
    let changes = copy(changes).ok_or_else(|| Error::option(speaker.name(), "an object"))?;
    for key in Object::keys(&changes) {
        if matches!(Reflect::get(&changes, &key), Ok(value) if value.is_undefined()) {
            // JSON has no `undefined`.
            let _ = Reflect::set(&changes, &key, &JsValue::NULL);
        }
    }
    let json = js::json(&changes, speaker.name())?;
    let new = old.with_changes(&json, speaker.name())?;
    Ok((json, new))
}

/// A speaker by name.
pub fn speaker(name: &str) -> Result<Speaker, Error> {
    Speaker::BOTH
        .into_iter()
        .find(|speaker| speaker.name() == name)
        .ok_or_else(|| Error::option("speaker", "\"agent\" or \"customer\""))
}

fn copy(object: &JsValue) -> Option<Object> {
    let object = object
        .is_object()
        .then(|| object.unchecked_ref::<Object>())?;
    Some(Object::assign(&Object::new(), object))
}

/// Takes a property out of our own copy.
fn take(object: &Object, key: &str) -> Option<JsValue> {
    let value = js::get_some(object, key);
    let _ = Reflect::delete_property(object, &JsValue::from_str(key));
    value
}

fn track(data: &Object, speaker: Speaker) -> Result<MediaStreamTrack, Error> {
    let field = format!("{speaker}.track");
    let side = copy(&js::get(data, speaker.name()))
        .ok_or_else(|| Error::option(speaker.name(), "an object"))?;
    let track = audio_track(&field, take(&side, "track"))?;
    live(speaker, &field, Some(&track))?;
    let _ = Reflect::set(data, &JsValue::from_str(speaker.name()), &side);
    Ok(track)
}

/// The value as an audio track.
pub fn audio_track(field: &str, track: Option<JsValue>) -> Result<MediaStreamTrack, Error> {
    let track = track.and_then(|track| track.dyn_into().ok());
    track
        .filter(|track: &MediaStreamTrack| track.kind() == "audio")
        .ok_or_else(|| Error::option(field, "an audio MediaStreamTrack"))
}

/// Refuses a track that has ended.
pub fn live(speaker: Speaker, field: &str, track: Option<&MediaStreamTrack>) -> Result<(), Error> {
    if track.is_some_and(|track| track.ready_state() == MediaStreamTrackState::Ended) {
        let message = format!("{field}: expected a live track, this one has ended");
        let error = Error::new(ErrorCode::TrackEnded, Stage::Options, message);
        return Err(Error {
            field: Some(field.to_owned()),
            ..error.of(speaker)
        });
    }
    Ok(())
}

fn noise(option: Option<JsValue>) -> Result<ComfortNoise, Error> {
    let Some(option) = option else {
        return Ok(ComfortNoise::Generated);
    };
    match option.as_string().as_deref() {
        Some("generated") => return Ok(ComfortNoise::Generated),
        Some("off") => return Ok(ComfortNoise::Off),
        _ => {}
    }
    js::get_some(&option, "clip")
        .map(ComfortNoise::Clip)
        .ok_or_else(|| {
            Error::option(
                "comfortNoise",
                "\"generated\", \"off\" or { clip: Blob | URL | string }",
            )
        })
}

fn set_volumes(volumes: &mut Volumes, wanted: &JsValue) -> Result<(), Error> {
    let wanted = copy(wanted).ok_or_else(|| Error::option("volumes", "an object"))?;
    for key in Object::keys(&wanted) {
        let value = js::get(&wanted, &key.as_string().unwrap_or_default());
        if value.is_undefined() {
            continue;
        }
        let name = key.as_string().unwrap_or_default();
        volumes.set("volumes.", &name, value.as_f64().unwrap_or(f64::NAN))?;
    }
    Ok(())
}
