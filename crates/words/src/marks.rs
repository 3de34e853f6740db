//! Labels, projects, assignees and priorities.

use crate::scan::{Element, Scan};
use crate::tokens::View;

/// A label, project, assignee or priority at `i`, lead-in included.
pub(crate) fn mark<'a>(scan: &Scan<'a>, i: usize) -> Option<(Element<'a>, usize)> {
    let view = scan.view;
    let raw = view.raw(i);
    match raw.as_bytes().first()? {
        b'@' => return named(&raw[1..]).map(|label| (Element::Label(label), i + 1)),
        b'#' => return named(&raw[1..]).map(|project| (Element::Project(project), i + 1)),
        b'+' => return named(&raw[1..]).map(|name| (Element::Assignee(name), i + 1)),
        _ => {}
    }
    match view.word(i) {
        "for" => {
            view.raw(i + 1).strip_prefix('+').and_then(named).map(|name| (Element::Assignee(name), i + 2))
        }
        "assign" | "assigned" if view.word(i + 1) == "to" => {
            let raw = view.raw(i + 2);
            let name = named(raw.strip_prefix(['+', '@']).unwrap_or(raw))?;
            (!view.word(i + 2).is_empty()).then_some((Element::Assignee(name), i + 3))
        }
        "urgent" => {
            let edge = i == view.lo || i + 1 == view.hi || (i + 2 == view.hi && view.mark(i + 1).is_some());
            urgent(view, i).filter(|_| edge || scan.at(i + 1).is_some())
        }
        "with" => {
            priority(view, i + 1).filter(|(_, end)| *end == i + 3).map(|(n, end)| (Element::Priority(n), end))
        }
        _ => priority(view, i).map(|(n, end)| (Element::Priority(n), end)),
    }
}

/// A name after its sign: it begins with a letter.
fn named(name: &str) -> Option<&str> {
    name.starts_with(char::is_alphabetic).then_some(name)
}

/// *urgent*, wherever it stands.
pub(crate) fn urgent<'a>(view: View<'a>, i: usize) -> Option<(Element<'a>, usize)> {
    (view.word(i) == "urgent").then_some((Element::Priority(1), i + 1))
}

/// *p1* to *p4*, *high priority* and the like.
pub(crate) fn priority(view: View<'_>, i: usize) -> Option<(u8, usize)> {
    let level = match view.word(i) {
        "p1" => return Some((1, i + 1)),
        "p2" => return Some((2, i + 1)),
        "p3" => return Some((3, i + 1)),
        "p4" => return Some((4, i + 1)),
        word => level(word)?,
    };
    (view.word(i + 1) == "priority").then_some((level, i + 2))
}

/// The priority that a word before *priority* names.
pub(crate) fn level(word: &str) -> Option<u8> {
    Some(match word {
        "urgent" => 1,
        "high" => 2,
        "medium" => 3,
        "low" => 4,
        _ => return None,
    })
}
