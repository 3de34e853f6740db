//! From a whole sentence to a command: which form it has, and what its slots mean.

use crate::calendar::Now;
use crate::command::{Changes, Clarify, Command, Reminder, Target};
use crate::forms::{FORMS, Order, Slots, fit, last_word, number};
use crate::lists;
use crate::marks;
use crate::reminders::{self, Remind};
use crate::requests::{Request, strip};
use crate::scan::{Element, Hit, Scan};
use crate::span::{Span, What};
use crate::task;
use crate::tokens::{Kind, View};

type Read = Result<Command, Clarify>;

/// Reads a sentence.
pub(crate) fn read(view: View<'_>, now: &Now<'_>, spans: &mut Vec<Span>) -> Read {
    let request = strip(view);
    if !(request.remind || request.later) {
        if let Some(command) = order(&request, now, spans) {
            return command;
        }
        if let Some(filter) = lists::list(request.view, now) {
            span(spans, request.view, What::Filter);
            return filter.map(Command::ListTasks);
        }
    }
    if !request.remind
        && let Some(read) = remind_then(request.view, now, spans)
    {
        return read;
    }
    task::task(new_task(request.view), now, request.remind, spans).map(Command::AddTask)
}

/// The command of the first form that fits.
fn order(request: &Request<'_>, now: &Now<'_>, spans: &mut Vec<Span>) -> Option<Read> {
    let view = request.view;
    let (shorter, also) = and_priority(view);
    for (order, form) in FORMS {
        // The first word decides at once for nearly all forms.
        if !opens(form, view) {
            continue;
        }
        let update = matches!(order, Order::Due | Order::Priority | Order::Rename);
        let (view, also) = if update { (shorter, also) } else { (view, None) };
        let Some(slots) = fit(form, view, now) else { continue };
        let form = Form { order: *order, slots, view, now, also };
        if let Some(command) = form.command(request, spans) {
            return Some(command);
        }
    }
    None
}

/// Whether a form may begin as the view does.
fn opens(form: &str, view: View<'_>) -> bool {
    let first = view.word(view.lo);
    for piece in form.split(' ') {
        let (words, optional) = piece.strip_suffix('?').map_or((piece, false), |words| (words, true));
        if words.split('|').any(|word| word == first) {
            return true;
        }
        if !optional {
            return false;
        }
    }
    false
}

/// Splits *and make it p2* off the end.
fn and_priority(view: View<'_>) -> (View<'_>, Option<u8>) {
    let end = last_word(view);
    for length in 4..=6 {
        let Some(start) = end.checked_sub(length).filter(|start| *start > view.lo) else { continue };
        let at = match view.phrase(start, "and make it").or_else(|| view.phrase(start, "and set it")) {
            Some(at) => view.skip(at, &["to"]),
            None => continue,
        };
        let level = marks::priority(view, at)
            .or_else(|| marks::level(view.word(at)).map(|level| (level, at + 1)))
            .filter(|(_, after)| *after == end);
        if let Some((level, _)) = level {
            let shorter = view.until(start);
            return (shorter.until(last_word(shorter)), Some(level));
        }
    }
    (view, None)
}

/// A form that fits, and what it was fitted to.
struct Form<'a> {
    order: Order,
    slots: Slots,
    view: View<'a>,
    now: &'a Now<'a>,
    also: Option<u8>,
}

