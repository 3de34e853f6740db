//! How many replicas one metric asks for: the functions of `replica_calculator.go` and `metrics/utilization.go`.
//!
//! It takes what the controller would have been told of pods and metrics, and must not know what replicas there may
//! be at most or what was decided before. Values are in thousandths, as Kubernetes counts them (`MilliValue`).
//!
//! Integers overflow here as they do in Go, and divisions drop the remainder, since both show in the result.

use super::{Controls, MetricError, Tolerances};

/// What a pod's status says of its phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Not all containers have started: it waits for a node, or for an image.
    Pending,
    /// On a node, and started.
    Running,
    /// All containers have ended well.
    Succeeded,
    /// All containers have ended, one of them badly.
    Failed,
}

/// What the condition `Ready` of a pod says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It serves.
    True,
    /// It does not.
    False,
    /// Its node does not answer.
    Unknown,
}

/// The condition `Ready` of a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ready {
    /// What it says.
    pub status: Status,
    /// Since when, in milliseconds.
    pub since_ms: i64,
}

/// What was measured in a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// The value in thousandths: millicores, or thousandths of a byte.
    pub milli: i64,
    /// When the measuring ended, in milliseconds.
    pub at_ms: i64,
    /// How long it took, in milliseconds.
    pub window_ms: i64,
}

/// A pod of the scaled workload, as the controller sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pod {
    /// Its phase.
    pub phase: Phase,
    /// It was asked to end.
    pub is_deleting: bool,
    /// When its node took it, in milliseconds; nothing before.
    pub started_ms: Option<i64>,
    /// Its condition `Ready`; nothing where it has none yet.
    pub ready: Option<Ready>,
    /// What its containers request of the resource that is looked at, in thousandths; nothing where one requests none.
    pub request_milli: Option<i64>,
}

/// What the metrics API says of the pods of a workload.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Samples {
    /// One place a pod, in the order of the pods; nothing where a pod has no metric.
    pub of_pods: Vec<Option<Sample>>,
    /// Values in thousandths of pods that are not among the workload's any more.
    pub strays_milli: Vec<i64>,
}

impl Tolerances {
    fn covers(self, ratio: f64) -> bool {
        (1.0 - self.down) <= ratio && ratio <= (1.0 + self.up)
    }
}

/// `int32(f)` as Go has it on amd64, which gives the least number where `f` does not fit.
pub(super) fn to_i32(value: f64) -> i32 {
    if value > -2_147_483_649.0 && value < 2_147_483_648.0 { value as i32 } else { i32::MIN }
}

/// `math.Ceil` in `int32`, but the largest number where more would be asked for.
fn ceil_capped(value: f64) -> i32 {
    if value.ceil() > f64::from(i32::MAX) { i32::MAX } else { to_i32(value.ceil()) }
}

/// `groupPods`: where each pod belongs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    Counted,
    Unready,
    Missing,
    Ignored,
}

fn group(pod: &Pod, sample: Option<Sample>, is_cpu: bool, now_ms: i64, controls: &Controls) -> Group {
    if pod.is_deleting || pod.phase == Phase::Failed {
        return Group::Ignored;
    }
    if pod.phase == Phase::Pending {
        return Group::Unready;
    }
    let Some(sample) = sample else { return Group::Missing };
    if !is_cpu {
        return Group::Counted;
    }
    let (Some(ready), Some(started_ms)) = (pod.ready, pod.started_ms) else { return Group::Unready };
    let is_down = ready.status == Status::False;
    let is_unready = if started_ms + controls.cpu_initialization_secs * 1_000 > now_ms {
        is_down || sample.at_ms < ready.since_ms + sample.window_ms
    } else {
        is_down && started_ms + controls.initial_readiness_delay_secs * 1_000 > ready.since_ms
    };
    if is_unready { Group::Unready } else { Group::Counted }
}

/// The pods of a workload with their metrics, in groups.
struct Grouped {
    /// Values by pod, of those that count so far.
    values: Vec<Option<i64>>,
    groups: Vec<Group>,
    strays: Vec<i64>,
}

