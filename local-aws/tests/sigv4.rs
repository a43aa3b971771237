//! The verifier against signatures that others made, and against tampering.

#![allow(clippy::expect_used)]

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use local_aws::sigv4::{Key, Refusal, Request, Verifier};
use serde_json::Value;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

/// A request as a test bends it before it is verified.
struct Case {
    region: String,
    service: String,
    now: OffsetDateTime,
    hosts: Vec<String>,
    id: String,
    key: Key,
    method: Method,
    target: String,
    headers: HeaderMap,
    body: String,
}

impl Case {
    fn verify(&self) -> Result<String, Refusal> {
        let verifier = Verifier {
            region: &self.region,
            service: &self.service,
            now: self.now,
            hosts: &self.hosts,
            max_expires_s: 3600,
            key: &|id| (id == self.id).then(|| self.key.clone()),
        };
        verifier.verify(&Request {
            method: &self.method,
            uri: &self.target.parse::<Uri>().expect("a request target"),
            headers: &self.headers,
            body: self.body.as_bytes(),
        })
    }

    fn header(&mut self, name: &'static str, value: &str) {
        let value = HeaderValue::from_str(value).expect("a header's value");
        self.headers.insert(name, value);
    }

    fn refused(&self) -> &'static str {
        self.verify().expect_err("a refusal").name()
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

fn headers(value: &Value) -> HeaderMap {
    let pairs: Vec<(String, String)> = match value {
        Value::Object(pairs) => pairs.iter().map(|(n, v)| (n.clone(), text(v))).collect(),
        list => list
            .as_array()
            .expect("headers")
            .iter()
            .map(|pair| (text(&pair[0]), text(&pair[1])))
            .collect(),
    };
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(
            HeaderName::from_bytes(name.as_bytes()).expect("a header's name"),
            HeaderValue::from_str(&value).expect("a header's value"),
        );
    }
    headers
}

fn cases(file: &str) -> Vec<(String, Case)> {
    let file: Value = serde_json::from_str(file).expect("vectors");
    let requests = file["requests"].as_array().expect("requests");
    let case = |request: &Value| {
        let headers = headers(&request["headers"]);
        let service = [&request["service"], &file["service"]];
        let token = [&request["token"], &file["sessionToken"]];
        Case {
            region: text(&file["region"]),
            service: service
                .iter()
                .find_map(|s| s.as_str())
                .expect("service")
                .into(),
            now: OffsetDateTime::parse(&text(&file["now"]), &Rfc3339).expect("a date"),
            hosts: vec![headers["host"].to_str().expect("a host").into()],
            id: text(&file["accessKeyId"]),
            key: Key {
                secret: text(&file["secretAccessKey"]),
                session_token: token.iter().find_map(|t| t.as_str()).map(str::to_owned),
                expires: None,
            },
            method: text(&request["method"]).parse().expect("a method"),
            target: text(&request["target"]),
            headers,
            body: text(&request["body"]),
        }
    };
    requests
        .iter()
        .map(|r| (text(&r["name"]), case(r)))
        .collect()
}

/// Requests to the services, signed by botocore (data/make_vectors.py).
fn botocore() -> Vec<(String, Case)> {
    cases(include_str!("data/signed.json"))
}

fn named(name: &str) -> Case {
    botocore()
        .into_iter()
        .find(|(known, _)| known == name)
        .expect("a known name")
        .1
}

#[test]
fn what_botocore_signed_is_accepted() {
    let all = botocore();
    assert_eq!(all.len(), 11);
    for (name, case) in all {
        assert_eq!(case.verify(), Ok(case.id.clone()), "{name}");
    }
}

#[test]
fn the_published_test_suite_is_accepted() {
    let all = cases(include_str!("data/suite.json"));
    assert_eq!(all.len(), 52);
    for (name, case) in all {
        assert_eq!(case.verify(), Ok(case.id.clone()), "{name}");
    }
}

