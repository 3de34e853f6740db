//! What the elements of a text add up to: the due date, the recurrence, the reminders, the rest.
//!
//! Of several dates the last counts and the others stay text; a recurrence beats a date.

use domain::recurrence::{CountsFrom, Recurrence};
use jiff::civil::{Date, DateTime};

use crate::calendar::{MIDNIGHT, NINE, Now, plus, plus_days, plus_months};
use crate::command::{Clarify, Due, NewTask, Reminder};
use crate::dates::{Lead as DateLead, Source, When};
use crate::reminders::{Lead, Remind};
use crate::repeats::{Every, Limit, Repeat};
use crate::scan::{Element, Hit, Scan};
use crate::span::{Span, What};
use crate::times::{Clock, Part};
use crate::title::title;
use crate::tokens::View;

/// Reads a text as a new task. With `remind`, it was said after *remind me to*.
pub(crate) fn task(
    view: View<'_>,
    now: &Now<'_>,
    remind: bool,
    spans: &mut Vec<Span>,
) -> Result<NewTask, Clarify> {
    task_of(view, Scan::new(view, now).hits(), &[], now, remind, spans)
}

/// Reads a text of which the elements are known; `gaps` are tokens that belong to nothing.
pub(crate) fn task_of(
    view: View<'_>,
    hits: Vec<Hit<'_>>,
    gaps: &[(usize, usize)],
    now: &Now<'_>,
    remind: bool,
    spans: &mut Vec<Span>,
) -> Result<NewTask, Clarify> {
    let mut elements = Elements::sort(view, &hits);
    let recurrence = elements.recurrence()?;
    if recurrence.is_none() && elements.repeat.is_some() {
        // A rule that cannot be written down is text, and so are its day and its end.
        let left = hits.into_iter().filter(|hit| !matches!(hit.element, Element::Repeat(_))).collect();
        return task_of(view, left, gaps, now, remind, spans);
    }
    let mut task = NewTask { due: elements.due(now)?, recurrence, ..NewTask::default() };
    task.reminders = elements.reminders(task.due, remind, now)?;
    for hit in &hits {
        match hit.element {
            Element::Priority(level) => task.priority = Some(level),
            Element::Label(label) if !task.labels.iter().any(|known| known == label) => {
                task.labels.push(label.to_owned())
            }
            Element::Project(project) => task.project = Some(project.to_owned()),
            Element::Assignee(name) => task.assignee = Some(person(name)),
            _ => {}
        }
    }
    elements.take_marks(&hits);
    elements.taken.sort_unstable();
    for hit in hits.iter().filter(|hit| elements.taken.contains(&(hit.from, hit.to))) {
        let (start, end) = view.part(hit.from, hit.to).bytes();
        spans.push(Span { start, end, what: what(&hit.element) });
    }
    elements.taken.extend_from_slice(gaps);
    task.title = title(view, &elements.taken, spans);
    if task.title.is_empty() { Err(Clarify::NoTitle) } else { Ok(task) }
}

/// A person's name as it is kept; "me" is the one who speaks.
pub(crate) fn person(name: &str) -> String {
    if name.eq_ignore_ascii_case("me") { "me".to_owned() } else { name.to_owned() }
}

fn what(element: &Element<'_>) -> What {
    match element {
        Element::When(when) if when.lead != DateLead::Plain => What::Recurrence,
        Element::When(_) | Element::Clock(_) => What::Due,
        Element::Repeat(_) | Element::Limit(_) => What::Recurrence,
        Element::Remind(_) => What::Reminder,
        Element::Priority(_) => What::Priority,
        Element::Label(_) => What::Label,
        Element::Project(_) => What::Project,
        Element::Assignee(_) => What::Assignee,
    }
}

/// Dates and times that stand beside each other.
#[derive(Default)]
struct Moment<'h> {
    when: Option<(&'h When, (usize, usize))>,
    clock: Option<(&'h Clock, (usize, usize))>,
}

/// The elements that count, and the tokens that they take.
#[derive(Default)]
struct Elements<'h> {
    when: Option<&'h When>,
    clock: Option<&'h Clock>,
    repeat: Option<&'h Repeat>,
    start: Option<&'h When>,
    until: Option<&'h When>,
    limit: Option<Limit>,
    reminds: Vec<&'h Remind>,
    taken: Vec<(usize, usize)>,
}

