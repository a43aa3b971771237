//! The host's credentials: an identity or a provider of one, in the AWS SDK's
//! shape.

use crate::aws::credentials::Credentials;
use crate::error::{Error, ErrorCode, Stage};
use crate::time::UnixTime;
use crate::web::js;
use js_sys::{Date, Function, Promise};
use std::cell::RefCell;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

const SHAPE: &str = "{ accessKeyId: string, secretAccessKey: string, sessionToken?: string, \
                     expiration?: Date }";

/// An identity on its way from the page to the worker.
#[derive(Clone)]
pub struct Identity {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    expiration_s: Option<f64>,
}

/// Credentials are renewed so long before they expire.
const MARGIN_S: f64 = 300.0;

impl Identity {
    /// Whether it does not expire within five minutes, as this computer's clock
    /// has it.
    fn lasts(&self) -> bool {
        let soon = Date::now() / 1000.0 + MARGIN_S;
        self.expiration_s.is_none_or(|at| at > soon)
    }

    /// As the parts of a message.
    pub fn encode(self) -> [JsValue; 4] {
        [
            self.access_key_id.into(),
            self.secret_access_key.into(),
            self.session_token.into(),
            self.expiration_s.into(),
        ]
    }

    /// From the parts of a message.
    pub fn decode(part: impl Fn(u32) -> JsValue) -> Option<Self> {
        Some(Self {
            access_key_id: part(0).as_string()?,
            secret_access_key: part(1).as_string()?,
            session_token: part(2).as_string(),
            expiration_s: part(3).as_f64(),
        })
    }
}

impl From<Identity> for Credentials {
    fn from(identity: Identity) -> Self {
        Self {
            access_key_id: identity.access_key_id,
            secret_access_key: identity.secret_access_key,
            session_token: identity.session_token,
            expiration: identity.expiration_s.map(UnixTime::from_secs_f64),
        }
    }
}

/// The host's `credentials` option.
pub enum Provider {
    /// Asked for every identity.
    Function(Function, RefCell<Option<Promise>>),
    /// Always the same.
    Identity(Identity),
}

/// An answer that a provider was asked for before there was a session.
pub struct Ahead {
    function: Function,
    answer: Promise,
}

impl Ahead {
    /// The answer.
    pub fn answer(&self) -> Promise {
        self.answer.clone()
    }
}

impl Provider {
    /// Checks the option; a provider is not called yet.
    pub fn new(option: &JsValue) -> Result<Self, Error> {
        if let Some(function) = option.dyn_ref::<Function>() {
            return Ok(Self::Function(function.clone(), RefCell::default()));
        }
        match identity(option) {
            Some(identity) => Ok(Self::Identity(identity)),
            None => Err(Error::option(
                "credentials",
                format!("a function that gives, or an object of, {SHAPE}"),
            )),
        }
    }

    /// Asks a function now for what [`Self::identity`] gives first; `ahead` is
    /// what was asked for even earlier, of some function.
    pub fn ask(&self, ahead: Option<Ahead>) {
        if let Self::Function(function, asked) = self {
            let same = ahead.filter(|ahead| ahead.function == *function);
            let answer = same.map_or_else(|| call(function), |ahead| ahead.answer);
            asked.replace(Some(answer));
        }
    }

    /// The same for a session that is still to come.
    pub fn ask_ahead(self) -> Option<Ahead> {
        match self {
            Self::Function(function, _) => Some(Ahead {
                answer: call(&function),
                function,
            }),
            Self::Identity(_) => None,
        }
    }

    /// An identity; on failure also what the host's function threw.
    pub async fn identity(&self) -> Result<Identity, (Error, JsValue)> {
        let (function, asked) = match self {
            Self::Function(function, asked) => (function, asked),
            Self::Identity(identity) => return Ok(identity.clone()),
        };
        let failed = |message: &str, cause: JsValue| (failure(message), cause);
        let threw = |cause| failed("credentials: the provider failed; see cause", cause);
        if let Some(early) = asked.take() {
            let answer = JsFuture::from(early).await.map_err(threw)?;
            // What was prepared long ago may be about to expire.
            if let Some(identity) = identity(&answer).filter(Identity::lasts) {
                return Ok(identity);
            }
        }
        let answer = JsFuture::from(call(function)).await.map_err(threw)?;
        identity(&answer).ok_or_else(|| {
            let message = format!("credentials: expected the provider to give {SHAPE}");
            failed(&message, JsValue::UNDEFINED)
        })
    }
}

