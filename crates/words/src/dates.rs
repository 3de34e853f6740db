//! Dates: *Friday*, *next week*, *the 19th*, *in 3 business days*, *24.12.2026*, *end of March*.
//!
//! Recognisers only; each answers with the day it means, or why there is none.

use jiff::civil::{Date, Time, Weekday};

use crate::calendar::{
    month_start, next_month_day, next_weekday, next_year_day, nth_weekday, plus, plus_days, weekday_of_week,
};
use crate::command::Clarify;
use crate::digits;
use crate::names::{month, weekday};
use crate::numbers::{self, Length, Unit, cardinal, length, ordinal, rank};
use crate::scan::Scan;
use crate::times::{Part, zoned};
use crate::tokens::View;

/// How a day was named, as far as that matters for whether it may be over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// Today, in so many words.
    Today,
    /// Tonight.
    Tonight,
    /// A date with its year.
    Year,
    /// A day of a month without a year.
    MonthDay,
    /// So many minutes or hours from now.
    Elapsed,
    /// Anything else: it lies ahead.
    Ahead,
}

/// What leads a date in, where that matters to a recurrence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lead {
    Plain,
    Starting,
    Until,
}

/// A date, and the time of day that its words carry.
#[derive(Debug, Clone)]
pub(crate) struct When {
    pub(crate) day: Result<Date, Clarify>,
    pub(crate) time: Option<Time>,
    pub(crate) part: Option<Part>,
    pub(crate) source: Source,
    pub(crate) lead: Lead,
}

impl When {
    pub(crate) fn new(day: Result<Date, Clarify>, source: Source) -> Self {
        Self { day, time: None, part: None, source, lead: Lead::Plain }
    }

    /// A day ahead; one beyond the calendar is none.
    fn ahead(day: Option<Date>) -> Self {
        Self::new(day.ok_or(Clarify::InvalidDate), Source::Ahead)
    }

    fn at(mut self, hour: i8) -> Self {
        self.time = Time::new(hour, 0, 0, 0).ok();
        self
    }
}

/// What comes before the date's own words.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Before {
    /// Whether a weekday here is a date whatever follows.
    firm: bool,
    /// *in* or *by*, which make a month alone a date.
    month: bool,
    /// *in*, which makes a length a date.
    within: bool,
    /// Whether any lead-in stands there.
    pub(crate) led: bool,
    /// Whether only a date makes sense after it (*by*, *due*).
    due: bool,
    /// Whether it opens the text.
    pub(crate) opens: bool,
}

/// A date at `i`, lead-in included.
pub(crate) fn date(scan: &Scan<'_>, i: usize) -> Option<(When, usize)> {
    let view = scan.view;
    let (mut at, mut lead) = (i, Lead::Plain);
    let mut before =
        Before { firm: false, month: false, within: false, led: false, due: false, opens: i == view.lo };
    while at < i + 3 {
        match view.word(at) {
            "on" => before.firm = true,
            "by" | "before" => (before.firm, before.month, before.due) = (true, view.word(at) == "by", true),
            "due" => (before.firm, before.due) = (true, true),
            "until" | "till" | "ending" => (before.firm, before.due, lead) = (true, true, Lead::Until),
            "starting" => (before.firm, before.due, lead) = (true, true, Lead::Starting),
            "from" => lead = Lead::Starting,
            "in" => (before.month, before.within) = (true, true),
            "at" | "@" | "for" => {}
            _ => break,
        }
        before.led = true;
        at += 1;
        if view.word(at - 1) == "due" && view.glued(at, ':') {
            at += 1;
        }
    }
    let (mut when, mut end) = core(scan, at, before)?;
    when.lead = lead;
    if when.time.is_none()
        && when.part.is_none()
        && let Some(part) = Part::named(view.word(end))
        && !zoned(view, end + 1)
    {
        when.part = Some(part);
        end += 1;
    }
    Some((when, end))
}

