//! Tasks, projects, reminders and comments on the wire.

use desk::tasks::{Comment, FullTask, NewTask, PickMember, PickProject, TaskPatch};
use desk::{Check, Error};
use domain::ids::{MemberId, ProjectId, TaskId, TicketId};
use domain::task::{Due, Reminder, Status, When, parse_minute};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{MemberRef, RecurrenceBody, present};

/// Where a task stands.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StatusBody {
    /// Not begun.
    Todo,
    /// Being worked on.
    Doing,
    /// Finished.
    Done,
}

impl From<Status> for StatusBody {
    fn from(status: Status) -> Self {
        match status {
            Status::Todo => Self::Todo,
            Status::Doing => Self::Doing,
            Status::Done => Self::Done,
        }
    }
}

impl From<StatusBody> for Status {
    fn from(status: StatusBody) -> Self {
        match status {
            StatusBody::Todo => Self::Todo,
            StatusBody::Doing => Self::Doing,
            StatusBody::Done => Self::Done,
        }
    }
}

/// When something is due, on the wall clock of the task's zone.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DueBody {
    /// The day, `YYYY-MM-DD`.
    #[schema(format = Date)]
    pub date: String,
    /// The time, `HH:MM`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    pub time: Option<String>,
}

impl From<Due> for DueBody {
    fn from(due: Due) -> Self {
        Self {
            date: due.date.to_string(),
            time: due.time.map(|time| format!("{:02}:{:02}", time.hour(), time.minute())),
        }
    }
}

impl DueBody {
    /// The due time, or a note of what is wrong with `field`.
    pub fn read(&self, field: &str, check: &mut Check) -> Option<Due> {
        let date = match self.date.parse::<jiff::civil::Date>() {
            Ok(date) if self.date.len() == 10 => date,
            _ => {
                check.refuse(&format!("{field}.date"), "is no date of the calendar, written YYYY-MM-DD");
                return None;
            }
        };
        let time = match &self.time {
            None => None,
            Some(text) => {
                let time = parse_minute(text);
                if time.is_none() {
                    check.refuse(&format!("{field}.time"), "is no time of day, written HH:MM");
                }
                time
            }
        };
        Some(Due { date, time })
    }
}

/// When a reminder comes: so many minutes before the due time, or at a time.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WhenBody {
    /// Minutes before the due time; 0 is at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 5_256_000)]
    pub before_minutes: Option<u32>,
    /// Local date and time in the task's zone, `YYYY-MM-DDTHH:MM`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

impl WhenBody {
    /// The moment, or a note of what is wrong with `field`.
    pub fn read(&self, field: &str, check: &mut Check) -> Option<When> {
        match (&self.at, self.before_minutes) {
            (None, Some(before_minutes)) if before_minutes <= 5_256_000 => {
                Some(When::Before { before_minutes })
            }
            (None, Some(_)) => {
                check.refuse(field, "counts more than ten years before the due time");
                None
            }
            (Some(text), None) => {
                // Strictly: an offset or a zone behind it would be read over, and the time be another one.
                let at = jiff::civil::DateTime::strptime("%Y-%m-%dT%H:%M", text).ok();
                let at = at.filter(|_| text.len() == 16).filter(|at| (1970..=9990).contains(&at.year()));
                if at.is_none() {
                    check.refuse(&format!("{field}.at"), "is no local time, written YYYY-MM-DDTHH:MM");
                }
                at.map(|at| When::At { at })
            }
            _ => {
                check.refuse(field, "takes either before_minutes or at");
                None
            }
        }
    }
}

/// A reminder of a task.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReminderResponse {
    /// Its id.
    pub id: Uuid,
    /// Minutes before the due time, where it counts from there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_minutes: Option<u32>,
    /// Local date and time in the task's zone, where it has one of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// When, as an instant.
    pub due_at: Timestamp,
    /// The member whom it reminds.
    pub member_id: Uuid,
    /// `pending`, `fired` or `cancelled`.
    pub state: String,
}

