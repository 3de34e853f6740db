//! KEDA v2.21.0, as arithmetic: a queue's lag, what of it the autoscaler is told, and who scales to and from zero.
//!
//! The source is `pkg/scalers`, `pkg/scaling` and `pkg/fallback` of that version; each function names the one that it
//! follows. What KEDA makes of a trigger is an autoscaler of Kubernetes on one external metric with the target
//! `AverageValue`, which asks KEDA at each of its own looks. KEDA's own loop, every `pollingInterval`, only decides
//! whether there is anything to do at all.
//!
//! Scaling modifiers, cached metrics, pausing by annotation and scaled jobs are not here.

pub mod jetstream;
pub mod kafka;

use super::hpa::{self, Metric, Reading, Target};

/// What KEDA found at its last look at a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lag {
    /// What the autoscaler is told, in events.
    pub metric: i64,
    /// What decides whether there is anything to do, in events.
    pub for_activity: i64,
}

/// The value as the autoscaler gets it, in thousandths (`GenerateMetricInMili`): nothing negative.
pub fn metric_milli(lag: i64) -> i64 {
    lag.max(0).saturating_mul(1_000)
}

/// How many replicas are assumed while a trigger fails (`spec.fallback.behavior`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FallbackBehavior {
    /// `replicas`.
    #[default]
    Static,
    /// As many as there are.
    CurrentReplicas,
    /// As many as there are, or `replicas` where that is more.
    CurrentReplicasIfHigher,
    /// As many as there are, or `replicas` where that is less.
    CurrentReplicasIfLower,
}

/// `spec.fallback`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fallback {
    /// After more failures than this in a row.
    pub failure_threshold: i32,
    /// How many replicas.
    pub replicas: i32,
    /// How many of them, seen what there is.
    pub behavior: FallbackBehavior,
}

/// `spec` of a ScaledObject, as far as it decides on replicas.
#[derive(Debug, Clone, PartialEq)]
pub struct ScaledObject {
    /// `pollingInterval`, in seconds.
    pub polling_interval_secs: i64,
    /// `cooldownPeriod`, in seconds: how long after the last activity replicas go to zero or to idle. It counts for
    /// nothing else.
    pub cooldown_secs: i64,
    /// `initialCooldownPeriod`, in seconds.
    pub initial_cooldown_secs: i64,
    /// `idleReplicaCount`.
    pub idle_replicas: Option<i32>,
    /// `minReplicaCount`.
    pub min_replicas: i32,
    /// `maxReplicaCount`.
    pub max_replicas: i32,
    /// `fallback`.
    pub fallback: Option<Fallback>,
    /// `advanced.horizontalPodAutoscalerConfig.behavior`.
    pub behavior: Option<hpa::Behavior>,
}

impl Default for ScaledObject {
    fn default() -> Self {
        Self {
            polling_interval_secs: 30,
            cooldown_secs: 300,
            initial_cooldown_secs: 0,
            idle_replicas: None,
            min_replicas: 0,
            max_replicas: 100,
            fallback: None,
            behavior: None,
        }
    }
}

/// KEDA would refuse this ScaledObject or trigger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// `minReplicaCount` and `maxReplicaCount`.
    #[error(
        "replicas from {min} to {max} make no range: the least is 0, and the most at least 1 and not below it"
    )]
    Replicas {
        /// `minReplicaCount`.
        min: i32,
        /// `maxReplicaCount`.
        max: i32,
    },
    /// `idleReplicaCount`.
    #[error("{idle} idle replicas are not fewer than the least, {min}: leave them out, or name fewer")]
    Idle {
        /// `idleReplicaCount`.
        idle: i32,
        /// `minReplicaCount`.
        min: i32,
    },
    /// `pollingInterval`, `cooldownPeriod` or `initialCooldownPeriod`.
    #[error("times have to be within 0 and a day, and the polling interval at least a second")]
    Times,
    /// `fallback`.
    #[error("the fallback's replicas and threshold may not be negative")]
    Fallback,
    /// `lagThreshold`.
    #[error("the lag threshold has to be more than zero")]
    Threshold,
    /// `activationLagThreshold`.
    #[error("the activation threshold may not be negative")]
    Activation,
    /// `limitToPartitionsWithLag` beside what contradicts it.
    #[error(
        "limitToPartitionsWithLag goes neither with allowIdleConsumers nor with ensureEvenDistributionOfPartitions"
    )]
    Exclusive,
}

impl ScaledObject {
    /// Checks what KEDA's admission checks (`CheckReplicaCountBoundsAreValid`, `CheckFallbackValid`).
    pub fn check(&self) -> Result<(), SpecError> {
        let (min, max) = (self.min_replicas, self.max_replicas);
        if min < 0 || max < 1 || max < min {
            return Err(SpecError::Replicas { min, max });
        }
        // Without a least number the autoscaler's default of one would be compared; zero is compared here, as there.
        if let Some(idle) = self.idle_replicas
            && (idle < 0 || idle >= min)
        {
            return Err(SpecError::Idle { idle, min });
        }
        let is_time = |secs: i64| (0..=86_400).contains(&secs);
        let are_times = self.polling_interval_secs >= 1
            && [self.polling_interval_secs, self.cooldown_secs, self.initial_cooldown_secs]
                .into_iter()
                .all(is_time);
        if !are_times {
            return Err(SpecError::Times);
        }
        match self.fallback {
            Some(fallback) if fallback.failure_threshold < 0 || fallback.replicas < 0 => {
                Err(SpecError::Fallback)
            }
            _ => Ok(()),
        }
    }

