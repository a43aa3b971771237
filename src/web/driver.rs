//! Drives one [`Session`] in the worker: gives it what sockets, requests,
//! worklets and the page say, and does what it asks for.

use crate::config::{SessionConfig, SessionOptions};
use crate::error::Error;
use crate::event::{State, UtteranceId};
use crate::few::Few;
use crate::session::{
    Input, Output, PlayedInput, RequestId, ResponseInput, Session, SocketId, SocketInput,
};
use crate::speaker::{PerSpeaker, Speaker};
use crate::time::Timestamp;
use crate::web::engine::{Calls, Page};
use crate::web::fetch::Request;
use crate::web::js;
use crate::web::port::Port;
use crate::web::protocol::{CallId, Command, FromEngine, Start};
use crate::web::provider::Identity;
use crate::web::socket::Socket;
use gloo_timers::callback::{Interval, Timeout};
use js_sys::{Array, Float32Array, Object, Reflect};
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::*;
use web_sys::MessagePort;

/// The longest that `setTimeout` can wait; what is longer would fire at once. A
/// timer that fires early does nothing but set the next one.
const LONGEST_TIMEOUT_MS: u128 = i32::MAX as u128;

/// How often the players hear that this worker lives.
const BEAT_MS: u32 = 250;

/// What Date and `performance.now()` differ by changes when the computer has
/// slept or its clock was put right; by more than this it is told.
const CLOCK_JUMP_MS: f64 = 5_000.0;

/// A session in the worker. The engine holds the only `Rc`; every callback
/// holds a `Weak`.
pub struct Driver {
    me: Weak<Driver>,
    call: CallId,
    page: Page,
    /// What the page's clock is ahead of this worker's.
    ahead_ms: f64,
    /// Where the engine keeps it.
    calls: Weak<RefCell<Few<CallId, Rc<Driver>>>>,
    /// Which taps have brought audio since the page asked.
    heard: Cell<PerSpeaker<bool>>,
    /// Never borrowed twice: no browser call made while it is borrowed comes
    /// back synchronously.
    state: RefCell<Running>,
}

struct Running {
    session: Session,
    options: SessionOptions,
    config: SessionConfig,
    rate_hz: u32,
    sockets: Few<SocketId, Socket>,
    requests: Few<RequestId, Request>,
    timer: Option<(Timestamp, Timeout)>,
    beats: Option<Interval>,
    /// How much later the wall clock is than the session's.
    wall_ms: f64,
    ports: Option<PerSpeaker<Ports>>,
    /// Sockets and requests that could not even be made.
    stillborn: Vec<(Speaker, Stillborn)>,
    /// Reused for every batch of a tap.
    samples: Vec<f32>,
}

enum Stillborn {
    Socket(SocketId),
    Request(RequestId),
}

struct Ports {
    _tap: Port,
    player: Port,
}

impl Driver {
    /// Begins a session. `ports`: the agent's tap and player, the customer's.
    pub fn start(
        call: CallId,
        page: Page,
        calls: &Calls,
        start: &Start,
        ports: &[MessagePort],
    ) -> Result<(), Error> {
        let rate_hz = start.rate_hz;
        let options = SessionOptions::from_json(&start.options)?;
        let config = options.resolve(rate_hz)?;
        let mut session = Session::new(config.clone(), js::seed())?;
        session.go_on_after(UtteranceId(start.last_utterance));
        let driver = Rc::new_cyclic(|me: &Weak<Self>| Self {
            me: me.clone(),
            call,
            page,
            ahead_ms: start.now_ms - js::now_ms(),
            calls: Rc::downgrade(calls),
            heard: Cell::default(),
            state: RefCell::new(Running {
                session,
                options,
                config,
                rate_hz,
                sockets: Few::default(),
                requests: Few::default(),
                timer: None,
                beats: None,
                wall_ms: 0.0,
                ports: None,
                stillborn: Vec::new(),
                samples: Vec::new(),
            }),
        });
        // Before any audio: nothing of a muted speaker is ever sent.
        driver.drive(|running, now| {
            let (muted, from_frame) = (true, None);
            for speaker in Speaker::BOTH.into_iter().filter(|s| start.muted[*s]) {
                let mute = Input::Mute { muted, from_frame };
                running.session.handle_input(now, speaker, mute);
            }
            if start.held {
                let held = true;
                let hold = Input::Hold { held, from_frame };
                running.session.handle_input(now, Speaker::Agent, hold);
            }
        });
        if let [agent_tap, agent_player, customer_tap, customer_player] = ports {
            let agent = driver.connect(Speaker::Agent, agent_tap, agent_player);
            let customer = driver.connect(Speaker::Customer, customer_tap, customer_player);
            driver.state.borrow_mut().ports = Some(PerSpeaker { agent, customer });
        }
        calls.borrow_mut().insert(call, Rc::clone(&driver));
        driver.beat();
        let me = driver.me.clone();
        let beats = Interval::new(BEAT_MS, move || {
            if let Some(driver) = me.upgrade() {
                driver.beat();
            }
        });
        driver.state.borrow_mut().beats = Some(beats);
        Ok(())
    }

