//! Tasks and their labels.

pub(crate) mod add;
mod comments;
mod list;

use domain::ids::{ConversationId, MemberId, ProjectId, TaskId, TicketId};
use domain::recurrence::{CountsFrom, Recurrence};
use domain::task::{Due, Status, Task, parse_minute};
use jiff::Timestamp;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::Error;
use crate::at::At;
use crate::tx::{Tx, execute, fetch_all, fetch_optional};

pub use add::insert;
pub use comments::{Comment, comments, delete_comment, insert_comment};
pub use list::{Filter, Sort, by_title, list};

/// A task with the names of what it points to.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskView {
    /// The task.
    pub task: Task,
    /// Its project's name and colour.
    pub project: Option<(String, String)>,
    /// Its assignee's name.
    pub assignee: Option<String>,
    /// Its parent's number and title.
    pub parent: Option<(i64, String)>,
    /// Its ticket's number, subject and conversation.
    pub ticket: Option<(i64, String, ConversationId)>,
    /// How many parts it has.
    pub subtasks: i64,
    /// How many of them are done.
    pub subtasks_done: i64,
    /// How many comments it has.
    pub comments: i64,
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    number: i64,
    title: String,
    notes: String,
    status: String,
    rank: i64,
    due_date: Option<String>,
    due_time: Option<String>,
    due_at: Option<At>,
    zone: String,
    priority: Option<i64>,
    labels: Json<Vec<String>>,
    project_id: Option<Uuid>,
    assignee_id: Option<Uuid>,
    parent_id: Option<Uuid>,
    ticket_id: Option<Uuid>,
    rule: Option<String>,
    counts_from: Option<String>,
    rule_revision: i64,
    series_id: Option<Uuid>,
    series_start: Option<String>,
    comments: i64,
    completed_at: Option<At>,
    created_by: String,
    created_at: At,
    updated_at: At,
    version: i64,
}

#[derive(FromRow)]
struct ViewRow {
    #[sqlx(flatten)]
    task: Row,
    project_name: Option<String>,
    project_color: Option<String>,
    assignee_name: Option<String>,
    parent_number: Option<i64>,
    parent_title: Option<String>,
    ticket_number: Option<i64>,
    ticket_subject: Option<String>,
    ticket_conversation: Option<Uuid>,
    subtasks: i64,
    subtasks_done: i64,
}

fn corrupt(found: impl Into<String>) -> Error {
    Error::Corrupt { what: "task", found: found.into() }
}

impl TryFrom<Row> for Task {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let due = match row.due_date {
            None => None,
            Some(date) => Some(Due {
                date: date.parse().map_err(|_| corrupt(date))?,
                time: match row.due_time {
                    None => None,
                    Some(time) => Some(parse_minute(&time).ok_or_else(|| corrupt(time))?),
                },
            }),
        };
        let recurrence = match row.rule {
            None => None,
            Some(rule) => {
                let from = match row.counts_from.as_deref() {
                    Some("completion") => CountsFrom::Completion,
                    _ => CountsFrom::Schedule,
                };
                Some(Recurrence::new(&rule, from).map_err(|_| corrupt(rule))?)
            }
        };
        Ok(Self {
            id: TaskId(row.id),
            number: row.number,
            title: row.title,
            notes: row.notes,
            status: Status::parse(&row.status).ok_or_else(|| corrupt(row.status))?,
            rank: row.rank,
            due,
            due_at: row.due_at.map(Timestamp::from),
            zone: row.zone,
            priority: row.priority.and_then(|priority| u8::try_from(priority).ok()),
            labels: row.labels.0,
            project: row.project_id.map(ProjectId),
            assignee: row.assignee_id.map(MemberId),
            parent: row.parent_id.map(TaskId),
            ticket: row.ticket_id.map(TicketId),
            recurrence,
            rule_revision: row.rule_revision,
            series: row.series_id.map(TaskId),
            series_start: match row.series_start {
                None => None,
                Some(start) => Some(start.parse().map_err(|_| corrupt(start))?),
            },
            completed_at: row.completed_at.map(Timestamp::from),
            created_by: row.created_by,
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
            version: row.version,
        })
    }
}

