//! Whose code the module is made of, by the functions' names.

use std::collections::BTreeMap;

use anyhow::Result;
use wasmparser::{KnownCustom, Name, Parser, Payload, TypeRef};

use crate::sizes::kb;

/// Bytes by crate (code) and by section (the rest), largest first.
fn shares(wasm: &[u8]) -> Result<Vec<(String, u64)>> {
    let mut imported = 0;
    let mut bodies = Vec::new();
    let mut names = BTreeMap::new();
    let mut parts: BTreeMap<String, u64> = BTreeMap::new();
    let mut other = 0;
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::ImportSection(imports) => {
                other += length(imports.range());
                for import in imports.into_imports() {
                    if let TypeRef::Func(_) | TypeRef::FuncExact(_) = import?.ty {
                        imported += 1;
                    }
                }
            }
            Payload::CodeSectionEntry(body) => bodies.push(length(body.range())),
            Payload::DataSection(data) => {
                *parts
                    .entry("(data: constants, tables, texts)".into())
                    .or_default() += length(data.range());
            }
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(sub) = section.as_known() {
                    for name in sub {
                        if let Name::Function(map) = name? {
                            for naming in map {
                                let naming = naming?;
                                names.insert(naming.index, crate_of(naming.name));
                            }
                        }
                    }
                }
            }
            Payload::CodeSectionStart { .. } => {}
            payload => other += payload.as_section().map_or(0, |(_, range)| length(range)),
        }
    }
    for (i, bytes) in (imported..).zip(bodies) {
        let owner = names.get(&i).cloned().unwrap_or_else(|| "(unnamed)".into());
        *parts.entry(owner).or_default() += bytes;
    }
    *parts
        .entry("(types, imports, exports, elements)".into())
        .or_default() += other;
    let mut parts: Vec<_> = parts.into_iter().collect();
    parts.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    Ok(parts)
}

fn length(range: std::ops::Range<usize>) -> u64 {
    range.len() as u64
}

/// The crates that make up the module, with the part of the compressed size
/// that falls to each.
pub fn table(wasm: &[u8], brotli: u64) -> Result<String> {
    let parts = shares(wasm)?;
    let all: u64 = parts.iter().map(|(_, bytes)| bytes).sum();
    let mut text = format!(
        "{:40} {:>9} {:>6} {:>9}  (kB)\n",
        "wasm by crate", "raw", "share", "brotli ~"
    );
    for (name, bytes) in &parts {
        let share = *bytes as f64 / all.max(1) as f64;
        text.push_str(&format!(
            "{name:40} {:>9} {:>5.1}% {:>9}\n",
            kb(*bytes),
            100.0 * share,
            kb((share * brotli as f64) as u64)
        ));
    }
    text.push_str(
        "Generic code counts for the crate that wrote it. \"brotli ~\" is the crate's share of the\n\
         raw bytes times the module's compressed size: an estimate, as parts share one dictionary.\n",
    );
    Ok(text)
}

