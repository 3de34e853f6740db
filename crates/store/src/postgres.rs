//! PostgreSQL: a pool, a transaction per caller, row level security by role, wakes by notification.
//!
//! The login role owns the tables; the program works under `deskhand_app`, which sees the one workspace that
//! the transaction names, or `deskhand_system`, which sees all and is used by [`Scope::System`] alone.

mod lanes;

use std::collections::{HashMap, HashSet};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use domain::Clock;
use futures_util::future::BoxFuture;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection as _, Executor};
use tokio::sync::{Mutex, broadcast, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use tracing::warn;

use crate::appends::Appending;
use crate::bus::Claim;
use crate::flush::Flush;
use crate::job::{self, Job, Ran, Wants};
use crate::migrate::{self, Schema};
use crate::numbers::{self, Numbers, Source};
use crate::tx::{self, Connection, Scope, Tx};
use crate::wake::{self, Wake};
use crate::{Error, Failure, Options, bus, pending};
use lanes::{Lanes, Sharing, sharing};

/// How often PostgreSQL may ask for a transaction to be run again before its caller is told.
const ATTEMPTS: u32 = 6;
/// How long a connection that lives is looked for.
const GIVE_UP: Duration = Duration::from_secs(2);
/// How far apart other processes are woken at least, since a notification takes a lock that all committers share: the
/// first after a rest goes at once.
const GATHER: Duration = Duration::from_millis(10);
/// The channel that wakes are sent on.
const CHANNEL: &str = "deskhand";

pub(crate) struct Postgres {
    work: Arc<Work>,
    tasks: Mutex<JoinSet<()>>,
}

/// What transactions need, also those that run beside their callers.
struct Work {
    pool: PgPool,
    clock: Arc<dyn Clock>,
    numbers: Arc<Numbers>,
    wakes: broadcast::Sender<Wake>,
    appending: Appending,
    tell: mpsc::UnboundedSender<Wake>,
    /// By what jobs have to agree in to share a transaction; only where there are any.
    lanes: std::sync::Mutex<HashMap<Sharing, Lanes>>,
    /// What takes jobs, and transactions that begin.
    tasks: TaskTracker,
}

fn options(url: &str) -> Result<PgConnectOptions, Error> {
    let options = PgConnectOptions::from_str(url).map_err(|_| {
        Error::Open("database_url is not a PostgreSQL URL: postgres://user@host/database".to_owned())
    })?;
    Ok(options
        .application_name("deskhand")
        .statement_cache_capacity(512)
        // A worker that stopped in the middle must not hold its rows: its transaction ends by itself.
        .options([
            ("idle_in_transaction_session_timeout", "15s"),
            ("statement_timeout", "30s"),
            ("lock_timeout", "10s"),
            ("jit", "off"),
        ])
        .disable_statement_logging())
}

fn reach_error(error: sqlx::Error) -> Error {
    match Error::from(error) {
        Error::Unavailable(source) => Error::Open(format!("cannot reach PostgreSQL: {source}")),
        Error::Statement(source) => Error::Open(format!("PostgreSQL refused: {source}")),
        error => error,
    }
}

pub(crate) async fn schema(url: &str) -> Result<Schema, Error> {
    let mut connection = options(url)?.connect().await.map_err(reach_error)?;
    migrate::postgres_schema(&mut connection).await
}

impl Postgres {
    pub(crate) async fn open(
        url: &str,
        settings: &Options,
        migrate: bool,
        (wakes, appending): (broadcast::Sender<Wake>, Appending),
    ) -> Result<Self, Error> {
        let options = options(url)?;
        let mut connection = options.connect().await.map_err(reach_error)?;
        if migrate {
            migrate::postgres(&mut connection).await?;
        }
        migrate::require(migrate::postgres_schema(&mut connection).await?)?;
        connection.close().await?;

        let pool = PgPoolOptions::new()
            .max_connections(settings.connections.max(2))
            .acquire_timeout(Duration::from_secs(10))
            .test_before_acquire(false)
            .after_connect(|connection, _| {
                Box::pin(async move {
                    connection.execute("SET ROLE deskhand_app").await?;
                    Ok(())
                })
            })
            .connect_lazy_with(options.clone());
        let counters = PgPoolOptions::new()
            .max_connections(2)
            .acquire_timeout(Duration::from_secs(10))
            .test_before_acquire(false)
            .after_connect(|connection, _| {
                Box::pin(async move {
                    connection.execute("SET ROLE deskhand_system").await?;
                    connection.execute("SET synchronous_commit = off").await?;
                    Ok(())
                })
            })
            .connect_lazy_with(options.clone());

        let (tell, told) = mpsc::unbounded_channel();
        let mut tasks = JoinSet::new();
        let origin = uuid::Uuid::now_v7().simple().to_string();
        tasks.spawn(notify(counters.clone(), told, origin.clone()));
        tasks.spawn(listen(pool.clone(), wakes.clone(), origin));
        let work = Work {
            pool,
            clock: Arc::clone(&settings.clock),
            numbers: Arc::new(Numbers::new(counters)),
            wakes,
            appending,
            tell,
            lanes: std::sync::Mutex::default(),
            tasks: TaskTracker::new(),
        };
        Ok(Self { work: Arc::new(work), tasks: Mutex::new(tasks) })
    }

    pub(crate) async fn write<I, T, E, F>(
        &self,
        scope: Scope,
        input: I,
        work: F,
        durable: bool,
    ) -> Result<T, E>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: Failure,
        F: for<'t> Fn(&'t mut Tx, &'t I) -> tx::Work<'t, T, E> + Send + Sync + 'static,
    {
        let (job, told) = job::job(scope, durable, Wants::Nothing, input, work);
        self.work.alone(job).await;
        told.await.unwrap_or_else(|_| Err(E::from(Error::GivenUp("the database is closed"))))
    }

    /// Like [`write`](Self::write), for the effect of the events that it wants.
    pub(crate) async fn handle<I, T, E, F>(
        &self,
        scope: Scope,
        wants: Wants,
        input: I,
        work: F,
    ) -> Result<T, E>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: Failure,
        F: for<'t> Fn(&'t mut Tx, &'t I) -> tx::Work<'t, T, E> + Send + Sync + 'static,
    {
        let (job, told) = job::job(scope, true, wants, input, work);
        self.work.alone(job).await;
        told.await.unwrap_or_else(|_| Err(E::from(Error::GivenUp("the database is closed"))))
    }

    pub(crate) async fn share<I, T, E, F>(
        &self,
        scope: Scope,
        wants: Wants,
        input: I,
        work: F,
    ) -> Result<T, E>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: Failure,
        F: for<'t> Fn(&'t mut Tx, &'t I) -> tx::Work<'t, T, E> + Send + Sync + 'static,
    {
        let (job, told) = job::job(scope, true, wants, input, work);
        Work::queue(&self.work, job);
        told.await.unwrap_or_else(|_| Err(E::from(Error::GivenUp("the database is closed"))))
    }

    pub(crate) fn expect_effect(&self, scope: Scope) {
        Work::expect_effect(&self.work, scope);
    }

    pub(crate) async fn read<I, T, E, F>(&self, scope: Scope, input: &I, work: &F) -> Result<T, E>
    where
        E: Failure,
        F: for<'t> Fn(&'t mut Tx, &'t I) -> tx::Work<'t, T, E>,
    {
        // Dropping it rolls back with the connection's next use.
        let mut tx = self.work.begin(scope, Mode::Read).await?;
        work(&mut tx, input).await
    }

    pub(crate) async fn close(&self) {
        self.work.tasks.close();
        self.work.tasks.wait().await;
        self.tasks.lock().await.shutdown().await;
        self.work.numbers.close().await;
        self.work.pool.close().await;
    }
}

/// What a transaction is for.
#[derive(Clone, Copy)]
enum Mode {
    Read,
    Write { durable: bool },
}

type Transaction = sqlx::Transaction<'static, sqlx::Postgres>;
type Begun = Result<Transaction, Error>;

/// Begins a transaction on a connection that lives. Pooled ones may have died unseen, for instance all at once with the
/// server: each that did is found by this, and the next one is tried, until there is a new one.
fn begin_with(pool: PgPool, text: String) -> BoxFuture<'static, Begun> {
    // Boxed, so that the binary has it once.
    Box::pin(async move {
        let deadline = Instant::now() + GIVE_UP;
        let mut left = pool.size();
        loop {
            match pool.begin_with(AssertSqlSafe(text.clone())).await.map_err(Error::from) {
                Err(Error::Unavailable(_)) if left > 0 && Instant::now() < deadline => left -= 1,
                begun => return begun,
            }
        }
    })
}

