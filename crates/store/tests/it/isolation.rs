//! PostgreSQL keeps workspaces apart by itself, whatever a query forgets.

use sqlx::{Connection, Executor, PgConnection};
use testkit::Database;

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
