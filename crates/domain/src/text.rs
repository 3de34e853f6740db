//! Text from outside, made safe to keep and to show: one place decides which characters get in and how many.
//!
//! Control characters, invisible characters and direction overrides are removed, because they let a text
//! look like another (Unicode TR36, "Unicode Security Considerations"; TR9 for the direction marks).
//! Markup is kept as it is: it is text, and whoever shows it escapes it.

/// A text that cannot be accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing visible is left.
    #[error("must not be empty")]
    Empty,
    /// More characters than the field takes.
    #[error("has {found} characters; at most {limit} are allowed")]
    TooLong {
        /// How many there are.
        found: usize,
        /// How many there may be.
        limit: usize,
    },
}

/// Whether `c` is a character that shows nothing or changes how its neighbours show.
///
/// Zero-width joiners stay: emoji and several scripts are written with them.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}'
        | '\u{E0000}'..='\u{E007F}')
}

/// One line: control characters and line breaks become spaces, hidden characters go, spaces collapse.
///
/// `limit` counts characters after cleaning. Errors: empty, too long.
pub fn line(text: &str, limit: usize) -> Result<String, TextError> {
    let text = optional_line(text, limit)?;
    if text.is_empty() { Err(TextError::Empty) } else { Ok(text) }
}

/// Like [`line()`], but may be empty.
pub fn optional_line(text: &str, limit: usize) -> Result<String, TextError> {
    let mut out = String::with_capacity(text.len().min(limit.saturating_mul(4)));
    for word in text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| word.chars().any(|c| !is_hidden(c)))
    {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.chars().filter(|c| !is_hidden(*c)));
    }
    check_length(out, limit)
}

/// Several lines: line breaks become `\n`, other control characters and hidden ones go, outer space is cut.
///
/// Errors: empty, too long.
pub fn block(text: &str, limit: usize) -> Result<String, TextError> {
    let text = optional_block(text, limit)?;
    if text.is_empty() { Err(TextError::Empty) } else { Ok(text) }
}

/// Like [`block`], but may be empty.
pub fn optional_block(text: &str, limit: usize) -> Result<String, TextError> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let out: String =
        text.chars().filter(|c| matches!(c, '\n' | '\t') || (!c.is_control() && !is_hidden(*c))).collect();
    check_length(out.trim().to_owned(), limit)
}

fn check_length(text: String, limit: usize) -> Result<String, TextError> {
    let found = text.chars().count();
    if found > limit { Err(TextError::TooLong { found, limit }) } else { Ok(text) }
}

/// An e-mail address, trimmed and in lower case, or nothing if it cannot be one.
///
/// Only the shape is checked (something, an at sign, a dotted host, no spaces): whether it exists is for
/// the mail that is sent there to find out.
pub fn email(text: &str) -> Option<String> {
    let text = optional_line(text, 254).ok()?.to_lowercase();
    let (local, host) = text.rsplit_once('@')?;
    let ok = !local.is_empty()
        && local.len() <= 64
        && !local.contains('@')
        && !text.contains(char::is_whitespace)
        && !text.contains(['<', '>', '"', ',', ';', '(', ')', '\\'])
        && (host == "localhost" || host.contains('.'))
        && host.split('.').all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'));
    ok.then_some(text)
}

/// The first `limit` characters, with an ellipsis where something was cut.
pub fn shorten(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let mut out: String = text.chars().take(limit.saturating_sub(1)).collect();
    out.truncate(out.trim_end().len());
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use super::{TextError, block, email, line, shorten};

    #[test]
    fn a_line_loses_hidden_characters_and_breaks() {
        assert_eq!(line("  call\u{200B} \u{202E}Dana\u{202C}\r\n now\u{0} ", 50).unwrap(), "call Dana now");
    }

    #[test]
    fn joined_emoji_and_right_to_left_letters_stay() {
        assert_eq!(line("👩‍👩‍👧 שלום", 50).unwrap(), "👩‍👩‍👧 שלום");
    }

    #[test]
    fn only_hidden_characters_are_nothing() {
        assert_eq!(line("\u{200B}\u{FEFF} \u{2060}", 50), Err(TextError::Empty));
    }

    #[test]
    fn the_limit_counts_characters_not_bytes() {
        assert_eq!(line("ääää", 4).unwrap(), "ääää");
        assert_eq!(line("äääää", 4), Err(TextError::TooLong { found: 5, limit: 4 }));
    }

    #[test]
    fn a_block_keeps_its_lines_and_its_markup() {
        assert_eq!(block("\r\n<b>a</b>\r\n\tb\u{7}\n", 50).unwrap(), "<b>a</b>\n\tb");
    }

    #[test]
    fn addresses_are_folded_and_impossible_ones_refused() {
        assert_eq!(email(" Dana@Example.COM ").as_deref(), Some("dana@example.com"));
        for bad in
            ["", "dana", "@example.com", "a b@example.com", "a@b", "a@.com", "a@b..c", "a@b.c>\nBcc: x@y.z"]
        {
            assert_eq!(email(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn shortening_says_that_it_cut() {
        assert_eq!(shorten("abcdef", 4), "abc…");
        assert_eq!(shorten("abcd", 4), "abcd");
    }
}
