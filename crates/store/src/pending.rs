//! What transactions leave to be written together, for all that share a commit: new tasks, search documents,
//! events, rows of the audit, and on SQLite the counts of short numbers.
//!
//! Tasks are written before the next statement of any kind, so that it sees them. The others nobody reads before
//! the commit.

use std::collections::HashMap;

use domain::ids::WorkspaceId;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::at::At;
use crate::numbers::Kind;
use crate::tasks::add;
use crate::tx::{Connection, Tx};
use crate::{Error, audit};

/// A search document as it is written.
pub(crate) struct Document {
    pub(crate) workspace: Uuid,
    pub(crate) kind: &'static str,
    pub(crate) record_id: Uuid,
    pub(crate) conversation_id: Option<Uuid>,
    pub(crate) number: Option<i64>,
    pub(crate) slug: Option<String>,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) updated_at: Timestamp,
    /// What the index is told: the words that are not the document's own, its title, its text.
    pub(crate) words: [String; 3],
}

/// An event as it waits for the relay.
pub(crate) struct Event {
    pub(crate) workspace: Uuid,
    pub(crate) event_id: Uuid,
    pub(crate) topic: &'static str,
    pub(crate) partition: i64,
    pub(crate) envelope: String,
    pub(crate) created_at: Timestamp,
}

/// What is to be written before the commit.
#[derive(Default)]
pub(crate) struct Pending {
    /// New tasks, as `tasks::add` hands them over.
    pub(crate) tasks: Vec<Value>,
    pub(crate) documents: Vec<Document>,
    pub(crate) events: Vec<Event>,
    /// Rows of the audit, with their workspaces.
    pub(crate) audit: Vec<(Uuid, audit::Entry)>,
    /// The last number given out, for what was counted since the transaction began.
    pub(crate) counts: HashMap<(WorkspaceId, Kind), i64>,
}

/// How much was pending at one moment.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    tasks: usize,
    documents: usize,
    events: usize,
    audit: usize,
}

impl Pending {
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            tasks: self.tasks.len(),
            documents: self.documents.len(),
            events: self.events.len(),
            audit: self.audit.len(),
        }
    }

    /// Forgets what came after `mark`. Counts stay: a number that was given out leaves a gap.
    pub(crate) fn truncate(&mut self, mark: Mark) {
        self.tasks.truncate(mark.tasks);
        self.documents.truncate(mark.documents);
        self.events.truncate(mark.events);
        self.audit.truncate(mark.audit);
    }

    /// Whether there is nothing but, perhaps, rows of the audit.
    fn is_empty(&self) -> bool {
        self.tasks.is_empty() && self.documents.is_empty() && self.events.is_empty() && self.counts.is_empty()
    }
}

/// Writes what is pending, where the next statement might have to see it.
pub(crate) async fn settle(tx: &mut Tx) -> Result<(), Error> {
    if tx.pending.tasks.is_empty() { Ok(()) } else { flush(tx).await }
}

/// Writes what is pending; one trip to the database, and one more for the audit, which nothing else is written with.
pub(crate) async fn flush(tx: &mut Tx) -> Result<(), Error> {
    let audit = std::mem::take(&mut tx.pending.audit);
    if !audit.is_empty() {
        tx.wrote = true;
        audit::flush(tx, &audit).await?;
    }
    if tx.pending.is_empty() {
        return Ok(());
    }
    tx.wrote = true;
    let pending = std::mem::take(&mut tx.pending);
    if tx.is_postgres() { postgres(tx, pending).await } else { sqlite(tx, pending).await }
}

/// One text for one trip: the rows come as JSON, with ids in hexadecimal digits.
const SQLITE: &str = concat!(
    add::sqlite!(),
    "
    INSERT INTO counters (workspace_id, kind, last)
    SELECT unhex(value ->> 0), value ->> 1, value ->> 2 FROM json_each($2) WHERE true
    ON CONFLICT (workspace_id, kind) DO UPDATE SET last = excluded.last;

    INSERT INTO search_docs (workspace_id, kind, record_id, conversation_id, number, slug, title, body, updated_at)
    SELECT unhex(value ->> 0), value ->> 1, unhex(value ->> 2), unhex(value ->> 3), value ->> 4, value ->> 5,
        value ->> 6, value ->> 7, value ->> 8
    FROM json_each($3);

    INSERT INTO search_words (rowid, scope, title, body)
    SELECT doc.id, value ->> 9, value ->> 10, value ->> 11
    FROM json_each($3) JOIN search_docs doc ON doc.record_id = unhex(value ->> 2);

    INSERT INTO outbox (workspace_id, event_id, topic, partition, envelope, created_at)
    SELECT unhex(value ->> 0), unhex(value ->> 1), value ->> 2, value ->> 3, value ->> 4, value ->> 5
    FROM json_each($4) ORDER BY key"
);

