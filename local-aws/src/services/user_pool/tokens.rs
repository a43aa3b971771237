//! The pool's JSON Web Tokens, with a user pool's claims.

use super::{CLIENT_ID, Login, USERNAME, provider};
use crate::keys::uuid;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use time::OffsetDateTime;

/// The user's id in the pool.
const SUBJECT: &str = "00000000-0000-4000-8000-00000000a9e2";
const NAME: &str = "Zoë Ferreira";
const EMAIL: &str = "agent@example.com";
/// Three question marks give base64url an underscore wherever they begin, so
/// that a payload cannot be read as plain base64.
const PROFILE: &str = "https://desk.example/agent?who=???";

/// The tokens of one answer.
pub(super) struct Tokens {
    pub(super) id: String,
    pub(super) access: String,
}

/// New tokens of a login.
pub(super) fn issue(
    key: &[u8],
    region: &str,
    login: &Login,
    now: OffsetDateTime,
    lifetime_s: i64,
) -> Tokens {
    let issued = now.unix_timestamp();
    let common = |mut own: Value| {
        own["iss"] = format!("https://{}", provider(region)).into();
        own["sub"] = SUBJECT.into();
        own["origin_jti"] = login.origin.clone().into();
        own["auth_time"] = login.since.unix_timestamp().into();
        own["iat"] = issued.into();
        own["exp"] = (issued + lifetime_s).into();
        own["jti"] = uuid(rand::random()).into();
        signed(key, &own)
    };
    Tokens {
        id: common(json!({
            "token_use": "id",
            "aud": CLIENT_ID,
            "cognito:username": USERNAME,
            "name": NAME,
            "email": EMAIL,
            "email_verified": true,
            "profile": PROFILE,
        })),
        access: common(json!({
            "token_use": "access",
            "client_id": CLIENT_ID,
            "username": USERNAME,
            "scope": login.scope,
            "version": 2,
        })),
    }
}

/// The claims of a token, whoever signed it.
pub(in crate::services) fn claims(token: &str) -> Option<Value> {
    let [_, payload, _] = token.split('.').collect::<Vec<_>>()[..] else {
        return None;
    };
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

/// Whether this key signed the token, whatever its header says.
pub(super) fn is_signed(key: &[u8], token: &str) -> bool {
    let Some((signed, signature)) = token.rsplit_once('.') else {
        return false;
    };
    URL_SAFE_NO_PAD
        .decode(signature)
        .is_ok_and(|signature| mac(key, signed).verify_slice(&signature).is_ok())
}

fn signed(key: &[u8], claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = json!({"kid": "local-aws", "alg": "HS256"});
    let signed = format!("{}.{}", part(&header), part(claims));
    let signature = mac(key, &signed).finalize().into_bytes();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn mac(key: &[u8], data: &str) -> Hmac<Sha256> {
    // HMAC takes keys of any length.
    #[allow(clippy::expect_used)]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
    mac.update(data.as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::{Login, NAME, claims, is_signed, issue};
    use time::OffsetDateTime;

    fn login() -> Login {
        Login {
            since: OffsetDateTime::UNIX_EPOCH,
            scope: "openid".into(),
            origin: "origin".into(),
        }
    }

    #[test]
    fn a_token_is_read_by_anybody_and_signed_by_one() {
        let tokens = issue(
            b"key",
            "us-east-1",
            &login(),
            OffsetDateTime::UNIX_EPOCH,
            60,
        );
        let read = claims(&tokens.id).expect("claims");
        assert_eq!((&read["name"], &read["exp"]), (&NAME.into(), &60.into()));
        assert!(is_signed(b"key", &tokens.id));
        assert!(!is_signed(b"another", &tokens.id));
        let (head, _) = tokens.id.rsplit_once('.').expect("a signature");
        assert!(!is_signed(b"key", head) && !is_signed(b"key", &format!("{head}.")));
    }

    #[test]
    fn a_payload_is_no_plain_base64() {
        for origin in ["", "1", "12"] {
            let login = Login {
                origin: origin.into(),
                ..login()
            };
            let tokens = issue(b"key", "us-east-1", &login, OffsetDateTime::UNIX_EPOCH, 60);
            let payload = tokens.id.split('.').nth(1).expect("a payload");
            assert!(payload.contains('_'), "{payload}");
        }
    }
}
