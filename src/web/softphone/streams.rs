//! Amazon Connect Streams and the softphone behind it, as they really are.
//!
//! The only file that knows their names, private ones among them (`_pc`,
//! `rtcJsStrategy`). Versions lie (`connect.version` of 2.28.2 says 2.28.1), so
//! each thing is looked for, and what is missing is an error or a `None`.

use crate::error::{Error, ErrorCode, Stage};
use crate::softphone::{Contact as State, Leg};
use crate::web::js;
use js_sys::{Array, Function, Object, Reflect};
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{EventTarget, HtmlAudioElement, MediaStreamTrack, RtcRtpSender};

/// Calls a method. What it throws is told by the method's name: a stranger's
/// error text may hold anything.
fn call(object: &JsValue, name: &str, arguments: &[&JsValue]) -> Result<JsValue, Error> {
    let failed = |_| {
        let message = format!("Amazon Connect Streams: {name}() failed");
        Error::new(ErrorCode::MediaUnreachable, Stage::Softphone, message)
    };
    let method = js::get(object, name);
    let method: Function = method.dyn_into().map_err(failed)?;
    let arguments: Array = arguments.iter().copied().collect();
    method.apply(object, &arguments).map_err(failed)
}

/// A text that a method gives; empty where it gives none.
fn text(object: &JsValue, name: &str) -> Result<String, Error> {
    Ok(call(object, name, &[])?.as_string().unwrap_or_default())
}

/// A subscription to an event of Streams, which ends with this value.
#[must_use]
pub struct Subscription {
    subscription: JsValue,
    _listener: Closure<dyn FnMut(JsValue)>,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        // Of a contact that is gone nothing is left to unsubscribe from.
        let _ = call(&self.subscription, "unsubscribe", &[]);
    }
}

fn subscribe(
    object: &JsValue,
    event: &str,
    listener: impl FnMut(JsValue) + 'static,
) -> Result<Subscription, Error> {
    let listener = Closure::<dyn FnMut(JsValue)>::new(listener);
    let subscription = call(object, event, &[listener.as_ref()])?;
    Ok(Subscription {
        subscription,
        _listener: listener,
    })
}

/// `window.connect`.
pub struct Streams {
    connect: JsValue,
    /// Whether who asked here, this page or the CCP's frame in it, was told
    /// that another tab is the softphone's master.
    another: Rc<Cell<bool>>,
    _answers: Subscription,
}

impl Streams {
    /// Fails if this is not it, or if nobody has begun to use it.
    pub fn new(connect: JsValue) -> Result<Self, Error> {
        let core = js::get(&connect, "core");
        let found = js::get(&connect, "contact").is_function()
            && js::get(&core, "onSoftphoneSessionInit").is_function();
        if !found {
            let expected = "window.connect of amazon-connect-streams";
            return Err(Error::option("connect", expected));
        }
        // There is nothing to subscribe to before.
        if call(&core, "getEventBus", &[]).is_ok_and(|bus| !bus.is_object()) {
            let message = "connect.core.initCCP() has not been called";
            return Err(Error::new(ErrorCode::NotReady, Stage::Softphone, message));
        }
        let another = Rc::new(Cell::new(false));
        let answers = {
            let another = Rc::clone(&another);
            on_softphone_master(&core, move |is_master| another.set(!is_master))?
        };
        Ok(Self {
            connect,
            another,
            _answers: answers,
        })
    }

    fn core(&self) -> JsValue {
        js::get(&self.connect, "core")
    }

    /// Each contact that comes from now on.
    pub fn on_contact(&self, mut f: impl FnMut(Contact) + 'static) -> Result<Subscription, Error> {
        subscribe(&self.connect, "contact", move |contact| f(Contact(contact)))
    }

    /// The agent, once there is one; at once if there is.
    pub fn on_agent(&self, mut f: impl FnMut(Agent) + 'static) -> Result<Subscription, Error> {
        subscribe(&self.connect, "agent", move |agent| f(Agent(agent)))
    }

    /// The id of the agent's connection whose media begin, here or elsewhere.
    pub fn on_session(&self, mut f: impl FnMut(String) + 'static) -> Result<Subscription, Error> {
        subscribe(&self.core(), "onSoftphoneSessionInit", move |event| {
            f(connection_id(&event));
        })
    }

    /// Where the calls' media are.
    pub fn softphone(&self) -> Softphone {
        let core = self.core();
        let manager = call(&core, "getSoftphoneManager", &[]).unwrap_or_default();
        if manager.is_null() || manager.is_undefined() {
            // Either another tab has the calls, or the CCP's frame in this one.
            return match self.another.get() {
                true => Softphone::InAnotherTab,
                false => Softphone::InTheFrame,
            };
        }
        match js::get_some(&manager, "rtcJsStrategy") {
            Some(_) => Softphone::Redirected,
            None => Softphone::Here(Manager(manager)),
        }
    }
}

