//! A session while the customer speaks.

use std::error::Error;
use std::hint::black_box;

use connect_interpreter::session::{Input, Output, Session, SocketId, SocketInput};
use connect_interpreter::speaker::Speaker;
use connect_interpreter::time::{Duration, Timestamp};

use crate::audio::{BATCH, noise};
use crate::{Work, wire};

const RATE_HZ: u32 = 48_000;

struct Call {
    session: Session,
    now: Timestamp,
    frame: u64,
    /// The customer's stream.
    socket: Option<SocketId>,
}

impl Call {
    /// One whose streams are open.
    fn begin() -> Result<Self, Box<dyn Error>> {
        let mut call = Self {
            session: Session::new(wire::config()?, 42)?,
            now: Timestamp::ZERO,
            frame: 0,
            socket: None,
        };
        call.drain();
        let credentials = Input::Credentials(Ok(wire::credentials()), wire::WALL);
        call.give(Speaker::Agent, credentials);
        if call.socket.is_none() {
            return Err("no stream was asked for".into());
        }
        Ok(call)
    }

    fn give(&mut self, speaker: Speaker, input: Input<'_>) {
        self.session.handle_input(self.now, speaker, input);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some((speaker, output)) = self.session.poll_output() {
            if let Output::OpenSocket { id, .. } = output {
                if speaker == Speaker::Customer {
                    self.socket = Some(id);
                }
                let opened = Input::Socket(id, SocketInput::Opened);
                self.session.handle_input(self.now, speaker, opened);
            }
            black_box(&output);
        }
    }

    /// Lets the time pass that a batch takes, and gives it.
    fn hear(&mut self, samples: &[f32]) {
        self.now = self.now + Duration::from_secs(1) * BATCH as u32 / RATE_HZ;
        if self.session.poll_timeout().is_some_and(|at| at <= self.now) {
            self.session.handle_timeout(self.now);
            self.drain();
        }
        let input = Input::Audio {
            rate_hz: RATE_HZ,
            first_frame: self.frame,
            samples,
        };
        self.frame += samples.len() as u64;
        self.give(Speaker::Customer, input);
    }

    fn read(&mut self, message: &[u8]) {
        if let Some(id) = self.socket {
            let message = Input::Socket(id, SocketInput::Message(message));
            self.give(Speaker::Customer, message);
        }
    }
}

/// 0.8 s of speech, which is 16 whole messages.
pub fn audio() -> Result<Work, Box<dyn Error>> {
    let mut call = Call::begin()?;
    let input = noise(16 * BATCH);
    Ok(Box::new(move || {
        for batch in input.chunks(BATCH) {
            call.hear(batch);
        }
    }))
}

/// A result of which nothing can be translated yet.
pub fn partial() -> Result<Work, Box<dyn Error>> {
    results(true)
}

/// A result that is translated.
pub fn last() -> Result<Work, Box<dyn Error>> {
    results(false)
}

fn results(is_partial: bool) -> Result<Work, Box<dyn Error>> {
    let mut call = Call::begin()?;
    for batch in noise(RATE_HZ as usize).chunks(BATCH) {
        call.hear(batch);
    }
    // Nobody says the same result twice.
    let messages = [0, 1].map(|id| wire::result(id, 20, is_partial));
    let mut messages = messages.into_iter().collect::<Result<Vec<_>, _>>()?;
    messages.reverse();
    Ok(Box::new(move || {
        if let Some(message) = messages.pop() {
            call.read(&message);
        }
    }))
}
