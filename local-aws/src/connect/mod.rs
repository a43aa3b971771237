//! A Connect instance: the CCP page that Streams embeds, the softphone's
//! signaling, the customers' phones, and a control endpoint. It is the origin
//! of its own that an instance is.

mod api;
mod contact;
mod control;
mod instance;
mod model;
mod phones;
mod signaling;
mod snapshot;

use axum::{
    Router,
    extract::{
        Query, State,
        ws::{Message, WebSocket, WebSocketUpgrade},
    },
    http::{HeaderValue, header},
    response::Response,
    routing::get,
};
pub use instance::Instance;
use instance::{Carrier, CarrierKind};
use serde::Deserialize;
use serde_json::Value;
use std::{path::Path, sync::Arc};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tower_http::{
    cors::{Any, CorsLayer},
    services::{ServeDir, ServeFile},
    set_header::SetResponseHeaderLayer,
};

/// The instance's origin.
pub fn routes(root: &Path, instance: &Arc<Instance>) -> Router {
    let files = root.join("local-aws").join("connect");
    let ccp = ServeFile::new(files.join("ccp.html"));
    let router = Router::new()
        .route("/bridge", get(bridge))
        .route("/signaling", get(direct))
        .route("/phone", get(phone))
        .merge(control::routes())
        .with_state(Arc::clone(instance))
        .route_service("/ccp-v2", ccp.clone())
        .route_service("/ccp-v2/", ccp)
        .fallback_service(ServeDir::new(files))
        .layer(SetResponseHeaderLayer::overriding(
            header::CACHE_CONTROL,
            HeaderValue::from_static("no-store"),
        ))
        // Only pages of this machine may embed these, as an instance's are
        // embedded by the origins that it lists.
        .layer(SetResponseHeaderLayer::overriding(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(
                "frame-ancestors 'self' http://127.0.0.1:* http://localhost:*",
            ),
        ));
    router.layer(
        CorsLayer::new()
            .allow_origin(Any)
            .allow_headers(Any)
            .allow_methods(Any),
    )
}

/// One end of a page's WebSocket: texts in, texts out.
async fn pump(
    mut socket: WebSocket,
    mut out: UnboundedReceiver<String>,
    mut message: impl FnMut(Value),
) {
    loop {
        tokio::select! {
            received = socket.recv() => match received {
                Some(Ok(Message::Text(text))) => {
                    if let Ok(value) = serde_json::from_str(&text) {
                        message(value);
                    }
                }
                Some(Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            },
            text = out.recv() => {
                let Some(text) = text else { return };
                if socket.send(Message::Text(text.into())).await.is_err() {
                    return;
                }
            }
        }
    }
}

async fn bridge(State(instance): State<Arc<Instance>>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(async move |socket| {
        let (out, sent) = unbounded_channel();
        let tab = instance.lock().tab_opened(out);
        pump(socket, sent, |message| instance.tab_message(tab, &message)).await;
        instance.lock().carrier_closed(tab);
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DirectQuery {
    call_id: String,
    contact_ctx: String,
}

async fn direct(
    State(instance): State<Arc<Instance>>,
    Query(query): Query<DirectQuery>,
    upgrade: WebSocketUpgrade,
) -> Response {
    upgrade.on_upgrade(async move |socket| {
        let (out, sent) = unbounded_channel();
        let carrier = {
            let mut inner = instance.lock();
            let carrier = inner.number();
            let kind = CarrierKind::Direct {
                contact: query.call_id,
                token: query.contact_ctx,
            };
            inner.carriers.insert(carrier, Carrier { out, kind });
            carrier
        };
        pump(socket, sent, |message| {
            instance.lock().rpc(carrier, Value::Null, &message);
        })
        .await;
        instance.lock().carrier_closed(carrier);
    })
}

#[derive(Deserialize)]
struct PhoneQuery {
    phone: String,
}

async fn phone(
    State(instance): State<Arc<Instance>>,
    Query(PhoneQuery { phone }): Query<PhoneQuery>,
    upgrade: WebSocketUpgrade,
) -> Response {
    upgrade.on_upgrade(async move |socket| {
        let (out, sent) = unbounded_channel();
        let page = instance.lock().phone_opened(&phone, out);
        pump(socket, sent, |message| {
            instance.lock().phone_message(&phone, page, &message);
        })
        .await;
        instance.lock().phone_closed(&phone, page);
    })
}
