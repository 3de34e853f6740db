//! Times and counts as they are typed.
//!
//! It must not know what time it is.

use super::error::Error;
use super::fleet::Nodes;

/// What the units of a time multiply with, in seconds; the longer ones first.
const UNITS: [(&str, f64); 5] = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3_600.0), ("d", 86_400.0)];

/// A time such as `90`, `0.5s`, `250ms`, `10m`, `24h` or `2d`, in seconds.
///
/// Errors where it is none, or longer than a hundred years.
///
/// ```
/// assert_eq!(deploy::simulate::seconds("250ms")?, 0.25);
/// # Ok::<(), deploy::simulate::Error>(())
/// ```
pub fn seconds(text: &str) -> Result<f64, Error> {
    let wrong = || Error::Time { found: text.chars().take(40).collect() };
    let unit = UNITS.iter().find_map(|(unit, secs)| Some((text.strip_suffix(unit)?, *secs)));
    let (digits, unit_secs) = unit.unwrap_or((text, 1.0));
    if !digits.starts_with(|c: char| c.is_ascii_digit()) || digits.contains(['e', 'E']) {
        return Err(wrong());
    }
    let secs = digits.parse::<f64>().map_err(|_| wrong())? * unit_secs;
    if secs.is_finite() && secs <= 3.2e9 { Ok(secs) } else { Err(wrong()) }
}

/// A time in whole seconds, rounded up.
///
/// Errors as [`seconds`] does.
pub fn whole_seconds(text: &str) -> Result<u32, Error> {
    let secs = seconds(text)?.ceil();
    // What is at most 3.2e9 fits.
    Ok(secs as u32)
}

impl Nodes {
    /// Nodes as they are typed, `READY:MOST:EACH@TIME`: how many there are, how many there may be, how many replicas
    /// fit on one, and how long a new one takes.
    ///
    /// Errors where it is not written like that.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = || Error::NodesText { found: text.chars().take(40).collect() };
        let (counts, time) = text.split_once('@').ok_or_else(wrong)?;
        let counts: Option<Vec<u32>> = counts.split(':').map(|count| count.parse().ok()).collect();
        let [ready, most, replicas_each] = counts.as_deref().ok_or_else(wrong)? else { return Err(wrong()) };
        let start_secs = whole_seconds(time)?;
        Ok(Self { replicas_each: *replicas_each, ready: *ready, most: *most, start_secs })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_unit() {
        for (text, secs) in [
            ("90", 90.0),
            ("0.5s", 0.5),
            ("250ms", 0.25),
            ("10m", 600.0),
            ("24h", 86_400.0),
            ("2d", 172_800.0),
        ] {
            assert_eq!(seconds(text), Ok(secs), "{text}");
        }
        assert_eq!(whole_seconds("1.2s"), Ok(2));
    }

    #[test]
    fn what_is_no_time_or_too_long_is_refused() {
        for text in ["", "s", "-1s", "1x", "NaN", "inf", "1e9", "1 h", "h24", "99999999999h", "1w", "+1", "é"]
        {
            assert!(matches!(seconds(text), Err(Error::Time { .. })), "{text}");
        }
    }

    #[test]
    fn nodes_are_read_as_they_are_typed() {
        let nodes = Nodes { replicas_each: 3, ready: 2, most: 4, start_secs: 120 };
        assert_eq!(Nodes::parse("2:4:3@2m"), Ok(nodes));
        for text in ["", "2", "2:4:3", "2:4@2m", "2:4:3:5@2m", "a:b:c@2m", "-1:4:3@2m"] {
            assert!(matches!(Nodes::parse(text), Err(Error::NodesText { .. })), "{text}");
        }
        assert!(matches!(Nodes::parse("2:4:3@soon"), Err(Error::Time { .. })));
    }
}
