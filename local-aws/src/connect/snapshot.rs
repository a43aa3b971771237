//! The model as the events that Streams gets.

use super::{
    contact::{Connection, Contact, Kind, Role, UnixMs},
    model::Model,
};
use serde_json::{Value, json};

/// Where an instance is, for the softphone.
pub struct Place {
    pub signaling: String,
    pub ice_servers: Value,
}

const INSTANCE: &str =
    "arn:aws:connect:us-east-1:000000000000:instance/00000000-0000-4000-8000-000000000001";
const QUEUE: &str = "BasicQueue";

/// JSON has no dates: the CCP page makes one of this.
fn date(at: UnixMs) -> Value {
    json!({ "$date": at })
}

fn queue() -> Value {
    let arn = format!("{INSTANCE}/queue/00000000-0000-4000-8000-000000000002");
    json!({"queueARN": arn, "queueId": arn, "name": QUEUE})
}

fn states() -> Value {
    let state = |name: &str, kind: &str| {
        json!({
            "name": name, "type": kind, "agentStateARN": format!("{INSTANCE}/agent-state/{name}"),
        })
    };
    json!([
        state("Available", "routable"),
        state("Break", "not_routable"),
        state("Offline", "offline"),
    ])
}

pub fn configuration(model: &Model) -> Value {
    let settings = &model.settings;
    let profile = format!("{INSTANCE}/routing-profile/00000000-0000-4000-8000-000000000003");
    json!({
        "name": "Local Agent",
        "username": "agent",
        "agentARN": format!("{INSTANCE}/agent/00000000-0000-4000-8000-000000000004"),
        "extension": null,
        "softphoneEnabled": settings.softphone_enabled,
        "softphoneAutoAccept": settings.auto_accept,
        "softphonePersistentConnection": settings.persistent_connection,
        "voiceEnhancementMode": "NONE",
        "permissions": ["outboundCall", "audioDeviceSettings", "canStartTransfer"],
        "dialableCountries": ["us", "de", "es"],
        "agentStates": states(),
        "agentPreferences": {"LANGUAGE": "en_US", "locale": "en_US"},
        "routingProfile": {
            "name": "Basic Routing Profile",
            "routingProfileARN": profile,
            "routingProfileId": profile,
            "channelConcurrencyMap": {
                "VOICE": settings.voice_concurrency, "CHAT": 2, "TASK": 2, "EMAIL": 2,
            },
            "defaultOutboundQueue": queue(),
            "queues": [queue()],
        },
    })
}

pub fn snapshot(model: &Model, place: &Place, now: UnixMs) -> Value {
    let state = model.agent_state();
    let next = model.next.as_ref().map(|(name, kind)| {
        json!({
            "name": name, "type": kind, "agentStateARN": format!("{INSTANCE}/agent-state/{name}"),
        })
    });
    let mut contacts: Vec<&Contact> = model.contacts.iter().collect();
    contacts.sort_by_key(|contact| contact.since);
    let own = json!({
        "name": state.name,
        "type": state.kind,
        "agentStateARN": format!("{INSTANCE}/agent-state/{}", state.name),
        "startTimestamp": date(state.since),
    });
    json!({
        "state": own,
        "status": own,
        "nextState": next,
        "agentAvailabilityState": {"state": state.name, "timeStamp": date(state.since)},
        "snapshotTimestamp": date(now),
        "localTimestamp": now,
        "skew": 0,
        "contacts": contacts
            .iter()
            .map(|contact| self::contact(model, contact, place))
            .collect::<Vec<_>>(),
    })
}

fn contact(model: &Model, contact: &Contact, place: &Place) -> Value {
    let state = json!({"type": contact.state, "timestamp": date(contact.since)});
    let method = match (contact.kind, contact.outbound) {
        (_, true) => "outbound",
        (Kind::QueueCallback, false) => "callback",
        (Kind::Voice, false) => "inbound",
        _ => "api",
    };
    let subtype = match contact.kind {
        Kind::Voice | Kind::QueueCallback => "connect:Telephony",
        Kind::Chat => "connect:Chat",
        Kind::Task => "connect:Task",
        Kind::Email => "connect:Email",
    };
    let attributes: serde_json::Map<String, Value> = contact
        .attributes
        .iter()
        .map(|(name, value)| (name.clone(), json!({"name": name, "value": value})))
        .collect();
    let phone = &contact.connections[1].phone;
    json!({
        "contactId": contact.id,
        "initialContactId": contact.id,
        "type": contact.kind,
        "initiationMethod": method,
        "state": state,
        "status": state,
        "queue": queue(),
        "queueTimestamp": date(contact.began),
        "contactDuration": "0",
        "name": contact.name,
        "description": null,
        "references": {},
        "attributes": attributes,
        "segmentAttributes": {"connect:Subtype": {"ValueString": subtype}},
        "customerEndpoint": {"type": "TELEPHONE_NUMBER", "address": phone},
        "contactFeatures": {"attachmentsEnabled": false, "multiPartyConferenceEnabled": true},
        "agentContactHandlingConfig": {"autoAccept": contact.auto_accept},
        "connections": contact
            .connections
            .iter()
            .map(|leg| connection(model, contact, leg, place))
            .collect::<Vec<_>>(),
    })
}

fn connection(model: &Model, contact: &Contact, leg: &Connection, place: &Place) -> Value {
    let state = json!({"type": leg.state, "timestamp": date(leg.since)});
    let kind = match leg.role {
        Role::Agent => "agent",
        Role::Customer if contact.outbound || contact.kind == Kind::QueueCallback => "outbound",
        Role::Customer => "inbound",
        Role::ThirdParty => "outbound",
    };
    let endpoint = match leg.role {
        Role::Agent => json!({"type": "agent", "name": "Local Agent", "phoneNumber": null}),
        _ => json!({"type": "phone_number", "phoneNumber": leg.phone, "name": null}),
    };
    let mut all = json!({
        "connectionId": leg.id,
        "type": kind,
        "initial": leg.role == Role::Customer,
        "state": state,
        "status": state,
        "endpoint": endpoint,
        "address": endpoint,
        "mute": leg.mute,
        "forcedMute": false,
        "quickConnectName": null,
        "monitoringInfo": null,
    });
    if contact.kind == Kind::Chat {
        all["chatMediaInfo"] = json!({
            "chatAutoAccept": contact.auto_accept,
            "customerName": contact.name.as_deref().unwrap_or("Customer"),
            "connectionData": null,
        });
    }
    if leg.role == Role::Agent && contact.kind.is_call() && model.settings.softphone_enabled {
        let config = json!({
            "iceServers": place.ice_servers,
            "signalingEndpoint": place.signaling,
            "useWebSocketProvider": model.settings.use_web_socket_provider,
        });
        all["softphoneMediaInfo"] = json!({
            "callType": "audio_only",
            "autoAccept": contact.auto_accept,
            "mediaLegContextToken": format!("mlct-{}", leg.id),
            "callContextToken": contact.token,
            "callConfigJson": config.to_string(),
        });
    }
    all
}
