//! The texts of panics are not shipped.
//!
//! A panic in the browser is a trap: nothing shows its text, yet a page loads
//! the text, the place in the source, and the code that would write both (down
//! to that for floating point numbers). Rust's own switch for this
//! (`panic=immediate-abort`) is not in the stable compiler. So cargo calls us as
//! the linker: in the object that is the whole program, everything on the way
//! to a certain panic becomes the instruction that traps, and the real linker
//! then leaves out what nothing refers to any more. What a panic does stays as
//! it was: it traps, at the same place.

mod ways;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};
use wasmparser::{
    FunctionBody, KnownCustom, Linking, Parser, Payload, RelocSectionReader, SymbolInfo, TypeRef,
};

use ways::Ways;

/// Where every panic of Rust's and every failed allocation ends.
const ENDS: &[&str] = &["core::panicking::", "alloc::alloc::handle_alloc_error"];

/// The section that lists the code's places.
const PLACES: &str = "reloc.CODE";

/// Whether rustc has started us as its linker.
pub fn is_linking() -> bool {
    std::env::args_os()
        .nth(1)
        .is_some_and(|arg| arg == "-flavor")
}

/// Cuts the objects that rustc wrote and has them linked.
pub fn link() -> Result<()> {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    for object in args.iter().map(Path::new) {
        if object.to_string_lossy().ends_with(".rcgu.o") {
            fs::write(object, cut(&fs::read(object)?)?)?;
        }
    }
    // rustc has put its own tools into PATH.
    let status = Command::new("rust-lld").args(args).status()?;
    if !status.success() {
        bail!("rust-lld: {status}");
    }
    Ok(())
}

/// An object as rustc and LLVM write it: functions whose calls name others by
/// number, and a list of all places that hold such a number or an address.
#[derive(Default)]
struct Object<'a> {
    imported: u32,
    bodies: Vec<FunctionBody<'a>>,
    names: BTreeMap<u32, &'a str>,
    /// Where the section of code begins: its places count from there.
    code: usize,
    places: Option<Places<'a>>,
}

/// The section [`PLACES`], from its header on.
struct Places<'a> {
    section: Range<usize>,
    reader: RelocSectionReader<'a>,
}

impl<'a> Object<'a> {
    fn read(object: &'a [u8]) -> Result<Self> {
        let mut found = Self::default();
        let mut code_index = None;
        let mut sections = 0;
        let mut end = 0;
        for payload in Parser::new(0).parse_all(object) {
            let payload = payload?;
            let section = payload.as_section().map(|(_, range)| range);
            match payload {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        let import = import?;
                        if let TypeRef::Func(_) | TypeRef::FuncExact(_) = import.ty {
                            found.names.insert(found.imported, import.name);
                            found.imported += 1;
                        }
                    }
                }
                Payload::CodeSectionStart { ref range, .. } => {
                    found.code = range.start;
                    code_index = Some(sections);
                }
                Payload::CodeSectionEntry(body) => found.bodies.push(body),
                Payload::CustomSection(custom) => match custom.as_known() {
                    KnownCustom::Linking(linking) => {
                        for part in linking.subsections() {
                            if let Linking::SymbolTable(symbols) = part? {
                                found.name(symbols)?;
                            }
                        }
                    }
                    KnownCustom::Reloc(reader) if Some(reader.section_index()) == code_index => {
                        let section = end..custom.range().end;
                        found.places = Some(Places { section, reader });
                    }
                    _ => {}
                },
                _ => {}
            }
            if let Some(section) = section {
                sections += 1;
                end = section.end;
            }
        }
        Ok(found)
    }

    fn name(&mut self, symbols: wasmparser::SymbolInfoMap<'a>) -> Result<()> {
        for symbol in symbols {
            if let SymbolInfo::Func {
                index,
                name: Some(name),
                ..
            } = symbol?
            {
                self.names.insert(index, name);
            }
        }
        Ok(())
    }

    /// The functions that do nothing but panic.
    fn doomed(&self) -> Result<BTreeSet<u32>> {
        let mut doomed: BTreeSet<u32> = self
            .names
            .iter()
            .filter(|(_, name)| {
                let name = format!("{:#}", rustc_demangle::demangle(name));
                ENDS.iter().any(|end| name.starts_with(end))
            })
            .map(|(index, _)| *index)
            .collect();
        loop {
            let known = doomed.len();
            for (index, body) in (self.imported..).zip(&self.bodies) {
                if !doomed.contains(&index) {
                    let ways = Ways::of(body, &doomed)?;
                    if !ways.cuts.is_empty() && !ways.other {
                        doomed.insert(index);
                    }
                }
            }
            if doomed.len() == known {
                return Ok(doomed);
            }
        }
    }
}

/// The object with the ways to panics cut.
fn cut(object: &[u8]) -> Result<Vec<u8>> {
    let read = Object::read(object)?;
    let Some(places) = &read.places else {
        // rustc's object of its own metadata has no code.
        return Ok(object.to_owned());
    };
    let doomed = read.doomed()?;
    let mut cuts = Vec::new();
    for body in &read.bodies {
        cuts.extend(Ways::of(body, &doomed)?.cuts);
    }
    if cuts.is_empty() {
        bail!("nothing panics: does the compiler name what does differently now?");
    }
    let mut out = object.to_owned();
    for cut in &cuts {
        // As many `unreachable` as there were bytes: no other place moves.
        out[cut.clone()].fill(0);
    }
    let places = places.without(object, |place| {
        let place = read.code + place as usize;
        let next = cuts.partition_point(|cut| cut.end <= place);
        cuts.get(next).is_some_and(|cut| cut.contains(&place))
    })?;
    out.splice(places.0, places.1);
    Ok(out)
}

impl Places<'_> {
    /// Where the section stands, and one without the places that are cut.
    fn without(
        &self,
        object: &[u8],
        is_cut: impl Fn(u32) -> bool,
    ) -> Result<(Range<usize>, Vec<u8>)> {
        let mut kept = Vec::new();
        let mut count = 0;
        let mut entries = self.reader.entries().into_iter_with_offsets().peekable();
        while let Some(entry) = entries.next() {
            let (begin, entry) = entry?;
            let end = match entries.peek() {
                Some(Ok((next, _))) => *next,
                _ => self.section.end,
            };
            if !is_cut(entry.offset) {
                kept.extend_from_slice(&object[begin..end]);
                count += 1;
            }
        }
        let content = [
            &leb(PLACES.len())[..],
            PLACES.as_bytes(),
            &leb(self.reader.section_index() as usize),
            &leb(count),
            &kept,
        ]
        .concat();
        let section = [&[0][..], &leb(content.len()), &content].concat();
        Ok((self.section.clone(), section))
    }
}

/// A number as WebAssembly writes it.
fn leb(mut number: usize) -> Vec<u8> {
    let mut out = Vec::new();
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
    out
}

#[cfg(test)]
mod tests;