impl TryFrom<ViewRow> for TaskView {
    type Error = Error;

    fn try_from(row: ViewRow) -> Result<Self, Error> {
        let comments = row.task.comments;
        Ok(Self {
            task: row.task.try_into()?,
            project: row.project_name.zip(row.project_color),
            assignee: row.assignee_name,
            parent: row.parent_number.zip(row.parent_title),
            ticket: match (row.ticket_number, row.ticket_subject, row.ticket_conversation) {
                (Some(number), Some(subject), Some(conversation)) => {
                    Some((number, subject, ConversationId(conversation)))
                }
                _ => None,
            },
            subtasks: row.subtasks,
            subtasks_done: row.subtasks_done,
            comments,
        })
    }
}

macro_rules! columns {
    () => {
        "t.id, t.number, t.title, t.notes, t.status, t.rank, t.due_date, t.due_time, t.due_at, t.zone,
         t.priority, t.labels, t.project_id, t.assignee_id, t.parent_id, t.ticket_id, t.rule, t.counts_from,
         t.rule_revision, t.series_id, t.series_start, t.comments, t.completed_at, t.created_by, t.created_at,
         t.updated_at, t.version"
    };
}

// What there can be many of is looked up by its key, not joined: PostgreSQL would go through all of the workspace's for
// each row, by a plan that was made while the tables were empty.
macro_rules! view {
    () => {
        concat!(
            "SELECT ",
            $crate::tasks::columns!(),
            ", p.name AS project_name, p.color AS project_color, m.name AS assignee_name,
             (SELECT o.number FROM tasks o WHERE o.id = t.parent_id) AS parent_number,
             (SELECT o.title FROM tasks o WHERE o.id = t.parent_id) AS parent_title,
             k.number AS ticket_number, k.subject AS ticket_subject, k.conversation_id AS ticket_conversation,
             (SELECT count(*) FROM tasks s WHERE s.parent_id = t.id AND s.deleted_at IS NULL) AS subtasks,
             (SELECT count(*) FROM tasks s WHERE s.parent_id = t.id AND s.deleted_at IS NULL AND s.status = 'done')
                 AS subtasks_done
             FROM tasks t
             LEFT JOIN projects p ON p.id = t.project_id AND p.deleted_at IS NULL
             LEFT JOIN members m ON m.id = t.assignee_id
             LEFT JOIN tickets k ON k.id = t.ticket_id
             WHERE t.workspace_id = $1"
        )
    };
}

use {columns, view};

/// What lists sort undated tasks by: after all others.
const UNDATED: i64 = i64::MAX;

fn due_key(task: &Task) -> i64 {
    task.due_at.map_or(UNDATED, Timestamp::as_microsecond)
}

fn time_text(due: Option<Due>) -> Option<String> {
    due?.time.map(|time| format!("{:02}:{:02}", time.hour(), time.minute()))
}

fn counts_from_text(recurrence: Option<&Recurrence>) -> Option<&'static str> {
    recurrence.map(|recurrence| match recurrence.from() {
        CountsFrom::Schedule => "schedule",
        CountsFrom::Completion => "completion",
    })
}

async fn insert_labels(tx: &mut Tx, task: &Task) -> Result<(), Error> {
    let workspace = tx.workspace()?;
    for label in &task.labels {
        execute!(
            tx,
            "INSERT INTO task_labels (workspace_id, label, task_id) VALUES ($1, $2, $3)
             ON CONFLICT (workspace_id, label, task_id) DO NOTHING",
            workspace.0,
            label.to_lowercase(),
            task.id.0,
        )?;
    }
    Ok(())
}

