//! What scales a workload, against the workload: replicas that are written beside it, targets that are not there,
//! shares of requests that nobody makes, times that count for nothing.

use std::collections::HashMap;

use serde_json::Value;

use super::autoscaler::{Scaler, told};
use super::value::{listed, text, whole};
use super::world::{Workload, World, name_of};
use super::{Found, Says, Severity, at, then};

pub(super) fn check(world: &World<'_>, found: &mut Found) {
    let mut targets: HashMap<(&str, &str, &str), &Scaler<'_>> = HashMap::new();
    for scaler in world.scalers() {
        range(world, found, scaler);
        cooldown(world, found, scaler);
        let target = (scaler.namespace, scaler.target_kind, scaler.target_name);
        match targets.get(&target) {
            Some(other) => twice(world, found, scaler, other),
            None => {
                targets.insert(target, scaler);
            }
        }
        let Some((index, workload)) = world.scaled_by(scaler) else {
            missing(world, found, scaler);
            continue;
        };
        replicas(world, found, scaler, workload);
        requests(world, found, scaler, workload);
        foreign_metric(world, found, scaler, index);
    }
}

fn range(world: &World<'_>, found: &mut Found, scaler: &Scaler<'_>) {
    let (least, most) = (scaler.least(), scaler.most());
    if least <= most && most > 0 {
        return;
    }
    let says = Says {
        what: format!("replicas from {least} to {most} are no range"),
        remedy: "make the least at most the most".to_owned(),
        timeline: vec![at(0, "it is applied, and refused"), then("the number of replicas follows nothing")],
    };
    found.add(world, ("autoscaler-range", Severity::Error), (scaler.object, "/spec"), says);
}

/// `spec.replicas` beside an autoscaler.
fn replicas(world: &World<'_>, found: &mut Found, scaler: &Scaler<'_>, workload: &Workload<'_>) {
    let Some(written) = workload.replicas else { return };
    let most = scaler.most();
    if most <= scaler.least() || !workload.stays() {
        return;
    }
    let from = most;
    let mut timeline = vec![
        at(
            0,
            format!(
                "the load is high: {} runs {from} replicas of {}",
                scaler.title(),
                workload.object.name()
            ),
        ),
        at(1, format!("the manifests are applied again, for whatever reason: replicas is {written}")),
    ];
    if written < from {
        timeline.push(at(2, format!("{} pods are ended in the middle of their work", from - written)));
    }
    let back = scaler.play(written.max(1), from);
    for (secs, to) in told(&back, 3) {
        timeline.push(at(secs + 1, format!("{} goes to {to}", scaler.title())));
    }
    if let Some((secs, _)) = back.last() {
        timeline
            .push(then(format!("for {secs} s there were too few, until the next time that it is applied")));
    }
    let says = Says {
        what: format!(
            "replicas: {written} stands beside {}, which sets {} to {most}",
            scaler.title(),
            scaler.least()
        ),
        remedy: "leave replicas out, so that applying it again changes no number".to_owned(),
        timeline,
    };
    found.add(
        world,
        ("replicas-beside-autoscaler", Severity::Warning),
        (workload.object, "/spec/replicas"),
        says,
    );
}

fn missing(world: &World<'_>, found: &mut Found, scaler: &Scaler<'_>) {
    // Kinds of others can have a scale, and who has it is not known.
    if !matches!(scaler.target_kind, "Deployment" | "StatefulSet" | "ReplicaSet") {
        return;
    }
    let near = world.workloads.iter().find(|workload| workload.object.name() == scaler.target_name);
    let hint = match near {
        Some(near) => format!("; there is {} in namespace {}", near.title(), near.namespace),
        None => String::new(),
    };
    let says = Says {
        what: format!(
            "it scales {} {} of namespace {}, which is not there{hint}",
            scaler.target_kind, scaler.target_name, scaler.namespace
        ),
        remedy: "write the kind and the name of the workload, and put both into one namespace".to_owned(),
        timeline: vec![
            at(0, "the load rises"),
            at(
                15,
                format!(
                    "the controller looks for {} {} and finds nothing (FailedGetScale)",
                    scaler.target_kind, scaler.target_name
                ),
            ),
            at(30, "and again, every 15 s: the number of replicas stays as it is"),
        ],
    };
    found.add(
        world,
        ("autoscaler-target-missing", Severity::Error),
        (scaler.object, "/spec/scaleTargetRef"),
        says,
    );
}

