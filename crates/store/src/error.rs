//! What can go wrong with a database, told apart by what the caller can do about it.

use std::sync::Arc;

/// An error of the store.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database cannot be reached now; the same call may work later.
    #[error("the database cannot be reached")]
    Unavailable(#[source] Arc<sqlx::Error>),
    /// There is no room left for writing.
    #[error("the disk is full: free some room and the desk goes on by itself")]
    Full,
    /// A statement failed; nothing was changed.
    #[error("a database statement failed")]
    Statement(#[source] Arc<sqlx::Error>),
    /// A row holds what this version cannot read.
    #[error("the database holds no {what} that can be read: {found}")]
    Corrupt {
        /// What was read.
        what: &'static str,
        /// What was found.
        found: String,
    },
    /// Another process serves from the same file.
    #[error(
        "{path} is in use by another Deskhand process; stop that one, or give this one its own --data-dir"
    )]
    InUse {
        /// The database file.
        path: String,
    },
    /// The database cannot be opened at all.
    #[error("{0}")]
    Open(String),
    /// The database was written by a newer Deskhand.
    #[error("the database is at version {found}, this Deskhand knows up to {known}: use a newer Deskhand")]
    Newer {
        /// The version of the schema found.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// The database has to be migrated first.
    #[error("the database is at version {found} of {known}: run `deskhand migrate`")]
    Behind {
        /// The version of the schema found.
        found: i64,
        /// The version that is needed.
        known: i64,
    },
    /// The writer stopped, or a transaction's code failed unexpectedly.
    #[error("the write was given up: {0}")]
    GivenUp(&'static str),
    /// The event was handled before, or the worker lost its partition: nothing may be done for it.
    #[error("the delivery is stale")]
    Stale,
    /// A page cursor that this store did not make.
    #[error("the cursor is not one that this list gave out")]
    Cursor,
}

impl Error {
    /// Whether the same call may work when it is made again later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Full | Self::GivenUp(_))
    }

    /// Whether there is no room left for writing.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Full)
    }

    /// Whether the transaction is to be run again: PostgreSQL asks for it, or another one took a unique value
    /// after this one had looked for it, which this one then sees.
    pub(crate) fn wants_retry(&self) -> bool {
        let Self::Statement(error) = self else { return false };
        error
            .as_database_error()
            .and_then(|e| e.code())
            .is_some_and(|code| code == "40001" || code == "40P01" || code == "23505")
    }
}

/// The error type of a closure that the store runs: it may be of the closure's own making, or the store's.
pub trait Failure: From<Error> + Send + 'static {
    /// The store's error, where it is one.
    fn store(&self) -> Option<&Error>;
}

impl Failure for Error {
    fn store(&self) -> Option<&Error> {
        Some(self)
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        if let Some(database) = error.as_database_error() {
            let code = database.code().unwrap_or_default();
            // SQLITE_FULL (13) and its extended codes; PostgreSQL class 53: insufficient resources.
            if code == "13" || code == "53100" {
                return Self::Full;
            }
            // 57P01-57P03: the server shuts down, crashed or starts; 53300: too many connections; 08: connection.
            // SQLITE_BUSY (5) after the busy timeout; SQLITE_IOERR (10), which a full disk gives for the WAL.
            // 55P03: somebody holds a lock for too long, as whoever commits to a disk that hangs.
            let away = ["53300", "55P03", "5"].contains(&&*code);
            if away || code.starts_with("57P") || code.starts_with("08") {
                return Self::Unavailable(Arc::new(error));
            }
        }
        match error {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            // Such as a connection that ended while it was being made.
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unavailable(Arc::new(error)),
            error => Self::Statement(Arc::new(error)),
        }
    }
}
