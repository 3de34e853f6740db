//! The controllers' own cases, in our words: `horizontal_test.go` of v1.36.3.

use super::*;

const NOW_MS: i64 = 1_000_000_000;

/// `generateScalingRules`: a policy of pods and one of per cent, each with its period; zero leaves it out.
fn rules(pods: i32, pods_secs: i32, percent: i32, percent_secs: i32, window_secs: i32) -> Policies {
    let mut policies = Vec::new();
    if pods != 0 {
        policies.push(Policy::Pods { pods, period_secs: pods_secs });
    }
    if percent != 0 {
        policies.push(Policy::Percent { percent, period_secs: percent_secs });
    }
    Policies { window_secs, select: Select::Max, policies, tolerance: None }
}

fn defaults() -> (Policies, Policies) {
    super::super::Behavior::default().filled(&super::super::Controls::default())
}

/// `generateEventsUniformDistribution`: changes in the middle of equal parts of the last `secs`.
fn changes(by: &[i32], secs: i64) -> Vec<Change> {
    let part = secs as f64 / by.len() as f64;
    by.iter()
        .enumerate()
        .map(|(index, by)| {
            let ago_secs = (secs as f64 - part * (index as f64 + 1.0) + part / 2.0) as i64;
            Change { by: *by, at_ms: NOW_MS - ago_secs * 1_000 }
        })
        .collect()
}

