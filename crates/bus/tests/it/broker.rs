//! A broker that is killed, that does not answer, that loses what it had, or that brings what nobody of ours has sent.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bus::{BrokerOptions, Bus, Interest};
use domain::ids::WorkspaceId;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::{ClientConfig, TopicPartitionList};
use store::bus::dead::{self, DeadLetter, Filter, Reason};
use store::{Error, Store};
use testkit::{Database, Kafka, Nats, Proxy, postgres, sqlite};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::stage::{
    Ground, Process, Written, append, assert_effects, effects, lag, outbox, received, until, writer,
    writer_of,
};

/// A broker that a test can end and start again.
enum Broker {
    Nats(Nats),
    Kafka(Kafka),
}

impl Broker {
    fn both() -> [Self; 2] {
        [Self::Nats(Nats::start()), Self::Kafka(Kafka::start())]
    }

    fn ground(&self, db: Database) -> Ground {
        match self {
            Self::Nats(server) => Ground::on_nats(db, server.address()),
            Self::Kafka(broker) => Ground::on_kafka(db, broker.address()),
        }
    }

    fn save(&self) {
        match self {
            Self::Nats(server) => server.save(),
            Self::Kafka(broker) => broker.save(),
        }
    }

    fn go_back(&self) {
        match self {
            Self::Nats(server) => server.go_back(),
            Self::Kafka(broker) => broker.go_back(),
        }
    }

    fn kill(&mut self) {
        match self {
            Self::Nats(server) => server.kill(),
            Self::Kafka(broker) => broker.kill(),
        }
    }

