//! Keeps the mix on a softphone's sender, whatever the softphone puts there.
//!
//! The sender's own `replaceTrack` is hidden behind one of ours: while the mix
//! is on the wire, a track that Streams or its softphone puts there (another
//! microphone, an enhanced voice, a fresh one for the next call) goes into the
//! mix instead, and the promise that they get is kept. So is what they read:
//! `track` is what they put there, or they would take the mix for their
//! microphone, and switch it off with it. While the mix is not on the wire
//! everything passes through. One guard belongs to one sender, which a
//! persistent connection keeps for many calls.
//!
//! Who goes past that method (by the prototype's own) is found out by looking,
//! and treated the same a moment later.

use crate::speaker::Speaker;
use crate::web::call::Call;
use crate::web::guard::{FlowGuard, Restored};
use crate::web::js::{self, Deferred};
use gloo_timers::callback::Interval;
use js_sys::{Function, Object, Promise, Reflect};
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{MediaStreamTrack, MediaStreamTrackState, RtcRtpSender};

const NAME: &str = "replaceTrack";
const TRACK: &str = "track";

/// How often is looked whether somebody went past the guard: half of the 100 ms
/// for which the bare microphone may be on the wire, less the way of a swap.
const LOOK_MS: u32 = 40;

/// The guard of a sender. Dropping it gives the sender its method back.
pub struct SenderGuard {
    sender: RtcRtpSender,
    native: Function,
    native_track: Function,
    shadow: Closure<dyn FnMut(JsValue) -> Promise>,
    _shadow_track: Closure<dyn FnMut() -> Option<MediaStreamTrack>>,
    /// What the softphone wants on the sender, once it matters.
    wanted: RefCell<Option<MediaStreamTrack>>,
    /// What passed through and is still under way.
    passing: RefCell<Option<MediaStreamTrack>>,
    /// What stands there instead.
    mix: RefCell<Option<MediaStreamTrack>>,
    /// Whether `wanted` counts: a mix has been put there and not taken back.
    guarding: Cell<bool>,
    busy: RefCell<Option<Deferred>>,
    looking: RefCell<Option<Interval>>,
    /// The sessions whose agent's track is what is wanted here.
    calls: RefCell<Vec<Weak<Call>>>,
}

impl SenderGuard {
    /// Starts to watch, and changes nothing else.
    pub fn new(sender: RtcRtpSender) -> Rc<Self> {
        Rc::new_cyclic(|me: &Weak<Self>| {
            let native = js::get(&sender, NAME).unchecked_into();
            let prototype = Object::get_prototype_of(&sender);
            let property = Object::get_own_property_descriptor(&prototype, &TRACK.into());
            let native_track = js::get(&property, "get").unchecked_into();
            let replacing = me.clone();
            let shadow = Closure::new(move |track: JsValue| match replacing.upgrade() {
                Some(guard) => guard.replace(track),
                None => Promise::resolve(&JsValue::UNDEFINED),
            });
            let reading = me.clone();
            let shadow_track = Closure::new(move || match reading.upgrade() {
                Some(guard) if guard.guarding.get() => guard.wanted.borrow().clone(),
                Some(guard) => guard.on_the_wire(),
                None => None,
            });
            // Only fails on frozen objects, which then stay unguarded.
            let _ = Reflect::set(&sender, &NAME.into(), shadow.as_ref());
            let property = Object::new();
            let _ = Reflect::set(&property, &"get".into(), shadow_track.as_ref());
            let _ = Reflect::set(&property, &"configurable".into(), &JsValue::TRUE);
            let _ = Reflect::define_property(&sender, &TRACK.into(), &property);
            Self {
                sender,
                native,
                native_track,
                shadow,
                _shadow_track: shadow_track,
                wanted: RefCell::default(),
                passing: RefCell::default(),
                mix: RefCell::default(),
                guarding: Cell::new(false),
                busy: RefCell::default(),
                looking: RefCell::default(),
                calls: RefCell::default(),
            }
        })
    }

    /// Whether it guards this sender.
    pub fn is_of(&self, sender: &RtcRtpSender) -> bool {
        self.sender == *sender
    }

    /// The track that the softphone wants on the sender: the agent's.
    pub fn microphone(&self) -> Option<MediaStreamTrack> {
        if self.guarding.get() {
            return self.wanted.borrow().clone();
        }
        let passing = self.passing.borrow().clone();
        passing.or_else(|| self.on_the_wire())
    }

    /// What really stands on the sender.
    fn on_the_wire(&self) -> Option<MediaStreamTrack> {
        self.native_track.call0(&self.sender).ok()?.dyn_into().ok()
    }

    /// From now on a session follows the microphone.
    pub fn join(&self, call: &Rc<Call>) {
        let mut calls = self.calls.borrow_mut();
        calls.retain(|known| known.upgrade().is_some_and(|known| !known.is_over()));
        calls.push(Rc::downgrade(call));
    }

    /// What `sender.replaceTrack(track)` does now.
    fn replace(self: &Rc<Self>, track: JsValue) -> Promise {
        let audio = match track.dyn_ref::<MediaStreamTrack>() {
            Some(audio) => audio.kind() == "audio",
            // To the browser, too, nothing is nothing.
            None => track.is_null() || track.is_undefined(),
        };
        if !audio {
            // Not for a sender of audio: the browser says so.
            return self.pass(&track);
        }
        let track: Option<MediaStreamTrack> = track.dyn_into().ok();
        if !self.guarding.get() {
            return self.pass_on(track);
        }
        self.take(track);
        match self.busy.borrow().as_ref() {
            // Their track goes on the wire itself.
            Some(busy) if self.mix.borrow().is_none() => busy.promise(),
            _ => Promise::resolve(&JsValue::UNDEFINED),
        }
    }

