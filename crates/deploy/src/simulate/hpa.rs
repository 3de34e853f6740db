//! The HorizontalPodAutoscaler's controller of Kubernetes v1.36.3, as arithmetic.
//!
//! The source is `pkg/controller/podautoscaler` of that version; each function here names the one that it follows,
//! so that both can be laid side by side. Feature gates stand as that version has them by default: tolerances of one
//! autoscaler count (`HPAConfigurableTolerance`), and the controller never scales to or from zero (`HPAScaleToZero`),
//! which is KEDA's work, see [`super::keda`]. Time is milliseconds since whenever the caller began to count.
//!
//! It must not read a clock, and must not know what a replica is used for.

mod behavior;
mod calculator;
mod spec;

use serde::Serialize;

pub use calculator::{Phase, Pod, Ready, Sample, Samples, Status};
pub use spec::{Behavior, Metric, Policies, Policy, Rules, Select, Spec, SpecError, Target};

use behavior::{Bounds, Decision, Memory};

/// The flags of the controller that change what it decides (`RecommendedDefaultHPAControllerConfiguration`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Controls {
    /// How often it looks, in seconds (`--horizontal-pod-autoscaler-sync-period`).
    pub sync_period_secs: i64,
    /// How far a ratio may be from one without consequence (`--horizontal-pod-autoscaler-tolerance`).
    pub tolerance: f64,
    /// The window down where an autoscaler names none (`--horizontal-pod-autoscaler-downscale-stabilization`).
    pub downscale_stabilization_secs: i32,
    /// How long after its start a pod's CPU counts only while it is ready
    /// (`--horizontal-pod-autoscaler-cpu-initialization-period`).
    pub cpu_initialization_secs: i64,
    /// Until when after its start a pod that turned unready counts as one that was never ready
    /// (`--horizontal-pod-autoscaler-initial-readiness-delay`).
    pub initial_readiness_delay_secs: i64,
}

impl Default for Controls {
    fn default() -> Self {
        Self {
            sync_period_secs: 15,
            tolerance: 0.1,
            downscale_stabilization_secs: 300,
            cpu_initialization_secs: 300,
            initial_readiness_delay_secs: 30,
        }
    }
}

/// How far the ratio of a metric to its target may be from one without consequence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerances {
    /// Below one.
    pub down: f64,
    /// Above one.
    pub up: f64,
}

/// What is known of one metric when the controller looks.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// The pods' values, for metrics of resources and of pods.
    Samples(Samples),
    /// Values in thousandths: of external metrics all are summed, of an object's only the first counts.
    Values(Vec<i64>),
    /// Whoever should know it does not answer.
    Unavailable,
}

/// One metric says nothing about replicas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MetricError {
    /// Whoever should know it does not answer, or with another kind of value.
    #[error("the metric is not available")]
    Unavailable,
    /// The selector finds no pod.
    #[error("no pods were found")]
    NoPods,
    /// No pod that counts has a value.
    #[error("no pod that counts has a value; pods may be unready")]
    NoSamples,
    /// All values are of pods that are not the workload's.
    #[error("the values are of no known pod")]
    NoKnownPods,
    /// A container does not say what it requests, so a share of it is not defined.
    #[error("a container has no request for the resource")]
    NoRequest,
}

/// What kept the controller from doing what the metrics asked for (the condition `ScalingLimited`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// Nothing.
    None,
    /// Policies, or without `behavior` the doubling.
    ScaleUpLimit,
    /// Policies.
    ScaleDownLimit,
    /// `maxReplicas`.
    TooManyReplicas,
    /// `minReplicas`.
    TooFewReplicas,
}

/// The replicas of the workload, when the controller looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    /// As many there should be.
    pub spec: i32,
    /// As many there are, in whatever state.
    pub status: i32,
}

/// What one look of the controller came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// As many replicas there should be now.
    pub replicas: i32,
    /// What the metrics asked for, before windows and limits; nothing where they were not looked at.
    pub recommended: Option<i32>,
    /// What stood in the way.
    pub limit: Limit,
    /// The first metric that could not be used while others could.
    pub failed: Option<MetricError>,
}

/// One autoscaler, with what the controller remembers of it.
#[derive(Debug, Clone)]
pub struct Autoscaler {
    controls: Controls,
    spec: Spec,
    memory: Memory,
}

impl Autoscaler {
    /// A new autoscaler.
    ///
    /// Errors where the API server would not take `spec`, or where `controls` make no sense.
    pub fn new(spec: Spec, controls: Controls) -> Result<Self, SpecError> {
        spec.check(&controls)?;
        Ok(Self { controls, spec, memory: Memory::default() })
    }

    /// `tolerancesForHpa`.
    fn tolerances(&self) -> Tolerances {
        let of = |rules: &Policies| rules.tolerance.unwrap_or(self.controls.tolerance);
        match &self.spec.behavior {
            None => Tolerances { down: self.controls.tolerance, up: self.controls.tolerance },
            Some(behavior) => {
                let (up, down) = behavior.filled(&self.controls);
                Tolerances { down: of(&down), up: of(&up) }
            }
        }
    }

