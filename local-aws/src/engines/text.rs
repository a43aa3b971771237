//! Text as the phrasebook and the recordings compare it: words only.

/// A word of a text and where it stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// Lower case, letters and digits only.
    pub key: String,
    /// Byte range of the word in the text, without punctuation around it.
    pub range: std::ops::Range<usize>,
}

/// The words of `text`. An apostrophe is part of its word.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut open = false;
    for (at, character) in text.char_indices() {
        if character.is_alphanumeric() {
            if !open {
                tokens.push(Token {
                    key: String::new(),
                    range: at..at,
                });
                open = true;
            }
            if let Some(token) = tokens.last_mut() {
                token.key.extend(character.to_lowercase());
                token.range.end = at + character.len_utf8();
            }
        } else if !matches!(character, '\'' | '’') {
            open = false;
        }
    }
    tokens
}

/// The words alone.
pub(super) fn keys(text: &str) -> Vec<String> {
    tokens(text).into_iter().map(|token| token.key).collect()
}

/// `es` of `es-US`, in lower case.
pub(super) fn primary(language: &str) -> String {
    language
        .split(['-', '_'])
        .next()
        .unwrap_or_default()
        .to_lowercase()
}

/// Cuts `words` into known phrases, each the longest that fits at its place;
/// `None` when something is left over. `known` gives the value of a phrase.
/// Returns each value with the range of words that it stands for.
pub(super) fn cover<T>(
    words: &[String],
    longest: usize,
    known: impl Fn(&[String]) -> Option<T>,
) -> Option<Vec<(T, std::ops::Range<usize>)>> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let (value, end) = (at + 1..=words.len().min(at + longest))
            .rev()
            .find_map(|end| known(&words[at..end]).map(|value| (value, end)))?;
        pieces.push((value, at..end));
        at = end;
    }
    (!pieces.is_empty()).then_some(pieces)
}

/// The sentence or clause mark that follows byte `at` of `text`.
pub(super) fn mark_after(text: &str, at: usize) -> Option<char> {
    text[at..]
        .chars()
        .take_while(|c| !c.is_alphanumeric())
        .find(|c| matches!(c, ',' | '.' | '?' | '!' | ';' | ':' | '…'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_without_case_and_punctuation() {
        assert_eq!(
            keys("  ¿En QUÉ puedo,ayudarle? "),
            ["en", "qué", "puedo", "ayudarle"]
        );
        assert_eq!(keys("don't"), ["dont"]);
        assert_eq!(primary("es-US"), "es");
    }

    #[test]
    fn the_longest_phrase_wins_and_nothing_may_be_left() {
        let known = |words: &[String]| match words.join(" ").as_str() {
            "a" => Some(1),
            "a b" => Some(2),
            "c" => Some(3),
            _ => None,
        };
        let cut = |text: &str| {
            cover(&keys(text), 2, known).map(|p| p.into_iter().map(|(v, _)| v).collect::<Vec<_>>())
        };
        assert_eq!(cut("A, b. C"), Some(vec![2, 3]));
        assert_eq!(cut("a c a"), Some(vec![1, 3, 1]));
        assert_eq!(cut("a b b"), None);
        assert_eq!(cut("…"), None);
    }
}
