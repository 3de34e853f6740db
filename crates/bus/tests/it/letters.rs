//! What cannot be handled is tried again, then a dead letter, which holds nobody up and can be handled again.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use bus::Handler;
use domain::ids::WorkspaceId;
use domain::{Envelope, Topic};
use store::bus::dead::{self, DeadLetter, Filter, Reason};
use store::{Error, Store};
use uuid::Uuid;

use crate::stage::{Process, Writer, Written, append, effects, everywhere, lag, received, until, writer};

pub(crate) async fn letters(store: &Store, workspace: WorkspaceId) -> Vec<DeadLetter> {
    let page: Result<_, Error> = store
        .read(workspace, (), |tx, ()| {
            Box::pin(async move { dead::list(tx, &Filter::default(), 200, None).await })
        })
        .await;
    page.unwrap().items
}

/// Lets all letters be handled again, `gap` apart; gives how many they are.
pub(crate) async fn replay(store: &Store, workspace: WorkspaceId, gap: Duration) -> usize {
    let queued: Result<usize, Error> = store
        .write(workspace, gap, |tx, gap| {
            Box::pin(async move { dead::queue(tx, &Filter::default(), 10_000, (Duration::ZERO, *gap)).await })
        })
        .await;
    queued.unwrap()
}

/// Subjects whose events share a partition with those of `subject`.
fn neighbours(subject: Uuid, count: usize) -> Vec<Uuid> {
    let partition = |id: Uuid| received(WorkspaceId(id), id, 0).partition();
    std::iter::repeat_with(Uuid::now_v7)
        .filter(|id| partition(*id) == partition(subject))
        .take(count)
        .collect()
}

