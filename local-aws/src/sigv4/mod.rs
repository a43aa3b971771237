//! Verifies AWS Signature Version 4, as header and as presigned URL.
//!
//! Written from AWS's description of the scheme and not from the client's
//! code: what both sides get wrong in the same way would never be noticed.

mod canonical;

pub(crate) use canonical::pairs as query_pairs;

use axum::http::{HeaderMap, Method, Uri};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use time::{OffsetDateTime, PrimitiveDateTime, macros::format_description};

/// Longest validity of a presigned Transcribe URL, in seconds.
pub const MAX_EXPIRES_S: i64 = 300;

/// How far the signer's clock may be off, in seconds.
pub const MAX_SKEW_S: i64 = 300;

/// What of a request is signed.
#[derive(Debug)]
pub struct Request<'a> {
    /// The method.
    pub method: &'a Method,
    /// The request target as it came.
    pub uri: &'a Uri,
    /// All headers.
    pub headers: &'a HeaderMap,
    /// The whole body.
    pub body: &'a [u8],
}

/// A key that may sign.
#[derive(Clone)]
pub struct Key {
    /// The secret.
    pub secret: String,
    /// The session token of a temporary key.
    pub session_token: Option<String>,
    /// When a temporary key ends.
    pub expires: Option<OffsetDateTime>,
}

/// What the verifying service is and knows.
pub struct Verifier<'a> {
    /// Its region.
    pub region: &'a str,
    /// Its signing name.
    pub service: &'a str,
    /// Its clock.
    pub now: OffsetDateTime,
    /// The hosts that it answers for: its own, and with a proxy before it also
    /// the ones that clients sign for.
    pub hosts: &'a [String],
    /// Longest validity of a presigned request, in seconds.
    pub max_expires_s: i64,
    /// The keys it knows.
    pub key: &'a dyn Fn(&str) -> Option<Key>,
}

/// Why a request is refused; names and texts are the services'.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No signature at all.
    MissingAuthenticationToken,
    /// A signature with parts missing or malformed.
    IncompleteSignature(String),
    /// A key or session token that is not known.
    UnrecognizedClient,
    /// A temporary key after its end.
    ExpiredToken,
    /// A signature that does not fit, with the reason.
    InvalidSignature(String),
}

impl Refusal {
    /// The exception's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::MissingAuthenticationToken => "MissingAuthenticationTokenException",
            Self::IncompleteSignature(_) => "IncompleteSignatureException",
            Self::UnrecognizedClient => "UnrecognizedClientException",
            Self::ExpiredToken => "ExpiredTokenException",
            Self::InvalidSignature(_) => "InvalidSignatureException",
        }
    }

    /// The exception's message.
    #[must_use]
    pub fn message(&self) -> &str {
        match self {
            Self::MissingAuthenticationToken => "Missing Authentication Token",
            Self::UnrecognizedClient => "The security token included in the request is invalid.",
            Self::ExpiredToken => "The security token included in the request is expired",
            Self::IncompleteSignature(why) | Self::InvalidSignature(why) => why,
        }
    }
}

/// A signature's parts, wherever they were written.
struct Signature {
    access_key_id: String,
    scope_date: String,
    region: String,
    service: String,
    signed_headers: String,
    signature: String,
    date: String,
    token: Option<String>,
    expires_s: Option<i64>,
}

