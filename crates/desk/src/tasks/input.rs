//! What comes in for a task: checked as far as that goes without the database, then joined to it.

use domain::ids::{ConversationId, MemberId, ProjectId, TaskId, TicketId};
use domain::recurrence::Recurrence;
use domain::task::{Due, LABELS_LIMIT, NOTES_LIMIT, REMINDERS_LIMIT, Status, TITLE_LIMIT, Task, When};
use domain::text;
use store::Tx;
use store::tasks::TaskView;

use super::{RANK_STEP, number, zone};
use crate::error::{Check, Error, Result};
use crate::job::Job;
use crate::projects;

/// A project, by id or by name. A name that is new makes the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PickProject {
    /// By id.
    Id(ProjectId),
    /// By name, ignoring case.
    Name(String),
}

/// A member, by id or by what people call them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PickMember {
    /// The caller.
    Me,
    /// By id.
    Id(MemberId),
    /// By name or first name, ignoring case.
    Name(String),
}

/// A task to be made.
#[derive(Debug, Clone, Default)]
pub struct NewTask {
    /// One line.
    pub title: String,
    /// Several lines; may be empty.
    pub notes: String,
    /// When it is due.
    pub due: Option<Due>,
    /// The zone that it is due in; the workspace's where nothing is given.
    pub zone: Option<String>,
    /// 1 to 4.
    pub priority: Option<u8>,
    /// Its labels.
    pub labels: Vec<String>,
    /// Its project.
    pub project: Option<PickProject>,
    /// Who does it.
    pub assignee: Option<PickMember>,
    /// The task that it is a part of.
    pub parent: Option<TaskId>,
    /// The ticket that it was promised in.
    pub ticket: Option<TicketId>,
    /// How it repeats.
    pub recurrence: Option<Recurrence>,
    /// When to remind the caller.
    pub reminders: Vec<When>,
    /// Where it stands.
    pub status: Option<Status>,
}

/// A change of a task: what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct TaskPatch {
    /// One line.
    pub title: Option<String>,
    /// Several lines; may be empty.
    pub notes: Option<String>,
    /// Where it stands.
    pub status: Option<Status>,
    /// When it is due.
    pub due: Option<Option<Due>>,
    /// The zone that it is due in.
    pub zone: Option<String>,
    /// 1 to 4.
    pub priority: Option<Option<u8>>,
    /// Its labels.
    pub labels: Option<Vec<String>>,
    /// Its project.
    pub project: Option<Option<PickProject>>,
    /// Who does it.
    pub assignee: Option<Option<PickMember>>,
    /// The task that it is a part of.
    pub parent: Option<Option<TaskId>>,
    /// The ticket that it was promised in.
    pub ticket: Option<Option<TicketId>>,
    /// How it repeats.
    pub recurrence: Option<Option<Recurrence>>,
}

fn check_labels(check: &mut Check, labels: Vec<String>) -> Vec<String> {
    if labels.len() > LABELS_LIMIT {
        check.refuse("labels", format!("are {}; at most {LABELS_LIMIT} are allowed", labels.len()));
        return Vec::new();
    }
    let mut clean: Vec<String> = Vec::with_capacity(labels.len());
    for label in labels {
        let label = check.text("labels", text::line(label.trim_start_matches('@'), 50));
        if !clean.iter().any(|known| known.to_lowercase() == label.to_lowercase()) {
            clean.push(label);
        }
    }
    clean
}

fn check_priority(check: &mut Check, priority: Option<u8>) {
    if priority.is_some_and(|priority| !(1..=4).contains(&priority)) {
        check.refuse("priority", "must be 1 (urgent) to 4 (low)");
    }
}

fn check_zone(check: &mut Check, name: Option<&String>) {
    if let Some(Err(Error::Invalid(errors))) = name.map(|name| zone(name)) {
        for error in errors {
            check.refuse(&error.field, error.message);
        }
    }
}

pub(super) fn check_due(check: &mut Check, field: &str, due: Option<Due>) {
    if due.is_some_and(|due| !(1970..=9990).contains(&due.date.year())) {
        check.refuse(field, "must be between the years 1970 and 9990");
    }
}

fn check_project(check: &mut Check, project: Option<PickProject>) -> Option<PickProject> {
    match project {
        Some(PickProject::Name(name)) => {
            Some(PickProject::Name(check.text("project", text::line(name.trim_start_matches('#'), 100))))
        }
        other => other,
    }
}

