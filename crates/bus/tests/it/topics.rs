//! Topics that are not as this version and the settings want them: said, and made as they should be.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bus::{Aspect, Delivery, Difference, HandleError, Handler};
use domain::Topic;
use domain::ids::{EventId, WorkspaceId};
use futures_util::future::BoxFuture;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use store::{Error, Scope, Store};
use testkit::{postgres, sqlite};
use uuid::Uuid;

use crate::letters::{letters, replay};
use crate::stage::{
    Ground, Process, Written, append, assert_effects, everywhere, lag, lag_of, outbox, received, until,
    writer,
};

/// As if a version before had six partitions of incoming messages, and everything in them was handled. What waits in the
/// outbox is where that version has put it.
const SIX: &str = "DELETE FROM bus_log WHERE topic = 'conversations.incoming' AND partition >= 6;
    DELETE FROM bus_consumers WHERE topic = 'conversations.incoming' AND partition >= 6;
    DELETE FROM bus_partitions WHERE topic = 'conversations.incoming' AND partition >= 6;
    UPDATE outbox SET partition = partition % 6";

/// The same with sixteen.
const SIXTEEN: &str = "INSERT INTO bus_partitions (topic, partition, next_position, home)
        SELECT topic, partition + 12, 0, home FROM bus_partitions
        WHERE topic = 'conversations.incoming' AND partition < 4;
    INSERT INTO bus_consumers (consumer_group, topic, partition, position, fence)
        SELECT consumer_group, topic, partition + 12, 0, 0 FROM bus_consumers
        WHERE topic = 'conversations.incoming' AND partition < 4;
    UPDATE outbox SET partition = partition + 12 WHERE partition < 4";

/// Three more messages of each subject.
async fn write(db: &Ground, workspace: WorkspaceId, subjects: &[Uuid], from: i64) {
    for sequence in from..from + 3 {
        append(db, subjects.iter().map(|id| received(workspace, *id, sequence)).collect()).await;
    }
}

async fn until_nothing_waits(db: &Ground) {
    until("nothing waits", async || outbox(db).await == 0 && lag(db).await == 0).await;
}

/// The messages of the log in the database; none where a broker has them.
async fn logged(store: &Store) -> Vec<EventId> {
    let logged: Result<_, Error> = store
        .read(Scope::System, (), |tx, ()| {
            Box::pin(async move {
                let mut events = Vec::new();
                for partition in 0..16 {
                    let topic = Topic::ConversationsIncoming;
                    events.extend(store::bus::read(tx, topic, partition, 0, 10_000).await?);
                }
                Ok(events)
            })
        })
        .await;
    logged.unwrap().into_iter().map(|logged| logged.event).collect()
}

