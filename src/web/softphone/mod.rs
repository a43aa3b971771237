//! Beside Amazon Connect Streams: finds the calls by itself and gives each its
//! session. Whatever goes wrong here leaves the call an ordinary call.

mod hooks;
mod line;
mod remote_audio;
mod sender_guard;
mod streams;

use crate::error::{Error, ErrorCode, Stage};
use crate::softphone::{Phase, muted};
use crate::speaker::Speaker;
use crate::web::api::Handle;
use crate::web::call::Call;
use crate::web::js;
use crate::web::options::{Options, Prepare};
use crate::web::page::Page;
use crate::web::routes::Volumes;
use hooks::Hooks;
use js_sys::Object;
use line::{Interpreting, Line, Session};
use remote_audio::RemoteAudio;
use sender_guard::SenderGuard;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use streams::{Agent, Contact, Media, Softphone as Place, Streams, Subscription, set};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

/// The softphone of a page. Streams' callbacks hold a `Weak`.
pub struct Softphone {
    me: Weak<Self>,
    page: Rc<Page>,
    streams: Streams,
    hooks: Hooks,
    auto_start: bool,
    /// The voice contacts, in the order in which they came.
    lines: RefCell<Vec<Rc<Line>>>,
    /// What the agent has set in the last call: kept for the next.
    volumes: RefCell<Option<Volumes>>,
    subscriptions: RefCell<Vec<Subscription>>,
    over: Cell<bool>,
}

