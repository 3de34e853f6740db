//! The verbs on tasks: each finds what is meant, shows it, and does it where it is confirmed.

use desk::UseCase;
use desk::tasks::{FullTask, PickMember, TaskPatch};
use domain::recurrence::resolve;
use domain::task::{Due, ReminderState, Status, When};
use domain::text;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use words::{Changes, Command, Target};

use super::describe::{describe_due, describe_priority, describe_recurrence, due_in};
use super::outcome::{Outcome, Stop, Told};
use super::pick::{named, record, short};
use super::plan::{check_due, due, title, when};
use super::refusals::capital;
use super::{Line, Order, Record};

/// The most characters of a comment.
const COMMENT_LIMIT: usize = 10_000;

fn row(label: &'static str, value: impl Into<String>) -> Line {
    Line { label, value: value.into() }
}

/// What was, and what it becomes.
fn from_to(from: Option<String>, to: String) -> String {
    match from {
        Some(from) => format!("{to} (was {from})"),
        None => to,
    }
}

impl Order<'_> {
    pub(super) async fn add_task(&self, task: &words::NewTask) -> Told {
        self.may(UseCase::CreateTask)?;
        let mut plan = self.plan(task).await?;
        self.link_ticket(&mut plan).await?;
        let when = plan
            .input
            .due
            .map_or_else(String::new, |due| format!(", due {}", describe_due(due, self.now.date())));
        if !self.confirm {
            let title = text::shorten(&plan.input.title, 80);
            let text = format!("Adds the task “{title}”{when}.");
            return Ok(Outcome::preview(text, plan.lines, plan.records));
        }
        let done = desk::tasks::create(self.desk, &self.caller, plan.input).await?;
        let mut records = vec![record(&done.value)];
        records.extend(plan.records);
        Ok(Outcome::done(format!("Added {}{when}.", named(&done.value)), plan.lines, records, done.undo))
    }

    pub(super) async fn add_subtask(&self, target: &Target, task: &words::NewTask) -> Told {
        self.may(UseCase::CreateTask)?;
        let command = Command::AddSubtask { target: target.clone(), task: task.clone() };
        let parent = self.task(target, &command, false).await?;
        if let Some((number, _)) = &parent.view.parent {
            return Err(Stop::failed(format!(
                "{} is itself a part of #{number}, and parts have no parts of their own; add it to #{number}.",
                capital(&named(&parent))
            )));
        }
        let mut plan = self.plan(task).await?;
        plan.input.parent = Some(parent.view.task.id);
        plan.lines.push(row("Part of", short(&parent)));
        if !self.confirm {
            let title = text::shorten(&plan.input.title, 80);
            let text = format!("Adds “{title}” as a part of {}.", named(&parent));
            return Ok(Outcome::preview(text, plan.lines, vec![record(&parent)]));
        }
        let done = desk::tasks::create(self.desk, &self.caller, plan.input).await?;
        let text = format!("Added {} as a part of {}.", named(&done.value), named(&parent));
        Ok(Outcome::done(text, plan.lines, vec![record(&done.value), record(&parent)], done.undo))
    }

    pub(super) async fn complete(&self, target: &Target) -> Told {
        self.may(UseCase::UpdateTask)?;
        let task = self.task(target, &Command::CompleteTask(target.clone()), false).await?;
        if task.view.task.status == Status::Done {
            return Err(already(&task, "is done already"));
        }
        let mut lines = self.shown(&task);
        lines.extend(task.view.task.recurrence.as_ref().map(|r| row("Repeats", describe_recurrence(r))));
        let mut records = vec![record(&task)];
        let mut leads_back = String::new();
        if let (Some(id), Some((number, subject, _))) = (task.view.task.ticket, &task.view.ticket) {
            lines.push(row("Ticket", format!("#{number} {subject}")));
            leads_back = format!(" It was promised in ticket #{number} “{}”.", text::shorten(subject, 80));
            records.push(Record { kind: "ticket", id: id.0, number: Some(*number), title: subject.clone() });
        }
        if !self.confirm {
            return Ok(Outcome::preview(format!("Completes {}.", named(&task)), lines, records));
        }
        let done = desk::tasks::complete(self.desk, &self.caller, task.view.task.id).await?;
        let text = format!("Completed {}.{leads_back}", named(&done.value));
        Ok(Outcome::done(text, lines, records, done.undo))
    }

    pub(super) async fn reopen(&self, target: &Target) -> Told {
        self.may(UseCase::UpdateTask)?;
        let task = self.task(target, &Command::ReopenTask(target.clone()), true).await?;
        if task.view.task.status != Status::Done {
            return Err(already(&task, "is open already"));
        }
        let lines = self.shown(&task);
        if !self.confirm {
            return Ok(Outcome::preview(format!("Reopens {}.", named(&task)), lines, vec![record(&task)]));
        }
        let done = desk::tasks::reopen(self.desk, &self.caller, task.view.task.id).await?;
        let text = format!("Reopened {}.", named(&done.value));
        Ok(Outcome::done(text, lines, vec![record(&task)], done.undo))
    }

    pub(super) async fn delete(&self, target: &Target) -> Told {
        self.may(UseCase::DeleteTask)?;
        let task = self.task(target, &Command::DeleteTask(target.clone()), false).await?;
        let mut lines = self.shown(&task);
        let parts = match task.view.subtasks {
            0 => String::new(),
            1 => " with its part".to_owned(),
            n => format!(" with its {n} parts"),
        };
        if task.view.subtasks > 0 {
            lines.push(row("Parts", task.view.subtasks.to_string()));
        }
        if !self.confirm {
            let text = format!("Deletes {}{parts}.", named(&task));
            return Ok(Outcome::preview(text, lines, vec![record(&task)]));
        }
        let done = desk::tasks::delete(self.desk, &self.caller, task.view.task.id, None).await?;
        Ok(Outcome::done(format!("Deleted {}{parts}.", named(&task)), lines, vec![record(&task)], done.undo))
    }

    pub(super) async fn update(&self, target: &Target, changes: &Changes) -> Told {
        self.may(UseCase::UpdateTask)?;
        let command = Command::UpdateTask { target: target.clone(), changes: changes.clone() };
        let task = self.task(target, &command, false).await?;
        let known = &task.view.task;
        let today = self.now.date();
        let mut patch = TaskPatch::default();
        let mut lines = vec![row("Task", short(&task))];
        let mut said = Vec::new();
        if let Some(new) = &changes.title {
            let new = title(new)?;
            if new != known.title {
                said.push(format!("renamed to “{}”", text::shorten(&new, 80)));
                lines.push(row("Title", new.clone()));
                patch.title = Some(new);
            }
        }
        if let Some(new) = changes.due {
            let shown = check_due(due(new))?;
            let new = self.on_clock_of(shown, &known.zone)?;
            if Some(new) != known.due {
                let was = due_in(known, &self.zone).map(|due| describe_due(due, today));
                said.push(format!("due {}", describe_due(shown, today)));
                lines.push(row("Due", from_to(was, describe_due(shown, today))));
                patch.due = Some(Some(new));
            }
        }
        if let Some(new) = changes.priority.filter(|new| Some(*new) != known.priority) {
            said.push(format!("{} now", describe_priority(new)));
            let was = known.priority.map(describe_priority);
            lines.push(row("Priority", from_to(was, describe_priority(new))));
            patch.priority = Some(Some(new));
        }
        if said.is_empty() {
            return Err(already(&task, "is like that already"));
        }
        let said = super::describe::list(&said);
        if !self.confirm {
            let text = format!("Changes {}: {said}.", named(&task));
            return Ok(Outcome::preview(text, lines, vec![record(&task)]));
        }
        let done = desk::tasks::update(self.desk, &self.caller, known.id, patch, None).await?;
        let text = format!("Changed {}: {said}.", named(&task));
        Ok(Outcome::done(text, lines, vec![record(&done.value)], done.undo))
    }

    pub(super) async fn assign(&self, target: &Target, name: &str) -> Told {
        self.may(UseCase::UpdateTask)?;
        let command = Command::AssignTask { target: target.clone(), assignee: name.to_owned() };
        let task = self.task(target, &command, false).await?;
        let nobody = matches!(name.to_lowercase().as_str(), "nobody" | "no one" | "noone");
        let person = if nobody { None } else { Some(self.person(name).await?) };
        if task.view.task.assignee == person.as_ref().map(|person| person.id) {
            return Err(match person {
                Some(person) => already(&task, &format!("is with {} already", person.shown)),
                None => already(&task, "is with nobody already"),
            });
        }
        let to = person.as_ref().map_or_else(|| "nobody".to_owned(), |person| person.shown.clone());
        let lines =
            vec![row("Task", short(&task)), row("Assignee", from_to(task.view.assignee.clone(), to.clone()))];
        if !self.confirm {
            let text = format!("Assigns {} to {to}.", named(&task));
            return Ok(Outcome::preview(text, lines, vec![record(&task)]));
        }
        let assignee = Some(person.map(|person| PickMember::Id(person.id)));
        let patch = TaskPatch { assignee, ..TaskPatch::default() };
        let done = desk::tasks::update(self.desk, &self.caller, task.view.task.id, patch, None).await?;
        let text = format!("Assigned {} to {to}.", named(&task));
        Ok(Outcome::done(text, lines, vec![record(&done.value)], done.undo))
    }

    pub(super) async fn snooze(&self, target: &Target, until: words::Due) -> Told {
        self.may(UseCase::UpdateTask)?;
        let command = Command::SnoozeTask { target: target.clone(), until };
        let task = self.task(target, &command, false).await?;
        if task.view.task.status == Status::Done {
            return Err(Stop::failed(format!(
                "{} is done, so it cannot be put off; reopen it first with “reopen #{}”.",
                capital(&named(&task)),
                task.view.task.number
            )));
        }
        let shown = check_due(due(until))?;
        let new = self.on_clock_of(shown, &task.view.task.zone)?;
        if task.view.task.due == Some(new) {
            return Err(already(&task, "is due then already"));
        }
        let today = self.now.date();
        let until = describe_due(shown, today);
        let was = due_in(&task.view.task, &self.zone).map(|due| describe_due(due, today));
        let lines = vec![row("Task", short(&task)), row("Until", from_to(was, until.clone()))];
        if !self.confirm {
            let text = format!("Snoozes {} until {until}.", named(&task));
            return Ok(Outcome::preview(text, lines, vec![record(&task)]));
        }
        let done = desk::tasks::snooze(self.desk, &self.caller, task.view.task.id, new).await?;
        let text = format!("Snoozed {} until {until}.", named(&task));
        Ok(Outcome::done(text, lines, vec![record(&done.value)], done.undo))
    }

    pub(super) async fn comment(&self, target: &Target, comment: &str) -> Told {
        self.may(UseCase::CommentTask)?;
        let command = Command::Comment { target: target.clone(), comment: comment.to_owned() };
        let task = self.task(target, &command, false).await?;
        let comment = text::block(comment, COMMENT_LIMIT)
            .map_err(|error| Stop::failed(format!("The comment {error}.")))?;
        let lines = vec![row("Task", short(&task)), row("Comment", comment.clone())];
        if !self.confirm {
            let text = format!("Comments on {}.", named(&task));
            return Ok(Outcome::preview(text, lines, vec![record(&task)]));
        }
        let done = desk::tasks::comment(self.desk, &self.caller, task.view.task.id, &comment).await?;
        let text = format!("Commented on {}.", named(&task));
        Ok(Outcome::done(text, lines, vec![record(&task)], done.undo))
    }

    pub(super) async fn add_reminders(&self, target: &Target, reminders: &[words::Reminder]) -> Told {
        self.may(UseCase::SetReminder)?;
        let command = Command::AddReminder { target: target.clone(), reminders: reminders.to_vec() };
        let task = self.task(target, &command, false).await?;
        let number = task.view.task.number;
        if reminders.is_empty() {
            return Err(Stop::clarify(format!(
                "When shall the reminder of {} come? Say the time, such as “remind me about #{number} tomorrow at 9”.",
                named(&task)
            )));
        }
        let mut new = Vec::new();
        let mut shown = Vec::new();
        for reminder in reminders {
            let said = when(*reminder);
            let kept = self.reminder_of(&task, said)?;
            let same = task.reminders.iter().any(|known| {
                Some(known.member) == self.caller.member()
                    && known.when == kept
                    && known.state == ReminderState::Pending
            });
            if !same && !new.contains(&kept) {
                new.push(kept);
                shown.push(said);
            }
        }
        let due = due_in(&task.view.task, &self.zone);
        let Some(words) = self.reminder_words(&shown, due) else {
            return Err(already(&task, "has that reminder already"));
        };
        if task.reminders.len() + new.len() > domain::task::REMINDERS_LIMIT {
            return Err(Stop::failed(format!(
                "{} would have more than {} reminders.",
                capital(&named(&task)),
                domain::task::REMINDERS_LIMIT
            )));
        }
        let mut lines = self.shown(&task);
        lines.push(row("Reminders", words.clone()));
        if !self.confirm {
            let text = format!("Reminds you of {}: {words}.", named(&task));
            return Ok(Outcome::preview(text, lines, vec![record(&task)]));
        }
        let done = desk::tasks::add_reminders(self.desk, &self.caller, task.view.task.id, new).await?;
        let text = format!("You will be reminded of {}: {words}.", named(&task));
        Ok(Outcome::done(text, lines, vec![record(&task)], done.undo))
    }

    /// A reminder on the wall clock of its task. Errors where it cannot come.
    fn reminder_of(&self, task: &FullTask, said: When) -> Result<When, Stop> {
        let known = &task.view.task;
        let number = known.number;
        let zone = self.zone_of(&known.zone)?;
        if known.status == Status::Done {
            return Err(Stop::failed(format!(
                "{} is done, so nothing reminds of it.",
                capital(&named(task))
            )));
        }
        let kept = match said {
            When::At { at } => When::At { at: self.move_clock(at, &zone) },
            before @ When::Before { .. } => before,
        };
        match kept.instant(known.due, &zone) {
            None => Err(Stop::failed(format!(
                "{} has no due date to count back from; say the time, such as “remind me about #{number} tomorrow \
                 at 9”.",
                capital(&named(task))
            ))),
            Some(at) if at <= self.instant => Err(Stop::failed(format!(
                "The time for that reminder is over; say one that is to come, such as “remind me about #{number} \
                 tomorrow at 9”."
            ))),
            Some(_) => Ok(kept),
        }
    }

    /// The rows that show which task is meant.
    fn shown(&self, task: &FullTask) -> Vec<Line> {
        let due = due_in(&task.view.task, &self.zone).map(|due| describe_due(due, self.now.date()));
        let mut lines = vec![row("Task", short(task))];
        lines.extend(due.map(|due| row("Due", due)));
        lines
    }

    /// What is due at a time here, on the wall clock of the zone that a task is kept in.
    fn on_clock_of(&self, due: Due, zone_name: &str) -> Result<Due, Stop> {
        let Some(time) = due.time else { return Ok(due) };
        let local = self.move_clock(due.date.to_datetime(time), &self.zone_of(zone_name)?);
        Ok(Due { date: local.date(), time: Some(local.time()) })
    }

    fn move_clock(&self, local: DateTime, zone: &TimeZone) -> DateTime {
        resolve(local, &self.zone).to_zoned(zone.clone()).datetime()
    }

    fn zone_of(&self, name: &str) -> Result<TimeZone, Stop> {
        if name == self.zone_name {
            return Ok(self.zone.clone());
        }
        Ok(super::zone(name)?)
    }
}

fn already(task: &FullTask, what: &str) -> Stop {
    Stop::already(format!("{} {what}.", capital(&named(task))), vec![record(task)])
}
