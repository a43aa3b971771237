//! `local-aws`: the stand-in's command line.

use local_aws::server::{Options, start};
use std::{env, io, path::PathBuf, process::ExitCode};
use tokio::{
    io::AsyncReadExt,
    signal::unix::{SignalKind, signal},
};

const USAGE: &str = "local-aws [--root DIR] [--page-port 8700] [--aws-port 8701] [--connect-port 8702] [--streams DIR] [--ice-servers JSON] [--signed-host HOST]... [--installed-engines] [--until-stdin-closes]
Serves the demo's pages and stands in for Cognito, Transcribe, Translate, Polly and a Connect instance, on 127.0.0.1 only.
--streams names the folder with connect-streams.js, which the pages then have below /vendor; --ice-servers is what softphones are given to relay with.
With --installed-engines espeak-ng and apertium, where installed, speak and translate any other text,
and pocketsphinx recognises other English.
Port 0 takes any free port. Prints one line of JSON with the addresses once it listens.";

struct Arguments {
    options: Options,
    until_stdin_closes: bool,
}

fn arguments(mut given: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut arguments = Arguments {
        options: Options {
            root: PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/..")),
            page_port: 8700,
            aws_port: 8701,
            connect_port: 8702,
            streams: None,
            ice_servers: serde_json::json!([]),
            signed_hosts: Vec::new(),
            installed_engines: false,
        },
        until_stdin_closes: false,
    };
    while let Some(name) = given.next() {
        let mut value = || given.next().ok_or_else(|| format!("{name} wants a value"));
        let port = |text: String| text.parse().map_err(|_| format!("not a port: {text}"));
        match name.as_str() {
            "--root" => arguments.options.root = value()?.into(),
            "--page-port" => arguments.options.page_port = port(value()?)?,
            "--aws-port" => arguments.options.aws_port = port(value()?)?,
            "--connect-port" => arguments.options.connect_port = port(value()?)?,
            "--streams" => arguments.options.streams = Some(value()?.into()),
            "--ice-servers" => arguments.options.ice_servers = ice_servers(&value()?)?,
            "--signed-host" => arguments.options.signed_hosts.push(value()?),
            "--installed-engines" => arguments.options.installed_engines = true,
            "--until-stdin-closes" => arguments.until_stdin_closes = true,
            other => return Err(format!("unknown option {other}\n{USAGE}")),
        }
    }
    Ok(arguments)
}

/// A list of `RTCIceServer`s; each must list its `urls`, as the service does.
fn ice_servers(text: &str) -> Result<serde_json::Value, String> {
    let value: serde_json::Value =
        serde_json::from_str(text).map_err(|error| format!("--ice-servers: {error}"))?;
    let listed = |server: &serde_json::Value| server["urls"].is_array();
    match value.as_array() {
        Some(servers) if servers.iter().all(listed) => Ok(value),
        _ => Err("--ice-servers wants a list of objects with lists of urls".into()),
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = match arguments(env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(why) => {
            eprintln!("{why}");
            return ExitCode::from(2);
        }
    };
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("local-aws: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let server = start(&arguments.options).await?;
    println!(
        "{}",
        serde_json::json!({"page": server.page, "aws": server.aws, "connect": server.connect})
    );
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = stdin_closed(), if arguments.until_stdin_closes => {}
    }
    // Reading stdin blocks a thread of the runtime that nothing can end.
    std::process::exit(0)
}

async fn stdin_closed() {
    let mut stdin = tokio::io::stdin();
    let mut ignored = [0; 256];
    while matches!(stdin.read(&mut ignored).await, Ok(length) if length > 0) {}
}
