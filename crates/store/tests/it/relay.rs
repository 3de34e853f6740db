//! Relays move every committed event once and in order, and tell of few before they are in the log.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::ids::{EventId, WorkspaceId};
use domain::{Envelope, EventType, Topic, TraceParent};
use store::bus::{self, Logged, Moved};
use store::{Error, Scope, Store};
use testkit::{Postgres, append, beside, both, event, postgres};
use uuid::Uuid;

use crate::bus::{ensure, read, relay};
use crate::events::system;

async fn log(store: &Store) -> HashMap<(Topic, u32), Vec<Logged>> {
    let mut log = HashMap::new();
    for (topic, partition) in Topic::all_partitions() {
        log.insert((topic, partition), read(store, topic, partition, 0).await);
    }
    log
}

type Told = Vec<((Topic, u32), Vec<Logged>)>;

/// Moves up to 100 events; gives also what was told of meanwhile.
async fn relay_and_listen(store: &Store) -> (Moved, Told) {
    let told: Arc<Mutex<Vec<Told>>> = Arc::default();
    let moved: Result<Moved, Error> = store
        .write(Scope::System, Arc::clone(&told), |tx, told| {
            Box::pin(async move {
                let tell = |events: &bus::ByPlace| told.lock().unwrap().push(events.to_vec());
                bus::relay_telling(tx, 100, &tell).await
            })
        })
        .await;
    // Where it had to run again, the last time counts.
    let last = told.lock().unwrap().pop();
    (moved.unwrap(), last.unwrap_or_default())
}

async fn traces(store: &Store, topic: Topic, partition: u32, positions: (i64, i64)) -> Vec<TraceParent> {
    system!(store, (topic, partition, positions), |tx, (topic, partition, (from, to))| bus::traces(
        tx, *topic, *partition, *from, *to
    ))
}

#[tokio::test]
async fn the_relay_knows_to_which_traces_the_events_belong_that_it_moved() {
    both(async |store| {
        ensure(&store).await;
        let (workspace, subject) = (WorkspaceId(Uuid::now_v7()), Uuid::now_v7());
        let trace = |number: u8| format!("00-{:032x}-00f067aa0ba902b7-01", number).parse().ok();
        // As long before its data as an event can be, and with what looks like a trace in them.
        let mut events: Vec<_> = (1..=3)
            .map(|n| event(workspace, EventType::ConversationReturned, subject, i64::MAX - n))
            .collect();
        for (event, number) in events.iter_mut().zip([1, 0, 2]) {
            event.traceparent = trace(number);
            event.actor.name = "name".repeat(100);
            event.data = serde_json::json!({"title": "\"traceparent\":\"00-", "other": "x".repeat(2000)});
        }
        append(&store, events.clone()).await;
        let moved = system!(store, (), |tx, ()| bus::relay(tx, 100));
        let [(topic, partition, from, to)] = moved.positions[..] else { panic!("{moved:?}") };
        assert_eq!((topic, to - from), (Topic::Audit, 3));
        let found = traces(&store, topic, partition, (from, to)).await;
        assert_eq!(found, [trace(1).unwrap(), trace(2).unwrap()]);
        let second = traces(&store, topic, partition, (from + 1, from + 2)).await;
        assert_eq!(second, [], "it has none");
    })
    .await;
}

#[tokio::test]
async fn every_event_gets_one_dense_place_and_a_subjects_events_stay_in_order() {
    both(async |db| {
        ensure(&db).await;
        ensure(&db).await;
        let workspace = WorkspaceId(Uuid::now_v7());
        let subjects: Vec<Uuid> = (0..20).map(|_| Uuid::now_v7()).collect();
        for sequence in 0..10 {
            let events =
                subjects.iter().map(|subject| event(workspace, EventType::TaskUpdated, *subject, sequence));
            append(&db, events.collect()).await;
        }
        while relay(&db).await > 0 {}
        let mut seen = HashMap::new();
        for ((topic, partition), logged) in log(&db).await {
            for (index, logged) in logged.iter().enumerate() {
                assert_eq!(logged.position, i64::try_from(index).unwrap(), "{topic:?}/{partition}");
                let event: domain::Envelope = serde_json::from_str(&logged.envelope).unwrap();
                assert_eq!((event.kind.topic(), event.partition()), (topic, partition));
                assert_eq!((event.id, event.workspace_id), (logged.event, logged.workspace));
                let next = seen.entry(event.subject_id).or_insert(0);
                assert_eq!(event.sequence, *next, "of one subject, in order");
                *next += 1;
            }
        }
        assert_eq!(seen.len(), 20);
        assert!(seen.values().all(|count| *count == 10));
        let waiting = system!(db, (), |tx, ()| bus::outbox_backlog(tx));
        assert_eq!((waiting.events, waiting.oldest), (0, Duration::ZERO));
    })
    .await;
}

