//! A session as the page sees it: graph, guards, the host's callbacks.

mod controls;
mod engine;
mod ledger;

use crate::audio::framer::Framer;
use crate::config::SessionOptions;
use crate::error::{Error, ErrorCode, Stage};
use crate::event::{Event, Level, State};
use crate::speaker::{PerSpeaker, Speaker};
use crate::web::guard::FlowGuard;
use crate::web::js::{self, Deferred};
use crate::web::mixer::{Mixer, Noise};
use crate::web::options::{self, ComfortNoise, Options};
use crate::web::page::{Audio, Page};
use crate::web::protocol::{CallId, Command, ToEngine};
use crate::web::provider::Provider;
use crate::web::routes::{ROUTES, Sound, Volumes};
use crate::web::{autoplay, file_source};
use gloo_events::EventListener;
use js_sys::{Function, JSON, Object, Reflect};
use ledger::Ledger;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{AbortSignal, AudioContext, AudioContextState, MediaStreamTrack};

/// A session. The host's handle and the page hold it; callbacks hold a `Weak`.
pub struct Call {
    me: Weak<Call>,
    id: CallId,
    page: Rc<Page>,
    context: AudioContext,
    /// Keeps the context open until the end.
    audio: RefCell<Option<Rc<Audio>>>,
    rate_hz: u32,
    tracks: RefCell<PerSpeaker<Option<MediaStreamTrack>>>,
    /// Hear when those tracks end.
    track_ends: RefCell<PerSpeaker<Option<EventListener>>>,
    speech: PerSpeaker<MediaStreamTrack>,
    provider: Provider,
    /// `(type, detail, cause)`. It holds the session's object, which holds this:
    /// let go of at the end, or neither would ever be collected.
    emit: RefCell<Option<Function>>,
    options: RefCell<SessionOptions>,
    /// The same as the host's object: what an engine is given.
    settings: JsValue,
    ledger: RefCell<Ledger>,
    /// From when on what each speaker said is lost, while there is no engine.
    lost: Cell<Option<PerSpeaker<f64>>>,
    /// What was typed while there was no engine.
    typed: RefCell<Vec<(Speaker, Command)>>,
    volumes: RefCell<Volumes>,
    mixer: RefCell<Option<Mixer>>,
    guards: RefCell<Vec<Rc<dyn FlowGuard>>>,
    listeners: RefCell<Vec<EventListener>>,
    status: Cell<Status>,
    /// What the credentials provider threw last.
    cause: RefCell<JsValue>,
    begun: Deferred,
    ended_in_worker: Deferred,
    ended: RefCell<Option<Deferred>>,
}

#[derive(Clone, Copy)]
struct Status {
    state: State,
    /// Whether `interpret()` has given it to the host.
    begun: bool,
    engine_alive: bool,
    muted: PerSpeaker<bool>,
    held: bool,
    rendering: bool,
    /// What the other one gets of whose words.
    levels: PerSpeaker<Level>,
    /// How often the players were stopped.
    stops: u64,
    /// How often it was said what goes to the customer.
    sends: u32,
}

impl Call {
    /// Starts a session with the host's options.
    pub async fn start(
        page: Rc<Page>,
        input: JsValue,
        emit: Function,
    ) -> Result<Rc<Self>, JsValue> {
        let options = Options::read(&input).map_err(js::thrown)?;
        Self::begin(page, options, emit).await
    }

