//! Replicas for lags that were seen, for the comparison with a cluster (`tests/fleet/cluster.mjs`).
//!
//! Reads JSON lines: first a ScaledObject with one trigger of Kafka, as an API server has it, with `syncSecs` beside its
//! `spec`; then an autoscaler's looks, `{"atMs", "spec", "status", "partitions": [{"committed", "end", "earliest"}]}`,
//! without `partitions` where KEDA did not answer. Writes a line for each look: what the autoscaler is told, in
//! thousandths, and the replicas that it wants; nothing for either where it is told or decides nothing.

use std::error::Error;
use std::io::{self, BufRead as _, Write as _};

use deploy::simulate::hpa::{Autoscaler, Behavior, Controls, Policy, Reading, Rules, Scale, Select};
use deploy::simulate::keda::{Operator, ScaledObject, kafka};
use serde_json::{Value, json};

type Read<T> = Result<T, Box<dyn Error>>;

fn number(value: &Value) -> Option<i32> {
    value.as_i64().and_then(|number| i32::try_from(number).ok())
}

fn rules(value: &Value) -> Read<Rules> {
    let policies = match value["policies"].as_array() {
        None => None,
        Some(list) => Some(list.iter().map(policy).collect::<Read<Vec<Policy>>>()?),
    };
    let select = match value["selectPolicy"].as_str() {
        None => None,
        Some("Max") => Some(Select::Max),
        Some("Min") => Some(Select::Min),
        Some(_) => Some(Select::Disabled),
    };
    Ok(Rules { window_secs: number(&value["stabilizationWindowSeconds"]), select, policies, tolerance: None })
}

fn policy(value: &Value) -> Read<Policy> {
    let amount = number(&value["value"]).ok_or("a policy without a value")?;
    let period_secs = number(&value["periodSeconds"]).ok_or("a policy without a period")?;
    match value["type"].as_str() {
        Some("Pods") => Ok(Policy::Pods { pods: amount, period_secs }),
        Some("Percent") => Ok(Policy::Percent { percent: amount, period_secs }),
        _ => Err("a policy that is neither of pods nor of per cent".into()),
    }
}

fn scaled_object(spec: &Value) -> Read<ScaledObject> {
    let behavior = &spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"];
    let behavior = match behavior {
        Value::Null => None,
        given => Some(Behavior { up: rules(&given["scaleUp"])?, down: rules(&given["scaleDown"])? }),
    };
    let default = ScaledObject::default();
    Ok(ScaledObject {
        min_replicas: number(&spec["minReplicaCount"]).unwrap_or(default.min_replicas),
        max_replicas: number(&spec["maxReplicaCount"]).unwrap_or(default.max_replicas),
        behavior,
        ..default
    })
}

fn trigger(metadata: &Value) -> Read<kafka::Trigger> {
    let is_on = |key: &str| metadata[key].as_str() == Some("true");
    let default = kafka::Trigger::default();
    Ok(kafka::Trigger {
        lag_threshold: metadata["lagThreshold"].as_str().map_or(Ok(default.lag_threshold), str::parse)?,
        offset_reset: match metadata["offsetResetPolicy"].as_str() {
            Some("earliest") => kafka::OffsetReset::Earliest,
            _ => kafka::OffsetReset::Latest,
        },
        allow_idle_consumers: is_on("allowIdleConsumers"),
        exclude_persistent_lag: is_on("excludePersistentLag"),
        scale_to_zero_on_invalid_offset: is_on("scaleToZeroOnInvalidOffset"),
        limit_to_partitions_with_lag: is_on("limitToPartitionsWithLag"),
        ensure_even_distribution: is_on("ensureEvenDistributionOfPartitions"),
        ..default
    })
}

fn partition(value: &Value) -> Read<kafka::Partition> {
    Ok(kafka::Partition {
        committed: value["committed"].as_i64(),
        end: value["end"].as_i64().ok_or("a partition without an end")?,
        earliest: value["earliest"].as_i64(),
    })
}

fn main() -> Read<()> {
    let mut lines = io::stdin().lock().lines();
    let first: Value = serde_json::from_str(&lines.next().ok_or("no ScaledObject")??)?;
    let object = scaled_object(&first["spec"])?;
    let trigger = trigger(&first["spec"]["triggers"][0]["metadata"])?;
    let controls = Controls {
        sync_period_secs: first["syncSecs"].as_i64().unwrap_or(Controls::default().sync_period_secs),
        ..Controls::default()
    };
    let mut autoscaler = Autoscaler::new(object.autoscaler(trigger.lag_threshold), controls)?;
    let mut operator = Operator::new(object, trigger.lag_threshold, 0)?;
    let mut scaler = kafka::Scaler::new(trigger)?;
    let mut out = io::stdout().lock();
    for line in lines {
        let look: Value = serde_json::from_str(&line?)?;
        let spec = number(&look["spec"]).ok_or("a look without the replicas of the spec")?;
        let status = number(&look["status"]).ok_or("a look without the replicas of the status")?;
        let at_ms = look["atMs"].as_i64().ok_or("a look without a time")?;
        let lag = match look["partitions"].as_array() {
            None => None,
            Some(list) => {
                let partitions = list.iter().map(partition).collect::<Read<Vec<_>>>()?;
                Some(scaler.look(&partitions).metric)
            }
        };
        let reading = operator.reading(lag, spec);
        let told = match &reading {
            Reading::Values(values) => values.first().copied(),
            _ => None,
        };
        let outcome = autoscaler.reconcile(at_ms, Scale { spec, status }, &[], &[reading]);
        let replicas = outcome.ok().map(|outcome| outcome.replicas);
        writeln!(out, "{}", json!({"toldMilli": told, "replicas": replicas}))?;
    }
    Ok(())
}
