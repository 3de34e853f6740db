//! Who and what is meant: the task, the member, the project that a sentence names.

use desk::tasks::{FullTask, PickProject};
use domain::ids::{MemberId, ProjectId};
use domain::text;
use words::{Command, Target};

use super::outcome::Stop;
use super::{Order, Record};

/// How many names a sentence lists.
const NAMED: usize = 8;

/// A member that a sentence names.
pub(super) struct Person {
    pub(super) id: MemberId,
    /// The name, with "(you)" where it is the caller.
    pub(super) shown: String,
}

/// A project that a sentence names.
pub(super) struct PickedProject {
    pub(super) pick: PickProject,
    /// The name, with "(new)" where there is none of that name yet.
    pub(super) shown: String,
}

/// `task #12 “Call Dana”`.
pub(super) fn named(task: &FullTask) -> String {
    format!("task #{} “{}”", task.view.task.number, text::shorten(&task.view.task.title, 80))
}

/// `#12 “Call Dana”`.
pub(super) fn short(task: &FullTask) -> String {
    format!("#{} “{}”", task.view.task.number, task.view.task.title)
}

pub(super) fn record(task: &FullTask) -> Record {
    let task = &task.view.task;
    Record { kind: "task", id: task.id.0, number: Some(task.number), title: task.title.clone() }
}

/// `A, B or C`, and that there are more.
fn some(names: &[&str], joint: &str) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [most @ .., last] if names.len() <= NAMED => format!("{} {joint} {last}", most.join(", ")),
        names => format!("{} and others", names[..NAMED].join(", ")),
    }
}

/// The order with a number in place of words, as an example to follow.
fn with_number(command: &Command, number: i64) -> String {
    match command {
        Command::CompleteTask(_) => format!("complete #{number}"),
        Command::ReopenTask(_) => format!("reopen #{number}"),
        Command::DeleteTask(_) => format!("delete #{number}"),
        Command::UpdateTask { .. } => format!("move #{number} to Friday"),
        Command::AssignTask { .. } => format!("assign #{number} to me"),
        Command::SnoozeTask { .. } => format!("snooze #{number} until Monday"),
        Command::AddSubtask { .. } => format!("add subtask book the room to #{number}"),
        Command::Comment { .. } => format!("comment on #{number}: …"),
        Command::AddReminder { .. } => format!("remind me about #{number} tomorrow at 9"),
        _ => format!("#{number}"),
    }
}

