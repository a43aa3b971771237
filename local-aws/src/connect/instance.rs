//! The instance: the model, and everybody who is connected to it.

use super::{
    api,
    contact::{Done, Refusal, UnixMs},
    model::Model,
    phones::Phone,
    signaling::Leg,
    snapshot::{Place, configuration, snapshot},
};
use crate::control::locked;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::sync::mpsc::UnboundedSender;

/// What is to be sent to a page.
pub type Out = UnboundedSender<String>;

/// Shared by all requests.
pub struct Instance(Mutex<Inner>);

/// What carries signaling: the bridge of a CCP page, or a socket of its own.
pub struct Carrier {
    pub out: Out,
    pub kind: CarrierKind,
}

pub enum CarrierKind {
    /// A CCP page; `subscribed` once Streams wants softphone messages.
    Tab { subscribed: bool },
    /// A softphone that speaks to the service by itself, for this contact.
    Direct { contact: String, token: String },
}

pub struct Inner {
    pub model: Model,
    pub place: Place,
    /// Milliseconds that a broadcast takes, by its name.
    pub delays: BTreeMap<String, u64>,
    pub carriers: BTreeMap<u32, Carrier>,
    /// The tab that is master of each topic.
    pub masters: BTreeMap<String, u32>,
    pub phones: BTreeMap<String, Phone>,
    pub legs: BTreeMap<u32, Leg>,
    /// Broadcasts so far, by name.
    pub broadcasts: BTreeMap<String, u64>,
    numbers: u32,
}

/// What a broadcast waits for.
pub struct Later {
    pub delay: Duration,
    pub event: String,
    pub data: Value,
}

pub fn now() -> UnixMs {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            since.as_millis().try_into().unwrap_or(UnixMs::MAX)
        })
}

impl Instance {
    pub fn new(origin: &str, ice_servers: Value) -> Self {
        Self(Mutex::new(Inner {
            model: Model::new(rand::random(), now()),
            place: Place {
                signaling: format!("{}/signaling", origin.replacen("http", "ws", 1)),
                ice_servers,
            },
            delays: BTreeMap::new(),
            carriers: BTreeMap::new(),
            masters: BTreeMap::new(),
            phones: BTreeMap::new(),
            legs: BTreeMap::new(),
            broadcasts: BTreeMap::new(),
            numbers: 0,
        }))
    }

    pub fn lock(&self) -> MutexGuard<'_, Inner> {
        locked(&self.0)
    }

    /// A message of a CCP page.
    pub fn tab_message(self: &Arc<Self>, tab: u32, message: &Value) {
        let later = self.lock().tab_message(tab, message);
        if let Some(Later { delay, event, data }) = later {
            let instance = Arc::clone(self);
            tokio::spawn(async move {
                tokio::time::sleep(delay).await;
                instance.lock().to_tabs(&event, &data);
            });
        }
    }
}

fn error_of(refusal: &Refusal) -> Value {
    let kind = match refusal {
        Refusal::NotFound(_) => "ResourceNotFoundException",
        Refusal::Conflict(_) => "InvalidStateException",
        Refusal::Invalid(_) => "ValidationException",
    };
    json!({"type": kind, "message": refusal.message()})
}

impl Inner {
    pub fn number(&mut self) -> u32 {
        self.numbers += 1;
        self.numbers
    }

    pub fn send(&self, carrier: u32, message: &Value) {
        if let Some(carrier) = self.carriers.get(&carrier) {
            // A page that has just gone gets nothing.
            let _ = carrier.out.send(message.to_string());
        }
    }

    fn to_tab(&self, tab: u32, event: &str, data: &Value) {
        self.send(tab, &json!({"event": event, "data": data}));
    }

    fn tabs(&self) -> impl Iterator<Item = u32> {
        self.carriers
            .iter()
            .filter(|(_, carrier)| matches!(carrier.kind, CarrierKind::Tab { .. }))
            .map(|(id, _)| *id)
    }

    pub fn to_tabs(&self, event: &str, data: &Value) {
        for tab in self.tabs() {
            self.to_tab(tab, event, data);
        }
    }

    /// Everybody sees the model as it is now.
    pub fn publish(&mut self) {
        let update = self.update();
        self.to_tabs("agent::update", &update);
        self.tell_phones();
    }

    fn update(&self) -> Value {
        json!({
            "snapshot": snapshot(&self.model, &self.place, now()),
            "configuration": configuration(&self.model),
        })
    }

    fn connected_ccps(&self) {
        let tabs = self.tabs().count();
        self.to_tabs("update_connected_ccps", &json!({ "length": tabs }));
    }

    pub fn tab_opened(&mut self, out: Out) -> u32 {
        let tab = self.number();
        let kind = CarrierKind::Tab { subscribed: false };
        self.carriers.insert(tab, Carrier { out, kind });
        self.to_tab(tab, "acknowledge", &json!({"id": format!("port-{tab}")}));
        self.to_tab(tab, "agent::update", &self.update());
        self.connected_ccps();
        tab
    }

