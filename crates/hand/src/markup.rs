//! The marks in a section's text: code stands between backticks, each span within a line.
//!
//! Nothing else of Markdown is known here; the rest of a section's text is plain.

use crate::language;

/// The parts of a text, each with whether it is code; the marks themselves are left out.
///
/// A backtick that has no partner in its line is left out too.
pub(crate) fn parts(text: &str) -> Vec<(bool, &str)> {
    let mut parts = Vec::new();
    for line in text.split_inclusive('\n') {
        let marks = line.matches('`').count();
        for (place, part) in line.split('`').enumerate() {
            if !part.is_empty() {
                parts.push((place % 2 == 1 && place < marks, part));
            }
        }
    }
    parts
}

/// What a text says, and the words of the examples in it.
///
/// An example is what somebody could type: code that is written like a sentence, names that begin with `@`, `#` or
/// `+`, and what stands in quotation marks within code. What it is about is chance, so it says little about what the
/// text is about. Commands and settings are no examples.
pub(crate) fn told_and_examples(text: &str) -> (String, String) {
    let (mut told, mut examples) = (String::new(), String::new());
    for (is_code, part) in parts(text) {
        if !is_code {
            told.push_str(part);
        } else if is_sentence(part) {
            examples.push_str(part);
            examples.push(' ');
        } else {
            for (place, piece) in part.split('"').enumerate() {
                for chunk in piece.split_inclusive(char::is_whitespace) {
                    let named = place % 2 == 1 || is_own_name(chunk);
                    (if named { &mut examples } else { &mut told }).push_str(chunk);
                }
            }
            examples.push(' ');
        }
    }
    (told, examples)
}

/// Whether code is written as people write.
fn is_sentence(code: &str) -> bool {
    let words = language::words(code);
    words.len() >= 3 && words.iter().any(|word| language::is_stop(word))
}

fn is_own_name(chunk: &str) -> bool {
    chunk.strip_prefix(['@', '#', '+']).is_some_and(|name| name.starts_with(char::is_alphabetic))
}

/// The text with only those marks that have a partner in their line.
pub(crate) fn balanced(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        if line.matches('`').count() % 2 == 0 {
            out.push_str(line);
        } else {
            out.push_str(&line.replace('`', ""));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{balanced, parts, told_and_examples};

    #[test]
    fn code_is_told_from_the_text_around_it() {
        assert_eq!(
            parts("Run `make run`, then\n`deskhand serve`\nor ` nothing"),
            [
                (false, "Run "),
                (true, "make run"),
                (false, ", then\n"),
                (true, "deskhand serve"),
                (false, "\n"),
                (false, "or "),
                (false, " nothing"),
            ]
        );
    }

    #[test]
    fn examples_are_what_somebody_types_and_commands_are_not() {
        let (told, examples) = told_and_examples(
            "Type `call Dana at 9 about the refund` or `@billing`. Run `deskhand search \"delivery note\"` or \
             `deskhand backup FILE`, see `smtp.url`.",
        );
        for word in ["refund", "Dana", "billing", "delivery note"] {
            assert!(examples.contains(word) && !told.contains(word), "{word}: {told} / {examples}");
        }
        for word in ["Type", "deskhand search", "deskhand backup FILE", "smtp.url"] {
            assert!(told.contains(word) && !examples.contains(word), "{word}: {told} / {examples}");
        }
    }

    #[test]
    fn a_mark_without_a_partner_is_dropped() {
        assert_eq!(balanced("a `b` c\nand `d"), "a `b` c\nand d");
    }
}