impl Grouped {
    fn new(
        pods: &[Pod],
        samples: &Samples,
        is_cpu: bool,
        now_ms: i64,
        controls: &Controls,
    ) -> Result<Self, MetricError> {
        if pods.is_empty() {
            return Err(MetricError::NoPods);
        }
        let sample = |index: usize| samples.of_pods.get(index).copied().flatten();
        let groups: Vec<Group> = pods
            .iter()
            .enumerate()
            .map(|(index, pod)| group(pod, sample(index), is_cpu, now_ms, controls))
            .collect();
        let values: Vec<Option<i64>> = groups
            .iter()
            .enumerate()
            .map(|(index, group)| {
                (*group == Group::Counted).then(|| sample(index).map(|sample| sample.milli)).flatten()
            })
            .collect();
        let grouped = Self { values, groups, strays: samples.strays_milli.clone() };
        if grouped.len() == 0 {
            return Err(MetricError::NoSamples);
        }
        Ok(grouped)
    }

    /// How many metrics there are, those of strangers included.
    fn len(&self) -> usize {
        self.values.iter().flatten().count() + self.strays.len()
    }

    fn count(&self, group: Group) -> usize {
        self.groups.iter().filter(|one| **one == group).count()
    }

    fn assume(&mut self, group: Group, value: impl Fn(usize) -> i64) {
        for (index, one) in self.groups.iter().enumerate() {
            if *one == group {
                self.values[index] = Some(value(index));
            }
        }
    }

    /// The part that `GetResourceReplicas` and `calcPlainMetricReplicas` have in common: `ratio_of` is asked a second
    /// time where pods are missing or not ready, with what is then assumed of them.
    fn replicas(
        mut self,
        current: i32,
        tolerances: Tolerances,
        ratio_of: impl Fn(&Self) -> Result<f64, MetricError>,
        missing_when_down: impl Fn(usize) -> i64,
    ) -> Result<i32, MetricError> {
        let ratio = ratio_of(&self)?;
        let is_up_with_unready = self.count(Group::Unready) > 0 && ratio > 1.0;
        let is_any_missing = self.count(Group::Missing) > 0;
        if !is_up_with_unready && !is_any_missing {
            if tolerances.covers(ratio) {
                return Ok(current);
            }
            return Ok(to_i32((ratio * self.count(Group::Counted) as f64).ceil()));
        }
        if is_any_missing && ratio < 1.0 {
            self.assume(Group::Missing, missing_when_down);
        } else if is_any_missing && ratio > 1.0 {
            self.assume(Group::Missing, |_| 0);
        }
        if is_up_with_unready {
            self.assume(Group::Unready, |_| 0);
        }
        let assumed = ratio_of(&self)?;
        if tolerances.covers(assumed) || (ratio < 1.0 && assumed > 1.0) || (ratio > 1.0 && assumed < 1.0) {
            return Ok(current);
        }
        let replicas = to_i32((assumed * self.len() as f64).ceil());
        if (assumed < 1.0 && replicas > current) || (assumed > 1.0 && replicas < current) {
            return Ok(current);
        }
        Ok(replicas)
    }
}

/// `GetResourceUtilizationRatio`. Pods without a place in `requests` are strangers, and do not count.
fn utilization_ratio(grouped: &Grouped, requests: &[i64], percent: i32) -> Result<f64, MetricError> {
    let (mut used, mut requested) = (0_i64, 0_i64);
    for (value, request) in grouped.values.iter().zip(requests) {
        if let Some(value) = value {
            used = used.wrapping_add(*value);
            requested = requested.wrapping_add(*request);
        }
    }
    if requested == 0 {
        return Err(MetricError::NoKnownPods);
    }
    let utilization = used.wrapping_mul(100).wrapping_div(requested) as i32;
    Ok(f64::from(utilization) / f64::from(percent))
}

/// `GetMetricUsageRatio`.
fn usage_ratio(grouped: &Grouped, target_milli: i64) -> f64 {
    let values = grouped.values.iter().flatten().chain(&grouped.strays);
    let total = values.fold(0_i64, |total, value| total.wrapping_add(*value));
    let count = i64::try_from(grouped.len()).unwrap_or(i64::MAX);
    (total / count) as f64 / target_milli as f64
}

