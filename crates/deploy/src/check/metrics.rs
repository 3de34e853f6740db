//! Metrics that rules, dashboards and autoscalers ask for, and that nobody exports.
//!
//! Deskhand's own are known one by one. Those of others are known by what their names begin with; of programs that are
//! not known at all nothing is said.

use std::collections::BTreeSet;

use serde_json::Value;

use super::value::{items, listed, text};
use super::world::World;
use super::{Found, Says, Severity, at, then};
use crate::manifests::Object;
use crate::metrics::{METRICS, exports};
use crate::promql;

/// Deskhand's names begin so.
const OURS: &str = "deskhand_";
/// Names of metrics that are often asked for and that no exporter has, with what there is.
const MISTAKEN: &[(&str, &str)] = &[
    ("kafka_consumer_lag", "kafka_consumergroup_lag"),
    ("kafka_consumer_group_lag", "kafka_consumergroup_lag"),
    ("kafka_lag", "kafka_consumergroup_lag"),
    ("container_cpu_usage", "container_cpu_usage_seconds_total"),
    ("kube_pod_restarts_total", "kube_pod_container_status_restarts_total"),
    ("node_memory_usage", "node_memory_MemAvailable_bytes"),
];
/// The largest text of an expression that is looked at, in bytes.
const MOST_BYTES: usize = 20_000;
/// The most maps and lists within each other that are looked through for expressions.
const MOST_DEPTH: usize = 40;

pub(super) fn check(world: &World<'_>, found: &mut Found) {
    let recorded = recorded(world);
    for object in world.objects {
        for (expression, pointer) in asked(object) {
            if expression.len() > MOST_BYTES {
                continue;
            }
            for name in promql::series(&expression) {
                if !recorded.contains(&name) {
                    judge(world, found, (object, &pointer), &name);
                }
            }
        }
    }
}

fn groups(object: &Object) -> impl Iterator<Item = (&Value, String)> {
    let groups = items(&object.value, "/spec/groups").iter().enumerate();
    groups.flat_map(|(group, value)| {
        let rules = items(value, "/rules").iter().enumerate();
        rules.map(move |(rule, value)| (value, format!("/spec/groups/{group}/rules/{rule}")))
    })
}

/// Names that rules of the manifests make.
fn recorded(world: &World<'_>) -> BTreeSet<String> {
    let rules = world.objects.iter().filter(|object| matches!(object.kind(), "PrometheusRule" | "Rules"));
    let mut names: BTreeSet<String> = rules
        .flat_map(|object| groups(object).collect::<Vec<_>>())
        .filter_map(|(rule, _)| text(rule, "/record").map(str::to_owned))
        .collect();
    // Rules in the text of a ConfigMap: a line `record: NAME`.
    for map in world.of_kind("ConfigMap") {
        let data = map.value.get("data").and_then(Value::as_object);
        for line in data.into_iter().flatten().filter_map(|(_, text)| text.as_str()).flat_map(str::lines) {
            let line = line.trim_start().trim_start_matches("- ");
            if let Some(name) = line.strip_prefix("record:") {
                names.insert(name.trim().trim_matches(['"', '\'']).to_owned());
            }
        }
    }
    names
}

/// The expressions of an object, with the pointers to them.
fn asked(object: &Object) -> Vec<(String, String)> {
    let mut all = Vec::new();
    match object.kind() {
        "PrometheusRule" | "Rules" => {
            all.extend(groups(object).filter_map(|(rule, pointer)| {
                Some((text(rule, "/expr")?.to_owned(), format!("{pointer}/expr")))
            }));
        }
        "Dashboard" => expressions(&object.value, "", 0, &mut all),
        "ConfigMap" => {
            let data = object.value.get("data").and_then(Value::as_object);
            for (key, value) in data.into_iter().flatten() {
                let pointer = format!("/data/{}", key.replace('~', "~0").replace('/', "~1"));
                in_text(value.as_str().unwrap_or_default(), &pointer, &mut all);
            }
        }
        "HorizontalPodAutoscaler" | "ScaledObject" => {
            let list = if object.kind() == "ScaledObject" { "/spec/triggers" } else { "/spec/metrics" };
            for (index, metric) in items(&object.value, list).iter().enumerate() {
                let kinds = ["/pods/metric/name", "/external/metric/name", "/object/metric/name"];
                let by_name = kinds.iter().find_map(|pointer| text(metric, pointer));
                let by_query = || {
                    text(metric, "/metadata/query").filter(|_| text(metric, "/type") == Some("prometheus"))
                };
                // What KEDA makes of its own triggers has names of its own.
                let name = by_name.filter(|name| {
                    name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
                });
                if let Some(asked) = name.or_else(by_query) {
                    all.push((asked.to_owned(), format!("{list}/{index}")));
                }
            }
        }
        _ => {}
    }
    all
}

