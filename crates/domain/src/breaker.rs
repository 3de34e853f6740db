//! A breaker around something remote: after some failures in a row it is left alone for a while, then tried once.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How many failures in a row open it where nothing else is said.
const FAILURES: u32 = 5;
/// How long it stays open before one attempt is let through.
const REST: Duration = Duration::from_secs(30);

/// What a breaker does now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// Every attempt goes through.
    Closed,
    /// One attempt is under way, and decides.
    HalfOpen,
    /// None goes through.
    Open,
}

#[derive(Debug, Clone, Copy)]
struct Inner {
    state: BreakerState,
    failures: u32,
    /// Since when it has been open, or its one attempt under way.
    since: Option<Instant>,
}

/// A breaker around one dependency.
#[derive(Debug)]
pub struct Breaker {
    dependency: &'static str,
    /// How many failures in a row open it.
    limit: u32,
    /// How long it stays open before one attempt is let through.
    rest: Duration,
    inner: Mutex<Inner>,
}

impl Breaker {
    /// A closed breaker around `dependency`.
    pub fn new(dependency: &'static str) -> Self {
        let inner = Inner { state: BreakerState::Closed, failures: 0, since: None };
        Self { dependency, limit: FAILURES, rest: REST, inner: Mutex::new(inner) }
    }

    /// The same, that opens after `limit` failures in a row.
    #[must_use]
    pub fn after(self, limit: u32) -> Self {
        Self { limit, ..self }
    }

    /// The same, that lets one attempt through after `rest`.
    #[must_use]
    pub fn resting(self, rest: Duration) -> Self {
        Self { rest, ..self }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What it is around.
    pub fn dependency(&self) -> &'static str {
        self.dependency
    }

    /// What it does now.
    pub fn state(&self) -> BreakerState {
        self.inner().state
    }

    /// Whether an attempt may be made at `now`; it has to be told how that went. An attempt of which nothing was heard
    /// for as long as it rests is given up.
    pub fn allows(&self, now: Instant) -> bool {
        let mut inner = self.inner();
        if inner.state == BreakerState::Closed {
            return true;
        }
        let rested = inner.since.is_none_or(|since| now.saturating_duration_since(since) >= self.rest);
        if rested {
            (inner.state, inner.since) = (BreakerState::HalfOpen, Some(now));
        }
        rested
    }

    /// How long it is from `now` until an attempt may be made.
    pub fn wait(&self, now: Instant) -> Duration {
        let since = self.inner().since;
        since.map_or(Duration::ZERO, |since| (since + self.rest).saturating_duration_since(now))
    }

    /// An attempt worked. Gives whether this closed it.
    pub fn succeeded(&self) -> bool {
        let mut inner = self.inner();
        let was_open = inner.state != BreakerState::Closed;
        *inner = Inner { state: BreakerState::Closed, failures: 0, since: None };
        was_open
    }

    /// An attempt failed at `now`. Gives whether this opened it, for the first time since it was closed.
    pub fn failed(&self, now: Instant) -> bool {
        let mut inner = self.inner();
        inner.failures = inner.failures.saturating_add(1);
        let opens = inner.state == BreakerState::Closed && inner.failures >= self.limit;
        if opens || inner.state == BreakerState::HalfOpen {
            (inner.state, inner.since) = (BreakerState::Open, Some(now));
        }
        opens
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_five_failures_in_a_row_and_lets_one_through_after_thirty_seconds() {
        let breaker = Breaker::new("model");
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        for _ in 0..4 {
            assert!(breaker.allows(start) && !breaker.failed(start));
        }
        assert!(!breaker.succeeded(), "it was not open");
        for _ in 0..4 {
            assert!(!breaker.failed(start), "they count from the last success");
        }
        assert!(breaker.failed(at(1)), "this opens it");
        assert_eq!(breaker.state(), BreakerState::Open);
        assert!(!breaker.allows(at(30)));
        assert_eq!(breaker.wait(at(30)), Duration::from_secs(1));
        assert!(breaker.allows(at(31)), "one attempt");
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        assert!(!breaker.allows(at(32)), "and no other meanwhile");
        assert!(!breaker.failed(at(33)), "it was said before");
        assert!(!breaker.allows(at(62)));
        assert!(breaker.allows(at(63)));
        assert!(breaker.succeeded(), "this closes it");
        assert!(breaker.allows(at(63)) && breaker.allows(at(63)));
        assert_eq!(breaker.wait(at(63)), Duration::ZERO);
    }

    #[test]
    fn an_attempt_of_which_nothing_is_heard_does_not_keep_it_open_for_ever() {
        let breaker = Breaker::new("model");
        let start = Instant::now();
        for _ in 0..5 {
            breaker.failed(start);
        }
        assert!(breaker.allows(start + Duration::from_secs(30)));
        assert!(!breaker.allows(start + Duration::from_secs(59)));
        assert!(breaker.allows(start + Duration::from_secs(60)));
    }
}
