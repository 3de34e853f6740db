//! Recurrences: the rule text, what comes next, and what a local time means in each zone of the world.

#![allow(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use std::time::{Duration, Instant};

use domain::recurrence::{CountsFrom, Error, Recurrence, occurrence_id, resolve};
use jiff::civil::{DateTime, date};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Span, Timestamp, ToSpan};
use proptest::prelude::*;
use uuid::Uuid;

fn rule(text: &str) -> Recurrence {
    Recurrence::new(text, CountsFrom::Schedule).unwrap()
}

fn local(text: &str) -> DateTime {
    text.parse().unwrap()
}

/// The first `many` occurrences, as `YYYY-MM-DDTHH:MM`, each found from the one before.
fn series(text: &str, start: &str, many: usize) -> Vec<String> {
    let (rule, start) = (rule(text), local(start));
    let mut after = start - 1.second();
    let mut found = Vec::new();
    while found.len() < many {
        let Some(next) = rule.next_after(start, after).unwrap() else { break };
        found.push(next.strftime("%Y-%m-%dT%H:%M").to_string());
        after = next;
    }
    found
}

#[test]
fn a_rule_is_kept_in_its_canonical_form() {
    for (given, kept) in [
        ("FREQ=DAILY", "FREQ=DAILY"),
        ("RRULE:FREQ=DAILY;INTERVAL=1", "FREQ=DAILY"),
        ("byday=fr,mo;freq=weekly;interval=2", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR"),
        ("FREQ=YEARLY;BYMONTHDAY=15;BYMONTH=10,4,4", "FREQ=YEARLY;BYMONTH=4,10;BYMONTHDAY=15"),
        ("FREQ=MONTHLY;BYDAY=+2TU", "FREQ=MONTHLY;BYDAY=2TU"),
        ("FREQ=MONTHLY;BYDAY=1MO", "FREQ=MONTHLY;BYDAY=1MO"),
        (
            "FREQ=MONTHLY;BYSETPOS=-1;BYMONTHDAY=31,28,29,30",
            "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1",
        ),
        ("FREQ=DAILY;UNTIL=20270331;INTERVAL=10", "FREQ=DAILY;INTERVAL=10;UNTIL=20270331"),
        ("FREQ=WEEKLY;WKST=MO;COUNT=3", "FREQ=WEEKLY;COUNT=3"),
    ] {
        assert_eq!(rule(given).rule(), kept);
        assert_eq!(rule(kept), rule(given));
    }
}

#[test]
fn json_is_the_rule_and_what_it_counts_from() {
    let made = Recurrence::new("FREQ=WEEKLY;BYDAY=MO", CountsFrom::Completion).unwrap();
    let json = serde_json::to_string(&made).unwrap();
    assert_eq!(json, r#"{"rule":"FREQ=WEEKLY;BYDAY=MO","from":"completion"}"#);
    assert_eq!(serde_json::from_str::<Recurrence>(&json).unwrap(), made);
    let wrong = serde_json::from_str::<Recurrence>(r#"{"rule":"FREQ=OFTEN","from":"schedule"}"#);
    assert!(wrong.unwrap_err().to_string().contains("\"OFTEN\" is not a value of FREQ"));
}

#[test]
fn what_is_no_rule_is_refused_with_its_reason() {
    for (text, reason) in [
        ("", "\"\" is not a NAME=VALUE part"),
        ("FREQ=DAILY;", "\"\" is not a NAME=VALUE part"),
        ("INTERVAL=2", "FREQ is missing"),
        ("FREQ=DAILY;FREQ=DAILY", "FREQ is given twice"),
        ("FREQ=DAILY;BYEASTER=1", "\"BYEASTER\" is not a part of a recurrence rule"),
        ("FREQ=DAILY;INTERVAL=0", "\"0\" is not a value of INTERVAL"),
        ("FREQ=DAILY;INTERVAL=65536", "\"65536\" is not a value of INTERVAL"),
        ("FREQ=DAILY;INTERVAL=-1", "\"-1\" is not a value of INTERVAL"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "\"0\" is not a value of BYMONTHDAY"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "\"32\" is not a value of BYMONTHDAY"),
        ("FREQ=MONTHLY;BYDAY=é", "\"é\" is not a value of BYDAY"),
        ("FREQ=MONTHLY;BYDAY=0MO", "\"0MO\" is not a value of BYDAY"),
        ("FREQ=DAILY;UNTIL=20270230", "\"20270230\" is not a value of UNTIL"),
        ("FREQ=DAILY;UNTIL=2027-02-20", "\"2027-02-20\" is not a value of UNTIL"),
        ("FREQ=DAILY;UNTIL=20270220T100000Z", "UNTIL is a local time here, without Z"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20270220", "COUNT and UNTIL exclude each other"),
        ("FREQ=DAILY;BYSETPOS=1", "BYSETPOS needs another BY part"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY does not go with WEEKLY"),
        ("FREQ=WEEKLY;BYDAY=1MO", "BYDAY takes an ordinal only with MONTHLY and YEARLY"),
        ("FREQ=MINUTELY;BYHOUR=9", "a rule of minutes takes no BYHOUR and no BYMINUTE"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=32", "BYSETPOS is larger than the period"),
        ("FREQ=SECONDLY", "a task recurs at most once a minute"),
    ] {
        match Recurrence::new(text, CountsFrom::Schedule) {
            Err(error) => assert_eq!(error.to_string(), reason, "{text}"),
            Ok(read) => panic!("{text} was read as {}", read.rule()),
        }
    }
    let long = format!("FREQ=DAILY;BYMONTH={}", "1,".repeat(1_000));
    assert_eq!(Recurrence::new(&long, CountsFrom::Schedule), Err(Error::TooLong { max: 2_000 }));
}

#[test]
fn next_is_strictly_after_even_where_the_start_itself_matches() {
    let monday = local("2026-11-23T09:00");
    let weekly = rule("FREQ=WEEKLY;BYDAY=MO");
    assert_eq!(weekly.next_after(monday, monday - 1.minute()).unwrap(), Some(monday));
    assert_eq!(weekly.next_after(monday, monday).unwrap(), Some(local("2026-11-30T09:00")));
    // A series that starts again at the completion must not answer with the completion itself.
    let completion = Recurrence::new("FREQ=DAILY;INTERVAL=3", CountsFrom::Completion).unwrap();
    let done = local("2026-11-24T17:12:09");
    assert_eq!(completion.next_after(done, done).unwrap(), Some(local("2026-11-27T17:12:09")));
    let once = rule("FREQ=DAILY;COUNT=1");
    assert_eq!(once.next_after(done, done).unwrap(), None);
}

#[test]
fn a_start_that_does_not_match_is_no_occurrence() {
    assert_eq!(
        series("FREQ=WEEKLY;BYDAY=TU,TH;COUNT=3", "2026-11-21T08:00", 9),
        ["2026-11-24T08:00", "2026-11-26T08:00", "2026-12-01T08:00"]
    );
}

#[test]
fn count_ends_a_series_wherever_one_looks_from() {
    let (five, start) = (rule("FREQ=DAILY;COUNT=5"), local("2026-11-01T08:00"));
    assert_eq!(five.next_after(start, local("2026-11-04T08:00")).unwrap(), Some(local("2026-11-05T08:00")));
    assert_eq!(five.next_after(start, local("2026-11-05T08:00")).unwrap(), None);
    assert_eq!(five.next_after(start, local("2030-01-01T00:00")).unwrap(), None);
}

#[test]
fn until_a_day_includes_that_day() {
    let start = "2026-11-28T23:30";
    assert_eq!(
        series("FREQ=DAILY;UNTIL=20261130", start, 9),
        ["2026-11-28T23:30", "2026-11-29T23:30", "2026-11-30T23:30"]
    );
    assert_eq!(series("FREQ=DAILY;UNTIL=20261130T233000", start, 9).len(), 3);
    assert_eq!(series("FREQ=DAILY;UNTIL=20261130T232959", start, 9).len(), 2);
    assert_eq!(series("FREQ=DAILY;UNTIL=20261127", start, 9).len(), 0);
}

#[test]
fn the_31st_of_a_short_month_is_its_last_day() {
    let days = ["2027-01-31T09:00", "2027-02-28T09:00", "2027-03-31T09:00", "2027-04-30T09:00"];
    assert_eq!(series("FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1", "2027-01-31T09:00", 4), days);
    assert_eq!(series("FREQ=MONTHLY", "2027-01-31T09:00", 4), days, "also when only the start says so");
    assert_eq!(
        series("FREQ=MONTHLY;BYMONTHDAY=28,29;BYSETPOS=-1", "2027-12-29T09:00", 4),
        ["2027-12-29T09:00", "2028-01-29T09:00", "2028-02-29T09:00", "2028-03-29T09:00"]
    );
    assert_eq!(
        series("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2027-01-01T09:00", 2),
        ["2028-02-29T09:00", "2032-02-29T09:00"],
        "a yearly 29 February is for leap years"
    );
}

#[test]
fn intervals_count_from_the_start_and_not_from_where_one_looks() {
    let start = local("2026-11-26T14:00");
    for (text, after, next) in [
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TH", "2026-12-03T15:00", "2026-12-10T14:00"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH", "2026-11-30T15:00", "2026-12-07T14:00"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", "2027-01-05T15:00", "2027-01-19T14:00"),
        ("FREQ=DAILY;INTERVAL=10", "2027-06-01T00:00", "2027-06-04T14:00"),
        ("FREQ=MONTHLY;INTERVAL=3", "2027-03-01T00:00", "2027-05-26T14:00"),
        ("FREQ=MONTHLY;INTERVAL=3;BYDAY=-1FR", "2027-03-01T00:00", "2027-05-28T14:00"),
        ("FREQ=YEARLY;INTERVAL=4", "2031-01-01T00:00", "2034-11-26T14:00"),
        ("FREQ=HOURLY;INTERVAL=5", "2027-11-26T14:00", "2027-11-26T19:00"),
        ("FREQ=MINUTELY;INTERVAL=90", "2026-11-26T23:00", "2026-11-27T00:30"),
        ("FREQ=DAILY;BYHOUR=8", "2026-12-31T07:00", "2026-12-31T08:00"),
        ("FREQ=MONTHLY;BYMONTHDAY=1;BYHOUR=8", "2027-01-01T07:00", "2027-01-01T08:00"),
    ] {
        assert_eq!(rule(text).next_after(start, local(after)).unwrap(), Some(local(next)), "{text}");
    }
}

#[test]
fn a_look_far_ahead_finds_what_walking_there_finds() {
    let start = local("2024-02-29T10:15:30");
    for text in [
        "FREQ=YEARLY",
        "FREQ=YEARLY;INTERVAL=2;BYWEEKNO=1,53;BYDAY=MO",
        "FREQ=YEARLY;BYYEARDAY=1,-1",
        "FREQ=YEARLY;BYDAY=20MO",
        "FREQ=YEARLY;BYMONTH=3,9;BYDAY=-1SU",
        "FREQ=MONTHLY",
        "FREQ=MONTHLY;INTERVAL=5",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=MONTHLY;BYDAY=2TU,4TU",
        "FREQ=WEEKLY;INTERVAL=3",
        "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU,TU",
        "FREQ=WEEKLY;INTERVAL=2;WKST=WE;BYDAY=TU,TH;BYHOUR=6,18",
        "FREQ=DAILY;INTERVAL=17",
        "FREQ=DAILY;BYMONTH=1;BYHOUR=6;BYMINUTE=0,30",
        "FREQ=HOURLY;INTERVAL=7;BYDAY=SA,SU",
        "FREQ=MINUTELY;INTERVAL=50;BYDAY=SA",
    ] {
        let rule = rule(text);
        let mut walked = start - 1.second();
        for _ in 0..200 {
            // The walk looks a second after the last find, so that each step jumps from elsewhere.
            let next = rule.next_after(start, walked).unwrap().unwrap();
            assert_eq!(rule.next_after(start, next - 1.second()).unwrap(), Some(next), "{text}");
            let counted = Recurrence::new(&format!("{text};COUNT=10000"), CountsFrom::Schedule).unwrap();
            assert_eq!(counted.next_after(start, walked).unwrap(), Some(next), "{text} after {walked}");
            walked = next;
        }
    }
}

#[test]
fn hostile_rules_are_answered_quickly() {
    let start = local("2026-11-21T10:00");
    let never = [
        "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31",
        "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
        "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2",
        "FREQ=HOURLY;INTERVAL=24;BYHOUR=3",
        "FREQ=HOURLY;INTERVAL=168;BYDAY=WE",
        "FREQ=YEARLY;BYWEEKNO=20;BYMONTH=1",
        "FREQ=YEARLY;BYYEARDAY=200;BYMONTH=1",
        "FREQ=YEARLY;BYDAY=1MO;BYMONTH=1;BYMONTHDAY=20",
        "FREQ=DAILY;COUNT=10000;BYMONTH=2;BYMONTHDAY=30",
    ];
    for text in never {
        let began = Instant::now();
        assert_eq!(rule(text).next_after(start, start).unwrap(), None, "{text}");
        let took = began.elapsed();

        assert!(took < Duration::from_secs(1), "{text} took {took:?}");
    }
    let rare = [
        "FREQ=YEARLY;INTERVAL=10000",
        "FREQ=MONTHLY;INTERVAL=10000",
        "FREQ=WEEKLY;INTERVAL=10000",
        "FREQ=DAILY;INTERVAL=10000",
        "FREQ=MINUTELY",
        "FREQ=MINUTELY;COUNT=10000",
        "FREQ=MINUTELY;INTERVAL=7;BYMONTH=2;BYDAY=MO",
        "FREQ=MINUTELY;INTERVAL=1441;BYMONTH=2;BYDAY=MO",
        "FREQ=HOURLY;BYDAY=SU;BYMONTH=1;BYHOUR=23;BYMINUTE=59",
        "FREQ=YEARLY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23;BYMINUTE=0,15,30,45;BYDAY=MO,TU,WE,TH,FR,SA,SU",
    ];
    for text in rare {
        for after in
            [start, local("2400-01-01T00:00"), local("9999-12-31T23:59:59"), DateTime::MAX, DateTime::MIN]
        {
            let began = Instant::now();
            let next = rule(text).next_after(start, after).unwrap();
            let took = began.elapsed();

            assert!(next.is_none_or(|next| next > after && next >= start), "{text}");
            assert!(took < Duration::from_secs(1), "{text} took {took:?}");
        }
    }
    assert_eq!(rule("FREQ=DAILY").next_after(DateTime::MAX, DateTime::MAX).unwrap(), None);
    assert_eq!(rule("FREQ=DAILY").next_after(start, local("9999-12-31T10:00")).unwrap(), None);
    let early = rule("FREQ=WEEKLY").next_after(DateTime::MIN, DateTime::MIN).unwrap();
    assert!(early.is_none_or(|next| next > DateTime::MIN));
}

#[test]
fn an_occurrence_has_one_id() {
    let (task, other) = (Uuid::from_u128(7), Uuid::from_u128(8));
    let at = local("2026-11-23T09:00");
    let id = occurrence_id(task, 1, at);
    assert_eq!(id, occurrence_id(task, 1, local("2026-11-23T09:00:00")));
    assert_eq!(id.get_version_num(), 5);
    for different in
        [occurrence_id(other, 1, at), occurrence_id(task, 2, at), occurrence_id(task, 1, at + 1.minute())]
    {
        assert_ne!(id, different);
    }
    assert_eq!(id.to_string(), "b47af960-0963-5fe9-9822-635c08e5ade9", "stored ids must not change");
}

#[test]
fn a_skipped_time_becomes_the_end_of_the_gap_and_a_repeated_one_its_first() {
    let berlin = TimeZone::get("Europe/Berlin").unwrap();
    let at = |text: &str| resolve(local(text), &berlin).to_string();
    assert_eq!(at("2027-03-28T01:59"), "2027-03-28T00:59:00Z");
    assert_eq!(at("2027-03-28T02:00"), "2027-03-28T01:00:00Z");
    assert_eq!(at("2027-03-28T02:30"), "2027-03-28T01:00:00Z");
    assert_eq!(at("2027-03-28T03:00"), "2027-03-28T01:00:00Z");
    assert_eq!(at("2027-10-31T02:30"), "2027-10-31T00:30:00Z");
    assert_eq!(at("2027-10-31T03:00"), "2027-10-31T02:00:00Z");
    // Samoa had no 30 December 2011 at all.
    let apia = TimeZone::get("Pacific/Apia").unwrap();
    assert_eq!(
        resolve(local("2011-12-30T12:00"), &apia).to_zoned(apia.clone()).datetime(),
        local("2011-12-31T00:00")
    );
    assert_eq!(resolve(DateTime::MAX, &berlin), Timestamp::MAX);
    assert_eq!(resolve(DateTime::MIN, &apia), Timestamp::MIN);
}

#[test]
fn occurrences_within_a_gap_come_once() {
    let berlin = TimeZone::get("Europe/Berlin").unwrap();
    let half_hourly = rule("FREQ=MINUTELY;INTERVAL=30");
    let start = local("2027-03-28T01:00");
    let mut found = Vec::new();
    let mut after = start;
    for _ in 0..4 {
        let next = half_hourly.next_in(start, after, &berlin).unwrap().unwrap();
        found.push(next.at.to_string());
        after = next.local;
    }
    assert_eq!(
        found,
        ["2027-03-28T00:30:00Z", "2027-03-28T01:00:00Z", "2027-03-28T01:30:00Z", "2027-03-28T02:00:00Z"]
    );
}

fn zones() -> Vec<TimeZone> {
    let zones: Vec<_> = zone_names().iter().map(|name| TimeZone::get(name).unwrap()).collect();
    assert!(zones.len() > 400, "the bundled database has all zones");
    zones
}

fn zone_names() -> Vec<String> {
    jiff::tz::db().available().map(|name| name.as_str().to_owned()).collect()
}

#[test]
fn every_gap_and_overlap_of_every_zone_is_read_by_the_rules() {
    let (from, to) = (local("2020-01-01T00:00"), local("2035-12-31T00:00"));
    let (mut gaps, mut overlaps) = (0, 0);
    for zone in zones() {
        let to = resolve(to, &zone);
        for transition in zone.following(resolve(from, &zone)).take_while(|t| t.timestamp() < to) {
            let at = transition.timestamp();
            let before = zone.to_offset(at - 1.nanosecond());
            let after = transition.offset();
            let (old, new) = (before.to_datetime(at), after.to_datetime(at));
            if new > old {
                gaps += 1;
                let mut skipped = old;
                while skipped < new {
                    assert_eq!(resolve(skipped, &zone), at, "{skipped} in {zone:?}");
                    skipped += 5.minutes();
                }
                assert_eq!(resolve(new, &zone), at);
            } else if new < old {
                overlaps += 1;
                let mut twice = new;
                while twice < old {
                    assert_eq!(
                        resolve(twice, &zone),
                        before.to_timestamp(twice).unwrap(),
                        "{twice} in {zone:?}"
                    );
                    twice += 5.minutes();
                }
            }
        }
    }
    assert!(gaps > 1_000 && overlaps > 1_000, "{gaps} gaps and {overlaps} overlaps seen");
}

const RULES: [&str; 14] = [
    "FREQ=DAILY",
    "FREQ=DAILY;INTERVAL=3",
    "FREQ=DAILY;BYHOUR=1,2,3;BYMINUTE=0,30",
    "FREQ=WEEKLY;BYDAY=SA,SU",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH",
    "FREQ=WEEKLY;BYDAY=SU;UNTIL=20301027",
    "FREQ=MONTHLY",
    "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1",
    "FREQ=MONTHLY;BYDAY=-1SU",
    "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
    "FREQ=HOURLY",
    "FREQ=HOURLY;INTERVAL=5;BYDAY=SU",
    "FREQ=MINUTELY;INTERVAL=45",
    "FREQ=DAILY;COUNT=40",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn occurrences_are_never_early_and_always_later(
        zone in prop::sample::select(zone_names()),
        text in prop::sample::select(&RULES[..]),
        minutes in 0_i64..15 * 366 * 24 * 60,
        ahead in 0_i64..3 * 366 * 24 * 60,
    ) {
        let zone = TimeZone::get(&zone).unwrap();
        let start = date(2020, 1, 1).at(0, 0, 0, 0) + Span::new().minutes(minutes);
        let (rule, mut after) = (rule(text), start + Span::new().minutes(ahead));
        for _ in 0..12 {
            let strict = rule.next_after(start, after).unwrap();
            prop_assert!(strict.is_none_or(|next| next > after && next >= start));
            let Some(next) = rule.next_in(start, after, &zone).unwrap() else { break };
            prop_assert!(next.local > after);
            prop_assert!(next.at > resolve(after, &zone), "{next:?} is not later than {after} in {zone:?}");
            let shown = zone.to_datetime(next.at);
            prop_assert!(shown >= next.local, "{next:?} is early in {zone:?}");
            match zone.to_ambiguous_timestamp(next.local).offset() {
                AmbiguousOffset::Gap { before, after } => {
                    prop_assert_eq!(zone.to_datetime(next.at - 1.nanosecond()), before.to_datetime(next.at - 1.nanosecond()));
                    prop_assert_eq!(shown, after.to_datetime(next.at));
                }
                AmbiguousOffset::Fold { before, .. } => {
                    prop_assert_eq!(next.at, before.to_timestamp(next.local).unwrap());
                }
                AmbiguousOffset::Unambiguous { .. } => prop_assert_eq!(shown, next.local),
            }
            after = next.local;
        }
    }

    #[test]
    fn no_text_makes_a_rule_panic(text in "\\PC{0,60}") {
        let _ = Recurrence::new(&text, CountsFrom::Schedule);
    }

    #[test]
    fn no_parts_make_a_rule_panic_or_linger(
        parts in prop::collection::vec(prop::sample::select(&PARTS[..]), 1..6),
        start in -9_000_i16..9_999,
        after in -9_000_i16..9_999,
    ) {
        let text = format!("FREQ={}", parts.join(";"));
        if let Ok(rule) = Recurrence::new(&text, CountsFrom::Schedule) {
            let (start, after) = (date(start, 2, 28).at(23, 59, 59, 5), date(after, 12, 31).at(0, 0, 0, 0));
            let began = Instant::now();
            let next = rule.next_after(start, after).unwrap();
            prop_assert!(next.is_none_or(|next| next > after && next >= start));
            prop_assert!(began.elapsed() < Duration::from_secs(2), "{} from {} after {}", text, start, after);
            prop_assert_eq!(Recurrence::new(rule.rule(), CountsFrom::Schedule), Ok(rule));
        }
    }
}

const PARTS: [&str; 44] = [
    "YEARLY",
    "MONTHLY",
    "WEEKLY",
    "DAILY",
    "HOURLY",
    "MINUTELY",
    "YEARLY",
    "MONTHLY",
    "WEEKLY",
    "DAILY",
    "HOURLY",
    "INTERVAL=2",
    "INTERVAL=7",
    "INTERVAL=9999",
    "COUNT=1",
    "COUNT=9999",
    "UNTIL=20301231",
    "UNTIL=99991231T235959",
    "WKST=SU",
    "WKST=WE",
    "BYMONTH=2",
    "BYMONTH=1,12",
    "BYWEEKNO=53",
    "BYWEEKNO=-1,1",
    "BYYEARDAY=366",
    "BYYEARDAY=-366,1",
    "BYMONTHDAY=31",
    "BYMONTHDAY=-31,29",
    "BYMONTHDAY=30",
    "BYDAY=MO",
    "BYDAY=5FR,-5FR",
    "BYDAY=53SU",
    "BYDAY=MO,TU,WE,TH,FR",
    "BYHOUR=0",
    "BYHOUR=2,23",
    "BYMINUTE=0",
    "BYMINUTE=1,59",
    "BYSECOND=0",
    "BYSECOND=59",
    "BYSETPOS=1",
    "BYSETPOS=-1",
    "BYSETPOS=366",
    "BYSETPOS=-366,5",
    "BYMONTH=4",
];
