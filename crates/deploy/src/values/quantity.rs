//! Quantities as Kubernetes writes them: `250m`, `1Gi`. Reads and compares them; knows nothing of what they are of.

use serde_json::{Value, json};

use super::read::{Read, Reading, found};

/// A quantity, as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quantity(String);

impl Quantity {
    /// Reads a quantity, by the rules of Kubernetes' `resource.Quantity`.
    pub fn parse(text: &str) -> Option<Self> {
        thousandths(text).map(|_| Self(text.to_owned()))
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// In thousandths: of a core, or of a byte.
    pub fn milli(&self) -> i128 {
        thousandths(&self.0).unwrap_or_default()
    }
}

/// What the text means, in thousandths, rounded up as Kubernetes does; nothing where it is no quantity.
fn thousandths(text: &str) -> Option<i128> {
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && part.is_empty()) || part.contains('.') || number.len() > 18 {
        return None;
    }
    let digits: i128 = format!("{whole}{part}").parse().ok()?;
    let below = 10_i128.checked_pow(u32::try_from(part.len()).ok()?)?;
    let (times, by): (i128, i128) = match unit {
        "n" => (1, 1_000_000),
        "u" => (1, 1_000),
        "m" => (1, 1),
        "" => (1_000, 1),
        "k" => (1_000_000, 1),
        "M" => (1_000_000_000, 1),
        "G" => (1_000_000_000_000, 1),
        "T" => (1_000_000_000_000_000, 1),
        "P" => (1_000_000_000_000_000_000, 1),
        "Ki" => (1_000 << 10, 1),
        "Mi" => (1_000 << 20, 1),
        "Gi" => (1_000 << 30, 1),
        "Ti" => (1_000 << 40, 1),
        "Pi" => (1_000 << 50, 1),
        _ => {
            let exponent: u32 = unit.strip_prefix(['e', 'E'])?.parse().ok()?;
            (10_i128.checked_pow(exponent.checked_add(3)?).filter(|_| exponent <= 15)?, 1)
        }
    };
    let by = below.checked_mul(by)?;
    let times = digits.checked_mul(times)?;
    Some(times / by + i128::from(times % by != 0))
}

impl Read for Quantity {
    fn read(reading: &mut Reading<'_>, value: &Value) -> Option<Self> {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        match Self::parse(&text) {
            Some(quantity) => Some(quantity),
            None => reading.refuse(format!(
                "found {}; allowed: a quantity, such as 250m, 1.5, 512Mi or 10Gi",
                found(value)
            )),
        }
    }

    fn schema() -> Value {
        json!({
            "type": ["string", "number"],
            "pattern": "^([0-9]+([.][0-9]*)?|[.][0-9]+)(n|u|m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi|[eE][0-9]+)?$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Quantity;

    #[test]
    fn quantities_mean_what_kubernetes_means_by_them() {
        for (text, milli) in [
            ("250m", 250),
            ("1", 1_000),
            ("1.5", 1_500),
            (".5", 500),
            ("1Ki", 1_024_000),
            ("0.5Gi", 536_870_912_000),
            ("1e3", 1_000_000),
            ("1n", 1),
            ("100M", 100_000_000_000),
        ] {
            assert_eq!(Quantity::parse(text).map(|quantity| quantity.milli()), Some(milli), "{text}");
        }
    }

    #[test]
    fn what_is_no_quantity_is_refused() {
        for text in ["", ".", "1 Gi", "1gb", "Gi", "-1", "1.2.3", "1e", "0x1", "99999999999999999999", "1e99"]
        {
            assert_eq!(Quantity::parse(text), None, "{text}");
        }
    }
}
