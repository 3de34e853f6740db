//! The log gets every committed event once and in order, leases have one owner, and stale owners are refused.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use domain::ids::{EventId, WorkspaceId};
use domain::{EventType, Topic};
use jiff::Timestamp;
use store::audit::{Entry, Filter};
use store::bus::{self, Claim, Delivery, Lease, Logged, Owned};
use store::{Error, Store, Wants};
use testkit::{append, both, event, postgres};
use tokio::sync::Notify;
use tracing::Span;
use uuid::Uuid;

use crate::events::system;

const GROUPS: &[(&str, &[Topic])] = &[("audit", &Topic::ALL), ("hand", &[Topic::ConversationsIncoming])];

pub(crate) async fn ensure(store: &Store) {
    system!(store, GROUPS.to_vec(), |tx, groups| bus::ensure(tx, groups));
}

pub(crate) async fn relay(store: &Store) -> i64 {
    system!(store, (), |tx, ()| bus::relay(tx, 100)).events
}

pub(crate) async fn read(store: &Store, topic: Topic, partition: u32, position: i64) -> Vec<Logged> {
    system!(store, (topic, partition, position), |tx, (topic, partition, position)| bus::read(
        tx, *topic, *partition, *position, 1000
    ))
}

/// Takes the group's partitions in the way of the database at hand.
async fn take_over(store: &Store, owner: &'static str) -> Vec<Lease> {
    if store.is_exclusive() {
        return system!(store, owner, |tx, owner| bus::take_over_all(tx, owner, &["hand"]));
    }
    // On PostgreSQL nobody takes what somebody has: the former owner's leases are given back first.
    system!(store, (), |tx, ()| async {
        bus::leave(tx, "one").await?;
        bus::leave(tx, "two").await
    });
    system!(store, owner, |tx, owner| bus::take_free(tx, owner, "hand", 100))
}

async fn take(store: &Store, workspace: WorkspaceId, owned: &Owned, event: EventId) -> Result<(), Error> {
    store
        .write(workspace, (owned.clone(), event), |tx, (owned, event)| {
            Box::pin(async move { bus::take(tx, owned, 0, *event).await })
        })
        .await
}

#[tokio::test]
async fn an_event_is_taken_once_and_not_by_who_has_lost_the_partition() {
    both(async |db| {
        ensure(&db).await;
        let workspace = WorkspaceId(Uuid::now_v7());
        let first = take_over(&db, "one").await;
        assert_eq!(first.len(), 12);
        let event = EventId(Uuid::now_v7());
        take(&db, workspace, &first[0].owned, event).await.unwrap();
        assert!(matches!(take(&db, workspace, &first[0].owned, event).await, Err(Error::Stale)));

        let second = take_over(&db, "two").await;
        let mine = second.iter().find(|lease| lease.owned.partition == first[0].owned.partition).unwrap();
        assert_eq!(mine.owned.fence, first[0].owned.fence + 1);
        let next = EventId(Uuid::now_v7());
        assert!(matches!(take(&db, workspace, &first[0].owned, next).await, Err(Error::Stale)));
        take(&db, workspace, &mine.owned, next).await.unwrap();

        let stale = first[0].owned.clone();
        assert!(!system!(db, stale, |tx, owned| bus::commit(tx, owned, 5)), "a stale owner moves nothing");
        let owned = mine.owned.clone();
        assert!(system!(db, owned, |tx, owned| bus::commit(tx, owned, 3)));
        let third = take_over(&db, "one").await;
        let again = third.iter().find(|lease| lease.owned.partition == mine.owned.partition).unwrap();
        assert_eq!(again.position, 3);
    })
    .await;
}

fn claim(owned: &Owned, events: &[EventId]) -> Claim {
    let Owned { topic, partition, fence, .. } = *owned;
    Claim {
        group: "hand",
        topic,
        partition,
        fence,
        events: events.to_vec(),
        from: 0,
        until: None,
        flush: None,
    }
}

