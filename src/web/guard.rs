//! Fail open: our track stands where the host wants it only while audio flows.

use crate::speaker::Speaker;
use crate::web::js;
use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlAudioElement, MediaStream, MediaStreamTrack, RtcRtpSender};

/// What has to know whether audio flows through a session's graph.
pub trait FlowGuard {
    /// Audio flows, or no longer does. May be told the same again.
    fn set(&self, flows: bool);

    /// The session ends: everything goes back at once; the future waits until
    /// it is back.
    fn restore(&self) -> Restored;

    /// Another track came in place of a speaker's.
    fn replaced(&self, _speaker: Speaker, _track: Option<&MediaStreamTrack>) {}
}

/// What [`FlowGuard::restore`] waits for.
pub type Restored = Pin<Box<dyn Future<Output = ()>>>;

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
    raw: RefCell<Option<MediaStreamTrack>>,
    before: RefCell<Option<MediaStreamTrack>>,
    before_is_raw: bool,
    /// What we put there last, to see whether somebody else came between.
    placed: RefCell<Option<MediaStreamTrack>>,
    wanted: Cell<Standing>,
    /// `None`: something else should stand there by now.
    standing: Cell<Option<Standing>>,
    busy: RefCell<Option<js::Deferred>>,
}

impl SenderGuard {
    pub fn new(
        sender: RtcRtpSender,
        ours: MediaStreamTrack,
        raw: Option<MediaStreamTrack>,
    ) -> Self {
        let before = sender.track();
        Self(Rc::new(Sender {
            placed: RefCell::new(before.clone()),
            before_is_raw: before.is_some() && before == raw,
            sender,
            ours,
            raw: RefCell::new(raw),
            before: RefCell::new(before),
            wanted: Cell::new(Standing::Before),
            standing: Cell::new(Some(Standing::Before)),
            busy: RefCell::new(None),
        }))
    }

    /// `replaceTrack` is asynchronous: one at a time, and the last wish wins.
    fn want(&self, wanted: Standing) {
        self.0.wanted.set(wanted);
        if self.0.busy.borrow().is_some() || self.0.standing.get() == Some(wanted) {
            return;
        }
        let settled = js::Deferred::new();
        self.0.busy.replace(Some(settled.clone()));
        let guard = Rc::clone(&self.0);
        wasm_bindgen_futures::spawn_local(async move {
            while guard.standing.get() != Some(guard.wanted.get()) {
                guard.place(guard.wanted.get()).await;
            }
            guard.busy.replace(None);
            settled.resolve();
        });
    }
}

impl FlowGuard for SenderGuard {
    fn set(&self, flows: bool) {
        self.want(if flows { Standing::Ours } else { Standing::Raw });
    }

    fn restore(&self) -> Restored {
        self.want(Standing::Before);
        let settled = self.0.busy.borrow().as_ref().map(js::Deferred::promise);
        Box::pin(async {
            if let Some(settled) = settled {
                let _ = JsFuture::from(settled).await;
            }
        })
    }

    fn replaced(&self, speaker: Speaker, track: Option<&MediaStreamTrack>) {
        if speaker == Speaker::Agent {
            self.0.raw.replace(track.cloned());
            if self.0.before_is_raw {
                self.0.before.replace(track.cloned());
            }
            if self.0.standing.get() != Some(Standing::Ours) {
                self.0.standing.set(None);
                self.want(self.0.wanted.get());
            }
        }
    }
}

impl Sender {
    async fn place(&self, wanted: Standing) {
        let before = self.before.borrow().clone();
        let track = match wanted {
            Standing::Ours => Some(Clone::clone(&self.ours)),
            Standing::Raw => before.or_else(|| self.raw.borrow().clone()),
            Standing::Before => before,
        };
        self.standing.set(Some(wanted));
        // A track that somebody else put there meanwhile is theirs.
        if self.sender.track() != *self.placed.borrow() {
            return;
        }
        // Fails only on a closed connection, where nothing is left to carry.
        let placing = self.sender.replace_track(track.as_ref());
        if JsFuture::from(placing).await.is_ok() {
            self.placed.replace(track);
        }
    }
}

/// An element that plays our stream while audio flows.
pub struct ElementGuard {
    element: HtmlAudioElement,
    ours: MediaStream,
    raw: RefCell<Option<MediaStream>>,
    before: RefCell<Option<MediaStream>>,
    before_is_raw: bool,
    placed: RefCell<Option<MediaStream>>,
    standing: Cell<Standing>,
}

impl ElementGuard {
    pub fn new(
        element: HtmlAudioElement,
        ours: &MediaStreamTrack,
        raw: Option<&MediaStreamTrack>,
    ) -> Result<Self, JsValue> {
        let before = element.src_object();
        let holds = |track: &&MediaStreamTrack| {
            let before = before.as_ref();
            before.is_some_and(|stream| stream.get_track_by_id(&track.id()).is_some())
        };
        Ok(Self {
            ours: stream_of(ours)?,
            before_is_raw: raw.filter(holds).is_some(),
            raw: RefCell::new(raw.map(stream_of).transpose()?),
            placed: RefCell::new(before.clone()),
            before: RefCell::new(before),
            standing: Cell::new(Standing::Before),
            element,
        })
    }

    fn place(&self, standing: Standing) {
        self.standing.set(standing);
        let before = self.before.borrow().clone();
        let stream = match standing {
            Standing::Ours => Some(self.ours.clone()),
            Standing::Raw => before.or_else(|| self.raw.borrow().clone()),
            Standing::Before => before,
        };
        let mut placed = self.placed.borrow_mut();
        // A stream that somebody else put there meanwhile is theirs.
        if self.element.src_object() != *placed || *placed == stream {
            return;
        }
        self.element.set_src_object(stream.as_ref());
        if stream.is_some()
            && let Ok(playing) = self.element.play()
        {
            // Refused only where the page may not play audio at all, and then
            // the context does not run either.
            js::ignore(playing);
        }
        *placed = stream;
    }
}

impl FlowGuard for ElementGuard {
    fn set(&self, flows: bool) {
        self.place(if flows { Standing::Ours } else { Standing::Raw });
    }

    fn restore(&self) -> Restored {
        self.place(Standing::Before);
        Box::pin(std::future::ready(()))
    }

    fn replaced(&self, speaker: Speaker, track: Option<&MediaStreamTrack>) {
        if speaker == Speaker::Customer {
            let stream = track.and_then(|track| stream_of(track).ok());
            if self.before_is_raw {
                self.before.replace(stream.clone());
            }
            self.raw.replace(stream);
            self.place(self.standing.get());
        }
    }
}

fn stream_of(track: &MediaStreamTrack) -> Result<MediaStream, JsValue> {
    MediaStream::new_with_tracks(&js_sys::Array::of1(track))
}
