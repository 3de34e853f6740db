//! What pods request, against the nodes that there are, and against their own limits.

use serde_json::Value;

use super::scaling::requests_some;
use super::value::{cores, items, listed, memory, milli, shown, text};
use super::world::{Workload, World, name_of};
use super::{Found, Says, Severity, at, then};

pub(super) fn check(world: &World<'_>, found: &mut Found) {
    let nodes = nodes(world);
    for (index, workload) in world.workloads.iter().enumerate() {
        if workload.is_made {
            continue;
        }
        limits(world, found, workload);
        silent(world, found, workload);
        size(world, found, index, &nodes);
    }
}

/// What a pod requests of the CPU and of memory, in thousandths: the larger of what runs at once and of each init
/// container, and what is beside it.
pub(super) fn of_pod(workload: &Workload<'_>, resource: &str, list: &str) -> i64 {
    let of = |container: &Value| {
        let named = |list: &str| container.pointer(&format!("/resources/{list}/{resource}")).and_then(milli);
        let written = named(list);
        // A limit is a request where there is none.
        if list == "requests" { written.or_else(|| named("limits")) } else { written }.unwrap_or(0)
    };
    let mut stays = 0_i64;
    let mut largest = 0_i64;
    for container in items(workload.pod, "/initContainers") {
        if text(container, "/restartPolicy") == Some("Always") {
            stays = stays.saturating_add(of(container));
            largest = largest.max(stays);
        } else {
            largest = largest.max(stays.saturating_add(of(container)));
        }
    }
    let running =
        items(workload.pod, "/containers").iter().fold(stays, |sum, one| sum.saturating_add(of(one)));
    let beside = workload.pod.pointer(&format!("/overhead/{resource}")).and_then(milli).unwrap_or(0);
    running.max(largest).saturating_add(beside)
}

/// The nodes: those of the manifests, and the largest that there may be.
fn nodes(world: &World<'_>) -> Vec<(String, i64, i64)> {
    let of = |node: &crate::manifests::Object, resource: &str| {
        let at = |list: &str| node.value.pointer(&format!("/status/{list}/{resource}")).and_then(milli);
        at("allocatable").or_else(|| at("capacity"))
    };
    let mut nodes: Vec<(String, i64, i64)> = world
        .of_kind("Node")
        .filter_map(|node| Some((format!("Node {}", node.name()), of(node, "cpu")?, of(node, "memory")?)))
        .collect();
    if let Some(node) = world.options.node {
        let memory_milli = node.memory_bytes.saturating_mul(1_000);
        nodes.push(("the named node".to_owned(), node.cpu_milli, memory_milli));
    }
    nodes
}

fn size(world: &World<'_>, found: &mut Found, index: usize, nodes: &[(String, i64, i64)]) {
    let Some(workload) = world.workloads.get(index) else { return };
    let (cpu, bytes) = (of_pod(workload, "cpu", "requests"), of_pod(workload, "memory", "requests"));
    let largest = nodes.iter().max_by_key(|(_, cpu, memory)| (*cpu, *memory));
    let Some((name, most_cpu, most_bytes)) = largest else { return };
    if nodes.iter().any(|(_, most_cpu, most_bytes)| cpu <= *most_cpu && bytes <= *most_bytes) {
        return;
    }
    let (_, most) = world.replicas(index);
    let says = Says {
        what: format!(
            "a pod requests {} cores and {} of memory, and {name}, the largest, has {} and {}",
            cores(cpu),
            memory(bytes),
            cores(*most_cpu),
            memory(*most_bytes)
        ),
        remedy: "request less, or have larger nodes".to_owned(),
        timeline: vec![
            at(0, format!("{most} pods are made")),
            at(
                1,
                "the scheduler looks at every node: Insufficient cpu or memory on each, also on an empty one"
                    .to_owned(),
            ),
            at(10, "a cluster that adds nodes adds none: a new one of this size would not help".to_owned()),
            then("they are Pending, for ever"),
        ],
    };
    found.add(
        world,
        ("request-exceeds-node", Severity::Error),
        (workload.object, &workload.at("/containers/0/resources")),
        says,
    );
}

fn limits(world: &World<'_>, found: &mut Found, workload: &Workload<'_>) {
    for (container, pointer) in workload.all() {
        for list in ["requests", "limits"] {
            let resources = container.pointer(&format!("/resources/{list}")).and_then(Value::as_object);
            for (resource, value) in resources.into_iter().flatten() {
                let place = format!("{pointer}/resources/{list}/{resource}");
                if milli(value).is_none_or(|amount| amount < 0) {
                    let says = Says {
                        what: format!(
                            "{} is no quantity ({list} of {resource}, container {})",
                            shown(value),
                            name_of(container)
                        ),
                        remedy: "write a number with a unit that Kubernetes knows, such as 250m or 512Mi"
                            .to_owned(),
                        timeline: vec![at(0, "it is applied, and refused: nothing of it changes")],
                    };
                    found.add(world, ("bad-quantity", Severity::Error), (workload.object, &place), says);
                    continue;
                }
                let limit = container.pointer(&format!("/resources/limits/{resource}"));
                let (Some(request), Some(most)) = (milli(value), limit.and_then(milli)) else { continue };
                if list == "requests" && request > most {
                    let says = Says {
                        what: format!(
                            "container {} requests {} of {resource} and is limited to {}",
                            name_of(container),
                            shown(value),
                            limit.map(shown).unwrap_or_default()
                        ),
                        remedy: "let the limit be at least the request".to_owned(),
                        timeline: vec![at(
                            0,
                            "it is applied, and refused: must be less than or equal to the limit",
                        )],
                    };
                    found.add(
                        world,
                        ("request-above-limit", Severity::Error),
                        (workload.object, &place),
                        says,
                    );
                }
            }
        }
    }
}

/// Containers that say nothing of what they need.
fn silent(world: &World<'_>, found: &mut Found, workload: &Workload<'_>) {
    let without = |resource: &str| -> Vec<&str> {
        let silent = |(container, _): &(&Value, String)| !requests_some(world, workload, container, resource);
        workload.running().filter(silent).map(|(container, _)| name_of(container)).collect()
    };
    let unlimited: Vec<&str> = workload
        .running()
        .filter(|(container, _)| container.pointer("/resources/limits/memory").is_none())
        .filter(|_| workload.pod.pointer("/resources/limits/memory").is_none())
        .map(|(container, _)| name_of(container))
        .collect();
    let (cpu, memory) = (without("cpu"), without("memory"));
    for (id, names, what, happens) in [
        (
            "cpu-request-missing",
            cpu,
            "requests no CPU",
            [
                "a neighbour on its node uses every core",
                "it has the least share of the CPU there is, and its probes time out",
            ],
        ),
        (
            "memory-request-missing",
            memory,
            "requests no memory",
            [
                "the scheduler counts it as nothing and fills the node",
                "memory runs out, and of all pods those without a request are ended first",
            ],
        ),
        (
            "memory-limit-missing",
            unlimited,
            "has no limit for memory",
            [
                "it leaks, and nothing stops it",
                "the node runs out of memory, and pods beside it are ended too",
            ],
        ),
    ] {
        if names.is_empty() {
            continue;
        }
        let says = Says {
            what: format!("container {} {what}", listed(&names)),
            remedy: "say what it needs, and limit its memory".to_owned(),
            timeline: vec![at(0, happens[0]), then(happens[1])],
        };
        found.add(world, (id, Severity::Note), (workload.object, &workload.at("/containers/0")), says);
    }
}
