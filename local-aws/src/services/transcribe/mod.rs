//! Amazon Transcribe streaming over a WebSocket.

mod clock;
mod query;
mod render;
mod socket;
pub mod streams;
mod transcript;

use super::{
    authorize, counted,
    error::{AwsError, Protocol},
    suffer,
};
use crate::{
    app::App,
    control::faults::{Kind, Service},
    sigv4::query_pairs,
};
use axum::{
    extract::{FromRequestParts, Request, State, ws::WebSocketUpgrade},
    response::Response,
};
use query::Query;
use std::sync::Arc;

/// Longest WebSocket message that is read at all: twice the longest audio.
const MAX_MESSAGE: usize = 4 * 48_000;

/// `GET /stream-transcription-websocket`. Signature and permission are checked
/// before the handshake (a browser sees close code 1006); the parameters after
/// it, where the service can say what is wrong.
pub async fn connect(State(app): State<Arc<App>>, request: Request) -> Response {
    let answer = handshake(&app, request).await;
    counted(&app, Service::Transcribe, answer)
}

async fn handshake(app: &Arc<App>, request: Request) -> Result<Response, AwsError> {
    let (mut parts, _) = request.into_parts();
    authorize(
        app,
        Protocol::RestJson,
        Service::Transcribe,
        "StartStreamTranscriptionWebSocket",
        (&parts.method, &parts.uri, &parts.headers),
        b"",
    )?;
    let language = query_pairs(parts.uri.query().unwrap_or(""))
        .into_iter()
        .find(|(name, _)| name == b"language-code")
        .and_then(|(_, value)| String::from_utf8(value).ok());
    suffer(
        app,
        Protocol::RestJson,
        Service::Transcribe,
        language.as_deref(),
        (429, "LimitExceededException"),
        (503, "ServiceUnavailableException"),
    )
    .await?;
    let refuse = |fault: &crate::control::faults::Fault| {
        fault.service == Service::Transcribe
            && fault.kind == Kind::Refuse
            && fault.is_of_language(language.as_deref())
    };
    if app.faults.take(refuse).is_some() {
        return Err(AwsError::new(
            Protocol::RestJson,
            403,
            "AccessDeniedException",
            "Refused on demand.",
        ));
    }
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, app)
        .await
        .map_err(|_| {
            AwsError::new(
                Protocol::RestJson,
                400,
                "BadRequestException",
                "This path wants a WebSocket.",
            )
        })?;
    let query = Query::read(parts.uri.query().unwrap_or(""));
    let app = Arc::clone(app);
    Ok(upgrade
        .max_message_size(MAX_MESSAGE)
        .on_upgrade(move |socket| socket::run(app, socket, query)))
}
