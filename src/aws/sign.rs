//! Signature Version 4, through aws-sigv4.
//!
//! What is signed is the host in [`Endpoint::signed_host`]; where it is sent
//! is [`Endpoint::url`]. A path prefix in the URL is signed when the URL's own
//! host is (the service then sees the prefix), and is not when another host is
//! signed (a reverse proxy takes it away).

use crate::aws::credentials::Credentials;
use crate::aws::http::HttpRequest;
use crate::config::Endpoint;
use crate::error::{Error, ErrorCode, Stage};
use crate::time::{Duration, UnixTime};
use aws_credential_types::Credentials as SdkCredentials;
use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SignatureLocation, SigningInstructions, SigningParams,
    SigningSettings, sign as sigv4,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use std::fmt::{self, Write as _};
use std::time::SystemTime;

/// A presigned URL. `Debug` does not show it, and it has no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct PresignedUrl(String);

impl PresignedUrl {
    /// Wraps a URL that holds a signature.
    #[must_use]
    pub fn new(url: String) -> Self {
        Self(url)
    }

    /// The URL, to open it with and for nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PresignedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PresignedUrl(…)")
    }
}

/// Who signs, for what and when.
#[derive(Clone, Copy, Debug)]
pub struct Signer<'a> {
    /// Where the request goes and which host and region are signed.
    pub endpoint: &'a Endpoint,
    /// The signing name: `transcribe`, `translate`, `polly`.
    pub service: &'static str,
    /// The stage that an error names.
    pub stage: Stage,
    /// The identity.
    pub credentials: &'a Credentials,
    /// The wall clock.
    pub now: UnixTime,
}

impl Signer<'_> {
    /// A presigned `GET`: signed header `host` alone, the payload hash that of
    /// the empty string, the session token within the signed query. The query
    /// comes out sorted by name, as the JavaScript SDK writes it.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidOption`] if the endpoint is no URL.
    pub fn presign(
        &self,
        path: &str,
        query: &[(&str, &str)],
        expires: Duration,
    ) -> Result<PresignedUrl, Error> {
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(expires);
        let mut pairs: Vec<(String, String)> = query
            .iter()
            .map(|(name, value)| (percent_encode(name), percent_encode(value)))
            .collect();
        let uri = self.signed_uri(path, &join(&pairs));
        let instructions = self.sign("GET", &uri, &[], b"", settings)?;
        pairs.extend(
            instructions
                .params()
                .iter()
                .map(|(name, value)| (percent_encode(name), percent_encode(value))),
        );
        pairs.sort();
        let url = format!("{}{path}?{}", self.endpoint.url, join(&pairs));
        Ok(PresignedUrl::new(url))
    }

    /// A signed request. Signs every header given and `host`, and adds
    /// `x-amz-date`, `x-amz-security-token` and `authorization`. (No
    /// `x-amz-content-sha256`: only S3 wants that.)
    ///
    /// # Errors
    /// [`ErrorCode::InvalidOption`] if the endpoint is no URL.
    pub fn sign_request(
        &self,
        method: &'static str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<HttpRequest, Error> {
        let uri = self.signed_uri(path, "");
        let instructions = self.sign(method, &uri, headers, &body, SigningSettings::default())?;
        let headers = headers
            .iter()
            .copied()
            .chain(instructions.headers())
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Ok(HttpRequest {
            method,
            url: format!("{}{path}", self.endpoint.url),
            headers,
            body,
        })
    }

    fn sign(
        &self,
        method: &str,
        uri: &str,
        headers: &[(&str, &str)],
        body: &[u8],
        settings: SigningSettings,
    ) -> Result<SigningInstructions, Error> {
        // aws-sigv4's own errors quote the URI, which may hold a session id.
        let refused = || {
            Error::new(
                ErrorCode::InvalidOption,
                self.stage,
                "the request could not be signed: its endpoint is not a URL or its credentials hold \
                 characters that no header may have",
            )
        };
        let identity: Identity = SdkCredentials::new(
            &self.credentials.access_key_id,
            &self.credentials.secret_access_key,
            self.credentials.session_token.clone(),
            None,
            "connect-interpreter",
        )
        .into();
        let params: SigningParams<'_> = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.endpoint.region)
            .name(self.service)
            .time(SystemTime::UNIX_EPOCH + self.now.since_epoch())
            .settings(settings)
            .build()
            .map_err(|_| refused())?
            .into();
        let signed = headers
            .iter()
            .copied()
            .chain([("host", self.endpoint.signed_host.as_str())]);
        let request = SignableRequest::new(method, uri, signed, SignableBody::Bytes(body))
            .map_err(|_| refused())?;
        Ok(sigv4(request, &params)
            .map_err(|_| refused())?
            .into_parts()
            .0)
    }

    /// The URI whose path and query are signed. Its scheme and host are not:
    /// the `host` header is given.
    fn signed_uri(&self, path: &str, query: &str) -> String {
        let prefix = self.endpoint.signed_prefix();
        let mark = if query.is_empty() { "" } else { "?" };
        format!(
            "https://{}{prefix}{path}{mark}{query}",
            self.endpoint.signed_host
        )
    }
}

fn join(pairs: &[(String, String)]) -> String {
    let pairs: Vec<String> = pairs.iter().map(|(n, v)| format!("{n}={v}")).collect();
    pairs.join("&")
}

/// Percent-encodes everything but RFC 3986's unreserved characters, as SigV4
/// wants it. (Form encoding will not do: the `+` it writes for a space is
/// signed as `%20`, and a real `+` would be lost.)
#[must_use]
pub fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
