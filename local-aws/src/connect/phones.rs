//! The customers' pages: each is a phone, and the media server of the agent's
//! softphone for the calls with it.

use super::{
    contact::{Contact, ContactState, Done, Kind, LegState, NewContact, Refusal, Role},
    instance::{Inner, Out, now},
    signaling::Leg,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A page that is a phone.
pub struct Phone {
    pub out: Out,
    /// Which of the pages that had this number.
    pub page: u32,
    /// What it was told last.
    told: String,
}

impl Inner {
    /// A page becomes a phone. One that had the number is none any more.
    pub fn phone_opened(&mut self, phone: &str, out: Out) -> u32 {
        let page = self.number();
        let told = String::new();
        if let Some(before) = self
            .phones
            .insert(phone.to_owned(), Phone { out, page, told })
        {
            let _ = before.out.send(json!({"type": "replaced"}).to_string());
            self.phone_gone(phone);
        }
        self.tell_phones();
        let waiting: Vec<u32> = self
            .legs
            .iter()
            .filter(|(_, leg)| leg.invite.is_some())
            .map(|(key, _)| *key)
            .collect();
        for key in waiting {
            self.offer(key);
        }
        page
    }

    pub fn phone_closed(&mut self, phone: &str, page: u32) {
        if self.phones.get(phone).is_some_and(|now| now.page == page) {
            self.phones.remove(phone);
            self.phone_gone(phone);
            self.publish();
        }
    }

    /// What was on that page is over: its participants have hung up, and the
    /// legs that it answered have lost their other end.
    fn phone_gone(&mut self, phone: &str) {
        let _ = self.phone_hangs_up(phone);
        let lost: Vec<u32> = self
            .legs
            .iter()
            .filter(|(_, leg)| leg.phone.as_deref() == Some(phone) && leg.invite.is_none())
            .map(|(key, _)| *key)
            .collect();
        for key in lost {
            self.server_bye(key);
        }
    }

    fn to_phone(&self, phone: &str, message: &Value) -> bool {
        self.phones
            .get(phone)
            .is_some_and(|page| page.out.send(message.to_string()).is_ok())
    }

    pub fn phone_message(&mut self, phone: &str, page: u32, message: &Value) {
        if self.phones.get(phone).is_none_or(|now| now.page != page) {
            return;
        }
        let done = match message["type"].as_str() {
            Some("answer") => {
                if let Some(leg) = message["leg"].as_u64().and_then(|id| id.try_into().ok()) {
                    self.answered(leg, &message["sdp"], &message["candidates"]);
                }
                return;
            }
            Some("call") => self.phone_calls(phone, &message["attributes"]),
            Some("pick-up") => self.phone_answers(phone),
            Some("hang-up") => self.phone_hangs_up(phone),
            _ => Err(Refusal::Invalid("no such message".into())),
        };
        if let Err(refusal) = done {
            self.to_phone(
                phone,
                &json!({"type": "refused", "message": refusal.message()}),
            );
        }
        self.publish();
    }

    fn phone_calls(&mut self, phone: &str, attributes: &Value) -> Done {
        let new = NewContact {
            kind: Kind::Voice,
            outbound: false,
            phone: phone.to_owned(),
            attributes: attributes_of(attributes)?,
            name: None,
        };
        self.model.begin(new, now()).map(drop)
    }

    /// The contact and the connection that a phone is in.
    fn participation(&self, phone: &str) -> Option<(&Contact, usize)> {
        let mut calls = self.model.contacts.iter().filter(|c| c.kind.is_call());
        calls.find_map(|contact| {
            let place = contact
                .connections
                .iter()
                .position(|leg| leg.role != Role::Agent && leg.is_active() && leg.phone == phone)?;
            Some((contact, place))
        })
    }

    pub fn phone_answers(&mut self, phone: &str) -> Done {
        let (contact, leg) = self.ids(phone)?;
        self.model.answer(&contact, &leg, now())
    }

    pub fn phone_hangs_up(&mut self, phone: &str) -> Done {
        let (contact, leg) = self.ids(phone)?;
        self.model.disconnect(&contact, &leg, now())
    }

    fn ids(&self, phone: &str) -> Done<(String, String)> {
        let (contact, place) = self
            .participation(phone)
            .ok_or_else(|| Refusal::Conflict(format!("phone {phone} is in no call")))?;
        Ok((contact.id.clone(), contact.connections[place].id.clone()))
    }

    /// Gives the offer of a leg to the page that is to answer it, once it is there.
    pub fn offer(&mut self, key: u32) {
        let Some(leg) = self.legs.get(&key) else {
            return;
        };
        let Some(invite) = leg.invite.as_ref().filter(|invite| !invite.offered) else {
            return;
        };
        // A connection that waits for its first call is answered by anybody.
        let Some(phone) = leg
            .phone
            .clone()
            .or_else(|| self.phones.keys().next().cloned())
        else {
            return;
        };
        let offer = json!({
            "type": "offer",
            "leg": key,
            "sdp": invite.sdp,
            "candidates": invite.candidates,
            "restart": invite.restart,
        });
        if self.to_phone(&phone, &offer)
            && let Some(leg) = self.legs.get_mut(&key)
        {
            leg.phone = Some(phone);
            if let Some(invite) = &mut leg.invite {
                invite.offered = true;
            }
        }
        self.tell_phones();
    }

    /// The leg is gone for its page, too.
    pub fn close_leg(&self, key: u32, leg: &Leg) {
        if let Some(phone) = &leg.phone {
            self.to_phone(phone, &json!({"type": "close", "leg": key}));
        }
    }

    /// Tells each page what its phone shows and who hears whom, where that changed.
    pub fn tell_phones(&mut self) {
        let states: Vec<(String, String)> = self
            .phones
            .keys()
            .map(|phone| (phone.clone(), self.shown_on(phone).to_string()))
            .collect();
        for (phone, state) in states {
            if let Some(page) = self.phones.get_mut(&phone)
                && page.told != state
            {
                let _ = page.out.send(state.clone());
                page.told = state;
            }
        }
        let routes: Vec<(u32, String)> = self
            .legs
            .iter()
            .map(|(key, leg)| (*key, self.routes(*key, leg).to_string()))
            .collect();
        for (key, routes) in routes {
            let Some(leg) = self.legs.get_mut(&key) else {
                continue;
            };
            let page = leg.phone.as_ref().and_then(|phone| self.phones.get(phone));
            if let Some(page) = page
                && leg.told != routes
            {
                let _ = page.out.send(routes.clone());
                leg.told = routes;
            }
        }
    }

    fn shown_on(&self, phone: &str) -> Value {
        let Some((contact, place)) = self.participation(phone) else {
            // Whoever was given away talks on with somebody who is not here.
            let away = self.model.contacts.iter().find(|contact| {
                contact.transferred && contact.others().any(|leg| leg.phone == phone)
            });
            return match away {
                Some(contact) => {
                    json!({"type": "state", "state": "transferred", "contactId": contact.id})
                }
                None => json!({"type": "state", "state": "idle", "contactId": null}),
            };
        };
        let state = match (contact.connections[place].state, contact.state) {
            (LegState::Connecting, ContactState::Incoming) => "idle",
            (LegState::Connecting, _) => "ringing",
            (LegState::Hold, _) => "hold",
            (_, ContactState::Connected) => "connected",
            _ => "waiting",
        };
        json!({"type": "state", "state": state, "contactId": contact.id})
    }

    /// Who hears whom on a leg, as pairs of source and listener. A phone that
    /// is called sounds in the agent's ear.
    fn routes(&self, key: u32, leg: &Leg) -> Value {
        let mut routes = Vec::new();
        let mut parties = Vec::new();
        for id in &leg.contacts {
            let Ok(contact) = self.model.find(id) else {
                continue;
            };
            let agent = contact.agent();
            let agent_in = agent.state == LegState::Connected;
            for party in contact.others().filter(|party| party.is_active()) {
                parties.push(json!({
                    "phone": party.phone, "role": party.role, "state": party.state,
                    "contactId": id,
                }));
                if agent_in && party.state == LegState::Connecting {
                    routes.push(json!(["ringback", "agent"]));
                }
                if party.state != LegState::Connected || contact.state != ContactState::Connected {
                    continue;
                }
                if agent_in && !agent.mute {
                    routes.push(json!(["agent", party.phone]));
                }
                if party.mute {
                    continue;
                }
                if agent_in {
                    routes.push(json!([party.phone, "agent"]));
                }
                for other in contact.others() {
                    if other.id != party.id && other.state == LegState::Connected {
                        routes.push(json!([party.phone, other.phone]));
                    }
                }
            }
        }
        json!({"type": "routes", "leg": key, "parties": parties, "routes": routes})
    }
}

/// Attributes as an object of strings.
pub fn attributes_of(value: &Value) -> Done<BTreeMap<String, String>> {
    let wrong = || Refusal::Invalid("attributes must be an object of strings".into());
    match value {
        Value::Null => Ok(BTreeMap::new()),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| {
                let text = value.as_str().ok_or_else(wrong)?;
                Ok((name.clone(), text.to_owned()))
            })
            .collect(),
        _ => Err(wrong()),
    }
}
