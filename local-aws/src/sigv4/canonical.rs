//! The canonical request of Signature Version 4.

use super::Request;
use axum::http::Uri;
use std::fmt::Write;

/// The canonical request, with `host` in the place of the `Host` header.
pub fn request(
    request: &Request<'_>,
    signed_headers: &str,
    host: &str,
    payload_hash: &str,
    presigned: bool,
) -> String {
    let mut headers = String::new();
    for name in signed_headers.split(';') {
        let values: Vec<String> = if name == "host" {
            vec![host.to_owned()]
        } else {
            request
                .headers
                .get_all(name)
                .iter()
                .map(|value| collapse(&String::from_utf8_lossy(value.as_bytes())))
                .collect()
        };
        let _ = writeln!(headers, "{name}:{}", values.join(","));
    }
    format!(
        "{}\n{}\n{}\n{headers}\n{signed_headers}\n{payload_hash}",
        request.method,
        path(request.uri.path()),
        query(request.uri.query().unwrap_or(""), presigned),
    )
}

/// One value of the query, decoded.
pub fn query_value(uri: &Uri, name: &str) -> Option<String> {
    pairs(uri.query()?)
        .find(|(key, _)| key == name.as_bytes())
        .and_then(|(_, value)| String::from_utf8(value).ok())
}

/// All pairs of the query, decoded.
pub fn pairs(query: &str) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(key), decode(value))
        })
}

/// Normalised, then encoded once more: what comes is already encoded, and for
/// every service but S3 the path is signed doubly encoded.
fn path(raw: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in raw.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            name => segments.push(name),
        }
    }
    let mut path = String::new();
    for segment in &segments {
        path.push('/');
        path.push_str(&encode(segment.as_bytes()));
    }
    if segments.is_empty() || raw.ends_with('/') {
        path.push('/');
    }
    path
}

/// Sorted by encoded key, then by encoded value. A literal `+` is a plus sign.
fn query(raw: &str, presigned: bool) -> String {
    let mut encoded: Vec<(String, String)> = pairs(raw)
        .filter(|(key, _)| !(presigned && key == b"X-Amz-Signature"))
        .map(|(key, value)| (encode(&key), encode(&value)))
        .collect();
    encoded.sort();
    let joined: Vec<String> = encoded
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    joined.join("&")
}

fn collapse(value: &str) -> String {
    value.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

fn decode(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = (byte == b'%')
            .then(|| bytes.get(at + 1..at + 3))
            .flatten()
            .and_then(|digits| hex::decode(digits).ok());
        match escaped {
            Some(value) => {
                decoded.extend(value);
                at += 3;
            }
            None => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    decoded
}
