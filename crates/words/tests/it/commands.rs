//! Commands as JSON and back, and which words became what.

use jiff::civil::{DateTime, date};
use jiff::tz::TimeZone;
use words::{Command, What, parse};

fn now() -> DateTime {
    date(2026, 11, 21).at(10, 0, 0, 0)
}

fn said(text: &str) -> words::Parsed {
    parse(text, now(), &TimeZone::get("Europe/Berlin").unwrap())
}

#[test]
fn a_command_is_one_flat_object_with_its_keys_in_order() {
    let text = "call Acme every Monday at 9 p2 @phone #Sales +Bea, remind me 30 min before";
    assert_eq!(
        serde_json::to_string(&said(text).command).unwrap(),
        concat!(
            r#"{"verb":"add_task","title":"call Acme","due":{"date":"2026-11-23","time":"09:00"},"#,
            r#""recurrence":{"rule":"FREQ=WEEKLY;BYDAY=MO","from":"schedule"},"#,
            r#""reminders":[{"before_minutes":30}],"priority":2,"labels":["phone"],"project":"Sales","assignee":"Bea"}"#
        )
    );
}

#[test]
fn every_command_comes_back_from_its_json() {
    for line in include_str!("sample.jsonl").lines().chain(include_str!("cases.jsonl").lines()) {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let expected = &case["expect"];
        let command: Command = serde_json::from_value(expected.clone()).unwrap();
        assert_eq!(&serde_json::to_value(&command).unwrap(), expected);
    }
}

#[test]
fn json_that_is_no_command_is_refused() {
    for (json, reason) in [
        (r#"{"verb":"add_task"}"#, "add_task needs title"),
        (r#"{"verb":"complete_task"}"#, "complete_task needs target"),
        (r#"{"verb":"explode"}"#, "unknown variant `explode`"),
        (r#"{"verb":"undo","colour":"red"}"#, "unknown field `colour`"),
        (r#"{"verb":"add_task","title":"x","recurrence":{"rule":"FREQ=NEVER","from":"schedule"}}"#, "FREQ"),
    ] {
        let error = serde_json::from_str::<Command>(json).unwrap_err().to_string();
        assert!(error.contains(reason), "{json}: {error}");
    }
}

#[test]
fn spans_say_which_words_became_what() {
    let text = "“Réunion” with +Bea tomorrow at 9 @phone, remind me 30 min before";
    let spans: Vec<_> =
        said(text).spans.iter().map(|span| (&text[span.start..span.end], span.what)).collect();
    assert_eq!(
        spans,
        [
            ("“Réunion” with", What::Title),
            ("+Bea", What::Assignee),
            ("tomorrow", What::Due),
            ("at 9", What::Due),
            ("@phone", What::Label),
            ("remind me 30 min before", What::Reminder),
        ]
    );
    let text = "please move #12 to Friday";
    let spans: Vec<_> =
        said(text).spans.iter().map(|span| (&text[span.start..span.end], span.what)).collect();
    assert_eq!(spans, [("#12", What::Target), ("Friday", What::Due)]);
}
