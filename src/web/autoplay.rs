//! Whether the AudioContext may run, decided from states and events: under an
//! autoplay policy `resume()` just stays pending, so waiting for it proves
//! nothing and a clock would only guess.

use crate::error::{Error, ErrorCode, Stage};
use crate::web::js::{self, Deferred};
use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{AudioContext, AudioContextState, HtmlAudioElement};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = navigator)]
    #[wasm_bindgen(thread_local_v2)]
    static NAVIGATOR: JsValue;
}

/// Makes the context run.
///
/// - Firefox tells its policy (`navigator.getAutoplayPolicy`).
/// - Elsewhere an audible `<audio>` element is asked to play a stream of this
///   context: it is under the same policy and, unlike `resume()`, says no at
///   once (`NotAllowedError`). Whichever is settled first decides.
pub async fn run(context: &AudioContext) -> Result<(), Error> {
    if context.state() == AudioContextState::Running {
        return Ok(());
    }
    let resumed = context.resume().map_err(|_| suspended())?;
    if policy(context).as_deref() == Some("disallowed") {
        js::ignore(resumed);
        return Err(suspended());
    }
    let denied = Deferred::new();
    let probe = Probe::new(context, &denied)?;
    let outcome = js::race([&resumed, &denied.promise()]).await;
    drop(probe);
    match outcome {
        Ok(_) if context.state() == AudioContextState::Running => Ok(()),
        _ => Err(suspended()),
    }
}

/// The error of a context that may not run.
pub fn suspended() -> Error {
    Error::new(
        ErrorCode::AudioSuspended,
        Stage::Audio,
        "the browser does not let this page play audio yet: start from a click",
    )
}

fn policy(context: &AudioContext) -> Option<String> {
    let navigator = NAVIGATOR.with(JsValue::clone);
    let ask: Function = js::get_some(&navigator, "getAutoplayPolicy")?
        .dyn_into()
        .ok()?;
    ask.call1(&navigator, context).ok()?.as_string()
}

/// An audible element that asks whether it may play.
struct Probe(HtmlAudioElement);

impl Probe {
    /// Rejects `denied` if it may not.
    fn new(context: &AudioContext, denied: &Deferred) -> Result<Self, Error> {
        let output = context
            .create_media_stream_destination()
            .map_err(js::refused)?;
        let element = HtmlAudioElement::new().map_err(js::refused)?;
        element.set_src_object(Some(&output.stream()));
        let played: Promise = element.play().map_err(js::refused)?;
        let denied = denied.clone();
        spawn_local(async move {
            if let Err(error) = JsFuture::from(played).await
                && js::get(&error, "name").as_string().as_deref() == Some("NotAllowedError")
            {
                denied.reject(&error);
            }
        });
        Ok(Self(element))
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        let _ = self.0.pause();
        self.0.set_src_object(None);
    }
}
