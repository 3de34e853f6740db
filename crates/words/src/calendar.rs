//! Arithmetic with days. A day beyond the calendar's end is `None`; no words here.

use domain::recurrence::resolve;
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use crate::numbers::{Length, Unit};

/// Where and when the sentence is said.
#[derive(Debug)]
pub(crate) struct Now<'a> {
    /// The speaker's wall clock.
    pub(crate) at: DateTime,
    /// The speaker's zone.
    pub(crate) zone: &'a TimeZone,
}

impl Now<'_> {
    /// The day of the speaker.
    pub(crate) fn today(&self) -> Date {
        self.at.date()
    }

    /// The local time so many minutes from now, seconds rounded up.
    pub(crate) fn later(&self, minutes: u32) -> Option<DateTime> {
        let instant = resolve(self.at, self.zone)
            .checked_add(Span::new().try_minutes(i64::from(minutes)).ok()?)
            .ok()?;
        let local = self.zone.to_datetime(instant);
        let whole = local.with().second(0).subsec_nanosecond(0).build().ok()?;
        if whole == local { Some(whole) } else { whole.checked_add(Span::new().minutes(1)).ok() }
    }

    /// A local time of a zone (the speaker's own if none) as the speaker's clock shows it: one that the
    /// clocks skip becomes the end of the gap. `None` where an instant cannot be told.
    pub(crate) fn shown(&self, local: DateTime, zone: Option<&TimeZone>) -> Option<DateTime> {
        let at = resolve(local, zone.unwrap_or(self.zone));
        let told = at != Timestamp::MAX && at != Timestamp::MIN;
        // Offsets of former centuries have seconds, times of day here have none.
        let shown = told.then(|| self.zone.to_datetime(at))?;
        shown.with().second(0).subsec_nanosecond(0).build().ok()
    }
}

/// A day so many days later (or earlier).
pub(crate) fn plus_days(date: Date, days: i64) -> Option<Date> {
    date.checked_add(Span::new().try_days(days).ok()?).ok()
}

/// A day so many months later; the 31st becomes the last day of a shorter month.
pub(crate) fn plus_months(date: Date, months: i64) -> Option<Date> {
    date.checked_add(Span::new().try_months(months).ok()?).ok()
}

/// A day a length of days or more later; lengths of minutes and hours have no day.
pub(crate) fn plus(date: Date, length: Length) -> Option<Date> {
    let amount = i64::from(length.amount);
    match length.unit {
        Unit::Minute | Unit::Hour => None,
        Unit::Day => plus_days(date, amount),
        Unit::BusinessDay => plus_business_days(date, amount),
        Unit::Week => plus_days(date, amount * 7),
        Unit::Month => plus_months(date, amount),
        Unit::Year => plus_months(date, amount * 12),
    }
}

/// So many days later, of those from Monday to Friday.
fn plus_business_days(date: Date, days: i64) -> Option<Date> {
    // Whole weeks at once; the rest is at most a handful of steps.
    let mut day = plus_days(date, days.div_euclid(5) * 7)?;
    let mut left = days.rem_euclid(5);
    if left == 0 && days > 0 && weekend(day) {
        while weekend(day) {
            day = plus_days(day, -1)?;
        }
    }
    while left > 0 {
        day = plus_days(day, 1)?;
        if !weekend(day) {
            left -= 1;
        }
    }
    Some(day)
}

fn weekend(date: Date) -> bool {
    matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// The next such weekday strictly after a day.
pub(crate) fn next_weekday(date: Date, day: Weekday) -> Option<Date> {
    let ahead = i64::from(day.since(date.weekday()));
    plus_days(date, if ahead == 0 { 7 } else { ahead })
}

/// The Monday of a day's ISO week.
pub(crate) fn monday(date: Date) -> Option<Date> {
    plus_days(date, -i64::from(date.weekday().to_monday_zero_offset()))
}

/// A weekday of the ISO week so many weeks ahead.
pub(crate) fn weekday_of_week(date: Date, weeks: i64, day: Weekday) -> Option<Date> {
    plus_days(monday(date)?, weeks * 7 + i64::from(day.to_monday_zero_offset()))
}

/// The first day of the month so many months ahead.
pub(crate) fn month_start(date: Date, months: i64) -> Option<Date> {
    plus_months(date.first_of_month(), months)
}

/// The nth such weekday of a day's month; -1 is the last.
pub(crate) fn nth_weekday(month: Date, nth: i8, day: Weekday) -> Option<Date> {
    month.first_of_month().nth_weekday_of_month(nth, day).ok()
}

/// The next day with this number strictly after a day; months without it are skipped.
pub(crate) fn next_month_day(date: Date, day: u32) -> Option<Date> {
    let day = i8::try_from(day).ok()?;
    (0..=12).find_map(|months| {
        let month = month_start(date, months)?;
        Date::new(month.year(), month.month(), day).ok().filter(|found| *found > date)
    })
}

/// This day of the year, today or the next one to come; for 29 February the next leap year.
/// `Err` when no year has such a day, `Ok(None)` past the calendar's end.
pub(crate) fn next_year_day(date: Date, month: i8, day: u32) -> Result<Option<Date>, ()> {
    let day = i8::try_from(day).map_err(|_| ())?;
    // 2000 is a leap year: what it does not have, no year has.
    Date::new(2000, month, day).map_err(|_| ())?;
    Ok((0..=8).find_map(|years| {
        let year = date.year().checked_add(years)?;
        Date::new(year, month, day).ok().filter(|found| *found >= date)
    }))
}

/// Midnight at the beginning of a day.
pub(crate) const MIDNIGHT: Time = Time::constant(0, 0, 0, 0);

/// Nine in the morning, when a day's reminders come.
pub(crate) const NINE: Time = Time::constant(9, 0, 0, 0);
