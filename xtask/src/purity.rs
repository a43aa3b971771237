//! The library's arrows point one way: web → session → pipeline → audio and
//! aws → time, speaker, language, error. Nothing outside src/web knows a
//! browser. Read from the sources, so that a wrong `use` fails a test before
//! it becomes a habit.

use std::fs;
use std::path::{Path, PathBuf};

/// What the sources below a folder, or in files of these names, may not use.
const ARROWS: &[(&[&str], &[&str])] = &[
    (
        &[
            "time.rs",
            "speaker.rs",
            "error.rs",
            "language.rs",
            "language",
            "random.rs",
            "softphone.rs",
        ],
        &[
            "audio", "aws", "config", "event", "io", "pipeline", "session", "web",
        ],
    ),
    (
        &["audio.rs", "audio"],
        &["aws", "event", "io", "pipeline", "session", "web"],
    ),
    (
        &["aws.rs", "aws"],
        &["audio", "event", "io", "pipeline", "session", "web"],
    ),
    (
        &["config.rs", "config", "event.rs", "io.rs"],
        &["pipeline", "session", "web"],
    ),
    (&["pipeline.rs", "pipeline"], &["session", "web"]),
    (&["session.rs", "session"], &["web"]),
];

/// What only src/web may name.
const BROWSER: &[&str] = &[
    "web_sys",
    "js_sys",
    "wasm_bindgen",
    "gloo_",
    "serde_wasm_bindgen",
];

/// Longer files want a reason.
const LONG: usize = 500;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn sources(below: &Path, found: &mut Vec<PathBuf>) {
    if below.is_file() {
        found.push(below.to_owned());
    } else if below.is_dir() {
        for entry in fs::read_dir(below).unwrap() {
            sources(&entry.unwrap().path(), found);
        }
    }
    found.retain(|path| path.extension().is_some_and(|e| e == "rs"));
}

/// Lines of code (not comments, not a test module at the file's end) that
/// name one of these.
fn naming(text: &str, words: &[&str]) -> Vec<String> {
    text.lines()
        .take_while(|line| !line.starts_with("#[cfg(test)]"))
        .enumerate()
        .filter(|(_, line)| {
            let code = line.split("//").next().unwrap_or("");
            words.iter().any(|word| code.contains(word))
        })
        .map(|(i, line)| format!("{}: {}", i + 1, line.trim()))
        .collect()
}

fn check(below: &str, words: &[&str], but: &str) -> Vec<String> {
    let root = root();
    let mut files = Vec::new();
    sources(&root.join(below), &mut files);
    let but = root.join(but);
    files
        .iter()
        .filter(|file| !file.starts_with(&but))
        .flat_map(|file| {
            let name = file.strip_prefix(&root).unwrap().display().to_string();
            naming(&fs::read_to_string(file).unwrap(), words)
                .into_iter()
                .map(move |line| format!("{name}:{line}"))
        })
        .collect()
}

#[test]
fn arrows_point_one_way() {
    let mut wrong = Vec::new();
    for (from, to) in ARROWS {
        let to: Vec<_> = to
            .iter()
            .map(|module| format!("crate::{module}::"))
            .collect();
        let to: Vec<_> = to.iter().map(String::as_str).collect();
        for name in *from {
            wrong.extend(check(&format!("src/{name}"), &to, "nothing"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_browser_half_knows_a_browser() {
    let wrong = check("src", BROWSER, "src/web");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_wrong_use_is_found_and_a_comment_is_not() {
    let text = "//! uses web_sys\nuse crate::pipeline::X;\nfn f() {} // crate::pipeline\n#[cfg(test)]\nuse crate::pipeline::Y;";
    assert_eq!(
        naming(text, &["crate::pipeline", "web_sys"]),
        ["2: use crate::pipeline::X;"]
    );
}

/// A source of usual length can be read at once. Single long ones are only
/// listed: `cargo test -p xtask -- --nocapture`.
#[test]
fn half_of_the_sources_are_short() {
    let root = root();
    let mut files = Vec::new();
    for below in ["src", "local-aws/src", "xtask/src"] {
        let mut some = Vec::new();
        sources(&root.join(below), &mut some);
        files.extend(some);
    }
    let mut lengths: Vec<_> = files
        .iter()
        .map(|file| (fs::read_to_string(file).unwrap().lines().count(), file))
        .collect();
    lengths.sort();
    for (lines, file) in lengths.iter().filter(|(lines, _)| *lines > LONG) {
        println!("warning: {} has {lines} lines", file.display());
    }
    assert!(lengths[lengths.len() / 2].0 <= 200);
}
