//! Recurrence phrases: *every Monday*, *every 3 months on the 20th*, *on the last Friday of each month*,
//! *10 days after I finish*.
//!
//! Recognisers only; the recurrence they make is [`Repeat`].

use domain::recurrence::CountsFrom;
use jiff::civil::Weekday;

use crate::day_lists::{day_list, plurals};
use crate::names::{month, weekday};
use crate::numbers::{Unit, amount, cardinal, length, ordinal, rank, unit};
use crate::repeats::{Every, Limit, Repeat, WEEKEND, WORKDAYS};
use crate::scan::{Element, Scan};
use crate::times::Part;
use crate::tokens::View;

/// A recurrence at `i`, lead-in included.
pub(crate) fn repeat(scan: &Scan<'_>, i: usize) -> Option<(Repeat, usize)> {
    let view = scan.view;
    match view.word(i) {
        "every" | "each" => every(scan, i),
        "once" => once(scan, i + 1),
        "daily" | "weekly" | "monthly" | "quarterly" | "yearly" | "annually" | "biweekly" | "bi-weekly"
        | "fortnightly" | "hourly" | "weekday" | "weekdays" | "weekends" => adverb(scan, i),
        _ => days_first(scan, i).or_else(|| after_finishing(view, i)),
    }
}

/// What stands between *every* and the rest.
fn every(scan: &Scan<'_>, i: usize) -> Option<(Repeat, usize)> {
    let view = scan.view;
    let strict = view.glued(i + 1, '!');
    let at = view.skip(i + 1 + usize::from(strict), &["single"]);
    let (mut repeat, end) = period(scan, at)?;
    if strict {
        repeat.from = CountsFrom::Completion;
    }
    suffixes(scan, repeat, end)
}

/// *once a week*, *once every two weeks*.
fn once(scan: &Scan<'_>, i: usize) -> Option<(Repeat, usize)> {
    let view = scan.view;
    match view.word(i) {
        "every" | "each" => every(scan, i),
        "a" | "per" => {
            let (unit, times, end) = unit(view, i + 1)?;
            suffixes(scan, of_unit(unit, times)?, end)
        }
        _ => None,
    }
}

/// *weekly*, *biweekly on Fridays*; before a plain word it describes a thing ("weekly report").
fn adverb(scan: &Scan<'_>, i: usize) -> Option<(Repeat, usize)> {
    let repeat = match scan.view.word(i) {
        "daily" => Repeat::new(Every::Day, 1),
        "weekly" => Repeat::new(Every::Week, 1),
        "biweekly" | "bi-weekly" | "fortnightly" => Repeat::new(Every::Week, 2),
        "monthly" => Repeat::new(Every::Month, 1),
        "quarterly" => Repeat::new(Every::Month, 3),
        "yearly" | "annually" => Repeat::new(Every::Year, 1),
        "hourly" => Repeat::new(Every::Hour, 1),
        _ => return days_first(scan, i),
    };
    let (repeat, end) = suffixes(scan, repeat, i + 1)?;
    scan.closes(end).then_some((repeat, end))
}

fn of_unit(unit: Unit, interval: u32) -> Option<Repeat> {
    (1..=10_000).contains(&interval).then(|| match unit {
        Unit::Minute => Repeat::new(Every::Minute, interval),
        Unit::Hour => Repeat::new(Every::Hour, interval),
        Unit::Day => Repeat::new(Every::Day, interval),
        Unit::BusinessDay => Repeat::weekly(interval, &WORKDAYS),
        Unit::Week => Repeat::new(Every::Week, interval),
        Unit::Month => Repeat::new(Every::Month, interval),
        Unit::Year => Repeat::new(Every::Year, interval),
    })
}

