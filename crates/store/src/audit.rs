//! Who did what, when, from where: one row an event, never changed.

use std::collections::HashMap;

use domain::ActorRef;
use domain::event::data::Change;
use domain::ids::{EventId, MemberId};
use jiff::Timestamp;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::Error;
use crate::at::At;
use crate::filter::Select;
use crate::page::{Cursor, Page};
use crate::pending::column;
use crate::tx::{Connection, Tx, fetch_all};

/// One row of the audit.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The event's id, which is also the row's.
    pub id: EventId,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// The event's type.
    pub action: String,
    /// The kind of record whose history it belongs to.
    pub subject_kind: String,
    /// That record.
    pub subject: Uuid,
    /// Its number, where it has one.
    pub subject_number: Option<i64>,
    /// What it was called then.
    pub subject_title: String,
    /// Who did it, and the way in.
    pub actor: ActorRef,
    /// What is different since.
    pub changes: Vec<Change>,
}

/// What a record is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its number, where it has one.
    pub number: Option<i64>,
    /// Its name, title or subject.
    pub name: String,
}

/// Which rows of the whole audit are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only of records of this kind.
    pub kind: Option<String>,
    /// Only what this member did.
    pub actor: Option<MemberId>,
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    occurred_at: At,
    action: String,
    subject_kind: String,
    subject_id: Uuid,
    subject_number: Option<i64>,
    subject_title: String,
    actor_kind: String,
    actor_id: Option<Uuid>,
    actor_name: String,
    via: String,
    address: Option<String>,
    changes: Json<Vec<Change>>,
}

impl TryFrom<Row> for Entry {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let via = serde_json::from_value(serde_json::Value::String(row.via.clone()))
            .map_err(|_| Error::Corrupt { what: "way in", found: row.via })?;
        let address = row.address.as_deref().and_then(|address| address.parse().ok());
        Ok(Self {
            id: EventId(row.id),
            occurred_at: row.occurred_at.0,
            action: row.action,
            subject_kind: row.subject_kind,
            subject: row.subject_id,
            subject_number: row.subject_number,
            subject_title: row.subject_title,
            actor: ActorRef { kind: row.actor_kind, id: row.actor_id, name: row.actor_name, via, address },
            changes: row.changes.0,
        })
    }
}

// To look first whether a row is there takes a tenth of the time: where jobs share the transaction, and run once more if
// one is, it is not looked.
macro_rules! insert_postgres {
    ($unless_there:literal) => {
        concat!(
            "INSERT INTO audit (id, workspace_id, occurred_at, action, subject_kind, subject_id, subject_number,
                 subject_title, actor_kind, actor_id, actor_name, via, address, changes)
             SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::text[], $6::uuid[],
                 $7::bigint[], $8::text[], $9::text[], $10::uuid[], $11::text[], $12::text[], $13::text[], $14::jsonb[])",
            $unless_there
        )
    };
}

const INSERT_POSTGRES: &str = insert_postgres!(" ON CONFLICT (id) DO NOTHING");
const INSERT_NEW_POSTGRES: &str = insert_postgres!("");
const INSERT_SQLITE: &str =
    "INSERT INTO audit (id, workspace_id, occurred_at, action, subject_kind, subject_id,
        subject_number, subject_title, actor_kind, actor_id, actor_name, via, address, changes)
    SELECT unhex(value ->> 0), unhex(value ->> 1), value ->> 2, value ->> 3, value ->> 4, unhex(value ->> 5),
        value ->> 6, value ->> 7, value ->> 8, unhex(value ->> 9), value ->> 10, value ->> 11, value ->> 12,
        value -> 13
    FROM json_each($1) WHERE true
    ON CONFLICT (id) DO NOTHING";

/// Adds rows; those that are there already stay as they are. They are written with the commit.
pub fn insert(tx: &mut Tx, entries: Vec<Entry>) -> Result<(), Error> {
    let workspace = tx.workspace()?;
    tx.pending.audit.extend(entries.into_iter().map(|entry| (workspace.0, entry)));
    Ok(())
}