    fn start_again(&mut self) {
        match self {
            Self::Nats(server) => server.start_again(),
            Self::Kafka(broker) => broker.start_again(),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_broker_is_away_events_wait_and_afterwards_all_are_handled_once_and_in_order() {
    for mut broker in Broker::both() {
        let db = broker.ground(postgres().await);
        let written = Arc::new(Written::default());
        let workspace = WorkspaceId(Uuid::now_v7());
        let subjects: Vec<Uuid> = (0..15).map(|_| Uuid::now_v7()).collect();
        let process = Process::start(db.bus(&db).await, writer("one", &db, &written));
        for sequence in 0..40 {
            append(&db, subjects.iter().map(|id| received(workspace, *id, sequence)).collect()).await;
            match sequence {
                10 | 25 => broker.kill(),
                20 => assert!(outbox(&db).await > 0, "the outbox keeps what cannot be sent"),
                22 | 32 => broker.start_again(),
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
        until("all are handled", async || effects(&db, workspace).await.len() >= 600).await;
        until("nothing waits", async || outbox(&db).await == 0 && lag(&db).await == 0).await;
        process.stop().await;
        assert_effects(&db, workspace, 15, 40).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_three_kafka_brokers_may_be_away_and_nobody_notices() {
    let mut brokers = Kafka::three();
    let db = Ground::on_kafka(postgres().await, brokers.address()).with(|options| options.replication = 3);
    let written = Arc::new(Written::default());
    let workspace = WorkspaceId(Uuid::now_v7());
    let subjects: Vec<Uuid> = (0..15).map(|_| Uuid::now_v7()).collect();
    let process = Process::start(db.bus(&db).await, writer("one", &db, &written));
    let mut sent = 0;
    for index in 0..3 {
        for sequence in (0..20).map(|n| index * 20 + n) {
            let sequence = i64::try_from(sequence).unwrap();
            append(&db, subjects.iter().map(|id| received(workspace, *id, sequence)).collect()).await;
            sent += subjects.len();
            if sequence % 20 == 5 {
                brokers.kill_one(index);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // With two of three everything that was sent meanwhile comes through.
        until("all are handled", async || effects(&db, workspace).await.len() >= sent).await;
        brokers.start_one_again(index);
    }
    until("nothing waits", async || outbox(&db).await == 0 && lag(&db).await == 0).await;
    process.stop().await;
    assert_effects(&db, workspace, 15, 60).await;
}

/// What was sent and never acknowledged is sent again: it is there twice, and has one effect.
#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_accepts_and_does_not_answer_costs_time_and_nothing_else() {
    let server = Nats::start();
    let proxy = Proxy::start(server.address());
    let db = Ground::on_nats(postgres().await, proxy.address().to_owned());
    let written = Arc::new(Written::default());
    let workspace = WorkspaceId(Uuid::now_v7());
    let subjects: Vec<Uuid> = (0..10).map(|_| Uuid::now_v7()).collect();
    let process = Process::start(db.bus(&db).await, writer("one", &db, &written));
    for sequence in 0..30 {
        append(&db, subjects.iter().map(|id| received(workspace, *id, sequence)).collect()).await;
        match sequence {
            10 => proxy.hold(true),
            // Longer than an acknowledgement is waited for.
            15 => tokio::time::sleep(Duration::from_secs(7)).await,
            20 => proxy.hold(false),
            _ => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
    until("all are handled", async || effects(&db, workspace).await.len() >= 300).await;
    process.stop().await;
    assert_effects(&db, workspace, 10, 30).await;
}

/// A broker that comes back with less than it had costs what it has lost and nothing else, in processes that ran on and
/// in those that come: what it still has is handled, and what is sent afterwards, and none of it twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_has_lost_its_events_does_not_stop_what_comes_after() {
    for kept in [0, 10] {
        for mut broker in Broker::both() {
            let db = broker.ground(if kept == 0 { sqlite().await } else { postgres().await });
            let (workspace, subject) = (WorkspaceId(Uuid::now_v7()), Uuid::now_v7());
            let append = async |sequences: Range<i64>| {
                append(&db, sequences.map(|n| received(workspace, subject, n)).collect()).await;
            };
            let (written, slow) = (Arc::new(Written::default()), Arc::new(Written::default()));
            let handled = async |written: &Written, count: i64| {
                until("all are handled", async || written.count() == usize::try_from(count).unwrap()).await;
                until("their places are kept", async || outbox(&db).await == 0 && lag(&db).await == 0).await;
            };
            // More than are filled at once.
            let lost = if kept == 0 { 20 } else { 620 };
            let mut saved = 0;
            if kept == 0 {
                broker.kill();
                broker.save();
                broker.start_again();
            }
            // A group that has a place and is nowhere at work.
            let bus = db.bus(&db).await;
            let behind = Process::start(bus.clone(), writer_of("slow", "two", &db, &slow));
            append(0..1).await;
            until("it has a place", async || slow.count() == 1).await;
            behind.stop().await;
            let live = bus.live().await.unwrap();
            let mut watcher = live.subscribe(Interest::Workspace(workspace));
            // What was sent twice, because nobody acknowledged it in time, may come twice to an open page.
            let mut watched = JoinSet::new();
            watched.spawn(async move {
                let mut next = 1;
                while next < lost + 40 {
                    let sequence = watcher.next().await.unwrap().event.sequence;
                    assert!(sequence <= next, "{sequence} instead of {next}");
                    next += i64::from(sequence == next);
                }
            });
            let mut follows = JoinSet::new();
            follows.spawn(async move { live.run(CancellationToken::new()).await });
            // Two relays, of which each may have to fill what is lost.
            let beside = Process::start(db.bus(&db).await, writer("three", &db, &written));
            let process = Process::start(bus, writer("one", &db, &written));
            if kept > 0 {
                append(1..kept).await;
                handled(&written, kept).await;
                broker.kill();
                broker.save();
                broker.start_again();
                saved = kept - 1;
            }
            append(kept.max(1)..lost).await;
            handled(&written, lost).await;
            broker.kill();
            broker.go_back();
            broker.start_again();
            // At once, and more than were lost where few were.
            append(lost..lost + 40).await;
            handled(&written, lost + 40).await;
            let behind = Process::start(db.bus(&db).await, writer_of("slow", "two", &db, &slow));
            until("what is there is handled", async || {
                slow.count() == usize::try_from(1 + saved + 40).unwrap()
            })
            .await;
            process.stop().await;
            beside.stop().await;
            behind.stop().await;
            written.assert_once_and_in_order();
            slow.assert_once_and_in_order();
            watched.join_next().await.unwrap().unwrap();
            let letters = letters_of_nobody(&db).await;
            assert!(letters.is_empty(), "{letters:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn positions_of_one_log_are_not_counted_in_another_until_everything_is_handled() {
    let db = sqlite().await;
    let options = || BrokerOptions {
        prefix: format!("test-{}", Uuid::now_v7().simple()),
        replication: 1,
        ..BrokerOptions::default()
    };
    let nats = async || Bus::nats(db.store.clone(), &[testkit::nats()], options()).await.unwrap();
    let (workspace, subject) = (WorkspaceId(Uuid::now_v7()), Uuid::now_v7());
    let in_database = Bus::database(db.store.clone());
    in_database.settle().await.unwrap();
    append(&db, vec![received(workspace, subject, 0)]).await;
    let written = Arc::new(Written::default());
    // Relayed, and not handled.
    let process = Process::start(in_database.clone(), Vec::new());
    until("it is in the log", async || outbox(&db).await == 0).await;
    process.stop().await;
    let reader = Process::start(in_database.clone(), writer("one", &db, &written));
    until("the group is there", async || lag(&db).await == 0 && written.count() == 1).await;
    reader.stop().await;

    let other = nats().await;
    let refused = other.settle().await.unwrap_err().to_string();
    assert!(refused.contains("database:") && refused.contains("deskhand migrate"), "{refused}");
    append(&db, vec![received(workspace, subject, 1)]).await;
    let process = Process::start(in_database.clone(), Vec::new());
    until("another is in the log", async || outbox(&db).await == 0).await;
    process.stop().await;
    let refused = other.move_here().await.unwrap_err().to_string();
    assert!(refused.contains("1 events in the log database: were not handled yet"), "{refused}");
    let reader = Process::start(in_database.clone(), writer("one", &db, &written));
    until("it is handled", async || lag(&db).await == 0 && written.count() == 2).await;
    reader.stop().await;

    assert_eq!(other.move_here().await.unwrap().as_deref(), Some("database:"));
    other.settle().await.unwrap();
    in_database.settle().await.unwrap_err();
    append(&db, vec![received(workspace, subject, 2)]).await;
    let process = Process::start(other, writer("one", &db, &written));
    until("it goes on there", async || written.count() == 3).await;
    process.stop().await;
    // And back again.
    assert!(in_database.move_here().await.unwrap().is_some_and(|other| other.starts_with("nats:")));
    append(&db, vec![received(workspace, subject, 3)]).await;
    let process = Process::start(in_database, writer("one", &db, &written));
    until("it goes on here", async || written.count() == 4).await;
    process.stop().await;
    written.assert_once_and_in_order();
}

/// Dead letters that name no workspace, so that only who runs the desk sees them.
async fn letters_of_nobody(store: &Store) -> Vec<DeadLetter> {
    let letters: Result<_, Error> = store
        .read(WorkspaceId(Uuid::nil()), (), |tx, ()| {
            Box::pin(async move { dead::list(tx, &Filter::default(), 10, None).await })
        })
        .await;
    letters.unwrap().items
}

/// What somebody else puts on the broker is a dead letter of each group that reads there, and nothing waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn what_others_put_on_the_broker_is_a_dead_letter_and_nothing_waits_for_it() {
    let db = Ground::on_nats(postgres().await, testkit::nats());
    let written = Arc::new(Written::default());
    let (workspace, subject) = (WorkspaceId(Uuid::now_v7()), Uuid::now_v7());
    let process = Process::start(db.bus(&db).await, writer("one", &db, &written));
    let first = received(workspace, subject, 0);
    append(&db, vec![first.clone()]).await;
    until("the first is handled", async || written.count() == 1).await;
    let client = async_nats::connect(testkit::nats()).await.unwrap();
    let subject_name = format!("{}.{}.{}", db.prefix(), first.kind.topic().as_str(), first.partition());
    client.publish(subject_name, "hello".into()).await.unwrap();
    client.flush().await.unwrap();
    append(&db, vec![received(workspace, subject, 1)]).await;
    until("what comes after is handled", async || written.count() == 2).await;
    until("it is dead", async || {
        let letters = letters_of_nobody(&db).await;
        letters.len() == 1 && letters[0].reason == Reason::NotJson && letters[0].original == b"hello"
    })
    .await;
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn how_far_a_group_is_can_be_seen_with_kafkas_own_tools() {
    let brokers = testkit::kafka();
    let db = Ground::on_kafka(postgres().await, brokers.clone());
    let written = Arc::new(Written::default());
    let workspace = WorkspaceId(Uuid::now_v7());
    let subjects: Vec<Uuid> = (0..30).map(|_| Uuid::now_v7()).collect();
    let observer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", &brokers)
        .set("group.id", format!("{}.hand", db.prefix()))
        .create()
        .unwrap();
    let observer = Arc::new(observer);
    let name = format!("{}.conversations.incoming", db.prefix());
    // Of all partitions together: how many events there are, and how many the group has behind it, where it said so.
    // Nothing where the broker does not know yet who keeps the places of a group that is new.
    let seen = async || {
        let (observer, name) = (Arc::clone(&observer), name.clone());
        tokio::task::spawn_blocking(move || {
            let wait = Duration::from_secs(5);
            let mut list = TopicPartitionList::new();
            list.add_partition_range(&name, 0, 11);
            let committed = observer.committed_offsets(list, wait).ok()?;
            Some(committed.elements().iter().fold((0, Some(0)), |(events, behind), partition| {
                let (_, end) = observer.fetch_watermarks(&name, partition.partition(), wait).unwrap();
                (events + end, behind.and_then(|behind| Some(behind + partition.offset().to_raw()?.max(-1))))
            }))
        })
        .await
        .unwrap()
    };
    for round in 0..2 {
        let process = Process::start(db.bus(&db).await, writer("one", &db, &written));
        for sequence in round * 3..round * 3 + 3 {
            append(&db, subjects.iter().map(|id| received(workspace, *id, sequence)).collect()).await;
        }
        let events = (round + 1) * 90;
        until("the group has said so", async || seen().await == Some((events, Some(events)))).await;
        process.stop().await;
    }
    // What waits now is seen as well, since nobody handles it.
    let process = Process::start(db.bus(&db).await, Vec::new());
    append(&db, subjects.iter().map(|id| received(workspace, *id, 6)).collect()).await;
    until("they wait", async || seen().await == Some((210, Some(180)))).await;
    process.stop().await;
}
