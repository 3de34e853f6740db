//! The controllers' own cases, in our words: `replica_calculator_test.go` of v1.36.3. A name in the first column is
//! that of the test there without its `Test`, `ReplicaCalc` left out.

use super::calculator::{
    external_per_pod_replicas, external_replicas, object_per_pod_replicas, object_replicas, plain_replicas,
    resource_replicas,
};
use super::*;

const NOW_MS: i64 = 1_000_000_000;
const TEN: Tolerances = Tolerances { down: 0.1, up: 0.1 };

/// The controls of those tests (`defaultTestingCPUInitializationPeriod` and its neighbours).
fn controls() -> Controls {
    Controls { cpu_initialization_secs: 120, initial_readiness_delay_secs: 10, ..Controls::default() }
}

/// A pod in a letter: ready, unready, hot (started just now), pending, failed, deleting.
fn pod(letter: char, request_milli: Option<i64>) -> Pod {
    let is_up = !matches!(letter, 'u' | 'p' | 'f' | 'd');
    Pod {
        phase: match letter {
            'p' => Phase::Pending,
            'f' => Phase::Failed,
            _ => Phase::Running,
        },
        is_deleting: letter == 'd',
        started_ms: Some(if letter == 'h' { NOW_MS } else { 0 }),
        // Those tests leave the transition at Go's zero time; for a hot pod only its relation to the window counts.
        ready: Some(Ready {
            status: if is_up { Status::True } else { Status::False },
            since_ms: if letter == 'h' { NOW_MS } else { i64::MIN / 4 },
        }),
        request_milli,
    }
}

fn samples(pods: &[Pod], levels: &[i64]) -> Samples {
    let sample = |level: &i64| Sample { milli: *level, at_ms: NOW_MS, window_ms: 60_000 };
    Samples {
        of_pods: pods.iter().enumerate().map(|(index, _)| levels.get(index).map(sample)).collect(),
        strays_milli: levels.get(pods.len()..).unwrap_or_default().to_vec(),
    }
}

#[test]
fn shares_of_requests_give_what_the_controllers_own_tests_expect() {
    // test, pods, replicas now, request of each in thousandths, levels in thousandths, target, expected
    for (name, letters, current, request, levels, percent, expected) in [
        ("ScaleUp", "rrr", 3, 2000, &[600, 1000, 1400][..], 30, 5),
        ("ContainerScaleUp", "rrr", 3, 1000, &[300, 500, 700], 30, 5),
        ("ScaleUpUnreadyLessScale", "urr", 3, 2000, &[600, 1000, 1400], 30, 4),
        ("ScaleUpHotCpuLessScale", "hrr", 3, 2000, &[600, 1000, 1400], 30, 4),
        ("ScaleUpUnreadyNoScale", "ruu", 3, 2000, &[800, 1000, 1400], 30, 3),
        ("ScaleHotCpuNoScale", "rhh", 3, 2000, &[800, 1000, 1400], 30, 3),
        ("ScaleUpIgnoresFailedPods", "rrff", 2, 2000, &[1000, 1400], 30, 4),
        ("ScaleUpIgnoresDeletionPods", "rrdd", 2, 2000, &[1000, 1400], 30, 4),
        ("ScaleDown", "rrrrr", 5, 2000, &[200, 600, 1000, 500, 500], 50, 3),
        ("ScaleDownExcludeUnreadyPods", "rrruu", 5, 2000, &[200, 600, 1000, 500, 500], 50, 2),
        ("ScaleDownExcludeUnscheduledPods", "rpppp", 5, 2000, &[200], 50, 1),
        ("ScaleDownIgnoreHotCpuPods", "rrrhh", 5, 2000, &[200, 600, 1000, 500, 500], 50, 2),
        ("ScaleDownIgnoresFailedPods", "rrrrrff", 5, 2000, &[200, 600, 1000, 500, 500], 50, 3),
        ("ScaleDownIgnoresDeletionPods", "rrrrrdd", 5, 2000, &[200, 600, 1000, 500, 500], 50, 3),
        ("SuperfluousMetrics", "rrrr", 4, 2000, &[8000, 19000, 6000, 14000, 6400, 4000], 100, 24),
        ("MissingMetrics", "rrrr", 4, 2000, &[800, 190], 100, 3),
        ("MissingMetricsNoChangeEq", "rr", 2, 2000, &[2000], 100, 2),
        ("MissingMetricsNoChangeGt", "rr", 2, 2000, &[3800], 100, 2),
        ("MissingMetricsNoChangeLt", "rr", 2, 2000, &[1200], 100, 2),
        ("MissingMetricsUnreadyChange", "urr", 3, 2000, &[200, 900], 50, 3),
        ("MissingMetricsHotCpuNoChange", "hrr", 3, 2000, &[200, 900], 50, 3),
        ("MissingMetricsUnreadyScaleUp", "urr", 3, 2000, &[200, 4000], 50, 4),
        ("MissingMetricsHotCpuScaleUp", "hrr", 3, 2000, &[200, 4000], 50, 4),
        ("MissingMetricsUnreadyScaleDown", "urrr", 4, 2000, &[200, 200, 200], 50, 3),
        ("DuringRollingUpdateWithMaxSurge", "rrr", 2, 2000, &[200, 200], 50, 2),
    ] {
        let pods: Vec<Pod> = letters.chars().map(|letter| pod(letter, Some(request))).collect();
        let got = resource_replicas(
            current,
            percent,
            true,
            TEN,
            (&pods, &samples(&pods, levels)),
            (NOW_MS, &controls()),
        );
        assert_eq!(got, Ok(expected), "{name}");
    }
}