impl NewTask {
    /// Cleans the texts. Errors name every field that cannot be accepted.
    pub(super) fn check(mut self) -> Result<Self> {
        let mut check = Check::new();
        self.title = check.text("title", text::line(&self.title, TITLE_LIMIT));
        self.notes = check.text("notes", text::optional_block(&self.notes, NOTES_LIMIT));
        self.labels = check_labels(&mut check, self.labels);
        self.project = check_project(&mut check, self.project);
        check_priority(&mut check, self.priority);
        check_zone(&mut check, self.zone.as_ref());
        check_due(&mut check, "due", self.due);
        if self.recurrence.is_some() && self.due.is_none() {
            check.refuse("recurrence", "needs a due date to begin with");
        }
        if self.reminders.len() > REMINDERS_LIMIT {
            check.refuse(
                "reminders",
                format!("are {}; at most {REMINDERS_LIMIT} are allowed", self.reminders.len()),
            );
        }
        if self.due.is_none() && self.reminders.iter().any(|when| matches!(when, When::Before { .. })) {
            check.refuse("reminders", "count from the due date, and there is none; give one, or a time `at`");
        }
        check.done()?;
        Ok(self)
    }
}

impl TaskPatch {
    /// Cleans the texts. Errors name every field that cannot be accepted.
    pub(super) fn check(mut self) -> Result<Self> {
        let mut check = Check::new();
        if let Some(title) = self.title {
            self.title = Some(check.text("title", text::line(&title, TITLE_LIMIT)));
        }
        if let Some(notes) = self.notes {
            self.notes = Some(check.text("notes", text::optional_block(&notes, NOTES_LIMIT)));
        }
        if let Some(labels) = self.labels {
            self.labels = Some(check_labels(&mut check, labels));
        }
        if let Some(project) = self.project {
            self.project = Some(check_project(&mut check, project));
        }
        check_priority(&mut check, self.priority.flatten());
        check_zone(&mut check, self.zone.as_ref());
        check_due(&mut check, "due", self.due.flatten());
        check.done()?;
        Ok(self)
    }
}

/// The project meant by `pick`: its id, name and colour.
async fn find_project<I>(
    tx: &mut Tx,
    job: &Job<I>,
    pick: &PickProject,
) -> Result<(ProjectId, String, String)> {
    match pick {
        PickProject::Id(id) => {
            let project = store::projects::find(tx, Some(*id), "").await?;
            project.ok_or_else(|| Error::field("project", "is not a project of this workspace"))
        }
        PickProject::Name(name) => projects::find_or_add(tx, job, name).await,
    }
}

/// The member meant by `pick`, who has to be able to work on tasks: their id and name.
async fn find_member<I>(tx: &mut Tx, job: &Job<I>, pick: &PickMember) -> Result<(MemberId, String)> {
    let nobody = |detail: String| Error::field("assignee", detail);
    match pick {
        PickMember::Me => {
            let me = job.caller.member().map(|id| (id, job.caller.name().to_owned()));
            me.ok_or_else(|| nobody("cannot be “me”: the caller is not a member".to_owned()))
        }
        PickMember::Id(id) => match store::members::get(tx, *id).await? {
            Some(member) if member.state != store::members::State::Inactive => Ok((member.id, member.name)),
            _ => Err(nobody("is not an active member of this workspace".to_owned())),
        },
        PickMember::Name(name) => {
            let wanted = name.trim().to_lowercase();
            let members = store::members::list(tx).await?;
            let active = || members.iter().filter(|member| member.state != store::members::State::Inactive);
            let exact: Vec<_> = active().filter(|member| member.name.to_lowercase() == wanted).collect();
            let found = if exact.is_empty() {
                active()
                    .filter(|member| member.name.to_lowercase().split_whitespace().any(|part| part == wanted))
                    .collect()
            } else {
                exact
            };
            match found.as_slice() {
                [one] => Ok((one.id, one.name.clone())),
                [] => {
                    Err(nobody(format!("is “{}”, and nobody here is called that", text::shorten(name, 60))))
                }
                several => {
                    let names: Vec<&str> = several.iter().map(|member| member.name.as_str()).collect();
                    Err(nobody(format!("could be {}; give the full name", names.join(" or "))))
                }
            }
        }
    }
}

/// The parent's number and title.
async fn check_parent(tx: &mut Tx, id: TaskId, of: Option<TaskId>) -> Result<(i64, String)> {
    let parent = store::tasks::get(tx, id).await?;
    let parent = parent.ok_or_else(|| Error::field("parent", "is not a task of this workspace"))?;
    if parent.task.parent.is_some() {
        return Err(Error::field("parent", "is itself a part of another task"));
    }
    if of == Some(id) {
        return Err(Error::field("parent", "cannot be the task itself"));
    }
    Ok((parent.task.number, parent.task.title))
}

