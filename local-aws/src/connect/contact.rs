//! What the model is made of: contacts, their connections, their states.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Milliseconds of the Unix clock.
pub type UnixMs = i64;

/// Why something cannot be done: what a client gets as the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such contact, connection or phone.
    NotFound(String),
    /// It exists, but not in a state that allows this.
    Conflict(String),
    /// The request makes no sense.
    Invalid(String),
}

impl Refusal {
    pub fn message(&self) -> &str {
        match self {
            Self::NotFound(why) | Self::Conflict(why) | Self::Invalid(why) => why,
        }
    }
}

pub type Done<T = ()> = Result<T, Refusal>;

pub fn conflict<T>(why: impl Into<String>) -> Done<T> {
    Err(Refusal::Conflict(why.into()))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Voice,
    QueueCallback,
    Chat,
    Task,
    Email,
}

impl Kind {
    pub const fn is_call(self) -> bool {
        matches!(self, Self::Voice | Self::QueueCallback)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ContactState {
    Incoming,
    Connecting,
    Connected,
    Missed,
    Rejected,
    Error,
    Ended,
}

impl ContactState {
    /// Over for the agent, but still to be cleared.
    pub const fn is_over(self) -> bool {
        matches!(
            self,
            Self::Missed | Self::Rejected | Self::Error | Self::Ended
        )
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LegState {
    Connecting,
    Connected,
    Hold,
    Disconnected,
}

impl LegState {
    pub const fn is_active(self) -> bool {
        !matches!(self, Self::Disconnected)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Agent,
    Customer,
    ThirdParty,
}

/// One participant of a contact.
#[derive(Clone, Debug)]
pub struct Connection {
    pub id: String,
    pub role: Role,
    pub state: LegState,
    pub since: UnixMs,
    /// The participant's phone; none for the agent.
    pub phone: String,
    /// Muted by the service, not by Streams.
    pub mute: bool,
}

impl Connection {
    pub fn set(&mut self, state: LegState, now: UnixMs) {
        if self.state != state {
            self.state = state;
            self.since = now;
        }
    }

    pub fn is_active(&self) -> bool {
        self.state.is_active()
    }
}

#[derive(Clone, Debug)]
pub struct Contact {
    pub id: String,
    pub kind: Kind,
    pub outbound: bool,
    pub state: ContactState,
    pub since: UnixMs,
    pub began: UnixMs,
    pub attributes: BTreeMap<String, String>,
    pub name: Option<String>,
    /// The agent's connection is the first.
    pub connections: Vec<Connection>,
    /// What the softphone shows when it invites.
    pub token: String,
    /// The agent has accepted, or need not.
    pub accepted: bool,
    /// The agent's media is up.
    pub media: bool,
    pub auto_accept: bool,
    /// The others talk on, with somebody else.
    pub transferred: bool,
}

impl Contact {
    pub fn set(&mut self, state: ContactState, now: UnixMs) {
        if self.state != state {
            self.state = state;
            self.since = now;
        }
    }

    pub fn agent(&self) -> &Connection {
        &self.connections[0]
    }

    pub fn others(&self) -> impl Iterator<Item = &Connection> {
        self.connections[1..].iter()
    }

    pub fn active_others(&self) -> usize {
        self.others().filter(|leg| leg.is_active()).count()
    }

    /// Everybody is gone.
    pub fn over(&mut self, state: ContactState, now: UnixMs) {
        self.set(state, now);
        self.media = false;
        for leg in &mut self.connections {
            leg.set(LegState::Disconnected, now);
        }
    }

    pub fn leg(&mut self, id: &str) -> Done<&mut Connection> {
        self.connections
            .iter_mut()
            .find(|leg| leg.id == id)
            .ok_or_else(|| Refusal::NotFound(format!("there is no connection {id}")))
    }
}

/// The parts of an instance's settings that change what happens.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Settings {
    pub softphone_enabled: bool,
    pub persistent_connection: bool,
    pub auto_accept: bool,
    pub voice_concurrency: usize,
    pub use_web_socket_provider: bool,
    pub inactivity_duration_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            softphone_enabled: true,
            persistent_connection: false,
            auto_accept: false,
            voice_concurrency: 1,
            use_web_socket_provider: true,
            inactivity_duration_ms: 600_000,
        }
    }
}

/// What a new contact is.
#[derive(Clone, Debug)]
pub struct NewContact {
    pub kind: Kind,
    pub outbound: bool,
    pub phone: String,
    pub attributes: BTreeMap<String, String>,
    pub name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AgentState {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub since: UnixMs,
}
