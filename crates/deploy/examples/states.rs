//! Random states with what we make of them, for the comparison with the controllers' own code (`tests/fleet/compare`).
//!
//! `states DIR COUNT SEED` writes, as a line of JSON each, sequences of looks at an autoscaler to `hpa.jsonl` and our
//! replicas after each look to `hpa.ours`, `COUNT` looks in all; and looks at Kafka's offsets to `kafka.jsonl` with
//! the lag in thousandths and the activity that we see to `kafka.ours`. The same for the same seed.

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;

use deploy::simulate::hpa::{
    Autoscaler, Behavior, Controls, Metric, Phase, Pod, Policy, Reading, Ready, Rules, Sample, Samples,
    Scale, Select, Spec, Status, Target,
};
use deploy::simulate::keda::{kafka, metric_milli};
use serde_json::{Value, json};

/// Looks at one autoscaler, or at one topic.
const LOOKS: usize = 20;
/// When the first look is, in seconds: late enough for anything to have been before.
const BEGIN_SECS: i64 = 9_000_000;

/// A state as JSON, and what we make of each look at it.
type Compared<T> = Result<(Value, Vec<T>), Box<dyn Error>>;

/// SplitMix64.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn within(&mut self, from: i64, to: i64) -> i64 {
        from + (self.next() % (to - from + 1).unsigned_abs()) as i64
    }

    fn is(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[(self.next() % all.len() as u64) as usize]
    }
}

/// Rules of one direction, ours and as JSON.
fn rules(chance: &mut Chance) -> (Rules, Value) {
    let window_secs = chance.is(60).then(|| chance.of(&[0, 15, 60, 120, 300, 3_600]));
    let selected = [("Max", Select::Max), ("Min", Select::Min), ("Disabled", Select::Disabled)];
    let select = chance.is(60).then(|| selected[if chance.is(10) { 2 } else { usize::from(chance.is(40)) }]);
    let policies: Option<Vec<(Policy, Value)>> = chance.is(70).then(|| {
        (0..chance.within(1, 3))
            .map(|_| {
                let period_secs = chance.of(&[1, 15, 30, 60, 300, 1_800]);
                if chance.is(50) {
                    let pods = chance.within(1, 6) as i32;
                    let value = json!({"kind": "Pods", "value": pods, "period_secs": period_secs});
                    (Policy::Pods { pods, period_secs }, value)
                } else {
                    let percent = chance.of(&[1, 10, 33, 50, 100, 150, 900]);
                    let value = json!({"kind": "Percent", "value": percent, "period_secs": period_secs});
                    (Policy::Percent { percent, period_secs }, value)
                }
            })
            .collect()
    });
    let tolerance_milli = chance.is(30).then(|| chance.of(&[0_i64, 10, 50, 100, 333, 2_000]));
    let value = json!({
        "window_secs": window_secs,
        "select": select.map(|(name, _)| name),
        "policies": policies.as_ref().map(|list| list.iter().map(|(_, value)| value.clone()).collect::<Vec<_>>()),
        "tolerance_milli": tolerance_milli,
    });
    let ours = Rules {
        window_secs,
        select: select.map(|(_, select)| select),
        policies: policies.map(|list| list.into_iter().map(|(policy, _)| policy).collect()),
        tolerance: tolerance_milli.map(|milli| milli as f64 / 1_000.0),
    };
    (ours, value)
}

/// A metric, ours and as JSON, with its target.
fn metric(chance: &mut Chance) -> (Metric, Value, i64) {
    let is_cpu = chance.is(70);
    let milli = chance.of(&[1_000, 2_500, 10_000, 100_000, 333]) * chance.within(1, 3);
    let percent = chance.of(&[30_i64, 50, 70, 80, 100, 150]);
    let target = [Target::Value { milli }, Target::AverageValue { milli }];
    let (kind, metric, value) = match chance.within(0, 6) {
        0 => {
            let metric = Metric::ResourceUtilization { percent: percent as i32, is_cpu };
            ("resource_utilization", metric, percent)
        }
        1 => ("resource_average", Metric::ResourceAverage { milli, is_cpu }, milli),
        2 => ("pods", Metric::Pods { milli }, milli),
        3 => ("object_value", Metric::Object(target[0]), milli),
        4 => ("object_average", Metric::Object(target[1]), milli),
        5 => ("external_value", Metric::External(target[0]), milli),
        _ => ("external_average", Metric::External(target[1]), milli),
    };
    (metric, json!({"kind": kind, "value": value, "cpu": is_cpu}), value)
}