    /// The autoscaler that KEDA makes for one trigger (`newHPAForScaledObject`, `GetHPAMinReplicas`,
    /// `GetMetricTarget`): at least one replica, since to zero only KEDA itself scales.
    pub fn autoscaler(&self, lag_threshold: i64) -> hpa::Spec {
        hpa::Spec {
            min_replicas: self.min_replicas.max(1),
            max_replicas: self.max_replicas,
            metrics: vec![Metric::External(Target::AverageValue { milli: metric_milli(lag_threshold) })],
            behavior: self.behavior.clone(),
        }
    }

    /// Whether KEDA's own loop asks the queue (`IsPollingIntervalRelevant`): only where it can do what the autoscaler
    /// cannot. Elsewhere it takes what the autoscaler's last look brought.
    pub fn polls(&self) -> bool {
        self.min_replicas == 0 || self.idle_replicas.is_some()
    }
}

/// What KEDA remembers of a ScaledObject between two looks.
#[derive(Debug, Clone)]
pub struct Operator {
    spec: ScaledObject,
    lag_threshold: i64,
    created_ms: i64,
    last_active_ms: Option<i64>,
    failures: i32,
}

/// What the queue said, to KEDA's own loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// There is something to do.
    Active,
    /// There is not.
    Idle,
    /// It did not answer.
    Failed,
}

impl Operator {
    /// KEDA for a ScaledObject that was made at `created_ms`, with one trigger of this threshold in events.
    ///
    /// Errors where KEDA's admission would refuse it.
    pub fn new(spec: ScaledObject, lag_threshold: i64, created_ms: i64) -> Result<Self, SpecError> {
        spec.check()?;
        if lag_threshold <= 0 {
            return Err(SpecError::Threshold);
        }
        Ok(Self { spec, lag_threshold, created_ms, last_active_ms: None, failures: 0 })
    }

    /// `RequestScale`: one round of KEDA's own loop. Gives the number of replicas that it sets, where it sets one.
    pub fn poll(&mut self, now_ms: i64, current: i32, activity: Activity) -> Option<i32> {
        let (min, idle) = (self.spec.min_replicas, self.spec.idle_replicas);
        match activity {
            Activity::Active => {
                self.last_active_ms = Some(now_ms);
                let is_up = current == 0 || (idle.is_some() && current < min);
                is_up.then(|| min.max(1))
            }
            // A fallback that keeps replicas needs them not to be taken away; without one an error changes nothing.
            Activity::Failed if self.spec.fallback.is_none_or(|fallback| fallback.replicas != 0) => None,
            Activity::Idle | Activity::Failed => match idle {
                Some(idle) if current > idle => self.is_cool(now_ms).then_some(idle),
                _ if current > 0 && min == 0 => self.is_cool(now_ms).then_some(min),
                None if current < min => Some(min),
                _ => None,
            },
        }
    }

    /// `scaleToZeroOrIdle`, its condition.
    fn is_cool(&self, now_ms: i64) -> bool {
        match self.last_active_ms {
            Some(active_ms) => active_ms + self.spec.cooldown_secs * 1_000 < now_ms,
            None => self.created_ms + self.spec.initial_cooldown_secs * 1_000 < now_ms,
        }
    }

    /// `GetMetricsWithFallback`, `doFallback`: what the autoscaler is told, when it asks while there are `current`
    /// replicas. `lag` is nothing where the queue did not answer.
    pub fn reading(&mut self, lag: Option<i64>, current: i32) -> Reading {
        if let Some(lag) = lag {
            self.failures = 0;
            return Reading::Values(vec![metric_milli(lag)]);
        }
        let Some(fallback) = self.spec.fallback else { return Reading::Unavailable };
        self.failures = self.failures.saturating_add(1);
        if self.failures <= fallback.failure_threshold {
            return Reading::Unavailable;
        }
        let replicas = match fallback.behavior {
            FallbackBehavior::Static => fallback.replicas,
            FallbackBehavior::CurrentReplicas => current,
            FallbackBehavior::CurrentReplicasIfHigher => current.max(fallback.replicas),
            FallbackBehavior::CurrentReplicasIfLower => current.min(fallback.replicas),
        };
        // The order of the factors is KEDA's: it multiplies floats, and cuts off.
        Reading::Values(vec![(self.lag_threshold as f64 * 1_000.0 * f64::from(replicas)) as i64])
    }
}

#[cfg(test)]
#[path = "keda/tests.rs"]
mod tests;
