//! For tests only: fresh databases of both kinds, real ones.
//!
//! [`sqlite`] gives a file in a folder of its own, [`postgres`] a database in a server that is started once
//! for the test program and ends with it, however it ends. Nothing here is part of the product.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "this runs in tests only, where a failure is to be loud"
)]

mod clock;
mod cluster;
mod events;
mod kafka;
mod nats;
mod proxy;
mod secured;
mod server;

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::{Clock, SystemClock};
use sqlx::{ConnectOptions, Connection, Executor, PgConnection};
use store::{Location, Options, Store};

pub use clock::ManualClock;
pub use cluster::Postgres;
pub use events::{append, event};
pub use kafka::{Kafka, kafka, send_by_java};
pub use nats::{Nats, nats};
pub use proxy::Proxy;

/// Where `make brokers` has put the newest `what`: a path in its folder.
fn tool(path: &str, what: &str) -> PathBuf {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cache/tools");
    let mut found: Vec<PathBuf> = std::fs::read_dir(tools)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|folder| folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with(what)))
        .map(|folder| folder.join(path))
        .filter(|tool| tool.exists())
        .collect();
    found.sort();
    found.pop().unwrap_or_else(|| panic!("these tests need {what}: run `make brokers`"))
}

/// An open store on a database of its own; it derefs to the store.
pub struct Database {
    /// The store, open.
    pub store: Store,
    location: Location,
    clock: Arc<dyn Clock>,
    _folder: Option<tempfile::TempDir>,
}

impl Deref for Database {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

impl Database {
    async fn open(location: Location, clock: Arc<dyn Clock>, folder: Option<tempfile::TempDir>) -> Self {
        let store = open(&location, &clock).await;
        Self { store, location, clock, _folder: folder }
    }

    /// Where it is; a PostgreSQL URL can be given to another process.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Runs SQL past the store, in one transaction: for what the store would never write. Where somebody is at work, it
    /// has to lock rows in the order in which they do.
    pub async fn spoil(&self, sql: &'static str) {
        match &self.location {
            Location::Sqlite(path) => {
                let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
                let mut connection = options.connect().await.expect("the file opens");
                connection.execute(sql).await.expect("the statement runs");
            }
            Location::Postgres(url) => {
                let mut connection = PgConnection::connect(url).await.expect("the server answers");
                connection.execute("SET ROLE deskhand_system").await.expect("the role is there");
                connection.execute(sql).await.expect("the statement runs");
            }
        }
    }

    /// What another process on the same database would have: on PostgreSQL a second store, on SQLite, which
    /// one process has for itself, the same.
    pub async fn another(&self) -> Store {
        match &self.location {
            Location::Sqlite(_) => self.store.clone(),
            location => open(location, &self.clock).await,
        }
    }
}

async fn open(location: &Location, clock: &Arc<dyn Clock>) -> Store {
    let options =
        Options { location: location.clone(), connections: 10, serve: true, clock: Arc::clone(clock) };
    Store::open(options).await.expect("the database opens")
}

/// A fresh SQLite database.
pub async fn sqlite() -> Database {
    sqlite_at(Arc::new(SystemClock)).await
}

/// A fresh SQLite database whose rows are stamped by `clock`.
pub async fn sqlite_at(clock: Arc<dyn Clock>) -> Database {
    let folder = tempfile::Builder::new().prefix("deskhand-test-").tempdir().expect("a folder");
    let location = Location::Sqlite(folder.path().join("deskhand.db"));
    Database::open(location, clock, Some(folder)).await
}

/// A fresh PostgreSQL database. Panics with what to do where PostgreSQL's programs are not installed.
pub async fn postgres() -> Database {
    postgres_at(Arc::new(SystemClock)).await
}

/// A fresh PostgreSQL database whose rows are stamped by `clock`.
pub async fn postgres_at(clock: Arc<dyn Clock>) -> Database {
    Database::open(Location::Postgres(cluster::new_database().await), clock, None).await
}

/// The URL of a fresh PostgreSQL database without any tables, for tests that start the program itself.
pub async fn empty_postgres() -> String {
    cluster::new_database().await
}

/// Runs `test` on a fresh database of each kind, one after the other.
pub async fn both(test: impl AsyncFn(Database)) {
    eprintln!("on SQLite:");
    test(sqlite().await).await;
    eprintln!("on PostgreSQL:");
    test(postgres().await).await;
}

/// Runs `test` on a fresh database of each kind, whose rows are stamped by a clock that the test moves.
pub async fn both_at(start: jiff::Timestamp, test: impl AsyncFn(Database, Arc<ManualClock>)) {
    eprintln!("on SQLite:");
    let clock = Arc::new(ManualClock::new(start));
    test(sqlite_at(clock.clone()).await, clock).await;
    eprintln!("on PostgreSQL:");
    let clock = Arc::new(ManualClock::new(start));
    test(postgres_at(clock.clone()).await, clock).await;
}

/// A store on a PostgreSQL database that a program works with.
pub async fn beside(url: &str) -> Store {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    open(&Location::Postgres(url.to_owned()), &clock).await
}