/// The crate that a function belongs to.
///
/// `<A as B>::f` is A's (its impl), `drop_in_place<A>` too.
fn crate_of(name: &str) -> String {
    let demangled = rustc_demangle::demangle(name).to_string();
    let mut path = demangled.as_str();
    if let Some((_, dropped)) = path.split_once("drop_in_place<")
        && starts_path(dropped)
    {
        path = dropped;
    }
    // Everything that may stand before the first crate's name.
    loop {
        let bare = path
            .trim_start_matches(['<', '&', '*', '[', '(', ' '])
            .trim_start_matches("mut ")
            .trim_start_matches("const ")
            .trim_start_matches("dyn ");
        if bare.len() == path.len() {
            break;
        }
        path = bare;
    }
    let end = path
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(path.len());
    let (ident, rest) = path.split_at(end);
    // v0 names give the crate's hash: `core[0123456789abcdef]::fmt`.
    let rest = match rest.strip_prefix('[') {
        Some(hashed) => hashed.split_once(']').map_or("", |(_, rest)| rest),
        None => rest,
    };
    // `<T as core::fmt::Display>::fmt` for a primitive or a parameter T: the
    // trait's crate wrote it.
    if !rest.starts_with("::") {
        if let Some((_, of_trait)) = demangled.split_once(" as ")
            && of_trait.contains("::")
        {
            return crate_of(of_trait);
        }
        return match ident {
            "str" | "char" | "bool" | "f32" | "f64" | "u8" | "u16" | "u32" | "u64" | "i32"
            | "i64" | "usize" => "std, alloc, core".into(),
            "memcpy" | "memmove" | "memset" | "memcmp" | "bcmp" => "compiler_builtins".into(),
            "malloc" | "free" | "realloc" | "calloc" => "(allocator)".into(),
            _ if name.ends_with(" shim") => "wasm_bindgen".into(),
            _ if ident.starts_with("__wbindgen") || ident.starts_with("__wbg") => {
                "wasm_bindgen".into()
            }
            _ if ident.starts_with("__r") => "(allocator)".into(),
            _ => "(other)".into(),
        };
    }
    match ident {
        "core" | "alloc" | "std" => "std, alloc, core".into(),
        _ => ident.to_owned(),
    }
}

/// A path or a reference to one, rather than a primitive type.
fn starts_path(text: &str) -> bool {
    text.split(['>', ','])
        .next()
        .is_some_and(|first| first.contains("::"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_the_crate() {
        for (name, owner) in [
            (
                "connect_interpreter::audio::Resampler::push::h0123456789abcdef",
                "connect_interpreter",
            ),
            (
                "<rubato::sinc::Sinc as rubato::Resampler>::process",
                "rubato",
            ),
            (
                "<&mut serde_json::de::Deserializer<R> as serde::Deserializer>::deserialize_any",
                "serde_json",
            ),
            ("core::fmt::write::hb1", "std, alloc, core"),
            ("core[9f8e7d6c5b4a3210]::fmt::write", "std, alloc, core"),
            ("<aws_sigv4[12]::sign::v4::Signer>::sign", "aws_sigv4"),
            (
                "core::ptr::drop_in_place<alloc::vec::Vec<u8>>::h1",
                "std, alloc, core",
            ),
            ("core::ptr::drop_in_place<time::Date>::h1", "time"),
            ("core::ptr::drop_in_place<u8>", "std, alloc, core"),
            ("<u32 as core::fmt::Display>::fmt", "std, alloc, core"),
            ("<T as serde::de::Visit>::visit", "serde"),
            (
                "_ZN4http6header3map9HeaderMap3get17h0123456789abcdefE",
                "http",
            ),
            ("_RNvCs1234_7mycrate3foo", "mycrate"),
            ("__wbindgen_malloc", "wasm_bindgen"),
            (
                "handle_attach externref shim multivalue shim",
                "wasm_bindgen",
            ),
            ("<str>::to_lowercase", "std, alloc, core"),
            ("memcpy", "compiler_builtins"),
            ("$something", "(other)"),
        ] {
            assert_eq!(crate_of(name), owner, "{name}");
        }
    }

    #[test]
    fn bytes_are_attributed_by_function_index() {
        // One imported function, then two bodies of 4 and 2 bytes.
        let wasm = [
            b"\0asm\x01\0\0\0".as_slice(),
            b"\x01\x04\x01\x60\0\0",       // type () -> ()
            b"\x02\x07\x01\x01a\x01b\0\0", // import a.b
            b"\x03\x03\x02\0\0",           // two functions
            b"\x0a\x09\x02\x04\0\x01\x01\x0b\x02\0\x0b",
            b"\0\x17\x04name\x01\x10\x03\0\x01i\x01\x04a::b\x02\x04c::d", // names
        ]
        .concat();
        let parts: BTreeMap<_, _> = shares(&wasm).unwrap().into_iter().collect();
        assert_eq!(parts["a"], 4);
        assert_eq!(parts["c"], 2);
    }
}