fn mapping(found: u64) -> Difference {
    let topic = Topic::ConversationsIncoming.as_str().to_owned();
    Difference { topic, aspect: Aspect::Mapping, found: Some(found), wanted: 12 }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_with_other_partitions_does_not_begin_until_they_are_remapped_and_then_nothing_is_lost_or_overtaken()
 {
    everywhere(async |db| {
        let written = Arc::new(Written::default());
        let workspace = WorkspaceId(Uuid::now_v7());
        let subjects: Vec<Uuid> = (0..30).map(|_| Uuid::now_v7()).collect();
        let process = Process::start(db.bus(&db).await, writer("one", &db, &written));
        write(&db, workspace, &subjects, 0).await;
        until_nothing_waits(&db).await;
        process.stop().await;
        for (round, (sql, former)) in (1..).zip([(SIX, 6), (SIXTEEN, 16)]) {
            write(&db, workspace, &subjects, round * 6 - 3).await;
            db.spoil(sql).await;
            let bus = db.unsettled(&db).await;
            let refusal = bus.settle().await.unwrap_err().to_string();
            assert!(
                refusal.contains(&format!("in {former} partitions, and this version has 12")),
                "{refusal}"
            );
            assert!(bus.prepare().await.unwrap().contains(&mapping(former)));
            assert_eq!(bus.remap().await.unwrap(), [mapping(former)]);
            assert_eq!(bus.remap().await.unwrap(), [], "once is enough");
            bus.settle().await.unwrap();
            let process = Process::start(bus, writer("one", &db, &written));
            write(&db, workspace, &subjects, round * 6).await;
            until_nothing_waits(&db).await;
            process.stop().await;
            assert_effects(&db, workspace, 30, round * 6 + 3).await;
        }
    })
    .await;
}

/// Another group, which counts what it has not handled before, and handles many together.
struct Counter {
    store: Store,
    fresh: AtomicUsize,
}

impl Handler for Counter {
    fn group(&self) -> &'static str {
        "audit"
    }

    fn topics(&self) -> &'static [Topic] {
        &[Topic::ConversationsIncoming]
    }

    fn batch(&self) -> usize {
        50
    }

    fn handle<'a>(&'a self, deliveries: &'a [Delivery]) -> BoxFuture<'a, Result<(), HandleError>> {
        Box::pin(async move {
            let mut workspaces: BTreeMap<WorkspaceId, Vec<Delivery>> = BTreeMap::new();
            for delivery in deliveries {
                workspaces.entry(delivery.event.workspace_id).or_default().push(delivery.clone());
            }
            for (workspace, deliveries) in workspaces {
                let taken: Result<usize, Error> = self
                    .store
                    .write(workspace, deliveries, |tx, deliveries| {
                        Box::pin(async move { Ok(Delivery::take_all(tx, deliveries).await?.len()) })
                    })
                    .await;
                let taken = taken.map_err(|error| HandleError::Unavailable(error.into()))?;
                self.fresh.fetch_add(taken, Ordering::Relaxed);
            }
            Ok(())
        })
    }
}

