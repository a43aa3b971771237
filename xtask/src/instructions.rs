//! `cargo xtask instructions`: how many instructions the hot paths take, held
//! against the numbers that the repository keeps.
//!
//! Counted by callgrind, so that a busy machine counts what an idle one does.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::ffi::OsString;
use std::fs;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::process::{Run, which};
use crate::project::Project;
use crate::report::{Done, Report};
use crate::setup;

/// What is within this of the kept number is the same: other code around it is
/// compiled a little otherwise.
const TOLERANCE_PERCENT: f64 = 3.0;

const MISSING: &str =
    "valgrind counts the instructions: install it (Debian: apt-get install valgrind)";

/// By name.
type Numbers = BTreeMap<String, u64>;

/// Numbers, and what they hold for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Counted {
    /// Compiler, target, C library and features of the processor: with another
    /// one of them the same code counts otherwise.
    with: String,
    numbers: Numbers,
}

/// The steps of `cargo xtask instructions`.
pub fn run(project: &Project, report: &mut Report, update: bool) {
    report.step("instructions", || count(project, update));
}

/// Counts and compares; with `update` it keeps the numbers instead.
pub fn count(project: &Project, update: bool) -> Result<Done> {
    if !cfg!(target_os = "linux") {
        return Ok("SKIPPED: valgrind counts on Linux".to_owned().into());
    }
    let now = measure(project)?;
    let file = project.root.join("benches/instructions.json");
    if update {
        fs::write(&file, written(&now)?)?;
        print!("{}", table(&now.numbers, &now.numbers));
        return Ok("kept".to_owned().into());
    }
    let text = fs::read_to_string(&file).unwrap_or_else(|_| "{}".to_owned());
    let kept = read(&serde_json::from_str(&text)?);
    print!("{}", table(&kept.numbers, &now.numbers));
    let verdict = verdict(&kept, &now);
    println!("\n{}", verdict.as_ref().unwrap_or_else(|why| why));
    Ok(Done {
        note: verdict.clone().unwrap_or_default(),
        failure: verdict.err(),
        ..Done::default()
    })
}

fn valgrind() -> Result<OsString> {
    let find = || which(&["valgrind"]);
    if let Some(found) = find() {
        return Ok(found);
    }
    // Without the C library's symbols valgrind does not start.
    if setup::debian_install(&["valgrind", "libc6-dbg"])?
        && let Some(found) = find()
    {
        return Ok(found);
    }
    bail!(MISSING)
}

fn measure(project: &Project) -> Result<Counted> {
    let valgrind = valgrind()?;
    // As it is shipped, but natively, and whatever flags are in use here.
    Run::cargo(["build", "--release", "--package", "instructions"])
        .dir(&project.root)
        .env("RUSTFLAGS", "")
        .run()?;
    let binary = project.target.join("release/instructions");
    let folder = project.target.join("instructions");
    fs::create_dir_all(&folder)?;
    let names = Run::new(&binary, [""; 0]).quiet().run()?;
    let mut counted = Counted::default();
    let mut features = String::new();
    for name in names.lines() {
        let out = folder.join(name.replace(|c: char| !c.is_ascii_alphanumeric(), "-"));
        let mut to = OsString::from("--callgrind-out-file=");
        to.push(&out);
        features = Run::new(&valgrind, ["--quiet", "--tool=callgrind"])
            .args(["--toggle-collect=*counted_work*".as_ref(), to.as_os_str()])
            .args([binary.as_os_str(), name.as_ref()])
            .quiet()
            .run()?;
        let count = total(&fs::read_to_string(&out)?);
        let count = count.with_context(|| format!("valgrind counted nothing for {name}"))?;
        counted.numbers.insert(name.to_owned(), count);
    }
    counted.with = format!("{}, {}", toolchain()?, features.trim());
    Ok(counted)
}

/// From the last lines of callgrind's file. Nothing at all is no number: then
/// the function to be counted was not found.
fn total(out: &str) -> Option<u64> {
    let total = out.lines().find_map(|line| line.strip_prefix("totals: "))?;
    total.trim().parse().ok().filter(|count| *count > 0)
}

fn toolchain() -> Result<String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let about = Run::new(rustc, ["-vV"]).quiet().run()?;
    let host = about.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.context("rustc names no host")?;
    let version = about.lines().next().unwrap_or_default();
    // Its memcpy and malloc are counted too.
    let libc = Run::new("getconf", ["GNU_LIBC_VERSION"]).quiet().run_any();
    let libc = libc.map(|(said, _)| said).unwrap_or_default();
    Ok(format!("{version}, {host}, {}", libc.trim()))
}

