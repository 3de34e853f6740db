//! What an autoscaler is asked to do: `spec` of a HorizontalPodAutoscaler, its defaults (`pkg/apis/autoscaling/v2/
//! defaults.go`) and what the API server refuses (`pkg/apis/autoscaling/validation`).
//!
//! It must not decide anything.

use super::Controls;

/// The longest period of a policy (`MaxPeriodSeconds`), in seconds.
const MOST_PERIOD_SECS: i32 = 1_800;
/// The longest stabilization window (`MaxStabilizationWindowSeconds`), in seconds.
const MOST_WINDOW_SECS: i32 = 3_600;

/// What the replicas follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// A resource as a share of what is requested: `Resource` and `ContainerResource` with `averageUtilization`.
    ResourceUtilization {
        /// The target in per cent.
        percent: i32,
        /// Of the CPU, new and unready pods do not count.
        is_cpu: bool,
    },
    /// A resource as an amount a pod: `Resource` and `ContainerResource` with `averageValue`.
    ResourceAverage {
        /// The target in thousandths.
        milli: i64,
        /// Of the CPU, new and unready pods do not count.
        is_cpu: bool,
    },
    /// A metric that each pod has (`Pods`).
    Pods {
        /// The target a pod, in thousandths.
        milli: i64,
    },
    /// A metric of one object (`Object`).
    Object(Target),
    /// A metric from outside of the cluster (`External`): a lag.
    External(Target),
}

/// What a single value is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The value itself (`value`).
    Value {
        /// In thousandths.
        milli: i64,
    },
    /// The value shared by the replicas (`averageValue`).
    AverageValue {
        /// In thousandths.
        milli: i64,
    },
}

/// How much may change in which time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// A number of replicas.
    Pods {
        /// How many.
        pods: i32,
        /// In how many seconds.
        period_secs: i32,
    },
    /// A share of the replicas.
    Percent {
        /// How many per cent.
        percent: i32,
        /// In how many seconds.
        period_secs: i32,
    },
}

impl Policy {
    pub(super) fn period_secs(&self) -> i32 {
        match self {
            Self::Pods { period_secs, .. } | Self::Percent { period_secs, .. } => *period_secs,
        }
    }

    fn value(&self) -> i32 {
        match self {
            Self::Pods { pods, .. } => *pods,
            Self::Percent { percent, .. } => *percent,
        }
    }
}

/// Which of several policies counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Select {
    /// The one that changes most.
    #[default]
    Max,
    /// The one that changes least.
    Min,
    /// None: nothing changes in this direction.
    Disabled,
}

/// `scaleUp` or `scaleDown` as it is written; what is left out has its default.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rules {
    /// `stabilizationWindowSeconds`.
    pub window_secs: Option<i32>,
    /// `selectPolicy`.
    pub select: Option<Select>,
    /// `policies`.
    pub policies: Option<Vec<Policy>>,
    /// `tolerance`.
    pub tolerance: Option<f64>,
}

/// [`Rules`] with every default filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct Policies {
    /// How long recommendations are remembered, in seconds.
    pub window_secs: i32,
    /// Which policy counts.
    pub select: Select,
    /// The policies, at least one.
    pub policies: Vec<Policy>,
    /// How far from one the ratio may be in this direction; nothing where the controller's own value counts.
    pub tolerance: Option<f64>,
}

/// `behavior`, as it is written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Behavior {
    /// `scaleUp`.
    pub up: Rules,
    /// `scaleDown`.
    pub down: Rules,
}

impl Rules {
    fn filled(&self, window_secs: i32, policies: Vec<Policy>) -> Policies {
        Policies {
            window_secs: self.window_secs.unwrap_or(window_secs),
            select: self.select.unwrap_or_default(),
            policies: self.policies.clone().unwrap_or(policies),
            tolerance: self.tolerance,
        }
    }

