//! Dead letters are kept once, by who has the partition, and handled again without anybody else doing so.

use std::time::Duration;

use domain::ids::{DeadLetterId, EventId, WorkspaceId};
use domain::{EventType, Topic};
use store::bus::dead::{self, DeadLetter, Filter, Reason};
use store::bus::{self, Claim, Owned};
use store::{Error, Scope, Store};
use testkit::{both, event};
use uuid::Uuid;

use crate::events::system;

const GROUPS: &[(&str, &[Topic])] = &[("hand", &[Topic::ConversationsIncoming])];

/// A letter of the group "hand" for an event of `workspace`.
fn letter(workspace: WorkspaceId, reason: Reason) -> DeadLetter {
    let event = event(workspace, EventType::MessageReceived, Uuid::now_v7(), 1);
    DeadLetter {
        id: DeadLetterId(Uuid::now_v7()),
        workspace,
        group: "hand".to_owned(),
        topic: event.kind.topic(),
        partition: event.partition(),
        event: event.id,
        kind: Some(event.kind),
        subject: Some(event.subject_id),
        original: vec![0, 0xff],
        reason,
        detail: "in vain".to_owned(),
        attempts: 1,
        died_at: jiff::Timestamp::from_second(1_800_000_000).unwrap(),
        replay_at: None,
    }
}

/// Keeps `letter` of the first event of its partition under `fence`.
async fn bury(store: &Store, letter: &DeadLetter, fence: i64) -> Result<(), Error> {
    store
        .write(Scope::System, (letter.clone(), fence), |tx, (letter, fence)| {
            Box::pin(async move { dead::bury(tx, letter, *fence, 0).await })
        })
        .await
}

#[tokio::test]
async fn a_dead_letter_is_kept_once_and_only_by_who_has_the_partition() {
    both(async |db| {
        system!(db, GROUPS.to_vec(), |tx, groups| bus::ensure(tx, groups));
        let workspace = WorkspaceId(Uuid::now_v7());
        let first = letter(workspace, Reason::Failed);
        assert!(matches!(bury(&db, &first, 1).await, Err(Error::Stale)), "a fence that nobody has");
        bury(&db, &first, 0).await.unwrap();
        assert!(matches!(bury(&db, &first, 0).await, Err(Error::Stale)), "it is in the ledger");
        let found = system!(db, (workspace, first.id), |tx, (workspace, id)| async {
            tx.enter(*workspace);
            dead::get(tx, *id).await
        });
        assert_eq!(found, Some(first.clone()));
        let elsewhere = system!(db, first.id, |tx, id| async {
            tx.enter(WorkspaceId(Uuid::now_v7()));
            dead::get(tx, *id).await
        });
        assert_eq!(elsewhere, None);
    })
    .await;
}

