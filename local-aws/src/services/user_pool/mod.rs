//! A Cognito user pool with hosted pages: the authorization code flow with
//! PKCE, for one app client and one user.

mod grants;
mod pages;
mod tokens;

use crate::{app::App, control::locked};
use axum::{
    Router,
    http::{Method, header},
    routing::{get, post},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};
use time::{Duration, OffsetDateTime};
use tower_http::cors::{Any, CorsLayer};

pub(super) use tokens::claims;

/// The user pool of the stand-in.
pub const POOL_ID: &str = "us-east-1_local";
/// Its app client, which has no secret.
pub const CLIENT_ID: &str = "desk";
/// Its user's name.
pub const USERNAME: &str = "agent";
/// Its user's password.
pub const PASSWORD: &str = "local-aws";

/// How long a code can be redeemed.
const CODE_LIFETIME: Duration = Duration::minutes(5);
/// How long a login can be renewed.
const RENEWAL_LIFETIME: Duration = Duration::days(30);
/// How long the hosted pages remember who has logged in.
const SESSION_LIFETIME: Duration = Duration::hours(1);

/// The routes of the pool's domain. Only the token endpoint is for scripts of
/// other origins.
pub fn routes() -> Router<Arc<App>> {
    let for_scripts = Router::new()
        .route("/oauth2/token", post(grants::token))
        .layer(
            CorsLayer::new()
                .allow_origin(Any)
                .allow_methods([Method::POST])
                .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE]),
        );
    Router::new()
        .route("/oauth2/authorize", get(pages::authorize))
        .route("/login", get(pages::form).post(pages::log_in))
        .route("/logout", get(pages::log_out))
        .merge(for_scripts)
}

/// The pool's name as a login provider of an identity pool.
#[must_use]
pub fn provider(region: &str) -> String {
    format!("cognito-idp.{region}.amazonaws.com/{POOL_ID}")
}

/// What all tokens of one login have in common.
#[derive(Clone, Debug)]
struct Login {
    /// When the password was given.
    since: OffsetDateTime,
    scope: String,
    /// The id that its tokens name as their origin.
    origin: String,
}

/// A login that is still to be redeemed.
#[derive(Clone, Debug)]
struct Code {
    login: Login,
    redirect_uri: String,
    challenge: String,
    expires: OffsetDateTime,
}

/// A login that can be renewed.
#[derive(Clone, Debug)]
struct Renewal {
    login: Login,
    expires: OffsetDateTime,
}

/// The logins of this run, and the key that signs their tokens.
pub struct UserPool {
    key: [u8; 32],
    codes: Mutex<HashMap<String, Code>>,
    renewals: Mutex<HashMap<String, Renewal>>,
    sessions: Mutex<HashMap<String, OffsetDateTime>>,
}

impl Default for UserPool {
    fn default() -> Self {
        Self {
            key: rand::random(),
            codes: Mutex::default(),
            renewals: Mutex::default(),
            sessions: Mutex::default(),
        }
    }
}

impl UserPool {
    /// Whether this pool has made a token.
    #[must_use]
    pub fn has_signed(&self, token: &str) -> bool {
        tokens::is_signed(&self.key, token)
    }

    fn new_code(&self, code: Code) -> String {
        kept(&self.codes, code)
    }

    /// A code's login. Whatever comes of it, the code is used up.
    fn take_code(&self, code: &str) -> Option<Code> {
        locked(&self.codes).remove(code)
    }

    fn new_renewal(&self, renewal: Renewal) -> String {
        kept(&self.renewals, renewal)
    }

    fn renewal(&self, token: &str) -> Option<Renewal> {
        locked(&self.renewals).get(token).cloned()
    }

    fn begin_session(&self, now: OffsetDateTime) -> String {
        kept(&self.sessions, now)
    }

    /// When the password was given, if that is not too long ago.
    fn session(&self, id: &str, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let since = locked(&self.sessions).get(id).copied()?;
        (now < since + SESSION_LIFETIME).then_some(since)
    }

    fn end_session(&self, id: &str) {
        locked(&self.sessions).remove(id);
    }
}

/// Keeps a value under a name that nobody can guess.
fn kept<T>(all: &Mutex<HashMap<String, T>>, value: T) -> String {
    let name = hex::encode(rand::random::<[u8; 32]>());
    locked(all).insert(name.clone(), value);
    name
}

type Parameters = HashMap<String, String>;

/// The parameters of a query or a form; none when one is there twice.
fn parameters(encoded: &[u8]) -> Option<Parameters> {
    let mut all = Parameters::new();
    for (name, value) in form_urlencoded::parse(encoded) {
        if all.insert(name.into_owned(), value.into_owned()).is_some() {
            return None;
        }
    }
    Some(all)
}

/// A parameter that is there and not empty.
fn text<'a>(all: &'a Parameters, name: &str) -> Option<&'a str> {
    all.get(name)
        .map(String::as_str)
        .filter(|text| !text.is_empty())
}
