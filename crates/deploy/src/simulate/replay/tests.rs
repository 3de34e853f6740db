//! What becomes of loads that can be worked out by hand, and what must hold of every load.

use proptest::prelude::*;

use super::*;
use crate::simulate::hpa::{Behavior, Controls, Policy, Rules};
use crate::simulate::keda::{ScaledObject, kafka};
use crate::simulate::{Caption, Cpu, Nodes, Scaling, Trigger, Workers};

/// Twelve partitions, and half a second an event: two a second a replica.
const WORKERS: Workers =
    Workers { service_secs: 0.5, start_secs: 20, partitions: 12, handover_secs: 0, cpu: None };

fn fixed(replicas: u32, workers: Workers) -> Fleet {
    let controls = Controls::default();
    Fleet { workers, replicas, scaling: Scaling::Fixed, nodes: None, controls, seed: None }
}

/// The workers of the profile `support-fleet`, with other thresholds.
pub(in crate::simulate) fn keda(min: i32, max: i32, lag_threshold: i64) -> Fleet {
    let object = ScaledObject { min_replicas: min, max_replicas: max, ..ScaledObject::default() };
    let trigger = Trigger::Kafka(kafka::Trigger { lag_threshold, ..kafka::Trigger::default() });
    let replicas = u32::try_from(min).unwrap();
    Fleet { scaling: Scaling::Keda { object, trigger }, ..fixed(replicas, WORKERS) }
}

fn run(fleet: &Fleet, load: &str, secs: u32) -> Run {
    replay(fleet, &Load::parse(load).unwrap(), secs).unwrap()
}

fn targets(run: &Run) -> Vec<(u32, u32)> {
    run.changes.iter().map(|change| (change.at_secs, change.to)).collect()
}

#[test]
fn nobody_waits_long_while_replicas_keep_up_and_what_is_too_much_waits_longer_and_longer() {
    // Each replica has its own partition and three quarters of the time to do.
    let two = Workers { partitions: 2, ..WORKERS };
    let calm = run(&fixed(2, two), "constant:3", 600);
    assert_eq!((calm.events, calm.left), (1_800, 0));
    assert!(calm.longest_secs < 1e-6, "{}", calm.longest_secs);
    // Six neighbouring partitions get their turn one after the other, a third of a second apart: the sixth of such
    // events is taken up 5 x (0.5 - 0.333) s late.
    let calm = run(&fixed(2, WORKERS), "constant:3", 600);
    assert!((0.83..0.84).contains(&calm.longest_secs), "{}", calm.longest_secs);
    assert_eq!(calm.worker_hours, 2.0 * 600.0 / 3_600.0);
    // Five a second for two replicas that manage four: after 600 s 600 are behind, and the last waits 600 / 4 s less
    // what has just arrived.
    let busy = run(&fixed(2, WORKERS), "constant:5", 600);
    assert!((590..=604).contains(&busy.left), "{}", busy.left);
    assert!((110.0..=125.0).contains(&busy.longest_secs), "{}", busy.longest_secs);
}

#[test]
fn replicas_beyond_the_partitions_idle() {
    let three = Workers { partitions: 3, ..WORKERS };
    let of = |replicas| run(&fixed(replicas, three), "constant:8", 600);
    assert_eq!(of(3).left, of(4).left);
    assert!(of(2).left > of(3).left);
    assert!(of(4).worker_hours > of(3).worker_hours);
}

#[test]
fn two_replicas_do_not_share_a_partition() {
    let one = Workers { partitions: 1, ..WORKERS };
    assert_eq!(run(&fixed(1, one), "constant:3", 600).left, run(&fixed(2, one), "constant:3", 600).left);
}

#[test]
fn a_thousand_completions_at_once_scale_the_event_platform_as_its_profile_says() {
    let rules = |window_secs, pods| Rules {
        window_secs: Some(window_secs),
        policies: Some(vec![Policy::Pods { pods, period_secs: 60 }]),
        ..Rules::default()
    };
    let scaling = Scaling::Hpa {
        min_replicas: 2,
        max_replicas: 10,
        lag_target: Some(100),
        cpu_percent: None,
        behavior: Some(Behavior { up: rules(0, 2), down: rules(300, 1) }),
    };
    let workers = Workers { service_secs: 0.5, start_secs: 10, ..WORKERS };
    let run = run(&Fleet { scaling, ..fixed(2, workers) }, "spike:0:1000@10", 1_200);
    let targets = targets(&run);
    assert_eq!(targets[..2], [(15, 4), (75, 6)], "{targets:?}");
    assert_eq!(targets.last().map(|(_, to)| *to), Some(2));
    let first_down = run.changes.iter().find(|change| change.to < change.from).unwrap();
    let last_up = run.changes.iter().rfind(|change| change.to > change.from).unwrap();
    assert!(first_down.at_secs >= last_up.at_secs + 240, "{targets:?}");
    assert_eq!(run.left, 0);
}

