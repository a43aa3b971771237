//! `cargo xtask fuzz`: coverage-guided fuzzing on the stable toolchain.
//!
//! cargo-fuzz wants nightly for its sanitizers. Safe code needs none: libFuzzer
//! alone is guided by counters that any rustc puts in when it is told to. Fuzzed
//! code is built for an explicit target, so that build scripts and procedural
//! macros, which nothing links with libFuzzer, are left as they are.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;

use anyhow::{Context, Result, bail};

use crate::process::{Run, which};
use crate::project::Project;
use crate::report::{Done, Report};

/// What cargo-fuzz passes, but for the sanitizers.
const COVERAGE: [&str; 6] = [
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// Longer inputs find nothing that shorter ones do not, only later.
const LONGEST_INPUT: u32 = 4096;

/// Fuzzers that run at the same time.
const AT_ONCE: usize = 2;

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How long each target runs.
    pub seconds: u32,
    /// Only this one.
    pub target: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seconds: 60,
            target: None,
        }
    }
}

/// The steps of `cargo xtask fuzz`.
pub fn run(project: &Project, report: &mut Report, options: &Options) {
    if report.step("fuzz targets", || build(project)) {
        report.step("fuzz", || campaign(project, options));
    }
}

fn build(project: &Project) -> Result<()> {
    if which(&["c++", "g++", "clang++"]).is_none() {
        bail!("libFuzzer is C++: install a compiler for it (g++ or clang)");
    }
    let host = host()?;
    Run::cargo(["build", "--release", "--target", &host])
        .dir(project.root.join("fuzz"))
        .env("CARGO_TARGET_DIR", folder(project))
        .env("RUSTFLAGS", COVERAGE.join(" "))
        .run()
        .map(drop)
}

fn folder(project: &Project) -> PathBuf {
    project.target.join("fuzz")
}

fn host() -> Result<String> {
    let version = Run::new("rustc", ["-vV"]).quiet().run()?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc names no host")?.to_owned())
}

/// The targets by name.
fn targets(root: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root.join("fuzz/targets"))? {
        let path = entry?.path();
        if let Some(name) = path.file_stem().and_then(|name| name.to_str()) {
            names.push(name.to_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// Runs the targets, some at a time.
fn campaign(project: &Project, options: &Options) -> Result<Done> {
    let mut names = targets(&project.root)?;
    if let Some(only) = &options.target {
        names.retain(|name| name == only);
    }
    if names.is_empty() {
        bail!("no such fuzz target");
    }
    let binaries = folder(project).join(host()?).join("release");
    let waiting = Mutex::new(names.into_iter());
    let failed = Mutex::new(Vec::new());
    let next = || waiting.lock().ok().and_then(|mut names| names.next());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(name) = next() {
                    match fuzz(project, &binaries.join(&name), &name, options.seconds) {
                        Ok(summary) => println!("{name}: {summary}"),
                        Err(error) => {
                            println!("{name}: FAILED: {error:#}");
                            failed
                                .lock()
                                .into_iter()
                                .for_each(|mut f| f.push(name.clone()));
                        }
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap_or_default();
    if !failed.is_empty() {
        bail!("{} failed", failed.join(", "));
    }
    Ok(format!("{} s each", options.seconds).into())
}

/// Runs one target. New inputs go into the target folder; those in the
/// repository are where it begins.
fn fuzz(project: &Project, binary: &Path, name: &str, seconds: u32) -> Result<String> {
    let found = folder(project).join("found").join(name);
    fs::create_dir_all(&found)?;
    let corpus = project.root.join("fuzz/corpus").join(name);
    let crash = found.with_file_name(format!("{name}-crash-"));
    let output = Command::new(binary)
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-max_len={LONGEST_INPUT}"))
        .arg("-print_final_stats=1")
        .arg(format!("-artifact_prefix={}", crash.display()))
        .args([&found, &corpus])
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {}", binary.display()))?;
    let log = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        let from = log.lines().count().saturating_sub(40);
        for line in log.lines().skip(from) {
            println!("{name} | {line}");
        }
        bail!("{} (the input is {}…)", output.status, crash.display());
    }
    summary(&log).context("it did not say what it has done")
}

/// From libFuzzer's last lines.
fn summary(log: &str) -> Option<String> {
    let stat = |name: &str| {
        let line = log.lines().find_map(|line| line.strip_prefix(name));
        line.map(str::trim)
    };
    let runs = stat("stat::number_of_executed_units:")?;
    let done = log.lines().rev().find(|line| line.contains("\tDONE"))?;
    let cover = done.split("cov: ").nth(1)?.split(' ').next()?;
    let new = stat("stat::new_units_added:")?;
    let mut summary = String::new();
    write!(
        summary,
        "{runs} runs, {cover} edges covered, {new} new inputs"
    )
    .ok()?;
    Some(summary)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_a_fuzzer_has_done() {
        let log = "#8\tINITED cov: 12 ft: 13 corp: 1/1b exec/s: 0 rss: 30Mb\n\
                   #6886\tDONE   cov: 4321 ft: 9000 corp: 88/9Kb lim: 4096 exec/s: 430 rss: 31Mb\n\
                   Done 6886 runs in 16 second(s)\n\
                   stat::number_of_executed_units: 6886\n\
                   stat::new_units_added:          88\n";
        assert_eq!(
            summary(log).unwrap(),
            "6886 runs, 4321 edges covered, 88 new inputs"
        );
        assert_eq!(summary("==1== ERROR"), None);
    }

    /// Cargo builds what the manifest lists, we run what the folder holds.
    #[test]
    fn every_target_is_in_the_manifest_and_has_inputs() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let manifest = fs::read_to_string(root.join("fuzz/Cargo.toml")).unwrap();
        let names = targets(&root).unwrap();
        assert!(names.len() >= 5, "{names:?}");
        for name in names {
            assert!(manifest.contains(&format!("path = \"targets/{name}.rs\"")));
            let corpus = root.join("fuzz/corpus").join(&name);
            assert!(fs::read_dir(&corpus).unwrap().count() > 0, "{name}");
        }
    }
}
