//! The pages: demo, package, Streams, configuration.

use crate::server::Options;
use axum::{
    Json, Router,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};
use std::io;
use tower_http::{services::ServeDir, set_header::SetResponseHeaderLayer};

/// Static files below the root, never cached.
pub fn routes(options: &Options, aws: &str, connect: &str) -> Router {
    let root = &options.root;
    let own = root.join("www").join("config.json");
    let generated = config(aws, connect);
    let mut router = Router::new();
    if let Some(streams) = &options.streams {
        router = router.nest_service("/vendor", ServeDir::new(streams));
    }
    router
        .route(
            "/config.json",
            get(move || {
                let answer = configuration(std::fs::read(&own), generated.clone());
                async move { answer }
            }),
        )
        .nest_service("/pkg", ServeDir::new(root.join("pkg")))
        .fallback_service(ServeDir::new(root.join("www")))
        .layer(SetResponseHeaderLayer::overriding(
            header::CACHE_CONTROL,
            HeaderValue::from_static("no-store"),
        ))
}

fn configuration(own: io::Result<Vec<u8>>, generated: Value) -> Response {
    match own {
        Ok(bytes) => ([(header::CONTENT_TYPE, "application/json")], bytes).into_response(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Json(generated).into_response(),
        Err(error) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("www/config.json: {error}"),
        )
            .into_response(),
    }
}

fn config(aws: &str, connect: &str) -> Value {
    json!({
        "region": "us-east-1",
        "endpoints": {
            "cognitoIdentity": aws,
            "transcribe": aws.replacen("http", "ws", 1),
            "translate": aws,
            "polly": aws,
        },
        "identityPoolId": crate::server::IDENTITY_POOL_ID,
        "agent": {"language": "en-US", "voice": "Lupe"},
        "customer": {"language": "es-US", "voice": "Joanna"},
        "connectInstanceURL": connect,
        "standIn": {"control": format!("{aws}/control"), "connect": connect},
    })
}