/// What begins a transaction that sees what `scope` may see.
fn begin_text(scope: Scope, mode: Mode) -> String {
    let begin = match mode {
        // One state of the database in all that is read: a list and the count beside it agree.
        Mode::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        Mode::Write { durable: true } => "BEGIN",
        Mode::Write { durable: false } => "BEGIN; SET LOCAL synchronous_commit = off",
    };
    match scope {
        Scope::Workspace(id) => format!("{begin}; SET LOCAL deskhand.workspace_id = '{id}'"),
        Scope::System => format!("{begin}; SET LOCAL ROLE deskhand_system"),
    }
}

impl Work {
    /// Begins a transaction that sees what `scope` may see; one round trip.
    async fn begin(&self, scope: Scope, mode: Mode) -> Result<Tx, Error> {
        let transaction = self.to_the_end(begin_with(self.pool.clone(), begin_text(scope, mode))).await?;
        Ok(self.begun(transaction, scope))
    }

    fn begun(&self, transaction: Transaction, scope: Scope) -> Tx {
        let numbers = Source::Taken { from: Arc::clone(&self.numbers), spare: HashMap::new(), coming: None };
        Tx::new(Connection::Postgres(transaction), scope, numbers, &self.clock)
    }

    /// Lets a transaction begin even where whoever wanted it goes away meanwhile.
    ///
    /// SQLx 0.9.0 does not roll back what is dropped while it begins: the connection would go back to the pool with
    /// an open transaction, and its role, for whoever is next (transact-rs/sqlx#4393).
    async fn to_the_end(&self, begin: impl Future<Output = Begun> + Send + 'static) -> Begun {
        let (tell, told) = oneshot::channel();
        self.tasks.spawn(async move {
            // Where nobody waits any more, the transaction is dropped here, and that rolls it back.
            let _ = tell.send(begin.await);
        });
        told.await.unwrap_or(Err(Error::GivenUp("the transaction did not begin")))
    }

