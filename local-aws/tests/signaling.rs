//! The softphone's signaling, and the phones' pages at its other end.

#![allow(clippy::expect_used)]

mod common;

use common::{
    connect::{Page, answer, call, control, invite, media, phone, tab},
    server,
};
use serde_json::{Value, json};

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
    let bye = socket.next().await;
    assert_eq!(bye["method"], "bye");
    tab.contact("ended").await;
    socket
        .say(&json!({"jsonrpc": "2.0", "id": bye["id"], "result": {}}))
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