#[test]
fn requests_that_differ_and_tolerances_of_one_autoscaler_count() {
    // test, requests, tolerances, levels, target, replicas now, expected
    let uneven = [1800, 2000, 2200];
    for (name, letters, requests, tolerances, levels, percent, current, expected) in [
        ("Tolerance", "rrr", &uneven[..], TEN, &[2020, 2060, 2040][..], 100, 3, 3),
        (
            "Outside of a 0% tolerance",
            "rrr",
            &uneven,
            Tolerances { down: 0.0, up: 0.0 },
            &[1818, 2020, 2222],
            100,
            3,
            4,
        ),
        (
            "Within a 200% scale-up tolerance",
            "rrr",
            &uneven,
            Tolerances { down: 0.1, up: 2.0 },
            &[3780, 3820, 3800],
            100,
            3,
            3,
        ),
        (
            "Outside 8% scale-up tolerance",
            "rrr",
            &uneven,
            Tolerances { down: 2.0, up: 0.08 },
            &[2200, 2160, 2180],
            100,
            3,
            4,
        ),
        (
            "Within a 36% scale-down tolerance",
            "rrr",
            &uneven,
            Tolerances { down: 0.36, up: 0.1 },
            &[1320, 1280, 1300],
            100,
            3,
            3,
        ),
        (
            "Outside a 34% scale-down tolerance",
            "rrr",
            &uneven,
            Tolerances { down: 0.34, up: 0.1 },
            &[1320, 1280, 1300],
            100,
            3,
            2,
        ),
        (
            "MissingMetricsScaleDownTargetOver100",
            "urrr",
            &[2000, 2000, 4000, 4000],
            TEN,
            &[400, 200, 200],
            300,
            4,
            2,
        ),
    ] {
        let pods: Vec<Pod> =
            letters.chars().zip(requests).map(|(letter, request)| pod(letter, Some(*request))).collect();
        let got = resource_replicas(
            current,
            percent,
            true,
            tolerances,
            (&pods, &samples(&pods, levels)),
            (NOW_MS, &controls()),
        );
        assert_eq!(got, Ok(expected), "{name}");
    }
}

