//! The forms that orders take, as a table, and how a text is matched with them.
//!
//! A form is a few words with slots. Words: `a|b` is either, `a?` may be absent, `:` is the mark.
//! Slots: `T` a task (as few words as fit), `T*` a task (as many as fit), `N` a task by number, `K` a
//! number or words after *task* or *ticket*, `D` a date and nothing else, `L` a length and nothing else,
//! `B` leads of a reminder up to *before*, `P` a priority and nothing else, `W` and `X` the rest, `Q` a
//! quotation and nothing else, `.` the end.

use std::cell::OnceCell;

use crate::calendar::Now;
use crate::command::{Clarify, Due};
use crate::marks;
use crate::numbers::{Length, length};
use crate::reminders::{self, Lead};
use crate::scan::Scan;
use crate::task;
use crate::tokens::{Kind, View, same};

/// What a form orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Complete,
    Reopen,
    Delete,
    Due,
    Priority,
    Rename,
    Assign,
    Snooze,
    SnoozeFor,
    Subtask,
    Comment,
    Search,
    Undo,
    Help,
    Remind,
    RemindBefore,
}

/// The forms, the more particular before the more general.
pub(crate) const FORMS: &[(Order, &str)] = &[
    (Order::Reopen, "mark T as? not done|complete|completed ."),
    (Order::Complete, "mark T as? done|complete|completed ."),
    (Order::Complete, "done|complete T ."),
    (Order::Complete, "tick|check off T ."),
    (Order::Complete, "i finished T ."),
    (Order::Complete, "close K ."),
    (Order::Reopen, "reopen|uncomplete T ."),
    (Order::Delete, "delete T ."),
    (Order::Delete, "remove K ."),
    (Order::Due, "move|reschedule|postpone|push back? T back|out? to|until D"),
    (Order::Due, "change|set the? due date of T to D"),
    (Order::Priority, "change|set the? priority of T to P"),
    (Order::Priority, "set|change T priority to P"),
    (Order::Priority, "set|make T to? P"),
    (Order::Rename, "rename T to X"),
    (Order::Rename, "change the? title of T to X"),
    (Order::Assign, "assign|reassign T* to W"),
    (Order::Assign, "give N to W"),
    (Order::Snooze, "snooze T until|till D"),
    (Order::SnoozeFor, "snooze T for L"),
    (Order::Subtask, "add|create a|the? new? subtask to|for T : X"),
    (Order::Subtask, "a|the? new subtask to|for T : X"),
    (Order::Subtask, "add|create a|the? new? subtask :? X to|under T ."),
    (Order::Subtask, "a|the? new subtask :? X to|under T ."),
    (Order::Comment, "comment on T : X"),
    (Order::Comment, "add a? comment to|on T : X"),
    (Order::Comment, "note on T : X"),
    (Order::Search, "search for X"),
    (Order::Search, "search X"),
    (Order::Search, "find tasks|tickets about X"),
    (Order::Search, "find Q"),
    (Order::Undo, "undo that? ."),
    (Order::Help, "help ."),
    (Order::Help, "what can you do ."),
    (Order::RemindBefore, "remind me B about|of? T ."),
    (Order::RemindBefore, "remind me about|of T B"),
    (Order::RemindBefore, "add|set a? reminder to|on|for T B"),
    (Order::Remind, "remind me about|of T D"),
    (Order::Remind, "remind me D about|of T ."),
    (Order::Remind, "remind me about|of T ."),
    (Order::Remind, "add|set a? reminder to|on T for? D"),
    (Order::Remind, "add|set a? reminder D to|on T ."),
    (Order::Remind, "add|set a? reminder for N D"),
    (Order::Remind, "add|set a? reminder for D to|on T ."),
    (Order::Remind, "add|set a? reminder to|on T ."),
];

/// What the slots of a form hold.
#[derive(Debug, Clone, Default)]
pub(crate) struct Slots {
    /// The task's tokens.
    pub(crate) target: (usize, usize),
    /// The rest's tokens.
    pub(crate) rest: (usize, usize),
    /// The date's tokens.
    pub(crate) date: (usize, usize),
    pub(crate) due: Option<Result<Due, Clarify>>,
    pub(crate) length: Option<Length>,
    pub(crate) leads: Vec<Lead>,
    pub(crate) priority: Option<u8>,
}

/// One attempt to match a view with a form.
struct Attempt<'a> {
    view: View<'a>,
    now: &'a Now<'a>,
    /// The elements, once a form has asked for them.
    scan: OnceCell<Scan<'a>>,
    slots: Slots,
}

/// Matches a view with a form.
pub(crate) fn fit<'a>(form: &str, view: View<'a>, now: &'a Now<'a>) -> Option<Slots> {
    let mut attempt = Attempt { view, now, scan: OnceCell::new(), slots: Slots::default() };
    attempt.from(form, view.lo).then_some(attempt.slots)
}