/// What comes after *every*: a unit, weekdays, a day of the month or year, a part of the day.
fn period(scan: &Scan<'_>, i: usize) -> Option<(Repeat, usize)> {
    let view = scan.view;
    if let Some(found) = monthly_rank(scan, i).or_else(|| year_days(scan, i)) {
        return Some(found);
    }
    if let Some((length, end)) = length(view, i).filter(|_| !matches!(view.word(i), "a" | "an")) {
        let (unit, interval) = match (length.unit, length.amount) {
            (Unit::BusinessDay, 2..) => return None,
            (unit, interval) => (unit, interval),
        };
        return Some((of_unit(unit, interval)?, end));
    }
    let (interval, at) = match view.word(i) {
        "other" | "second" | "2nd" => (2, i + 1),
        "third" | "3rd" => (3, i + 1),
        "fourth" | "4th" => (4, i + 1),
        word => match cardinal(word) {
            Some(n) => (n, i + 1),
            None => (1, i),
        },
    };
    if let Some((days, end)) = day_list(view, at) {
        return Some((Repeat::weekly(interval.clamp(1, 10_000), &days), end));
    }
    match view.word(at) {
        "weekend" | "weekends" => return Some((Repeat::weekly(interval.clamp(1, 10_000), &WEEKEND), at + 1)),
        "hour" if view.phrase(at + 1, "and a half").is_some() => {
            return Some((Repeat::new(Every::Minute, 90), at + 4));
        }
        word => {
            if let Some(part @ (Part::Morning | Part::Afternoon | Part::Evening | Part::Night | Part::Noon)) =
                Part::named(word)
            {
                return Some((Repeat { part: Some(part), ..of_unit(Unit::Day, interval)? }, at + 1));
            }
        }
    }
    let (unit, times, end) = unit(view, at)?;
    if unit == Unit::BusinessDay && interval > 1 {
        return None;
    }
    Some((of_unit(unit, interval.checked_mul(times)?)?, end))
}

/// *of the month*, *of each month*, *every two months*: how often, whether it is said to recur, and the end.
fn each_month(view: View<'_>, i: usize) -> Option<(u32, bool, usize)> {
    let at = view.skip(i, &["of"]);
    if at > i && view.phrase(at, "the month").is_some() {
        return Some((1, false, at + 2));
    }
    if !matches!(view.word(at), "every" | "each") {
        return match view.word(i) {
            "monthly" => Some((1, true, i + 1)),
            "quarterly" => Some((3, true, i + 1)),
            _ => None,
        };
    }
    let (interval, next) = match view.word(at + 1) {
        "other" | "second" => (2, at + 2),
        word => cardinal(word).map_or((1, at + 1), |n| (n, at + 2)),
    };
    match unit(view, next)? {
        (Unit::Month, times, end) => Some((interval.checked_mul(times)?, true, end)),
        _ => None,
    }
}

/// *first Monday of the month*, *last day of each month*, *15th*, after *every*.
fn monthly_rank(scan: &Scan<'_>, i: usize) -> Option<(Repeat, usize)> {
    let view = scan.view;
    let i = view.skip(i, &["the"]);
    let mut repeat = Repeat::new(Every::Month, 1);
    let end = ranked_days(view, i, &mut repeat)?;
    if let Some((interval @ 1..=10_000, _, end)) = each_month(view, end) {
        return Some((Repeat { interval, ..repeat }, end));
    }
    // "Every first Monday" can only be one of a month; "every second Tuesday" is every other one.
    if matches!(repeat.days[..], [(Some(-1 | 1 | 3..), _)] | [(Some(_), _), (Some(_), _), ..]) {
        return Some((repeat, end));
    }
    // "Every 2nd day" is every other one, "every 15th" is a day of the month.
    let number = ordinal(view.word(i)).is_some() && view.word(end - 1) != "day" && repeat.days.is_empty();
    (number && scan.closes(end)).then_some((repeat, end))
}

