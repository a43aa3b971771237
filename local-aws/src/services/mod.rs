//! The services.

pub mod cognito;
pub mod error;
pub mod polly;
pub mod rate;
pub mod transcribe;
pub mod translate;
pub mod user_pool;

use crate::{
    app::App,
    control::faults::{Fault, Kind, Service},
    sigv4::{Request as Signed, Verifier},
};
use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{Method, StatusCode, Uri, header, request::Parts},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use error::{AwsError, Protocol};
use serde_json::Value;
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;

/// Longest body that is read at all.
const MAX_BODY: usize = 1 << 20;

/// The routes of all services.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/", post(json_services))
        .route("/v1/speech", post(polly::speech))
        .route("/v1/voices", get(polly::voices))
        .route("/stream-transcription-websocket", get(transcribe::connect))
}

/// A request's signed parts, its body read.
pub struct Whole {
    /// Everything but the body.
    pub parts: Parts,
    /// The body.
    pub body: Bytes,
}

impl Whole {
    /// Reads the body.
    ///
    /// # Errors
    /// When it is too long or breaks off.
    pub async fn read(request: Request<Body>, protocol: Protocol) -> Result<Self, AwsError> {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, MAX_BODY).await.map_err(|_| {
            AwsError::new(
                protocol,
                413,
                "RequestEntityTooLargeException",
                "The request is too large.",
            )
        })?;
        Ok(Self { parts, body })
    }

    fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("")
    }
}

/// Translate and Cognito share one path; the target says which and what.
async fn json_services(State(app): State<Arc<App>>, request: Request<Body>) -> Response {
    let whole = match Whole::read(request, Protocol::Json11).await {
        Ok(whole) => whole,
        Err(error) => return error.into_response(),
    };
    let target = whole.header("x-amz-target").to_owned();
    match target.split_once('.') {
        Some(("AWSShineFrontendService_20170701", action)) => {
            let answer = translate::answer(&app, action, &whole).await;
            counted(&app, Service::Translate, answer)
        }
        Some(("AWSCognitoIdentityService", action)) => {
            let answer = cognito::answer(&app, action, &whole).await;
            counted(&app, Service::Cognito, answer)
        }
        _ => unknown_operation().into_response(),
    }
}

fn counted(app: &App, service: Service, answer: Result<Response, AwsError>) -> Response {
    match answer {
        Ok(response) => {
            app.counters.request(service, "ok");
            response
        }
        Err(error) => {
            app.counters.request(service, error.name());
            error.into_response()
        }
    }
}

fn unknown_operation() -> AwsError {
    AwsError::new(Protocol::Json11, 400, "UnknownOperationException", "")
}

/// The body of a JSON 1.1 request.
fn json_body(whole: &Whole) -> Result<Value, AwsError> {
    let kind = whole.header(header::CONTENT_TYPE);
    if kind.split(';').next().map(str::trim) != Some("application/x-amz-json-1.1") {
        return Err(unknown_operation());
    }
    serde_json::from_slice(&whole.body)
        .ok()
        .filter(Value::is_object)
        .ok_or_else(|| AwsError::new(Protocol::Json11, 400, "SerializationException", ""))
}

/// Checks the signature, then the permission; gives the key's id.
fn authorize(
    app: &App,
    protocol: Protocol,
    service: Service,
    action: &str,
    (method, uri, headers): (&Method, &Uri, &axum::http::HeaderMap),
    body: &[u8],
) -> Result<(), AwsError> {
    let name = match service {
        Service::Translate => "translate",
        Service::Polly => "polly",
        Service::Transcribe => "transcribe",
        Service::Cognito => "cognito-identity",
        Service::Login => "cognito-idp",
    };
    let sent_to = headers.get(header::HOST).map(|host| host.as_bytes());
    let own = app.hosts.iter();
    let hosts: Vec<String> = own
        .filter(|host| Some(host.as_bytes()) == sent_to)
        .chain(&app.signed_hosts)
        .cloned()
        .collect();
    let verifier = Verifier {
        region: &app.region,
        service: name,
        now: app.clock.now(),
        hosts: &hosts,
        max_expires_s: crate::sigv4::MAX_EXPIRES_S,
        key: &|id| app.keys.get(id),
    };
    let request = Signed {
        method,
        uri,
        headers,
        body,
    };
    verifier
        .verify(&request)
        .map_err(|refusal| AwsError::refusal(protocol, &refusal))?;
    let denied = app.faults.take(|fault| {
        fault.kind == Kind::Deny
            && fault.service == service
            && fault
                .action
                .as_deref()
                .is_none_or(|denied| denied == action)
    });
    if denied.is_some() {
        return Err(AwsError::new(
            protocol,
            protocol.client_status(403),
            "AccessDeniedException",
            &format!(
                "User: arn:aws:sts::000000000000:assumed-role/stand-in/CognitoIdentityCredentials is not authorized to perform: {name}:{action} because no identity-based policy allows the {name}:{action} action"
            ),
        ));
    }
    Ok(())
}

/// Takes the faults that strike an HTTP request of this service, for what is
/// in `language`.
async fn suffer(
    app: &App,
    protocol: Protocol,
    service: Service,
    language: Option<&str>,
    throttle: (u16, &str),
    failure: (u16, &str),
) -> Result<(), AwsError> {
    let strikes = |fault: &Fault| {
        fault.service == service
            && fault.is_of_language(language)
            && matches!(
                fault.kind,
                Kind::Throttle | Kind::Error | Kind::Hang | Kind::Slow
            )
    };
    let Some(fault) = app.faults.take(strikes) else {
        return Ok(());
    };
    match fault.kind {
        Kind::Slow => {
            sleep(Duration::from_millis(fault.ms)).await;
            Ok(())
        }
        Kind::Hang => {
            app.counters.request(service, "hang");
            std::future::pending().await
        }
        Kind::Throttle => Err(AwsError::new(
            protocol,
            throttle.0,
            throttle.1,
            "Rate exceeded",
        )),
        _ => {
            let status = fault.status.unwrap_or(failure.0);
            Err(AwsError::new(
                protocol,
                status,
                failure.1,
                "Internal failure",
            ))
        }
    }
}

fn request_id() -> String {
    crate::keys::uuid(rand::random())
}

/// A JSON answer of a JSON 1.1 service.
fn json_answer(body: &Value) -> Response {
    (
        StatusCode::OK,
        [
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amzn-requestid", request_id().as_str()),
        ],
        body.to_string(),
    )
        .into_response()
}
