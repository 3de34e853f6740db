//! Bringing the schema up to date: forward only, one file a version and database, under a lock.
//!
//! A version that has been released is never edited. A change is made in two steps that a running older
//! version survives: first what is new is added, later what is unused is removed. Each version says which is the
//! oldest whose programs can work on it, so that an update of the program can be taken back.

use sqlx::{AssertSqlSafe, Connection as _, Executor, PgConnection, SqliteConnection};
use tracing::info;

use crate::Error;

struct Migration {
    version: i64,
    /// The oldest version whose programs can work on the database afterwards. Where something was only added, that of
    /// the version before; where something is removed, the first that does not use it any more.
    oldest: i64,
    sqlite: &'static str,
    postgres: &'static str,
}

impl Migration {
    /// The statement that notes that it was done.
    fn done(&self) -> String {
        let Self { version, oldest, .. } = self;
        match *version {
            SAYS_OLDEST.. => {
                format!("INSERT INTO schema_version (version, oldest) VALUES ({version}, {oldest})")
            }
            _ => format!("INSERT INTO schema_version (version) VALUES ({version})"),
        }
    }
}

macro_rules! migration {
    ($version:literal, $file:literal, oldest $oldest:literal) => {
        Migration {
            version: $version,
            oldest: $oldest,
            sqlite: include_str!(concat!("../migrations/sqlite/", $file, ".sql")),
            postgres: include_str!(concat!("../migrations/postgres/", $file, ".sql")),
        }
    };
}

const MIGRATIONS: &[Migration] = &[
    migration!(1, "0001", oldest 1),
    migration!(2, "0002", oldest 2),
    migration!(3, "0003", oldest 3),
    migration!(4, "0004", oldest 3),
    migration!(5, "0005", oldest 3),
];

/// From which version on a database says which is the oldest whose programs can work on it.
const SAYS_OLDEST: i64 = 4;

/// The schema version that this program needs.
pub const SCHEMA_VERSION: i64 = MIGRATIONS[MIGRATIONS.len() - 1].version;

/// The advisory lock that migrations hold on PostgreSQL: "deskhand" as a number.
const LOCK: i64 = 0x6465_736b_6861_6e64;

/// What a database says of its schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schema {
    /// Its version; 0 where there is none yet.
    pub version: i64,
    /// The oldest version whose programs can work on it.
    pub oldest: i64,
}

impl Schema {
    /// Where there is none yet.
    pub const NONE: Self = Self { version: 0, oldest: 0 };

    /// Errors with [`Error::Newer`] or [`Error::Behind`] where this program can't work on it.
    pub fn suits(self) -> Result<(), Error> {
        let (found, known) = (self.version, SCHEMA_VERSION);
        if found < known {
            Err(Error::Behind { found, known })
        } else if self.oldest > known {
            Err(Error::Newer { found, known })
        } else {
            Ok(())
        }
    }
}

/// Errors unless this program can work on a database of that schema; says so where it is a newer one.
pub(crate) fn require(schema: Schema) -> Result<(), Error> {
    schema.suits()?;
    if schema.version > SCHEMA_VERSION {
        info!(
            found = schema.version,
            known = SCHEMA_VERSION,
            "a newer Deskhand has been here, and this one can go on"
        );
    }
    Ok(())
}

const VERSION: &str = "SELECT COALESCE(max(version), 0) FROM schema_version";
const OLDEST: &str = "SELECT oldest FROM schema_version ORDER BY version DESC LIMIT 1";

/// What a database that has tables of ours says of its schema, by a connection of either kind.
macro_rules! said {
    ($connection:expr) => {{
        let (version,): (i64,) = sqlx::query_as(VERSION).fetch_one(&mut *$connection).await?;
        let (oldest,): (Option<i64>,) = match version {
            SAYS_OLDEST.. => sqlx::query_as(OLDEST).fetch_one($connection).await?,
            _ => (None,),
        };
        Ok(Schema { version, oldest: oldest.unwrap_or(version) })
    }};
}