    fn check(&self) -> Result<(), SpecError> {
        if self.window_secs.is_some_and(|secs| !(0..=MOST_WINDOW_SECS).contains(&secs)) {
            return Err(SpecError::Window);
        }
        if self.tolerance.is_some_and(|tolerance| !tolerance.is_finite() || tolerance < 0.0) {
            return Err(SpecError::Tolerance);
        }
        let Some(policies) = &self.policies else { return Ok(()) };
        if policies.is_empty() {
            return Err(SpecError::NoPolicy);
        }
        let is_wrong =
            |policy: &Policy| policy.value() <= 0 || !(1..=MOST_PERIOD_SECS).contains(&policy.period_secs());
        if policies.iter().any(is_wrong) { Err(SpecError::Policy) } else { Ok(()) }
    }
}

impl Behavior {
    /// Both directions with their defaults, upwards first (`GenerateHPAScaleUpRules`, `GenerateHPAScaleDownRules`,
    /// `maybeInitScaleDownStabilizationWindow`).
    pub fn filled(&self, controls: &Controls) -> (Policies, Policies) {
        let doubled = Policy::Percent { percent: 100, period_secs: 15 };
        let up = self.up.filled(0, vec![Policy::Pods { pods: 4, period_secs: 15 }, doubled]);
        let down = self.down.filled(controls.downscale_stabilization_secs, vec![doubled]);
        (up, down)
    }
}

/// `spec` of a HorizontalPodAutoscaler.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// `minReplicas`, at least 1.
    pub min_replicas: i32,
    /// `maxReplicas`.
    pub max_replicas: i32,
    /// What the replicas follow; at least one.
    pub metrics: Vec<Metric>,
    /// How fast they may.
    pub behavior: Option<Behavior>,
}

/// The API server would refuse this autoscaler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// `minReplicas` or `maxReplicas`.
    #[error(
        "replicas from {min} to {max} make no range: the least is 1 (zero is KEDA's), and the most is not below it"
    )]
    Replicas {
        /// `minReplicas`.
        min: i32,
        /// `maxReplicas`.
        max: i32,
    },
    /// Without a metric nothing is followed.
    #[error("there is no metric to follow: name at least one")]
    NoMetric,
    /// A target of zero or less has no ratio.
    #[error("a metric's target has to be more than zero")]
    Target,
    /// A stabilization window.
    #[error("a stabilization window has to be within 0 and {MOST_WINDOW_SECS} seconds")]
    Window,
    /// A tolerance.
    #[error("a tolerance has to be a number that is not negative, such as 0.1")]
    Tolerance,
    /// An empty list of policies.
    #[error("policies are named but there is none: leave the list out for the default, or add one")]
    NoPolicy,
    /// A policy.
    #[error("a policy has to change by more than zero, in a period from 1 to {MOST_PERIOD_SECS} seconds")]
    Policy,
    /// The controller's flags.
    #[error(
        "the controller's times have to be within 0 and a day, its sync period at least a second, and its tolerance at least 0"
    )]
    Controls,
}

impl Spec {
    pub(super) fn check(&self, controls: &Controls) -> Result<(), SpecError> {
        if self.min_replicas < 1 || self.max_replicas < self.min_replicas {
            return Err(SpecError::Replicas { min: self.min_replicas, max: self.max_replicas });
        }
        if self.metrics.is_empty() {
            return Err(SpecError::NoMetric);
        }
        let target = |metric: &Metric| match *metric {
            Metric::ResourceUtilization { percent, .. } => i64::from(percent),
            Metric::ResourceAverage { milli, .. } | Metric::Pods { milli } => milli,
            Metric::Object(target) | Metric::External(target) => match target {
                Target::Value { milli } | Target::AverageValue { milli } => milli,
            },
        };
        if self.metrics.iter().any(|metric| target(metric) <= 0) {
            return Err(SpecError::Target);
        }
        if let Some(behavior) = &self.behavior {
            behavior.up.check()?;
            behavior.down.check()?;
        }
        let is_time = |secs: i64| (0..=86_400).contains(&secs);
        let is_fine = controls.sync_period_secs >= 1
            && is_time(controls.sync_period_secs)
            && is_time(i64::from(controls.downscale_stabilization_secs))
            && is_time(controls.cpu_initialization_secs)
            && is_time(controls.initial_readiness_delay_secs)
            && controls.tolerance.is_finite()
            && controls.tolerance >= 0.0;
        if is_fine { Ok(()) } else { Err(SpecError::Controls) }
    }
}
