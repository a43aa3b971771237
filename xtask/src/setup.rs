//! What the commands need and a fresh machine lacks. Every piece is quick
//! when it is already there.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::process::{Run, which};
use crate::project::Project;

const WASM: &str = "wasm32-unknown-unknown";
const WASM_PACK: &str = "0.15.1";
const CARGO_DENY: &str = "0.20.2";
const STREAMS: &str = "2.28.2";
const STREAMS_INTEGRITY: &str = "sha512-YbGgGBmva2f9bUJEy8e/QLDbOLKO0WdaTh7c1slVdExn961BMR+sCa2ObbCt0JfcZeAbIWgKqiTaNA8hEmjQ4g==";

/// Compiling to WebAssembly.
pub fn wasm_target() -> Result<()> {
    let sysroot = Run::new(rustc(), ["--print", "sysroot"]).quiet().run()?;
    let library = Path::new(sysroot.trim()).join("lib/rustlib").join(WASM);
    if !library.is_dir() {
        if which(&["rustup"]).is_none() {
            bail!("this Rust has no {WASM} and there is no rustup to add it");
        }
        Run::new("rustup", ["target", "add", WASM]).run()?;
    }
    Ok(())
}

/// `cargo fmt` and `cargo clippy`, which rustup's minimal profile leaves out.
pub fn components() -> Result<()> {
    for (command, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        let there = Run::cargo([command, "--version"]).quiet().run_any();
        if !matches!(there, Ok((_, Ok(())))) {
            Run::new("rustup", ["component", "add", component]).run()?;
        }
    }
    Ok(())
}

fn rustc() -> std::ffi::OsString {
    env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())
}

/// The folder with `wasm-bindgen` and `wasm-bindgen-test-runner`.
pub fn wasm_bindgen(project: &Project) -> Result<PathBuf> {
    let source = project.root.join("xtask/tools/wasm-bindgen");
    let manifest = fs::read_to_string(source.join("Cargo.toml"))?;
    let version = package_version(&manifest).context("xtask/tools/wasm-bindgen has no version")?;
    let source = source
        .to_str()
        .context("the repository's path is no text")?;
    tool(
        project,
        &format!("wasm-bindgen-{version}"),
        &["wasm-bindgen", "wasm-bindgen-test-runner"],
        &["--path", source],
    )
}

/// The folder with `wasm-pack`.
pub fn wasm_pack(project: &Project) -> Result<PathBuf> {
    tool(
        project,
        &format!("wasm-pack-{WASM_PACK}"),
        &["wasm-pack"],
        &["wasm-pack", "--version", WASM_PACK],
    )
}

/// The folder with `cargo-deny`.
pub fn cargo_deny(project: &Project) -> Result<PathBuf> {
    tool(
        project,
        &format!("cargo-deny-{CARGO_DENY}"),
        &["cargo-deny"],
        &["cargo-deny", "--version", CARGO_DENY],
    )
}

/// The folder with `loopback-turn`, which only connect-rtc-js needs.
pub fn turn(project: &Project) -> Result<PathBuf> {
    let source = project.root.join("xtask/tools/turn");
    let source = source
        .to_str()
        .context("the repository's path is no text")?;
    tool(
        project,
        "loopback-turn-0.1.0",
        &["loopback-turn"],
        &["--path", source],
    )
}

/// Installs a tool from its own lock file into the cache, once.
fn tool(project: &Project, name: &str, binaries: &[&str], what: &[&str]) -> Result<PathBuf> {
    let root = project.cache.join(name);
    let bin = root.join("bin");
    let missing = binaries.iter().any(|binary| {
        !bin.join(format!("{binary}{}", env::consts::EXE_SUFFIX))
            .is_file()
    });
    if missing {
        println!("building {name} (once)");
        let build = project.cache.join(format!("build-{name}"));
        // A tool that runs for a second need not be built for speed: this
        // halves the minutes of a first run.
        Run::cargo(["install", "--locked", "--force"])
            .args(what)
            .args(["--root".as_ref(), root.as_os_str()])
            .args(["--target-dir".as_ref(), build.as_os_str()])
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
            .env("CARGO_PROFILE_RELEASE_DEBUG", "0")
            .run()?;
        fs::remove_dir_all(build)?;
    }
    Ok(bin)
}

