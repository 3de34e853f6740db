//! What shares the flush of a commit that follows is on the disk with that one, or by a flush of its own. PostgreSQL is
//! killed to see what is.

use std::sync::Arc;
use std::time::Duration;

use domain::ids::{DeadLetterId, WorkspaceId};
use domain::{EventType, Topic};
use jiff::Timestamp;
use store::bus::dead::{self, DeadLetter, Reason};
use store::bus::{self, Delivery};
use store::{Error, Flush, Flusher, Scope, Store};
use testkit::{Postgres, event};
use tracing::Span;
use uuid::Uuid;

use crate::events::system;

/// What becomes of the commit whose flush others share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Follower {
    /// It is made once they have committed, and reaches the disk.
    Follows,
    /// It is not made, though nobody has heard so.
    Hangs,
    /// It has begun before they begin.
    Begins,
    /// It begins while they are at work.
    BeginsMeanwhile,
    /// It is given up before they begin.
    GivenUp,
    /// It is given up while they are at work.
    GivenUpMeanwhile,
}

impl Follower {
    const ALL: [Self; 6] = [
        Self::Follows,
        Self::Begins,
        Self::BeginsMeanwhile,
        Self::GivenUp,
        Self::GivenUpMeanwhile,
        Self::Hangs,
    ];
}

/// A desk on a server that is killed.
struct Stage {
    server: Postgres,
    url: String,
    store: Store,
    workspace: WorkspaceId,
    fence: i64,
}

impl Stage {
    const PLACE: (Topic, u32) = (Topic::ConversationsIncoming, 0);

    async fn new() -> Self {
        let server = Postgres::start().await;
        let url = server.new_database().await;
        let store = testkit::beside(&url).await;
        system!(store, (), |tx, ()| async {
            bus::ensure(tx, &[("hand", &[Topic::ConversationsIncoming])]).await
        });
        let leases = system!(store, (), |tx, ()| bus::take_free(tx, "one", "hand", 100));
        let is_ours = |lease: &&bus::Lease| (lease.owned.topic, lease.owned.partition) == Self::PLACE;
        let fence = leases.iter().find(is_ours).unwrap().owned.fence;
        Self { server, url, store, workspace: WorkspaceId(Uuid::now_v7()), fence }
    }

    fn delivery(&self, flush: Option<Flush>) -> Delivery {
        Delivery {
            group: "hand",
            topic: Self::PLACE.0,
            partition: Self::PLACE.1,
            fence: self.fence,
            event: Arc::new(event(self.workspace, EventType::MessageReceived, Uuid::now_v7(), 1)),
            position: 0,
            stretch: None,
            flush,
            span: Span::none(),
        }
    }

    /// Handles `delivery`, in a transaction that others may share or in one of its own; `meanwhile` is part of it.
    async fn handle(
        &self,
        delivery: &Delivery,
        shares: bool,
        meanwhile: impl Fn() + Send + Sync + 'static,
    ) -> Result<(), Error> {
        if !shares {
            let input = (delivery.clone(), meanwhile);
            let work =
                self.store.handle(self.workspace, delivery.wanted(), input, |tx, (delivery, meanwhile)| {
                    Box::pin(async move {
                        delivery.take(tx).await?;
                        meanwhile();
                        Ok(())
                    })
                });
            return work.await;
        }
        let deliveries = vec![delivery.clone()];
        let (_, wants) = Delivery::wants(&deliveries).unwrap();
        let work =
            self.store.add(self.workspace, wants, (deliveries, meanwhile), |tx, (deliveries, meanwhile)| {
                Box::pin(async move {
                    Delivery::take_all(tx, deliveries).await?;
                    meanwhile();
                    Ok(())
                })
            });
        work.await
    }

    async fn bury(&self, delivery: &Delivery) -> Result<(), Error> {
        let letter = DeadLetter {
            id: DeadLetterId(Uuid::now_v7()),
            workspace: self.workspace,
            group: delivery.group.to_owned(),
            topic: delivery.topic,
            partition: delivery.partition,
            event: delivery.event.id,
            kind: None,
            subject: None,
            original: Vec::new(),
            reason: Reason::Failed,
            detail: String::new(),
            attempts: 1,
            died_at: Timestamp::UNIX_EPOCH,
            replay_at: None,
        };
        let work = self.store.write(Scope::System, (letter, self.fence), |tx, (letter, fence)| {
            Box::pin(async move { dead::bury(tx, letter, *fence, 0).await })
        });
        work.await
    }

    /// A commit that reaches the disk.
    async fn commit(&self) {
        self.handle(&self.delivery(None), false, || {}).await.unwrap();
    }

