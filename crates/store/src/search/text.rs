//! Words and snippets: how a text is cut into words, and which of its places shows best why it was found.
//!
//! The same cutting is used for what is indexed and for what is searched. Nothing here knows a database.

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The most words of a search that count.
const WORD_LIMIT: usize = 24;
/// The most characters of one word that count.
const WORD_CHARS: usize = 64;
/// About how many characters a snippet has.
const SNIPPET_CHARS: usize = 160;

/// A part of a snippet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The text.
    pub text: String,
    /// Whether it is what was searched for.
    pub hit: bool,
}

/// `text` without accents and with a space for everything that is neither letter nor digit, so that both
/// databases' own parsers see nothing but words.
pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' }).collect();
    }
    text.nfd().filter(|c| !is_combining_mark(*c)).map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect()
}

/// The words of what was typed: folded, in small letters, each one once.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in fold(text).split_whitespace() {
        let word: String = word.to_lowercase().chars().take(WORD_CHARS).collect();
        // The last word is the one that may still be being typed, also where it was typed before.
        words.retain(|known| *known != word);
        words.push(word);
    }
    words.truncate(WORD_LIMIT);
    words
}

/// A word's place in a text, and which of the words searched for it is.
struct Spot {
    from: usize,
    to: usize,
    which: usize,
}

/// Finds what was searched for in texts.
pub(crate) struct Matcher<'w> {
    words: &'w [String],
    stems: Vec<String>,
    stemmer: Stemmer,
}

impl<'w> Matcher<'w> {
    pub(crate) fn new(words: &'w [String]) -> Self {
        let stemmer = Stemmer::create(Algorithm::English);
        let stems = words.iter().map(|word| stemmer.stem(word).into_owned()).collect();
        Self { words, stems, stemmer }
    }

    /// How many of the words `text` has.
    pub(crate) fn count(&self, text: &str) -> usize {
        let mut seen = [false; WORD_LIMIT];
        for spot in self.spots(text) {
            seen[spot.which] = true;
        }
        seen.into_iter().filter(|seen| *seen).count()
    }

    /// About 160 characters of `body` around the place where most of the words are close together.
    pub(crate) fn snippet(&self, body: &str) -> Vec<Piece> {
        let spots = self.spots(body);
        let (from, to) = window(body, &spots);
        let mut pieces: Vec<Piece> = Vec::new();
        let mut push = |text: &str, hit: bool| {
            // Line breaks and runs of spaces show as one space.
            let mut shown = String::with_capacity(text.len());
            for c in text.chars() {
                match c.is_whitespace() {
                    true if shown.ends_with(' ') => {}
                    true => shown.push(' '),
                    false => shown.push(c),
                }
            }
            if !shown.is_empty() {
                pieces.push(Piece { text: shown, hit });
            }
        };
        if from > 0 {
            push("…", false);
        }
        let mut at = from;
        for spot in spots.iter().filter(|spot| spot.from >= from && spot.to <= to) {
            push(&body[at..spot.from], false);
            push(&body[spot.from..spot.to], true);
            at = spot.to;
        }
        push(&body[at..to], false);
        if to < body.len() {
            push("…", false);
        }
        pieces
    }

    fn spots(&self, body: &str) -> Vec<Spot> {
        let mut spots = Vec::new();
        let mut from = None;
        for (at, c) in body.char_indices().chain([(body.len(), ' ')]) {
            match (from, c.is_alphanumeric() || is_combining_mark(c)) {
                (None, true) => from = Some(at),
                (Some(start), false) => {
                    from = None;
                    if let Some(which) = self.which(&body[start..at]) {
                        spots.push(Spot { from: start, to: at, which });
                    }
                }
                _ => {}
            }
        }
        spots
    }

    /// Which of the words `word` is: the same, another form of it, or begun by the last one.
    fn which(&self, word: &str) -> Option<usize> {
        let word = fold(word).to_lowercase();
        let last = self.words.len().checked_sub(1)?;
        if let Some(which) = self.words.iter().position(|known| *known == word) {
            return Some(which);
        }
        if word.starts_with(self.words[last].as_str()) {
            return Some(last);
        }
        let stem = self.stemmer.stem(&word);
        self.stems.iter().position(|known| *known == stem)
    }
}