/// Each answer to the question whether one is the softphone's master. The page
/// sees the frame's answers too.
fn on_softphone_master(
    core: &JsValue,
    mut f: impl FnMut(bool) + 'static,
) -> Result<Subscription, Error> {
    let listener = Closure::<dyn FnMut(JsValue)>::new(move |answer: JsValue| {
        let data = js::get(&answer, "data");
        let topic = js::get(&data, "topic").as_string();
        // That somebody has taken over is told to everybody.
        let taken_over = js::get(&data, "takeOver").is_truthy();
        if topic.as_deref() == Some("connect::softphone") && !taken_over {
            f(js::get(&data, "isMaster").is_truthy());
        }
    });
    let upstream = call(core, "getUpstream", &[])?;
    let event = JsValue::from_str("master_response");
    let subscription = call(&upstream, "onUpstream", &[&event, listener.as_ref()])?;
    Ok(Subscription {
        subscription,
        _listener: listener,
    })
}

fn connection_id(event: &JsValue) -> String {
    js::get(event, "connectionId")
        .as_string()
        .unwrap_or_default()
}

/// Who has the media of the calls.
pub enum Softphone {
    /// This page.
    Here(Manager),
    /// Another tab is the softphone's master.
    InAnotherTab,
    /// The CCP's own frame (`allowFramedSoftphone: true`), which is of another
    /// origin.
    InTheFrame,
    /// A virtual desktop's client: what this page has are stand-ins for tracks.
    Redirected,
}

/// The softphone manager.
pub struct Manager(JsValue);

impl Manager {
    /// The media of a call, by the latest of the ids that the agent's connection
    /// has had (a call back changes it, and Streams keeps the old one); `None`
    /// as long as they are not up.
    pub fn media(&self, connections: &[String]) -> Option<Media> {
        let shared = || js::get(&self.0, "rtcPeerConnectionManager");
        let mut sessions = connections
            .iter()
            .rev()
            .filter_map(|id| call(&self.0, "getSession", &[&id.as_str().into()]).ok())
            .filter(JsValue::is_object);
        let session = sessions.next()?;
        let peer = js::get_some(&session, "_pc")
            .or_else(|| call(&shared(), "getPeerConnection", &[]).ok())
            .filter(JsValue::is_object)?;
        let sender = audio(&peer, "getSenders")?.dyn_into().ok()?;
        let customer = js::get(&audio(&peer, "getReceivers")?, "track")
            .dyn_into()
            .ok()?;
        Some(Media {
            peer: peer.dyn_into().ok()?,
            sender,
            customer,
        })
    }
}

/// The first sender or receiver that has to do with audio. A sender whose track
/// has been taken away is told by its transceiver's receiver.
fn audio(peer: &JsValue, what: &str) -> Option<JsValue> {
    let all: Array = call(peer, what, &[]).ok()?.dyn_into().ok()?;
    let is_audio = |track: &JsValue| js::get(track, "kind").as_string().as_deref() == Some("audio");
    all.iter()
        .find(|one| js::get_some(one, "track").is_some_and(|track| is_audio(&track)))
        .or_else(|| (all.length() == 1).then(|| all.get(0)))
}

/// What a call's audio goes through.
#[derive(Clone)]
pub struct Media {
    /// The RTCPeerConnection.
    pub peer: EventTarget,
    /// What goes to the customer.
    pub sender: RtcRtpSender,
    /// What comes from the customer.
    pub customer: MediaStreamTrack,
}

/// The track of a peer connection's `track` event, if it is an audio one.
pub fn arrived(event: &JsValue) -> Option<MediaStreamTrack> {
    let track: MediaStreamTrack = js::get(event, "track").dyn_into().ok()?;
    (track.kind() == "audio").then_some(track)
}

/// The element through which Streams' softphone plays the customer.
pub fn remote_audio() -> Option<HtmlAudioElement> {
    let document = js::get(&js_sys::global(), "document");
    call(&document, "getElementById", &[&"remote-audio".into()])
        .ok()?
        .dyn_into()
        .ok()
}

/// The agent.
pub struct Agent(JsValue);

impl Agent {
    /// The contacts that there are already.
    pub fn contacts(&self) -> Vec<Contact> {
        let contacts = call(&self.0, "getContacts", &[]).unwrap_or_default();
        let contacts = contacts.dyn_into::<Array>().unwrap_or_default();
        contacts.iter().map(Contact).collect()
    }

