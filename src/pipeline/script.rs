//! What has to be known of scripts: clause ends, spaces, and where a text can be
//! cut.

use std::collections::VecDeque;

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

/// Marks that open, and marks that close. What does either (`"`) is in neither;
/// what opens in English and closes in German opens here.
const OPENING: &[char] = &[
    '¿', '¡', '(', '[', '«', '‹', '“', '‘', '„', '‚', '「', '『', '（', '《', '〈', '【',
];
const CLOSING: &[char] = &['”', '’', '»', '›', '」', '』', '）', '》', '〉', '】'];

/// Whether a mark ends a clause. Attached to a word, a full stop, comma or colon
/// of ASCII may belong to it ("Dr.", "3,50"): only at its end, and not the stop.
pub fn ends_clause(text: &str, attached: bool) -> bool {
    let mut chars = text.chars().rev();
    // German closes with the mark that English opens with.
    let Some(last) = chars.find(|c| !closes(*c) && !matches!(c, '"' | '\'' | ')' | '“' | '‘'))
    else {
        return false;
    };
    CLAUSE_ENDS.contains(&last) && !(attached && last == '.')
}

/// Whether a mark closes what another one has opened, in any language.
fn closes(mark: char) -> bool {
    CLOSING.contains(&mark)
}

/// Whether a mark belongs to the word after it.
pub fn opens(mark: &str) -> bool {
    !mark.is_empty() && mark.chars().all(|c| OPENING.contains(&c))
}

/// Cuts a text into pieces of at most `most`, as `size` counts characters:
/// where the latest sentence or clause ends, else between words, else where no
/// letter is parted from its signs. One piece at least; only spaces are lost.
pub fn pieces(text: &str, most: usize, size: fn(char) -> usize) -> VecDeque<String> {
    let mut pieces = VecDeque::new();
    let mut rest = text;
    while let Some(at) = cut(rest, most, size) {
        let (piece, after) = rest.split_at(at);
        pieces.push_back(piece.trim_end().to_owned());
        rest = after.trim_start();
    }
    if pieces.is_empty() || !rest.is_empty() {
        pieces.push_back(rest.to_owned());
    }
    pieces
}

/// Where to cut a text that is too long: at the best place in the later half of
/// what fits, else at the last between words, else where it can be.
fn cut(text: &str, most: usize, size: fn(char) -> usize) -> Option<usize> {
    let mut length = 0;
    let mut before = ' ';
    // The last place of each kind.
    let mut last = [0; 5];
    for (at, c) in text.char_indices() {
        if at > 0 {
            last[place(before, c)] = at;
        }
        before = c;
        length += size(c);
        if length > most {
            let words = &last[2..];
            let best = words.iter().rev().find(|place| **place > at / 2);
            let best = best.or(words.iter().max()).copied();
            let best = best.filter(|at| *at > 0).unwrap_or(last[1]);
            // What cannot be cut well is cut here.
            return Some(if best > 0 { best } else { at.max(c.len_utf8()) });
        }
    }
    None
}

/// How good a place to cut there is between two characters: 4 at the end of a
/// sentence, 3 of a clause, 2 between words, 1 between letters, 0 nowhere.
fn place(before: char, after: char) -> usize {
    let closed = after.is_whitespace() || !before.is_ascii();
    match before {
        '.' | '!' | '?' | '…' | '。' | '？' | '！' | '।' | '॥' | '؟' | '۔' | '։' | '።' | '။'
        | '។'
            if closed && !is_mark(after) =>
        {
            4
        }
        _ if closed && !is_mark(after) && CLAUSE_ENDS.contains(&before) => 3,
        _ if after.is_whitespace() => 2,
        // Not within a mask ("?$#@$") or a row of dots, and not before a sign.
        _ if is_mark(before) && is_mark(after) => 0,
        _ if joins(after) || joins_next(before) => 0,
        _ => 1,
    }
}

fn is_mark(c: char) -> bool {
    c.is_ascii_punctuation() || CLAUSE_ENDS.contains(&c) || closes(c)
}

/// Whether a sign belongs to the letter before it: accents, vowel signs, tones,
/// joiners, the skin of an emoji.
fn joins(c: char) -> bool {
    match u32::from(c) {
        0x0300..=0x036F | 0x0483..=0x0489 | 0x0591..=0x05C7 | 0x0610..=0x061A => true,
        0x064B..=0x065F | 0x0670 | 0x06D6..=0x06ED => true,
        // Devanagari to Sinhala are laid out alike.
        code @ 0x0900..=0x0DFF => {
            matches!(code & 0x7F, 0..=3 | 0x3C | 0x3E..=0x4D | 0x51..=0x57 | 0x5E..=0x5F | 0x62..=0x63)
        }
        0x0E31 | 0x0E34..=0x0E3A | 0x0E47..=0x0E4E => true,
        0x0EB1 | 0x0EB4..=0x0EBC | 0x0EC8..=0x0ECE => true,
        0x0F71..=0x0F84 | 0x0F90..=0x0FBC | 0x102B..=0x103E | 0x1056..=0x1059 => true,
        0x135D..=0x135F | 0x17B4..=0x17D3 | 0x1AB0..=0x1AFF | 0x1DC0..=0x1DFF => true,
        0x200C..=0x200D | 0x20D0..=0x20FF | 0x302A..=0x302F | 0x3099..=0x309A => true,
        0xFE00..=0xFE0F | 0xFE20..=0xFE2F | 0x1F3FB..=0x1F3FF | 0xE0020..=0xE01EF => true,
        _ => false,
    }
}

