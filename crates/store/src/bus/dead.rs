//! Dead letters: events that a group could not handle, kept with their bytes until somebody decides.
//!
//! A letter's event has its row in the inbox ledger, so that nobody handles it by the way. Queueing a letter takes
//! that row away and gives it a moment; whoever has the partition then handles it as if it came for the first time.

use std::time::Duration;

use domain::ids::{DeadLetterId, EventId, WorkspaceId};
use domain::{EventType, Topic};
use jiff::Timestamp;
use sqlx::FromRow;
use uuid::Uuid;

use super::leases::Owned;
use super::ledger::take;
use super::log::partition;
use crate::at::At;
use crate::page::{Cursor, Page};
use crate::tx::{Tx, execute, fetch_all, fetch_optional};
use crate::{Error, Wake};

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// Why a group could not handle an event.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Reason {
            $($(#[$doc])* $name,)*
        }

        impl Reason {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name everywhere outside.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The reason of that name.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$name),)* _ => None }
            }
        }
    };
}

reasons! {
    /// The bytes are not JSON.
    NotJson = "not_json",
    /// They are JSON, but no event.
    NotAnEvent = "not_an_event",
    /// The event's type is unknown.
    UnknownType = "unknown_type",
    /// Its data have a shape that is unknown.
    UnknownVersion = "unknown_version",
    /// The handler refused it, and would again.
    Refused = "refused",
    /// The handler failed each time.
    Failed = "failed",
    /// The handler panicked each time.
    Panicked = "panicked",
}

/// An event that a group could not handle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its id; sorts by when it died first.
    pub id: DeadLetterId,
    /// The event's workspace.
    pub workspace: WorkspaceId,
    /// The group.
    pub group: String,
    /// The topic.
    pub topic: Topic,
    /// The partition.
    pub partition: u32,
    /// The event.
    pub event: EventId,
    /// What happened, where the event could be read.
    pub kind: Option<EventType>,
    /// To which record, where the event could be read.
    pub subject: Option<Uuid>,
    /// The event's bytes as they came.
    pub original: Vec<u8>,
    /// Why it could not be handled, last.
    pub reason: Reason,
    /// The same in words.
    pub detail: String,
    /// How often it was tried, replays included.
    pub attempts: i64,
    /// When it was given up, last.
    pub died_at: Timestamp,
    /// When it is to be handled again; nothing for one that rests.
    pub replay_at: Option<Timestamp>,
}

/// Which dead letters are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// These and no others, where there are any.
    pub ids: Vec<DeadLetterId>,
    /// Of this group.
    pub group: Option<String>,
    /// Of this topic.
    pub topic: Option<Topic>,
    /// For this reason.
    pub reason: Option<Reason>,
    /// That died at this moment or later.
    pub since: Option<Timestamp>,
    /// That died before this moment.
    pub until: Option<Timestamp>,
}

/// How many dead letters of a kind there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Depth {
    /// The group.
    pub group: String,
    /// The topic.
    pub topic: Topic,
    /// The reason.
    pub reason: Reason,
    /// All of them.
    pub letters: i64,
    /// How many of them wait to be handled again.
    pub queued: i64,
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    workspace_id: Uuid,
    consumer_group: String,
    topic: String,
    partition: i64,
    event_id: Uuid,
    event_type: Option<String>,
    subject_id: Option<Uuid>,
    original: Vec<u8>,
    reason: String,
    detail: String,
    attempts: i64,
    died_at: At,
    replay_at: Option<At>,
}

fn reason(text: String) -> Result<Reason, Error> {
    Reason::parse(&text).ok_or(Error::Corrupt { what: "reason", found: text })
}

impl TryFrom<Row> for DeadLetter {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let (topic, partition) = partition(&row.topic, row.partition)?;
        Ok(Self {
            id: DeadLetterId(row.id),
            workspace: WorkspaceId(row.workspace_id),
            group: row.consumer_group,
            topic,
            partition,
            event: EventId(row.event_id),
            kind: row.event_type.as_deref().and_then(EventType::parse),
            subject: row.subject_id,
            original: row.original,
            reason: reason(row.reason)?,
            detail: row.detail,
            attempts: row.attempts,
            died_at: row.died_at.0,
            replay_at: row.replay_at.map(|at| at.0),
        })
    }
}

