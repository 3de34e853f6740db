//! Transactions that are about to put events into the outbox: while such a commit is on its way to the disk, a relay of the
//! same process can begin the transaction that will move them.

use std::sync::Arc;

use tokio::sync::watch;

/// How many of them there have been, and how many of those have ended.
#[derive(Debug, Default, Clone, Copy)]
struct Count {
    begun: u64,
    ended: u64,
}

/// What counts them.
#[derive(Clone, Default)]
pub(crate) struct Appending(Arc<watch::Sender<Count>>);

impl Appending {
    /// One is about to be committed. It has ended when what is given back is dropped.
    pub(crate) fn begins(&self) -> impl Drop + use<> {
        self.0.send_modify(|count| count.begun += 1);
        Ends(self.clone())
    }

    pub(crate) fn watch(&self) -> Appends {
        let counts = self.0.subscribe();
        let known = *counts.borrow();
        Appends { counts, known }
    }
}

struct Ends(Appending);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| count.ended += 1);
    }
}

/// Tells of the transactions of this process that put events into the outbox, before they are committed; only on
/// PostgreSQL, since on SQLite nobody can begin anything meanwhile.
#[derive(Clone)]
pub struct Appends {
    counts: watch::Receiver<Count>,
    known: Count,
}

impl Appends {
    /// Waits until one is about to be committed that it has not told of.
    pub async fn begins(&mut self) {
        let begun = self.known.begun;
        match self.counts.wait_for(|count| count.begun > begun).await.map(|count| *count) {
            Ok(count) => self.known = count,
            // The store is gone.
            Err(_) => std::future::pending().await,
        }
    }

    /// Waits until one has ended since it told of one.
    pub async fn ends(&self) {
        let ended = self.known.ended;
        let _ = self.counts.clone().wait_for(|count| count.ended > ended).await;
    }
}
