//! Checking what a model says: only what the sections say too gets out.
//!
//! Each sentence has to have most of its words in the sections that it names, and everything that must be
//! exact (numbers, addresses, links, code) has to stand there letter by letter. A sentence that fails is left
//! out; where most of them fail, nothing of the answer is trusted.

use std::collections::HashSet;

use super::{ModelError, Reply, whole_text};
use crate::quote::Found;
use crate::{language, markup};

/// How much of a sentence's words has to be in the sections it names.
const COVERED: f64 = 0.75;
/// How much of the answer's sentences has to survive.
const SURVIVING: f64 = 0.5;
/// The most characters of an answer.
const ANSWER_CHARS: usize = 2_500;

/// The word by which a model says that the sections do not answer.
pub(super) const NOT_COVERED: &str = "NOT_COVERED";

/// What may be sent of what the model said of `found`.
pub(super) fn check(said: &str, found: &[Found]) -> Result<Reply, ModelError> {
    let said = said.trim();
    if said.contains(NOT_COVERED) {
        return Ok(Reply::NotCovered);
    }
    let texts: Vec<String> = found.iter().map(|one| whole_text(&one.passage).to_lowercase()).collect();
    let words: Vec<HashSet<String>> = texts
        .iter()
        .map(|text| language::words(text).iter().map(|word| language::stem(word)).collect())
        .collect();

    let (mut kept, mut all, mut named) = (String::new(), 0_usize, Vec::new());
    let mut survivors = 0_usize;
    for line in said.lines() {
        let mut kept_line = String::new();
        for sentence in sentences(line) {
            let (sentence, cited) = without_marks(&sentence);
            let sentence = sentence.trim();
            if sentence.chars().all(|c| !c.is_alphanumeric()) {
                continue;
            }
            all += 1;
            let cited: Vec<usize> = cited.into_iter().filter(|place| *place < found.len()).collect();
            if cited.is_empty() || !is_covered(sentence, &cited, &texts, &words) {
                continue;
            }
            survivors += 1;
            for place in cited {
                if !named.contains(&place) {
                    named.push(place);
                }
            }
            if !kept_line.is_empty() {
                kept_line.push(' ');
            }
            kept_line.push_str(sentence);
        }
        if !kept_line.is_empty() {
            if !kept.is_empty() {
                kept.push('\n');
            }
            kept.push_str(&kept_line);
        }
    }
    if survivors == 0 || (survivors as f64) < all as f64 * SURVIVING || kept.chars().count() > ANSWER_CHARS {
        return Err(ModelError::Invented);
    }
    let sources =
        named.into_iter().map(|place| found[place].source(quote(&found[place].passage.body))).collect();
    Ok(Reply::Answer { text: kept, sources })
}

/// The sentences of a line, each with the citation marks that follow it.
fn sentences(line: &str) -> Vec<String> {
    let mut sentences: Vec<String> = Vec::new();
    for part in language::sentences(line) {
        // "It is so. [1] Next": the mark belongs to what it follows.
        let rest = part.trim_start();
        let marks = leading_marks(rest);
        if marks > 0
            && let Some(last) = sentences.last_mut()
        {
            last.push(' ');
            last.push_str(&rest[..marks]);
            if !rest[marks..].trim().is_empty() {
                sentences.push(rest[marks..].trim().to_owned());
            }
        } else {
            sentences.push(part.to_owned());
        }
    }
    sentences
}

/// How many bytes of citation marks `text` begins with.
fn leading_marks(text: &str) -> usize {
    let mut end = 0;
    while let Some(mark) = mark(&text[end..]) {
        end += mark.0;
        end += text[end..].len() - text[end..].trim_start_matches([' ', ',']).len();
    }
    end
}

/// The citation mark that `text` begins with: its length and the numbers in it, counted from 0.
fn mark(text: &str) -> Option<(usize, Vec<usize>)> {
    let inside = text.strip_prefix('[')?;
    let close = inside.find(']')?;
    let numbers: Option<Vec<usize>> =
        inside[..close].split(',').map(|n| n.trim().parse::<usize>().ok()?.checked_sub(1)).collect();
    Some((close + 2, numbers?))
}

