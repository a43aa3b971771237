//! The hosted pages: `/oauth2/authorize`, `/login` and `/logout`.

use super::{
    CLIENT_ID, CODE_LIFETIME, Code, Login, PASSWORD, Parameters, USERNAME, parameters, text,
};
use crate::{app::App, control::locked, keys::uuid};
use axum::{
    Form,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use serde::Deserialize;
use std::sync::Arc;
use time::OffsetDateTime;

const PAGE: &str = include_str!("login.html");
const WRONG: &str = "<p role=\"alert\">Incorrect username or password.</p>";
const SCOPES: [&str; 5] = [
    "openid",
    "email",
    "phone",
    "profile",
    "aws.cognito.signin.user.admin",
];
/// The cookie of the hosted pages' own session.
const COOKIE: &str = "cognito";

/// A login that a page has asked for.
struct Asked {
    redirect_uri: String,
    state: Option<String>,
    scope: String,
    challenge: String,
}

/// Why a login cannot begin.
enum Refusal {
    /// Told here: nobody knows whether the page that asks may be answered.
    Here(&'static str),
    /// Told to the page that asks, at this URL.
    Back(String),
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Here(why) => (StatusCode::BAD_REQUEST, page(why.to_owned())).into_response(),
            Self::Back(url) => found(&url),
        }
    }
}

/// Checks the parameters, which every step of a login repeats.
fn check(app: &App, query: &str) -> Result<Asked, Refusal> {
    let given = parameters(query.as_bytes()).ok_or(Refusal::Here("A parameter is there twice."))?;
    if text(&given, "client_id") != Some(CLIENT_ID) {
        return Err(Refusal::Here("This client does not exist."));
    }
    let redirect_uri = text(&given, "redirect_uri").unwrap_or_default();
    if !may_return(app, redirect_uri, &locked(&app.settings).callback_urls) {
        return Err(Refusal::Here("redirect_mismatch"));
    }
    let state = text(&given, "state");
    asked(&given).map_err(|(error, description)| {
        let error = [("error", error), ("error_description", description)];
        let state = state.map(|state| ("state", state));
        Refusal::Back(with(redirect_uri, error.into_iter().chain(state)))
    })
}

/// What is told of a refusal: OAuth's name and words.
type Why = (&'static str, &'static str);

fn asked(given: &Parameters) -> Result<Asked, Why> {
    let invalid = |what| Err(("invalid_request", what));
    match text(given, "response_type") {
        Some("code") => {}
        Some("token") => return Err(("unauthorized_client", "the client has the code flow only")),
        _ => return invalid("response_type must be code"),
    }
    let challenge = text(given, "code_challenge").unwrap_or_default();
    if text(given, "code_challenge_method") != Some("S256") {
        return invalid("code_challenge_method must be S256");
    }
    // SHA-256 in base64url. The service takes a login without any, too.
    let letter = |letter: u8| letter.is_ascii_alphanumeric() || b"-_".contains(&letter);
    if challenge.len() != 43 || !challenge.bytes().all(letter) {
        return invalid("code_challenge must be a SHA-256 in base64url");
    }
    let scope = text(given, "scope").map_or_else(|| SCOPES.join(" "), str::to_owned);
    if !scope.split(' ').all(|scope| SCOPES.contains(&scope)) {
        return Err(("invalid_scope", "a scope does not exist"));
    }
    let owned = |name| text(given, name).map(str::to_owned);
    Ok(Asked {
        redirect_uri: owned("redirect_uri").unwrap_or_default(),
        state: owned("state"),
        scope,
        challenge: challenge.to_owned(),
    })
}

/// Whether a URL is one of those that are registered, to the letter.
fn may_return(app: &App, url: &str, registered: &[String]) -> bool {
    registered.iter().any(|one| one == url) || url == format!("{}/", app.page)
}

pub(super) async fn authorize(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = query.unwrap_or_default();
    let asked = match check(&app, &query) {
        Ok(asked) => asked,
        Err(refusal) => return refusal.into_response(),
    };
    let session = cookie(&headers).and_then(|id| app.user_pool.session(id, app.clock.now()));
    match session {
        Some(since) => found(&redeemable(&app, asked, since)),
        None => found(&format!("/login?{query}")),
    }
}

pub(super) async fn form(State(app): State<Arc<App>>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    match check(&app, &query) {
        Ok(_) => page(sheet(&query, "")),
        Err(refusal) => refusal.into_response(),
    }
}

#[derive(Deserialize)]
pub(super) struct Credentials {
    username: String,
    password: String,
}

pub(super) async fn log_in(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    Form(given): Form<Credentials>,
) -> Response {
    let query = query.unwrap_or_default();
    let asked = match check(&app, &query) {
        Ok(asked) => asked,
        Err(refusal) => return refusal.into_response(),
    };
    if (given.username.as_str(), given.password.as_str()) != (USERNAME, PASSWORD) {
        return (StatusCode::BAD_REQUEST, page(sheet(&query, WRONG))).into_response();
    }
    let now = app.clock.now();
    let session = app.user_pool.begin_session(now);
    let mut answer = found(&redeemable(&app, asked, now));
    set_cookie(&mut answer, &session, "");
    answer
}

pub(super) async fn log_out(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let given = parameters(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let url = text(&given, "logout_uri").unwrap_or_default();
    let known = text(&given, "client_id") == Some(CLIENT_ID)
        && may_return(&app, url, &locked(&app.settings).logout_urls);
    if !known {
        return Refusal::Here("Required parameters are missing or wrong.").into_response();
    }
    if let Some(id) = cookie(&headers) {
        app.user_pool.end_session(id);
    }
    let mut answer = found(url);
    set_cookie(&mut answer, "", "; Max-Age=0");
    answer
}

/// Where the page that asked gets its code.
fn redeemable(app: &App, asked: Asked, since: OffsetDateTime) -> String {
    let code = app.user_pool.new_code(Code {
        login: Login {
            since,
            scope: asked.scope,
            origin: uuid(rand::random()),
        },
        redirect_uri: asked.redirect_uri.clone(),
        challenge: asked.challenge,
        expires: app.clock.now() + CODE_LIFETIME,
    });
    let state = asked.state.as_deref().map(|state| ("state", state));
    let code = [("code", code.as_str())];
    with(&asked.redirect_uri, code.into_iter().chain(state))
}

/// A URL with more parameters.
fn with<'a>(url: &str, more: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(more);
    let joint = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joint}{}", query.finish())
}

fn found(url: &str) -> Response {
    let headers = [(header::LOCATION, url), (header::CACHE_CONTROL, "no-store")];
    (StatusCode::FOUND, headers).into_response()
}

fn page(html: String) -> Response {
    // Nobody may frame where a password is typed.
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ];
    (headers, Html(html)).into_response()
}

fn sheet(query: &str, problem: &str) -> String {
    PAGE.replace("{query}", &escaped(query))
        .replace("{problem}", problem)
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            _ => safe.push(letter),
        }
    }
    safe
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let all = headers.get(header::COOKIE)?.to_str().ok()?;
    all.split(';')
        .filter_map(|one| one.trim().split_once('='))
        .find_map(|(name, value)| (name == COOKIE).then_some(value))
}

fn set_cookie(answer: &mut Response, value: &str, more: &str) {
    let cookie = format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Lax{more}");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        answer.headers_mut().insert(header::SET_COOKIE, cookie);
    }
}