#[tokio::test]
async fn an_event_without_a_partition_waits_until_there_is_one() {
    both(async |db| {
        ensure(&db).await;
        db.spoil("DELETE FROM bus_partitions WHERE topic = 'task-events'").await;
        let workspace = WorkspaceId(Uuid::now_v7());
        let kinds = [EventType::TaskCreated, EventType::MessageReceived];
        append(&db, kinds.map(|kind| event(workspace, kind, Uuid::now_v7(), 1)).into()).await;
        assert_eq!(relay(&db).await, 1);
        assert_eq!(relay(&db).await, 0);
        ensure(&db).await;
        assert_eq!(relay(&db).await, 1);
    })
    .await;
}

#[tokio::test]
async fn relays_side_by_side_move_each_event_once_while_producers_go_on() {
    both(async |db| {
        ensure(&db).await;
        let another = db.another().await;
        let workspace = WorkspaceId(Uuid::now_v7());
        let produce = async |store: &Store| {
            for sequence in 0..40 {
                let events =
                    (0..5).map(|_| event(workspace, EventType::MessageReceived, Uuid::now_v7(), sequence));
                append(store, events.collect()).await;
            }
        };
        let move_all = async |store: &Store| {
            let (mut moved, mut told) = (0, Vec::new());
            while moved < 400 {
                let (round, events) = relay_and_listen(store).await;
                moved += round.events;
                told.extend(events);
                let all: usize = log(store).await.values().map(Vec::len).sum();
                if all == 400 {
                    break;
                }
            }
            (moved, told)
        };
        let (_, _, (one, told), (two, told_too)) =
            tokio::join!(produce(&db), produce(&another), move_all(&db), move_all(&another));
        assert_eq!(one + two, 400, "{one} + {two}");
        let log_of = log(&db).await;
        for (place, events) in told.into_iter().chain(told_too) {
            assert!(events.iter().all(|event| log_of[&place].contains(event)), "{place:?}");
        }
        let mut ids: Vec<EventId> =
            log(&db).await.into_values().flatten().map(|logged| logged.event).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 400);
    })
    .await;
}

#[tokio::test]
async fn an_event_that_commits_late_is_not_passed_over() {
    // Only PostgreSQL lets transactions commit in another order than they began.
    let db = postgres().await;
    ensure(&db).await;
    let workspace = WorkspaceId(Uuid::now_v7());
    let (go_on, wait) = tokio::sync::watch::channel(false);
    let (begun, mut has_begun) = tokio::sync::watch::channel(false);
    let slow = async {
        let early = event(workspace, EventType::TaskCreated, Uuid::now_v7(), 1);
        let written: Result<(), Error> = db
            .write(workspace, (early, wait, begun), |tx, (early, wait, begun)| {
                Box::pin(async move {
                    store::outbox::append(tx, early)?;
                    begun.send_replace(true);
                    let _ = wait.clone().wait_for(|go_on| *go_on).await;
                    Ok(())
                })
            })
            .await;
        written.unwrap();
    };
    let quick = async {
        has_begun.wait_for(|begun| *begun).await.unwrap();
        append(&db, vec![event(workspace, EventType::TaskCreated, Uuid::now_v7(), 1)]).await;
        assert_eq!(relay(&db).await, 1, "the later row, which was committed first");
        go_on.send_replace(true);
    };
    tokio::join!(slow, quick);
    assert_eq!(relay(&db).await, 1, "the earlier row, which was committed last");
}

