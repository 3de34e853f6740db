//! Reminders: durable rows, one for each task, occurrence, member, channel and moment, and how a clock takes
//! those that are due.
//!
//! The database's clock decides what is due, never the process's. A clock claims with a lease and a fence,
//! and what it completes counts only while the fence is still its own.

use std::time::Duration;

use domain::ids::{MemberId, ReminderId, TaskId, WorkspaceId};
use domain::task::{Due, Reminder, ReminderState, When, parse_minute};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use sqlx::FromRow;
use uuid::Uuid;

use crate::at::At;
use crate::tx::{Tx, execute, fetch_all, fetch_one};
use crate::{Error, Wake};

/// The way that reminders take today: the member's notifications, and mail from there.
const CHANNEL: &str = "page";

/// A reminder to be set.
#[derive(Debug, Clone, PartialEq)]
pub struct NewReminder {
    /// Its id.
    pub id: ReminderId,
    /// The task it reminds of.
    pub task: TaskId,
    /// Which occurrence of the task; empty for a task that does not repeat.
    pub occurrence: String,
    /// Whom it reminds.
    pub member: MemberId,
    /// When, as it was said.
    pub when: When,
    /// When, as an instant.
    pub due_at: Timestamp,
}

/// A due reminder that a clock has claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// The reminder.
    pub id: ReminderId,
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// The fence of this claim.
    pub fence: i64,
}

/// A reminder that has just been fired, and the task it is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Fired {
    /// The reminder.
    pub id: ReminderId,
    /// The fence that it was fired under.
    pub fence: i64,
    /// The task.
    pub task: TaskId,
    /// The task's number.
    pub task_number: i64,
    /// The task's title.
    pub title: String,
    /// When the task is due.
    pub due: Option<Due>,
    /// Whom it reminds.
    pub member: MemberId,
    /// When it was to come.
    pub due_at: Timestamp,
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    task_id: Uuid,
    member_id: Uuid,
    spec: String,
    due_at: At,
    state: String,
}

impl TryFrom<Row> for Reminder {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            id: ReminderId(row.id),
            task: TaskId(row.task_id),
            member: MemberId(row.member_id),
            when: read_spec(&row.spec)?,
            due_at: row.due_at.0,
            state: ReminderState::parse(&row.state)
                .ok_or(Error::Corrupt { what: "reminder's state", found: row.state })?,
        })
    }
}

/// A [`When`] as it is kept: `before:30`, `at:2026-11-22T09:00`.
fn write_spec(when: When) -> String {
    match when {
        When::Before { before_minutes } => format!("before:{before_minutes}"),
        When::At { at } => format!("at:{}", at.strftime("%Y-%m-%dT%H:%M")),
    }
}

fn read_spec(text: &str) -> Result<When, Error> {
    let read = match text.split_once(':') {
        Some(("before", minutes)) => {
            minutes.parse().ok().map(|before_minutes| When::Before { before_minutes })
        }
        Some(("at", at)) => at.parse::<DateTime>().ok().map(|at| When::At { at }),
        _ => None,
    };
    read.ok_or_else(|| Error::Corrupt { what: "reminder's moment", found: text.to_owned() })
}

/// Sets a reminder. Gives whether it is new: the same one, in whatever state, is left as it is.
pub async fn insert(tx: &mut Tx, reminder: &NewReminder) -> Result<bool, Error> {
    put(tx, reminder, ReminderState::Pending).await
}

/// Sets a reminder that was removed, in that state. Gives whether there was no such one meanwhile.
pub async fn put(tx: &mut Tx, reminder: &NewReminder, state: ReminderState) -> Result<bool, Error> {
    let workspace = tx.workspace()?;
    let inserted = execute!(
        tx,
        "INSERT INTO reminders (id, workspace_id, task_id, occurrence, member_id, channel, spec, due_at, state,
             fired_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (task_id, occurrence, member_id, channel, spec) DO NOTHING",
        reminder.id.0,
        workspace.0,
        reminder.task.0,
        reminder.occurrence.as_str(),
        reminder.member.0,
        CHANNEL,
        write_spec(reminder.when),
        At(reminder.due_at),
        state.as_str(),
        (state == ReminderState::Fired).then_some(At(reminder.due_at)),
    )?;
    tx.wake(Wake::Clock);
    Ok(inserted == 1)
}

/// The reminders of `task`, the earliest first.
pub async fn for_task(tx: &mut Tx, task: TaskId) -> Result<Vec<Reminder>, Error> {
    for_tasks(tx, &[task]).await
}

// An array, and a claim that is read beforehand (below), since what reads JSON may not be asked about rows that could be of
// other workspaces: PostgreSQL would go through all reminders.
const FOR_TASKS_POSTGRES: &str = "SELECT id, task_id, member_id, spec, due_at, state FROM reminders
    WHERE workspace_id = $1 AND task_id = ANY (
        ARRAY(SELECT CAST(value AS UUID) FROM jsonb_array_elements_text(CAST($2 AS JSONB)) AS value))
    ORDER BY due_at, id";
