//! Machines that do not agree what time it is: the database's clock decides, and each reminder is fired once.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use jiff::{Timestamp, ToSpan as _};
use serde_json::json;

use super::on_postgres;
use crate::api::set_up;
use crate::program::PATIENCE;

const REMINDERS: usize = 60;

/// Runs a program that is shown another time. As its parent, `faketime` would be killed instead of it.
const SHIFTED: &str = r#"exec env $(faketime -f SHIFT env | grep -E '^(LD_PRELOAD|FAKETIME)=') "$0" "$@""#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clocks_that_are_minutes_apart_fire_each_reminder_once_and_none_early() {
    let place = on_postgres("database:").await;
    let mut front = place.start("front", &["--roles", "web,api,relay,workers"]);
    let url = front.ready().await;
    let api = set_up(&front, &url).await;
    let mut clocks = Vec::new();
    for (name, shift) in [("early", "+300s"), ("right", "+0s"), ("late", "-300s")] {
        let shifted = SHIFTED.replace("SHIFT", shift);
        let mut clock = place.start_under(&["/bin/sh", "-c", &shifted], name, &["--roles", "clock"]);
        clock.ready().await;
        clocks.push(clock);
    }
    let now = Timestamp::now();
    // To the minute: one that is left enough time for, and one that has begun.
    let ahead = if now.as_second() % 60 < 40 { 1.minute() } else { 2.minutes() };
    let due: Timestamp =
        now.checked_add(ahead).unwrap().strftime("%Y-%m-%dT%H:%M:00Z").to_string().parse().unwrap();
    let due_text = due.strftime("%Y-%m-%dT%H:%M").to_string();
    let past_text = now.strftime("%Y-%m-%dT%H:%M").to_string();
    for n in 0..REMINDERS {
        let at = if n % 2 == 0 { &due_text } else { &past_text };
        let body = json!({"title": format!("Reminder {n}"), "zone": "UTC", "reminders": [{"at": at}]});
        api.post("/api/v1/tasks", &body).await;
    }
    let begun = Instant::now();
    loop {
        let told = api.all("/api/v1/notifications").await;
        let mut counts: HashMap<String, usize> = HashMap::new();
        for one in told.iter().filter(|one| one["kind"] == "reminder") {
            *counts.entry(one["title"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        assert!(counts.values().all(|count| *count == 1), "told more than once: {counts:?}");
        let looked = Timestamp::now();
        let early =
            (0..REMINDERS).step_by(2).filter(|n| counts.contains_key(&format!("Reminder {n}"))).count();
        assert!(early == 0 || looked >= due, "{early} were told before {due}, at {looked}");
        // A clock that fires a second time would do so while its own time comes to the same moment.
        if counts.len() == REMINDERS && looked.duration_since(due) > 3.seconds().try_into().unwrap() {
            break;
        }
        assert!(begun.elapsed() < 3 * PATIENCE, "{} of {REMINDERS} were told", counts.len());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
