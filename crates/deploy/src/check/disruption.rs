//! PodDisruptionBudgets against what they protect: a drain that waits for ever.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::autoscaler::{Scaler, told};
use super::value::{count, listed, share, shown};
use super::world::World;
use super::{Found, Moment, Says, Severity, at};
use crate::manifests::Object;

/// The most replicas that are tried one by one.
const MOST_REPLICAS: i64 = 2_000;
/// How often `kubectl drain` asks again, in seconds.
const RETRY_SECS: u64 = 5;

pub(super) fn check(world: &World<'_>, found: &mut Found) {
    let mut owners: HashMap<usize, &Object> = HashMap::new();
    for budget in world.of_kind("PodDisruptionBudget") {
        let selector = budget.value.pointer("/spec/selector").cloned().unwrap_or_else(|| json!({}));
        let chosen = world.selected(world.namespace(budget), &selector);
        for index in &chosen {
            match owners.get(index) {
                Some(other) => overlap(world, found, (budget, other), *index),
                None => {
                    owners.insert(*index, budget);
                }
            }
        }
        if chosen.is_empty() {
            nothing(world, found, budget);
            continue;
        }
        blocks(world, found, budget, &chosen);
        unready(world, found, budget, &chosen);
    }
}

/// How many pods a budget wants to be healthy, of so many.
fn wanted(budget: &Object, replicas: i64) -> Option<(i64, String, &'static str)> {
    let of = |pointer| budget.value.pointer(pointer).filter(|value: &&Value| !value.is_null());
    if let Some(value) = of("/spec/maxUnavailable") {
        let lost = share(value, replicas, true)?;
        return Some((
            (replicas - lost).max(0),
            format!("maxUnavailable {}", shown(value)),
            "/spec/maxUnavailable",
        ));
    }
    let value = of("/spec/minAvailable")?;
    Some((share(value, replicas, true)?, format!("minAvailable {}", shown(value)), "/spec/minAvailable"))
}

/// The fewest replicas, at least one, at which no pod may be evicted.
fn blocked_at(budget: &Object, least: i64, most: i64) -> Option<i64> {
    let range = least.max(1)..=most.min(least.saturating_add(MOST_REPLICAS));
    range
        .into_iter()
        .find(|replicas| wanted(budget, *replicas).is_some_and(|(wanted, ..)| wanted >= *replicas))
}

fn blocks(world: &World<'_>, found: &mut Found, budget: &Object, chosen: &[usize]) {
    let ranges: Vec<(i64, i64)> = chosen.iter().map(|index| world.replicas(*index)).collect();
    let least: i64 = ranges.iter().fold(0, |sum, (least, _)| sum.saturating_add(*least));
    let most: i64 = ranges.iter().fold(0, |sum, (_, most)| sum.saturating_add(*most));
    // Pods of a DaemonSet are not drained, and what an operator makes has its own number.
    let is_counted = |index: &usize| {
        world.workloads.get(*index).is_some_and(|workload| {
            let is_known = !workload.is_made || workload.replicas.is_some();
            is_known && !matches!(workload.object.kind(), "DaemonSet" | "Job" | "CronJob")
        })
    };
    if !chosen.iter().all(is_counted) {
        return;
    }
    let Some(replicas) = blocked_at(budget, least, most) else { return };
    let Some((healthy, rule, pointer)) = wanted(budget, replicas) else { return };
    let Some(workload) = chosen.first().and_then(|index| world.workloads.get(*index)) else { return };
    let scaler = chosen.iter().find_map(|index| world.scaler_of(*index));
    let mut timeline = Vec::new();
    let start = workload.replicas.filter(|_| scaler.is_none()).unwrap_or(most);
    let mut now = 0;
    match scaler {
        Some(scaler) if most > replicas => {
            now = falls(&mut timeline, scaler, start.max(replicas + 1), replicas)
        }
        _ => timeline.push(at(
            0,
            format!("{} of {}: all there, all ready", count(replicas, "replica"), workload.title()),
        )),
    }
    let healthy = healthy.min(replicas.max(healthy));
    timeline.push(at(
        now + 60,
        format!("a node with one of them is drained: {rule} asks for {healthy} of {replicas} to be healthy, so 0 may go"),
    ));
    timeline
        .push(at(now + 60 + RETRY_SECS, "the eviction is refused with 429, and asked for again every 5 s"));
    let always = scaler.is_none_or(|scaler| scaler.most() <= replicas);
    timeline.push(at(
        now + 660,
        if always {
            "it is still refused: the drain waits for ever, and with it the node's upgrade"
        } else {
            "nothing has scaled up meanwhile: the drain waits for as long as the load is low"
        },
    ));
    let name = workload.title();
    let what = match scaler {
        Some(scaler) => format!(
            "{rule} allows no eviction at the {} to which {} can scale {name}",
            count(replicas, "replica"),
            scaler.title()
        ),
        None => format!("{rule} allows no eviction of the {} of {name}", count(replicas, "replica")),
    };
    let remedy = if replicas == 1 && most == 1 {
        "run two replicas with maxUnavailable 1, or take the budget away and accept that a drain interrupts it"
    } else {
        "write maxUnavailable: 1 instead, which leaves one to go at every number of replicas"
    };
    let says = Says { what, remedy: remedy.to_owned(), timeline };
    found.add(world, ("pdb-blocks-drain", Severity::Error), (budget, pointer), says);
}

