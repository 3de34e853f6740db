//! A new task as it will be: every name looked up, every limit kept, and the rows that show it.
//!
//! What the desk would refuse is refused here in the same way, so that no preview promises what cannot be done.

use desk::tasks::{NewTask, PickMember};
use domain::task::{Due, LABELS_LIMIT, REMINDERS_LIMIT, TITLE_LIMIT, When};
use domain::text;

use super::describe::{describe_due, describe_priority, describe_reminder, describe_series};
use super::outcome::Stop;
use super::{Line, Order, Record};

/// A task that is about to be made.
pub(super) struct Plan {
    pub(super) input: NewTask,
    pub(super) lines: Vec<Line>,
    /// What it belongs to.
    pub(super) records: Vec<Record>,
}

/// When something is due, as the desk has it.
pub(super) fn due(due: words::Due) -> Due {
    Due { date: due.date, time: due.time }
}

/// When to remind, as the desk has it.
pub(super) fn when(reminder: words::Reminder) -> When {
    match reminder {
        words::Reminder::Before { before_minutes } => When::Before { before_minutes },
        words::Reminder::At { at } => When::At { at },
    }
}

/// The title, cleaned as the desk does.
pub(super) fn title(title: &str) -> Result<String, Stop> {
    text::line(title, TITLE_LIMIT).map_err(|error| Stop::failed(format!("The title {error}.")))
}

/// Errors where a day is beyond what tasks can have.
pub(super) fn check_due(due: Due) -> Result<Due, Stop> {
    if (1970..=9990).contains(&due.date.year()) {
        return Ok(due);
    }
    Err(Stop::failed(format!("The year {} is too far off for a task.", due.date.year())))
}

fn check_labels(labels: &[String]) -> Result<(), Stop> {
    if labels.len() > LABELS_LIMIT {
        let n = labels.len();
        return Err(Stop::failed(format!("A task has at most {LABELS_LIMIT} labels, and these are {n}.")));
    }
    for label in labels {
        text::line(label, 50).map_err(|error| Stop::failed(format!("A label {error}.")))?;
    }
    Ok(())
}

fn check_reminders(task: &words::NewTask) -> Result<(), Stop> {
    if task.reminders.len() > REMINDERS_LIMIT {
        let n = task.reminders.len();
        return Err(Stop::failed(format!(
            "A task has at most {REMINDERS_LIMIT} reminders, and these are {n}."
        )));
    }
    let counted = task.reminders.iter().any(|reminder| matches!(reminder, words::Reminder::Before { .. }));
    if task.due.is_none() && counted {
        return Err(Stop::clarify(
            "Before what shall the reminder come? Say when the task is due, such as “call Dana tomorrow at 9, \
             remind me 30 min before”.",
        ));
    }
    Ok(())
}

impl Order<'_> {
    /// The task that the words ask for.
    pub(super) async fn plan(&self, task: &words::NewTask) -> Result<Plan, Stop> {
        check_labels(&task.labels)?;
        check_reminders(task)?;
        let today = self.now.date();
        let title = title(&task.title)?;
        let due = task.due.map(due).map(check_due).transpose()?;
        let mut lines = vec![Line { label: "Title", value: title.clone() }];
        let mut row = |label, value: Option<String>| lines.extend(value.map(|value| Line { label, value }));
        row("Due", due.map(|due| describe_due(due, today)));
        let time = due.and_then(|due| due.time);
        row("Repeats", task.recurrence.as_ref().map(|recurrence| describe_series(recurrence, time)));
        let reminders: Vec<When> = task.reminders.iter().copied().map(when).collect();
        row("Reminders", self.reminder_words(&reminders, due));
        row("Priority", task.priority.map(describe_priority));
        let labels: Vec<String> = task.labels.iter().map(|label| format!("@{label}")).collect();
        row("Labels", (!labels.is_empty()).then(|| labels.join(" ")));
        let project = match &task.project {
            Some(name) => Some(self.project_for(name).await?),
            None => None,
        };
        row("Project", project.as_ref().map(|project| project.shown.clone()));
        let assignee = match &task.assignee {
            Some(name) => Some(self.person(name).await?),
            None => None,
        };
        row("Assignee", assignee.as_ref().map(|person| person.shown.clone()));
        let input = NewTask {
            title,
            due,
            zone: Some(self.zone_name.clone()),
            priority: task.priority,
            labels: task.labels.clone(),
            project: project.map(|project| project.pick),
            assignee: assignee.map(|person| PickMember::Id(person.id)),
            recurrence: task.recurrence.clone(),
            reminders,
            ..NewTask::default()
        };
        Ok(Plan { input, lines, records: Vec::new() })
    }

    /// Reminders of something due at `due`, as people say them; nothing where there are none.
    pub(super) fn reminder_words(&self, reminders: &[When], due: Option<Due>) -> Option<String> {
        let words: Vec<String> =
            reminders.iter().map(|when| describe_reminder(*when, due, self.now.date())).collect();
        (!words.is_empty()).then(|| super::describe::list(&words))
    }

    /// Links the task to the ticket that whoever speaks has before them.
    pub(super) async fn link_ticket(&self, plan: &mut Plan) -> Result<(), Stop> {
        let Some(id) = self.ticket else { return Ok(()) };
        let ticket = match desk::tickets::get(self.desk, &self.caller, id).await {
            Ok(view) => view.ticket,
            Err(desk::Error::NotFound(_)) => {
                return Err(Stop::failed(
                    "The ticket that this task is for is not there; say it without the ticket.",
                ));
            }
            Err(error) => return Err(error.into()),
        };
        plan.input.ticket = Some(id);
        plan.lines.push(Line { label: "Ticket", value: format!("#{} {}", ticket.number, ticket.subject) });
        plan.records.push(Record {
            kind: "ticket",
            id: id.0,
            number: Some(ticket.number),
            title: ticket.subject,
        });
        Ok(())
    }
}
