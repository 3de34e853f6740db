//! How a pod ends: preStop, the program's own drain and its flush, against the grace period.

use serde_json::Value;

use super::lag::follows;
use super::value::{items, text, whole};
use super::world::{Workload, World, name_of};
use super::{Found, Says, Severity, at, then};

/// The grace period where none is written, in seconds.
const GRACE_SECS: f64 = 30.0;
/// Deskhand's `shutdown.drain_secs` where nobody sets it.
const DRAIN_SECS: f64 = 20.0;
/// What settings of others are called that say how long a program drains.
const DRAINS: &[&str] = &[
    "DESKHAND_SHUTDOWN__DRAIN_SECS",
    "SHUTDOWN_DRAIN_SECS",
    "DRAIN_SECS",
    "DRAIN_SECONDS",
    "SHUTDOWN_TIMEOUT_SECS",
    "SHUTDOWN_TIMEOUT_SECONDS",
    "GRACEFUL_SHUTDOWN_SECONDS",
    "GRACEFUL_SHUTDOWN_TIMEOUT",
    "SHUTDOWN_TIMEOUT",
    "DRAIN_TIMEOUT",
    "GRACEFUL_TIMEOUT",
];

pub(super) fn check(world: &World<'_>, found: &mut Found) {
    for (index, workload) in world.workloads.iter().enumerate() {
        if workload.is_made || matches!(workload.object.kind(), "Job" | "CronJob") {
            continue;
        }
        for (container, pointer) in workload.running() {
            ending(world, found, workload, (container, &pointer));
            consumer(world, found, index, (container, &pointer));
        }
    }
}

/// Whether a container is Deskhand's.
pub(super) fn is_deskhand(container: &Value) -> bool {
    let image = text(container, "/image").unwrap_or_default();
    let name = image.rsplit('/').next().unwrap_or_default();
    let name = name.split(['@', ':']).next().unwrap_or_default();
    name == "deskhand"
}

/// How long the preStop hook sleeps, in seconds; nothing where it does something else, or is not there.
fn pre_stop(container: &Value) -> Option<f64> {
    let hook = container.pointer("/lifecycle/preStop")?;
    if let Some(secs) = whole(hook, "/sleep/seconds") {
        return Some(secs as f64);
    }
    let words: Vec<&str> = items(hook, "/exec/command").iter().filter_map(Value::as_str).collect();
    let line = words.join(" ");
    let (_, rest) = line.split_once("sleep ")?;
    let number = rest.trim_start().split(|letter: char| !letter.is_ascii_digit() && letter != '.').next()?;
    number.parse().ok().filter(|secs: &f64| secs.is_finite())
}

/// How long the program drains, in seconds, and who says so.
fn drain(world: &World<'_>, workload: &Workload<'_>, container: &Value) -> Option<(f64, String)> {
    if let Some(secs) = workload.said("drain-secs") {
        return Some((secs, "deskhand.dev/drain-secs".to_owned()));
    }
    for (name, value) in super::hosts::environment(world, workload, container) {
        if DRAINS.contains(&name.as_str())
            && let Ok(secs) = value.trim().trim_end_matches('s').parse::<f64>()
            && (0.0..=86_400.0).contains(&secs)
        {
            return Some((secs, name));
        }
    }
    is_deskhand(container).then(|| (DRAIN_SECS, "Deskhand's own 20 s".to_owned()))
}

fn ending(
    world: &World<'_>,
    found: &mut Found,
    workload: &Workload<'_>,
    (container, pointer): (&Value, &str),
) {
    let grace = whole(workload.pod, "/terminationGracePeriodSeconds").map_or(GRACE_SECS, |secs| secs as f64);
    let (sleep, drain) = (pre_stop(container), drain(world, workload, container));
    let flush = workload.said("flush-secs").unwrap_or(0.0);
    let slept = sleep.unwrap_or(0.0);
    let (drained, by) = drain.clone().unwrap_or((0.0, String::new()));
    let all = slept + drained + flush;
    // Nothing that anybody says of the end; or it fits, with room for the signal itself.
    if (sleep.is_none() && drain.is_none()) || all < grace {
        return;
    }
    let mut timeline = vec![at(0, format!("a pod is to end, and has {grace} s from now on"))];
    if slept > 0.0 {
        timeline.push(at(0, format!("preStop sleeps for {slept} s; the program knows nothing yet")));
    }
    if slept >= grace {
        timeline.push(at(grace as u64, "the time is over during the sleep: SIGTERM and, 2 s later, SIGKILL"));
        timeline
            .push(then("nothing was finished: open requests are cut, events are handled again elsewhere"));
    } else {
        timeline.push(at(
            slept as u64,
            format!("SIGTERM: the program begins to end, and may take {drained} s ({by})"),
        ));
        if flush > 0.0 {
            timeline
                .push(at((slept + drained) as u64, format!("it would flush what it holds, for {flush} s")));
        }
        let missing = all - grace;
        timeline.push(at(
            grace as u64,
            match missing > 0.0 {
                true => format!("SIGKILL, {missing} s before it is done: what was in flight is cut off"),
                false => "SIGKILL in the same second in which it would be done: a race".to_owned(),
            },
        ));
    }
    let parts = [("preStop", slept), ("drain", drained), ("flush", flush)];
    let sum: Vec<String> =
        parts.iter().filter(|(_, secs)| *secs > 0.0).map(|(name, secs)| format!("{name} {secs} s")).collect();
    let says = Says {
        what: format!(
            "container {} takes {} to end, and the pod has {grace} s",
            name_of(container),
            sum.join(" + ")
        ),
        remedy: format!("set terminationGracePeriodSeconds to more than {all}, or shorten the parts"),
        timeline,
    };
    let pointer = if workload.pod.get("terminationGracePeriodSeconds").is_some() {
        workload.at("/terminationGracePeriodSeconds")
    } else {
        format!("{pointer}/lifecycle")
    };
    found.add(world, ("grace-too-short", Severity::Error), (workload.object, &pointer), says);
}

/// A sleep before the end, in something that nobody sends requests to.
fn consumer(world: &World<'_>, found: &mut Found, index: usize, (container, pointer): (&Value, &str)) {
    let Some(workload) = world.workloads.get(index) else { return };
    let Some(secs) = pre_stop(container).filter(|secs| *secs >= 1.0) else { return };
    let follows_queue = world.scaler_of(index).is_some_and(follows);
    if !world.services_of(index).is_empty() || !follows_queue {
        return;
    }
    let says = Says {
        what: format!(
            "preStop sleeps for {secs} s in container {}, which takes from a queue and has no Service",
            name_of(container)
        ),
        remedy: "take the hook away and let the program finish what it has at SIGTERM".to_owned(),
        timeline: vec![
            at(0, "a pod is to end; preStop sleeps, and the program goes on taking events"),
            at(secs as u64, "SIGTERM comes in the middle of whatever it has taken last"),
            then(format!("the {secs} s have finished nothing, and are gone from the grace period")),
        ],
    };
    found.add(
        world,
        ("prestop-on-consumer", Severity::Warning),
        (workload.object, &format!("{pointer}/lifecycle/preStop")),
        says,
    );
}
