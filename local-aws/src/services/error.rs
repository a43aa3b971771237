//! The services' exceptions on the wire.

use crate::sigv4::Refusal;
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

/// How a service writes its exceptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// JSON 1.1: the name in the body's `__type`; whoever is refused gets 400.
    Json11,
    /// REST-JSON: the name in the header `x-amzn-errortype`, refusals are 403.
    RestJson,
    /// OAuth 2.0: the name in the body's `error`, and nothing more is said.
    OAuth,
}

impl Protocol {
    /// The status of a refusal that REST-JSON answers with `rest`.
    #[must_use]
    pub const fn client_status(self, rest: u16) -> u16 {
        match self {
            Self::Json11 => 400,
            Self::RestJson | Self::OAuth => rest,
        }
    }
}

/// An exception.
#[derive(Clone, Debug)]
pub struct AwsError {
    protocol: Protocol,
    status: u16,
    name: String,
    message: String,
}

impl AwsError {
    /// An exception of this name.
    #[must_use]
    pub fn new(protocol: Protocol, status: u16, name: &str, message: &str) -> Self {
        Self {
            protocol,
            status,
            name: name.to_owned(),
            message: message.to_owned(),
        }
    }

    /// A refused signature.
    #[must_use]
    pub fn refusal(protocol: Protocol, refusal: &Refusal) -> Self {
        let status = protocol.client_status(403);
        Self::new(protocol, status, refusal.name(), refusal.message())
    }

    /// The exception's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The exception's message.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl IntoResponse for AwsError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let (kind, body) = match self.protocol {
            Protocol::Json11 => (
                "application/x-amz-json-1.1",
                json!({"__type": self.name, "message": self.message}),
            ),
            Protocol::RestJson => ("application/json", json!({"message": self.message})),
            Protocol::OAuth => ("application/json", json!({"error": self.name})),
        };
        let headers = [
            ("content-type", kind),
            ("x-amzn-requestid", &super::request_id()),
            ("x-amzn-errortype", &self.name),
        ];
        (status, headers, body.to_string()).into_response()
    }
}