/// Keeps `letter` of an event at `position` under its row in the ledger; a letter that was replayed in vain rests again.
///
/// The transaction has to be in [`Scope::System`](crate::Scope::System), and goes on in the letter's workspace.
/// Errors with [`Error::Stale`] where the event is handled already, or the worker's lease is not the newest.
pub async fn bury(tx: &mut Tx, letter: &DeadLetter, fence: i64, position: i64) -> Result<(), Error> {
    tx.enter(letter.workspace);
    let DeadLetter { topic, partition, .. } = *letter;
    let owned = Owned { group: letter.group.clone(), topic, partition, fence };
    take(tx, &owned, position, letter.event).await?;
    execute!(
        tx,
        "INSERT INTO dead_letters (id, workspace_id, consumer_group, topic, partition, event_id, event_type,
             subject_id, original, reason, detail, attempts, died_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         ON CONFLICT (consumer_group, event_id) DO UPDATE SET reason = excluded.reason, detail = excluded.detail,
             attempts = excluded.attempts, died_at = excluded.died_at, replay_at = NULL",
        letter.id.0,
        letter.workspace.0,
        letter.group.as_str(),
        letter.topic.as_str(),
        i64::from(letter.partition),
        letter.event.0,
        letter.kind.map(EventType::as_str),
        letter.subject,
        letter.original.as_slice(),
        letter.reason.as_str(),
        letter.detail.as_str(),
        letter.attempts,
        At(letter.died_at),
    )?;
    Ok(())
}

macro_rules! columns {
    () => {
        "id, workspace_id, consumer_group, topic, partition, event_id, event_type, subject_id, original, reason,
         detail, attempts, died_at, replay_at"
    };
}

macro_rules! due {
    ($wait:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            ", CAST(",
            $wait,
            " AS BIGINT) AS wait FROM dead_letters
             WHERE consumer_group = $1 AND topic = $2 AND partition = $3 AND replay_at IS NOT NULL
             ORDER BY replay_at, id LIMIT $4"
        )
    };
}

const DUE_POSTGRES: &str = due!("EXTRACT(EPOCH FROM replay_at - now()) * 1000000");
const DUE_SQLITE: &str = due!("replay_at - unixepoch('subsec') * 1000000");

#[derive(FromRow)]
struct DueRow {
    #[sqlx(flatten)]
    letter: Row,
    wait: i64,
}

/// Up to `limit` letters of a partition that are to be handled again, in their order, each with how long to wait.
pub async fn queued(tx: &mut Tx, owned: &Owned, limit: i64) -> Result<Vec<(DeadLetter, Duration)>, Error> {
    let sql = if tx.is_postgres() { DUE_POSTGRES } else { DUE_SQLITE };
    let rows = fetch_all!(
        tx,
        DueRow,
        sql,
        owned.group.as_str(),
        owned.topic.as_str(),
        i64::from(owned.partition),
        limit
    )?;
    rows.into_iter()
        .map(|row| {
            let wait = Duration::from_micros(u64::try_from(row.wait).unwrap_or(0));
            Ok((row.letter.try_into()?, wait))
        })
        .collect()
}

/// The partitions of `owner` in which letters are to be handled again.
pub async fn queued_for(tx: &mut Tx, owner: &str) -> Result<Vec<(String, Topic, u32)>, Error> {
    let rows = fetch_all!(
        tx,
        (String, String, i64),
        "SELECT DISTINCT d.consumer_group, d.topic, d.partition FROM dead_letters d
         JOIN bus_consumers c
             ON c.consumer_group = d.consumer_group AND c.topic = d.topic AND c.partition = d.partition
         WHERE c.owner = $1 AND d.replay_at IS NOT NULL",
        owner,
    )?;
    rows.into_iter()
        .map(|(group, name, number)| {
            let (topic, partition) = partition(&name, number)?;
            Ok((group, topic, partition))
        })
        .collect()
}

/// Removes a letter that was handled after all, if the worker's lease is still the newest.
pub async fn replayed(tx: &mut Tx, owned: &Owned, id: DeadLetterId) -> Result<(), Error> {
    execute!(
        tx,
        "DELETE FROM dead_letters WHERE id = $1 AND replay_at IS NOT NULL AND EXISTS (
             SELECT 1 FROM bus_consumers
             WHERE consumer_group = $2 AND topic = $3 AND partition = $4 AND fence = $5)",
        id.0,
        owned.group.as_str(),
        owned.topic.as_str(),
        i64::from(owned.partition),
        owned.fence,
    )?;
    Ok(())
}

