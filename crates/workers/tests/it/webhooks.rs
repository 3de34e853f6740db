//! Events reach webhooks: once where all is well, again by the schedule where it is not, in order where that is asked,
//! and never held up by somebody else's receiver.

mod receiver;

use std::time::{Duration, Instant};

use desk::tasks::NewTask;
use desk::webhooks::{self, Delivery, Webhook, WebhookPatch};
use desk::{Desk, Error, Paging};
use domain::ids::{DeliveryId, WebhookId};
use domain::webhook::{Attempt, Disabled, Failure, State, WAITS};
use domain::{Caller, Clock, SystemClock};
use store::Wake;
use testkit::{Database, both};

use crate::stage::{Process, Stage, desk, until};
use receiver::{Answers, Receiver};

/// A webhook that leads to `receiver`, told of tasks that are made; gives its secret as well.
async fn webhook(stage: &Stage, owner: &Caller, receiver: &Receiver, ordered: bool) -> (WebhookId, String) {
    let patch = WebhookPatch {
        url: Some(receiver.url()),
        event_types: Some(vec!["task.created".to_owned()]),
        ordered: Some(ordered),
        ..WebhookPatch::default()
    };
    let (webhook, secret) = webhooks::create(&stage.desk, owner, patch).await.unwrap();
    (webhook.id, secret)
}

async fn task(stage: &Stage, owner: &Caller, title: &str) {
    let task = NewTask { title: title.to_owned(), ..NewTask::default() };
    desk::tasks::create(&stage.desk, owner, task).await.unwrap();
}

async fn deliveries(stage: &Stage, owner: &Caller, id: WebhookId) -> Vec<Delivery> {
    let paging = Paging { limit: 200, cursor: None };
    webhooks::deliveries(&stage.desk, owner, id, None, paging).await.unwrap().items
}

async fn one(stage: &Stage, id: WebhookId) -> (Delivery, Vec<Attempt>) {
    let delivery = deliveries(stage, &stage.owner, id).await[0].id;
    webhooks::delivery(&stage.desk, &stage.owner, id, delivery).await.unwrap()
}

async fn until_attempts(stage: &Stage, id: WebhookId, count: i64) {
    until("it is tried", async || {
        let deliveries = deliveries(stage, &stage.owner, id).await;
        deliveries.first().is_some_and(|delivery| delivery.attempts >= count)
    })
    .await;
}

async fn get(stage: &Stage, id: WebhookId) -> Webhook {
    webhooks::get(&stage.desk, &stage.owner, id).await.unwrap()
}

/// Lets every rest and wait be over. A sender at work locks a webhook before its delivery: so does this.
async fn wait_is_over(db: &Database) {
    db.spoil(if db.is_exclusive() {
        "UPDATE webhooks SET rest_until = NULL; UPDATE webhook_deliveries SET due_at = 0 WHERE state = 'pending'"
    } else {
        "UPDATE webhooks SET rest_until = NULL; UPDATE webhook_deliveries SET due_at = 'epoch' WHERE state = 'pending'"
    })
    .await;
    db.wake(Wake::Webhooks);
}

