//! What scales a workload, from its manifests: the HorizontalPodAutoscaler or the ScaledObject as they would be applied.
//!
//! It must not decide anything, and must not guess: what the simulation does not know is a note, and what makes no
//! sense is an error that names the object.

use serde_json::Value;

use super::fleet::{Scaling, Trigger};
use super::hpa::{Behavior, Policy, Rules, Select};
use super::keda::{Fallback, FallbackBehavior, ScaledObject, jetstream, kafka};
use crate::workload::{Error, Found, Requests, Scaler, milli};

/// A workload with what scales it.
#[derive(Debug, Clone, PartialEq)]
pub struct Scaled {
    /// The workload's name.
    pub workload: String,
    /// The kind and the name of what scales it.
    pub by: String,
    /// What one of its pods requests.
    pub requests: Requests,
    /// How many replicas there are at the beginning: the least.
    pub replicas: u32,
    /// What their number follows.
    pub scaling: Scaling,
    /// The topic whose lag is followed, where it is Kafka's.
    pub topic: Option<String>,
    /// The topic's partitions, where a manifest names them.
    pub partitions: Option<u32>,
    /// What is written there and not simulated.
    pub notes: Vec<String>,
}

fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Fields of one object, with errors that name it.
struct Fields<'a> {
    of: &'a str,
    value: &'a Value,
}