/// The date's own words.
fn core(scan: &Scan<'_>, i: usize, before: Before) -> Option<(When, usize)> {
    let (view, now) = (scan.view, scan.now);
    let today = now.today();
    match view.word(i) {
        "" => return None,
        "today" => return Some((When::new(Ok(today), Source::Today), i + 1)),
        "tonight" => {
            let tonight = When { part: Some(Part::Night), ..When::new(Ok(today), Source::Tonight) };
            return Some((tonight, i + 1));
        }
        "tomorrow" | "tmrw" | "tmr" | "tmw" | "tomorow" | "tommorow" | "tommorrow" => {
            return Some((When::ahead(plus_days(today, 1)), i + 1));
        }
        "later" if view.word(i + 1) == "today" => return Some((When::new(Ok(today), Source::Today), i + 2)),
        "this" => return this(scan, i + 1),
        "next" => return next(scan, i + 1),
        "eow" => return Some((end_of_week(scan, 0), i + 1)),
        "eom" => return Some((When::ahead(Some(today.last_of_month())), i + 1)),
        "eoy" => return Some((When::ahead(Some(today.last_of_year())), i + 1)),
        _ => {}
    }
    let at = view.skip(i, &["the"]);
    if let Some(end) = view.phrase(at, "day after tomorrow") {
        return Some((When::ahead(plus_days(today, 2)), end));
    }
    if let Some(at) = view.phrase(at, "end of") {
        return end_of(scan, at);
    }
    nth_weekday_of(scan, at)
        .or_else(|| from_now(scan, i, before.within))
        .or_else(|| weekday_date(scan, i, before.firm))
        .or_else(|| {
            month_first(
                scan,
                i,
                before.month && (before.opens || scan.closes(i + 1) || year(view, i + 1).0.is_some()),
            )
        })
        .or_else(|| day_first(scan, i))
        .or_else(|| day_of_month(scan, i, before))
        .or_else(|| digits::date(scan, i, before))
}

/// *this Friday*, *this weekend*, *this evening*; *this week* is no date.
fn this(scan: &Scan<'_>, i: usize) -> Option<(When, usize)> {
    let (view, today) = (scan.view, scan.now.today());
    let i = view.skip(i, &["coming"]);
    if view.word(i) == "weekend" {
        let day = match today.weekday() {
            Weekday::Saturday | Weekday::Sunday => Some(today),
            _ => weekday_of_week(today, 0, Weekday::Saturday),
        };
        return Some((When::ahead(day), i + 1));
    }
    if let Some(day) = weekday(view.word(i)) {
        let (when, longer) = with_day_of_month(scan, When::ahead(next_weekday(today, day)), day, i + 1);
        return Some((when, longer.unwrap_or(i + 1)));
    }
    match Part::named(view.word(i))? {
        Part::Night => {
            Some((When { part: Some(Part::Night), ..When::new(Ok(today), Source::Tonight) }, i + 1))
        }
        part @ (Part::Morning | Part::Afternoon | Part::Evening) => {
            Some((When { part: Some(part), ..When::new(Ok(today), Source::Today) }, i + 1))
        }
        _ => None,
    }
}

/// *next Friday*, *next week*, *next month*, *next business day*.
fn next(scan: &Scan<'_>, i: usize) -> Option<(When, usize)> {
    let (view, today) = (scan.view, scan.now.today());
    if let Some(day) = weekday(view.word(i)) {
        return Some((When::ahead(weekday_of_week(today, 1, day)), i + 1));
    }
    let day = match view.word(i) {
        "week" => weekday_of_week(today, 1, Weekday::Monday),
        "weekend" => weekday_of_week(today, 1, Weekday::Saturday),
        "month" => month_start(today, 1),
        "year" if scan.closes(i + 1) => Date::new(today.year().checked_add(1)?, 1, 1).ok(),
        _ => {
            let (Unit::BusinessDay, 1, end) = numbers::unit(view, i)? else { return None };
            return Some((When::ahead(plus(today, Length { amount: 1, unit: Unit::BusinessDay })), end));
        }
    };
    Some((When::ahead(day), i + 1))
}

/// Friday at five of this week or of one ahead; of this week only while it is to come.
fn end_of_week(scan: &Scan<'_>, weeks: i64) -> When {
    let now = scan.now;
    let friday = |weeks| weekday_of_week(now.today(), weeks, Weekday::Friday);
    let over = weeks == 0 && friday(0).is_none_or(|friday| friday.at(17, 0, 0, 0) <= now.at);
    When::ahead(friday(if over { 1 } else { weeks })).at(17)
}