/// The days that ranks name: weekdays of a month, its last day, workdays, days by number.
fn ranked_days(view: View<'_>, i: usize, repeat: &mut Repeat) -> Option<usize> {
    let at = view.skip(i, &["day"]);
    if at > i {
        let day = cardinal(view.word(at)).filter(|day| (1..=31).contains(day))?;
        repeat.month_days.push(i8::try_from(day).ok()?);
        return Some(at + 1);
    }
    if let Some(nth) = rank(view.word(i)) {
        let mut ranks = vec![nth];
        let mut at = i + 1;
        while let Some(next) = joined(view, at).and_then(|next| rank(view.word(next)).map(|nth| (nth, next)))
        {
            ranks.push(next.0);
            at = next.1 + 1;
        }
        if let Some(day) = weekday(view.word(at)) {
            ranks.sort_by_key(|nth| if *nth < 0 { 9 } else { *nth });
            ranks.dedup();
            repeat.days.extend(ranks.iter().map(|nth| (Some(*nth), day)));
            return Some(at + 1);
        }
        let position = (ranks.len() == 1).then_some(nth);
        match (view.word(at), unit(view, at)) {
            ("day", _) if nth == -1 => {
                repeat.month_days.push(-1);
                return Some(at + 1);
            }
            ("day", _) if nth > 0 => {
                repeat.month_days.push(nth);
                return Some(at + 1);
            }
            (_, Some((Unit::BusinessDay, 1, end))) => {
                repeat.days.extend(WORKDAYS.iter().map(|day| (None, *day)));
                repeat.position = Some(position?);
                return Some(end);
            }
            _ => {}
        }
        if nth == 1 && view.word(i) == "first" && view.word(i + 1) == "of" {
            repeat.month_days.push(1);
            return Some(i + 1);
        }
    }
    let mut at = i;
    let mut end = None;
    while let Some(day) = ordinal(view.word(at)).filter(|day| (1..=31).contains(day)) {
        repeat.month_days.push(i8::try_from(day).ok()?);
        end = Some(at + 1);
        match joined(view, at + 1) {
            Some(next) => at = view.skip(next, &["the"]),
            None => break,
        }
    }
    repeat.month_days.sort_unstable();
    repeat.month_days.dedup();
    end
}

/// Past a comma, an *and*, or both.
fn joined(view: View<'_>, i: usize) -> Option<usize> {
    let at = view.skip(view.skip_comma(i), &["and"]) + usize::from(view.mark(i) == Some('&'));
    (at > i).then_some(at)
}

/// *January 15*, *Apr 15 and Oct 15*, *the 1st of March*, *March*: days of the year.
fn year_days(scan: &Scan<'_>, i: usize) -> Option<(Repeat, usize)> {
    let view = scan.view;
    let mut repeat = Repeat::new(Every::Year, 1);
    let (first, day, mut end) = year_day(view, i)?;
    repeat.months.push(first);
    while let Some(next) = joined(view, end) {
        match year_day(view, next) {
            // One rule holds several months only where the day is the same.
            Some((month, same, after)) if same == day => {
                repeat.months.push(month);
                end = after;
            }
            _ => break,
        }
    }
    repeat.months.sort_unstable();
    repeat.months.dedup();
    repeat.month_days.push(day);
    Some((repeat, end))
}

/// One day of the year; a month alone is its first day.
fn year_day(view: View<'_>, i: usize) -> Option<(i8, i8, usize)> {
    let number = |i: usize| {
        let word = view.word(i);
        let day = ordinal(word).or_else(|| cardinal(word).filter(|_| word.len() <= 2))?;
        i8::try_from(day).ok().filter(|day| (1..=31).contains(day))
    };
    let possible = |month: i8, day: i8| jiff::civil::Date::new(2000, month, day).is_ok();
    if let Some(month) = month(view.word(i)) {
        let at = view.skip(i + 1 + usize::from(view.glued(i + 1, '.')), &["the"]);
        return match number(at) {
            Some(day) => possible(month, day).then_some((month, day, at + 1)),
            None => Some((month, 1, i + 1)),
        };
    }
    let at = view.skip(i, &["the"]);
    let day = number(at)?;
    let at = view.skip(at + 1, &["of"]);
    let month = month(view.word(at))?;
    possible(month, day).then_some((month, day, at + 1))
}

