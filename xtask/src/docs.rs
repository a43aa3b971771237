//! What the documents promise, read from them and from the sources.

use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::read_to_string(root.join(path)).expect(path)
}

/// `NotReady` → `not-ready`.
fn kebab(name: &str) -> String {
    let mut written = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !written.is_empty() {
            written.push('-');
        }
        written.extend(letter.to_lowercase());
    }
    written
}

/// The public names of an enum's variants.
fn variants(source: &str, of: &str) -> Vec<String> {
    let (_, body) = source.split_once(&format!("pub enum {of} {{")).expect(of);
    let (body, _) = body.split_once("\n}").expect("an end");
    let names = body
        .lines()
        .filter_map(|line| line.trim().strip_suffix(','));
    let names = names.filter(|name| name.chars().all(char::is_alphanumeric));
    names.map(kebab).collect()
}

#[test]
fn every_error_code_has_a_line_of_troubleshooting() {
    let readme = read("README.md");
    let (_, section) = readme
        .split_once("\n## Troubleshooting\n")
        .expect("the section");
    let (section, _) = section.split_once("\n## ").expect("a section after it");
    let logged: Vec<&str> = section
        .lines()
        .filter_map(|line| line.split(" | ").nth(1))
        .collect();
    let codes = variants(&read("src/error.rs"), "ErrorCode");
    assert!(codes.len() > 20 && codes.contains(&"not-ready".to_owned()));
    let missing: Vec<&String> = codes
        .iter()
        .filter(|code| {
            !logged
                .iter()
                .any(|cell| cell.contains(&format!("`{code}`")))
        })
        .collect();
    assert!(missing.is_empty(), "no line in README.md for {missing:?}");
}

/// Each line says all three: what is seen, what is logged, what to do.
#[test]
fn troubleshooting_has_three_columns() {
    let readme = read("README.md");
    let (_, section) = readme
        .split_once("\n## Troubleshooting\n")
        .expect("the section");
    let (section, _) = section.split_once("\n## ").expect("a section after it");
    for row in section.lines().filter(|line| line.starts_with('|')) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let heading = cells[0].starts_with("**") && cells[1..].iter().all(|cell| cell.is_empty());
        assert_eq!(cells.len(), 3, "{row}");
        assert!(
            heading || cells.iter().all(|cell| !cell.is_empty()),
            "{row}"
        );
    }
}
