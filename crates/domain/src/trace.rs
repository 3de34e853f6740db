//! Which trace something belongs to, as it travels with requests and events: W3C Trace Context's `traceparent`.

use std::borrow::Cow;
use std::fmt;
use std::num::{NonZeroU64, NonZeroU128};
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How long the text of one is, of the version that is written here.
const LENGTH: usize = 55;

/// A trace and the span in it that caused what carries this.
///
/// Its text is `00-<trace, 32 hex digits>-<span, 16 hex digits>-<flags, 2 hex digits>`; see
/// <https://www.w3.org/TR/trace-context/>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    /// The trace.
    pub trace: NonZeroU128,
    /// The span.
    pub span: NonZeroU64,
    /// Whether the trace is kept, as far as that was decided when this was written.
    pub sampled: bool,
}

/// A text that is no `traceparent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not a traceparent")]
pub struct NoTraceParent;

/// The number that `text` writes in lower-case hexadecimal digits.
fn hex(text: &str) -> Result<u128, NoTraceParent> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'));
    u128::from_str_radix(text, 16).ok().filter(|_| digits).ok_or(NoTraceParent)
}

impl FromStr for TraceParent {
    type Err = NoTraceParent;

    fn from_str(text: &str) -> Result<Self, NoTraceParent> {
        let part = |from, to| text.get(from..to).ok_or(NoTraceParent);
        let version = hex(part(0, 2)?)?;
        // A later version may have more behind this one's parts, never anything else in them.
        let is_whole = match version {
            0 => text.len() == LENGTH,
            0xff => false,
            _ => text.len() == LENGTH || text.as_bytes().get(LENGTH) == Some(&b'-'),
        };
        if !is_whole || [2, 35, 52].iter().any(|place| text.as_bytes().get(*place) != Some(&b'-')) {
            return Err(NoTraceParent);
        }
        let span = u64::try_from(hex(part(36, 52)?)?).map_err(|_| NoTraceParent)?;
        Ok(Self {
            trace: NonZeroU128::new(hex(part(3, 35)?)?).ok_or(NoTraceParent)?,
            span: NonZeroU64::new(span).ok_or(NoTraceParent)?,
            sampled: hex(part(53, 55)?)? & 1 == 1,
        })
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace, self.span, u8::from(self.sampled))
    }
}

impl Serialize for TraceParent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// For a field that may be absent: what is no `traceparent` is as good as none, and spoils nothing else.
pub(crate) fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<TraceParent>, D::Error> {
    let found = serde_json::Value::deserialize(deserializer)?;
    Ok(found.as_str().and_then(|text| text.parse().ok()))
}

impl JsonSchema for TraceParent {
    fn schema_name() -> Cow<'static, str> {
        "TraceParent".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The trace that it belongs to, as W3C Trace Context writes it.",
            "type": "string",
            "pattern": "^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$",
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn the_example_of_the_specification_is_read_and_written() {
        let parent: TraceParent = GOOD.parse().unwrap();
        assert_eq!(parent.trace.get(), 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736);
        assert_eq!(parent.span.get(), 0x00f0_67aa_0ba9_02b7);
        assert!(parent.sampled);
        assert_eq!(parent.to_string(), GOOD);
    }

    #[test]
    fn a_later_version_is_read_as_far_as_it_is_known() {
        let later = GOOD.replacen("00-", "cc-", 1);
        for text in [later.clone(), format!("{later}-what-the-future-will-be-like")] {
            assert_eq!(text.parse(), GOOD.parse::<TraceParent>(), "{text}");
        }
        assert_eq!(format!("{later}.what").parse::<TraceParent>(), Err(NoTraceParent));
    }

    #[test]
    fn only_the_flag_that_is_known_counts() {
        let flagged = |flags: &str| format!("{}{flags}", &GOOD[..53]).parse::<TraceParent>().unwrap().sampled;
        assert_eq!(
            ["00", "01", "02", "03", "fe", "ff"].map(flagged),
            [false, true, false, true, false, true]
        );
    }

    #[test]
    fn what_is_malformed_is_refused() {
        for bad in [
            "",
            "00",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
            "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-+0f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e47é-00f067aa0ba902b7-01",
        ] {
            assert_eq!(bad.parse::<TraceParent>(), Err(NoTraceParent), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_again(trace in 1_u128.., span in 1_u64.., sampled: bool) {
            let trace = NonZeroU128::new(trace).unwrap();
            let parent = TraceParent { trace, span: NonZeroU64::new(span).unwrap(), sampled };
            prop_assert_eq!(parent.to_string().parse(), Ok(parent));
        }

        #[test]
        fn nothing_that_is_typed_breaks_it(text in any::<String>()) {
            let _ = text.parse::<TraceParent>();
        }
    }
}