fn read(file: &Value) -> Counted {
    let numbers = file["instructions"].as_object().into_iter().flatten();
    Counted {
        with: file["countedWith"].as_str().unwrap_or_default().to_owned(),
        numbers: numbers
            .filter_map(|(name, count)| Some((name.clone(), count.as_u64()?)))
            .collect(),
    }
}

fn written(counted: &Counted) -> Result<String> {
    let file = json!({"countedWith": counted.with, "instructions": counted.numbers});
    Ok(serde_json::to_string_pretty(&file)? + "\n")
}

fn percent(kept: u64, now: u64) -> f64 {
    (now as f64 / kept as f64 - 1.0) * 100.0
}

fn table(kept: &Numbers, now: &Numbers) -> String {
    let width = now.keys().map(String::len).max().unwrap_or(0);
    let mut table = format!("{:width$}  {:>12}  {:>12}\n", "", "kept", "now");
    for (name, count) in now {
        let line = match kept.get(name) {
            Some(kept) => {
                let change = percent(*kept, *count);
                format!("{name:width$}  {kept:>12}  {count:>12}  {change:+.2} %\n")
            }
            None => format!("{name:width$}  {:>12}  {count:>12}  new\n", ""),
        };
        table.push_str(&line);
    }
    table
}

/// What to say of the change, or why it is a failure.
fn verdict(kept: &Counted, now: &Counted) -> std::result::Result<String, String> {
    const KEEP: &str = "cargo xtask instructions --update keeps the new numbers";
    let names = |wanted: &dyn Fn(&str) -> bool| {
        let names = kept.numbers.keys().chain(now.numbers.keys());
        let names: BTreeSet<_> = names.filter(|name| wanted(name)).collect();
        let names: Vec<_> = names.into_iter().map(String::as_str).collect();
        names.join("; ")
    };
    let alone = names(&|name| kept.numbers.contains_key(name) != now.numbers.contains_key(name));
    if !alone.is_empty() {
        return Err(format!("not in both: {alone}. {KEEP}"));
    }
    if kept.with != now.with {
        return Ok(format!(
            "NOT COMPARED: kept with {}; this is {}",
            kept.with, now.with
        ));
    }
    let change = |name: &str| percent(kept.numbers[name], now.numbers[name]);
    let more = names(&|name| change(name) > TOLERANCE_PERCENT);
    if !more.is_empty() {
        return Err(format!(
            "over {TOLERANCE_PERCENT} % more: {more}. If it has to be so, {KEEP}"
        ));
    }
    let less = names(&|name| change(name) < -TOLERANCE_PERCENT);
    Ok(match less.is_empty() {
        true => format!("within {TOLERANCE_PERCENT} %"),
        false => format!("LESS: {less}. {KEEP}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(with: &str, numbers: &[(&str, u64)]) -> Counted {
        let numbers = numbers.iter().map(|(name, n)| ((*name).to_owned(), *n));
        Counted {
            with: with.to_owned(),
            numbers: numbers.collect(),
        }
    }

    #[test]
    fn more_is_a_failure_and_less_is_to_be_kept() {
        let kept = counted("a", &[("x", 1_000), ("y", 1_000)]);
        let says = |x, y| verdict(&kept, &counted("a", &[("x", x), ("y", y)]));
        assert_eq!(says(1_029, 971).unwrap(), "within 3 %");
        assert!(says(1_031, 900).unwrap_err().contains("more: x."));
        assert!(says(1_000, 969).unwrap().starts_with("LESS: y."));
    }

    #[test]
    fn only_numbers_of_the_same_toolchain_are_compared() {
        let kept = counted("a", &[("x", 1_000)]);
        let other = verdict(&kept, &counted("b", &[("x", 9_000)])).unwrap();
        assert_eq!(other, "NOT COMPARED: kept with a; this is b");
    }

    #[test]
    fn what_is_not_kept_is_not_held() {
        let (none, one) = (counted("a", &[]), counted("a", &[("x", 5)]));
        assert!(verdict(&none, &one).unwrap_err().contains("x"));
        assert!(verdict(&one, &none).unwrap_err().contains("x"));
    }

    #[test]
    fn reads_what_it_writes_and_what_callgrind_does() {
        let numbers = counted("rustc 1", &[("x, 1 s", 12)]);
        let text = written(&numbers).unwrap();
        assert_eq!(read(&serde_json::from_str(&text).unwrap()), numbers);
        assert_eq!(total("events: Ir\nsummary: 7\n\ntotals: 12\n"), Some(12));
        assert_eq!(total("totals: 0\n"), None);
        assert_eq!(total("events: Ir\n"), None);
    }

    #[test]
    fn the_repository_keeps_numbers() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let text = fs::read_to_string(root.join("benches/instructions.json")).unwrap();
        let kept = read(&serde_json::from_str(&text).unwrap());
        assert!(kept.with.starts_with("rustc ") && kept.numbers.len() >= 8);
    }
}
