//! The user pool's hosted pages over real sockets, and what the identity pool
//! makes of their tokens.

#![allow(clippy::expect_used)]

mod common;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use common::{Answer, Client, request, send, whole};
use local_aws::{
    server::{IDENTITY_POOL_ID, Server},
    services::user_pool::{CLIENT_ID, PASSWORD, USERNAME, provider},
};
use serde_json::{Value, json};

/// The example of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
/// Nothing in it may be changed on its way through the hosted pages.
const STATE: &str = "st&te=<\"ü\">";

type Pairs<'a> = Vec<(&'a str, &'a str)>;

fn encoded(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

/// `pairs` with another value of one; without it if that is empty.
fn changed<'a>(pairs: &[(&'a str, &'a str)], name: &str, value: &'a str) -> Pairs<'a> {
    let mut all = pairs.to_vec();
    for pair in all.iter_mut().filter(|pair| pair.0 == name) {
        pair.1 = value;
    }
    all.retain(|pair| !pair.1.is_empty());
    all
}

fn returning(server: &Server) -> String {
    format!("{}/", server.page)
}

fn asked(redirect_uri: &str) -> Pairs<'_> {
    vec![
        ("response_type", "code"),
        ("client_id", CLIENT_ID),
        ("redirect_uri", redirect_uri),
        ("scope", "openid"),
        ("state", STATE),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]
}

async fn get(server: &Server, path: &str, headers: &[(&str, &str)]) -> Answer {
    whole(send(request(&server.aws, "GET", path, headers, "")).await).await
}

async fn authorize(server: &Server, pairs: &[(&str, &str)]) -> Answer {
    get(
        server,
        &format!("/oauth2/authorize?{}", encoded(pairs)),
        &[],
    )
    .await
}

async fn submit(server: &Server, query: &str, password: &str) -> Answer {
    let path = format!("/login?{query}");
    let body = encoded(&[("username", USERNAME), ("password", password)]);
    whole(send(request(&server.aws, "POST", &path, &[FORM], &body)).await).await
}

async fn token(server: &Server, pairs: &[(&str, &str)]) -> Answer {
    let sent = request(
        &server.aws,
        "POST",
        "/oauth2/token",
        &[FORM],
        &encoded(pairs),
    );
    whole(send(sent).await).await
}

fn location(answer: &Answer) -> String {
    assert_eq!(answer.status, 302);
    let location = answer.headers["location"].to_str().expect("text");
    location.to_owned()
}

/// A parameter of the URL that an answer sends to.
fn told(answer: &Answer, name: &str) -> Option<String> {
    let location = location(answer);
    let (_, query) = location.split_once('?')?;
    form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

/// A code of a new login.
async fn code(server: &Server) -> String {
    let redirect_uri = returning(server);
    let answer = submit(server, &encoded(&asked(&redirect_uri)), PASSWORD).await;
    told(&answer, "code").expect("a code")
}

fn redeeming<'a>(code: &'a str, redirect_uri: &'a str) -> Pairs<'a> {
    vec![
        ("grant_type", "authorization_code"),
        ("client_id", CLIENT_ID),
        ("code", code),
        ("redirect_uri", redirect_uri),
        ("code_verifier", VERIFIER),
    ]
}

/// The tokens of a new login.
async fn tokens(server: &Server) -> Value {
    let (code, redirect_uri) = (code(server).await, returning(server));
    let answer = token(server, &redeeming(&code, &redirect_uri)).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.json()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().expect("a text")
}

fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).expect("a payload");
    let bytes = URL_SAFE_NO_PAD.decode(payload).expect("base64url");
    serde_json::from_slice(&bytes).expect("claims")
}

async fn identity(client: &Client, token: &str) -> Answer {
    let provider = provider("us-east-1");
    let body = json!({"IdentityPoolId": IDENTITY_POOL_ID, "Logins": {provider: token}});
    client.cognito("GetId", &body).await
}

async fn refusal(server: &Server, pairs: &[(&str, &str)]) -> String {
    let answer = token(server, pairs).await;
    assert_eq!(answer.status, 400);
    text(&answer.json(), "error").to_owned()
}

