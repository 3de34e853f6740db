//! Updates that lose capacity, or never end: how many pods go at once, volumes that only one may have, replicas that
//! share a node.

use serde_json::Value;

use super::value::{count, is_true, items, listed, share, shown, text, whole};
use super::world::{Workload, World, name_of};
use super::{Found, Says, Severity, at, then};

/// As much of the replicas may go during an update without a word: the default of Kubernetes, in per cent.
const FINE_PERCENT: i64 = 25;
/// What decides by majority, by words in the names of images.
const QUORUMS: &[&str] = &[
    "cassandra",
    "cockroach",
    "consul",
    "elasticsearch",
    "etcd",
    "kafka",
    "mongo",
    "nats",
    "opensearch",
    "rabbitmq",
    "redpanda",
    "scylla",
    "vault",
    "zookeeper",
];

pub(super) fn check(world: &World<'_>, found: &mut Found) {
    for (index, workload) in world.workloads.iter().enumerate() {
        if workload.is_made || !workload.stays() {
            continue;
        }
        unavailable(world, found, index, workload);
        volumes(world, found, index, workload);
        readiness(world, found, index, workload);
        together(world, found, index, workload);
    }
}

/// How many pods an update adds and takes away, of so many: `maxSurge` rounds up, `maxUnavailable` down.
pub(super) fn steps(workload: &Workload<'_>, replicas: i64) -> Option<(i64, i64)> {
    if workload.object.kind() != "Deployment" {
        return None;
    }
    let value = &workload.object.value;
    if text(value, "/spec/strategy/type") == Some("Recreate") {
        return Some((0, replicas));
    }
    let of = |key: &str, rounds_up| {
        let quarter = Value::from("25%");
        let written = value.pointer(&format!("/spec/strategy/rollingUpdate/{key}")).unwrap_or(&quarter);
        share(written, replicas, rounds_up)
    };
    let (surge, unavailable) = (of("maxSurge", true)?, of("maxUnavailable", false)?);
    // Kubernetes makes one of them 1 where both come to nothing.
    Some(if surge == 0 && unavailable == 0 { (0, 1) } else { (surge, unavailable) })
}

/// When a new pod can be ready at the earliest, in seconds.
pub(super) fn ready_secs(workload: &Workload<'_>) -> u64 {
    let delay = |(container, _): (&Value, String)| {
        let of = |probe: &str| whole(container, &format!("/{probe}/initialDelaySeconds")).unwrap_or(0);
        of("readinessProbe").max(of("startupProbe"))
    };
    let longest = workload.running().map(delay).max().unwrap_or(0);
    u64::try_from(longest.clamp(1, 3_600)).unwrap_or(1)
}

fn unavailable(world: &World<'_>, found: &mut Found, index: usize, workload: &Workload<'_>) {
    let (least, _) = world.replicas(index);
    let pointer = "/spec/strategy/rollingUpdate/maxUnavailable";
    let Some(written) = workload.object.value.pointer(pointer) else {
        return recreate(world, found, index, workload);
    };
    let Some((surge, gone)) = steps(workload, least) else { return };
    if gone <= 0 || least <= 0 || gone.saturating_mul(100) <= least.saturating_mul(FINE_PERCENT) {
        return;
    }
    let left = (least - gone).max(0);
    let percent = left * 100 / least;
    let ready = ready_secs(workload);
    let severity = if left == 0 && least > 1 { Severity::Error } else { Severity::Warning };
    let says = Says {
        what: format!(
            "maxUnavailable {} takes {} of {least} replicas away during an update, which leaves {percent} % of the capacity",
            shown(written),
            gone.min(least)
        ),
        remedy: "set maxUnavailable: 0 and maxSurge: 1, so that a new pod is ready before an old one goes"
            .to_owned(),
        timeline: vec![
            at(0, format!("{} can serve, and a new version is applied", count(least, "replica"))),
            at(
                1,
                format!(
                    "{} ended, {} begun: {left} of {least} can serve",
                    count(gone.min(least), "old pod"),
                    count(surge + gone.min(least), "new one")
                ),
            ),
            at(1 + ready, "the first new pod can be ready, if everything goes well".to_owned()),
            then(format!("until then {left} of {least} carry the whole load, at every step of the update")),
        ],
    };
    found.add(world, ("update-loses-capacity", severity), (workload.object, pointer), says);
}