/// What of `dead_letters` a filter means, with the workspace as `$1` and the filter as `$2` to `$7`.
macro_rules! matching {
    ($ids:literal) => {
        concat!(
            "workspace_id = $1 AND ($2 IS NULL OR id IN (",
            $ids,
            ")) AND ($3 IS NULL OR consumer_group = $3) AND ($4 IS NULL OR topic = $4)
             AND ($5 IS NULL OR reason = $5) AND ($6 IS NULL OR died_at >= $6) AND ($7 IS NULL OR died_at < $7)"
        )
    };
}

macro_rules! matching_postgres {
    () => {
        matching!("SELECT CAST(value AS UUID) FROM jsonb_array_elements_text(CAST($2 AS JSONB)) AS value")
    };
}

macro_rules! matching_sqlite {
    () => {
        matching!("SELECT unhex(value) FROM json_each($2)")
    };
}

fn hex(ids: impl Iterator<Item = Uuid>) -> String {
    serde_json::Value::from_iter(ids.map(|id| id.simple().to_string())).to_string()
}

/// Runs a query over what `$filter` means, with more arguments from `$8` on.
macro_rules! filtered {
    ($tx:expr, $row:ty, $sql:expr, $filter:expr $(, $arg:expr)*) => {{
        let workspace = $tx.workspace()?;
        let Filter { ids, group, topic, reason, since, until } = $filter;
        let ids = (!ids.is_empty()).then(|| hex(ids.iter().map(|id| id.0)));
        fetch_all!(
            $tx,
            $row,
            $sql,
            workspace.0,
            ids.as_deref(),
            group.as_deref(),
            topic.map(Topic::as_str),
            reason.map(Reason::as_str),
            since.map(At),
            until.map(At)
            $(, $arg)*
        )
    }};
}

macro_rules! list {
    ($matching:ident) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM dead_letters WHERE ",
            $matching!(),
            " AND ($8 IS NULL OR id < $8) ORDER BY id DESC LIMIT $9"
        )
    };
}

/// A page of the workspace's letters, newest first.
pub async fn list(
    tx: &mut Tx,
    filter: &Filter,
    limit: i64,
    cursor: Option<Cursor>,
) -> Result<Page<DeadLetter>, Error> {
    let sql = if tx.is_postgres() { list!(matching_postgres) } else { list!(matching_sqlite) };
    let rows = filtered!(tx, Row, sql, filter, cursor.map(|cursor| cursor.id), limit + 1)?;
    let letters = rows.into_iter().map(DeadLetter::try_from).collect::<Result<Vec<_>, _>>()?;
    Ok(Page::of(letters, limit, |letter| Cursor { key: 0, id: letter.id.0 }))
}

/// The letter of that id.
pub async fn get(tx: &mut Tx, id: DeadLetterId) -> Result<Option<DeadLetter>, Error> {
    let workspace = tx.workspace()?;
    let sql = concat!("SELECT ", columns!(), " FROM dead_letters WHERE workspace_id = $1 AND id = $2");
    fetch_optional!(tx, Row, sql, workspace.0, id.0)?.map(DeadLetter::try_from).transpose()
}

macro_rules! depth {
    ($matching:ident) => {
        concat!(
            "SELECT consumer_group, topic, reason, count(*), count(replay_at) FROM dead_letters WHERE ",
            $matching!(),
            " GROUP BY consumer_group, topic, reason ORDER BY consumer_group, topic, reason"
        )
    };
}

type DepthRow = (String, String, String, i64, i64);

fn depth_of((group, name, why, letters, queued): DepthRow) -> Result<Depth, Error> {
    let topic = Topic::parse(&name).ok_or(Error::Corrupt { what: "topic", found: name })?;
    Ok(Depth { group, topic, reason: reason(why)?, letters, queued })
}