    /// Starts a session, or leaves everything as it was.
    pub async fn begin(
        page: Rc<Page>,
        options: Options,
        emit: Function,
    ) -> Result<Rc<Self>, JsValue> {
        let abort = Abort::new(options.signal.as_ref())?;
        // Made at once: a click counts only as long as nothing was awaited.
        let audio = page.audio()?;
        let context = audio.context.clone();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a sample rate of a browser"
        )]
        let rate_hz = context.sample_rate() as u32;
        let config = options.session.resolve(rate_hz).map_err(js::thrown)?;
        let batch = |speaker| Framer::new(config.speakers[speaker].message).batch(rate_hz);
        let batches = PerSpeaker {
            agent: batch(Speaker::Agent),
            customer: batch(Speaker::Customer),
        };
        // It takes a while, and so does the engine.
        options.credentials.ask(page.take_ahead());
        let ready = {
            let page = Rc::clone(&page);
            let (audio, context) = (Rc::clone(&audio), context.clone());
            let noise = options.noise;
            async move {
                autoplay::run(&context).await.map_err(js::thrown)?;
                page.prepare_with(&audio).await?;
                Ok(match noise {
                    ComfortNoise::Off => Noise::Off,
                    ComfortNoise::Generated => Noise::Generated,
                    ComfortNoise::Clip(clip) => {
                        let field = "comfortNoise.clip";
                        let clip = file_source::decode(&context, &clip, field).await;
                        Noise::Clip(clip.map_err(js::thrown)?)
                    }
                })
            }
        };
        let noise = abort.unless(ready).await?;
        let mixer = Mixer::new(&context, &options.tracks, &batches, noise, js::seed());
        let refused = |error| js::thrown(js::refused(error));
        let mixer = mixer.map_err(refused)?;
        let speech = |speaker| {
            mixer
                .speech(speaker)
                .ok_or_else(|| js::thrown(js::refused(JsValue::UNDEFINED)))
        };
        let speech = PerSpeaker {
            agent: speech(Speaker::Agent)?,
            customer: speech(Speaker::Customer)?,
        };
        let ports = engine::ports(&mixer).map_err(refused)?;
        let id = page.number_call();
        let call = Rc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            id,
            page,
            context,
            audio: RefCell::new(Some(audio)),
            rate_hz,
            tracks: RefCell::new(PerSpeaker {
                agent: Some(options.tracks.agent),
                customer: Some(options.tracks.customer),
            }),
            track_ends: RefCell::default(),
            speech,
            provider: options.credentials,
            emit: RefCell::new(Some(emit)),
            options: RefCell::new(options.session),
            // It was made of it.
            settings: JSON::parse(&options.json).unwrap_or_default(),
            ledger: RefCell::default(),
            lost: Cell::default(),
            typed: RefCell::default(),
            volumes: RefCell::new(options.volumes),
            mixer: RefCell::new(Some(mixer)),
            guards: RefCell::default(),
            listeners: RefCell::default(),
            status: Cell::new(Status {
                state: State::Connecting,
                begun: false,
                engine_alive: true,
                muted: PerSpeaker::default(),
                held: false,
                rendering: false,
                levels: PerSpeaker::default(),
                stops: 0,
                sends: 0,
            }),
            cause: RefCell::default(),
            begun: Deferred::new(),
            ended_in_worker: Deferred::new(),
            ended: RefCell::default(),
        });
        call.page.add(id, &call);
        call.listen(options.signal);
        call.apply_volumes();
        call.start_engine(&ports);
        let begun = JsFuture::from(call.begun.promise());
        if let Err(error) = abort.unless(begun).await {
            call.stop().await;
            return Err(error);
        }
        call.update(|status| status.begun = true);
        Ok(call)
    }

    fn listen(&self, signal: Option<AbortSignal>) {
        let mut listeners = self.listeners.borrow_mut();
        let me = self.me.clone();
        listeners.push(EventListener::new(
            &self.context,
            "statechange",
            move |_| {
                if let Some(call) = me.upgrade() {
                    call.context_changed();
                }
            },
        ));
        let mixer = self.mixer.borrow();
        for speaker in Speaker::BOTH {
            self.listen_to_track(speaker);
            if let Some(port) = mixer.as_ref().and_then(|mixer| mixer.player_port(speaker)) {
                let me = self.me.clone();
                listeners.push(EventListener::new(&port, "message", move |_| {
                    if let Some(call) = me.upgrade() {
                        call.engine_is_silent();
                    }
                }));
                port.start();
            }
        }
        if let Some(signal) = signal {
            let me = self.me.clone();
            listeners.push(EventListener::new(&signal, "abort", move |_| {
                if let Some(call) = me.upgrade() {
                    spawn_local(async move { call.stop().await });
                }
            }));
        }
    }

    fn listen_to_track(&self, speaker: Speaker) {
        let listener = self.tracks.borrow()[speaker].as_ref().map(|track| {
            let me = self.me.clone();
            EventListener::new(track, "ended", move |_| {
                if let Some(call) = me.upgrade() {
                    let message = format!("the {speaker}'s track has ended");
                    let error = Error::new(ErrorCode::TrackEnded, Stage::Audio, message);
                    call.emit_error(error.of(speaker));
                }
            })
        });
        self.track_ends.borrow_mut()[speaker] = listener;
    }

    // What the worker says.

    pub fn started(&self, result: Result<(), JsValue>) {
        match result {
            Ok(()) => self.begun.resolve(),
            Err(error) => self.begun.reject(&error),
        }
    }

    /// An event of the session, as JavaScript has it.
    pub fn event(&self, event: &JsValue) {
        self.ledger.borrow_mut().note(event);
        let text = |key| js::get(event, key).as_string();
        let state = text("state");
        if let Some(state) = state.as_deref().and_then(State::from_name) {
            self.update(|status| status.state = state);
        }
        if let (Some(level), Some(speaker)) = (text("level"), text("speaker"))
            && let (Some(level), Ok(speaker)) =
                (Level::from_name(&level), options::speaker(&speaker))
        {
            self.update(|status| status.levels[speaker] = level);
            self.apply_volumes();
        }
        self.emit(event);
    }

    pub fn get_credentials(&self) {
        let Some(call) = self.me.upgrade() else {
            return;
        };
        spawn_local(async move {
            let result = call.provider.identity().await.map_err(|(error, cause)| {
                call.cause.replace(cause);
                error
            });
            let answer = ToEngine::Credentials {
                call: call.id,
                result,
            };
            call.page.tell(answer, &[]);
        });
    }

    pub fn rendering(&self) {
        self.update(|status| status.rendering = true);
        self.apply_guards();
    }

    pub fn stopped(&self) {
        self.ended_in_worker.resolve();
    }

    // What the browser says.

    fn context_changed(&self) {
        if self.context.state() == AudioContextState::Running {
            // Only audio that comes proves that audio flows.
            self.page.tell(ToEngine::Announce { call: self.id }, &[]);
        } else {
            self.update(|status| status.rendering = false);
            self.apply_guards();
            if !self.is_over() {
                self.emit_error(Error::new(
                    ErrorCode::AudioSuspended,
                    Stage::Audio,
                    "the AudioContext was suspended; the originals are back",
                ));
            }
        }
    }

    // What the host says (and `controls`).

    pub fn speech(&self, speaker: Speaker) -> MediaStreamTrack {
        // Not `.clone()`: that is the browser's, which makes another track.
        Clone::clone(&self.speech[speaker])
    }

    /// The state that was announced last.
    pub fn state(&self) -> State {
        self.status.get().state
    }

    /// Whether [`Self::stop`] has been called.
    pub fn is_over(&self) -> bool {
        self.ended.borrow().is_some()
    }

    /// Ends the session. Every caller waits for the same end.
    pub async fn stop(&self) {
        let first = !self.is_over();
        let ended = self
            .ended
            .borrow_mut()
            .get_or_insert_with(Deferred::new)
            .clone();
        if !first {
            let _ = JsFuture::from(ended.promise()).await;
            return;
        }
        self.listeners.borrow_mut().clear();
        self.track_ends.take();
        // First the call, then what is ours: nothing that is still wired is
        // taken apart.
        let guards = self.guards.take();
        let restored: Vec<_> = guards.iter().map(|guard| guard.restore()).collect();
        for restored in restored {
            restored.await;
        }
        drop(self.mixer.take());
        self.page.tell(ToEngine::Stop { call: self.id }, &[]);
        // The last words are still transcribed.
        if self.status.get().engine_alive {
            let _ = JsFuture::from(self.ended_in_worker.promise()).await;
        }
        self.page.remove(self.id);
        self.audio.take();
        if self.status.get().state != State::Stopped {
            self.update(|status| status.state = State::Stopped);
            self.emit_event(&Event::StateChange {
                state: State::Stopped,
            });
        }
        self.emit.take();
        ended.resolve();
    }

    // How it follows.

    fn update(&self, change: impl FnOnce(&mut Status)) {
        let mut status = self.status.get();
        change(&mut status);
        self.status.set(status);
    }

    fn apply_volumes(&self) {
        let mixer = self.mixer.borrow();
        let Some(mixer) = mixer.as_ref() else {
            return;
        };
        let status = self.status.get();
        // Where nobody interprets, the call is an ordinary one.
        let spoken = |speaker| !status.held && status.levels[speaker] == Level::Speech;
        let volumes = self.volumes.borrow().all();
        for (index, (route, volume)) in ROUTES.iter().zip(volumes).enumerate() {
            let speaker = route.listener.other();
            let value = match route.sound {
                Sound::Original(speaker) if !spoken(speaker) => 1.0,
                Sound::ComfortNoise if status.muted[speaker] || !spoken(speaker) => 0.0,
                _ => volume,
            };
            mixer.set_gain(index, value);
        }
    }

    /// Whether the graph is heard: only then may ours stand on the wire.
    fn flows(&self) -> bool {
        let status = self.status.get();
        status.rendering && self.context.state() == AudioContextState::Running
    }

    fn apply_guards(&self) {
        let flows = self.flows();
        // A guard may call back.
        for guard in self.guards.borrow().clone() {
            guard.set(flows);
        }
    }

    fn emit_error(&self, error: Error) {
        self.emit_event(&Event::Error { error });
    }

    fn emit_event(&self, event: &Event) {
        self.emit(&js::to_js(event));
    }

    /// Tells the host. The event is ours to change.
    fn emit(&self, detail: &JsValue) {
        let name = js::get(detail, "type");
        // Only fails on frozen objects, and this one is new.
        let _ = Reflect::delete_property(detail.unchecked_ref::<Object>(), &"type".into());
        let code = js::get(&js::get(detail, "error"), "code");
        let of_provider = name.as_string().as_deref() == Some("error")
            && code.as_string().as_deref() == Some("credentials-unavailable");
        let cause = match of_provider {
            true => self.cause.borrow().clone(),
            false => JsValue::UNDEFINED,
        };
        // What a host's listener throws is reported by the browser, not here.
        if let Some(emit) = self.emit.borrow().clone() {
            let _ = emit.call3(&JsValue::UNDEFINED, &name, detail, &cause);
        }
    }
}