#[tokio::test]
async fn letters_are_chosen_by_what_they_are_and_a_queued_one_is_nobody_elses() {
    both(async |db| {
        system!(db, GROUPS.to_vec(), |tx, groups| bus::ensure(tx, groups));
        let (workspace, other) = (WorkspaceId(Uuid::now_v7()), WorkspaceId(Uuid::now_v7()));
        let failed = letter(workspace, Reason::Failed);
        let refused = letter(workspace, Reason::Refused);
        let theirs = letter(other, Reason::Failed);
        for letter in [&failed, &refused, &theirs] {
            bury(&db, letter, 0).await.unwrap();
        }
        let count = async |filter: Filter| {
            let depths = system!(db, (workspace, filter), |tx, (workspace, filter)| async {
                tx.enter(*workspace);
                dead::depths(tx, filter).await
            });
            depths.iter().map(|depth| (depth.letters, depth.queued)).collect::<Vec<_>>()
        };
        let died = failed.died_at;
        let later = died + jiff::SignedDuration::from_secs(1);
        assert_eq!(count(Filter::default()).await, [(1, 0), (1, 0)]);
        assert_eq!(count(Filter { reason: Some(Reason::Failed), ..Filter::default() }).await, [(1, 0)]);
        assert_eq!(count(Filter { ids: vec![refused.id, theirs.id], ..Filter::default() }).await, [(1, 0)]);
        assert_eq!(count(Filter { group: Some("audit".to_owned()), ..Filter::default() }).await, []);
        assert_eq!(count(Filter { topic: Some(Topic::Audit), ..Filter::default() }).await, []);
        assert_eq!(count(Filter { since: Some(later), ..Filter::default() }).await, []);
        assert_eq!(count(Filter { until: Some(died), ..Filter::default() }).await, []);
        assert_eq!(
            count(Filter { since: Some(died), until: Some(later), ..Filter::default() }).await.len(),
            2
        );

        let minute = Duration::from_secs(60);
        let queue = async |limit| {
            system!(db, (workspace, limit, minute), |tx, (workspace, limit, minute)| async {
                tx.enter(*workspace);
                dead::queue(tx, &Filter::default(), *limit, (Duration::ZERO, *minute)).await
            })
        };
        assert_eq!((queue(1).await, queue(10).await, queue(10).await), (1, 1, 0));
        let removed = system!(db, workspace, |tx, workspace| async {
            tx.enter(*workspace);
            dead::remove(tx, &Filter::default(), 10).await
        });
        assert_eq!(removed, 0, "queued letters are being handled");
        // The event can be taken again now, and the letter goes when that was done under the newest fence.
        let owned =
            Owned { group: failed.group.clone(), topic: failed.topic, partition: failed.partition, fence: 0 };
        let queued = system!(db, owned.clone(), |tx, owned| dead::queued(tx, owned, 10));
        assert!(queued.iter().any(|(letter, wait)| letter.id == failed.id && wait.is_zero()), "{queued:?}");
        system!(db, (workspace, owned.clone(), failed.event), |tx, (workspace, owned, event)| async {
            tx.enter(*workspace);
            bus::take(tx, owned, 0, *event).await
        });
        let stale = Owned { fence: 7, ..owned.clone() };
        system!(db, (stale, failed.id), |tx, (owned, id)| dead::replayed(tx, owned, *id));
        assert_eq!(count(Filter { ids: vec![failed.id], ..Filter::default() }).await, [(1, 1)]);
        system!(db, (owned, failed.id), |tx, (owned, id)| dead::replayed(tx, owned, *id));
        assert_eq!(count(Filter { ids: vec![failed.id], ..Filter::default() }).await, []);
        assert_eq!(system!(db, (), |tx, ()| dead::totals(tx)).iter().map(|(.., n)| n).sum::<i64>(), 2);
    })
    .await;
}

/// Its event comes again meanwhile, among many that are handled together.
#[tokio::test]
async fn a_letter_that_waits_to_be_handled_again_keeps_its_event_from_the_others() {
    both(async |db| {
        system!(db, GROUPS.to_vec(), |tx, groups| bus::ensure(tx, groups));
        let workspace = WorkspaceId(Uuid::now_v7());
        let letter = letter(workspace, Reason::Failed);
        bury(&db, &letter, 0).await.unwrap();
        system!(db, workspace, |tx, workspace| async {
            tx.enter(*workspace);
            dead::queue(tx, &Filter::default(), 1, (Duration::ZERO, Duration::ZERO)).await
        });
        let mut events: Vec<EventId> = (0..19).map(|_| EventId(Uuid::now_v7())).collect();
        events.push(letter.event);
        let (topic, partition) = (letter.topic, letter.partition);
        let claim = Claim {
            group: "hand",
            topic,
            partition,
            fence: 0,
            events,
            from: 0,
            until: Some(20),
            flush: None,
        };
        let fresh: Result<_, Error> = db
            .write(workspace, claim, |tx, claim| Box::pin(async move { bus::take_all(tx, claim).await }))
            .await;
        let fresh = fresh.unwrap();
        assert!(fresh.len() == 19 && !fresh.contains(&letter.event), "{fresh:?}");
        // They are handled, though their worker may not have heard it, and fail when it tries again.
        let late = DeadLetter { event: fresh[0], ..self::letter(workspace, Reason::Failed) };
        let late = DeadLetter { topic, partition, ..late };
        assert!(matches!(bury(&db, &late, 0).await, Err(Error::Stale)));
    })
    .await;
}