/// Plays how the autoscaler goes down to `replicas`; gives the second at which it is there.
fn falls(timeline: &mut Vec<Moment>, scaler: &Scaler<'_>, from: i64, replicas: i64) -> u64 {
    timeline.push(at(0, format!("{from} replicas run, and the load ends")));
    let until: Vec<(u64, i64)> = scaler.play(from, 0).into_iter().filter(|(_, to)| *to >= replicas).collect();
    for (secs, to) in told(&until, 3) {
        timeline.push(at(secs, format!("{} goes to {to}", scaler.title())));
    }
    until.last().map_or(0, |(secs, _)| *secs)
}

fn nothing(world: &World<'_>, found: &mut Found, budget: &Object) {
    let labels = budget.value.pointer("/spec/selector").map(Value::to_string).unwrap_or_default();
    let says = Says {
        what: format!("its selector {labels} finds no pod of these manifests"),
        remedy: "write the labels that the pods have, or take it away".to_owned(),
        timeline: vec![
            at(0, "a node is drained with every replica on it".to_owned()),
            at(1, "no budget finds the pods: all evictions are allowed at once"),
            at(2, "what was to be protected has no replica"),
        ],
    };
    found.add(world, ("pdb-selects-nothing", Severity::Warning), (budget, "/spec/selector"), says);
}

fn overlap(world: &World<'_>, found: &mut Found, (budget, other): (&Object, &Object), index: usize) {
    let Some(workload) = world.workloads.get(index) else { return };
    let names = listed(&[other.name(), budget.name()]);
    let says = Says {
        what: format!(
            "it and PodDisruptionBudget {} both select the pods of {}",
            other.name(),
            workload.title()
        ),
        remedy: "keep one of them".to_owned(),
        timeline: vec![
            at(0, format!("a node with a pod of {} is drained", workload.title())),
            at(
                1,
                format!(
                    "the eviction finds the budgets {names} and is refused with 500: it does not support more than one"
                ),
            ),
            at(1 + RETRY_SECS, "the drain asks again, and again, however many replicas are healthy"),
        ],
    };
    found.add(world, ("pdb-overlap", Severity::Error), (budget, "/spec/selector"), says);
}

/// Pods that never become ready and may not be evicted either.
fn unready(world: &World<'_>, found: &mut Found, budget: &Object, chosen: &[usize]) {
    if budget.value.pointer("/spec/unhealthyPodEvictionPolicy").and_then(Value::as_str) == Some("AlwaysAllow")
    {
        return;
    }
    let least: i64 = chosen.iter().fold(0, |sum, index| sum.saturating_add(world.replicas(*index).0.max(1)));
    let Some((healthy, rule, _)) = wanted(budget, least) else { return };
    // With none to spare, the finding about the drain says it already.
    if healthy <= 0 || healthy >= least {
        return;
    }
    let broken = least - healthy + 1;
    let left = least - broken;
    let says = Says {
        what: format!(
            "without unhealthyPodEvictionPolicy AlwaysAllow, a drain waits for {} that never become ready",
            count(broken, "pod")
        ),
        remedy: "set unhealthyPodEvictionPolicy: AlwaysAllow".to_owned(),
        timeline: vec![
            at(
                0,
                format!(
                    "of {}, {broken} crash again and again, and {left} stay healthy",
                    count(least, "replica")
                ),
            ),
            at(
                60,
                format!(
                    "a node with a crashing one is drained: {rule} asks for {healthy} to be healthy, of which there are {left}"
                ),
            ),
            at(65, "the eviction of a pod that serves nobody is refused with 429, until somebody mends it"),
        ],
    };
    found.add(world, ("pdb-keeps-broken-pods", Severity::Note), (budget, "/spec"), says);
}
