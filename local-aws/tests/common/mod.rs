//! A client of a stand-in: it signs with aws-sigv4, which the stand-in does not use.

#![allow(dead_code, clippy::expect_used)]

pub mod connect;

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{
        SignableBody, SignableRequest, SignatureLocation, SigningParams, SigningSettings, sign,
    },
    sign::v4,
};
use aws_smithy_runtime_api::client::identity::Identity;
use futures_util::{SinkExt, StreamExt};
use http_body_util::{BodyExt, Full};
use hyper::{HeaderMap, Request, Response, StatusCode, body::Bytes, body::Incoming};
use hyper_util::rt::TokioIo;
use local_aws::{
    event_stream::Message,
    server::{IDENTITY_POOL_ID, Options, Server, start},
};
use serde_json::{Value, json};
use std::{
    path::PathBuf,
    time::{Duration, SystemTime},
};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message as Socket},
};

/// A client with keys of its own.
pub struct Client {
    pub server: Server,
    pub id: String,
    pub secret: String,
    pub token: String,
    pub region: String,
}

/// An answer, read whole.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// The exception's name, where REST and where JSON 1.1 say it.
    pub fn exception(&self) -> String {
        let header = self.headers.get("x-amzn-errortype").expect("an error type");
        let name = header.to_str().expect("text").to_owned();
        if self.headers["content-type"] == "application/x-amz-json-1.1" {
            assert_eq!(self.json()["__type"], name.as_str());
        }
        name
    }
}

pub async fn server(signed_hosts: &[&str]) -> Server {
    server_with(signed_hosts, false).await
}

async fn server_with(signed_hosts: &[&str], installed_engines: bool) -> Server {
    let options = Options {
        root: PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/..")),
        page_port: 0,
        aws_port: 0,
        connect_port: 0,
        streams: None,
        ice_servers: json!([]),
        signed_hosts: signed_hosts.iter().map(|host| (*host).to_owned()).collect(),
        installed_engines,
    };
    start(&options).await.expect("a server")
}

/// Sends a request as it is.
pub async fn send(request: Request<Full<Bytes>>) -> Response<Incoming> {
    let address = request.headers()["x-to"].to_str().expect("text").to_owned();
    let (mut parts, body) = request.into_parts();
    parts.headers.remove("x-to");
    let request = Request::from_parts(parts, body);
    let stream = TcpStream::connect(address).await.expect("a connection");
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .expect("HTTP");
    tokio::spawn(connection);
    sender.send_request(request).await.expect("an answer")
}

pub async fn whole(response: Response<Incoming>) -> Answer {
    let (parts, body) = response.into_parts();
    Answer {
        status: parts.status,
        headers: parts.headers,
        body: body.collect().await.expect("a body").to_bytes(),
    }
}

/// The host and port of a URL.
pub fn host(url: &str) -> &str {
    url.rsplit('/').next().expect("a host")
}