fn twice(world: &World<'_>, found: &mut Found, scaler: &Scaler<'_>, other: &Scaler<'_>) {
    let (high, low) = (scaler.most().max(other.most()), scaler.least_active().min(other.least_active()));
    let says = Says {
        what: format!("it and {} both scale {} {}", other.title(), scaler.target_kind, scaler.target_name),
        remedy: "put both metrics into one of them: the larger number counts there".to_owned(),
        timeline: vec![
            at(0, format!("{} wants {high} replicas, {} wants {low}", scaler.title(), other.title())),
            at(
                15,
                format!(
                    "both look: one sets {high}, the other finds {high} and sets {low} as soon as its window allows"
                ),
            ),
            at(30, "and back again, every 15 s; pods are begun and ended without end"),
        ],
    };
    found.add(world, ("two-autoscalers", Severity::Error), (scaler.object, "/spec/scaleTargetRef"), says);
}

/// `cooldownPeriod` where nothing scales to zero.
fn cooldown(world: &World<'_>, found: &mut Found, scaler: &Scaler<'_>) {
    let value = &scaler.object.value;
    let Some(cooldown) = whole(value, "/spec/cooldownPeriod").filter(|_| scaler.is_keda) else { return };
    if scaler.least() == 0 || value.pointer("/spec/idleReplicaCount").is_some() {
        return;
    }
    let (least, most) = (scaler.least(), scaler.most());
    let mut timeline = vec![at(0, format!("{most} replicas run, and the queue is empty"))];
    let changes = scaler.play(most, 0);
    timeline.extend(
        told(&changes, 3).into_iter().map(|(secs, to)| at(secs, format!("the autoscaler goes to {to}"))),
    );
    timeline.push(then(format!("cooldownPeriod {cooldown} played no part in it: it only counts on the way to 0, and the least is {least}")));
    let says = Says {
        what: format!("cooldownPeriod {cooldown} has no effect with minReplicaCount {least}"),
        remedy: "set advanced.horizontalPodAutoscalerConfig.behavior.scaleDown, which decides how fast replicas go".to_owned(),
        timeline,
    };
    found.add(
        world,
        ("cooldown-without-effect", Severity::Note),
        (scaler.object, "/spec/cooldownPeriod"),
        says,
    );
}

/// The resource of which a metric is a share, and the container that it asks, where it is one.
fn share_of(metric: &Value, is_keda: bool) -> Option<(&str, Option<&str>)> {
    if is_keda {
        let kind = text(metric, "/type").filter(|kind| matches!(*kind, "cpu" | "memory"))?;
        let target =
            text(metric, "/metricType").or_else(|| text(metric, "/metadata/type")).unwrap_or("Utilization");
        return (target == "Utilization").then(|| (kind, text(metric, "/metadata/containerName")));
    }
    let (key, container) = match text(metric, "/type")? {
        "Resource" => ("resource", None),
        "ContainerResource" => ("containerResource", text(metric, "/containerResource/container")),
        _ => return None,
    };
    metric.pointer(&format!("/{key}/target/averageUtilization"))?;
    Some((text(metric, &format!("/{key}/name"))?, container))
}

