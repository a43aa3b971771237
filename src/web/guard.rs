//! Fail open: our track stands where the host wants it only while audio flows.

use crate::web::js;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlAudioElement, MediaStream, MediaStreamTrack, RtcRtpSender};

/// What stands at a sender or in an element.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Our mix.
    Ours,
    /// What was there before, or the raw track if nothing was.
    Raw,
    /// Exactly what was there before.
    Before,
}

/// A sender whose track is ours while audio flows.
#[derive(Clone)]
pub struct SenderGuard(Rc<Sender>);

struct Sender {
    sender: RtcRtpSender,
    ours: MediaStreamTrack,
    raw: MediaStreamTrack,
    before: Option<MediaStreamTrack>,
    /// What we put there last, to see whether somebody else came between.
    placed: RefCell<Option<MediaStreamTrack>>,
    wanted: Cell<Standing>,
    standing: Cell<Standing>,
    busy: RefCell<Option<js::Deferred>>,
}

impl SenderGuard {
    pub fn new(sender: RtcRtpSender, ours: MediaStreamTrack, raw: MediaStreamTrack) -> Self {
        let before = sender.track();
        Self(Rc::new(Sender {
            placed: RefCell::new(before.clone()),
            sender,
            ours,
            raw,
            before,
            wanted: Cell::new(Standing::Before),
            standing: Cell::new(Standing::Before),
            busy: RefCell::new(None),
        }))
    }

    /// Audio flows, or no longer does.
    pub fn set(&self, flows: bool) {
        self.want(if flows { Standing::Ours } else { Standing::Raw });
    }

    /// Puts back what was there and waits until it is.
    pub async fn restore(&self) {
        self.want(Standing::Before);
        let settled = self.0.busy.borrow().as_ref().map(js::Deferred::promise);
        if let Some(settled) = settled {
            let _ = JsFuture::from(settled).await;
        }
    }

    /// `replaceTrack` is asynchronous: one at a time, and the last wish wins.
    fn want(&self, wanted: Standing) {
        self.0.wanted.set(wanted);
        if self.0.busy.borrow().is_some() || self.0.standing.get() == wanted {
            return;
        }
        let settled = js::Deferred::new();
        self.0.busy.replace(Some(settled.clone()));
        let guard = Rc::clone(&self.0);
        wasm_bindgen_futures::spawn_local(async move {
            while guard.standing.get() != guard.wanted.get() {
                guard.place(guard.wanted.get()).await;
            }
            guard.busy.replace(None);
            settled.resolve();
        });
    }
}

impl Sender {
    async fn place(&self, wanted: Standing) {
        let track = match wanted {
            Standing::Ours => Some(&self.ours),
            Standing::Raw => self.before.as_ref().or(Some(&self.raw)),
            Standing::Before => self.before.as_ref(),
        };
        self.standing.set(wanted);
        // A track that somebody else put there meanwhile is theirs.
        if self.sender.track() != *self.placed.borrow() {
            return;
        }
        // Fails only on a closed connection, where nothing is left to carry.
        if JsFuture::from(self.sender.replace_track(track))
            .await
            .is_ok()
        {
            self.placed.replace(track.cloned());
        }
    }
}

/// An element that plays our stream while audio flows.
pub struct ElementGuard {
    element: HtmlAudioElement,
    ours: MediaStream,
    raw: MediaStream,
    before: Option<MediaStream>,
    placed: RefCell<Option<MediaStream>>,
}

impl ElementGuard {
    pub fn new(
        element: HtmlAudioElement,
        ours: &MediaStreamTrack,
        raw: &MediaStreamTrack,
    ) -> Result<Self, JsValue> {
        let stream = |track| MediaStream::new_with_tracks(&js_sys::Array::of1(track));
        let before = element.src_object();
        Ok(Self {
            ours: stream(ours)?,
            raw: stream(raw)?,
            placed: RefCell::new(before.clone()),
            before,
            element,
        })
    }

    /// Audio flows, or no longer does.
    pub fn set(&self, flows: bool) {
        let raw = self.before.as_ref().unwrap_or(&self.raw);
        self.place(Some(if flows { &self.ours } else { raw }));
    }

    /// Puts back what was there.
    pub fn restore(&self) {
        self.place(self.before.as_ref());
    }

    fn place(&self, stream: Option<&MediaStream>) {
        let mut placed = self.placed.borrow_mut();
        // A stream that somebody else put there meanwhile is theirs.
        if self.element.src_object() != *placed || *placed == stream.cloned() {
            return;
        }
        self.element.set_src_object(stream);
        *placed = stream.cloned();
        if stream.is_some()
            && let Ok(playing) = self.element.play()
        {
            // Refused only where the page may not play audio at all, and then
            // the context does not run either.
            js::ignore(playing);
        }
    }
}
