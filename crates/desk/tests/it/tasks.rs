//! Tasks: numbers, changes, reminders, recurrences, undo.

use std::collections::BTreeSet;

use desk::tasks::{Filter, FullTask, NewTask, PickMember, PickProject, TaskPatch};
use desk::{Error, Paging};
use domain::recurrence::{CountsFrom, Recurrence};
use domain::task::{Due, ReminderState, Status, When};
use domain::{EventType, IdempotencyKey, Role};
use jiff::civil::{date, time};
use testkit::both;

use crate::stage::{Stage, visitor};

fn titled(title: &str) -> NewTask {
    NewTask { title: title.to_owned(), ..NewTask::default() }
}

fn due_at_nine() -> Due {
    Due { date: date(2035, 3, 5), time: Some(time(9, 0, 0, 0)) }
}

async fn make(stage: &Stage, input: NewTask) -> FullTask {
    desk::tasks::create(&stage.desk, &stage.owner, input).await.unwrap().value
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_creators_get_sixty_four_different_numbers() {
    both(async |database| {
        let stage = Stage::set(database).await;
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..64 {
            let (desk, caller) = (stage.desk.clone(), stage.owner.clone());
            tasks.spawn(async move {
                desk::tasks::create(&desk, &caller, titled(&format!("task {n}")))
                    .await
                    .unwrap()
                    .value
                    .view
                    .task
                    .number
            });
        }
        let numbers: BTreeSet<i64> = tasks.join_all().await.into_iter().collect();
        assert_eq!(numbers.len(), 64);
        assert_eq!(numbers.first(), Some(&1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_key_gets_the_first_task_and_another_body_is_refused() {
    both(async |database| {
        let stage = Stage::set(database).await;
        let mut caller = stage.owner.clone();
        caller.idempotency = Some(IdempotencyKey { key: "k1".into(), request_hash: "a".into() });
        let mut twins = tokio::task::JoinSet::new();
        for _ in 0..16 {
            let (desk, caller) = (stage.desk.clone(), caller.clone());
            twins.spawn(async move {
                desk::tasks::create(&desk, &caller, titled("once")).await.unwrap().value.view.task.id
            });
        }
        let ids: BTreeSet<_> = twins.join_all().await.into_iter().collect();
        assert_eq!(ids.len(), 1);
        let page =
            desk::tasks::list(&stage.desk, &stage.owner, Filter::default(), Paging::default()).await.unwrap();
        assert_eq!(page.items.len(), 1);

        caller.idempotency = Some(IdempotencyKey { key: "k1".into(), request_hash: "b".into() });
        let other = desk::tasks::create(&stage.desk, &caller, titled("twice")).await;
        assert!(matches!(other, Err(Error::KeyReused)), "{other:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_change_is_refused_with_the_version_that_is_there() {
    both(async |database| {
        let stage = Stage::set(database).await;
        let task = make(&stage, titled("draft")).await.view.task;
        let patch = |title: &str| TaskPatch { title: Some(title.to_owned()), ..TaskPatch::default() };
        let first = desk::tasks::update(&stage.desk, &stage.owner, task.id, patch("one"), Some(vec![1]))
            .await
            .unwrap();
        assert_eq!(first.value.view.task.version, 2);
        let second =
            desk::tasks::update(&stage.desk, &stage.owner, task.id, patch("two"), Some(vec![1])).await;
        assert!(matches!(second, Err(Error::Stale { version: 2, .. })), "{second:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_undo_takes_back_is_as_it_was_and_only_once() {
    both(async |database| {
        let stage = Stage::set(database).await;
        let made = desk::tasks::create(&stage.desk, &stage.owner, titled("draft")).await.unwrap();
        let id = made.value.view.task.id;
        let patch =
            TaskPatch { title: Some("final".into()), priority: Some(Some(1)), ..TaskPatch::default() };
        let changed = desk::tasks::update(&stage.desk, &stage.owner, id, patch, None).await.unwrap();
        desk::undo::undo(&stage.desk, &stage.owner, changed.undo.unwrap()).await.unwrap();
        let task = desk::tasks::get(&stage.desk, &stage.owner, id).await.unwrap().view.task;
        assert_eq!((task.title.as_str(), task.priority), ("draft", None));
        let again = desk::undo::undo(&stage.desk, &stage.owner, changed.undo.unwrap()).await;
        assert!(matches!(again, Err(Error::Conflict { code: "cannot_undo", .. })), "{again:?}");
        // The making was followed by other changes, so it is not taken back any more.
        let making = desk::undo::undo(&stage.desk, &stage.owner, made.undo.unwrap()).await;
        assert!(matches!(making, Err(Error::Conflict { code: "cannot_undo", .. })), "{making:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_task_comes_back_with_its_parts_and_reminders() {
    both(async |database| {
        let stage = Stage::set(database).await;
        let reminders = vec![When::Before { before_minutes: 30 }];
        let parent =
            make(&stage, NewTask { due: Some(due_at_nine()), reminders, ..titled("parent") }).await.view.task;
        let part = make(&stage, NewTask { parent: Some(parent.id), ..titled("part") }).await.view.task;
        let gone = desk::tasks::delete(&stage.desk, &stage.owner, parent.id, None).await.unwrap();
        for id in [parent.id, part.id] {
            let found = desk::tasks::get(&stage.desk, &stage.owner, id).await;
            assert!(matches!(found, Err(Error::NotFound("task"))), "{found:?}");
        }
        desk::undo::undo(&stage.desk, &stage.owner, gone.undo.unwrap()).await.unwrap();
        let back = desk::tasks::get(&stage.desk, &stage.owner, parent.id).await.unwrap();
        assert_eq!(back.view.subtasks, 1);
        assert_eq!(back.reminders[0].state, ReminderState::Pending);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reminder_follows_its_due_date_and_ends_with_the_task() {
    both(async |database| {
        let stage = Stage::set(database).await;
        let reminders = vec![When::Before { before_minutes: 30 }];
        let made = make(&stage, NewTask { due: Some(due_at_nine()), reminders, ..titled("call Dana") }).await;
        assert_eq!(made.reminders[0].due_at.to_string(), "2035-03-05T07:30:00Z");
        let id = made.view.task.id;
        let later = Due { time: Some(time(10, 0, 0, 0)), ..due_at_nine() };
        let moved = desk::tasks::snooze(&stage.desk, &stage.owner, id, later).await.unwrap().value;
        assert_eq!(moved.reminders[0].due_at.to_string(), "2035-03-05T08:30:00Z");
        let done = desk::tasks::complete(&stage.desk, &stage.owner, id).await.unwrap().value;
        assert_eq!(done.reminders[0].state, ReminderState::Cancelled);
        let open = desk::tasks::reopen(&stage.desk, &stage.owner, id).await.unwrap().value;
        assert_eq!(open.reminders[0].state, ReminderState::Pending);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reminder_that_fired_comes_once_for_each_new_due_date() {
    both(async |database| {
        let stage = Stage::set(database).await;
        let past = Due { date: date(2020, 1, 1), time: Some(time(9, 0, 0, 0)) };
        let reminders = vec![When::Before { before_minutes: 0 }];
        let made = make(&stage, NewTask { due: Some(past), reminders, ..titled("call Dana") }).await;
        let claims = desk::reminders::claim_due(&stage.desk, 10).await.unwrap();
        let claims = claims.into_iter().filter(|claim| claim.workspace == stage.workspace).collect();
        assert_eq!(desk::reminders::fire(&stage.desk, stage.workspace, claims).await.unwrap().len(), 1);
        for hour in [10, 11, 12] {
            let until = Due { time: Some(time(hour, 0, 0, 0)), ..due_at_nine() };
            let moved =
                desk::tasks::snooze(&stage.desk, &stage.owner, made.view.task.id, until).await.unwrap().value;
            let pending: Vec<_> =
                moved.reminders.iter().filter(|reminder| reminder.state == ReminderState::Pending).collect();
            assert_eq!(pending.len(), 1, "after moving to {hour}");
            assert_eq!(Some(pending[0].due_at), moved.view.task.due_at);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn finishing_a_recurring_task_makes_the_next_one_once() {
    both(async |database| {
        let stage = Stage::set(database).await;
        let recurrence = Recurrence::new("FREQ=WEEKLY;BYDAY=MO", CountsFrom::Schedule).unwrap();
        let reminders = vec![When::Before { before_minutes: 30 }];
        let input =
            NewTask { due: Some(due_at_nine()), recurrence: Some(recurrence), reminders, ..titled("sync") };
        let task = make(&stage, input).await.view.task;
        let done = desk::tasks::complete(&stage.desk, &stage.owner, task.id).await.unwrap();
        let deliveries = stage.deliveries("recurring", EventType::TaskCompleted).await;
        assert_eq!(deliveries.len(), 1);
        desk::tasks::next_occurrence(&stage.desk, &deliveries[0]).await.unwrap();
        let again = desk::tasks::next_occurrence(&stage.desk, &deliveries[0]).await;
        assert!(matches!(again, Err(Error::Handled)), "{again:?}");

        let open = desk::tasks::list(
            &stage.desk,
            &stage.owner,
            Filter { statuses: vec![Status::Todo], ..Filter::default() },
            Paging::default(),
        )
        .await
        .unwrap();
        assert_eq!(open.items.len(), 1);
        let next = &open.items[0];
        assert_eq!(next.view.task.due.unwrap().date, date(2035, 3, 12));
        assert_eq!(next.view.task.number, 2);
        assert_eq!(next.reminders[0].due_at.to_string(), "2035-03-12T07:30:00Z");
        // Undo opens the finished one again, and the next one, which nobody touched, goes.
        desk::undo::undo(&stage.desk, &stage.owner, done.undo.unwrap()).await.unwrap();
        let gone = desk::tasks::get(&stage.desk, &stage.owner, next.view.task.id).await;
        assert!(matches!(gone, Err(Error::NotFound(_))), "{gone:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_board_keeps_the_order_it_was_given_however_often_it_is_moved() {
    both(async |database| {
        let stage = Stage::set(database).await;
        let a = make(&stage, titled("a")).await.view.task.id;
        let b = make(&stage, titled("b")).await.view.task.id;
        let c = make(&stage, titled("c")).await.view.task.id;
        // Always between the same two: the room in between is used up many times over.
        for turn in 0..60 {
            let (moving, staying) = if turn % 2 == 0 { (c, b) } else { (b, c) };
            desk::tasks::move_to(&stage.desk, &stage.owner, moving, Status::Todo, Some(a)).await.unwrap();
            let filter = Filter { sort: desk::tasks::Sort::Rank, ..Filter::default() };
            let page = desk::tasks::list(&stage.desk, &stage.owner, filter, Paging::default()).await.unwrap();
            let order: Vec<_> = page.items.iter().map(|task| task.view.task.id).collect();
            assert_eq!(order, [a, moving, staying], "after move {turn}");
        }
        let stray = desk::tasks::move_to(&stage.desk, &stage.owner, a, Status::Done, Some(b)).await;
        assert!(matches!(stray, Err(Error::Invalid(_))), "{stray:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_understood_and_unknown_ones_are_said() {
    both(async |database| {
        let stage = Stage::set(database).await;
        let agent = stage.member("Ana Agent", Role::Agent).await;
        let input = NewTask {
            project: Some(PickProject::Name("#Portal".into())),
            assignee: Some(PickMember::Name("ana".into())),
            labels: vec!["@billing".into(), "Billing".into()],
            ..titled("fix login")
        };
        let task = make(&stage, input).await.view;
        assert_eq!(task.project.unwrap().0, "Portal");
        assert_eq!(task.task.assignee, agent.member());
        assert_eq!(task.task.labels, ["billing"]);
        let nobody = NewTask { assignee: Some(PickMember::Name("Zoe".into())), ..titled("x") };
        let refused = desk::tasks::create(&stage.desk, &stage.owner, nobody).await;
        assert!(refused.unwrap_err().to_string().contains("nobody here is called that"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_workspaces_tasks_are_not_there() {
    both(async |database| {
        let stage = Stage::set(database).await;
        let task = make(&stage, titled("ours")).await.view.task;
        let setup = desk::workspaces::Setup {
            workspace: "Other".into(),
            name: "Eve".into(),
            email: "eve@example.com".into(),
            password: "correct horse".into(),
            zone: "UTC".into(),
        };
        let eve = desk::workspaces::create(&stage.desk, setup).await.unwrap();
        let eve = crate::stage::caller(eve.workspace, eve.id, "Eve", Role::Owner);
        let seen = desk::tasks::get(&stage.desk, &eve, task.id).await;
        assert!(matches!(seen, Err(Error::NotFound(_))), "{seen:?}");
        let changed = desk::tasks::complete(&stage.desk, &eve, task.id).await;
        assert!(matches!(changed, Err(Error::NotFound(_))), "{changed:?}");
        let link = NewTask { parent: Some(task.id), ..titled("x") };
        let linked = desk::tasks::create(&stage.desk, &eve, link).await;
        assert!(matches!(linked, Err(Error::Invalid(_))), "{linked:?}");
        // Both count for themselves.
        let first = desk::tasks::create(&stage.desk, &eve, titled("theirs")).await.unwrap();
        assert_eq!(first.value.view.task.number, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_fields_are_all_named_at_once() {
    both(async |database| {
        let stage = Stage::set(database).await;
        let input = NewTask {
            title: "\u{200B}".into(),
            zone: Some("Mars/Phobos".into()),
            priority: Some(9),
            labels: vec![String::new()],
            reminders: vec![When::Before { before_minutes: 5 }],
            ..NewTask::default()
        };
        let Err(Error::Invalid(errors)) = desk::tasks::create(&stage.desk, &stage.owner, input).await else {
            panic!("accepted")
        };
        let fields: BTreeSet<&str> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["labels", "priority", "reminders", "title", "zone"].into());
        let stranger = desk::tasks::create(&stage.desk, &visitor(stage.workspace), titled("x")).await;
        assert!(matches!(stranger, Err(Error::Forbidden { .. })), "{stranger:?}");
    })
    .await;
}
