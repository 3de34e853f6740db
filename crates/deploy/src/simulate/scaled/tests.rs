//! What scales the fleets of the profiles, and what of it makes no sense.

use serde_json::json;

use super::*;
use crate::simulate::{Change, Fleet, Load, Workers, hpa, replay};
use crate::workload::{self, tests::support_fleet};

fn of(objects: &[Value]) -> Result<Vec<Scaled>, Error> {
    scaled(&workload::read(objects).unwrap())
}

/// The autoscaler of `event-platform`: 2 to 10, a lag of 100 a pod and the CPU at 70 %, up 2 a minute, down after 300 s.
fn event_platform() -> Vec<Value> {
    vec![
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "recurring"}, "spec": {
            "template": {"spec": {"containers": [{"name": "recurring", "image": "deskhand:0.1.0",
                "resources": {"requests": {"cpu": "250m", "memory": "256Mi"}}}]}}}}),
        json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "recurring"},
        "spec": {
            "scaleTargetRef": {"kind": "Deployment", "name": "recurring"}, "minReplicas": 2, "maxReplicas": 10,
            "metrics": [
                {"type": "External", "external": {"metric": {"name": "kafka_consumergroup_lag"},
                    "target": {"type": "AverageValue", "averageValue": "100"}}},
                {"type": "ContainerResource", "containerResource": {"name": "cpu", "container": "recurring",
                    "target": {"type": "Utilization", "averageUtilization": 70}}},
            ],
            "behavior": {
                "scaleUp": {"stabilizationWindowSeconds": 0,
                    "policies": [{"type": "Pods", "value": 2, "periodSeconds": 60}]},
                "scaleDown": {"stabilizationWindowSeconds": 300},
            },
        }}),
    ]
}

fn fleet(scaled: &Scaled, service_secs: f64, partitions: u32) -> Fleet {
    let cpu = crate::simulate::Cpu { request_milli: 250, busy_milli: 50, idle_milli: 5 };
    Fleet {
        workers: Workers { service_secs, start_secs: 10, partitions, handover_secs: 0, cpu: Some(cpu) },
        replicas: scaled.replicas,
        scaling: scaled.scaling.clone(),
        nodes: None,
        controls: hpa::Controls::default(),
        seed: None,
    }
}

#[test]
fn keda_and_its_trigger_are_read_with_their_defaults() {
    let found = of(&support_fleet()).unwrap();
    let [one] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((one.workload.as_str(), one.replicas, one.bounds()), ("workers", 2, (2, 12)));
    assert_eq!(one.topic.as_deref(), Some("conversations.incoming"));
    let Scaling::Keda { object, trigger } = &one.scaling else { panic!("{:?}", one.scaling) };
    assert_eq!((object.cooldown_secs, object.polling_interval_secs), (300, 30));
    assert_eq!(trigger.lag_threshold(), 100);
}

/// What became of 1,000 events at once, ten seconds from the beginning: when there should have been how many replicas.
fn spike(scaled: &Scaled, service_secs: f64, partitions: u32) -> Vec<(u32, u32)> {
    let load = Load::parse("spike:0:1000@10").unwrap();
    let run = replay(&fleet(scaled, service_secs, partitions), &load, 3_600).unwrap();
    assert_eq!(run.left, 0);
    run.changes.iter().map(|Change { at_secs, to, .. }| (*at_secs, *to)).collect()
}