/// The sentence without its citation marks, and the places of the sections that they name.
fn without_marks(sentence: &str) -> (String, Vec<usize>) {
    let (mut text, mut cited) = (String::new(), Vec::new());
    let mut rest = sentence;
    while let Some(next) = rest.chars().next() {
        match mark(rest) {
            Some((length, numbers)) => {
                cited.extend(numbers);
                rest = &rest[length..];
                text.truncate(text.trim_end().len());
            }
            None => {
                text.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
    }
    (text, cited)
}

fn is_covered(sentence: &str, cited: &[usize], texts: &[String], words: &[HashSet<String>]) -> bool {
    // Markup that could hide or fetch something has no place in an answer.
    if sentence.contains(['<', '>']) || sentence.contains("](") || sentence.contains("![") {
        return false;
    }
    let sentence = without_place(sentence);
    let exact = sentence.split_whitespace().filter(|chunk| must_be_exact(chunk));
    for chunk in exact {
        let chunk = chunk.trim_matches(|c: char| !c.is_alphanumeric() && c != '/').to_lowercase();
        if !cited.iter().any(|place| holds(&texts[*place], &chunk)) {
            return false;
        }
    }
    let content: Vec<String> = language::words(sentence)
        .into_iter()
        .filter(|word| !language::is_stop(word))
        .map(|w| language::stem(&w))
        .collect();
    let known = content.iter().filter(|stem| cited.iter().any(|place| words[*place].contains(*stem))).count();
    !content.is_empty() && known as f64 >= content.len() as f64 * COVERED
}

/// The sentence without its place in a list ("2. ", "- ").
fn without_place(sentence: &str) -> &str {
    let text = sentence.trim_start_matches(|c: char| c.is_ascii_digit());
    let text = if text.len() < sentence.len() {
        text.strip_prefix(['.', ')']).unwrap_or(sentence)
    } else {
        sentence
    };
    text.trim_start_matches(['-', '*', ' '])
}

/// Whether `text` holds `chunk`, not as a part of something longer ("30" is not in "130").
fn holds(text: &str, chunk: &str) -> bool {
    !chunk.is_empty()
        && text.match_indices(chunk).any(|(at, found)| {
            let before = text[..at].chars().next_back();
            let after = text[at + found.len()..].chars().next();
            !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
        })
}

/// Numbers, addresses, links, code: what misleads when one letter is wrong.
fn must_be_exact(chunk: &str) -> bool {
    let inner = chunk.trim_matches(|c: char| !c.is_alphanumeric());
    inner.chars().any(|c| c.is_ascii_digit() || matches!(c, '@' | '/' | '\\' | '=' | '_' | '`'))
        || inner.contains('.')
        || inner.contains(':')
        || chunk.contains('`')
}

/// The part of a section that is shown as what the answer rests on.
fn quote(body: &str) -> String {
    markup::balanced(&domain::text::shorten(body.trim(), 600))
}

#[cfg(test)]
mod tests {
    use desk::articles::Passage;
    use domain::ids::ArticleId;

    use super::{ModelError, Reply, check};
    use crate::quote::Found;

    fn found() -> Vec<Found> {
        let section = |id: i64, heading: &str, body: &str| Found {
            passage: Passage {
                id,
                article_id: ArticleId(uuid::Uuid::from_u128(id.unsigned_abs().into())),
                slug: format!("a-{id}"),
                title: "Returns".to_owned(),
                summary: String::new(),
                heading: Some(heading.to_owned()),
                body: body.to_owned(),
            },
            fit: 0.6,
        };
        vec![
            section(1, "How to return", "Send the parcel back within 30 days with the label from the box."),
            section(
                2,
                "Refund",
                "The refund arrives five days after the parcel. Write to returns@example.com.",
            ),
        ]
    }

    fn text(said: &str) -> Option<String> {
        match check(said, &found()) {
            Ok(Reply::Answer { text, .. }) => Some(text),
            Ok(Reply::NotCovered) => Some("-".to_owned()),
            Err(error) => {
                assert_eq!(error, ModelError::Invented);
                None
            }
        }
    }

    #[test]
    fn what_the_sections_say_gets_out_without_its_marks() {
        let said = "You can send the parcel back within 30 days [1]. The refund arrives five days later. [2]";
        assert_eq!(
            text(said).as_deref(),
            Some("You can send the parcel back within 30 days. The refund arrives five days later.")
        );
        let Ok(Reply::Answer { sources, .. }) = check(said, &found()) else { panic!("an answer") };
        assert_eq!(sources.iter().map(|source| source.slug.as_str()).collect::<Vec<_>>(), ["a-1", "a-2"]);
    }

    #[test]
    fn an_invented_sentence_is_left_out() {
        let said =
            "Send the parcel back within 30 days [1]. We also give you a voucher for your trouble [1].";
        assert_eq!(text(said).as_deref(), Some("Send the parcel back within 30 days."));
    }

    #[test]
    fn other_numbers_addresses_and_links_do_not_get_out() {
        for said in [
            "Send the parcel back within 60 days [1].",
            "Send the parcel back within 30 days to https://evil.example/box [1].",
            "Send the parcel back within 30 days, see [the label](https://evil.example) [1].",
            "Write to returns@evil.example for the refund of the parcel [2].",
            "![label](https://evil.example/p.png) Send the parcel back within 30 days [1].",
            "Send the parcel back <img src=x> within 30 days [1].",
            "Send the parcel back within 3 days [1].",
        ] {
            assert_eq!(text(said), None, "{said}");
        }
        assert!(text("Write to returns@example.com for the refund [2].").is_some());
    }

    #[test]
    fn a_sentence_has_to_name_the_section_that_covers_it() {
        assert_eq!(text("Send the parcel back within 30 days."), None);
        assert_eq!(text("Send the parcel back within 30 days [2]."), None);
        assert_eq!(text("Send the parcel back within 30 days [7]."), None);
    }

    #[test]
    fn where_most_is_invented_nothing_is_trusted() {
        let said =
            "Parcels are free [1]. Call our hotline [1]. Trust me entirely [2]. Send the parcel back [1].";
        assert_eq!(text(said), None);
    }

    #[test]
    fn the_word_for_not_covered_is_understood_wherever_it_stands() {
        assert_eq!(text("NOT_COVERED").as_deref(), Some("-"));
        assert_eq!(text("I am sorry: NOT_COVERED.").as_deref(), Some("-"));
    }
}
