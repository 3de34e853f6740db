//! Reading JSON values, and Kubernetes' quantities.
//!
//! What is not of the expected shape is nothing; it must not be an error here.

use serde_json::Value;

/// The items of the list that `pointer` leads to; none where there is no list.
pub(super) fn items<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The text that `pointer` leads to.
pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer)?.as_str()
}

/// The largest whole number that is told from larger ones: Kubernetes' own, and two of them can be multiplied.
const MOST: i64 = i32::MAX as i64;

/// The whole number that `pointer` leads to, also where it is written as text, cut to what Kubernetes takes.
pub(super) fn whole(value: &Value, pointer: &str) -> Option<i64> {
    let value = value.pointer(pointer)?;
    let number = value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())?;
    Some(number.clamp(-MOST, MOST))
}

/// Whether `pointer` leads to a truth.
pub(super) fn is_true(value: &Value, pointer: &str) -> bool {
    value.pointer(pointer).and_then(Value::as_bool) == Some(true)
}

/// What is written there, as a person writes it.
pub(super) fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A text for messages, not too long and on one line.
pub(super) fn short(text: &str) -> String {
    const MOST: usize = 60;
    let line: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

/// A list in words: `a, b and c`; beyond a few, how many more.
pub(super) fn listed<T: AsRef<str>>(items: &[T]) -> String {
    const MOST: usize = 4;
    let names: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] if names.len() <= MOST => format!("{} and {last}", first.join(", ")),
        some => {
            let first = some.get(..MOST - 1).unwrap_or_default().join(", ");
            format!("{first} and {} more", some.len() - (MOST - 1))
        }
    }
}

/// A number of things: `1 replica`, `2 replicas`.
pub(super) fn count(number: i64, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}

/// A quantity such as `500m`, `2` or `1.5Gi`, in thousandths: of a core, of a byte. Nothing where it is none.
///
/// ```
/// use deploy::check::quantity_milli;
///
/// assert_eq!(quantity_milli("500m"), Some(500));
/// assert_eq!(quantity_milli("1Gi"), Some(1_073_741_824_000));
/// assert_eq!(quantity_milli("lots"), None);
/// ```
pub fn quantity_milli(text: &str) -> Option<i64> {
    let text = text.trim();
    let is_number = |letter: char| letter.is_ascii_digit() || matches!(letter, '.' | '+' | '-');
    let end = text.find(|letter| !is_number(letter)).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end)?;
    let number: f64 = number.parse().ok().filter(|number: &f64| number.is_finite())?;
    let factor = match unit {
        "n" => 1e-9,
        "u" => 1e-6,
        "m" => 1e-3,
        "" => 1.0,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        "E" => 1e18,
        "Ki" => 1024.0,
        "Mi" => 1_048_576.0,
        "Gi" => 1_073_741_824.0,
        "Ti" => 1_099_511_627_776.0,
        "Pi" => 1_125_899_906_842_624.0,
        "Ei" => 1_152_921_504_606_846_976.0,
        _ => 10_f64
            .powi(unit.strip_prefix(['e', 'E'])?.parse().ok().filter(|power| (-18..=18).contains(power))?),
    };
    // Kubernetes rounds up what is finer than it counts.
    const MOST_MILLI: f64 = 4e18;
    Some((number * factor * 1e3).ceil().clamp(-MOST_MILLI, MOST_MILLI) as i64)
}

/// A quantity as it stands in a manifest, as text or as a number.
pub(super) fn milli(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => quantity_milli(text),
        Value::Number(number) => quantity_milli(&number.to_string()),
        _ => None,
    }
}

/// Cores, as people write them.
pub(super) fn cores(milli: i64) -> String {
    if milli % 1_000 == 0 { (milli / 1_000).to_string() } else { format!("{milli}m") }
}

/// Memory of so many thousandths of a byte, as people write it.
pub(super) fn memory(milli: i64) -> String {
    let bytes = milli as f64 / 1e3;
    for (unit, size) in [("Gi", 1_073_741_824.0), ("Mi", 1_048_576.0), ("Ki", 1_024.0)] {
        if bytes >= size {
            let count = bytes / size;
            return if count.fract() == 0.0 { format!("{count}{unit}") } else { format!("{count:.1}{unit}") };
        }
    }
    format!("{bytes}")
}

/// A number or a share of `whole`, rounded as asked for; nothing where it is neither.
pub(super) fn share(value: &Value, of: i64, rounds_up: bool) -> Option<i64> {
    if let Some(number) = value.as_i64() {
        return Some(number.clamp(-MOST, MOST));
    }
    let percent: i64 = value.as_str()?.trim().strip_suffix('%')?.parse().ok()?;
    let hundredths = of.checked_mul(percent).filter(|product| product.abs() <= MOST * MOST)?;
    Some(if rounds_up { hundredths.saturating_add(99).div_euclid(100) } else { hundredths.div_euclid(100) })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn quantities_are_read_as_kubernetes_reads_them() {
        for (text, expected) in [
            ("0", Some(0)),
            ("250m", Some(250)),
            ("1.5", Some(1_500)),
            ("1e3", Some(1_000_000)),
            ("128Mi", Some(134_217_728_000)),
            ("100n", Some(1)),
            ("1 Gi", None),
            ("1GB", None),
            ("", None),
            ("NaN", None),
            ("1e999", None),
        ] {
            assert_eq!(quantity_milli(text), expected, "{text}");
        }
    }

    #[test]
    fn shares_round_as_they_are_told() {
        assert_eq!(share(&json!("25%"), 3, false), Some(0));
        assert_eq!(share(&json!("25%"), 3, true), Some(1));
        assert_eq!(share(&json!(2), 3, true), Some(2));
        assert_eq!(share(&json!("two"), 3, true), None);
        assert_eq!(share(&json!("9223372036854775807%"), 3, true), None);
    }

    #[test]
    fn lists_are_words() {
        assert_eq!(listed(&["a"]), "a");
        assert_eq!(listed(&["a", "b", "c"]), "a, b and c");
        assert_eq!(listed(&["a", "b", "c", "d", "e"]), "a, b, c and 2 more");
    }
}