impl Form<'_> {
    /// The command; `None` when the form does not hold after all.
    fn command(self, request: &Request<'_>, spans: &mut Vec<Span>) -> Option<Read> {
        let aimed = !matches!(self.order, Order::Search | Order::Undo | Order::Help);
        let target = if aimed { Some(self.target()?) } else { None };
        // "I need to complete the form" is a task; of a numbered task it is an order.
        if request.duty && !matches!(target, Some(Target::Number { .. })) {
            return None;
        }
        let mut own = Vec::new();
        let read = self.build(target, &mut own)?;
        if read.is_ok() {
            spans.append(&mut own);
            if aimed {
                span(spans, self.part(self.slots.target), What::Target);
            }
        }
        Some(read)
    }

    fn build(&self, target: Option<Target>, spans: &mut Vec<Span>) -> Option<Read> {
        let slots = &self.slots;
        let rest = self.part(slots.rest);
        let Some(target) = target else {
            return Some(Ok(match self.order {
                Order::Undo => Command::Undo,
                Order::Help => Command::Help,
                _ => {
                    span(spans, rest, What::Query);
                    let query = unquoted(rest);
                    if query.is_empty() {
                        return None;
                    }
                    Command::Search(query.to_owned())
                }
            }));
        };
        let date = self.part(slots.date);
        Some(match self.order {
            Order::Complete => Ok(Command::CompleteTask(target)),
            Order::Reopen => Ok(Command::ReopenTask(target)),
            Order::Delete => Ok(Command::DeleteTask(target)),
            Order::Due => {
                span(spans, date, What::Due);
                match slots.due? {
                    Ok(due) => self.update(target, Changes { due: Some(due), ..Changes::default() }),
                    Err(reason) => Err(reason),
                }
            }
            Order::Priority => {
                span(spans, date, What::Priority);
                Ok(Command::UpdateTask {
                    target,
                    changes: Changes { priority: slots.priority, ..Changes::default() },
                })
            }
            Order::Rename => {
                span(spans, rest, What::Title);
                let title = unquoted(rest);
                if title.is_empty() {
                    return None;
                }
                self.update(target, Changes { title: Some(title.to_owned()), ..Changes::default() })
            }
            Order::Assign => {
                span(spans, rest, What::Assignee);
                let words = matches!(target, Target::Words(_));
                if words && !Scan::new(rest.since(rest.lo + 1), self.now).hits().is_empty() {
                    return None;
                }
                let name = unquoted(rest.until(last_word(rest)));
                let name = name.strip_prefix(['+', '@']).unwrap_or(name);
                if name.is_empty() {
                    return None;
                }
                Ok(Command::AssignTask { target, assignee: task::person(name) })
            }
            Order::Snooze => {
                span(spans, date, What::Until);
                slots.due?.map(|until| Command::SnoozeTask { target, until })
            }
            Order::SnoozeFor => {
                span(spans, date, What::Until);
                task::after(slots.length?, self.now).map(|until| Command::SnoozeTask { target, until })
            }
            Order::Subtask => self.subtask(target, spans),
            Order::Comment => {
                span(spans, rest, What::Comment);
                Ok(Command::Comment { target, comment: rest.verbatim().to_owned() })
            }
            Order::Remind => {
                span(spans, date, What::Reminder);
                self.remind(target)
            }
            // "Remind me 15 minutes before to call Ann" makes a new task.
            Order::RemindBefore if self.view.word(slots.target.0) == "to" => return None,
            Order::RemindBefore => {
                span(spans, date, What::Reminder);
                let reminders: Result<Vec<Reminder>, Clarify> =
                    slots.leads.iter().map(|lead| task::before(lead, None)).collect();
                reminders.map(|reminders| Command::AddReminder { target, reminders })
            }
            Order::Search | Order::Undo | Order::Help => return None,
        })
    }

    fn update(&self, target: Target, changes: Changes) -> Read {
        Ok(Command::UpdateTask { target, changes: Changes { priority: self.also, ..changes } })
    }

    /// A subtask: elements may also follow the task that it belongs to.
    fn subtask(&self, target: Target, spans: &mut Vec<Span>) -> Read {
        let rest = self.part(self.slots.rest);
        let (above, tail) = self.split_target();
        if tail.is_empty() || rest.hi > tail.lo {
            return task::task(rest, self.now, false, spans).map(|task| Command::AddSubtask { target, task });
        }
        let mut hits = Scan::new(rest, self.now).hits();
        hits.extend(Scan::new(tail, self.now).hits());
        let view = self.view.part(rest.lo, tail.hi);
        let target = above.unwrap_or(target);
        task::task_of(view, hits, &[(rest.hi, tail.lo)], self.now, false, spans)
            .map(|task| Command::AddSubtask { target, task })
    }

    /// The task that a subtask belongs to, and the elements after it.
    fn split_target(&self) -> (Option<Target>, View<'_>) {
        let part = self.part(self.slots.target);
        let part = part.until(last_word(part));
        let mut lo = part.hi;
        for hit in Scan::new(part, self.now).hits().iter().rev() {
            if hit.to != lo || hit.from == part.lo {
                break;
            }
            lo = hit.from;
        }
        (target(part.until(lo)), part.since(lo))
    }

    fn remind(&self, target: Target) -> Read {
        let reminders = match self.slots.due {
            Some(due) => vec![Reminder::At { at: task::at_nine(due?) }],
            None => Vec::new(),
        };
        Ok(Command::AddReminder { target, reminders })
    }

    fn part(&self, (from, to): (usize, usize)) -> View<'_> {
        self.view.part(from, to)
    }

    /// The task that is meant. Words that an element follows are none: "Delete backups on Sunday" is a task.
    fn target(&self) -> Option<Target> {
        let part = self.part(self.slots.target);
        let part = part.until(last_word(part));
        let target = target(part)?;
        let strict = matches!(self.order, Order::Complete | Order::Delete | Order::Reopen | Order::Assign)
            && self.view.word(self.view.lo) != "mark";
        let words = matches!(target, Target::Words(_));
        if strict && words && Scan::new(part, self.now).hits().iter().any(|hit| hit.from > part.lo) {
            return None;
        }
        Some(target)
    }
}