    /// Runs `job` in a transaction of its own, again where PostgreSQL asks for that, and tells its caller.
    async fn alone(&self, mut job: Box<dyn Job>) {
        let mut attempt = 1;
        loop {
            let sharing = sharing(std::slice::from_ref(&job));
            let mode = Mode::Write { durable: job.is_durable() && sharing.is_empty() };
            let mut tx = match self.begin(job.scope(), mode).await {
                Ok(tx) => tx,
                Err(error) => return job.tell(Err(error)),
            };
            tx.sharing = sharing;
            let (result, again) = match job.run(&mut tx).await {
                Ran::Keep => {
                    let result = self.commit(tx).await;
                    let again = result.as_ref().is_err_and(Error::wants_retry);
                    (result, again)
                }
                // What it has found done may not be on the disk yet; it is when the lock is under which it was found.
                Ran::Untouched | Ran::Spoiled if tx.found_done => (self.commit(tx).await, false),
                // Dropping the transaction rolls it back.
                Ran::Untouched | Ran::Spoiled => (Ok(()), job.wants_retry()),
            };
            if attempt == ATTEMPTS || !again {
                return job.tell(result);
            }
            attempt += 1;
            // The one that made us wait needs a moment; the attempt's number spreads the waiters.
            tokio::time::sleep(Duration::from_millis(u64::from(attempt) * 3)).await;
        }
    }

