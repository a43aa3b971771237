//! What a page has once and every session uses: the worker, the AudioContext.

use crate::error::{Error, ErrorCode, Stage};
use crate::few::Few;
use crate::web::call::Call;
use crate::web::fetch;
use crate::web::js::{self, Deferred, refused};
use crate::web::options::Prepare;
use crate::web::protocol::{CallId, FromEngine, ToEngine};
use crate::web::provider::{Ahead, Provider, failure};
use gloo_events::EventListener;
use js_sys::{Array, Function, Promise};
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise, spawn_local};
use web_sys::{AudioContext, AudioScheduledSourceNode, MessageEvent, MessagePort, Worker};

/// An engine that lived so long was a sound one: if it dies, the next is made at
/// once.
const SOUND_MS: f64 = 60_000.0;

/// The longest wait for the next engine, in seconds, where they die one after
/// another. The first is made at once, the second after a second, then twice as
/// long each time.
const LONGEST_WAIT: u32 = 30;

/// An engine that is to take another's place and is not up after so many seconds
/// counts as dead.
const COMING_UP: u32 = 5;

/// What the package's JavaScript gives: files are its business.
pub struct Assets {
    /// The compiled module.
    pub module: JsValue,
    /// Makes the worker.
    pub make_worker: Function,
    /// Says why a worker did not come up: a plain error, or `undefined`.
    pub worker_failure: Function,
    /// URL of the tap's worklet.
    pub tap: String,
    /// URL of the player's worklet.
    pub player: String,
}

/// The page.
pub struct Page {
    me: Weak<Page>,
    assets: Assets,
    engine: RefCell<Option<EngineLink>>,
    audio: RefCell<Option<Rc<Audio>>>,
    calls: RefCell<Few<CallId, Weak<Call>>>,
    /// Engines that died soon, one after another.
    deaths: Cell<u32>,
    /// Waits until it is time to look after the next engine.
    revival: RefCell<Option<EventListener>>,
    next_call: Cell<CallId>,
    /// Credentials for the next session.
    ahead: RefCell<Option<Ahead>>,
    disposed: Cell<bool>,
}

/// The worker. Dropping it ends it.
struct EngineLink {
    worker: Worker,
    ready: Deferred,
    is_up: Cell<bool>,
    /// When it was made, on this thread's clock.
    made_ms: f64,
    _listeners: [EventListener; 3],
}

impl Drop for EngineLink {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}

/// An AudioContext with our worklets. Whoever uses it holds it; dropping the
/// last closes it.
///
/// Chrome keeps every MediaStreamAudioSourceNode until its context is closed.
/// So a context serves the sessions that overlap, and goes with the last.
pub struct Audio {
    pub context: AudioContext,
    /// Settled once the worklets' modules are there.
    modules: Promise,
}

impl Drop for Audio {
    fn drop(&mut self) {
        // Refused only where it is closed already.
        if let Ok(closing) = self.context.close() {
            js::ignore(closing);
        }
    }
}

impl Page {
    pub fn new(assets: Assets) -> Rc<Self> {
        Rc::new_cyclic(|me| Self {
            me: me.clone(),
            assets,
            engine: RefCell::new(None),
            audio: RefCell::new(None),
            calls: RefCell::default(),
            deaths: Cell::new(0),
            revival: RefCell::default(),
            next_call: Cell::new(1),
            ahead: RefCell::default(),
            disposed: Cell::new(false),
        })
    }

    /// Worker, context and modules, and what else is wanted: made now, awaited
    /// here, but for the connections, which a session can do without.
    pub async fn prepare(&self, options: Prepare) -> Result<(), JsValue> {
        let audio = self.audio()?;
        for host in &options.hosts {
            fetch::connect(host);
        }
        let ahead = options.credentials.and_then(Provider::ask_ahead);
        let asked = ahead.as_ref().map(Ahead::answer);
        // A session that begins meanwhile waits for the same answer.
        self.ahead.replace(ahead);
        self.prepare_with(&audio).await?;
        if let Some(asked) = asked {
            JsFuture::from(asked).await.map_err(|cause| {
                self.ahead.take();
                let error = failure("credentials: the provider failed; see cause");
                js::thrown_with(&error, &cause)
            })?;
        }
        Ok(())
    }

    /// What [`Self::prepare`] has asked a provider for, once.
    pub fn take_ahead(&self) -> Option<Ahead> {
        self.ahead.take()
    }

