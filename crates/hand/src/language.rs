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

static IRREGULAR: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    let mut irregular = HashMap::new();
    for line in lists::IRREGULAR.lines() {
        let mut words = line.split_whitespace();
        let Some(base) = words.next() else { continue };
        irregular.extend(words.map(|form| (form, base)));
    }
    irregular
});

/// The stem of a word in small letters. Irregular forms have that of their base: "sent" that of "send".
///
/// A word that means something else than its stem stays as it is: "customers" are not "custom".
pub(crate) fn stem(word: &str) -> String {
    let kept = |word: &str| lists::KEPT.split_whitespace().any(|known| known == word);
    if kept(word) {
        return word.to_owned();
    }
    if let Some(one) = word.strip_suffix('s').filter(|one| kept(one)) {
        return one.to_owned();
    }
    let stem = STEMMER.stem(IRREGULAR.get(word).copied().unwrap_or(word)).into_owned();
    // "Canned" is not what one can.
    if is_stop(&stem) { word.to_owned() } else { stem }
}

/// Whether a word says nothing about what is asked.
pub(crate) fn is_stop(word: &str) -> bool {
    STOP.contains(word)
}

/// Whether a word is so general that it means little when a text lacks it. Numbers that count are too.
pub(crate) fn is_common(word: &str, stem: &str) -> bool {
    let counts = word.len() <= 3 && word.bytes().all(|byte| byte.is_ascii_digit());
    // "Cleanly", "permanently" say how, not what.
    let says_how = word.len() >= 6 && word.ends_with("ly");
    counts || says_how || COMMON.contains(word) || COMMON.contains(stem)
}

/// The stem of a word without what its beginning adds: "unpublish" is about publishing, "reinstall" about
/// installing.
pub(crate) fn without_prefix(word: &str) -> Option<String> {
    let rest = ["un", "re", "de", "dis"].iter().find_map(|prefix| word.strip_prefix(prefix))?;
    (rest.len() >= 4).then(|| stem(rest))
}

/// Whether a word that nothing has is probably a misspelled general one.
pub(crate) fn is_common_misspelled(word: &str) -> bool {
    word.len() >= 6 && COMMON.iter().any(|known| known.len() >= 6 && is_typo_of(word, known))
}

/// Whether a text says that something is not.
pub(crate) fn denies(text: &str) -> bool {
    let denies = |word: &String| {
        matches!(word.as_str(), "no" | "not" | "never" | "nothing" | "without" | "cannot" | "cant" | "nobody")
            || word.ends_with("nt") && lists::STOP.split_whitespace().any(|stop| stop == word)
    };
    words(text).iter().any(denies)
}

/// The stems of words that are used for the same thing.
pub(crate) fn synonyms(stem: &str) -> &'static [String] {
    SYNONYMS.get(stem).map_or(&[], Vec::as_slice)
}

/// The stems of words that stand for a verb with one of the small words soon after it, as in "take it back".
pub(crate) fn phrase(verb: &str, after: &[String]) -> Vec<String> {
    let stem = stem(verb);
    let said = lists::PHRASES.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    said.filter(|words| words.first().is_some_and(|first| *first == stem))
        .filter(|words| words.get(1).is_some_and(|small| after.iter().take(3).any(|word| word == small)))
        .flat_map(|words| words.into_iter().skip(2).map(self::stem).collect::<Vec<_>>())
        .collect()
}

/// Whether `c` stands between the letters of one word, as in "don't".
fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{02BC}')
}

/// The words of a text, in small letters: `don't` is `dont`, `Acme's` is `acme`, `to-do` and `e-mail` are one word,
/// and so is `back up`.
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
    join(&mut words);
    words
}

fn join(words: &mut Vec<String>) {
    let mut place = 1;
    while place < words.len() {
        let pair = (words[place - 1].as_str(), words[place].as_str());
        if lists::JOINED.contains(&pair) {
            let second = words.remove(place);
            words[place - 1].push_str(&second);
        }
        place += 1;
    }
}

