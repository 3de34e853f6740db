//! What transactions see: one state each, and on PostgreSQL one workspace, whatever a query forgets.

use std::task::Poll;
use std::time::{Duration, Instant};

use domain::EventType;
use domain::ids::WorkspaceId;
use sqlx::{Connection, Executor, PgConnection};
use store::Scope;
use testkit::{Database, append, event};
use uuid::Uuid;

use crate::events::system;

/// Tables that belong to no workspace.
const SHARED: [&str; 4] = ["schema_version", "bus_partitions", "bus_consumers", "bus_members"];

async fn connection(database: &Database) -> PgConnection {
    let store::Location::Postgres(url) = database.location() else { panic!("not PostgreSQL") };
    PgConnection::connect(url).await.unwrap()
}

/// What is committed between two statements of a read is seen by neither.
#[tokio::test]
async fn a_read_sees_one_state_of_the_database() {
    testkit::both(async |database| {
        let ends = async || -> Vec<((domain::Topic, u32), i64)> {
            let store: store::Store = database.clone();
            let read: Result<_, store::Error> = database
                .read(Scope::System, store, |tx, store| {
                    Box::pin(async move {
                        let before = store::bus::end(tx).await?;
                        let workspace = WorkspaceId(Uuid::now_v7());
                        append(store, vec![event(workspace, EventType::TaskCreated, Uuid::now_v7(), 1)])
                            .await;
                        system!(store, (), |tx, ()| store::bus::relay(tx, 10));
                        Ok((before, store::bus::end(tx).await?))
                    })
                })
                .await;
            let (before, after) = read.unwrap();
            assert_eq!(before, after);
            before
        };
        system!(database, Vec::new(), |tx, groups| store::bus::ensure(tx, groups));
        let (first, second) = (ends().await, ends().await);
        assert_ne!(first, second, "the next read sees what was written meanwhile");
    })
    .await;
}

#[tokio::test]
async fn every_table_of_a_workspace_has_forced_row_security_and_another_owner() {
    let database = testkit::postgres().await;
    let mut connection = connection(&database).await;
    let tables: Vec<(String, bool, bool, String)> = sqlx::query_as(
        "SELECT c.relname::text, c.relrowsecurity, c.relforcerowsecurity, pg_get_userbyid(c.relowner)::text
         FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert!(tables.len() > 30);
    for (table, enabled, forced, owner) in tables {
        assert!(!owner.starts_with("deskhand_"), "{table} belongs to {owner}");
        assert!(
            SHARED.contains(&table.as_str()) || (enabled && forced),
            "{table} has no forced row security"
        );
    }
}

#[tokio::test]
async fn without_a_workspace_nothing_is_seen_and_nothing_can_be_written() {
    let database = testkit::postgres().await;
    let mut connection = connection(&database).await;
    connection.execute("SET ROLE deskhand_system").await.unwrap();
    let insert = "INSERT INTO counters (workspace_id, kind, last) VALUES (gen_random_uuid(), 'task', 7)";
    connection.execute(insert).await.unwrap();
    connection.execute("RESET ROLE").await.unwrap();
    connection.execute("SET ROLE deskhand_app").await.unwrap();
    let seen = async |connection: &mut PgConnection| {
        let (count,): (i64,) =
            sqlx::query_as("SELECT count(*) FROM counters").fetch_one(connection).await.unwrap();
        count
    };
    assert_eq!(seen(&mut connection).await, 0);
    let refused = connection.execute(insert).await.unwrap_err();
    assert_eq!(refused.as_database_error().and_then(|e| e.code()).as_deref(), Some("42501"));
    connection.execute("SET deskhand.workspace_id = '00000000-0000-7000-8000-000000000000'").await.unwrap();
    assert_eq!(seen(&mut connection).await, 0);
}

/// Begins to read and gives it up after some steps; whether that was before its end.
async fn cut_off(database: &Database, steps: i64) -> bool {
    let read = database.read(Scope::System, (), |tx, ()| Box::pin(async move { store::bus::end(tx).await }));
    let mut read = std::pin::pin!(read);
    for _ in 0..=steps {
        if std::future::poll_fn(|task| Poll::Ready(read.as_mut().poll(task).is_ready())).await {
            return false;
        }
        tokio::task::yield_now().await;
    }
    true
}

/// A read that was given up holds no old state on its connection for whoever reads next.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_read_after_a_read_was_given_up_is_what_is_there() {
    testkit::both(async |database| {
        let workspace = WorkspaceId(Uuid::now_v7());
        system!(database, Vec::new(), |tx, groups| store::bus::ensure(tx, groups));
        let mut cut = 0;
        for attempt in 0..100 {
            cut += usize::from(cut_off(&database, attempt % 4).await);
            append(&database, vec![event(workspace, EventType::TaskCreated, Uuid::nil(), 1)]).await;
            system!(database, (), |tx, ()| store::bus::relay(tx, 10));
            let reads = (0..12).map(|_| {
                database.read(Scope::System, (), |tx, ()| Box::pin(async move { store::bus::end(tx).await }))
            });
            for read in futures_util::future::join_all(reads).await {
                let read: Result<Vec<_>, store::Error> = read;
                let all: i64 = read.unwrap().into_iter().map(|(_, end)| end).sum();
                assert_eq!(all, attempt + 1);
            }
        }
        assert!(cut > 5, "only {cut} were cut off");
    })
    .await;
}

/// Work that is dropped at any moment, as when a browser goes away, leaves nothing for whoever comes next: no
/// transaction, no role, no workspace.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_dropped_while_it_begins_leaves_nothing_on_its_connection() {
    let database = testkit::postgres().await;
    let workspace = WorkspaceId(Uuid::now_v7());
    let mut watcher = connection(&database).await;
    let open = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
    // From here on there is a connection, on which a transaction begins at once.
    append(&database, vec![event(workspace, EventType::TaskCreated, Uuid::now_v7(), 0)]).await;
    let mut cut = 0;
    for attempt in 0..120 {
        cut += usize::from(cut_off(&database, attempt % 4).await);
        // Nobody uses the connection now, and yet it ends what was begun on it.
        let deadline = Instant::now() + Duration::from_secs(5);
        loop {
            tokio::time::sleep(Duration::from_millis(2)).await;
            let (open,): (i64,) = sqlx::query_as(open).fetch_one(&mut watcher).await.unwrap();
            if open == 0 {
                break;
            }
            assert!(Instant::now() < deadline, "a transaction that was cut off stays open");
        }
    }
    assert!(cut > 50, "only {cut} were cut off");
    for sequence in 1..100 {
        append(&database, vec![event(workspace, EventType::TaskCreated, Uuid::now_v7(), sequence)]).await;
    }
}

/// An effect that was expected, and for which a transaction was begun.
#[tokio::test]
async fn what_was_begun_for_what_does_not_come_is_rolled_back() {
    let database = testkit::postgres().await;
    let workspace = WorkspaceId(Uuid::now_v7());
    let mut watcher = connection(&database).await;
    append(&database, vec![event(workspace, EventType::TaskCreated, Uuid::now_v7(), 0)]).await;
    let ended = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND state = 'idle' AND query = 'ROLLBACK'";
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        // Nothing is begun before the connection rests that was used just now.
        database.expect_effect(Scope::Workspace(workspace));
        let (ended,): (i64,) = sqlx::query_as(ended).fetch_one(&mut watcher).await.unwrap();
        if ended == 1 {
            break;
        }
        assert!(Instant::now() < deadline, "nothing was begun, or it stays open");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