impl<'h> Elements<'h> {
    fn sort(view: View<'_>, hits: &'h [Hit<'_>]) -> Self {
        let mut this = Self::default();
        for hit in hits {
            match &hit.element {
                Element::Repeat(repeat) => {
                    // Of several recurrences the last counts, as of dates.
                    this.repeat = Some(repeat);
                    this.taken.clear();
                    this.taken.push((hit.from, hit.to));
                }
                Element::Remind(_) | Element::When(_) | Element::Clock(_) | Element::Limit(_) => {}
                Element::Priority(_) | Element::Label(_) | Element::Project(_) | Element::Assignee(_) => {}
            }
        }
        for hit in hits {
            match &hit.element {
                Element::Remind(remind) => {
                    this.reminds.push(remind);
                    this.taken.push((hit.from, hit.to));
                }
                Element::Limit(limit) if this.limits(*limit) => {
                    this.limit = Some(*limit);
                    this.taken.push((hit.from, hit.to));
                }
                _ => {}
            }
        }
        this.moments(moments(view, hits));
        this
    }

    /// Whether a limit ends this recurrence, rather than being text ("for 2 weeks").
    fn limits(&self, limit: Limit) -> bool {
        self.repeat.is_some_and(|repeat| match limit {
            Limit::Times(_) => true,
            Limit::For(length) => repeat.occurrences(length).is_some(),
        })
    }

    /// Chooses the moment that counts.
    fn moments(&mut self, moments: Vec<Moment<'h>>) {
        let mut free: Option<(&Clock, (usize, usize))> = None;
        let mut chosen: Option<Moment<'h>> = None;
        for moment in moments {
            match moment.when {
                Some((when, at)) if self.repeat.is_some() => {
                    match when.lead {
                        DateLead::Starting => self.start = Some(when),
                        DateLead::Until => self.until = Some(when),
                        DateLead::Plain => continue,
                    }
                    self.taken.push(at);
                    free = moment.clock.or(free);
                }
                Some(_) => chosen = Some(moment),
                None => free = moment.clock.or(free),
            }
        }
        if let Some((when, at)) = chosen.as_ref().and_then(|moment| moment.when) {
            self.when = Some(when);
            self.taken.push(at);
        }
        let own = chosen.as_ref().and_then(|moment| moment.clock);
        // The date's own time counts before one that stands elsewhere.
        let told = self.when.is_some_and(|when| {
            when.time.is_some() || (when.part.is_some() && when.source != Source::Tonight)
        });
        if let Some((clock, at)) = own.or(free.filter(|_| !told)) {
            self.clock = Some(clock);
            self.taken.push(at);
        }
    }

    /// Labels and the like are always taken.
    fn take_marks(&mut self, hits: &[Hit<'_>]) {
        for hit in hits {
            let mark = matches!(
                hit.element,
                Element::Priority(_) | Element::Label(_) | Element::Project(_) | Element::Assignee(_)
            );
            if mark {
                self.taken.push((hit.from, hit.to));
            }
        }
    }

    /// The due date; of a recurrence, the first.
    fn due(&self, now: &Now<'_>) -> Result<Option<Due>, Clarify> {
        if let Some(repeat) = self.repeat {
            return first_due(repeat, self.start, self.clock, now).map(Some);
        }
        if self.when.is_none() && self.clock.is_none() {
            return Ok(None);
        }
        settle(self.when, self.clock, now).map(Some)
    }

    /// The recurrence with its end; `None` when there is none or no rule can say it.
    fn recurrence(&self) -> Result<Option<Recurrence>, Clarify> {
        let Some(repeat) = self.repeat else { return Ok(None) };
        let end = match (self.until, self.limit) {
            (Some(until), _) => {
                let day = until.day?;
                format!(";UNTIL={:04}{:02}{:02}", day.year(), day.month(), day.day())
            }
            (None, Some(Limit::Times(n))) => format!(";COUNT={n}"),
            (None, Some(Limit::For(length))) => {
                repeat.occurrences(length).map_or_else(String::new, |n| format!(";COUNT={n}"))
            }
            (None, None) => String::new(),
        };
        Ok(Recurrence::new(&repeat.rule(repeat.interval, &end), repeat.from).ok())
    }

    /// The reminders for a due date.
    fn reminders(&self, due: Option<Due>, remind: bool, now: &Now<'_>) -> Result<Vec<Reminder>, Clarify> {
        let mut reminders = Vec::new();
        for remind in &self.reminds {
            match remind {
                Remind::Before(leads) => {
                    for lead in leads {
                        reminders.push(before(lead, due)?);
                    }
                }
                Remind::At { when, clock } => {
                    let day = match (when, due) {
                        (None, Some(due)) => Some(due.date),
                        _ => None,
                    };
                    let at = match (day, clock) {
                        (Some(day), Some(clock)) => on_day(day, clock, now)?,
                        _ => at_nine(settle(when.as_ref(), clock.as_ref(), now)?),
                    };
                    reminders.push(Reminder::At { at });
                }
            }
        }
        if reminders.is_empty() && remind {
            match due {
                Some(Due { time: Some(_), .. }) => reminders.push(Reminder::Before { before_minutes: 0 }),
                Some(due) => reminders.push(Reminder::At { at: at_nine(due) }),
                None => {}
            }
        }
        Ok(reminders)
    }
}

/// Groups dates and times that stand beside each other, a comma between them or not.
fn moments<'h>(view: View<'_>, hits: &'h [Hit<'_>]) -> Vec<Moment<'h>> {
    let mut moments: Vec<Moment<'h>> = Vec::new();
    let mut end = None;
    for hit in hits {
        let at = (hit.from, hit.to);
        let beside = end.is_some_and(|end| end == hit.from || view.skip_comma(end) == hit.from);
        match &hit.element {
            Element::When(when) => match moments.last_mut() {
                Some(last) if beside && last.when.is_none() => last.when = Some((when, at)),
                _ => moments.push(Moment { when: Some((when, at)), clock: None }),
            },
            Element::Clock(clock) => match moments.last_mut() {
                Some(last) if beside && last.clock.is_none() => last.clock = Some((clock, at)),
                _ => moments.push(Moment { when: None, clock: Some((clock, at)) }),
            },
            _ => {
                end = None;
                continue;
            }
        }
        end = Some(hit.to);
    }
    moments
}

