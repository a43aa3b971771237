//! Pages of a Connect instance, without a browser: their sockets.

use super::{request, send, whole};
use futures_util::{SinkExt, StreamExt};
use hyper::StatusCode;
use local_aws::server::Server;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message as Socket,
};

/// A page's socket.
pub struct Page(pub WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Page {
    pub async fn open(server: &Server, path: &str) -> Self {
        let url = format!("{}{path}", server.connect.replacen("http", "ws", 1));
        Self(connect_async(url).await.expect("a socket").0)
    }

    pub async fn say(&mut self, message: &Value) {
        let text = Socket::Text(message.to_string().into());
        self.0.send(text).await.expect("sent");
    }

    pub async fn next(&mut self) -> Value {
        loop {
            if let Socket::Text(text) = self.0.next().await.expect("open").expect("a message") {
                return serde_json::from_str(&text).expect("JSON");
            }
        }
    }

    /// The next message that is wanted; others are passed over.
    pub async fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.next().await;
            if wanted(&message) {
                return message;
            }
        }
    }

    pub async fn event(&mut self, name: &str) -> Value {
        self.until(|message| message["event"] == name).await["data"].clone()
    }

    /// The next snapshot in which the only contact is so.
    pub async fn contact(&mut self, state: &str) -> Value {
        let is = |message: &Value| {
            message["event"] == "agent::update"
                && message["data"]["snapshot"]["contacts"][0]["state"]["type"] == state
        };
        self.until(is).await["data"]["snapshot"]["contacts"][0].clone()
    }

    pub async fn api(&mut self, method: &str, params: Value) -> Value {
        let request =
            json!({"event": "api_request", "requestId": "r", "method": method, "params": params});
        self.say(&json!({"event": "api_request", "data": request}))
            .await;
        self.event("api_response").await
    }

    /// A request of a softphone whose signaling goes through this page.
    pub async fn rpc(&mut self, envelope: &str, method: &str, params: Value) -> Value {
        self.post(envelope, method, params).await;
        self.rpc_answer(envelope).await
    }

    pub async fn post(&mut self, envelope: &str, method: &str, params: Value) {
        let message = json!({"jsonrpc": "2.0", "id": method, "method": method, "params": params});
        let data =
            json!({"topic": "aws/softphone", "connectionId": envelope, "jsonRpcMsg": message});
        self.say(&json!({"event": "webSocket::send", "data": data}))
            .await;
    }

    pub async fn rpc_answer(&mut self, envelope: &str) -> Value {
        let data = self.event("webSocket::all_message").await;
        assert_eq!(data["topic"], "aws/softphone");
        let content = data["content"].as_str().expect("the content is a text");
        let content: Value = serde_json::from_str(content).expect("JSON");
        assert_eq!(content["connectionId"], envelope);
        content["jsonRpcMsg"].clone()
    }
}

pub async fn tab(server: &Server) -> Page {
    let mut page = Page::open(server, "/bridge").await;
    page.say(&json!({"event": "webSocket::subscribe", "data": ["aws/softphone"]}))
        .await;
    page
}

pub async fn phone(server: &Server, number: &str) -> Page {
    let mut page = Page::open(server, &format!("/phone?phone={number}")).await;
    assert_eq!(page.next().await["state"], "idle");
    page
}

pub async fn ask(server: &Server, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let path = format!("/control/{path}");
    let answer = whole(send(request(&server.connect, method, &path, &[], &body)).await).await;
    (answer.status, answer.json())
}

pub async fn control(server: &Server, method: &str, path: &str, body: Value) -> Value {
    let (status, answer) = ask(server, method, path, body).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

/// A softphone's media information in a contact of a snapshot.
pub fn media(contact: &Value) -> (String, String, String) {
    let agent = &contact["connections"][0];
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    (
        text(&contact["contactId"]),
        text(&agent["softphoneMediaInfo"]["callContextToken"]),
        text(&agent["connectionId"]),
    )
}

pub fn invite(contact: &str, token: &str) -> Value {
    json!({
        "sdp": "v=0 offer", "candidates": [{"candidate": "candidate:1"}], "contactId": contact,
        "callContextToken": token, "persistentConnection": true, "iceRestart": false,
    })
}

/// The phone's page answers the offer that it gets.
pub async fn answer(phone: &mut Page) -> Value {
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
pub async fn call(server: &Server, tab: &mut Page, phone: &mut Page) -> (String, String, Value) {
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