    async fn crash(&mut self) {
        self.server.kill();
        self.server.start_again();
        let until = tokio::time::Instant::now() + Duration::from_secs(60);
        while let Err(error) = self.store.ping().await {
            assert!(tokio::time::Instant::now() < until, "PostgreSQL does not come back: {error}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Whether the ledger knows the event of `delivery`.
    async fn knows(&self, delivery: &Delivery) -> bool {
        let delivery = Delivery { flush: None, ..delivery.clone() };
        match self.handle(&delivery, false, || {}).await {
            Ok(()) => false,
            Err(Error::Stale) => true,
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn what_shares_a_flush_is_on_the_disk_with_it_or_by_one_of_its_own() {
    let mut stage = Stage::new().await;
    for (shares, expected) in [(false, false), (true, false), (true, true)] {
        for follower in Follower::ALL {
            // What was done before is on the disk.
            stage.commit().await;
            let flusher = Flusher::new();
            let delivery = stage.delivery(Some(flusher.flush()));
            let flusher = Arc::new(std::sync::Mutex::new(Some(flusher)));
            let act = {
                let flusher = Arc::clone(&flusher);
                move |follower| match follower {
                    Follower::Begins => flusher.lock().unwrap().iter().for_each(Flusher::begins),
                    Follower::GivenUp => drop(flusher.lock().unwrap().take()),
                    _ => {}
                }
            };
            act(follower);
            let meanwhile = move || match follower {
                Follower::BeginsMeanwhile => act(Follower::Begins),
                Follower::GivenUpMeanwhile => act(Follower::GivenUp),
                _ => {}
            };
            if expected {
                stage.store.expect_effect(Scope::Workspace(stage.workspace));
            }
            stage.handle(&delivery, shares, meanwhile).await.unwrap();
            if follower == Follower::Follows {
                stage.commit().await;
            }
            stage.crash().await;
            // Where it does not follow, there is nothing: it has been relied on.
            let there = follower != Follower::Hangs;
            assert_eq!(
                stage.knows(&delivery).await,
                there,
                "{follower:?}, shared: {shares}, expected: {expected}"
            );
        }
    }
}

/// Where the answer to a commit was lost, or comes late, or somebody else has made it.
#[tokio::test]
async fn what_was_committed_without_a_flush_is_on_the_disk_once_somebody_finds_it_done() {
    let mut stage = Stage::new().await;
    for finder in ["alone", "shared", "a dead letter"] {
        stage.commit().await;
        let flusher = Flusher::new();
        let delivery = stage.delivery(Some(flusher.flush()));
        stage.handle(&delivery, false, || {}).await.unwrap();
        let again = Delivery { flush: None, ..delivery.clone() };
        let found = match finder {
            "alone" => stage.handle(&again, false, || {}).await,
            "shared" => stage.handle(&again, true, || {}).await,
            _ => stage.bury(&again).await,
        };
        assert!(matches!(found, Ok(()) | Err(Error::Stale)), "{found:?}");
        stage.crash().await;
        assert!(stage.knows(&delivery).await, "found by {finder}");
    }
}

/// The flush of one's own fails, and with it the effect, which is committed.
#[tokio::test]
async fn who_cannot_flush_is_not_told_that_it_is_done() {
    let mut stage = Stage::new().await;
    stage.server.administer(&stage.url, "REVOKE UPDATE ON inbox_ledger FROM deskhand_system").await;
    let begins = |flusher: Flusher| move || flusher.begins();
    let flusher = Flusher::new();
    let delivery = stage.delivery(Some(flusher.flush()));
    let alone = stage.handle(&delivery, false, begins(flusher)).await;
    assert!(matches!(alone, Err(Error::Statement(_))), "{alone:?}");

    // Those that share a transaction are done once more, each alone, and find it there: then it is on the disk.
    let flusher = Flusher::new();
    let delivery = stage.delivery(Some(flusher.flush()));
    stage.handle(&delivery, true, begins(flusher)).await.unwrap();
    stage.crash().await;
    assert!(stage.knows(&delivery).await);
}

/// As where PostgreSQL has crashed, and is there again, between an effect's commit and the flush of its own.
#[tokio::test]
async fn what_is_gone_when_it_is_to_be_flushed_is_not_told_to_be_done() {
    let stage = Stage::new().await;
    let forget = "CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
             DELETE FROM inbox_ledger WHERE event_id = NEW.event_id; RETURN NULL; END $$;
         CREATE TRIGGER forget AFTER INSERT ON inbox_ledger FOR EACH ROW EXECUTE FUNCTION forget()";
    stage.server.administer(&stage.url, forget).await;
    for shares in [false, true] {
        let flusher = Flusher::new();
        let delivery = stage.delivery(Some(flusher.flush()));
        let handled = stage.handle(&delivery, shares, move || flusher.begins()).await;
        assert!(matches!(handled, Err(Error::GivenUp(_))), "{handled:?}");
    }
}

#[tokio::test]
async fn who_has_no_flush_to_share_reaches_the_disk_also_beside_those_that_have() {
    let mut stage = Stage::new().await;
    for _ in 0..3 {
        let flusher = Flusher::new();
        let deliveries: Vec<Delivery> =
            (0..40).map(|n| stage.delivery((n % 20 > 0).then(|| flusher.flush()))).collect();
        let handled = futures_util::future::join_all(
            deliveries.iter().map(|delivery| stage.handle(delivery, true, || {})),
        );
        handled.await.into_iter().for_each(Result::unwrap);
        stage.crash().await;
        for delivery in deliveries.iter().filter(|delivery| delivery.flush.is_none()) {
            assert!(stage.knows(delivery).await);
        }
    }
}