    /// A page is gone, and with it the calls whose softphone it was.
    pub fn carrier_closed(&mut self, carrier: u32) {
        self.carriers.remove(&carrier);
        self.masters.retain(|_, master| *master != carrier);
        self.carrier_lost(carrier);
        self.connected_ccps();
        self.publish();
    }

    fn tab_message(&mut self, tab: u32, message: &Value) -> Option<Later> {
        let data = &message["data"];
        match message["event"].as_str()? {
            "synchronize" => self.to_tab(tab, "acknowledge", &json!({})),
            "master_request" => self.master(tab, data),
            "api_request" => self.api(tab, data),
            "broadcast" => return self.broadcast(data),
            "webSocket::subscribe" => {
                let wanted = data.as_array().is_some_and(|topics| {
                    topics.iter().any(|topic| topic == super::signaling::TOPIC)
                });
                if let Some(Carrier {
                    kind: CarrierKind::Tab { subscribed },
                    ..
                }) = self.carriers.get_mut(&tab)
                {
                    *subscribed |= wanted;
                }
            }
            "webSocket::send" if data["topic"] == super::signaling::TOPIC => {
                self.rpc(tab, data["connectionId"].clone(), &data["jsonRpcMsg"]);
            }
            // The CCP's own buttons.
            "button" => {
                let method = data["method"].as_str()?;
                if let Err(refusal) = self.button(method, &data["params"]) {
                    self.to_tab(tab, "refused", &error_of(&refusal));
                }
            }
            // Configuration, logs, metrics and the like.
            _ => {}
        }
        None
    }

    fn master(&mut self, tab: u32, request: &Value) {
        let params = &request["params"];
        let topic = params["topic"].as_str().unwrap_or_default().to_owned();
        let name = |tab: u32| format!("port-{tab}");
        let known = self.masters.get(&topic).copied();
        let data = if request["method"] == "becomeMaster" {
            self.masters.insert(topic.clone(), tab);
            let take_over = known.is_some_and(|master| master != tab);
            json!({"masterId": name(tab), "takeOver": take_over, "topic": topic})
        } else {
            let master = known.or_else(|| {
                let shy = params["shouldNotBecomeMasterIfNone"] == true;
                (!shy).then_some(tab)
            });
            if let Some(master) = master {
                self.masters.insert(topic.clone(), master);
            }
            json!({
                "masterId": master.map(name), "isMaster": master == Some(tab), "topic": topic,
            })
        };
        let taken = data["takeOver"] == true;
        let response = json!({
            "event": "master_response", "requestId": request["requestId"], "data": data, "err": null,
        });
        if taken {
            self.to_tabs("master_response", &response);
        } else {
            self.to_tab(tab, "master_response", &response);
        }
    }

    /// Carries out what an API names.
    fn call(&mut self, method: &str, params: &Value) -> Done<Value> {
        let ice = &self.place.ice_servers;
        api::call(&mut self.model, ice, method, params, now())
    }

    fn api(&mut self, tab: u32, request: &Value) {
        let method = request["method"].as_str().unwrap_or_default();
        let (data, err) = match self.call(method, &request["params"]) {
            Ok(data) => (data, Value::Null),
            Err(refusal) => {
                let error = error_of(&refusal);
                (error.clone(), Value::String(error.to_string()))
            }
        };
        let response = json!({
            "event": "api_response", "requestId": request["requestId"], "data": data, "err": err,
        });
        self.to_tab(tab, "api_response", &response);
        if !method.starts_with("send") && method != "createTransport" {
            self.publish();
        }
    }

    fn button(&mut self, method: &str, params: &Value) -> Done {
        if method == "mute" {
            self.to_tabs("mute", params);
            return Ok(());
        }
        self.call(method, params)?;
        if method == "acceptContact" {
            // What Streams broadcasts when the CCP's own button accepts.
            if let Some(id) = params["contactId"].as_str() {
                let contact = json!({ "contactId": id });
                self.to_tabs("contact::accepted", &contact);
                self.to_tabs(&format!("contact::accepted::{id}"), &contact);
            }
        }
        self.publish();
        Ok(())
    }

    fn broadcast(&mut self, broadcast: &Value) -> Option<Later> {
        let event = broadcast["event"].as_str()?;
        *self.broadcasts.entry(event.to_owned()).or_default() += 1;
        let delay = self.delays.get(event).copied().unwrap_or(0);
        if delay == 0 {
            self.to_tabs(event, &broadcast["data"]);
            return None;
        }
        Some(Later {
            delay: Duration::from_millis(delay),
            event: event.to_owned(),
            data: broadcast["data"].clone(),
        })
    }
}
