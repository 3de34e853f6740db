//! What of a partition waits for another attempt: the keys whose first event failed, each with the events after it.
//! The other keys of the partition go on meanwhile.

use std::collections::{HashMap, VecDeque};

use tokio::time::Instant;
use uuid::Uuid;

use crate::tail::Read;

/// A key that waits.
struct Key {
    /// The event that failed, and those after it.
    events: VecDeque<Read>,
    /// How often the first one was tried.
    attempts: u32,
    /// When it is tried again.
    at: Instant,
}

/// The keys of a partition that wait.
#[derive(Default)]
pub(crate) struct Waiting {
    keys: HashMap<Uuid, Key>,
    /// How many events they hold.
    events: usize,
}

impl Waiting {
    /// How many events wait.
    pub(crate) fn len(&self) -> usize {
        self.events
    }

    /// Whether events of `key` have to wait for an earlier one.
    pub(crate) fn holds(&self, key: Uuid) -> bool {
        self.keys.contains_key(&key)
    }

    /// Lets `event` wait behind the others of its key, which waits.
    pub(crate) fn push(&mut self, key: Uuid, event: Read) {
        if let Some(waiting) = self.keys.get_mut(&key) {
            waiting.events.push_back(event);
            self.events += 1;
        }
    }

    /// Lets `event`, which was tried `attempts` times, and everything of its key after it wait until `at`.
    pub(crate) fn park(&mut self, key: Uuid, event: Read, attempts: u32, at: Instant) {
        let waiting = self.keys.entry(key).or_insert_with(|| Key { events: VecDeque::new(), attempts, at });
        (waiting.attempts, waiting.at) = (attempts, at);
        waiting.events.push_front(event);
        self.events += 1;
    }

    /// Takes the first event of a key that has waited long enough, and how often it was tried. The key still waits
    /// until it is [parked](Self::park) or [released](Self::release).
    pub(crate) fn due(&mut self, now: Instant) -> Option<(Uuid, Read, u32)> {
        let (key, waiting) = self
            .keys
            .iter_mut()
            .filter(|(_, waiting)| waiting.at <= now)
            .min_by_key(|(_, waiting)| waiting.at)?;
        let event = waiting.events.pop_front()?;
        self.events -= 1;
        Some((*key, event, waiting.attempts))
    }

    /// The first event of `key` is done: those after it are due now, or the key no longer waits.
    pub(crate) fn release(&mut self, key: Uuid, now: Instant) {
        match self.keys.get_mut(&key) {
            Some(waiting) if !waiting.events.is_empty() => (waiting.attempts, waiting.at) = (0, now),
            _ => drop(self.keys.remove(&key)),
        }
    }

    /// When the next event is due.
    pub(crate) fn next_at(&self) -> Option<Instant> {
        self.keys.values().map(|waiting| waiting.at).min()
    }

    /// The position of the first event that waits: nothing from there on may be forgotten.
    pub(crate) fn first(&self) -> Option<i64> {
        self.keys.values().filter_map(|waiting| waiting.events.front()).map(|event| event.position).min()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::ids::{EventId, WorkspaceId};

    use super::*;

    fn event(position: i64) -> Read {
        Read::of(store::bus::Logged {
            position,
            event: EventId(Uuid::from_u128(1)),
            workspace: WorkspaceId(Uuid::from_u128(2)),
            envelope: String::new(),
        })
    }

    #[test]
    fn keys_wait_for_themselves_and_in_their_order() {
        let now = Instant::now();
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let second = Duration::from_secs(1);
        let mut waiting = Waiting::default();
        waiting.park(one, event(3), 1, now + second);
        waiting.park(two, event(4), 1, now + 2 * second);
        waiting.push(one, event(7));
        waiting.push(one, event(9));
        waiting.push(Uuid::from_u128(3), event(8));
        assert_eq!((waiting.len(), waiting.first(), waiting.next_at()), (4, Some(3), Some(now + second)));
        assert!(waiting.due(now).is_none());

        // It fails again, and those behind it stay where they are.
        let (key, first, attempts) = waiting.due(now + second).unwrap();
        assert_eq!((key, first.position, attempts), (one, 3, 1));
        assert!(waiting.holds(one));
        waiting.park(one, first, 2, now + 3 * second);
        assert_eq!(waiting.due(now + 2 * second).unwrap().1.position, 4);
        waiting.release(two, now + 2 * second);
        assert!(!waiting.holds(two));

        // It is done, and those behind it come at once.
        for position in [3, 7, 9] {
            let (key, event, _) = waiting.due(now + 3 * second).unwrap();
            assert_eq!(event.position, position);
            waiting.release(key, now + 3 * second);
        }
        assert!(!waiting.holds(one));
        assert_eq!((waiting.len(), waiting.first(), waiting.next_at()), (0, None, None));
    }
}