/// The ticket's number, subject and conversation.
async fn check_ticket(tx: &mut Tx, id: TicketId) -> Result<(i64, String, ConversationId)> {
    match store::tickets::get(tx, id).await? {
        Some(view) => Ok((view.ticket.number, view.ticket.subject, view.ticket.conversation)),
        None => Err(Error::field("ticket", "is not a ticket of this workspace")),
    }
}

/// The task that `job.input` asks for, joined to what it names.
pub(super) async fn build(tx: &mut Tx, job: &Job<NewTask>) -> Result<TaskView> {
    let input = &job.input;
    let zone_name = match &input.zone {
        Some(name) => name.clone(),
        None => store::workspaces::get(tx).await?.zone,
    };
    let project = match &input.project {
        Some(pick) => Some(find_project(tx, job, pick).await?),
        None => None,
    };
    let assignee = match &input.assignee {
        Some(pick) => Some(find_member(tx, job, pick).await?),
        None => None,
    };
    let parent = match input.parent {
        Some(id) => Some(check_parent(tx, id, None).await?),
        None => None,
    };
    let ticket = match input.ticket {
        Some(id) => Some(check_ticket(tx, id).await?),
        None => None,
    };
    let due_at = match input.due {
        None => None,
        Some(due) => {
            let instant = due.instant(&zone(&zone_name)?);
            Some(instant.ok_or_else(|| Error::field("due", "is beyond the calendar"))?)
        }
    };
    let now = tx.now();
    let number = number(tx).await?;
    let status = input.status.unwrap_or(Status::Todo);
    let task = Task {
        id: TaskId(job.desk.new_id()),
        number,
        title: input.title.clone(),
        notes: input.notes.clone(),
        status,
        rank: number.saturating_mul(RANK_STEP),
        due: input.due,
        due_at,
        zone: zone_name,
        priority: input.priority,
        labels: input.labels.clone(),
        project: project.as_ref().map(|(id, ..)| *id),
        assignee: assignee.as_ref().map(|(id, _)| *id),
        parent: input.parent,
        ticket: input.ticket,
        recurrence: input.recurrence.clone(),
        rule_revision: 0,
        series: None,
        series_start: input.recurrence.as_ref().and(input.due).map(Due::wall_clock),
        completed_at: (status == Status::Done).then_some(now),
        created_by: job.caller.name().to_owned(),
        created_at: now,
        updated_at: now,
        version: 1,
    };
    Ok(TaskView {
        task,
        project: project.map(|(_, name, color)| (name, color)),
        assignee: assignee.map(|(_, name)| name),
        parent,
        ticket,
        subtasks: 0,
        subtasks_done: 0,
        comments: 0,
    })
}

/// `before` with `patch` applied, joined to what it names.
pub(super) async fn apply<I>(tx: &mut Tx, job: &Job<I>, before: &Task, patch: &TaskPatch) -> Result<Task> {
    let mut after = before.clone();
    if let Some(title) = &patch.title {
        after.title.clone_from(title);
    }
    if let Some(notes) = &patch.notes {
        after.notes.clone_from(notes);
    }
    if let Some(status) = patch.status {
        after.status = status;
    }
    if let Some(zone) = &patch.zone {
        after.zone.clone_from(zone);
    }
    if let Some(due) = patch.due {
        after.due = due;
    }
    if let Some(priority) = patch.priority {
        after.priority = priority;
    }
    if let Some(labels) = &patch.labels {
        after.labels.clone_from(labels);
    }
    if let Some(recurrence) = &patch.recurrence {
        after.recurrence.clone_from(recurrence);
    }
    if let Some(project) = &patch.project {
        after.project = match project {
            Some(pick) => Some(find_project(tx, job, pick).await?.0),
            None => None,
        };
    }
    if let Some(assignee) = &patch.assignee {
        after.assignee = match assignee {
            Some(pick) => Some(find_member(tx, job, pick).await?.0),
            None => None,
        };
    }
    if let Some(parent) = patch.parent {
        if let Some(parent) = parent {
            check_parent(tx, parent, Some(before.id)).await?;
        }
        after.parent = parent;
    }
    if let Some(ticket) = patch.ticket {
        if let Some(ticket) = ticket {
            check_ticket(tx, ticket).await?;
        }
        after.ticket = ticket;
    }
    if after.recurrence.is_some() && after.due.is_none() {
        return Err(Error::field("recurrence", "needs a due date to begin with"));
    }
    Ok(after)
}
