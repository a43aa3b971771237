//! What the package's JavaScript does for the softphone: the host's callbacks,
//! and sessions as hosts have them.

use crate::error::{Error, ErrorCode, Stage};
use crate::web::js;
use js_sys::{Array, Function, Object, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// Functions that JavaScript gives.
pub struct Hooks(JsValue);

impl Hooks {
    pub const fn new(hooks: JsValue) -> Self {
        Self(hooks)
    }

    fn call(&self, name: &str, arguments: &[&JsValue]) -> Result<JsValue, JsValue> {
        let hook: Function = js::get(&self.0, name).unchecked_into();
        let arguments: Array = arguments.iter().copied().collect();
        hook.apply(&JsValue::UNDEFINED, &arguments)
    }

    /// The host's settings of a contact; `None` makes it an ordinary call.
    pub async fn settings(&self, contact: &Object) -> Result<Option<JsValue>, JsValue> {
        let failed = |cause: JsValue| {
            let message = "settings: failed; see cause";
            let error = Error::new(ErrorCode::InvalidOption, Stage::Options, message);
            let field = Some("settings".to_owned());
            js::thrown_with(&Error { field, ..error }, &cause)
        };
        let answer = self.call("settings", &[contact]).map_err(failed)?;
        let answer = JsFuture::from(Promise::resolve(&answer)).await;
        let answer = answer.map_err(failed)?;
        Ok(answer.is_truthy().then_some(answer))
    }

    /// The host's settings for a party that is not the customer; `None` where
    /// it is not to be interpreted.
    pub fn other_party(&self, contact: &Object, party: &Object) -> Option<JsValue> {
        let answer = self.call("otherParty", &[contact, party]).ok()?;
        answer.is_object().then_some(answer)
    }

    /// A session object without a session: what its events go to, and what
    /// gives it its handle and is the session then.
    pub fn open(&self) -> Result<(Function, Function), JsValue> {
        let opened: Array = self.call("open", &[])?.unchecked_into();
        Ok((
            opened.get(0).unchecked_into(),
            opened.get(1).unchecked_into(),
        ))
    }

    /// An event for the host.
    pub fn emit(&self, name: &str, detail: &Object) {
        // What a host's listener throws is reported by the browser, not here.
        let _ = self.call("emit", &[&name.into(), detail]);
    }
}
