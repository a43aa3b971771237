//! Amazon Cognito identity pools: an identity, then its credentials. Both
//! requests are unsigned.

use crate::aws::credentials::Credentials;
use crate::aws::exception::{self, exceptions};
use crate::aws::http::{HttpRequest, ResponseHead};
use crate::aws::json::{self, Object};
use crate::error::{Error, Stage};
use crate::time::UnixTime;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

/// The login tokens: `cognito-idp.REGION.amazonaws.com/POOL` to an id token.
pub type Logins = Vec<(String, String)>;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetId<'a> {
    identity_pool_id: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty", serialize_with = "as_object")]
    logins: &'a [(String, String)],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetCredentialsForIdentity<'a> {
    identity_id: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty", serialize_with = "as_object")]
    logins: &'a [(String, String)],
}

fn as_object<S: Serializer>(logins: &[(String, String)], to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(logins.iter().map(|(provider, token)| (provider, token)))
}

/// The public endpoint of a region, without a slash at the end.
#[must_use]
pub fn default_url(region: &str) -> String {
    format!(
        "https://cognito-identity.{region}.{}",
        crate::config::dns_suffix(region)
    )
}

/// Asks for the identity of these logins (none: a guest's) in the pool. `url`
/// has no slash at the end.
///
/// # Errors
/// None that can happen: strings are always JSON.
pub fn get_id_request(
    url: &str,
    identity_pool_id: &str,
    logins: &[(String, String)],
) -> Result<HttpRequest, Error> {
    let body = GetId {
        identity_pool_id,
        logins,
    };
    post(url, "AWSCognitoIdentityService.GetId", &body)
}

/// Asks for the identity's credentials.
///
/// # Errors
/// As [`get_id_request`].
pub fn get_credentials_request(
    url: &str,
    identity_id: &str,
    logins: &[(String, String)],
) -> Result<HttpRequest, Error> {
    let body = GetCredentialsForIdentity {
        identity_id,
        logins,
    };
    post(
        url,
        "AWSCognitoIdentityService.GetCredentialsForIdentity",
        &body,
    )
}

fn post(url: &str, target: &str, body: &impl Serialize) -> Result<HttpRequest, Error> {
    Ok(HttpRequest {
        method: "POST",
        url: format!("{url}/"),
        headers: vec![
            (
                "content-type".to_owned(),
                "application/x-amz-json-1.1".to_owned(),
            ),
            ("x-amz-target".to_owned(), target.to_owned()),
        ],
        body: serde_json::to_vec(body).map_err(|_| malformed())?,
    })
}

/// The identity's id.
///
/// # Errors
/// The [`CognitoException`] as an [`Error`], or
/// [`ErrorCode::MalformedMessage`](crate::error::ErrorCode::MalformedMessage).
pub fn get_id_response(head: &ResponseHead, body: &[u8]) -> Result<String, Error> {
    let answer = read(head, body)?;
    match Object::new(&answer).text("IdentityId") {
        Some(Some(id)) if !id.is_empty() => Ok(id.to_owned()),
        _ => Err(malformed()),
    }
}

/// The credentials.
///
/// # Errors
/// As [`get_id_response`].
pub fn get_credentials_response(head: &ResponseHead, body: &[u8]) -> Result<Credentials, Error> {
    let answer = read(head, body)?;
    issued(Object::new(&answer)).ok_or_else(malformed)
}

fn issued(answer: Object<'_>) -> Option<Credentials> {
    let keys = Object::of(answer.get("Credentials")?)?;
    let key = |name| {
        let key = keys.text(name)??;
        (!key.is_empty()).then(|| key.to_owned())
    };
    // Seconds since the epoch, as a number.
    let expiration = keys.number("Expiration")?;
    (expiration > 0.0).then_some(())?;
    Some(Credentials {
        access_key_id: key("AccessKeyId")?,
        secret_access_key: key("SecretKey")?,
        session_token: Some(key("SessionToken")?),
        expiration: Some(UnixTime::from_secs_f64(expiration)),
    })
}

fn read(head: &ResponseHead, body: &[u8]) -> Result<Map<String, Value>, Error> {
    if !head.is_success() {
        return Err(refusal(head, body).to_error(Stage::Credentials));
    }
    json::parse(body).ok_or_else(malformed)
}

/// The exception in an answer that is not 2xx.
#[must_use]
pub fn refusal(head: &ResponseHead, body: &[u8]) -> CognitoException {
    CognitoException::from_name(exception::name(head, body).as_deref(), head.status)
}

fn malformed() -> Error {
    exception::malformed(Stage::Credentials, "Amazon Cognito")
}

exceptions! {
    /// What `GetId` and `GetCredentialsForIdentity` refuse with (service model
    /// of 2014-06-30).
    pub enum CognitoException {
        InvalidParameter = "InvalidParameterException" => BadRequest,
            "Amazon Cognito refused a parameter";
        ResourceNotFound = "ResourceNotFoundException" => CredentialsUnavailable,
            "Amazon Cognito does not have this identity pool or identity in this region";
        NotAuthorized = "NotAuthorizedException" => AccessDenied,
            "Amazon Cognito refused the login, or the pool admits no guests";
        ResourceConflict = "ResourceConflictException" => CredentialsUnavailable,
            "the login already belongs to another identity";
        TooManyRequests = "TooManyRequestsException" => Throttled,
            "Amazon Cognito asks to slow down";
        InvalidIdentityPoolConfiguration = "InvalidIdentityPoolConfigurationException" => CredentialsUnavailable,
            "the identity pool has no role for this identity";
        InternalError = "InternalErrorException" => ServiceUnavailable,
            "Amazon Cognito failed";
        LimitExceeded = "LimitExceededException" => Throttled,
            "the identity pool is full";
        ExternalService = "ExternalServiceException" => ServiceUnavailable,
            "the login's provider failed";
    }
}