    /// The agent has muted or unmuted the call, or a call has ended.
    pub fn on_mute(&self, mut f: impl FnMut(bool) + 'static) -> Result<Subscription, Error> {
        subscribe(&self.0, "onMuteToggle", move |event| {
            f(js::get(&event, "muted").is_truthy());
        })
    }

    /// The softphone's own element has changed its loudspeaker.
    pub fn on_speaker(&self, mut f: impl FnMut() + 'static) -> Result<Subscription, Error> {
        subscribe(&self.0, "onSpeakerDeviceChanged", move |_| f())
    }

    /// The microphone is on the sender, as Streams wants it.
    pub fn on_local_media(
        &self,
        mut f: impl FnMut(String) + 'static,
    ) -> Result<Subscription, Error> {
        subscribe(&self.0, "onLocalMediaStreamCreated", move |event| {
            f(connection_id(&event));
        })
    }
}

/// A contact.
#[derive(Clone)]
pub struct Contact(JsValue);

impl Contact {
    /// Its id.
    pub fn id(&self) -> Result<String, Error> {
        text(&self.0, "getContactId")
    }

    /// Whether it is a call: chats, tasks and e-mails are not.
    pub fn is_call(&self) -> Result<bool, Error> {
        Ok(matches!(
            text(&self.0, "getType")?.as_str(),
            "voice" | "queue_callback"
        ))
    }

    /// Something about it has changed.
    pub fn on_refresh(&self, mut f: impl FnMut() + 'static) -> Result<Subscription, Error> {
        subscribe(&self.0, "onRefresh", move |_| f())
    }

    /// It is gone.
    pub fn on_destroy(&self, mut f: impl FnMut() + 'static) -> Result<Subscription, Error> {
        subscribe(&self.0, "onDestroy", move |_| f())
    }

    /// Its state now.
    pub fn read(&self) -> Result<Reading, Error> {
        let state = call(&self.0, "getState", &[])?;
        let mut reading = Reading {
            state: State {
                state: js::get(&state, "type").as_string().unwrap_or_default(),
                ..State::default()
            },
            agent_connection: String::new(),
            others: Vec::new(),
            description: self.description()?,
        };
        let connections = call(&self.0, "getConnections", &[])?;
        let parties = Array::new();
        for connection in connections.dyn_into::<Array>().unwrap_or_default() {
            let kind = text(&connection, "getType")?;
            let id = text(&connection, "getConnectionId")?;
            let state = js::get(&call(&connection, "getState", &[])?, "type");
            let leg = Leg::from_name(&state.as_string().unwrap_or_default());
            let initial = call(&connection, "isInitialConnection", &[])?.is_truthy();
            let party = Object::new();
            set(&party, "connectionId", &id.as_str().into());
            set(&party, "state", &state);
            let role = match kind.as_str() {
                "agent" | "monitoring" => {
                    reading.state.agent = leg;
                    reading.agent_connection = id;
                    "agent"
                }
                _ if initial => {
                    reading.state.customer = leg;
                    "customer"
                }
                _ => {
                    reading.state.others.push(leg);
                    reading.others.push(party.clone());
                    "other"
                }
            };
            set(&party, "role", &role.into());
            parties.push(&party);
        }
        set(&reading.description, "parties", &parties);
        Ok(reading)
    }

    fn description(&self) -> Result<Object, Error> {
        let description = Object::new();
        set(&description, "contactId", &self.id()?.into());
        set(&description, "type", &call(&self.0, "getType", &[])?);
        // Newer Streams ask a media controller here, which may fail early.
        let inbound = call(&self.0, "isInbound", &[]).unwrap_or_default();
        set(&description, "isInbound", &inbound.is_truthy().into());
        let attributes = Object::new();
        let given = call(&self.0, "getAttributes", &[]).unwrap_or_default();
        if given.is_object() {
            // Each is `{ name, value }`.
            for name in Object::keys(given.unchecked_ref::<Object>()) {
                let attribute = Reflect::get(&given, &name).unwrap_or_default();
                let value = js::get_some(&attribute, "value").unwrap_or(attribute);
                let _ = Reflect::set(&attributes, &name, &value);
            }
        }
        set(&description, "attributes", &attributes);
        Ok(description)
    }
}

/// A contact at one moment.
pub struct Reading {
    pub state: State,
    /// Whose id the softphone's session has.
    pub agent_connection: String,
    /// The parties of `state.others`, as hosts see them.
    pub others: Vec<Object>,
    /// The contact as hosts see it.
    pub description: Object,
}

/// Sets a property of an object that is ours.
pub fn set(object: &Object, key: &str, value: &JsValue) {
    // Only fails on frozen objects, and these are new.
    let _ = Reflect::set(object, &JsValue::from_str(key), value);
}