impl Fields<'_> {
    fn wrong(&self, field: &str, found: &Value, wanted: &'static str) -> Error {
        let found = found.to_string().chars().take(80).collect();
        Error { object: self.of.to_owned(), field: field.to_owned(), found, wanted }
    }

    /// A whole number; as metadata of KEDA it is text.
    fn integer(&self, pointer: &str) -> Result<Option<i64>, Error> {
        let Some(value) = self.value.pointer(pointer).filter(|value| !value.is_null()) else {
            return Ok(None);
        };
        let number = match value {
            Value::String(text) => text.trim().parse().ok(),
            value => value.as_i64(),
        };
        let field = pointer.trim_start_matches('/').replace('/', ".");
        number.map(Some).ok_or_else(|| self.wrong(&field, value, "a whole number"))
    }

    fn small(&self, pointer: &str) -> Result<Option<i32>, Error> {
        let Some(number) = self.integer(pointer)? else { return Ok(None) };
        let field = pointer.trim_start_matches('/').replace('/', ".");
        let small =
            i32::try_from(number).map_err(|_| self.wrong(&field, &number.into(), "a number of 32 bits"));
        small.map(Some)
    }

    fn is_true(&self, pointer: &str) -> bool {
        match self.value.pointer(pointer) {
            Some(Value::String(text)) => text == "true",
            Some(Value::Bool(flag)) => *flag,
            _ => false,
        }
    }

    fn rules(&self) -> Result<Rules, Error> {
        let select = match text(self.value, "/selectPolicy") {
            None => None,
            Some("Max") => Some(Select::Max),
            Some("Min") => Some(Select::Min),
            Some("Disabled") => Some(Select::Disabled),
            Some(other) => return Err(self.wrong("selectPolicy", &other.into(), "Max, Min or Disabled")),
        };
        let policies = match self.value.get("policies").filter(|value| !value.is_null()) {
            None => None,
            Some(_) => {
                let policies = list(self.value, "/policies").iter();
                Some(policies.map(|value| Fields { of: self.of, value }.policy()).collect::<Result<_, _>>()?)
            }
        };
        let tolerance = match self.value.get("tolerance").filter(|value| !value.is_null()) {
            None => None,
            Some(value) => match milli(value) {
                Some(thousandths) => Some(thousandths as f64 / 1_000.0),
                None => return Err(self.wrong("tolerance", value, "a quantity such as 100m")),
            },
        };
        Ok(Rules { window_secs: self.small("/stabilizationWindowSeconds")?, select, policies, tolerance })
    }

    fn policy(&self) -> Result<Policy, Error> {
        let value = self.small("/value")?.unwrap_or(0);
        let period_secs = self.small("/periodSeconds")?.unwrap_or(0);
        match text(self.value, "/type") {
            Some("Pods") => Ok(Policy::Pods { pods: value, period_secs }),
            Some("Percent") => Ok(Policy::Percent { percent: value, period_secs }),
            _ => Err(self.wrong("policies.type", self.value, "Pods or Percent")),
        }
    }

    fn behavior(&self, pointer: &str) -> Result<Option<Behavior>, Error> {
        let Some(value) = self.value.pointer(pointer).filter(|value| !value.is_null()) else {
            return Ok(None);
        };
        let rules = |name: &str| match value.get(name) {
            None => Ok(Rules::default()),
            Some(value) => Fields { of: self.of, value }.rules(),
        };
        Ok(Some(Behavior { up: rules("scaleUp")?, down: rules("scaleDown")? }))
    }

    fn hpa(&self, notes: &mut Vec<String>) -> Result<(Scaling, Option<String>), Error> {
        let (mut lag_target, mut cpu_percent, mut topic) = (None, None, None);
        for value in list(self.value, "/spec/metrics") {
            let metric = Fields { of: self.of, value };
            let kind = text(value, "/type").unwrap_or_default();
            let resource = ["/resource", "/containerResource"].into_iter().find_map(|at| value.pointer(at));
            match (kind, resource) {
                ("External", _) if lag_target.is_none() => {
                    let Some(average) = value.pointer("/external/target/averageValue") else {
                        notes.push(format!("{}: an external target that is no averageValue", self.of));
                        continue;
                    };
                    let wanted = "a whole number of events";
                    let events = milli(average).filter(|lag| *lag > 0 && lag % 1_000 == 0);
                    let events = events.ok_or_else(|| metric.wrong("averageValue", average, wanted))?;
                    lag_target = Some(events / 1_000);
                    topic = text(value, "/external/metric/selector/matchLabels/topic").map(str::to_owned);
                }
                ("Resource" | "ContainerResource", Some(resource))
                    if cpu_percent.is_none() && text(resource, "/name") == Some("cpu") =>
                {
                    let resource = Fields { of: self.of, value: resource };
                    cpu_percent = resource.small("/target/averageUtilization")?;
                    if cpu_percent.is_none() {
                        notes
                            .push(format!("{}: a target for the CPU that is no averageUtilization", self.of));
                    }
                }
                _ => notes.push(format!("{}: the metric {kind} is not simulated", self.of)),
            }
        }
        let scaling = Scaling::Hpa {
            min_replicas: self.small("/spec/minReplicas")?.unwrap_or(1),
            max_replicas: self.small("/spec/maxReplicas")?.unwrap_or(1),
            lag_target,
            cpu_percent,
            behavior: self.behavior("/spec/behavior")?,
        };
        Ok((scaling, topic))
    }

    fn fallback(&self) -> Result<Option<Fallback>, Error> {
        if self.value.pointer("/spec/fallback").is_none_or(Value::is_null) {
            return Ok(None);
        }
        let behavior = match text(self.value, "/spec/fallback/behavior") {
            None | Some("static") => FallbackBehavior::Static,
            Some("currentReplicas") => FallbackBehavior::CurrentReplicas,
            Some("currentReplicasIfHigher") => FallbackBehavior::CurrentReplicasIfHigher,
            Some("currentReplicasIfLower") => FallbackBehavior::CurrentReplicasIfLower,
            Some(other) => {
                let wanted = "static or currentReplicas, with IfHigher or IfLower";
                return Err(self.wrong("fallback.behavior", &other.into(), wanted));
            }
        };
        Ok(Some(Fallback {
            failure_threshold: self.small("/spec/fallback/failureThreshold")?.unwrap_or(0),
            replicas: self.small("/spec/fallback/replicas")?.unwrap_or(0),
            behavior,
        }))
    }

    /// The trigger of KEDA, if it is one that is known.
    fn trigger(&self) -> Result<Option<Trigger>, Error> {
        let threshold = self.integer("/metadata/lagThreshold")?.unwrap_or(10);
        let activation = self.integer("/metadata/activationLagThreshold")?.unwrap_or(0);
        Ok(match text(self.value, "/type") {
            Some("kafka" | "apache-kafka") => {
                let offset_reset = match text(self.value, "/metadata/offsetResetPolicy") {
                    Some("earliest") => kafka::OffsetReset::Earliest,
                    _ => kafka::OffsetReset::Latest,
                };
                Some(Trigger::Kafka(kafka::Trigger {
                    lag_threshold: threshold,
                    activation_lag_threshold: activation,
                    offset_reset,
                    allow_idle_consumers: self.is_true("/metadata/allowIdleConsumers"),
                    exclude_persistent_lag: self.is_true("/metadata/excludePersistentLag"),
                    scale_to_zero_on_invalid_offset: self.is_true("/metadata/scaleToZeroOnInvalidOffset"),
                    limit_to_partitions_with_lag: self.is_true("/metadata/limitToPartitionsWithLag"),
                    ensure_even_distribution: self.is_true("/metadata/ensureEvenDistributionOfPartitions"),
                }))
            }
            Some("nats-jetstream") => Some(Trigger::JetStream(jetstream::Trigger {
                lag_threshold: threshold,
                activation_lag_threshold: activation,
            })),
            _ => None,
        })
    }

    fn keda(&self, notes: &mut Vec<String>) -> Result<(Option<Scaling>, Option<String>), Error> {
        let (mut trigger, mut topic) = (None, None);
        for value in list(self.value, "/spec/triggers") {
            let one = Fields { of: self.of, value };
            let known = if trigger.is_none() { one.trigger()? } else { None };
            if known.is_none() {
                let kind = text(value, "/type").unwrap_or("without a type");
                notes.push(format!("{}: the trigger {kind} is not simulated", self.of));
                continue;
            }
            trigger = known;
            topic = text(value, "/metadata/topic").map(str::to_owned);
        }
        let Some(trigger) = trigger else { return Ok((None, None)) };
        let plain = ScaledObject::default();
        let times = |pointer: &str, default: i64| Ok(self.integer(pointer)?.unwrap_or(default));
        let object = ScaledObject {
            polling_interval_secs: times("/spec/pollingInterval", plain.polling_interval_secs)?,
            cooldown_secs: times("/spec/cooldownPeriod", plain.cooldown_secs)?,
            initial_cooldown_secs: times("/spec/initialCooldownPeriod", plain.initial_cooldown_secs)?,
            idle_replicas: self.small("/spec/idleReplicaCount")?,
            min_replicas: self.small("/spec/minReplicaCount")?.unwrap_or(plain.min_replicas),
            max_replicas: self.small("/spec/maxReplicaCount")?.unwrap_or(plain.max_replicas),
            fallback: self.fallback()?,
            behavior: self.behavior("/spec/advanced/horizontalPodAutoscalerConfig/behavior")?,
        };
        Ok((Some(Scaling::Keda { object, trigger }), topic))
    }
}

