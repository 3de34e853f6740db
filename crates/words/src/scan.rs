//! Which elements stand where in a text.
//!
//! The recognisers are asked from the last token to the first, because whether some words are an
//! element depends on whether one follows ("Monday @billing" is a date, "Monday meeting" is not).
//! What the elements add up to is decided elsewhere.

use crate::calendar::Now;
use crate::dates::{self, When};
use crate::marks;
use crate::phrases;
use crate::reminders::{self, Remind};
use crate::repeats::{Limit, Repeat};
use crate::times::{self, Clock};
use crate::tokens::View;

/// A piece of a sentence that says something about a task.
#[derive(Debug, Clone)]
pub(crate) enum Element<'a> {
    When(When),
    Clock(Clock),
    Repeat(Repeat),
    Limit(Limit),
    Remind(Remind),
    Priority(u8),
    Label(&'a str),
    Project(&'a str),
    Assignee(&'a str),
}

impl Element<'_> {
    /// Whether it says when.
    pub(crate) fn timed(&self) -> bool {
        matches!(self, Element::When(_) | Element::Clock(_) | Element::Repeat(_) | Element::Limit(_))
    }
}

/// An element and its tokens.
#[derive(Debug, Clone)]
pub(crate) struct Hit<'a> {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) element: Element<'a>,
}

/// A view and what has been recognised in it so far, from its end.
pub(crate) struct Scan<'a> {
    pub(crate) view: View<'a>,
    pub(crate) now: &'a Now<'a>,
    found: Vec<Option<(Element<'a>, usize)>>,
}

/// Words after which a date or a time goes on as a sentence does.
const FUNCTION_WORDS: [&str; 12] =
    ["about", "with", "for", "to", "from", "at", "in", "on", "by", "re", "and", "then"];

impl<'a> Scan<'a> {
    /// Recognises all elements of a view.
    pub(crate) fn new(view: View<'a>, now: &'a Now<'a>) -> Self {
        let mut scan = Self { view, now, found: Vec::new() };
        scan.found.resize_with(view.hi - view.lo, || None);
        for i in (view.lo..view.hi).rev() {
            let found = scan.recognise(i).filter(|(_, end)| *end > i && *end <= view.hi);
            scan.found[i - view.lo] = found;
        }
        scan
    }

    fn recognise(&self, i: usize) -> Option<(Element<'a>, usize)> {
        // Quotations and marks begin nothing; a recurrence beats a date, a reminder beats its time.
        if self.view.word(i).is_empty() {
            return None;
        }
        phrases::repeat(self, i)
            .map(|(repeat, end)| (Element::Repeat(repeat), end))
            .or_else(|| reminders::remind(self, i).map(|(remind, end)| (Element::Remind(remind), end)))
            .or_else(|| phrases::limit(self.view, i).map(|(limit, end)| (Element::Limit(limit), end)))
            .or_else(|| marks::mark(self, i))
            .or_else(|| self.moment(i))
    }

    /// A date or a time, whichever reaches further.
    fn moment(&self, i: usize) -> Option<(Element<'a>, usize)> {
        let date = dates::date(self, i);
        let clock = times::clock(self, i);
        match (date, clock) {
            (Some((_, date)), Some((clock, end))) if end > date => Some((Element::Clock(clock), end)),
            (Some((when, end)), _) => Some((Element::When(when), end)),
            (None, Some((clock, end))) => Some((Element::Clock(clock), end)),
            (None, None) => None,
        }
    }

    /// What was recognised at `i`.
    pub(crate) fn at(&self, i: usize) -> Option<&(Element<'a>, usize)> {
        i.checked_sub(self.view.lo).and_then(|i| self.found.get(i)).and_then(Option::as_ref)
    }

    /// Whether a date begins at `i`.
    pub(crate) fn dated(&self, i: usize) -> bool {
        matches!(self.at(i), Some((Element::When(_), _)))
    }

    /// Whether a phrase that ends before `i` stands by itself: the text ends there, or punctuation, an
    /// element or a function word follows.
    pub(crate) fn closes(&self, i: usize) -> bool {
        i >= self.view.hi
            || self.view.mark(i).is_some()
            || FUNCTION_WORDS.contains(&self.view.word(i))
            || self.at(i).is_some()
    }

    /// The elements from left to right, none over another.
    pub(crate) fn hits(mut self) -> Vec<Hit<'a>> {
        let mut hits: Vec<Hit<'a>> = Vec::new();
        let mut i = self.view.lo;
        while i < self.view.hi {
            let found = self.found[i - self.view.lo].take().or_else(|| {
                let beside = hits.last().is_some_and(|hit| hit.to == i);
                let opening = i == self.view.lo || (beside && opening(self.view.lo, &hits));
                marks::urgent(self.view, i)
                    .filter(|_| beside)
                    .or_else(|| times::opening(self.view, i).filter(|_| opening).map(clocked))
            });
            match found {
                Some((element, to)) => {
                    hits.push(Hit { from: i, to, element });
                    i = to;
                }
                None => i += 1,
            }
        }
        hits
    }
}

/// Whether dates, times and recurrences are all that the text has said so far.
fn opening(lo: usize, hits: &[Hit<'_>]) -> bool {
    let mut end = lo;
    hits.iter().all(|hit| {
        let follows = hit.from == end && hit.element.timed();
        end = hit.to;
        follows
    })
}

fn clocked<'a>((clock, end): (Clock, usize)) -> (Element<'a>, usize) {
    (Element::Clock(clock), end)
}
