//! The threshold that keeps a promise at the least cost, found by trying.
//!
//! More lag a replica means fewer replicas and longer waits, but not strictly, since steps and windows come between.
//! So thresholds from one to the most that can count are tried, close together where they are small, and then those
//! between the best and its next neighbour. What is found is the cheapest of what was tried.

use serde::Serialize;

use super::error::{Error, require};
use super::fleet::Fleet;
use super::load::Load;
use super::replay::{Run, replay};

/// A threshold that nothing reaches.
const NEVER: i64 = 1_000_000_000;
/// How many thresholds are tried between the best and its next neighbour.
const BETWEEN: i64 = 8;

/// A threshold that was tried.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Trial {
    /// The threshold a replica, in events.
    pub threshold: i64,
    /// 99 of 100 events waited at most so long, in seconds.
    pub p99_secs: f64,
    /// What the replicas cost, in hours of one.
    pub worker_hours: f64,
    /// Whether that keeps the promise.
    pub is_kept: bool,
}

/// The threshold that was looked for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Solution {
    /// The threshold a replica, in events.
    pub threshold: i64,
    /// What becomes of the load with it.
    pub run: Run,
    /// All that was tried, by threshold.
    pub trials: Vec<Trial>,
}

/// What is tried at first: 1, 2, 3, 4, 5, 6, 8, 10, 13, … up to `most`.
fn grid(most: i64) -> Vec<i64> {
    let next = |threshold: &i64| Some(threshold + (threshold / 3).max(1));
    std::iter::successors(Some(1), next).take_while(|threshold| *threshold <= most).collect()
}

/// The tries so far.
struct Search<'a> {
    fleet: &'a Fleet,
    load: &'a Load,
    duration_secs: u32,
    promise_secs: f64,
    trials: Vec<Trial>,
}

impl Search<'_> {
    fn run(&self, threshold: i64) -> Result<Run, Error> {
        let fleet = self.fleet.with_threshold(threshold).ok_or(Error::NoThreshold)?;
        replay(&fleet, self.load, self.duration_secs)
    }

    fn run_and_keep(&mut self, threshold: i64) -> Result<Run, Error> {
        let run = self.run(threshold)?;
        self.trials.push(Trial {
            threshold,
            p99_secs: run.p99_secs,
            worker_hours: run.worker_hours,
            is_kept: run.p99_secs <= self.promise_secs,
        });
        Ok(run)
    }

    /// The cheapest that keeps the promise; of equally cheap ones that with the larger threshold, which is calmer.
    fn best(&self) -> Option<Trial> {
        let kept = self.trials.iter().filter(|trial| trial.is_kept);
        kept.min_by(|one, other| {
            one.worker_hours.total_cmp(&other.worker_hours).then(other.threshold.cmp(&one.threshold))
        })
        .copied()
    }
}

/// Looks for the threshold a replica with which 99 of 100 events of `load` wait at most `promise_secs` until they are
/// taken up, at the least worker-hours. How long an event then takes is not part of the wait: whoever
/// promises an answer takes the service time off first.
///
/// Errors where `fleet` follows no lag, and where nothing that was tried keeps the promise, with the best.
pub fn solve(fleet: &Fleet, load: &Load, duration_secs: u32, promise_secs: f64) -> Result<Solution, Error> {
    let is_promise = promise_secs > 0.0 && promise_secs <= 86_400.0;
    require(is_promise, "the promise", promise_secs, "more than 0 and at most a day, in seconds")?;
    let mut search = Search { fleet, load, duration_secs, promise_secs, trials: Vec::new() };
    // A threshold above every lag keeps the least number of replicas, and so does every larger one.
    let calm = search.run(NEVER)?;
    let most = i64::try_from(calm.most_lag).unwrap_or(NEVER).saturating_add(1).min(NEVER);
    for threshold in grid(most).into_iter().chain([most]) {
        search.run_and_keep(threshold)?;
    }
    search.trials.sort_by_key(|trial| trial.threshold);
    search.trials.dedup_by_key(|trial| trial.threshold);
    let Some(best) = search.best() else {
        let shortest = search.trials.iter().min_by(|one, other| one.p99_secs.total_cmp(&other.p99_secs));
        let (best_secs, threshold) =
            shortest.map_or((f64::INFINITY, 1), |trial| (trial.p99_secs, trial.threshold));
        return Err(Error::Unkept { promise_secs, best_secs, threshold });
    };
    if let Some(above) = search.trials.iter().find(|trial| trial.threshold > best.threshold).copied() {
        let step = ((above.threshold - best.threshold) / (BETWEEN + 1)).max(1);
        let between: Vec<i64> = (1..=BETWEEN)
            .map(|index| best.threshold + index * step)
            .take_while(|threshold| *threshold < above.threshold)
            .collect();
        for threshold in between {
            search.run_and_keep(threshold)?;
        }
        search.trials.sort_by_key(|trial| trial.threshold);
    }
    let threshold = search.best().map_or(best.threshold, |best| best.threshold);
    let run = search.run(threshold)?;
    Ok(Solution { threshold, run, trials: search.trials })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::load::Point;
    use crate::simulate::replay::tests::keda;

    #[test]
    fn the_grid_begins_with_every_number_and_grows_by_a_third() {
        assert_eq!(grid(20), [1, 2, 3, 4, 5, 6, 8, 10, 13, 17]);
        assert!(grid(NEVER).len() < 90);
    }

    #[test]
    fn what_is_found_keeps_the_promise_and_nothing_cheaper_that_was_tried_does() {
        let fleet = keda(2, 12, 100);
        let load = Load::Table(
            [1.0, 4.0, 12.0, 6.0, 1.0]
                .into_iter()
                .zip((0..).step_by(1_800))
                .map(|(rate, at_secs)| Point { at_secs, rate })
                .collect(),
        );
        let solution = solve(&fleet, &load, 9_000, 30.0).unwrap();
        assert!(solution.run.p99_secs <= 30.0, "{}", solution.run.p99_secs);
        for trial in &solution.trials {
            let is_cheaper = trial.worker_hours < solution.run.worker_hours;
            assert!(!(trial.is_kept && is_cheaper), "{trial:?}");
        }
        // The threshold of the profile breaks it: 100 waiting at 2 a second are 50 s.
        assert!(solution.threshold < 100, "{}", solution.threshold);
        assert!(replay(&fleet, &load, 9_000).unwrap().p99_secs > 30.0);
        assert!(solution.table().contains("  chosen\n"));
        assert!(solution.to_json().contains("\"trials\""));
    }

    #[test]
    fn a_promise_that_cannot_be_kept_is_an_error_with_the_best_that_can() {
        let fleet = keda(1, 2, 10);
        let error = solve(&fleet, &Load::Constant { rate: 9.0 }, 3_600, 1.0).unwrap_err();
        assert!(matches!(error, Error::Unkept { best_secs, .. } if best_secs > 1.0), "{error}");
        let promise = solve(&fleet, &Load::Constant { rate: 1.0 }, 3_600, f64::NAN);
        assert!(matches!(promise, Err(Error::Setting { name: "the promise", .. })));
        let fixed = Fleet { scaling: crate::simulate::Scaling::Fixed, ..fleet };
        assert_eq!(solve(&fixed, &Load::Constant { rate: 1.0 }, 60, 1.0), Err(Error::NoThreshold));
    }
}