/// The bytes of `body` to show: around the spots that hold the most different words, cut between words.
fn window(body: &str, spots: &[Spot]) -> (usize, usize) {
    let mut best = (0, 0, 0);
    for (first, spot) in spots.iter().enumerate() {
        let mut seen = 0_u64;
        let mut last = spot.to;
        for other in &spots[first..] {
            if other.to - spot.from > SNIPPET_CHARS * 3 / 4 {
                break;
            }
            seen |= 1 << other.which.min(63);
            last = other.to;
        }
        if seen.count_ones() > best.0 {
            best = (seen.count_ones(), spot.from, last);
        }
    }
    let (_, first, last) = best;
    let slack = SNIPPET_CHARS.saturating_sub(last - first);
    let from = if last < SNIPPET_CHARS { 0 } else { back(body, first, slack / 3) };
    let to = forth(body, last, SNIPPET_CHARS.saturating_sub(last - from));
    (from, to)
}

/// The beginning of a word at most `chars` characters before `at`.
fn back(body: &str, at: usize, chars: usize) -> usize {
    let far = body[..at].char_indices().rev().take(chars).last().map_or(at, |(i, _)| i);
    if far == 0 {
        return 0;
    }
    body[far..at].find(char::is_whitespace).map_or(far, |space| {
        let rest = &body[far + space..at];
        far + space + (rest.len() - rest.trim_start().len())
    })
}

/// The end of a word at most `chars` characters after `at`.
fn forth(body: &str, at: usize, chars: usize) -> usize {
    let far = body[at..].char_indices().nth(chars).map_or(body.len(), |(i, _)| at + i);
    if far == body.len() {
        return far;
    }
    body[at..far].rfind(char::is_whitespace).map_or(far, |space| at + space)
}

#[cfg(test)]
mod tests {
    use super::{Matcher, Piece, fold, words};

    fn marked(body: &str, query: &str) -> String {
        Matcher::new(&words(query))
            .snippet(body)
            .into_iter()
            .map(|Piece { text, hit }| if hit { format!("[{text}]") } else { text })
            .collect()
    }

    #[test]
    fn words_are_letters_and_digits_and_nothing_of_a_query_language() {
        assert_eq!(words("NEAR(\"a\" AND b*) -c:d ^\u{0}'; --"), ["near", "a", "and", "b", "c", "d"]);
        assert_eq!(words("dana@example.com"), ["dana", "example", "com"]);
        assert_eq!(words(" \u{200B}!? "), Vec::<String>::new());
        assert_eq!(words("to be or not to be"), ["or", "not", "to", "be"]);
    }

    #[test]
    fn accents_do_not_count() {
        assert_eq!(fold("Crème-brûlée"), "Creme brulee");
        assert_eq!(words("ÉCOLE"), ["ecole"]);
    }

    #[test]
    fn a_snippet_marks_other_forms_of_a_word_and_beginnings_of_the_last() {
        assert_eq!(marked("We install it for you.", "installing"), "We [install] it for you.");
        assert_eq!(marked("The refund is on its way.", "ref"), "The [refund] is on its way.");
    }

    #[test]
    fn a_snippet_shows_the_place_where_most_words_meet() {
        let body = format!(
            "refund {} the refund of Acme's order {}",
            "lorem ipsum ".repeat(40),
            "dolor ".repeat(40)
        );
        let shown = marked(&body, "refund order acme");
        assert!(shown.starts_with('…') && shown.ends_with('…'), "{shown}");
        assert!(shown.contains("[refund] of [Acme]'s [order]"), "{shown}");
        assert!(shown.chars().count() < 190, "{shown}");
    }

    #[test]
    fn any_text_can_be_cut() {
        for body in ["", "ä", "日本語のテキスト", &"ö".repeat(500), &"x ".repeat(400), "a\n\n\tb  c"]
        {
            for query in ["", "ö", "x", "日本", "c"] {
                let text: String =
                    Matcher::new(&words(query)).snippet(body).into_iter().map(|piece| piece.text).collect();
                assert!(text.chars().count() <= 200, "{text}");
            }
        }
        assert_eq!(marked("a\n\n\tb  c", "b"), "a [b] c");
    }
}