pub(crate) async fn sqlite_schema(connection: &mut SqliteConnection) -> Result<Schema, Error> {
    let (found,): (i64,) =
        sqlx::query_as("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'")
            .fetch_one(&mut *connection)
            .await?;
    if found == 0 {
        return Ok(Schema::NONE);
    }
    said!(connection)
}

pub(crate) async fn sqlite(connection: &mut SqliteConnection) -> Result<(), Error> {
    for migration in MIGRATIONS {
        // The write lock is taken first, so that of two processes that start together one waits.
        let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
        if sqlite_schema(&mut tx).await?.version < migration.version {
            tx.execute(sqlx::raw_sql(migration.sqlite)).await?;
            tx.execute(AssertSqlSafe(migration.done())).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

pub(crate) async fn postgres_schema(connection: &mut PgConnection) -> Result<Schema, Error> {
    let (found,): (bool,) = sqlx::query_as("SELECT to_regclass('schema_version') IS NOT NULL")
        .fetch_one(&mut *connection)
        .await?;
    if !found {
        return Ok(Schema::NONE);
    }
    said!(connection)
}

pub(crate) async fn postgres(connection: &mut PgConnection) -> Result<(), Error> {
    if postgres_schema(connection).await?.version >= SCHEMA_VERSION {
        return Ok(());
    }
    connection.execute(AssertSqlSafe(format!("SELECT pg_advisory_lock({LOCK})"))).await?;
    let done = postgres_locked(connection).await;
    connection.execute(AssertSqlSafe(format!("SELECT pg_advisory_unlock({LOCK})"))).await?;
    done
}

async fn postgres_locked(connection: &mut PgConnection) -> Result<(), Error> {
    roles(connection).await?;
    for migration in MIGRATIONS {
        if postgres_schema(connection).await?.version < migration.version {
            let mut tx = connection.begin().await?;
            tx.execute("SET LOCAL lock_timeout = '5s'").await?;
            tx.execute(sqlx::raw_sql(migration.postgres)).await?;
            tx.execute(AssertSqlSafe(migration.done())).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

/// Makes the two roles that the program works under, and lets the login role take them on.
async fn roles(connection: &mut PgConnection) -> Result<(), Error> {
    for role in ["deskhand_app", "deskhand_system"] {
        let (known, member): (bool, bool) = sqlx::query_as(
            "SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $1),
                    COALESCE((SELECT pg_has_role(current_user, oid, 'MEMBER') FROM pg_roles WHERE rolname = $1), false)",
        )
        .bind(role)
        .fetch_one(&mut *connection)
        .await?;
        let made = async {
            if !known {
                connection.execute(AssertSqlSafe(format!("CREATE ROLE {role} NOLOGIN"))).await?;
            }
            if !known || !member {
                connection.execute(AssertSqlSafe(format!("GRANT {role} TO CURRENT_USER"))).await?;
            }
            Ok::<_, sqlx::Error>(())
        };
        made.await.map_err(|error| {
            Error::Open(format!(
                "the database needs the roles deskhand_app and deskhand_system, and this login may not make them \
                 ({error}); let an administrator run: CREATE ROLE deskhand_app NOLOGIN; CREATE ROLE \
                 deskhand_system NOLOGIN; GRANT deskhand_app, deskhand_system TO <this login>"
            ))
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_says_the_oldest_that_can_work_on_it_and_later_ones_no_older_one() {
        for (migration, next) in MIGRATIONS.iter().zip(&MIGRATIONS[1..]) {
            assert_eq!(next.version, migration.version + 1);
            assert!(migration.oldest <= next.oldest && next.oldest <= next.version, "{}", next.version);
        }
    }

    #[test]
    fn an_older_program_works_on_what_only_grew() {
        let schema = |version, oldest| Schema { version, oldest }.suits();
        let known = SCHEMA_VERSION;
        assert!(schema(known, known).is_ok());
        assert!(schema(known + 2, known).is_ok());
        assert!(matches!(schema(known + 2, known + 1), Err(Error::Newer { .. })));
        assert!(matches!(schema(known - 1, known - 1), Err(Error::Behind { .. })));
    }
}
