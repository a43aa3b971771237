//! The agent, the contacts and their connections: what may follow what. There
//! is no clock, socket or page in it.

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

fn conflict<T>(why: impl Into<String>) -> Done<T> {
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
    fn set(&mut self, state: LegState, now: UnixMs) {
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
    fn set(&mut self, state: ContactState, now: UnixMs) {
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

    fn active_others(&self) -> usize {
        self.others().filter(|leg| leg.is_active()).count()
    }

    /// Everybody is gone.
    fn over(&mut self, state: ContactState, now: UnixMs) {
        self.set(state, now);
        self.media = false;
        for leg in &mut self.connections {
            leg.set(LegState::Disconnected, now);
        }
    }

    fn leg(&mut self, id: &str) -> Done<&mut Connection> {
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

/// One agent of an instance.
#[derive(Debug)]
pub struct Model {
    pub settings: Settings,
    pub contacts: Vec<Contact>,
    /// What the agent is while no contact says otherwise.
    chosen: (String, &'static str),
    /// What the agent is to be after the contacts of now.
    pub next: Option<(String, &'static str)>,
    state: AgentState,
    seed: u64,
    made: u64,
}

impl Model {
    /// An available agent. Ids are drawn from `seed`.
    pub fn new(seed: u64, now: UnixMs) -> Self {
        Self {
            settings: Settings::default(),
            contacts: Vec::new(),
            chosen: ("Available".into(), "routable"),
            next: None,
            state: AgentState {
                name: "Available".into(),
                kind: "routable",
                since: now,
            },
            seed,
            made: 0,
        }
    }

    /// A new id in the form of a UUID.
    pub fn fresh_id(&mut self) -> String {
        self.made += 1;
        uuid::Builder::from_random_bytes(
            ((u128::from(self.seed) << 64) | u128::from(self.made)).to_be_bytes(),
        )
        .into_uuid()
        .to_string()
    }

    pub fn agent_state(&self) -> &AgentState {
        &self.state
    }

    /// The agent's state follows from the contacts.
    fn settle(&mut self, now: UnixMs) {
        let any = |wanted: &[ContactState]| self.contacts.iter().any(|c| wanted.contains(&c.state));
        let dialling = self.contacts.iter().any(|contact| {
            contact.outbound
                && contact.state == ContactState::Connected
                && contact
                    .others()
                    .all(|leg| leg.state == LegState::Connecting)
        });
        let (name, kind) = if dialling {
            ("CallingCustomer".into(), "system")
        } else if any(&[ContactState::Connected]) {
            ("Busy".into(), "system")
        } else if any(&[ContactState::Incoming, ContactState::Connecting]) {
            ("PendingBusy".into(), "system")
        } else if any(&[ContactState::Ended]) {
            ("AfterCallWork".into(), "system")
        } else if any(&[ContactState::Missed, ContactState::Rejected]) {
            ("MissedCallAgent".into(), "error")
        } else if any(&[ContactState::Error]) {
            ("FailedConnectAgent".into(), "error")
        } else {
            if let Some(next) = self.next.take() {
                self.chosen = next;
            }
            self.chosen.clone()
        };
        if self.state.name != name {
            self.state = AgentState {
                name,
                kind,
                since: now,
            };
        }
    }

    pub fn find(&self, id: &str) -> Done<&Contact> {
        self.contacts
            .iter()
            .find(|contact| contact.id == id)
            .ok_or_else(|| Refusal::NotFound(format!("there is no contact {id}")))
    }

    fn contact(&mut self, id: &str) -> Done<&mut Contact> {
        self.contacts
            .iter_mut()
            .find(|contact| contact.id == id)
            .ok_or_else(|| Refusal::NotFound(format!("there is no contact {id}")))
    }

    /// The agent chooses a state; during contacts it waits for their end.
    pub fn choose(&mut self, name: &str, now: UnixMs) -> Done {
        let kind = match name {
            "Available" => "routable",
            "Offline" => "offline",
            "Break" => "not_routable",
            other => return Err(Refusal::Invalid(format!("there is no agent state {other}"))),
        };
        if self.contacts.is_empty() {
            self.chosen = (name.into(), kind);
        } else {
            self.next = Some((name.into(), kind));
        }
        self.settle(now);
        Ok(())
    }

    /// Somebody calls, or is called.
    pub fn begin(&mut self, new: NewContact, now: UnixMs) -> Done<String> {
        if new.kind.is_call() {
            let calls = self
                .contacts
                .iter()
                .filter(|contact| contact.kind.is_call())
                .count();
            if calls >= self.settings.voice_concurrency {
                return conflict("the agent has no free slot for a call");
            }
            if self.contacts.iter().any(|contact| {
                contact
                    .others()
                    .any(|leg| leg.is_active() && leg.phone == new.phone)
            }) {
                return conflict(format!("phone {} is in a call", new.phone));
            }
        }
        let (state, customer) = match (new.kind, new.outbound) {
            (Kind::QueueCallback, _) => (ContactState::Incoming, LegState::Connecting),
            (Kind::Voice, true) => (ContactState::Connecting, LegState::Connecting),
            _ => (ContactState::Connecting, LegState::Connected),
        };
        let connections = [
            (Role::Agent, LegState::Connecting, String::new()),
            (Role::Customer, customer, new.phone),
        ]
        .map(|(role, state, phone)| Connection {
            id: self.fresh_id(),
            role,
            state,
            since: now,
            phone,
            mute: false,
        });
        let id = self.fresh_id();
        let auto_accept = self.settings.auto_accept && !new.outbound;
        let contact = Contact {
            id: id.clone(),
            kind: new.kind,
            outbound: new.outbound,
            state,
            since: now,
            began: now,
            attributes: new.attributes,
            name: new.name,
            connections: connections.into(),
            token: format!("cct-{}", self.fresh_id()),
            accepted: new.outbound || (auto_accept && new.kind.is_call()),
            media: false,
            auto_accept,
            transferred: false,
        };
        self.contacts.push(contact);
        self.advance(&id, now)?;
        Ok(id)
    }

    /// Goes on when the agent has accepted and the media is up.
    fn advance(&mut self, id: &str, now: UnixMs) -> Done {
        let softphone = self.settings.softphone_enabled;
        let renewed = self.fresh_id();
        let contact = self.contact(id)?;
        let media = contact.media || !softphone || !contact.kind.is_call();
        if contact.accepted && contact.kind == Kind::QueueCallback {
            if contact.state == ContactState::Incoming {
                contact.set(ContactState::Connecting, now);
            }
            let customer = contact.connections[1].state;
            if contact.state == ContactState::Connecting && media && customer == LegState::Connected
            {
                // The service gives a callback's agent another connection now.
                contact.connections[0].id = renewed;
                contact.set(ContactState::Connected, now);
                contact.connections[0].set(LegState::Connected, now);
            }
        } else if contact.accepted && media && contact.state == ContactState::Connecting {
            contact.set(ContactState::Connected, now);
            contact.connections[0].set(LegState::Connected, now);
        }
        self.settle(now);
        Ok(())
    }

    fn in_state(&mut self, id: &str, wanted: &[ContactState]) -> Done<&mut Contact> {
        let contact = self.contact(id)?;
        if !wanted.contains(&contact.state) {
            return conflict(format!("the contact is {:?}", contact.state).to_lowercase());
        }
        Ok(contact)
    }

    const RINGING: [ContactState; 2] = [ContactState::Incoming, ContactState::Connecting];

    pub fn accept(&mut self, id: &str, now: UnixMs) -> Done {
        let contact = self.in_state(id, &Self::RINGING)?;
        if contact.accepted {
            return conflict("the contact is accepted already");
        }
        contact.accepted = true;
        self.advance(id, now)
    }

    pub fn reject(&mut self, id: &str, now: UnixMs) -> Done {
        self.refuse(id, ContactState::Rejected, now)
    }

    /// The agent did not answer in time.
    pub fn miss(&mut self, id: &str, now: UnixMs) -> Done {
        self.refuse(id, ContactState::Missed, now)
    }

    fn refuse(&mut self, id: &str, state: ContactState, now: UnixMs) -> Done {
        let contact = self.in_state(id, &Self::RINGING)?;
        contact.over(state, now);
        self.settle(now);
        Ok(())
    }

    /// The service fails.
    pub fn fail(&mut self, id: &str, now: UnixMs) -> Done {
        let contact = self.contact(id)?;
        if contact.state.is_over() {
            return conflict("the contact is over");
        }
        contact.over(ContactState::Error, now);
        self.settle(now);
        Ok(())
    }

    /// The agent's softphone is connected.
    pub fn media_up(&mut self, id: &str, now: UnixMs) -> Done {
        let contact = self.contact(id)?;
        if contact.state.is_over() {
            return conflict("the contact is over");
        }
        contact.media = true;
        self.advance(id, now)
    }

    /// The agent's softphone is gone from a live call: its connection begins
    /// again, under new names, for whichever page takes it up.
    pub fn media_lost(&mut self, id: &str, now: UnixMs) -> Done {
        let (connection, token) = (self.fresh_id(), format!("cct-{}", self.fresh_id()));
        let contact = self.contact(id)?;
        if contact.state.is_over() || !contact.media {
            return Ok(());
        }
        contact.media = false;
        contact.token = token;
        contact.connections[0].id = connection;
        if contact.state == ContactState::Connected {
            contact.set(ContactState::Connecting, now);
            contact.connections[0].set(LegState::Connecting, now);
        }
        self.settle(now);
        Ok(())
    }

    /// Whoever is called picks up.
    pub fn answer(&mut self, id: &str, connection: &str, now: UnixMs) -> Done {
        let leg = self.contact(id)?.leg(connection)?;
        if leg.role == Role::Agent || leg.state != LegState::Connecting {
            return conflict("nobody is called there");
        }
        leg.set(LegState::Connected, now);
        self.advance(id, now)
    }

    /// A connection ends: the agent hangs up, or drops somebody, or somebody
    /// hangs up. With nobody left to talk to the contact ends.
    pub fn disconnect(&mut self, id: &str, connection: &str, now: UnixMs) -> Done {
        let contact = self.contact(id)?;
        let state = contact.state;
        let leg = contact.leg(connection)?;
        if !leg.is_active() {
            return conflict("the connection is over");
        }
        leg.set(LegState::Disconnected, now);
        let agent_left = leg.role == Role::Agent;
        if agent_left || contact.active_others() == 0 {
            let after = match state {
                // A customer who gives up, or is given up, before the agent was there.
                ContactState::Incoming | ContactState::Connecting if !contact.accepted => {
                    ContactState::Missed
                }
                _ => ContactState::Ended,
            };
            // Two who are left talk on without the agent.
            contact.transferred = agent_left && contact.active_others() > 1;
            contact.over(after, now);
        }
        self.settle(now);
        Ok(())
    }

    pub fn hold(&mut self, id: &str, connection: &str, now: UnixMs) -> Done {
        self.swap(id, connection, LegState::Connected, LegState::Hold, now)
    }

    pub fn resume(&mut self, id: &str, connection: &str, now: UnixMs) -> Done {
        self.swap(id, connection, LegState::Hold, LegState::Connected, now)
    }

    fn swap(
        &mut self,
        id: &str,
        connection: &str,
        from: LegState,
        to: LegState,
        now: UnixMs,
    ) -> Done {
        let contact = self.in_state(id, &[ContactState::Connected])?;
        let leg = contact.leg(connection)?;
        if leg.state != from {
            return conflict(format!("the connection is {:?}", leg.state).to_lowercase());
        }
        leg.set(to, now);
        Ok(())
    }

    /// Mutes or unmutes a participant in the service.
    pub fn mute(&mut self, id: &str, connection: &str, mute: bool) -> Done {
        let contact = self.in_state(id, &[ContactState::Connected])?;
        contact.leg(connection)?.mute = mute;
        Ok(())
    }

    /// Calls a third party into the contact. A consultation puts the others on hold.
    pub fn add(&mut self, id: &str, phone: &str, consult: bool, now: UnixMs) -> Done<String> {
        let new = self.fresh_id();
        let contact = self.in_state(id, &[ContactState::Connected])?;
        if !contact.kind.is_call() {
            return conflict("only a call can have a third party");
        }
        if contact
            .others()
            .any(|leg| leg.is_active() && leg.phone == phone)
        {
            return conflict(format!("phone {phone} is in the call"));
        }
        if consult {
            for leg in &mut contact.connections[1..] {
                if leg.state == LegState::Connected {
                    leg.set(LegState::Hold, now);
                }
            }
        }
        contact.connections.push(Connection {
            id: new.clone(),
            role: Role::ThirdParty,
            state: LegState::Connecting,
            since: now,
            phone: phone.to_owned(),
            mute: false,
        });
        Ok(new)
    }

    /// Everybody hears everybody.
    pub fn conference(&mut self, id: &str, now: UnixMs) -> Done {
        let contact = self.in_state(id, &[ContactState::Connected])?;
        if contact.active_others() < 2 {
            return conflict("there is nobody to confer with");
        }
        for leg in &mut contact.connections {
            if leg.state == LegState::Hold {
                leg.set(LegState::Connected, now);
            }
        }
        Ok(())
    }

    /// Who was on hold talks, who talked is on hold.
    pub fn toggle(&mut self, id: &str, now: UnixMs) -> Done {
        let contact = self.in_state(id, &[ContactState::Connected])?;
        for leg in &mut contact.connections[1..] {
            match leg.state {
                LegState::Hold => leg.set(LegState::Connected, now),
                LegState::Connected => leg.set(LegState::Hold, now),
                LegState::Connecting | LegState::Disconnected => {}
            }
        }
        Ok(())
    }

    /// The contact goes to somebody else: for this agent it ends.
    pub fn transfer(&mut self, id: &str, now: UnixMs) -> Done {
        let contact = self.in_state(id, &[ContactState::Connected])?;
        contact.over(ContactState::Ended, now);
        contact.transferred = true;
        self.settle(now);
        Ok(())
    }

    /// The agent is done with a contact that is over.
    pub fn clear(&mut self, id: &str, now: UnixMs) -> Done {
        if !self.find(id)?.state.is_over() {
            return conflict("the contact is not over");
        }
        self.vanish(id, now)
    }

    /// The contact is gone from one snapshot to the next.
    pub fn vanish(&mut self, id: &str, now: UnixMs) -> Done {
        self.find(id)?;
        self.contacts.retain(|contact| contact.id != id);
        self.settle(now);
        Ok(())
    }

    pub fn set_attributes(&mut self, id: &str, new: BTreeMap<String, String>) -> Done {
        self.contact(id)?.attributes.extend(new);
        Ok(())
    }
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
