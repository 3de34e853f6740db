//! The database: SQLite on a laptop, PostgreSQL in a fleet, behind one interface.
//!
//! [`Store::write`] and [`Store::read`] are the only ways in. What they run is a closure over a [`Tx`]; the
//! modules below hold the queries, one module a kind of record, each taking the transaction. Rules do not
//! live here: a query does what it is told, in the workspace of its transaction.

mod appends;
mod at;
mod error;
mod flush;
mod job;
mod migrate;
mod numbers;
mod pending;
mod postgres;
mod sqlite;
mod tx;
mod wake;

pub mod articles;
pub mod audit;
pub mod bus;
pub mod channels;
pub mod chats;
pub mod contacts;
pub mod conversations;
pub mod filter;
pub mod idempotency;
pub mod members;
pub mod notifications;
pub mod outbox;
pub mod page;
pub mod projects;
pub mod reminders;
pub mod search;
pub mod sessions;
pub mod tasks;
pub mod tickets;
pub mod undo;
pub mod webhooks;
pub mod workspaces;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use appends::Appending;
use domain::Clock;
use tokio::sync::broadcast;
use tracing::{Instrument as _, Span, debug_span};

pub use appends::Appends;
pub use error::{Error, Failure};
pub use flush::{Flush, Flusher};
pub use job::Wants;
pub use migrate::{SCHEMA_VERSION, Schema};
pub use numbers::Kind;
pub use page::{Cursor, Page};
pub use tx::{Scope, Tx, Work};
pub use wake::{Wake, Wakes};

/// Where the database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A SQLite file; it and its folder are made when absent.
    Sqlite(PathBuf),
    /// A PostgreSQL URL.
    Postgres(String),
}

/// How a store is opened.
#[derive(Clone)]
pub struct Options {
    /// Where the database is.
    pub location: Location,
    /// How many connections: PostgreSQL's pool, or SQLite's readers.
    pub connections: u32,
    /// Whether this process serves: only one may serve from a SQLite file.
    pub serve: bool,
    /// What rows are stamped with.
    pub clock: Arc<dyn Clock>,
}

enum Backend {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

/// A database. Cheap to clone; the last clone to go closes it.
#[derive(Clone)]
pub struct Store {
    backend: Arc<Backend>,
    wakes: broadcast::Sender<Wake>,
    appending: Appending,
}

impl Store {
    /// Opens the database and brings its schema up to date if it is behind.
    ///
    /// Errors: in use by another serving process, not reachable, not writable, written by a newer version.
    pub async fn open(options: Options) -> Result<Self, Error> {
        Self::open_with(options, true).await
    }

    /// Opens the database as it is. Errors also where the schema is behind.
    pub async fn open_current(options: Options) -> Result<Self, Error> {
        Self::open_with(options, false).await
    }

    async fn open_with(options: Options, migrate: bool) -> Result<Self, Error> {
        let (wakes, _) = broadcast::channel(4096);
        let appending = Appending::new();
        let backend = match &options.location {
            Location::Sqlite(path) => {
                Backend::Sqlite(sqlite::Sqlite::open(path, &options, migrate, wakes.clone()).await?)
            }
            Location::Postgres(url) => {
                let waking = (wakes.clone(), appending.clone());
                Backend::Postgres(postgres::Postgres::open(url, &options, migrate, waking).await?)
            }
        };
        Ok(Self { backend: Arc::new(backend), wakes, appending })
    }

    /// The schema that the database at `location` has.
    pub async fn schema(location: &Location) -> Result<Schema, Error> {
        match location {
            Location::Sqlite(path) => sqlite::schema(path).await,
            Location::Postgres(url) => postgres::schema(url).await,
        }
    }

    /// Runs `work` in a transaction and commits it; what it returns has reached the disk.
    ///
    /// `work` may run more than once (PostgreSQL can ask for it) and another's failure never undoes it. It
    /// does nothing but database work, and takes what it needs from `input`. Where it returns an error,
    /// nothing of it is kept.
    pub async fn write<I, T, E, F>(&self, scope: impl Into<Scope>, input: I, work: F) -> Result<T, E>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: Failure,
        F: for<'t> Fn(&'t mut Tx, &'t I) -> Work<'t, T, E> + Send + Sync + 'static,
    {
        self.write_as(scope.into(), input, work, true).await
    }

    /// Like [`write`](Self::write), for effects of the events that it wants, and takes before it writes anything. Where a
    /// flush follows ([`Delivery::flush`](bus::Delivery::flush)), what it returns has reached the disk when that has.
    pub async fn handle<I, T, E, F>(
        &self,
        scope: impl Into<Scope>,
        wants: Wants,
        input: I,
        work: F,
    ) -> Result<T, E>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: Failure,
        F: for<'t> Fn(&'t mut Tx, &'t I) -> Work<'t, T, E> + Send + Sync + 'static,
    {
        let scope = scope.into();
        let handled = async {
            match &*self.backend {
                Backend::Sqlite(sqlite) => sqlite.write(scope, input, work).await,
                Backend::Postgres(postgres) => postgres.handle(scope, wants, input, work).await,
            }
        };
        handled.instrument(self.transaction("write")).await
    }

    /// Like [`write`](Self::write), but a crash of the database may forget it: only for claims, heartbeats, and effects
    /// that stay in the database until the same event comes again. Their loss repeats work and loses none.
    pub async fn write_relaxed<I, T, E, F>(&self, scope: impl Into<Scope>, input: I, work: F) -> Result<T, E>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: Failure,
        F: for<'t> Fn(&'t mut Tx, &'t I) -> Work<'t, T, E> + Send + Sync + 'static,
    {
        self.write_as(scope.into(), input, work, false).await
    }