fn recreate(world: &World<'_>, found: &mut Found, index: usize, workload: &Workload<'_>) {
    let (least, _) = world.replicas(index);
    let is_recreated = text(&workload.object.value, "/spec/strategy/type") == Some("Recreate");
    if !is_recreated || least < 2 || world.services_of(index).is_empty() {
        return;
    }
    let ready = ready_secs(workload);
    let says = Says {
        what: format!("the strategy Recreate ends all {least} replicas before the first new one begins"),
        remedy: "use RollingUpdate with maxUnavailable: 0, or say in an annotation why they may not run side by side".to_owned(),
        timeline: vec![
            at(0, format!("{least} replicas serve, and a new version is applied")),
            at(1, format!("all {least} are ended: the Service has no endpoint")),
            at(1 + ready, "the first new pod can be ready; until then every request fails"),
        ],
    };
    found.add(
        world,
        ("update-loses-capacity", Severity::Warning),
        (workload.object, "/spec/strategy/type"),
        says,
    );
}

/// Volumes that are on one node, or in one pod, and pods that want them at the same time.
fn volumes(world: &World<'_>, found: &mut Found, index: usize, workload: &Workload<'_>) {
    if workload.object.kind() != "Deployment" {
        return;
    }
    let (_, most) = world.replicas(index);
    let Some((surge, _)) = steps(workload, most.max(1)) else { return };
    for (place, volume) in items(workload.pod, "/volumes").iter().enumerate() {
        let Some(name) = text(volume, "/persistentVolumeClaim/claimName") else { continue };
        let Some(claim) = world.get("PersistentVolumeClaim", workload.namespace, name) else { continue };
        let modes: Vec<&str> =
            items(&claim.value, "/spec/accessModes").iter().filter_map(Value::as_str).collect();
        let severity = match modes.as_slice() {
            ["ReadWriteOncePod"] => Severity::Error,
            ["ReadWriteOnce"] => Severity::Warning,
            _ => continue,
        };
        if most <= 1 && surge == 0 {
            continue;
        }
        let mode = modes.first().copied().unwrap_or_default();
        let who = if severity == Severity::Error { "pod" } else { "node" };
        let (what, timeline) = if most > 1 {
            let timeline = vec![
                at(0, format!("the first of {most} replicas has the volume {name} on its node")),
                at(1, "the second is placed on another node, since that is what schedulers do".to_owned()),
                at(
                    121,
                    format!(
                        "its volume cannot be attached there (Multi-Attach): it stays in ContainerCreating, and 1 of {most} serves"
                    ),
                ),
            ];
            (
                format!("{most} replicas share the claim {name}, which is {mode}: one {who} can have it"),
                timeline,
            )
        } else {
            let timeline = vec![
                at(0, format!("1 replica has the volume {name} on its node, and a new version is applied")),
                at(1, format!("maxSurge lets {surge} new pod begin beside it; on another node it waits for the volume")),
                at(121, "the new pod waits for the old one to let go (Multi-Attach), and the old one is kept until the new one is ready".to_owned()),
                at(deadline(workload), "progressDeadlineSeconds is over: the update has failed, and nothing of it happened".to_owned()),
            ];
            (
                format!(
                    "an update begins a second pod while the first still has the claim {name}, which is {mode}"
                ),
                timeline,
            )
        };
        let remedy = if most > 1 {
            "use a StatefulSet, which has a claim for each replica, or a volume that is ReadWriteMany"
        } else {
            "set strategy.type: Recreate, or use a StatefulSet"
        };
        let says = Says { what, remedy: remedy.to_owned(), timeline };
        let pointer = workload.at(&format!("/volumes/{place}"));
        found.add(world, ("volume-held-by-old-pod", severity), (workload.object, &pointer), says);
    }
}

/// After how many seconds without progress an update has failed.
pub(super) fn deadline(workload: &Workload<'_>) -> u64 {
    let secs = whole(&workload.object.value, "/spec/progressDeadlineSeconds").unwrap_or(600);
    u64::try_from(secs).unwrap_or(600)
}

