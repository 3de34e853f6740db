//! Short numbers (#12) for what people name: one count per workspace and kind, never the same twice.
//!
//! `max + 1` collides, and a counter in the creating transaction makes everybody wait for each other's
//! commit. On SQLite there is one writer, so the counter is part of its transaction. On PostgreSQL numbers
//! are taken in a transaction of their own that is over before it is used. Its commit need not wait for the
//! disk: the log is sequential, so a creator's durable commit has made the earlier count durable too.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use domain::ids::WorkspaceId;
use sqlx::postgres::PgPool;
use tokio::sync::Mutex;

use crate::Error;
use crate::tx::{Tx, fetch_one};

/// What has numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Tasks.
    Task,
    /// Tickets.
    Ticket,
    /// Conversations.
    Conversation,
    /// Articles.
    Article,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Ticket => "ticket",
            Self::Conversation => "conversation",
            Self::Article => "article",
        }
    }
}

const COUNT: &str = "INSERT INTO counters (workspace_id, kind, last) VALUES ($1, $2, $3)
    ON CONFLICT (workspace_id, kind) DO UPDATE SET last = counters.last + $3 RETURNING last";

/// Counts `by` further in `tx`; gives the last number of those taken.
pub(crate) async fn count(tx: &mut Tx, workspace: WorkspaceId, kind: Kind, by: i64) -> Result<i64, Error> {
    let (last,) = fetch_one!(tx, (i64,), COUNT, workspace.0, kind.as_str(), by)?;
    Ok(last)
}

/// Numbers taken from PostgreSQL for this process, as many at once as are waited for.
pub(crate) struct Numbers {
    pool: PgPool,
    lanes: std::sync::Mutex<HashMap<(WorkspaceId, Kind), Arc<Lane>>>,
}

#[derive(Default)]
struct Lane {
    waiting: AtomicI64,
    free: Mutex<VecDeque<i64>>,
}

impl Numbers {
    /// Takes numbers through `pool`, whose connections commit without waiting for the disk.
    pub(crate) fn new(pool: PgPool) -> Self {
        Self { pool, lanes: std::sync::Mutex::default() }
    }

    /// The next number. Those who wait at the same time share one round trip.
    pub(crate) async fn take(&self, workspace: WorkspaceId, kind: Kind) -> Result<i64, Error> {
        let lane = {
            let mut lanes = self.lanes.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            Arc::clone(lanes.entry((workspace, kind)).or_default())
        };
        lane.waiting.fetch_add(1, Ordering::Relaxed);
        let mut free = lane.free.lock().await;
        let wanted = lane.waiting.swap(0, Ordering::Relaxed).max(1);
        if free.len() < usize::try_from(wanted).unwrap_or(1) {
            let by = wanted - i64::try_from(free.len()).unwrap_or(0);
            let (last,): (i64,) = sqlx::query_as(COUNT)
                .bind(workspace.0)
                .bind(kind.as_str())
                .bind(by)
                .fetch_one(&self.pool)
                .await?;
            free.extend(last - by + 1..=last);
        }
        free.pop_front().ok_or(Error::GivenUp("no number was given out"))
    }
}
