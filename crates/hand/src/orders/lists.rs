//! Questions: lists of tasks, and the search.

use desk::Paging;
use desk::tasks::{Filter, FullTask, Sort};
use domain::task::Status as TaskStatus;
use domain::text;
use jiff::civil::Date;
use words::{NamedPeriod, Period};

use super::describe::{describe_date, describe_priority};
use super::outcome::{Outcome, Told};
use super::{Order, Status};

/// How many tasks an answer shows.
const SHOWN: usize = 50;
/// How many pages are gone through for tasks that carry all of several labels.
const PAGES: usize = 20;
/// How many hits a search shows.
const HITS: usize = 20;

/// `due today`, `due from … to …`.
fn period_words(from: Date, to: Date, today: Date) -> String {
    let near = |date: Date| describe_date(date, today);
    if from == to {
        format!("due {}", near(from))
    } else {
        format!("due from {} to {}", near(from), near(to))
    }
}

impl Order<'_> {
    /// Shows the tasks that a filter lets through; open ones unless it says otherwise.
    pub(super) async fn list(&self, asked: &words::Filter) -> Told {
        let mut filter = Filter { statuses: vec![TaskStatus::Todo, TaskStatus::Doing], ..Filter::default() };
        let mut said = Vec::new();
        let mut adjective = "open";
        let today = self.now.date();
        if asked.done == Some(true) {
            adjective = "finished";
            filter.statuses = vec![TaskStatus::Done];
            filter.sort = Sort::Completed;
        }
        match asked.due {
            None => {}
            Some(Period::Named(NamedPeriod::Overdue)) => {
                // Overdue is what is not done.
                adjective = "overdue";
                filter.statuses = vec![TaskStatus::Todo, TaskStatus::Doing];
                filter.sort = Sort::Due;
                filter.due_before = Some(self.instant);
            }
            Some(Period::Days { from, to }) => {
                filter.due_from = Some(from);
                filter.due_to = Some(to);
                said.push(period_words(from, to, today));
            }
        }
        if let Some(name) = &asked.assignee {
            let person = self.person(name).await?;
            filter.assignee = Some(Some(person.id));
            let you = Some(person.id) == self.caller.member();
            said.push(if you {
                "assigned to you".to_owned()
            } else {
                format!("assigned to {}", person.shown)
            });
        }
        if let Some(name) = &asked.project {
            let (id, name) = self.project_of(name).await?;
            filter.project = Some(Some(id));
            said.push(format!("in {name}"));
        }
        if let Some(priority) = asked.priority {
            filter.priority = Some(priority);
            said.push(format!("of priority {}", describe_priority(priority)));
        }
        if let Some(label) = asked.labels.first() {
            filter.label = Some(label.clone());
            let labels: Vec<String> = asked.labels.iter().map(|label| format!("@{label}")).collect();
            said.push(format!("labelled {}", super::describe::list(&labels)));
        }
        let (tasks, more) = self.gather(filter, asked.labels.get(1..).unwrap_or_default()).await?;
        let what = if said.is_empty() { String::new() } else { format!(" {}", said.join(", ")) };
        let text = match tasks.len() {
            n if more => format!("The first {n} {adjective} tasks{what}; there are more."),
            0 => format!("No {adjective} tasks{what}."),
            1 => format!("1 {adjective} task{what}."),
            n => format!("{n} {adjective} tasks{what}."),
        };
        Ok(Outcome { tasks, ..Outcome::new(Status::Answer, text) })
    }

    /// The first tasks that `filter` and the further `labels` let through, and whether there are more.
    async fn gather(&self, filter: Filter, labels: &[String]) -> desk::Result<(Vec<FullTask>, bool)> {
        let carries = |task: &FullTask| {
            let known = &task.view.task.labels;
            labels.iter().all(|label| known.iter().any(|known| known.to_lowercase() == label.to_lowercase()))
        };
        let mut tasks = Vec::new();
        // Without further labels one page is everything that is shown.
        let limit = if labels.is_empty() { SHOWN as i64 } else { 200 };
        let mut paging = Paging { limit, cursor: None };
        for _ in 0..PAGES {
            let page = desk::tasks::list(self.desk, &self.caller, filter.clone(), paging).await?;
            tasks.extend(page.items.into_iter().filter(carries));
            if tasks.len() > SHOWN || (tasks.len() == SHOWN && page.next.is_some()) {
                tasks.truncate(SHOWN);
                return Ok((tasks, true));
            }
            match page.next {
                None => return Ok((tasks, false)),
                next => paging.cursor = next,
            }
        }
        Ok((tasks, true))
    }

    pub(super) async fn search(&self, query: &str) -> Told {
        let hits = desk::search::search(self.desk, &self.caller, query, Vec::new(), HITS).await?;
        let shown = text::shorten(query, 80);
        let text = match hits.len() {
            0 => format!("Nothing is found for “{shown}”. Try fewer or other words."),
            1 => format!("1 record is found for “{shown}”."),
            HITS => format!("The {HITS} records that fit “{shown}” best."),
            n => format!("{n} records are found for “{shown}”."),
        };
        Ok(Outcome { hits, ..Outcome::new(Status::Answer, text) })
    }
}