/// The sentences of a text, without the space between them. A line break ends one too; what stands between
/// backticks in a line does not.
pub(crate) fn sentences(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut from = 0;
    let mut previous = ' ';
    let mut in_code = false;
    for (at, c) in text.char_indices() {
        let after = at + c.len_utf8();
        in_code = c != '\n' && (in_code != (c == '`'));
        let ends = match c {
            '\n' => true,
            '.' | '!' | '?' if !in_code => {
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

/// Whether `a` is probably `b` misspelled or the other way round.
///
/// What happens to short words too is that neighbours are exchanged, a letter is doubled or not, or a vowel is taken
/// for another. Other slips count in long words only, because short ones are soon another word: "shoes" is not
/// "shows", and a "chart" is no "chat". The first letter is hardly ever wrong.
pub(crate) fn is_typo_of(a: &str, b: &str) -> bool {
    let (longer, shorter) =
        if a.len() < b.len() { (b.as_bytes(), a.as_bytes()) } else { (a.as_bytes(), b.as_bytes()) };
    let letters = shorter.len();
    if longer.first() != shorter.first() || longer == shorter {
        return false;
    }
    let same = longer.iter().zip(shorter).take_while(|(a, b)| a == b).count();
    let is_vowel = |letter: u8| b"aeiouy".contains(&letter);
    match (&longer[same..], &shorter[same..]) {
        ([a, b, after @ ..], [c, d, rest @ ..]) if (a, b) == (d, c) && after == rest => letters >= 4,
        ([a, after @ ..], [b, rest @ ..]) if longer.len() == letters && after == rest => {
            letters >= 8 || (letters >= 5 && is_vowel(*a) && is_vowel(*b))
        }
        ([extra, after @ ..], rest) if longer.len() == letters + 1 && after == rest => {
            let doubles = longer[same - 1] == *extra || after.first() == Some(extra);
            letters >= 8 || (letters >= 4 && doubles) || (letters >= 5 && is_vowel(*extra))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{is_typo_of, sentences, stem, words};

    #[test]
    fn words_are_what_people_count_as_one() {
        assert_eq!(words("Don't lose Acme's to-do, it’s #12!"), ["dont", "lose", "acme", "todo", "it", "12"]);
        assert_eq!(
            words("e-mail a well-known 03/04 ÄPFEL"),
            ["email", "a", "well", "known", "03", "04", "äpfel"]
        );
        assert_eq!(words("' -- ' !"), Vec::<String>::new());
        assert_eq!(
            words("Back up, then log in; up and back"),
            ["backup", "then", "login", "up", "and", "back"]
        );
    }

    #[test]
    fn irregular_forms_have_the_stem_of_their_base_and_other_words_keep_their_own() {
        for (form, base) in [("took", "take"), ("sent", "sending"), ("people", "persons"), ("lost", "loses")]
        {
            assert_eq!(stem(form), stem(base), "{form}");
        }
        for (word, other) in [("customers", "custom"), ("opening", "open"), ("doer", "do")] {
            assert_ne!(stem(word), stem(other), "{word}");
        }
        assert_eq!(stem("customers"), stem("customer"));
    }

    #[test]
    fn sentences_end_where_a_new_one_begins() {
        assert_eq!(
            sentences("Open it. Then, e.g. on Monday, save! Version 1.2 is out.\nNew line"),
            ["Open it.", "Then, e.g. on Monday, save!", "Version 1.2 is out.", "New line"]
        );
        assert_eq!(sentences("Type `a. B! C` now. Done `x"), ["Type `a. B! C` now.", "Done `x"]);
        assert_eq!(sentences(" \n "), Vec::<&str>::new());
    }

    #[test]
    fn one_slip_of_the_finger_is_a_typo_and_two_are_not() {
        for (a, b) in [
            ("pasword", "password"),
            ("recieve", "receive"),
            ("speek", "speak"),
            ("passwordd", "password"),
            ("taks", "task"),
        ] {
            assert!(is_typo_of(a, b) && is_typo_of(b, a), "{a} {b}");
        }
        for (a, b) in [
            ("password", "password"),
            ("pass", "password"),
            ("card", "word"),
            ("abcd", "badc"),
            ("shoes", "shows"),
            ("jacket", "packet"),
            ("cad", "card"),
            ("chart", "chat"),
            ("charge", "change"),
        ] {
            assert!(!is_typo_of(a, b), "{a} {b}");
        }
    }
}