/// Lets every lease run out.
async fn leases_are_over(db: &Database) {
    db.spoil(if db.is_exclusive() {
        "UPDATE webhooks SET lease_until = 0 WHERE lease_until IS NOT NULL"
    } else {
        "UPDATE webhooks SET lease_until = 'epoch' WHERE lease_until IS NOT NULL"
    })
    .await;
    db.wake(Wake::Webhooks);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_arrives_once_signed_and_in_the_shape_of_the_specification() {
    both(async |db| {
        let stage = Stage::new(&db).await;
        let receiver = Receiver::start(&[Answers::Status(204)]).await;
        let (id, secret) = webhook(&stage, &stage.owner, &receiver, false).await;
        let process = Process::start(&stage.desk, Vec::new(), None);
        // On PostgreSQL a second process does the same at the same time.
        let second = desk(&db.another().await);
        let twin = (!db.is_exclusive()).then(|| Process::start(&second, Vec::new(), None));
        for n in 0..20 {
            task(&stage, &stage.owner, &format!("task {n}")).await;
        }
        let is_done = |delivery: &Delivery| delivery.state == State::Delivered;
        until("all are delivered", async || {
            let all = deliveries(&stage, &stage.owner, id).await;
            all.len() == 20 && all.iter().all(is_done)
        })
        .await;
        process.stop().await;
        if let Some(twin) = twin {
            twin.stop().await;
        }
        let got = receiver.got();
        assert_eq!(got.len(), 20, "none came twice");
        for request in &got {
            assert!(request.is_signed_with(&secret), "{request:?}");
            let body = request.json();
            let keys: Vec<&String> = body.as_object().unwrap().keys().collect();
            assert_eq!(keys, ["data", "timestamp", "type"]);
            assert_eq!(body["type"], "task.created");
            assert_eq!(body["data"]["status"], "todo");
        }
        let (delivery, attempts) = one(&stage, id).await;
        assert_eq!((delivery.attempts, attempts[0].answer), (1, Ok(204)));
        assert!(got.iter().any(|request| request.id() == format!("msg_{}", delivery.id.0.simple())));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_tried_by_the_schedule_under_one_id_then_given_up_then_replayed() {
    both(async |db| {
        let stage = Stage::new(&db).await;
        let receiver =
            Receiver::start(&[Answers::Status(500), Answers::Status(429), Answers::Status(503)]).await;
        let (id, _) = webhook(&stage, &stage.owner, &receiver, false).await;
        let process = Process::start(&stage.desk, Vec::new(), None);
        task(&stage, &stage.owner, "Call Dana").await;
        for (tried, wait) in (1..).zip(WAITS) {
            until_attempts(&stage, id, tried).await;
            let (delivery, attempts) = one(&stage, id).await;
            assert_eq!((delivery.state, delivery.attempts), (State::Pending, tried));
            let noted = attempts[0].at + attempts[0].duration;
            let waits = delivery.due_at.duration_since(noted).as_secs_f64();
            let wait = wait.as_secs_f64();
            assert!(
                (wait - 0.01..wait * 1.1 + 2.0).contains(&waits),
                "attempt {tried}: {waits} instead of {wait}"
            );
            wait_is_over(&db).await;
        }
        until_attempts(&stage, id, 8).await;
        let (delivery, attempts) = one(&stage, id).await;
        assert_eq!((delivery.state, attempts.len()), (State::Failed, 8));
        let answers: Vec<_> = attempts.iter().rev().take(3).map(|attempt| attempt.answer).collect();
        assert_eq!(answers, [Ok(500), Ok(429), Ok(503)]);
        assert_eq!(attempts[7].excerpt, "<500>");
        let ids: Vec<String> = receiver.got().iter().map(receiver::Request::id).collect();
        assert!(ids.len() == 8 && ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        // It rests, and is asked again at once all the same when a member says so.
        let resting = get(&stage, id).await;
        assert_eq!(resting.failures, 8);
        assert!(resting.rest_until.is_some_and(|until| until > SystemClock.now()));

        receiver.turns_to(Answers::Status(200));
        let later = SystemClock.now();
        let replay =
            async |since| webhooks::replay_failed(&stage.desk, &stage.owner, id, since).await.unwrap();
        assert_eq!(replay(Some(later)).await, 0);
        assert_eq!(replay(None).await, 1);
        wait_is_over(&db).await;
        until("it is delivered", async || one(&stage, id).await.0.state == State::Delivered).await;
        let (delivery, attempts) = one(&stage, id).await;
        assert_eq!((delivery.attempts, attempts.len(), attempts[0].answer), (9, 9, Ok(200)));
        assert_eq!(get(&stage, id).await.failures, 0);
        webhooks::replay(&stage.desk, &stage.owner, id, delivery.id).await.unwrap();
        until_attempts(&stage, id, 10).await;
        assert_eq!(receiver.got().last().unwrap().id(), ids[0]);
        process.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_who_hangs_or_breaks_the_connection_has_failed_as_well() {
    both(async |db| {
        let stage = Stage::new(&db).await;
        let hangs = Receiver::start(&[Answers::Hangs]).await;
        let resets = Receiver::start(&[Answers::Resets]).await;
        let (hanging, _) = webhook(&stage, &stage.owner, &hangs, false).await;
        let (resetting, _) = webhook(&stage, &stage.owner, &resets, false).await;
        let process = Process::start(&stage.desk, Vec::new(), None);
        task(&stage, &stage.owner, "Call Dana").await;
        for (id, failure) in [(resetting, Failure::Broken), (hanging, Failure::Timeout)] {
            until_attempts(&stage, id, 1).await;
            let (delivery, attempts) = one(&stage, id).await;
            let first = attempts.last().unwrap();
            assert_eq!((delivery.state, first.answer), (State::Pending, Err(failure)));
        }
        process.stop().await;
        assert_eq!(hangs.got().len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_order_the_next_one_waits_and_without_it_does_not() {
    both(async |db| {
        let stage = Stage::new(&db).await;
        let answers = [Answers::Status(500), Answers::Status(500), Answers::Status(200)];
        let (strict, loose) = (Receiver::start(&answers).await, Receiver::start(&answers[1..]).await);
        let (ordered, _) = webhook(&stage, &stage.owner, &strict, true).await;
        webhook(&stage, &stage.owner, &loose, false).await;
        let process = Process::start(&stage.desk, Vec::new(), None);
        task(&stage, &stage.owner, "first").await;
        until("both were asked", async || strict.got().len() == 1 && loose.got().len() == 1).await;
        for title in ["second", "third"] {
            task(&stage, &stage.owner, title).await;
        }
        // Tasks are on several partitions: which one's delivery is made first is not known, only that it is kept to.
        until("the others came", async || loose.got().len() == 3).await;
        until("the others are there", async || deliveries(&stage, &stage.owner, ordered).await.len() == 3)
            .await;
        assert_eq!(strict.titles(), ["first"]);
        assert_eq!(loose.titles()[0], "first");
        wait_is_over(&db).await;
        until("it was asked again", async || strict.got().len() == 2).await;
        wait_is_over(&db).await;
        until("all came", async || strict.got().len() == 5).await;
        let made = deliveries(&stage, &stage.owner, ordered).await;
        let mut expected: Vec<String> =
            made.iter().rev().map(|delivery| format!("msg_{}", delivery.id.0.simple())).collect();
        let first = expected[0].clone();
        expected.splice(0..0, [first.clone(), first]);
        assert_eq!(strict.got().iter().map(receiver::Request::id).collect::<Vec<_>>(), expected);
        process.stop().await;
    })
    .await;
}

/// How long it takes from asking for a task until the receiver has it, `count` times, the shortest first.
async fn delays(stage: &Stage, receiver: &Receiver, count: usize) -> Vec<Duration> {
    let before = receiver.got().len();
    let mut delays = Vec::new();
    for n in 0..count {
        let begun = Instant::now();
        task(stage, &stage.owner, &format!("task {n}")).await;
        until("it is there", async || receiver.got().len() > before + n).await;
        delays.push(receiver.got()[before + n].at.duration_since(begun));
    }
    delays.sort();
    delays
}

#[tokio::test(flavor = "multi_thread")]
async fn receivers_that_hang_delay_nobody_elses_deliveries() {
    both(async |db| {
        let stage = Stage::new(&db).await;
        let (good, bad) =
            (Receiver::start(&[Answers::Status(200)]).await, Receiver::start(&[Answers::Hangs]).await);
        let (id, _) = webhook(&stage, &stage.owner, &good, false).await;
        let process = Process::start(&stage.desk, Vec::new(), None);
        let alone = self::delays(&stage, &good, 50).await;
        process.stop().await;
        let gwen = stage.other_workspace().await;
        let mut hanging = Vec::new();
        // More than a workspace may have at once, and more deliveries than a process sends side by side.
        for _ in 0..20 {
            hanging.push(webhook(&stage, &gwen, &bad, false).await.0);
        }
        // In the good one's own workspace, too.
        let (beside, _) = webhook(&stage, &stage.owner, &bad, false).await;
        let maker = Process::without_sender(&stage.desk);
        for n in 0..10 {
            task(&stage, &gwen, &format!("theirs {n}")).await;
        }
        let waiting = async || webhooks::pending(&stage.desk).await.unwrap();
        until("all of that waits", async || waiting().await == 200).await;
        maker.stop().await;
        let process = Process::start(&stage.desk, Vec::new(), None);
        until("the bad ones have what they may", async || bad.got().len() >= 16 * 4).await;
        let delays = delays(&stage, &good, 50).await;
        // All of that while not one of the first attempts at the others had ended.
        for webhook in &hanging {
            let all =
                webhooks::deliveries(&stage.desk, &gwen, *webhook, None, Paging::default()).await.unwrap();
            assert!(all.items.iter().all(|delivery| delivery.attempts == 0), "{delays:?}");
        }
        assert!(bad.got().len() <= 17 * 4, "{} at once", bad.got().len());
        let all = deliveries(&stage, &stage.owner, id).await;
        assert!(all.len() == 100 && all.iter().all(|delivery| delivery.attempts <= 1));
        assert!(deliveries(&stage, &stage.owner, beside).await.iter().all(|delivery| delivery.attempts == 0));
        process.kill();
        // For people to compare; a figure that a busy machine decides is no condition.
        for (what, delays) in [("none", alone), ("receivers that hang", delays)] {
            println!("beside {what}: median {:?}, longest {:?}", delays[25], delays[49]);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_keeps_failing_rests_and_is_tried_with_one_delivery() {
    both(async |db| {
        let stage = Stage::new(&db).await;
        let receiver = Receiver::start(&[Answers::Status(500)]).await;
        let (id, _) = webhook(&stage, &stage.owner, &receiver, true).await;
        let other = WebhookPatch { ordered: Some(false), ..WebhookPatch::default() };
        for n in 0..20 {
            task(&stage, &stage.owner, &format!("task {n}")).await;
        }
        let maker = Process::without_sender(&stage.desk);
        until("all are there", async || deliveries(&stage, &stage.owner, id).await.len() == 20).await;
        maker.stop().await;
        webhooks::update(&stage.desk, &stage.owner, id, other, None).await.unwrap();
        let process = Process::start(&stage.desk, Vec::new(), None);
        until("it rests", async || get(&stage, id).await.rest_until.is_some()).await;
        // Those beside the fifth were on their way.
        until("nothing is on its way", async || {
            get(&stage, id).await.failures == receiver.got().len() as i64
        })
        .await;
        let before = receiver.got().len();
        assert!((5..=8).contains(&before), "{before}");
        wait_is_over(&db).await;
        until("one is tried", async || receiver.got().len() > before).await;
        until("it rests again", async || get(&stage, id).await.failures > before as i64).await;
        assert_eq!(receiver.got().len(), before + 1);
        receiver.turns_to(Answers::Status(200));
        wait_is_over(&db).await;
        until("all are delivered", async || get(&stage, id).await.pending == 0).await;
        process.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_gone_or_has_failed_for_days_is_told_nothing_more_until_a_member_wants_it() {
    both(async |db| {
        let stage = Stage::new(&db).await;
        let (gone, failing) =
            (Receiver::start(&[Answers::Status(410)]).await, Receiver::start(&[Answers::Status(500)]).await);
        let (one_gone, _) = webhook(&stage, &stage.owner, &gone, false).await;
        let (one_failing, _) = webhook(&stage, &stage.owner, &failing, false).await;
        let process = Process::start(&stage.desk, Vec::new(), None);
        task(&stage, &stage.owner, "first").await;
        until("it is disabled", async || !get(&stage, one_gone).await.enabled).await;
        assert_eq!(get(&stage, one_gone).await.disabled_reason, Some(Disabled::Gone));
        assert_eq!(one(&stage, one_gone).await.0.state, State::Failed);
        until_attempts(&stage, one_failing, 1).await;
        process.stop().await;
        db.spoil(if db.is_exclusive() {
            "UPDATE webhooks SET failures = 7, failing_since = failing_since - 6 * 86400000000 WHERE failures > 0"
        } else {
            "UPDATE webhooks SET failures = 7, failing_since = failing_since - INTERVAL '6 days' WHERE failures > 0"
        })
        .await;
        let process = Process::start(&stage.desk, Vec::new(), None);
        wait_is_over(&db).await;
        until("it is disabled", async || !get(&stage, one_failing).await.enabled).await;
        assert_eq!(get(&stage, one_failing).await.disabled_reason, Some(Disabled::Failing));
        let told = async || {
            let audit = desk::audit::list(&stage.desk, &stage.owner, Some("webhook".to_owned()), None, Paging::default());
            let actions = audit.await.unwrap().items.into_iter().map(|entry| entry.action);
            actions.filter(|action| action == "webhook.disabled").count()
        };
        until("it is in the audit", async || told().await == 2).await;
        // What comes meanwhile is not kept for it; what waited is sent when it is enabled again.
        task(&stage, &stage.owner, "second").await;
        until("everything is handled", async || crate::notify::lag(&stage).await == 0).await;
        failing.turns_to(Answers::Status(200));
        let patch = WebhookPatch { enabled: Some(true), ..WebhookPatch::default() };
        wait_is_over(&db).await;
        let enabled = webhooks::update(&stage.desk, &stage.owner, one_failing, patch, None).await.unwrap();
        assert_eq!((enabled.disabled_reason, enabled.failures), (None, 0));
        until("it is delivered", async || get(&stage, one_failing).await.pending == 0).await;
        assert_eq!(failing.titles().last().unwrap(), "first");
        assert_eq!(gone.got().len(), 1);
        process.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_secrets_are_good_while_one_takes_the_others_place() {
    both(async |db| {
        let stage = Stage::new(&db).await;
        let receiver = Receiver::start(&[Answers::Status(200)]).await;
        let (id, first) = webhook(&stage, &stage.owner, &receiver, false).await;
        let (_, second) = webhooks::rotate(&stage.desk, &stage.owner, id, 24).await.unwrap();
        let process = Process::start(&stage.desk, Vec::new(), None);
        task(&stage, &stage.owner, "one").await;
        until("it came", async || receiver.got().len() == 1).await;
        let request = receiver.got().remove(0);
        assert!(request.is_signed_with(&first) && request.is_signed_with(&second));
        // One that is known to others ends at once.
        let (_, third) = webhooks::rotate(&stage.desk, &stage.owner, id, 0).await.unwrap();
        task(&stage, &stage.owner, "two").await;
        until("it came", async || receiver.got().len() == 2).await;
        let request = receiver.got().remove(1);
        let good: Vec<bool> =
            [first, second, third].iter().map(|secret| request.is_signed_with(secret)).collect();
        assert_eq!(good, [false, false, true]);
        process.stop().await;
    })
    .await;
}

fn answered(status: u16) -> Attempt {
    Attempt {
        at: SystemClock.now(),
        duration: Duration::from_millis(3),
        answer: Ok(status),
        excerpt: String::new(),
        retry_after: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_sender_had_goes_to_another_when_its_lease_is_over_and_its_own_note_is_refused() {
    both(async |db| {
        let stage = Stage::new(&db).await;
        let receiver = Receiver::start(&[Answers::Status(200)]).await;
        let (id, _) = webhook(&stage, &stage.owner, &receiver, false).await;
        let maker = Process::without_sender(&stage.desk);
        task(&stage, &stage.owner, "one").await;
        until("it is there", async || !deliveries(&stage, &stage.owner, id).await.is_empty()).await;
        maker.stop().await;
        let claim = async || webhooks::claim(&stage.desk, 10).await.unwrap().pop();
        let slow = claim().await.unwrap();
        let due = webhooks::due(&stage.desk, &slow, 10).await.unwrap().remove(0);
        assert!(claim().await.is_none(), "it is leased");
        leases_are_over(&db).await;
        let quick = claim().await.unwrap();
        let refused =
            webhooks::note(&stage.desk, &slow, vec![(due.clone(), answered(500))]).await.unwrap_err();
        assert!(matches!(refused, Error::Handled), "{refused:?}");
        webhooks::release(&stage.desk, &slow).await.unwrap();
        assert!(claim().await.is_none(), "the slow one cannot give back what it has not");
        webhooks::note(&stage.desk, &quick, vec![(due.clone(), answered(200))]).await.unwrap();
        let refused = webhooks::note(&stage.desk, &quick, vec![(due, answered(200))]).await.unwrap_err();
        assert!(matches!(refused, Error::Handled), "what has ended is not noted again: {refused:?}");
        let (delivery, attempts) = one(&stage, id).await;
        assert_eq!((delivery.state, attempts.len()), (State::Delivered, 1));
        assert_eq!(receiver.got().len(), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_that_are_noted_together_are_each_noted_as_if_one_after_the_other() {
    both(async |db| {
        let stage = Stage::new(&db).await;
        let receiver = Receiver::start(&[Answers::Status(200)]).await;
        let (id, _) = webhook(&stage, &stage.owner, &receiver, false).await;
        let maker = Process::without_sender(&stage.desk);
        for n in 0..8 {
            task(&stage, &stage.owner, &format!("task {n}")).await;
        }
        until("they are there", async || deliveries(&stage, &stage.owner, id).await.len() == 8).await;
        maker.stop().await;
        let turn = webhooks::claim(&stage.desk, 10).await.unwrap().pop().unwrap();
        let due = webhooks::due(&stage.desk, &turn, 10).await.unwrap();
        // As they are due: those of two partitions may stand the other way round in the list.
        let order: Vec<_> = due.iter().map(|delivery| delivery.id).collect();
        let mut due = due.into_iter();
        let failures = async || webhooks::list(&stage.desk, &stage.owner).await.unwrap()[0].failures;
        let mut note = async |statuses: &[u16]| {
            let attempts = statuses.iter().map(|status| (due.next().unwrap(), answered(*status))).collect();
            let goes_on = webhooks::note(&stage.desk, &turn, attempts).await.unwrap();
            (goes_on, failures().await)
        };
        assert_eq!(note(&[500, 500, 500]).await, (true, 3));
        assert_eq!(note(&[500, 200, 503]).await, (true, 1), "one has worked in between");
        assert_eq!(note(&[200, 500]).await, (true, 1));
        let all = deliveries(&stage, &stage.owner, id).await;
        let states: Vec<(State, i64, i64)> = order
            .iter()
            .map(|id| all.iter().find(|delivery| delivery.id == *id).unwrap())
            .map(|delivery| (delivery.state, delivery.attempts, delivery.tried))
            .collect();
        let (failed, worked) = ((State::Pending, 1, 1), (State::Delivered, 1, 1));
        assert_eq!(states, [failed, failed, failed, failed, worked, failed, worked, failed]);
        assert!(
            all.iter().all(|delivery| delivery.ended_at.is_some() == (delivery.state == State::Delivered))
        );

        // What can be tried again already, all at once: it rests after five.
        leases_are_over(&db).await;
        db.spoil("UPDATE webhook_deliveries SET due_at = created_at").await;
        let turn = webhooks::claim(&stage.desk, 10).await.unwrap().pop().unwrap();
        let due = webhooks::due(&stage.desk, &turn, 10).await.unwrap();
        assert_eq!((due.len(), turn.failures()), (6, 1));
        let attempts = due.into_iter().take(4).map(|delivery| (delivery, answered(500))).collect();
        assert!(!webhooks::note(&stage.desk, &turn, attempts).await.unwrap());
        assert_eq!(failures().await, 5);
        webhooks::release(&stage.desk, &turn).await.unwrap();
        assert!(webhooks::claim(&stage.desk, 10).await.unwrap().is_empty(), "it rests");
        let second = deliveries(&stage, &stage.owner, id).await.into_iter().find(|one| one.attempts == 2);
        let (_, attempts) =
            webhooks::delivery(&stage.desk, &stage.owner, id, second.unwrap().id).await.unwrap();
        assert_eq!(attempts.len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_while_it_sends_leaves_the_delivery_to_the_next_under_the_same_id() {
    both(async |db| {
        let stage = Stage::new(&db).await;
        let receiver = Receiver::start(&[Answers::Hangs, Answers::Status(200)]).await;
        let (id, _) = webhook(&stage, &stage.owner, &receiver, false).await;
        let killed = Process::start(&stage.desk, Vec::new(), None);
        task(&stage, &stage.owner, "one").await;
        until("it is on its way", async || receiver.got().len() == 1).await;
        killed.kill();
        leases_are_over(&db).await;
        let process = Process::start(&stage.desk, Vec::new(), None);
        until("it is delivered", async || one(&stage, id).await.0.state == State::Delivered).await;
        process.stop().await;
        let ids: Vec<String> = receiver.got().iter().map(receiver::Request::id).collect();
        assert!(ids.len() == 2 && ids[0] == ids[1], "{ids:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_opened_by_the_key_that_sealed_them_and_by_no_other() {
    both(async |db| {
        let stage = Stage::new(&db).await;
        let receiver = Receiver::start(&[Answers::Status(200)]).await;
        let (id, _) = webhook(&stage, &stage.owner, &receiver, false).await;
        let allowed = vec!["127.0.0.0/8".parse().unwrap()];
        let stranger = Desk::new(
            db.store.clone(),
            std::sync::Arc::new(SystemClock),
            std::sync::Arc::new(domain::SystemIds),
        )
        .with_webhooks(&[8; 32], allowed);
        let process = Process::start(&stranger, Vec::new(), None);
        task(&stage, &stage.owner, "one").await;
        until_attempts(&stage, id, 1).await;
        process.stop().await;
        assert_eq!(one(&stage, id).await.1[0].answer, Err(Failure::Key));
        assert_eq!(receiver.got().len(), 0, "nothing is sent that nobody could check");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ended_a_month_ago_and_what_is_left_of_deleted_webhooks_goes_and_what_waits_stays() {
    both(async |db| {
        let stage = Stage::new(&db).await;
        let (good, bad) =
            (Receiver::start(&[Answers::Status(200)]).await, Receiver::start(&[Answers::Status(500)]).await);
        let mut ids = Vec::new();
        for receiver in [&good, &bad, &good] {
            ids.push(webhook(&stage, &stage.owner, receiver, false).await.0);
        }
        let process = Process::start(&stage.desk, Vec::new(), None);
        task(&stage, &stage.owner, "old").await;
        for id in &ids {
            until_attempts(&stage, *id, 1).await;
        }
        process.stop().await;
        let old: DeliveryId = one(&stage, ids[0]).await.0.id;
        assert_eq!(webhooks::prune(&stage.desk).await.unwrap(), 0, "all of it is young");
        db.spoil(if db.is_exclusive() {
            "UPDATE webhook_deliveries SET ended_at = ended_at - 31 * 86400000000, created_at = 0, due_at = 0"
        } else {
            "UPDATE webhook_deliveries SET ended_at = ended_at - INTERVAL '31 days', created_at = 'epoch', due_at = 'epoch'"
        })
        .await;
        webhooks::delete(&stage.desk, &stage.owner, ids[2], None).await.unwrap();
        assert_eq!(webhooks::prune(&stage.desk).await.unwrap(), 2);
        let gone = webhooks::delivery(&stage.desk, &stage.owner, ids[0], old).await.unwrap_err();
        assert!(matches!(gone, Error::NotFound("delivery")), "{gone:?}");
        assert_eq!(deliveries(&stage, &stage.owner, ids[1]).await.len(), 1, "what waits stays");
    })
    .await;
}
