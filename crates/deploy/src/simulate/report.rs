//! Runs and solutions to be read: as JSON by programs, as a table by people.
//!
//! It must not work anything out.

use std::fmt::Write as _;

use serde::Serialize;

use super::replay::{By, Run, Sample};
use super::solve::Solution;

/// As many lines a table has at most.
const LINES: usize = 24;

/// What a replica costs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rate {
    /// For an hour.
    pub hour: f64,
    /// In which currency, such as `USD`.
    pub currency: String,
}

/// Numbers that are finite, lists and words are always written.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// A time of a run, such as `1:05:00`.
pub(super) fn clock(secs: u32) -> String {
    format!("{}:{:02}:{:02}", secs / 3_600, secs / 60 % 60, secs % 60)
}

/// A wait, as exact as it is of use.
pub(super) fn wait(secs: f64) -> String {
    match secs {
        secs if secs < 0.001 => "0 s".to_owned(),
        secs if secs < 10.0 => format!("{secs:.2} s"),
        secs if secs < 600.0 => format!("{secs:.0} s"),
        _ => format!("{:.0} min", secs / 60.0),
    }
}

fn longest(samples: &[Sample], of: impl Fn(&Sample) -> Option<f64>) -> String {
    samples.iter().filter_map(of).max_by(f64::total_cmp).map_or_else(|| "-".to_owned(), wait)
}

impl Run {
    /// All of it, as JSON.
    pub fn to_json(&self) -> String {
        json(self)
    }

    /// What became of it, in a line.
    pub(super) fn summary(&self) -> String {
        format!(
            "{} events in {}, {} left · waited p50 {}, p99 {}, at most {} · at most {} replicas and a lag of {}",
            self.events,
            clock(self.duration_secs),
            self.left,
            wait(self.p50_secs),
            wait(self.p99_secs),
            wait(self.longest_secs),
            self.most_replicas,
            self.most_lag,
        )
    }

    /// A summary and a line for each part of the time, as text. Of a part it shows the mean rate, the replicas at its
    /// end, the most lag and the longest waits of its samples, and what the replicas cost until then: in hours of one,
    /// or in money where `rate` is known.
    pub fn table(&self, rate: Option<&Rate>) -> String {
        let cost = |hours: f64| match rate {
            Some(rate) => format!("{:.2}", hours * rate.hour),
            None => format!("{hours:.1}"),
        };
        let unit = rate.map_or("hours", |rate| rate.currency.as_str());
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = writeln!(text, "{}\n{:.1} worker-hours\n", self.summary(), self.worker_hours);
        let _ = writeln!(
            text,
            "{:>10} {:>10} {:>9} {:>6} {:>9} {:>9} {:>9} {unit:>8}",
            "until", "events/s", "replicas", "ready", "lag", "p50", "p99"
        );
        let each = self.samples.len().div_ceil(LINES).max(1);
        for part in self.samples.chunks(each) {
            let Some(last) = part.last() else { continue };
            let rate = part.iter().map(|sample| sample.arrivals_per_sec).sum::<f64>() / part.len() as f64;
            let lag = part.iter().map(|sample| sample.lag).max().unwrap_or(0);
            let _ = writeln!(
                text,
                "{:>10} {:>10.2} {:>9} {:>6} {:>9} {:>9} {:>9} {:>8}",
                clock(last.at_secs),
                rate,
                last.replicas,
                last.ready,
                lag,
                longest(part, |sample| sample.p50_secs),
                longest(part, |sample| sample.p99_secs),
                cost(last.worker_hours)
            );
        }
        let _ = writeln!(text, "\n{} changes", self.changes.len());
        for change in self.changes.iter().take(LINES) {
            let by = match change.by {
                By::Autoscaler => "autoscaler",
                By::Keda => "keda",
            };
            let _ =
                writeln!(text, "{:>10} {:>4} -> {:<4} {by}", clock(change.at_secs), change.from, change.to);
        }
        if self.changes.len() > LINES {
            let _ = writeln!(text, "{:>10} and {} more", "", self.changes.len() - LINES);
        }
        text
    }
}

impl Solution {
    /// All of it, as JSON.
    pub fn to_json(&self) -> String {
        json(self)
    }

    /// What was tried, a line each, with the threshold that was chosen, as text.
    pub fn table(&self) -> String {
        let mut text = format!("{:>10} {:>9} {:>8}\n", "threshold", "p99", "hours");
        for trial in &self.trials {
            let mark = match (trial.threshold == self.threshold, trial.is_kept) {
                (true, _) => "  chosen",
                (false, true) => "",
                (false, false) => "  too long",
            };
            let _ = writeln!(
                text,
                "{:>10} {:>9} {:>8.1}{mark}",
                trial.threshold,
                wait(trial.p99_secs),
                trial.worker_hours
            );
        }
        text
    }
}
