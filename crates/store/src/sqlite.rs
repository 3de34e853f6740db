//! SQLite: one writer that groups waiting transactions into one commit, and a pool of readers.
//!
//! A commit waits for the disk (an fsync); everything that arrives meanwhile shares the next one, and is
//! acknowledged after it. A failure that wrote something makes its group run once more, each in a savepoint of
//! its own, so that its neighbours' writes stay.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::Clock;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection as _};
use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinSet;

use crate::job::{self, Job, Ran, Wants};
use crate::migrate::{self, Schema};
use crate::numbers::Source;
use crate::pending::{self, Pending};
use crate::tx::{Connection, Scope, SqliteHandle, Tx, Work};
use crate::wake::Wake;
use crate::{Error, Failure, Options};

/// The most transactions that share one commit.
const GROUP_LIMIT: usize = 256;
/// How many may wait before callers have to.
const QUEUE_LIMIT: usize = 4096;

pub(crate) struct Sqlite {
    path: PathBuf,
    readers: SqlitePool,
    clock: Arc<dyn Clock>,
    jobs: mpsc::Sender<Box<dyn Job>>,
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
        migrate::require(migrate::sqlite_schema(&mut connection).await?)?;

        let readers = SqlitePoolOptions::new()
            .max_connections(options.connections.clamp(1, 8))
            .min_connections(0)
            .test_before_acquire(false)
            .acquire_timeout(Duration::from_secs(10))
            .connect_lazy_with(connect_options(path).read_only(true));
        let (jobs, queue) = mpsc::channel(QUEUE_LIMIT);
        let trouble = Arc::new(Mutex::new(None));
        let writer = Writer {
            tx: Tx::new(
                Connection::Sqlite(SqliteHandle::Writer(Box::new(connection))),
                Scope::System,
                Source::Counted,
                &options.clock,
            ),
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
        let (job, told) = job::job(scope, true, Wants::Nothing, input, work);
        if self.jobs.send(job).await.is_err() {
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
        // A transaction, so that all statements see one state. Dropping it rolls back.
        let transaction = self.readers.begin().await.map_err(|error| E::from(Error::from(error)))?;
        let connection = Connection::Sqlite(SqliteHandle::Reader(transaction));
        let mut tx = Tx::new(connection, scope, Source::Counted, &self.clock);
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

/// The schema of the file at `path`.
pub(crate) async fn schema(path: &Path) -> Result<Schema, Error> {
    if !path.exists() {
        return Ok(Schema::NONE);
    }
    let mut connection =
        connect_options(path).read_only(true).connect().await.map_err(|error| open_error(path, &error))?;
    migrate::sqlite_schema(&mut connection).await
}

pub(crate) async fn check(path: &Path, name: &Path) -> Result<i64, Error> {
    let not_ours = |why: &str| Error::Open(format!("{} is not a Deskhand backup: {why}", name.display()));
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
    let schema = migrate::sqlite_schema(&mut connection).await?;
    match schema.suits() {
        _ if schema == Schema::NONE => Err(not_ours("it has no Deskhand tables")),
        // An older one is brought up to date by the next start.
        Ok(()) | Err(Error::Behind { .. }) => Ok(schema.version),
        Err(newer) => Err(newer),
    }
}

pub(crate) async fn settle(path: &Path) -> Result<(), Error> {
    let mut connection = connect_options(path).connect().await.map_err(|error| open_error(path, &error))?;
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await?;
    Ok(connection.close().await?)
}

/// The one task that writes.
struct Writer {
    tx: Tx,
    queue: mpsc::Receiver<Box<dyn Job>>,
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

    async fn sql(&mut self, text: &'static str) -> Result<(), Error> {
        match &mut self.tx.connection {
            Connection::Sqlite(connection) => sqlx::query(text).execute(&mut **connection).await?,
            Connection::Postgres(_) => return Err(Error::GivenUp("the writer is SQLite's")),
        };
        Ok(())
    }

    /// Runs `first` and everything that waits, and commits them together.
    async fn group(&mut self, first: Box<dyn Job>) -> Result<(), Error> {
        if let Err(error) = self.sql("BEGIN IMMEDIATE").await {
            // Dropping the job tells its caller, who finds the reason here.
            *self.trouble.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(error.clone());
            return Err(error);
        }
        let mut jobs = Vec::new();
        let mut next = Some(first);
        let mut spoiled = false;
        while let Some(mut job) = next.take() {
            spoiled = job.run(&mut self.tx).await == Ran::Spoiled;
            jobs.push(job);
            if !spoiled && jobs.len() < GROUP_LIMIT {
                next = self.queue.try_recv().ok();
            }
        }
        if spoiled && jobs.len() > 1 {
            self.roll_back().await;
            return self.apart(jobs).await;
        }
        let committed = match spoiled {
            // It was alone, and knows its failure: there is nothing to keep.
            true => self.sql("ROLLBACK").await,
            false => self.commit().await,
        };
        self.end(jobs, committed).await
    }

    /// Runs all of `jobs` once more and commits them together, each in a savepoint: the failures, which are rare,
    /// are taken back alone.
    async fn apart(&mut self, jobs: Vec<Box<dyn Job>>) -> Result<(), Error> {
        let mut jobs = jobs;
        let result = async {
            self.sql("BEGIN IMMEDIATE").await?;
            for job in &mut jobs {
                self.sql("SAVEPOINT job").await?;
                if job.run(&mut self.tx).await == Ran::Keep {
                    // Written in this savepoint, where a later one's failure does not reach it.
                    pending::flush(&mut self.tx).await?;
                } else {
                    self.sql("ROLLBACK TO job").await?;
                }
                self.sql("RELEASE job").await?;
            }
            self.commit().await
        };
        let committed = result.await;
        self.end(jobs, committed).await
    }

    async fn commit(&mut self) -> Result<(), Error> {
        pending::flush(&mut self.tx).await?;
        self.sql("COMMIT").await
    }

    async fn roll_back(&mut self) {
        self.tx.wakes.clear();
        self.tx.pending = Pending::default();
        self.tx.projects.clear();
        // After some failures SQLite has rolled back by itself; then there is nothing to roll back.
        let _ = self.sql("ROLLBACK").await;
    }

    /// Tells everybody how it went, and wakes whoever has something to do now.
    async fn end(&mut self, jobs: Vec<Box<dyn Job>>, committed: Result<(), Error>) -> Result<(), Error> {
        if committed.is_err() {
            self.roll_back().await;
        }
        self.tx.pending = Pending::default();
        self.tx.projects.clear();
        for job in jobs {
            job.tell(committed.clone());
        }
        for wake in std::mem::take(&mut self.tx.wakes) {
            let _ = self.wakes.send(wake);
        }
        committed
    }
}