impl Softphone {
    /// Starts to watch.
    pub fn new(
        page: Rc<Page>,
        connect: JsValue,
        hooks: JsValue,
        auto_start: bool,
    ) -> Result<Rc<Self>, Error> {
        let streams = Streams::new(connect)?;
        let softphone = Rc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            page,
            streams,
            hooks: Hooks::new(hooks),
            auto_start,
            lines: RefCell::default(),
            volumes: RefCell::default(),
            subscriptions: RefCell::default(),
            over: Cell::new(false),
        });
        let with = |act: fn(&Self, Contact)| softphone.weakly(act);
        let contact = softphone.streams.on_contact(with(Self::add))?;
        let agent = softphone
            .streams
            .on_agent(softphone.weakly(|softphone, agent: Agent| softphone.agent(&agent)))?;
        let session = softphone
            .streams
            .on_session(softphone.weakly(Self::media_begin))?;
        softphone
            .subscriptions
            .borrow_mut()
            .extend([contact, agent, session]);
        Ok(softphone)
    }

    /// A callback that does nothing once the softphone is gone or over.
    fn weakly<T: 'static, F: Fn(&Self, T) + 'static>(
        &self,
        act: F,
    ) -> impl FnMut(T) + 'static + use<T, F> {
        let me = self.me.clone();
        move |what| {
            if let Some(softphone) = me.upgrade()
                && !softphone.over.get()
            {
                act(&softphone, what);
            }
        }
    }

    // What Streams says.

    fn agent(&self, agent: &Agent) {
        let subscribed = [
            agent.on_mute(self.weakly(Self::mute)),
            agent.on_local_media(self.weakly(Self::media_begin)),
            {
                let mut follow = self.weakly(|softphone, ()| softphone.speaker_changed());
                agent.on_speaker(move || follow(()))
            },
        ];
        for subscription in subscribed {
            match subscription {
                Ok(subscription) => self.subscriptions.borrow_mut().push(subscription),
                Err(error) => self.emit_error(None, js::thrown(error)),
            }
        }
        for contact in agent.contacts() {
            self.add(contact);
        }
    }

    /// A contact: a call, or something else, which is none of ours.
    fn add(&self, contact: Contact) {
        let id = match (contact.is_call(), contact.id()) {
            (Ok(true), Ok(id)) => id,
            (Ok(false), _) => return,
            (Err(error), _) | (_, Err(error)) => return self.emit_error(None, js::thrown(error)),
        };
        if self.line(&id).is_some() {
            return;
        }
        let interpreting = match self.auto_start {
            true => Interpreting::Wanted,
            false => Interpreting::Manual,
        };
        let line = Rc::new(Line::new(contact, id, interpreting));
        let about = |act: fn(&Self, &Rc<Line>)| {
            let line = Rc::downgrade(&line);
            let mut act = self.weakly(move |softphone, ()| {
                if let Some(line) = line.upgrade() {
                    act(softphone, &line);
                }
            });
            move || act(())
        };
        let refresh = line.contact.on_refresh(about(Self::refresh));
        let destroy = line.contact.on_destroy(about(Self::remove));
        match (refresh, destroy) {
            (Ok(refresh), Ok(destroy)) => {
                line.subscriptions.borrow_mut().extend([refresh, destroy]);
            }
            (Err(error), _) | (_, Err(error)) => {
                return self.emit_error(Some(&line), js::thrown(error));
            }
        }
        self.lines.borrow_mut().push(Rc::clone(&line));
        if self.auto_start {
            // The engine is warm before the agent has taken the call.
            let page = Rc::clone(&self.page);
            spawn_local(async move {
                // Whoever starts a session gets the reason.
                let _ = page.prepare(Prepare::default()).await;
            });
        }
        self.refresh(&line);
    }

    fn remove(&self, line: &Rc<Line>) {
        self.lines
            .borrow_mut()
            .retain(|known| !Rc::ptr_eq(known, line));
        line.phase.set(Phase::Over);
        self.announce_if(line.read(), line);
        self.end(line);
        // A subscription must not end while its own listener runs.
        let subscriptions = line.subscriptions.take();
        spawn_local(async move { drop(subscriptions) });
    }

    /// The media of a connection begin, here or in another tab or frame.
    fn media_begin(&self, connection: String) {
        let lines = self.lines.borrow().clone();
        for line in lines {
            if line.connections.borrow().contains(&connection) {
                let wanted = matches!(*line.interpreting.borrow(), Interpreting::Wanted);
                let elsewhere = !matches!(self.streams.softphone(), Place::Here(_));
                if wanted && elsewhere {
                    // Said as soon as it is known, and not only in the call.
                    self.start(&line);
                }
                self.refresh(&line);
            }
        }
    }

    /// Streams names no contact: it means the active one.
    fn mute(&self, said: bool) {
        let lines = self.lines.borrow();
        let of = |wanted: fn(Phase) -> bool| {
            lines
                .iter()
                .rev()
                .find(move |line| wanted(line.phase.get()))
        };
        let active = of(|phase| matches!(phase, Phase::Talking | Phase::Consulting { .. }))
            .or_else(|| of(|phase| phase == Phase::Held));
        if let Some(line) = active {
            line.mute(muted(said, line.microphone_on()));
        }
    }

    fn speaker_changed(&self) {
        for line in self.lines.borrow().iter() {
            if let Interpreting::On(session) = &*line.interpreting.borrow() {
                session.follow_speaker();
            }
        }
    }

    // What follows.

    /// Reads a contact and does what its state asks for.
    fn refresh(&self, line: &Rc<Line>) {
        let changed = line.read();
        self.watch(line);
        self.announce_if(changed, line);
        match line.phase.get() {
            Phase::Over => self.end(line),
            Phase::Talking if matches!(*line.interpreting.borrow(), Interpreting::Wanted) => {
                self.start(line);
            }
            _ => self.follow(line),
        }
    }

    fn follow(&self, line: &Rc<Line>) {
        if line.is_active() {
            self.make_way(line);
        }
        if let Err(error) = line.follow(&self.hooks) {
            self.emit_error(Some(line), error);
        }
    }

    /// Only the active call's session is on the wire and in the agent's ear:
    /// calls may share a sender, and all of them share the element.
    fn make_way(&self, active: &Rc<Line>) {
        for line in self.lines.borrow().iter() {
            if !Rc::ptr_eq(line, active) {
                line.detach();
            }
        }
    }

    /// Keeps an eye on a call's sender, as soon as there is one: what Streams
    /// puts there is known when the session begins.
    fn watch(&self, line: &Rc<Line>) -> Option<Media> {
        let Place::Here(manager) = self.streams.softphone() else {
            return None;
        };
        let media = manager.media(&line.connections.borrow())?;
        let known = |guard: &Option<Rc<SenderGuard>>| {
            guard.clone().filter(|guard| guard.is_of(&media.sender))
        };
        let lines = self.lines.borrow();
        let guard = lines.iter().find_map(|line| known(&line.guard.borrow()));
        let guard = guard.unwrap_or_else(|| SenderGuard::new(Clone::clone(&media.sender)));
        line.found(guard, &media);
        Some(media)
    }

    /// What a session needs of the page, `None` if it is not there yet or never
    /// will be here, or why it cannot be had.
    fn reach(&self, line: &Rc<Line>) -> Result<Option<Reached>, Error> {
        let unreachable = |field: &str, why: &str| {
            let message = format!("{field}: {why}, so the call is not interpreted");
            let error = Error::new(ErrorCode::MediaUnreachable, Stage::Softphone, message);
            let field = Some(field.to_owned());
            Err(Error { field, ..error })
        };
        match self.streams.softphone() {
            Place::Here(_) => {}
            Place::InAnotherTab => return Ok(None),
            Place::InTheFrame => {
                let why = "the CCP's own frame has the audio, or Streams' softphone did not start";
                return unreachable("allowFramedSoftphone", why);
            }
            Place::Redirected => {
                return unreachable("VDIPlatform", "a virtual desktop's client has the audio");
            }
        }
        let Some(media) = self.watch(line) else {
            return Ok(None);
        };
        let Some(element) = streams::remote_audio() else {
            return unreachable("#remote-audio", "the page has no such <audio> element");
        };
        let guard = line.guard.borrow().clone();
        Ok(guard.and_then(|guard| {
            let microphone = guard.microphone()?;
            Some(Reached {
                media,
                guard,
                microphone,
                element,
            })
        }))
    }

    /// Starts a call's session, if its media are here by now.
    fn start(&self, line: &Rc<Line>) {
        match self.reach(line) {
            // The media's own event tries again.
            Ok(None) => {}
            Ok(Some(reached)) => {
                line.interpreting.replace(Interpreting::Starting);
                let (Some(softphone), line) = (self.me.upgrade(), Rc::clone(line)) else {
                    return;
                };
                spawn_local(async move {
                    if let Err(error) = softphone.begin(&line, reached).await {
                        softphone.end(&line);
                        softphone.emit_error(Some(&line), error);
                    }
                });
            }
            Err(error) => {
                line.interpreting.replace(Interpreting::Not);
                self.emit_error(Some(line), js::thrown(error));
            }
        }
    }

    async fn begin(&self, line: &Rc<Line>, reached: Reached) -> Result<(), JsValue> {
        let contact = line.description.borrow().clone();
        let Some(settings) = self.hooks.settings(&contact).await? else {
            line.finish();
            return Ok(());
        };
        if !self.is_wanted(line) {
            return Ok(());
        }
        let Reached {
            media,
            guard,
            microphone,
            element,
        } = reached;
        // Another microphone may have come meanwhile.
        let microphone = guard.microphone().unwrap_or(microphone);
        let mut options =
            Options::read(&with_tracks(&settings, &microphone, &media)).map_err(js::thrown)?;
        if let Some(kept) = self.volumes.borrow().clone() {
            options.volumes = kept;
        }
        let (emit, adopt) = self.hooks.open()?;
        let call = Call::begin(Rc::clone(&self.page), options, emit).await?;
        let ear = RemoteAudio::new(element, &call.speech(Speaker::Customer));
        let ear = match ear {
            Ok(ear) if self.is_wanted(line) => ear,
            other => {
                call.stop().await;
                return other.map(drop);
            }
        };
        let handle = Handle::from(Rc::clone(&call));
        let session = Session::new(&call, &guard, ear, &media, settings);
        line.interpreting
            .replace(Interpreting::On(Box::new(session)));
        line.mute(line.muted.get());
        self.follow(line);
        let detail = Object::new();
        set(&detail, "contact", &line.description.borrow());
        let session = adopt.call1(&JsValue::UNDEFINED, &handle.into())?;
        set(&detail, "session", &session);
        self.hooks.emit("session", &detail);
        Ok(())
    }

    fn is_wanted(&self, line: &Line) -> bool {
        !self.over.get() && matches!(*line.interpreting.borrow(), Interpreting::Starting)
    }

    /// Ends a call's session: the call first, then what is ours.
    fn end(&self, line: &Rc<Line>) {
        if let Some(session) = line.finish() {
            if let Some(set) = session.set_volumes() {
                self.volumes.replace(Some(set));
            }
            spawn_local(async move {
                session.call.stop().await;
                // With it go its guards, which are idle by now.
                drop(session);
            });
        }
        line.guard.take();
    }

    fn line(&self, id: &str) -> Option<Rc<Line>> {
        self.lines
            .borrow()
            .iter()
            .find(|line| line.id == id)
            .cloned()
    }

    // What the host says.

    /// The voice contacts, as hosts see them.
    pub fn contacts(&self) -> js_sys::Array {
        let lines = self.lines.borrow();
        lines
            .iter()
            .map(|line| line.description.borrow().clone())
            .collect()
    }

    /// Interprets a contact: now, or as soon as both talk.
    pub fn interpret(&self, id: &str) -> Result<(), Error> {
        let line = self.line(id).ok_or_else(|| {
            Error::option("contactId", "the id of a voice contact that is not over")
        })?;
        let idle = matches!(
            *line.interpreting.borrow(),
            Interpreting::Manual | Interpreting::Not
        );
        if idle {
            line.interpreting.replace(Interpreting::Wanted);
            self.refresh(&line);
        }
        Ok(())
    }

    /// Ends every session and stops to watch.
    pub async fn stop(&self) {
        self.over.set(true);
        self.subscriptions.take();
        let lines = self.lines.take();
        for line in &lines {
            line.subscriptions.take();
            if let Some(session) = line.finish() {
                session.call.stop().await;
            }
        }
    }

    // Events.

    fn announce_if(&self, changed: bool, line: &Line) {
        if changed {
            let detail = Object::new();
            set(&detail, "contact", &line.description.borrow());
            self.hooks.emit("contactchange", &detail);
        }
    }

    fn emit_error(&self, line: Option<&Rc<Line>>, error: JsValue) {
        let detail = Object::new();
        set(&detail, "error", &error);
        if let Some(line) = line {
            set(&detail, "contact", &line.description.borrow());
        }
        self.hooks.emit("error", &detail);
    }
}

/// What a session needs of the page.
struct Reached {
    media: Media,
    guard: Rc<SenderGuard>,
    microphone: web_sys::MediaStreamTrack,
    element: web_sys::HtmlAudioElement,
}

/// The host's settings with the call's tracks, which are not the host's to give.
fn with_tracks(
    settings: &JsValue,
    microphone: &web_sys::MediaStreamTrack,
    media: &Media,
) -> JsValue {
    let options = Object::assign(&Object::new(), settings.unchecked_ref());
    for (speaker, track) in [
        (Speaker::Agent, microphone),
        (Speaker::Customer, &media.customer),
    ] {
        let given = js::get(settings, speaker.name());
        if given.is_object() {
            let side = Object::assign(&Object::new(), given.unchecked_ref());
            set(&side, "track", track);
            set(&options, speaker.name(), &side);
        }
    }
    options.into()
}
