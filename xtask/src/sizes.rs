//! What a page loads to interpret, and the budget that holds it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::package;
use crate::process::Run;
use crate::project::Project;
use crate::report::Done;
use crate::{by_crate, setup};

/// One file's sizes in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Sizes {
    name: String,
    raw: u64,
    gzip: u64,
    brotli: u64,
}

/// Node's zlib: the highest levels, as a server that compresses once would.
const COMPRESS: &str = r#"
const fs = require("fs"), zlib = require("zlib");
const q = zlib.constants;
console.log(JSON.stringify(process.argv.slice(1).map((file) => {
  const data = fs.readFileSync(file);
  const gzip = zlib.gzipSync(data, { level: 9 }).length;
  const brotli = zlib.brotliCompressSync(data, { params: {
    [q.BROTLI_PARAM_QUALITY]: 11, [q.BROTLI_PARAM_SIZE_HINT]: data.length } }).length;
  return { raw: data.length, gzip, brotli };
})));
"#;

/// Prints the tables of the built package; over budget is a failure.
pub fn report(project: &Project) -> Result<Done> {
    let files = measure(&project.pkg())?;
    let total = total(&files);
    print!("{}", table(&files, &total));
    let wasm = files
        .iter()
        .find(|file| file.name == package::WASM)
        .context("the package has no wasm")?;
    print!(
        "\n{}",
        by_crate::table(&fs::read(package::named_wasm(project))?, wasm.brotli)?
    );
    let file = project.root.join("xtask/budget.json");
    let budget: Value = serde_json::from_str(&fs::read_to_string(file)?)?;
    let limit = budget["brotliBytes"]
        .as_u64()
        .context("xtask/budget.json has no brotliBytes")?;
    let verdict = check(total.brotli, limit);
    println!("\n{}", verdict.as_ref().unwrap_or_else(|why| why));
    Ok(Done {
        note: format!("{} kB brotli", kb(total.brotli)),
        failure: verdict.err(),
        ..Done::default()
    })
}

/// Within the budget or not, in words.
fn check(brotli: u64, limit: u64) -> Result<String, String> {
    let said = format!("{} kB brotli, budget {} kB", kb(brotli), kb(limit));
    if brotli > limit {
        Err(format!("the package is over its budget: {said}"))
    } else {
        Ok(format!("within the budget: {said}"))
    }
}

/// Every file of the package that a browser runs.
fn measure(pkg: &Path) -> Result<Vec<Sizes>> {
    let mut names: Vec<String> = fs::read_dir(pkg)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<Result<_>>()?;
    names.retain(|name| name.ends_with(".js") || name.ends_with(".wasm"));
    names.sort();
    if names.is_empty() {
        bail!("{} has nothing that a page could load", pkg.display());
    }
    setup::need_node()?;
    let out = Run::new("node", ["-e", COMPRESS])
        .args(names.iter().map(|name| pkg.join(name)))
        .quiet()
        .run()?;
    let sizes: Value = serde_json::from_str(&out)?;
    names
        .into_iter()
        .enumerate()
        .map(|(i, name)| {
            let of = |kind: &str| sizes[i][kind].as_u64().context("node gave no size");
            Ok(Sizes {
                raw: of("raw")?,
                gzip: of("gzip")?,
                brotli: of("brotli")?,
                name,
            })
        })
        .collect()
}

fn total(files: &[Sizes]) -> Sizes {
    files.iter().fold(
        Sizes {
            name: "total".into(),
            ..Sizes::default()
        },
        |mut sum, file| {
            sum.raw += file.raw;
            sum.gzip += file.gzip;
            sum.brotli += file.brotli;
            sum
        },
    )
}

fn table(files: &[Sizes], total: &Sizes) -> String {
    let mut text = format!(
        "{:32} {:>9} {:>9} {:>9}  (kB)\n",
        "file", "raw", "gzip", "brotli"
    );
    for file in files.iter().chain([total]) {
        text.push_str(&format!(
            "{:32} {:>9} {:>9} {:>9}\n",
            file.name,
            kb(file.raw),
            kb(file.gzip),
            kb(file.brotli)
        ));
    }
    text
}

/// Thousands of bytes, one digit.
pub fn kb(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budget_is_a_limit_that_may_be_reached() {
        assert!(check(210_000, 210_000).is_ok());
        let why = check(210_001, 210_000).unwrap_err();
        assert!(why.contains("over its budget"), "{why}");
    }

    #[test]
    fn total_sums_each_kind() {
        let file = |raw, gzip, brotli| Sizes {
            name: "a".into(),
            raw,
            gzip,
            brotli,
        };
        let sum = total(&[file(10, 5, 4), file(1, 2, 3)]);
        assert_eq!((sum.raw, sum.gzip, sum.brotli), (11, 7, 7));
    }

    #[test]
    fn the_committed_budget_is_within_the_limit_that_was_set() {
        let budget: Value = serde_json::from_str(include_str!("../budget.json")).unwrap();
        assert!(budget["brotliBytes"].as_u64().unwrap() <= 210_000);
    }
}