/// Whether a container requests a resource, by itself, by its limit, or by the namespace's defaults.
pub(super) fn requests_some(
    world: &World<'_>,
    workload: &Workload<'_>,
    container: &Value,
    resource: &str,
) -> bool {
    let has = |list: &str| container.pointer(&format!("/resources/{list}/{resource}")).is_some();
    let of_pod = || workload.pod.pointer(&format!("/resources/requests/{resource}")).is_some();
    let by_default = || {
        world.of_kind("LimitRange").filter(|range| world.namespace(range) == workload.namespace).any(
            |range| {
                super::value::items(&range.value, "/spec/limits").iter().any(|limit| {
                    let has = |list: &str| limit.pointer(&format!("/{list}/{resource}")).is_some();
                    text(limit, "/type") == Some("Container") && (has("defaultRequest") || has("default"))
                })
            },
        )
    };
    has("requests") || has("limits") || of_pod() || by_default()
}

fn requests(world: &World<'_>, found: &mut Found, scaler: &Scaler<'_>, workload: &Workload<'_>) {
    if workload.is_made {
        return;
    }
    let value = &scaler.object.value;
    let mut shares: Vec<(&str, Option<&str>, String)> = scaler
        .metrics()
        .filter_map(|(metric, pointer)| {
            share_of(metric, scaler.is_keda).map(|(name, of)| (name, of, pointer))
        })
        .collect();
    if whole(value, "/spec/targetCPUUtilizationPercentage").is_some() {
        shares.push(("cpu", None, "/spec/targetCPUUtilizationPercentage".to_owned()));
    }
    for (resource, only, pointer) in shares {
        let silent: Vec<&str> = workload
            .running()
            .filter(|(container, _)| only.is_none_or(|only| only == name_of(container)))
            .filter(|(container, _)| !requests_some(world, workload, container, resource))
            .map(|(container, _)| name_of(container))
            .collect();
        if silent.is_empty() {
            continue;
        }
        let least = scaler.least_active();
        let says = Says {
            what: format!(
                "it follows the {resource} as a share of what {} requests, and container {} requests none",
                workload.title(),
                listed(&silent)
            ),
            remedy: format!(
                "give every container of the pod a request for {resource}, or name one container by ContainerResource"
            ),
            timeline: vec![
                at(0, format!("{least} replicas run, and the load rises tenfold")),
                at(
                    15,
                    format!(
                        "the controller adds up the requests of the pod: missing request for {resource} in container {}",
                        listed(&silent)
                    ),
                ),
                at(
                    30,
                    format!("FailedGetResourceMetric, every 15 s: {least} replicas, however high the load"),
                ),
            ],
        };
        found.add(world, ("autoscaler-without-requests", Severity::Error), (scaler.object, &pointer), says);
    }
}

/// A metric of pods that another program exports.
fn foreign_metric(world: &World<'_>, found: &mut Found, scaler: &Scaler<'_>, index: usize) {
    let Some(workload) = world.workloads.get(index) else { return };
    for (metric, pointer) in scaler.metrics() {
        let Some(name) = text(metric, "/pods/metric/name").filter(|_| text(metric, "/type") == Some("Pods"))
        else {
            continue;
        };
        let exporter = ["kafka_consumer", "kafka_topic", "kube_", "node_", "rabbitmq_queue", "redis_", "pg_"]
            .into_iter()
            .find(|prefix| name.starts_with(prefix));
        let is_it = |prefix: &str| {
            let word = prefix.split('_').next().unwrap_or(prefix);
            workload.object.name().contains(word)
        };
        let Some(prefix) = exporter.filter(|prefix| !is_it(prefix)) else { continue };
        let says = Says {
            what: format!(
                "{name} is asked of the pods of {}, and an exporter of {prefix}… has it",
                workload.title()
            ),
            remedy: "use a metric of type External, which is asked by its labels".to_owned(),
            timeline: vec![
                at(0, "the lag grows"),
                at(15, format!("the controller asks for {name} of each pod: no pod has such a metric")),
                at(
                    30,
                    format!(
                        "FailedGetPodsMetric, every 15 s: {} replicas, however long the queue",
                        scaler.least_active()
                    ),
                ),
            ],
        };
        found.add(world, ("metric-of-other-pods", Severity::Error), (scaler.object, &pointer), says);
    }
}