impl Order<'_> {
    /// The task that is meant. Finished ones are only looked at where no open one fits, or, with `done`, first.
    ///
    /// Only a title that the words stand in, as they are, is taken; anything less certain is asked about.
    pub(super) async fn task(
        &self,
        target: &Target,
        command: &Command,
        done: bool,
    ) -> Result<FullTask, Stop> {
        let words = match target {
            Target::Number { number } => return self.task_by_number(*number).await,
            Target::Words(words) => words,
        };
        for done in [done, !done] {
            let found = desk::tasks::by_title(self.desk, &self.caller, words, Some(done)).await?;
            match found.as_slice() {
                [] => {}
                [one] => return Ok(desk::tasks::get(self.desk, &self.caller, one.task.id).await?),
                [first, ..] => {
                    let choices = found.iter().map(|view| Record {
                        kind: "task",
                        id: view.task.id.0,
                        number: Some(view.task.number),
                        title: view.task.title.clone(),
                    });
                    let text = format!("Which task do you mean by “{}”?", text::shorten(words, 80));
                    let example = with_number(command, first.task.number);
                    return Err(choose(&text, choices.collect(), &example));
                }
            }
        }
        Err(self.no_such_task(words, command).await?)
    }

    async fn task_by_number(&self, number: u64) -> Result<FullTask, Stop> {
        let known = i64::try_from(number).unwrap_or(i64::MAX);
        match desk::tasks::by_number(self.desk, &self.caller, known).await {
            Ok(task) => Ok(task),
            Err(desk::Error::NotFound(_)) => Err(Stop::failed(format!(
                "There is no task #{number}. Look it up with “search …” or “show my tasks”."
            ))),
            Err(error) => Err(error.into()),
        }
    }

    /// What to say where no title fits: the tasks that come near, as a question.
    async fn no_such_task(&self, words: &str, command: &Command) -> Result<Stop, Stop> {
        let shown = text::shorten(words, 80);
        let kinds = vec![desk::search::Kind::Task];
        let near =
            desk::search::search(self.desk, &self.caller, &text::shorten(words, 400), kinds, 5).await?;
        let choices: Vec<Record> = near
            .into_iter()
            .map(|hit| Record { kind: "task", id: hit.id, number: hit.number, title: hit.title })
            .collect();
        let first = choices.iter().find_map(|choice| choice.number);
        Ok(match first {
            Some(first) => {
                let text = format!("No task is called “{shown}”. Did you mean one of these?");
                choose(&text, choices, &with_number(command, first))
            }
            None => Stop::failed(format!(
                "No task is called “{shown}”. Say its number, such as “{}”, or look it up with “search …”.",
                with_number(command, 12)
            )),
        })
    }

    /// The member of that name: the whole name, or one of its parts.
    pub(super) async fn person(&self, name: &str) -> Result<Person, Stop> {
        let members = desk::members::list(self.desk, &self.caller).await?;
        let active: Vec<_> =
            members.iter().filter(|member| member.state != desk::members::State::Inactive).collect();
        let wanted = name.trim().to_lowercase();
        let fits = |member: &&&desk::members::Member| match wanted.as_str() {
            "me" | "myself" => Some(member.id) == self.caller.member(),
            wanted => member.name.to_lowercase() == wanted,
        };
        let mut found: Vec<_> = active.iter().filter(fits).collect();
        if found.is_empty() {
            let part = |word: &str| word == wanted;
            found = active
                .iter()
                .filter(|member| member.name.to_lowercase().split_whitespace().any(part))
                .collect();
        }
        let shown = text::shorten(name.trim(), 60);
        match found.as_slice() {
            [one] => {
                let you = if Some(one.id) == self.caller.member() { " (you)" } else { "" };
                Ok(Person { id: one.id, shown: format!("{}{you}", one.name) })
            }
            [] => {
                let names: Vec<&str> = active.iter().map(|member| member.name.as_str()).collect();
                Err(Stop::failed(format!(
                    "Nobody here is called “{shown}”. Members are {}.",
                    some(&names, "and")
                )))
            }
            several => {
                let names: Vec<&str> = several.iter().map(|member| member.name.as_str()).collect();
                Err(Stop::clarify(format!(
                    "Who is “{shown}”: {}? Say the whole name, as in “assign #12 to {}”.",
                    some(&names, "or"),
                    names[0]
                )))
            }
        }
    }

    /// The project of that name; hyphens and underscores also stand for spaces, which `#` cannot hold.
    async fn known_project(&self, name: &str) -> Result<Option<(ProjectId, String)>, Stop> {
        let wanted = name.trim().to_lowercase();
        let spaced = wanted.replace(['-', '_'], " ");
        let projects = desk::projects::list(self.desk, &self.caller).await?;
        let find = |wanted: &str| projects.iter().find(|project| project.name.to_lowercase() == wanted);
        let found = find(&wanted)
            .or_else(|| find(&spaced))
            .or_else(|| projects.iter().find(|p| p.name.to_lowercase().replace(['-', '_'], " ") == spaced));
        Ok(found.map(|project| (project.id, project.name.clone())))
    }

    /// The project that a new task goes to: a name that is new makes one.
    pub(super) async fn project_for(&self, name: &str) -> Result<PickedProject, Stop> {
        if let Some((id, name)) = self.known_project(name).await? {
            return Ok(PickedProject { pick: PickProject::Id(id), shown: name });
        }
        let name =
            text::line(name, 100).map_err(|error| Stop::failed(format!("The project's name {error}.")))?;
        Ok(PickedProject { shown: format!("{name} (new)"), pick: PickProject::Name(name) })
    }

    /// The project that a list is narrowed to, which has to be there.
    pub(super) async fn project_of(&self, name: &str) -> Result<(ProjectId, String), Stop> {
        if let Some(found) = self.known_project(name).await? {
            return Ok(found);
        }
        let projects = desk::projects::list(self.desk, &self.caller).await?;
        let names: Vec<&str> = projects.iter().map(|project| project.name.as_str()).collect();
        let shown = text::shorten(name, 60);
        Err(Stop::failed(if names.is_empty() {
            format!("There is no project “{shown}”, and no other yet; “send the offer #Sales” makes one.")
        } else {
            format!("There is no project “{shown}”. Projects are {}.", some(&names, "and"))
        }))
    }
}

/// Asks which of several tasks is meant.
fn choose(question: &str, choices: Vec<Record>, example: &str) -> Stop {
    let shown: Vec<String> = choices
        .iter()
        .map(|choice| {
            let number = choice.number.map_or_else(String::new, |number| format!("#{number} "));
            format!("{number}“{}”", text::shorten(&choice.title, 60))
        })
        .collect();
    let shown: Vec<&str> = shown.iter().map(String::as_str).collect();
    let text = format!("{question} {}. Say its number, such as “{example}”.", some(&shown, "or"));
    Stop::which(text, choices)
}