/// `GetResourceReplicas`: a share of what the pods request, in per cent.
pub(super) fn resource_replicas(
    current: i32,
    percent: i32,
    is_cpu: bool,
    tolerances: Tolerances,
    (pods, samples): (&[Pod], &Samples),
    (now_ms, controls): (i64, &Controls),
) -> Result<i32, MetricError> {
    let grouped = Grouped::new(pods, samples, is_cpu, now_ms, controls)?;
    let requests: Option<Vec<i64>> = pods.iter().map(|pod| pod.request_milli).collect();
    let requests = requests.ok_or(MetricError::NoRequest)?;
    let fallback = i64::from(percent.max(100));
    grouped.replicas(
        current,
        tolerances,
        |grouped| utilization_ratio(grouped, &requests, percent),
        |index| requests[index].wrapping_mul(fallback) / 100,
    )
}

/// `calcPlainMetricReplicas`, which `GetRawResourceReplicas` and `GetMetricReplicas` come down to: an average over
/// the pods. Whether a pod is ready is looked at for the CPU only.
pub(super) fn plain_replicas(
    current: i32,
    target_milli: i64,
    is_cpu: bool,
    tolerances: Tolerances,
    (pods, samples): (&[Pod], &Samples),
    (now_ms, controls): (i64, &Controls),
) -> Result<i32, MetricError> {
    let grouped = Grouped::new(pods, samples, is_cpu, now_ms, controls)?;
    grouped.replicas(current, tolerances, |grouped| Ok(usage_ratio(grouped, target_milli)), |_| target_milli)
}

/// `getUsageRatioReplicaCount`: the ratio times the pods that are ready. From zero the ratio alone counts.
fn ratio_replicas(
    current: i32,
    ratio: f64,
    tolerances: Tolerances,
    pods: &[Pod],
) -> Result<i32, MetricError> {
    if current == 0 {
        return Ok(to_i32(ratio.ceil()));
    }
    if tolerances.covers(ratio) {
        return Ok(current);
    }
    if pods.is_empty() {
        return Err(MetricError::NoPods);
    }
    let ready = pods
        .iter()
        .filter(|pod| {
            pod.phase == Phase::Running && pod.ready.is_some_and(|ready| ready.status == Status::True)
        })
        .count();
    let replicas = ratio * ready as f64;
    // The uncapped number is compared, not the rounded one.
    Ok(if replicas > f64::from(i32::MAX) { i32::MAX } else { to_i32(replicas.ceil()) })
}

/// `GetObjectMetricReplicas`: one value of one object, against the target.
pub(super) fn object_replicas(
    current: i32,
    target_milli: i64,
    milli: i64,
    tolerances: Tolerances,
    pods: &[Pod],
) -> Result<i32, MetricError> {
    ratio_replicas(current, milli as f64 / target_milli as f64, tolerances, pods)
}

/// `GetObjectPerPodMetricReplicas`: one value of one object, shared by the replicas that there are.
pub(super) fn object_per_pod_replicas(
    status_replicas: i32,
    target_milli: i64,
    milli: i64,
    tolerances: Tolerances,
) -> i32 {
    let ratio = milli as f64 / (target_milli as f64 * f64::from(status_replicas));
    if tolerances.covers(ratio) {
        return status_replicas;
    }
    to_i32((milli as f64 / target_milli as f64).ceil())
}

/// `GetExternalMetricReplicas`: the sum of an external metric, against the target.
pub(super) fn external_replicas(
    current: i32,
    target_milli: i64,
    values_milli: &[i64],
    tolerances: Tolerances,
    pods: &[Pod],
) -> Result<i32, MetricError> {
    let mut sum = 0_i64;
    for value in values_milli {
        if *value > 0 && sum > i64::MAX - value {
            sum = i64::MAX;
            break;
        }
        sum = sum.wrapping_add(*value);
    }
    ratio_replicas(current, sum as f64 / target_milli as f64, tolerances, pods)
}

/// `GetExternalPerPodMetricReplicas`: the sum of an external metric, shared by the replicas that there are. This is
/// what decides on a lag that KEDA or an adapter reports.
pub(super) fn external_per_pod_replicas(
    status_replicas: i32,
    target_milli: i64,
    values_milli: &[i64],
    tolerances: Tolerances,
) -> i32 {
    let mut sum = 0_i64;
    for value in values_milli {
        sum = sum.wrapping_add(*value);
        if sum < 0 {
            sum = i64::MAX;
            break;
        }
    }
    let ratio = sum as f64 / (target_milli as f64 * f64::from(status_replicas));
    if tolerances.covers(ratio) {
        return status_replicas;
    }
    ceil_capped(sum as f64 / target_milli as f64)
}
