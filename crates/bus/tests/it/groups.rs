//! Groups get every event, once in effect and in order per key, whatever happens to the processes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::ids::WorkspaceId;
use domain::{EventType, Topic};
use store::{Error, Scope, Store};
use uuid::Uuid;

use crate::stage::{
    Process, Writer, Written, append, effects, event, everywhere, in_a_fleet, lag, until, writer,
};

async fn produce(store: &Store, workspace: WorkspaceId, subjects: &[Uuid], sequences: std::ops::Range<i64>) {
    for sequence in sequences {
        let events = subjects.iter().map(|id| event(workspace, EventType::MessageReceived, *id, sequence));
        append(store, events.collect()).await;
    }
}

fn subjects(count: usize) -> Vec<Uuid> {
    (0..count).map(|_| Uuid::now_v7()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_reaches_the_group_once_and_in_order_and_its_place_is_kept() {
    everywhere(async |db| {
        let written = Arc::new(Written::default());
        let process = Process::start(db.bus(&db).await, writer("one", &db, &written));
        let (workspace, subjects) = (WorkspaceId(Uuid::now_v7()), subjects(30));
        produce(&db, workspace, &subjects, 0..10).await;
        until("all 300 are handled", async || written.count() == 300).await;
        written.assert_once_and_in_order();
        until("the place is kept", async || lag(&db).await == 0).await;
        process.stop().await;
        assert_eq!(written.deliveries.lock().unwrap().len(), 300, "none came twice");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_group_gets_every_event_and_one_that_fails_does_not_hold_the_other_up() {
    everywhere(async |db| {
        let (sick, well) = (Arc::new(Written::default()), Arc::new(Written::default()));
        let mut handlers = writer("one", &db, &sick);
        handlers.push(Arc::new(Writer {
            process: "one",
            group: "audit",
            topics: &Topic::ALL,
            batch: 1,
            store: db.store.clone(),
            written: Arc::clone(&well),
        }));
        let workspace = WorkspaceId(Uuid::now_v7());
        let subject = Uuid::now_v7();
        let bad = event(workspace, EventType::MessageReceived, subject, 0);
        sick.poison.lock().unwrap().insert(bad.id);
        let process = Process::start(db.bus(&db).await, handlers);
        append(&db, vec![bad.clone()]).await;
        append(&db, vec![event(workspace, EventType::MessageReceived, subject, 1)]).await;
        append(&db, vec![event(workspace, EventType::TaskCreated, Uuid::now_v7(), 1)]).await;
        until("the other group goes on", async || well.count() == 3).await;
        assert_eq!(sick.count(), 0, "what follows in the order waits for it");
        sick.poison.lock().unwrap().clear();
        until("it goes on once it can", async || sick.count() == 2).await;
        sick.assert_once_and_in_order();
        assert!(sick.deliveries.lock().unwrap().iter().filter(|id| **id == bad.id).count() > 1);
        process.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_panics_gets_the_event_again() {
    everywhere(async |db| {
        let written = Arc::new(Written::default());
        let workspace = WorkspaceId(Uuid::now_v7());
        let bad = event(workspace, EventType::MessageReceived, Uuid::now_v7(), 0);
        written.explosive.lock().unwrap().insert(bad.id);
        let process = Process::start(db.bus(&db).await, writer("one", &db, &written));
        append(&db, vec![bad]).await;
        until("it has failed", async || !written.deliveries.lock().unwrap().is_empty()).await;
        written.explosive.lock().unwrap().clear();
        until("it is handled the second time", async || written.count() == 1).await;
        process.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_kill_nothing_is_missing_and_nothing_happens_twice() {
    everywhere(async |db| {
        let (workspace, subjects) = (WorkspaceId(Uuid::now_v7()), subjects(20));
        for round in 0..5 {
            let written = Arc::new(Written::default());
            let process = Process::start(db.bus(&db).await, writer("one", &db, &written));
            produce(&db, workspace, &subjects, round * 4..round * 4 + 4).await;
            until("some are handled", async || written.count() >= 10).await;
            process.kill().await;
            // On PostgreSQL a killed process's leases run out after 15 seconds; that has a test of its own.
            give_back(&db).await;
        }
        let process = Process::start(db.bus(&db).await, writer("two", &db, &Arc::new(Written::default())));
        until("all are handled", async || lag(&db).await == 0 && effects(&db, workspace).await.len() >= 400)
            .await;
        process.stop().await;
        let mut effects = effects(&db, workspace).await;
        assert_eq!(effects.len(), 400);
        effects.reverse();
        let mut last = HashMap::new();
        for effect in effects {
            let sequence = effect.subject_number.unwrap();
            let before = last.insert(effect.subject, sequence).unwrap_or(-1);
            assert_eq!(sequence, before + 1, "each once, and in order");
        }
    })
    .await;
}

pub(crate) async fn give_back(store: &Store) {
    let given_back: Result<(), Error> = store
        .write(Scope::System, (), |tx, ()| {
            Box::pin(async move {
                for member in store::bus::owners(tx, "hand").await? {
                    store::bus::leave(tx, &member).await?;
                }
                Ok(())
            })
        })
        .await;
    given_back.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_share_the_partitions_and_one_that_stops_hands_over_at_once() {
    in_a_fleet(async |db| {
        let another = db.another().await;
        let written = Arc::new(Written::default());
        let (workspace, subjects) = (WorkspaceId(Uuid::now_v7()), subjects(60));
        let one = Process::start(db.bus(&db).await, writer("one", &db, &written));
        produce(&db, workspace, &subjects, 0..1).await;
        until("one does everything", async || written.count() == 60).await;
        let two = Process::start(db.bus(&another).await, writer("two", &another, &written));
        let mut sequence = 1;
        until("both do their share", async || {
            let shares = shares(&db).await;
            shares.len() == 2 && shares.values().all(|partitions| *partitions == 6)
        })
        .await;
        while sequence < 6 {
            produce(&another, workspace, &subjects, sequence..sequence + 1).await;
            sequence += 1;
        }
        until("all are handled", async || written.count() == 360).await;
        let by_two = written.effects.lock().unwrap().iter().filter(|(process, _)| *process == "two").count();
        assert!(by_two > 60, "two handled {by_two}");

        one.stop().await;
        let stopped = Instant::now();
        produce(&another, workspace, &subjects, 6..8).await;
        until("the other has taken over", async || written.count() == 480).await;
        assert!(stopped.elapsed() < Duration::from_secs(3), "{:?}", stopped.elapsed());
        written.assert_once_and_in_order();
        two.stop().await;
        assert!(shares(&db).await.is_empty(), "everything was given back");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_process_had_goes_on_when_its_leases_have_run_out() {
    in_a_fleet(async |db| {
        let another = db.another().await;
        let written = Arc::new(Written::default());
        let (workspace, subjects) = (WorkspaceId(Uuid::now_v7()), subjects(60));
        let one = Process::start(db.bus(&db).await, writer("one", &db, &written));
        let two = Process::start(db.bus(&another).await, writer("two", &another, &written));
        until("both have their share", async || shares(&db).await.values().filter(|n| **n == 6).count() == 2)
            .await;
        one.kill().await;
        let killed = Instant::now();
        produce(&another, workspace, &subjects, 0..3).await;
        until("the other has taken over", async || written.count() == 180).await;
        assert!(killed.elapsed() < Duration::from_secs(16), "{:?}", killed.elapsed());
        written.assert_once_and_in_order();
        two.stop().await;
    })
    .await;
}

/// How many partitions of "hand" each process has.
async fn shares(store: &Store) -> HashMap<String, usize> {
    let owners: Result<Vec<String>, Error> = store
        .read(Scope::System, (), |tx, ()| Box::pin(async move { store::bus::owners(tx, "hand").await }))
        .await;
    let mut shares = HashMap::new();
    for owner in owners.unwrap_or_default() {
        *shares.entry(owner).or_insert(0) += 1;
    }
    shares
}