const FOR_TASKS_SQLITE: &str = "SELECT id, task_id, member_id, spec, due_at, state FROM reminders
    WHERE workspace_id = $1 AND task_id IN (SELECT unhex(value) FROM json_each($2))
    ORDER BY due_at, id";

/// The reminders of several tasks, the earliest first.
pub async fn for_tasks(tx: &mut Tx, tasks: &[TaskId]) -> Result<Vec<Reminder>, Error> {
    let workspace = tx.workspace()?;
    let sql = if tx.is_postgres() { FOR_TASKS_POSTGRES } else { FOR_TASKS_SQLITE };
    let ids = serde_json::Value::from_iter(tasks.iter().map(|task| task.0.simple().to_string())).to_string();
    let rows = fetch_all!(tx, Row, sql, workspace.0, ids.as_str())?;
    rows.into_iter().map(Reminder::try_from).collect()
}

/// Cancels the pending reminders of `task`: it is done or deleted. Gives how many there were.
pub async fn cancel_for_task(tx: &mut Tx, task: TaskId) -> Result<u64, Error> {
    let workspace = tx.workspace()?;
    execute!(
        tx,
        "UPDATE reminders SET state = 'cancelled', fence = fence + 1, lease_until = NULL
         WHERE workspace_id = $1 AND task_id = $2 AND state = 'pending'",
        workspace.0,
        task.0,
    )
}

/// Cancels one pending reminder, for instance when its task lost the due date that it counts from.
///
/// Gives whether it was pending.
pub async fn cancel(tx: &mut Tx, id: ReminderId) -> Result<bool, Error> {
    let workspace = tx.workspace()?;
    let touched = execute!(
        tx,
        "UPDATE reminders SET state = 'cancelled', fence = fence + 1, lease_until = NULL
         WHERE workspace_id = $1 AND id = $2 AND state = 'pending'",
        workspace.0,
        id.0,
    )?;
    Ok(touched == 1)
}

/// Sets an existing reminder anew, pending again whatever its state was: its task's due date changed, or the
/// task is open again. A claim of the former moment is void. Gives whether there is such a reminder.
pub async fn replace(tx: &mut Tx, id: ReminderId, due_at: Timestamp) -> Result<bool, Error> {
    let workspace = tx.workspace()?;
    let touched = execute!(
        tx,
        "UPDATE reminders SET due_at = $3, state = 'pending', fence = fence + 1, lease_until = NULL, fired_at = NULL
         WHERE workspace_id = $1 AND id = $2",
        workspace.0,
        id.0,
        At(due_at),
    )?;
    tx.wake(Wake::Clock);
    Ok(touched == 1)
}

/// Removes a reminder. Gives whether there was one.
pub async fn delete(tx: &mut Tx, id: ReminderId) -> Result<bool, Error> {
    let workspace = tx.workspace()?;
    let touched =
        execute!(tx, "DELETE FROM reminders WHERE workspace_id = $1 AND id = $2", workspace.0, id.0)?;
    Ok(touched == 1)
}

const CLAIM_POSTGRES: &str = "WITH due AS MATERIALIZED (
        SELECT id FROM reminders
        WHERE state = 'pending' AND due_at <= now() AND (lease_until IS NULL OR lease_until <= now())
        ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED
    )
    UPDATE reminders SET fence = fence + 1, lease_until = now() + INTERVAL '15 seconds'
    FROM due WHERE reminders.id = due.id
    RETURNING reminders.id, workspace_id, fence";
const CLAIM_SQLITE: &str = "UPDATE reminders
    SET fence = fence + 1, lease_until = CAST(unixepoch('subsec') * 1000000 AS INTEGER) + 15000000
    WHERE id IN (
        SELECT id FROM reminders
        WHERE state = 'pending' AND due_at <= CAST(unixepoch('subsec') * 1000000 AS INTEGER)
          AND (lease_until IS NULL OR lease_until <= CAST(unixepoch('subsec') * 1000000 AS INTEGER))
        ORDER BY due_at LIMIT $1
    )
    RETURNING id, workspace_id, fence";

/// Claims up to `limit` due reminders for 15 seconds, those longest due first. Needs the system's scope.
pub async fn claim_due(tx: &mut Tx, limit: i64) -> Result<Vec<Claim>, Error> {
    let sql = if tx.is_postgres() { CLAIM_POSTGRES } else { CLAIM_SQLITE };
    let rows = fetch_all!(tx, (Uuid, Uuid, i64), sql, limit)?;
    let claim =
        |(id, workspace, fence)| Claim { id: ReminderId(id), workspace: WorkspaceId(workspace), fence };
    Ok(rows.into_iter().map(claim).collect())
}

#[derive(FromRow)]
struct FiredRow {
    id: Uuid,
    fence: i64,
    task_id: Uuid,
    number: i64,
    title: String,
    due_date: Option<String>,
    due_time: Option<String>,
    member_id: Uuid,
    due_at: At,
}

impl TryFrom<FiredRow> for Fired {
    type Error = Error;

