//! The exports: what the package's JavaScript calls. Hosts see index.js and
//! types.d.ts, never these.
//!
//! Every export takes `&self` and clones what its future needs: a future that
//! held the object itself would make the next call fail.

use crate::error::Error;
use crate::speaker::Speaker;
use crate::web::call::Call;
use crate::web::file_source::{self, FileSource as File};
use crate::web::options::Prepare;
use crate::web::page::{Assets, Page as PageInner};
use crate::web::softphone::Softphone;
use crate::web::{engine, js, mixer, options, pool};
use js_sys::{Array, Function, Object, Promise};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;
use web_sys::MediaStreamTrack;

/// The page: one per page and `init()`.
#[wasm_bindgen]
pub struct Page(Rc<PageInner>);

#[wasm_bindgen]
impl Page {
    /// `make_worker` gives the Worker; `worker_failure` says why one did not
    /// come up (a plain error or `undefined`).
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(
        module: JsValue,
        make_worker: Function,
        worker_failure: Function,
        tap: String,
        player: String,
    ) -> Self {
        Self(PageInner::new(Assets {
            module,
            make_worker,
            worker_failure,
            tap,
            player,
        }))
    }

    /// Makes worker and context, and what the options ask for.
    pub fn prepare(&self, options: JsValue) -> Promise {
        let page = Rc::clone(&self.0);
        future_to_promise(async move {
            let options = Prepare::read(&options).map_err(js::thrown)?;
            page.prepare(options).await?;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// Starts a session: the promise of a [`Handle`]. `emit` gets
    /// `(type, detail, cause)` of every event.
    pub fn interpret(&self, options: JsValue, emit: Function) -> Promise {
        let page = Rc::clone(&self.0);
        future_to_promise(async move {
            let call = Call::start(page, options, emit).await?;
            Ok(Handle(call).into())
        })
    }

    /// The promise of a [`FileSource`].
    #[wasm_bindgen(js_name = trackFromFile)]
    pub fn track_from_file(&self, file: JsValue) -> Promise {
        let page = Rc::clone(&self.0);
        future_to_promise(async move {
            let audio = page.audio()?;
            let buffer = file_source::decode(&audio.context, &file, "file").await;
            let file = File::new(audio, buffer.map_err(js::thrown)?);
            Ok(FileSource(Rc::new(file.map_err(js::thrown)?)).into())
        })
    }

    /// Watches the calls of `window.connect`. `hooks` are the JavaScript side of
    /// it: `settings`, `otherParty`, `open`, `emit`.
    ///
    /// # Errors
    /// `invalid-option`, `media-unreachable`.
    #[wasm_bindgen(js_name = connectSoftphone)]
    pub fn connect_softphone(
        &self,
        connect: JsValue,
        hooks: JsValue,
        auto_start: bool,
    ) -> Result<SoftphoneHandle, JsValue> {
        Softphone::new(Rc::clone(&self.0), connect, hooks, auto_start)
            .map(SoftphoneHandle)
            .map_err(js::thrown)
    }

    /// Ends everything.
    pub fn dispose(&self) -> Promise {
        let page = Rc::clone(&self.0);
        future_to_promise(async move {
            page.dispose().await?;
            Ok(JsValue::UNDEFINED)
        })
    }
}

/// A softphone's handle.
#[wasm_bindgen]
pub struct SoftphoneHandle(Rc<Softphone>);

#[wasm_bindgen]
impl SoftphoneHandle {
    /// The voice contacts that there are.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn contacts(&self) -> Array {
        self.0.contacts()
    }

    /// Interprets a contact, now or as soon as both talk.
    ///
    /// # Errors
    /// `invalid-option`.
    pub fn interpret(&self, contact_id: &JsValue) -> Result<(), JsValue> {
        let id = contact_id.as_string().unwrap_or_default();
        self.0.interpret(&id).map_err(js::thrown)
    }

    /// Ends its sessions and stops to watch.
    pub fn stop(&self) -> Promise {
        let softphone = Rc::clone(&self.0);
        future_to_promise(async move {
            softphone.stop().await;
            Ok(JsValue::UNDEFINED)
        })
    }
}

/// A session's handle.
#[wasm_bindgen]
pub struct Handle(Rc<Call>);

impl From<Rc<Call>> for Handle {
    fn from(call: Rc<Call>) -> Self {
        Self(call)
    }
}

#[wasm_bindgen]
impl Handle {
    /// What the customer hears.
    #[wasm_bindgen(getter, js_name = agentSpeech)]
    #[must_use]
    pub fn agent_speech(&self) -> MediaStreamTrack {
        self.0.speech(Speaker::Agent)
    }

    /// What the agent hears.
    #[wasm_bindgen(getter, js_name = customerSpeech)]
    #[must_use]
    pub fn customer_speech(&self) -> MediaStreamTrack {
        self.0.speech(Speaker::Customer)
    }

    /// `{ sender?, audio? }`.
    ///
    /// # Errors
    /// `invalid-option`.
    pub fn attach(&self, targets: &JsValue) -> Result<(), JsValue> {
        self.0.attach(targets).map_err(js::thrown)
    }

    /// Another track in place of a speaker's; `null` is silence.
    ///
    /// # Errors
    /// `invalid-option`, `track-ended`.
    #[wasm_bindgen(js_name = replaceTrack)]
    pub fn replace_track(&self, speaker: &JsValue, track: JsValue) -> Result<(), JsValue> {
        let speaker = speaker_of(speaker)?;
        let track = (!track.is_null()).then(|| options::audio_track("track", Some(track)));
        let track = track.transpose().map_err(js::thrown)?;
        self.0.replace_track(speaker, track).map_err(js::thrown)
    }

    /// A route's volume, 0 to 2.
    ///
    /// # Errors
    /// `invalid-option`.
    #[wasm_bindgen(js_name = setVolume)]
    pub fn set_volume(&self, route: &JsValue, value: &JsValue) -> Result<(), JsValue> {
        let route = route.as_string().unwrap_or_default();
        let value = value.as_f64().unwrap_or(f64::NAN);
        self.0.set_volume(&route, value).map_err(js::thrown)
    }

    /// The volume that was set.
    ///
    /// # Errors
    /// `invalid-option`.
    pub fn volume(&self, route: &JsValue) -> Result<f64, JsValue> {
        let volume = self.0.volume(&route.as_string().unwrap_or_default());
        // By way of decimals: 0.3 comes back as 0.3 and not as its nearest f32.
        let volume = volume.map_err(js::thrown)?;
        Ok((f64::from(volume) * 1e6).round() / 1e6)
    }

    /// `{ agent, customer }` in dBFS.
    #[must_use]
    pub fn levels(&self) -> Object {
        mixer::per_speaker_object(|speaker| self.0.level(speaker))
    }

    /// Silences a speaker.
    ///
    /// # Errors
    /// `invalid-option`.
    pub fn mute(&self, speaker: &JsValue, muted: bool) -> Result<(), JsValue> {
        self.0.mute(speaker_of(speaker)?, muted);
        Ok(())
    }

    /// Holds the call.
    pub fn hold(&self, held: bool) {
        self.0.hold(held);
    }

    /// Switches a speaker's interpretation.
    ///
    /// # Errors
    /// `invalid-option`.
    pub fn enable(&self, speaker: &JsValue, enabled: bool) -> Result<(), JsValue> {
        self.0.enable(speaker_of(speaker)?, enabled);
        Ok(())
    }

    /// Changes a speaker's settings.
    ///
    /// # Errors
    /// As `interpret()`.
    pub fn configure(&self, speaker: &JsValue, changes: &JsValue) -> Result<(), JsValue> {
        self.0
            .configure(speaker_of(speaker)?, changes)
            .map_err(js::thrown)
    }

    /// Speaks a text in a speaker's name.
    ///
    /// # Errors
    /// `invalid-option`.
    pub fn say(&self, speaker: &JsValue, text: &JsValue, translate: bool) -> Result<(), JsValue> {
        let speaker = speaker_of(speaker)?;
        let text = text
            .as_string()
            .ok_or_else(|| js::thrown(Error::option("text", "a string")))?;
        self.0.say(speaker, text, translate);
        Ok(())
    }

    /// What goes to the customer. Rejects with `invalid-option`, `network`.
    pub fn send(&self, what: &JsValue, options: &JsValue) -> Promise {
        let what = what.as_string().unwrap_or_default();
        self.0.send(&what, options)
    }

    /// Ends the session.
    pub fn stop(&self) -> Promise {
        let call = Rc::clone(&self.0);
        future_to_promise(async move {
            call.stop().await;
            Ok(JsValue::UNDEFINED)
        })
    }
}

fn speaker_of(name: &JsValue) -> Result<Speaker, JsValue> {
    options::speaker(&name.as_string().unwrap_or_default()).map_err(js::thrown)
}

/// A file that plays into a track.
#[wasm_bindgen]
pub struct FileSource(Rc<File>);

#[wasm_bindgen]
impl FileSource {
    /// The track.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn track(&self) -> Option<MediaStreamTrack> {
        self.0.track()
    }

    /// Plays from the beginning; resolves at the end.
    pub fn play(&self) -> Promise {
        let file = Rc::clone(&self.0);
        future_to_promise(async move {
            file.play().await.map_err(js::thrown)?;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// Stops playing.
    pub fn stop(&self) {
        self.0.stop();
    }
}

/// The engine, in the worker.
#[wasm_bindgen]
pub struct Engine {
    _engine: engine::Engine,
}

#[wasm_bindgen]
impl Engine {
    /// Starts listening to the page.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self {
            _engine: engine::Engine::start(),
        }
    }
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

/// Credentials of an identity pool: the promise of an identity in the AWS
/// SDK's shape, with the `identityId` to give next time. `logins` is an object
/// of tokens or `undefined`.
#[wasm_bindgen(js_name = cognitoCredentials)]
pub fn cognito_credentials(
    options: JsValue,
    logins: JsValue,
    identity_id: Option<String>,
) -> Promise {
    future_to_promise(async move {
        pool::credentials(&options, &logins, identity_id)
            .await
            .map_err(js::thrown)
    })
}
