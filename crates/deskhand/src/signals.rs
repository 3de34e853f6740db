//! The signals that ask the program to end.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::{Failure, Outcome};

/// The signals that ask the process to end.
pub(crate) struct Signals {
    term: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Takes the signals from their default, which is to end at once.
    pub(crate) fn new() -> Outcome<Self> {
        let cannot = |error: std::io::Error| Failure::because("signals cannot be received", &error);
        Ok(Self {
            term: signal(SignalKind::terminate()).map_err(cannot)?,
            interrupt: signal(SignalKind::interrupt()).map_err(cannot)?,
        })
    }

    /// Waits for one of them.
    pub(crate) async fn first(&mut self) {
        tokio::select! {
            _ = self.term.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
