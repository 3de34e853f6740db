//! *Show my overdue tasks*: a list opener, then nothing but filters and what is listed.

use jiff::civil::{Date, Weekday};

use crate::calendar::{Now, month_start, plus_days, weekday_of_week};
use crate::command::{Clarify, Filter, NamedPeriod, Period};
use crate::marks;
use crate::names::{month, weekday};
use crate::numbers::{Unit, cardinal, unit};
use crate::scan::{Element, Scan};
use crate::task::person;
use crate::tokens::{View, same};

/// The openers; the last asks for one's own tasks.
const OPENERS: [(&str, bool); 14] = [
    ("list", false),
    ("show me", false),
    ("show", false),
    ("what's", false),
    ("whats", false),
    ("what is", false),
    ("what are", false),
    ("what do i have", true),
    ("what tasks do i have", true),
    ("which tasks do i have", true),
    ("which tickets do i have", true),
    ("what tickets do i have", true),
    ("which", false),
    ("what", false),
];

/// The filter of a list, if the text is one.
pub(crate) fn list(view: View<'_>, now: &Now<'_>) -> Option<Result<Filter, Clarify>> {
    let (opened, mine) =
        OPENERS.iter().find_map(|(words, mine)| view.phrase(view.lo, words).map(|at| (at, *mine)))?;
    let view = trimmed(view);
    let scan = Scan::new(view, now);
    let mut list = List { filter: Filter::default(), said: mine };
    if mine {
        list.filter.assignee = Some("me".to_owned());
    }
    let mut at = opened;
    while at < view.hi {
        match list.step(&scan, at) {
            Some(Ok(next)) => at = next,
            Some(Err(reason)) => return Some(Err(reason)),
            None => return None,
        }
    }
    list.said.then_some(Ok(list.filter))
}