/// A day first, how often after it: *on Tuesdays*, *on the 30th of each month*, *Monday to Thursday every week*.
fn days_first(scan: &Scan<'_>, i: usize) -> Option<(Repeat, usize)> {
    let view = scan.view;
    let on = view.skip(i, &["on"]);
    if let Some(end) = view.phrase(view.skip(view.skip(i, &["at", "by"]), &["the"]), "end of")
        && let Some((interval @ 1..=10_000, true, end)) = each_month(view, end)
    {
        let last = Repeat { month_days: vec![-1], ..Repeat::new(Every::Month, interval) };
        return suffixes(scan, last, end);
    }
    if let Some((days, end)) = plurals(view, on) {
        let led = on > i || matches!(scan.at(end), Some((Element::Clock(_), _)));
        return led.then(|| Repeat::weekly(1, &days)).and_then(|repeat| suffixes(scan, repeat, end));
    }
    let mut ranked = Repeat::new(Every::Month, 1);
    if let Some(days) = ranked_days(view, view.skip(on, &["the"]), &mut ranked)
        // The month must be said as one of many: "the 1st of the month" is a date.
        && let Some((interval @ 1..=10_000, true, end)) = each_month(view, days)
    {
        return suffixes(scan, Repeat { interval, ..ranked }, end);
    }
    if let Some((days, end)) = day_list(view, view.skip(on, &["from"])) {
        let at = view.skip_comma(end);
        let (mut repeat, end) = often(scan, at)?;
        if repeat.every != Every::Week || repeat.has_days() {
            return None;
        }
        repeat.days = days.iter().map(|day| (None, *day)).collect();
        return suffixes(scan, repeat, end);
    }
    if let Some((mut days, end)) = year_days(scan, on) {
        let (repeat, end) = often(scan, end)?;
        if repeat.every != Every::Year || repeat.has_days() {
            return None;
        }
        days.interval = repeat.interval;
        return suffixes(scan, days, end);
    }
    None
}

/// *every week*, *each year*, *weekly* after the days.
fn often(scan: &Scan<'_>, i: usize) -> Option<(Repeat, usize)> {
    let view = scan.view;
    match view.word(i) {
        "every" | "each" => period(scan, i + 1),
        "weekly" => Some((Repeat::new(Every::Week, 1), i + 1)),
        "biweekly" | "bi-weekly" | "fortnightly" => Some((Repeat::new(Every::Week, 2), i + 1)),
        "yearly" | "annually" => Some((Repeat::new(Every::Year, 1), i + 1)),
        _ => None,
    }
}

/// *10 days after I finish*: counts from the completion.
fn after_finishing(view: View<'_>, i: usize) -> Option<(Repeat, usize)> {
    let (amount, at) = amount(view, i)?;
    let (unit, times, at) = unit(view, at)?;
    let end = finishing(view, at)?;
    let repeat = of_unit(unit, amount.checked_mul(times)?)?;
    Some((Repeat { from: CountsFrom::Completion, ..repeat }, end))
}

/// Past *after completion*, *after I finish*.
fn finishing(view: View<'_>, i: usize) -> Option<usize> {
    const WORDS: [&str; 8] = [
        "after completion",
        "after each completion",
        "after i finish it",
        "after i finish",
        "after i complete it",
        "after i complete",
        "after finishing",
        "from completion",
    ];
    WORDS.iter().find_map(|words| view.phrase(i, words))
}

/// What may follow: *on Thursday*, *on the 20th*, *except Sunday*, *after completion*, a part of the day.
fn suffixes(scan: &Scan<'_>, mut repeat: Repeat, mut end: usize) -> Option<(Repeat, usize)> {
    let view = scan.view;
    loop {
        if let Some(after) = finishing(view, end) {
            repeat.from = CountsFrom::Completion;
            end = after;
        } else if let Some(after) = except(view, end, &mut repeat) {
            end = after;
        } else if let Some(after) = on_days(scan, end, &mut repeat) {
            end = after;
        } else if let Some(part) = Part::named(view.word(end)).filter(|_| repeat.part.is_none()) {
            repeat.part = Some(part);
            end += 1;
        } else {
            return Some((repeat, end));
        }
    }
}

/// *except Sunday*: the other days of the week.
fn except(view: View<'_>, i: usize, repeat: &mut Repeat) -> Option<usize> {
    let at = view.skip_comma(i);
    let at = match view.word(at) {
        "except" => view.skip(at + 1, &["for"]),
        "but" => view.skip(at + 1, &["not"]),
        _ => return None,
    };
    let at = view.skip(at, &["on"]);
    let (without, end) = plurals(view, at).or_else(|| match view.word(at) {
        "weekend" => Some((WEEKEND.to_vec(), at + 1)),
        _ => day_list(view, at),
    })?;
    match repeat.every {
        Every::Day if repeat.interval == 1 => {
            let all = WORKDAYS.iter().chain(&WEEKEND);
            repeat.days = all.filter(|day| !without.contains(day)).map(|day| (None, *day)).collect();
            repeat.every = Every::Week;
        }
        Every::Week if repeat.has_days() => repeat.days.retain(|(_, day)| !without.contains(day)),
        _ => return None,
    }
    (!repeat.days.is_empty()).then_some(end)
}