    /// Tells the players that this worker lives.
    fn beat(&self) {
        let message = message(&[("beat", JsValue::TRUE)]);
        let running = self.state.borrow();
        for speaker in Speaker::BOTH {
            self.player(&running, speaker, |port| port.post(&message));
        }
    }

    fn connect(&self, speaker: Speaker, tap: &MessagePort, player: &MessagePort) -> Ports {
        let me = self.me.clone();
        let tap = Port::new(tap.clone(), move |data| {
            if let Some(driver) = me.upgrade() {
                driver.tapped(speaker, &data);
            }
        });
        let me = self.me.clone();
        let player = Port::new(player.clone(), move |data| {
            if let Some(driver) = me.upgrade() {
                driver.played(speaker, &data);
            }
        });
        Ports { _tap: tap, player }
    }

    /// Audio from a tap: `{ frame, pcm }`.
    fn tapped(&self, speaker: Speaker, data: &JsValue) {
        let Ok(pcm) = js::get(data, "pcm").dyn_into::<Float32Array>() else {
            return;
        };
        let first_frame = js::whole(&js::get(data, "frame"));
        let mut heard = self.heard.get();
        if !heard[speaker] {
            heard[speaker] = true;
            self.heard.set(heard);
            if heard[speaker.other()] {
                self.page.tell(FromEngine::Rendering { call: self.call });
            }
        }
        self.drive(|running, now| {
            let mut samples = std::mem::take(&mut running.samples);
            samples.resize(pcm.length() as usize, 0.0);
            pcm.copy_to(&mut samples);
            let audio = Input::Audio {
                rate_hz: running.rate_hz,
                first_frame,
                samples: &samples,
            };
            running.session.handle_input(now, speaker, audio);
            running.samples = samples;
        });
    }

    /// A player's news: `{ started, frame }` or `{ ended, frame, samples }`.
    fn played(&self, speaker: Speaker, data: &JsValue) {
        let frame = js::whole(&js::get(data, "frame"));
        let (utterance, news) = match js::get_some(data, "started") {
            Some(id) => (id, PlayedInput::Started { frame }),
            None => {
                let samples = js::whole(&js::get(data, "samples"));
                (
                    js::get(data, "ended"),
                    PlayedInput::Ended { frame, samples },
                )
            }
        };
        let utterance = UtteranceId(js::whole(&utterance));
        self.input(speaker, Input::Played(utterance, news));
    }

    /// A command of the host.
    pub fn command(&self, speaker: Speaker, command: Command) {
        let input = match command {
            Command::Mute { muted, moment } => {
                let from_frame = Some(moment.frame);
                self.input(speaker, Input::Mute { muted, from_frame });
                self.hear(&[speaker], moment.stop);
                return;
            }
            Command::Hold { held, moment } => {
                let from_frame = Some(moment.frame);
                self.input(speaker, Input::Hold { held, from_frame });
                self.hear(&Speaker::BOTH, moment.stop);
                return;
            }
            Command::Enable(enabled) => {
                self.state.borrow_mut().options.of_mut(speaker).enabled = Some(enabled);
                Input::Enable(enabled)
            }
            Command::Say { text, translate } => Input::Say { text, translate },
            Command::Configure(changes) => {
                self.configure(speaker, &changes);
                return;
            }
        };
        self.input(speaker, input);
    }

