//! What the segmenter has to know of scripts: clause ends and spaces.

/// Languages that are written without spaces between words.
const WITHOUT_SPACES: [&str; 8] = ["zh", "yue", "wuu", "ja", "th", "lo", "km", "my"];

/// Marks that end a clause, in the scripts of the languages that Transcribe
/// knows.
const CLAUSE_ENDS: &[char] = &[
    '.', ',', '!', '?', ';', ':', '…', // Latin, Cyrillic, Greek, …
    '。', '、', '，', '？', '！', '；', '：', '．', '｡', '､', // CJK
    '।', '॥', // Devanagari and its relatives
    '؟', '،', '؛', '۔', // Arabic, Persian, Urdu
    '։', '՝', // Armenian
    '።', '፣', '፤', '፧', // Ethiopic
    '၊', '။',        // Burmese
    '។',        // Khmer
    '\u{037e}', // Greek question mark
];

/// Whether a mark ends a clause. Attached to a word, a full stop, comma or colon
/// of ASCII may belong to it ("Dr.", "3,50"): only at its end, and not the stop.
pub fn ends_clause(text: &str, attached: bool) -> bool {
    let mut chars = text.chars().rev();
    let Some(last) = chars.find(|c| !matches!(c, '"' | '\'' | '”' | '’' | '»' | ')' | '」' | '』'))
    else {
        return false;
    };
    CLAUSE_ENDS.contains(&last) && !(attached && last == '.')
}

/// Whether a mark belongs to the word after it.
pub fn opens(mark: &str) -> bool {
    !mark.is_empty()
        && mark.chars().all(|c| {
            matches!(
                c,
                '¿' | '¡' | '(' | '[' | '«' | '“' | '‘' | '「' | '『' | '（' | '《'
            )
        })
}

/// How words are joined to a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    /// With a space.
    Spaces,
    /// With nothing, but where two words of Latin letters or digits meet.
    Nothing,
}

impl Join {
    /// By a language code's first part.
    #[must_use]
    pub fn of(language_code: &str) -> Self {
        let language = language_code.split('-').next().unwrap_or_default();
        if WITHOUT_SPACES
            .iter()
            .any(|without| without.eq_ignore_ascii_case(language))
        {
            Self::Nothing
        } else {
            Self::Spaces
        }
    }

    /// Joins pieces that carry their own punctuation.
    pub fn all<'a>(self, pieces: impl IntoIterator<Item = &'a str>) -> String {
        let mut text = String::new();
        for piece in pieces {
            let spaced = match (self, text.chars().last(), piece.chars().next()) {
                (_, None, _) | (_, _, None) => false,
                (Self::Spaces, Some(_), Some(_)) => true,
                (Self::Nothing, Some(a), Some(b)) => {
                    (a.is_ascii_alphanumeric() || a.is_ascii_punctuation())
                        && b.is_ascii_alphanumeric()
                }
            };
            if spaced {
                text.push(' ');
            }
            text.push_str(piece);
        }
        text
    }

    /// Takes a text apart into words: at spaces, or into characters (Latin
    /// words whole) with the marks after them.
    #[must_use]
    pub fn split(self, text: &str) -> Vec<String> {
        let pieces = text.split_whitespace();
        if self == Self::Spaces {
            return pieces.map(str::to_owned).collect();
        }
        let mut words: Vec<String> = Vec::new();
        for piece in pieces {
            let mut latin = false;
            for c in piece.chars() {
                let ascii = c.is_ascii_alphanumeric();
                match words.last_mut() {
                    // Marks and combining signs stay with what they follow.
                    Some(word) if !c.is_alphanumeric() || (ascii && latin) => word.push(c),
                    _ => words.push(c.to_string()),
                }
                latin = ascii;
            }
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_script_ends_its_clauses() {
        for mark in [
            ".", ",", "!", "?", ";", ":", "…", "。", "、", "，", "？", "！", "।", "؟", "،", "۔",
            "።", ".”", "?\"",
        ] {
            assert!(ends_clause(mark, false), "{mark}");
        }
        for no in ["", "-", "¿", "\"", "'", "%", "&"] {
            assert!(!ends_clause(no, false), "{no}");
        }
        assert!(ends_clause("好。", true));
        assert!(ends_clause("Hola,", true));
        assert!(!ends_clause("Dr.", true));
        assert!(!ends_clause("3.50", true));
    }

    #[test]
    fn words_are_joined_as_the_language_is_written() {
        assert_eq!(
            Join::of("es-US").all(["Hola,", "¿qué", "tal?"]),
            "Hola, ¿qué tal?"
        );
        assert_eq!(Join::of("zh-CN").all(["你好，", "世界。"]), "你好，世界。");
        assert_eq!(
            Join::of("ja-JP").all(["私", "は", "OK", "です"]),
            "私はOKです"
        );
        assert_eq!(Join::of("th-TH").all(["สวัสดี", "ครับ"]), "สวัสดีครับ");
        assert_eq!(
            Join::of("zh-CN").all(["用", "Amazon", "Connect", "吧"]),
            "用Amazon Connect吧"
        );
        assert_eq!(Join::of("hi-IN").all(["नमस्ते।", "कैसे"]), "नमस्ते। कैसे");
    }

    #[test]
    fn texts_come_apart_and_together_again() {
        for (code, text, count) in [
            ("en-US", "Yes, I can.", 3),
            ("zh-CN", "你好，世界。", 4),
            ("ja-JP", "OKです。", 3),
            ("zh-CN", "用Amazon Connect吧", 4),
        ] {
            let join = Join::of(code);
            let words = join.split(text);
            assert_eq!(words.len(), count, "{words:?}");
            assert_eq!(join.all(words.iter().map(String::as_str)), text);
        }
    }
}
