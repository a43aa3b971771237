//! The turns in `tests/data/languages`, and how each language is written.

/// What Transcribe, and the people, speak.
pub const CODES: [&str; 6] = ["ja-JP", "zh-CN", "th-TH", "hi-IN", "ar-SA", "de-DE"];

/// A word with what comes after it.
#[derive(Clone, Debug, PartialEq)]
pub struct Word {
    pub text: String,
    /// The mark after it, or nothing.
    pub mark: String,
    /// The script ends a clause here.
    pub ends_clause: bool,
    /// A verb is still to come that belongs to what was said.
    pub held: bool,
}

/// What somebody says until the other one may.
#[derive(Clone, Debug)]
pub struct Turn {
    pub code: &'static str,
    pub name: String,
    pub words: Vec<Word>,
}

/// A language's turns.
pub fn of(code: &'static str) -> Vec<Turn> {
    let source = match code {
        "ja-JP" => include_str!("../../data/languages/ja-JP.txt"),
        "zh-CN" => include_str!("../../data/languages/zh-CN.txt"),
        "th-TH" => include_str!("../../data/languages/th-TH.txt"),
        "hi-IN" => include_str!("../../data/languages/hi-IN.txt"),
        "ar-SA" => include_str!("../../data/languages/ar-SA.txt"),
        _ => include_str!("../../data/languages/de-DE.txt"),
    };
    let mut turns: Vec<Turn> = Vec::new();
    let mut depth = 0_i32;
    for line in source.lines() {
        if let Some(name) = line.strip_prefix("# ") {
            assert_eq!(depth, 0, "{code}: a verb that never comes, before {name}");
            turns.push(Turn {
                code,
                name: name.to_owned(),
                words: Vec::new(),
            });
            continue;
        }
        let Some(turn) = turns.last_mut() else {
            continue;
        };
        let words = &mut turn.words;
        for token in line.split_whitespace() {
            let bare = token.trim_matches(['{', '}']);
            if bare.chars().any(char::is_alphanumeric) {
                let count = |bracket| token.matches(bracket).count() as i32;
                depth += count('{') - count('}');
                words.push(Word {
                    text: bare.to_owned(),
                    mark: String::new(),
                    ends_clause: false,
                    held: depth > 0,
                });
            } else if let Some(word) = words.last_mut() {
                word.mark.push_str(bare);
            }
        }
        if let Some(word) = words.last_mut() {
            word.ends_clause = true;
        }
    }
    turns
}

/// Every turn of every language.
pub fn all() -> Vec<Turn> {
    CODES.into_iter().flat_map(of).collect()
}

/// Words (with their marks) as the language is written. Not by the library's
/// own rule, which is what is tested.
pub fn written(code: &str, words: impl IntoIterator<Item = String>) -> String {
    let spaced = matches!(code, "hi-IN" | "ar-SA" | "de-DE");
    let mut text = String::new();
    for word in words {
        // Latin words stand apart in any script.
        let latin = text.ends_with(is_latin) && word.starts_with(is_latin);
        if !text.is_empty() && (spaced || latin) {
            text.push(' ');
        }
        text.push_str(&word);
    }
    text
}

fn is_latin(c: char) -> bool {
    c < '\u{250}'
}

impl Turn {
    /// Some of its words as they are written.
    pub fn text(&self, of: std::ops::Range<usize>) -> String {
        let words = self.words[of].iter();
        written(self.code, words.map(|word| word.text.clone() + &word.mark))
    }

    /// For messages.
    pub fn title(&self) -> String {
        format!("{}, {}", self.code, self.name)
    }
}