#[tokio::test]
async fn of_several_events_only_the_fresh_ones_are_taken() {
    both(async |db| {
        ensure(&db).await;
        let workspace = WorkspaceId(Uuid::now_v7());
        let owned = take_over(&db, "one").await.remove(0).owned;
        let ids: Vec<EventId> = (0..5).map(|_| EventId(Uuid::now_v7())).collect();
        take(&db, workspace, &owned, ids[2]).await.unwrap();
        let take_all = async |owned: Owned, ids: Vec<EventId>| -> Result<Vec<EventId>, Error> {
            db.write(workspace, (owned, ids), |tx, (owned, ids)| {
                Box::pin(async move { bus::take_all(tx, &claim(owned, ids)).await })
            })
            .await
        };
        let mut fresh = take_all(owned.clone(), ids.clone()).await.unwrap();
        fresh.sort();
        assert_eq!(fresh, [ids[0], ids[1], ids[3], ids[4]]);
        assert!(take_all(owned.clone(), ids.clone()).await.unwrap().is_empty());
        let stale = Owned { fence: owned.fence - 1, ..owned };
        assert!(matches!(take_all(stale, ids).await, Err(Error::Stale)));
    })
    .await;
}

/// How a worker fares that shares its transaction with others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fares {
    Well,
    /// It fails after it has taken its events.
    Fails,
    /// Its lease is an older one.
    Stale,
    /// It does not take them after all.
    Leaves,
    /// PostgreSQL refuses what it writes, and says so only with the commit.
    Refused,
}

/// Takes what `claim` says and writes a row for each event that was fresh, in a transaction that others may share.
async fn handle(store: &Store, workspace: WorkspaceId, claim: Claim, fares: Fares) -> Result<usize, Error> {
    let wants = Wants::Events(claim.clone());
    let work = store.add(workspace, wants, (claim, fares), |tx, (claim, fares)| {
        Box::pin(async move {
            if *fares == Fares::Leaves {
                return Ok(0);
            }
            let fresh = bus::take_all(tx, claim).await?;
            let count = fresh.len();
            let effect = |event: EventId| Entry {
                id: EventId(Uuid::now_v7()),
                occurred_at: Timestamp::UNIX_EPOCH,
                action: event.0.to_string(),
                subject_kind: "effect".to_owned(),
                subject: event.0,
                subject_number: None,
                subject_title: if *fares == Fares::Refused { "\0".to_owned() } else { String::new() },
                actor: testkit::event(WorkspaceId(Uuid::nil()), EventType::TaskCreated, event.0, 1).actor,
                changes: Vec::new(),
            };
            store::audit::insert(tx, fresh.into_iter().map(effect).collect())?;
            if *fares == Fares::Fails { Err(Error::GivenUp("as the test wants it")) } else { Ok(count) }
        })
    });
    work.await
}

/// So many new events.
fn events(count: usize) -> Vec<EventId> {
    (0..count).map(|_| EventId(Uuid::now_v7())).collect()
}

/// Takes what `claim` says in a transaction of its own; gives how many of its events were fresh.
async fn take_alone(store: &Store, workspace: WorkspaceId, claim: Claim) -> Result<usize, Error> {
    let taken =
        store.write(workspace, claim, |tx, claim| Box::pin(async move { bus::take_all(tx, claim).await }));
    Ok(taken.await?.len())
}