    /// Another track is wanted: it goes into the mix.
    fn take(self: &Rc<Self>, track: Option<MediaStreamTrack>) {
        self.wanted.replace(track.clone());
        for call in self.calls.borrow().iter().filter_map(Weak::upgrade) {
            // One that has ended already is as good as none.
            let live =
                |track: &MediaStreamTrack| track.ready_state() == MediaStreamTrackState::Live;
            let _ = call.replace_track(Speaker::Agent, track.clone().filter(live));
        }
        self.settle();
    }

    /// Looks whether the mix is still on the wire.
    fn look(self: &Rc<Self>) {
        let track = self.on_the_wire();
        let mix = self.mix.borrow().clone();
        if mix.is_some() && track != mix && self.busy.borrow().is_none() {
            self.take(track);
        }
    }

    fn pass(&self, track: &JsValue) -> Promise {
        let passed = self.native.call1(&self.sender, track);
        match passed.and_then(JsCast::dyn_into) {
            Ok(promise) => promise,
            Err(error) => Promise::reject(&error),
        }
    }

    /// Passes a track on and remembers it until it stands there.
    fn pass_on(self: &Rc<Self>, track: Option<MediaStreamTrack>) -> Promise {
        let passed = self.pass(&JsValue::from(track.clone()));
        self.passing.replace(track.clone());
        let (guard, waiting) = (Rc::clone(self), passed.clone());
        spawn_local(async move {
            let _ = JsFuture::from(waiting).await;
            if *guard.passing.borrow() == track {
                guard.passing.take();
            }
        });
        passed
    }

    /// Puts a mix on the wire, or (`None`) what the softphone wants there.
    fn stand(self: &Rc<Self>, mix: Option<MediaStreamTrack>) {
        if mix.is_some() && !self.guarding.get() {
            self.wanted.replace(self.microphone());
            self.guarding.set(true);
            let me = Rc::downgrade(self);
            self.looking.replace(Some(Interval::new(LOOK_MS, move || {
                if let Some(guard) = me.upgrade() {
                    guard.look();
                }
            })));
        }
        if self.guarding.get() {
            self.mix.replace(mix);
            self.settle();
        }
    }

    fn target(&self) -> Option<MediaStreamTrack> {
        let mix = self.mix.borrow().clone();
        mix.or_else(|| self.wanted.borrow().clone())
    }

    /// `replaceTrack` is asynchronous: one at a time, and the last wish wins.
    fn settle(self: &Rc<Self>) {
        if self.busy.borrow().is_some() {
            return;
        }
        if self.passing.borrow().is_none() && self.on_the_wire() == self.target() {
            self.rest();
            return;
        }
        let settled = Deferred::new();
        self.busy.replace(Some(settled.clone()));
        let guard = Rc::clone(self);
        spawn_local(async move {
            loop {
                let target = guard.target();
                let placed = guard.pass(&JsValue::from(target.clone()));
                // Fails only on a closed connection, where nothing is left to
                // carry.
                let failed = JsFuture::from(placed).await.is_err();
                if failed || guard.target() == target {
                    break;
                }
            }
            guard.busy.take();
            guard.rest();
            settled.resolve();
        });
    }

    /// What is wanted stands there: without a mix it is only watched again.
    fn rest(&self) {
        if self.mix.borrow().is_none() {
            self.guarding.set(false);
            self.wanted.take();
            self.looking.take();
        }
    }

    fn settled(&self) -> Option<Promise> {
        self.busy.borrow().as_ref().map(Deferred::promise)
    }
}

impl Drop for SenderGuard {
    fn drop(&mut self) {
        if js::get(&self.sender, NAME) == *self.shadow.as_ref() {
            let _ = Reflect::delete_property(&self.sender, &NAME.into());
            let _ = Reflect::delete_property(&self.sender, &TRACK.into());
        }
    }
}

/// A session's mix on a guarded sender.
pub struct OnTheWire {
    guard: Rc<SenderGuard>,
    mix: MediaStreamTrack,
}

impl OnTheWire {
    pub fn new(guard: &Rc<SenderGuard>, mix: MediaStreamTrack) -> Self {
        let guard = Rc::clone(guard);
        Self { guard, mix }
    }

    fn stands(&self) -> bool {
        self.guard.mix.borrow().as_ref() == Some(&self.mix)
    }
}

impl FlowGuard for OnTheWire {
    fn set(&self, flows: bool) {
        if flows {
            self.guard.stand(Some(Clone::clone(&self.mix)));
        } else if self.stands() {
            self.guard.stand(None);
        }
    }

    fn restore(&self) -> Restored {
        // Another session's mix may stand there by now.
        self.set(false);
        let settled = self.guard.settled();
        Box::pin(async move {
            if let Some(settled) = settled {
                let _ = JsFuture::from(settled).await;
            }
        })
    }
}

#[cfg(test)]
#[path = "sender_guard_tests.rs"]
mod tests;
