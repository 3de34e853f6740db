//! Sentences and what they mean: the shared sample, and cases for each sentence of the conventions.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::Value;
use words::parse;

#[derive(Deserialize)]
struct Case {
    #[serde(default)]
    id: String,
    now: DateTime,
    zone: String,
    text: String,
    expect: Value,
}

fn failures(cases: &str) -> Vec<String> {
    let mut failures = Vec::new();
    let mut seen = 0;
    for line in cases.lines().filter(|line| !line.trim().is_empty()) {
        let case: Case = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e} in {line}"));
        let zone = TimeZone::get(&case.zone).unwrap();
        let got = serde_json::to_value(parse(&case.text, case.now, &zone).command).unwrap();
        seen += 1;
        if got != case.expect {
            failures.push(format!(
                "{} {} {} {:?}\n  want {}\n  got  {}",
                case.id, case.now, case.zone, case.text, case.expect, got
            ));
        }
    }
    assert!(seen > 0, "no cases");
    failures
}

#[test]
fn the_sample_is_read_as_it_says() {
    let failures = failures(include_str!("sample.jsonl"));
    assert!(failures.is_empty(), "{} differ\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn each_sentence_of_the_conventions_holds() {
    let failures = failures(include_str!("cases.jsonl"));
    assert!(failures.is_empty(), "{} differ\n{}", failures.len(), failures.join("\n"));
}
