//! Topics: how many copies, how many of them have to be there, and how many brokers there are.

use serde_json::Value;

use super::hosts::environment;
use super::termination::is_deskhand;
use super::value::{text, whole};
use super::world::World;
use super::{Found, Moment, Says, Severity, at, then};
use crate::manifests::Object;

pub(super) fn check(world: &World<'_>, found: &mut Found) {
    for topic in world.of_kind("KafkaTopic") {
        let brokers = topic
            .value
            .pointer("/metadata/labels/strimzi.io~1cluster")
            .and_then(Value::as_str)
            .and_then(|cluster| brokers(world, cluster));
        // Without a number the broker's default counts.
        let Some(copies) = whole(&topic.value, "/spec/replicas").filter(|copies| *copies > 0) else {
            continue;
        };
        let least = whole(&topic.value, "/spec/config/min.insync.replicas").unwrap_or(1);
        let name = text(&topic.value, "/spec/topicName").unwrap_or(topic.name());
        judge(world, found, (topic, "/spec/replicas"), name, (copies, least, brokers));
    }
    for kafka in world.of_kind("Kafka") {
        let brokers = brokers(world, kafka.name());
        let config = |key: &str| whole(&kafka.value, &format!("/spec/kafka/config/{key}"));
        let least = config("min.insync.replicas").unwrap_or(1);
        for (key, what) in [
            ("default.replication.factor", "topics without a number of their own"),
            ("offsets.topic.replication.factor", "the positions of groups"),
            ("transaction.state.log.replication.factor", "the state of transactions"),
        ] {
            let least = if key.starts_with("transaction") {
                config("transaction.state.log.min.isr").unwrap_or(least)
            } else {
                least
            };
            if let Some(copies) = config(key) {
                let pointer = format!("/spec/kafka/config/{key}");
                judge(world, found, (kafka, &pointer), what, (copies, least, brokers));
            }
        }
    }
    deskhand(world, found);
}

/// The brokers of Strimzi's cluster: of its pools, or its own number.
fn brokers(world: &World<'_>, cluster: &str) -> Option<i64> {
    let is_of = |pool: &&Object| {
        pool.value.pointer("/metadata/labels/strimzi.io~1cluster").and_then(Value::as_str) == Some(cluster)
    };
    let is_broker = |pool: &&Object| {
        pool.value
            .pointer("/spec/roles")
            .and_then(Value::as_array)
            .is_some_and(|roles| roles.iter().any(|role| role.as_str() == Some("broker")))
    };
    let pools: Vec<i64> = world
        .of_kind("KafkaNodePool")
        .filter(is_of)
        .filter(is_broker)
        .filter_map(|pool| whole(&pool.value, "/spec/replicas"))
        .collect();
    if !pools.is_empty() {
        return Some(pools.iter().sum());
    }
    let kafka = world.of_kind("Kafka").find(|kafka| kafka.name() == cluster)?;
    whole(&kafka.value, "/spec/kafka/replicas")
}

fn judge(
    world: &World<'_>,
    found: &mut Found,
    place: (&Object, &str),
    name: &str,
    (copies, least, brokers): (i64, i64, Option<i64>),
) {
    // One broker is for trying things out, and says so by its number.
    let is_single = brokers == Some(1);
    if let Some(brokers) = brokers.filter(|brokers| copies > *brokers) {
        let says = Says {
            what: format!("{name}: {copies} copies are asked for, and there are {brokers} brokers"),
            remedy: format!("ask for at most {brokers} copies, or have {copies} brokers"),
            timeline: vec![
                at(0, "the topic is asked for"),
                at(
                    1,
                    format!(
                        "INVALID_REPLICATION_FACTOR: {copies} is more than {brokers}; the topic is never made"
                    ),
                ),
            ],
        };
        return found.add(world, ("topic-copies", Severity::Error), place, says);
    }
    if is_single {
        return;
    }
    let (severity, what, remedy, mut timeline): (Severity, String, String, Vec<Moment>) = if copies == 1 {
        (
            // A single topic may be for a single broker.
            if brokers.is_some() { Severity::Error } else { Severity::Warning },
            format!("{name} has one copy"),
            "have 3 copies and min.insync.replicas 2".to_owned(),
            vec![
                at(1, "the broker that has a partition of it fails: nobody can write to it or read it"),
                then("if its disk is gone, so is every event of that partition"),
            ],
        )
    } else if least >= copies {
        (
            Severity::Error,
            format!("{name} has {copies} copies, and min.insync.replicas {least} asks for every one"),
            format!("have {} copies, or min.insync.replicas {}", least + 1, copies - 1),
            vec![
                at(1, "one broker restarts, as in every update: NOT_ENOUGH_REPLICAS"),
                then("nothing can be written to its partitions until it is back and has caught up"),
            ],
        )
    } else if least == 1 {
        (
            Severity::Warning,
            format!("{name} has {copies} copies, and a write counts with min.insync.replicas 1"),
            "set min.insync.replicas to 2, with 3 copies".to_owned(),
            vec![
                at(
                    1,
                    "the others fall behind, and leave the in-sync set: the leader alone acknowledges writes",
                ),
                at(31, "the leader fails: what it alone had acknowledged is lost"),
            ],
        )
    } else {
        return;
    };
    timeline.insert(0, at(0, format!("{copies} of {copies} copies in sync")));
    found.add(world, ("topic-copies", severity), place, Says { what, remedy, timeline });
}

/// Deskhand's own number of copies, against the brokers of the only cluster.
fn deskhand(world: &World<'_>, found: &mut Found) {
    let clusters: Vec<i64> =
        world.of_kind("Kafka").filter_map(|kafka| brokers(world, kafka.name())).collect();
    let sets = world.workloads.iter().filter(|workload| {
        let is_broker = |image: &str| image.rsplit('/').next().unwrap_or(image).starts_with("kafka");
        workload.object.kind() == "StatefulSet"
            && workload.running().any(|(container, _)| text(container, "/image").is_some_and(is_broker))
    });
    let all: Vec<i64> = clusters.into_iter().chain(sets.map(|set| set.replicas.unwrap_or(1))).collect();
    let [brokers] = all.as_slice() else { return };
    for workload in &world.workloads {
        for (container, pointer) in workload.running().filter(|(container, _)| is_deskhand(container)) {
            let settings = environment(world, workload, container);
            let of =
                |key: &str| settings.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
            if !of("DESKHAND_BUS_URL").is_some_and(|url| url.starts_with("kafka")) {
                continue;
            }
            let copies: i64 =
                of("DESKHAND_BROKER__REPLICATION").and_then(|text| text.trim().parse().ok()).unwrap_or(1);
            let least = if copies >= 3 { 2 } else { 1 };
            let place = (workload.object, pointer.as_str());
            judge(world, found, place, "broker.replication", (copies, least, Some(*brokers)));
        }
    }
}
