//! What a relay moves from the outbox to the log, where that is in the database.
//!
//! What is moved is what one look at the outbox saw, less what another relay has moved before its partition was free. Of a
//! key no event is seen, or was seen by that relay, without those before it: their order stays. Rows are taken as they are
//! seen, never from a remembered id on: transactions commit out of order.

use domain::Topic;
use domain::ids::{EventId, WorkspaceId};
use sqlx::{AssertSqlSafe, FromRow};
use uuid::Uuid;

use super::log::{Logged, partition};
use crate::at::At;
use crate::pending::column;
use crate::tx::{self, Connection, Tx, execute, fetch_all, fetch_one};
use crate::{Error, Wake};

/// What one round of the relay did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moved {
    /// How many partitions it had for itself; with none, nothing waits that others do not have.
    pub partitions: usize,
    /// Whether it has seen that something waits which another relay has; not every round looks for that.
    pub elsewhere: bool,
    /// How many events it moved.
    pub events: i64,
    /// The positions that they got, from and up to which, in each partition.
    pub positions: Vec<(Topic, u32, i64, i64)>,
}

/// Events by partition, each in order.
pub type ByPlace = [((Topic, u32), Vec<Logged>)];

/// How many events are moved one by one and told of before they are in the log. Of more, reading them again is cheaper than
/// one relay that reads for all.
const FEW: i64 = 32;

/// Moves up to `limit` events from the outbox to the log, in the order of their ids in each partition.
///
/// A relay has a partition for itself while it moves its events, so several relays work side by side.
pub async fn relay(tx: &mut Tx, limit: i64) -> Result<Moved, Error> {
    let grown =
        if tx.is_postgres() { fetch(tx, MOVE, limit).await? } else { relay_sqlite(tx, limit).await? };
    moved(tx, grown)
}

/// Like [`relay`], in less time to where few events can be told of. On PostgreSQL, `tell` hears once of events as soon as
/// their positions are known: of all that are moved where they are few, and else of none. On SQLite it hears nothing: the
/// transaction may be shared with those who append, and an event may be taken back that was moved already, and be another
/// one when they append it again.
pub async fn relay_telling(
    tx: &mut Tx,
    limit: i64,
    tell: &(dyn Fn(&ByPlace) + Send + Sync),
) -> Result<Moved, Error> {
    if !tx.is_postgres() {
        return relay(tx, limit).await;
    }
    let few = limit.min(FEW);
    let taken = take_out(tx, few).await?;
    let is_all = taken.seen < few;
    tell(if is_all { &taken.logged } else { &[] });
    // Those who were told begin first.
    tokio::task::yield_now().await;
    enter(tx, &taken).await?;
    let grown = taken.grown.iter().map(|((topic, partition), count, end)| {
        (topic.as_str().to_owned(), i64::from(*partition), *count, *end)
    });
    let mut grown: Vec<Grown> = grown.collect();
    if !is_all && few < limit {
        grown.extend(fetch::<Grown>(tx, MOVE, limit - few).await?);
    }
    let moved = moved(tx, grown)?;
    Ok(Moved { elsewhere: taken.elsewhere, ..moved })
}

fn moved(tx: &mut Tx, grown: Vec<Grown>) -> Result<Moved, Error> {
    let mut moved = Moved::default();
    for (name, number, count, end) in grown {
        let (topic, partition) = partition(&name, number)?;
        moved.partitions += 1;
        moved.events += count;
        if count > 0 {
            tx.wake(Wake::Log(topic, partition, end));
            moved.positions.push((topic, partition, end - count, end));
        }
    }
    Ok(moved)
}

/// A partition, how many events it got, and the position of its next one.
type Grown = (String, i64, i64, i64);

/// Runs a statement of which `{limit}` is a part. As a parameter, the number would change what PostgreSQL expects, so that
/// it plans each time anew: that takes longer than to move a few events.
async fn fetch<R>(tx: &mut Tx, text: &str, limit: i64) -> Result<Vec<R>, Error>
where
    R: for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow> + Send + Unpin,
{
    let text = text.replace("{limit}", &limit.to_string());
    tx.wrote = true;
    let rows = sqlx::query_as(AssertSqlSafe(text)).fetch_all(&mut **postgres(tx).await?).await?;
    Ok(rows)
}