#[tokio::test]
async fn a_stretch_moves_the_place_with_its_effects_and_is_not_handled_again() {
    both(async |db| {
        ensure(&db).await;
        let workspace = WorkspaceId(Uuid::now_v7());
        let owned = take_over(&db, "one").await.remove(0).owned;
        let ids = events(20);
        take(&db, workspace, &owned, ids[7]).await.unwrap();
        let stretch = Claim { from: 3, until: Some(23), ..claim(&owned, &ids) };
        let failed = handle(&db, workspace, stretch.clone(), Fares::Fails).await;
        assert!(matches!(failed, Err(Error::GivenUp(_))), "{failed:?}");
        assert_eq!(handle(&db, workspace, stretch.clone(), Fares::Well).await.unwrap(), 19);

        // As where the answer to its commit was lost: together, and one by one.
        assert_eq!(handle(&db, workspace, stretch.clone(), Fares::Well).await.unwrap(), 0);
        assert_eq!(take_alone(&db, workspace, stretch.clone()).await.unwrap(), 0);
        assert!(matches!(take(&db, workspace, &owned, ids[9]).await, Err(Error::Stale)));
        for (from, id) in (3..).zip(&ids) {
            let one = Claim { from, ..claim(&owned, &[*id]) };
            assert_eq!(take_alone(&db, workspace, one).await.unwrap(), 0, "at {from}");
        }
        let stale = Claim { fence: owned.fence - 1, ..stretch };
        assert!(matches!(take_alone(&db, workspace, stale).await, Err(Error::Stale)));

        // What follows is fresh, and a place that is kept late moves nothing back.
        let next = Claim { from: 23, ..claim(&owned, &events(1)) };
        assert_eq!(take_alone(&db, workspace, next).await.unwrap(), 1);
        let next = Claim { from: 24, until: Some(60), ..claim(&owned, &events(30)) };
        assert_eq!(take_alone(&db, workspace, next).await.unwrap(), 30);
        let late = owned.clone();
        assert!(system!(db, late, |tx, owned| bus::commit(tx, owned, 9)));
        let again = take_over(&db, "one").await;
        let again = again.iter().find(|lease| lease.owned.partition == owned.partition).unwrap();
        assert_eq!(again.position, 60);
    })
    .await;
}

/// A worker whose lease is over, and who has the partition again in the same process, wait for the same lane.
#[tokio::test]
async fn a_claim_under_an_older_fence_gets_nothing_beside_one_under_the_newest() {
    both(async |db| {
        ensure(&db).await;
        let workspace = WorkspaceId(Uuid::now_v7());
        let stale = take_over(&db, "one").await.remove(0).owned;
        let again = take_over(&db, "one").await;
        let fresh =
            again.iter().find(|lease| lease.owned.partition == stale.partition).unwrap().owned.clone();
        let mut workers = tokio::task::JoinSet::new();
        for n in 0..40 {
            let owned = if n % 2 == 0 { &stale } else { &fresh };
            let (from, until) = (n * 20, Some(n * 20 + 20));
            let claim = Claim { from, until, ..claim(owned, &events(20)) };
            let store = db.store.clone();
            workers.spawn(async move { (n % 2 == 0, handle(&store, workspace, claim, Fares::Well).await) });
        }
        let mut taken = 0;
        for (is_stale, result) in workers.join_all().await {
            match result {
                Err(Error::Stale) if is_stale => {}
                Ok(count) if !is_stale => taken += count,
                result => panic!("stale is {is_stale}: {result:?}"),
            }
        }
        assert!(taken > 0);
    })
    .await;
}

/// Adds a row to the audit, in a transaction that others may share.
async fn enter(store: &Store, workspace: WorkspaceId, id: EventId, title: &str) -> Result<(), Error> {
    let entry = Entry {
        id,
        occurred_at: Timestamp::UNIX_EPOCH,
        action: String::new(),
        subject_kind: String::new(),
        subject: id.0,
        subject_number: None,
        subject_title: title.to_owned(),
        actor: testkit::event(workspace, EventType::TaskCreated, id.0, 1).actor,
        changes: Vec::new(),
    };
    let work = store.add(workspace, Wants::Nothing, entry, |tx, entry| {
        Box::pin(async move { store::audit::insert(tx, vec![entry.clone()]) })
    });
    work.await
}

/// As where the ledger has forgotten what the audit knows.
#[tokio::test]
async fn a_row_of_the_audit_that_is_there_stays_and_keeps_nobody_from_adding_others() {
    both(async |db| {
        let workspace = WorkspaceId(Uuid::now_v7());
        let ids = events(40);
        enter(&db, workspace, ids[7], "before").await.unwrap();
        let entered = ids.iter().map(|id| enter(&db, workspace, *id, "after"));
        for entered in futures_util::future::join_all(entered).await {
            entered.unwrap();
        }
        let rows = db.read(workspace, (), |tx, ()| {
            Box::pin(async move { store::audit::list(tx, &Filter::default(), 100, None).await })
        });
        let rows: Result<_, Error> = rows.await;
        let rows = rows.unwrap().items;
        assert_eq!(rows.len(), 40);
        for row in rows {
            assert_eq!(row.subject_title == "before", row.id == ids[7], "{row:?}");
        }
    })
    .await;
}

