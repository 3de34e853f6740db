//! What the groups of this process did, counted since its start.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use domain::Topic;

/// What became of an event that was handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Its effect is there.
    Handled,
    /// It failed and is tried again.
    Retried,
    /// It is a dead letter.
    Dead,
    /// It was a dead letter, and its effect is there.
    Replayed,
}

impl Outcome {
    /// Its name in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Handled => "handled",
            Self::Retried => "retried",
            Self::Dead => "dead",
            Self::Replayed => "replayed",
        }
    }
}

/// The topic, the group, and what became of the events.
pub(crate) type Key = (Topic, &'static str, Outcome);

#[derive(Default)]
pub(crate) struct Counts(Mutex<BTreeMap<Key, u64>>);

impl Counts {
    pub(crate) fn add(&self, key: Key, events: usize) {
        if events > 0 {
            let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            *counts.entry(key).or_default() += u64::try_from(events).unwrap_or(u64::MAX);
        }
    }

    pub(crate) fn all(&self) -> Vec<(Key, u64)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|(key, count)| (*key, *count)).collect()
    }
}
