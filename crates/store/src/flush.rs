//! Commits that share the flush of one that follows them.
//!
//! PostgreSQL writes its log in order: where a commit has reached the disk, those before it have. So a transaction that
//! is known to be followed by such a commit need not wait for the disk itself, if whoever is told of it waits for both.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;

/// The commit that follows, in the hands of who makes it. Dropped, it is not made.
#[derive(Debug)]
pub struct Flusher {
    begun: Arc<AtomicBool>,
    done: watch::Sender<bool>,
}

impl Flusher {
    /// A commit that is not begun yet.
    #[expect(clippy::new_without_default, reason = "there is no usual one")]
    pub fn new() -> Self {
        Self { begun: Arc::default(), done: watch::channel(false).0 }
    }

    /// What others know of it.
    pub fn flush(&self) -> Flush {
        Flush { begun: Arc::clone(&self.begun), done: self.done.subscribe() }
    }

    /// It is about to be asked for: what is not committed by now may come after it.
    pub fn begins(&self) {
        self.begun.store(true, Ordering::SeqCst);
    }

    /// It has reached the disk.
    pub fn ends(&self) {
        self.done.send_replace(true);
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        // Nobody begins to wait for what does not come.
        self.begins();
    }
}

/// A commit that follows, as those know it who may share its flush.
#[derive(Debug, Clone)]
pub struct Flush {
    begun: Arc<AtomicBool>,
    done: watch::Receiver<bool>,
}

impl Flush {
    /// Whether it may be before what is committed from now on, or before what was committed just now.
    pub(crate) fn has_begun(&self) -> bool {
        self.begun.load(Ordering::SeqCst)
    }

    /// Waits for it; gives whether it has reached the disk, and everything with it that was committed before.
    pub async fn is_done(&self) -> bool {
        self.done.clone().wait_for(|done| *done).await.is_ok()
    }
}

impl PartialEq for Flush {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.begun, &other.begun)
    }
}

impl Eq for Flush {}