/// The local time of a date-only due, at nine; of a due with a time, that time.
pub(crate) fn at_nine(due: Due) -> DateTime {
    due.date.to_datetime(due.time.unwrap_or(NINE))
}

/// A time of day on a given day.
fn on_day(day: Date, clock: &Clock, now: &Now<'_>) -> Result<DateTime, Clarify> {
    let fixed = When { day: Ok(day), time: None, part: None, source: Source::Ahead, lead: DateLead::Plain };
    settle(Some(&fixed), Some(clock), now).map(at_nine)
}

/// A reminder so long before a due date.
pub(crate) fn before(lead: &Lead, due: Option<Due>) -> Result<Reminder, Clarify> {
    let invalid = || Clarify::InvalidDate;
    match lead {
        Lead::Length(length) => match (length.minutes(), due) {
            (_, Some(Due { date, time: None })) if length.days().is_some() => {
                let days = i64::from(length.days().unwrap_or_default());
                let day = plus_days(date, -days).ok_or_else(invalid)?;
                Ok(Reminder::At { at: day.to_datetime(NINE) })
            }
            (Some(before_minutes), _) => Ok(Reminder::Before { before_minutes }),
            // Months and years have no fixed length: the day is counted back.
            (None, Some(due)) => {
                let day = months_before(due.date, lead).ok_or_else(invalid)?;
                Ok(Reminder::At { at: day.to_datetime(due.time.unwrap_or(NINE)) })
            }
            (None, None) => Ok(Reminder::Before { before_minutes: 0 }),
        },
        Lead::Day { days, clock, part } => {
            let time = match (clock, part) {
                (Some(clock), part) => Some(clock.time(*part)?),
                (None, Some(part)) => Some(part.time()),
                (None, None) => None,
            };
            match (due, time) {
                (Some(due), Some((after, time))) => {
                    let day = plus_days(due.date, after - i64::from(*days)).ok_or_else(invalid)?;
                    Ok(Reminder::At { at: day.to_datetime(time) })
                }
                (Some(Due { date, time: None }), None) => {
                    let day = plus_days(date, -i64::from(*days)).ok_or_else(invalid)?;
                    Ok(Reminder::At { at: day.to_datetime(NINE) })
                }
                _ => Ok(Reminder::Before { before_minutes: days * 24 * 60 }),
            }
        }
    }
}

fn months_before(date: Date, lead: &Lead) -> Option<Date> {
    let Lead::Length(length) = lead else { return None };
    match length.unit {
        crate::numbers::Unit::Month => plus_months(date, -i64::from(length.amount)),
        crate::numbers::Unit::Year => plus_months(date, -12 * i64::from(length.amount)),
        // Business days before are rare enough to be counted as days.
        _ => plus_days(date, -i64::from(length.amount)),
    }
}

