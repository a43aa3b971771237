//! One contact, and its session while there is one.

use super::hooks::Hooks;
use super::remote_audio::RemoteAudio;
use super::sender_guard::{OnTheWire, SenderGuard};
use super::streams::{self, Contact, Media, Reading, Subscription, set};
use crate::softphone::Phase;
use crate::speaker::Speaker;
use crate::web::call::Call;
use crate::web::guard::FlowGuard;
use crate::web::js;
use crate::web::routes::Volumes;
use gloo_events::EventListener;
use js_sys::{JSON, Object, Reflect};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// A voice contact.
pub struct Line {
    pub id: String,
    pub contact: Contact,
    /// The ids that the agent's connection has had.
    pub connections: RefCell<Vec<String>>,
    pub phase: Cell<Phase>,
    /// The contact as hosts see it.
    pub description: RefCell<Object>,
    /// The parties beside agent and customer.
    others: RefCell<Vec<Object>>,
    pub muted: Cell<bool>,
    pub interpreting: RefCell<Interpreting>,
    /// What keeps an eye on the sender, from the first moment.
    pub guard: RefCell<Option<Rc<SenderGuard>>>,
    pub subscriptions: RefCell<Vec<Subscription>>,
}

/// Whether a contact is interpreted.
pub enum Interpreting {
    /// Not yet, and not before the host asks for it.
    Manual,
    /// Not yet: as soon as both talk.
    Wanted,
    /// It is being started.
    Starting,
    /// It is.
    On(Box<Session>),
    /// No, and not any more by itself.
    Not,
}

/// A contact's session.
pub struct Session {
    pub call: Rc<Call>,
    wire: RefCell<Wire>,
    ear: Rc<RemoteAudio>,
    attached: Cell<bool>,
    held: Cell<bool>,
    /// The host's settings of both sides, for when another party has gone.
    settings: JsValue,
    /// Which other party is interpreted in place of the customer, and the
    /// settings that were changed for it.
    party: RefCell<Option<String>>,
    changed: RefCell<Option<JsValue>>,
    /// Whether the settings for who is there now could be used.
    understood: Cell<bool>,
    /// What it began with, to see what the agent has set.
    volumes: Volumes,
}

/// A session's way to a peer connection.
struct Wire {
    guard: Rc<SenderGuard>,
    mix: Rc<dyn FlowGuard>,
    _arriving: EventListener,
}

impl Wire {
    fn new(call: &Rc<Call>, guard: &Rc<SenderGuard>, media: &Media) -> Self {
        let follower = Rc::downgrade(call);
        let arriving = EventListener::new(&media.peer, "track", move |event| {
            if let (Some(call), Some(track)) = (follower.upgrade(), streams::arrived(event)) {
                // A track that has ended by now is as good as none.
                let _ = call.replace_track(Speaker::Customer, Some(track));
            }
        });
        guard.join(call);
        Self {
            guard: Rc::clone(guard),
            mix: Rc::new(OnTheWire::new(guard, call.speech(Speaker::Agent))),
            _arriving: arriving,
        }
    }
}

impl Session {
    pub fn new(
        call: &Rc<Call>,
        guard: &Rc<SenderGuard>,
        ear: RemoteAudio,
        media: &Media,
        settings: JsValue,
    ) -> Self {
        Self {
            call: Rc::clone(call),
            wire: RefCell::new(Wire::new(call, guard, media)),
            ear: Rc::new(ear),
            attached: Cell::new(false),
            held: Cell::new(false),
            settings,
            party: RefCell::default(),
            changed: RefCell::default(),
            understood: Cell::new(true),
            volumes: call.volumes(),
        }
    }

    /// The volumes, if the agent has set any.
    pub fn set_volumes(&self) -> Option<Volumes> {
        let volumes = self.call.volumes();
        (volumes != self.volumes).then_some(volumes)
    }

    /// Follows the call to another peer connection: the first one was lost.
    fn rewire(&self, guard: &Rc<SenderGuard>, media: &Media) {
        if Rc::ptr_eq(&self.wire.borrow().guard, guard) {
            return;
        }
        self.detach();
        self.wire.replace(Wire::new(&self.call, guard, media));
        let tracks = [
            (Speaker::Agent, guard.microphone()),
            (Speaker::Customer, Some(Clone::clone(&media.customer))),
        ];
        for (speaker, track) in tracks {
            let _ = self.call.replace_track(speaker, track);
        }
    }

    /// The active call is on the wire and in the agent's ear.
    fn attach(&self) {
        if !self.attached.replace(true) {
            self.guards()
                .into_iter()
                .for_each(|guard| self.call.guard(guard));
        }
    }

    /// Another call is the active one.
    fn detach(&self) {
        if self.attached.replace(false) {
            for guard in self.guards() {
                self.call.unguard(&guard);
                guard.set(false);
            }
        }
    }

    fn guards(&self) -> [Rc<dyn FlowGuard>; 2] {
        let ear = Rc::<RemoteAudio>::clone(&self.ear);
        [Rc::clone(&self.wire.borrow().mix), ear]
    }

    pub fn follow_speaker(&self) {
        self.ear.follow_speaker();
    }

    fn hold(&self, held: bool) {
        if self.held.replace(held) != held {
            self.call.hold(held);
        }
    }

