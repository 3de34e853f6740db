//! Reminders inside a sentence: *remind me 30 min before*, *alert me the day before at 5pm*,
//! *remind me at 8*.
//!
//! Recognisers; when a reminder comes is decided together with the due date.

use crate::dates::When;
use crate::numbers::{Length, length};
use crate::scan::{Element, Scan};
use crate::times::{Clock, Part};
use crate::tokens::View;

/// What a reminder phrase asks for.
#[derive(Debug, Clone)]
pub(crate) enum Remind {
    /// So long before; several reminders.
    Before(Vec<Lead>),
    /// At a time of the due day, or at a moment of its own.
    At { when: Option<When>, clock: Option<Clock> },
}

/// How long before the due time.
#[derive(Debug, Clone)]
pub(crate) enum Lead {
    Length(Length),
    /// So many days before, at a time of that day.
    Day {
        days: u32,
        clock: Option<Clock>,
        part: Option<Part>,
    },
}

/// A reminder phrase at `i`.
pub(crate) fn remind(scan: &Scan<'_>, i: usize) -> Option<(Remind, usize)> {
    let view = scan.view;
    let at = view.skip(i, &["and", "with", "plus"]);
    let (at, verb) = opener(view, at)?;
    if let Some((leads, end)) = leads(scan, at) {
        return Some((Remind::Before(leads), end));
    }
    // "Remind me tomorrow to X" at the beginning is read as a whole elsewhere.
    if !verb || i == view.lo {
        return None;
    }
    let (mut when, mut clock, mut end) = (None, None, at);
    while let Some((element, after)) = scan.at(view.skip_comma(end)) {
        match element {
            Element::When(day) if when.is_none() => when = Some(day.clone()),
            Element::Clock(time) if clock.is_none() => clock = Some(time.clone()),
            _ => break,
        }
        end = *after;
    }
    (end > at).then_some((Remind::At { when, clock }, end))
}

/// Past *remind me*, *alert me*, *reminder:*; whether it is said as a verb.
fn opener(view: View<'_>, i: usize) -> Option<(usize, bool)> {
    if matches!(view.word(i), "remind" | "alert" | "notify") && view.word(i + 1) == "me" {
        return Some((i + 2, true));
    }
    let at = match view.word(i) {
        "set" | "add" => i + 1,
        _ => i,
    };
    let at = view.skip(at, &["a"]);
    if !matches!(view.word(at), "reminder" | "reminders") {
        return None;
    }
    let end = at + 1 + usize::from(view.glued(at + 1, ':'));
    Some((end, false))
}

/// Leads up to *before*: *30 min before*, *1 day and 1 hour before*, *the day before at 5*.
pub(crate) fn leads(scan: &Scan<'_>, i: usize) -> Option<(Vec<Lead>, usize)> {
    let view = scan.view;
    let mut leads = Vec::new();
    let mut at = i;
    loop {
        let (lead, end, closed) = lead(scan, at)?;
        leads.push(lead);
        let more = view.skip(view.skip_comma(end), &["and"]) + usize::from(view.mark(end) == Some('&'));
        if more > end && lead_follows(scan, more) {
            at = more;
        } else if closed {
            return Some((leads, end));
        } else {
            return None;
        }
    }
}

fn lead_follows(scan: &Scan<'_>, i: usize) -> bool {
    lead(scan, i).is_some()
}

/// One lead, its end, and whether *before* has been said.
fn lead(scan: &Scan<'_>, i: usize) -> Option<(Lead, usize, bool)> {
    let view = scan.view;
    let at = view.skip(i, &["on"]);
    if view.word(at) == "the" {
        let (days, part) = match view.word(at + 1) {
            "day" => (1, None),
            "week" => (7, None),
            word => (1, Some(Part::named(word)?)),
        };
        let end = before(view, at + 2)?;
        let (clock, end) = match scan.at(end) {
            Some((Element::Clock(clock), after)) => (Some(clock.clone()), *after),
            _ => (None, end),
        };
        return Some((Lead::Day { days, clock, part }, end, true));
    }
    let (length, end) = length(view, i)?;
    match before(view, end) {
        Some(end) => match scan.at(end) {
            // "1 day before at 5pm" is a time of that day.
            Some((Element::Clock(clock), after)) if length.days().is_some() => Some((
                Lead::Day { days: length.days()?, clock: Some(clock.clone()), part: None },
                *after,
                true,
            )),
            _ => Some((Lead::Length(length), end, true)),
        },
        None => Some((Lead::Length(length), end, false)),
    }
}

/// Past *before* and its like.
fn before(view: View<'_>, i: usize) -> Option<usize> {
    match view.word(i) {
        "before" | "beforehand" | "ahead" | "prior" | "earlier" => Some(i + 1),
        _ => view.phrase(i, "in advance"),
    }
}