impl From<Reminder> for ReminderResponse {
    fn from(reminder: Reminder) -> Self {
        let (before_minutes, at) = match reminder.when {
            When::Before { before_minutes } => (Some(before_minutes), None),
            When::At { at } => (None, Some(at.strftime("%Y-%m-%dT%H:%M").to_string())),
        };
        Self {
            id: reminder.id.0,
            before_minutes,
            at,
            due_at: reminder.due_at,
            member_id: reminder.member.0,
            state: reminder.state.as_str().to_owned(),
        }
    }
}

/// The project of a task.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProjectRef {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its colour, `#rrggbb`.
    pub color: String,
}

/// The task that a task is a part of.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ParentRef {
    /// Its id.
    pub id: Uuid,
    /// Its number.
    pub number: i64,
    /// Its title.
    pub title: String,
}

/// The ticket that a task was promised in.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TaskTicketRef {
    /// Its id.
    pub id: Uuid,
    /// Its number.
    pub number: i64,
    /// What it is about.
    pub subject: String,
    /// Its conversation.
    pub conversation_id: Uuid,
}

/// How many parts a task has.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Progress {
    /// All.
    pub total: i64,
    /// Those that are done.
    pub done: i64,
}

/// A task.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TaskResponse {
    /// Its id.
    pub id: Uuid,
    /// Its number in the workspace.
    pub number: i64,
    /// One line.
    pub title: String,
    /// Several lines; may be empty.
    pub notes: String,
    /// Where it stands.
    pub status: StatusBody,
    /// Its place in its column of the board, smallest first.
    pub rank: i64,
    /// When it is due.
    pub due: Option<DueBody>,
    /// When it is due, as an instant.
    pub due_at: Option<Timestamp>,
    /// The IANA zone that `due` is read in.
    pub zone: String,
    /// 1 (urgent) to 4 (low).
    pub priority: Option<u8>,
    /// Its labels.
    pub labels: Vec<String>,
    /// Its project.
    pub project: Option<ProjectRef>,
    /// Who does it.
    pub assignee: Option<MemberRef>,
    /// The task that it is a part of.
    pub parent: Option<ParentRef>,
    /// Its parts.
    pub subtasks: Progress,
    /// How it repeats.
    pub recurrence: Option<RecurrenceBody>,
    /// The ticket that it was promised in.
    pub ticket: Option<TaskTicketRef>,
    /// Its reminders.
    pub reminders: Vec<ReminderResponse>,
    /// How many comments it has.
    pub comments: i64,
    /// Who made it.
    pub created_by: String,
    /// When it was finished.
    pub completed_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The ETag, as a number.
    pub version: i64,
}

impl From<FullTask> for TaskResponse {
    fn from(full: FullTask) -> Self {
        let view = full.view;
        let task = view.task;
        Self {
            id: task.id.0,
            number: task.number,
            title: task.title,
            notes: task.notes,
            status: task.status.into(),
            rank: task.rank,
            due: task.due.map(DueBody::from),
            due_at: task.due_at,
            zone: task.zone,
            priority: task.priority,
            labels: task.labels,
            project: task.project.zip(view.project).map(|(id, (name, color))| ProjectRef {
                id: id.0,
                name,
                color,
            }),
            assignee: task.assignee.zip(view.assignee).map(|(id, name)| MemberRef { id: id.0, name }),
            parent: task.parent.zip(view.parent).map(|(id, (number, title))| ParentRef {
                id: id.0,
                number,
                title,
            }),
            subtasks: Progress { total: view.subtasks, done: view.subtasks_done },
            recurrence: task.recurrence.as_ref().map(RecurrenceBody::from),
            ticket: task.ticket.zip(view.ticket).map(|(id, (number, subject, conversation))| TaskTicketRef {
                id: id.0,
                number,
                subject,
                conversation_id: conversation.0,
            }),
            reminders: full.reminders.into_iter().map(ReminderResponse::from).collect(),
            comments: view.comments,
            created_by: task.created_by,
            completed_at: task.completed_at,
            created_at: task.created_at,
            updated_at: task.updated_at,
            version: task.version,
        }
    }
}