    /// Interprets another party, or (`None`) the customer again. With settings
    /// that are not right the call stays held: the wrong language is never
    /// spoken.
    fn speak_with(&self, party: Option<String>, settings: Option<&JsValue>) -> Result<(), JsValue> {
        if *self.party.borrow() != party {
            self.hold(true);
            self.party.replace(party);
            self.understood.set(false);
            if let Some(before) = self.changed.take() {
                self.configure(&before, true)?;
            }
            if let Some(settings) = settings {
                self.configure(settings, false)?;
                self.changed.replace(Some(settings.clone()));
            }
            self.understood.set(true);
        }
        self.hold(!self.understood.get());
        Ok(())
    }

    /// Applies changes of both sides at once, or takes them back.
    fn configure(&self, changes: &JsValue, back: bool) -> Result<(), JsValue> {
        let side = |speaker: Speaker| {
            let given = js::get(changes, speaker.name());
            if !back || !given.is_object() {
                return given;
            }
            let original = js::get(&self.settings, speaker.name());
            let old = Object::new();
            for key in Object::keys(given.unchecked_ref::<Object>()) {
                let value = Reflect::get(&original, &key).unwrap_or_default();
                let _ = Reflect::set(&old, &key, &value);
            }
            old.into()
        };
        self.call
            .configure_both(&side(Speaker::Agent), &side(Speaker::Customer))
            .map_err(js::thrown)
    }
}

impl Line {
    pub fn new(contact: Contact, id: String, interpreting: Interpreting) -> Self {
        Self {
            id,
            contact,
            connections: RefCell::default(),
            phase: Cell::default(),
            description: RefCell::default(),
            others: RefCell::default(),
            muted: Cell::new(false),
            interpreting: RefCell::new(interpreting),
            guard: RefCell::default(),
            subscriptions: RefCell::default(),
        }
    }

    /// Reads the contact anew; whether hosts see a difference. One that cannot
    /// be read is gone.
    pub fn read(&self) -> bool {
        let description = match self.contact.read() {
            Ok(reading) => {
                let phase = reading.state.phase();
                self.take(reading, phase)
            }
            Err(_) => {
                self.phase.set(Phase::Over);
                Object::assign(&Object::new(), &self.description.borrow())
            }
        };
        set(&description, "phase", &self.phase.get().name().into());
        let text = |object: &Object| JSON::stringify(object).ok();
        let changed = text(&description) != text(&self.description.borrow());
        self.description.replace(description);
        changed
    }

    fn take(&self, reading: Reading, phase: Phase) -> Object {
        self.know(reading.agent_connection);
        self.others.replace(reading.others);
        self.phase.set(phase);
        reading.description
    }

    /// Another id of the agent's connection.
    fn know(&self, connection: String) {
        let mut known = self.connections.borrow_mut();
        if !connection.is_empty() && !known.contains(&connection) {
            known.push(connection);
        }
    }

    /// Its media are these now.
    pub fn found(&self, guard: Rc<SenderGuard>, media: &Media) {
        if let Interpreting::On(session) = &*self.interpreting.borrow() {
            session.rewire(&guard, media);
        }
        self.guard.replace(Some(guard));
    }

    /// Whether the agent talks in this call now, and it has a session.
    pub fn is_active(&self) -> bool {
        matches!(self.phase.get(), Phase::Talking | Phase::Consulting { .. })
            && matches!(*self.interpreting.borrow(), Interpreting::On(_))
    }

    /// Takes its session off the wire and out of the agent's ear.
    pub fn detach(&self) {
        if let Interpreting::On(session) = &*self.interpreting.borrow() {
            session.detach();
        }
    }

    /// Makes its session follow the call: on the wire, held, with whom.
    pub fn follow(&self, hooks: &Hooks) -> Result<(), JsValue> {
        let interpreting = self.interpreting.borrow();
        let Interpreting::On(session) = &*interpreting else {
            return Ok(());
        };
        let (party, settings) = match self.phase.get() {
            Phase::Talking => (None, None),
            Phase::Consulting { other } => {
                let others = self.others.borrow();
                let party = &others[other];
                let settings = hooks.other_party(&self.description.borrow(), party);
                if settings.is_none() {
                    session.hold(true);
                    session.attach();
                    return Ok(());
                }
                (js::get(party, "connectionId").as_string(), settings)
            }
            Phase::Waiting | Phase::Held | Phase::Over => {
                session.hold(true);
                return Ok(());
            }
        };
        session.attach();
        session.speak_with(party, settings.as_ref())
    }

    /// The agent is muted in this call, or no longer.
    pub fn mute(&self, muted: bool) {
        self.muted.set(muted);
        if let Interpreting::On(session) = &*self.interpreting.borrow() {
            session.call.mute(Speaker::Agent, muted);
        }
    }

    /// Whether the microphone is on, as far as Streams has a say.
    pub fn microphone_on(&self) -> bool {
        let guard = self.guard.borrow();
        let microphone = guard.as_ref().and_then(|guard| guard.microphone());
        microphone.is_none_or(|track| track.enabled())
    }

    /// Takes its session, if it has one; it gets no other.
    pub fn finish(&self) -> Option<Box<Session>> {
        match self.interpreting.replace(Interpreting::Not) {
            Interpreting::On(session) => Some(session),
            _ => None,
        }
    }
}
