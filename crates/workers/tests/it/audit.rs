//! Everything that is done is in the audit, in words, and in the history of its record.

use desk::Paging;
use desk::tasks::{NewTask, PickMember, TaskPatch};
use domain::task::Due;
use domain::{Role, Via};
use testkit::both;

use crate::stage::{Process, Stage, id, until};

#[tokio::test(flavor = "multi_thread")]
async fn the_history_of_a_task_says_who_did_what_from_where() {
    both(async |db| {
        let stage = Stage::new(&db).await;
        let agent = stage.member("Dana", Role::Agent).await;
        let process = Process::start(&stage.desk, Vec::new(), None);
        let task = NewTask { title: "Call Acme".to_owned(), ..NewTask::default() };
        let task = desk::tasks::create(&stage.desk, &stage.owner, task).await.unwrap().value.view.task.id;
        let patch = TaskPatch {
            due: Some(Some(Due { date: jiff::civil::date(2030, 1, 7), time: None })),
            assignee: Some(Some(PickMember::Id(id(&agent)))),
            ..TaskPatch::default()
        };
        desk::tasks::update(&stage.desk, &stage.owner, task, patch, None).await.unwrap();
        desk::tasks::comment(&stage.desk, &agent, task, "On it").await.unwrap();
        desk::tasks::complete(&stage.desk, &agent, task).await.unwrap();
        let history = async || {
            desk::audit::history(&stage.desk, &agent, task.0, Paging::default()).await.unwrap().items
        };
        until("all four are kept", async || history().await.len() == 4).await;
        let history = history().await;
        let said: Vec<String> =
            history.iter().rev().map(|entry| format!("{} {}", entry.actor.name, entry.text)).collect();
        assert_eq!(
            said,
            [
                "Alex created the task",
                "Alex set the due date to 2030-01-07 and assigned it to Dana",
                "Dana commented on the task",
                "Dana completed the task",
            ]
        );
        for entry in &history {
            assert_eq!((entry.actor.via, entry.actor.address), (Via::Page, stage.owner.address));
            assert_eq!((entry.subject.kind.as_str(), entry.subject.number), ("task", Some(1)));
            assert_eq!(entry.subject.title, "Call Acme");
        }
        process.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_audit_can_be_narrowed_and_paged_and_is_not_for_everybody() {
    both(async |db| {
        let stage = Stage::new(&db).await;
        let agent = stage.member("Dana", Role::Agent).await;
        let process = Process::start(&stage.desk, Vec::new(), None);
        for title in ["One", "Two", "Three"] {
            let task = NewTask { title: title.to_owned(), ..NewTask::default() };
            desk::tasks::create(&stage.desk, &agent, task).await.unwrap();
        }
        let list = async |kind: Option<&str>, paging| {
            let kind = kind.map(str::to_owned);
            desk::audit::list(&stage.desk, &stage.owner, kind, Some(id(&agent)), paging).await.unwrap()
        };
        until("all are kept", async || list(Some("task"), Paging::default()).await.items.len() == 3).await;
        let first = list(Some("task"), Paging { limit: 2, cursor: None }).await;
        let rest = list(Some("task"), Paging { limit: 2, cursor: first.next }).await;
        let titles: Vec<_> =
            first.items.iter().chain(&rest.items).map(|entry| entry.subject.title.as_str()).collect();
        assert_eq!(titles, ["Three", "Two", "One"]);
        assert_eq!(rest.next, None);
        assert!(list(Some("ticket"), Paging::default()).await.items.is_empty());
        let refused = desk::audit::list(&stage.desk, &agent, None, None, Paging::default()).await;
        assert!(matches!(refused, Err(desk::Error::Forbidden { .. })));
        process.stop().await;
    })
    .await;
}