/// A task to be made.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskRequest {
    /// One line.
    #[schema(min_length = 1, max_length = 500)]
    pub title: String,
    /// Several lines.
    #[serde(default)]
    #[schema(max_length = 50_000)]
    pub notes: String,
    /// When it is due.
    #[serde(default)]
    pub due: Option<DueBody>,
    /// The IANA zone that it is due in; the workspace's where nothing is given.
    #[serde(default)]
    pub zone: Option<String>,
    /// 1 (urgent) to 4 (low).
    #[serde(default)]
    #[schema(minimum = 1, maximum = 4)]
    pub priority: Option<u8>,
    /// Its labels.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub labels: Vec<String>,
    /// Its project: an id, or a name (a new name makes the project).
    #[serde(default)]
    pub project: Option<String>,
    /// Who does it: a member's id, or `me`.
    #[serde(default)]
    pub assignee: Option<String>,
    /// The task that it is a part of.
    #[serde(default)]
    pub parent: Option<Uuid>,
    /// The ticket that it was promised in.
    #[serde(default)]
    pub ticket: Option<Uuid>,
    /// How it repeats.
    #[serde(default)]
    pub recurrence: Option<RecurrenceBody>,
    /// When to remind the caller.
    #[serde(default)]
    #[schema(max_items = 10)]
    pub reminders: Vec<WhenBody>,
    /// Where it stands.
    #[serde(default)]
    pub status: Option<StatusBody>,
}

fn pick_project(text: String) -> PickProject {
    match text.parse() {
        Ok(id) => PickProject::Id(ProjectId(id)),
        Err(_) => PickProject::Name(text),
    }
}

fn pick_member(text: &str) -> PickMember {
    match text.parse() {
        Ok(id) => PickMember::Id(MemberId(id)),
        Err(_) if text.eq_ignore_ascii_case("me") => PickMember::Me,
        Err(_) => PickMember::Name(text.to_owned()),
    }
}

fn recurrence(body: &RecurrenceBody, check: &mut Check) -> Option<domain::recurrence::Recurrence> {
    match body.read() {
        Ok(recurrence) => Some(recurrence),
        Err(Error::Invalid(errors)) => {
            for error in errors {
                check.refuse(&error.field, error.message);
            }
            None
        }
        Err(_) => None,
    }
}

impl TaskRequest {
    /// Errors name every field that cannot be read.
    pub fn read(self) -> Result<NewTask, Error> {
        let mut check = Check::new();
        let due = self.due.and_then(|due| due.read("due", &mut check));
        let recurrence = self.recurrence.and_then(|body| recurrence(&body, &mut check));
        let reminders = self.reminders.iter().filter_map(|when| when.read("reminders", &mut check)).collect();
        check.done()?;
        Ok(NewTask {
            title: self.title,
            notes: self.notes,
            due,
            zone: self.zone,
            priority: self.priority,
            labels: self.labels,
            project: self.project.map(pick_project),
            assignee: self.assignee.as_deref().map(pick_member),
            parent: self.parent.map(TaskId),
            ticket: self.ticket.map(TicketId),
            recurrence,
            reminders,
            status: self.status.map(Status::from),
        })
    }
}

