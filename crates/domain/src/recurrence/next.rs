//! Which local time comes next. The calendar arithmetic is the `rrule` crate's; this module keeps its
//! work small. Zones have no place here: local times are handed to it as if they were UTC.

use chrono::{Datelike, Month, NaiveDate, Timelike};
use jiff::civil::{Date, DateTime, Time};
use jiff::{SpanRound, Unit};
use rrule::{NWeekday, RRule, RRuleSet, Tz};

use super::rule::{Frequency, Rule};
use super::{Error, Result};

/// The first occurrence strictly after `after`.
pub(super) fn after(rule: &Rule, start: DateTime, after: DateTime) -> Result<Option<DateTime>> {
    // A rule has no seconds finer than one; a start with a fraction begins on the next whole second.
    let Some(start) = whole_second(start) else { return Ok(None) };
    let begin = if rule.count.is_some() || after < start { Some(start) } else { near(rule, start, after) };
    let Some(begin) = begin else { return Ok(None) };
    if rule.until.is_some_and(|until| until < begin || until <= after) {
        return Ok(None);
    }
    let Some(first) = to_chrono(begin) else { return Ok(None) };
    let parts = parts(rule, start).validate(first).map_err(|e| Error::Calculation(e.to_string()))?;
    let occurrences = RRuleSet::new(first).rrule(parts).limit();
    // A count ends the series by itself; without one, `begin` is at most one period before `after`.
    for occurrence in &occurrences {
        let Some(local) = from_chrono(occurrence) else { return Ok(None) };
        if local > after {
            return Ok(Some(local));
        }
    }
    Ok(None)
}

fn whole_second(start: DateTime) -> Option<DateTime> {
    if start.subsec_nanosecond() == 0 {
        return Some(start);
    }
    let floor = start.with().subsec_nanosecond(0).build().ok()?;
    floor.checked_add(jiff::Span::new().seconds(1)).ok()
}

/// The beginning of the period of the series that `after` falls into, so that a series of many years is
/// not walked from its start. `None` past the end of the calendar.
fn near(rule: &Rule, start: DateTime, after: DateTime) -> Option<DateTime> {
    let interval = i64::from(rule.interval);
    let jump = |passed: i64| passed.div_euclid(interval) * interval;
    match rule.frequency {
        Frequency::Yearly => {
            let years = jump(i64::from(after.year()) - i64::from(start.year()));
            let year = i16::try_from(i64::from(start.year()) + years).ok()?;
            Some(Date::new(year, 1, 1).ok()?.into())
        }
        Frequency::Monthly => {
            let months = |d: DateTime| i64::from(d.year()) * 12 + i64::from(d.month()) - 1;
            let month = months(start) + jump(months(after) - months(start));
            let year = i16::try_from(month.div_euclid(12)).ok()?;
            let month = i8::try_from(month.rem_euclid(12) + 1).ok()?;
            Some(Date::new(year, month, 1).ok()?.into())
        }
        Frequency::Weekly => {
            let week = |d: DateTime| {
                let back = d.weekday().since(rule.week_start);
                d.date().checked_sub(jiff::Span::new().days(i64::from(back))).ok()
            };
            let Some(first) = week(start) else { return Some(start) };
            let weeks = jump(days(first, week(after)?)? / 7);
            Some(first.checked_add(jiff::Span::new().days(weeks * 7)).ok()?.into())
        }
        Frequency::Daily => {
            let passed = jump(days(start.date(), after.date())?);
            Some(start.date().checked_add(jiff::Span::new().days(passed)).ok()?.into())
        }
        Frequency::Hourly => {
            let hour = |d: DateTime| {
                d.date()
                    .to_datetime(Time::constant(0, 0, 0, 0))
                    .checked_add(jiff::Span::new().hours(i64::from(d.hour())))
                    .ok()
            };
            let first = hour(start)?;
            let passed = jump(seconds(first, hour(after)?)? / 3600);
            first.checked_add(jiff::Span::new().hours(passed)).ok()
        }
        Frequency::Minutely => {
            let minute = |d: DateTime| d.with().second(0).subsec_nanosecond(0).build().ok();
            let first = minute(start)?;
            let passed = jump(seconds(first, minute(after)?)? / 60);
            first.checked_add(jiff::Span::new().minutes(passed)).ok()
        }
    }
}

fn days(from: Date, to: Date) -> Option<i64> {
    Some(i64::from(from.until((Unit::Day, to)).ok()?.get_days()))
}

fn seconds(from: DateTime, to: DateTime) -> Option<i64> {
    let span = from.until(to).ok()?.round(SpanRound::new().largest(Unit::Second).days_are_24_hours()).ok()?;
    Some(span.get_seconds())
}

