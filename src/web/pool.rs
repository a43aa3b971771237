//! Credentials of an Amazon Cognito identity pool, fetched by the page.

use crate::aws::cognito::{self, Logins};
use crate::aws::http::{HttpRequest, ResponseHead};
use crate::error::{Error, ErrorCode, Stage};
use crate::fields::Field;
use crate::web::{fetch, js};
use js_sys::{Date, Object, Reflect};
use wasm_bindgen::prelude::*;

struct PoolOptions {
    region: String,
    identity_pool_id: String,
    endpoint: Option<String>,
}

impl PoolOptions {
    fn read(options: &JsValue) -> Result<Self, Error> {
        let options = Field::parse("", &js::json(options, "")?)?;
        let root = Field::new("", &options);
        let (mut region, mut identity_pool_id, mut endpoint) = (None, None, None);
        for (name, field) in root.fields()? {
            match name {
                "region" => region = field.text()?,
                "identityPoolId" => identity_pool_id = field.text()?,
                "endpoint" => endpoint = field.text()?,
                _ => return Err(field.unknown("region, identityPoolId, endpoint, logins")),
            }
        }
        Ok(Self {
            region: region.ok_or_else(|| root.missing("region"))?,
            identity_pool_id: identity_pool_id.ok_or_else(|| root.missing("identityPoolId"))?,
            endpoint,
        })
    }
}

fn read_logins(logins: &JsValue) -> Result<Logins, Error> {
    if logins.is_undefined() || logins.is_null() {
        return Ok(Logins::new());
    }
    let wrong = || Error::option("logins", "an object of tokens by provider");
    let mut read = Logins::new();
    for key in Object::keys(logins.dyn_ref::<Object>().ok_or_else(wrong)?) {
        let provider = key.as_string().ok_or_else(wrong)?;
        let token = js::get(logins, &provider).as_string().ok_or_else(wrong)?;
        read.push((provider, token));
    }
    Ok(read)
}

/// An identity in the AWS SDK's shape, with its `identityId`. The id that came
/// with the last one is used again, so that a guest stays the same guest.
pub async fn credentials(
    options: &JsValue,
    logins: &JsValue,
    identity_id: Option<String>,
) -> Result<JsValue, Error> {
    let options = PoolOptions::read(options).map_err(|error| Error {
        message: format!("fromCognitoIdentityPool: {}", error.message),
        ..error
    })?;
    let logins = read_logins(logins)?;
    let url = options
        .endpoint
        .unwrap_or_else(|| cognito::default_url(&options.region));
    let url = url.trim_end_matches('/');
    let identity_id = match identity_id {
        Some(id) => id,
        None => {
            let request = cognito::get_id_request(url, &options.identity_pool_id, &logins)?;
            let (head, body) = send(request).await?;
            cognito::get_id_response(&head, &body)?
        }
    };
    let request = cognito::get_credentials_request(url, &identity_id, &logins)?;
    let (head, body) = send(request).await?;
    let identity = cognito::get_credentials_response(&head, &body)?;

    let object = Object::new();
    let set = |key: &str, value: JsValue| {
        // Only fails on frozen objects, and this one is new.
        let _ = Reflect::set(&object, &key.into(), &value);
    };
    set("identityId", identity_id.into());
    set("accessKeyId", identity.access_key_id.into());
    set("secretAccessKey", identity.secret_access_key.into());
    set("sessionToken", identity.session_token.into());
    if let Some(at) = identity.expiration {
        let millis = JsValue::from_f64(at.as_secs_f64() * 1000.0);
        set("expiration", Date::new(&millis).into());
    }
    Ok(object.into())
}

async fn send(request: HttpRequest) -> Result<(ResponseHead, Vec<u8>), Error> {
    fetch::fetch_all(request).await.ok_or_else(|| {
        Error::new(
            ErrorCode::Network,
            Stage::Credentials,
            "the identity pool could not be reached",
        )
    })
}