    async fn write_as<I, T, E, F>(&self, scope: Scope, input: I, work: F, durable: bool) -> Result<T, E>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: Failure,
        F: for<'t> Fn(&'t mut Tx, &'t I) -> Work<'t, T, E> + Send + Sync + 'static,
    {
        let written = async {
            match &*self.backend {
                Backend::Sqlite(sqlite) => sqlite.write(scope, input, work).await,
                Backend::Postgres(postgres) => postgres.write(scope, input, work, durable).await,
            }
        };
        written.instrument(self.transaction("write")).await
    }

    /// Like [`write`](Self::write), for work that only adds rows and waits for nobody's lock, but perhaps that of an event
    /// that it wants: PostgreSQL runs those of one scope that wait one after another in one transaction, as SQLite does
    /// with all, and gets what they want for all of them together. As with [`handle`](Self::handle), effects of events may
    /// reach the disk with a flush that follows.
    pub async fn add<I, T, E, F>(
        &self,
        scope: impl Into<Scope>,
        wants: Wants,
        input: I,
        work: F,
    ) -> Result<T, E>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: Failure,
        F: for<'t> Fn(&'t mut Tx, &'t I) -> Work<'t, T, E> + Send + Sync + 'static,
    {
        let scope = scope.into();
        let added = async {
            match &*self.backend {
                Backend::Sqlite(sqlite) => sqlite.write(scope, input, work).await,
                Backend::Postgres(postgres) => postgres.share(scope, wants, input, work).await,
            }
        };
        added.instrument(self.transaction("write")).await
    }

    /// Runs `work`, which only reads.
    pub async fn read<I, T, E, F>(&self, scope: impl Into<Scope>, input: I, work: F) -> Result<T, E>
    where
        I: Send + Sync,
        T: Send,
        E: Failure,
        F: for<'t> Fn(&'t mut Tx, &'t I) -> Work<'t, T, E> + Send + Sync,
    {
        let scope = scope.into();
        let read = async {
            match &*self.backend {
                Backend::Sqlite(sqlite) => sqlite.read(scope, &input, &work).await,
                Backend::Postgres(postgres) => postgres.read(scope, &input, &work).await,
            }
        };
        read.instrument(self.transaction("read")).await
    }

    /// The span of a transaction from when it is asked for until it is committed, as a part of what asks for it. What
    /// looks by itself now and then, for nobody, has none.
    fn transaction(&self, operation: &'static str) -> Span {
        if Span::current().is_none() {
            return Span::none();
        }
        let system = if self.is_exclusive() { "sqlite" } else { "postgresql" };
        debug_span!(
            "transaction",
            otel.name = operation,
            otel.kind = "client",
            db.system.name = system,
            db.operation.name = operation,
        )
    }

    /// Receives what there is to do from now on, from this process and, on PostgreSQL, from all others.
    pub fn wakes(&self) -> Wakes {
        Wakes(self.wakes.subscribe())
    }

    /// Tells of what this process is about to put into the outbox.
    pub fn appends(&self) -> Appends {
        self.appending.watch()
    }

    /// Says that an effect of an event is likely to be [added](Self::add) in `scope` within some milliseconds: its
    /// transaction is begun meanwhile, where a connection rests, and rolled back where none comes.
    pub fn expect_effect(&self, scope: Scope) {
        if let Backend::Postgres(postgres) = &*self.backend {
            postgres.expect_effect(scope);
        }
    }

    /// Tells this process's waiters that there may be something to do.
    pub fn wake(&self, wake: Wake) {
        // Nobody listening is no failure: they look by themselves when they start.
        let _ = self.wakes.send(wake);
    }

    /// Whether no other process can work on this database.
    pub fn is_exclusive(&self) -> bool {
        matches!(*self.backend, Backend::Sqlite(_))
    }

    /// Whether the database answers now.
    pub async fn ping(&self) -> Result<(), Error> {
        self.read(Scope::System, (), |tx, ()| {
            Box::pin(async move {
                tx::fetch_one!(tx, (i64,), "SELECT CAST(1 AS BIGINT)")?;
                Ok(())
            })
        })
        .await
    }

    /// Writes a consistent copy of a SQLite database to `target`, which must not exist, while others go on.
    ///
    /// Errors on PostgreSQL, whose own tools do that.
    pub async fn backup(&self, target: &Path) -> Result<(), Error> {
        match &*self.backend {
            Backend::Sqlite(sqlite) => sqlite.backup(target).await,
            Backend::Postgres(_) => Err(Error::Open(
                "a PostgreSQL database is backed up by its own tools: run `pg_dump --format=custom`"
                    .to_owned(),
            )),
        }
    }

    /// Ends the database work: waits for the commits under way, then closes the connections.
    pub async fn close(&self) {
        match &*self.backend {
            Backend::Sqlite(sqlite) => sqlite.close().await,
            Backend::Postgres(postgres) => postgres.close().await,
        }
    }
}

/// Checks that the file at `path`, which its user calls `name`, is a whole Deskhand database that this version can
/// open, and gives its version.
pub async fn check_sqlite(path: &Path, name: &Path) -> Result<i64, Error> {
    sqlite::check(path, name).await
}

/// Puts the changes that lie beside the SQLite file at `path` into it, so that the file alone is all of the database.
///
/// Errors where it cannot be read as a database.
pub async fn settle_sqlite(path: &Path) -> Result<(), Error> {
    sqlite::settle(path).await
}

/// Takes the SQLite file at `path` for this process alone until the file given back is closed, as a serving
/// process does; for putting another file in its place.
///
/// Errors: a process serves from it.
pub fn lock_sqlite(path: &Path) -> Result<std::fs::File, Error> {
    sqlite::lock(path)
}
