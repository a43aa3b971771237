//! Small bridges between Rust and JavaScript values.

use crate::error::{Error, ErrorCode, Stage};
use js_sys::{Function, JSON, Object, Promise, Reflect};
use serde::Serialize;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    fn date_now() -> f64;
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    fn random_values(bytes: &mut [u8]);
}

/// This thread's monotonic clock, in milliseconds.
pub fn now_ms() -> f64 {
    performance_now()
}

/// The wall clock, for nothing but the services' signatures.
pub fn unix_time() -> crate::time::UnixTime {
    crate::time::UnixTime::from_secs_f64(date_now() / 1000.0)
}

/// A seed that nobody can guess.
pub fn seed() -> u64 {
    let mut bytes = [0; 8];
    random_values(&mut bytes);
    u64::from_le_bytes(bytes)
}

/// A property, `undefined` where there is none.
pub fn get(object: &JsValue, key: &str) -> JsValue {
    Reflect::get(object, &JsValue::from_str(key)).unwrap_or(JsValue::UNDEFINED)
}

/// A property that may be missing (`undefined` or `null`).
pub fn get_some(object: &JsValue, key: &str) -> Option<JsValue> {
    let value = get(object, key);
    (!value.is_undefined() && !value.is_null()).then_some(value)
}

/// A plain JavaScript value, with objects for maps and `null` for nothing.
pub fn to_js(value: &impl Serialize) -> JsValue {
    // Fails only on what has no name or number in JavaScript.
    value
        .serialize(&serde_wasm_bindgen::Serializer::json_compatible())
        .unwrap_or_default()
}

/// The JSON of a plain JavaScript value; `path` is where it stands among the
/// options, empty for the options themselves.
pub fn json(value: &JsValue, path: &str) -> Result<String, Error> {
    let json = JSON::stringify(value)
        .ok()
        .and_then(|json| json.as_string())
        .ok_or_else(|| {
            let field = if path.is_empty() { "options" } else { path };
            Error::option(field, "an object of plain values")
        })?;
    all_finite(value, path)?;
    Ok(json)
}

/// JSON has no NaN and no infinity: they would become `null` and then a
/// default. What has a JSON form of its own (a Date, a URL) is not looked into;
/// the rest has no cycles, for JSON was made of it.
fn all_finite(value: &JsValue, path: &str) -> Result<(), Error> {
    if value.as_f64().is_some_and(|number| !number.is_finite()) {
        return Err(Error::option(path, "a finite number"));
    }
    if value.is_object() && !get(value, "toJSON").is_function() {
        for key in Object::keys(value.unchecked_ref::<Object>()) {
            let name = key.as_string().unwrap_or_default();
            let dot = if path.is_empty() { "" } else { "." };
            all_finite(&get(value, &name), &format!("{path}{dot}{name}"))?;
        }
    }
    Ok(())
}

/// Ids and frames stay far below 2^53.
#[expect(clippy::cast_precision_loss, reason = "below 2^53")]
pub fn number(value: u64) -> JsValue {
    JsValue::from_f64(value as f64)
}

/// A number that was made by [`number`] or by a worklet of ours.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "frames and ids: whole and not negative"
)]
pub fn whole(value: &JsValue) -> u64 {
    value.as_f64().unwrap_or(0.0) as u64
}

/// What Rust throws: the plain form of the error. The package's JavaScript
/// makes an `InterpreterError` of it.
pub fn thrown(error: Error) -> JsValue {
    to_js(&error)
}

/// An error with the JavaScript value that caused it.
pub fn thrown_with(error: &Error, cause: &JsValue) -> JsValue {
    let object = to_js(error);
    // Only fails on frozen objects, and this one is new.
    let _ = Reflect::set(&object, &JsValue::from_str("cause"), cause);
    object
}

/// A browser API that always works on this object refused all the same.
pub fn refused(_: JsValue) -> Error {
    Error::new(
        ErrorCode::Unsupported,
        Stage::Audio,
        "the browser refused an audio operation",
    )
}

/// A promise and the means to settle it.
#[derive(Clone)]
pub struct Deferred {
    promise: Promise,
    resolve: Function,
    reject: Function,
}

impl Deferred {
    pub fn new() -> Self {
        // The executor is called before `Promise::new` returns.
        let mut resolve = JsValue::UNDEFINED.unchecked_into::<Function>();
        let mut reject = resolve.clone();
        let promise = Promise::new(&mut |a, b| {
            resolve = a;
            reject = b;
        });
        Self {
            promise,
            resolve,
            reject,
        }
    }

    pub fn promise(&self) -> Promise {
        self.promise.clone()
    }

    /// Later calls of this and of [`Self::reject`] do nothing.
    pub fn resolve(&self) {
        let _ = self.resolve.call0(&JsValue::UNDEFINED);
    }

    pub fn reject(&self, reason: &JsValue) {
        let _ = self.reject.call1(&JsValue::UNDEFINED, reason);
    }
}

/// Waits for whichever promise is settled first.
pub async fn race(promises: [&Promise; 2]) -> Result<JsValue, JsValue> {
    let both = js_sys::Array::of2(promises[0], promises[1]);
    JsFuture::from(Promise::race(&both)).await
}

/// Lets a promise run whose outcome does not matter.
pub fn ignore(promise: Promise) {
    wasm_bindgen_futures::spawn_local(async move {
        let _ = JsFuture::from(promise).await;
    });
}
