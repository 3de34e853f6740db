//! From a wall-clock time to the instant it stands for. No rules here.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

/// The instant of a local time in a zone.
///
/// A time that the clocks skip becomes the first valid instant after the gap (02:30 in a gap from 02:00
/// to 03:00 is 03:00). A time that they show twice is the first of the two. Local times beyond what an
/// instant can hold become [`Timestamp::MIN`] or [`Timestamp::MAX`].
#[must_use]
pub fn resolve(local: DateTime, zone: &TimeZone) -> Timestamp {
    let instant = match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(local),
        AmbiguousOffset::Fold { before, .. } => before.to_timestamp(local),
        AmbiguousOffset::Gap { before, after } => after.to_timestamp(local).and_then(|early| {
            // Read with the offset that follows the gap, a skipped time falls just before the gap, so
            // that the next transition is the gap itself.
            match zone.following(early).next() {
                Some(transition) => Ok(transition.timestamp()),
                None => before.to_timestamp(local),
            }
        }),
    };
    instant.unwrap_or(if local.year() < 0 { Timestamp::MIN } else { Timestamp::MAX })
}
