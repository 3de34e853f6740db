//! The partitions: events that wait, and who takes them.
//!
//! It must not know why a replica is there.

use std::collections::VecDeque;

use super::pods::Pods;
use crate::simulate::fleet::Workers;
use crate::simulate::keda::{jetstream, kafka};

/// One partition.
#[derive(Debug, Clone, Default)]
struct Partition {
    /// When those that wait arrived, in seconds.
    waiting: VecDeque<f64>,
    arrived: u64,
    /// When the event that is handled is done.
    handled_at: f64,
    /// Before this nobody takes anything, since it has just changed its replica.
    rests_until: f64,
    owner: Option<u64>,
}

impl Partition {
    /// Events that are not done at `now`.
    fn lag(&self, now: f64) -> u64 {
        self.waiting.len() as u64 + u64::from(self.handled_at > now)
    }
}

/// All partitions.
#[derive(Debug, Clone)]
pub(super) struct Queues {
    partitions: Vec<Partition>,
    service_secs: f64,
    handover_secs: f64,
    /// Where the partitions of each ready replica begin, in order, and where the last ends.
    bounds: Vec<usize>,
    arrived: u64,
}

impl Queues {
    pub(super) fn new(workers: &Workers) -> Self {
        Self {
            partitions: vec![Partition::default(); workers.partitions as usize],
            service_secs: workers.service_secs,
            handover_secs: f64::from(workers.handover_secs),
            bounds: Vec::new(),
            arrived: 0,
        }
    }

    /// Shares the partitions among `replicas`: neighbours together, the first have one more where it does not come
    /// out even, and those beyond the partitions none.
    pub(super) fn assign(&mut self, replicas: &[u64], second: u32) {
        let (count, many) = (self.partitions.len(), replicas.len().max(1));
        self.bounds.clear();
        let mut begin = 0;
        for (index, id) in replicas.iter().enumerate() {
            self.bounds.push(begin);
            let end = begin + count / many + usize::from(index < count % many);
            for partition in &mut self.partitions[begin..end] {
                if partition.owner.is_some_and(|owner| owner != *id) {
                    partition.rests_until = f64::from(second) + self.handover_secs;
                }
                partition.owner = Some(*id);
            }
            begin = end;
        }
        self.bounds.push(begin);
    }

    pub(super) fn arrive(&mut self, at: f64, partition: usize) {
        let partition = &mut self.partitions[partition];
        partition.waiting.push_back(at);
        partition.arrived += 1;
        self.arrived += 1;
    }

    /// Lets the ready replicas of `pods` take events in the second that begins with `second`, and tells how long each
    /// had waited.
    pub(super) fn serve(&mut self, second: u32, pods: &mut Pods, mut tell: impl FnMut(f64)) {
        let (now, end) = (f64::from(second), f64::from(second) + 1.0);
        let (partitions, bounds, service_secs) = (&mut self.partitions, &self.bounds, self.service_secs);
        pods.each_ready(|index, free_at, busy_secs| {
            let (Some(begin), Some(until)) = (bounds.get(index), bounds.get(index + 1)) else { return };
            let own = &mut partitions[*begin..*until];
            *busy_secs += (free_at.min(end) - now).max(0.0);
            while *free_at < end {
                // The one that can begin first, and of those that could already, the one that has waited longest.
                let mut next: Option<(f64, f64, usize)> = None;
                for (index, partition) in own.iter().enumerate() {
                    let Some(arrived) = partition.waiting.front().copied() else { continue };
                    let start = arrived.max(partition.handled_at).max(partition.rests_until).max(*free_at);
                    if next.is_none_or(|(at, since, _)| (start, arrived) < (at, since)) {
                        next = Some((start, arrived, index));
                    }
                }
                let Some((start, arrived, index)) = next.filter(|(start, ..)| *start < end) else { return };
                own[index].waiting.pop_front();
                *free_at = start + service_secs;
                own[index].handled_at = *free_at;
                *busy_secs += free_at.min(end) - start.max(now);
                tell(start - arrived);
            }
        });
    }

    /// As many have arrived.
    pub(super) fn arrived(&self) -> u64 {
        self.arrived
    }

    /// As many are not done at `now`.
    pub(super) fn lag(&self, now: f64) -> u64 {
        self.partitions.iter().map(|partition| partition.lag(now)).sum()
    }

    /// Tells how long those have waited that nobody has taken up until `now`, and gives their number.
    pub(super) fn leave(&self, now: f64, mut tell: impl FnMut(f64)) -> u64 {
        let waiting = self.partitions.iter().flat_map(|partition| &partition.waiting);
        waiting.map(|arrived| tell(now - arrived)).count() as u64
    }

    /// What a broker would say of them. The group has committed from the beginning.
    pub(super) fn offsets(&self, now: f64) -> Vec<kafka::Partition> {
        let offset = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        self.partitions
            .iter()
            .map(|partition| kafka::Partition {
                committed: Some(offset(partition.arrived - partition.lag(now))),
                end: offset(partition.arrived),
                earliest: Some(0),
            })
            .collect()
    }

    /// What a server would say of a consumer that has fetched what is handled.
    pub(super) fn consumer(&self, now: f64) -> jetstream::Consumer {
        let waiting: u64 = self.partitions.iter().map(|partition| partition.waiting.len() as u64).sum();
        let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        jetstream::Consumer { pending: count(waiting), ack_pending: count(self.lag(now) - waiting) }
    }
}