/// Some of it was handled by one of two groups, some by none, some waits in the outbox; and a dead letter lies in a
/// partition that goes away.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_handled_yet_goes_to_its_new_partition_and_is_handled_once_and_in_order() {
    everywhere(async |db| {
        let written = Arc::new(Written::default());
        let (workspace, other) = (WorkspaceId(Uuid::now_v7()), WorkspaceId(Uuid::now_v7()));
        let subjects: Vec<Uuid> = (0..60).map(|_| Uuid::now_v7()).collect();
        let counter = Arc::new(Counter { store: db.clone(), fresh: AtomicUsize::new(0) });
        let refused = received(other, Uuid::now_v7(), 0);
        written.refused.lock().unwrap().insert(refused.id);
        append(&db, vec![refused]).await;
        let process = Process::start(db.bus(&db).await, writer("one", &db, &written));
        write(&db, workspace, &subjects, 0).await;
        until_nothing_waits(&db).await;
        process.stop().await;
        // Only another group handles the next ones, and nobody those after them.
        let process = Process::start(db.bus(&db).await, vec![counter.clone()]);
        write(&db, workspace, &subjects, 3).await;
        until("the other group has them", async || {
            outbox(&db).await == 0 && counter.fresh.load(Ordering::Relaxed) == 60 * 6 + 1
        })
        .await;
        process.stop().await;
        let process = Process::start(db.bus(&db).await, Vec::new());
        write(&db, workspace, &subjects, 6).await;
        until("they are in the log", async || outbox(&db).await == 0).await;
        process.stop().await;
        write(&db, workspace, &subjects, 9).await;
        db.spoil(SIXTEEN).await;
        db.spoil("UPDATE dead_letters SET partition = 13").await;
        let bus = db.unsettled(&db).await;
        assert_eq!(bus.remap().await.unwrap(), [mapping(16)]);
        bus.settle().await.unwrap();
        let mut handlers = writer("two", &db, &written);
        handlers.push(counter.clone());
        let process = Process::start(bus, handlers);
        write(&db, workspace, &subjects, 12).await;
        until("nothing waits", async || {
            outbox(&db).await == 0 && lag(&db).await == 0 && lag_of(&db, "audit").await == 0
        })
        .await;
        assert_effects(&db, workspace, 60, 15).await;
        assert_eq!(
            counter.fresh.load(Ordering::Relaxed),
            60 * 15 + 1,
            "each once by the other group as well"
        );
        // A group that comes later gets each once, and nothing before what it follows.
        let mut events = logged(&db).await;
        let all = events.len();
        events.sort();
        events.dedup();
        assert_eq!(events.len(), all);
        written.refused.lock().unwrap().clear();
        assert_eq!(replay(&db, other, Duration::ZERO).await, 1);
        until("somebody has found the letter", async || letters(&db, other).await.is_empty()).await;
        process.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unhandled_for_longer_than_the_ledger_surely_knows_has_to_be_handled_first() {
    for db in [postgres().await, sqlite().await] {
        let db = Ground::on_database(db);
        let mut old = received(WorkspaceId(Uuid::now_v7()), Uuid::now_v7(), 0);
        old.occurred_at -= Duration::from_secs(7 * 86_400);
        append(&db, vec![old]).await;
        // The group is known, and has handled nothing.
        let written = Arc::new(Written::default());
        let process = Process::start(db.bus(&db).await, writer("one", &db, &written));
        until_nothing_waits(&db).await;
        process.stop().await;
        db.spoil("UPDATE bus_consumers SET position = 0").await;
        db.spoil(SIXTEEN).await;
        let bus = db.unsettled(&db).await;
        let refusal = bus.remap().await.unwrap_err().to_string();
        assert!(refusal.contains("cannot be moved: let every group finish"), "{refusal}");
        assert!(bus.settle().await.is_err(), "nothing was changed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kafka_topic_that_others_have_made_is_told_by_what_differs_and_grows_when_asked() {
    let brokers = testkit::kafka();
    let db = Ground::on_kafka(sqlite().await, brokers.clone());
    let name = format!("{}.audit", db.prefix());
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", &brokers).create().unwrap();
    let small = NewTopic::new(&name, 1, TopicReplication::Fixed(1)).set("retention.ms", "3600000");
    admin.create_topics([&small], &AdminOptions::new()).await.unwrap().remove(0).unwrap();
    let bus = db.bus(&db).await;
    let missing = bus.differences().await.unwrap();
    assert_eq!(
        missing.iter().filter(|difference| difference.aspect == Aspect::Missing).count(),
        4,
        "{missing:?}"
    );
    let partitions =
        Difference { topic: name.clone(), aspect: Aspect::Partitions, found: Some(1), wanted: 3 };
    let kept = Difference {
        topic: name,
        aspect: Aspect::RetentionSecs,
        found: Some(3600),
        wanted: Topic::Audit.retention().as_secs(),
    };
    until("those that were made are known", async || bus.prepare().await.unwrap().len() == 2).await;
    assert_eq!(bus.differences().await.unwrap(), [partitions.clone(), kept.clone()]);
    assert_eq!(bus.remap().await.unwrap(), [partitions]);
    until("it has grown", async || bus.differences().await.unwrap() == [kept.clone()]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_that_are_missing_are_made_and_what_differs_about_others_is_told() {
    let server = testkit::nats();
    let db = Ground::on_nats(postgres().await, server.clone());
    let context = async_nats::jetstream::new(async_nats::connect(&server).await.unwrap());
    let forever = async_nats::jetstream::stream::Config {
        name: format!("{}-audit-1", db.prefix()),
        subjects: vec![format!("{}.audit.1", db.prefix())],
        max_age: Duration::ZERO,
        ..Default::default()
    };
    context.create_stream(forever).await.unwrap();
    let bus = db.bus(&db).await;
    let all = bus.differences().await.unwrap();
    let some = all.iter().find(|difference| difference.topic.ends_with("-audit-*")).unwrap();
    assert_eq!((some.aspect, some.found, some.wanted), (Aspect::Missing, Some(1), 3));
    let left = bus.prepare().await.unwrap();
    let sentences: Vec<String> = left.iter().map(ToString::to_string).collect();
    let kept = "keeps events for ever, and this version wants 90 days: change it by the broker's own tools";
    assert_eq!(sentences, [format!("{}-audit-* {kept}", db.prefix())]);
}
