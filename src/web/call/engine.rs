//! The engine's worker as a session sees it: begun, lost, gone on with.

use super::Call;
use crate::error::{Error, ErrorCode, Stage};
use crate::event::{Event, Level, State};
use crate::speaker::{PerSpeaker, Speaker};
use crate::web::js;
use crate::web::mixer::Mixer;
use crate::web::protocol::{Command, Start, ToEngine};
use js_sys::JSON;
use wasm_bindgen::prelude::*;
use web_sys::{MessageChannel, MessagePort};

/// Makes the four channels and gives the worklets their ends.
pub fn ports(mixer: &Mixer) -> Result<[MessagePort; 4], JsValue> {
    let channel = MessageChannel::new;
    let channels = [channel()?, channel()?, channel()?, channel()?];
    mixer.connect(&channels.each_ref().map(MessageChannel::port1))?;
    Ok(channels.map(|channel| channel.port2()))
}

impl Call {
    /// Gives the session to the engine as it is now.
    pub(super) fn start_engine(&self, ports: &[MessagePort]) {
        let status = self.status.get();
        let options = JSON::stringify(&self.settings);
        let start = Start {
            options: options.map(Into::into).unwrap_or_default(),
            rate_hz: self.rate_hz,
            now_ms: js::now_ms(),
            last_utterance: self.ledger.borrow().last,
            muted: status.muted,
            held: status.held,
        };
        let call = self.id;
        self.page.tell(ToEngine::Start { call, start }, ports);
    }

    /// A player has not heard the engine for too long.
    pub(super) fn engine_is_silent(&self) {
        // Both players tell, and those of every session.
        if self.status.get().engine_alive && !self.is_over() {
            self.page.engine_died();
        }
    }

    /// The originals come back at once; then the host is told.
    pub fn engine_died(&self) {
        let status = self.status.get();
        if !status.engine_alive {
            // One that was to take its place died as well: all is told.
            return;
        }
        let error = Error::new(
            ErrorCode::EngineFailed,
            Stage::Engine,
            "the engine worker died; the call goes on uninterpreted until another one is up",
        );
        let error = Error {
            retryable: true,
            ..error
        };
        self.update(|status| {
            status.engine_alive = false;
            status.state = State::Degraded;
            status.levels = PerSpeaker::default();
        });
        self.apply_volumes();
        if !status.begun || self.is_over() {
            self.begun.reject(&js::thrown(error));
            self.ended_in_worker.resolve();
            return;
        }
        // What the players have is dropped: the rest of it will never come.
        self.moment(&Speaker::BOTH, true);
        let (from, dropped) = self.ledger.borrow_mut().close(js::now_ms());
        self.lost.set(Some(from));
        for speaker in Speaker::BOTH {
            let previous = status.levels[speaker];
            if previous != Level::Original {
                self.emit_event(&Event::LevelChange {
                    speaker,
                    level: Level::Original,
                    previous,
                    error: Some(error.clone().of(speaker)),
                });
            }
        }
        if status.state != State::Degraded {
            let state = State::Degraded;
            self.emit_event(&Event::StateChange { state });
        }
        self.emit_error(error);
        for event in &dropped {
            self.emit_event(event);
        }
    }

    /// Another engine is up: it gets what this one had, on new ports.
    pub fn go_on(&self) {
        if self.status.get().engine_alive || self.is_over() {
            return;
        }
        let Some(Ok(ports)) = self.mixer.borrow().as_ref().map(ports) else {
            return;
        };
        self.update(|status| status.engine_alive = true);
        self.start_engine(&ports);
        for (speaker, command) in self.typed.take() {
            self.command(speaker, command);
        }
        let Some(lost) = self.lost.take() else {
            return;
        };
        let status = self.status.get();
        for speaker in Speaker::BOTH {
            let enabled = self.options.borrow_mut().of_mut(speaker).enabled != Some(false);
            if enabled && !status.muted[speaker] && !status.held {
                let at_ms = lost[speaker];
                self.emit_event(&Event::Gap {
                    speaker,
                    at_ms,
                    lost_ms: js::now_ms() - at_ms,
                });
            }
        }
    }

    /// Tells the engine. What is typed while there is none waits for it; all else
    /// it learns as it starts.
    pub(super) fn command(&self, speaker: Speaker, command: Command) {
        if !self.status.get().engine_alive && matches!(command, Command::Say { .. }) {
            self.typed.borrow_mut().push((speaker, command));
            return;
        }
        let message = ToEngine::Command {
            call: self.id,
            speaker,
            command,
        };
        self.page.tell(message, &[]);
    }
}
