//! Dates, reminders, priorities and recurrences as people say them. Pure: nothing here reads a clock.

mod recurrence;

use domain::task::{Due, Task, When};
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;

pub use recurrence::{describe_recurrence, describe_series};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The name of a month, 1 to 12.
pub(super) fn month(number: i8) -> &'static str {
    usize::try_from(number).ok().and_then(|n| MONTHS.get(n.wrapping_sub(1))).copied().unwrap_or("")
}

fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

fn clock(time: Time) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

/// `a, b and c`.
pub(super) fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// A day without how far off it is: `Friday 27 November`, with the year where it is not that of `today`.
fn day(date: Date, today: Date) -> String {
    let text = format!("{} {} {}", weekday(date.weekday()), date.day(), month(date.month()));
    if date.year() == today.year() { text } else { format!("{text} {}", date.year()) }
}

/// A day: `tomorrow, Sunday 22 November`.
pub fn describe_date(date: Date, today: Date) -> String {
    let near = match today.until(date).map(|span| span.get_days()) {
        Ok(0) => "today, ",
        Ok(1) => "tomorrow, ",
        Ok(-1) => "yesterday, ",
        _ => "",
    };
    format!("{near}{}", day(date, today))
}

/// A day and perhaps a time: `tomorrow, Sunday 22 November, 09:00`.
pub fn describe_due(due: Due, today: Date) -> String {
    let date = describe_date(due.date, today);
    match due.time {
        Some(time) => format!("{date}, {}", clock(time)),
        None => date,
    }
}

/// When a task is due on the wall clock of `zone`, which need not be the task's own.
pub(super) fn due_in(task: &Task, zone: &TimeZone) -> Option<Due> {
    let due = task.due?;
    match (due.time, task.due_at) {
        (Some(_), Some(at)) => {
            let local = at.to_zoned(zone.clone()).datetime();
            Some(Due { date: local.date(), time: Some(local.time()) })
        }
        _ => Some(due),
    }
}

/// A length of time: `30 min`, `1 hour 30 min`, `2 days`, `1 week`.
fn length(minutes: u32) -> String {
    let (weeks, days, hours, rest) =
        (minutes / 10_080, minutes % 10_080 / 1_440, minutes % 1_440 / 60, minutes % 60);
    let count = |n: u32, unit: &str| match n {
        0 => None,
        1 => Some(format!("1 {unit}")),
        n => Some(format!("{n} {unit}s")),
    };
    // Ten days are "10 days", not "1 week 3 days".
    let (weeks, days) = if days == 0 { (weeks, 0) } else { (0, weeks * 7 + days) };
    let rest = (rest > 0).then(|| format!("{rest} min"));
    [count(weeks, "week"), count(days, "day"), count(hours, "hour"), rest]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ")
}

/// A reminder of something due at `due`: `30 min before`, `at 09:00 that day`, `at 18:00 the day before`.
///
/// A day without a time is counted back from at 09:00, as [`When::instant`] does.
pub fn describe_reminder(when: When, due: Option<Due>, today: Date) -> String {
    let timed = due.is_none_or(|due| due.time.is_some());
    match when {
        When::Before { before_minutes: 0 } if timed => "when it is due".to_owned(),
        When::Before { before_minutes: 0 } => "at 09:00 that day".to_owned(),
        When::Before { before_minutes } if timed => format!("{} before", length(before_minutes)),
        When::Before { before_minutes } => format!("{} before 09:00 that day", length(before_minutes)),
        When::At { at } => describe_moment(at, due, today),
    }
}

fn describe_moment(at: DateTime, due: Option<Due>, today: Date) -> String {
    let time = clock(at.time());
    let days = due.and_then(|due| at.date().until(due.date).ok()).map(|span| span.get_days());
    match days {
        Some(0) => format!("at {time} that day"),
        Some(1) => format!("at {time} the day before"),
        Some(days @ 2..=6) => format!("at {time} {days} days before"),
        _ => format!("{}, {time}", describe_date(at.date(), today)),
    }
}

/// A priority: `urgent (p1)` to `low (p4)`.
pub fn describe_priority(priority: u8) -> String {
    let name = match priority {
        1 => "urgent",
        2 => "high",
        3 => "medium",
        _ => "low",
    };
    format!("{name} (p{priority})")
}

#[cfg(test)]
mod tests {
    use domain::task::{Due, When};
    use jiff::civil::{Date, date, time};

    use super::{describe_date, describe_due, describe_reminder, length, list};

    const TODAY: Date = date(2026, 11, 21);

    #[test]
    fn days_that_are_near_are_called_so() {
        for (day, expected) in [
            (date(2026, 11, 21), "today, Saturday 21 November"),
            (date(2026, 11, 22), "tomorrow, Sunday 22 November"),
            (date(2026, 11, 20), "yesterday, Friday 20 November"),
            (date(2026, 11, 27), "Friday 27 November"),
            (date(2026, 12, 21), "Monday 21 December"),
            (date(2027, 1, 4), "Monday 4 January 2027"),
            (date(2025, 11, 21), "Friday 21 November 2025"),
        ] {
            assert_eq!(describe_date(day, TODAY), expected);
        }
    }

    #[test]
    fn a_due_time_follows_its_day() {
        let due = Due { date: date(2026, 11, 22), time: Some(time(9, 0, 0, 0)) };
        assert_eq!(describe_due(due, TODAY), "tomorrow, Sunday 22 November, 09:00");
    }

    #[test]
    fn lengths_are_said_in_their_largest_units() {
        for (minutes, expected) in [
            (1, "1 min"),
            (30, "30 min"),
            (60, "1 hour"),
            (90, "1 hour 30 min"),
            (120, "2 hours"),
            (1_440, "1 day"),
            (1_500, "1 day 1 hour"),
            (10_080, "1 week"),
            (14_400, "10 days"),
            (20_160, "2 weeks"),
        ] {
            assert_eq!(length(minutes), expected);
        }
    }

    #[test]
    fn reminders_are_said_relative_to_what_they_remind_of() {
        let timed = Some(Due { date: date(2026, 11, 27), time: Some(time(9, 0, 0, 0)) });
        let dated = Some(Due { date: date(2026, 11, 27), time: None });
        let before = |before_minutes| When::Before { before_minutes };
        let at = |day| When::At { at: date(2026, 11, day).at(18, 0, 0, 0) };
        for (when, due, expected) in [
            (before(0), timed, "when it is due"),
            (before(30), timed, "30 min before"),
            (before(0), dated, "at 09:00 that day"),
            (before(60), dated, "1 hour before 09:00 that day"),
            (at(27), dated, "at 18:00 that day"),
            (at(26), timed, "at 18:00 the day before"),
            (at(24), timed, "at 18:00 3 days before"),
            (at(22), None, "tomorrow, Sunday 22 November, 18:00"),
            (at(28), timed, "Saturday 28 November, 18:00"),
        ] {
            assert_eq!(describe_reminder(when, due, TODAY), expected);
        }
    }

    #[test]
    fn lists_end_with_and() {
        let items = |n: usize| ["a", "b", "c"][..n].iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        assert_eq!(list(&items(0)), "");
        assert_eq!(list(&items(1)), "a");
        assert_eq!(list(&items(2)), "a and b");
        assert_eq!(list(&items(3)), "a, b and c");
    }
}
