//! SQLite: one writer that groups waiting transactions into one commit, and a pool of readers.
//!
//! A commit waits for the disk (an fsync); everything that arrives meanwhile shares the next one. Each
//! transaction has a savepoint of its own, so that one failure does not undo its neighbours, and is
//! acknowledged after the commit.

use std::fs::{File, OpenOptions};
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::Clock;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection as _, SqliteConnection};
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::task::JoinSet;

use crate::tx::{Connection, Scope, SqliteHandle, Tx, Work};
use crate::wake::Wake;
use crate::{Error, Failure, Options, migrate};

/// The most transactions that share one commit.
const GROUP_LIMIT: usize = 256;
/// How many may wait before callers have to.
const QUEUE_LIMIT: usize = 4096;

/// What remains to be done for one transaction once it is known whether the group was committed.
type Reply = Box<dyn FnOnce(Result<(), Error>) + Send>;

/// One transaction of the group: whether to keep it, what it wakes, and how its caller is told.
struct Ran {
    keep: bool,
    reply: Reply,
}

type Run = Box<dyn for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Ran> + Send>;

struct Job {
    scope: Scope,
    run: Run,
}

pub(crate) struct Sqlite {
    path: PathBuf,
    readers: SqlitePool,
    clock: Arc<dyn Clock>,
    jobs: mpsc::Sender<Job>,
    /// Why the writer could not begin or commit, for callers whose transaction did not run.
    trouble: Arc<Mutex<Option<Error>>>,
    writer: tokio::sync::Mutex<JoinSet<()>>,
    _lock: Option<File>,
}

fn connect_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .statement_cache_capacity(256)
        .disable_statement_logging()
}

fn open_error(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::Open(format!(
        "cannot open the database {}: {error}; check that the folder exists, is writable and has free space",
        path.display()
    ))
}

