//! How new tasks are written: all that wait, with their labels, in one statement. They are handed over as JSON,
//! with ids in hexadecimal digits and instants in microseconds, which both databases take apart.

use domain::recurrence::Recurrence;
use domain::task::Task;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{counts_from_text, due_key, time_text};
use crate::Error;
use crate::tx::Tx;

/// Adds `task`, whose id is new. It is written with what else waits: before the next statement, or the commit.
pub fn insert(tx: &mut Tx, task: &Task) -> Result<(), Error> {
    let workspace = tx.workspace()?;
    tx.pending.tasks.push(row(workspace.0, task));
    Ok(())
}

fn row(workspace: Uuid, task: &Task) -> Value {
    let hex = |id: Uuid| id.simple().to_string();
    let keys: Vec<String> = task.labels.iter().map(|label| label.to_lowercase()).collect();
    json!({
        "id": hex(task.id.0),
        "workspace_id": hex(workspace),
        "number": task.number,
        "title": task.title,
        "notes": task.notes,
        "status": task.status.as_str(),
        "rank": task.rank,
        "due_date": task.due.map(|due| due.date.to_string()),
        "due_time": time_text(task.due),
        "due_at": task.due_at.map(Timestamp::as_microsecond),
        "due_key": due_key(task),
        "zone": task.zone,
        "priority": task.priority,
        "labels": task.labels,
        "label_keys": keys,
        "project_id": task.project.map(|id| hex(id.0)),
        "assignee_id": task.assignee.map(|id| hex(id.0)),
        "parent_id": task.parent.map(|id| hex(id.0)),
        "ticket_id": task.ticket.map(|id| hex(id.0)),
        "rule": task.recurrence.as_ref().map(Recurrence::rule).map(ToString::to_string),
        "counts_from": counts_from_text(task.recurrence.as_ref()),
        "rule_revision": task.rule_revision,
        "series_id": task.series.map(|id| hex(id.0)),
        "series_start": task.series_start.map(|start| start.to_string()),
        "completed_at": task.completed_at.map(Timestamp::as_microsecond),
        "created_by": task.created_by,
        "created_at": task.created_at.as_microsecond(),
        "version": task.version,
    })
}

macro_rules! columns {
    () => {
        "(id, workspace_id, number, title, notes, status, rank, due_date, due_time, due_at, due_key, zone, priority,
          labels, project_id, assignee_id, parent_id, ticket_id, rule, counts_from, rule_revision, series_id,
          series_start, comments, completed_at, created_by, created_at, updated_at, version)"
    };
}

/// Two statements for what is in `$1`.
macro_rules! sqlite {
    () => {
        concat!(
            "INSERT INTO tasks ",
            $crate::tasks::add::columns!(),
            "SELECT unhex(value ->> 'id'), unhex(value ->> 'workspace_id'), value ->> 'number', value ->> 'title',
                 value ->> 'notes', value ->> 'status', value ->> 'rank', value ->> 'due_date', value ->> 'due_time',
                 value ->> 'due_at', value ->> 'due_key', value ->> 'zone', value ->> 'priority', value -> 'labels',
                 unhex(value ->> 'project_id'), unhex(value ->> 'assignee_id'), unhex(value ->> 'parent_id'),
                 unhex(value ->> 'ticket_id'), value ->> 'rule', value ->> 'counts_from', value ->> 'rule_revision',
                 unhex(value ->> 'series_id'), value ->> 'series_start', 0, value ->> 'completed_at',
                 value ->> 'created_by', value ->> 'created_at', value ->> 'created_at', value ->> 'version'
             FROM json_each($1);

             INSERT INTO task_labels (workspace_id, label, task_id)
             SELECT unhex(task.value ->> 'workspace_id'), label.value, unhex(task.value ->> 'id')
             FROM json_each($1) AS task, json_each(task.value, '$.label_keys') AS label WHERE true
             ON CONFLICT (workspace_id, label, task_id) DO NOTHING;"
        )
    };
}

macro_rules! instant {
    ($column:literal) => {
        concat!("TIMESTAMPTZ 'epoch' + ", $column, " * INTERVAL '1 microsecond'")
    };
}

/// Parts of a statement for what is in `$19`; one of its own follows.
macro_rules! postgres {
    () => {
        concat!(
            "task AS MATERIALIZED (
                 SELECT * FROM jsonb_to_recordset($19) AS task (id UUID, workspace_id UUID, number BIGINT, title TEXT,
                     notes TEXT, status TEXT, rank BIGINT, due_date TEXT, due_time TEXT, due_at BIGINT,
                     due_key BIGINT, zone TEXT, priority BIGINT, labels JSONB, label_keys JSONB, project_id UUID,
                     assignee_id UUID, parent_id UUID, ticket_id UUID, rule TEXT, counts_from TEXT,
                     rule_revision BIGINT, series_id UUID, series_start TEXT, completed_at BIGINT, created_by TEXT,
                     created_at BIGINT, version BIGINT)
             ), added AS (
                 INSERT INTO tasks ",
            $crate::tasks::add::columns!(),
            "    SELECT id, workspace_id, number, title, notes, status, rank, due_date, due_time, ",
            $crate::tasks::add::instant!("due_at"),
            ",       due_key, zone, priority, labels, project_id, assignee_id, parent_id, ticket_id, rule,
                     counts_from, rule_revision, series_id, series_start, 0, ",
            $crate::tasks::add::instant!("completed_at"),
            ",       created_by, ",
            $crate::tasks::add::instant!("created_at"),
            ", ",
            $crate::tasks::add::instant!("created_at"),
            ",       version
                 FROM task
             ), labelled AS (
                 INSERT INTO task_labels (workspace_id, label, task_id)
                 SELECT workspace_id, label, id FROM task, jsonb_array_elements_text(label_keys) AS label
                 ON CONFLICT (workspace_id, label, task_id) DO NOTHING
             )"
        )
    };
}

pub(crate) use {columns, instant, postgres, sqlite};