#[test]
fn policies_limit_changes_as_in_the_controllers_own_test_of_scaling_rules() {
    use Limit::{None, ScaleDownLimit, ScaleUpLimit, TooFewReplicas, TooManyReplicas};
    let (up, down) = defaults();
    let (ups, downs) = (|rules: Policies| (rules, defaults().1), |rules: Policies| (defaults().0, rules));
    // Rules, changes up and down in the last 120 s, range, current, desired, expected.
    let none: &[i32] = &[];
    let some: &[i32] = &[1, 5, 9];
    let more: &[i32] = &[8, 12, 9, 11];
    for (line, (rules, (added, removed), (min, max), current, desired, replicas, limit)) in [
        ((up.clone(), down.clone()), (none, none), (3, 8), 5, 7, 7, None),
        ((up.clone(), down.clone()), (none, none), (2, 8), 3, 1, 2, TooFewReplicas),
        ((up.clone(), down.clone()), (none, none), (0, 10), 1, 0, 0, None),
        ((up.clone(), down.clone()), (none, none), (1, 10), 20, 1000, 10, TooManyReplicas),
        ((up.clone(), down.clone()), (none, none), (100, 150), 100, 1000, 150, TooManyReplicas),
        (ups(rules(0, 0, 1, 60, 0)), (none, none), (1, 2000), 3, 1000, 4, ScaleUpLimit),
        (downs(rules(20, 60, 0, 0, 0)), (none, none), (3, 2000), 1000, 3, 980, ScaleDownLimit),
        ((up.clone(), down.clone()), (none, none), (1, 1000), 10, 50, 20, ScaleUpLimit),
        (ups(rules(100, 60, 100, 60, 0)), (none, none), (1, 1000), 10, 500, 110, ScaleUpLimit),
        (ups(rules(2, 60, 100, 60, 0)), (none, none), (1, 1000), 10, 500, 20, ScaleUpLimit),
        (ups(rules(100, 60, 0, 0, 0)), (none, none), (1, 1000), 10, 50, 50, None),
        (ups(rules(10000, 60, 0, 0, 0)), (none, none), (1, 1000), 10, 50, 50, None),
        (ups(rules(30, 60, 0, 0, 0)), (none, none), (1, 1000), 10, 50, 40, ScaleUpLimit),
        (ups(rules(0, 0, 200, 60, 0)), (none, none), (1, 1000), 10, 50, 30, ScaleUpLimit),
        (downs(rules(20, 60, 1, 60, 300)), (none, none), (1, 1000), 100, 2, 80, ScaleDownLimit),
        (downs(rules(2, 60, 1, 60, 300)), (none, none), (1, 1000), 100, 2, 98, ScaleDownLimit),
        (downs(rules(100, 60, 0, 0, 300)), (none, none), (1, 1000), 10, 0, 1, TooFewReplicas),
        (downs(rules(0, 0, 100, 60, 300)), (none, none), (5, 1000), 10, 2, 5, TooFewReplicas),
        (downs(rules(5, 60, 0, 0, 300)), (none, none), (1, 1000), 10, 2, 5, ScaleDownLimit),
        (downs(rules(0, 0, 50, 60, 300)), (none, none), (1, 1000), 10, 5, 5, None),
        (ups(rules(300, 60, 0, 0, 0)), (some, none), (1, 200), 100, 500, 200, TooManyReplicas),
        (ups(rules(0, 0, 10000, 60, 0)), (some, none), (1, 200), 100, 500, 200, TooManyReplicas),
        (ups(rules(5, 120, 0, 0, 0)), (some, none), (1, 1000), 100, 500, 100, ScaleUpLimit),
        (ups(rules(150, 120, 0, 0, 0)), (some, none), (1, 1000), 100, 500, 235, ScaleUpLimit),
        (ups(rules(0, 0, 200, 120, 0)), (some, none), (1, 1000), 100, 500, 255, ScaleUpLimit),
        (ups(rules(0, 0, 300, 300, 0)), (&[4], &[2]), (1, 1000), 6, 24, 16, ScaleUpLimit),
        ((up, down), (none, some), (1, 1000), 10, 5, 5, None),
        (downs(rules(115, 120, 0, 0, 300)), (none, some), (1, 1000), 100, 0, 1, TooFewReplicas),
        (downs(rules(130, 120, 0, 0, 300)), (none, some), (5, 1000), 100, 0, 5, TooFewReplicas),
        (downs(rules(0, 0, 100, 120, 300)), (none, some), (5, 1000), 100, 2, 5, TooFewReplicas),
        (downs(rules(5, 120, 0, 0, 300)), (none, some), (1, 1000), 100, 2, 100, ScaleDownLimit),
        (downs(rules(0, 0, 50, 120, 300)), (none, &[2, 4, 6]), (1, 1000), 100, 0, 56, ScaleDownLimit),
        (downs(rules(0, 0, 50, 180, 0)), (&[2], &[4]), (1, 1000), 10, 1, 6, ScaleDownLimit),
        (downs(rules(0, 0, 10, 120, 300)), (none, &[10, 10, 10]), (1, 1000), 100, 0, 100, ScaleDownLimit),
        (downs(rules(0, 0, 1000, 120, 300)), (none, &[10, 10, 10]), (1, 1000), 10, 5, 5, None),
        (ups(rules(1000, 60, 0, 0, 0)), (more, none), (1, 1000), 100, 200, 200, None),
        (ups(rules(1000, 120, 100, 60, 0)), (more, none), (1, 1000), 100, 200, 200, None),
        (downs(rules(1000, 30, 100, 60, 300)), (none, more), (1, 1000), 100, 5, 5, None),
    ]
    .into_iter()
    .enumerate()
    {
        let memory = Memory { ups: changes(added, 120), downs: changes(removed, 120), ..Memory::default() };
        let got = memory.limit(current, desired, Bounds { min, max }, (&rules.0, &rules.1), NOW_MS);
        assert_eq!(got, Decision { replicas, limit }, "line {line}");
    }
}