    async fn commit(&self, mut tx: Tx) -> Result<(), Error> {
        pending::flush(&mut tx).await?;
        let Connection::Postgres(transaction) = tx.connection else {
            return Err(Error::GivenUp("the transaction is not PostgreSQL's"));
        };
        let appending = tx.wakes.contains(&Wake::Outbox).then(|| self.appending.begins(tx.scope));
        transaction.commit().await?;
        drop(appending);
        let mut shared = tx.sharing.iter().filter_map(|claim| claim.flush.as_ref());
        let flushed = if shared.any(Flush::has_begun) { self.flush(&tx.sharing).await } else { Ok(()) };
        // It is committed, whether it is known to be on the disk or not.
        for wake in tx.wakes {
            let _ = self.wakes.send(wake);
            let _ = self.tell.send(wake);
        }
        if let Source::Taken { mut spare, mut coming, .. } = tx.numbers {
            // What is missing now is a gap.
            let _ = numbers::arrive(&mut spare, &mut coming).await;
            self.numbers.give_back(spare).await;
        }
        flushed
    }

    /// Sees to it that effects which were committed before have reached the disk: their rows of the ledger are locked, and
    /// that is committed. A flush alone would not do, since PostgreSQL may have crashed in between, and be there again.
    ///
    /// Errors where they are no longer there.
    async fn flush(&self, claims: &[Claim]) -> Result<(), Error> {
        let mut tx = self.begin(Scope::System, Mode::Write { durable: true }).await?;
        if !bus::hold(&mut tx, claims).await? {
            return Err(Error::GivenUp("the database has forgotten it before it was on the disk"));
        }
        let Connection::Postgres(transaction) = tx.connection else { return Ok(()) };
        Ok(transaction.commit().await?)
    }
}

/// Tells other processes what there is to do, gathered and outside of everybody's transactions.
async fn notify(pool: PgPool, mut told: mpsc::UnboundedReceiver<Wake>, origin: String) {
    let mut not_before = Instant::now();
    while let Some(first) = told.recv().await {
        let mut wakes = HashSet::from([first]);
        tokio::time::sleep_until(not_before).await;
        not_before = Instant::now() + GATHER;
        while let Ok(wake) = told.try_recv() {
            wakes.insert(wake);
        }
        let words: Vec<String> = wake::furthest(wakes).map(Wake::encode).collect();
        let payload = format!("{origin} {}", words.join(" "));
        let sent = sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(payload).execute(&pool).await;
        if let Err(error) = sent {
            // They look by themselves now and then; only speed is lost.
            warn!(error = &error as &dyn std::error::Error, "could not wake the other processes");
        }
    }
}

/// Passes on what other processes tell. After a cut everything is looked at, because some may be missed.
async fn listen(pool: PgPool, wakes: broadcast::Sender<Wake>, origin: String) {
    loop {
        let listener = async {
            let mut listener = PgListener::connect_with(&pool).await?;
            listener.listen(CHANNEL).await?;
            Ok::<_, sqlx::Error>(listener)
        };
        if let Ok(mut listener) = listener.await {
            for wake in [Wake::Outbox, Wake::Clock, Wake::Mail] {
                let _ = wakes.send(wake);
            }
            while let Ok(Some(notification)) = listener.try_recv().await {
                let Some((from, words)) = notification.payload().split_once(' ') else { continue };
                if from == origin {
                    continue;
                }
                for wake in words.split(' ').filter_map(Wake::decode) {
                    let _ = wakes.send(wake);
                }
            }
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
