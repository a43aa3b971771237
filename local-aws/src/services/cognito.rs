//! Cognito identity: `GetId` and `GetCredentialsForIdentity`, unsigned.

use super::{
    Whole,
    error::{AwsError, Protocol},
    json_answer, json_body, suffer, unknown_operation, user_pool,
};
use crate::{
    app::App,
    control::{faults::Service, locked},
};
use axum::response::Response;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::sleep;

const NO_IDENTITY: &str = "Invalid login token. Not a valid OpenId Connect identity token.";

/// Answers one call.
///
/// # Errors
/// As Cognito would.
pub async fn answer(app: &App, action: &str, whole: &Whole) -> Result<Response, AwsError> {
    let body = json_body(whole)?;
    suffer(
        app,
        Protocol::Json11,
        Service::Cognito,
        None,
        (400, "TooManyRequestsException"),
        (500, "InternalErrorException"),
    )
    .await?;
    sleep(Duration::from_millis(app.delays().cognito_ms)).await;
    match action {
        "GetId" => get_id(app, &body),
        "GetCredentialsForIdentity" => get_credentials(app, &body),
        _ => Err(unknown_operation()),
    }
    .map(|answer| json_answer(&answer))
}

fn refused(name: &str, message: &str) -> AwsError {
    AwsError::new(Protocol::Json11, 400, name, message)
}

fn text<'a>(body: &'a Value, name: &str) -> Result<&'a str, AwsError> {
    body[name].as_str().ok_or_else(|| {
        refused(
            "InvalidParameterException",
            &format!("1 validation error detected: Value null at '{name}' failed to satisfy constraint: Member must not be null"),
        )
    })
}

fn get_id(app: &App, body: &Value) -> Result<Value, AwsError> {
    let pool = text(body, "IdentityPoolId")?;
    if pool != app.identity_pool_id {
        return Err(refused(
            "ResourceNotFoundException",
            &format!("IdentityPool '{pool}' not found."),
        ));
    }
    let providers = logins(app, body)?;
    let id = app.keys.new_identity(&app.region, providers);
    Ok(json!({"IdentityId": id}))
}

fn get_credentials(app: &App, body: &Value) -> Result<Value, AwsError> {
    let id = text(body, "IdentityId")?;
    let expected = app.keys.providers(id).ok_or_else(|| {
        refused(
            "ResourceNotFoundException",
            &format!("Identity '{id}' not found."),
        )
    })?;
    let providers = logins(app, body)?;
    if providers != expected {
        return Err(refused(
            "NotAuthorizedException",
            &format!("Access to Identity '{id}' is forbidden."),
        ));
    }
    let lifetime = locked(&app.settings).credentials_lifetime_s;
    let expires = app.clock.now() + time::Duration::seconds(lifetime);
    let issued = app.keys.issue(expires);
    Ok(json!({
        "IdentityId": id,
        "Credentials": {
            "AccessKeyId": issued.access_key_id,
            "SecretKey": issued.key.secret,
            "SessionToken": issued.key.session_token,
            // Epoch seconds with a fraction, as the service writes them.
            "Expiration": expires.unix_timestamp() as f64,
        },
    }))
}

/// The providers of the request's logins, every token checked.
fn logins(app: &App, body: &Value) -> Result<Vec<String>, AwsError> {
    let refuse = |why: &str| Err(refused("NotAuthorizedException", why));
    let settings = locked(&app.settings).clone();
    let tokens = match &body["Logins"] {
        Value::Null => Vec::new(),
        Value::Object(tokens) => tokens.iter().collect(),
        _ => return Err(refused("SerializationException", "")),
    };
    if tokens.is_empty() && !settings.unauthenticated {
        return refuse("Unauthenticated access is not supported for this identity pool.");
    }
    let mut providers = Vec::new();
    for (provider, token) in tokens {
        if !settings.login_providers.contains(provider) {
            return refuse("Token is not from a supported provider of this identity pool.");
        }
        let token = token.as_str().unwrap_or_default();
        let Some(claims) = user_pool::claims(token) else {
            return refuse(NO_IDENTITY);
        };
        if claims["iss"].as_str() != Some(&format!("https://{provider}")) {
            return refuse("Invalid login token. Issuer doesn't match providerName");
        }
        // The keys of other providers are not known here.
        if *provider == user_pool::provider(&app.region) {
            if !app.user_pool.has_signed(token) {
                return refuse("Invalid login token. Couldn't verify signed token.");
            }
            if claims["token_use"] != "id" {
                return refuse(NO_IDENTITY);
            }
        }
        let (now, end) = (
            app.clock.now().unix_timestamp(),
            claims["exp"].as_i64().unwrap_or(0),
        );
        if end <= now {
            return refuse(&format!(
                "Invalid login token. Token expired: {now} >= {end}"
            ));
        }
        providers.push(provider.clone());
    }
    Ok(providers)
}
