//! Lists of weekdays: *Mon, Wed and Fri*, *Monday to Thursday*, *mon-fri*, *weekdays*.
//!
//! Which weekdays; what happens on them is decided elsewhere.

use jiff::civil::Weekday;

use crate::names::{weekday, weekdays};
use crate::repeats::{WEEKEND, WORKDAYS};
use crate::tokens::View;

/// Weekdays one after another: *Mon, Wed and Fri*, *Monday to Thursday*, *mon-fri*; sorted.
pub(crate) fn day_list(view: View<'_>, i: usize) -> Option<(Vec<Weekday>, usize)> {
    let one = |i: usize| {
        let word = view.word(i);
        weekday(word).or_else(|| weekdays(word))
    };
    let mut days = Vec::new();
    let mut end = i;
    let mut at = i;
    loop {
        if let Some(day) = one(at) {
            let last = (matches!(view.word(at + 1), "to" | "through" | "thru")
                || matches!(view.mark(at + 1), Some('-' | '–')))
            .then(|| one(at + 2))
            .flatten();
            match last {
                Some(last) => {
                    span(&mut days, day, last);
                    end = at + 3;
                }
                None => {
                    days.push(day);
                    end = at + 1;
                }
            }
        } else if let Some(several) = glued_days(view.word(at)) {
            days.extend(several);
            end = at + 1;
        } else {
            break;
        }
        at = view.skip_comma(end);
        let and = view.skip(at, &["and"]) + usize::from(view.mark(at) == Some('&'));
        if and == end {
            break;
        }
        at = and;
    }
    days.sort_by_key(|day| day.to_monday_zero_offset());
    days.dedup();
    (!days.is_empty()).then_some((days, end))
}

fn span(days: &mut Vec<Weekday>, first: Weekday, last: Weekday) {
    let mut day = first;
    days.push(day);
    while day != last {
        day = day.next();
        days.push(day);
    }
}

/// *mon-fri*, *mon/wed/fri*, *tue,thu* in one word.
fn glued_days(word: &str) -> Option<Vec<Weekday>> {
    let mut days = Vec::new();
    if let Some((first, last)) = word.split_once(['-', '–']) {
        span(&mut days, weekday(first)?, weekday(last)?);
    } else if word.contains(['/', ',', '&']) {
        for part in word.split(['/', ',', '&']) {
            days.push(weekday(part)?);
        }
    }
    (!days.is_empty()).then_some(days)
}

/// Weekdays in the plural, weekdays and weekends as such.
pub(crate) fn plurals(view: View<'_>, i: usize) -> Option<(Vec<Weekday>, usize)> {
    match view.word(i) {
        "weekdays" | "workdays" => return Some((WORKDAYS.to_vec(), i + 1)),
        "weekends" => return Some((WEEKEND.to_vec(), i + 1)),
        _ => {}
    }
    let (days, end) = day_list(view, i)?;
    weekdays(view.word(i)).is_some().then_some((days, end))
}
