//! A text as tokens: words, punctuation and quoted passages, each with its bytes in the text.
//!
//! Nothing here knows what a word means.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Anything between spaces, without the punctuation around it.
    Word,
    /// One punctuation character at a word's edge.
    Mark(char),
    /// A passage in double quotes, quotes included.
    Quoted,
}

/// One token and where it stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) kind: Kind,
    /// Whether a space or the text's edge comes before it.
    pub(crate) spaced: bool,
}

/// A text cut into tokens.
#[derive(Debug)]
pub(crate) struct Text<'a> {
    raw: &'a str,
    /// The text with ASCII letters in lower case: the same bytes in the same places.
    lower: String,
    tokens: Vec<Token>,
}

const OPENING: &[char] =
    &['(', '[', '{', '\'', '‘', ',', ';', ':', '.', '!', '?', '-', '–', '—', '…', '*', '&', '|'];
const CLOSING: &[char] =
    &[')', ']', '}', '\'', '’', ',', ';', ':', '.', '!', '?', '-', '–', '—', '…', '*', '|'];

impl<'a> Text<'a> {
    /// Cuts a text.
    pub(crate) fn new(raw: &'a str) -> Self {
        let mut text =
            Self { raw, lower: raw.to_ascii_lowercase(), tokens: Vec::with_capacity(raw.len() / 4 + 1) };
        let mut at = 0;
        while let Some(start) = raw[at..].find(|c: char| !c.is_whitespace()).map(|skip| at + skip) {
            let end = raw[start..].find(char::is_whitespace).map_or(raw.len(), |len| start + len);
            at = text.chunk(start, end);
        }
        text
    }

    /// Cuts one passage without spaces; answers where to go on (a quotation may reach further).
    fn chunk(&mut self, start: usize, end: usize) -> usize {
        let mut from = start;
        while let Some(first) = self.raw[from..end].chars().next() {
            let size = first.len_utf8();
            if let Some(closed) = self.quotation(from, first) {
                self.push(from, closed, Kind::Quoted, start);
                // What follows the quotation up to the next space belongs to no other word.
                let rest =
                    self.raw[closed..].find(char::is_whitespace).map_or(self.raw.len(), |len| closed + len);
                return if rest == closed { closed } else { self.glued(closed, rest) };
            }
            // A sign before a digit belongs to the number, a lone one is a mark.
            if !OPENING.contains(&first)
                || (first == '-' && self.raw[from + size..end].starts_with(|c: char| c.is_ascii_digit()))
            {
                break;
            }
            self.push(from, from + size, Kind::Mark(first), start);
            from += size;
        }
        self.word(from, end, start);
        end
    }

    fn glued(&mut self, from: usize, end: usize) -> usize {
        self.word(from, end, from.wrapping_sub(1));
        end
    }

    /// A word and the marks at its end.
    fn word(&mut self, from: usize, end: usize, chunk: usize) {
        let core = self.raw[from..end].trim_end_matches(CLOSING).len() + from;
        if core > from {
            self.push(from, core, Kind::Word, chunk);
        }
        let mut at = core;
        for mark in self.raw[core..end].chars() {
            self.push(at, at + mark.len_utf8(), Kind::Mark(mark), chunk);
            at += mark.len_utf8();
        }
    }

    /// Where a quotation that opens here closes: its closing quote ends a word.
    fn quotation(&self, from: usize, quote: char) -> Option<usize> {
        let close = match quote {
            '"' => '"',
            '“' => '”',
            _ => return None,
        };
        let inside = from + quote.len_utf8();
        let length = self.raw[inside..].find(close)?;
        let after = inside + length + close.len_utf8();
        let ends = self.raw[after..].chars().next().is_none_or(|c| c.is_whitespace() || CLOSING.contains(&c));
        (ends && length > 0).then_some(after)
    }

