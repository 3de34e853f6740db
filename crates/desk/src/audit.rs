//! The audit: who did what, when, from where. Every event becomes a row, and rows become sentences here.

mod sentence;

use domain::event::data::Change;
use domain::ids::MemberId;
use domain::{ActorRef, Caller, Envelope, EventType};
use jiff::Timestamp;
use store::Tx;
use store::audit::{Entry, Filter};
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::{Delivery, Desk, Page, Paging, UseCase};

/// One thing that happened to a record.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryEntry {
    /// Its id.
    pub id: Uuid,
    /// When.
    pub at: Timestamp,
    /// Who, and the way in.
    pub actor: ActorRef,
    /// The event's type, such as `task.created`.
    pub action: String,
    /// What was done, to go after the actor's name: `created the task`.
    pub text: String,
    /// What is different since, in words.
    pub changes: Vec<Change>,
    /// The record.
    pub subject: Subject,
}

/// The record that something happened to, as it was called then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Its kind.
    pub kind: String,
    /// Its id.
    pub id: Uuid,
    /// Its number, where it has one.
    pub number: Option<i64>,
    /// Its title, subject or name.
    pub title: String,
}

impl From<Entry> for HistoryEntry {
    fn from(entry: Entry) -> Self {
        Self {
            id: entry.id.0,
            at: entry.occurred_at,
            text: sentence::say(&entry.action, &entry.changes),
            actor: entry.actor,
            action: entry.action,
            changes: entry.changes,
            subject: Subject {
                kind: entry.subject_kind,
                id: entry.subject,
                number: entry.subject_number,
                title: entry.subject_title,
            },
        }
    }
}

/// A page of the history of one record, newest first; empty for one that is not there.
pub async fn history(
    desk: &Desk,
    caller: &Caller,
    subject: Uuid,
    paging: Paging,
) -> Result<Page<HistoryEntry>> {
    desk.read(caller, UseCase::ReadHistory, (subject, paging), |tx, (subject, paging)| {
        Box::pin(async move {
            let page = store::audit::of_subject(tx, *subject, paging.limit, paging.cursor).await?;
            Ok(page.map(HistoryEntry::from))
        })
    })
    .await
}

/// A page of what happened in the whole workspace, newest first; of one kind of record, or by one member.
pub async fn list(
    desk: &Desk,
    caller: &Caller,
    kind: Option<String>,
    actor: Option<MemberId>,
    paging: Paging,
) -> Result<Page<HistoryEntry>> {
    desk.read(caller, UseCase::ReadAudit, (Filter { kind, actor }, paging), |tx, (filter, paging)| {
        Box::pin(async move {
            let page = store::audit::list(tx, filter, paging.limit, paging.cursor).await?;
            Ok(page.map(HistoryEntry::from))
        })
    })
    .await
}

/// Whether events of this type are somebody's doing. What Deskhand tells members is not.
pub fn concerns(kind: EventType) -> bool {
    kind != EventType::NotificationCreated
}

/// Keeps what `deliveries`, which are all of one workspace and partition, tell of; in one transaction.
///
/// Errors with [`Error::Handled`] where the worker has lost the partition.
pub async fn keep(desk: &Desk, deliveries: Vec<Delivery>) -> Result<()> {
    let Some((workspace, wants)) = Delivery::wants(&deliveries) else { return Ok(()) };
    desk.store
        .add(workspace, wants, deliveries, |tx, deliveries| {
            Box::pin(async move {
                let fresh = Delivery::take_all(tx, deliveries).await?;
                let mut entries: Vec<Entry> =
                    fresh.into_iter().map(|delivery| entry(&delivery.event)).collect();
                name(tx, &mut entries).await?;
                store::audit::insert(tx, entries)?;
                Ok::<_, Error>(())
            })
        })
        .await
}

/// The row for an event. What its data does not say is left open for [`name`].
fn entry(event: &Envelope) -> Entry {
    let text = |field: &str| event.data.get(field).and_then(|value| value.as_str()).map(str::to_owned);
    let id = |field: &str| text(field).and_then(|text| text.parse::<Uuid>().ok());
    // What belongs to another record goes into that one's history.
    let (kind, subject, number) = match event.kind.kind() {
        "message" => ("conversation", id("conversation_id"), "conversation_number"),
        "reminder" => ("task", id("task_id"), "task_number"),
        _ if matches!(event.kind, EventType::TaskCommented | EventType::TaskCommentRemoved) => {
            ("task", id("task_id"), "task_number")
        }
        _ if event.kind == EventType::MemberSignedOut => ("member", id("member_id"), "number"),
        kind => (kind, None, "number"),
    };
    let titles: &[&str] =
        if subject.is_none() { &["title", "subject", "name"] } else { &["conversation_subject"] };
    let title = titles.iter().find_map(|field| text(field));
    let changes = event.data.get("changes").cloned().unwrap_or_default();
    Entry {
        id: event.id,
        occurred_at: event.occurred_at,
        action: event.kind.as_str().to_owned(),
        subject_kind: kind.to_owned(),
        subject: subject.unwrap_or(event.subject_id),
        subject_number: event.data.get(number).and_then(serde_json::Value::as_i64),
        subject_title: title.unwrap_or_default(),
        actor: event.actor.clone(),
        changes: serde_json::from_value(changes).unwrap_or_default(),
    }
}

/// Fields whose changes hold ids, which mean nothing to who reads them.
const REFERENCES: [&str; 5] = ["assignee", "project", "parent", "ticket", "claimed_by"];

/// Fills in what records are called, as long as they are.
async fn name(tx: &mut Tx, entries: &mut [Entry]) -> Result<()> {
    let mut ids: Vec<Uuid> = Vec::new();
    for entry in entries.iter() {
        if entry.subject_title.is_empty() {
            ids.push(entry.subject);
        }
        let changes = entry.changes.iter().filter(|change| REFERENCES.contains(&change.field.as_str()));
        let values = changes.flat_map(|change| change.from.iter().chain(&change.to));
        ids.extend(values.filter_map(|value| value.parse::<Uuid>().ok()));
    }
    ids.sort();
    ids.dedup();
    let names = store::audit::names(tx, &ids).await?;
    for entry in entries {
        if let Some(named) = names.get(&entry.subject).filter(|_| entry.subject_title.is_empty()) {
            entry.subject_title.clone_from(&named.name);
            entry.subject_number = entry.subject_number.or(named.number);
        }
        for change in entry.changes.iter_mut().filter(|change| REFERENCES.contains(&change.field.as_str())) {
            for value in [&mut change.from, &mut change.to].into_iter().flatten() {
                let Some(named) = value.parse().ok().and_then(|id: Uuid| names.get(&id)) else { continue };
                *value = named.number.map_or_else(|| named.name.clone(), |number| format!("#{number}"));
            }
        }
    }
    Ok(())
}