    /// What comes to the players after this is for them: they were deaf since
    /// the page stopped them with that number.
    fn hear(&self, speakers: &[Speaker], stop: u64) {
        let message = message(&[("hear", js::number(stop))]);
        let running = self.state.borrow();
        for speaker in speakers.iter().filter(|_| stop > 0) {
            self.player(&running, *speaker, |port| port.post(&message));
        }
    }

    /// New settings. The page has checked them.
    fn configure(&self, speaker: Speaker, changes: &str) {
        self.drive(|running, now| {
            let side = running.options.of_mut(speaker);
            if let Ok(new) = side.with_changes(changes, speaker.name()) {
                *side = new;
            }
            let Ok(config) = running.options.resolve(running.rate_hz) else {
                return;
            };
            for speaker in Speaker::BOTH {
                let new = &config.speakers[speaker];
                // A speaker's language is also the other's target.
                if *new != running.config.speakers[speaker] {
                    let input = Input::Configure(Box::new(new.clone()));
                    running.session.handle_input(now, speaker, input);
                }
            }
            running.config = config;
        });
    }

    /// The host's answer.
    pub fn credentials(&self, result: Result<Identity, Error>) {
        let result = result.map(Into::into);
        self.input(Speaker::Agent, Input::Credentials(result, js::unix_time()));
    }

    /// Tells the page when audio comes from both taps.
    pub fn announce(&self) {
        self.heard.take();
    }

    /// Ends the session: what was said is still transcribed, then it goes.
    pub fn stop(&self) {
        self.input(Speaker::Agent, Input::Stop);
    }

    fn input(&self, speaker: Speaker, input: Input<'_>) {
        self.drive(|running, now| running.session.handle_input(now, speaker, input));
    }

    /// Does something with the session and then all that it asks for.
    fn drive(&self, act: impl FnOnce(&mut Running, Timestamp)) {
        let mut running = self.state.borrow_mut();
        let now = Timestamp::from_millis_f64(js::now_ms() + self.ahead_ms);
        let unix = js::unix_time();
        let wall_ms = unix.as_secs_f64() * 1000.0 - now.as_millis_f64();
        if (wall_ms - running.wall_ms).abs() > CLOCK_JUMP_MS {
            running.wall_ms = wall_ms;
            let input = Input::Clock(unix);
            running.session.handle_input(now, Speaker::Agent, input);
        }
        act(&mut running, now);
        loop {
            while let Some((speaker, output)) = running.session.poll_output() {
                self.perform(&mut running, speaker, output);
            }
            let Some((speaker, what)) = running.stillborn.pop() else {
                break;
            };
            let input = match what {
                Stillborn::Socket(id) => Input::Socket(
                    id,
                    SocketInput::Closed {
                        code: 1006,
                        clean: false,
                    },
                ),
                Stillborn::Request(id) => Input::Response(id, ResponseInput::Failed),
            };
            running.session.handle_input(now, speaker, input);
        }
        if running.session.state() == State::Stopped {
            self.end(&mut running);
        } else {
            self.arm(&mut running, now);
        }
    }

    /// Nothing is left of the session but what the caller holds.
    fn end(&self, running: &mut Running) {
        running.timer = None;
        running.beats = None;
        running.ports = None;
        running.sockets.clear();
        running.requests.clear();
        let known = self
            .calls
            .upgrade()
            .and_then(|calls| calls.borrow_mut().remove(self.call));
        if known.is_some() {
            self.page.tell(FromEngine::Stopped { call: self.call });
        }
    }

