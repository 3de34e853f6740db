//! Which metrics an expression of PromQL asks for.
//!
//! It must not judge whether an expression is well formed.

/// Words of the language, where a metric could stand.
const WORDS: &[&str] = &[
    "and",
    "atan2",
    "bool",
    "by",
    "group_left",
    "group_right",
    "ignoring",
    "inf",
    "nan",
    "offset",
    "on",
    "or",
    "unless",
    "without",
];

/// The names of the metrics in `expression`, each once, in their order.
pub(super) fn metrics(expression: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut rest = expression;
    // How deep in braces, brackets and lists of labels, in which names are labels and times.
    let mut before = "";
    let mut closes_list: Option<usize> = None;
    let mut depth = 0_usize;
    while let Some(letter) = rest.chars().next() {
        match letter {
            '"' | '\'' | '`' => rest = behind_quote(rest, letter),
            '{' => rest = within_braces(rest, &mut found),
            '[' => rest = rest.find(']').and_then(|end| rest.get(end + 1..)).unwrap_or_default(),
            '#' => rest = rest.find('\n').and_then(|end| rest.get(end..)).unwrap_or_default(),
            '(' => {
                depth += 1;
                let is_list =
                    matches!(before, "by" | "without" | "on" | "ignoring" | "group_left" | "group_right");
                if is_list && closes_list.is_none() {
                    closes_list = Some(depth);
                }
                rest = rest.get(1..).unwrap_or_default();
                before = "";
            }
            ')' => {
                if closes_list == Some(depth) {
                    closes_list = None;
                }
                depth = depth.saturating_sub(1);
                rest = rest.get(1..).unwrap_or_default();
                before = "";
            }
            // A number, with a unit of time where it is one.
            letter if letter.is_ascii_digit() || letter == '.' => {
                let end = rest
                    .find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '.')
                    .unwrap_or(rest.len());
                rest = rest.get(end..).unwrap_or_default();
            }
            // A variable of Grafana, such as $job or ${job:regex}.
            '$' => {
                let inner = rest.get(1..).unwrap_or_default();
                let end = match inner.strip_prefix('{') {
                    Some(named) => named.find('}').map_or(inner.len(), |end| end + 2),
                    None => inner.find(|letter: char| !is_part(letter)).unwrap_or(inner.len()),
                };
                rest = inner.get(end..).unwrap_or_default();
            }
            letter if letter.is_ascii_alphabetic() || letter == '_' || letter == ':' => {
                let end = rest.find(|letter: char| !is_part(letter)).unwrap_or(rest.len());
                let (name, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
                let next = after.trim_start();
                let lower = name.to_lowercase();
                let is_word = WORDS.contains(&lower.as_str());
                // An aggregation may have its labels before what it sums: sum by (job) (x).
                let is_call = next.starts_with('(') || starts_with_word(next, &["by", "without"]);
                let is_partial = after.starts_with('$');
                if !is_word
                    && !is_call
                    && !is_partial
                    && closes_list.is_none()
                    && !found.iter().any(|one| one == name)
                {
                    found.push(name.to_owned());
                }
                before = if is_word { word_of(&lower) } else { "" };
                rest = after;
            }
            letter => {
                if !letter.is_whitespace() {
                    before = "";
                }
                rest = rest.get(letter.len_utf8()..).unwrap_or_default();
            }
        }
    }
    found
}

fn is_part(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_' || letter == ':'
}

fn word_of(lower: &str) -> &'static str {
    WORDS.iter().find(|word| **word == lower).copied().unwrap_or("")
}

fn starts_with_word(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.strip_prefix(word).is_some_and(|rest| !rest.starts_with(is_part)))
}

fn behind_quote(text: &str, quote: char) -> &str {
    let mut is_escaped = false;
    for (place, letter) in text.char_indices().skip(1) {
        match letter {
            '\\' if quote != '`' => is_escaped = !is_escaped,
            letter if letter == quote && !is_escaped => return text.get(place + 1..).unwrap_or_default(),
            _ => is_escaped = false,
        }
    }
    ""
}

/// What is behind a list of labels; a name in it as `__name__="x"` counts.
fn within_braces<'t>(text: &'t str, found: &mut Vec<String>) -> &'t str {
    let mut rest = text.get(1..).unwrap_or_default();
    let mut label = "";
    while let Some(letter) = rest.chars().next() {
        match letter {
            '}' => return rest.get(1..).unwrap_or_default(),
            '"' | '\'' | '`' => {
                let after = behind_quote(rest, letter);
                let quoted = rest.get(1..rest.len() - after.len()).and_then(|text| text.strip_suffix(letter));
                if let Some(name) =
                    quoted.filter(|name| label == "__name__" && !name.is_empty() && name.chars().all(is_part))
                    && !found.iter().any(|one| one == name)
                {
                    found.push(name.to_owned());
                }
                label = "";
                rest = after;
            }
            letter if is_part(letter) => {
                let end = rest.find(|letter: char| !is_part(letter)).unwrap_or(rest.len());
                let (name, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
                let next = after.trim_start();
                label = if next.starts_with('=') && !next.starts_with("=~") { name } else { "" };
                rest = after;
            }
            letter => rest = rest.get(letter.len_utf8()..).unwrap_or_default(),
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_functions_labels_and_times() {
        for (expression, expected) in [
            ("up == 0", &["up"][..]),
            ("sum by (job) (rate(http_requests_total{code=~\"5..\"}[5m])) > 0.1", &["http_requests_total"]),
            ("sum(a_total) by (job, pod) / on(job) group_left(node) b_total", &["a_total", "b_total"]),
            ("histogram_quantile(0.99, sum(rate(x_bucket[$__rate_interval])) by (le))", &["x_bucket"]),
            ("{__name__=\"x_total\", job=\"y\"}", &["x_total"]),
            ("a:b:rate5m offset 1h and ignoring (x) c", &["a:b:rate5m", "c"]),
            ("max_over_time(x[1h:5m]) > bool 1e3", &["x"]),
            ("label_replace(up, \"a\", \"$1\", \"b\", \"(.*)\")", &["up"]),
            ("rate(${metric}_total[5m]) # kube_x", &["_total"]),
            ("absent(deskhand_up{job='}'}) or vector(0)", &["deskhand_up"]),
            ("\"unclosed", &[]),
        ] {
            assert_eq!(metrics(expression), expected, "{expression}");
        }
    }
}
