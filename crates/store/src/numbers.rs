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
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, PgPool, Postgres};
use tokio::sync::{Mutex, oneshot};

use crate::Error;
use crate::tx::{Tx, fetch_optional};

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
    pub(crate) fn as_str(self) -> &'static str {
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

/// Numbers that were taken and not used yet.
pub(crate) type Spare = HashMap<(WorkspaceId, Kind), VecDeque<i64>>;

/// Where a transaction gets its numbers.
pub(crate) enum Source {
    /// On SQLite there is one writer: it counts in memory and writes the count with the commit.
    Counted,
    /// On PostgreSQL they are taken beforehand.
    Taken {
        from: Arc<Numbers>,
        /// Taken already, for this job or those after it.
        spare: Spare,
        /// On their way, while the transaction does what needs none.
        coming: Option<oneshot::Receiver<Result<Spare, Error>>>,
    },
}

/// The next number of `kind` in the transaction's workspace.
pub(crate) async fn next(tx: &mut Tx, kind: Kind) -> Result<i64, Error> {
    let key = (tx.workspace()?, kind);
    if let Source::Taken { from, spare, coming } = &mut tx.numbers {
        arrive(spare, coming).await?;
        let spare = spare.entry(key).or_default();
        if spare.is_empty() {
            *spare = from.take(key, 1).await?;
        }
        return spare.pop_front().ok_or(Error::GivenUp("no number was given out"));
    }
    let last = match tx.pending.counts.get(&key) {
        Some(last) => *last,
        None => {
            let sql = "SELECT last FROM counters WHERE workspace_id = $1 AND kind = $2";
            fetch_optional!(tx, (i64,), sql, key.0.0, kind.as_str())?.map_or(0, |(last,)| last)
        }
    };
    tx.pending.counts.insert(key, last + 1);
    Ok(last + 1)
}

/// Waits for the numbers that are on their way, where there are some.
pub(crate) async fn arrive(
    spare: &mut Spare,
    coming: &mut Option<oneshot::Receiver<Result<Spare, Error>>>,
) -> Result<(), Error> {
    let Some(coming) = coming.take() else { return Ok(()) };
    let taken = coming.await.unwrap_or(Err(Error::GivenUp("no number was given out")))?;
    for (key, numbers) in taken {
        spare.entry(key).or_default().extend(numbers);
    }
    Ok(())
}

/// Numbers taken from PostgreSQL for this process, as many at once as are waited for.
pub(crate) struct Numbers {
    pool: PgPool,
    /// A connection between two uses; the pool would ask it each time whether it still lives.
    kept: Mutex<Option<PoolConnection<Postgres>>>,
    lanes: std::sync::Mutex<HashMap<(WorkspaceId, Kind), Arc<Lane>>>,
}

#[derive(Default)]
struct Lane {
    waiting: AtomicI64,
    free: Mutex<VecDeque<i64>>,
}

async fn count_on(
    connection: &mut PgConnection,
    (workspace, kind): (WorkspaceId, Kind),
    missing: i64,
) -> Result<i64, sqlx::Error> {
    let row = sqlx::query_as(COUNT).bind(workspace.0).bind(kind.as_str()).bind(missing);
    let (last,): (i64,) = row.fetch_one(connection).await?;
    Ok(last)
}

impl Numbers {
    /// Takes numbers through `pool`, whose connections commit without waiting for the disk.
    pub(crate) fn new(pool: PgPool) -> Self {
        Self { pool, kept: Mutex::default(), lanes: std::sync::Mutex::default() }
    }

    /// Closes the connections; nobody takes numbers any more.
    pub(crate) async fn close(&self) {
        let closed = self.pool.close();
        drop(self.kept.lock().await.take());
        closed.await;
    }

    fn lane(&self, key: (WorkspaceId, Kind)) -> Arc<Lane> {
        let mut lanes = self.lanes.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        Arc::clone(lanes.entry(key).or_default())
    }

    /// The next `wanted` numbers, at least one. Those who wait at the same time share one round trip.
    pub(crate) async fn take(&self, key: (WorkspaceId, Kind), wanted: i64) -> Result<VecDeque<i64>, Error> {
        let lane = self.lane(key);
        lane.waiting.fetch_add(wanted, Ordering::Relaxed);
        let mut free = lane.free.lock().await;
        let waiting = lane.waiting.swap(0, Ordering::Relaxed).max(wanted);
        let missing = waiting - i64::try_from(free.len()).unwrap_or(0);
        if missing > 0 {
            let last = self.count(key, missing).await?;
            free.extend(last - missing + 1..=last);
        }
        let ours = usize::try_from(wanted).unwrap_or(1).min(free.len());
        Ok(free.drain(..ours).collect())
    }

    /// Takes as many numbers as `wanted` says, and tells; what nobody wants any more is taken back.
    pub(crate) async fn fetch(
        self: Arc<Self>,
        wanted: HashMap<(WorkspaceId, Kind), i64>,
        tell: oneshot::Sender<Result<Spare, Error>>,
    ) {
        let mut taken = Spare::new();
        for (key, count) in wanted {
            match self.take(key, count).await {
                Ok(numbers) => taken.insert(key, numbers),
                Err(error) => {
                    let _ = tell.send(Err(error));
                    return self.give_back(taken).await;
                }
            };
        }
        if let Err(Ok(unused)) = tell.send(Ok(taken)) {
            self.give_back(unused).await;
        }
    }

    /// Counts `missing` further; gives the last number. Connections may have died unseen: each that did is found by this,
    /// and the next one is tried, until there is a new one. Numbers that such a one has taken are a gap.
    async fn count(&self, key: (WorkspaceId, Kind), missing: i64) -> Result<i64, Error> {
        let mut kept = self.kept.lock().await.take();
        let mut left = self.pool.size();
        loop {
            let mut connection = match kept.take() {
                Some(connection) => connection,
                None => self.pool.acquire().await?,
            };
            match count_on(&mut connection, key, missing).await.map_err(Error::from) {
                Ok(last) => {
                    let mut kept = self.kept.lock().await;
                    if !self.pool.is_closed() {
                        *kept = Some(connection);
                    }
                    return Ok(last);
                }
                Err(Error::Unavailable(_)) if left > 0 => left -= 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes back what was not needed.
    pub(crate) async fn give_back(&self, spare: Spare) {
        for (key, numbers) in spare.into_iter().filter(|(_, numbers)| !numbers.is_empty()) {
            let lane = self.lane(key);
            let mut free = lane.free.lock().await;
            free.extend(numbers);
            free.make_contiguous().sort_unstable();
        }
    }
}