/// The promise of a function's answer. That nobody waits for it is no error.
fn call(function: &Function) -> Promise {
    let answer = match function.call0(&JsValue::UNDEFINED) {
        Ok(answer) => Promise::resolve(&answer),
        Err(thrown) => Promise::reject(&thrown),
    };
    js::ignore(answer.clone());
    answer
}

/// The error for a provider that gives no identity: the next time it may.
pub fn failure(message: &str) -> Error {
    Error {
        retryable: true,
        ..Error::new(
            ErrorCode::CredentialsUnavailable,
            Stage::Credentials,
            message,
        )
    }
}

/// Reads an identity; `None` if it is none.
fn identity(value: &JsValue) -> Option<Identity> {
    let text = |key| {
        js::get(value, key)
            .as_string()
            .filter(|text| !text.is_empty())
    };
    let expiration_s = match js::get_some(value, "expiration") {
        None => None,
        Some(date) => {
            let at = date.dyn_ref::<Date>()?.get_time() / 1000.0;
            Some(Some(at).filter(|at| at.is_finite())?)
        }
    };
    let session_token = match js::get_some(value, "sessionToken") {
        None => None,
        Some(token) => Some(token.as_string()?),
    };
    Some(Identity {
        access_key_id: text("accessKeyId")?,
        secret_access_key: text("secretAccessKey")?,
        session_token,
        expiration_s,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    fn object(json: &str) -> JsValue {
        js_sys::JSON::parse(json).unwrap()
    }

    /// A provider of identities that expire after so many seconds each, the
    /// first ones first.
    fn provider(lives: &str) -> Function {
        Function::new_no_args(&format!(
            "const lives = this.lives ??= {lives};
             this.count = (this.count ?? 0) + 1;
             return {{ accessKeyId: `key${{this.count}}`, secretAccessKey: 'b',
                      expiration: new Date(Date.now() + 1000 * lives.shift()) }};"
        ))
        .bind0(&js_sys::Object::new())
    }

    async fn key(provider: &Provider) -> String {
        let identity = provider.identity().await;
        identity.map_err(|(error, _)| error).unwrap().access_key_id
    }

    #[wasm_bindgen_test]
    async fn what_was_asked_for_ahead_is_taken_once_if_it_lasts() {
        let function = provider("[3600, 3600]");
        let ahead = Provider::new(&function).unwrap().ask_ahead();
        let session = Provider::new(&function).unwrap();
        session.ask(ahead);
        assert_eq!(key(&session).await, "key1");
        assert_eq!(key(&session).await, "key2");

        let function = provider("[200, 3600]");
        let ahead = Provider::new(&function).unwrap().ask_ahead();
        let session = Provider::new(&function).unwrap();
        session.ask(ahead);
        assert_eq!(key(&session).await, "key2");
    }

    #[wasm_bindgen_test]
    async fn an_identity_of_the_sdks_shape_is_taken() {
        let given = object(r#"{"accessKeyId":"a","secretAccessKey":"b","sessionToken":"c"}"#);
        let at = Date::new(&JsValue::from_f64(1_700_000_000_000.0));
        js_sys::Reflect::set(&given, &"expiration".into(), &at).unwrap();
        let identity = Provider::new(&given).unwrap().identity().await;
        let credentials: Credentials = identity.map_err(|(error, _)| error).unwrap().into();
        assert_eq!(credentials.session_token.as_deref(), Some("c"));
        assert_eq!(
            credentials.expiration,
            Some(UnixTime::from_secs(1_700_000_000))
        );
    }

    #[wasm_bindgen_test]
    fn anything_else_is_a_wrong_option() {
        for wrong in [
            "1",
            "{}",
            r#"{"accessKeyId":"a"}"#,
            r#"{"accessKeyId":"a","secretAccessKey":"b","expiration":"tomorrow"}"#,
            r#"{"accessKeyId":"a","secretAccessKey":"b","sessionToken":5}"#,
        ] {
            let error = Provider::new(&object(wrong)).err().unwrap();
            assert_eq!(error.field.as_deref(), Some("credentials"), "{wrong}");
        }
    }

    #[wasm_bindgen_test]
    async fn what_a_provider_throws_is_the_cause_and_not_in_the_text() {
        let throws = Closure::<dyn FnMut() -> Result<JsValue, JsValue>>::new(|| {
            Err(JsValue::from_str("secret"))
        });
        let provider = Provider::new(throws.as_ref()).unwrap();
        let (error, cause) = provider.identity().await.err().unwrap();
        assert_eq!(error.code, ErrorCode::CredentialsUnavailable);
        assert_eq!(cause.as_string().as_deref(), Some("secret"));
        assert!(!error.message.contains("secret"));
    }
}