fn tries(written: &Written, event: &Envelope) -> usize {
    written.deliveries.lock().unwrap().iter().filter(|id| **id == event.id).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_every_time_is_a_dead_letter_and_other_keys_of_the_partition_go_on_meanwhile() {
    everywhere(async |db| {
        let written = Arc::new(Written::default());
        let (workspace, subject) = (WorkspaceId(Uuid::now_v7()), Uuid::now_v7());
        let (bad, behind) = (received(workspace, subject, 0), received(workspace, subject, 1));
        written.poison.lock().unwrap().insert(bad.id);
        let process = Process::start(db.bus(&db).await, writer("one", &db, &written));
        let mut all = vec![bad.clone(), behind.clone()];
        let others = neighbours(subject, 10);
        all.extend((0..3).flat_map(|n| others.iter().map(move |id| received(workspace, *id, n))));
        append(&db, all).await;
        until("the other keys go on", async || written.count() == 30).await;
        assert!(letters(&db, workspace).await.is_empty(), "the retries are not over");
        assert_eq!(tries(&written, &behind), 0, "it waits for the one before it");

        until("what follows goes on", async || written.count() == 31).await;
        written.assert_once_and_in_order();
        assert_eq!(tries(&written, &bad), 4, "once, and three retries");
        let letters = letters(&db, workspace).await;
        let [letter] = letters.as_slice() else { panic!("{letters:?}") };
        assert_eq!((letter.reason, letter.attempts), (Reason::Failed, 4));
        assert_eq!((letter.group.as_str(), letter.topic), ("hand", Topic::ConversationsIncoming));
        assert_eq!(letter.detail, "poison");
        assert_eq!(Envelope::parse(&letter.original).unwrap(), bad);
        until("the place is kept", async || lag(&db).await == 0).await;
        process.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_poison_has_its_reason_and_its_neighbours_are_handled() {
    everywhere(async |db| {
        let written = Arc::new(Written::default());
        let (workspace, subject) = (WorkspaceId(Uuid::now_v7()), Uuid::now_v7());
        let subjects = neighbours(subject, 12);
        let events: Vec<Envelope> = subjects.iter().map(|id| received(workspace, *id, 0)).collect();
        written.poison.lock().unwrap().insert(events[5].id);
        written.explosive.lock().unwrap().insert(events[6].id);
        written.refused.lock().unwrap().insert(events[7].id);
        append(&db, events.clone()).await;
        for sql in [
            "UPDATE outbox SET envelope = 'hello' WHERE id = 2",
            "UPDATE outbox SET envelope = '{\"type\": 7}' WHERE id = 3",
            "UPDATE outbox SET envelope = replace(envelope, 'message.received', 'message.unheard') WHERE id = 4",
            "UPDATE outbox SET envelope = replace(envelope, '\"1.0\"', '\"2.0\"') WHERE id = 5",
        ] {
            db.spoil(sql).await;
        }
        let mut handlers = writer("one", &db, &written);
        // The same with many at once: the neighbours in its batches are handled once as well.
        let many = Arc::new(Written::default());
        for (all, some) in [
            (&many.poison, &written.poison),
            (&many.explosive, &written.explosive),
            (&many.refused, &written.refused),
        ] {
            all.lock().unwrap().extend(some.lock().unwrap().iter().copied());
        }
        handlers.push(Arc::new(Writer {
            process: "one",
            group: "notify",
            topics: &[Topic::ConversationsIncoming],
            batch: 100,
            store: db.store.clone(),
            written: Arc::clone(&many),
        }) as Arc<dyn Handler>);
        let process = Process::start(db.bus(&db).await, handlers);
        until("all are handled or dead", async || letters(&db, workspace).await.len() == 14).await;
        until("the neighbours are handled", async || written.count() == 5 && many.count() == 5).await;
        for group in ["hand", "notify"] {
            let mut found: Vec<(Uuid, Reason, i64)> = letters(&db, workspace)
                .await
                .into_iter()
                .filter(|letter| letter.group == group)
                .map(|letter| (letter.event.0, letter.reason, letter.attempts))
                .collect();
            found.sort_by_key(|(id, ..)| *id);
            let wanted: Vec<(Uuid, Reason, i64)> = [
                (1, Reason::NotJson, 1),
                (2, Reason::NotAnEvent, 1),
                (3, Reason::UnknownType, 1),
                (4, Reason::UnknownVersion, 1),
                (5, Reason::Failed, 4),
                (6, Reason::Panicked, 4),
                (7, Reason::Refused, 1),
            ]
            .map(|(index, reason, attempts): (usize, _, _)| (events[index].id.0, reason, attempts))
            .into();
            assert_eq!(found, wanted, "{group}");
        }
        let garbage = letters(&db, workspace).await.into_iter().find(|letter| letter.event == events[1].id);
        assert_eq!(garbage.unwrap().original, b"hello");
        written.assert_once_and_in_order();
        many.assert_once_and_in_order();
        process.stop().await;
        assert_eq!(effects(&db, workspace).await.len(), 10);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_is_replayed_is_handled_once_and_one_that_fails_again_rests_again() {
    everywhere(async |db| {
        let written = Arc::new(Written::default());
        let (workspace, subject) = (WorkspaceId(Uuid::now_v7()), Uuid::now_v7());
        let (mends, fails) = (received(workspace, subject, 0), received(workspace, Uuid::now_v7(), 0));
        written.refused.lock().unwrap().extend([mends.id, fails.id]);
        let process = Process::start(db.bus(&db).await, writer("one", &db, &written));
        append(&db, vec![mends.clone(), fails.clone(), received(workspace, subject, 1)]).await;
        until("both are dead", async || letters(&db, workspace).await.len() == 2).await;
        written.refused.lock().unwrap().remove(&mends.id);
        assert_eq!(replay(&db, workspace, Duration::ZERO).await, 2);
        until("one is handled, and the other rests again", async || {
            let left = letters(&db, workspace).await;
            left.len() == 1 && left[0].replay_at.is_none() && left[0].attempts == 2
        })
        .await;
        assert_eq!(letters(&db, workspace).await[0].event, fails.id);
        assert_eq!((tries(&written, &mends), tries(&written, &fails)), (2, 2));
        let handled =
            written.effects.lock().unwrap().iter().filter(|(_, event)| event.id == mends.id).count();
        assert_eq!(handled, 1);
        process.stop().await;
    })
    .await;
}

/// `DESKHAND_LETTERS`, at least 300.
fn many() -> usize {
    let asked = std::env::var_os("DESKHAND_LETTERS").and_then(|number| number.to_str()?.parse().ok());
    asked.unwrap_or(300).max(300)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_that_is_killed_goes_on_and_each_letter_is_handled_once() {
    everywhere(async |db| {
        let many = many();
        let written = Arc::new(Written::default());
        let workspace = WorkspaceId(Uuid::now_v7());
        let events: Vec<Envelope> = (0..many).map(|_| received(workspace, Uuid::now_v7(), 0)).collect();
        written.refused.lock().unwrap().extend(events.iter().map(|event| event.id));
        let process = Process::start(db.bus(&db).await, writer("one", &db, &written));
        append(&db, events.clone()).await;
        until("all are dead", async || lag(&db).await == 0 && letters(&db, workspace).await.len() == 200)
            .await;
        written.refused.lock().unwrap().clear();
        assert_eq!(replay(&db, workspace, Duration::from_micros(600_000 / many as u64)).await, many);
        // What is queued already is left alone.
        assert_eq!(replay(&db, workspace, Duration::ZERO).await, 0);
        until("some are handled", async || written.count() > many / 5).await;
        process.kill().await;
        let before = effects(&db, workspace).await.len();
        assert!((1..many).contains(&before), "{before} were handled before the kill");
        crate::groups::give_back(&db).await;

        let process = Process::start(db.bus(&db).await, writer("two", &db, &written));
        until("none is left", async || letters(&db, workspace).await.is_empty()).await;
        process.stop().await;
        let effects = effects(&db, workspace).await;
        let once: HashSet<&str> = effects.iter().map(|effect| effect.action.as_str()).collect();
        assert_eq!((effects.len(), once.len()), (many, many));
    })
    .await;
}
