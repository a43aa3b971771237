//! The agent and the contacts: what may follow what. There is no clock, socket
//! or page in it.

use super::contact::{
    AgentState, Connection, Contact, ContactState, Done, Kind, LegState, NewContact, Refusal, Role,
    Settings, UnixMs, conflict,
};
use std::collections::BTreeMap;

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
            let calls = || self.contacts.iter().filter(|c| c.kind.is_call());
            if calls().count() >= self.settings.voice_concurrency {
                return conflict("the agent has no free slot for a call");
            }
            let has = |leg: &Connection| leg.is_active() && leg.phone == new.phone;
            if calls().any(|contact| contact.others().any(has)) {
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