#[test]
fn averages_over_pods_give_what_the_controllers_own_tests_expect() {
    let one = Tolerances { down: 0.1, up: 0.01 };
    for (name, letters, current, levels, target, tolerances, expected) in [
        ("ScaleUpCM", "rrr", 3, &[20000, 10000, 30000][..], 15000, TEN, 4),
        ("ScaleUpCMUnreadyHotCpuNoLessScale", "rrh", 3, &[50000, 10000, 30000], 15000, TEN, 6),
        ("ScaleUpCMUnreadyHotCpuScaleWouldScaleDown", "uru", 3, &[50000, 15000, 30000], 15000, TEN, 7),
        ("ScaleUpCMExternal", "r", 1, &[8600], 4400, TEN, 2),
        ("ScaleDownCM", "rrrrr", 5, &[12000; 5], 20000, TEN, 3),
        ("ToleranceCM", "rrr", 3, &[20000, 21000, 21000], 20000, TEN, 3),
        ("ConfigurableToleranceCM", "rrr", 3, &[20000, 21000, 21000], 20000, one, 4),
        ("PlainMetricReplicaCalcMissingMetricsNoChangeEq", "rrrrr", 5, &[20000, 19000, 21000], 20000, TEN, 5),
        ("DuringRollingUpdateWithMaxSurgeCM", "rrr", 2, &[10000, 10000], 17000, TEN, 2),
    ] {
        let pods: Vec<Pod> = letters.chars().map(|letter| pod(letter, None)).collect();
        let got = plain_replicas(
            current,
            target,
            false,
            tolerances,
            (&pods, &samples(&pods, levels)),
            (NOW_MS, &controls()),
        );
        assert_eq!(got, Ok(expected), "{name}");
    }
}

#[test]
fn single_values_give_what_the_controllers_own_tests_expect() {
    let one = Tolerances { down: 0.1, up: 0.01 };
    for (name, letters, current, value, target, tolerances, expected) in [
        ("ScaleUpCMObject", "rrr", 3, 20000, 15000, TEN, 4),
        ("ScaleUpCMObjectIgnoresUnreadyPods", "uru", 3, 50000, 10000, TEN, 5),
        ("ScaleUpCMExternalIgnoresUnreadyPods", "uru", 3, 8600, 4400, TEN, 2),
        ("ScaleDownCMObject", "rrrrr", 5, 12000, 20000, TEN, 3),
        ("ScaleDownCMExternal", "rrrrr", 5, 8600, 14334, TEN, 3),
        ("ToleranceCMObject", "rrr", 3, 20666, 20000, TEN, 3),
        ("ToleranceCMExternal", "rrr", 3, 8600, 8888, TEN, 3),
        ("ConfigurableToleranceCMObject", "rrr", 3, 20666, 20000, one, 4),
        ("ConfigurableToleranceCMExternal", "rrr", 3, 8900, 8800, one, 4),
        ("ScaleUpOverflow", "rrr", 3, i64::MAX, 1, TEN, i32::MAX),
    ] {
        let pods: Vec<Pod> = letters.chars().map(|letter| pod(letter, None)).collect();
        assert_eq!(object_replicas(current, target, value, tolerances, &pods), Ok(expected), "{name}");
        assert_eq!(external_replicas(current, target, &[value], tolerances, &pods), Ok(expected), "{name}");
    }
    for (name, current, value, target, tolerances, expected) in [
        ("ScaleUpCMPerPodObject", 3, 20000, 5000, TEN, 4),
        ("ScaleUpPerPodCMExternal", 3, 8600, 2150, TEN, 4),
        ("ScaleDownPerPodCMObject", 5, 6000, 2000, TEN, 3),
        ("ScaleDownPerPodCMExternal", 5, 8600, 2867, TEN, 3),
        ("TolerancePerPodCMObject", 4, 20166, 5000, TEN, 4),
        ("TolerancePerPodCMExternal", 3, 8600, 2900, TEN, 3),
        ("ConfigurableTolerancePerPodCMObject", 4, 20208, 5000, one, 5),
        ("ConfigurableTolerancePerPodCMExternal", 3, 8600, 2800, one, 4),
        ("ExternalPerPodMetricUsageOverflow", 1, i64::MAX, i64::MAX, TEN, 1),
    ] {
        assert_eq!(object_per_pod_replicas(current, target, value, tolerances), expected, "{name}");
        assert_eq!(external_per_pod_replicas(current, target, &[value], tolerances), expected, "{name}");
    }
    // TestExternalPerPodMetricReplicaOverflow
    assert_eq!(external_per_pod_replicas(1, 1, &[i64::MAX], TEN), i32::MAX);
    assert_eq!(external_per_pod_replicas(1, i64::MAX, &[i64::MAX, i64::MAX], TEN), 1);
}