/// A change of a task (a JSON merge patch): what is absent stays, null clears.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TaskPatchRequest {
    /// One line.
    #[schema(min_length = 1, max_length = 500)]
    pub title: Option<String>,
    /// Several lines.
    #[schema(max_length = 50_000)]
    pub notes: Option<String>,
    /// Where it stands.
    pub status: Option<StatusBody>,
    /// When it is due.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<DueBody>)]
    pub due: Option<Option<DueBody>>,
    /// The IANA zone that it is due in.
    pub zone: Option<String>,
    /// 1 (urgent) to 4 (low).
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<u8>, minimum = 1, maximum = 4)]
    pub priority: Option<Option<u8>>,
    /// Its labels.
    #[schema(max_items = 20)]
    pub labels: Option<Vec<String>>,
    /// Its project: an id, or a name.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub project: Option<Option<String>>,
    /// Who does it: a member's id, or `me`.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub assignee: Option<Option<String>>,
    /// The task that it is a part of.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<Uuid>)]
    pub parent: Option<Option<Uuid>>,
    /// The ticket that it was promised in.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<Uuid>)]
    pub ticket: Option<Option<Uuid>>,
    /// How it repeats.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<RecurrenceBody>)]
    pub recurrence: Option<Option<RecurrenceBody>>,
}

impl TaskPatchRequest {
    /// Errors name every field that cannot be read.
    pub fn read(self) -> Result<TaskPatch, Error> {
        let mut check = Check::new();
        let due = self.due.map(|due| due.and_then(|due| due.read("due", &mut check)));
        let recurrence = self.recurrence.map(|body| body.and_then(|body| recurrence(&body, &mut check)));
        check.done()?;
        Ok(TaskPatch {
            title: self.title,
            notes: self.notes,
            status: self.status.map(Status::from),
            due,
            zone: self.zone,
            priority: self.priority,
            labels: self.labels,
            project: self.project.map(|project| project.map(pick_project)),
            assignee: self.assignee.map(|assignee| assignee.as_deref().map(pick_member)),
            parent: self.parent.map(|id| id.map(TaskId)),
            ticket: self.ticket.map(|id| id.map(TicketId)),
            recurrence,
        })
    }
}

/// Until when a task is put off.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SnoozeRequest {
    /// The new due date.
    pub until: DueBody,
}

/// Where a task goes on the board.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveRequest {
    /// The column.
    pub status: StatusBody,
    /// The task that it goes right behind; null for the column's top.
    #[serde(default)]
    pub after: Option<Uuid>,
}

/// A text.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommentRequest {
    /// Several lines.
    #[schema(min_length = 1, max_length = 10_000)]
    pub text: String,
}

/// A comment on a task.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CommentResponse {
    /// Its id.
    pub id: Uuid,
    /// The author.
    pub author: MemberRef,
    /// What it says.
    pub text: String,
    /// When.
    pub created_at: Timestamp,
}

impl From<Comment> for CommentResponse {
    fn from(comment: Comment) -> Self {
        let author = comment.author.map_or(Uuid::nil(), |id| id.0);
        Self {
            id: comment.id.0,
            author: MemberRef { id: author, name: comment.author_name },
            text: comment.text,
            created_at: comment.created_at,
        }
    }
}

/// A project.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProjectResponse {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its colour, `#rrggbb`.
    pub color: String,
    /// How many open tasks it has.
    pub open_tasks: i64,
    /// The ETag, as a number.
    pub version: i64,
}

impl From<desk::projects::Project> for ProjectResponse {
    fn from(project: desk::projects::Project) -> Self {
        Self {
            id: project.id.0,
            name: project.name,
            color: project.color,
            open_tasks: project.open_tasks,
            version: project.version,
        }
    }
}

/// A project to be made.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProjectRequest {
    /// Its name.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// Its colour, `#rrggbb`; one is chosen where nothing is given.
    #[serde(default)]
    #[schema(pattern = "^#[0-9a-fA-F]{6}$")]
    pub color: Option<String>,
}

/// A change of a project.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ProjectPatchRequest {
    /// Its name.
    #[schema(min_length = 1, max_length = 100)]
    pub name: Option<String>,
    /// Its colour, `#rrggbb`.
    #[schema(pattern = "^#[0-9a-fA-F]{6}$")]
    pub color: Option<String>,
}

/// A label in use.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LabelResponse {
    /// The label.
    pub name: String,
    /// How many open tasks have it.
    pub open_tasks: i64,
}