async fn postgres(tx: &mut Tx) -> Result<&mut sqlx::Transaction<'static, sqlx::Postgres>, Error> {
    match tx::ready(tx).await? {
        Connection::Postgres(connection) => Ok(connection),
        _ => Err(Error::GivenUp("the transaction is not PostgreSQL's")),
    }
}

/// Events that were taken out of the outbox, with the positions that they have from then on.
#[derive(Default)]
struct TakenOut {
    /// How many the look saw, also of partitions that another relay has.
    seen: i64,
    /// Whether another relay has a partition of any of them.
    elsewhere: bool,
    /// The partitions that this relay has, with how many events they got, and where they end since.
    grown: Vec<((Topic, u32), i64, i64)>,
    logged: Vec<((Topic, u32), Vec<Logged>)>,
    /// When each of the events was made, in the same order.
    made: Vec<At>,
}

const TAKE_OUT: &str = "WITH seen AS MATERIALIZED (
        SELECT ctid AS place, topic, partition FROM outbox ORDER BY id LIMIT {limit}
    ), mine AS MATERIALIZED (
        SELECT topic, partition, next_position FROM bus_partitions
        WHERE (topic, partition) IN (SELECT topic, partition FROM seen)
        ORDER BY topic, partition FOR UPDATE SKIP LOCKED
    ), taken AS (
        DELETE FROM outbox o USING seen, mine
        WHERE o.ctid = seen.place AND mine.topic = seen.topic AND mine.partition = seen.partition
        RETURNING seen.place, id, event_id, workspace_id, envelope, created_at
    )
    SELECT topic, partition, next_position, id, event_id, workspace_id, envelope, created_at
    FROM seen LEFT JOIN mine USING (topic, partition) LEFT JOIN taken USING (place)
    ORDER BY topic, partition, id";

/// An event of the outbox as a relay sees it: with where its partition ended, where the relay has that, and with itself,
/// where no other relay has moved it.
#[derive(FromRow)]
pub(super) struct Seen {
    pub(super) topic: String,
    pub(super) partition: i64,
    pub(super) next_position: Option<i64>,
    pub(super) id: Option<i64>,
    pub(super) event_id: Option<Uuid>,
    pub(super) workspace_id: Option<Uuid>,
    pub(super) envelope: Option<String>,
    pub(super) created_at: Option<At>,
}

/// Takes the oldest events out of the outbox.
async fn take_out(tx: &mut Tx, limit: i64) -> Result<TakenOut, Error> {
    let mut taken = TakenOut::default();
    for row in fetch::<Seen>(tx, TAKE_OUT, limit).await? {
        taken.seen += 1;
        let Some(end) = row.next_position else {
            taken.elsewhere = true;
            continue;
        };
        let place = partition(&row.topic, row.partition)?;
        if taken.grown.last().is_none_or(|(last, ..)| *last != place) {
            taken.grown.push((place, 0, end));
        }
        let (Some((_, count, end)), Some(event), Some(workspace), Some(envelope), Some(at)) =
            (taken.grown.last_mut(), row.event_id, row.workspace_id, row.envelope, row.created_at)
        else {
            continue;
        };
        let logged =
            Logged { position: *end, event: EventId(event), workspace: WorkspaceId(workspace), envelope };
        (*count, *end) = (*count + 1, *end + 1);
        taken.made.push(at);
        match taken.logged.last_mut() {
            Some((of, events)) if *of == place => events.push(logged),
            _ => taken.logged.push((place, vec![logged])),
        }
    }
    Ok(taken)
}

const ENTER: &str = "WITH taken AS MATERIALIZED (
        SELECT * FROM UNNEST($1::text[], $2::bigint[], $3::bigint[], $4::uuid[], $5::uuid[], $6::text[], $7::timestamptz[])
            AS taken (topic, partition, position, workspace_id, event_id, envelope, created_at)
    ), logged AS (
        INSERT INTO bus_log (topic, partition, position, workspace_id, event_id, envelope, created_at)
        SELECT topic, partition, position, workspace_id, event_id, envelope, created_at FROM taken
    )
    UPDATE bus_partitions p SET next_position = ends.next_position
    FROM (SELECT topic, partition, max(position) + 1 AS next_position FROM taken GROUP BY topic, partition) ends
    WHERE p.topic = ends.topic AND p.partition = ends.partition";