#[test]
fn what_says_nothing_about_replicas_is_an_error_with_its_reason() {
    let share = |pods: &[Pod], samples: &Samples| {
        resource_replicas(4, 100, true, TEN, (pods, samples), (NOW_MS, &controls()))
    };
    let ready = pod('r', Some(2000));
    // TestReplicaCalcDisjointResourcesMetrics
    let strangers = Samples { of_pods: vec![None], strays_milli: vec![200] };
    assert_eq!(share(std::slice::from_ref(&ready), &strangers), Err(MetricError::NoKnownPods));
    // TestReplicaCalcEmptyMetrics
    let four = vec![ready.clone(); 4];
    assert_eq!(share(&four, &Samples::default()), Err(MetricError::NoSamples));
    // TestReplicaCalcEmptyCPURequest
    let without = [pod('r', None)];
    assert_eq!(share(&without, &samples(&without, &[400])), Err(MetricError::NoRequest));
    assert_eq!(share(&[], &Samples::default()), Err(MetricError::NoPods));
    let unready = [pod('u', Some(2000))];
    assert_eq!(share(&unready, &samples(&unready, &[400])), Err(MetricError::NoSamples));
}

/// An autoscaler on a lag of `target` a replica.
fn on_lag(min: i32, max: i32, target: i64, behavior: Option<Behavior>) -> Autoscaler {
    let metrics = vec![Metric::External(Target::AverageValue { milli: target * 1_000 })];
    let spec = Spec { min_replicas: min, max_replicas: max, metrics, behavior };
    Autoscaler::new(spec, Controls::default()).unwrap()
}

fn look(autoscaler: &mut Autoscaler, secs: i64, replicas: i32, lag: i64) -> i32 {
    let scale = Scale { spec: replicas, status: replicas };
    autoscaler.reconcile(secs * 1_000, scale, &[], &[Reading::Values(vec![lag * 1_000])]).unwrap().replicas
}

#[test]
fn a_target_of_100_a_replica_lets_two_replicas_be_until_the_lag_is_221() {
    for (lag, expected) in [(200, 2), (220, 2), (221, 3), (300, 3), (301, 4), (10_000, 4)] {
        assert_eq!(look(&mut on_lag(2, 12, 100, None), 0, 2, lag), expected, "{lag}");
    }
}

#[test]
fn without_behavior_replicas_double_and_go_down_after_five_minutes() {
    let mut autoscaler = on_lag(2, 100, 10, None);
    let mut replicas = 3;
    let mut seen = vec![replicas];
    for step in 0..5 {
        replicas = look(&mut autoscaler, step * 15, replicas, 900);
        seen.push(replicas);
    }
    assert_eq!(seen, [3, 6, 12, 24, 48, 90]);
    // The last high recommendation is of second 60 and counts through second 360, that second included.
    for secs in (75..=360).step_by(15) {
        assert_eq!(look(&mut autoscaler, secs, 90, 0), 90, "{secs}");
    }
    assert_eq!(look(&mut autoscaler, 375, 90, 0), 2);
}

#[test]
fn the_event_platforms_behavior_takes_a_thousand_completions_from_2_to_4_to_6_and_back_after_five_minutes() {
    let rules = |window_secs, pods| Rules {
        window_secs: Some(window_secs),
        policies: Some(vec![Policy::Pods { pods, period_secs: 60 }]),
        ..Rules::default()
    };
    let mut autoscaler = on_lag(2, 10, 100, Some(Behavior { up: rules(0, 2), down: rules(300, 1) }));
    let mut replicas = 2;
    let mut changes = Vec::new();
    for secs in (0..=720).step_by(15) {
        let new = look(&mut autoscaler, secs, replicas, if secs < 90 { 1_000 } else { 0 });
        if new != replicas {
            changes.push((secs, new));
        }
        replicas = new;
    }
    // A change counts for less than a minute: after exactly 60 s the next may follow. The window down compares
    // strictly, so what was recommended in second 75 counts until just before second 375.
    assert_eq!(changes, [(0, 4), (60, 6), (375, 5), (435, 4), (495, 3), (555, 2)]);
}

