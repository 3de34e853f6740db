//! The text of an order: cleaned before it is read, and led back to the characters that were sent.

use domain::text;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use words::{Clarify, Command, Parsed, What};

/// Some characters of the text that was sent, and what they became.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first character.
    pub start: usize,
    /// The character after the last.
    pub end: usize,
    /// `date`, `time`, `recurrence`, `reminder`, `label`, `project`, `priority`, `assignee` or `target`.
    pub kind: &'static str,
}

/// What was said, without characters that show nothing.
pub(super) struct Said {
    text: String,
    /// For each character of `text`, its place in the text that was sent.
    places: Vec<usize>,
    too_long: bool,
}

impl Said {
    pub(super) fn new(sent: &str) -> Self {
        let Ok(clean) = text::optional_block(sent, words::MAX_CHARS) else {
            // Only its beginning is looked at again: to be kept, and to be asked about.
            let head: String = sent.chars().take(words::MAX_CHARS).collect();
            let text = text::optional_block(&head, words::MAX_CHARS).unwrap_or_default();
            return Self { text: text::shorten(&text, 200), places: Vec::new(), too_long: true };
        };
        // Cleaning leaves characters out and makes one line break of two characters, nothing else: each
        // character that is left is the next one like it in what was sent.
        let mut sent = sent.chars().enumerate();
        let places = clean
            .chars()
            .filter_map(|c| sent.find(|(_, s)| *s == c || (c == '\n' && *s == '\r')).map(|(place, _)| place))
            .collect();
        Self { text: clean, places, too_long: false }
    }

    /// The cleaned text; of one that is too long, its beginning.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn parse(&self, now: DateTime, zone: &TimeZone) -> Parsed {
        if self.too_long {
            return Parsed { command: Command::Clarify(Clarify::TooLong), spans: Vec::new() };
        }
        words::parse(&self.text, now, zone)
    }

    /// The spans in characters of the text that was sent; only those of a kind that is worth showing.
    pub(super) fn spans(&self, parsed: &Parsed) -> Vec<Span> {
        parsed
            .spans
            .iter()
            .filter_map(|span| {
                let words = self.text.get(span.start..span.end)?;
                let kind = kind(span.what, words)?;
                let first = self.text.get(..span.start)?.chars().count();
                let last = first + words.chars().count().checked_sub(1)?;
                Some(Span { start: *self.places.get(first)?, end: *self.places.get(last)? + 1, kind })
            })
            .collect()
    }

    /// The number of the ticket that the order is about, where it says "ticket 12".
    ///
    /// Tickets and tasks are numbered each for themselves, so that task 12 must not be taken for it.
    pub(super) fn names_ticket(&self, parsed: &Parsed) -> Option<u64> {
        let target = parsed.spans.iter().find(|span| span.what == What::Target)?;
        let words = self.text.get(target.start..target.end)?.to_lowercase();
        let number = words.trim().strip_prefix("the ").unwrap_or(words.trim()).strip_prefix("ticket")?;
        number.trim_matches(|c: char| !c.is_ascii_digit()).parse().ok()
    }
}

/// The name of a kind on the wire; nothing for words that are the title or are taken as they are.
fn kind(what: What, words: &str) -> Option<&'static str> {
    Some(match what {
        What::Verb => "verb",
        What::Target => "target",
        What::Due if is_time(words) => "time",
        What::Due | What::Until => "date",
        What::Recurrence => "recurrence",
        What::Reminder => "reminder",
        What::Priority => "priority",
        What::Label => "label",
        What::Project => "project",
        What::Assignee => "assignee",
        What::Title | What::Filter | What::Query | What::Comment => return None,
    })
}

/// Whether words that say when something is due name a time of day and no day.
fn is_time(words: &str) -> bool {
    const TIMES: [&str; 20] = [
        "at",
        "by",
        "before",
        "from",
        "between",
        "to",
        "and",
        "in",
        "the",
        "half",
        "past",
        "quarter",
        "am",
        "pm",
        "noon",
        "midnight",
        "morning",
        "afternoon",
        "evening",
        "eod",
    ];
    let words = words.to_lowercase();
    let mut numbers = 0;
    let only_times = words.split([' ', '-', '–', '@']).filter(|word| !word.is_empty()).all(|word| {
        let word = word.trim_matches(',');
        let bare = word.trim_end_matches(['a', 'p', 'm', '.']);
        let clock =
            !bare.is_empty() && bare.len() <= 5 && bare.chars().all(|c| c.is_ascii_digit() || c == ':');
        numbers += usize::from(clock);
        clock || TIMES.contains(&word)
    });
    only_times && (numbers > 0 || !words.is_empty()) && words.parse::<jiff::civil::Date>().is_err()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use jiff::tz::TimeZone;

    use super::Said;

    fn spans(sent: &str) -> Vec<(String, &'static str)> {
        let said = Said::new(sent);
        let parsed = said.parse(date(2026, 11, 21).at(10, 0, 0, 0), &TimeZone::get("Europe/Berlin").unwrap());
        let sent: Vec<char> = sent.chars().collect();
        said.spans(&parsed).iter().map(|s| (sent[s.start..s.end].iter().collect(), s.kind)).collect()
    }

    #[test]
    fn spans_count_the_characters_that_were_sent() {
        assert_eq!(
            spans("🙂 call\u{200B} Dana\u{202E}  tomorrow at 9 #Ops p1"),
            [
                ("tomorrow".to_owned(), "date"),
                ("at 9".to_owned(), "time"),
                ("#Ops".to_owned(), "project"),
                ("p1".to_owned(), "priority")
            ]
        );
    }

    #[test]
    fn a_word_with_a_hidden_character_inside_is_read_as_it_looks() {
        assert_eq!(spans("call tomor\u{200B}row"), [("tomor\u{200B}row".to_owned(), "date")]);
    }

    #[test]
    fn days_and_times_are_told_apart() {
        for (words, time) in [
            ("at 9", true),
            ("9:30", true),
            ("at 9am", true),
            ("from 2 to 3:30pm", true),
            ("10-11am", true),
            ("in the morning", true),
            ("at half past 6", true),
            ("on 4 December", false),
            ("2026-12-03", false),
            ("12/13", false),
            ("24.12.2026", false),
            ("tomorrow", false),
            ("in 3 days", false),
            ("on Friday", false),
        ] {
            assert_eq!(super::is_time(words), time, "{words}");
        }
    }

    #[test]
    fn a_ticket_is_not_taken_for_the_task_of_its_number() {
        let number = |sent: &str| {
            let said = Said::new(sent);
            let zone = TimeZone::UTC;
            let parsed = said.parse(date(2026, 11, 21).at(10, 0, 0, 0), &zone);
            said.names_ticket(&parsed)
        };
        assert_eq!(number("close ticket 12"), Some(12));
        assert_eq!(number("close ticket #12"), Some(12));
        assert_eq!(number("reopen ticket 7"), Some(7));
        assert_eq!(number("assign ticket 7 to Bea"), Some(7));
        assert_eq!(number("complete #12"), None);
        assert_eq!(number("complete task 12"), None);
        assert_eq!(number("complete ticket sales report"), None);
    }
}