#[test]
fn the_policy_that_changes_least_is_taken_where_that_is_asked_for_and_none_where_it_is_disabled() {
    // TestCalculateScaleUpLimitWithScalingRules, TestCalculateScaleDownLimitWithBehaviors
    let memory = Memory::default();
    let of = |select| Policies { select, ..rules(2, 60, 50, 60, 300) };
    assert_eq!(memory.up_limit(1, &of(Select::Min), NOW_MS), 2);
    assert_eq!(memory.down_limit(5, &of(Select::Min), NOW_MS), 3);
    assert_eq!(memory.up_limit(1, &of(Select::Disabled), NOW_MS), 1);
    assert_eq!(memory.down_limit(5, &of(Select::Disabled), NOW_MS), 5);
}

/// What was recommended how many minutes ago.
fn remembered(recommendations: &[(i32, i64)]) -> Memory {
    let recommendations = recommendations
        .iter()
        .map(|(replicas, minutes)| Recommendation { replicas: *replicas, at_ms: NOW_MS - minutes * 60_000 })
        .collect();
    Memory { recommendations, ..Memory::default() }
}

#[test]
fn recommendations_are_stabilized_as_in_the_controllers_own_test() {
    // TestNormalizeDesiredReplicas: remembered, desired, expected, and how many are then remembered
    for (before, desired, expected, length) in [
        (&[][..], 5, 5, 1),
        (&[(4, 2), (5, 1)], 3, 5, 3),
        (&[(1, 2), (2, 1)], 3, 3, 3),
        (&[(10, 10), (9, 9)], 3, 3, 2),
        (&[(10, 10), (4, 1), (5, 2), (9, 9)], 3, 5, 4),
    ] {
        let mut memory = remembered(before);
        let got = memory.normalize((5, desired), Bounds { min: 0, max: 100 }, 300, NOW_MS);
        assert_eq!((got.replicas, memory.recommendations.len()), (expected, length), "{before:?}");
    }
    // TestNormalizeDesiredReplicasWithBehavior: … and what is then remembered, windows up and down
    for (before, current, desired, expected, after, up_secs, down_secs) in [
        (&[][..], 100, 5, 5, &[5][..], 0, 0),
        (&[(4, 2), (5, 1)], 100, 3, 5, &[4, 5, 3], 0, 180),
        (&[(4, 2), (5, 1)], 1, 7, 4, &[4, 5, 7], 300, 0),
        (&[(1, 2), (2, 1)], 100, 3, 3, &[1, 2, 3], 300, 0),
        (&[(4, 2), (5, 1)], 1, 3, 3, &[4, 5, 3], 0, 300),
        (&[(10, 10), (9, 9)], 100, 3, 3, &[10, 3], 0, 0),
        (&[(10, 10), (9, 9)], 1, 100, 100, &[10, 100], 0, 0),
        (&[(10, 10), (4, 1), (5, 2), (9, 9)], 100, 3, 5, &[10, 4, 5, 3], 0, 180),
        (&[(10, 100), (6, 1), (5, 2), (9, 3)], 1, 100, 5, &[100, 6, 5, 9], 300, 0),
        (&[(2, 100), (3, 3)], 2, 1, 2, &[1, 3], 300, 300),
        (&[(2, 100), (1, 3)], 2, 3, 2, &[3, 1], 300, 300),
    ] {
        let mut memory = remembered(before);
        let got = memory.stabilize(current, desired, up_secs, down_secs, NOW_MS);
        let kept: Vec<i32> = memory.recommendations.iter().map(|one| one.replicas).collect();
        assert_eq!((got, kept.as_slice()), (expected, after), "{before:?}");
    }
}

#[test]
fn a_change_is_written_over_the_last_one_that_no_policy_looks_at() {
    let up = rules(1, 60, 0, 0, 0);
    let mut memory = Memory { ups: changes(&[8, 12, 9, 11], 240), ..Memory::default() };
    memory.changed(3, 7, (&up, &up), NOW_MS);
    let by: Vec<i32> = memory.ups.iter().map(|change| change.by).collect();
    assert_eq!(by, [8, 12, 4, 11]);
    memory.changed(7, 5, (&up, &up), NOW_MS);
    assert_eq!(memory.downs.len(), 1);
}