#[test]
fn a_metric_that_is_not_available_may_not_lower_the_replicas_and_does_not_keep_others_from_raising_them() {
    let lag = |milli| Metric::External(Target::AverageValue { milli });
    let spec =
        Spec { min_replicas: 1, max_replicas: 20, metrics: vec![lag(10_000), lag(10_000)], behavior: None };
    let look = |readings: [Reading; 2]| {
        let mut autoscaler = Autoscaler::new(spec.clone(), Controls::default()).unwrap();
        autoscaler.reconcile(0, Scale { spec: 5, status: 5 }, &[], &readings)
    };
    let values = |lag: i64| Reading::Values(vec![lag * 1_000]);
    let up = look([Reading::Unavailable, values(80)]).unwrap();
    assert_eq!((up.replicas, up.failed), (8, Some(MetricError::Unavailable)));
    assert_eq!(look([Reading::Unavailable, values(20)]), Err(MetricError::Unavailable));
    assert_eq!(look([values(50), Reading::Unavailable]).unwrap().replicas, 5);
    assert_eq!(look([Reading::Unavailable, Reading::Values(Vec::new())]), Err(MetricError::Unavailable));
    assert_eq!(look([values(80), values(60)]).unwrap().replicas, 8);
}

#[test]
fn replicas_outside_of_the_range_are_brought_into_it_without_a_look_at_metrics_and_none_stay_none() {
    let mut autoscaler = on_lag(2, 12, 100, None);
    let mut of = |replicas| {
        autoscaler
            .reconcile(0, Scale { spec: replicas, status: replicas }, &[], &[Reading::Unavailable])
            .map(|outcome| outcome.replicas)
    };
    assert_eq!((of(40), of(1), of(0)), (Ok(12), Ok(2), Ok(0)));
    assert_eq!(of(5), Err(MetricError::Unavailable));
}

#[test]
fn what_the_api_server_would_refuse_is_refused_with_what_to_do() {
    let spec = |min, max, metrics: &[Metric], behavior| Spec {
        min_replicas: min,
        max_replicas: max,
        metrics: metrics.to_vec(),
        behavior,
    };
    let lag = [Metric::External(Target::AverageValue { milli: 1 })];
    let up = |up| Some(Behavior { up, ..Behavior::default() });
    let policies = |policies| up(Rules { policies: Some(policies), ..Rules::default() });
    for (spec, error) in [
        (spec(0, 4, &lag, None), SpecError::Replicas { min: 0, max: 4 }),
        (spec(5, 4, &lag, None), SpecError::Replicas { min: 5, max: 4 }),
        (spec(1, 4, &[], None), SpecError::NoMetric),
        (spec(1, 4, &[Metric::Pods { milli: 0 }], None), SpecError::Target),
        (spec(1, 4, &lag, up(Rules { window_secs: Some(3_601), ..Rules::default() })), SpecError::Window),
        (spec(1, 4, &lag, up(Rules { tolerance: Some(f64::NAN), ..Rules::default() })), SpecError::Tolerance),
        (spec(1, 4, &lag, policies(Vec::new())), SpecError::NoPolicy),
        (spec(1, 4, &lag, policies(vec![Policy::Pods { pods: 0, period_secs: 1 }])), SpecError::Policy),
        (
            spec(1, 4, &lag, policies(vec![Policy::Percent { percent: 1, period_secs: 1_801 }])),
            SpecError::Policy,
        ),
    ] {
        assert_eq!(Autoscaler::new(spec, Controls::default()).unwrap_err(), error);
    }
    let controls = Controls { tolerance: -0.1, ..Controls::default() };
    assert_eq!(Autoscaler::new(spec(1, 4, &lag, None), controls).unwrap_err(), SpecError::Controls);
}
