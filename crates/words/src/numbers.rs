//! Numbers, ordinals and lengths of time in words and digits.

use crate::tokens::View;

/// A number in digits (at most four) or in words.
pub(crate) fn cardinal(word: &str) -> Option<u32> {
    if word.len() <= 4 && !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit()) {
        return word.parse().ok();
    }
    const WORDS: [&str; 21] = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
        "twenty",
    ];
    match word {
        "thirty" => Some(30),
        "forty" => Some(40),
        "forty-five" => Some(45),
        "sixty" => Some(60),
        "ninety" => Some(90),
        _ => WORDS.iter().position(|known| *known == word).and_then(|n| u32::try_from(n).ok()),
    }
}

/// An ordinal in digits: 1st, 22nd, 15th.
pub(crate) fn ordinal(word: &str) -> Option<u32> {
    let digits = ["st", "nd", "rd", "th"].iter().find_map(|suffix| word.strip_suffix(suffix))?;
    (digits.len() <= 3 && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().ok()).flatten()
}

/// Which one of several: first to fifth in words or digits, and last, which is -1.
pub(crate) fn rank(word: &str) -> Option<i8> {
    const WORDS: [&str; 5] = ["first", "second", "third", "fourth", "fifth"];
    if word == "last" {
        return Some(-1);
    }
    let n = WORDS.iter().position(|known| *known == word).map(|n| n + 1);
    let n = n.or_else(|| ordinal(word).map(|n| n as usize).filter(|n| (1..=5).contains(n)))?;
    i8::try_from(n).ok()
}

/// How many: a number, *a* or *an*, *a couple of*.
pub(crate) fn amount(view: View<'_>, i: usize) -> Option<(u32, usize)> {
    for (words, n) in [("a couple of", 2), ("a couple", 2), ("couple of", 2)] {
        if let Some(end) = view.phrase(i, words) {
            return Some((n, end));
        }
    }
    match view.word(i) {
        "a" | "an" => Some((1, i + 1)),
        word => cardinal(word).map(|n| (n, i + 1)),
    }
}

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Minute,
    Hour,
    Day,
    BusinessDay,
    Week,
    Month,
    Year,
}

/// A length of time: so many of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Length {
    pub(crate) amount: u32,
    pub(crate) unit: Unit,
}

/// A unit's name, and how many of the unit it stands for.
fn unit_name(word: &str) -> Option<(Unit, u32)> {
    Some(match word {
        "minute" | "minutes" | "min" | "mins" => (Unit::Minute, 1),
        "hour" | "hours" | "hr" | "hrs" | "h" => (Unit::Hour, 1),
        "day" | "days" => (Unit::Day, 1),
        "weekday" | "weekdays" | "workday" | "workdays" => (Unit::BusinessDay, 1),
        "week" | "weeks" | "wk" | "wks" => (Unit::Week, 1),
        "fortnight" | "fortnights" => (Unit::Week, 2),
        "month" | "months" => (Unit::Month, 1),
        "quarter" | "quarters" => (Unit::Month, 3),
        "year" | "years" | "yr" | "yrs" => (Unit::Year, 1),
        _ => return None,
    })
}

/// A unit, as one word or two.
pub(crate) fn unit(view: View<'_>, i: usize) -> Option<(Unit, u32, usize)> {
    if matches!(view.word(i), "business" | "working") && matches!(view.word(i + 1), "day" | "days") {
        return Some((Unit::BusinessDay, 1, i + 2));
    }
    unit_name(view.word(i)).map(|(unit, times)| (unit, times, i + 1))
}

/// A number and a unit in one word: 45min, 2h, 1h30.
fn glued(word: &str) -> Option<Length> {
    let split = word.bytes().position(|b| !b.is_ascii_digit()).filter(|at| (1..=4).contains(at))?;
    let (number, name) = word.split_at(split);
    let amount: u32 = number.parse().ok()?;
    if let Some(rest) = name.strip_prefix('h').filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) {
        let minutes: u32 = rest.trim_end_matches('m').parse().ok().filter(|minutes| *minutes < 60)?;
        return Some(Length { amount: amount.checked_mul(60)?.checked_add(minutes)?, unit: Unit::Minute });
    }
    let (unit, times) = match name {
        "m" => (Unit::Minute, 1),
        "d" => (Unit::Day, 1),
        "w" => (Unit::Week, 1),
        _ => unit_name(name)?,
    };
    Some(Length { amount: amount.checked_mul(times)?, unit })
}

/// A length: *20 minutes*, *an hour and a half*, *half an hour*, *two weeks*, *1h30*.
pub(crate) fn length(view: View<'_>, i: usize) -> Option<(Length, usize)> {
    const FIXED: [(&str, u32); 5] = [
        ("half an hour", 30),
        ("half hour", 30),
        ("a half hour", 30),
        ("a quarter of an hour", 15),
        ("three quarters of an hour", 45),
    ];
    for (words, minutes) in FIXED {
        if let Some(end) = view.phrase(i, words) {
            return Some((Length { amount: minutes, unit: Unit::Minute }, end));
        }
    }
    if let Some(length) = glued(view.word(i)) {
        return Some((length, i + 1));
    }
    if let Some((hours, "5")) = view.word(i).split_once('.')
        && let (Some(hours), Some((Unit::Hour, 1, end))) = (cardinal(hours), unit(view, i + 1))
    {
        return Some((Length { amount: hours * 60 + 30, unit: Unit::Minute }, end));
    }
    let (amount, at) = amount(view, i)?;
    if let Some(at) = view.phrase(at, "and a half")
        && let Some((Unit::Hour, 1, end)) = unit(view, at)
    {
        return Some((Length { amount: amount * 60 + 30, unit: Unit::Minute }, end));
    }
    let (unit, times, end) = unit(view, at)?;
    let amount = amount.checked_mul(times)?;
    if unit == Unit::Hour {
        let minutes = |more| Length { amount: amount * 60 + more, unit: Unit::Minute };
        if let Some(end) = view.phrase(end, "and a half") {
            return Some((minutes(30), end));
        }
        let at = view.skip(end, &["and"]);
        if let Some(more) = cardinal(view.word(at))
            && matches!(view.word(at + 1), "minute" | "minutes" | "min" | "mins")
        {
            return Some((minutes(more), at + 2));
        }
    }
    Some((Length { amount, unit }, end))
}

impl Length {
    /// Its minutes, if every such length has as many.
    pub(crate) fn minutes(self) -> Option<u32> {
        let each = match self.unit {
            Unit::Minute => 1,
            Unit::Hour => 60,
            Unit::Day => 24 * 60,
            Unit::Week => 7 * 24 * 60,
            Unit::BusinessDay | Unit::Month | Unit::Year => return None,
        };
        self.amount.checked_mul(each)
    }

    /// Its days, if it is whole days or weeks.
    pub(crate) fn days(self) -> Option<u32> {
        match self.unit {
            Unit::Day => Some(self.amount),
            Unit::Week => self.amount.checked_mul(7),
            _ => None,
        }
    }
}
