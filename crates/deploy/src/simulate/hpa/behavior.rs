//! What becomes of a recommendation: limits, policies and stabilization windows, as `horizontal.go` applies them.
//!
//! It knows what was recommended and done before, and must not know any metric.

use super::calculator::to_i32;
use super::{Limit, Policies, Policy, Select};

/// A number of replicas that metrics asked for.
#[derive(Debug, Clone, Copy)]
struct Recommendation {
    replicas: i32,
    at_ms: i64,
}

/// A change that was made.
#[derive(Debug, Clone, Copy)]
struct Change {
    /// By how many replicas, never negative.
    by: i32,
    at_ms: i64,
}

/// What one autoscaler remembers.
#[derive(Debug, Clone, Default)]
pub(super) struct Memory {
    recommendations: Vec<Recommendation>,
    ups: Vec<Change>,
    downs: Vec<Change>,
}

/// The smallest and the largest number of replicas.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) min: i32,
    pub(super) max: i32,
}

/// What was decided, and what stood in the way of the recommendation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decision {
    pub(super) replicas: i32,
    pub(super) limit: Limit,
}

/// `getReplicasChangePerPeriod`.
fn changed(changes: &[Change], period_secs: i32, now_ms: i64) -> i32 {
    let cutoff_ms = now_ms - i64::from(period_secs) * 1_000;
    let recent = changes.iter().filter(|change| change.at_ms > cutoff_ms);
    recent.fold(0, |sum, change| sum.wrapping_add(change.by))
}

/// Writes `change` over the last one that no policy looks at any more, or behind the others (`storeScaleEvent`,
/// `markScaleEventsOutdated`, `getLongestPolicyPeriod`).
fn store(changes: &mut Vec<Change>, change: Change, policies: &Policies) {
    let longest_secs = policies.policies.iter().map(|policy| policy.period_secs()).max().unwrap_or(0);
    let cutoff_ms = change.at_ms - i64::from(longest_secs) * 1_000;
    match changes.iter().rposition(|old| old.at_ms < cutoff_ms) {
        Some(index) => changes[index] = change,
        None => changes.push(change),
    }
}

impl Memory {
    /// `recordInitialRecommendation`: the first thing that is known is what runs.
    pub(super) fn begin(&mut self, replicas: i32, now_ms: i64) {
        if self.recommendations.is_empty() {
            self.recommendations.push(Recommendation { replicas, at_ms: now_ms });
        }
    }

    fn record(&mut self, replicas: i32, now_ms: i64, over: Option<usize>) {
        let new = Recommendation { replicas, at_ms: now_ms };
        match over {
            Some(index) => self.recommendations[index] = new,
            None => self.recommendations.push(new),
        }
    }

    /// `normalizeDesiredReplicas`, for an autoscaler without `behavior`.
    pub(super) fn normalize(
        &mut self,
        (current, desired): (i32, i32),
        bounds: Bounds,
        window_secs: i64,
        now_ms: i64,
    ) -> Decision {
        // `stabilizeRecommendation`
        let cutoff_ms = now_ms - window_secs * 1_000;
        let mut stabilized = desired;
        let mut old = None;
        for (index, recommendation) in self.recommendations.iter().enumerate() {
            if recommendation.at_ms < cutoff_ms {
                old = Some(index);
            } else {
                stabilized = stabilized.max(recommendation.replicas);
            }
        }
        self.record(desired, now_ms, old);
        within(current, stabilized, bounds)
    }

    /// `normalizeDesiredReplicasWithBehaviors`.
    pub(super) fn normalize_with(
        &mut self,
        (current, desired): (i32, i32),
        bounds: Bounds,
        (up, down): (&Policies, &Policies),
        now_ms: i64,
    ) -> Decision {
        let stabilized = self.stabilize(current, desired, up.window_secs, down.window_secs, now_ms);
        self.limit(current, stabilized, bounds, (up, down), now_ms)
    }

    /// `stabilizeRecommendationWithBehaviors`: not above the lowest of the window up, nor below the highest of the
    /// window down, and where it is between them, as it is.
    fn stabilize(&mut self, current: i32, desired: i32, up_secs: i32, down_secs: i32, now_ms: i64) -> i32 {
        let up_cutoff_ms = now_ms - i64::from(up_secs) * 1_000;
        let down_cutoff_ms = now_ms - i64::from(down_secs) * 1_000;
        let (mut lowest, mut highest) = (desired, desired);
        let mut old = None;
        for (index, recommendation) in self.recommendations.iter().enumerate() {
            if recommendation.at_ms > up_cutoff_ms {
                lowest = lowest.min(recommendation.replicas);
            }
            if recommendation.at_ms > down_cutoff_ms {
                highest = highest.max(recommendation.replicas);
            }
            if recommendation.at_ms < up_cutoff_ms && recommendation.at_ms < down_cutoff_ms {
                old = Some(index);
            }
        }
        self.record(desired, now_ms, old);
        current.max(lowest).min(highest)
    }

