//! Which series a PromQL expression reads. It does not check the expression; promtool does.

use std::collections::BTreeSet;

/// What stands between operands and is no series.
const WORDS: &[&str] = &["and", "or", "unless", "bool", "offset", "atan2", "inf", "nan", "start", "end"];
/// What is followed by labels in parentheses, which are no series either.
const CLAUSES: &[&str] = &["by", "without", "on", "ignoring", "group_left", "group_right"];

/// The names of the series that `expression` reads, including one that is given as the label `__name__`.
///
/// Something that is no PromQL gives whatever looks like a series in it.
pub fn series(expression: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        rest = match first {
            '#' => rest.split_once('\n').map_or("", |(_, after)| after),
            '"' | '\'' | '`' => after_string(rest, first),
            '{' => {
                let (inside, after) = matchers(rest);
                found.extend(named(inside));
                after
            }
            '[' => rest.split_once(']').map_or("", |(_, after)| after),
            _ if is_word(first) => {
                let end = rest.find(|other| !is_word(other)).unwrap_or(rest.len());
                let (word, after) = rest.split_at(end);
                word_read(word, after, &mut found)
            }
            _ => &rest[first.len_utf8()..],
        };
    }
    found
}

/// Whether a name may have that character; a number is read as a word, too.
fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | ':' | '.' | '$')
}

/// Notes `word` where it is a series; gives where to go on.
fn word_read<'e>(word: &str, after: &'e str, found: &mut BTreeSet<String>) -> &'e str {
    let follows = after.trim_start();
    let lower = word.to_ascii_lowercase();
    if CLAUSES.contains(&lower.as_str()) {
        return match follows.strip_prefix('(') {
            Some(labels) => labels.split_once(')').map_or("", |(_, after)| after),
            None => after,
        };
    }
    let is_number = word.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '.' | '$'));
    // An aggregation whose clause comes first is followed by that, not by a parenthesis.
    let next: String = follows.chars().take_while(|next| is_word(*next)).collect();
    let is_function =
        follows.starts_with('(') || matches!(next.to_ascii_lowercase().as_str(), "by" | "without");
    let is_operand = !is_number && !is_function && !WORDS.contains(&lower.as_str());
    if is_operand {
        found.insert(word.to_owned());
    }
    after
}

/// What follows the string that `text` begins with.
fn after_string(text: &str, quote: char) -> &str {
    let mut is_escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if quote != '`' => is_escaped = true,
            _ if character == quote => return &text[at + 1..],
            _ => {}
        }
    }
    ""
}

/// The label matchers that `text` begins with, and what follows them.
fn matchers(text: &str) -> (&str, &str) {
    let mut rest = &text[1..];
    while let Some(first) = rest.chars().next() {
        rest = match first {
            '}' => return (&text[1..text.len() - rest.len()], &rest[1..]),
            '"' | '\'' | '`' => after_string(rest, first),
            _ => &rest[first.len_utf8()..],
        };
    }
    (&text[1..], "")
}

/// The series that label matchers name: `{__name__="up"}`.
fn named(matchers: &str) -> Option<String> {
    let (_, after) = matchers.split_once("__name__")?;
    let after = after.trim_start().strip_prefix('=')?.trim_start();
    let quote = after.chars().next().filter(|quote| matches!(quote, '"' | '\'' | '`'))?;
    let name = after[1..].split(quote).next()?;
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::series;

    #[track_caller]
    fn reads(expression: &str, expected: &[&str]) {
        let found: Vec<String> = series(expression).into_iter().collect();
        assert_eq!(found, expected, "in {expression}");
    }

    #[test]
    fn functions_labels_numbers_and_strings_are_no_series() {
        reads("sum by (group) (rate(a_total{x=\"b(c)}\", y=~'d'}[5m] offset 1h)) * 60 > 1e3", &["a_total"]);
        reads("histogram_quantile(0.99, sum(rate(a_bucket[5m])) by (le, route))", &["a_bucket"]);
        reads("topk(10, max without (pod) (job:a:rate5m)) >= bool 2", &["job:a:rate5m"]);
        reads("a{x=\"\\\"b\"} # c\n  unless d", &["a", "d"]);
        reads("vector(0) or absent(up == 0)", &["up"]);
        reads("rate(a[$__rate_interval]) > $limit", &["a"]);
    }

    #[test]
    fn both_sides_of_a_match_are_read() {
        reads("a / on (x) group_left (y) b", &["a", "b"]);
        reads("a ignoring(x) b", &["a", "b"]);
        reads("a unless on (desk, group) sum by (desk) (b) > 0", &["a", "b"]);
    }

    #[test]
    fn a_series_named_by_its_label_is_read() {
        reads("count({__name__=\"up\", job=\"x\"})", &["up"]);
        reads("count({job=\"x\"})", &[]);
    }

    #[test]
    fn what_is_cut_off_is_read_as_far_as_it_goes() {
        for whole in ["sum(rate(a{b=\"c\"}[5m])) by (d) > 1", "a / on (x) b{y='z'}"] {
            for end in 0..whole.len() {
                series(&whole[..end]);
            }
        }
        series("ä{ü=\"ö\"} ß");
    }
}