/// The `version = "…"` of a manifest's `[package]`.
fn package_version(manifest: &str) -> Option<&str> {
    manifest
        .lines()
        .skip_while(|line| line.trim() != "[package]")
        .find_map(|line| line.trim().strip_prefix("version = \""))?
        .split('"')
        .next()
}

/// Installs the npm packages of this folder when its lock file is not the one
/// that is installed.
pub fn npm(folder: &Path) -> Result<PathBuf> {
    let modules = folder.join("node_modules");
    let stamp = modules.join(".installed-package-lock.json");
    let lock = fs::read(folder.join("package-lock.json"))
        .with_context(|| format!("{} has no package-lock.json", folder.display()))?;
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(modules);
    }
    need_node()?;
    Run::new(npm_program(), ["ci", "--no-audit", "--no-fund"])
        .dir(folder)
        .run()?;
    fs::write(stamp, lock)?;
    Ok(modules)
}

/// The tools of the page tests and of packaging.
pub fn npm_tools(project: &Project) -> Result<PathBuf> {
    npm(&project.root.join("tests"))
}

/// The folder with `connect-streams.js`, Amazon Connect Streams as npm has it.
/// Only the file is needed, which contains what it depends on: so it is
/// fetched alone, not installed.
pub fn streams(project: &Project) -> Result<PathBuf> {
    let root = project
        .cache
        .join(format!("amazon-connect-streams-{STREAMS}"));
    let release = root.join("package/release");
    if release.join("connect-streams.js").is_file() {
        return Ok(release);
    }
    need_node()?;
    // Under another name until it is whole.
    let partial = root.with_file_name("amazon-connect-streams-partial");
    fs::create_dir_all(&partial)?;
    let package = format!("amazon-connect-streams@{STREAMS}");
    let said = Run::new(npm_program(), ["pack", package.as_str(), "--json"])
        .dir(&partial)
        .quiet()
        .run()?;
    let packed: serde_json::Value = serde_json::from_str(&said)?;
    let integrity = packed[0]["integrity"].as_str().unwrap_or_default();
    if integrity != STREAMS_INTEGRITY {
        bail!("{package} is {integrity}, not {STREAMS_INTEGRITY}");
    }
    let file = packed[0]["filename"]
        .as_str()
        .context("npm pack names no file")?;
    Run::new("tar", ["-xzf", file]).dir(&partial).run()?;
    fs::rename(partial, root)?;
    Ok(release)
}

/// npm is a script on Windows.
pub fn npm_program() -> &'static str {
    if cfg!(windows) { "npm.cmd" } else { "npm" }
}

/// Node is the one thing besides Rust that is not installed here.
pub fn need_node() -> Result<()> {
    if which(&["node"]).is_none() {
        bail!("node is missing: install Node.js 20 or newer");
    }
    Ok(())
}

/// Speaks of Debian's packages; true when they could be installed.
pub fn debian_install(packages: &[&str]) -> Result<bool> {
    if which(&["apt-get"]).is_none() || !is_root() {
        return Ok(false);
    }
    Run::new("apt-get", ["update"]).run()?;
    Run::new("apt-get", ["install", "-y", "--no-install-recommends"])
        .args(packages)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .run()?;
    Ok(true)
}

/// Whether this user is root (never on Windows).
pub fn is_root() -> bool {
    Run::new("id", ["-u"])
        .quiet()
        .run()
        .is_ok_and(|id| id.trim() == "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_version_of_the_package_and_not_of_a_dependency() {
        let manifest = "x = 1\n[package]\nname = \"a\"\nversion = \"0.2.130\"\n[dependencies]\nb = { version = \"=9\" }\n";
        assert_eq!(package_version(manifest), Some("0.2.130"));
        assert_eq!(package_version("[dependencies]\nversion = \"1\""), None);
    }
}
