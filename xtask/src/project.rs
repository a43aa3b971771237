//! Where things are.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use serde_json::Value;

use crate::process::Run;

/// The repository and the places the commands use.
pub struct Project {
    /// The repository's root.
    pub root: PathBuf,
    /// Cargo's target directory (may be shared or moved by `CARGO_TARGET_DIR`).
    pub target: PathBuf,
    /// Tools built by these commands, one folder per name and version.
    pub cache: PathBuf,
    /// The library's version.
    pub version: String,
}

impl Project {
    /// Finds the repository from where this crate was compiled, and asks cargo
    /// for the rest.
    pub fn find() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .context("xtask has no parent folder")?
            .to_owned();
        let metadata = Run::cargo(["metadata", "--no-deps", "--format-version", "1"])
            .dir(&root)
            .quiet()
            .run()?;
        let metadata: Value = serde_json::from_str(&metadata)?;
        let target = metadata["target_directory"]
            .as_str()
            .context("cargo metadata names no target directory")?
            .into();
        let version = metadata["packages"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|package| package["name"] == "connect-interpreter")
            .and_then(|package| package["version"].as_str())
            .context("cargo metadata does not list the library")?
            .to_owned();
        let cache = cache_dir(|name| env::var_os(name))
            .ok_or_else(|| anyhow!("set HOME or CONNECT_INTERPRETER_CACHE"))?;
        Ok(Self {
            root,
            target,
            cache,
            version,
        })
    }

    /// The built package.
    pub fn pkg(&self) -> PathBuf {
        self.root.join("pkg")
    }

    /// The stand-in's binary, built by [`Project::build_local_aws`].
    pub fn local_aws(&self) -> PathBuf {
        self.target
            .join("debug")
            .join(format!("local-aws{}", env::consts::EXE_SUFFIX))
    }

    /// Builds the stand-in (its dev profile is optimised).
    pub fn build_local_aws(&self) -> Result<()> {
        Run::cargo(["build", "--package", "local-aws"])
            .dir(&self.root)
            .run()?;
        Ok(())
    }
}

/// The tools' folder, from the environment.
fn cache_dir(var: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let set = |name| var(name).filter(|value| !value.is_empty());
    if let Some(own) = set("CONNECT_INTERPRETER_CACHE") {
        return Some(own.into());
    }
    let base = set("XDG_CACHE_HOME").map(PathBuf::from).or_else(|| {
        set("HOME")
            .or_else(|| set("USERPROFILE"))
            .map(|home| PathBuf::from(home).join(".cache"))
    })?;
    Some(base.join("connect-interpreter"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cache_follows_the_nearest_setting() {
        let with = |set: &'static [(&str, &str)]| {
            cache_dir(move |name| {
                set.iter()
                    .find(|(key, _)| *key == name)
                    .map(|(_, value)| value.into())
            })
        };
        assert_eq!(
            with(&[("CONNECT_INTERPRETER_CACHE", "/t"), ("HOME", "/h")]),
            Some("/t".into())
        );
        assert_eq!(
            with(&[("XDG_CACHE_HOME", "/x"), ("HOME", "/h")]),
            Some("/x/connect-interpreter".into())
        );
        assert_eq!(
            with(&[("XDG_CACHE_HOME", ""), ("HOME", "/h")]),
            Some("/h/.cache/connect-interpreter".into())
        );
        assert_eq!(with(&[]), None);
    }
}
