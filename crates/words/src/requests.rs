//! What people say around an order: *hey, could you please … thanks*.
//!
//! Only what stands before and after; the order itself is read elsewhere.

use crate::tokens::View;

/// A text without the words around the order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    /// What is left.
    pub(crate) view: View<'a>,
    /// *can you*, *could you*: a question mark at the end belongs to it.
    pub(crate) asked: bool,
    /// *I need to*: the speaker names a duty.
    pub(crate) duty: bool,
    /// *don't forget to*, *remember to*: what follows is to be done later.
    pub(crate) later: bool,
    /// *remind me to*.
    pub(crate) remind: bool,
}

/// Strips a text.
pub(crate) fn strip(view: View<'_>) -> Request<'_> {
    let mut request = Request { view, asked: false, duty: false, later: false, remind: false };
    while request.front() {}
    let question = request.view;
    request.back();
    if request.asked || request.view.hi < question.hi {
        // "Could you …, please?": the mark may stand on either side of the thanks.
        while request.asked
            && request.view.hi > request.view.lo
            && request.view.mark(request.view.hi - 1) == Some('?')
        {
            request.view = request.view.until(request.view.hi - 1);
        }
        request.back();
    }
    request
}

impl Request<'_> {
    /// Takes one phrase off the front, with its comma.
    fn front(&mut self) -> bool {
        const PHRASES: [&str; 12] = [
            "hey",
            "hi",
            "please",
            "pls",
            "can you",
            "could you",
            "would you",
            "i need to",
            "don't forget to",
            "dont forget to",
            "remember to",
            "remind me to",
        ];
        let view = self.view;
        let Some((words, end)) =
            PHRASES.iter().find_map(|words| view.phrase(view.lo, words).map(|end| (*words, end)))
        else {
            return false;
        };
        match words {
            "can you" | "could you" | "would you" => self.asked = true,
            "i need to" => self.duty = true,
            "don't forget to" | "dont forget to" | "remember to" => self.later = true,
            "remind me to" => self.remind = true,
            _ => {}
        }
        let mut end = end;
        while matches!(view.mark(end), Some(',' | '!' | ':')) {
            end += 1;
        }
        self.view = view.since(end);
        true
    }

    /// Takes thanks off the end, with their comma and the marks after them.
    fn back(&mut self) {
        const PHRASES: [&str; 4] = ["please", "pls", "thanks", "thank you"];
        loop {
            let view = self.view;
            let mut end = view.hi;
            while end > view.lo && matches!(view.mark(end - 1), Some('!' | '.' | '?')) {
                end -= 1;
            }
            let stripped = PHRASES.iter().find_map(|words| {
                let start = end.checked_sub(words.split(' ').count())?;
                (start >= view.lo && view.phrase(start, words) == Some(end)).then_some(start)
            });
            let Some(mut start) = stripped else { return };
            // "Comment on #12: thanks" and "write to say thank you" mean the words.
            const OBJECT_AFTER: [&str; 6] = ["to", "for", "say", "a", "the", "about"];
            let before = start.wrapping_sub(1);
            if view.mark(before) == Some(':') || OBJECT_AFTER.contains(&view.word(before)) {
                return;
            }
            while start > view.lo && view.mark(start - 1) == Some(',') {
                start -= 1;
            }
            self.view = view.until(start);
        }
    }
}
