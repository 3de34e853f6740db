//! A title: what is left of a text once its elements are taken out.

use crate::span::{Span, What};
use crate::tokens::{Kind, View};

/// The tokens of `view` that `taken` leaves, as text. `taken` are token ranges in order.
pub(crate) fn title(view: View<'_>, taken: &[(usize, usize)], spans: &mut Vec<Span>) -> String {
    let kept = kept(view, taken);
    let mut text = String::with_capacity(64);
    let mut last: Option<usize> = None;
    for i in kept {
        let Some(token) = view.token(i) else { continue };
        let gap = last.is_none_or(|last| last + 1 != i);
        let mark = matches!(token.kind, Kind::Mark(',' | ';' | ':' | '.' | '!' | '?' | ')' | ']'));
        // Punctuation that followed an element now follows the word before it.
        if gap && mark && matches!(token.kind, Kind::Mark(',' | ';' | ':')) && text.ends_with([',', ';', ':'])
        {
            continue;
        }
        if !text.is_empty() && (token.spaced || gap) && !(gap && mark && !text.is_empty()) {
            text.push(' ');
        }
        text.push_str(view.raw(i));
        match spans.last_mut() {
            Some(span) if span.what == What::Title && last.is_some_and(|last| last + 1 == i) => {
                span.end = token.end
            }
            _ => spans.push(Span { start: token.start, end: token.end, what: What::Title }),
        }
        last = Some(i);
    }
    text
}

/// The tokens that are left, without empty brackets and without dangling marks at both ends.
fn kept(view: View<'_>, taken: &[(usize, usize)]) -> Vec<usize> {
    let gone = |i: usize| taken.iter().any(|(from, to)| (*from..*to).contains(&i));
    // A comma between two elements goes with them.
    let between = |i: usize| view.mark(i) == Some(',') && i > view.lo && gone(i - 1) && gone(i + 1);
    let mut kept: Vec<usize> = (view.lo..view.hi).filter(|i| !gone(*i) && !between(*i)).collect();
    let pair = |a: usize, b: usize| {
        b > a + 1 && matches!((view.mark(a), view.mark(b)), (Some('('), Some(')')) | (Some('['), Some(']')))
    };
    while let Some(at) = kept.windows(2).position(|pair_of| pair(pair_of[0], pair_of[1])) {
        kept.drain(at..at + 2);
    }
    let loose = |i: usize| matches!(view.mark(i), Some(',' | ';' | ':' | '-' | '–' | '—'));
    while kept.last().is_some_and(|i| loose(*i)) {
        kept.pop();
    }
    let leading = kept.iter().take_while(|i| loose(**i)).count();
    kept.drain(..leading);
    kept
}
