//! PostgreSQL finds what is due by index, however little there was when it planned for that.

use std::time::{Duration, Instant};

use desk::webhooks::{self, WebhookPatch};
use domain::webhook::Attempt;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use store::Location;
use testkit::Database;

use crate::stage::{Stage, desk};

/// How many wait.
const WAIT: usize = 20_000;
/// How often is looked, and how many rows that may touch, of the table and its indexes together.
const LOOKS: usize = 5;
const ROWS: i64 = 2_000;

/// A database where a plan is kept from the first time on, and nothing is learned of the tables later.
async fn hasty(db: &Database) -> PgConnection {
    let Location::Postgres(url) = db.location() else { panic!("this is of PostgreSQL") };
    let mut connection = PgConnection::connect(url).await.unwrap();
    for sql in [
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET plan_cache_mode = force_generic_plan', current_database()); END $$",
        "ALTER TABLE webhook_deliveries SET (autovacuum_enabled = false)",
        "SET ROLE deskhand_system",
    ] {
        connection.execute(sql).await.unwrap();
    }
    connection
}

/// How many rows and entries of indexes have been looked at in `table`, by processes that have ended.
async fn looked_at(connection: &mut PgConnection, table: &str) -> i64 {
    let ended = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let deadline = Instant::now() + Duration::from_secs(20);
    while sqlx::query_scalar::<_, i64>(ended).fetch_one(&mut *connection).await.unwrap() > 0 {
        assert!(Instant::now() < deadline, "a connection stays");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let rows = "SELECT CAST(seq_tup_read + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes i WHERE i.relid = t.relid) AS BIGINT)
                FROM pg_stat_user_tables t WHERE relname = $1";
    sqlx::query_scalar(rows).bind(table).fetch_one(connection).await.unwrap()
}

/// How many rows are looked at where a webhook has more to be sent than when PostgreSQL planned for it.
async fn looked_at_while_many_wait(ordered: bool) -> i64 {
    let db = testkit::postgres().await;
    let stage = Stage::new(&db).await;
    let patch = WebhookPatch {
        url: Some("http://127.0.0.1:9/hook".to_owned()),
        ordered: Some(ordered),
        ..WebhookPatch::default()
    };
    let (webhook, _) = webhooks::create(&stage.desk, &stage.owner, patch).await.unwrap();
    let mut connection = hasty(&db).await;
    let store = db.another().await;
    let desk = desk(&store);
    let mut wait = async |count| {
        let sql = format!(
            "INSERT INTO webhook_deliveries
                 (id, workspace_id, webhook_id, event_type, body, state, attempts, tried, due_at, created_at)
             SELECT gen_random_uuid(), '{}', '{}', 'task.created', '{{}}', 'pending', 0, 0, now(), now()
             FROM generate_series(1, {count})",
            stage.owner.workspace.0, webhook.id.0
        );
        connection.execute(AssertSqlSafe(sql)).await.unwrap();
    };
    let look = async || {
        assert_eq!(webhooks::next_due(&desk).await.unwrap(), Some(Duration::ZERO));
        let turn = webhooks::claim(&desk, 10).await.unwrap().pop().unwrap();
        let due = webhooks::due(&desk, &turn, 32).await.unwrap();
        let answered = Attempt {
            at: desk.clock().now(),
            duration: Duration::ZERO,
            answer: Ok(204),
            excerpt: String::new(),
            retry_after: None,
        };
        let attempts = due.into_iter().map(|delivery| (delivery, answered.clone())).collect();
        assert!(webhooks::note(&desk, &turn, attempts).await.unwrap());
        webhooks::release(&desk, &turn).await.unwrap();
    };
    wait(1).await;
    look().await;
    wait(WAIT).await;
    for _ in 0..LOOKS {
        look().await;
    }
    store.close().await;
    db.close().await;
    looked_at(&mut connection, "webhook_deliveries").await
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_that_are_due_and_those_noted_are_found_among_all_that_wait() {
    for ordered in [false, true] {
        let rows = looked_at_while_many_wait(ordered).await;
        assert!(rows < ROWS, "{rows}, ordered: {ordered}");
    }
}
