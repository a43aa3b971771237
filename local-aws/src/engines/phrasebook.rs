//! Translation from a list of phrases: engine "phrasebook".

use std::{collections::HashMap, io, path::Path};

use super::text;

/// Phrases by pair of primary languages, both ways.
#[derive(Debug, Default)]
pub(super) struct Phrasebook {
    pairs: HashMap<(String, String), HashMap<Vec<String>, Phrase>>,
    longest: usize,
    entries: usize,
}

#[derive(Debug)]
struct Phrase {
    /// Whether the phrase itself begins in upper case, as "I" does anywhere.
    begins_high: bool,
    meant: String,
}

impl Phrasebook {
    /// Reads `{"entries":[{"en-US":"…","es-US":"…"}]}`.
    pub(super) fn load(path: &Path) -> io::Result<Self> {
        #[derive(serde::Deserialize)]
        struct File {
            entries: Vec<HashMap<String, String>>,
        }
        let file: File = super::read_json(path)?;
        let mut book = Self {
            entries: file.entries.len(),
            ..Self::default()
        };
        for entry in &file.entries {
            for (source, said) in entry {
                for (target, meant) in entry {
                    if source != target {
                        let words = text::keys(said);
                        book.longest = book.longest.max(words.len());
                        book.pairs
                            .entry((text::primary(source), text::primary(target)))
                            .or_default()
                            .insert(
                                words,
                                Phrase {
                                    begins_high: said.starts_with(char::is_uppercase),
                                    meant: meant.clone(),
                                },
                            );
                    }
                }
            }
        }
        Ok(book)
    }

    /// How many phrases there are.
    pub(super) fn len(&self) -> usize {
        self.entries
    }

    /// The translation of `text`, which may be several phrases in a row. Each
    /// phrase keeps the mark that follows it in `text`.
    pub(super) fn translate(&self, source: &str, target: &str, text: &str) -> Option<String> {
        let phrases = self
            .pairs
            .get(&(text::primary(source), text::primary(target)))?;
        let tokens = text::tokens(text);
        let words: Vec<String> = tokens.iter().map(|token| token.key.clone()).collect();
        let pieces = text::cover(&words, self.longest, |words| phrases.get(words))?;
        let mut out = String::new();
        for (phrase, range) in pieces {
            if !out.is_empty() {
                out.push(' ');
            }
            let said = &text[tokens[range.start].range.clone()];
            let bare = phrase.meant.trim_end_matches(['.', ',', '?', '!']);
            if said.starts_with(char::is_uppercase) && !phrase.begins_high {
                out.push_str(&capitalised(bare));
            } else {
                out.push_str(bare);
            }
            // A Spanish question that opened with its mark must close with it.
            let asks = bare.starts_with('¿') || bare.contains(", ¿");
            match text::mark_after(text, tokens[range.end - 1].range.end) {
                _ if asks => out.push('?'),
                Some(mark) => out.push(mark),
                None => {}
            }
        }
        Some(out)
    }
}

fn capitalised(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = false;
    for character in text.chars() {
        if !done && character.is_alphabetic() {
            out.extend(character.to_uppercase());
            done = true;
        } else {
            out.push(character);
        }
    }
    out
}
