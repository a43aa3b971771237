//! The Chromium and the chromedriver of the browser tests.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use serde_json::Value;

use crate::process::which;
use crate::project::Project;
use crate::setup;

const CHROMIUM: &[&str] = &["chromium", "chromium-browser", "google-chrome", "chrome"];
const MISSING: &str = "install Chromium and its driver (Debian: apt-get install chromium \
    chromium-driver), or name them with CHROMIUM and CHROMEDRIVER";

/// Chromium, installed when that is possible.
pub fn chromium(project: &Project) -> Result<PathBuf> {
    let find = || -> Option<PathBuf> {
        env::var_os("CHROMIUM")
            .map(PathBuf::from)
            .or_else(|| committed(project).filter(|binary| binary.is_file()))
            .or_else(|| which(CHROMIUM).map(Into::into))
    };
    find_or_install(find)
}

/// The driver that speaks WebDriver to Chromium.
pub fn chromedriver() -> Result<PathBuf> {
    find_or_install(|| {
        env::var_os("CHROMEDRIVER")
            .or_else(|| which(&["chromedriver"]))
            .map(Into::into)
    })
}

fn find_or_install(find: impl Fn() -> Option<PathBuf>) -> Result<PathBuf> {
    if let Some(found) = find() {
        return Ok(found);
    }
    if setup::debian_install(&["chromium", "chromium-driver"])?
        && let Some(found) = find()
    {
        return Ok(found);
    }
    bail!("{MISSING}")
}

/// The binary that webdriver.json names.
fn committed(project: &Project) -> Option<PathBuf> {
    let text = fs::read_to_string(project.root.join("webdriver.json")).ok()?;
    let json: Value = serde_json::from_str(&text).ok()?;
    Some(json["goog:chromeOptions"]["binary"].as_str()?.into())
}

/// The committed webdriver.json, or a copy of it for a Chromium that is
/// somewhere else.
pub fn webdriver_json(project: &Project, chromium: &Path) -> Result<PathBuf> {
    let committed_file = project.root.join("webdriver.json");
    if committed(project).as_deref() == Some(chromium) {
        return Ok(committed_file);
    }
    let mut json: Value = serde_json::from_str(&fs::read_to_string(committed_file)?)?;
    json["goog:chromeOptions"]["binary"] = chromium.to_string_lossy().into();
    fs::create_dir_all(&project.target)?;
    let copy = project.target.join("webdriver.json");
    fs::write(&copy, serde_json::to_string_pretty(&json)?)?;
    Ok(copy)
}
