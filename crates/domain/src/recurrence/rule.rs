//! The text of an RFC 5545 recurrence rule (section 3.3.10): reading, checking, canonical form.
//!
//! A rule that this module accepts can be calculated in bounded time; what a task never needs and what
//! would cost much (seconds, huge counts, thousands of times a day) is refused here, not slowed down
//! later. No calendar arithmetic here.

use std::fmt::{self, Write};
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time, Weekday};

use super::{Error, Result};

/// The longest rule text taken, in bytes.
const MAX_TEXT: usize = 2_000;
/// The largest INTERVAL.
const MAX_INTERVAL: u16 = 10_000;
/// The largest COUNT.
const MAX_COUNT: u32 = 10_000;
/// The most times that one day of a rule may have: one each quarter of an hour.
const MAX_TIMES: usize = 96;

/// How often a rule's periods come round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Frequency {
    /// Each minute.
    Minutely,
    /// Each hour.
    Hourly,
    /// Each day.
    Daily,
    /// Each week.
    Weekly,
    /// Each month.
    Monthly,
    /// Each year.
    Yearly,
}

/// A weekday of BYDAY, with its ordinal in the month or year where it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Day {
    pub(super) nth: Option<i16>,
    pub(super) day: Weekday,
}

/// A checked recurrence rule. Two rules are equal when their canonical texts are.
#[derive(Debug, Clone)]
pub struct Rule {
    text: String,
    pub(super) frequency: Frequency,
    pub(super) interval: u16,
    pub(super) months: Vec<i8>,
    pub(super) weeks: Vec<i8>,
    pub(super) year_days: Vec<i16>,
    pub(super) month_days: Vec<i8>,
    pub(super) days: Vec<Day>,
    pub(super) hours: Vec<i8>,
    pub(super) minutes: Vec<i8>,
    pub(super) seconds: Vec<i8>,
    pub(super) positions: Vec<i32>,
    pub(super) count: Option<u32>,
    pub(super) until: Option<DateTime>,
    pub(super) week_start: Weekday,
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Rule {}

impl Hash for Rule {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Rule {
    /// The canonical text: parts in a fixed order, lists sorted, defaults left out.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How often the rule's periods come round.
    #[must_use]
    pub fn frequency(&self) -> Frequency {
        self.frequency
    }

    /// How many periods lie between one that counts and the next; 1 for each.
    #[must_use]
    pub fn interval(&self) -> u16 {
        self.interval
    }

    /// After how many occurrences the series ends.
    #[must_use]
    pub fn count(&self) -> Option<u32> {
        self.count
    }

    /// The last local time that can be an occurrence; for a day, its last second.
    #[must_use]
    pub fn until(&self) -> Option<DateTime> {
        self.until
    }
}

/// The parts of a rule, in the order of the canonical text.
const PARTS: [&str; 14] = [
    "FREQ",
    "INTERVAL",
    "WKST",
    "BYMONTH",
    "BYWEEKNO",
    "BYYEARDAY",
    "BYMONTHDAY",
    "BYDAY",
    "BYHOUR",
    "BYMINUTE",
    "BYSECOND",
    "BYSETPOS",
    "COUNT",
    "UNTIL",
];

/// The values of one text, a slot for each of [`PARTS`].
struct Values<'a>([Option<&'a str>; PARTS.len()]);

impl<'a> Values<'a> {
    fn read(text: &'a str) -> Result<Self> {
        let mut values = [None; PARTS.len()];
        for part in text.split(';') {
            let Some((name, value)) = part.split_once('=') else {
                return Err(Error::NotAPart(part.to_owned()));
            };
            let Some(index) = PARTS.iter().position(|known| known.eq_ignore_ascii_case(name)) else {
                return Err(Error::UnknownPart(name.to_owned()));
            };
            if values[index].replace(value).is_some() {
                return Err(Error::Twice(PARTS[index]));
            }
        }
        Ok(Self(values))
    }

    /// The value of a part, with the part's name for errors.
    fn get(&self, name: &'static str) -> Option<&'a str> {
        PARTS.iter().position(|known| *known == name).and_then(|index| self.0[index])
    }

    /// The one value of a part that has one.
    fn one<T>(&self, name: &'static str, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>> {
        self.get(name).map(|value| read(value).ok_or_else(|| bad(name, value))).transpose()
    }

    /// The values of a part that has a list.
    fn list<T>(&self, name: &'static str, read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>> {
        let Some(list) = self.get(name) else { return Ok(Vec::new()) };
        list.split(',').map(|value| read(value).ok_or_else(|| bad(name, value))).collect()
    }

    /// A list of numbers up to `most`, sorted, each once; negative ones and no zero where `signed`.
    fn numbers<T>(&self, name: &'static str, signed: bool, least: T, most: T) -> Result<Vec<T>>
    where
        T: FromStr + Ord + Copy + std::ops::Neg<Output = T> + Default,
    {
        let mut numbers = self.list(name, |value| {
            let number: T = digits(value, signed)?;
            let size = if number < T::default() { -number } else { number };
            (size >= least && size <= most).then_some(number)
        })?;
        numbers.sort_unstable();
        numbers.dedup();
        Ok(numbers)
    }
}

fn bad(part: &'static str, value: &str) -> Error {
    Error::Value { part, value: value.to_owned() }
}

/// A number of one to five digits, with a sign where one is allowed.
fn digits<T: FromStr>(value: &str, signed: bool) -> Option<T> {
    let bare = if signed { value.strip_prefix(['+', '-']).unwrap_or(value) } else { value };
    if bare.is_empty() || bare.len() > 5 || !bare.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    value.parse().ok()
}

fn weekday(text: &str) -> Option<Weekday> {
    NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, day)| *day)
}

