//! The instance's control endpoint: calls come and go on request. It is not
//! part of Connect.

use super::{
    contact::{Contact, Done, Kind, NewContact, Refusal, Role},
    instance::{CarrierKind, Inner, Instance, now},
    phones::attributes_of,
};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post, put},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};

pub fn routes() -> Router<Arc<Instance>> {
    Router::new()
        .route("/control/state", get(state))
        .route("/control/configuration", put(configure))
        .route("/control/delays", put(set_delays))
        .route("/control/agent", put(set_agent))
        .route("/control/contacts", post(begin))
        .route("/control/contacts/{id}/{action}", post(act))
        .route("/control/phones/{phone}/{action}", post(phone))
        .route("/control/reset", post(reset))
}

type Answer = Result<Json<Value>, (StatusCode, Json<Value>)>;

fn refused(refusal: Refusal) -> (StatusCode, Json<Value>) {
    let status = match refusal {
        Refusal::NotFound(_) => StatusCode::NOT_FOUND,
        Refusal::Conflict(_) => StatusCode::CONFLICT,
        Refusal::Invalid(_) => StatusCode::BAD_REQUEST,
    };
    (status, Json(json!({"message": refusal.message()})))
}

fn parse<T: for<'a> Deserialize<'a> + Default>(body: &Bytes) -> Done<T> {
    if body.is_empty() {
        return Ok(T::default());
    }
    serde_json::from_slice(body).map_err(|error| Refusal::Invalid(error.to_string()))
}

/// Runs something on the instance, shows it to everybody and answers with the state.
fn change(instance: &Instance, body: impl FnOnce(&mut Inner) -> Done<Value>) -> Answer {
    let mut inner = instance.lock();
    let result = body(&mut inner).map_err(refused);
    inner.publish();
    result.map(Json)
}

async fn state(State(instance): State<Arc<Instance>>) -> Json<Value> {
    Json(instance.lock().describe())
}

async fn configure(State(instance): State<Arc<Instance>>, body: Bytes) -> Answer {
    change(&instance, |inner| {
        let mut all = json!(inner.model.settings);
        for (name, value) in parse::<BTreeMap<String, Value>>(&body)? {
            all[name] = value;
        }
        inner.model.settings =
            serde_json::from_value(all).map_err(|error| Refusal::Invalid(error.to_string()))?;
        Ok(json!(inner.model.settings))
    })
}

async fn set_delays(State(instance): State<Arc<Instance>>, body: Bytes) -> Answer {
    change(&instance, |inner| {
        inner.delays = parse(&body)?;
        Ok(json!(inner.delays))
    })
}

#[derive(Deserialize, Default)]
struct AgentChange {
    state: String,
}