/// A task as a sentence names it.
fn target(view: View<'_>) -> Option<Target> {
    let mut view = view;
    while matches!(view.mark(view.lo), Some(':' | ',' | '-')) {
        view = view.since(view.lo + 1);
    }
    if let Some((number, end)) = number(view, view.lo)
        && end == view.hi
    {
        return Some(Target::Number { number });
    }
    if matches!(view.word(view.lo), "the" | "my") {
        view = view.since(view.lo + 1);
    }
    if view.word(view.lo) == "task" {
        view = view.since(view.lo + 1);
    }
    if view.hi > view.lo + 1 && view.word(view.hi - 1) == "task" {
        view = view.until(view.hi - 1);
    }
    let words = unquoted(view);
    (!words.is_empty()).then(|| Target::Words(words.split_whitespace().collect::<Vec<_>>().join(" ")))
}

/// The text of a view, without quotes around all of it.
fn unquoted(view: View<'_>) -> &str {
    let text = view.verbatim();
    if view.hi == view.lo + 1 && view.token(view.lo).is_some_and(|token| token.kind == Kind::Quoted) {
        return text.trim_matches(['"', '“', '”']).trim();
    }
    text
}

/// Past *add a task to*, *todo:* and the like.
fn new_task(view: View<'_>) -> View<'_> {
    const PHRASES: [&str; 11] = [
        "add a new task",
        "add new task",
        "add a task",
        "add task",
        "create a new task",
        "create new task",
        "create a task",
        "create task",
        "a new task",
        "new task",
        "todo",
    ];
    let Some(end) = PHRASES.iter().find_map(|words| view.phrase(view.lo, words)) else { return view };
    match view.mark(end) {
        Some(':') => view.since(end + 1),
        _ => view.since(view.skip(end, &["to"])),
    }
}

/// Reads *remind me tomorrow at 9 to X*: due when it was said; dates in X are part of what is to be done.
fn remind_then(view: View<'_>, now: &Now<'_>, spans: &mut Vec<Span>) -> Option<Read> {
    let at = view.phrase(view.lo, "remind me")?;
    let scan = Scan::new(view.since(at), now);
    let mut end = at;
    if let Some((leads, after)) = reminders::leads(&scan, at)
        && view.word(after) == "to"
    {
        // "Remind me 15 minutes before to X": the lead is part of the new task.
        let lead = Hit { from: at, to: after, element: Element::Remind(Remind::Before(leads)) };
        let hits = std::iter::once(lead).chain(Scan::new(view.since(after + 1), now).hits()).collect();
        let read = task::task_of(view.since(at), hits, &[(after, after + 1)], now, true, spans);
        return Some(read.map(Command::AddTask));
    }
    while let Some((element, after)) = scan.at(view.skip_comma(end)) {
        if !element.timed() {
            break;
        }
        end = *after;
    }
    if end > at && last_word(view) == end {
        return Some(Err(Clarify::NoTitle));
    }
    let to = view.skip_comma(end);
    if end == at || !(view.word(to) == "to" || view.mark(to) == Some(':')) {
        return None;
    }
    let mut hits = Scan::new(view.part(at, end), now).hits();
    let rest = Scan::new(view.since(to + 1), now).hits();
    hits.extend(rest.into_iter().filter(|hit| !hit.element.timed()));
    Some(task::task_of(view.since(at), hits, &[(end, to + 1)], now, true, spans).map(Command::AddTask))
}

fn span(spans: &mut Vec<Span>, view: View<'_>, what: What) {
    let (start, end) = view.bytes();
    if end > start {
        spans.push(Span { start, end, what });
    }
}
