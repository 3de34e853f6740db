//! ResourceQuotas, against the replicas of their namespace, during an update and at the most.

use serde_json::Value;

use super::requests::of_pod;
use super::rollout::{deadline, steps};
use super::value::{cores, items, listed, memory, milli, shown};
use super::world::{Workload, World, name_of};
use super::{Found, Says, Severity, at, then};
use crate::manifests::Object;

pub(super) fn check(world: &World<'_>, found: &mut Found) {
    for quota in world.of_kind("ResourceQuota") {
        // One with a scope counts some pods, and which they are is not known.
        if quota.value.pointer("/spec/scopes").is_some()
            || quota.value.pointer("/spec/scopeSelector").is_some()
        {
            continue;
        }
        let hard = quota.value.pointer("/spec/hard").and_then(Value::as_object);
        for (key, value) in hard.into_iter().flatten() {
            let Some((list, resource)) = counted(key) else { continue };
            let Some(most) = milli(value) else { continue };
            without(world, found, quota, (list, resource));
            full(world, found, quota, (key, list, resource, most));
        }
    }
}

/// What a key of a quota counts.
fn counted(key: &str) -> Option<(&'static str, &'static str)> {
    Some(match key {
        "cpu" | "requests.cpu" => ("requests", "cpu"),
        "memory" | "requests.memory" => ("requests", "memory"),
        "limits.cpu" => ("limits", "cpu"),
        "limits.memory" => ("limits", "memory"),
        "pods" | "count/pods" => ("pods", "pods"),
        _ => return None,
    })
}

fn amount(resource: &str, milli: i64) -> String {
    match resource {
        "cpu" => format!("{} cores", cores(milli)),
        "memory" => memory(milli),
        _ => format!("{} pods", milli / 1_000),
    }
}

/// What one pod takes of it.
fn each(workload: &Workload<'_>, list: &str, resource: &str) -> i64 {
    if list == "pods" { 1_000 } else { of_pod(workload, resource, list) }
}

fn of_namespace<'w, 'a>(
    world: &'w World<'a>,
    quota: &Object,
) -> impl Iterator<Item = (usize, &'w Workload<'a>)> + use<'w, 'a> {
    let namespace = world.namespace(quota).to_owned();
    let is_there = move |workload: &Workload<'_>| {
        workload.namespace == namespace && !workload.is_made && workload.object.kind() != "DaemonSet"
    };
    world.workloads.iter().enumerate().filter(move |(_, workload)| is_there(workload))
}

fn full(
    world: &World<'_>,
    found: &mut Found,
    quota: &Object,
    (key, list, resource, most): (&str, &str, &str, i64),
) {
    let (mut usual, mut peak) = (0_i64, 0_i64);
    let mut surges: Vec<(&Workload<'_>, i64, i64)> = Vec::new();
    for (index, workload) in of_namespace(world, quota) {
        let one = each(workload, list, resource);
        let (least, many) = world.replicas(index);
        usual = usual.saturating_add(one.saturating_mul(least));
        peak = peak.saturating_add(one.saturating_mul(many));
        if let Some((surge, gone)) = steps(workload, least)
            && surge > 0
            && gone == 0
        {
            surges.push((workload, surge, one));
        }
    }
    let pointer = format!("/spec/hard/{}", key.replace('/', "~1"));
    let hard = amount(resource, most);
    if usual > most {
        let says = Says {
            what: format!(
                "the replicas of the namespace take {} of {key}, and it has {hard}",
                amount(resource, usual)
            ),
            remedy: "raise the quota, or request less".to_owned(),
            timeline: vec![
                at(0, "everything is applied"),
                at(1, format!("pods are made until {hard} are taken; the rest is refused: exceeded quota")),
                then("the controllers try again for ever, and some workloads never have all their replicas"),
            ],
        };
        return found.add(world, ("quota-exceeded", Severity::Error), (quota, &pointer), says);
    }
    let blocked = surges.iter().find(|(_, surge, one)| {
        *one > 0 && usual.saturating_add(surge.saturating_mul(*one).min(*one)) > most
    });
    if let Some((workload, surge, one)) = blocked {
        let says = Says {
            what: format!(
                "an update of {} begins {surge} pod more, of {}, and of {hard} only {} are left",
                workload.title(),
                amount(resource, *one),
                amount(resource, most - usual)
            ),
            remedy: format!("leave room in the quota for one pod more than {}", amount(resource, usual)),
            timeline: vec![
                at(0, format!("all replicas run, and take {} of {hard}", amount(resource, usual))),
                at(
                    1,
                    "a new version is applied: maxUnavailable is 0, so a new pod has to come before an old one goes",
                ),
                at(2, format!("the new pod would take {}: refused, exceeded quota", amount(resource, *one))),
                at(deadline(workload), "no progress was made: the update has failed, and will each time"),
            ],
        };
        found.add(world, ("surge-exceeds-quota", Severity::Error), (quota, &pointer), says);
    }
    if peak > most {
        let says = Says {
            what: format!(
                "at their most replicas, the workloads of the namespace take {} of {key}, and it has {hard}",
                amount(resource, peak)
            ),
            remedy: "raise the quota, or lower the most replicas to what fits".to_owned(),
            timeline: vec![
                at(0, format!("the least replicas take {} of {hard}", amount(resource, usual))),
                at(15, "the load rises, and the autoscalers ask for their most"),
                at(
                    16,
                    format!(
                        "at {hard} pods are refused: exceeded quota; the autoscaler shows a number that is not there"
                    ),
                ),
            ],
        };
        found.add(world, ("scale-exceeds-quota", Severity::Warning), (quota, &pointer), says);
    }
}

/// Pods that say nothing of what the quota counts, which are refused.
fn without(world: &World<'_>, found: &mut Found, quota: &Object, (list, resource): (&str, &str)) {
    if list == "pods" {
        return;
    }
    let has_default = world.of_kind("LimitRange").any(|range| {
        world.namespace(range) == world.namespace(quota)
            && items(&range.value, "/spec/limits").iter().any(|limit| {
                limit.pointer(&format!("/default/{resource}")).is_some()
                    || (list == "requests" && limit.pointer(&format!("/defaultRequest/{resource}")).is_some())
            })
    });
    if has_default {
        return;
    }
    for (_, workload) in of_namespace(world, quota) {
        let says_it = |container: &Value| {
            let has = |list: &str| container.pointer(&format!("/resources/{list}/{resource}")).is_some();
            has(list) || (list == "requests" && has("limits"))
        };
        let silent: Vec<&str> = workload
            .all()
            .filter(|(container, _)| !says_it(container))
            .map(|(container, _)| name_of(container))
            .collect();
        if silent.is_empty() {
            continue;
        }
        let says = Says {
            what: format!(
                "container {} says nothing of {list} of {resource}, which ResourceQuota {} counts ({})",
                listed(&silent),
                quota.name(),
                quota.value.pointer("/spec/hard").map(shown).unwrap_or_default()
            ),
            remedy: format!("write {list} for {resource}, or give the namespace a LimitRange with a default"),
            timeline: vec![
                at(0, format!("{} is applied, and accepted", workload.title())),
                at(
                    1,
                    format!("its pods are refused: must specify {list}.{resource} for {}", listed(&silent)),
                ),
                then("there are 0 replicas, and only an event of the ReplicaSet says why"),
            ],
        };
        found.add(
            world,
            ("quota-needs-requests", Severity::Error),
            (workload.object, &workload.at("/containers/0/resources")),
            says,
        );
    }
}