impl Verifier<'_> {
    /// Checks the request's signature and gives the access key id.
    ///
    /// # Errors
    /// As the service would refuse it.
    pub fn verify(&self, request: &Request<'_>) -> Result<String, Refusal> {
        let presigned = canonical::query_value(request.uri, "X-Amz-Signature").is_some()
            || canonical::query_value(request.uri, "X-Amz-Algorithm").is_some();
        let signature = if presigned {
            from_query(request)?
        } else {
            from_headers(request)?
        };
        self.check_scope(&signature)?;
        let key = (self.key)(&signature.access_key_id).ok_or(Refusal::UnrecognizedClient)?;
        if key.session_token != signature.token {
            return Err(Refusal::UnrecognizedClient);
        }
        self.check_time(&signature)?;
        check_signed_headers(request, &signature.signed_headers)?;
        self.check_signature(request, &signature, &key, presigned)?;
        if key.expires.is_some_and(|end| end <= self.now) {
            return Err(Refusal::ExpiredToken);
        }
        Ok(signature.access_key_id)
    }

    fn check_scope(&self, signature: &Signature) -> Result<(), Refusal> {
        let wrong = |what: &str| Err(Refusal::InvalidSignature(what.to_owned()));
        if signature.region != self.region {
            return wrong(&format!(
                "Credential should be scoped to a valid region, not '{}'. ",
                signature.region
            ));
        }
        if signature.service != self.service {
            return wrong(&format!(
                "Credential should be scoped to correct service: '{}'. ",
                self.service
            ));
        }
        if signature.date.get(..8) != Some(signature.scope_date.as_str()) {
            return wrong(&format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{}' != '{}'.",
                signature.scope_date, signature.date
            ));
        }
        Ok(())
    }

    fn check_time(&self, signature: &Signature) -> Result<(), Refusal> {
        let signed = parse_date(&signature.date).ok_or_else(|| {
            Refusal::IncompleteSignature("Date must be in ISO-8601 'basic format'.".to_owned())
        })?;
        let age_s = (self.now - signed).whole_seconds();
        if age_s < -MAX_SKEW_S {
            return Err(Refusal::InvalidSignature(format!(
                "Signature not yet current: {} is still later than {} ({} + 5 min.)",
                signature.date,
                format_date(self.now + time::Duration::seconds(MAX_SKEW_S)),
                format_date(self.now)
            )));
        }
        let lives_s = match signature.expires_s {
            Some(expires) if !(1..=self.max_expires_s).contains(&expires) => {
                return Err(Refusal::InvalidSignature(format!(
                    "X-Amz-Expires must be between 1 and {} seconds",
                    self.max_expires_s
                )));
            }
            Some(expires) => expires,
            None => MAX_SKEW_S,
        };
        if age_s > lives_s {
            return Err(Refusal::InvalidSignature(format!(
                "Signature expired: {} is now earlier than {} ({} - {lives_s} s)",
                signature.date,
                format_date(self.now - time::Duration::seconds(lives_s)),
                format_date(self.now)
            )));
        }
        Ok(())
    }

    fn check_signature(
        &self,
        request: &Request<'_>,
        signature: &Signature,
        key: &Key,
        presigned: bool,
    ) -> Result<(), Refusal> {
        let payload_hash = hex::encode(Sha256::digest(request.body));
        if let Some(stated) = request.headers.get("x-amz-content-sha256")
            && stated.as_bytes() != payload_hash.as_bytes()
        {
            return Err(Refusal::InvalidSignature(
                "The provided 'x-amz-content-sha256' header does not match what was computed."
                    .to_owned(),
            ));
        }
        let scope = format!(
            "{}/{}/{}/aws4_request",
            signature.scope_date, self.region, self.service
        );
        let signing_key = signing_key(
            &key.secret,
            &signature.scope_date,
            self.region,
            self.service,
        );
        let stated = hex::decode(&signature.signature).unwrap_or_default();
        let fits = self.hosts.iter().any(|host| {
            let canonical = canonical::request(
                request,
                &signature.signed_headers,
                host,
                &payload_hash,
                presigned,
            );
            let to_sign = format!(
                "AWS4-HMAC-SHA256\n{}\n{scope}\n{}",
                signature.date,
                hex::encode(Sha256::digest(canonical.as_bytes()))
            );
            mac(&signing_key, to_sign.as_bytes())
                .verify_slice(&stated)
                .is_ok()
        });
        if fits {
            Ok(())
        } else {
            Err(Refusal::InvalidSignature(
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.".to_owned(),
            ))
        }
    }
}