/// Every `expr` below a value, as dashboards have them.
fn expressions(value: &Value, pointer: &str, depth: usize, all: &mut Vec<(String, String)>) {
    if depth > MOST_DEPTH {
        return;
    }
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let pointer = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
                match value.as_str().filter(|_| key == "expr") {
                    Some(expression) => all.push((expression.to_owned(), pointer)),
                    None => expressions(value, &pointer, depth + 1, all),
                }
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                expressions(value, &format!("{pointer}/{index}"), depth + 1, all);
            }
        }
        _ => {}
    }
}

/// The expressions of a dashboard, or of rules, in the text of a ConfigMap.
fn in_text(text: &str, pointer: &str, all: &mut Vec<(String, String)>) {
    let beginning = text.trim_start();
    if beginning.starts_with('{') && text.contains("\"expr\"") {
        if let Ok(value) = serde_json::from_str::<Value>(text) {
            let mut within = Vec::new();
            expressions(&value, "", 0, &mut within);
            all.extend(within.into_iter().map(|(expression, _)| (expression, pointer.to_owned())));
        }
        return;
    }
    if !text.contains("expr:") || !text.contains("groups:") {
        return;
    }
    for line in text.lines() {
        let line = line.trim_start().trim_start_matches("- ");
        if let Some(expression) = line.strip_prefix("expr:") {
            all.push((expression.trim().trim_matches(['\'', '"']).to_owned(), pointer.to_owned()));
        }
    }
}

fn judge(world: &World<'_>, found: &mut Found, place: (&Object, &str), name: &str) {
    let mistaken = MISTAKEN.iter().find(|(wrong, _)| *wrong == name).map(|(_, right)| (*right).to_owned());
    let right = match mistaken {
        Some(right) => right,
        None if name.starts_with(OURS) && !exports(name) => {
            let near: Vec<&str> = nearest(name).into_iter().collect();
            if near.is_empty() { "one that the program exports".to_owned() } else { listed(&near) }
        }
        None => return,
    };
    let follows = matches!(place.0.kind(), "HorizontalPodAutoscaler" | "ScaledObject");
    let effect = if follows {
        vec![
            at(15, "the autoscaler asks for it, and nothing has it: FailedGetMetric".to_owned()),
            then("the number of replicas stays as it is, however high the load"),
        ]
    } else {
        vec![
            at(
                60,
                "the expression is looked at, each minute, and gives nothing: that is no error".to_owned(),
            ),
            then("what it should tell of happens, and nobody is told"),
        ]
    };
    let mut timeline = vec![at(0, format!("no target of Prometheus has {name}"))];
    timeline.extend(effect);
    let says = Says {
        what: format!("it asks for {name}, which nobody exports"),
        remedy: format!("ask for {right}"),
        timeline,
    };
    found.add(world, ("metric-not-exported", Severity::Error), place, says);
}

/// The one of the program's metrics that has most of its words.
fn nearest(name: &str) -> Option<&'static str> {
    let words: BTreeSet<&str> = name.split('_').collect();
    let common = |metric: &str| metric.split('_').filter(|word| words.contains(word)).count();
    METRICS
        .iter()
        .map(|metric| metric.name)
        .max_by_key(|metric| common(metric))
        .filter(|metric| common(metric) > 1)
}
