//! Bringing the schema up to date: forward only, one file a version and database, under a lock.
//!
//! A version that has been released is never edited. A change is made in two steps that a running older
//! version survives: first what is new is added, later what is unused is removed.

use sqlx::{AssertSqlSafe, Connection as _, Executor, PgConnection, SqliteConnection};

use crate::Error;

struct Migration {
    version: i64,
    sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! migration {
    ($version:literal, $file:literal) => {
        Migration {
            version: $version,
            sqlite: include_str!(concat!("../migrations/sqlite/", $file, ".sql")),
            postgres: include_str!(concat!("../migrations/postgres/", $file, ".sql")),
        }
    };
}

const MIGRATIONS: &[Migration] = &[migration!(1, "0001"), migration!(2, "0002"), migration!(3, "0003")];

/// The schema version that this program needs.
pub const SCHEMA_VERSION: i64 = MIGRATIONS[MIGRATIONS.len() - 1].version;

/// The advisory lock that migrations hold on PostgreSQL: "deskhand" as a number.
const LOCK: i64 = 0x6465_736b_6861_6e64;

/// Errors unless `found` is the version that this program needs.
pub(crate) fn require_current(found: i64) -> Result<(), Error> {
    match found {
        found if found > SCHEMA_VERSION => Err(Error::Newer { found, known: SCHEMA_VERSION }),
        found if found < SCHEMA_VERSION => Err(Error::Behind { found, known: SCHEMA_VERSION }),
        _ => Ok(()),
    }
}

pub(crate) async fn sqlite_version(connection: &mut SqliteConnection) -> Result<i64, Error> {
    let (found,): (i64,) =
        sqlx::query_as("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'")
            .fetch_one(&mut *connection)
            .await?;
    if found == 0 {
        return Ok(0);
    }
    let (version,): (i64,) =
        sqlx::query_as("SELECT COALESCE(max(version), 0) FROM schema_version").fetch_one(connection).await?;
    Ok(version)
}

pub(crate) async fn sqlite(connection: &mut SqliteConnection) -> Result<(), Error> {
    for migration in MIGRATIONS {
        // The write lock is taken first, so that of two processes that start together one waits.
        let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
        if sqlite_version(&mut tx).await? < migration.version {
            tx.execute(sqlx::raw_sql(migration.sqlite)).await?;
            sqlx::query("INSERT INTO schema_version (version) VALUES ($1)")
                .bind(migration.version)
                .execute(&mut *tx)
                .await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

pub(crate) async fn postgres_version(connection: &mut PgConnection) -> Result<i64, Error> {
    let (found,): (bool,) = sqlx::query_as("SELECT to_regclass('schema_version') IS NOT NULL")
        .fetch_one(&mut *connection)
        .await?;
    if !found {
        return Ok(0);
    }
    let (version,): (i64,) =
        sqlx::query_as("SELECT COALESCE(max(version), 0) FROM schema_version").fetch_one(connection).await?;
    Ok(version)
}

pub(crate) async fn postgres(connection: &mut PgConnection) -> Result<(), Error> {
    if postgres_version(connection).await? >= SCHEMA_VERSION {
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
        if postgres_version(connection).await? < migration.version {
            let mut tx = connection.begin().await?;
            tx.execute("SET LOCAL lock_timeout = '5s'").await?;
            tx.execute(sqlx::raw_sql(migration.postgres)).await?;
            sqlx::query("INSERT INTO schema_version (version) VALUES ($1)")
                .bind(migration.version)
                .execute(&mut *tx)
                .await?;
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