/// `host` and every `x-amz-*` header that is there must be signed.
fn check_signed_headers(request: &Request<'_>, signed: &str) -> Result<(), Refusal> {
    let names: Vec<&str> = signed.split(';').collect();
    if !names.is_sorted()
        || names
            .iter()
            .any(|name| name.chars().any(char::is_uppercase))
    {
        return Err(Refusal::InvalidSignature(
            "SignedHeaders must be lower case and sorted.".to_owned(),
        ));
    }
    if !names.contains(&"host") {
        return Err(Refusal::InvalidSignature(
            "'Host' must be a 'SignedHeader' in the AWS Authorization.".to_owned(),
        ));
    }
    for name in request.headers.keys() {
        if name.as_str().starts_with("x-amz-") && !names.contains(&name.as_str()) {
            return Err(Refusal::InvalidSignature(format!(
                "'{name}' must be a 'SignedHeader' in the AWS Authorization."
            )));
        }
    }
    if let Some(missing) = names
        .iter()
        .find(|name| !request.headers.contains_key(**name))
    {
        return Err(Refusal::InvalidSignature(format!(
            "The signed header '{missing}' is not in the request."
        )));
    }
    Ok(())
}

fn from_headers(request: &Request<'_>) -> Result<Signature, Refusal> {
    let text = |name: &str| {
        request
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let authorization = text("authorization").ok_or(Refusal::MissingAuthenticationToken)?;
    let parts = authorization
        .strip_prefix("AWS4-HMAC-SHA256 ")
        .ok_or_else(|| incomplete("Authorization header requires 'AWS4-HMAC-SHA256'."))?;
    let part = |name: &str| {
        parts
            .split(',')
            .find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))
            .map(str::to_owned)
            .ok_or_else(|| {
                incomplete(&format!(
                    "Authorization header requires '{name}' parameter."
                ))
            })
    };
    let date = text("x-amz-date").ok_or_else(|| {
        incomplete(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
        )
    })?;
    let (signed_headers, signature) = (part("SignedHeaders")?, part("Signature")?);
    Signature::new(
        &part("Credential")?,
        signed_headers,
        signature,
        date,
        text("x-amz-security-token"),
        None,
    )
}

fn from_query(request: &Request<'_>) -> Result<Signature, Refusal> {
    let optional = |name: &str| canonical::query_value(request.uri, name);
    let value = |name: &str| {
        optional(name).ok_or_else(|| {
            incomplete(&format!(
                "AWS query-string parameters must include '{name}'. Re-examine the query-string parameters."
            ))
        })
    };
    if value("X-Amz-Algorithm")? != "AWS4-HMAC-SHA256" {
        return Err(incomplete("Unsupported AWS 'algorithm'."));
    }
    let expires = value("X-Amz-Expires")?
        .parse()
        .map_err(|_| incomplete("X-Amz-Expires should be a number"))?;
    Signature::new(
        &value("X-Amz-Credential")?,
        value("X-Amz-SignedHeaders")?,
        value("X-Amz-Signature")?,
        value("X-Amz-Date")?,
        optional("X-Amz-Security-Token"),
        Some(expires),
    )
}

impl Signature {
    fn new(
        credential: &str,
        signed_headers: String,
        signature: String,
        date: String,
        token: Option<String>,
        expires_s: Option<i64>,
    ) -> Result<Self, Refusal> {
        let parts: Vec<&str> = credential.split('/').collect();
        let [id, scope_date, region, service, "aws4_request"] = parts[..] else {
            return Err(incomplete(
                "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.",
            ));
        };
        Ok(Self {
            access_key_id: id.to_owned(),
            scope_date: scope_date.to_owned(),
            region: region.to_owned(),
            service: service.to_owned(),
            signed_headers,
            signature,
            date,
            token,
            expires_s,
        })
    }
}

fn incomplete(why: &str) -> Refusal {
    Refusal::IncompleteSignature(why.to_owned())
}

fn mac(key: &[u8], data: &[u8]) -> Hmac<Sha256> {
    // HMAC takes keys of any length.
    #[allow(clippy::expect_used)]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
    mac.update(data);
    mac
}

fn signing_key(secret: &str, date: &str, region: &str, service: &str) -> Vec<u8> {
    let mut key = format!("AWS4{secret}").into_bytes();
    for part in [date, region, service, "aws4_request"] {
        key = mac(&key, part.as_bytes()).finalize().into_bytes().to_vec();
    }
    key
}

fn parse_date(text: &str) -> Option<OffsetDateTime> {
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    PrimitiveDateTime::parse(text, format)
        .ok()
        .map(PrimitiveDateTime::assume_utc)
}

fn format_date(date: OffsetDateTime) -> String {
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    date.format(format).unwrap_or_default()
}