/// Enters into the log what was taken out of the outbox.
async fn enter(tx: &mut Tx, taken: &TakenOut) -> Result<(), Error> {
    let rows: Vec<((Topic, u32), &Logged)> =
        taken.logged.iter().flat_map(|(place, events)| events.iter().map(|event| (*place, event))).collect();
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(ENTER)
        .bind(column(&rows, |((topic, _), _)| topic.as_str()))
        .bind(column(&rows, |((_, partition), _)| i64::from(*partition)))
        .bind(column(&rows, |(_, logged)| logged.position))
        .bind(column(&rows, |(_, logged)| logged.workspace.0))
        .bind(column(&rows, |(_, logged)| logged.event.0))
        .bind(column(&rows, |(_, logged)| logged.envelope.as_str()))
        .bind(taken.made.as_slice())
        .execute(&mut **postgres(tx).await?)
        .await?;
    Ok(())
}

// Envelopes are copied once, from the outbox to the log: what is sorted and counted are places.
const MOVE: &str = "WITH seen AS MATERIALIZED (
        SELECT ctid AS place, topic, partition FROM outbox ORDER BY id LIMIT {limit}
    ), mine AS MATERIALIZED (
        SELECT topic, partition, next_position FROM bus_partitions
        WHERE (topic, partition) IN (SELECT topic, partition FROM seen)
        ORDER BY topic, partition FOR UPDATE SKIP LOCKED
    ), sent AS (
        DELETE FROM outbox o USING seen, mine
        WHERE o.ctid = seen.place AND mine.topic = seen.topic AND mine.partition = seen.partition
        RETURNING seen.place, o.id, mine.topic, mine.partition, next_position
    ), taken AS MATERIALIZED (
        SELECT place, topic, partition,
            next_position + row_number() OVER (PARTITION BY topic, partition ORDER BY id) - 1 AS position
        FROM sent
    ), logged AS (
        INSERT INTO bus_log (topic, partition, position, workspace_id, event_id, envelope, created_at)
        SELECT taken.topic, taken.partition, position, workspace_id, event_id, envelope, created_at
        FROM taken JOIN outbox o ON o.ctid = place
    ), grown AS (
        UPDATE bus_partitions p SET next_position = counted.next_position
        FROM (SELECT topic, partition, count(*) AS events, max(position) + 1 AS next_position
              FROM taken GROUP BY topic, partition) counted
        WHERE p.topic = counted.topic AND p.partition = counted.partition
        RETURNING p.topic, p.partition, counted.events, p.next_position
    )
    SELECT topic, partition, COALESCE(events, 0), COALESCE(grown.next_position, mine.next_position)
    FROM mine LEFT JOIN grown USING (topic, partition)";

async fn relay_sqlite(tx: &mut Tx, limit: i64) -> Result<Vec<Grown>, Error> {
    // There is one writer: what is seen now is all there is, and nothing can slip in below the last id.
    let (last,) = fetch_one!(
        tx,
        (Option<i64>,),
        "SELECT max(id) FROM (SELECT id FROM outbox ORDER BY id LIMIT $1)",
        limit
    )?;
    let Some(last) = last else { return Ok(Vec::new()) };
    execute!(
        tx,
        "INSERT INTO bus_log (topic, partition, position, workspace_id, event_id, envelope, created_at)
         SELECT o.topic, o.partition,
             next_position + row_number() OVER (PARTITION BY o.topic, o.partition ORDER BY o.id) - 1,
             workspace_id, event_id, envelope, created_at
         FROM outbox o JOIN bus_partitions p ON p.topic = o.topic AND p.partition = o.partition
         WHERE o.id <= $1",
        last,
    )?;
    let grown = fetch_all!(
        tx,
        Grown,
        "SELECT o.topic, o.partition, count(*), next_position + count(*)
         FROM outbox o JOIN bus_partitions p ON p.topic = o.topic AND p.partition = o.partition
         WHERE o.id <= $1 GROUP BY o.topic, o.partition",
        last
    )?;
    execute!(
        tx,
        "UPDATE bus_partitions AS p SET next_position = next_position + events
         FROM (SELECT topic, partition, count(*) AS events FROM outbox WHERE id <= $1 GROUP BY topic, partition) AS o
         WHERE p.topic = o.topic AND p.partition = o.partition",
        last,
    )?;
    execute!(
        tx,
        "DELETE FROM outbox WHERE id <= $1 AND (topic, partition) IN (SELECT topic, partition FROM bus_partitions)",
        last
    )?;
    Ok(grown)
}