    /// `computeReplicasForMetric`.
    fn proposal(
        &self,
        metric: &Metric,
        reading: &Reading,
        scale: Scale,
        pods: &[Pod],
        now_ms: i64,
    ) -> Result<i32, MetricError> {
        let tolerances = self.tolerances();
        let clock = (now_ms, &self.controls);
        match (metric, reading) {
            (Metric::ResourceUtilization { percent, is_cpu }, Reading::Samples(samples)) => {
                calculator::resource_replicas(
                    scale.spec,
                    *percent,
                    *is_cpu,
                    tolerances,
                    (pods, samples),
                    clock,
                )
            }
            (Metric::ResourceAverage { milli, is_cpu }, Reading::Samples(samples)) => {
                calculator::plain_replicas(scale.spec, *milli, *is_cpu, tolerances, (pods, samples), clock)
            }
            (Metric::Pods { milli }, Reading::Samples(samples)) => {
                calculator::plain_replicas(scale.spec, *milli, false, tolerances, (pods, samples), clock)
            }
            (Metric::Object(target), Reading::Values(values)) => {
                let value = values.first().copied().ok_or(MetricError::Unavailable)?;
                match target {
                    Target::Value { milli } => {
                        calculator::object_replicas(scale.spec, *milli, value, tolerances, pods)
                    }
                    Target::AverageValue { milli } => {
                        Ok(calculator::object_per_pod_replicas(scale.status, *milli, value, tolerances))
                    }
                }
            }
            (Metric::External(target), Reading::Values(values)) => {
                // The client refuses an answer without items (`GetExternalMetric`).
                if values.is_empty() {
                    return Err(MetricError::Unavailable);
                }
                match target {
                    Target::Value { milli } => {
                        calculator::external_replicas(scale.spec, *milli, values, tolerances, pods)
                    }
                    Target::AverageValue { milli } => {
                        Ok(calculator::external_per_pod_replicas(scale.status, *milli, values, tolerances))
                    }
                }
            }
            _ => Err(MetricError::Unavailable),
        }
    }

    /// `computeReplicasForMetrics`: the largest of what the metrics ask for. Where one cannot be used, the others may
    /// raise the number and not lower it.
    fn recommendation(
        &self,
        readings: &[Reading],
        scale: Scale,
        pods: &[Pod],
        now_ms: i64,
    ) -> Result<(i32, Option<MetricError>), MetricError> {
        let mut replicas = 0;
        let mut failed = None;
        let mut failures = 0;
        for (index, metric) in self.spec.metrics.iter().enumerate() {
            let reading = readings.get(index).unwrap_or(&Reading::Unavailable);
            match self.proposal(metric, reading, scale, pods, now_ms) {
                Ok(proposal) if replicas == 0 || proposal > replicas => replicas = proposal,
                Ok(_) => {}
                Err(error) => {
                    failed = failed.or(Some(error));
                    failures += 1;
                }
            }
        }
        match failed {
            Some(error) if failures >= self.spec.metrics.len() || replicas < scale.spec => Err(error),
            _ => Ok((replicas, failed)),
        }
    }

    /// `reconcileAutoscaler`: looks once, at `now_ms`, and says how many replicas there should be. `readings` has a
    /// place for each metric of the spec, and `pods` are those that the workload's selector finds.
    ///
    /// Errors where nothing can be decided; the number of replicas then stays as it is.
    pub fn reconcile(
        &mut self,
        now_ms: i64,
        scale: Scale,
        pods: &[Pod],
        readings: &[Reading],
    ) -> Result<Outcome, MetricError> {
        let current = scale.spec;
        let bounds = Bounds { min: self.spec.min_replicas, max: self.spec.max_replicas };
        self.memory.begin(current, now_ms);
        let filled = self.spec.behavior.as_ref().map(|behavior| behavior.filled(&self.controls));
        let outside = |replicas, limit| Outcome { replicas, recommended: None, limit, failed: None };
        let outcome = if current == 0 {
            // Somebody else turned it off, and has to turn it on.
            return Ok(outside(0, Limit::None));
        } else if current > bounds.max {
            outside(bounds.max, Limit::TooManyReplicas)
        } else if current < bounds.min {
            outside(bounds.min, Limit::TooFewReplicas)
        } else {
            let (recommended, failed) = self.recommendation(readings, scale, pods, now_ms)?;
            // The controller begins at zero and takes what is larger.
            let desired = recommended.max(0);
            let Decision { replicas, limit } = match &filled {
                None => self.memory.normalize(
                    (current, desired),
                    bounds,
                    i64::from(self.controls.downscale_stabilization_secs),
                    now_ms,
                ),
                Some((up, down)) => {
                    self.memory.normalize_with((current, desired), bounds, (up, down), now_ms)
                }
            };
            Outcome { replicas, recommended: Some(recommended), limit, failed }
        };
        if outcome.replicas != current
            && let Some((up, down)) = &filled
        {
            self.memory.changed(current, outcome.replicas, (up, down), now_ms);
        }
        Ok(outcome)
    }
}

#[cfg(test)]
#[path = "hpa/tests.rs"]
mod tests;
