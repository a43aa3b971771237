//! What the agent hears: an element of ours plays the mix, beside the
//! softphone's own, which plays the customer and is muted meanwhile.

use crate::web::guard::{FlowGuard, Restored};
use crate::web::js;
use js_sys::{Array, Function};
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{HtmlAudioElement, MediaStream, MediaStreamTrack};

/// The two elements of a session.
pub struct RemoteAudio(Rc<Elements>);

struct Elements {
    theirs: HtmlAudioElement,
    ours: HtmlAudioElement,
    flows: Cell<bool>,
    /// Whether theirs was muted before ours took its place.
    was_muted: Cell<Option<bool>>,
}

impl RemoteAudio {
    pub fn new(theirs: HtmlAudioElement, mix: &MediaStreamTrack) -> Result<Self, JsValue> {
        let ours = HtmlAudioElement::new()?;
        let stream = MediaStream::new_with_tracks(&Array::of1(mix))?;
        ours.set_src_object(Some(&stream));
        let elements = Self(Rc::new(Elements {
            theirs,
            ours,
            flows: Cell::new(false),
            was_muted: Cell::new(None),
        }));
        elements.follow_speaker();
        Ok(elements)
    }

    /// Plays on the loudspeaker on which theirs plays.
    pub fn follow_speaker(&self) {
        let Elements { theirs, ours, .. } = &*self.0;
        let set: Result<Function, _> = js::get(ours, "setSinkId").dyn_into();
        let sink = js::get(theirs, "sinkId");
        if let Ok(set) = set
            && sink != js::get(ours, "sinkId")
            && let Ok(setting) = set.call1(ours, &sink)
        {
            // Refused where the loudspeaker has gone, and then theirs is
            // silent too.
            js::ignore(setting.unchecked_into());
        }
    }
}

impl Elements {
    /// Theirs is heard again.
    fn give_back(&self) {
        if let Some(muted) = self.was_muted.take() {
            self.theirs.set_muted(muted);
        }
        let _ = self.ours.pause();
    }
}

impl FlowGuard for RemoteAudio {
    fn set(&self, flows: bool) {
        if self.0.flows.replace(flows) == flows {
            return;
        }
        if !flows {
            self.0.give_back();
            return;
        }
        let Ok(playing) = self.0.ours.play() else {
            return;
        };
        let elements = Rc::clone(&self.0);
        spawn_local(async move {
            // Theirs is silent only where ours is heard.
            if JsFuture::from(playing).await.is_ok() && elements.flows.get() {
                let muted = elements.theirs.muted();
                elements
                    .was_muted
                    .set(Some(elements.was_muted.get().unwrap_or(muted)));
                elements.theirs.set_muted(true);
            }
        });
    }

    fn restore(&self) -> Restored {
        self.set(false);
        Box::pin(std::future::ready(()))
    }
}

impl Drop for Elements {
    fn drop(&mut self) {
        self.give_back();
        self.ours.set_src_object(None);
    }
}
