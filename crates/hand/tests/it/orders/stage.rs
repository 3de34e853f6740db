//! A desk at ten on a Saturday morning in Berlin, with some members, who say things.

use std::sync::Arc;

use desk::tasks::{FullTask, NewTask};
use desk::workspaces::Setup;
use desk::{Desk, Paging};
use domain::ids::{ChatId, MemberId, TicketId, WorkspaceId};
use domain::task::Due;
use domain::{Actor, Caller, Role, SystemIds, Via};
use hand::orders::{Ask, Reply, Status, say};
use jiff::civil::{Date, Time};
use testkit::{Database, ManualClock};
use uuid::Uuid;

pub(super) const NOW: &str = "2026-11-21T09:00:00Z";

pub(super) struct Stage {
    pub(super) desk: Desk,
    pub(super) workspace: WorkspaceId,
    pub(super) ada: MemberId,
    pub(super) me: Caller,
    pub(super) zone: &'static str,
    _database: Database,
}

pub(super) fn caller(workspace: WorkspaceId, id: MemberId, name: &str, role: Role) -> Caller {
    Caller {
        workspace,
        actor: Actor::Member { id, name: name.to_owned(), role },
        via: Via::Page,
        address: None,
        correlation_id: Uuid::now_v7(),
        idempotency: None,
    }
}

/// The stage at `now`, with Ada as its owner.
pub(super) async fn at(now: &str) -> Stage {
    let clock = Arc::new(ManualClock::new(now.parse().unwrap()));
    let database = testkit::sqlite_at(clock.clone()).await;
    let desk = Desk::new(database.store.clone(), clock, Arc::new(SystemIds));
    let setup = Setup {
        workspace: "Acme".to_owned(),
        name: "Ada Lovelace".to_owned(),
        email: "ada@example.com".to_owned(),
        password: "correct horse battery".to_owned(),
        zone: "Europe/Berlin".to_owned(),
    };
    let owner = desk::workspaces::create(&desk, setup).await.unwrap();
    let me = caller(owner.workspace, owner.id, &owner.name, Role::Owner);
    let (workspace, ada) = (owner.workspace, owner.id);
    Stage { desk, workspace, ada, me, zone: "Europe/Berlin", _database: database }
}

pub(super) async fn stage() -> Stage {
    at(NOW).await
}

impl Stage {
    pub(super) async fn invite(&self, name: &str, role: Role) -> MemberId {
        let email = format!("{}@example.com", name.to_lowercase().replace(' ', "."));
        desk::members::invite(&self.desk, &self.me, name, &email, role).await.unwrap().0.id
    }

    pub(super) fn ask(&self, text: &str, confirm: bool) -> Ask {
        Ask { text: text.to_owned(), zone: self.zone.to_owned(), confirm, chat: None, ticket: None }
    }

    pub(super) async fn preview(&self, text: &str) -> Reply {
        say(&self.desk, &self.me, self.ask(text, false)).await.unwrap()
    }

    pub(super) async fn confirm(&self, text: &str) -> Reply {
        say(&self.desk, &self.me, self.ask(text, true)).await.unwrap()
    }

    pub(super) async fn confirm_in(&self, chat: ChatId, text: &str) -> Reply {
        let ask = Ask { chat: Some(chat), ..self.ask(text, true) };
        say(&self.desk, &self.me, ask).await.unwrap()
    }

    /// Previews and confirms; asserts that the preview changed nothing and showed the same.
    pub(super) async fn both(&self, text: &str) -> Reply {
        let before = self.everything().await;
        let preview = self.preview(text).await;
        assert_eq!(preview.status, Status::Preview, "{text}: {}", preview.text);
        assert_eq!(self.everything().await, before, "{text}");
        assert_eq!(preview.undo, None);
        let done = self.confirm(text).await;
        assert_eq!(done.status, Status::Done, "{text}: {}", done.text);
        assert_eq!(done.lines, preview.lines, "{text}");
        assert_eq!(done.command, preview.command);
        assert_eq!(done.spans, preview.spans);
        done
    }