fn pod(chance: &mut Chance, now: i64) -> (Pod, Value) {
    let phases = [
        ("Running", Phase::Running),
        ("Pending", Phase::Pending),
        ("Failed", Phase::Failed),
        ("Succeeded", Phase::Succeeded),
    ];
    let (phase_name, phase) = phases[if chance.is(80) { 0 } else { chance.within(1, 3) as usize }];
    let statuses = [("True", Status::True), ("False", Status::False), ("Unknown", Status::Unknown)];
    let status =
        chance.is(96).then(|| statuses[if chance.is(75) { 0 } else { chance.within(1, 2) as usize }]);
    let started = chance.is(96).then(|| now - chance.of(&[0, 5, 29, 31, 60, 299, 300, 301, 9_000]));
    let since = started.unwrap_or(now) + chance.of(&[0, 5, 9, 10, 11, 29, 30, 31, 60]);
    let request_milli = chance.is(98).then(|| if chance.is(99) { chance.of(&[250, 500, 1_000]) } else { 0 });
    let is_deleting = chance.is(4);
    let ours = Pod {
        phase,
        is_deleting,
        started_ms: started.map(|secs| secs * 1_000),
        ready: status.map(|(_, status)| Ready { status, since_ms: since * 1_000 }),
        request_milli,
    };
    let value = json!({
        "phase": phase_name,
        "deleting": is_deleting,
        "started": started,
        "ready": status.map(|(name, _)| name),
        "since": since,
        "request": request_milli,
    });
    (ours, value)
}

fn reading(chance: &mut Chance, metric: Metric, target: i64, pods: &[Pod], now: i64) -> (Reading, Value) {
    if chance.is(7) {
        return (Reading::Unavailable, json!({"kind": "unavailable"}));
    }
    // Where values lie: around the target, so that tolerances matter.
    let share = chance.of(&[0, 20, 60, 90, 95, 100, 105, 109, 110, 111, 130, 200, 450]);
    if let Metric::Object(of) | Metric::External(of) = metric {
        let replicas = match of {
            Target::Value { .. } => 1,
            Target::AverageValue { .. } => i64::try_from(pods.len()).unwrap_or(0),
        };
        let mut values: Vec<i64> = (0..chance.within(1, 3))
            .map(|_| target * replicas.max(1) * share / 100 + chance.within(-2, 2))
            .collect();
        if chance.is(4) {
            values.push(chance.of(&[i64::MAX, i64::MAX / 2, -5_000]));
        }
        if chance.is(2) {
            values.clear();
        }
        let value = json!({"kind": "values", "values": values});
        return (Reading::Values(values), value);
    }
    let of_pods: Vec<Option<Sample>> = pods
        .iter()
        .map(|pod| {
            chance.is(88).then(|| {
                let around = match metric {
                    Metric::ResourceUtilization { .. } => pod.request_milli.unwrap_or(0) * target / 100,
                    _ => target,
                };
                let milli = around * share / 100 + chance.within(-20, 20);
                let milli = if chance.next().is_multiple_of(500) { i64::MAX / 3 } else { milli };
                let window_ms = chance.of(&[15_000, 30_000, 60_000]);
                Sample { milli, at_ms: (now - chance.within(0, 60)) * 1_000, window_ms }
            })
        })
        .collect();
    let strays_milli = if chance.is(5) { vec![target] } else { Vec::new() };
    let samples: Vec<Value> = of_pods
        .iter()
        .map(|sample| {
            sample.map_or(Value::Null, |sample| {
                json!({"milli": sample.milli, "at": sample.at_ms / 1_000, "window": sample.window_ms / 1_000})
            })
        })
        .collect();
    let value = json!({"kind": "samples", "samples": samples, "strays": strays_milli});
    (Reading::Samples(Samples { of_pods, strays_milli }), value)
}

/// One autoscaler and the looks at it, as JSON, and the replicas after each.
fn autoscaler(chance: &mut Chance) -> Compared<i32> {
    let controls = Controls {
        sync_period_secs: 15,
        tolerance: chance.of(&[0.1, 0.1, 0.0, 0.05, 0.25]),
        downscale_stabilization_secs: chance.of(&[300, 300, 60, 0]),
        cpu_initialization_secs: chance.of(&[300, 30]),
        initial_readiness_delay_secs: chance.of(&[30, 10]),
    };
    let min_replicas = chance.within(1, 5) as i32;
    let max_replicas = min_replicas + chance.within(0, 25) as i32;
    let metrics: Vec<(Metric, Value, i64)> = (0..chance.within(1, 3)).map(|_| metric(chance)).collect();
    let behavior = chance.is(65).then(|| (rules(chance), rules(chance)));
    let value_of_behavior = behavior.as_ref().map(|(up, down)| json!({"up": up.1, "down": down.1}));
    let spec = Spec {
        min_replicas,
        max_replicas,
        metrics: metrics.iter().map(|(metric, ..)| *metric).collect(),
        behavior: behavior.map(|(up, down)| Behavior { up: up.0, down: down.0 }),
    };
    let mut ours = Autoscaler::new(spec, controls)?;
    let (mut now, mut last) = (BEGIN_SECS, chance.within(1, i64::from(max_replicas)) as i32);
    let (mut steps, mut results) = (Vec::new(), Vec::new());
    for _ in 0..LOOKS {
        now += chance.of(&[15, 15, 15, 15, 30, 60, 1, 7, 300]);
        let any = chance.within(0, i64::from(max_replicas) + 3) as i32;
        let spec = if chance.is(85) { last } else { any };
        let status = if chance.is(75) { spec } else { chance.within(0, i64::from(max_replicas) + 3) as i32 };
        let count = if chance.is(80) { i64::from(status) } else { chance.within(0, 12) };
        let pods: Vec<(Pod, Value)> = (0..count).map(|_| pod(chance, now)).collect();
        let (pods, pod_values): (Vec<Pod>, Vec<Value>) = pods.into_iter().unzip();
        let readings: Vec<(Reading, Value)> =
            metrics.iter().map(|(metric, _, target)| reading(chance, *metric, *target, &pods, now)).collect();
        let (readings, reading_values): (Vec<Reading>, Vec<Value>) = readings.into_iter().unzip();
        let outcome = ours.reconcile(now * 1_000, Scale { spec, status }, &pods, &readings);
        last = outcome.map_or(spec, |outcome| outcome.replicas);
        results.push(last);
        steps.push(json!({
            "at": now, "spec": spec, "status": status, "pods": pod_values, "readings": reading_values,
        }));
    }
    let state = json!({
        "tolerance": controls.tolerance,
        "downscale_secs": controls.downscale_stabilization_secs,
        "cpu_init_secs": controls.cpu_initialization_secs,
        "readiness_delay_secs": controls.initial_readiness_delay_secs,
        "min": min_replicas,
        "max": max_replicas,
        "metrics": metrics.iter().map(|(_, value, _)| value).collect::<Vec<_>>(),
        "behavior": value_of_behavior,
        "steps": steps,
    });
    Ok((state, results))
}

