//! English, as far as the hand knows it: words and their stems, words that say little, sentences.
//!
//! A word that the stemmer does not change is compared as it is, so names and other languages work too.
//! Nothing here knows articles or conversations.

mod lists;

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use rust_stemmers::{Algorithm, Stemmer};

static STEMMER: LazyLock<Stemmer> = LazyLock::new(|| Stemmer::create(Algorithm::English));
static STOP: LazyLock<HashSet<&'static str>> = LazyLock::new(|| lists::STOP.split_whitespace().collect());
static COMMON: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let words = lists::COMMON.split_whitespace();
    words.flat_map(|word| [word.to_owned(), stem(word)]).collect()
});
static SYNONYMS: LazyLock<HashMap<String, Vec<String>>> = LazyLock::new(|| {
    let mut synonyms: HashMap<String, Vec<String>> = HashMap::new();
    for group in lists::SYNONYMS.lines() {
        let stems: Vec<String> = group.split_whitespace().map(stem).collect();
        for one in &stems {
            let known = synonyms.entry(one.clone()).or_default();
            known.extend(stems.iter().filter(|other| *other != one).cloned());
        }
    }
    synonyms
});

/// The stem of a word in small letters.
pub(crate) fn stem(word: &str) -> String {
    STEMMER.stem(word).into_owned()
}

/// Whether a word says nothing about what is asked.
pub(crate) fn is_stop(word: &str) -> bool {
    STOP.contains(word)
}

/// Whether a word is so general that it means little when a text lacks it.
pub(crate) fn is_common(word: &str, stem: &str) -> bool {
    COMMON.contains(word) || COMMON.contains(stem)
}

/// The stems of words that are used for the same thing.
pub(crate) fn synonyms(stem: &str) -> &'static [String] {
    SYNONYMS.get(stem).map_or(&[], Vec::as_slice)
}

/// Whether `c` stands between the letters of one word, as in "don't".
fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{02BC}')
}

/// The words of a text, in small letters: `don't` is `dont`, `Acme's` is `acme`, `to-do` and `e-mail` are one word.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let inside = !word.is_empty() && chars.peek().is_some_and(|next| next.is_alphanumeric());
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        } else if is_apostrophe(c) && inside {
            let mut rest = chars.clone();
            let possessive = rest.next() == Some('s') && !rest.next().is_some_and(char::is_alphanumeric);
            if possessive {
                chars.next();
                words.push(std::mem::take(&mut word));
            }
        } else if c == '-' && inside && word.chars().count() <= 2 && word.chars().all(char::is_alphabetic) {
            // A short first part is not a word of its own.
        } else if !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// The sentences of a text, without the space between them. A line break ends one too.
pub(crate) fn sentences(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut from = 0;
    let mut previous = ' ';
    for (at, c) in text.char_indices() {
        let after = at + c.len_utf8();
        let ends = match c {
            '\n' => true,
            '.' | '!' | '?' => {
                let rest = &text[after..];
                let space = rest.starts_with(char::is_whitespace);
                // "e.g. this" and "1. first" go on: a small letter follows, or a single character came before.
                let goes_on = rest.trim_start().starts_with(|next: char| next.is_lowercase());
                let abbreviated = c == '.' && {
                    let mut before = text[from..at].chars().rev();
                    before.next().is_some_and(char::is_alphanumeric)
                        && before.next().is_none_or(|c| c == '.' || c.is_whitespace())
                };
                space && !goes_on && !abbreviated && !matches!(previous, ' ' | '\n')
            }
            _ => false,
        };
        if ends {
            let sentence = text[from..after].trim();
            if !sentence.is_empty() {
                sentences.push(sentence);
            }
            from = after;
        }
        previous = c;
    }
    let sentence = text[from..].trim();
    if !sentence.is_empty() {
        sentences.push(sentence);
    }
    sentences
}

/// Whether one letter more, less or other, or two neighbours exchanged, make one word of the other.
pub(crate) fn is_typo_of(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len().abs_diff(b.len()) > 1 || a == b {
        return false;
    }
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (rest_a, rest_b) = (&a[same..], &b[same..]);
    match (rest_a, rest_b) {
        ([_, after_a @ ..], [_, after_b @ ..]) if a.len() == b.len() => {
            after_a == after_b
                || (rest_a.len() > 1
                    && rest_a[0] == rest_b[1]
                    && rest_a[1] == rest_b[0]
                    && rest_a[2..] == rest_b[2..])
        }
        ([_, after_a @ ..], _) if a.len() > b.len() => after_a == rest_b,
        (_, [_, after_b @ ..]) => rest_a == after_b,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{is_typo_of, sentences, words};

    #[test]
    fn words_are_what_people_count_as_one() {
        assert_eq!(words("Don't lose Acme's to-do, it’s #12!"), ["dont", "lose", "acme", "todo", "it", "12"]);
        assert_eq!(
            words("e-mail a well-known 03/04 ÄPFEL"),
            ["email", "a", "well", "known", "03", "04", "äpfel"]
        );
        assert_eq!(words("' -- ' !"), Vec::<String>::new());
    }

    #[test]
    fn sentences_end_where_a_new_one_begins() {
        assert_eq!(
            sentences("Open it. Then, e.g. on Monday, save! Version 1.2 is out.\nNew line"),
            ["Open it.", "Then, e.g. on Monday, save!", "Version 1.2 is out.", "New line"]
        );
        assert_eq!(sentences(" \n "), Vec::<&str>::new());
    }

    #[test]
    fn one_slip_of_the_finger_is_a_typo_and_two_are_not() {
        for (a, b) in
            [("pasword", "password"), ("recieve", "receive"), ("speek", "speak"), ("passwordd", "password")]
        {
            assert!(is_typo_of(a, b) && is_typo_of(b, a), "{a} {b}");
        }
        for (a, b) in [("password", "password"), ("pass", "password"), ("card", "word"), ("abcd", "badc")] {
            assert!(!is_typo_of(a, b), "{a} {b}");
        }
    }
}