    /// `convertDesiredReplicasWithBehaviorRate`.
    fn limit(
        &self,
        current: i32,
        desired: i32,
        bounds: Bounds,
        (up, down): (&Policies, &Policies),
        now_ms: i64,
    ) -> Decision {
        if desired > current {
            let limit = self.up_limit(current, up, now_ms).max(current);
            let (most, reason) = match bounds.max > limit {
                true => (limit, Limit::ScaleUpLimit),
                false => (bounds.max, Limit::TooManyReplicas),
            };
            if desired > most {
                return Decision { replicas: most, limit: reason };
            }
        } else if desired < current {
            let limit = self.down_limit(current, down, now_ms).min(current);
            let (least, reason) = match bounds.min < limit {
                true => (limit, Limit::ScaleDownLimit),
                false => (bounds.min, Limit::TooFewReplicas),
            };
            if desired < least {
                return Decision { replicas: least, limit: reason };
            }
        }
        Decision { replicas: desired, limit: Limit::None }
    }

    /// How many replicas there were a period ago, as far as this autoscaler knows.
    fn before(&self, current: i32, period_secs: i32, now_ms: i64) -> i32 {
        let added = changed(&self.ups, period_secs, now_ms);
        let removed = changed(&self.downs, period_secs, now_ms);
        current.wrapping_sub(added).wrapping_add(removed)
    }

    /// `calculateScaleUpLimitWithScalingRules`.
    fn up_limit(&self, current: i32, rules: &Policies, now_ms: i64) -> i32 {
        let proposed = rules.policies.iter().map(|policy| {
            let before = self.before(current, policy.period_secs(), now_ms);
            match policy {
                Policy::Pods { pods, .. } => before.wrapping_add(*pods),
                // Rounded up, or a small percentage of few replicas would never let them grow.
                Policy::Percent { percent, .. } => {
                    to_i32((f64::from(before) * (1.0 + f64::from(*percent) / 100.0)).ceil())
                }
            }
        });
        match rules.select {
            Select::Disabled => current,
            Select::Min => proposed.fold(i32::MAX, i32::min),
            Select::Max => proposed.fold(i32::MIN, i32::max),
        }
    }

    /// `calculateScaleDownLimitWithBehaviors`. The least change gives the largest number.
    fn down_limit(&self, current: i32, rules: &Policies, now_ms: i64) -> i32 {
        let proposed = rules.policies.iter().map(|policy| {
            let before = self.before(current, policy.period_secs(), now_ms);
            match policy {
                Policy::Pods { pods, .. } => before.wrapping_sub(*pods),
                Policy::Percent { percent, .. } => {
                    to_i32(f64::from(before) * (1.0 - f64::from(*percent) / 100.0))
                }
            }
        });
        match rules.select {
            Select::Disabled => current,
            Select::Min => proposed.fold(i32::MIN, i32::max),
            Select::Max => proposed.fold(i32::MAX, i32::min),
        }
    }

    /// `storeScaleEvent`: remembers that `old` became `new`. Without `behavior` nothing asks for it.
    pub(super) fn changed(&mut self, old: i32, new: i32, (up, down): (&Policies, &Policies), now_ms: i64) {
        if new > old {
            store(&mut self.ups, Change { by: new.wrapping_sub(old), at_ms: now_ms }, up);
        } else {
            store(&mut self.downs, Change { by: old.wrapping_sub(new), at_ms: now_ms }, down);
        }
    }
}

/// `convertDesiredReplicasWithRules`, with `calculateScaleUpLimit`: without `behavior` replicas at most double in a
/// step, or become four.
fn within(current: i32, desired: i32, bounds: Bounds) -> Decision {
    let up_limit = to_i32((2.0 * f64::from(current)).max(4.0));
    let (most, reason) = match bounds.max > up_limit {
        true => (up_limit, Limit::ScaleUpLimit),
        false => (bounds.max, Limit::TooManyReplicas),
    };
    if desired < bounds.min {
        Decision { replicas: bounds.min, limit: Limit::TooFewReplicas }
    } else if desired > most {
        Decision { replicas: most, limit: reason }
    } else {
        Decision { replicas: desired, limit: Limit::None }
    }
}

#[cfg(test)]
#[path = "behavior_tests.rs"]
mod tests;