/// What follows *end of*.
fn end_of(scan: &Scan<'_>, i: usize) -> Option<(When, usize)> {
    let (view, today) = (scan.view, scan.now.today());
    let next = view.word(i) == "next";
    let ahead = i64::from(next);
    let at = view.skip(i, &["the", "this", "next"]);
    let when = match view.word(at) {
        "week" => end_of_week(scan, ahead),
        "month" => When::ahead(month_start(today, ahead).map(Date::last_of_month)),
        "year" => When::ahead(Date::new(today.year().checked_add(i16::from(next))?, 12, 31).ok()),
        "quarter" => {
            let quarter = (i64::from(today.month()) - 1) / 3 * 3 + 2 + ahead * 3;
            When::ahead(month_start(today, quarter + 1 - i64::from(today.month())).map(Date::last_of_month))
        }
        word => {
            let month = month(word)?;
            let (year, end) = year(view, at + 1);
            let last = match year {
                Some(year) => Date::new(year, month, 1).ok(),
                None => (0..=1).find_map(|years| {
                    let first = Date::new(today.year().checked_add(years)?, month, 1).ok()?;
                    (first.last_of_month() >= today).then_some(first)
                }),
            };
            let source = if year.is_some() { Source::Year } else { Source::Ahead };
            return Some((When { source, ..When::ahead(last.map(Date::last_of_month)) }, end));
        }
    };
    Some((when, at + 1))
}

/// A year after a day of a month, with or without a comma.
fn year(view: View<'_>, i: usize) -> (Option<i16>, usize) {
    let at = view.skip_comma(i);
    let word = view.word(at);
    let digits = word.len() == 4 && word.bytes().all(|b| b.is_ascii_digit());
    match word.parse::<i16>() {
        Ok(year) if digits && (1900..2200).contains(&year) => (Some(year), at + 1),
        _ => (None, i),
    }
}