#[test]
fn keda_brings_replicas_from_zero_at_a_poll_and_back_after_the_cooldown() {
    let run = run(&keda(0, 12, 10), "spike:0:40@40", 900);
    assert_eq!(run.changes[0], Change { at_secs: 60, from: 0, to: 1, by: By::Keda });
    let last = run.changes.last().unwrap();
    assert_eq!((last.to, last.by), (0, By::Keda));
    // The autoscaler rounds up while there is anything: 40 waiting at 10 a replica are four.
    assert_eq!(run.most_replicas, 4);
    assert_eq!(run.left, 0);
    // Nobody takes anything before the start of the first replica is over.
    assert!(run.longest_secs >= 40.0 - 1.0, "{}", run.longest_secs);
}

#[test]
fn a_threshold_of_100_at_two_a_second_makes_99_of_100_wait_for_most_of_a_minute() {
    let run = run(&keda(2, 12, 100), "constant:5", 7_200);
    assert!((25.0..=60.0).contains(&run.p99_secs), "{}", run.p99_secs);
    assert!((3..=4).contains(&run.most_replicas), "{}", run.most_replicas);
}

#[test]
fn cpu_alone_raises_replicas_when_they_are_busy() {
    let scaling = Scaling::Hpa {
        min_replicas: 2,
        max_replicas: 10,
        lag_target: None,
        cpu_percent: Some(70),
        behavior: None,
    };
    let cpu = Some(Cpu { request_milli: 500, busy_milli: 500, idle_milli: 10 });
    let fleet = Fleet { scaling, ..fixed(2, Workers { cpu, ..WORKERS }) };
    // Two replicas at 2.6 of 4 a second are at two thirds: within the tolerance of 70 %.
    assert_eq!(targets(&run(&fleet, "constant:2.6", 3_600)), []);
    let busy = run(&fleet, "step:2.6:7@600", 3_600);
    assert_eq!(busy.changes[0].at_secs, 615);
    let last = busy.samples.last().unwrap();
    // Seven a second at 70 % of two a second each are five.
    assert!((5..=6).contains(&last.replicas), "{}", last.replicas);
    let without = Fleet { workers: WORKERS, ..fleet };
    assert_eq!(replay(&without, &Load::Constant { rate: 1.0 }, 60), Err(Error::NoCpu));
}

#[test]
fn replicas_wait_for_nodes_and_nodes_end() {
    let nodes = Nodes { replicas_each: 3, ready: 1, most: 2, start_secs: 120 };
    let fleet = Fleet { nodes: Some(nodes), ..keda(2, 12, 10) };
    let run = run(&fleet, "step:1:30@60", 1_200);
    let at = |secs| run.samples.iter().find(|sample| sample.at_secs >= secs).unwrap();
    assert!(at(150).replicas > 3 && at(150).ready == 3, "{:?}", at(150));
    assert_eq!(at(300).ready, 6);
    assert_eq!((run.samples.last().unwrap().ready, run.most_replicas), (6, 12));
}

#[test]
fn a_partition_that_changes_its_replica_rests_where_that_takes_time() {
    let quick = keda(1, 6, 10);
    let slow = Fleet { workers: Workers { handover_secs: 30, ..WORKERS }, ..quick.clone() };
    let (quick, slow) = (run(&quick, "step:1:9@60", 900), run(&slow, "step:1:9@60", 900));
    assert!(slow.p99_secs > quick.p99_secs + 5.0, "{} and {}", slow.p99_secs, quick.p99_secs);
}

#[test]
fn a_day_of_the_support_fleet_adds_up_and_is_always_the_same() {
    let fleet = Fleet { seed: Some(1), ..keda(2, 12, 100) };
    let day = run(&fleet, "daily:1:20", 86_400);
    // 10.5 a second on average, with the deviation of chance.
    assert!((900_000..915_000).contains(&day.events), "{}", day.events);
    // Six replicas work all the time, and two are the least.
    let least = day.events as f64 * 0.5 / 3_600.0;
    assert!(day.worker_hours > least && day.worker_hours < 12.0 * 24.0, "{}", day.worker_hours);
    assert_eq!(day.samples.len(), 480);
    assert_eq!(day, run(&fleet, "daily:1:20", 86_400));
    let arrived: f64 = day.samples.iter().map(|sample| sample.arrivals_per_sec * 180.0).sum();
    assert!((arrived - day.events as f64).abs() < 0.5);
}