#[tokio::test]
async fn a_login_gives_tokens_that_the_identity_pool_takes() {
    let client = Client::new().await;
    let server = &client.server;
    let redirect_uri = returning(server);
    let sent_on = location(&authorize(server, &asked(&redirect_uri)).await);
    let query = sent_on.strip_prefix("/login?").expect("the login page");
    let page = get(server, &sent_on, &[]).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.headers["x-frame-options"], "DENY");
    let html = String::from_utf8_lossy(&page.body).into_owned();
    assert!(html.contains("type=\"password\"") && !html.contains("role=\"alert\""));
    let wrong = submit(server, query, "another").await;
    assert_eq!(wrong.status, 400);
    assert!(String::from_utf8_lossy(&wrong.body).contains("Incorrect username or password."));
    let answer = submit(server, query, PASSWORD).await;
    assert!(location(&answer).starts_with(&format!("{redirect_uri}?")));
    assert_eq!(told(&answer, "state").as_deref(), Some(STATE));
    let code = told(&answer, "code").expect("a code");
    let answer = token(server, &redeeming(&code, &redirect_uri)).await;
    assert_eq!(answer.headers["cache-control"], "no-store");
    let tokens = answer.json();
    assert_eq!(
        (&tokens["token_type"], &tokens["expires_in"]),
        (&json!("Bearer"), &json!(3600))
    );

    let (id, access) = (text(&tokens, "id_token"), text(&tokens, "access_token"));
    let read = claims(id);
    assert_eq!(
        text(&read, "iss"),
        format!("https://{}", provider("us-east-1"))
    );
    assert_eq!(
        (text(&read, "aud"), text(&read, "token_use")),
        (CLIENT_ID, "id")
    );
    assert_eq!(text(&read, "cognito:username"), USERNAME);
    let (issued, ends) = (read["iat"].as_i64(), read["exp"].as_i64());
    assert_eq!(ends.zip(issued).map(|(to, from)| to - from), Some(3600));
    assert_eq!(claims(access)["sub"], read["sub"]);
    assert_eq!(identity(&client, id).await.status, 200);
    // Signed by this pool, but no identity; and an identity that it has not signed.
    let (head, signature) = id.rsplit_once('.').expect("a signature");
    let forged = format!("{head}.{}", signature.chars().rev().collect::<String>());
    for token in [access, forged.as_str(), head] {
        let refused = identity(&client, token).await;
        assert_eq!(refused.exception(), "NotAuthorizedException");
    }
    let skew = json!({"kind": "skew", "seconds": 3601});
    client.fault(skew).await;
    let late = identity(&client, id).await;
    assert!(text(&late.json(), "message").contains("Token expired"));
}

#[tokio::test]
async fn the_hosted_pages_know_who_has_logged_in_until_the_logout() {
    let client = Client::new().await;
    let server = &client.server;
    let redirect_uri = returning(server);
    let query = encoded(&asked(&redirect_uri));
    let answer = submit(server, &query, PASSWORD).await;
    let cookie = answer.headers["set-cookie"].to_str().expect("text");
    assert!(cookie.contains("HttpOnly"));
    let cookie = cookie.split(';').next().expect("a value").to_owned();
    let headers = [("cookie", cookie.as_str())];
    let path = format!("/oauth2/authorize?{query}");
    let again = get(server, &path, &headers).await;
    let code = told(&again, "code").expect("a code");
    assert_eq!(
        token(server, &redeeming(&code, &redirect_uri)).await.status,
        200
    );
    for (client_id, logout_uri) in [
        (CLIENT_ID, "https://elsewhere.example/"),
        ("other", redirect_uri.as_str()),
        (CLIENT_ID, ""),
    ] {
        let query = encoded(&[("client_id", client_id), ("logout_uri", logout_uri)]);
        assert_eq!(
            get(server, &format!("/logout?{query}"), &headers)
                .await
                .status,
            400
        );
    }
    let leaving = encoded(&[("client_id", CLIENT_ID), ("logout_uri", &redirect_uri)]);
    let left = get(server, &format!("/logout?{leaving}"), &headers).await;
    assert_eq!(location(&left), redirect_uri);
    assert!(location(&get(server, &path, &headers).await).starts_with("/login?"));
}

