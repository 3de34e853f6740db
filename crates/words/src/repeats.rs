//! A recurrence as a sentence says it, and the text of its rule.
//!
//! No words here, and no calendar: when it is due first is decided elsewhere.

use std::fmt::Write;

use domain::recurrence::CountsFrom;
use jiff::civil::Weekday;

use crate::names::code;
use crate::numbers::{Length, Unit};
use crate::times::Part;

/// How often a recurrence comes round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Every {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

/// A recurrence as the sentence says it.
#[derive(Debug, Clone)]
pub(crate) struct Repeat {
    pub(crate) every: Every,
    pub(crate) interval: u32,
    pub(crate) months: Vec<i8>,
    pub(crate) month_days: Vec<i8>,
    /// Weekdays, each with its rank in the month or without.
    pub(crate) days: Vec<(Option<i8>, Weekday)>,
    pub(crate) position: Option<i8>,
    pub(crate) from: CountsFrom,
    pub(crate) part: Option<Part>,
}

/// Where a recurrence ends by count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    Times(u32),
    For(Length),
}

/// Monday to Friday.
pub(crate) const WORKDAYS: [Weekday; 5] =
    [Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday];
/// Saturday and Sunday.
pub(crate) const WEEKEND: [Weekday; 2] = [Weekday::Saturday, Weekday::Sunday];

impl Repeat {
    pub(crate) fn new(every: Every, interval: u32) -> Self {
        Self {
            every,
            interval,
            months: Vec::new(),
            month_days: Vec::new(),
            days: Vec::new(),
            position: None,
            from: CountsFrom::Schedule,
            part: None,
        }
    }

    pub(crate) fn weekly(interval: u32, days: &[Weekday]) -> Self {
        Self { days: days.iter().map(|day| (None, *day)).collect(), ..Self::new(Every::Week, interval) }
    }

    /// Whether the rule itself says on which days.
    pub(crate) fn has_days(&self) -> bool {
        !(self.months.is_empty() && self.month_days.is_empty() && self.days.is_empty())
    }

    /// The rule's text, with this interval and end.
    pub(crate) fn rule(&self, interval: u32, end: &str) -> String {
        let mut text = String::with_capacity(64);
        text.push_str(match self.every {
            Every::Minute => "FREQ=MINUTELY",
            Every::Hour => "FREQ=HOURLY",
            Every::Day => "FREQ=DAILY",
            Every::Week => "FREQ=WEEKLY",
            Every::Month => "FREQ=MONTHLY",
            Every::Year => "FREQ=YEARLY",
        });
        if interval != 1 {
            let _ = write!(text, ";INTERVAL={interval}");
        }
        let mut list = |name: &str, values: &mut dyn Iterator<Item = String>| {
            for (index, value) in values.enumerate() {
                let _ = if index == 0 { write!(text, ";{name}={value}") } else { write!(text, ",{value}") };
            }
        };
        list("BYMONTH", &mut self.months.iter().map(i8::to_string));
        let late = match self.month_days[..] {
            [day @ 29..=31] if self.every == Every::Month => Some(day),
            _ => None,
        };
        match late {
            // The 31st of a short month is its last day.
            Some(day) => list("BYMONTHDAY", &mut (28..=day).map(|day| day.to_string())),
            None => list("BYMONTHDAY", &mut self.month_days.iter().map(i8::to_string)),
        }
        list(
            "BYDAY",
            &mut self.days.iter().map(|(nth, day)| match nth {
                Some(nth) => format!("{nth}{}", code(*day)),
                None => code(*day).to_owned(),
            }),
        );
        if let Some(position) = late.map(|_| -1).or(self.position) {
            let _ = write!(text, ";BYSETPOS={position}");
        }
        text.push_str(end);
        text
    }

    /// How many occurrences such a length holds, if that can be told.
    pub(crate) fn occurrences(&self, length: Length) -> Option<u32> {
        let each = u32::try_from(self.days.len()).ok().filter(|n| *n > 0).unwrap_or(1);
        let periods = match (self.every, length.unit) {
            (Every::Day, Unit::Day | Unit::Week) => length.days()?,
            (Every::Week, Unit::Week) => length.amount.checked_mul(each)?,
            (Every::Month, Unit::Month) | (Every::Year, Unit::Year) => length.amount,
            (Every::Month, Unit::Year) => length.amount.checked_mul(12)?,
            _ => return None,
        };
        Some(periods.div_ceil(self.interval.max(1)).max(1))
    }
}