#[test]
fn what_makes_no_sense_is_refused_with_what_to_do() {
    let load = Load::Constant { rate: 1.0 };
    let of = |fleet: &Fleet| replay(fleet, &load, 60).unwrap_err().to_string();
    let with = |workers| fixed(2, workers);
    for (fleet, said) in [
        (with(Workers { service_secs: f64::NAN, ..WORKERS }), "the service time is NaN"),
        (with(Workers { service_secs: -1.0, ..WORKERS }), "the service time is -1"),
        (with(Workers { service_secs: 0.0, ..WORKERS }), "the service time is 0"),
        (with(Workers { partitions: 0, ..WORKERS }), "the number of partitions is 0"),
        (with(Workers { start_secs: u32::MAX, ..WORKERS }), "the start-up time is 4294967295"),
        (fixed(0, WORKERS), "the number of replicas is 0"),
        (keda(5, 4, 100), "replicas from 5 to 4"),
        (keda(2, 12, 0), "the lag threshold"),
        (
            Fleet {
                nodes: Some(Nodes { replicas_each: 0, ready: 1, most: 1, start_secs: 0 }),
                ..fixed(1, WORKERS)
            },
            "the replicas that fit on a node is 0",
        ),
    ] {
        assert!(of(&fleet).starts_with(said), "{}", of(&fleet));
    }
    assert!(matches!(replay(&fixed(1, WORKERS), &load, 0), Err(Error::Setting { .. })));
    assert!(matches!(replay(&fixed(1, WORKERS), &load, MOST_SECS + 1), Err(Error::Setting { .. })));
    let much = Load::Constant { rate: 1e9 };
    assert!(matches!(replay(&fixed(1, WORKERS), &much, 60), Err(Error::TooManyEvents { .. })));
    let nothing = Scaling::Hpa {
        min_replicas: 1,
        max_replicas: 2,
        lag_target: None,
        cpu_percent: None,
        behavior: None,
    };
    let fleet = Fleet { scaling: nothing, ..fixed(1, WORKERS) };
    assert_eq!(replay(&fleet, &load, 60), Err(Error::NothingToFollow));
}

#[test]
fn a_run_is_told_as_json_as_a_table_and_as_a_picture() {
    let run = run(&keda(0, 12, 10), "spike:0:40@40", 900);
    let json: serde_json::Value = serde_json::from_str(&run.to_json()).unwrap();
    assert_eq!((json["events"].as_u64(), json["changes"][0]["by"].as_str()), (Some(40), Some("keda")));
    assert_eq!(json["samples"][0]["p99_secs"], serde_json::Value::Null);
    let table = run.table(None);
    assert!(table.starts_with("40 events in 0:15:00, 0 left · waited p50 "), "{table}");
    assert!(table.contains("   0:01:00    0 -> 1    keda\n"), "{table}");
    assert!(table.lines().all(|line| line.chars().count() <= 110), "{table}");
    let svg = run.svg(&Caption { title: "a & b", promise_secs: Some(2.0), rate: None });
    assert!(svg.contains("a &amp; b") && svg.contains("are promised"));
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    assert!(svg.contains("prefers-color-scheme:dark") && !svg.contains("NaN") && !svg.contains("inf"));
    assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
    assert!(svg.len() < 20_000, "{}", svg.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_event_is_taken_up_or_left_and_replicas_stay_in_their_range(
        (min, more, threshold) in (0_i32..4, 1_i32..8, 1_i64..200),
        (rate, service, partitions) in (0.2_f64..20.0, 0.01_f64..3.0, 1_u32..16),
        (start_secs, seed) in (0_u32..90, proptest::option::of(any::<u64>())),
    ) {
        let workers = Workers { service_secs: service, start_secs, partitions, ..WORKERS };
        let fleet = Fleet { workers, seed, ..keda(min, min + more, threshold) };
        let load = Load::Step { from: rate, to: rate / 8.0, at_secs: 300 };
        let run = replay(&fleet, &load, 900).unwrap();
        let most = u32::try_from(min + more).unwrap();
        prop_assert!(run.most_replicas <= most);
        prop_assert!(run.left <= run.events && run.left <= run.most_lag);
        prop_assert!(run.p50_secs <= run.p99_secs && run.p99_secs <= run.longest_secs);
        prop_assert!(run.longest_secs <= 900.0);
        prop_assert!(run.worker_hours <= f64::from(most) * 900.0 / 3_600.0 + 1.0);
        prop_assert!(run.changes.iter().all(|change| change.from != change.to));
        // What was handled took its time, of replicas that were paid for.
        let handled = (run.events - run.left) as f64;
        prop_assert!(handled * service <= run.worker_hours * 3_600.0 + f64::from(most) * (service + 1.0));
    }
}
