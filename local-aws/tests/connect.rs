//! The Connect instance, as its pages see it: sockets and HTTP, no browser.

#![allow(clippy::expect_used)]

mod common;

use common::{
    connect::{ask, call, control, phone, tab},
    request, send, server, whole,
};
use serde_json::{Value, json};

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