    /// The same with a context that one has already.
    pub async fn prepare_with(&self, audio: &Audio) -> Result<(), JsValue> {
        let engine = self.engine()?;
        JsFuture::from(engine).await?;
        JsFuture::from(audio.modules.clone()).await?;
        Ok(())
    }

    /// The context, made where there is none.
    pub fn audio(&self) -> Result<Rc<Audio>, JsValue> {
        self.alive()?;
        if let Some(audio) = self.audio.borrow().as_ref() {
            return Ok(Rc::clone(audio));
        }
        let context = AudioContext::new().map_err(|cause| js::thrown(refused(cause)))?;
        let worklet = context
            .audio_worklet()
            .map_err(|cause| js::thrown(refused(cause)))?;
        // Both are fetched at once.
        let loading = [
            ("assets.tap", worklet.add_module(&self.assets.tap)),
            ("assets.player", worklet.add_module(&self.assets.player)),
        ];
        for loading in loading
            .iter()
            .filter_map(|(_, loading)| loading.as_ref().ok())
        {
            js::ignore(loading.clone());
        }
        let modules = future_to_promise(async move {
            for (field, loading) in loading {
                let loaded = match loading {
                    Ok(loading) => JsFuture::from(loading).await,
                    Err(cause) => Err(cause),
                };
                loaded.map_err(|cause| js::thrown_with(&not_loaded(field), &cause))?;
            }
            Ok(JsValue::UNDEFINED)
        });
        // Whoever waits for it gets the reason; that nobody waits is no error.
        js::ignore(modules.clone());
        let audio = Rc::new(Audio { context, modules });
        self.audio.replace(Some(Rc::clone(&audio)));
        Ok(audio)
    }

    /// The promise of a worker that is up, made at the first call and after
    /// one has died.
    fn engine(&self) -> Result<Promise, JsValue> {
        self.alive()?;
        if let Some(engine) = self.engine.borrow().as_ref() {
            return Ok(engine.ready.promise());
        }
        let failed = |cause: &JsValue| js::thrown_with(&not_loaded("assets.worker"), cause);
        let worker: Worker = self
            .assets
            .make_worker
            .call0(&JsValue::UNDEFINED)
            .and_then(JsCast::dyn_into)
            .map_err(|cause| failed(&cause))?;
        let ready = Deferred::new();
        js::ignore(ready.promise());
        let me = self.me.clone();
        let message = EventListener::new(&worker, "message", move |event| {
            let data = event.unchecked_ref::<MessageEvent>().data();
            let parts: Array = data.unchecked_into();
            if let (Some(page), Some(message)) = (me.upgrade(), FromEngine::decode(&parts)) {
                page.receive(message);
            }
        });
        let died = ["error", "messageerror"].map(|name| {
            let me = self.me.clone();
            EventListener::new(&worker, name, move |event| {
                if let Some(page) = me.upgrade() {
                    event.prevent_default();
                    page.engine_died();
                }
            })
        });
        let [error, message_error] = died;
        worker
            .post_message(&self.assets.module)
            .map_err(|cause| failed(&cause))?;
        let promise = ready.promise();
        self.engine.replace(Some(EngineLink {
            worker,
            ready,
            is_up: Cell::new(false),
            made_ms: js::now_ms(),
            _listeners: [message, error, message_error],
        }));
        Ok(promise)
    }

    fn alive(&self) -> Result<(), JsValue> {
        if self.disposed.get() {
            let error = Error::new(ErrorCode::NotReady, Stage::Engine, "dispose() was called");
            return Err(js::thrown(error));
        }
        Ok(())
    }

    fn receive(&self, message: FromEngine) {
        let find = |call| self.calls.borrow().get(call).and_then(Weak::upgrade);
        match message {
            FromEngine::Ready => {
                if let Some(engine) = self.engine.borrow().as_ref() {
                    engine.is_up.set(true);
                    engine.ready.resolve();
                }
            }
            FromEngine::Started { call, result } => {
                if let Some(call) = find(call) {
                    call.started(result);
                }
            }
            FromEngine::Event { call, event } => {
                if let Some(call) = find(call) {
                    call.event(&event);
                }
            }
            FromEngine::GetCredentials { call } => {
                if let Some(call) = find(call) {
                    call.get_credentials();
                }
            }
            FromEngine::Rendering { call } => {
                if let Some(call) = find(call) {
                    call.rendering();
                }
            }
            FromEngine::Stopped { call } => {
                if let Some(call) = find(call) {
                    call.stopped();
                }
            }
        }
    }