#[test]
fn nothing_may_be_changed_after_signing() {
    for (name, case) in botocore() {
        let spoil = |spoil: &dyn Fn(&mut Case)| {
            let mut spoiled = botocore()
                .into_iter()
                .find(|(known, _)| *known == name)
                .expect("the same")
                .1;
            spoil(&mut spoiled);
            spoiled.refused()
        };
        drop(case);
        let invalid = "InvalidSignatureException";
        assert_eq!(
            spoil(&|c| c.key.secret.push('x')),
            invalid,
            "{name}: secret"
        );
        assert_eq!(
            spoil(&|c| c.hosts = vec!["other.example".into()]),
            invalid,
            "{name}: host"
        );
        assert_eq!(
            spoil(&|c| c.method = Method::PUT),
            invalid,
            "{name}: method"
        );
        assert_eq!(spoil(&|c| c.body.push(' ')), invalid, "{name}: body");
        assert_eq!(
            spoil(&|c| c.region = "eu-west-1".into()),
            invalid,
            "{name}: region"
        );
        assert_eq!(
            spoil(&|c| c.service = "s3".into()),
            invalid,
            "{name}: service"
        );
        let added = |c: &mut Case| {
            c.target.push_str(if c.target.contains('?') {
                "&a=b"
            } else {
                "?a=b"
            })
        };
        assert_eq!(spoil(&added), invalid, "{name}: query");
        assert_eq!(
            spoil(&|c| c.header("x-amz-extra", "1")),
            invalid,
            "{name}: unsigned header"
        );
        assert_eq!(
            spoil(&|c| c.now += Duration::seconds(301)),
            invalid,
            "{name}: late"
        );
        assert_eq!(
            spoil(&|c| c.now -= Duration::seconds(301)),
            invalid,
            "{name}: early"
        );
        let unrecognized = "UnrecognizedClientException";
        assert_eq!(spoil(&|c| c.id.push('X')), unrecognized, "{name}: key");
        assert_eq!(
            spoil(&|c| c.key.session_token = Some("other".into())),
            unrecognized,
            "{name}: token"
        );
        assert_eq!(
            spoil(&|c| c.key.expires = Some(c.now)),
            "ExpiredTokenException",
            "{name}: expired key"
        );
    }
}

#[test]
fn a_clock_may_be_five_minutes_off_and_a_presigned_url_lives_as_long_as_it_says() {
    let mut request = named("speech");
    request.now += Duration::seconds(300);
    assert!(request.verify().is_ok());
    request.now -= Duration::seconds(600);
    assert!(request.verify().is_ok());
    let mut url = named("stream");
    url.now += Duration::seconds(60);
    assert!(url.verify().is_ok());
    url.now += Duration::seconds(1);
    assert_eq!(url.refused(), "InvalidSignatureException");
}

#[test]
fn one_changed_parameter_of_a_presigned_url_is_noticed() {
    for (from, to) in [
        ("es-US", "en-US"),
        ("sample-rate=16000", "sample-rate=48000"),
        ("Expires=60", "Expires=61"),
        ("150926Z", "150927Z"),
        ("b%2Bc", "b+c%20"),
        ("partial-results-stability=high&", ""),
    ] {
        let mut case = named("stream with odd characters");
        assert!(case.target.contains(from), "{from}");
        case.target = case.target.replacen(from, to, 1);
        assert_eq!(case.refused(), "InvalidSignatureException", "{from}");
    }
}

#[test]
fn the_order_of_the_query_does_not_matter() {
    let mut case = named("stream");
    let (path, query) = case.target.split_once('?').expect("a query");
    let mut pairs: Vec<&str> = query.split('&').collect();
    pairs.reverse();
    case.target = format!("{path}?{}", pairs.join("&"));
    assert!(case.verify().is_ok());
}

#[test]
fn a_host_that_clients_sign_for_behind_a_proxy_is_accepted() {
    let mut case = named("speech");
    case.hosts.insert(0, "127.0.0.1:8701".into());
    case.header("host", "127.0.0.1:8701");
    assert!(case.verify().is_ok());
}

#[test]
fn missing_parts_are_named() {
    let mut case = named("speech");
    case.headers.remove("authorization");
    assert_eq!(case.refused(), "MissingAuthenticationTokenException");
    let mut case = named("speech");
    case.headers.remove("x-amz-date");
    assert_eq!(case.refused(), "IncompleteSignatureException");
    let mut case = named("speech");
    case.header("authorization", "Bearer x");
    assert_eq!(case.refused(), "IncompleteSignatureException");
    let mut case = named("stream");
    case.target = case.target.replacen("X-Amz-Expires", "Expires", 1);
    assert_eq!(case.refused(), "IncompleteSignatureException");
    let mut case = named("stream");
    case.target = case
        .target
        .replacen("X-Amz-Expires=60", "X-Amz-Expires=99999", 1);
    assert_eq!(case.refused(), "InvalidSignatureException");
}

#[test]
fn the_host_must_be_signed_and_a_stated_payload_hash_must_fit() {
    let mut case = named("speech");
    let authorization = text(&Value::from(
        case.headers["authorization"].to_str().expect("text"),
    ));
    case.header("authorization", &authorization.replace("host;", ""));
    let why = case.verify().expect_err("refused");
    assert!(why.message().contains("'Host'"), "{}", why.message());
    let mut case = named("speech");
    case.header("x-amz-content-sha256", &"0".repeat(64));
    assert_eq!(case.refused(), "InvalidSignatureException");
}