pub fn request(
    base: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Request<Full<Bytes>> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("x-to", host(base));
    if headers.iter().all(|(name, _)| *name != "host") {
        request = request.header("host", host(base));
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request
        .body(Full::new(body.to_owned().into()))
        .expect("a request")
}

pub const TRANSLATE: &str = "AWSShineFrontendService_20170701.TranslateText";

impl Client {
    /// A server and keys from its Cognito.
    pub async fn new() -> Self {
        Self::of(server(&[]).await).await
    }

    /// The same with the engines that this machine has.
    pub async fn with_installed() -> Self {
        Self::of(server_with(&[], true).await).await
    }

    async fn of(server: Server) -> Self {
        let mut client = Self {
            server,
            id: String::new(),
            secret: String::new(),
            token: String::new(),
            region: "us-east-1".into(),
        };
        client.renew().await;
        client
    }

    pub async fn renew(&mut self) {
        let id = self
            .cognito("GetId", &json!({"IdentityPoolId": IDENTITY_POOL_ID}))
            .await;
        let id = id.json()["IdentityId"].clone();
        let answer = self
            .cognito("GetCredentialsForIdentity", &json!({"IdentityId": id}))
            .await;
        let keys = answer.json()["Credentials"].clone();
        let text = |name: &str| keys[name].as_str().expect("a key").to_owned();
        self.id = text("AccessKeyId");
        self.secret = text("SecretKey");
        self.token = text("SessionToken");
    }

    pub async fn cognito(&self, action: &str, body: &Value) -> Answer {
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            (
                "x-amz-target",
                &format!("AWSCognitoIdentityService.{action}"),
            ),
        ];
        whole(
            send(request(
                &self.server.aws,
                "POST",
                "/",
                &headers,
                &body.to_string(),
            ))
            .await,
        )
        .await
    }

    pub async fn control(&self, method: &str, path: &str, body: &Value) -> Value {
        let path = format!("/control/{path}");
        let answer = whole(
            send(request(
                &self.server.aws,
                method,
                &path,
                &[],
                &body.to_string(),
            ))
            .await,
        );
        let answer = answer.await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        answer.json()
    }

    pub async fn state(&self) -> Value {
        self.control("GET", "state", &Value::Null).await
    }

    pub async fn fault(&self, fault: Value) {
        self.control("POST", "faults", &fault).await;
    }

    fn identity(&self) -> Identity {
        let token = (!self.token.is_empty()).then(|| self.token.clone());
        Credentials::new(&self.id, &self.secret, token, None, "test").into()
    }

    fn params<'a>(
        &'a self,
        identity: &'a Identity,
        service: &'a str,
        settings: SigningSettings,
    ) -> SigningParams<'a> {
        v4::SigningParams::builder()
            .identity(identity)
            .region(&self.region)
            .name(service)
            .time(SystemTime::now())
            .settings(settings)
            .build()
            .expect("parameters")
            .into()
    }

    /// A signed request for `signed_host`, sent to the server.
    pub async fn signed_for(
        &self,
        signed_host: &str,
        service: &str,
        (method, path): (&str, &str),
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response<Incoming> {
        let uri = format!("http://{signed_host}{path}");
        let signable = SignableRequest::new(
            method,
            uri,
            headers.iter().copied(),
            SignableBody::Bytes(body.as_bytes()),
        )
        .expect("a request");
        let identity = self.identity();
        let params = self.params(&identity, service, SigningSettings::default());
        let (instructions, _) = sign(signable, &params).expect("a signature").into_parts();
        let mut all = headers.to_vec();
        all.extend(instructions.headers());
        send(request(&self.server.aws, method, path, &all, body)).await
    }

    pub async fn signed(
        &self,
        service: &str,
        line: (&str, &str),
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response<Incoming> {
        let host = host(&self.server.aws).to_owned();
        self.signed_for(&host, service, line, headers, body).await
    }

    pub async fn translate(&self, body: &Value) -> Answer {
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", TRANSLATE),
        ];
        whole(
            self.signed("translate", ("POST", "/"), &headers, &body.to_string())
                .await,
        )
        .await
    }

    pub async fn speech(&self, body: &Value) -> Response<Incoming> {
        let headers = [("content-type", "application/json")];
        self.signed("polly", ("POST", "/v1/speech"), &headers, &body.to_string())
            .await
    }

    /// A presigned address of a stream.
    pub fn stream_url(&self, query: &str) -> String {
        let base = format!(
            "{}/stream-transcription-websocket?{query}",
            self.server.aws.replacen("http", "ws", 1)
        );
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(Duration::from_secs(60));
        let identity = self.identity();
        let params = self.params(&identity, "transcribe", settings);
        let signable =
            SignableRequest::new("GET", &base, std::iter::empty(), SignableBody::Bytes(b""))
                .expect("a request");
        let (instructions, _) = sign(signable, &params).expect("a signature").into_parts();
        instructions
            .params()
            .iter()
            .fold(base, |url, (name, value)| {
                let value: String = value.bytes().map(escaped).collect();
                format!("{url}&{name}={value}")
            })
    }

    pub async fn try_stream(&self, query: &str) -> Result<Stream, Error> {
        let (socket, _) = connect_async(self.stream_url(query)).await?;
        Ok(Stream { socket })
    }

    pub async fn stream(&self, query: &str) -> Stream {
        self.try_stream(query).await.expect("a stream")
    }
}

fn escaped(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

/// A Transcribe stream.
pub struct Stream {
    pub socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

/// What a stream said last.
#[derive(Debug, PartialEq)]
pub enum Said {
    Event(Value),
    Exception(String, String),
    Closed(u16),
    Lost,
}

pub fn audio_event(pcm: &[u8]) -> Message {
    let headers = [
        (":message-type", "event"),
        (":event-type", "AudioEvent"),
        (":content-type", "application/octet-stream"),
    ];
    Message {
        headers: headers.map(|(n, v)| (n.to_owned(), v.to_owned())).into(),
        payload: pcm.to_vec(),
    }
}

impl Stream {
    pub async fn raw(&mut self, bytes: Vec<u8>) {
        self.socket
            .send(Socket::Binary(bytes.into()))
            .await
            .expect("sent");
    }

    pub async fn audio(&mut self, pcm: &[u8]) {
        self.raw(audio_event(pcm).encode()).await;
    }

    pub async fn next(&mut self) -> Said {
        loop {
            return match self.socket.next().await {
                Some(Ok(Socket::Binary(bytes))) => {
                    let message = Message::decode(&bytes).expect("a message");
                    let json: Value = serde_json::from_slice(&message.payload).expect("JSON");
                    match message.header(":message-type") {
                        Some("event") => Said::Event(json["Transcript"]["Results"].clone()),
                        _ => Said::Exception(
                            message
                                .header(":exception-type")
                                .expect("a type")
                                .to_owned(),
                            json["Message"].as_str().expect("a message").to_owned(),
                        ),
                    }
                }
                Some(Ok(Socket::Close(frame))) => {
                    Said::Closed(frame.map_or(1005, |f| f.code.into()))
                }
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => Said::Lost,
            };
        }
    }

    /// Everything up to the end, and the end.
    pub async fn rest(&mut self) -> (Vec<Value>, Said) {
        let mut events = Vec::new();
        loop {
            match self.next().await {
                Said::Event(results) => {
                    events.extend(results.as_array().cloned().expect("results"))
                }
                end => return (events, end),
            }
        }
    }
}
