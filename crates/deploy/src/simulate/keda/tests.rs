//! KEDA before an autoscaler: the whole way from a queue to replicas.

use super::kafka::{Partition, Scaler, Trigger};
use super::*;
use crate::simulate::hpa::{Autoscaler, Controls, Scale};

/// What the autoscaler would go to, without regard to windows.
fn replicas(spec: &ScaledObject, reading: Reading, current: i32) -> i32 {
    let mut autoscaler = Autoscaler::new(spec.autoscaler(100), Controls::default()).unwrap();
    let scale = Scale { spec: current, status: current };
    autoscaler.reconcile(0, scale, &[], &[reading]).unwrap().recommended.unwrap()
}

#[test]
fn a_lag_from_331_to_399_on_three_partitions_gives_a_fourth_replica_that_idles() {
    let spec = ScaledObject { min_replicas: 2, max_replicas: 12, ..ScaledObject::default() };
    let trigger = Trigger { lag_threshold: 100, ..Trigger::default() };
    for lag in 0..=1_000 {
        let partitions = [lag, 0, 0].map(|end| Partition { committed: Some(0), end, earliest: None });
        let seen = Scaler::new(trigger).unwrap().look(&partitions);
        let mut operator = Operator::new(spec.clone(), 100, 0).unwrap();
        let got = replicas(&spec, operator.reading(Some(seen.metric), 3), 3);
        let expected = match lag {
            0 => 0,
            1..=100 => 1,
            101..=200 => 2,
            331..=399 => 4,
            // Up to 330 by rounding and tolerance, from 400 on by the cap.
            _ => 3,
        };
        assert_eq!(got, expected, "{lag}");
    }
}

#[test]
fn replicas_come_from_zero_when_the_loop_sees_work_and_go_there_after_the_cooldown() {
    let mut operator = Operator::new(ScaledObject::default(), 100, 0).unwrap();
    assert_eq!(operator.poll(0, 0, Activity::Idle), None);
    assert_eq!(operator.poll(30_000, 0, Activity::Active), Some(1));
    assert_eq!(operator.poll(60_000, 3, Activity::Active), None);
    // Strictly more than the cooldown, as its condition has it.
    assert_eq!(operator.poll(360_000, 3, Activity::Idle), None);
    assert_eq!(operator.poll(390_000, 3, Activity::Idle), Some(0));
    // Who was never active does not cool down.
    let mut never = Operator::new(ScaledObject::default(), 100, 0).unwrap();
    assert_eq!(never.poll(1, 2, Activity::Idle), Some(0));
}

#[test]
fn the_cooldown_does_nothing_where_there_are_always_replicas() {
    let spec = ScaledObject { min_replicas: 2, ..ScaledObject::default() };
    assert!(!spec.polls());
    let mut operator = Operator::new(spec, 100, 0).unwrap();
    assert_eq!(operator.poll(1_000, 7, Activity::Idle), None);
    assert_eq!(operator.poll(900_000, 7, Activity::Idle), None);
    assert_eq!(operator.poll(900_000, 1, Activity::Idle), Some(2));
    assert_eq!(operator.poll(900_000, 0, Activity::Active), Some(2));
}

#[test]
fn idle_replicas_stand_in_for_zero() {
    let spec = ScaledObject { min_replicas: 3, idle_replicas: Some(1), ..ScaledObject::default() };
    let mut operator = Operator::new(spec, 100, 0).unwrap();
    assert_eq!(operator.poll(1_000, 3, Activity::Active), None);
    assert_eq!(operator.poll(302_000, 5, Activity::Idle), Some(1));
    assert_eq!(operator.poll(332_000, 1, Activity::Idle), None);
    assert_eq!(operator.poll(362_000, 1, Activity::Active), Some(3));
}

#[test]
fn a_queue_that_does_not_answer_changes_nothing_until_the_fallback_takes_over() {
    let spec = ScaledObject { min_replicas: 1, max_replicas: 20, ..ScaledObject::default() };
    let mut without = Operator::new(spec.clone(), 100, 0).unwrap();
    assert_eq!(without.reading(None, 5), Reading::Unavailable);
    assert_eq!(without.poll(900_000, 5, Activity::Failed), None);
    for (behavior, expected) in [
        (FallbackBehavior::Static, 8),
        (FallbackBehavior::CurrentReplicas, 5),
        (FallbackBehavior::CurrentReplicasIfHigher, 8),
        (FallbackBehavior::CurrentReplicasIfLower, 5),
    ] {
        let fallback = Some(Fallback { failure_threshold: 2, replicas: 8, behavior });
        let spec = ScaledObject { fallback, ..spec.clone() };
        let mut operator = Operator::new(spec.clone(), 100, 0).unwrap();
        assert_eq!(operator.reading(None, 5), Reading::Unavailable);
        assert_eq!(operator.reading(None, 5), Reading::Unavailable);
        assert_eq!(replicas(&spec, operator.reading(None, 5), 5), expected, "{behavior:?}");
        assert_eq!(operator.reading(Some(7), 5), Reading::Values(vec![7_000]));
        assert_eq!(operator.reading(None, 5), Reading::Unavailable);
        assert_eq!(operator.poll(900_000, 5, Activity::Failed), None);
    }
}

#[test]
fn a_consumer_of_jetstream_lags_by_what_is_not_delivered_and_what_is_not_acknowledged() {
    let lag = jetstream::lag(jetstream::Consumer { pending: 90, ack_pending: 25 });
    assert_eq!(lag, Lag { metric: 115, for_activity: 115 });
    let trigger = jetstream::Trigger { lag_threshold: 0, activation_lag_threshold: 0 };
    assert_eq!(trigger.check(), Err(SpecError::Threshold));
    let trigger = jetstream::Trigger { lag_threshold: 1, activation_lag_threshold: -1 };
    assert_eq!(trigger.check(), Err(SpecError::Activation));
}

#[test]
fn what_keda_would_refuse_is_refused_with_what_to_do() {
    let of = |spec: ScaledObject| Operator::new(spec, 100, 0).map(|_| ());
    let spec = ScaledObject::default();
    let range = ScaledObject { min_replicas: 5, max_replicas: 4, ..spec.clone() };
    assert_eq!(of(range), Err(SpecError::Replicas { min: 5, max: 4 }));
    let idle = ScaledObject { idle_replicas: Some(2), min_replicas: 2, ..spec.clone() };
    assert_eq!(of(idle), Err(SpecError::Idle { idle: 2, min: 2 }));
    assert_eq!(of(ScaledObject { polling_interval_secs: 0, ..spec.clone() }), Err(SpecError::Times));
    assert_eq!(of(ScaledObject { cooldown_secs: -1, ..spec.clone() }), Err(SpecError::Times));
    let fallback = Some(Fallback { failure_threshold: -1, replicas: 0, behavior: FallbackBehavior::Static });
    assert_eq!(of(ScaledObject { fallback, ..spec.clone() }), Err(SpecError::Fallback));
    assert_eq!(Operator::new(spec, 0, 0).map(|_| ()), Err(SpecError::Threshold));
}