fn one(found: &Found<'_>, scaler: &Scaler<'_>) -> Result<Option<Scaled>, Error> {
    let fields = Fields { of: &scaler.name, value: scaler.object };
    let mut notes = Vec::new();
    let (scaling, topic) = if text(scaler.object, "/kind") == Some("ScaledObject") {
        fields.keda(&mut notes)?
    } else {
        let (scaling, topic) = fields.hpa(&mut notes)?;
        (Some(scaling), topic)
    };
    let Some(scaling) = scaling else { return Ok(None) };
    let Some(workload) = found.workloads.get(scaler.workload) else { return Ok(None) };
    let is_named = |(name, _): &&(String, u32)| topic.as_ref() == Some(name);
    Ok(Some(Scaled {
        workload: workload.name.clone(),
        by: scaler.name.clone(),
        requests: workload.requests,
        replicas: workload.replicas,
        scaling,
        partitions: found.topics.iter().find(is_named).map(|(_, partitions)| *partitions),
        topic,
        notes,
    }))
}

impl Scaled {
    /// Whether its number follows a lag.
    pub fn follows_lag(&self) -> bool {
        !matches!(self.scaling, Scaling::Fixed | Scaling::Hpa { lag_target: None, .. })
    }

    /// The least and the most replicas.
    pub fn bounds(&self) -> (u32, u32) {
        let count = |replicas: i32| u32::try_from(replicas).unwrap_or(0);
        match &self.scaling {
            Scaling::Fixed => (self.replicas, self.replicas),
            Scaling::Hpa { min_replicas, max_replicas, .. } => (count(*min_replicas), count(*max_replicas)),
            Scaling::Keda { object, .. } => (count(object.min_replicas), count(object.max_replicas)),
        }
    }
}

/// What is scaled in `found`, those first that follow a lag.
///
/// Errors where a number of an autoscaler is none; whether the controllers would take it is looked at when it is
/// simulated.
pub fn scaled(found: &Found<'_>) -> Result<Vec<Scaled>, Error> {
    let all: Result<Vec<Option<Scaled>>, Error> =
        found.scalers.iter().map(|scaler| one(found, scaler)).collect();
    let mut all: Vec<Scaled> = all?.into_iter().flatten().collect();
    all.sort_by_key(|scaled| !scaled.follows_lag());
    Ok(all)
}

#[cfg(test)]
#[path = "scaled/tests.rs"]
mod tests;