/// A broker may have an event twice.
#[tokio::test]
async fn an_event_that_comes_twice_together_is_taken_once() {
    both(async |db| {
        ensure(&db).await;
        let workspace = WorkspaceId(Uuid::now_v7());
        let Owned { topic, partition, fence, .. } = take_over(&db, "one").await.remove(0).owned;
        let event = Arc::new(event(workspace, EventType::MessageReceived, Uuid::now_v7(), 1));
        let copy = Delivery {
            group: "hand",
            topic,
            partition,
            fence,
            event,
            position: 0,
            stretch: None,
            flush: None,
            span: Span::none(),
        };
        let copies = vec![copy.clone(), Delivery { position: 1, ..copy }];
        let fresh: Result<usize, Error> = db
            .write(workspace, copies, |tx, copies| {
                Box::pin(async move { Ok(Delivery::take_all(tx, copies).await?.len()) })
            })
            .await;
        assert_eq!(fresh.unwrap(), 1);
    })
    .await;
}

/// A worker that has taken its events, and whose transaction lasts.
struct InTheMiddle {
    goes_on: Arc<Notify>,
    worker: tokio::task::JoinSet<Result<(), Error>>,
}

impl InTheMiddle {
    async fn of(store: &Store, workspace: WorkspaceId, claim: Claim) -> Self {
        let (taken, goes_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (store, input) = (store.clone(), (claim, Arc::clone(&taken), Arc::clone(&goes_on)));
        let mut worker = tokio::task::JoinSet::new();
        worker.spawn(async move {
            let work = store.write(workspace, input, |tx, (claim, taken, goes_on)| {
                Box::pin(async move {
                    let Claim { topic, partition, fence, from, .. } = *claim;
                    let owned = Owned { group: claim.group.to_owned(), topic, partition, fence };
                    match claim.events.as_slice() {
                        [event] => bus::take(tx, &owned, from, *event).await?,
                        _ => drop(bus::take_all(tx, claim).await?),
                    }
                    taken.notify_one();
                    goes_on.notified().await;
                    Ok::<_, Error>(())
                })
            });
            work.await
        });
        taken.notified().await;
        Self { goes_on, worker }
    }

    async fn ends(mut self) {
        self.goes_on.notify_one();
        self.worker.join_next().await.unwrap().unwrap().unwrap();
    }
}

/// Its commit hangs, say, and it was told so: it tries what it had in hand one by one.
#[tokio::test]
async fn rows_wait_for_a_transaction_that_moves_the_place_under_the_same_lease() {
    let db = postgres().await;
    ensure(&db).await;
    let workspace = WorkspaceId(Uuid::now_v7());
    for together in [false, true] {
        let owned = take_over(&db, "one").await.remove(0).owned;
        let (ids, from) = (events(20), if together { 20 } else { 0 });
        let stretch = Claim { from, until: Some(from + 20), ..claim(&owned, &ids) };
        let middle = InTheMiddle::of(&db, workspace, stretch).await;
        let several = Claim { from: from + 7, ..claim(&owned, &ids[7..9]) };
        let rows = async {
            if together {
                return take_alone(&db, workspace, several).await;
            }
            take(&db, workspace, &owned, ids[7]).await.map(|()| 1)
        };
        tokio::pin!(rows);
        let early = tokio::time::timeout(Duration::from_millis(300), &mut rows).await;
        assert!(early.is_err(), "it does not wait: {early:?}");
        middle.ends().await;
        assert!(matches!(rows.await, Ok(0) | Err(Error::Stale)));
    }
}

/// As where its commit hangs.
#[tokio::test]
async fn a_transaction_that_lasts_keeps_its_own_lease_and_costs_no_other() {
    let db = postgres().await;
    ensure(&db).await;
    let workspace = WorkspaceId(Uuid::now_v7());
    let leases: Vec<Owned> = take_over(&db, "one").await.into_iter().map(|lease| lease.owned).collect();
    db.spoil("UPDATE bus_consumers SET lease_until = now() + INTERVAL '5 seconds' WHERE owner = 'one'").await;
    let stretch = Claim { until: Some(20), ..claim(&leases[3], &events(20)) };
    let middle = InTheMiddle::of(&db, workspace, stretch).await;
    let expiry = async || {
        let next = system!(db, (), |tx, ()| bus::next_expiry(tx, "two", &["hand"]));
        next.unwrap() > Duration::from_secs(5)
    };
    assert_eq!(system!(db, (), |tx, ()| bus::renew(tx, "one")), leases);
    assert!(!expiry().await, "nobody else renews it");
    middle.ends().await;
    assert!(expiry().await, "all are renewed");
}

const EXPIRE: &str = "UPDATE bus_consumers SET lease_until = now() - INTERVAL '1 second'";

/// A worker that was thought dead is in the middle of a transaction.
#[tokio::test]
async fn nobody_takes_a_partition_over_while_a_transaction_has_taken_events_of_it() {
    let db = postgres().await;
    ensure(&db).await;
    let workspace = WorkspaceId(Uuid::now_v7());
    let take_free =
        async || -> Vec<Lease> { system!(db, (), |tx, ()| bus::take_free(tx, "two", "hand", 100)) };
    for (count, until) in [(1, None), (20, None), (20, Some(20))] {
        let owned = take_over(&db, "one").await.remove(0).owned;
        db.spoil(EXPIRE).await;
        let claim = Claim { until, ..claim(&owned, &events(count)) };
        let stale = InTheMiddle::of(&db, workspace, claim).await;
        let has_it = |leases: &[Lease]| leases.iter().any(|lease| lease.owned.partition == owned.partition);
        let others = take_free().await;
        assert!(others.len() == 11 && !has_it(&others), "{others:?}");
        stale.ends().await;
        // Where it has moved the place, it has renewed its lease by that.
        db.spoil(EXPIRE).await;
        let last = take_free().await;
        assert!(has_it(&last), "{last:?}");
        assert_eq!(last[0].position, until.unwrap_or(0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_take_stretches_and_rows_side_by_side_while_their_leases_are_renewed() {
    both(async |db| {
        ensure(&db).await;
        let workspace = WorkspaceId(Uuid::now_v7());
        let leases = take_over(&db, "one").await;
        let count = leases.len();
        let mut workers = tokio::task::JoinSet::new();
        for (seed, Lease { owned, .. }) in leases.into_iter().enumerate() {
            let store = db.store.clone();
            workers.spawn(async move {
                let (mut from, mut fresh) = (0, 0);
                for n in seed..seed + 30 {
                    let ids = events(if n % 3 == 0 { 1 + n % 5 } else { 20 + n });
                    let end = from + i64::try_from(ids.len()).unwrap();
                    let claim = Claim { from, until: (n % 3 > 0).then_some(end), ..claim(&owned, &ids) };
                    if n % 4 == 0 {
                        let failed = handle(&store, workspace, claim.clone(), Fares::Fails).await;
                        assert!(matches!(failed, Err(Error::GivenUp(_))), "{failed:?}");
                    }
                    for expected in [ids.len(), 0] {
                        let got = handle(&store, workspace, claim.clone(), Fares::Well).await.unwrap();
                        assert_eq!(got, expected, "of {}", ids.len());
                        fresh += got;
                    }
                    from = end;
                }
                fresh
            });
        }
        let mut taken = Vec::new();
        while taken.len() < count {
            if !db.is_exclusive() {
                system!(db, (), |tx, ()| bus::renew(tx, "one"));
            }
            while let Some(fresh) = workers.try_join_next() {
                taken.push(fresh.unwrap());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let effects: Result<_, Error> = db
            .read(workspace, (), |tx, ()| {
                Box::pin(async move { store::audit::list(tx, &Filter::default(), 20_000, None).await })
            })
            .await;
        let effects: Vec<String> = effects.unwrap().items.into_iter().map(|entry| entry.action).collect();
        assert_eq!(effects.len(), taken.into_iter().sum::<usize>());
        assert_eq!(effects.iter().collect::<BTreeSet<_>>().len(), effects.len(), "each once");
    })
    .await;
}

#[tokio::test]
async fn workers_that_share_a_transaction_each_take_their_own_events_once() {
    both(async |db| {
        ensure(&db).await;
        let workspace = WorkspaceId(Uuid::now_v7());
        let owned: Vec<Owned> = take_over(&db, "one").await.into_iter().map(|lease| lease.owned).collect();
        let (mut wanted, mut not_wanted) = (BTreeSet::new(), BTreeSet::new());
        let mut taken = 0;
        let odd = [Fares::Well, Fares::Fails, Fares::Stale, Fares::Leaves, Fares::Refused];
        // Waves in which one of forty fares otherwise; in every other wave each comes twice, as after a takeover.
        for (odd, times) in odd.into_iter().flat_map(|odd| [(odd, 1), (odd, 2)]) {
            // SQLite keeps every text.
            let odd = if odd == Fares::Refused && db.store.is_exclusive() { Fares::Well } else { odd };
            let mut workers = tokio::task::JoinSet::new();
            for n in 0..40 {
                let ids: Vec<EventId> = (0..n % 4 + 1).map(|_| EventId(Uuid::now_v7())).collect();
                let fares = if n == 20 { odd } else { Fares::Well };
                let mut claim = claim(&owned[n % owned.len()], &ids);
                claim.fence -= i64::from(fares == Fares::Stale);
                let kept = if fares == Fares::Well { &mut wanted } else { &mut not_wanted };
                kept.extend(ids.iter().map(|id| id.0.to_string()));
                for _ in 0..times {
                    let (store, claim) = (db.store.clone(), claim.clone());
                    workers.spawn(async move { (fares, handle(&store, workspace, claim, fares).await) });
                }
            }
            for (fares, result) in workers.join_all().await {
                match (fares, result) {
                    (Fares::Well, Ok(fresh)) => taken += fresh,
                    (Fares::Fails, Err(Error::GivenUp(_)))
                    | (Fares::Stale, Err(Error::Stale))
                    | (Fares::Leaves, Ok(0))
                    | (Fares::Refused, Err(Error::Statement(_))) => {}
                    (fares, result) => panic!("one that fares {fares:?} got {result:?}"),
                }
            }
        }
        assert_eq!(taken, wanted.len());
        let effects: Result<_, Error> = db
            .read(workspace, (), |tx, ()| {
                Box::pin(async move { store::audit::list(tx, &Filter::default(), 1000, None).await })
            })
            .await;
        let mut effects: Vec<String> = effects.unwrap().items.into_iter().map(|entry| entry.action).collect();
        effects.sort();
        assert_eq!(effects, wanted.into_iter().collect::<Vec<_>>(), "each once");

        // What failed is not in the ledger: it can be taken.
        let ids: Vec<EventId> = not_wanted.iter().map(|id| EventId(id.parse().unwrap())).collect();
        let taken = handle(&db, workspace, claim(&owned[0], &ids), Fares::Well).await.unwrap();
        assert_eq!(taken, ids.len());
    })
    .await;
}

#[tokio::test]
async fn free_partitions_are_shared_and_only_free_ones() {
    let db = postgres().await;
    ensure(&db).await;
    assert!(system!(db, (), |tx, ()| bus::join(tx, "one", &["hand"])));
    assert!(!system!(db, (), |tx, ()| bus::join(tx, "one", &["hand"])), "it was there before");
    assert_eq!(system!(db, (), |tx, ()| bus::take_free(tx, "one", "hand", 7)).len(), 7);
    assert!(system!(db, (), |tx, ()| bus::join(tx, "two", &["hand"])));
    let two = system!(db, (), |tx, ()| bus::take_free(tx, "two", "hand", 7));
    assert_eq!(two.len(), 5, "the rest");
    let live = system!(db, (), |tx, ()| bus::live_members(tx, &["hand", "audit"]));
    assert_eq!(live, [("hand".to_owned(), 2)]);
    let expiry = system!(db, (), |tx, ()| bus::next_expiry(tx, "two", &["hand"])).unwrap();
    assert!(expiry <= Duration::from_secs(15) && expiry > Duration::from_secs(10), "{expiry:?}");
    system!(db, two[0].owned.clone(), |tx, owned| bus::release(tx, owned));
    assert_eq!(system!(db, (), |tx, ()| bus::renew(tx, "two")).len(), 4);
    assert_eq!(system!(db, (), |tx, ()| bus::take_free(tx, "one", "hand", 7)).len(), 1);
    system!(db, (), |tx, ()| bus::leave(tx, "two"));
    assert_eq!(system!(db, (), |tx, ()| bus::live_members(tx, &["hand"])), [("hand".to_owned(), 1)]);
}

#[tokio::test]
async fn the_ledger_forgets_what_is_old_unless_it_could_come_again() {
    both(async |db| {
        ensure(&db).await;
        let workspace = WorkspaceId(Uuid::now_v7());
        let mut old = event(workspace, EventType::MessageReceived, Uuid::now_v7(), 1);
        old.occurred_at -= jiff::SignedDuration::from_hours(24 * 9);
        let place = (old.kind.topic(), old.partition());
        append(&db, vec![old.clone()]).await;
        relay(&db).await;
        let lease = take_over(&db, "one").await;
        let lease = lease.into_iter().find(|l| (l.owned.topic, l.owned.partition) == place).unwrap();
        take(&db, workspace, &lease.owned, old.id).await.unwrap();
        let prune = async || system!(db, (), |tx, ()| bus::prune_ledger(tx, 100));
        assert_eq!(prune().await, 0, "it is young");
        // As if eight days had gone by since it was handled, and its group's place had never been kept.
        let eight_days = match db.location() {
            store::Location::Sqlite(_) => "UPDATE inbox_ledger SET handled_at = handled_at - 8 * 86400000000",
            store::Location::Postgres(_) => {
                "UPDATE inbox_ledger SET handled_at = handled_at - INTERVAL '8 days'"
            }
        };
        db.spoil(eight_days).await;
        assert_eq!(prune().await, 0, "it would be handled again");
        assert!(system!(db, lease.owned, |tx, owned| bus::commit(tx, owned, 1)));
        assert_eq!(prune().await, 1);
    })
    .await;
}

#[tokio::test]
async fn only_old_events_that_every_group_has_passed_are_removed() {
    both(async |db| {
        ensure(&db).await;
        let workspace = WorkspaceId(Uuid::now_v7());
        let subject = Uuid::now_v7();
        let mut old = event(workspace, EventType::MessageReceived, subject, 1);
        old.occurred_at -= jiff::SignedDuration::from_hours(25);
        let place = (old.kind.topic(), old.partition());
        // By a clock that was a year ahead.
        let mut early = event(workspace, EventType::MessageReceived, subject, 0);
        early.occurred_at += jiff::SignedDuration::from_hours(365 * 24);
        append(&db, vec![early]).await;
        append(&db, vec![old]).await;
        append(&db, vec![event(workspace, EventType::MessageReceived, subject, 2)]).await;
        relay(&db).await;
        let prune = async || system!(db, (), |tx, ()| bus::prune_log(tx, 1));
        assert_eq!(prune().await, 0, "no group has read it");
        for group in ["hand", "audit"] {
            let owned = if db.is_exclusive() {
                system!(db, group, |tx, group| bus::take_over_all(tx, "one", &[group]))
            } else {
                system!(db, group, |tx, group| bus::take_free(tx, "one", group, 100))
            };
            let lease = owned.into_iter().find(|l| (l.owned.topic, l.owned.partition) == place).unwrap();
            assert_eq!(prune().await, 0, "{group} has not read it");
            assert!(system!(db, lease.owned, |tx, owned| bus::commit(tx, owned, 3)));
        }
        assert_eq!(prune().await, 1);
        assert_eq!(prune().await, 0);
        let left: Vec<i64> =
            read(&db, place.0, place.1, 0).await.iter().map(|event| event.position).collect();
        assert_eq!(left, [0, 2], "the young one stays, and the one that seems to come");
        let ends = system!(db, (), |tx, ()| bus::end(tx));
        assert!(ends.contains(&(place, 3)), "{ends:?}");
        let oldest = system!(db, place, |tx, (topic, partition)| bus::oldest_from(tx, *topic, *partition, 0));
        assert_eq!(oldest, Some(0));
        assert!(system!(db, (), |tx, ()| bus::lag(tx)).iter().all(|lag| lag.events == 0));
    })
    .await;
}