    /// Sets the one timer to what the session waits for.
    fn arm(&self, running: &mut Running, now: Timestamp) {
        let due = running.session.poll_timeout();
        // What is put off with every piece of audio is not set anew each time:
        // the timer fires early, and only then is the next one set.
        if let (Some(due), Some((at, _))) = (due, &running.timer)
            && *at <= due
        {
            return;
        }
        running.timer = due.map(|at| {
            let me = self.me.clone();
            // Rounded up: a timer that fires early would be set again at once.
            let wait = at.since(now).as_micros().div_ceil(1000);
            let timeout = Timeout::new(
                u32::try_from(wait.min(LONGEST_TIMEOUT_MS)).unwrap_or(0),
                move || {
                    if let Some(driver) = me.upgrade() {
                        driver.drive(|running, now| {
                            running.timer = None;
                            running.session.handle_timeout(now);
                        });
                    }
                },
            );
            (at, timeout)
        });
    }

    fn perform(&self, running: &mut Running, speaker: Speaker, output: Output) {
        match output {
            Output::GetCredentials => self
                .page
                .tell(FromEngine::GetCredentials { call: self.call }),
            Output::OpenSocket { id, url } => {
                let me = self.me.clone();
                let socket = Socket::open(&url, move |news| {
                    if let Some(driver) = me.upgrade() {
                        driver.heard_of(speaker, id, news);
                    }
                });
                match socket {
                    Some(socket) => running.sockets.insert(id, socket),
                    None => running.stillborn.push((speaker, Stillborn::Socket(id))),
                }
            }
            Output::SendMessage { id, bytes } => {
                if let Some(socket) = running.sockets.get(id) {
                    socket.send(&bytes);
                }
            }
            Output::CloseSocket { id } => drop(running.sockets.remove(id)),
            Output::SendRequest { id, request } => {
                let me = self.me.clone();
                let request = Request::send(request, move |news| {
                    if let Some(driver) = me.upgrade() {
                        driver.answered(speaker, id, news);
                    }
                });
                match request {
                    Some(request) => running.requests.insert(id, request),
                    None => running.stillborn.push((speaker, Stillborn::Request(id))),
                }
            }
            Output::CancelRequest { id } => drop(running.requests.remove(id)),
            Output::Play { utterance, pcm } => {
                let pcm = Float32Array::from(pcm.as_slice());
                let transfer = Array::of1(&pcm.buffer());
                let message =
                    message(&[("utterance", js::number(utterance.0)), ("pcm", pcm.into())]);
                self.player(running, speaker, |port| {
                    port.post_and_give(&message, &transfer)
                });
            }
            Output::PlayEnd { utterance } => {
                let message = message(&[
                    ("utterance", js::number(utterance.0)),
                    ("end", JsValue::TRUE),
                ]);
                self.player(running, speaker, |port| port.post(&message));
            }
            Output::StopPlayout => {
                let message = message(&[("stop", JsValue::TRUE)]);
                self.player(running, speaker, |port| port.post(&message));
            }
            Output::Event(event) => self.page.tell(FromEngine::Event {
                call: self.call,
                event: js::to_js(&event),
            }),
        }
    }

    /// News of a socket, unless it was closed from this side.
    fn heard_of(&self, speaker: Speaker, id: SocketId, news: SocketInput<'_>) {
        let over = matches!(news, SocketInput::Closed { .. });
        self.drive(|running, now| {
            if running.sockets.get(id).is_none() {
                return;
            }
            if over {
                running.sockets.remove(id);
            }
            let input = Input::Socket(id, news);
            running.session.handle_input(now, speaker, input);
        });
    }

    /// News of a request, unless it has been cancelled.
    fn answered(&self, speaker: Speaker, id: RequestId, news: ResponseInput<'_>) {
        let over = matches!(news, ResponseInput::End | ResponseInput::Failed);
        self.drive(|running, now| {
            if running.requests.get(id).is_none() {
                return;
            }
            if over {
                running.requests.remove(id);
            }
            running
                .session
                .handle_input(now, speaker, Input::Response(id, news));
        });
    }

    fn player(&self, running: &Running, speaker: Speaker, post: impl FnOnce(&Port)) {
        if let Some(ports) = &running.ports {
            post(&ports[speaker].player);
        }
    }
}

fn message(parts: &[(&str, JsValue)]) -> JsValue {
    let message = Object::new();
    for (key, value) in parts {
        // Only fails on frozen objects, and this one is new.
        let _ = Reflect::set(&message, &JsValue::from_str(key), value);
    }
    message.into()
}
