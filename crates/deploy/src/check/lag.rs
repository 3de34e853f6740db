//! Replicas that follow a queue: against its partitions, and against the time in which an answer was promised.

use serde_json::Value;

use super::autoscaler::Scaler;
use super::value::{items, milli, text, whole};
use super::world::{Workload, World};
use super::{Found, Moment, Says, Severity, at, then};
use crate::simulate::keda::{kafka, metric_milli};
use crate::simulate::{Fleet, Load, Scaling, Trigger, Workers, hpa, replay};

/// How long a load is played, in seconds.
const PLAY_SECS: u32 = 1_800;
/// The most replicas for which a load is played.
const MOST_PLAYED: i64 = 200;

pub(super) fn check(world: &World<'_>, found: &mut Found) {
    for scaler in world.scalers() {
        for (metric, pointer) in scaler.metrics() {
            let Some(lag) = Lag::read(world, scaler, metric) else { continue };
            partitions(world, found, scaler, (&lag, &pointer));
            promise(world, found, scaler, (&lag, &pointer));
        }
    }
}

/// A lag that replicas follow.
struct Lag<'a> {
    /// The target a replica, in events.
    target: i64,
    /// KEDA's trigger, where KEDA asks a broker of Kafka.
    kafka: Option<kafka::Trigger>,
    topic: Option<&'a str>,
    partitions: Option<i64>,
}

impl<'a> Lag<'a> {
    fn read(world: &World<'a>, scaler: &Scaler<'a>, metric: &'a Value) -> Option<Self> {
        let workload = world.scaled_by(scaler).map(|(_, workload)| workload);
        let said = |workload: &Workload<'_>| workload.said("partitions");
        let annotated =
            scaler.object.annotations().and_then(|all| all.get("deskhand.dev/partitions")?.as_str());
        let annotated = annotated.and_then(|text| text.parse().ok()).or_else(|| workload.and_then(said));
        let (target, kafka, topic) = if scaler.is_keda {
            let kind = text(metric, "/type")?;
            let is_kafka = matches!(kind, "kafka" | "apache-kafka");
            if !is_kafka && kind != "nats-jetstream" {
                return None;
            }
            let flag = |key: &str| {
                metric
                    .pointer(&format!("/metadata/{key}"))
                    .is_some_and(|value| value.as_bool() == Some(true) || value.as_str() == Some("true"))
            };
            let target = whole(metric, "/metadata/lagThreshold").unwrap_or(10);
            let trigger = kafka::Trigger {
                lag_threshold: target,
                allow_idle_consumers: flag("allowIdleConsumers"),
                limit_to_partitions_with_lag: flag("limitToPartitionsWithLag"),
                ensure_even_distribution: flag("ensureEvenDistributionOfPartitions"),
                ..kafka::Trigger::default()
            };
            (target, is_kafka.then_some(trigger), text(metric, "/metadata/topic"))
        } else {
            let name = text(metric, "/external/metric/name")?;
            if !name.contains("lag") {
                return None;
            }
            let target = milli(metric.pointer("/external/target/averageValue")?)? / 1_000;
            let topic = text(metric, "/external/metric/selector/matchLabels/topic");
            (target, None, topic)
        };
        let partitions =
            topic.and_then(|topic| partitions_of(world, topic)).or(annotated.map(|count: f64| count as i64));
        Some(Self { target, kafka, topic, partitions })
    }
}

/// The partitions of a topic, by Strimzi's KafkaTopic.
fn partitions_of(world: &World<'_>, topic: &str) -> Option<i64> {
    let is_it = |object: &&crate::manifests::Object| {
        text(&object.value, "/spec/topicName").unwrap_or(object.name()) == topic
    };
    whole(&world.of_kind("KafkaTopic").find(is_it)?.value, "/spec/partitions")
}