/// A rolling update that does not wait for anything.
fn readiness(world: &World<'_>, found: &mut Found, index: usize, workload: &Workload<'_>) {
    let Some((_, gone)) = steps(workload, world.replicas(index).0.max(1)) else { return };
    let is_rolling = text(&workload.object.value, "/spec/strategy/type") != Some("Recreate");
    let services = world.services_of(index);
    let (true, Some(service)) = (is_rolling, services.first()) else { return };
    let has_probe =
        |(container, _): (&Value, String)| container.get("readinessProbe").is_some_and(Value::is_object);
    let has_gates = !items(workload.pod, "/readinessGates").is_empty();
    if has_gates || workload.running().any(has_probe) {
        return;
    }
    let kept = world.replicas(index).0.max(1) - gone;
    // What only Prometheus asks can wait until the next time.
    let is_scraped = services.iter().all(|service| {
        let ports = items(&service.value, "/spec/ports");
        !ports.is_empty()
            && ports.iter().all(|port| text(port, "/name").is_some_and(|name| name.contains("metrics")))
    });
    let severity = if is_scraped { Severity::Note } else { Severity::Warning };
    let says = Says {
        what: format!(
            "Service {} sends to pods that have no readinessProbe, so an update does not wait for them",
            service.name()
        ),
        remedy: "add a readinessProbe to the container that serves".to_owned(),
        timeline: vec![
            at(
                0,
                format!(
                    "a new version is applied; {} to stay until new ones are ready",
                    match kept {
                        1 => "1 old replica is".to_owned(),
                        kept => format!("{kept} old replicas are"),
                    }
                ),
            ),
            at(1, "the first new container is started, and counts as ready in the same second"),
            at(1, format!("Service {} sends requests to it, and an old pod is ended for it", service.name())),
            then(
                "until the program inside listens, these requests are refused; a version that never does replaces every pod",
            ),
        ],
    };
    found.add(
        world,
        ("update-without-readiness", severity),
        (workload.object, &workload.at("/containers/0")),
        says,
    );
}

/// Replicas that one node may have all of.
fn together(world: &World<'_>, found: &mut Found, index: usize, workload: &Workload<'_>) {
    let (least, most) = world.replicas(index);
    let is_spread = workload
        .pod
        .pointer("/affinity/podAntiAffinity")
        .is_some_and(|rules| rules.as_object().is_some_and(|rules| !rules.is_empty()))
        || !items(workload.pod, "/topologySpreadConstraints").is_empty();
    if most < 2 || is_spread || workload.object.kind() == "DaemonSet" || is_true(workload.pod, "/hostNetwork")
    {
        return;
    }
    let count = least.max(2);
    let images: Vec<&str> =
        workload.running().filter_map(|(container, _)| text(container, "/image")).collect();
    let decides = |image: &&str| QUORUMS.iter().any(|word| last(image).contains(word));
    let is_quorum = workload.object.kind() == "StatefulSet" && least >= 3 && images.iter().any(decides);
    let (severity, lost) = if is_quorum {
        let majority = count / 2 + 1;
        (
            Severity::Warning,
            format!("{} of {count} are gone, and {majority} are needed: it stops", count - majority + 1),
        )
    } else {
        (Severity::Note, format!("all {count} can be gone at once: nobody serves"))
    };
    let names: Vec<&str> = workload.running().map(|(container, _)| name_of(container)).collect();
    let says = Says {
        what: format!("nothing keeps the {count} replicas of {} on different nodes", workload.title()),
        remedy: "add topologySpreadConstraints on kubernetes.io/hostname, or a podAntiAffinity".to_owned(),
        timeline: vec![
            at(
                0,
                format!(
                    "{count} pods with {} are placed where there is room; one node has room for several",
                    listed(&names)
                ),
            ),
            at(300, "that node fails"),
            at(301, lost),
            at(601, "their taints run out (300 s): replacements are placed elsewhere"),
        ],
    };
    found.add(world, ("replicas-share-a-node", severity), (workload.object, &workload.at("")), says);
}

/// The last part of an image's name.
fn last(image: &str) -> &str {
    image.rsplit('/').next().unwrap_or(image)
}