/// A date and a time as one due date.
pub(crate) fn settle(when: Option<&When>, clock: Option<&Clock>, now: &Now<'_>) -> Result<Due, Clarify> {
    let today = now.today();
    let invalid = Clarify::InvalidDate;
    let day = when.map_or(Ok(today), |when| when.day)?;
    let part = when.and_then(|when| when.part);
    let time = match clock {
        Some(clock) => Some(clock.time(part)?),
        None => part.map(Part::time).or(when.and_then(|when| when.time).map(|time| (0, time))),
    };
    let source = when.map(|when| when.source);
    let Some((after, time)) = time else {
        return match source {
            Some(Source::Year) if day < today => Err(Clarify::PastDate),
            _ => Ok(Due { date: day, time: None }),
        };
    };
    let zone = clock
        .and_then(|clock| clock.zone.as_ref())
        .map(|zone| zone.as_ref().map_err(|reason| *reason))
        .transpose()?;
    let local = |day: Date| -> Result<DateTime, Clarify> {
        let local = plus_days(day, after).ok_or(invalid)?.to_datetime(time);
        now.shown(local, zone).ok_or(invalid)
    };
    let mut at = local(day)?;
    if source == Some(Source::Elapsed) && clock.is_none() {
        // An elapsed time is on the clock already, and right even in an hour that comes twice.
        at = day.to_datetime(time);
    } else if at <= now.at {
        match source {
            None => at = local(plus_days(day, 1).ok_or(invalid)?)?,
            Some(Source::Tonight) if clock.is_none() => return Ok(Due { date: day, time: None }),
            Some(Source::Today | Source::Tonight | Source::Year) => return Err(Clarify::PastDate),
            Some(Source::MonthDay) => at = local(plus_months(day, 12).ok_or(invalid)?)?,
            Some(Source::Elapsed | Source::Ahead) => {}
        }
    }
    Ok(Due { date: at.date(), time: Some(at.time()) })
}

/// When a recurrence is due first.
fn first_due(
    repeat: &Repeat,
    start: Option<&When>,
    clock: Option<&Clock>,
    now: &Now<'_>,
) -> Result<Due, Clarify> {
    if matches!(repeat.every, Every::Minute | Every::Hour) && clock.is_none() && start.is_none() {
        let each = if repeat.every == Every::Hour { 60 } else { 1 };
        let at = now.later(repeat.interval.saturating_mul(each)).ok_or(Clarify::InvalidDate)?;
        return Ok(Due { date: at.date(), time: Some(at.time()) });
    }
    let today = now.today();
    let from = match start {
        Some(start) => start.day?,
        None => today,
    };
    let part = repeat.part.or(start.and_then(|start| start.part));
    let time = match clock {
        Some(clock) => Some(clock.time(part)?),
        None => part.map(Part::time),
    };
    let (after, time_of_day) = time.unwrap_or((0, MIDNIGHT));
    let mut day = matching(repeat, from).ok_or(Clarify::InvalidDate)?;
    let Some(_) = time else { return Ok(Due { date: day, time: None }) };
    let zone = clock
        .and_then(|clock| clock.zone.as_ref())
        .map(|zone| zone.as_ref().map_err(|reason| *reason))
        .transpose()?;
    // The first day may be over already; the one after it is not.
    for _ in 0..3 {
        let local = plus_days(day, after).ok_or(Clarify::InvalidDate)?.to_datetime(time_of_day);
        let at = now.shown(local, zone).ok_or(Clarify::InvalidDate)?;
        if at > now.at {
            return Ok(Due { date: at.date(), time: Some(at.time()) });
        }
        day = plus_days(day, 1).and_then(|next| matching(repeat, next)).ok_or(Clarify::InvalidDate)?;
    }
    Err(Clarify::PastDate)
}

/// The first day from `from` on that the rule's BY parts name; without any, `from` itself.
fn matching(repeat: &Repeat, from: Date) -> Option<Date> {
    if !repeat.has_days() {
        return Some(from);
    }
    let start = from.to_datetime(MIDNIGHT);
    let every = Recurrence::new(&repeat.rule(1, ""), CountsFrom::Schedule).ok()?;
    let before = start.checked_sub(jiff::Span::new().seconds(1)).ok()?;
    every.next_after(start, before).ok().flatten().map(DateTime::date)
}

/// A date or time, or both, that fill the tokens from `from` up to `to`.
pub(crate) fn moment(scan: &Scan<'_>, from: usize, to: usize) -> Option<Result<Due, Clarify>> {
    let (mut when, mut clock) = (None, None);
    let mut i = from;
    while i < to {
        match scan.at(i) {
            Some((Element::When(found), end)) if when.is_none() => {
                when = Some(found);
                i = *end;
            }
            Some((Element::Clock(found), end)) if clock.is_none() => {
                clock = Some(found);
                i = *end;
            }
            _ if scan.view.mark(i) == Some(',') && i > from => i += 1,
            _ => return None,
        }
    }
    (i == to && (when.is_some() || clock.is_some())).then(|| settle(when, clock, scan.now))
}

/// The due date so long from now: days and more give a date only.
pub(crate) fn after(length: crate::numbers::Length, now: &Now<'_>) -> Result<Due, Clarify> {
    match plus(now.today(), length) {
        Some(date) => Ok(Due { date, time: None }),
        None => {
            let minutes = length.minutes().filter(|_| length.days().is_none()).ok_or(Clarify::InvalidDate)?;
            let at = now.later(minutes).ok_or(Clarify::InvalidDate)?;
            Ok(Due { date: at.date(), time: Some(at.time()) })
        }
    }
}