    fn push(&mut self, start: usize, end: usize, kind: Kind, chunk: usize) {
        self.tokens.push(Token { start, end, kind, spaced: start == chunk });
    }

    /// All of it.
    pub(crate) fn view(&'a self) -> View<'a> {
        View { text: self, lo: 0, hi: self.tokens.len() }
    }
}

/// A run of tokens; outside of it there are no words.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    text: &'a Text<'a>,
    /// Its first token.
    pub(crate) lo: usize,
    /// The token after its last.
    pub(crate) hi: usize,
}

impl<'a> View<'a> {
    /// The tokens from `lo` up to `hi`, as far as this view has them.
    pub(crate) fn part(self, lo: usize, hi: usize) -> Self {
        let hi = hi.min(self.hi);
        Self { text: self.text, lo: lo.max(self.lo).min(hi), hi }
    }

    /// Without the tokens before `lo`.
    pub(crate) fn since(self, lo: usize) -> Self {
        self.part(lo, self.hi)
    }

    /// Without the tokens from `hi` on.
    pub(crate) fn until(self, hi: usize) -> Self {
        self.part(self.lo, hi)
    }

    /// Whether it has no tokens.
    pub(crate) fn is_empty(self) -> bool {
        self.lo >= self.hi
    }

    /// A token of this view.
    pub(crate) fn token(self, i: usize) -> Option<&'a Token> {
        if i < self.lo || i >= self.hi { None } else { self.text.tokens.get(i) }
    }

    /// The word at `i` in lower case; empty for anything else.
    pub(crate) fn word(self, i: usize) -> &'a str {
        match self.token(i) {
            Some(token) if token.kind == Kind::Word => &self.text.lower[token.start..token.end],
            _ => "",
        }
    }

    /// The token at `i` as it was written.
    pub(crate) fn raw(self, i: usize) -> &'a str {
        self.token(i).map_or("", |token| &self.text.raw[token.start..token.end])
    }

    /// The punctuation at `i`.
    pub(crate) fn mark(self, i: usize) -> Option<char> {
        match self.token(i)?.kind {
            Kind::Mark(mark) => Some(mark),
            Kind::Word | Kind::Quoted => None,
        }
    }

    /// Whether a mark at `i` is glued to what comes before it.
    pub(crate) fn glued(self, i: usize, mark: char) -> bool {
        self.mark(i) == Some(mark) && self.token(i).is_some_and(|token| !token.spaced)
    }

    /// Whether the words from `i` on are these (separated by spaces); the end if so.
    pub(crate) fn phrase(self, i: usize, words: &str) -> Option<usize> {
        let mut at = i;
        for word in words.split(' ') {
            if !same(self.word(at), word) {
                return None;
            }
            at += 1;
        }
        Some(at)
    }

    /// Past the word at `i` if it is one of these.
    pub(crate) fn skip(self, i: usize, words: &[&str]) -> usize {
        if words.iter().any(|word| same(self.word(i), word)) { i + 1 } else { i }
    }

    /// Past the comma at `i`, if there is one.
    pub(crate) fn skip_comma(self, i: usize) -> usize {
        if self.mark(i) == Some(',') { i + 1 } else { i }
    }

    /// Its bytes in the text, from the first token to the last.
    pub(crate) fn bytes(self) -> (usize, usize) {
        match (self.token(self.lo), self.hi.checked_sub(1).and_then(|last| self.token(last))) {
            (Some(first), Some(last)) => (first.start, last.end),
            _ => (0, 0),
        }
    }

    /// The text from its first token to its last, as it was written.
    pub(crate) fn verbatim(self) -> &'a str {
        let (start, end) = self.bytes();
        &self.text.raw[start..end]
    }
}

/// Whether a word of a text is `known`; an apostrophe may be a typographic one.
pub(crate) fn same(word: &str, known: &str) -> bool {
    word == known || (known.contains('\'') && word.contains('’') && word.replace('’', "'") == known)
}