/// Takes the right to serve from the database at `path`, for as long as the file given back is open.
pub(crate) fn lock(path: &Path) -> Result<File, Error> {
    let lock_path = path.with_extension("lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&lock_path)
        .map_err(|error| open_error(path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(Error::InUse { path: path.display().to_string() }),
        Err(std::fs::TryLockError::Error(error)) => Err(open_error(path, &error)),
    }
}

impl Sqlite {
    pub(crate) async fn open(
        path: &Path,
        options: &Options,
        migrate: bool,
        wakes: broadcast::Sender<Wake>,
    ) -> Result<Self, Error> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|error| {
                Error::Open(format!("cannot make the data directory {}: {error}", folder.display()))
            })?;
        }
        let held = if options.serve { Some(lock(path)?) } else { None };
        let mut connection = connect_options(path)
            .create_if_missing(true)
            // Checkpoints run on the writer; larger ones are rarer and their fsyncs are shared by more commits.
            .pragma("wal_autocheckpoint", "8000")
            .pragma("journal_size_limit", "67108864")
            .connect()
            .await
            .map_err(|error| open_error(path, &error))?;
        if migrate {
            migrate::sqlite(&mut connection).await?;
        }
        migrate::require_current(migrate::sqlite_version(&mut connection).await?)?;

        let readers = SqlitePoolOptions::new()
            .max_connections(options.connections.clamp(1, 8))
            .min_connections(0)
            .test_before_acquire(false)
            .acquire_timeout(Duration::from_secs(10))
            .connect_lazy_with(connect_options(path).read_only(true));
        let (jobs, queue) = mpsc::channel(QUEUE_LIMIT);
        let trouble = Arc::new(Mutex::new(None));
        let writer = Writer {
            tx: Tx {
                connection: Connection::Sqlite(SqliteHandle::Writer(Box::new(connection))),
                scope: Scope::System,
                wakes: Vec::new(),
                numbers: None,
                clock: Arc::clone(&options.clock),
            },
            queue,
            wakes,
            trouble: Arc::clone(&trouble),
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(writer.serve());
        Ok(Self {
            path: path.to_owned(),
            readers,
            clock: Arc::clone(&options.clock),
            jobs,
            trouble,
            writer: tokio::sync::Mutex::new(tasks),
            _lock: held,
        })
    }

    pub(crate) async fn write<I, T, E, F>(&self, scope: Scope, input: I, work: F) -> Result<T, E>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: Failure,
        F: for<'t> Fn(&'t mut Tx, &'t I) -> Work<'t, T, E> + Send + Sync + 'static,
    {
        let (tell, told) = oneshot::channel::<Result<T, E>>();
        let run: Run = Box::new(move |tx| {
            Box::pin(async move {
                // A panic must not take the writer, and with it everybody's writes, along.
                let result = match AssertUnwindSafe(work(tx, &input)).catch_unwind().await {
                    Ok(result) => result,
                    Err(_) => Err(E::from(Error::GivenUp("its code panicked; this is a bug in Deskhand"))),
                };
                let keep = result.is_ok();
                let reply: Reply = Box::new(move |committed| {
                    let answer = match committed {
                        Err(error) if keep => Err(E::from(error)),
                        _ => result,
                    };
                    // The caller may have gone; what was committed stays committed.
                    let _ = tell.send(answer);
                });
                Ran { keep, reply }
            })
        });
        if self.jobs.send(Job { scope, run }).await.is_err() {
            return Err(E::from(Error::GivenUp("the database is closed")));
        }
        told.await.unwrap_or_else(|_| {
            let trouble = self.trouble.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone();
            Err(E::from(trouble.unwrap_or(Error::GivenUp("the database is closed"))))
        })
    }

    pub(crate) async fn read<I, T, E, F>(&self, scope: Scope, input: &I, work: &F) -> Result<T, E>
    where
        E: Failure,
        F: for<'t> Fn(&'t mut Tx, &'t I) -> Work<'t, T, E>,
    {
        let connection = self.readers.acquire().await.map_err(|error| E::from(Error::from(error)))?;
        let mut tx = Tx {
            connection: Connection::Sqlite(SqliteHandle::Reader(connection)),
            scope,
            wakes: Vec::new(),
            numbers: None,
            clock: Arc::clone(&self.clock),
        };
        work(&mut tx, input).await
    }

    pub(crate) async fn backup(&self, target: &Path) -> Result<(), Error> {
        backup(&self.path, target).await
    }

    pub(crate) async fn close(&self) {
        // The writer ends once its queue is closed and empty; the sender is dropped with the store, so it is
        // asked by an empty group here.
        let _ =
            self.write::<_, (), Error, _>(Scope::System, (), |_, ()| Box::pin(async move { Ok(()) })).await;
        self.readers.close().await;
        self.writer.lock().await.shutdown().await;
    }
}

/// Copies the database at `source` to `target` as it is at one moment.
async fn backup(source: &Path, target: &Path) -> Result<(), Error> {
    if target.exists() {
        return Err(Error::Open(format!("{} exists already; give another name", target.display())));
    }
    let mut connection = connect_options(source)
        .read_only(true)
        .connect()
        .await
        .map_err(|error| open_error(source, &error))?;
    sqlx::query("VACUUM INTO $1")
        .bind(target.to_string_lossy().into_owned())
        .execute(&mut connection)
        .await?;
    connection.close().await?;
    // VACUUM INTO leaves the copy in the system's cache; a backup has to be on the disk.
    File::open(target).and_then(|file| file.sync_all()).map_err(|error| open_error(target, &error))
}

/// The schema version of the file at `path`; 0 where there is none.
pub(crate) async fn version(path: &Path) -> Result<i64, Error> {
    if !path.exists() {
        return Ok(0);
    }
    let mut connection =
        connect_options(path).read_only(true).connect().await.map_err(|error| open_error(path, &error))?;
    migrate::sqlite_version(&mut connection).await
}

