//! Whether this process runs, and whether it should get traffic.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use domain::{Breaker, BreakerState};
use tokio_util::sync::CancellationToken;

#[derive(Default)]
struct Flags {
    started: AtomicBool,
    draining: AtomicBool,
    /// The database has not answered for longer than a moment.
    cut_off: AtomicBool,
    drain: CancellationToken,
    breakers: Mutex<Vec<Arc<Breaker>>>,
}

/// The state that probes ask for. Cheap to clone.
#[derive(Clone, Default)]
pub struct Health(Arc<Flags>);

impl Health {
    /// The schema is current and everything runs.
    pub fn set_started(&self) {
        self.0.started.store(true, Ordering::Relaxed);
    }

    /// The process is about to end: no new traffic, and live sockets are told to come back elsewhere.
    pub fn set_draining(&self) {
        self.0.draining.store(true, Ordering::Relaxed);
        self.0.drain.cancel();
    }

    /// Whether the process's own database connections have been unusable for 10 s.
    pub fn set_cut_off(&self, cut_off: bool) {
        self.0.cut_off.store(cut_off, Ordering::Relaxed);
    }

    /// Whether it has started.
    pub fn started(&self) -> bool {
        self.0.started.load(Ordering::Relaxed)
    }

    /// From now on `breaker` says how something remote is.
    pub fn watch(&self, breaker: Arc<Breaker>) {
        self.0.breakers.lock().unwrap_or_else(PoisonError::into_inner).push(breaker);
    }

    /// What is remote, each with what its breaker does now.
    pub fn dependencies(&self) -> Vec<(&'static str, BreakerState)> {
        let breakers = self.0.breakers.lock().unwrap_or_else(PoisonError::into_inner);
        breakers.iter().map(|breaker| (breaker.dependency(), breaker.state())).collect()
    }

    /// What is away that the desk can do without for a while, as far as this process knows.
    pub fn degraded(&self) -> Vec<&'static str> {
        let away = self.dependencies().into_iter().filter(|(_, state)| *state != BreakerState::Closed);
        away.map(|(dependency, _)| dependency).collect()
    }

    /// Whether this process should get traffic.
    pub fn ready(&self) -> bool {
        self.started() && !self.draining() && !self.0.cut_off.load(Ordering::Relaxed)
    }

    /// Whether the process is about to end.
    pub fn draining(&self) -> bool {
        self.0.draining.load(Ordering::Relaxed)
    }

    /// Ends when the process begins to drain.
    pub fn drain(&self) -> &CancellationToken {
        &self.0.drain
    }
}