/// Whether what follows belongs to this: joiners, the signs that leave a letter
/// without its vowel, and the Thai and Lao vowels that are written before theirs.
fn joins_next(c: char) -> bool {
    let virama = matches!(u32::from(c), 0x0900..=0x0DFF) && u32::from(c) & 0x7F == 0x4D;
    virama || matches!(c, '\u{200d}' | '\u{17d2}' | '\u{1039}' | 'เ'..='ไ' | 'ເ'..='ໄ')
}

/// A Latin letter, with or without a diacritic, or a digit.
fn is_latin(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '\u{c0}'..='\u{24f}' if c.is_alphabetic())
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
                    (is_latin(a) || a.is_ascii_punctuation()) && is_latin(b)
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
                let letter = is_latin(c);
                match words.last_mut() {
                    // Marks and combining signs stay with what they follow.
                    Some(word) if !c.is_alphanumeric() || (letter && latin) => word.push(c),
                    _ => words.push(c.to_string()),
                }
                latin = letter;
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
        for mark in [".“", "!‘", "。）", "？】", "。》", ",›"] {
            assert!(ends_clause(mark, false), "{mark}");
        }
        assert!(!ends_clause("“", false));
        assert!(ends_clause("好。", true));
        assert!(ends_clause("Hola,", true));
        assert!(!ends_clause("Dr.", true));
        assert!(!ends_clause("3.50", true));
    }

    #[test]
    fn marks_that_open_are_known() {
        for mark in ["¿", "(", "„", "‚", "‹", "「", "（", "【", "〈"] {
            assert!(opens(mark), "{mark}");
        }
        for no in ["", ".", "”", "”„", "）", "】"] {
            assert!(!opens(no), "{no}");
        }
    }

    /// The pieces, each checked to fit, and nothing lost but spaces.
    fn cut_up(text: &str, most: usize, size: fn(char) -> usize) -> Vec<String> {
        let cut: Vec<String> = pieces(text, most, size).into();
        for piece in &cut {
            assert!(piece.chars().map(size).sum::<usize>() <= most, "{piece:?}");
        }
        let bare = |text: &str| text.split_whitespace().collect::<String>();
        assert_eq!(bare(&cut.concat()), bare(text));
        cut
    }

    #[test]
    fn long_texts_are_cut_where_a_clause_ends() {
        let one = |_: char| 1;
        assert_eq!(cut_up("Short.", 100, one), ["Short."]);
        assert_eq!(cut_up("", 100, one), [""]);
        assert_eq!(
            cut_up("One is here. Two, which is long, is there.", 36, one),
            ["One is here. Two, which is long,", "is there."]
        );
        assert_eq!(
            cut_up("It is 3,50 or 1.000. And that, I am sure.", 27, one),
            ["It is 3,50 or 1.000.", "And that, I am sure."]
        );
        assert_eq!(
            cut_up("你好，世界。今天天气很好，是吗？", 10, char::len_utf8)
                .concat()
                .chars()
                .count(),
            16
        );
        assert_eq!(
            cut_up("你好，世界。今天天气很好，是吗？", 8, one),
            ["你好，世界。", "今天天气很好，", "是吗？"]
        );
        assert_eq!(
            cut_up("नमस्ते। आप कैसे हैं? मैं ठीक हूँ।", 22, one),
            ["नमस्ते। आप कैसे हैं?", "मैं ठीक हूँ।"]
        );
        assert_eq!(
            cut_up("مرحبا، كيف حالك؟ أنا بخير", 18, one),
            ["مرحبا، كيف حالك؟", "أنا بخير"]
        );
        // Without a mark between words, and never in one.
        assert_eq!(
            cut_up("one two three four", 11, one),
            ["one two", "three four"]
        );
    }

    #[test]
    fn no_letter_is_parted_from_its_signs() {
        let one = |_: char| 1;
        // A word of letters with two signs each.
        for (letter, count) in [("e\u{301}\u{323}", 3), ("ที่", 3), ("क्षि", 4), ("👩‍👩", 3)]
        {
            let word = letter.repeat(20);
            for piece in cut_up(&word, 10, one) {
                assert_eq!(piece.chars().count() % count, 0, "{piece}");
            }
        }
        // Bytes of a character and halves of a surrogate pair stay together.
        assert_eq!(cut_up("😀😀😀", 5, char::len_utf8).len(), 3);
        assert_eq!(cut_up("😀😀😀", 3, char::len_utf16).len(), 3);
    }

    #[test]
    fn a_mask_is_never_cut() {
        for most in 6..20 {
            for piece in cut_up("ab?$#@$cd ?$#@$, ef *** gh?$#@$", most, |_| 1) {
                let left = piece.replace("?$#@$", "").replace("***", "");
                assert!(!left.contains(['$', '#', '@', '*']), "{piece}");
            }
        }
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
        assert_eq!(
            Join::of("ja-JP").all(["Zoë", "Müller", "です"]),
            "Zoë Müllerです"
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
            ("zh-CN", "叫Zoë Müller。", 3),
        ] {
            let join = Join::of(code);
            let words = join.split(text);
            assert_eq!(words.len(), count, "{words:?}");
            assert_eq!(join.all(words.iter().map(String::as_str)), text);
        }
    }
}
