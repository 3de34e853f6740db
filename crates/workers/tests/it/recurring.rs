//! Completing a recurring task makes its next occurrence.

use desk::Paging;
use desk::tasks::{Filter, NewTask};
use domain::recurrence::{CountsFrom, Recurrence};
use domain::task::Due;
use testkit::both;

use crate::stage::{Process, Stage, until};

#[tokio::test(flavor = "multi_thread")]
async fn completing_a_recurring_task_makes_the_next_one() {
    both(async |db| {
        let stage = Stage::new(&db).await;
        let process = Process::start(&stage.desk, Vec::new(), None);
        let task = NewTask {
            title: "Water the plants".to_owned(),
            due: Some(Due { date: jiff::civil::date(2030, 1, 7), time: None }),
            recurrence: Some(Recurrence::new("FREQ=WEEKLY", CountsFrom::Schedule).unwrap()),
            ..NewTask::default()
        };
        let first = desk::tasks::create(&stage.desk, &stage.owner, task).await.unwrap().value.view.task;
        desk::tasks::complete(&stage.desk, &stage.owner, first.id).await.unwrap();
        let open = async || {
            let page = desk::tasks::list(&stage.desk, &stage.owner, Filter::default(), Paging::default())
                .await
                .unwrap();
            page.items
                .into_iter()
                .map(|task| task.view.task)
                .filter(|task| task.id != first.id)
                .collect::<Vec<_>>()
        };
        until("there is a next one", async || !open().await.is_empty()).await;
        let next = open().await;
        assert_eq!(next.len(), 1);
        assert_eq!(next[0].due.unwrap().date, jiff::civil::date(2030, 1, 14));
        process.stop().await;
    })
    .await;
}