/// A topic and the looks at its offsets, as JSON, and the lag in thousandths and the activity at each.
fn topic(chance: &mut Chance) -> Compared<(i64, bool)> {
    let (limited, idle, even) = chance.of(&[
        (false, false, false),
        (false, false, false),
        (true, false, false),
        (false, true, false),
        (false, false, true),
        (false, true, true),
    ]);
    let is_earliest = chance.is(50);
    let trigger = kafka::Trigger {
        lag_threshold: chance.of(&[1, 7, 10, 100, 1_000]),
        activation_lag_threshold: chance.of(&[0, 0, 5, 500]),
        offset_reset: if is_earliest { kafka::OffsetReset::Earliest } else { kafka::OffsetReset::Latest },
        allow_idle_consumers: idle,
        exclude_persistent_lag: chance.is(30),
        scale_to_zero_on_invalid_offset: chance.is(25),
        limit_to_partitions_with_lag: limited,
        ensure_even_distribution: even,
    };
    let mut scaler = kafka::Scaler::new(trigger)?;
    let most = chance.of(&[3, 40, 150, 4_000]);
    let mut partitions: Vec<kafka::Partition> = (0..chance.of(&[1, 3, 6, 12, 13]))
        .map(|_| kafka::Partition {
            committed: chance.is(80).then(|| chance.within(0, 50)),
            end: chance.within(0, 50 + most),
            earliest: chance.is(85).then(|| chance.within(0, 60)),
        })
        .collect();
    let (mut looks, mut results) = (Vec::new(), Vec::new());
    for _ in 0..LOOKS {
        for partition in &mut partitions {
            if chance.is(60) {
                partition.end += chance.within(0, most);
            }
            if chance.is(60) {
                let before = partition.committed.unwrap_or(0);
                // Now and then beyond the end, as after a topic was made anew.
                partition.committed = Some(before + chance.within(0, (partition.end - before).max(0) + 1));
            }
        }
        let lag = scaler.look(&partitions);
        results.push((metric_milli(lag.metric), scaler.is_active(lag)));
        let look: Vec<Value> = partitions
            .iter()
            .map(|one| json!({"committed": one.committed.unwrap_or(-1), "end": one.end, "earliest": one.earliest}))
            .collect();
        looks.push(look);
    }
    let state = json!({
        "lag_threshold": trigger.lag_threshold,
        "activation": trigger.activation_lag_threshold,
        "reset": if is_earliest { "earliest" } else { "latest" },
        "allow_idle": idle,
        "exclude_persistent": trigger.exclude_persistent_lag,
        "zero_on_invalid": trigger.scale_to_zero_on_invalid_offset,
        "limit_to_lag": limited,
        "even": even,
        "looks": looks,
    });
    Ok((state, results))
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [directory, count, seed] = arguments.as_slice() else { return Err("states DIR COUNT SEED".into()) };
    let (directory, count) = (Path::new(directory), count.parse::<usize>()?);
    let mut chance = Chance(seed.parse()?);
    fs::create_dir_all(directory)?;
    let create = |name: &str| File::create(directory.join(name)).map(BufWriter::new);
    let (mut states, mut ours) = (create("hpa.jsonl")?, create("hpa.ours")?);
    for _ in 0..count.div_ceil(LOOKS) {
        let (state, replicas) = autoscaler(&mut chance)?;
        writeln!(states, "{state}")?;
        writeln!(ours, "{}", serde_json::to_string(&replicas)?)?;
    }
    let (mut states, mut ours) = (create("kafka.jsonl")?, create("kafka.ours")?);
    for _ in 0..count.div_ceil(LOOKS) {
        let (state, lags) = topic(&mut chance)?;
        writeln!(states, "{state}")?;
        writeln!(ours, "{}", serde_json::to_string(&lags)?)?;
    }
    Ok(())
}
