//! Relays on 127.0.0.1 until its input ends. It prints one line: the
//! `iceServers` that a peer connection takes.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::UdpSocket;
use turn::auth::{AuthHandler, generate_auth_key};
use turn::relay::relay_static::RelayAddressGeneratorStatic;
use turn::server::Server;
use turn::server::config::{ConnConfig, ServerConfig};
use webrtc_util::vnet::net::Net;

const REALM: &str = "loopback";
const USER: &str = "softphone";

/// One user, whose password is another in each run.
struct OneUser {
    key: Vec<u8>,
}

impl AuthHandler for OneUser {
    fn auth_handle(
        &self,
        username: &str,
        _realm: &str,
        _source: SocketAddr,
    ) -> Result<Vec<u8>, turn::Error> {
        match username {
            USER => Ok(self.key.clone()),
            _ => Err(turn::Error::ErrNoSuchUser),
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let password = uuid::Uuid::new_v4().to_string();
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let port = socket.local_addr()?.port();
    let server = Server::new(ServerConfig {
        conn_configs: vec![ConnConfig {
            conn: Arc::new(socket),
            relay_addr_generator: Box::new(RelayAddressGeneratorStatic {
                relay_address: Ipv4Addr::LOCALHOST.into(),
                address: Ipv4Addr::LOCALHOST.to_string(),
                net: Arc::new(Net::new(None)),
            }),
        }],
        realm: REALM.into(),
        auth_handler: Arc::new(OneUser {
            key: generate_auth_key(USER, REALM, &password),
        }),
        channel_bind_timeout: Duration::ZERO,
        alloc_close_notify: None,
    })
    .await?;
    println!(
        "{}",
        serde_json::json!([{
            "urls": [format!("turn:127.0.0.1:{port}?transport=udp")],
            "username": USER,
            "credential": password,
        }])
    );
    let mut input = tokio::io::stdin();
    let mut ignored = [0; 256];
    while matches!(input.read(&mut ignored).await, Ok(length) if length > 0) {}
    server.close().await?;
    // Reading the input blocks a thread of the runtime that nothing can end.
    std::process::exit(0)
}
