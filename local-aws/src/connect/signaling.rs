//! The softphone's signaling: JSON-RPC, by way of a CCP page or of a socket of
//! its own. The service's media server is played by the customer's page: an
//! offer is passed on to it, and its answer comes back.

use super::{
    contact::Contact,
    instance::{CarrierKind, Inner, now},
};
use serde_json::{Value, json};

/// What softphone messages are called on the CCP's own WebSocket.
pub const TOPIC: &str = "aws/softphone";

/// A peer connection of the agent's softphone.
pub struct Leg {
    pub carrier: u32,
    /// What the softphone's envelopes were named at the last request.
    pub envelope: Value,
    /// The contacts whose audio it is to carry.
    pub contacts: Vec<String>,
    /// Whose page answers it.
    pub phone: Option<String>,
    pub state: LegProgress,
    /// Only of a persistent connection.
    pub persistent: Option<Persistent>,
    /// An invitation that waits for its answer.
    pub invite: Option<Invite>,
    /// The id of the `accept`, which errors are sent for later.
    pub accept: Option<Value>,
    /// The id of a `bye` of the service that is not answered yet.
    pub bye: Option<String>,
    /// What the page was told last about who hears whom.
    pub told: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegProgress {
    Inviting,
    Answered,
    Talking,
}

#[derive(Clone)]
pub struct Persistent {
    pub id: String,
    pub token: String,
}

#[derive(Clone)]
pub struct Invite {
    pub id: Value,
    pub sdp: String,
    pub candidates: Value,
    pub restart: bool,
    /// The page has been given the offer.
    pub offered: bool,
}

/// The service's refusals, by their codes.
type Refused = (u16, &'static str);

const BAD_REQUEST: Refused = (400, "BadRequestException");
const ACCESS_DENIED: Refused = (403, "AccessDeniedException");
const NOT_FOUND: Refused = (404, "ResourceNotFoundException");
const BUSY: Refused = (486, "Busy");

impl Inner {
    /// A message of a softphone; an answer goes back in the same envelope.
    pub fn rpc(&mut self, carrier: u32, envelope: Value, message: &Value) {
        let id = message["id"].clone();
        let Some(method) = message["method"].as_str() else {
            self.bye_answered(carrier, &id);
            return;
        };
        if message["jsonrpc"] != "2.0" || !(id.is_string() || id.is_number()) {
            self.reply(carrier, &envelope, &error(&id, BAD_REQUEST));
            return;
        }
        let params = &message["params"];
        let outcome = match method {
            "invite" => match self.invite(carrier, &envelope, &id, params) {
                // Answered when the customer's page has answered.
                Ok(()) => return,
                Err(refused) => Err(refused),
            },
            "accept" => self.accept(carrier, &envelope, &id, params),
            "bye" => self.bye(carrier, &envelope, params),
            "connectContact" => self.connect_contact(carrier, params),
            "disconnectContact" => self.disconnect_contact(carrier, params),
            _ => Err(BAD_REQUEST),
        };
        let answer = match outcome {
            Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
            Err(refused) => error(&id, refused),
        };
        self.reply(carrier, &envelope, &answer);
        self.publish();
    }

    /// Sends to a softphone.
    pub fn reply(&self, carrier: u32, envelope: &Value, message: &Value) {
        match self.carriers.get(&carrier).map(|carrier| &carrier.kind) {
            Some(CarrierKind::Tab { subscribed: true }) => {
                let content = json!({"connectionId": envelope, "jsonRpcMsg": message});
                let data = json!({
                    "topic": TOPIC,
                    "contentType": "application/json",
                    "content": content.to_string(),
                });
                self.send(
                    carrier,
                    &json!({"event": "webSocket::all_message", "data": data}),
                );
            }
            Some(CarrierKind::Direct { .. }) => self.send(carrier, message),
            // Nobody has subscribed: the service's messages go nowhere.
            _ => {}
        }
    }

    /// The contact that a request shows the token of.
    fn shown(&self, carrier: u32, params: &Value) -> Result<Option<&Contact>, Refused> {
        let text = |name: &str| params[name].as_str().filter(|text| !text.is_empty());
        let (direct_contact, direct_token) = match self.carriers.get(&carrier).map(|c| &c.kind) {
            Some(CarrierKind::Direct { contact, token }) => {
                (Some(contact.as_str()), Some(token.as_str()))
            }
            _ => (None, None),
        };
        let id = text("contactId").or(direct_contact);
        let token = text("callContextToken").or(direct_token);
        let Some(token) = token else {
            // A contact is only named by who has its token.
            return Ok(None);
        };
        let mut live = self.model.contacts.iter().filter(|c| c.kind.is_call());
        match id {
            None => live
                .find(|contact| contact.token == token)
                .ok_or(ACCESS_DENIED)
                .map(Some),
            Some(id) => {
                let contact = live.find(|contact| contact.id == id).ok_or(NOT_FOUND)?;
                if contact.token != token {
                    return Err(ACCESS_DENIED);
                }
                Ok(Some(contact))
            }
        }
    }

    fn invite(
        &mut self,
        carrier: u32,
        envelope: &Value,
        id: &Value,
        params: &Value,
    ) -> Result<(), Refused> {
        let sdp = params["sdp"]
            .as_str()
            .filter(|sdp| sdp.starts_with("v=0"))
            .ok_or(BAD_REQUEST)?;
        let candidates = &params["candidates"];
        if candidates.as_array().is_none_or(Vec::is_empty) {
            return Err(BAD_REQUEST);
        }
        let restart = params["iceRestart"] == true;
        let invite = Invite {
            id: id.clone(),
            sdp: sdp.to_owned(),
            candidates: candidates.clone(),
            restart,
            offered: false,
        };
        if restart {
            let key = self.persistent(carrier, params)?;
            let leg = self.legs.get_mut(&key).ok_or(NOT_FOUND)?;
            leg.invite = Some(invite);
            leg.envelope = envelope.clone();
            leg.state = LegProgress::Inviting;
            self.offer(key);
            return Ok(());
        }
        let contact = self.shown(carrier, params)?;
        if contact.is_none() && !self.model.settings.persistent_connection {
            return Err(ACCESS_DENIED);
        }
        if contact.is_some_and(|contact| contact.state.is_over()) {
            return Err(NOT_FOUND);
        }
        let contacts: Vec<String> = contact.iter().map(|contact| contact.id.clone()).collect();
        let phone = contact.map(|contact| contact.connections[1].phone.clone());
        if self
            .legs
            .values()
            .any(|leg| leg.contacts.iter().any(|id| contacts.contains(id)))
        {
            return Err(BUSY);
        }
        let wants = params["persistentConnection"] == true;
        let persistent = (wants && self.model.settings.persistent_connection).then(|| Persistent {
            id: format!("pc-{}", self.model.fresh_id()),
            token: format!("pct-{}", self.model.fresh_id()),
        });
        let key = self.number();
        self.legs.insert(
            key,
            Leg {
                carrier,
                envelope: envelope.clone(),
                contacts,
                phone,
                state: LegProgress::Inviting,
                persistent,
                invite: Some(invite),
                accept: None,
                bye: None,
                told: String::new(),
            },
        );
        self.offer(key);
        Ok(())
    }

    /// The page has answered the offer of a leg.
    pub fn answered(&mut self, key: u32, sdp: &Value, candidates: &Value) {
        let inactivity = self.model.settings.inactivity_duration_ms;
        let Some(leg) = self.legs.get_mut(&key) else {
            return;
        };
        let Some(invite) = leg.invite.take() else {
            return;
        };
        leg.state = LegProgress::Answered;
        let mut result = json!({"sdp": sdp, "candidates": candidates});
        if let Some(persistent) = &leg.persistent {
            result["inactivityDuration"] = json!(inactivity);
            result["peerConnectionId"] = json!(persistent.id);
            result["peerConnectionToken"] = json!(persistent.token);
        }
        let answer = json!({"jsonrpc": "2.0", "id": invite.id, "result": result});
        let (carrier, envelope) = (leg.carrier, leg.envelope.clone());
        self.reply(carrier, &envelope, &answer);
        self.publish();
    }

    /// The leg of a persistent connection that a request shows the token of.
    fn persistent(&self, carrier: u32, params: &Value) -> Result<u32, Refused> {
        let id = params["peerConnectionId"].as_str().ok_or(BAD_REQUEST)?;
        let (key, persistent) = self
            .legs
            .iter()
            .filter(|(_, leg)| leg.carrier == carrier)
            .find_map(|(key, leg)| {
                let persistent = leg.persistent.as_ref()?;
                (persistent.id == id).then_some((*key, persistent))
            })
            .ok_or(NOT_FOUND)?;
        if params["peerConnectionToken"] != persistent.token.as_str() {
            return Err(ACCESS_DENIED);
        }
        Ok(key)
    }

    /// The leg that a request means: by its connection, its contact, its
    /// envelope. The newest, where a softphone has asked more than once.
    fn meant(&self, carrier: u32, envelope: &Value, params: &Value) -> Result<u32, Refused> {
        if params["peerConnectionId"].is_string() {
            return self.persistent(carrier, params);
        }
        let contact = params["contactId"].as_str().filter(|id| !id.is_empty());
        let mine = || {
            self.legs
                .iter()
                .rev()
                .filter(|(_, leg)| leg.carrier == carrier)
        };
        mine()
            .find(|(_, leg)| match contact {
                Some(id) => leg.contacts.iter().any(|own| own == id),
                None => leg.envelope == *envelope,
            })
            .map(|(key, _)| *key)
            .ok_or(NOT_FOUND)
    }

    fn accept(
        &mut self,
        carrier: u32,
        envelope: &Value,
        id: &Value,
        params: &Value,
    ) -> Result<Value, Refused> {
        let key = self.meant(carrier, envelope, params)?;
        let leg = self.legs.get_mut(&key).ok_or(NOT_FOUND)?;
        if leg.state == LegProgress::Inviting {
            return Err(BAD_REQUEST);
        }
        leg.state = LegProgress::Talking;
        leg.accept = Some(id.clone());
        leg.envelope = envelope.clone();
        for contact in leg.contacts.clone() {
            // A contact that has ended meanwhile needs no media.
            let _ = self.model.media_up(&contact, now());
        }
        Ok(json!({"clientToken": format!("ct-{}", self.model.fresh_id())}))
    }

    fn bye(&mut self, carrier: u32, envelope: &Value, params: &Value) -> Result<Value, Refused> {
        let key = self.meant(carrier, envelope, params)?;
        self.hang_up(key);
        Ok(json!({}))
    }

    /// The agent's softphone hangs up: with the leg go its calls.
    fn hang_up(&mut self, key: u32) {
        let Some(leg) = self.legs.remove(&key) else {
            return;
        };
        self.close_leg(key, &leg);
        for contact in leg.contacts {
            self.agent_left(&contact);
        }
    }

    fn agent_left(&mut self, contact: &str) {
        let agent = self.model.find(contact).map(|c| c.agent().id.clone());
        if let Ok(agent) = agent {
            // Most often it is over already: that is why the softphone hangs up.
            let _ = self.model.disconnect(contact, &agent, now());
        }
    }

    fn connect_contact(&mut self, carrier: u32, params: &Value) -> Result<Value, Refused> {
        let key = self.persistent(carrier, params)?;
        let contact = self.shown(carrier, params)?.ok_or(ACCESS_DENIED)?;
        if contact.state.is_over() {
            return Err(NOT_FOUND);
        }
        let (id, phone) = (contact.id.clone(), contact.connections[1].phone.clone());
        let leg = self.legs.get_mut(&key).ok_or(NOT_FOUND)?;
        if leg.contacts.contains(&id) {
            return Err(BUSY);
        }
        leg.contacts.push(id.clone());
        // The page goes on standing for whoever is there.
        leg.phone.get_or_insert(phone);
        let _ = self.model.media_up(&id, now());
        Ok(json!({}))
    }

    fn disconnect_contact(&mut self, carrier: u32, params: &Value) -> Result<Value, Refused> {
        let key = self.persistent(carrier, params)?;
        let id = params["contactId"].as_str().ok_or(BAD_REQUEST)?;
        let leg = self.legs.get_mut(&key).ok_or(NOT_FOUND)?;
        if !leg.contacts.iter().any(|own| own == id) {
            return Err(NOT_FOUND);
        }
        leg.contacts.retain(|own| own != id);
        self.agent_left(id);
        Ok(json!({}))
    }

    /// The carrier of these legs is gone.
    pub fn carrier_lost(&mut self, carrier: u32) {
        let lost: Vec<u32> = self
            .legs
            .iter()
            .filter(|(_, leg)| leg.carrier == carrier)
            .map(|(key, _)| *key)
            .collect();
        for key in lost {
            let Some(leg) = self.legs.remove(&key) else {
                continue;
            };
            self.close_leg(key, &leg);
            for contact in leg.contacts {
                let _ = self.model.media_lost(&contact, now());
            }
        }
    }

    /// The leg that carries a contact.
    pub fn leg_of(&self, contact: &str) -> Option<u32> {
        self.legs
            .iter()
            .find(|(_, leg)| leg.contacts.iter().any(|id| id == contact))
            .map(|(key, _)| *key)
    }

    /// The service hangs up the media of a leg. A persistent connection is gone
    /// with that; otherwise the softphone answers first.
    pub fn server_bye(&mut self, key: u32) {
        let id = self.model.fresh_id();
        let Some(leg) = self.legs.get_mut(&key) else {
            return;
        };
        let (carrier, envelope) = (leg.carrier, leg.envelope.clone());
        let Some(persistent) = leg.persistent.clone() else {
            leg.bye = Some(id.clone());
            let request = json!({"jsonrpc": "2.0", "method": "bye", "id": id, "params": {}});
            self.reply(carrier, &envelope, &request);
            return;
        };
        let request = json!({
            "jsonrpc": "2.0", "method": "PCBye", "id": id, "peerConnectionId": persistent.id,
        });
        self.reply(carrier, &envelope, &request);
        if let Some(leg) = self.legs.remove(&key) {
            self.close_leg(key, &leg);
        }
    }

    /// The softphone has answered a `bye` of the service.
    fn bye_answered(&mut self, carrier: u32, id: &Value) {
        let over = self.legs.iter().find(|(_, leg)| {
            leg.carrier == carrier && leg.bye.as_deref().is_some_and(|bye| id == bye)
        });
        if let Some(key) = over.map(|(key, _)| *key) {
            self.hang_up(key);
            self.publish();
        }
    }

    /// The service has lost the peer connection: the softphone restarts ICE.
    pub fn stale(&mut self, key: u32) -> bool {
        let Some(leg) = self.legs.get(&key) else {
            return false;
        };
        let Some(accept) = &leg.accept else {
            return false;
        };
        let stale = (400, "Stale Peer Connection");
        self.reply(leg.carrier, &leg.envelope, &error(accept, stale));
        true
    }
}

fn error(id: &Value, (code, message): Refused) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}})
}
