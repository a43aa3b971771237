//! The control endpoint: delays, faults, settings, state. It is not part of
//! AWS and asks for no signature.

pub mod counters;
pub mod delays;
mod echo;
pub mod faults;

use crate::{app::App, keys::Settings};
use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::StatusCode,
    routing::{get, post, put},
};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Locks, also after a panic elsewhere: all that is held here is replaced as a whole.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The routes below `/control`.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/control/state", get(state))
        .route("/control/delays", put(set_delays))
        .route("/control/settings", put(set_settings))
        .route("/control/faults", post(add_fault))
        .route("/control/reset", post(reset))
        .route("/control/echo", get(echo::echo))
}

type Answer = Result<Json<Value>, (StatusCode, Json<Value>)>;

fn refuse(why: &str) -> (StatusCode, Json<Value>) {
    (StatusCode::BAD_REQUEST, Json(json!({"message": why})))
}

fn parse(body: &Bytes) -> Result<Value, (StatusCode, Json<Value>)> {
    serde_json::from_slice(body).map_err(|error| refuse(&error.to_string()))
}

async fn state(State(app): State<Arc<App>>) -> Json<Value> {
    Json(json!({
        "delays": app.delays(),
        "settings": *locked(&app.settings),
        "clockSkewSeconds": app.clock.skew_s(),
        "faults": app.faults.list(),
        "engines": app.engines.describe(),
        "counters": app.counters.snapshot(),
        "streams": app.streams.describe(),
    }))
}

async fn set_delays(State(app): State<Arc<App>>, body: Bytes) -> Answer {
    let merged = app
        .delays()
        .merged(&parse(&body)?)
        .map_err(|why| refuse(&why))?;
    *locked(&app.delays) = merged;
    Ok(Json(json!(merged)))
}

async fn set_settings(State(app): State<Arc<App>>, body: Bytes) -> Answer {
    let mut settings = locked(&app.settings);
    let merged = settings
        .merged(&parse(&body)?)
        .map_err(|why| refuse(&why))?;
    *settings = merged;
    Ok(Json(json!(*settings)))
}

/// Two faults strike at once and are not kept: `expire-credentials` ends all
/// keys, `skew` moves the stand-in's clock.
async fn add_fault(State(app): State<Arc<App>>, body: Bytes) -> Answer {
    let value = parse(&body)?;
    match value["kind"].as_str() {
        Some("expire-credentials") => app.keys.expire_all(app.clock.now()),
        Some("skew") => {
            let seconds = value["seconds"]
                .as_i64()
                .ok_or_else(|| refuse("skew wants whole seconds"))?;
            app.clock.set_skew_s(seconds);
        }
        _ => {
            let fault: faults::Fault =
                serde_json::from_value(value).map_err(|error| refuse(&error.to_string()))?;
            fault.check().map_err(|why| refuse(&why))?;
            app.faults.add(fault);
        }
    }
    Ok(Json(json!({"faults": app.faults.list()})))
}

/// Everything as it was at the start; keys stay valid and streams go on.
async fn reset(State(app): State<Arc<App>>) -> Json<Value> {
    *locked(&app.delays) = delays::Delays::default();
    *locked(&app.settings) = Settings::default();
    app.clock.set_skew_s(0);
    app.faults.clear();
    app.rates.reset();
    app.counters
        .change(|counts| *counts = counters::Counts::default());
    app.streams.forget_closed();
    Json(json!({}))
}