async fn sqlite(tx: &mut Tx, pending: Pending) -> Result<(), Error> {
    let hex = |id: Uuid| id.simple().to_string();
    let counts = pending.counts.iter();
    let counts = counts.map(|((workspace, kind), last)| json!([hex(workspace.0), kind.as_str(), last]));
    let documents = pending.documents.iter().map(|document| {
        let [scope, title, body] = &document.words;
        json!([
            hex(document.workspace),
            document.kind,
            hex(document.record_id),
            document.conversation_id.map(hex),
            document.number,
            document.slug,
            document.title,
            document.body,
            document.updated_at.as_microsecond(),
            scope,
            title,
            body,
        ])
    });
    let events = pending.events.iter().map(|event| {
        json!([
            hex(event.workspace),
            hex(event.event_id),
            event.topic,
            event.partition,
            event.envelope,
            event.created_at.as_microsecond(),
        ])
    });
    let Connection::Sqlite(connection) = &mut tx.connection else {
        return Err(Error::GivenUp("the transaction is not SQLite's"));
    };
    sqlx::query(SQLITE)
        .bind(Value::Array(pending.tasks).to_string())
        .bind(Value::from_iter(counts).to_string())
        .bind(Value::from_iter(documents).to_string())
        .bind(Value::from_iter(events).to_string())
        .execute(&mut **connection)
        .await?;
    Ok(())
}

macro_rules! insert_events {
    () => {
        "INSERT INTO outbox (workspace_id, event_id, topic, partition, envelope, created_at)
         SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::timestamptz[])"
    };
}

const EVENTS_POSTGRES: &str = insert_events!();

macro_rules! insert_documents {
    () => {
        "documents AS (
         INSERT INTO search_docs
             (workspace_id, kind, record_id, conversation_id, number, slug, title, body, updated_at, words)
         SELECT workspace_id, kind, record_id, conversation_id, number, slug, title, body, updated_at,
             deskhand_words(scope, indexed_title, indexed_body)
         FROM UNNEST($7::uuid[], $8::text[], $9::uuid[], $10::uuid[], $11::bigint[], $12::text[], $13::text[],
             $14::text[], $15::timestamptz[], $16::text[], $17::text[], $18::text[])
             AS doc (workspace_id, kind, record_id, conversation_id, number, slug, title, body, updated_at, scope,
                 indexed_title, indexed_body)
     ) "
    };
}

const DOCUMENTS_POSTGRES: &str = concat!("WITH ", insert_documents!(), insert_events!());
const TASKS_POSTGRES: &str = concat!("WITH ", add::postgres!(), ", ", insert_documents!(), insert_events!());

async fn postgres(tx: &mut Tx, pending: Pending) -> Result<(), Error> {
    let Connection::Postgres(connection) = &mut tx.connection else {
        return Err(Error::GivenUp("the transaction is not PostgreSQL's"));
    };
    let Pending { tasks, documents, events, .. } = pending;
    let text = match (tasks.as_slice(), documents.as_slice()) {
        ([], []) => EVENTS_POSTGRES,
        ([], _) => DOCUMENTS_POSTGRES,
        _ => TASKS_POSTGRES,
    };
    let mut query = sqlx::query(text)
        .bind(column(&events, |event| event.workspace))
        .bind(column(&events, |event| event.event_id))
        .bind(column(&events, |event| event.topic))
        .bind(column(&events, |event| event.partition))
        .bind(column(&events, |event| event.envelope.as_str()))
        .bind(column(&events, |event| At(event.created_at)));
    if text != EVENTS_POSTGRES {
        query = query
            .bind(column(&documents, |document| document.workspace))
            .bind(column(&documents, |document| document.kind))
            .bind(column(&documents, |document| document.record_id))
            .bind(column(&documents, |document| document.conversation_id))
            .bind(column(&documents, |document| document.number))
            .bind(column(&documents, |document| document.slug.as_deref()))
            .bind(column(&documents, |document| document.title.as_str()))
            .bind(column(&documents, |document| document.body.as_str()))
            .bind(column(&documents, |document| At(document.updated_at)))
            .bind(column(&documents, |document| document.words[0].as_str()))
            .bind(column(&documents, |document| document.words[1].as_str()))
            .bind(column(&documents, |document| document.words[2].as_str()));
    }
    if !tasks.is_empty() {
        query = query.bind(Value::Array(tasks));
    }
    query.execute(&mut **connection).await?;
    Ok(())
}

/// One value of each row.
pub(crate) fn column<'r, R, V>(rows: &'r [R], value: impl Fn(&'r R) -> V) -> Vec<V> {
    rows.iter().map(value).collect()
}