    /// Takes back what `reply` did, and asserts that all is as it was `before`.
    pub(super) async fn take_back(&self, reply: &Reply, before: Vec<Kept>) {
        let undone = desk::undo::undo(&self.desk, &self.me, reply.undo.unwrap()).await.unwrap();
        assert!(hand::orders::undone(&undone).starts_with("Undone: "));
        assert_eq!(self.everything().await, before);
    }

    pub(super) async fn add(&self, title: &str) -> FullTask {
        self.add_due(title, None).await
    }

    pub(super) async fn add_due(&self, title: &str, due: Option<(Date, Option<Time>)>) -> FullTask {
        let due = due.map(|(date, time)| Due { date, time });
        let zone = Some("Europe/Berlin".to_owned());
        let new = NewTask { title: title.to_owned(), due, zone, ..NewTask::default() };
        desk::tasks::create(&self.desk, &self.me, new).await.unwrap().value
    }

    pub(super) async fn task(&self, number: i64) -> FullTask {
        desk::tasks::by_number(&self.desk, &self.me, number).await.unwrap()
    }

    /// A customer's conversation that Ada has claimed, which makes a ticket.
    pub(super) async fn ticket(&self) -> TicketId {
        let channel = desk::channels::list(&self.desk, &self.me).await.unwrap().remove(0);
        let id = Uuid::now_v7();
        let started = desk::visitors::start_new(
            &self.desk,
            &channel,
            desk::visitors::Introduction { name: Some("Dana".to_owned()), email: None },
            None,
            id,
            None,
        );
        let started = started.await.unwrap();
        let (visitor, _) =
            desk::visitors::authenticate(&self.desk, &started.token.unwrap(), None, id).await.unwrap();
        desk::visitors::write(&self.desk, &visitor, started.conversation, "Where is my refund?", None)
            .await
            .unwrap();
        desk::conversations::claim(&self.desk, &self.me, started.conversation).await.unwrap();
        let page =
            desk::tickets::list(&self.desk, &self.me, Default::default(), Paging::default()).await.unwrap();
        page.items[0].ticket.id
    }

    /// What people can see of all tasks and projects.
    pub(super) async fn everything(&self) -> Vec<Kept> {
        let filter = desk::tasks::Filter { sort: desk::tasks::Sort::Created, ..Default::default() };
        let page = desk::tasks::list(&self.desk, &self.me, filter, Paging { limit: 200, cursor: None });
        page.await.unwrap().items.into_iter().map(Kept::from).collect()
    }
}

/// What people can see of a task.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Kept {
    pub(super) number: i64,
    pub(super) title: String,
    pub(super) status: &'static str,
    pub(super) due: Option<Due>,
    pub(super) priority: Option<u8>,
    pub(super) labels: Vec<String>,
    pub(super) project: Option<String>,
    pub(super) assignee: Option<String>,
    pub(super) parent: Option<i64>,
    pub(super) ticket: Option<i64>,
    pub(super) rule: Option<String>,
    pub(super) comments: i64,
    pub(super) reminders: Vec<(domain::task::When, &'static str)>,
}

impl From<FullTask> for Kept {
    fn from(full: FullTask) -> Self {
        let view = full.view;
        Self {
            number: view.task.number,
            title: view.task.title,
            status: view.task.status.as_str(),
            due: view.task.due,
            priority: view.task.priority,
            labels: view.task.labels,
            project: view.project.map(|(name, _)| name),
            assignee: view.assignee,
            parent: view.parent.map(|(number, _)| number),
            ticket: view.ticket.map(|(number, ..)| number),
            rule: view.task.recurrence.map(|recurrence| recurrence.rule().to_owned()),
            comments: view.comments,
            reminders: full.reminders.iter().map(|r| (r.when, r.state.as_str())).collect(),
        }
    }
}

pub(super) fn lines(reply: &Reply) -> Vec<(&'static str, &str)> {
    reply.lines.iter().map(|line| (line.label, line.value.as_str())).collect()
}
