//! Groups that handle many events together note it by their place where they can, and each effect happens once all the
//! same.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bus::{Delivery, HandleError, Handler};
use domain::Topic;
use domain::ids::WorkspaceId;
use futures_util::future::BoxFuture;
use store::{Error, Store, Wants};
use testkit::append;
use uuid::Uuid;

use crate::stage::{Process, assert_effects, effect, everywhere, lag, outbox, received, until};

/// Handles what it gets in one transaction, and says of some that it failed although it was committed.
struct Together {
    store: Store,
    batches: AtomicUsize,
    /// How many events it got by the stretch.
    passed: AtomicUsize,
}

impl Handler for Together {
    fn group(&self) -> &'static str {
        "hand"
    }

    fn topics(&self) -> &'static [Topic] {
        &[Topic::ConversationsIncoming]
    }

    fn batch(&self) -> usize {
        50
    }

    fn handle<'a>(&'a self, deliveries: &'a [Delivery]) -> BoxFuture<'a, Result<(), HandleError>> {
        Box::pin(async move {
            let (workspace, wants) = Delivery::wants(deliveries).unwrap();
            if matches!(&wants, Wants::Events(claim) if claim.until.is_some()) {
                self.passed.fetch_add(deliveries.len(), Ordering::Relaxed);
            }
            let written: Result<(), Error> = self
                .store
                .add(workspace, wants, deliveries.to_vec(), |tx, deliveries| {
                    Box::pin(async move {
                        let fresh = Delivery::take_all(tx, deliveries).await?;
                        let effects = fresh.iter().map(|delivery| effect(&delivery.event));
                        store::audit::insert(tx, effects.collect())
                    })
                })
                .await;
            written.map_err(|error| HandleError::Unavailable(error.into()))?;
            match self.batches.fetch_add(1, Ordering::Relaxed) % 20 {
                1 if deliveries.len() > 1 => Err(HandleError::Failed("its answer was lost".into())),
                2 => Err(HandleError::Unavailable("its answer was lost".into())),
                _ => Ok(()),
            }
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_handled_together_is_handled_once_where_answers_are_lost_and_processes_killed() {
    everywhere(async |db| {
        let workspace = WorkspaceId(Uuid::now_v7());
        let subjects: Vec<Uuid> = (0..40).map(|_| Uuid::now_v7()).collect();
        let group = Arc::new(Together {
            store: db.clone(),
            batches: AtomicUsize::new(0),
            passed: AtomicUsize::new(0),
        });
        for round in 0..2 {
            let sequences = 15 * round..15 * (round + 1);
            let events = sequences.flat_map(|n| subjects.iter().map(move |id| received(workspace, *id, n)));
            append(&db, events.collect()).await;
            let process = Process::start(db.bus(&db).await, vec![group.clone()]);
            let begun = group.batches.load(Ordering::Relaxed);
            until("some is handled", async || group.batches.load(Ordering::Relaxed) > begun + 5).await;
            process.kill().await;
        }
        let process = Process::start(db.bus(&db).await, vec![group.clone()]);
        until("all is handled", async || outbox(&db).await == 0 && lag(&db).await == 0).await;
        process.stop().await;
        assert_effects(&db, workspace, 40, 30).await;
        // A broker may have an event twice: there, each has its row.
        let passed = group.passed.load(Ordering::Relaxed);
        assert_eq!(passed > 400, !db.has_broker(), "{passed}");
    })
    .await;
}

/// Events of several workspaces are not one transaction's.
#[tokio::test(flavor = "multi_thread")]
async fn events_of_several_workspaces_are_no_stretch() {
    everywhere(async |db| {
        let workspaces = [(); 2].map(|()| WorkspaceId(Uuid::now_v7()));
        let subjects: Vec<Uuid> = (0..30).map(|_| Uuid::now_v7()).collect();
        for n in 0..20 {
            for workspace in workspaces {
                append(&db, subjects.iter().map(|id| received(workspace, *id, n)).collect()).await;
            }
        }
        let seen = Arc::new(Seen::default());
        let process = Process::start(db.bus(&db).await, vec![seen.clone()]);
        until("all is seen", async || seen.events.load(Ordering::Relaxed) == 2 * 30 * 20).await;
        process.stop().await;
        assert_eq!(seen.stretches.load(Ordering::Relaxed), 0);
    })
    .await;
}

/// Only looks.
#[derive(Default)]
struct Seen {
    events: AtomicUsize,
    stretches: AtomicUsize,
}

impl Handler for Seen {
    fn group(&self) -> &'static str {
        "hand"
    }

    fn topics(&self) -> &'static [Topic] {
        &[Topic::ConversationsIncoming]
    }

    fn batch(&self) -> usize {
        50
    }

    fn rest_for_each(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn handle<'a>(&'a self, deliveries: &'a [Delivery]) -> BoxFuture<'a, Result<(), HandleError>> {
        Box::pin(async move {
            let stretches = deliveries.iter().filter(|delivery| delivery.stretch.is_some()).count();
            self.stretches.fetch_add(stretches, Ordering::Relaxed);
            self.events.fetch_add(deliveries.len(), Ordering::Relaxed);
            Ok(())
        })
    }
}