/// The rule for the crate, with everything that it would take from its start written out, because it
/// may be given a later start than the series has.
fn parts(rule: &Rule, start: DateTime) -> RRule<rrule::Unvalidated> {
    let day = start.day();
    let dated = !rule.days.is_empty()
        || !rule.month_days.is_empty()
        || !rule.year_days.is_empty()
        || !rule.weeks.is_empty();
    let mut months = rule.months.clone();
    let mut month_days = rule.month_days.clone();
    let mut weekdays: Vec<NWeekday> =
        rule.days.iter().map(|d| NWeekday::new(d.nth, chrono_weekday(d.day))).collect();
    let mut positions = rule.positions.clone();
    if !dated {
        match rule.frequency {
            Frequency::Yearly => {
                if months.is_empty() {
                    months.push(start.month());
                }
                month_days.push(day);
            }
            // A monthly series that starts on the 31st takes place in every month, on its last day.
            Frequency::Monthly if day > 28 && positions.is_empty() => {
                month_days.extend(28..=day);
                positions.push(-1);
            }
            Frequency::Monthly => month_days.push(day),
            Frequency::Weekly => weekdays.push(NWeekday::Every(chrono_weekday(start.weekday()))),
            Frequency::Daily | Frequency::Hourly | Frequency::Minutely => {}
        }
    }
    let or_start = |values: &[i8], own: i8| -> Vec<u8> {
        let values = if values.is_empty() { &[own][..] } else { values };
        values.iter().map(|v| v.unsigned_abs()).collect()
    };
    let (hours, minutes) = match rule.frequency {
        Frequency::Hourly => (unsigned(&rule.hours), or_start(&rule.minutes, start.minute())),
        Frequency::Minutely => (Vec::new(), Vec::new()),
        _ => (or_start(&rule.hours, start.hour()), or_start(&rule.minutes, start.minute())),
    };
    let months: Vec<Month> = months.iter().filter_map(|m| Month::try_from(m.unsigned_abs()).ok()).collect();
    let mut parts = RRule::new(frequency(rule.frequency))
        .interval(rule.interval)
        .week_start(chrono_weekday(rule.week_start))
        .by_month(&months)
        .by_month_day(month_days)
        .by_year_day(rule.year_days.clone())
        .by_week_no(rule.weeks.clone())
        .by_weekday(weekdays)
        .by_hour(hours)
        .by_minute(minutes)
        .by_second(or_start(&rule.seconds, start.second()))
        .by_set_pos(positions);
    if let Some(count) = rule.count {
        parts = parts.count(count);
    }
    if let Some(until) = rule.until.and_then(to_chrono) {
        parts = parts.until(until);
    }
    parts
}

fn unsigned(values: &[i8]) -> Vec<u8> {
    values.iter().map(|v| v.unsigned_abs()).collect()
}

fn frequency(frequency: Frequency) -> rrule::Frequency {
    match frequency {
        Frequency::Yearly => rrule::Frequency::Yearly,
        Frequency::Monthly => rrule::Frequency::Monthly,
        Frequency::Weekly => rrule::Frequency::Weekly,
        Frequency::Daily => rrule::Frequency::Daily,
        Frequency::Hourly => rrule::Frequency::Hourly,
        Frequency::Minutely => rrule::Frequency::Minutely,
    }
}

fn chrono_weekday(day: jiff::civil::Weekday) -> rrule::Weekday {
    use jiff::civil::Weekday;
    match day {
        Weekday::Monday => rrule::Weekday::Mon,
        Weekday::Tuesday => rrule::Weekday::Tue,
        Weekday::Wednesday => rrule::Weekday::Wed,
        Weekday::Thursday => rrule::Weekday::Thu,
        Weekday::Friday => rrule::Weekday::Fri,
        Weekday::Saturday => rrule::Weekday::Sat,
        Weekday::Sunday => rrule::Weekday::Sun,
    }
}

fn to_chrono(local: DateTime) -> Option<chrono::DateTime<Tz>> {
    let part = |value: i8| u32::from(value.unsigned_abs());
    NaiveDate::from_ymd_opt(i32::from(local.year()), part(local.month()), part(local.day()))?
        .and_hms_opt(part(local.hour()), part(local.minute()), part(local.second()))?
        .and_local_timezone(Tz::UTC)
        .single()
}

fn from_chrono(instant: chrono::DateTime<Tz>) -> Option<DateTime> {
    let part = |value: u32| i8::try_from(value).ok();
    DateTime::new(
        i16::try_from(instant.year()).ok()?,
        part(instant.month())?,
        part(instant.day())?,
        part(instant.hour())?,
        part(instant.minute())?,
        part(instant.second())?,
        0,
    )
    .ok()
}
