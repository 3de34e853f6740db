//! What Prometheus reads from a real process, against the list that rules, dashboards and the fleet are made with.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use deploy::metrics::{Kind, METRICS};
use serde_json::json;

use crate::api::{Api, set_up};
use crate::program::{PATIENCE, Place};

/// What only something that goes wrong brings into a scrape.
const QUIET: &[&str] = &["deskhand_bus_retries_total", "deskhand_dead_letters"];

/// A metric as a scrape tells of it.
#[derive(Default)]
struct Told {
    kind: String,
    labels: BTreeSet<String>,
}

/// Every metric of a scrape, with its kind and the labels of its series.
fn told(text: &str) -> BTreeMap<String, Told> {
    let mut told: BTreeMap<String, Told> = BTreeMap::new();
    let mut name = String::new();
    for line in text.lines() {
        if let Some(typed) = line.strip_prefix("# TYPE ") {
            let (metric, kind) = typed.split_once(' ').unwrap();
            name = metric.to_owned();
            told.insert(name.clone(), Told { kind: kind.to_owned(), labels: BTreeSet::new() });
        } else if let Some((_, labels)) = line.split_once('{').filter(|_| !line.starts_with('#')) {
            let (labels, _) = labels.rsplit_once('}').unwrap();
            let names = labels.split(",").filter_map(|label| label.split_once("=\"")).map(|(name, _)| name);
            let names = names.filter(|name| *name != "le").map(str::to_owned);
            told.get_mut(&name).unwrap().labels.extend(names);
        }
    }
    told
}

async fn until_answered(api: &Api) -> String {
    let begun = Instant::now();
    loop {
        let text = api.text("/metrics").await;
        if text.contains("deskhand_answer_seconds_count 1") {
            return text;
        }
        assert!(begun.elapsed() < PATIENCE, "no answer was counted: {text}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scrape_has_the_metrics_that_the_fleet_is_made_with_and_no_others() {
    // Nobody is there: a breaker is told of, and so are spans.
    let place = Place::new()
        .with("DESKHAND_OTLP__ENDPOINT", "http://127.0.0.1:9")
        .with("DESKHAND_SMTP__URL", "smtp://127.0.0.1:9")
        .with("DESKHAND_SMTP__FROM", "desk@example.org");
    let mut process = place.start("desk", &[]);
    let url = process.ready().await;
    let owner = set_up(&process, &url).await;
    let key = owner.get("/api/v1/channels").await["items"][0]["key"].clone();
    let begun = owner.at(&url, "").post("/widget/v1/conversations", &json!({"channel": key})).await;
    let visitor = owner.at(&url, begun["visitor_token"].as_str().unwrap());
    let id = begun["conversation"]["id"].as_str().unwrap();
    let path = format!("/widget/v1/conversations/{id}/messages");
    visitor.post(&path, &json!({"text": "Can I speak with a person?"})).await;

    let told = told(&until_answered(&owner).await);
    for (name, told) in &told {
        let metric = METRICS.iter().find(|metric| metric.name == name);
        let metric = metric.unwrap_or_else(|| panic!("{name} is not in deploy::metrics"));
        let kind = match metric.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        assert_eq!(told.kind, kind, "{name}");
        let labels: BTreeSet<String> = metric.labels.iter().map(|label| (*label).to_owned()).collect();
        assert_eq!(told.labels, labels, "{name}");
    }
    let missing: Vec<&str> =
        METRICS.iter().map(|metric| metric.name).filter(|name| !told.contains_key(*name)).collect();
    assert_eq!(missing, QUIET, "the program does not export these");
}