/// Days said after how often: *every week on Monday*, *every month on the 15th*, *every year on May 3*.
fn on_days(scan: &Scan<'_>, i: usize, repeat: &mut Repeat) -> Option<usize> {
    let view = scan.view;
    if repeat.has_days() {
        return None;
    }
    let comma = view.skip_comma(i);
    let at = view.skip(comma, &["on"]);
    match repeat.every {
        Every::Day if repeat.interval == 1 && view.word(comma) == "from" => {
            let (days, end) = day_list(view, comma + 1).filter(|(days, _)| days.len() > 1)?;
            *repeat = Repeat { from: repeat.from, part: repeat.part, ..Repeat::weekly(1, &days) };
            Some(end)
        }
        Every::Week => {
            let at = if at == comma { view.skip(comma, &["from"]) } else { at };
            let (days, end) = plurals(view, at).or_else(|| day_list(view, at))?;
            // "Every week Monday meeting": without "on", the days must stand by themselves.
            if at == comma && !scan.closes(end) {
                return None;
            }
            repeat.days = days.iter().map(|day| (None, *day)).collect();
            Some(end)
        }
        Every::Month if at > comma => {
            let mut ranked = Repeat::new(Every::Month, 1);
            let end = ranked_days(view, view.skip(at, &["the"]), &mut ranked)?;
            (repeat.month_days, repeat.days, repeat.position) =
                (ranked.month_days, ranked.days, ranked.position);
            Some(view.phrase(end, "of the month").unwrap_or(end))
        }
        Every::Year => {
            let at = view.skip(at, &["in"]);
            if at == comma {
                return None;
            }
            if let Some((days, end)) = ranked_year(view, at) {
                (repeat.days, repeat.months) = days;
                return Some(end);
            }
            let (days, mut end) = year_days(scan, at)?;
            (repeat.months, repeat.month_days) = (days.months, days.month_days);
            // "In March on the 5th".
            if let Some(day) = view.phrase(end, "on the").and_then(|at| ordinal(view.word(at)))
                && let Ok(day @ 1..=31) = i8::try_from(day)
            {
                repeat.month_days = vec![day];
                end += 3;
            }
            Some(end)
        }
        _ => None,
    }
}

/// Weekdays with their ranks, and their months.
type RankedYear = (Vec<(Option<i8>, Weekday)>, Vec<i8>);

/// *the first Monday of March* in every year.
fn ranked_year(view: View<'_>, i: usize) -> Option<(RankedYear, usize)> {
    let at = view.skip(i, &["the"]);
    let nth = rank(view.word(at))?;
    let day = weekday(view.word(at + 1))?;
    let month = view
        .phrase(at + 2, "of")
        .or_else(|| view.phrase(at + 2, "in"))
        .and_then(|at| month(view.word(at)))?;
    Some(((vec![(Some(nth), day)], vec![month]), at + 4))
}

/// *5 times*, *for 6 weeks*.
pub(crate) fn limit(view: View<'_>, i: usize) -> Option<(Limit, usize)> {
    let at = view.skip(i, &["for"]);
    if let Some(n) = cardinal(view.word(at)).filter(|n| (1..=10_000).contains(n))
        && view.word(at + 1) == "times"
        && !matches!(view.word(at + 2), "a" | "per" | "each" | "every")
    {
        return Some((Limit::Times(n), at + 2));
    }
    if at == i {
        return None;
    }
    let at = view.skip(at, &["the"]);
    let at = view.skip(at, &["next"]);
    let (length, end) = length(view, at)?;
    let long = matches!(length.unit, Unit::Day | Unit::Week | Unit::Month | Unit::Year);
    (long && length.amount > 0).then_some((Limit::For(length), end))
}
