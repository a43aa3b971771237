//! `POST /oauth2/token`: codes and refresh tokens against tokens.

use super::{CLIENT_ID, Login, Parameters, RENEWAL_LIFETIME, Renewal, parameters, text, tokens};
use crate::{
    app::App,
    control::{
        faults::{Kind, Service},
        locked,
    },
    services::{
        Whole, counted,
        error::{AwsError, Protocol},
        suffer,
    },
};
use axum::{
    Json,
    body::Body,
    extract::{Request, State},
    http::header,
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;

pub(super) async fn token(State(app): State<Arc<App>>, request: Request<Body>) -> Response {
    let answer = grant(&app, request).await;
    counted(&app, Service::Login, answer)
}

fn refused(error: &str) -> AwsError {
    AwsError::new(Protocol::OAuth, 400, error, "")
}

async fn grant(app: &App, request: Request<Body>) -> Result<Response, AwsError> {
    let whole = Whole::read(request, Protocol::OAuth).await?;
    suffer(
        app,
        Protocol::OAuth,
        Service::Login,
        None,
        (429, "too_many_requests"),
        (500, "server_error"),
    )
    .await?;
    sleep(Duration::from_millis(app.delays().cognito_ms)).await;
    let form = form(&whole).ok_or_else(|| refused("invalid_request"))?;
    if text(&form, "client_id") != Some(CLIENT_ID) {
        return Err(refused("invalid_client"));
    }
    let answer = match text(&form, "grant_type") {
        Some("authorization_code") => redeemed(app, &form)?,
        Some("refresh_token") => renewed(app, &form)?,
        Some(_) => return Err(refused("unsupported_grant_type")),
        None => return Err(refused("invalid_request")),
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response())
}

fn form(whole: &Whole) -> Option<Parameters> {
    let kind = whole.header(header::CONTENT_TYPE).split(';').next();
    let encoded = kind.map(str::trim) == Some("application/x-www-form-urlencoded");
    encoded.then(|| parameters(&whole.body)).flatten()
}

fn redeemed(app: &App, form: &Parameters) -> Result<Value, AwsError> {
    let needed = |name| text(form, name).ok_or_else(|| refused("invalid_request"));
    let (code, redirect_uri) = (needed("code")?, needed("redirect_uri")?);
    let verifier = text(form, "code_verifier").unwrap_or_default();
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
    let now = app.clock.now();
    let code = app
        .user_pool
        .take_code(code)
        .filter(|code| {
            now < code.expires && code.redirect_uri == redirect_uri && code.challenge == challenge
        })
        .ok_or_else(|| refused("invalid_grant"))?;
    let mut answer = answer(app, &code.login);
    answer["refresh_token"] = app
        .user_pool
        .new_renewal(Renewal {
            login: code.login,
            expires: now + RENEWAL_LIFETIME,
        })
        .into();
    Ok(answer)
}

/// As Cognito's, without a new refresh token: the old one goes on.
fn renewed(app: &App, form: &Parameters) -> Result<Value, AwsError> {
    let token = text(form, "refresh_token").ok_or_else(|| refused("invalid_request"))?;
    let fault = app.faults.take(|fault| fault.kind == Kind::RefuseRenewal);
    let now = app.clock.now();
    let renewal = app.user_pool.renewal(token);
    match renewal.filter(|renewal| fault.is_none() && now < renewal.expires) {
        Some(renewal) => Ok(answer(app, &renewal.login)),
        None => Err(refused("invalid_grant")),
    }
}

fn answer(app: &App, login: &Login) -> Value {
    let lifetime_s = locked(&app.settings).token_lifetime_s;
    let now = app.clock.now();
    let tokens = tokens::issue(&app.user_pool.key, &app.region, login, now, lifetime_s);
    let mut answer = json!({
        "access_token": tokens.access,
        "expires_in": lifetime_s,
        "token_type": "Bearer",
    });
    // Without this scope the service does not say who it is.
    if login.scope.split(' ').any(|scope| scope == "openid") {
        answer["id_token"] = tokens.id.into();
    }
    answer
}
