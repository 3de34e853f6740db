//! What a fleet uses, as far as it is paid for.
//!
//! It must not know a price.

use serde::Serialize;

use crate::simulate::Run;
use crate::workload::{Found, Part, Requests, Volume};

/// How many replicas there are for which share of the time. The shares add up to one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Occupancy(Vec<(u32, f64)>);

impl Occupancy {
    /// The same number all the time.
    pub fn constant(replicas: u32) -> Self {
        Self(vec![(replicas, 1.0)])
    }

    /// As many as there should have been in `run`, which began with `first`.
    pub fn of_run(run: &Run, first: u32) -> Self {
        let whole = f64::from(run.duration_secs.max(1));
        let (mut shares, mut from, mut replicas) = (std::collections::BTreeMap::new(), 0, first);
        for change in &run.changes {
            *shares.entry(replicas).or_insert(0.0) += f64::from(change.at_secs - from) / whole;
            (from, replicas) = (change.at_secs, change.to);
        }
        *shares.entry(replicas).or_insert(0.0) += f64::from(run.duration_secs - from) / whole;
        Self(shares.into_iter().filter(|(_, share)| *share > 0.0).collect())
    }

    /// How many there are on average.
    pub fn mean(&self) -> f64 {
        self.0.iter().map(|(replicas, share)| f64::from(*replicas) * share).sum()
    }

    /// The least and the most.
    pub fn bounds(&self) -> (u32, u32) {
        let counts = self.0.iter().map(|(replicas, _)| *replicas);
        (counts.clone().min().unwrap_or(0), counts.max().unwrap_or(0))
    }

    /// Each number with its share of the time.
    pub fn shares(&self) -> &[(u32, f64)] {
        &self.0
    }
}

/// Pods of one workload.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pods {
    /// The workload's kind, such as `Deployment`.
    pub kind: String,
    /// The workload's name.
    pub name: String,
    /// What it is there for.
    pub part: Part,
    /// What one pod requests.
    pub requests: Requests,
    /// How many there are when.
    pub replicas: Occupancy,
    /// No two of them may be on one node.
    pub is_apart: bool,
    /// One of them is on each node.
    pub is_on_each_node: bool,
}

/// What a fleet uses.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bill {
    /// What runs.
    pub pods: Vec<Pods>,
    /// Disks that stay.
    pub volumes: Vec<Volume>,
    /// How many load balancers there are.
    pub balancers: u32,
    /// What is sent to the internet in a month, in GiB; nothing where nobody said.
    pub egress_gib: Option<f64>,
    /// What is there and not counted, and why.
    pub notes: Vec<String>,
}

impl Bill {
    /// The bill of what was found in manifests. What is scaled has its least number of replicas, or its most.
    pub fn new(found: &Found<'_>, is_most: bool) -> Self {
        let pods = found.workloads.iter().map(|workload| {
            let replicas = workload.most_replicas.filter(|_| is_most).unwrap_or(workload.replicas);
            Pods {
                kind: workload.kind.clone(),
                name: workload.name.clone(),
                part: workload.part,
                requests: workload.requests,
                replicas: Occupancy::constant(replicas),
                is_apart: workload.is_apart,
                is_on_each_node: workload.is_on_each_node,
            }
        });
        // In an order of its own, so that the same fleet looks the same wherever its manifests are from.
        let (mut pods, mut volumes): (Vec<Pods>, _) = (pods.collect(), found.volumes.clone());
        let mut notes = found.notes.clone();
        pods.sort_by(|one, other| (one.part, &one.name).cmp(&(other.part, &other.name)));
        volumes.sort_by(|one, other| (one.part, &one.name).cmp(&(other.part, &other.name)));
        notes.sort();
        Self {
            pods,
            volumes,
            balancers: u32::try_from(found.balancers.len()).unwrap_or(u32::MAX),
            egress_gib: None,
            notes,
        }
    }

    /// Gives the workload of that name other replicas; false where there is none.
    pub fn occupy(&mut self, workload: &str, replicas: &Occupancy) -> bool {
        let found = self.pods.iter_mut().find(|pods| pods.name == workload);
        found.map(|pods| pods.replicas = replicas.clone()).is_some()
    }
}