/// How many of the workspace's letters there are, by group, topic and reason.
pub async fn depths(tx: &mut Tx, filter: &Filter) -> Result<Vec<Depth>, Error> {
    let sql = if tx.is_postgres() { depth!(matching_postgres) } else { depth!(matching_sqlite) };
    let rows = filtered!(tx, DepthRow, sql, filter)?;
    rows.into_iter().map(depth_of).collect()
}

/// How many letters all workspaces have, by group and topic. Needs the system's scope.
pub async fn totals(tx: &mut Tx) -> Result<Vec<(String, String, i64)>, Error> {
    fetch_all!(
        tx,
        (String, String, i64),
        "SELECT consumer_group, topic, count(*) FROM dead_letters GROUP BY consumer_group, topic"
    )
}

macro_rules! choose {
    ($matching:ident, $lock:literal) => {
        concat!(
            "SELECT id FROM dead_letters WHERE ",
            $matching!(),
            " AND replay_at IS NULL ORDER BY id LIMIT $8",
            $lock
        )
    };
}

const FORGET_POSTGRES: &str = "DELETE FROM inbox_ledger WHERE (consumer_group, event_id) IN (
    SELECT consumer_group, event_id FROM dead_letters
    WHERE id IN (SELECT CAST(value AS UUID) FROM jsonb_array_elements_text(CAST($1 AS JSONB)) AS value))";
const FORGET_SQLITE: &str = "DELETE FROM inbox_ledger WHERE (consumer_group, event_id) IN (
    SELECT consumer_group, event_id FROM dead_letters WHERE id IN (SELECT unhex(value) FROM json_each($1)))";

const QUEUE_POSTGRES: &str = "UPDATE dead_letters
    SET replay_at = now() + (CAST($2 AS BIGINT) + (chosen.place - 1) * CAST($3 AS BIGINT)) * INTERVAL '1 microsecond'
    FROM jsonb_array_elements_text(CAST($1 AS JSONB)) WITH ORDINALITY AS chosen (id, place)
    WHERE dead_letters.id = CAST(chosen.id AS UUID)";
const QUEUE_SQLITE: &str = "UPDATE dead_letters
    SET replay_at = CAST(unixepoch('subsec') * 1000000 AS INTEGER) + $2 + chosen.key * $3
    FROM json_each($1) AS chosen WHERE dead_letters.id = unhex(chosen.value)";

/// Lets up to `limit` of the resting letters that `filter` means be handled again, the first `after` from now and
/// each next one `gap` later. Gives how many they are.
pub async fn queue(
    tx: &mut Tx,
    filter: &Filter,
    limit: i64,
    (after, gap): (Duration, Duration),
) -> Result<usize, Error> {
    // Each is locked before its row in the ledger goes: one that is being handled right now keeps that.
    let sql = if tx.is_postgres() {
        choose!(matching_postgres, " FOR UPDATE")
    } else {
        choose!(matching_sqlite, "")
    };
    let chosen = filtered!(tx, (Uuid,), sql, filter, limit)?;
    if chosen.is_empty() {
        return Ok(0);
    }
    let ids = hex(chosen.iter().map(|(id,)| *id));
    let micros = |time: Duration| i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
    let (forget, queue) =
        if tx.is_postgres() { (FORGET_POSTGRES, QUEUE_POSTGRES) } else { (FORGET_SQLITE, QUEUE_SQLITE) };
    execute!(tx, forget, ids.as_str())?;
    execute!(tx, queue, ids.as_str(), micros(after), micros(gap))?;
    tx.wake(Wake::Replay);
    Ok(chosen.len())
}

macro_rules! remove {
    ($matching:ident, $lock:literal) => {
        concat!(
            "DELETE FROM dead_letters WHERE id IN (SELECT id FROM dead_letters WHERE ",
            $matching!(),
            " AND replay_at IS NULL ORDER BY id LIMIT $8",
            $lock,
            ") RETURNING id"
        )
    };
}

/// Removes up to `limit` of the resting letters that `filter` means, for good; gives how many they were.
pub async fn remove(tx: &mut Tx, filter: &Filter, limit: i64) -> Result<usize, Error> {
    let sql = if tx.is_postgres() {
        remove!(matching_postgres, " FOR UPDATE")
    } else {
        remove!(matching_sqlite, "")
    };
    Ok(filtered!(tx, (Uuid,), sql, filter, limit)?.len())
}