/// More replicas than partitions: those above idle.
fn partitions(world: &World<'_>, found: &mut Found, scaler: &Scaler<'_>, (lag, pointer): (&Lag<'_>, &str)) {
    let Some(partitions) = lag.partitions.filter(|count| *count > 0) else { return };
    let most = scaler.most();
    if most <= partitions || lag.target <= 0 {
        return;
    }
    let Some((waiting, replicas)) = beyond(scaler, lag, partitions) else { return };
    let idle = replicas - partitions;
    let topic = lag.topic.unwrap_or("the topic");
    let mut timeline = vec![at(
        0,
        format!("{partitions} replicas run, one for each partition of {topic}; {waiting} events wait"),
    )];
    if lag.kafka.is_some_and(|trigger| !trigger.allow_idle_consumers) {
        timeline.push(at(15, format!(
            "KEDA compares {waiting} / {} = {} with {partitions} partitions, without the remainder, and caps nothing",
            lag.target,
            waiting / lag.target
        )));
    }
    timeline
        .push(at(15, format!("the autoscaler rounds {waiting} / {} up: {replicas} replicas", lag.target)));
    timeline.push(then(format!("{idle} of them have no partition: they are paid for and handle nothing, and every partition pauses while they join")));
    let says = Says {
        what: format!("up to {most} replicas share the {partitions} partitions of {topic}"),
        remedy: format!("set the most replicas to {partitions}, or give the topic {most} partitions"),
        timeline,
    };
    let pointer = if scaler.is_keda { "/spec/maxReplicaCount" } else { pointer };
    found.add(world, ("replicas-above-partitions", Severity::Warning), (scaler.object, pointer), says);
}

/// The smallest lag at which there are more replicas than partitions, by the controllers' own arithmetic, and how many.
fn beyond(scaler: &Scaler<'_>, lag: &Lag<'_>, partitions: i64) -> Option<(i64, i64)> {
    let count = usize::try_from(partitions).ok().filter(|count| *count <= 10_000)?;
    let mut queue = match lag.kafka {
        Some(trigger) => Some(kafka::Scaler::new(trigger).ok()?),
        None => None,
    };
    let from = partitions.checked_mul(lag.target)?;
    let step = (lag.target / 200).max(1);
    for index in 0..=220_i64 {
        let waiting = from.checked_add(index.checked_mul(step)?)?;
        let metric = match &mut queue {
            Some(queue) => {
                let mut offsets =
                    vec![kafka::Partition { committed: Some(0), end: 0, earliest: None }; count];
                offsets.first_mut()?.end = waiting;
                queue.look(&offsets).metric
            }
            None => waiting,
        };
        let replicas = i32::try_from(partitions).ok()?;
        let spec = scaler.scaled_object().autoscaler(lag.target);
        let spec = hpa::Spec { max_replicas: i32::try_from(scaler.most()).ok()?, ..spec };
        let mut autoscaler = hpa::Autoscaler::new(spec, hpa::Controls::default()).ok()?;
        let scale = hpa::Scale { spec: replicas, status: replicas };
        let reading = hpa::Reading::Values(vec![metric_milli(metric)]);
        let outcome = autoscaler.reconcile(0, scale, &[], &[reading]).ok()?;
        if i64::from(outcome.replicas) > partitions {
            return Some((waiting, i64::from(outcome.replicas)));
        }
    }
    None
}

/// A target that lets events wait for longer than was promised.
fn promise(world: &World<'_>, found: &mut Found, scaler: &Scaler<'_>, (lag, pointer): (&Lag<'_>, &str)) {
    let Some((_, workload)) = world.scaled_by(scaler) else { return };
    let promised = workload.said("answer-within-secs").or(world.options.promise_secs);
    let service = workload.said("service-secs").or(world.options.service_secs);
    let (Some(promised), Some(service)) = (promised, service) else { return };
    if promised <= 0.0 || service <= 0.0 || lag.target <= 0 {
        return;
    }
    let (least, most) = (scaler.least_active(), scaler.most());
    // A ratio up to 1.1 changes nothing: so many may wait for each replica, and for as long as this.
    let waiting = lag.target as f64 * 1.1;
    let wait = waiting * service;
    if wait + service <= promised {
        return;
    }
    let mut timeline = vec![
        at(0, format!("{least} replicas, each handling an event in {service} s")),
        then(format!(
            "up to {:.0} events may wait for each replica before another is begun: the target {} and a tenth",
            waiting.floor(),
            lag.target
        )),
        then(format!(
            "the last of them is answered after {:.0} s; {promised} s were promised",
            wait + service
        )),
    ];
    timeline.extend(played(world, scaler, lag, service));
    let fits = ((promised / service - 1.0) / 1.1).floor();
    let remedy = if fits >= 1.0 {
        // All of this is about a lag that rests: what comes while further replicas start is the simulator's to know.
        format!(
            "set the target to {fits:.0} or less: so much a lag that rests may be, and a load that grows while replicas start \
             needs less, which deploy simulate --solve finds"
        )
    } else {
        format!("one event takes {service} s of the {promised} s: make that shorter, or promise more")
    };
    let says = Says {
        what: format!(
            "a lag of {} a replica is {:.0} s of work at {service} s an event, and {promised} s were promised (up to {most} replicas)",
            lag.target,
            lag.target as f64 * service
        ),
        remedy,
        timeline,
    };
    found.add(world, ("lag-breaks-promise", Severity::Error), (scaler.object, pointer), says);
}

/// What the simulator says of twice the load that the least replicas can carry, beginning after five minutes.
fn played(world: &World<'_>, scaler: &Scaler<'_>, lag: &Lag<'_>, service: f64) -> Vec<Moment> {
    let (least, most) = (scaler.least_active(), scaler.most());
    if most > MOST_PLAYED || most <= least {
        return Vec::new();
    }
    let start = world.scaled_by(scaler).map_or(10, |(_, workload)| super::rollout::ready_secs(workload));
    let partitions = lag.partitions.unwrap_or(most).clamp(1, 10_000);
    let trigger = lag.kafka.unwrap_or(kafka::Trigger {
        lag_threshold: lag.target,
        allow_idle_consumers: true,
        ..kafka::Trigger::default()
    });
    let fleet = Fleet {
        workers: Workers {
            service_secs: service,
            start_secs: u32::try_from(start).unwrap_or(10),
            partitions: u32::try_from(partitions).unwrap_or(1),
            handover_secs: 0,
            cpu: None,
        },
        replicas: u32::try_from(least).unwrap_or(1),
        scaling: Scaling::Keda { object: scaler.scaled_object(), trigger: Trigger::Kafka(trigger) },
        nodes: None,
        controls: hpa::Controls::default(),
        seed: None,
    };
    let capacity = least as f64 / service;
    let load = Load::Step { from: capacity * 0.5, to: capacity * 2.0, at_secs: 300 };
    let Ok(run) = replay(&fleet, &load, PLAY_SECS) else { return Vec::new() };
    let mut told = vec![at(
        300,
        format!("the load goes from {:.1} to {:.1} events a second", capacity * 0.5, capacity * 2.0),
    )];
    for change in run.changes.iter().filter(|change| change.at_secs >= 300).take(3) {
        told.push(at(u64::from(change.at_secs), format!("{} replicas become {}", change.from, change.to)));
    }
    told.push(at(
        u64::from(PLAY_SECS),
        format!(
            "in this half hour, 99 of 100 events had waited for at most {:.0} s, one for {:.0} s",
            run.p99_secs, run.longest_secs
        ),
    ));
    told
}

/// Whether a workload follows any queue, by what scales it.
pub(super) fn follows(scaler: &Scaler<'_>) -> bool {
    scaler.is_keda
        && items(&scaler.object.value, "/spec/triggers")
            .iter()
            .any(|trigger| !matches!(text(trigger, "/type"), Some("cpu" | "memory" | "cron") | None))
}