/// The host's signal while the session starts.
struct Abort {
    aborted: Option<(Deferred, EventListener)>,
}

impl Abort {
    fn new(signal: Option<&AbortSignal>) -> Result<Self, JsValue> {
        let error = || {
            let message = "the signal was aborted";
            js::thrown(Error::new(ErrorCode::Aborted, Stage::Options, message))
        };
        let Some(signal) = signal else {
            return Ok(Self { aborted: None });
        };
        if signal.aborted() {
            return Err(error());
        }
        let aborted = Deferred::new();
        js::ignore(aborted.promise());
        let listener = EventListener::once(signal, "abort", {
            let aborted = aborted.clone();
            move |_| aborted.reject(&error())
        });
        Ok(Self {
            aborted: Some((aborted, listener)),
        })
    }

    /// The future's outcome, unless the signal comes first.
    async fn unless<T>(
        &self,
        work: impl Future<Output = Result<T, JsValue>>,
    ) -> Result<T, JsValue> {
        let Some((aborted, _)) = &self.aborted else {
            return work.await;
        };
        let mut work = std::pin::pin!(work);
        let mut aborted = std::pin::pin!(JsFuture::from(aborted.promise()));
        std::future::poll_fn(|context| {
            use std::task::Poll;
            if let Poll::Ready(Err(error)) = aborted.as_mut().poll(context) {
                return Poll::Ready(Err(error));
            }
            work.as_mut().poll(context)
        })
        .await
    }
}
