//! What the page and the engine worker say to each other: an array with one
//! JSON text, followed by the ports that travel with it. Audio is not among it:
//! it goes between the worklets and the worker.

use crate::config::SessionOptions;
use crate::error::Error;
use crate::event::Event;
use crate::speaker::Speaker;
use crate::web::provider::Identity;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

/// A session, as page and worker know it. Never used twice in a page.
pub type CallId = u32;

/// To the worker.
#[derive(Serialize, Deserialize)]
pub enum ToEngine {
    /// Begins a session. With it go four ports: the agent's tap and player,
    /// the customer's tap and player.
    Start {
        call: CallId,
        options: Box<SessionOptions>,
        /// Of the AudioContext: of what is captured and of what is played.
        rate_hz: u32,
    },
    /// Something for one speaker's pipeline.
    Command {
        call: CallId,
        speaker: Speaker,
        command: Command,
    },
    /// New settings, both speakers'.
    Configure {
        call: CallId,
        options: Box<SessionOptions>,
    },
    /// The answer to [`FromEngine::GetCredentials`].
    Credentials {
        call: CallId,
        result: Result<Identity, Error>,
    },
    /// Say so ([`FromEngine::Rendering`]) when the next audio comes.
    Announce { call: CallId },
    /// Ends a session.
    Stop { call: CallId },
}

/// The public commands that change a pipeline.
#[derive(Serialize, Deserialize)]
pub enum Command {
    Mute { muted: bool, from_frame: u64 },
    Hold(bool),
    Enable(bool),
    Say { text: String, translate: bool },
}

/// From the worker.
#[derive(Serialize, Deserialize)]
pub enum FromEngine {
    /// The worker is up.
    Ready,
    /// The session has begun, or cannot.
    Started {
        call: CallId,
        result: Result<(), Error>,
    },
    /// Something for the host.
    Event { call: CallId, event: Box<Event> },
    /// Ask the host's provider.
    GetCredentials { call: CallId },
    /// Audio of both taps has come: the graph is being rendered.
    Rendering { call: CallId },
    /// Nothing of the session is left in the worker.
    Stopped { call: CallId },
}

/// The text of a message. These types always have one.
pub fn encode(message: &impl Serialize) -> JsValue {
    JsValue::from_str(&serde_json::to_string(message).unwrap_or_default())
}

/// The message in a text; `None` if it is not one of ours.
pub fn decode<T: DeserializeOwned>(text: &JsValue) -> Option<T> {
    serde_json::from_str(&text.as_string()?).ok()
}
