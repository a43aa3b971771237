//! Temporary keys and identities, in memory only.

use crate::{control::locked, sigv4::Key};
use serde::{Deserialize, Serialize};
use std::{collections::HashMap, sync::Mutex};
use time::OffsetDateTime;

/// What of the stand-in's account can be set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    /// How long keys live (3600).
    pub credentials_lifetime_s: i64,
    /// Whether the pool gives keys without a login (true).
    pub unauthenticated: bool,
    /// Providers whose tokens are taken:
    /// `cognito-idp.us-east-1.amazonaws.com/us-east-1_local`.
    pub login_providers: Vec<String>,
    /// How long the tokens of a login at the hosted pages live (3600).
    pub token_lifetime_s: i64,
    /// Where such a login may return to, beside the pages' own `/`.
    pub callback_urls: Vec<String>,
    /// Where one may be sent after logging out, beside the pages' own `/`.
    pub logout_urls: Vec<String>,
    /// Concurrent Transcribe streams (25).
    pub stream_limit: usize,
    /// Requests a second that Polly takes of each engine (8), ten times as many
    /// of standard voices.
    pub polly_requests_per_s: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            credentials_lifetime_s: 3600,
            unauthenticated: true,
            login_providers: vec!["cognito-idp.us-east-1.amazonaws.com/us-east-1_local".into()],
            token_lifetime_s: 3600,
            callback_urls: Vec::new(),
            logout_urls: Vec::new(),
            stream_limit: 25,
            polly_requests_per_s: 8,
        }
    }
}

impl Settings {
    /// These settings with the fields that `partial` has.
    ///
    /// # Errors
    /// On a field that does not exist or has the wrong type.
    pub fn merged(&self, partial: &serde_json::Value) -> Result<Self, String> {
        let fields = partial.as_object().ok_or("an object of settings")?;
        let mut all = serde_json::to_value(self).map_err(|error| error.to_string())?;
        for (name, value) in fields {
            all[name] = value.clone();
        }
        serde_json::from_value(all).map_err(|error| error.to_string())
    }
}

/// A key as Cognito hands it out.
pub struct Issued {
    /// The key's id.
    pub access_key_id: String,
    /// The secret and the rest.
    pub key: Key,
}

/// All keys and identities of this run.
#[derive(Default)]
pub struct Keys {
    keys: Mutex<HashMap<String, Key>>,
    identities: Mutex<HashMap<String, Vec<String>>>,
}

impl Keys {
    /// A new identity that belongs to these login providers.
    pub fn new_identity(&self, region: &str, providers: Vec<String>) -> String {
        let id = format!("{region}:{}", uuid(rand::random()));
        locked(&self.identities).insert(id.clone(), providers);
        id
    }

    /// The login providers of an identity.
    pub fn providers(&self, identity: &str) -> Option<Vec<String>> {
        locked(&self.identities).get(identity).cloned()
    }

    /// A new key.
    pub fn issue(&self, expires: OffsetDateTime) -> Issued {
        let access_key_id = format!("ASIA{}", hex::encode_upper(rand::random::<[u8; 8]>()));
        let key = Key {
            secret: hex::encode(rand::random::<[u8; 20]>()),
            session_token: Some(format!(
                "{}+/==",
                base64::Engine::encode(
                    &base64::engine::general_purpose::STANDARD,
                    rand::random::<[u8; 32]>()
                )
            )),
            expires: Some(expires),
        };
        self.add(access_key_id.clone(), key.clone());
        Issued { access_key_id, key }
    }

    /// Makes a key known.
    pub fn add(&self, access_key_id: String, key: Key) {
        locked(&self.keys).insert(access_key_id, key);
    }

    /// The key with this id.
    pub fn get(&self, access_key_id: &str) -> Option<Key> {
        locked(&self.keys).get(access_key_id).cloned()
    }

    /// Ends all keys at `now`.
    pub fn expire_all(&self, now: OffsetDateTime) {
        for key in locked(&self.keys).values_mut() {
            key.expires = Some(now);
        }
    }
}

/// A random number as a version 4 UUID.
pub fn uuid(random: [u8; 16]) -> String {
    uuid::Builder::from_random_bytes(random)
        .into_uuid()
        .to_string()
}