/// Writes what [`insert`] left: rows, each with its workspace.
pub(crate) async fn flush(tx: &mut Tx, rows: &[(Uuid, Entry)]) -> Result<(), Error> {
    match &mut tx.connection {
        Connection::Postgres(connection) => {
            sqlx::query(if tx.shared { INSERT_NEW_POSTGRES } else { INSERT_POSTGRES })
                .bind(column(rows, |(_, entry)| entry.id.0))
                .bind(column(rows, |(workspace, _)| *workspace))
                .bind(column(rows, |(_, entry)| At(entry.occurred_at)))
                .bind(column(rows, |(_, entry)| entry.action.as_str()))
                .bind(column(rows, |(_, entry)| entry.subject_kind.as_str()))
                .bind(column(rows, |(_, entry)| entry.subject))
                .bind(column(rows, |(_, entry)| entry.subject_number))
                .bind(column(rows, |(_, entry)| entry.subject_title.as_str()))
                .bind(column(rows, |(_, entry)| entry.actor.kind.as_str()))
                .bind(column(rows, |(_, entry)| entry.actor.id))
                .bind(column(rows, |(_, entry)| entry.actor.name.as_str()))
                .bind(column(rows, |(_, entry)| entry.actor.via.as_str()))
                .bind(column(rows, |(_, entry)| entry.actor.address.map(|address| address.to_string())))
                .bind(column(rows, |(_, entry)| Json(&entry.changes)))
                .execute(&mut **connection)
                .await?;
        }
        Connection::Sqlite(connection) => {
            let rows = rows.iter().map(|(workspace, entry)| {
                let Entry { actor, .. } = entry;
                serde_json::json!([
                    entry.id.0.simple().to_string(),
                    workspace.simple().to_string(),
                    entry.occurred_at.as_microsecond(),
                    entry.action,
                    entry.subject_kind,
                    entry.subject.simple().to_string(),
                    entry.subject_number,
                    entry.subject_title,
                    actor.kind,
                    actor.id.map(|id| id.simple().to_string()),
                    actor.name,
                    actor.via,
                    actor.address.map(|address| address.to_string()),
                    entry.changes,
                ])
            });
            let rows = serde_json::Value::from_iter(rows).to_string();
            sqlx::query(INSERT_SQLITE).bind(rows).execute(&mut **connection).await?;
        }
    }
    Ok(())
}

macro_rules! names {
    ($among:literal) => {
        concat!(
            "SELECT id, CAST(NULL AS BIGINT), name FROM members WHERE workspace_id = $1 AND id ",
            $among,
            "
             UNION ALL
             SELECT id, NULL, name FROM projects WHERE workspace_id = $1 AND id ",
            $among,
            "
             UNION ALL
             SELECT id, number, title FROM tasks WHERE workspace_id = $1 AND id ",
            $among,
            "
             UNION ALL
             SELECT id, number, subject FROM tickets WHERE workspace_id = $1 AND id ",
            $among,
            "
             UNION ALL
             SELECT id, number, subject FROM conversations WHERE workspace_id = $1 AND id ",
            $among
        )
    };
}

// An array, so that the planner knows there are few and looks each up by its key.
const NAMES_POSTGRES: &str = names!(
    "= ANY (ARRAY(SELECT CAST(value AS UUID) FROM jsonb_array_elements_text(CAST($2 AS JSONB)) AS value))"
);
const NAMES_SQLITE: &str = names!("IN (SELECT unhex(value) FROM json_each($2))");

/// What members, projects, tasks, tickets and conversations of these ids are called now.
pub async fn names(tx: &mut Tx, ids: &[Uuid]) -> Result<HashMap<Uuid, Named>, Error> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let workspace = tx.workspace()?;
    let sql = if tx.is_postgres() { NAMES_POSTGRES } else { NAMES_SQLITE };
    let ids = serde_json::Value::from_iter(ids.iter().map(|id| id.simple().to_string())).to_string();
    let rows = fetch_all!(tx, (Uuid, Option<i64>, String), sql, workspace.0, ids.as_str())?;
    Ok(rows.into_iter().map(|(id, number, name)| (id, Named { number, name })).collect())
}

const SELECT: &str =
    "SELECT id, occurred_at, action, subject_kind, subject_id, subject_number, subject_title,
        actor_kind, actor_id, actor_name, via, address, changes
    FROM audit WHERE workspace_id = $1";

/// The history of one record, newest first.
pub async fn of_subject(
    tx: &mut Tx,
    subject: Uuid,
    limit: i64,
    cursor: Option<Cursor>,
) -> Result<Page<Entry>, Error> {
    let workspace = tx.workspace()?;
    let mut select = Select::new(SELECT, [workspace.0.into()]);
    select.and("subject_id = ?", [subject.into()]);
    page(tx, select, limit, cursor).await
}

/// The audit of the whole workspace, newest first.
pub async fn list(
    tx: &mut Tx,
    filter: &Filter,
    limit: i64,
    cursor: Option<Cursor>,
) -> Result<Page<Entry>, Error> {
    let workspace = tx.workspace()?;
    let mut select = Select::new(SELECT, [workspace.0.into()]);
    if let Some(kind) = &filter.kind {
        select.and("subject_kind = ?", [kind.as_str().into()]);
    }
    if let Some(actor) = filter.actor {
        select.and("actor_id = ?", [actor.0.into()]);
    }
    page(tx, select, limit, cursor).await
}

async fn page(
    tx: &mut Tx,
    mut select: Select,
    limit: i64,
    cursor: Option<Cursor>,
) -> Result<Page<Entry>, Error> {
    if let Some(cursor) = cursor {
        select.and("id < ?", [cursor.id.into()]);
    }
    // Ids of events sort by their time.
    select.end("ORDER BY id DESC LIMIT ?", [(limit + 1).into()]);
    let rows: Vec<Row> = select.fetch_all(tx).await?;
    let entries = rows.into_iter().map(Entry::try_from).collect::<Result<Vec<_>, _>>()?;
    Ok(Page::of(entries, limit, |entry| Cursor { key: 0, id: entry.id.0 }))
}