pub(crate) async fn check(path: &Path) -> Result<i64, Error> {
    let not_ours = |why: &str| Error::Open(format!("{} is not a Deskhand backup: {why}", path.display()));
    if !path.is_file() {
        return Err(not_ours("there is no such file"));
    }
    let mut connection = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .immutable(true)
        .disable_statement_logging()
        .connect()
        .await
        .map_err(|_| not_ours("it cannot be read as a database"))?;
    let (verdict,): (String,) = sqlx::query_as("PRAGMA integrity_check(1)")
        .fetch_one(&mut connection)
        .await
        .map_err(|_| not_ours("it is damaged, or something else altogether"))?;
    if verdict != "ok" {
        return Err(not_ours(&format!("it is damaged: {verdict}")));
    }
    match migrate::sqlite_version(&mut connection).await? {
        0 => Err(not_ours("it has no Deskhand tables")),
        found if found > migrate::SCHEMA_VERSION => {
            Err(Error::Newer { found, known: migrate::SCHEMA_VERSION })
        }
        found => Ok(found),
    }
}

/// The one task that writes.
struct Writer {
    tx: Tx,
    queue: mpsc::Receiver<Job>,
    wakes: broadcast::Sender<Wake>,
    trouble: Arc<Mutex<Option<Error>>>,
}

impl Writer {
    async fn serve(mut self) {
        while let Some(first) = self.queue.recv().await {
            if let Err(error) = self.group(first).await {
                tracing::error!(error = &error as &dyn std::error::Error, "a group of writes failed");
            }
        }
    }

    fn connection(&mut self) -> Result<&mut SqliteConnection, Error> {
        match &mut self.tx.connection {
            Connection::Sqlite(handle) => Ok(handle),
            Connection::Postgres(_) => Err(Error::GivenUp("the writer is SQLite's")),
        }
    }

    async fn sql(&mut self, text: &'static str) -> Result<(), Error> {
        sqlx::query(text).execute(self.connection()?).await?;
        Ok(())
    }

    /// Runs `first` and everything that waits, and commits them together.
    async fn group(&mut self, first: Job) -> Result<(), Error> {
        if let Err(error) = self.sql("BEGIN IMMEDIATE").await {
            // Dropping the job tells its caller, who finds the reason here.
            *self.trouble.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(error.clone());
            return Err(error);
        }
        let mut replies = Vec::new();
        let mut job = first;
        let mut broken = None;
        loop {
            match self.one(job).await {
                Ok(reply) => replies.push(reply),
                Err((reply, error)) => {
                    replies.push(reply);
                    broken = Some(error);
                    break;
                }
            }
            if replies.len() >= GROUP_LIMIT {
                break;
            }
            match self.queue.try_recv() {
                Ok(next) => job = next,
                Err(_) => break,
            }
        }
        let committed = match broken {
            Some(error) => Err(error),
            None => self.sql("COMMIT").await,
        };
        if committed.is_err() {
            self.tx.wakes.clear();
            // After some failures SQLite has rolled back by itself; then there is nothing to roll back.
            let _ = self.sql("ROLLBACK").await;
        }
        for reply in replies {
            reply(committed.clone());
        }
        for wake in std::mem::take(&mut self.tx.wakes) {
            let _ = self.wakes.send(wake);
        }
        committed
    }

    /// Runs one transaction in a savepoint. The error is one of the group's, not of the transaction.
    async fn one(&mut self, job: Job) -> Result<Reply, (Reply, Error)> {
        self.tx.scope = job.scope;
        let wakes = self.tx.wakes.len();
        let begun = self.sql("SAVEPOINT job").await;
        let ran = (job.run)(&mut self.tx).await;
        let ended = if ran.keep {
            self.sql("RELEASE job").await
        } else {
            self.tx.wakes.truncate(wakes);
            match self.sql("ROLLBACK TO job").await {
                Ok(()) => self.sql("RELEASE job").await,
                error => error,
            }
        };
        match begun.and(ended) {
            Ok(()) => Ok(ran.reply),
            Err(error) => Err((ran.reply, error)),
        }
    }
}