    /// The worker failed, or is stuck: its sessions fall back to the originals
    /// and go on in another one.
    pub fn engine_died(&self) {
        let Some(engine) = self.engine.take() else {
            return;
        };
        let reason = self.assets.worker_failure.call0(&JsValue::UNDEFINED);
        let reason = match reason {
            Ok(reason) if reason.is_object() => reason,
            _ => js::thrown(not_loaded("assets.worker")),
        };
        // Settles nothing if the worker had come up.
        engine.ready.reject(&reason);
        let sound = js::now_ms() - engine.made_ms > SOUND_MS;
        drop(engine);
        for call in self.live_calls() {
            call.engine_died();
        }
        self.restart(sound);
    }

    fn live_calls(&self) -> Vec<Rc<Call>> {
        let calls = self.calls.borrow();
        calls.values().filter_map(Weak::upgrade).collect()
    }

    /// Another engine for the sessions that there are, now or a little later.
    fn restart(&self, sound: bool) {
        let deaths = if sound { 0 } else { self.deaths.get() };
        self.deaths.set(deaths + 1);
        let Some(doublings) = deaths.checked_sub(1) else {
            self.revive();
            return;
        };
        self.after(LONGEST_WAIT.min(1 << doublings.min(8)), Self::revive);
    }

    /// Does something so many seconds later, by the audio clock: timers of a
    /// hidden page may be a minute late. Only the latest is done.
    fn after(&self, seconds: u32, act: fn(&Self)) {
        if let Some(audio) = self.audio.borrow().as_ref()
            && let Ok(clock) = audio.context.create_constant_source()
        {
            let me = self.me.clone();
            let due = EventListener::once(&clock, "ended", move |_| {
                if let Some(page) = me.upgrade() {
                    act(&page);
                }
            });
            self.revival.replace(Some(due));
            let clock: &AudioScheduledSourceNode = &clock;
            let _ = clock.start();
            let _ = clock.stop_with_when(audio.context.current_time() + f64::from(seconds));
        }
    }

    fn revive(&self) {
        if self.live_calls().is_empty() {
            return;
        }
        let Ok(ready) = self.engine() else {
            self.restart(false);
            return;
        };
        self.after(COMING_UP, |page| {
            let is_up = |engine: &EngineLink| engine.is_up.get();
            if !page.engine.borrow().as_ref().is_none_or(is_up) {
                page.engine_died();
            }
        });
        let me = self.me.clone();
        spawn_local(async move {
            if JsFuture::from(ready).await.is_ok()
                && let Some(page) = me.upgrade()
            {
                for call in page.live_calls() {
                    call.go_on();
                }
            }
        });
    }

    /// Sends to the worker; nothing is sent to one that has died.
    pub fn tell(&self, message: ToEngine, ports: &[MessagePort]) {
        let parts = message.encode();
        let transfer = Array::new();
        for port in ports {
            parts.push(port);
            transfer.push(port);
        }
        if let Some(engine) = self.engine.borrow().as_ref() {
            // Plain values and fresh ports can always be sent.
            let _ = engine.worker.post_message_with_transfer(&parts, &transfer);
        }
    }

    /// A number for a new session.
    pub fn number_call(&self) -> CallId {
        let call = self.next_call.get();
        self.next_call.set(call + 1);
        call
    }

    pub fn add(&self, id: CallId, call: &Rc<Call>) {
        self.calls.borrow_mut().insert(id, Rc::downgrade(call));
    }

    /// A session is over. The next begins with a new context if it was the last.
    pub fn remove(&self, id: CallId) {
        let mut calls = self.calls.borrow_mut();
        calls.remove(id);
        if calls.values().next().is_none() {
            self.revival.take();
            self.audio.take();
        }
    }

    /// Ends everything.
    pub async fn dispose(&self) -> Result<(), JsValue> {
        if self.disposed.replace(true) {
            return Ok(());
        }
        for call in self.live_calls() {
            call.stop().await;
        }
        let audio = self.audio.take();
        if let Some(engine) = self.engine.take() {
            // Whoever still waits for it hears that it will not come.
            let error = Error::new(ErrorCode::NotReady, Stage::Engine, "dispose() was called");
            engine.ready.reject(&js::thrown(error));
        }
        if let Some(audio) = audio
            && let Ok(closing) = audio.context.close()
        {
            let _ = JsFuture::from(closing).await;
        }
        Ok(())
    }
}

fn not_loaded(field: &str) -> Error {
    Error {
        field: Some(field.to_owned()),
        retryable: true,
        ..Error::new(
            ErrorCode::EngineFailed,
            Stage::Engine,
            format!("{field}: could not be loaded and started"),
        )
    }
}