const NAMES: [(&str, Weekday); 7] = [
    ("MO", Weekday::Monday),
    ("TU", Weekday::Tuesday),
    ("WE", Weekday::Wednesday),
    ("TH", Weekday::Thursday),
    ("FR", Weekday::Friday),
    ("SA", Weekday::Saturday),
    ("SU", Weekday::Sunday),
];

fn name(day: Weekday) -> &'static str {
    NAMES[day.to_monday_zero_offset().unsigned_abs() as usize].0
}

fn by_day(value: &str) -> Option<Day> {
    let at = value.len().checked_sub(2)?;
    let (nth, day) = (value.get(..at)?, value.get(at..)?);
    let nth = match nth {
        "" => None,
        nth => Some(digits::<i16>(nth, true).filter(|n| *n != 0 && (-53..=53).contains(n))?),
    };
    Some(Day { nth, day: weekday(day)? })
}

fn frequency(value: &str) -> Result<Frequency> {
    Ok(match value.to_ascii_uppercase().as_str() {
        "MINUTELY" => Frequency::Minutely,
        "HOURLY" => Frequency::Hourly,
        "DAILY" => Frequency::Daily,
        "WEEKLY" => Frequency::Weekly,
        "MONTHLY" => Frequency::Monthly,
        "YEARLY" => Frequency::Yearly,
        "SECONDLY" => return Err(Error::Unsupported("a task recurs at most once a minute")),
        _ => return Err(bad("FREQ", value)),
    })
}

/// UNTIL in local time: a day includes its last second.
fn until(value: &str) -> Result<DateTime> {
    if value.ends_with(['Z', 'z']) {
        return Err(Error::Unsupported("UNTIL is a local time here, without Z"));
    }
    let number = |range: std::ops::Range<usize>| {
        let text = value.get(range)?;
        text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<i16>().ok()).flatten()
    };
    let small = |range| number(range).and_then(|n| i8::try_from(n).ok());
    let read = || {
        let date = Date::new(number(0..4)?, small(4..6)?, small(6..8)?).ok()?;
        match value.len() {
            8 => Some(date.to_datetime(Time::constant(23, 59, 59, 0))),
            15 if matches!(value.as_bytes().get(8), Some(b'T' | b't')) => {
                let time = Time::new(small(9..11)?, small(11..13)?, small(13..15)?, 0).ok()?;
                Some(date.to_datetime(time))
            }
            _ => None,
        }
    };
    read().ok_or_else(|| bad("UNTIL", value))
}

impl FromStr for Rule {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if text.len() > MAX_TEXT {
            return Err(Error::TooLong { max: MAX_TEXT });
        }
        let text = text.trim();
        let text = match text.get(..6) {
            Some(prefix) if prefix.eq_ignore_ascii_case("RRULE:") => &text[6..],
            _ => text,
        };
        let values = Values::read(text)?;
        let mut days = values.list("BYDAY", by_day)?;
        days.sort_by_key(|d| (d.nth.unwrap_or(0), d.day.to_monday_zero_offset()));
        days.dedup();
        let mut rule = Self {
            text: String::new(),
            frequency: frequency(values.get("FREQ").ok_or(Error::NoFrequency)?)?,
            interval: values
                .one("INTERVAL", |v| digits(v, false).filter(|n| (1..=MAX_INTERVAL).contains(n)))?
                .unwrap_or(1),
            months: values.numbers("BYMONTH", false, 1, 12)?,
            weeks: values.numbers("BYWEEKNO", true, 1, 53)?,
            year_days: values.numbers("BYYEARDAY", true, 1, 366)?,
            month_days: values.numbers("BYMONTHDAY", true, 1, 31)?,
            days,
            hours: values.numbers("BYHOUR", false, 0, 23)?,
            minutes: values.numbers("BYMINUTE", false, 0, 59)?,
            seconds: values.numbers("BYSECOND", false, 0, 59)?,
            positions: values.numbers("BYSETPOS", true, 1, 366)?,
            count: values.one("COUNT", |v| digits(v, false).filter(|n| (1..=MAX_COUNT).contains(n)))?,
            until: values.get("UNTIL").map(until).transpose()?,
            week_start: values.one("WKST", weekday)?.unwrap_or(Weekday::Monday),
        };
        rule.check()?;
        rule.text = rule.canonical(values.get("UNTIL"));
        Ok(rule)
    }
}