/// Writes `task`, whose version is one above the one it was read with.
///
/// Gives whether it was still at that version.
pub async fn update(tx: &mut Tx, task: &Task, labels_changed: bool) -> Result<bool, Error> {
    let workspace = tx.workspace()?;
    let touched = execute!(
        tx,
        "UPDATE tasks SET title = $3, notes = $4, status = $5, rank = $6, due_date = $7, due_time = $8,
             due_at = $9, due_key = $10, zone = $11, priority = $12, labels = $13, project_id = $14,
             assignee_id = $15, parent_id = $16, ticket_id = $17, rule = $18, counts_from = $19,
             rule_revision = $20, series_start = $21, completed_at = $22, updated_at = $23, version = $24
         WHERE workspace_id = $1 AND id = $2 AND version = $24 - 1 AND deleted_at IS NULL",
        workspace.0,
        task.id.0,
        task.title.as_str(),
        task.notes.as_str(),
        task.status.as_str(),
        task.rank,
        task.due.map(|due| due.date.to_string()),
        time_text(task.due),
        task.due_at.map(At),
        due_key(task),
        task.zone.as_str(),
        task.priority.map(i64::from),
        Json(&task.labels),
        task.project.map(|id| id.0),
        task.assignee.map(|id| id.0),
        task.parent.map(|id| id.0),
        task.ticket.map(|id| id.0),
        task.recurrence.as_ref().map(|recurrence| recurrence.rule().to_string()),
        counts_from_text(task.recurrence.as_ref()),
        task.rule_revision,
        task.series_start.map(|start| start.to_string()),
        task.completed_at.map(At),
        At(task.updated_at),
        task.version,
    )?;
    if touched == 1 && labels_changed {
        execute!(
            tx,
            "DELETE FROM task_labels WHERE workspace_id = $1 AND task_id = $2",
            workspace.0,
            task.id.0
        )?;
        insert_labels(tx, task).await?;
    }
    Ok(touched == 1)
}

/// Marks a task and its parts as deleted, or brings back what was deleted at the same instant.
///
/// Gives the ids of the tasks it touched, the task's own among them; none where it was not as expected.
pub async fn set_deleted(
    tx: &mut Tx,
    task: &Task,
    deleted_at: Option<Timestamp>,
) -> Result<Vec<TaskId>, Error> {
    let workspace = tx.workspace()?;
    let now = tx.now();
    let rows = match deleted_at {
        Some(at) => fetch_all!(
            tx,
            (Uuid,),
            "UPDATE tasks SET deleted_at = $3, updated_at = $3, version = version + 1
                 WHERE workspace_id = $1 AND (id = $2 OR parent_id = $2) AND deleted_at IS NULL RETURNING id",
            workspace.0,
            task.id.0,
            At(at),
        )?,
        None => fetch_all!(
            tx,
            (Uuid,),
            "UPDATE tasks SET deleted_at = NULL, updated_at = $3, version = version + 1
                 WHERE workspace_id = $1 AND (id = $2 OR parent_id = $2)
                   AND deleted_at = (SELECT d.deleted_at FROM tasks d WHERE d.id = $2) RETURNING id",
            workspace.0,
            task.id.0,
            At(now),
        )?,
    };
    Ok(rows.into_iter().map(|(id,)| TaskId(id)).collect())
}

/// The task of that id, held against other writers until this transaction ends.
pub async fn lock(tx: &mut Tx, id: TaskId) -> Result<Option<Task>, Error> {
    const SQLITE: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM tasks t WHERE t.workspace_id = $1 AND t.id = $2 AND t.deleted_at IS NULL"
    );
    const POSTGRES: &str = concat!(
        "SELECT ",
        columns!(),
        " FROM tasks t WHERE t.workspace_id = $1 AND t.id = $2 AND t.deleted_at IS NULL FOR UPDATE"
    );
    let workspace = tx.workspace()?;
    let text = if tx.is_postgres() { POSTGRES } else { SQLITE };
    fetch_optional!(tx, Row, text, workspace.0, id.0)?.map(Task::try_from).transpose()
}