    fn try_from(row: FiredRow) -> Result<Self, Error> {
        let due = match row.due_date {
            None => None,
            Some(date) => Some(Due {
                date: date
                    .parse::<Date>()
                    .map_err(|_| Error::Corrupt { what: "task's due date", found: date.clone() })?,
                time: row.due_time.as_deref().and_then(parse_minute),
            }),
        };
        Ok(Self {
            id: ReminderId(row.id),
            fence: row.fence,
            task: TaskId(row.task_id),
            task_number: row.number,
            title: row.title,
            due,
            member: MemberId(row.member_id),
            due_at: row.due_at.0,
        })
    }
}

const FIRE_POSTGRES: &str = "WITH claim AS MATERIALIZED (
        SELECT CAST(pair ->> 0 AS UUID) AS id, CAST(pair ->> 1 AS BIGINT) AS fence
        FROM jsonb_array_elements(CAST($2 AS JSONB)) AS pair
    )
    UPDATE reminders r SET state = 'fired', fired_at = $3, lease_until = NULL
    FROM claim c, tasks t
    WHERE r.workspace_id = $1 AND r.id = c.id AND r.fence = c.fence AND r.state = 'pending'
      AND t.workspace_id = $1 AND t.id = r.task_id
    RETURNING r.id, r.fence, r.task_id, t.number, t.title, t.due_date, t.due_time, r.member_id, r.due_at";
const FIRE_SQLITE: &str = "UPDATE reminders SET state = 'fired', fired_at = $3, lease_until = NULL
    FROM (SELECT unhex(value ->> 0) AS claimed, value ->> 1 AS claim_fence FROM json_each($2))
    WHERE workspace_id = $1 AND id = claimed AND fence = claim_fence AND state = 'pending'
    RETURNING id, fence, task_id, (SELECT number FROM tasks t WHERE t.id = task_id) AS number,
        (SELECT title FROM tasks t WHERE t.id = task_id) AS title,
        (SELECT due_date FROM tasks t WHERE t.id = task_id) AS due_date,
        (SELECT due_time FROM tasks t WHERE t.id = task_id) AS due_time, member_id, due_at";

/// Marks as fired those of `claims` whose fence is still the newest, and gives them, the earliest first.
///
/// The others were claimed by somebody else since, or set anew or cancelled: nothing may be done for them.
pub async fn fire(tx: &mut Tx, claims: &[Claim]) -> Result<Vec<Fired>, Error> {
    let workspace = tx.workspace()?;
    let now = tx.now();
    let sql = if tx.is_postgres() { FIRE_POSTGRES } else { FIRE_SQLITE };
    let pairs = claims.iter().map(|claim| serde_json::json!([claim.id.0.simple().to_string(), claim.fence]));
    let pairs = serde_json::Value::from_iter(pairs).to_string();
    let rows = fetch_all!(tx, FiredRow, sql, workspace.0, pairs.as_str(), At(now))?;
    let mut fired = rows.into_iter().map(Fired::try_from).collect::<Result<Vec<_>, _>>()?;
    fired.sort_by_key(|reminder| (reminder.due_at, reminder.id));
    Ok(fired)
}

// What is not due yet becomes due at due_at; what is due and claimed becomes free when its lease ends.
const NEXT_POSTGRES: &str = "SELECT CAST(EXTRACT(EPOCH FROM LEAST(
        (SELECT min(due_at) FROM reminders WHERE state = 'pending' AND due_at > now()),
        (SELECT min(COALESCE(lease_until, due_at)) FROM reminders WHERE state = 'pending' AND due_at <= now())
    ) - now()) * 1000000 AS BIGINT)";
const NEXT_SQLITE: &str = "WITH clock AS (SELECT CAST(unixepoch('subsec') * 1000000 AS INTEGER) AS now)
    SELECT min(next) - now FROM clock, (
        SELECT min(due_at) AS next FROM reminders
        WHERE state = 'pending' AND due_at > (SELECT now FROM clock)
        UNION ALL
        SELECT min(COALESCE(lease_until, due_at)) FROM reminders
        WHERE state = 'pending' AND due_at <= (SELECT now FROM clock)
    )";

/// How long it is, on the database's clock, until there is something to claim; nothing where none is pending.
/// Needs the system's scope.
pub async fn next_due(tx: &mut Tx) -> Result<Option<Duration>, Error> {
    let sql = if tx.is_postgres() { NEXT_POSTGRES } else { NEXT_SQLITE };
    let (micros,) = fetch_one!(tx, (Option<i64>,), sql)?;
    Ok(micros.map(|micros| Duration::from_micros(u64::try_from(micros).unwrap_or(0))))
}

#[cfg(test)]
mod tests {
    use domain::task::When;

    use super::{read_spec, write_spec};

    #[test]
    fn a_moment_reads_back_as_it_was_kept() {
        for (when, text) in [
            (When::Before { before_minutes: 30 }, "before:30"),
            (When::At { at: jiff::civil::date(2026, 11, 22).at(9, 0, 0, 0) }, "at:2026-11-22T09:00"),
        ] {
            assert_eq!(write_spec(when), text);
            assert_eq!(read_spec(text).unwrap(), when);
        }
        for bad in ["", "before:", "before:-1", "at:tomorrow", "after:3"] {
            assert!(read_spec(bad).is_err(), "{bad}");
        }
    }
}
