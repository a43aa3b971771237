//! The Connect instance, as its pages see it: sockets and HTTP, no browser.

#![allow(clippy::expect_used)]

mod common;

use common::{request, send, server, whole};
use futures_util::{SinkExt, StreamExt};
use hyper::StatusCode;
use local_aws::server::Server;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message as Socket,
};

/// A page's socket.
struct Page(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Page {
    async fn open(server: &Server, path: &str) -> Self {
        let url = format!("{}{path}", server.connect.replacen("http", "ws", 1));
        Self(connect_async(url).await.expect("a socket").0)
    }

    async fn say(&mut self, message: &Value) {
        let text = Socket::Text(message.to_string().into());
        self.0.send(text).await.expect("sent");
    }

    async fn next(&mut self) -> Value {
        loop {
            if let Socket::Text(text) = self.0.next().await.expect("open").expect("a message") {
                return serde_json::from_str(&text).expect("JSON");
            }
        }
    }

    /// The next message that is wanted; others are passed over.
    async fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.next().await;
            if wanted(&message) {
                return message;
            }
        }
    }

    async fn event(&mut self, name: &str) -> Value {
        self.until(|message| message["event"] == name).await["data"].clone()
    }

    /// The next snapshot in which the only contact is so.
    async fn contact(&mut self, state: &str) -> Value {
        let is = |message: &Value| {
            message["event"] == "agent::update"
                && message["data"]["snapshot"]["contacts"][0]["state"]["type"] == state
        };
        self.until(is).await["data"]["snapshot"]["contacts"][0].clone()
    }

    async fn api(&mut self, method: &str, params: Value) -> Value {
        let request =
            json!({"event": "api_request", "requestId": "r", "method": method, "params": params});
        self.say(&json!({"event": "api_request", "data": request}))
            .await;
        self.event("api_response").await
    }

    /// A request of a softphone whose signaling goes through this page.
    async fn rpc(&mut self, envelope: &str, method: &str, params: Value) -> Value {
        self.post(envelope, method, params).await;
        self.rpc_answer(envelope).await
    }

    async fn post(&mut self, envelope: &str, method: &str, params: Value) {
        let message = json!({"jsonrpc": "2.0", "id": method, "method": method, "params": params});
        let data =
            json!({"topic": "aws/softphone", "connectionId": envelope, "jsonRpcMsg": message});
        self.say(&json!({"event": "webSocket::send", "data": data}))
            .await;
    }

    async fn rpc_answer(&mut self, envelope: &str) -> Value {
        let data = self.event("webSocket::all_message").await;
        assert_eq!(data["topic"], "aws/softphone");
        let content = data["content"].as_str().expect("the content is a text");
        let content: Value = serde_json::from_str(content).expect("JSON");
        assert_eq!(content["connectionId"], envelope);
        content["jsonRpcMsg"].clone()
    }
}

async fn tab(server: &Server) -> Page {
    let mut page = Page::open(server, "/bridge").await;
    page.say(&json!({"event": "webSocket::subscribe", "data": ["aws/softphone"]}))
        .await;
    page
}

async fn phone(server: &Server, number: &str) -> Page {
    let mut page = Page::open(server, &format!("/phone?phone={number}")).await;
    assert_eq!(page.next().await["state"], "idle");
    page
}

async fn ask(server: &Server, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let path = format!("/control/{path}");
    let answer = whole(send(request(&server.connect, method, &path, &[], &body)).await).await;
    (answer.status, answer.json())
}