/// The task of that id even if it is deleted.
pub async fn get_deleted(tx: &mut Tx, id: TaskId) -> Result<Option<Task>, Error> {
    let workspace = tx.workspace()?;
    fetch_optional!(
        tx,
        Row,
        concat!("SELECT ", columns!(), " FROM tasks t WHERE t.workspace_id = $1 AND t.id = $2"),
        workspace.0,
        id.0
    )?
    .map(Task::try_from)
    .transpose()
}

/// The task of that id, with names.
pub async fn get(tx: &mut Tx, id: TaskId) -> Result<Option<TaskView>, Error> {
    let workspace = tx.workspace()?;
    fetch_optional!(
        tx,
        ViewRow,
        concat!(view!(), " AND t.id = $2 AND t.deleted_at IS NULL"),
        workspace.0,
        id.0
    )?
    .map(TaskView::try_from)
    .transpose()
}

/// The task of that number.
pub async fn by_number(tx: &mut Tx, number: i64) -> Result<Option<TaskView>, Error> {
    let workspace = tx.workspace()?;
    fetch_optional!(
        tx,
        ViewRow,
        concat!(view!(), " AND t.number = $2 AND t.deleted_at IS NULL"),
        workspace.0,
        number
    )?
    .map(TaskView::try_from)
    .transpose()
}

/// The ranks around the place right after `after` in the column of `status` (its top where nothing is
/// given): the rank before and the one behind, where there are any.
pub async fn ranks_around(
    tx: &mut Tx,
    status: Status,
    after: Option<TaskId>,
    moving: TaskId,
) -> Result<Option<(Option<i64>, Option<i64>)>, Error> {
    let workspace = tx.workspace()?;
    let before = match after {
        None => None,
        Some(after) => {
            let row = fetch_optional!(
                tx,
                (i64,),
                "SELECT rank FROM tasks WHERE workspace_id = $1 AND id = $2 AND status = $3 AND deleted_at IS NULL",
                workspace.0,
                after.0,
                status.as_str(),
            )?;
            match row {
                Some((rank,)) => Some(rank),
                None => return Ok(None),
            }
        }
    };
    let behind = fetch_optional!(
        tx,
        (i64,),
        "SELECT rank FROM tasks WHERE workspace_id = $1 AND status = $2 AND deleted_at IS NULL AND id <> $3
             AND rank > $4 ORDER BY rank LIMIT 1",
        workspace.0,
        status.as_str(),
        moving.0,
        before.unwrap_or(i64::MIN),
    )?;
    Ok(Some((before, behind.map(|(rank,)| rank))))
}

/// Spreads the ranks of a column evenly again, keeping its order, so that there is room in between.
pub async fn spread_ranks(tx: &mut Tx, status: Status, step: i64) -> Result<(), Error> {
    let workspace = tx.workspace()?;
    execute!(
        tx,
        "UPDATE tasks SET rank = $3 * (SELECT count(*) FROM tasks s WHERE s.workspace_id = $1 AND s.status = $2
                 AND s.deleted_at IS NULL AND (s.rank < tasks.rank OR (s.rank = tasks.rank AND s.id <= tasks.id)))
         WHERE workspace_id = $1 AND status = $2 AND deleted_at IS NULL",
        workspace.0,
        status.as_str(),
        step,
    )?;
    Ok(())
}

/// The labels in use by open tasks, with how many have each.
pub async fn labels(tx: &mut Tx) -> Result<Vec<(String, i64)>, Error> {
    let workspace = tx.workspace()?;
    fetch_all!(
        tx,
        (String, i64),
        "SELECT l.label, count(*) FROM task_labels l JOIN tasks t ON t.id = l.task_id
         WHERE l.workspace_id = $1 AND t.deleted_at IS NULL AND t.status <> 'done'
         GROUP BY l.label ORDER BY l.label LIMIT 500",
        workspace.0,
    )
}
