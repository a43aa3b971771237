//! `cargo xtask test`: everything CI runs. A failing step does not keep the
//! later ones from running: one run tells everything.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::counts::{self, Counts};
use crate::process::Run;
use crate::project::Project;
use crate::report::{Done, Report};
use crate::{browser, fuzz, instructions, package, setup, sizes};

const WASM: [&str; 2] = ["--target", "wasm32-unknown-unknown"];

/// The steps of `cargo xtask test`.
pub fn run(project: &Project, report: &mut Report, long: bool) {
    report.step("format", || {
        setup::components()?;
        cargo(project, &["fmt", "--all", "--check"])
    });
    report.step("clippy, native", || {
        let lint = [
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ];
        cargo(project, &lint)
    });
    report.step("clippy, wasm", || {
        setup::wasm_target()?;
        let lint = [&["clippy"], WASM.as_slice()].concat();
        let what = ["--lib", "--tests", "--", "-D", "warnings"];
        cargo(project, &[lint.as_slice(), what.as_slice()].concat())
    });
    report.step("dependencies", || dependencies(project, long));
    report.step("native tests", || native(project, long));
    report.step("instructions", || instructions::count(project, false));
    fuzz::run(project, report, &fuzz::Options::default());
    report.step("script tests", || scripts(project));
    report.step("browser tools", || {
        setup::wasm_bindgen(project)?;
        setup::wasm_pack(project)?;
        setup::npm_tools(project)?;
        browser::chromium(project)?;
        browser::chromedriver().map(drop)
    });
    report.step("tests in Chrome", || in_chrome(project));
    if report.step("package", || package::build(project)) {
        report.step("sizes", || sizes::report(project));
        report.step("load of the package", || packed(project));
        // Those that wait for people in pairs; those that hear every sample alone.
        report.step("page tests", || pages(project, long, "pages"));
        report.step("page tests, alone", || pages(project, long, "alone"));
        report.step("conformance", || conformance(project));
    }
}

fn cargo(project: &Project, args: &[&str]) -> Result<()> {
    Run::cargo(args).dir(&project.root).run().map(drop)
}

/// Licences, duplicate versions and sources. The advisory database is a
/// download, and this has to pass without a network: `--long` checks it too.
fn dependencies(project: &Project, long: bool) -> Result<String> {
    let deny = setup::cargo_deny(project)?.join("cargo-deny");
    let mut run =
        Run::new(deny, ["--workspace", "check", "--hide-inclusion-graph"]).dir(&project.root);
    if !long {
        run = run.args(["bans", "licenses", "sources"]);
    }
    run.run()?;
    Ok(match long {
        true => String::new(),
        false => "advisories need the network: --long".to_owned(),
    })
}

fn native(project: &Project, long: bool) -> Result<Done> {
    let mut run = Run::cargo(["test", "--workspace", "--no-fail-fast"]).dir(&project.root);
    if long {
        run = run.args(["--", "--include-ignored"]);
    }
    counted(run, counts::of_libtest)
}

/// The unit tests of the scripts: what the page tests and the bench measure
/// with has to be right itself. They use nothing but Node.
fn scripts(project: &Project) -> Result<Done> {
    setup::need_node()?;
    let mut files = Vec::new();
    for below in ["benches", "tests", "www"] {
        find_script_tests(&project.root.join(below), &mut files)?;
    }
    files.sort();
    let run = Run::new("node", ["--test", "--test-reporter=tap"])
        .args(files)
        .dir(&project.root);
    counted(run, counts::of_node)
}

fn find_script_tests(below: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(below)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && name != "node_modules" {
            find_script_tests(&path, found)?;
        } else if name.ends_with(".test.js") || name.ends_with(".test.mjs") {
            found.push(path);
        }
    }
    Ok(())
}

/// `wasm-pack test --headless --chrome`, as a person would call it, with the
/// tools that belong to this version.
fn in_chrome(project: &Project) -> Result<Done> {
    let bindgen = setup::wasm_bindgen(project)?;
    let wasm_pack = setup::wasm_pack(project)?.join("wasm-pack");
    let chromium = browser::chromium(project)?;
    let driver = browser::chromedriver()?;
    let driver_dir = driver.parent().context("chromedriver has no folder")?;
    let run = Run::new(
        wasm_pack,
        ["test", "--headless", "--chrome", "--mode", "no-install"],
    )
    .args(["--chromedriver".as_ref(), driver.as_os_str()])
    .dir(&project.root)
    .path_first([bindgen.as_path(), driver_dir])?
    .env(
        "WASM_BINDGEN_TEST_WEBDRIVER_JSON",
        browser::webdriver_json(project, &chromium)?,
    );
    counted(run, counts::of_libtest)
}

/// Packs, installs into an empty consumer, loads in Chromium.
fn packed(project: &Project) -> Result<Done> {
    let folder = project.target.join("package");
    let tarball = package::tarball(project, &folder)?;
    let run = playwright(project, "tests/package")?.env("PACKAGE_TARBALL", tarball);
    counted(run, counts::of_playwright)
}

fn pages(project: &Project, long: bool, which: &str) -> Result<Done> {
    let mut run = page_tests(project)?.args(["--project", which]);
    if long {
        run = run.env("LONG_TESTS", "1");
    }
    counted(run, counts::of_playwright)
}

/// The same scenarios with the real connect-rtc-js, whose file
/// `CONNECT_RTC_JS` names: it may not be part of a repository.
fn conformance(project: &Project) -> Result<Done> {
    let Some(file) = env::var_os("CONNECT_RTC_JS") else {
        return Ok(Done {
            note: "SKIPPED: CONNECT_RTC_JS names no connect-rtc-js".to_owned(),
            counts: Counts::default(),
            failure: None,
        });
    };
    let file = fs::canonicalize(file).context("CONNECT_RTC_JS names no file")?;
    let turn = setup::turn(project)?.join("loopback-turn");
    let run = page_tests(project)?
        .args(["--project", "connect-rtc-js*"])
        .env("CONNECT_RTC_JS", file)
        .env("LOOPBACK_TURN_BIN", turn);
    counted(run, counts::of_playwright)
}

fn page_tests(project: &Project) -> Result<Run> {
    project.build_local_aws()?;
    Ok(playwright(project, "tests/page")?
        .env("LOCAL_AWS_BIN", project.local_aws())
        .env("CONNECT_STREAMS_DIR", setup::streams(project)?))
}

fn playwright(project: &Project, folder: &str) -> Result<Run> {
    let cli = setup::npm_tools(project)?.join("@playwright/test/cli.js");
    let folder = project.root.join(folder);
    fs::metadata(&folder).with_context(|| format!("no {}", folder.display()))?;
    Ok(Run::new("node", [cli.as_os_str(), "test".as_ref()])
        .args(["--reporter", "list"])
        .dir(folder)
        .env("CHROMIUM", browser::chromium(project)?))
}

/// Runs tests; that none ran is a failure as well.
fn counted(run: Run, read: impl Fn(&str) -> Counts) -> Result<Done> {
    let (output, ended) = run.run_any()?;
    let counts = read(&output);
    let failure = match ended {
        Err(status) => Some(status),
        Ok(()) if counts.failed > 0 => Some("a runner hid failed tests".to_owned()),
        Ok(()) if counts.passed == 0 => Some("no test ran".to_owned()),
        Ok(()) => None,
    };
    let note = match counts.skipped {
        0 => String::new(),
        n => format!("{n} skipped"),
    };
    Ok(Done {
        note,
        counts,
        failure,
    })
}