/// The acceptance of `event-platform`: 1,000 completions at once scale 2 -> 4 -> 6, and back after 5 minutes. It holds for
/// workers that are slow enough to have more than 500 left after the first minute, for which five replicas would do, and
/// fast enough to have at most 660 left after the second.
#[test]
fn a_thousand_completions_at_once_scale_from_2_to_4_to_6_and_back_after_five_minutes() {
    let found = of(&event_platform()).unwrap();
    // Six replicas work at once on twelve partitions, and three of them on the three of the profile.
    for (partitions, service_secs) in [(12, 0.5), (12, 1.0), (12, 1.6), (3, 0.4), (3, 1.0)] {
        let changes = spike(&found[0], service_secs, partitions);
        assert_eq!(changes[..2], [(15, 4), (75, 6)], "{service_secs} s: {changes:?}");
        assert!(changes.iter().all(|(_, to)| *to <= 6), "{service_secs} s: {changes:?}");
        assert_eq!(changes.last().map(|(_, to)| *to), Some(2), "{service_secs} s: {changes:?}");
        // The window holds what was last recommended for five minutes.
        assert!(changes[2].0 >= 75 + 300, "{service_secs} s: {changes:?}");
    }
}

#[test]
fn faster_workers_need_no_six_replicas_and_slower_ones_more() {
    let found = of(&event_platform()).unwrap();
    let most =
        |service_secs, partitions| spike(&found[0], service_secs, partitions).iter().map(|(_, to)| *to).max();
    assert_eq!((most(0.35, 12), most(0.3, 3)), (Some(4), Some(4)));
    assert!(most(1.8, 12) > Some(6) && most(1.2, 3) > Some(6));
}

#[test]
fn the_profile_scales_who_has_twelve_partitions_like_that_and_stops_at_three_where_there_are_three() {
    let layers = crate::values::Layers::profile("event-platform").unwrap();
    let objects = crate::render(&crate::Fleet::try_from(&layers).unwrap()).unwrap();
    let objects: Vec<Value> = objects.iter().map(|object| object.value().clone()).collect();
    let all = of(&objects).unwrap();
    let named = |end: &str| all.iter().find(|scaled| scaled.workload.ends_with(end)).unwrap();
    let hand = spike(named("-hand"), 1.0, 12);
    assert_eq!(hand[..2], [(15, 4), (75, 6)], "{hand:?}");
    assert_eq!(hand.last().map(|(_, to)| *to), Some(2), "{hand:?}");
    // A fourth replica would idle.
    let recurring = spike(named("-recurring"), 0.2, 3);
    assert_eq!((recurring[0], recurring.last().map(|(_, to)| *to)), ((15, 3), Some(2)), "{recurring:?}");
}

#[test]
fn what_is_not_simulated_is_a_note_and_what_makes_no_sense_is_an_error() {
    let mut objects = event_platform();
    objects[1]["spec"]["metrics"][1] = json!({"type": "Pods"});
    let found = of(&objects).unwrap();
    assert_eq!(found[0].notes, ["HorizontalPodAutoscaler recurring: the metric Pods is not simulated"]);
    assert!(found[0].follows_lag());
    for (pointer, value, said) in [
        ("/spec/metrics/0/external/target/averageValue", json!("100m"), "averageValue is \"100m\""),
        ("/spec/metrics/0/external/target/averageValue", json!("many"), "averageValue is \"many\""),
        ("/spec/behavior/scaleUp/policies/0/type", json!("Some"), "policies.type"),
        ("/spec/behavior/scaleUp/policies/0/value", json!("a"), "value is \"a\""),
        ("/spec/behavior/scaleUp/policies/0/value", json!(i64::MAX), "a number of 32 bits"),
    ] {
        let mut objects = event_platform();
        *objects[1].pointer_mut(pointer).unwrap() = value;
        let error = of(&objects).unwrap_err().to_string();
        assert!(error.starts_with("HorizontalPodAutoscaler recurring: ") && error.contains(said), "{error}");
    }
    let mut objects = support_fleet();
    objects[4]["spec"]["triggers"] = json!([{"type": "cpu"}]);
    assert_eq!(of(&objects), Ok(Vec::new()));
    objects[4]["spec"]["triggers"] = json!([{"type": "kafka", "metadata": {"lagThreshold": "x"}}]);
    assert!(of(&objects).unwrap_err().to_string().contains("metadata.lagThreshold is \"x\""));
}
