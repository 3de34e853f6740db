//! The transaction that every query runs in, and the macros that run one SQL text on either database.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use domain::ids::WorkspaceId;
use domain::{Caller, Clock};
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use sqlx::{Postgres, Sqlite, SqliteConnection};

use crate::Error;
use crate::bus::{Claim, Taken};
use crate::numbers::{self, Kind};
use crate::pending::{self, Pending};
use crate::projects::Found;
use crate::wake::Wake;

/// What a transaction may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// One workspace. On PostgreSQL row level security shows nothing else.
    Workspace(WorkspaceId),
    /// Every workspace: for sign-in, the relay, the clock and the workers, which then act in one.
    System,
}

impl From<&Caller> for Scope {
    fn from(caller: &Caller) -> Self {
        Self::Workspace(caller.workspace)
    }
}

impl From<WorkspaceId> for Scope {
    fn from(workspace: WorkspaceId) -> Self {
        Self::Workspace(workspace)
    }
}

/// What a closure for [`Store::write`](crate::Store::write) or `read` returns.
pub type Work<'t, T, E> = BoxFuture<'t, Result<T, E>>;

/// A SQLite connection: the writer's own, or a reader's within a transaction of its own.
pub(crate) enum SqliteHandle {
    Writer(Box<SqliteConnection>),
    Reader(sqlx::Transaction<'static, Sqlite>),
}

impl Deref for SqliteHandle {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        match self {
            Self::Writer(connection) => connection,
            Self::Reader(connection) => connection,
        }
    }
}

impl DerefMut for SqliteHandle {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        match self {
            Self::Writer(connection) => connection,
            Self::Reader(connection) => connection,
        }
    }
}

pub(crate) enum Connection {
    Sqlite(SqliteHandle),
    Postgres(sqlx::Transaction<'static, Postgres>),
}

/// A transaction on either database.
pub struct Tx {
    pub(crate) connection: Connection,
    pub(crate) scope: Scope,
    pub(crate) wakes: Vec<Wake>,
    pub(crate) numbers: numbers::Source,
    pub(crate) pending: Pending,
    /// Events that were taken for its jobs before they ran.
    pub(crate) taken: Taken,
    /// Projects that were looked up in this transaction, which many of its jobs may name.
    pub(crate) projects: Vec<Found>,
    /// Whether the job that runs may have changed the database.
    pub(crate) wrote: bool,
    /// Whether the event of the job that runs was taken before, which it found out before it wrote anything.
    pub(crate) found_done: bool,
    /// Whether each of its jobs runs once more, alone, where the database refuses something of it.
    pub(crate) shared: bool,
    /// What its jobs claim, where it was begun without a flush of its own, to share those that follow.
    pub(crate) sharing: Vec<Claim>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// What a transaction held when a job of it began.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    wakes: usize,
    pending: pending::Mark,
}

impl Tx {
    pub(crate) fn new(
        connection: Connection,
        scope: Scope,
        numbers: numbers::Source,
        clock: &Arc<dyn Clock>,
    ) -> Self {
        Self {
            connection,
            scope,
            wakes: Vec::new(),
            numbers,
            pending: Pending::default(),
            taken: Taken::default(),
            projects: Vec::new(),
            wrote: false,
            found_done: false,
            shared: false,
            sharing: Vec::new(),
            clock: Arc::clone(clock),
        }
    }

    /// Another job begins in this transaction.
    pub(crate) fn begin_job(&mut self, scope: Scope) -> Mark {
        self.scope = scope;
        (self.wrote, self.found_done) = (false, false);
        Mark { wakes: self.wakes.len(), pending: self.pending.mark() }
    }

    /// Forgets what the job that began at `mark` left for later.
    pub(crate) fn forget_since(&mut self, mark: Mark) {
        self.wakes.truncate(mark.wakes);
        self.pending.truncate(mark.pending);
    }

    /// The workspace of this transaction.
    ///
    /// Errors for a transaction of [`Scope::System`], which has none.
    pub fn workspace(&self) -> Result<WorkspaceId, Error> {
        match self.scope {
            Scope::Workspace(workspace) => Ok(workspace),
            Scope::System => Err(Error::GivenUp("a workspace's rows were asked for without a workspace")),
        }
    }

