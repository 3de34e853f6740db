//! PostgreSQL keeps workspaces apart by itself, whatever a query forgets.

use std::task::Poll;
use std::time::{Duration, Instant};

use domain::EventType;
use domain::ids::WorkspaceId;
use sqlx::{Connection, Executor, PgConnection};
use store::Scope;
use testkit::Database;
use uuid::Uuid;

use crate::events::{append, event};

/// Tables that belong to no workspace.
const SHARED: [&str; 4] = ["schema_version", "bus_partitions", "bus_consumers", "bus_members"];

async fn connection(database: &Database) -> PgConnection {
    let store::Location::Postgres(url) = database.location() else { panic!("not PostgreSQL") };
    PgConnection::connect(url).await.unwrap()
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
        let read =
            database.read(Scope::System, (), |tx, ()| Box::pin(async move { store::bus::end(tx).await }));
        {
            let mut read = std::pin::pin!(read);
            let mut is_over = false;
            for _ in 0..=attempt % 4 {
                is_over = std::future::poll_fn(|task| Poll::Ready(read.as_mut().poll(task).is_ready())).await;
                if is_over {
                    break;
                }
                tokio::task::yield_now().await;
            }
            cut += usize::from(!is_over);
        }
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
