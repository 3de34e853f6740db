//! Lists of tasks: which, in what order, a page at a time.

use domain::ids::{MemberId, ProjectId, TaskId, TicketId};
use domain::task::Status;
use jiff::Timestamp;

use super::{TaskView, ViewRow, due_key, view};
use crate::filter::{Select, Value, containing};
use crate::tx::Tx;
use crate::{Cursor, Error, Page};

/// What a list of tasks is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// The earliest due first, undated last.
    #[default]
    Due,
    /// The board's order.
    Rank,
    /// The newest first.
    Created,
    /// The most recently finished first.
    Completed,
}

/// Which tasks.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only these; all where empty.
    pub statuses: Vec<Status>,
    /// Only this member's; `Some(None)`: nobody's.
    pub assignee: Option<Option<MemberId>>,
    /// Only this project's; `Some(None)`: of no project.
    pub project: Option<Option<ProjectId>>,
    /// Only with this label.
    pub label: Option<String>,
    /// Only of this priority.
    pub priority: Option<u8>,
    /// Only of this ticket.
    pub ticket: Option<TicketId>,
    /// Only parts of this task; `Some(None)`: only those that are no part of another.
    pub parent: Option<Option<TaskId>>,
    /// Only due on or after this day.
    pub due_from: Option<jiff::civil::Date>,
    /// Only due on or before this day.
    pub due_to: Option<jiff::civil::Date>,
    /// Only due before this instant.
    pub due_before: Option<Timestamp>,
    /// Only with (`true`) or without (`false`) a due date.
    pub dated: Option<bool>,
    /// Only with this in the title.
    pub text: Option<String>,
    /// The order.
    pub sort: Sort,
}

/// Adds the conditions of `filter`, and of the page.
fn narrow(select: &mut Select, filter: &Filter, cursor: Option<Cursor>) {
    match filter.statuses.as_slice() {
        [] => {}
        [one] => select.and("t.status = ?", [one.as_str().into()]),
        [one, two, ..] => {
            select.and("(t.status = ? OR t.status = ?)", [one.as_str().into(), two.as_str().into()])
        }
    }
    match filter.assignee {
        Some(Some(id)) => select.and("t.assignee_id = ?", [id.0.into()]),
        Some(None) => select.and("t.assignee_id IS NULL", []),
        None => {}
    }
    match filter.project {
        Some(Some(id)) => select.and("t.project_id = ?", [id.0.into()]),
        Some(None) => select.and("t.project_id IS NULL", []),
        None => {}
    }
    match filter.parent {
        Some(Some(id)) => select.and("t.parent_id = ?", [id.0.into()]),
        Some(None) => select.and("t.parent_id IS NULL", []),
        None => {}
    }
    if let Some(label) = &filter.label {
        select.and(
            "EXISTS (SELECT 1 FROM task_labels l WHERE l.task_id = t.id AND l.label = ?)",
            [label.to_lowercase().as_str().into()],
        );
    }
    if let Some(priority) = filter.priority {
        select.and("t.priority = ?", [i64::from(priority).into()]);
    }
    if let Some(ticket) = filter.ticket {
        select.and("t.ticket_id = ?", [ticket.0.into()]);
    }
    if let Some(from) = filter.due_from {
        select.and("t.due_date >= ?", [from.to_string().as_str().into()]);
    }
    if let Some(to) = filter.due_to {
        select.and("t.due_date <= ?", [to.to_string().as_str().into()]);
    }
    if let Some(before) = filter.due_before {
        select.and("t.due_key < ?", [before.as_microsecond().into()]);
    }
    match filter.dated {
        Some(true) => select.and("t.due_date IS NOT NULL", []),
        Some(false) => select.and("t.due_date IS NULL", []),
        None => {}
    }
    if let Some(text) = &filter.text {
        select.and(r"lower(t.title) LIKE ? ESCAPE '\'", [containing(text)]);
    }
    if let Some(Cursor { key, id }) = cursor {
        let place: [Value; 3] = [key.into(), key.into(), id.into()];
        match filter.sort {
            Sort::Due => select.and("(t.due_key > ? OR (t.due_key = ? AND t.id > ?))", place),
            Sort::Rank => select.and("(t.rank > ? OR (t.rank = ? AND t.id > ?))", place),
            Sort::Created => select.and("t.number < ?", [key.into()]),
            Sort::Completed => {
                let at: Value = Timestamp::from_microsecond(key).unwrap_or(Timestamp::MIN).into();
                select.and(
                    "(t.completed_at < ? OR (t.completed_at = ? AND t.id < ?))",
                    [at.clone(), at, id.into()],
                );
            }
        }
    }
}

/// A page of the tasks that `filter` names.
pub async fn list(
    tx: &mut Tx,
    filter: &Filter,
    limit: i64,
    cursor: Option<Cursor>,
) -> Result<Page<TaskView>, Error> {
    let workspace = tx.workspace()?;
    let mut select = Select::new(concat!(view!(), " AND t.deleted_at IS NULL"), [workspace.0.into()]);
    narrow(&mut select, filter, cursor);
    let order = match filter.sort {
        Sort::Due => "ORDER BY t.due_key, t.id LIMIT ?",
        Sort::Rank => "ORDER BY t.rank, t.id LIMIT ?",
        Sort::Created => "ORDER BY t.number DESC LIMIT ?",
        Sort::Completed => "ORDER BY t.completed_at DESC, t.id DESC LIMIT ?",
    };
    if filter.sort == Sort::Completed {
        select.and("t.completed_at IS NOT NULL", []);
    }
    select.end(order, [(limit + 1).into()]);
    let rows: Vec<ViewRow> = select.fetch_all(tx).await?;
    let views = rows.into_iter().map(TaskView::try_from).collect::<Result<Vec<_>, _>>()?;
    let sort = filter.sort;
    Ok(Page::of(views, limit, |view| Cursor {
        key: match sort {
            Sort::Due => due_key(&view.task),
            Sort::Rank => view.task.rank,
            Sort::Created => view.task.number,
            Sort::Completed => view.task.completed_at.map_or(0, Timestamp::as_microsecond),
        },
        id: view.task.id.0,
    }))
}

/// The open tasks whose title is `title`, ignoring case; or, where there are none, those that contain it.
/// At most `limit`, the newest first.
pub async fn by_title(
    tx: &mut Tx,
    title: &str,
    done: Option<bool>,
    limit: i64,
) -> Result<Vec<TaskView>, Error> {
    let workspace = tx.workspace()?;
    let statuses = |select: &mut Select| match done {
        Some(true) => select.and("t.status = 'done'", []),
        Some(false) => select.and("t.status <> 'done'", []),
        None => {}
    };
    let mut select = Select::new(concat!(view!(), " AND t.deleted_at IS NULL"), [workspace.0.into()]);
    statuses(&mut select);
    select.and("lower(t.title) = ?", [title.to_lowercase().as_str().into()]);
    select.end("ORDER BY t.number DESC LIMIT ?", [limit.into()]);
    let mut rows: Vec<ViewRow> = select.fetch_all(tx).await?;
    if rows.is_empty() {
        let filter = Filter { text: Some(title.to_owned()), sort: Sort::Created, ..Filter::default() };
        let mut select = Select::new(concat!(view!(), " AND t.deleted_at IS NULL"), [workspace.0.into()]);
        statuses(&mut select);
        narrow(&mut select, &filter, None);
        select.end("ORDER BY t.number DESC LIMIT ?", [limit.into()]);
        rows = select.fetch_all(tx).await?;
    }
    rows.into_iter().map(TaskView::try_from).collect()
}