    /// Goes on in `workspace`, for a transaction that began in [`Scope::System`] because it had to find out
    /// which workspace it is about.
    pub fn enter(&mut self, workspace: WorkspaceId) {
        self.scope = Scope::Workspace(workspace);
    }

    /// The present by the injected clock; what rows are stamped with.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The next short number of `kind` in this workspace.
    ///
    /// On SQLite it is counted by the one writer. On PostgreSQL it is taken before it is used, in a short
    /// transaction of its own, so that nobody waits for this one's commit. A rollback leaves a gap.
    pub async fn number(&mut self, kind: Kind) -> Result<i64, Error> {
        numbers::next(self, kind).await
    }

    /// Remembers that `wake` has something to do once this transaction is committed.
    pub fn wake(&mut self, wake: Wake) {
        if !self.wakes.contains(&wake) {
            self.wakes.push(wake);
        }
    }

    /// Whether this is PostgreSQL; for the few texts that differ.
    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self.connection, Connection::Postgres(_))
    }
}

/// Whether a statement changes nothing.
pub(crate) fn only_reads(sql: &str) -> bool {
    sql.trim_start().starts_with("SELECT")
}

/// The connection, for a statement that sees everything that was written before.
pub(crate) async fn ready(tx: &mut Tx) -> Result<&mut Connection, Error> {
    pending::settle(tx).await?;
    Ok(&mut tx.connection)
}

/// Runs one SQL text on whichever database the transaction holds, with the arguments bound in order.
macro_rules! run {
    ($tx:expr, $start:ident $(::<$row:ty>)?, $sql:expr, [$($arg:expr),* $(,)?], $finish:ident) => {{
        $tx.wrote |= !$crate::tx::only_reads($sql);
        match $crate::tx::ready($tx).await {
            Err(error) => Err(error),
            Ok($crate::tx::Connection::Sqlite(connection)) => sqlx::$start::<sqlx::Sqlite $(, $row)?>($sql)
                $(.bind($arg))*
                .$finish(&mut **connection)
                .await
                .map_err($crate::Error::from),
            Ok($crate::tx::Connection::Postgres(connection)) => sqlx::$start::<sqlx::Postgres $(, $row)?>($sql)
                $(.bind($arg))*
                .$finish(&mut **connection)
                .await
                .map_err($crate::Error::from),
        }
    }};
}

/// Runs a statement; gives the number of rows it touched.
macro_rules! execute {
    ($tx:expr, $sql:expr $(, $arg:expr)* $(,)?) => {{
        $tx.wrote = true;
        match $crate::tx::ready($tx).await {
            Err(error) => Err(error),
            Ok($crate::tx::Connection::Sqlite(connection)) => sqlx::query::<sqlx::Sqlite>($sql)
                $(.bind($arg))*
                .execute(&mut **connection)
                .await
                .map(|done| done.rows_affected())
                .map_err($crate::Error::from),
            Ok($crate::tx::Connection::Postgres(connection)) => sqlx::query::<sqlx::Postgres>($sql)
                $(.bind($arg))*
                .execute(&mut **connection)
                .await
                .map(|done| done.rows_affected())
                .map_err($crate::Error::from),
        }
    }};
}

/// All rows of a query as `$row`.
macro_rules! fetch_all {
    ($tx:expr, $row:ty, $sql:expr $(, $arg:expr)* $(,)?) => {
        $crate::tx::run!($tx, query_as::<$row>, $sql, [$($arg),*], fetch_all)
    };
}

/// The first row of a query as `$row`, if there is one.
macro_rules! fetch_optional {
    ($tx:expr, $row:ty, $sql:expr $(, $arg:expr)* $(,)?) => {
        $crate::tx::run!($tx, query_as::<$row>, $sql, [$($arg),*], fetch_optional)
    };
}

/// The first row of a query as `$row`.
macro_rules! fetch_one {
    ($tx:expr, $row:ty, $sql:expr $(, $arg:expr)* $(,)?) => {
        $crate::tx::run!($tx, query_as::<$row>, $sql, [$($arg),*], fetch_one)
    };
}

pub(crate) use {execute, fetch_all, fetch_one, fetch_optional, run};