async fn control(server: &Server, method: &str, path: &str, body: Value) -> Value {
    let (status, answer) = ask(server, method, path, body).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

/// A softphone's media information in a contact of a snapshot.
fn media(contact: &Value) -> (String, String, String) {
    let agent = &contact["connections"][0];
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    (
        text(&contact["contactId"]),
        text(&agent["softphoneMediaInfo"]["callContextToken"]),
        text(&agent["connectionId"]),
    )
}

fn invite(contact: &str, token: &str) -> Value {
    json!({
        "sdp": "v=0 offer", "candidates": [{"candidate": "candidate:1"}], "contactId": contact,
        "callContextToken": token, "persistentConnection": true, "iceRestart": false,
    })
}

/// The phone's page answers the offer that it gets.
async fn answer(phone: &mut Page) -> Value {
    let offer = phone.until(|message| message["type"] == "offer").await;
    phone
        .say(&json!({
            "type": "answer", "leg": offer["leg"], "sdp": "v=0 answer",
            "candidates": [{"candidate": "candidate:2"}],
        }))
        .await;
    offer
}

/// A call that is connected, as far as signaling goes.
async fn call(server: &Server, tab: &mut Page, phone: &mut Page) -> (String, String, Value) {
    phone.say(&json!({"type": "call"})).await;
    let (contact, token, envelope) = media(&tab.contact("connecting").await);
    tab.post(&envelope, "invite", invite(&contact, &token))
        .await;
    answer(phone).await;
    let result = tab.rpc_answer(&envelope).await["result"].clone();
    assert_eq!(result["sdp"], "v=0 answer");
    let mut params = json!({"contactId": contact});
    if result["peerConnectionId"].is_string() {
        params["peerConnectionId"] = result["peerConnectionId"].clone();
        params["peerConnectionToken"] = result["peerConnectionToken"].clone();
    }
    let accepted = tab.rpc(&envelope, "accept", params).await;
    assert!(accepted["result"]["clientToken"].is_string(), "{accepted}");
    control(
        server,
        "POST",
        &format!("contacts/{contact}/accept"),
        Value::Null,
    )
    .await;
    tab.contact("connected").await;
    (contact, envelope, result)
}

#[tokio::test]
async fn streams_finds_an_agent_and_dates_that_are_dates() {
    let server = server(&[]).await;
    let mut page = tab(&server).await;
    assert!(page.event("acknowledge").await["id"].is_string());
    let update = page.event("agent::update").await;
    let (snapshot, configuration) = (&update["snapshot"], &update["configuration"]);
    assert_eq!(snapshot["state"]["name"], "Available");
    assert!(snapshot["state"]["startTimestamp"]["$date"].is_i64());
    assert_eq!(configuration["softphoneEnabled"], true);
    assert_eq!(
        configuration["routingProfile"]["channelConcurrencyMap"]["VOICE"],
        1
    );
    let id = configuration["routingProfile"]["routingProfileId"]
        .as_str()
        .expect("an id");
    assert!(id.contains(":000000000000:instance/"));
    page.say(&json!({"event": "synchronize"})).await;
    page.event("acknowledge").await;
}

#[tokio::test]
async fn a_topic_has_one_master_until_another_takes_it_or_it_is_gone() {
    let server = server(&[]).await;
    let ask = |method: &str, more: Value| {
        let mut params = json!({"topic": "connect::softphone"});
        if more.is_string() {
            params["shouldNotBecomeMasterIfNone"] = json!(true);
        }
        json!({"event": "master_request", "data": {
            "requestId": "m", "method": method, "params": params,
        }})
    };
    let mut one = tab(&server).await;
    one.say(&ask("checkMaster", json!("shy"))).await;
    let nobody = one.event("master_response").await["data"].clone();
    assert_eq!(
        (&nobody["masterId"], &nobody["isMaster"]),
        (&Value::Null, &json!(false))
    );
    one.say(&ask("checkMaster", Value::Null)).await;
    let first = one.event("master_response").await;
    assert_eq!(first["requestId"], "m");
    assert_eq!(first["data"]["isMaster"], true);

    let mut two = tab(&server).await;
    two.say(&ask("checkMaster", Value::Null)).await;
    let second = two.event("master_response").await;
    assert_eq!(second["data"]["isMaster"], false);
    assert_eq!(second["data"]["masterId"], first["data"]["masterId"]);
    two.say(&ask("becomeMaster", Value::Null)).await;
    for page in [&mut one, &mut two] {
        assert_eq!(
            page.event("master_response").await["data"]["takeOver"],
            true
        );
    }
    drop(two);
    one.until(|message| {
        message["event"] == "update_connected_ccps" && message["data"]["length"] == 1
    })
    .await;
    one.say(&ask("checkMaster", Value::Null)).await;
    assert_eq!(one.event("master_response").await["data"]["isMaster"], true);
}

#[tokio::test]
async fn a_broadcast_reaches_every_tab_and_late_if_it_is_told_to() {
    let server = server(&[]).await;
    let (mut one, mut two) = (tab(&server).await, tab(&server).await);
    control(&server, "PUT", "delays", json!({"slow": 50})).await;
    for name in ["slow", "quick"] {
        let broadcast = json!({"event": name, "data": {"connectionId": "c"}});
        one.say(&json!({"event": "broadcast", "data": broadcast}))
            .await;
    }
    for page in [&mut one, &mut two] {
        let first = page
            .until(|message| message["event"] == "slow" || message["event"] == "quick")
            .await;
        assert_eq!(first["event"], "quick");
        assert_eq!(page.event("slow").await["connectionId"], "c");
    }
    let state = control(&server, "GET", "state", Value::Null).await;
    assert_eq!(state["broadcasts"], json!({"slow": 1, "quick": 1}));
}

#[tokio::test]
async fn the_api_answers_before_the_snapshot_and_says_why_it_refuses() {
    let server = server(&[]).await;
    let mut page = tab(&server).await;
    let endpoint = json!({"endpoint": {"type": "phone_number", "phoneNumber": "+1"}});
    let made = page.api("createOutboundContact", endpoint).await;
    assert_eq!(
        (&made["requestId"], &made["err"]),
        (&json!("r"), &Value::Null)
    );
    let contact = page.contact("connecting").await;
    assert_eq!(contact["contactId"], made["data"]["contactId"]);
    assert_eq!(contact["initiationMethod"], "outbound");
    assert_eq!(contact["connections"][1]["type"], "outbound");
    assert_eq!(contact["connections"][1]["state"]["type"], "connecting");

    let refused = page.api("acceptContact", json!({"contactId": "x"})).await;
    assert!(refused["err"].is_string());
    assert_eq!(refused["data"]["type"], "ResourceNotFoundException");
    let ice = page
        .api("createTransport", json!({"transportType": "softphone"}))
        .await;
    assert!(ice["data"]["softphoneTransport"]["softphoneMediaConnections"].is_array());
    let none = page
        .api("createTransport", json!({"transportType": "web_rtc"}))
        .await;
    assert!(none["err"].is_string());
    assert_eq!(
        page.api("sendSoftphoneCallReport", json!({})).await["err"],
        Value::Null
    );
}

#[tokio::test]
async fn a_call_goes_through_its_signaling_and_ends_with_bye() {
    let server = server(&[]).await;
    let (mut tab, mut phone) = (tab(&server).await, phone(&server, "customer").await);
    let (contact, envelope, result) = call(&server, &mut tab, &mut phone).await;
    assert!(result["peerConnectionId"].is_null(), "not persistent");
    let connected = phone
        .until(|message| message["type"] == "routes" && message["routes"][0].is_array())
        .await;
    assert_eq!(
        connected["routes"],
        json!([["agent", "customer"], ["customer", "agent"]])
    );
    let token = json!({"contactId": contact, "callContextToken": "whatever"});
    assert_eq!(tab.rpc(&envelope, "bye", token).await["result"], json!({}));
    tab.contact("ended").await;
    phone.until(|message| message["type"] == "close").await;
    phone.until(|message| message["state"] == "idle").await;
    let gone = tab
        .rpc(&envelope, "bye", json!({"contactId": contact}))
        .await;
    assert_eq!(gone["error"]["code"], 404);
}

#[tokio::test]
async fn signaling_refuses_what_it_does_not_know() {
    let server = server(&[]).await;
    let (mut tab, mut phone) = (tab(&server).await, phone(&server, "customer").await);
    phone.say(&json!({"type": "call"})).await;
    let (contact, token, _) = media(&tab.contact("connecting").await);
    let with = |name: &str, value: Value| {
        let mut params = invite(&contact, &token);
        params[name] = value;
        params
    };
    let wrong = [
        ("invite", with("candidates", json!([])), 400),
        ("invite", with("sdp", json!("")), 400),
        ("invite", with("callContextToken", json!("other")), 403),
        ("invite", with("callContextToken", json!("")), 403),
        ("invite", with("contactId", json!("nobody")), 404),
        ("invite", with("iceRestart", json!(true)), 400),
        ("accept", json!({"contactId": contact}), 404),
        ("accept", json!({"peerConnectionId": "pc-1"}), 404),
        ("bye", json!({}), 404),
        ("connectContact", json!({"contactId": contact}), 400),
        (
            "disconnectContact",
            json!({"peerConnectionId": "pc-1"}),
            404,
        ),
        ("dance", json!({}), 400),
    ];
    for (method, params, code) in wrong {
        let said = tab.rpc("e", method, params.clone()).await;
        assert_eq!(said["error"]["code"], code, "{method} {params}");
        assert_eq!(said["id"], method);
    }
    // Two softphones for one contact: the second is refused.
    tab.post("e", "invite", invite(&contact, &token)).await;
    answer(&mut phone).await;
    assert!(tab.rpc_answer("e").await["result"].is_object());
    let busy = tab.rpc("e2", "invite", invite(&contact, &token)).await;
    assert_eq!(busy["error"]["code"], 486);
}

#[tokio::test]
async fn an_offer_waits_for_the_phone_that_is_to_answer_it() {
    let server = server(&[]).await;
    let mut tab = tab(&server).await;
    control(&server, "POST", "contacts", json!({"phone": "late"})).await;
    let (contact, token, envelope) = media(&tab.contact("connecting").await);
    tab.post(&envelope, "invite", invite(&contact, &token))
        .await;
    let mut other = phone(&server, "other").await;
    let mut late = Page::open(&server, "/phone?phone=late").await;
    answer(&mut late).await;
    assert!(tab.rpc_answer(&envelope).await["result"].is_object());
    other.say(&json!({"type": "hang-up"})).await;
    assert_eq!(other.next().await["type"], "refused", "it was never asked");
}

#[tokio::test]
async fn a_persistent_connection_outlives_its_calls() {
    let server = server(&[]).await;
    control(
        &server,
        "PUT",
        "configuration",
        json!({"persistentConnection": true}),
    )
    .await;
    let (mut tab, mut phone) = (tab(&server).await, phone(&server, "customer").await);
    let (contact, envelope, result) = call(&server, &mut tab, &mut phone).await;
    assert_eq!(result["inactivityDuration"], 600_000);
    let mut shown = json!({
        "contactId": contact,
        "peerConnectionId": result["peerConnectionId"],
        "peerConnectionToken": result["peerConnectionToken"],
    });
    let left = tab.rpc(&envelope, "disconnectContact", shown.clone()).await;
    assert_eq!(left["result"], json!({}));
    tab.contact("ended").await;
    control(&server, "POST", "contacts/last/clear", Value::Null).await;
    let legs = control(&server, "GET", "state", Value::Null).await["legs"].clone();
    assert_eq!(legs[0]["contacts"], json!([]));

    phone.say(&json!({"type": "call"})).await;
    let (contact, token, _) = media(&tab.contact("connecting").await);
    shown["contactId"] = json!(contact);
    shown["callContextToken"] = json!("other");
    let refused = tab.rpc(&envelope, "connectContact", shown.clone()).await;
    assert_eq!(refused["error"]["code"], 403);
    shown["callContextToken"] = json!(token);
    assert_eq!(
        tab.rpc(&envelope, "connectContact", shown.clone()).await["result"],
        json!({})
    );
    control(&server, "POST", "contacts/last/accept", Value::Null).await;
    tab.contact("connected").await;
    let again = tab.rpc(&envelope, "connectContact", shown.clone()).await;
    assert_eq!(again["error"]["code"], 486);

    // ICE restarts only with the right token, and keeps the leg.
    let restart = |token: &Value| {
        json!({
            "sdp": "v=0 restart", "candidates": [{"candidate": "candidate:3"}], "iceRestart": true,
            "peerConnectionId": result["peerConnectionId"], "peerConnectionToken": token,
        })
    };
    let refused = tab.rpc(&envelope, "invite", restart(&json!("other"))).await;
    assert_eq!(refused["error"]["code"], 403);
    control(&server, "POST", "contacts/last/stale", Value::Null).await;
    let stale = tab.rpc_answer(&envelope).await;
    assert_eq!(
        (&stale["id"], &stale["error"]["code"]),
        (&json!("accept"), &json!(400))
    );
    tab.post(&envelope, "invite", restart(&result["peerConnectionToken"]))
        .await;
    let offer = answer(&mut phone).await;
    assert_eq!(
        (&offer["restart"], &offer["leg"]),
        (&json!(true), &legs[0]["leg"])
    );
    assert_eq!(
        tab.rpc_answer(&envelope).await["result"]["peerConnectionId"],
        result["peerConnectionId"]
    );

    // With the phone's page goes the other end of the connection.
    drop(phone);
    let bye = tab.rpc_answer(&envelope).await;
    assert_eq!(bye["method"], "PCBye");
    assert_eq!(bye["peerConnectionId"], result["peerConnectionId"]);
    tab.contact("ended").await;
}

#[tokio::test]
async fn a_softphone_with_a_socket_of_its_own_needs_no_bridge() {
    let server = server(&[]).await;
    let (mut tab, mut phone) = (tab(&server).await, phone(&server, "customer").await);
    phone.say(&json!({"type": "call"})).await;
    let (contact, token, _) = media(&tab.contact("connecting").await);
    let path = format!("/signaling?callId={contact}&contactCtx={token}");
    let mut socket = Page::open(&server, &path).await;
    let message = |method: &str, params: Value| json!({"jsonrpc": "2.0", "id": method, "method": method, "params": params});
    let plain = json!({"sdp": "v=0 offer", "candidates": [{"candidate": "candidate:1"}]});
    socket.say(&message("invite", plain)).await;
    answer(&mut phone).await;
    assert_eq!(socket.next().await["result"]["sdp"], "v=0 answer");
    socket.say(&message("accept", json!({}))).await;
    assert!(socket.next().await["result"]["clientToken"].is_string());
    control(&server, "POST", "contacts/last/accept", Value::Null).await;
    tab.contact("connected").await;

    control(&server, "POST", "contacts/last/bye", Value::Null).await;
    assert_eq!(socket.next().await["method"], "bye");
    tab.contact("ended").await;
    socket
        .say(&json!({"jsonrpc": "2.0", "id": "x", "result": {}}))
        .await;
    phone.until(|message| message["type"] == "close").await;
}

#[tokio::test]
async fn a_call_whose_page_is_gone_begins_again_for_the_next() {
    let server = server(&[]).await;
    let mut watcher = tab(&server).await;
    let (mut first, mut phone) = (tab(&server).await, phone(&server, "customer").await);
    let (contact, _, _) = call(&server, &mut first, &mut phone).await;
    let (_, token, connection) = media(&watcher.contact("connected").await);
    drop(first);
    let again = media(&watcher.contact("connecting").await);
    assert_eq!(again.0, contact);
    assert!(again.1 != token && again.2 != connection);
    phone.until(|message| message["type"] == "close").await;
    watcher
        .post(&again.2, "invite", invite(&contact, &token))
        .await;
    assert_eq!(
        watcher.rpc_answer(&again.2).await["error"]["code"],
        403,
        "the old token"
    );
    watcher
        .post(&again.2, "invite", invite(&contact, &again.1))
        .await;
    answer(&mut phone).await;
    watcher.rpc_answer(&again.2).await;
    watcher
        .rpc(&again.2, "accept", json!({"contactId": contact}))
        .await;
    watcher.contact("connected").await;
}

#[tokio::test]
async fn who_hears_whom_follows_hold_mute_and_conference() {
    let server = server(&[]).await;
    let (mut tab, mut phone) = (tab(&server).await, phone(&server, "customer").await);
    call(&server, &mut tab, &mut phone).await;
    let both = json!([["agent", "customer"], ["customer", "agent"]]);
    let step = async |action: &str, body: Value| {
        control(&server, "POST", &format!("contacts/last/{action}"), body).await;
    };
    let mut heard = async |expected: Value| {
        let found = |message: &Value| message["type"] == "routes" && message["routes"] == expected;
        phone.until(found).await;
    };
    heard(both.clone()).await;
    step("hold", Value::Null).await;
    heard(json!([])).await;
    step("resume", Value::Null).await;
    heard(both.clone()).await;
    step("mute", json!({"phone": "agent"})).await;
    heard(json!([["customer", "agent"]])).await;
    step("unmute", json!({"phone": "agent"})).await;
    step("mute", Value::Null).await;
    heard(json!([["agent", "customer"]])).await;
    step("unmute", Value::Null).await;
    step("add", json!({"phone": "third", "consult": true})).await;
    heard(json!([["ringback", "agent"]])).await;
    step("answer", json!({"phone": "third"})).await;
    heard(json!([["agent", "third"], ["third", "agent"]])).await;
    step("conference", Value::Null).await;
    heard(json!([
        ["agent", "customer"],
        ["customer", "agent"],
        ["customer", "third"],
        ["agent", "third"],
        ["third", "agent"],
        ["third", "customer"],
    ]))
    .await;
    step("hang-up", json!({"phone": "third"})).await;
    heard(both).await;
}

#[tokio::test]
async fn other_channels_have_no_softphone() {
    let server = server(&[]).await;
    let mut tab = tab(&server).await;
    for kind in ["chat", "task", "email"] {
        let attributes = json!({"languageCode": "es-US"});
        let body = json!({"type": kind, "attributes": attributes, "name": "Ana"});
        control(&server, "POST", "contacts", body).await;
        let contact = tab.contact("connecting").await;
        assert_eq!(contact["type"], kind);
        assert_eq!(contact["attributes"]["languageCode"]["value"], "es-US");
        assert!(contact["connections"][0]["softphoneMediaInfo"].is_null());
        control(&server, "POST", "contacts/last/accept", Value::Null).await;
        tab.contact("connected").await;
        control(&server, "POST", "contacts/last/end", Value::Null).await;
        tab.contact("ended").await;
        control(&server, "POST", "contacts/last/clear", Value::Null).await;
    }
}

#[tokio::test]
async fn control_refuses_and_resets() {
    let server = server(&[]).await;
    let wrong = [
        ("POST", "contacts", json!({"type": "fax"}), 400),
        ("POST", "contacts", json!({"attributes": {"a": 1}}), 400),
        (
            "POST",
            "contacts",
            json!({"type": "chat", "outbound": true}),
            400,
        ),
        ("POST", "contacts/last/accept", Value::Null, 404),
        ("POST", "phones/customer/answer", Value::Null, 409),
        ("PUT", "configuration", json!({"softphone": true}), 400),
        ("PUT", "agent", json!({"state": "Asleep"}), 400),
    ];
    for (method, path, body, status) in wrong {
        let (found, answer) = ask(&server, method, path, body).await;
        assert_eq!(found, status, "{path}");
        assert!(answer["message"].is_string());
    }
    control(&server, "POST", "contacts", Value::Null).await;
    let (status, _) = ask(&server, "POST", "contacts/last/dance", Value::Null).await;
    assert_eq!(status, 404);
    let (status, _) = ask(&server, "POST", "contacts/last/bye", Value::Null).await;
    assert_eq!(status, 409, "there is no softphone");
    control(&server, "PUT", "configuration", json!({"autoAccept": true})).await;
    control(&server, "POST", "reset", Value::Null).await;
    let state = control(&server, "GET", "state", Value::Null).await;
    assert_eq!(state["contacts"], json!([]));
    assert_eq!(state["configuration"]["autoAccept"], false);
}

#[tokio::test]
async fn a_page_that_takes_a_number_replaces_the_one_that_had_it() {
    let server = server(&[]).await;
    let (mut before, mut now) = (phone(&server, "a").await, phone(&server, "a").await);
    before.until(|message| message["type"] == "replaced").await;
    before.say(&json!({"type": "call"})).await;
    now.say(&json!({"type": "call"})).await;
    assert_eq!(
        now.until(|message| message["type"] == "state").await["state"],
        "waiting"
    );
}

#[tokio::test]
async fn the_pages_are_there_and_can_be_framed() {
    let server = server(&[]).await;
    for path in [
        "/ccp-v2",
        "/ccp-v2/",
        "/customer.html?phone=a",
        "/rtc-session.js",
    ] {
        let answer = whole(send(request(&server.connect, "GET", path, &[], "")).await).await;
        assert_eq!(answer.status, 200, "{path}");
        let policy = answer.headers["content-security-policy"].to_str();
        assert!(
            policy
                .expect("text")
                .contains("frame-ancestors 'self' http://127.0.0.1:*")
        );
        assert!(!answer.headers.contains_key("x-frame-options"));
    }
    let answer = whole(send(request(&server.page, "GET", "/config.json", &[], "")).await).await;
    let config = answer.json();
    assert_eq!(config["connectInstanceURL"], server.connect.as_str());
    assert_eq!(config["standIn"]["connect"], server.connect.as_str());
}
