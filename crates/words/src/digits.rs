//! Dates in digits: *2026-12-03*, *24.12.2026*, *3/15*.
//!
//! Recognisers only; dates in words are elsewhere.

use jiff::civil::{Date, Time};

use crate::command::Clarify;
use crate::dates::{Before, Source, When, day_and_month};
use crate::scan::Scan;

/// Dates in digits: ISO, with dots, with slashes.
pub(crate) fn date(scan: &Scan<'_>, i: usize, before: Before) -> Option<(When, usize)> {
    let word = scan.view.word(i);
    if !word.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    iso(word).or_else(|| dotted(word)).or_else(|| slashed(scan, i, word, before)).map(|when| (when, i + 1))
}

/// The numbers between separators, if there are `N` of them and nothing else.
fn parts<const N: usize>(word: &str, separator: char) -> Option<[(u32, usize); N]> {
    let mut parts = [(0, 0); N];
    let mut pieces = word.split(separator);
    for part in &mut parts {
        let piece = pieces.next()?;
        if piece.is_empty() || piece.len() > 4 || !piece.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        *part = (piece.parse().ok()?, piece.len());
    }
    pieces.next().is_none().then_some(parts)
}

fn with_year(year: u32, month: u32, day: u32) -> When {
    let date =
        || Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok();
    When::new(date().ok_or(Clarify::InvalidDate), Source::Year)
}

/// 2026-12-03, 2026/12/03, and 2026-12-03T14:00.
fn iso(word: &str) -> Option<When> {
    let (date, time) = match word.split_once('t') {
        Some((date, time)) => (date, Some(time)),
        None => (word, None),
    };
    let [(year, 4), (month, 1..=2), (day, 1..=2)] = parts(date, '-').or_else(|| parts(date, '/'))? else {
        return None;
    };
    let mut when = with_year(year, month, day);
    if let Some(time) = time {
        let time: Time = time.parse().ok()?;
        when.time = time.with().second(0).subsec_nanosecond(0).build().ok();
    }
    Some(when)
}

/// 24.12.2026.
fn dotted(word: &str) -> Option<When> {
    let [(day, 1..=2), (month, 1..=2), (year, 4)] = parts(word, '.')? else { return None };
    Some(with_year(year, month, day))
}

/// 3/15, 15/3/2027: the part above twelve is the day; without one it is ambiguous.
fn slashed(scan: &Scan<'_>, i: usize, word: &str, before: Before) -> Option<When> {
    let (a, b, year) = if let Some([(a, 1..=2), (b, 1..=2)]) = parts(word, '/') {
        (a, b, None)
    } else if let [(a, 1..=2), (b, 1..=2), (year, len @ (2 | 4))] = parts(word, '/')? {
        (a, b, Some(if len == 2 { 2000 + year } else { year }))
    } else {
        return None;
    };
    if word == "24/7" {
        return None;
    }
    // 1/2 cup is a fraction; with a year, two digits or in a date's place it is a date.
    let placed = year.is_some() || word.len() == 5 || before.led || scan.closes(i + 1) || before.opens;
    if !placed {
        return None;
    }
    let (month, day) = match (a, b) {
        (1..=12, 1..=12) if a == b => (a, b),
        (1..=12, 1..=12) => return Some(When::new(Err(Clarify::AmbiguousDate), Source::Ahead)),
        (1..=12, 13..=31) => (a, b),
        (13..=31, 1..=12) => (b, a),
        _ if before.led || year.is_some() => {
            return Some(When::new(Err(Clarify::InvalidDate), Source::Ahead));
        }
        _ => return None,
    };
    Some(match year {
        Some(year) => with_year(year, month, day),
        None => day_and_month(scan, i8::try_from(month).ok()?, day, None),
    })
}