/// Without the marks at its end.
fn trimmed(view: View<'_>) -> View<'_> {
    let mut view = view;
    while view.hi > view.lo && matches!(view.mark(view.hi - 1), Some('?' | '.' | '!' | ',')) {
        view = view.until(view.hi - 1);
    }
    view
}

struct List {
    filter: Filter,
    /// Whether what is listed has been said: tasks, everything, overdue.
    said: bool,
}

impl List {
    /// Reads one piece; answers where the next begins, or why the list makes no sense.
    fn step(&mut self, scan: &Scan<'_>, i: usize) -> Option<Result<usize, Clarify>> {
        let view = scan.view;
        if let Some(next) = self.word(view, i) {
            return Some(Ok(next));
        }
        if let Some((days, next)) = period(scan, i) {
            return Some(days.map(|(from, to)| {
                self.filter.due = Some(Period::Days { from, to });
                next
            }));
        }
        if let Some(next) = self.person(scan, i) {
            return Some(Ok(next));
        }
        match scan.at(i).map(|(element, next)| (element.clone(), *next)) {
            Some((Element::Label(label), next)) => {
                self.filter.labels.push(label.to_owned());
                Some(Ok(next))
            }
            Some((Element::Project(project), next)) => {
                self.filter.project = Some(project.to_owned());
                Some(Ok(next))
            }
            Some((Element::Assignee(name), next)) => {
                self.filter.assignee = Some(person(name));
                Some(Ok(next))
            }
            Some((Element::Priority(level), next)) => {
                self.filter.priority = Some(level);
                Some(Ok(next))
            }
            _ => None,
        }
    }

    /// Words that filter or name what is listed.
    fn word(&mut self, view: View<'_>, i: usize) -> Option<usize> {
        match view.word(i) {
            "tasks" | "tickets" | "task" | "ticket" | "everything" => self.said = true,
            "overdue" => {
                self.said = true;
                self.filter.due = Some(Period::Named(NamedPeriod::Overdue));
            }
            "due" => self.said = true,
            "my" | "mine" => self.filter.assignee = Some("me".to_owned()),
            "completed" | "done" => self.filter.done = Some(true),
            "open" => self.filter.done = Some(false),
            "with" | "in" | "labelled" | "labeled" | "tagged" | "project"
                if view.raw(i + 1).starts_with(['@', '#'])
                    || marks::priority(view, i + 1).is_some()
                    || view.word(i + 1) == "project" => {}
            "all" | "the" | "are" | "is" | "that" | "of" | "which" => {}
            word => {
                let level = marks::level(word)?;
                // "Priority" need not be said in a list.
                self.filter.priority = Some(level);
                return Some(view.skip(i + 1, &["priority"]));
            }
        }
        Some(i + 1)
    }

    /// *for Bea*, *assigned to Jorge*, *Bea's*.
    fn person(&mut self, scan: &Scan<'_>, i: usize) -> Option<usize> {
        let view = scan.view;
        if let Some(name) = owner(view.raw(i))
            && name.starts_with(char::is_alphabetic)
            && !same(view.word(i), "what's")
        {
            self.filter.assignee = Some(name.to_owned());
            return Some(i + 1);
        }
        let at = match view.word(i) {
            "for" => i + 1,
            "assigned" if view.word(i + 1) == "to" => i + 2,
            // Two names before a possessive one: Tomasz Nowak's.
            _ => {
                let next = view.raw(i + 1);
                let last = owner(next)?;
                if !view.raw(i).starts_with(char::is_uppercase) || !last.starts_with(char::is_uppercase) {
                    return None;
                }
                self.filter.assignee = Some(format!("{} {last}", view.raw(i)));
                return Some(i + 2);
            }
        };
        let first = view.raw(at);
        let bare = first.strip_prefix(['+', '@']).unwrap_or(first);
        if view.word(at).is_empty()
            || !bare.starts_with(char::is_alphabetic)
            || scan.at(at).is_some() && bare == first
        {
            return None;
        }
        let mut end = at + 1;
        while view.raw(end).starts_with(char::is_uppercase)
            && weekday(view.word(end)).is_none()
            && scan.at(end).is_none()
        {
            end += 1;
        }
        let name = view.part(at, end).verbatim();
        self.filter.assignee = Some(person(name.strip_prefix(['+', '@']).unwrap_or(name)));
        Some(end)
    }
}

/// Whose it is, of a word with a possessive ending.
fn owner(word: &str) -> Option<&str> {
    word.strip_suffix("'s").or_else(|| word.strip_suffix("’s"))
}

type Days = Result<(Date, Date), Clarify>;

/// A period of days at `i`: *next week*, *in March*, *today*, *from Monday to Friday*.
fn period(scan: &Scan<'_>, i: usize) -> Option<(Days, usize)> {
    let view = scan.view;
    let at = {
        let mut at = i;
        while matches!(
            view.word(at),
            "for" | "in" | "on" | "by" | "before" | "during" | "within" | "from" | "between"
        ) {
            at += 1;
        }
        at
    };
    let valid = |days: Option<(Date, Date)>| days.ok_or(Clarify::InvalidDate);
    if let Some((days, end)) = whole(scan, at) {
        return Some((valid(days), end));
    }
    let (first, end) = day(scan, if scan.dated(i) { i } else { at })?;
    let range = at > i && matches!(view.word(at - 1), "from" | "between");
    if range
        && matches!(view.word(end), "to" | "and" | "until" | "till")
        && let Some((last, end)) = day(scan, end + 1)
    {
        let days = first.and_then(|first| last.map(|last| (first, last)));
        return Some((days, end));
    }
    Some((first.map(|day| (day, day)), end))
}

/// One day, without a time.
fn day(scan: &Scan<'_>, i: usize) -> Option<(Result<Date, Clarify>, usize)> {
    let view = scan.view;
    if let Some(word) = owner(view.word(i)) {
        let today = scan.now.today();
        let day = match word {
            "today" => Some(today),
            "tomorrow" => plus_days(today, 1),
            _ => crate::calendar::next_weekday(today, weekday(word)?),
        };
        return Some((day.ok_or(Clarify::InvalidDate), i + 1));
    }
    if let Some(day) = weekday(view.word(i)) {
        let (from, next) = (scan.now.today(), i + 1);
        return Some((crate::calendar::next_weekday(from, day).ok_or(Clarify::InvalidDate), next));
    }
    match scan.at(i)? {
        (Element::When(when), end) => Some((when.day, *end)),
        _ => None,
    }
}

/// A week, weekend, month or year as a whole.
fn whole(scan: &Scan<'_>, i: usize) -> Option<(Option<(Date, Date)>, usize)> {
    let (view, today) = (scan.view, scan.now.today());
    let bare = |word: &'static str, at: usize| {
        let said = view.word(at);
        said == word || owner(said) == Some(word)
    };
    let ahead = match view.word(i) {
        "this" => 0,
        "next" => 1,
        _ => {
            let at = view.skip(i, &["the"]);
            if view.word(at) == "next"
                && let Some(n) = cardinal(view.word(at + 1))
                && let Some((unit, times, end)) = unit(view, at + 2)
            {
                let days = match unit {
                    Unit::Day => i64::from(n) * i64::from(times),
                    Unit::Week => i64::from(n) * i64::from(times) * 7,
                    _ => return None,
                };
                return Some((plus_days(today, days).map(|last| (today, last)), end));
            }
            let month = month(view.word(i))?;
            let year = view.word(i + 1).parse::<i16>().ok().filter(|year| (1900..2200).contains(year));
            // A day of a month is no month.
            if year.is_none() && view.word(i + 1).starts_with(|c: char| c.is_ascii_digit()) {
                return None;
            }
            let own = if month < today.month() { today.year().checked_add(1) } else { Some(today.year()) };
            let first = year.or(own).and_then(|year| Date::new(year, month, 1).ok());
            let days = first.map(|first| (first, first.last_of_month()));
            return Some((days, i + 1 + usize::from(year.is_some())));
        }
    };
    let at = i + 1;
    let days = if bare("week", at) {
        let day = |day| weekday_of_week(today, ahead, day);
        day(Weekday::Monday).zip(day(Weekday::Sunday))
    } else if bare("weekend", at) {
        let day = |day| weekday_of_week(today, ahead, day);
        day(Weekday::Saturday).zip(day(Weekday::Sunday))
    } else if bare("month", at) {
        month_start(today, ahead).map(|first| (first, first.last_of_month()))
    } else if bare("year", at) {
        let year = i16::try_from(ahead).ok().and_then(|ahead| today.year().checked_add(ahead))?;
        Date::new(year, 1, 1).ok().map(|first| (first, first.last_of_year()))
    } else {
        return None;
    };
    Some((days, at + 1))
}
