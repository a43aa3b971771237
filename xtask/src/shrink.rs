//! What is published is made small: the module by wasm-opt, the names that
//! module and glue share, the JavaScript by terser. The readable sources are
//! in the repository.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::package::{GLUE, WASM, named_wasm};
use crate::process::Run;
use crate::project::Project;
use crate::setup;

/// What rustc and wasm-bindgen emit today and every supported browser has
/// (Chromium 111, Firefox 111, Safari 16.4). Said explicitly because wasm-opt
/// refuses a module that uses what was not allowed.
const FEATURES: &[&str] = &[
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
    "--enable-simd",
];

/// Chosen by the compressed size, which is what a page loads.
const OPTIMISE: &[&str] = &[
    "-Oz",
    "--converge",
    // A function within a function has locals by the hundred, and their
    // numbers do not compress: 6 kB more without the limit.
    "--one-caller-inline-max-function-size",
    "30",
    // The last kilobyte of a full stack is all that could lie there.
    "--low-memory-unused",
    // Beside its like a function compresses better.
    "--reorder-functions-by-name",
    "-g",
];

/// Optimises the bound module in `stage`, and leaves one with the functions'
/// names, which say what every byte is for, in [`named_wasm`].
pub fn module(project: &Project, stage: &Path) -> Result<()> {
    let bound = stage.join(WASM);
    let named = named_wasm(project);
    wasm_opt(project, OPTIMISE, &bound, &named)?;
    let strip = [
        "--strip-debug",
        "--strip-producers",
        "--strip-target-features",
        "--minify-imports-and-exports-and-modules",
    ];
    let names = wasm_opt(project, &strip, &named, &bound)?;
    let glue = stage.join(GLUE);
    let renamed = rename(&fs::read_to_string(&glue)?, &serde_json::from_str(&names)?)?;
    fs::write(glue, renamed)?;
    Ok(())
}

/// The pinned wasm-opt and no other: Debian's breaks the externref table
/// without a word. Gives what it prints.
fn wasm_opt(project: &Project, options: &[&str], from: &Path, to: &Path) -> Result<String> {
    let script = setup::npm_tools(project)?.join("binaryen/bin/wasm-opt");
    Run::new("node", [script.as_os_str(), from.as_os_str()])
        .args(FEATURES)
        .args(options)
        .args(["-o".as_ref(), to.as_os_str()])
        .quiet()
        .run()
}

/// Gives the glue the short names that wasm-opt gave the module's imports and
/// exports. wasm-bindgen's own hold a hash each: 4 kB that do not compress.
fn rename(glue: &str, names: &Value) -> Result<String> {
    let mut glue = glue.to_owned();
    for import in list(names, "imports")? {
        let (module, old, new) = (text(import, 0)?, text(import, 1)?, text(import, 2)?);
        // wasm-opt makes one module, `a`, of all.
        glue = glue.replace(&format!("\"{module}\": "), "a: ");
        let key = format!(" {old}: ");
        if glue.matches(&key).count() != 1 {
            bail!("the glue does not have the import {old} once");
        }
        glue = glue.replace(&key, &format!(" {new}: "));
    }
    let mut exports = BTreeMap::new();
    for export in list(names, "exports")? {
        exports.insert(text(export, 0)?, text(export, 1)?);
    }
    let mut parts = glue.split("wasm.");
    let mut renamed = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let (old, rest) = part.split_at(end.unwrap_or(part.len()));
        let new = exports.get(old).with_context(|| {
            format!("the glue uses the export {old}, which the module does not have")
        })?;
        renamed.push_str(&format!("wasm.{new}{rest}"));
    }
    Ok(renamed)
}

fn list<'a>(names: &'a Value, kind: &str) -> Result<&'a Vec<Value>> {
    names[kind].as_array().context("wasm-opt gave no names")
}

fn text(entry: &Value, index: usize) -> Result<&str> {
    entry[index].as_str().context("wasm-opt gave no name")
}

/// Minifies the scripts in `stage`, each for itself: bundlers still find what
/// `new URL("…", import.meta.url)` names, and a page still loads worker and
/// worklets as files of their own.
pub fn scripts(project: &Project, stage: &Path) -> Result<()> {
    let terser = setup::npm_tools(project)?.join("terser/bin/terser");
    for entry in fs::read_dir(stage)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "js") {
            Run::new("node", [terser.as_os_str(), path.as_os_str()])
                .args(["--module", "--mangle", "--keep-classnames"])
                .args(["--compress", "ecma=2020,passes=3"])
                .args(["--output".as_ref(), path.as_os_str()])
                .run()?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const GLUE: &str = "
        const import0 = {
            __wbg_now_01: function() { return wasm.memory; },
            __wbg_now_012: now,
        };
        return { \"./glue.js\": import0 };
        wasm.page_new(wasm.page);";

    #[test]
    fn imports_and_exports_get_their_short_names() {
        let names = json!({
            "imports": [["./glue.js", "__wbg_now_01", "x"], ["./glue.js", "__wbg_now_012", "y"]],
            "exports": [["memory", "m"], ["page", "p"], ["page_new", "q"]],
        });
        let renamed = "
        const import0 = {
            x: function() { return wasm.m; },
            y: now,
        };
        return { a: import0 };
        wasm.q(wasm.p);";
        assert_eq!(rename(GLUE, &names).unwrap(), renamed);
    }

    #[test]
    fn a_name_that_only_one_side_has_is_an_error() {
        let exports = json!([["memory", "m"], ["page", "p"], ["page_new", "q"]]);
        let unknown = json!({ "imports": [["./glue.js", "__wbg_gone", "x"]], "exports": exports });
        assert!(rename(GLUE, &unknown).is_err());
        let missing = json!({ "imports": [], "exports": [["memory", "m"]] });
        assert!(rename(GLUE, &missing).is_err());
    }
}
