//! The notices of the crates that the module is compiled from: their licences
//! ask that copies of them carry these.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process::Run;
use crate::project::Project;

/// The text of THIRD-PARTY-LICENSES.txt.
pub fn text(project: &Project) -> Result<String> {
    let metadata = Run::cargo(["metadata", "--format-version", "1"])
        .args(["--filter-platform", "wasm32-unknown-unknown"])
        .dir(&project.root)
        .quiet()
        .run()?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let linked = linked(project)?;
    let id = |package: &Value| {
        format!(
            "{} {}",
            string(&package["name"]),
            string(&package["version"])
        )
    };
    let mut packages: Vec<_> = array(&metadata["packages"])
        .filter(|package| linked.contains(&id(package)))
        .collect();
    packages.sort_by_key(|package| string(&package["name"]));

    let mut list = String::new();
    let mut texts: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for package in packages {
        let name = string(&package["name"]);
        let license = string(&package["license"]);
        let version = string(&package["version"]);
        let home = string(&package["repository"]);
        list.push_str(format!("{name} {version}  {license}  {home}").trim_end());
        list.push('\n');
        let folder = Path::new(string(&package["manifest_path"]))
            .parent()
            .context("a manifest has a folder")?;
        for notice in notices(folder, license)? {
            texts.entry(notice).or_default().push(name);
        }
    }
    let mut all = format!(
        "The WebAssembly module of this package is compiled from these crates. Where a crate may\n\
         be used under the Apache License 2.0 it is, and LICENSE has its text; the texts of the\n\
         others, and every NOTICE, follow.\n\n{list}"
    );
    for (notice, names) in texts {
        let line = "-".repeat(80);
        all.push_str(&format!(
            "\n{line}\n{}\n{line}\n\n{}\n",
            names.join(", "),
            notice.trim()
        ));
    }
    Ok(all)
}

/// The packages whose code is in the module, as "name version".
///
/// cargo tree knows the features of this one package; cargo metadata joins
/// those of the whole workspace and would list the stand-in's crates too.
fn linked(project: &Project) -> Result<BTreeSet<String>> {
    let tree = Run::cargo(["tree", "--package", "connect-interpreter"])
        .args(["--target", "wasm32-unknown-unknown"])
        .args(["--edges", "normal,no-proc-macro"])
        .args(["--prefix", "none", "--format", "{p}"])
        .dir(&project.root)
        .quiet()
        .run()?;
    Ok(listed(&tree))
}

/// "name v1.2.3 (where from) (*)" on each line.
fn listed(tree: &str) -> BTreeSet<String> {
    tree.lines()
        .filter_map(|line| {
            let (name, rest) = line.split_once(" v")?;
            let version = rest.split(' ').next()?;
            Some(format!("{name} {version}"))
        })
        .filter(|package| !package.starts_with("connect-interpreter "))
        .collect()
}

/// What has to be passed on for one crate.
fn notices(folder: &Path, license: &str) -> Result<Vec<String>> {
    let apache = license.contains("Apache-2.0");
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default();
        if path.is_file() && wanted(&name.to_string_lossy(), apache) {
            found.push(fs::read_to_string(path)?.replace("\r\n", "\n"));
        }
    }
    Ok(found)
}

fn wanted(file: &str, apache: bool) -> bool {
    let file = file.to_ascii_uppercase();
    file.starts_with("NOTICE")
        || !apache
            && ["LICENSE", "LICENCE", "COPYING"]
                .iter()
                .any(|start| file.starts_with(start))
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn string(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_code_that_is_linked_is_listed() {
        let tree = "connect-interpreter v0.1.0 (/somewhere)\nhttp v1.5.0\nhttp v1.5.0 (*)\nbytes v1.12.1\n\n";
        let linked: Vec<_> = listed(tree).into_iter().collect();
        assert_eq!(linked, ["bytes 1.12.1", "http 1.5.0"]);
    }

    #[test]
    fn a_licence_of_our_own_kind_is_not_repeated() {
        assert!(wanted("NOTICE.txt", true));
        assert!(!wanted("LICENSE-MIT", true));
        assert!(wanted("LICENSE", false));
        assert!(!wanted("lib.rs", false));
    }
}