impl<'a> Attempt<'a> {
    fn scan(&self) -> &Scan<'a> {
        self.scan.get_or_init(|| Scan::new(self.view, self.now))
    }

    /// Whether the rest of the form fits the tokens from `i` on.
    fn from(&mut self, form: &str, i: usize) -> bool {
        let view = self.view;
        let (piece, form) = form.split_once(' ').unwrap_or((form, ""));
        match piece {
            "" => return i == view.hi,
            "." => return self.end(i) == view.hi,
            ":" => return view.glued(i, ':') && self.from(form, i + 1),
            ":?" => return self.from(form, i + usize::from(view.mark(i) == Some(':'))),
            "T" => return (i + 1..=view.hi).any(|end| self.target(form, i, end)),
            "T*" => return (i + 1..=view.hi).rev().any(|end| self.target(form, i, end)),
            "N" => return number(view, i).is_some_and(|(_, end)| self.target(form, i, end)),
            "K" => {
                let the = view.skip(i, &["the", "my"]);
                let named = matches!(view.word(the), "task" | "tasks" | "ticket") && the + 1 < view.hi;
                let end = number(view, i).map(|(_, end)| end).or(named.then(|| last_word(view)));
                return end.is_some_and(|end| self.target(form, i, end));
            }
            "X" | "W" if form.is_empty() => {
                self.slots.rest = (i, view.hi);
                return i < view.hi;
            }
            // A rest in the middle reaches as far as it can.
            "X" => {
                return (i + 1..view.hi).rev().any(|end| {
                    self.slots.rest = (i, end);
                    self.from(form, end)
                });
            }
            "Q" => {
                self.slots.rest = (i, i + 1);
                return view.token(i).is_some_and(|token| token.kind == Kind::Quoted)
                    && self.end(i + 1) == view.hi;
            }
            "D" => return self.date(form, i),
            "L" => {
                let Some((length, end)) = length(view, i) else { return false };
                self.slots.length = Some(length);
                self.slots.date = (i, end);
                return self.end(end) == view.hi;
            }
            "B" => {
                let Some((leads, end)) = reminders::leads(self.scan(), i) else { return false };
                self.slots.leads = leads;
                self.slots.date = (i, end);
                return if form.is_empty() { self.end(end) == view.hi } else { self.from(form, end) };
            }
            "P" => return self.priority(i),
            _ => {}
        }
        let (words, optional) = match piece.strip_suffix('?') {
            Some(words) => (words, true),
            None => (piece, false),
        };
        let here = words.split('|').any(|word| same(view.word(i), word));
        (here && self.from(form, i + 1)) || (optional && self.from(form, i))
    }

    fn target(&mut self, form: &str, from: usize, to: usize) -> bool {
        self.slots.target = (from, to);
        self.from(form, to)
    }

    /// A date up to the end, or up to where the form goes on.
    fn date(&mut self, form: &str, i: usize) -> bool {
        let view = self.view;
        if form.is_empty() {
            let due = task::moment(self.scan(), i, last_word(view));
            self.slots.date = (i, view.hi);
            self.slots.due = due;
            return self.slots.due.is_some();
        }
        (i + 1..view.hi).any(|end| {
            if !self.from(form, end) {
                return false;
            }
            self.slots.due = task::moment(self.scan(), i, end);
            self.slots.date = (i, end);
            self.slots.due.is_some()
        })
    }

    /// A priority up to the end; *high*, *medium* and *low* alone only for a task by number
    /// or after *priority to*.
    fn priority(&mut self, i: usize) -> bool {
        let view = self.view;
        let short = number(view, self.slots.target.0).is_some() || view.word(i.wrapping_sub(2)) == "priority";
        let found = marks::priority(view, i).or_else(|| {
            marks::level(view.word(i)).filter(|level| *level == 1 || short).map(|level| (level, i + 1))
        });
        let Some((level, end)) = found else { return false };
        self.slots.priority = Some(level);
        self.slots.date = (i, end);
        self.end(end) == view.hi
    }

    /// Past the marks that end a sentence.
    fn end(&self, i: usize) -> usize {
        let mut end = i;
        while matches!(self.view.mark(end), Some('.' | '!' | '?' | ',')) {
            end += 1;
        }
        end
    }
}

/// The end of a view without the marks that end a sentence.
pub(crate) fn last_word(view: View<'_>) -> usize {
    let mut end = view.hi;
    while end > view.lo && matches!(view.mark(end - 1), Some('.' | '!' | '?' | ',')) {
        end -= 1;
    }
    end
}

/// A task's number: *#12*, *task 12*, *ticket #12*; and its end.
pub(crate) fn number(view: View<'_>, i: usize) -> Option<(u64, usize)> {
    let digits = |word: &str| {
        let short = !word.is_empty() && word.len() <= 18 && word.bytes().all(|b| b.is_ascii_digit());
        short.then(|| word.parse().ok()).flatten()
    };
    if let Some(number) = view.word(i).strip_prefix('#').and_then(digits) {
        return Some((number, i + 1));
    }
    let at = view.skip(i, &["the", "my"]);
    if !matches!(view.word(at), "task" | "ticket") {
        return None;
    }
    let word = view.word(at + 1);
    digits(word.strip_prefix('#').unwrap_or(word)).map(|number| (number, at + 2))
}
