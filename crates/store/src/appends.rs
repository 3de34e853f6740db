//! Transactions that are about to put events into the outbox: while such a commit is on its way to the disk, a relay of the
//! same process can begin the transaction that will move them.

use std::sync::Arc;

use tokio::sync::watch;

use crate::tx::Scope;

/// How many of them there have been, what the last of them may see, and how many have ended.
#[derive(Debug, Clone, Copy)]
struct Count {
    begun: u64,
    last: Scope,
    ended: u64,
}

/// What counts them.
#[derive(Clone)]
pub(crate) struct Appending(Arc<watch::Sender<Count>>);

impl Appending {
    pub(crate) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(Count { begun: 0, last: Scope::System, ended: 0 })))
    }

    /// One is about to be committed. It has ended when what is given back is dropped.
    pub(crate) fn begins(&self, scope: Scope) -> impl Drop + use<> {
        self.0.send_modify(|count| {
            count.begun += 1;
            count.last = scope;
        });
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
    /// Waits until one is on its way to be committed that it has not told of; gives what the last that began may see. Of
    /// what has ended meanwhile it does not tell: there is nothing to wait for.
    pub async fn begins(&mut self) -> Scope {
        let begun = self.known.begun;
        let is_new = |count: &Count| count.begun > begun && count.begun > count.ended;
        match self.counts.wait_for(is_new).await.map(|count| *count) {
            Ok(count) => {
                self.known = count;
                count.last
            }
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