impl Rule {
    /// The combinations that RFC 5545 forbids, and those that are refused here.
    fn check(&self) -> Result<()> {
        let forbid = |wrong: bool, why| if wrong { Err(Error::Conflict(why)) } else { Ok(()) };
        let refuse = |wrong: bool, why| if wrong { Err(Error::Unsupported(why)) } else { Ok(()) };
        let frequency = self.frequency;
        let ordinal = self.days.iter().any(|d| d.nth.is_some());
        let short = frequency < Frequency::Daily;
        forbid(self.count.is_some() && self.until.is_some(), "COUNT and UNTIL exclude each other")?;
        forbid(
            ordinal && frequency < Frequency::Monthly,
            "BYDAY takes an ordinal only with MONTHLY and YEARLY",
        )?;
        forbid(ordinal && !self.weeks.is_empty(), "BYDAY takes no ordinal beside BYWEEKNO")?;
        let ordinals = if frequency == Frequency::Monthly { -4..=5 } else { -52..=53 };
        refuse(
            self.days.iter().any(|d| d.nth.is_some_and(|nth| !ordinals.contains(&nth))),
            "an ordinal of BYDAY is -4 to 5 in a month and -52 to 53 in a year",
        )?;
        forbid(
            !self.month_days.is_empty() && frequency == Frequency::Weekly,
            "BYMONTHDAY does not go with WEEKLY",
        )?;
        forbid(
            !self.year_days.is_empty()
                && matches!(frequency, Frequency::Daily | Frequency::Weekly | Frequency::Monthly),
            "BYYEARDAY does not go with DAILY, WEEKLY or MONTHLY",
        )?;
        forbid(!self.weeks.is_empty() && frequency != Frequency::Yearly, "BYWEEKNO goes with YEARLY only")?;
        let limits = [&self.months, &self.weeks, &self.month_days, &self.hours, &self.minutes, &self.seconds]
            .iter()
            .any(|part| !part.is_empty());
        forbid(
            !self.positions.is_empty() && !limits && self.days.is_empty() && self.year_days.is_empty(),
            "BYSETPOS needs another BY part",
        )?;
        let most = match frequency {
            Frequency::Monthly => 31,
            Frequency::Weekly => 53,
            _ => 366,
        };
        forbid(
            self.positions.iter().any(|position| position.abs() > most),
            "BYSETPOS is larger than the period",
        )?;
        refuse(
            ordinal && self.days.iter().any(|d| d.nth.is_none()),
            "weekdays with and without an ordinal do not mix",
        )?;
        refuse(
            short && !(self.month_days.is_empty() && self.year_days.is_empty() && self.positions.is_empty()),
            "a rule of minutes or hours takes BYMONTH, BYDAY and times only",
        )?;
        // The calculation loses the rhythm of the minutes when it skips hours.
        refuse(
            frequency == Frequency::Minutely && !(self.hours.is_empty() && self.minutes.is_empty()),
            "a rule of minutes takes no BYHOUR and no BYMINUTE",
        )?;
        let hours = if short { 1 } else { self.hours.len().max(1) };
        refuse(
            hours * self.minutes.len().max(1) * self.seconds.len().max(1) > MAX_TIMES,
            "a rule has at most a time each quarter of an hour",
        )?;
        Ok(())
    }

    fn canonical(&self, until: Option<&str>) -> String {
        let mut text = format!("FREQ={}", self.frequency.text());
        if self.interval != 1 {
            let _ = write!(text, ";INTERVAL={}", self.interval);
        }
        if self.week_start != Weekday::Monday {
            let _ = write!(text, ";WKST={}", name(self.week_start));
        }
        list(&mut text, "BYMONTH", &self.months);
        list(&mut text, "BYWEEKNO", &self.weeks);
        list(&mut text, "BYYEARDAY", &self.year_days);
        list(&mut text, "BYMONTHDAY", &self.month_days);
        list(&mut text, "BYDAY", &self.days);
        list(&mut text, "BYHOUR", &self.hours);
        list(&mut text, "BYMINUTE", &self.minutes);
        list(&mut text, "BYSECOND", &self.seconds);
        list(&mut text, "BYSETPOS", &self.positions);
        if let Some(count) = self.count {
            let _ = write!(text, ";COUNT={count}");
        }
        if let Some(until) = until {
            let _ = write!(text, ";UNTIL={}", until.to_ascii_uppercase());
        }
        text
    }
}

impl Frequency {
    /// The value of FREQ.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Minutely => "MINUTELY",
            Self::Hourly => "HOURLY",
            Self::Daily => "DAILY",
            Self::Weekly => "WEEKLY",
            Self::Monthly => "MONTHLY",
            Self::Yearly => "YEARLY",
        }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(nth) = self.nth {
            write!(f, "{nth}")?;
        }
        f.write_str(name(self.day))
    }
}

fn list<T: fmt::Display>(text: &mut String, part: &str, values: &[T]) {
    for (index, value) in values.iter().enumerate() {
        let _ = if index == 0 { write!(text, ";{part}={value}") } else { write!(text, ",{value}") };
    }
}
