//! The replay: a load through a fleet, second by second, with each event by itself within a second.
//!
//! Events arrive, replicas take them, and at the seconds of their periods KEDA and Kubernetes' controller look and
//! decide. Always the same for the same fleet, load and seed. It must not decide on replicas itself.

mod decide;
mod pods;
mod queues;

use serde::Serialize;

use super::error::{Error, require};
use super::fleet::{Fleet, MOST_SECS};
use super::load::{Arrivals, Load};
use super::waiting::Waiting;
use decide::Decider;
use pods::Pods;
use queues::Queues;

/// Into how many samples a run is cut, unless they would be shorter than [`LEAST_SAMPLE_SECS`].
const SAMPLES: u32 = 480;
const LEAST_SAMPLE_SECS: u32 = 15;

/// A part of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sample {
    /// Its end, in seconds since the beginning.
    pub at_secs: u32,
    /// Events a second that arrived in it.
    pub arrivals_per_sec: f64,
    /// As many replicas there should be, at its end.
    pub replicas: u32,
    /// As many there are and are ready, at its end.
    pub ready: u32,
    /// Events that are not handled, at its end.
    pub lag: u64,
    /// Half of those that were taken up in it had waited at most so long, in seconds; nothing where none was.
    pub p50_secs: Option<f64>,
    /// 99 of 100 had.
    pub p99_secs: Option<f64>,
    /// What the replicas cost until its end, in hours of one.
    pub worker_hours: f64,
}

/// Who changed the number of replicas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// Kubernetes' controller.
    Autoscaler,
    /// KEDA's own loop.
    Keda,
}

/// A change of the number of replicas that there should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Change {
    /// When, in seconds.
    pub at_secs: u32,
    /// From how many.
    pub from: u32,
    /// To how many.
    pub to: u32,
    /// By whom.
    pub by: By,
}

/// What became of a load.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Run {
    /// How long it was, in seconds.
    pub duration_secs: u32,
    /// How many events arrived.
    pub events: u64,
    /// How many of them nobody had taken up at the end. They count among the waiting times, with what they had waited
    /// until then.
    pub left: u64,
    /// Half of the events waited at most so long until they were taken up, in seconds.
    pub p50_secs: f64,
    /// 99 of 100 did.
    pub p99_secs: f64,
    /// The longest wait, in seconds.
    pub longest_secs: f64,
    /// The most events that were not handled, at the end of a second.
    pub most_lag: u64,
    /// The most replicas that there should have been.
    pub most_replicas: u32,
    /// What the replicas cost, from a place on a node until their end, in hours of one.
    pub worker_hours: f64,
    /// Every change of the number of replicas.
    pub changes: Vec<Change>,
    /// The run in parts of equal length.
    pub samples: Vec<Sample>,
}

/// Sends `load` through `fleet` for `duration_secs`.
///
/// ```
/// use deploy::simulate::{Fleet, Load, Scaling, Workers, hpa, replay};
///
/// let workers =
///     Workers { service_secs: 0.5, start_secs: 20, partitions: 12, handover_secs: 0, cpu: None };
/// let fleet = Fleet {
///     workers,
///     replicas: 2,
///     scaling: Scaling::Fixed,
///     nodes: None,
///     controls: hpa::Controls::default(),
///     seed: None,
/// };
/// let run = replay(&fleet, &Load::parse("constant:3")?, 3_600)?;
/// assert_eq!(run.events, 10_800);
/// assert!(run.p99_secs < 1.0);
/// assert_eq!(run.worker_hours, 2.0);
/// # Ok::<(), deploy::simulate::Error>(())
/// ```
///
/// Errors where anything of it makes no sense, and says what to do.
pub fn replay(fleet: &Fleet, load: &Load, duration_secs: u32) -> Result<Run, Error> {
    let is_time = (1..=MOST_SECS).contains(&duration_secs);
    require(is_time, "the duration", duration_secs, "from a second to 31 days, in seconds")?;
    fleet.check()?;
    let mut decider = Decider::new(fleet)?;
    let rates = load.rates(duration_secs)?;
    let mut arrivals = Arrivals::new(rates, fleet.workers.partitions as usize, fleet.seed);
    let mut pods = Pods::new(fleet);
    let mut queues = Queues::new(&fleet.workers);
    let (mut all, mut recent) = (Waiting::new(), Waiting::new());
    let sample_secs = (duration_secs / SAMPLES).max(LEAST_SAMPLE_SECS);
    let mut run = Run {
        duration_secs,
        events: 0,
        left: 0,
        p50_secs: 0.0,
        p99_secs: 0.0,
        longest_secs: 0.0,
        most_lag: 0,
        most_replicas: fleet.replicas,
        worker_hours: 0.0,
        changes: Vec::new(),
        samples: Vec::new(),
    };
    let (mut worker_secs, mut arrived_before, mut sample_began) = (0_u64, 0_u64, 0_u32);
    for second in 0..duration_secs {
        pods.begin(second);
        for (to, by) in decider.decide(second, &mut pods, &queues) {
            let from = pods.wanted();
            if to != from {
                run.changes.push(Change { at_secs: second, from, to, by });
                run.most_replicas = run.most_replicas.max(to);
                pods.scale(to, second);
            }
        }
        pods.place(second);
        if pods.take_changed() {
            queues.assign(&pods.ready_ids(), second);
        }
        worker_secs += u64::from(pods.paid());
        arrivals.of_second(second, |at, partition| queues.arrive(at, partition));
        queues.serve(second, &mut pods, |wait_secs| {
            all.add(wait_secs);
            recent.add(wait_secs);
        });
        let end = second + 1;
        let lag = queues.lag(f64::from(end));
        run.most_lag = run.most_lag.max(lag);
        if end - sample_began == sample_secs || end == duration_secs {
            let arrived = queues.arrived() - arrived_before;
            run.samples.push(Sample {
                at_secs: end,
                arrivals_per_sec: arrived as f64 / f64::from(end - sample_began),
                replicas: pods.wanted(),
                ready: pods.ready(),
                lag,
                p50_secs: recent.quantile_secs(0.5),
                p99_secs: recent.quantile_secs(0.99),
                worker_hours: worker_secs as f64 / 3_600.0,
            });
            recent.clear();
            arrived_before = queues.arrived();
            sample_began = end;
        }
    }
    run.events = queues.arrived();
    run.left = queues.leave(f64::from(duration_secs), |wait_secs| all.add(wait_secs));
    run.p50_secs = all.quantile_secs(0.5).unwrap_or(0.0);
    run.p99_secs = all.quantile_secs(0.99).unwrap_or(0.0);
    run.longest_secs = all.longest_secs();
    run.worker_hours = worker_secs as f64 / 3_600.0;
    Ok(run)
}

#[cfg(test)]
#[path = "replay/tests.rs"]
pub(super) mod tests;