/// Which month *of next month*, *of the month*, *of March 2027* means: its first day, if it is one of
/// those that come round, and its end.
fn month_named(view: View<'_>, today: Date, i: usize) -> Option<(Option<Date>, MonthKind, usize)> {
    let at = view.phrase(i, "of")?;
    for (words, months) in [("next month", 1), ("this month", 0), ("the month", 0)] {
        if let Some(end) = view.phrase(at, words) {
            let kind = if months == 0 { MonthKind::Current } else { MonthKind::Next };
            return Some((month_start(today, months), kind, end));
        }
    }
    let month = month(view.word(at))?;
    let (year, end) = year(view, at + 1 + abbreviated(view, at));
    let kind = if year.is_some() { MonthKind::Year } else { MonthKind::Name };
    Some((Date::new(year.unwrap_or(today.year()), month, 1).ok(), kind, end))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MonthKind {
    Current,
    Next,
    Name,
    Year,
}

/// *first Monday of March*, *last Friday of next month*, *last day of the month*.
fn nth_weekday_of(scan: &Scan<'_>, i: usize) -> Option<(When, usize)> {
    let (view, today) = (scan.view, scan.now.today());
    let nth = rank(view.word(i))?;
    let (month, kind, end) = month_named(view, today, i + 2)?;
    let on = |month: Date| match weekday(view.word(i + 1)) {
        Some(day) => nth_weekday(month, nth, day),
        None if nth == -1 => Some(month.last_of_month()),
        None => Date::new(month.year(), month.month(), nth).ok(),
    };
    if weekday(view.word(i + 1)).is_none() && view.word(i + 1) != "day" {
        return None;
    }
    let Some(first) = month else { return Some((When::ahead(None), end)) };
    // A fifth Monday that a month does not have is looked for in the months to come, as is one that is over.
    let found = match kind {
        MonthKind::Next => on(first),
        MonthKind::Year => return Some((When { source: Source::Year, ..When::ahead(on(first)) }, end)),
        MonthKind::Current => (0..12).find_map(|m| on(month_start(first, m)?).filter(|day| *day >= today)),
        MonthKind::Name => (0..12).find_map(|y| on(month_start(first, y * 12)?).filter(|day| *day >= today)),
    };
    Some((When::ahead(found), end))
}

/// *in two weeks*, *3 days from now*, *a week from Friday*.
fn from_now(scan: &Scan<'_>, i: usize, within: bool) -> Option<(When, usize)> {
    let (view, now) = (scan.view, scan.now);
    let (length, mut end) = length(view, i)?;
    let mut from = Some(now.today());
    let mut firm = within;
    if view.word(end) == "from" {
        let at = end + 1;
        let word = view.word(at);
        if matches!(word, "now" | "today") {
            (firm, end) = (true, at + 1);
        } else if length.days().is_some() {
            let named = match word {
                "tomorrow" => Some((plus_days(now.today(), 1), at + 1)),
                "next" => {
                    weekday(view.word(at + 1)).map(|day| (weekday_of_week(now.today(), 1, day), at + 2))
                }
                _ => {
                    let at = view.skip(at, &["this"]);
                    weekday(view.word(at)).map(|day| (next_weekday(now.today(), day), at + 1))
                }
            };
            if let Some((day, after)) = named {
                (firm, from, end) = (true, day, after);
            }
        }
    }
    if !firm {
        return None;
    }
    // "In two weeks' time".
    if matches!(view.mark(end), Some('\'' | '’')) && view.word(end + 1) == "time" {
        end += 2;
    }
    match length.minutes().filter(|_| matches!(length.unit, Unit::Minute | Unit::Hour)) {
        Some(minutes) => {
            let later = now.later(minutes);
            let time = later.map(|later| later.time());
            let day = later.map(|later| later.date()).ok_or(Clarify::InvalidDate);
            Some((When { time, ..When::new(day, Source::Elapsed) }, end))
        }
        None => Some((When::ahead(from.and_then(|from| plus(from, length))), end)),
    }
}

/// Words that make a weekday one that is over, or a holiday.
const NO_DATE_AFTER: [&str; 14] = [
    "last", "past", "previous", "good", "black", "cyber", "easter", "ash", "shrove", "palm", "maundy",
    "whit", "giving", "fat",
];

/// A weekday, alone or with the day of the month it falls on.
fn weekday_date(scan: &Scan<'_>, i: usize, firm: bool) -> Option<(When, usize)> {
    let view = scan.view;
    let day = weekday(view.word(i))?;
    if NO_DATE_AFTER.contains(&view.word(i.wrapping_sub(1))) {
        return None;
    }
    let end = i + 1 + abbreviated(view, i);
    let alone = When::ahead(next_weekday(scan.now.today(), day));
    let (when, longer) = with_day_of_month(scan, alone, day, end);
    if let Some(end) = longer {
        return Some((when, end));
    }
    let part = Part::named(view.word(end)).is_some();
    (firm || scan.closes(if part { end + 1 } else { end })).then_some((when, end))
}

/// *Thursday the 26th*, *Thursday, 26 November*: the day of the month counts, and the end moves past it.
fn with_day_of_month(scan: &Scan<'_>, alone: When, day: Weekday, end: usize) -> (When, Option<usize>) {
    let view = scan.view;
    let at = view.skip_comma(end);
    if let Some(found) = month_first(scan, at, false).or_else(|| day_first(scan, at)) {
        return (found.0, Some(found.1));
    }
    let number = view.skip(at, &["the"]);
    let Some(n) = ordinal(view.word(number)) else { return (alone, None) };
    if number == at && at != end {
        return (alone, None);
    }
    // The next month in which that day of the month is that weekday; else the day of the month alone.
    let mut found = next_month_day(scan.now.today(), n);
    let first = found;
    for _ in 0..24 {
        match found {
            Some(date) if date.weekday() != day => found = next_month_day(date, n),
            _ => break,
        }
    }
    (When::ahead(found.filter(|date| date.weekday() == day).or(first)), Some(number + 1))
}

/// Past the dot of an abbreviation, unless it ends the text.
fn abbreviated(view: View<'_>, i: usize) -> usize {
    let short = view.word(i).len() <= 5 && !matches!(view.word(i), "april" | "march");
    usize::from(short && view.glued(i + 1, '.') && view.token(i + 2).is_some())
}

/// A day of a month: today or to come, or of the year that is written.
pub(crate) fn day_and_month(scan: &Scan<'_>, month: i8, day: u32, year: Option<i16>) -> When {
    match year {
        Some(year) => {
            let date = i8::try_from(day).ok().and_then(|day| Date::new(year, month, day).ok());
            When::new(date.ok_or(Clarify::InvalidDate), Source::Year)
        }
        None => {
            let date = next_year_day(scan.now.today(), month, day).ok().flatten();
            When::new(date.ok_or(Clarify::InvalidDate), Source::MonthDay)
        }
    }
}

/// A day of the month in digits, with or without its ending.
fn day_number(word: &str) -> Option<u32> {
    ordinal(word).or_else(|| {
        (word.len() <= 2).then(|| cardinal(word)).flatten().filter(|_| word.as_bytes()[0].is_ascii_digit())
    })
}

/// *May 2nd*, *Dec 12, 2026*; *in March* is its first day.
fn month_first(scan: &Scan<'_>, i: usize, alone: bool) -> Option<(When, usize)> {
    let (view, today) = (scan.view, scan.now.today());
    let month = month(view.word(i))?;
    let at = i + 1 + abbreviated(view, i);
    let number = view.skip(at, &["the"]);
    if let Some(day) = day_number(view.word(number)).filter(|_| !times_follow(view, number + 1)) {
        let (year, end) = year(view, number + 1);
        return Some((day_and_month(scan, month, day, year), end));
    }
    if !alone {
        return None;
    }
    let (year, end) = year(view, at);
    match year {
        Some(_) => Some((day_and_month(scan, month, 1, year), end)),
        None => Some((When::ahead(next_year_day(today, month, 1).ok().flatten()), i + 1)),
    }
}

/// Whether a number before this is an hour (*on May 2 pm* is not written, *3 pm* is).
fn times_follow(view: View<'_>, i: usize) -> bool {
    matches!(view.word(i), "am" | "pm" | "a.m" | "p.m")
}

/// *4 December*, *the 5th of May*, *first of March*.
fn day_first(scan: &Scan<'_>, i: usize) -> Option<(When, usize)> {
    let view = scan.view;
    let at = view.skip(i, &["the"]);
    let word = view.word(at);
    let mut of = view.skip(at + 1, &["of"]);
    let day = match day_number(word) {
        Some(day) => day,
        None if of > at + 1 && word == "first" => 1,
        None => return None,
    };
    let month = month(view.word(of))?;
    // "Room 9 may need paint": a lower-case modal is no month.
    let modal = matches!(view.raw(of), "may" | "march") && ordinal(word).is_none();
    if modal && of == at + 1 && !scan.closes(of + 1) && year(view, of + 1).0.is_none() {
        return None;
    }
    of += 1 + abbreviated(view, of);
    let (year, end) = year(view, of);
    Some((day_and_month(scan, month, day, year), end))
}

/// *the 19th*, *the 1st of next month*.
fn day_of_month(scan: &Scan<'_>, i: usize, before: Before) -> Option<(When, usize)> {
    let (view, today) = (scan.view, scan.now.today());
    let at = view.skip(i, &["the"]);
    if at == i && !before.firm {
        return None;
    }
    let day = match ordinal(view.word(at)) {
        Some(day) => day,
        None if view.word(at) == "first" && view.word(at + 1) == "of" => 1,
        None => return None,
    };
    let of_month = |months| {
        let month = month_start(today, months)?;
        Date::new(month.year(), month.month(), i8::try_from(day).ok()?).ok()
    };
    if let Some(end) = view.phrase(at + 1, "of next month") {
        return Some((When::ahead(of_month(1)), end));
    }
    for words in ["of this month", "of the month"] {
        if let Some(end) = view.phrase(at + 1, words) {
            let day = of_month(0).filter(|day| *day >= today).or_else(|| next_month_day(today, day));
            return Some((When::ahead(day), end));
        }
    }
    // "The 3rd draft" names no day; a sentence may begin with one, though ("On the 5th call Bob").
    let opens = before.led && before.opens;
    if view.word(at) == "first" || !(before.due || opens || scan.closes(at + 1)) {
        return None;
    }
    if !(1..=31).contains(&day) {
        return before.led.then(|| (When::ahead(None), at + 1));
    }
    Some((When::ahead(next_month_day(today, day)), at + 1))
}