async fn set_agent(State(instance): State<Arc<Instance>>, body: Bytes) -> Answer {
    change(&instance, |inner| {
        let AgentChange { state } = parse(&body)?;
        inner.model.choose(&state, now())?;
        Ok(json!(inner.model.agent_state()))
    })
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Begin {
    #[serde(rename = "type")]
    kind: Option<Kind>,
    #[serde(default)]
    outbound: bool,
    phone: Option<String>,
    #[serde(default)]
    attributes: Value,
    name: Option<String>,
}

/// The number of the phone that nobody named.
const PHONE: &str = "customer";

async fn begin(State(instance): State<Arc<Instance>>, body: Bytes) -> Answer {
    change(&instance, |inner| {
        let asked: Begin = parse(&body)?;
        let kind = asked.kind.unwrap_or(Kind::Voice);
        if asked.outbound && kind != Kind::Voice {
            return Err(Refusal::Invalid("only a voice contact is outbound".into()));
        }
        let new = NewContact {
            kind,
            outbound: asked.outbound,
            phone: asked.phone.unwrap_or_else(|| PHONE.into()),
            attributes: attributes_of(&asked.attributes)?,
            name: asked.name,
        };
        let id = inner.model.begin(new, now())?;
        Ok(json!({ "contactId": id }))
    })
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Act {
    /// Whom it is about: `agent`, or the number of a phone. The customer, if not said.
    phone: Option<String>,
    #[serde(default)]
    consult: bool,
    #[serde(default)]
    attributes: Value,
}

/// The connection that a request is about.
fn connection(contact: &Contact, whom: Option<&str>) -> Done<String> {
    let found = match whom {
        Some("agent") => Some(contact.agent()),
        Some(phone) => contact
            .others()
            .find(|leg| leg.phone == phone && leg.is_active()),
        None => contact.others().find(|leg| leg.role == Role::Customer),
    };
    found
        .map(|leg| leg.id.clone())
        .ok_or_else(|| Refusal::NotFound("there is no such participant".into()))
}

async fn act(
    State(instance): State<Arc<Instance>>,
    Path((id, action)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    change(&instance, |inner| {
        inner.act(&id, &action, parse(&body)?)?;
        Ok(inner.describe())
    })
}

async fn phone(
    State(instance): State<Arc<Instance>>,
    Path((phone, action)): Path<(String, String)>,
) -> Answer {
    change(&instance, |inner| {
        match action.as_str() {
            "answer" => inner.phone_answers(&phone)?,
            // Busy, no answer or just the end: the connection is over.
            "hang-up" => inner.phone_hangs_up(&phone)?,
            other => return Err(Refusal::NotFound(format!("there is no action {other}"))),
        }
        Ok(inner.describe())
    })
}

async fn reset(State(instance): State<Arc<Instance>>) -> Answer {
    change(&instance, |inner| {
        inner.reset();
        Ok(json!({}))
    })
}

impl Inner {
    fn act(&mut self, id: &str, action: &str, act: Act) -> Done {
        // The newest, for who did not keep the id.
        let id = match (id, self.model.contacts.last()) {
            ("last", Some(contact)) => contact.id.clone(),
            _ => id.to_owned(),
        };
        let contact = self.model.find(&id)?;
        let whom = connection(contact, act.phone.as_deref());
        let now = now();
        match action {
            "accept" => self.model.accept(&id, now),
            "reject" => self.model.reject(&id, now),
            "miss" => self.model.miss(&id, now),
            "error" => self.model.fail(&id, now),
            "answer" => self.model.answer(&id, &whom?, now),
            "hold" => self.model.hold(&id, &whom?, now),
            "resume" => self.model.resume(&id, &whom?, now),
            "mute" => self.model.mute(&id, &whom?, true),
            "unmute" => self.model.mute(&id, &whom?, false),
            "hang-up" => self.model.disconnect(&id, &whom?, now),
            "end" => {
                let agent = contact.agent().id.clone();
                self.model.disconnect(&id, &agent, now)
            }
            "add" => {
                let phone = act
                    .phone
                    .ok_or_else(|| Refusal::Invalid("phone is missing".into()))?;
                self.model.add(&id, &phone, act.consult, now).map(drop)
            }
            "conference" => self.model.conference(&id, now),
            "toggle" => self.model.toggle(&id, now),
            "transfer" => self.model.transfer(&id, now),
            "clear" => self.model.clear(&id, now),
            "vanish" => self.model.vanish(&id, now),
            "attributes" => {
                let attributes = attributes_of(&act.attributes)?;
                self.model.set_attributes(&id, attributes)
            }
            "bye" => {
                let leg = self.live_leg(&id)?;
                self.server_bye(leg);
                self.model.disconnect(&id, &whom?, now)
            }
            "stale" => {
                let leg = self.live_leg(&id)?;
                if self.stale(leg) {
                    Ok(())
                } else {
                    Err(Refusal::Conflict("the softphone is not connected".into()))
                }
            }
            other => Err(Refusal::NotFound(format!("there is no action {other}"))),
        }
    }

    fn live_leg(&self, contact: &str) -> Done<u32> {
        self.leg_of(contact)
            .ok_or_else(|| Refusal::Conflict("the contact has no softphone".into()))
    }

    /// As at the start; pages stay connected.
    fn reset(&mut self) {
        let legs: Vec<u32> = self.legs.keys().copied().collect();
        for key in legs {
            self.server_bye(key);
            if let Some(leg) = self.legs.remove(&key) {
                self.close_leg(key, &leg);
            }
        }
        self.model = super::model::Model::new(rand::random(), now());
        self.delays.clear();
        self.broadcasts.clear();
    }

    fn describe(&self) -> Value {
        let contacts: Vec<Value> = self
            .model
            .contacts
            .iter()
            .map(|contact| {
                json!({
                    "contactId": contact.id,
                    "type": contact.kind,
                    "outbound": contact.outbound,
                    "state": contact.state,
                    "accepted": contact.accepted,
                    "media": contact.media,
                    "transferred": contact.transferred,
                    "attributes": contact.attributes,
                    "connections": contact
                        .connections
                        .iter()
                        .map(|leg| json!({
                            "connectionId": leg.id, "role": leg.role, "state": leg.state,
                            "phone": leg.phone, "mute": leg.mute,
                        }))
                        .collect::<Vec<_>>(),
                })
            })
            .collect();
        let masters = &self.masters;
        let tabs: Vec<Value> = self
            .carriers
            .iter()
            .filter_map(|(id, carrier)| match carrier.kind {
                CarrierKind::Tab { subscribed } => Some(json!({
                    "id": format!("port-{id}"),
                    "subscribed": subscribed,
                    "masterOf": masters
                        .iter()
                        .filter(|(_, master)| *master == id)
                        .map(|(topic, _)| topic)
                        .collect::<Vec<_>>(),
                })),
                CarrierKind::Direct { .. } => None,
            })
            .collect();
        let legs: Vec<Value> = self
            .legs
            .iter()
            .map(|(key, leg)| {
                json!({
                    "leg": key,
                    "contacts": leg.contacts,
                    "phone": leg.phone,
                    "state": format!("{:?}", leg.state).to_lowercase(),
                    "peerConnectionId": leg.persistent.as_ref().map(|persistent| &persistent.id),
                })
            })
            .collect();
        json!({
            "agent": self.model.agent_state(),
            "configuration": self.model.settings,
            "contacts": contacts,
            "tabs": tabs,
            "phones": self.phones.keys().collect::<Vec<_>>(),
            "legs": legs,
            "delays": self.delays,
            "broadcasts": self.broadcasts,
        })
    }
}
