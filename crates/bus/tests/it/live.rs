//! The live feed tells everybody what they watch, goes on from a cursor without a gap, and says when it cannot.

use bus::{Interest, Live, Subscription, TooOld};
use domain::ids::{ConversationId, WorkspaceId};
use domain::{Envelope, EventType};
use store::Store;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::stage::{Ground, Process, append, event, everywhere};

struct Stage {
    process: Process,
    live: Live,
    end: CancellationToken,
    tasks: JoinSet<()>,
}

impl Stage {
    async fn start(db: &Ground, store: &Store) -> Self {
        let bus = db.bus(store).await;
        let live = bus.live().await.unwrap();
        let end = CancellationToken::new();
        let mut tasks = JoinSet::new();
        let (feed, feed_end) = (live.clone(), end.clone());
        tasks.spawn(async move { feed.run(feed_end).await });
        Self { process: Process::start(bus, Vec::new()), live, end, tasks }
    }

    async fn stop(mut self) {
        self.end.cancel();
        while self.tasks.join_next().await.is_some() {}
        self.process.stop().await;
    }
}

async fn next(subscription: &mut Subscription) -> Envelope {
    let wait = std::time::Duration::from_secs(10);
    let event = tokio::time::timeout(wait, subscription.next()).await.expect("an event").unwrap();
    (*event.event).clone()
}

async fn sequences(subscription: &mut Subscription, count: usize) -> Vec<i64> {
    let mut sequences = Vec::new();
    for _ in 0..count {
        sequences.push(next(subscription).await.sequence);
    }
    sequences
}

#[tokio::test(flavor = "multi_thread")]
async fn who_watches_a_workspace_or_a_conversation_sees_that_and_nothing_else() {
    everywhere(async |db| {
        let stage = Stage::start(&db, &db).await;
        let (ours, theirs) = (WorkspaceId(Uuid::now_v7()), WorkspaceId(Uuid::now_v7()));
        let conversation = ConversationId(Uuid::now_v7());
        let mut workspace = stage.live.subscribe(Interest::Workspace(ours));
        let mut visitor = stage.live.subscribe(Interest::Conversation(ours, conversation));
        let mut forged = stage.live.subscribe(Interest::Conversation(theirs, conversation));
        append(&db, vec![event(theirs, EventType::TaskCreated, Uuid::now_v7(), 1)]).await;
        let mut message = event(ours, EventType::MessageReceived, conversation.0, 2);
        message.data = serde_json::json!({ "conversation_id": conversation.0 });
        append(&db, vec![message.clone()]).await;
        assert_eq!(next(&mut workspace).await, message);
        assert_eq!(next(&mut visitor).await, message);
        append(&db, vec![event(ours, EventType::TaskCreated, Uuid::now_v7(), 3)]).await;
        assert_eq!(next(&mut workspace).await.sequence, 3);
        append(&db, vec![event(ours, EventType::ConversationClosed, conversation.0, 4)]).await;
        assert_eq!(next(&mut visitor).await.sequence, 4, "the task between was not its own");
        append(&db, vec![event(theirs, EventType::ConversationClosed, conversation.0, 5)]).await;
        assert_eq!(next(&mut forged).await.sequence, 5, "only what is in its workspace");
        stage.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_cut_the_feed_goes_on_without_a_gap_here_and_in_another_process() {
    everywhere(async |db| {
        let stage = Stage::start(&db, &db).await;
        let workspace = WorkspaceId(Uuid::now_v7());
        let subject = Uuid::now_v7();
        let mut first = stage.live.subscribe(Interest::Workspace(workspace));
        for sequence in 0..4 {
            append(&db, vec![event(workspace, EventType::TaskUpdated, subject, sequence)]).await;
        }
        assert_eq!(sequences(&mut first, 2).await, [0, 1]);
        let cursor = first.cursor();
        drop(first);
        let mut here = stage.live.resume(Interest::Workspace(workspace), &cursor).await.unwrap();
        assert_eq!(sequences(&mut here, 2).await, [2, 3]);

        // A feed that has just begun remembers nothing; it reads the log.
        let another = Stage::start(&db, &db.another().await).await;
        let mut there = another.live.resume(Interest::Workspace(workspace), &cursor).await.unwrap();
        assert_eq!(sequences(&mut there, 2).await, [2, 3]);
        append(&db, vec![event(workspace, EventType::TaskUpdated, subject, 4)]).await;
        assert_eq!(sequences(&mut there, 1).await, [4]);
        assert_eq!(sequences(&mut here, 1).await, [4]);
        assert_eq!(here.cursor(), there.cursor());
        another.stop().await;
        stage.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_that_cannot_be_gone_on_from_is_refused() {
    everywhere(async |db| {
        let stage = Stage::start(&db, &db).await;
        let workspace = WorkspaceId(Uuid::now_v7());
        let mut watcher = stage.live.subscribe(Interest::Workspace(workspace));
        let before = watcher.cursor();
        let mut old = event(workspace, EventType::TaskUpdated, Uuid::now_v7(), 1);
        old.occurred_at -= jiff::SignedDuration::from_hours(30);
        append(&db, vec![old]).await;
        next(&mut watcher).await;
        let after = watcher.cursor();
        // A broker removes what is old by itself, and within the time of a test nothing is.
        if !db.has_broker() {
            let pruned: Result<u64, store::Error> = db
                .write(store::Scope::System, (), |tx, ()| {
                    Box::pin(async move { store::bus::prune_log(tx, 10).await })
                })
                .await;
            assert_eq!(pruned.unwrap(), 1);
        }
        let ahead = after.replace('1', "f");
        let fresh = Stage::start(&db, &db.another().await).await;
        let before = if db.has_broker() { "" } else { before.as_str() };
        for bad in [before, ahead.as_str(), "", "nonsense", "a0.0"] {
            let refused = fresh.live.resume(Interest::Workspace(workspace), bad).await;
            assert!(matches!(refused, Err(TooOld::Cursor)), "{bad}");
        }
        fresh.live.resume(Interest::Workspace(workspace), &after).await.unwrap();
        fresh.stop().await;
        stage.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_falls_too_far_behind_is_told_to_read_anew() {
    everywhere(async |db| {
        let stage = Stage::start(&db, &db).await;
        let workspace = WorkspaceId(Uuid::now_v7());
        let mut slow = stage.live.subscribe(Interest::Workspace(workspace));
        let mut quick = stage.live.subscribe(Interest::Workspace(workspace));
        for round in 0..12 {
            let events =
                (0..100).map(|n| event(workspace, EventType::TaskUpdated, Uuid::now_v7(), round * 100 + n));
            append(&db, events.collect()).await;
            sequences(&mut quick, 100).await;
        }
        let mut told = 0;
        while slow.next().await.is_ok() {
            told += 1;
        }
        assert!(told < 1200, "{told}");
        assert!(slow.next().await.is_err());
        stage.stop().await;
    })
    .await;
}
