//! What scales a workload: a HorizontalPodAutoscaler or a ScaledObject, as the simulator takes it.
//!
//! It must not judge.

use serde_json::Value;

use super::value::{items, milli, text, whole};
use crate::manifests::Object;
use crate::simulate::hpa::{
    Autoscaler, Behavior, Controls, Metric, Policy, Reading, Rules, Scale, Select, Spec, Target,
};
use crate::simulate::keda;

/// How long a run of the controller is, in seconds; windows are at most an hour.
const MOST_SECS: u64 = 2 * 3_600;
/// How often the controller looks, in seconds.
const SYNC_SECS: u64 = 15;

/// Something that sets the number of replicas.
pub(super) struct Scaler<'a> {
    pub(super) object: &'a Object,
    pub(super) namespace: &'a str,
    pub(super) target_kind: &'a str,
    pub(super) target_name: &'a str,
    min: Option<i64>,
    max: Option<i64>,
    pub(super) is_keda: bool,
    behavior: Option<Behavior>,
}

/// `int32` of Kubernetes; numbers beyond it are cut to it.
fn number(value: i64) -> i32 {
    value.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32
}

fn rules(value: &Value) -> Rules {
    let policies = value.get("policies").and_then(Value::as_array).map(|policies| {
        policies
            .iter()
            .filter_map(|policy| {
                let amount = number(whole(policy, "/value")?);
                let period_secs = number(whole(policy, "/periodSeconds")?);
                match text(policy, "/type")? {
                    "Pods" => Some(Policy::Pods { pods: amount, period_secs }),
                    _ => Some(Policy::Percent { percent: amount, period_secs }),
                }
            })
            .collect()
    });
    Rules {
        window_secs: whole(value, "/stabilizationWindowSeconds").map(number),
        select: text(value, "/selectPolicy").map(|select| match select {
            "Min" => Select::Min,
            "Disabled" => Select::Disabled,
            _ => Select::Max,
        }),
        policies,
        tolerance: value.get("tolerance").and_then(milli).map(|milli| milli as f64 / 1e3),
    }
}

impl<'a> Scaler<'a> {
    pub(super) fn read(object: &'a Object, namespace: &'a str) -> Option<Self> {
        let value = &object.value;
        let is_keda = match object.kind() {
            "HorizontalPodAutoscaler" => false,
            "ScaledObject" => true,
            _ => return None,
        };
        let (min, max, behavior) = if is_keda {
            (
                "/spec/minReplicaCount",
                "/spec/maxReplicaCount",
                "/spec/advanced/horizontalPodAutoscalerConfig/behavior",
            )
        } else {
            ("/spec/minReplicas", "/spec/maxReplicas", "/spec/behavior")
        };
        let behavior = value.pointer(behavior).filter(|behavior| behavior.is_object()).map(|behavior| {
            let of = |key| behavior.get(key).map(rules).unwrap_or_default();
            Behavior { up: of("scaleUp"), down: of("scaleDown") }
        });
        Some(Self {
            object,
            namespace,
            target_kind: text(value, "/spec/scaleTargetRef/kind").unwrap_or("Deployment"),
            target_name: text(value, "/spec/scaleTargetRef/name").unwrap_or_default(),
            min: whole(value, min),
            max: whole(value, max),
            is_keda,
            behavior,
        })
    }

    /// The fewest replicas: KEDA's least is 0 where none is written, an autoscaler's 1.
    pub(super) fn least(&self) -> i64 {
        self.min.unwrap_or(i64::from(!self.is_keda))
    }

    /// The most replicas: KEDA's most is 100 where none is written.
    pub(super) fn most(&self) -> i64 {
        self.max.unwrap_or(if self.is_keda { 100 } else { self.least() })
    }

    /// The fewest replicas while there is anything to do.
    pub(super) fn least_active(&self) -> i64 {
        self.least().max(1)
    }

    /// The metrics of an autoscaler, or the triggers of a ScaledObject, with the pointers to them.
    pub(super) fn metrics(&self) -> impl Iterator<Item = (&'a Value, String)> {
        let list = if self.is_keda { "/spec/triggers" } else { "/spec/metrics" };
        items(&self.object.value, list)
            .iter()
            .enumerate()
            .map(move |(index, metric)| (metric, format!("{list}/{index}")))
    }

    /// What the simulator is asked with, on one metric whose target is one for each replica.
    fn spec(&self) -> Spec {
        Spec {
            min_replicas: number(self.least_active()),
            max_replicas: number(self.most()),
            metrics: vec![Metric::External(Target::AverageValue { milli: 1_000 })],
            behavior: self.behavior.clone(),
        }
    }

    /// Plays the controller from `from` replicas on, which are all there at once, when the metrics ask for `wanted`:
    /// every change with its second. Nothing where the API would not take it.
    pub(super) fn play(&self, from: i64, wanted: i64) -> Vec<(u64, i64)> {
        let Ok(mut autoscaler) = Autoscaler::new(self.spec(), Controls::default()) else { return Vec::new() };
        let mut changes = Vec::new();
        let mut replicas = number(from);
        // What it remembers of the time before: that so many were asked for.
        let before = Reading::Values(vec![i64::from(replicas).saturating_mul(1_000)]);
        let scale = |replicas| Scale { spec: replicas, status: replicas };
        let _ = autoscaler.reconcile(0, scale(replicas), &[], &[before]);
        let reading = Reading::Values(vec![wanted.clamp(0, i64::from(i32::MAX)).saturating_mul(1_000)]);
        let mut secs = SYNC_SECS;
        while secs <= MOST_SECS {
            let now_ms = i64::try_from(secs).unwrap_or(i64::MAX / 1_000) * 1_000;
            let outcome = autoscaler.reconcile(now_ms, scale(replicas), &[], std::slice::from_ref(&reading));
            let Ok(outcome) = outcome else { return changes };
            if outcome.replicas != replicas {
                replicas = outcome.replicas;
                changes.push((secs, i64::from(replicas)));
            }
            secs += SYNC_SECS;
        }
        changes
    }

    /// The triggers of KEDA's ScaledObject, as the simulator takes it.
    pub(super) fn scaled_object(&self) -> keda::ScaledObject {
        let of = |pointer: &str| whole(&self.object.value, pointer);
        let defaults = keda::ScaledObject::default();
        keda::ScaledObject {
            polling_interval_secs: of("/spec/pollingInterval").unwrap_or(defaults.polling_interval_secs),
            cooldown_secs: of("/spec/cooldownPeriod").unwrap_or(defaults.cooldown_secs),
            min_replicas: number(self.least()),
            max_replicas: number(self.most()),
            behavior: self.behavior.clone(),
            ..defaults
        }
    }

    /// What to call it in a sentence.
    pub(super) fn title(&self) -> String {
        format!("{} {}", self.object.kind(), self.object.name())
    }
}

/// The changes of a run in words, at most `most` of them: the first ones and the last.
pub(super) fn told(changes: &[(u64, i64)], most: usize) -> Vec<(u64, i64)> {
    if changes.len() <= most {
        return changes.to_vec();
    }
    let mut some = changes.get(..most.saturating_sub(1)).unwrap_or_default().to_vec();
    some.extend(changes.last());
    some
}