/// One after the other, each of another record.
fn tasks(count: usize) -> Vec<Envelope> {
    let workspace = WorkspaceId(Uuid::now_v7());
    (0..count).map(|_| event(workspace, EventType::TaskCreated, Uuid::now_v7(), 1)).collect()
}

fn by_place(told: Told) -> HashMap<(Topic, u32), Vec<Logged>> {
    told.into_iter().collect()
}

#[tokio::test]
async fn of_few_events_a_relay_tells_at_the_places_that_they_get_and_of_many_it_tells_nothing() {
    both(async |db| {
        ensure(&db).await;
        append(&db, tasks(3)).await;
        relay(&db).await;
        append(&db, tasks(10)).await;
        let before = log(&db).await;
        let (moved, told) = relay_and_listen(&db).await;
        assert_eq!(moved.events, 10);
        let mut new = log(&db).await;
        for (place, logged) in &mut new {
            logged.drain(..before[place].len());
        }
        new.retain(|_, logged| !logged.is_empty());
        assert_eq!(by_place(told), if db.is_exclusive() { HashMap::new() } else { new });

        append(&db, tasks(60)).await;
        let (moved, told) = relay_and_listen(&db).await;
        assert_eq!((moved.events, told), (60, vec![]));
        for logged in log(&db).await.values() {
            let positions = logged.iter().map(|logged| usize::try_from(logged.position).unwrap());
            assert!(positions.eq(0..logged.len()), "dense");
        }
        let all: usize = log(&db).await.values().map(Vec::len).sum();
        assert_eq!(all, 73);
    })
    .await;
}

#[tokio::test]
async fn what_waits_behind_events_of_partitions_that_another_relay_has_is_moved() {
    // On SQLite there is no other relay.
    let db = postgres().await;
    ensure(&db).await;
    let another = db.another().await;
    let tasks = tasks(1000);
    let of = |partition: u32| tasks.iter().filter(move |task| task.partition() == partition).cloned();
    append(&db, of(0).take(50).collect()).await;
    append(&db, of(1).take(3).collect()).await;
    let (go_on, wait) = tokio::sync::watch::channel(false);
    let (begun, mut has_begun) = tokio::sync::watch::channel(false);
    let first = async {
        let moved: Result<Moved, Error> = another
            .write(Scope::System, (wait, begun), |tx, (wait, begun)| {
                Box::pin(async move {
                    let moved = bus::relay(tx, 10).await?;
                    begun.send_replace(true);
                    let _ = wait.clone().wait_for(|go_on| *go_on).await;
                    Ok(moved)
                })
            })
            .await;
        assert_eq!(moved.unwrap().events, 10, "all of one partition");
    };
    let second = async {
        has_begun.wait_for(|begun| *begun).await.unwrap();
        let (moved, told) = relay_and_listen(&db).await;
        assert_eq!((moved.events, told), (3, vec![]), "those of the other partition");
        go_on.send_replace(true);
    };
    tokio::join!(first, second);
    assert_eq!(relay(&db).await, 40);
}

#[tokio::test]
async fn it_is_told_that_events_come_before_they_are_committed_and_when_they_are() {
    let server = Postgres::start_on_slow_disk(Duration::from_millis(300)).await;
    let db = beside(&server.new_database().await).await;
    let mut appends = db.appends();
    let listening = async {
        for count in 1..=3 {
            appends.begins().await;
            let waiting = system!(db, (), |tx, ()| bus::outbox_backlog(tx));
            assert_eq!(waiting.events, count - 1, "its commit is under way");
            appends.ends().await;
            let waiting = system!(db, (), |tx, ()| bus::outbox_backlog(tx));
            assert_eq!(waiting.events, count);
        }
    };
    let appending = async {
        for task in tasks(3) {
            append(&db, vec![task]).await;
        }
    };
    tokio::join!(listening, appending);
    // One ends also where nobody waits for it any more.
    let given_up = db.appends();
    let append = append(&db, tasks(1));
    assert!(tokio::time::timeout(Duration::from_millis(100), append).await.is_err());
    given_up.ends().await;
    // Of one that has ended there is nothing to tell.
    let mut late = db.appends();
    testkit::append(&db, tasks(1)).await;
    assert!(tokio::time::timeout(Duration::from_millis(100), late.begins()).await.is_err());
}