#[tokio::test]
async fn what_is_wrong_is_told_to_the_page_that_asks_if_it_is_registered() {
    let client = Client::new().await;
    let server = &client.server;
    let redirect_uri = returning(server);
    let good = asked(&redirect_uri);
    for (name, value, error) in [
        ("response_type", "", "invalid_request"),
        ("response_type", "code token", "invalid_request"),
        ("response_type", "token", "unauthorized_client"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge", "short", "invalid_request"),
        ("code_challenge_method", "", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("scope", "openid everything", "invalid_scope"),
    ] {
        let answer = authorize(server, &changed(&good, name, value)).await;
        assert!(location(&answer).starts_with(&redirect_uri));
        assert_eq!(
            told(&answer, "error").as_deref(),
            Some(error),
            "{name}={value}"
        );
        assert_eq!(told(&answer, "state").as_deref(), Some(STATE));
        assert_eq!(told(&answer, "code"), None);
    }
    let without_slash = server.page.clone();
    for (name, value) in [
        ("client_id", "other"),
        ("client_id", ""),
        ("redirect_uri", "https://elsewhere.example/"),
        ("redirect_uri", without_slash.as_str()),
        ("redirect_uri", ""),
    ] {
        let pairs = changed(&good, name, value);
        assert_eq!(
            authorize(server, &pairs).await.status,
            400,
            "{name}={value}"
        );
        let answer = submit(server, &encoded(&pairs), PASSWORD).await;
        assert_eq!(answer.status, 400);
    }
    let mut twice = good.clone();
    twice.push(("redirect_uri", "https://elsewhere.example/"));
    assert_eq!(authorize(server, &twice).await.status, 400);

    let other = "https://desk.example/agent/";
    let settings = json!({"callbackUrls": [other]});
    client.control("PUT", "settings", &settings).await;
    let pairs = changed(&good, "redirect_uri", other);
    let answer = submit(server, &encoded(&pairs), PASSWORD).await;
    assert!(location(&answer).starts_with(other));
}

#[tokio::test]
async fn a_code_works_once_for_five_minutes_and_with_its_verifier() {
    let client = Client::new().await;
    let server = &client.server;
    let redirect_uri = returning(server);
    for (name, value) in [
        (
            "code_verifier",
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK",
        ),
        ("code_verifier", CHALLENGE),
        ("code_verifier", ""),
        ("redirect_uri", "http://127.0.0.1/"),
    ] {
        let code = code(server).await;
        let good = redeeming(&code, &redirect_uri);
        let wrong = changed(&good, name, value);
        assert_eq!(
            refusal(server, &wrong).await,
            "invalid_grant",
            "{name}={value}"
        );
        // It is used up all the same.
        assert_eq!(refusal(server, &good).await, "invalid_grant");
    }
    let first = code(server).await;
    let good = redeeming(&first, &redirect_uri);
    assert_eq!(token(server, &good).await.status, 200);
    assert_eq!(refusal(server, &good).await, "invalid_grant");
    for (seconds, status) in [(240, 200), (300, 400)] {
        client.control("POST", "reset", &Value::Null).await;
        let code = code(server).await;
        client
            .fault(json!({"kind": "skew", "seconds": seconds}))
            .await;
        let answer = token(server, &redeeming(&code, &redirect_uri)).await;
        assert_eq!(answer.status, status);
    }
    for (name, value, error) in [
        ("grant_type", "", "invalid_request"),
        ("grant_type", "password", "unsupported_grant_type"),
        ("client_id", "other", "invalid_client"),
        ("code", "", "invalid_request"),
        ("redirect_uri", "", "invalid_request"),
    ] {
        assert_eq!(refusal(server, &changed(&good, name, value)).await, error);
    }
    let json = ("content-type", "application/json");
    let sent = request(
        &server.aws,
        "POST",
        "/oauth2/token",
        &[json],
        &encoded(&good),
    );
    let answer = whole(send(sent).await).await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()),
        (400, json!({"error": "invalid_request"}))
    );
}

#[tokio::test]
async fn a_login_is_renewed_unless_a_fault_refuses_it() {
    let client = Client::new().await;
    let server = &client.server;
    let first = tokens(server).await;
    let refresh = text(&first, "refresh_token");
    let renewing = [
        ("grant_type", "refresh_token"),
        ("client_id", CLIENT_ID),
        ("refresh_token", refresh),
    ];
    let settings = json!({"tokenLifetimeS": 60});
    client.control("PUT", "settings", &settings).await;
    client
        .fault(json!({"service": "login", "kind": "refuse-renewal"}))
        .await;
    assert_eq!(refusal(server, &renewing).await, "invalid_grant");
    client
        .fault(json!({"service": "login", "kind": "throttle"}))
        .await;
    assert_eq!(token(server, &renewing).await.status, 429);
    for _ in 0..2 {
        let renewed = token(server, &renewing).await.json();
        assert_eq!(
            (&renewed["expires_in"], &renewed["refresh_token"]),
            (&json!(60), &Value::Null)
        );
        let (before, now) = (
            claims(text(&first, "id_token")),
            claims(text(&renewed, "id_token")),
        );
        assert_eq!(
            (&now["auth_time"], &now["origin_jti"]),
            (&before["auth_time"], &before["origin_jti"])
        );
        assert_ne!(now["jti"], before["jti"]);
        assert_eq!(
            identity(&client, text(&renewed, "id_token")).await.status,
            200
        );
    }
    let unknown = changed(&renewing, "refresh_token", "unknown");
    assert_eq!(refusal(server, &unknown).await, "invalid_grant");
    let missing = changed(&renewing, "refresh_token", "");
    assert_eq!(refusal(server, &missing).await, "invalid_request");
    let counted = client.state().await["counters"]["requests"]["login"].clone();
    assert_eq!(
        (&counted["ok"], &counted["invalid_grant"]),
        (&json!(3), &json!(2))
    );
}

#[tokio::test]
async fn scripts_of_other_origins_get_tokens_and_no_pages() {
    let client = Client::new().await;
    let server = &client.server;
    let origin = ("origin", "http://page.example");
    let sent = request(&server.aws, "POST", "/oauth2/token", &[FORM, origin], "");
    let answer = whole(send(sent).await).await;
    assert_eq!(answer.headers["access-control-allow-origin"], "*");
    let redirect_uri = returning(server);
    let query = encoded(&asked(&redirect_uri));
    for path in ["/oauth2/authorize", "/login", "/logout"] {
        let answer = get(server, &format!("{path}?{query}"), &[origin]).await;
        assert!(
            !answer.headers.contains_key("access-control-allow-origin"),
            "{path}"
        );
    }
}
