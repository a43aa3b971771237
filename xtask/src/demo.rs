//! `cargo xtask demo`: the page and the stand-in on this machine.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::process::{Run, Running};
use crate::project::Project;
use crate::report::Report;
use crate::{browser, package, setup};

/// Without these two, a machine that has no network interface finds no way
/// from one peer connection to the other inside the same browser.
const LOOPBACK_CALL: [&str; 2] = [
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
];

/// Brings the page up and stays until it is interrupted.
pub fn run(project: &Project, report: &mut Report, open: bool, picture: bool) -> Result<()> {
    let ready = report.step("tools", || package::tools(project, true))
        && report.step("package", || package::build_unshrunk(project))
        && report.step("local-aws", || project.build_local_aws());
    if !ready {
        return Ok(());
    }
    if picture {
        report.step("picture", || take_picture(project));
        return Ok(());
    }
    let chromium = match open {
        true => Some(browser::chromium(project)?),
        false => None,
    };
    let (mut server, page) = start(project)?;
    println!("\nThe demo is at {page} (Ctrl-C ends it)");
    let browser = match chromium {
        Some(chromium) => Some(Running::start(
            Command::new(chromium)
                .arg(format!(
                    "--user-data-dir={}",
                    project.target.join("demo-profile").display()
                ))
                .args(["--no-first-run", "--no-default-browser-check"])
                // Chromium has no sandbox for root and refuses to start.
                .args(setup::is_root().then_some("--no-sandbox"))
                .args(LOOPBACK_CALL)
                .arg(&page)
                .stdin(Stdio::null()),
        )?),
        None => None,
    };
    // Ctrl-C goes to the whole group; this returns if the server ends first.
    let status = server.wait()?;
    drop(browser);
    if !status.success() {
        bail!("local-aws: {status}");
    }
    Ok(())
}

/// Starts the stand-in and reads where its page is.
fn start(project: &Project) -> Result<(Running, String)> {
    let mut command = Command::new(project.local_aws());
    command
        .args(["--root".as_ref(), project.root.as_os_str()])
        .args(["--installed-engines", "--until-stdin-closes"])
        .args(["--streams".as_ref(), setup::streams(project)?.as_os_str()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    for (option, port) in [
        ("--page-port", 8700),
        ("--aws-port", 8701),
        ("--connect-port", 8702),
    ] {
        if TcpListener::bind(("127.0.0.1", port)).is_err() {
            println!("port {port} is taken: another one");
            command.args([option, "0"]);
        }
    }
    let mut server = Running::start(&mut command)?;
    let out = server.stdout().context("local-aws has no output")?;
    let mut line = String::new();
    BufReader::new(out).read_line(&mut line)?;
    let said: Value = serde_json::from_str(&line).context("local-aws ended before it listened")?;
    let page = said["page"].as_str().context("local-aws names no page")?;
    Ok((server, page.to_owned()))
}

/// The README's picture, made by the page itself during a call.
fn take_picture(project: &Project) -> Result<()> {
    setup::npm_tools(project)?;
    let chromium = browser::chromium(project)?;
    let (_server, page) = start(project)?;
    Run::new("node", [project.root.join("tests/page/picture.mjs")])
        .args([
            page.as_ref(),
            project.root.join("docs/demo.png").as_os_str(),
        ])
        .dir(&project.root)
        .env("CHROMIUM", chromium)
        .run()
        .map(drop)
}
