//! Texts that nobody meant: whatever is typed, there is an answer, quickly, and its spans are words of it.

use jiff::civil::{Date, DateTime, date};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use words::{Clarify, Command, parse};

/// The grammar's own words, and what surrounds them.
const SOUP: &[&str] = &[
    "every",
    "each",
    "every!",
    "other",
    "second",
    "2nd",
    "third",
    "last",
    "first",
    "1st",
    "15th",
    "31st",
    "32nd",
    "0th",
    "Monday",
    "Mon",
    "tue",
    "Tuesdays",
    "fri",
    "Sat",
    "mon-fri",
    "weekday",
    "weekdays",
    "weekend",
    "weekends",
    "day",
    "days",
    "week",
    "weeks",
    "month",
    "months",
    "year",
    "years",
    "quarter",
    "hour",
    "hours",
    "minutes",
    "min",
    "h",
    "business",
    "half",
    "an",
    "a",
    "couple",
    "of",
    "the",
    "and",
    "to",
    "from",
    "for",
    "in",
    "on",
    "by",
    "before",
    "at",
    "@",
    "due",
    "due:",
    "starting",
    "until",
    "till",
    "ending",
    "between",
    "-",
    "–",
    ",",
    ":",
    ".",
    "?",
    "!",
    "(",
    ")",
    "\"",
    "“x",
    "”",
    "today",
    "tonight",
    "tomorrow",
    "later",
    "now",
    "next",
    "this",
    "coming",
    "end",
    "eow",
    "eom",
    "eod",
    "eoy",
    "morning",
    "noon",
    "evening",
    "night",
    "midnight",
    "after",
    "completion",
    "I",
    "finish",
    "except",
    "but",
    "not",
    "times",
    "once",
    "daily",
    "weekly",
    "monthly",
    "quarterly",
    "biweekly",
    "hourly",
    "yearly",
    "March",
    "may",
    "Feb",
    "29",
    "30",
    "31",
    "5",
    "12",
    "0",
    "99",
    "9999",
    "4000000000",
    "2027",
    "1999",
    "9:30",
    "25:30",
    "10-11am",
    "3pm",
    "12am",
    "3.30pm",
    "3.30",
    "half past",
    "quarter to",
    "o'clock",
    "utc",
    "Europe/Berlin",
    "Mars/Phobos",
    "2026-12-03",
    "2026-02-30",
    "9999-12-31",
    "24.12.2026",
    "3/4",
    "13/3",
    "24/7",
    "1/1/99",
    "9999d",
    "1h30",
    "remind",
    "me",
    "alert",
    "reminder",
    "about",
    "add",
    "task",
    "#12",
    "#Ops",
    "+Bea",
    "@label",
    "p1",
    "urgent",
    "high",
    "priority",
    "done",
    "complete",
    "mark",
    "as",
    "delete",
    "move",
    "snooze",
    "rename",
    "assign",
    "give",
    "subtask",
    "comment",
    "list",
    "show",
    "what's",
    "which",
    "tasks",
    "overdue",
    "find",
];

fn starts() -> [DateTime; 6] {
    [
        date(2026, 11, 21).at(10, 0, 0, 0),
        date(2028, 2, 29).at(23, 59, 59, 999_999_999),
        date(2027, 3, 28).at(2, 30, 0, 0),
        DateTime::MAX,
        DateTime::MIN,
        Date::MAX.at(0, 0, 0, 0),
    ]
}

const ZONES: [&str; 5] = ["UTC", "Europe/Berlin", "Pacific/Apia", "America/New_York", "Australia/Lord_Howe"];

fn check(text: &str, now: DateTime, zone: &TimeZone) {
    let parsed = parse(text, now, zone);
    for span in &parsed.spans {
        assert!(
            text.get(span.start..span.end).is_some_and(|words| !words.is_empty()),
            "{span:?} of {text:?}"
        );
    }
    if let Command::AddTask(task) = &parsed.command {
        assert!(!task.title.trim().is_empty(), "{text:?} has no title");
    }
    let json = serde_json::to_string(&parsed.command).unwrap();
    assert!(!json.contains("null"), "{json}");
    let back: Command = serde_json::from_str(&json).unwrap_or_else(|e| panic!("{e}: {json}"));
    assert_eq!(back, parsed.command, "{json}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn no_text_at_all_makes_it_panic(
        text in "\\PC{0,80}",
        now in prop::sample::select(starts().to_vec()),
        zone in prop::sample::select(&ZONES[..]),
    ) {
        check(&text, now, &TimeZone::get(zone).unwrap());
    }

    #[test]
    fn no_soup_of_its_own_words_makes_it_panic(
        words in prop::collection::vec((prop::sample::select(SOUP), prop::sample::select(&[" ", " ", " ", " ", ""][..])), 1..14),
        now in prop::sample::select(starts().to_vec()),
        zone in prop::sample::select(&ZONES[..]),
    ) {
        let text: String = words.iter().flat_map(|(word, space)| [*word, *space]).collect();
        check(&text, now, &TimeZone::get(zone).unwrap());
    }
}

#[test]
fn a_thousand_characters_are_read_and_one_more_are_not() {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let now = starts()[0];
    let long = "é".repeat(1_000);
    assert!(matches!(parse(&long, now, &zone).command, Command::AddTask(task) if task.title == long));
    assert_eq!(parse(&format!("{long}é"), now, &zone).command, Command::Clarify(Clarify::TooLong));
}

#[test]
fn a_long_text_of_its_own_words_is_read_in_time() {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let patterns = SOUP.iter().map(|word| (*word).to_owned()).chain(
        [
            "move to",
            "remind me about",
            "remind me to",
            "add subtask to",
            "on mon and",
            "a week from",
            "mark as done",
            "assign to",
            "every first and",
            "every mon, ",
            "the day before and",
            "5 may and",
            "( )",
            "\" \"",
        ]
        .map(str::to_owned),
    );
    for pattern in patterns {
        for opener in [
            "",
            "remind me about ",
            "move ",
            "assign ",
            "every ",
            "show ",
            "snooze ",
            "add subtask ",
            "remind me ",
        ] {
            let mut text = opener.to_owned();
            while text.chars().count() + pattern.chars().count() < 1_000 {
                text.push_str(&pattern);
                text.push(' ');
            }
            let began = std::time::Instant::now();
            check(&text, starts()[0], &zone);
            let took = began.elapsed();
            assert!(took.as_millis() < 500, "{opener}{pattern} … took {took:?}");
        }
    }
}
