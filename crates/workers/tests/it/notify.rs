//! Members are told what concerns them, and nobody else is.

use std::sync::Arc;

use bus::{Delivery, HandleError, Handler};
use desk::Desk;
use desk::tasks::{NewTask, PickMember, TaskPatch};
use desk::visitors::Introduction;
use domain::conversation::Reason;
use domain::{Role, Topic};
use futures_util::future::BoxFuture;
use testkit::both;
use uuid::Uuid;

use crate::stage::{Process, Stage, id, until};

/// Stands in for the hand: it asks for a person, whatever a customer writes.
struct Offers(Desk);

impl Handler for Offers {
    fn group(&self) -> &'static str {
        "hand"
    }

    fn topics(&self) -> &'static [Topic] {
        &[Topic::ConversationsIncoming]
    }

    fn handle<'a>(&'a self, deliveries: &'a [Delivery]) -> BoxFuture<'a, Result<(), HandleError>> {
        Box::pin(async move {
            for delivery in deliveries {
                let found = desk::conversations::for_hand(&self.0, delivery, Vec::new()).await.unwrap();
                let Some(found) = found.filter(|found| found.conversation.state.hand_may_answer()) else {
                    continue;
                };
                let (fence, reason) = (found.conversation.fence, Reason::AskedForPerson);
                desk::conversations::offer(&self.0, delivery, fence, reason, "Wants a refund".to_owned())
                    .await
                    .unwrap();
            }
            Ok(())
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_hear_of_who_waits_and_then_only_the_member_who_took_the_conversation() {
    both(async |db| {
        let stage = Stage::new(&db).await;
        let (agent, viewer) =
            (stage.member("Dana", Role::Agent).await, stage.member("Vic", Role::Viewer).await);
        let process = Process::start(&stage.desk, vec![Arc::new(Offers(stage.desk.clone()))], None);
        let channel = desk::channels::list(&stage.desk, &stage.owner).await.unwrap().remove(0);
        let visitor = Introduction { name: Some("Chris".to_owned()), email: None };
        let started = desk::visitors::start_new(&stage.desk, &channel, visitor, None, Uuid::now_v7(), None)
            .await
            .unwrap();
        let (customer, _) =
            desk::visitors::authenticate(&stage.desk, &started.token.unwrap(), None, Uuid::now_v7())
                .await
                .unwrap();
        let write = async |text: &str| {
            desk::visitors::write(&stage.desk, &customer, started.conversation, text, None).await.unwrap();
        };
        write("I want a person").await;
        for member in [&stage.owner, &agent] {
            let told = stage.until_told(member, 1).await;
            assert_eq!(
                (told[0].kind.as_str(), told[0].title.as_str()),
                ("handoff", "Chris asks for a person")
            );
            assert_eq!(told[0].conversation, Some(started.conversation));
            assert_eq!(told[0].ticket.unwrap().1, 1);
        }
        desk::conversations::claim(&stage.desk, &agent, started.conversation).await.unwrap();
        write("Are you there?").await;
        let told = stage.until_told(&agent, 2).await;
        assert_eq!((told[0].kind.as_str(), told[0].title.as_str()), ("customer_replied", "Chris replied"));
        assert_eq!(told[0].body, "Are you there?");
        assert_eq!(stage.told(&stage.owner).await.len(), 1);
        assert!(stage.told(&viewer).await.is_empty());

        desk::notifications::mark_read(&stage.desk, &agent, Some(vec![told[0].id])).await.unwrap();
        desk::notifications::mark_read(&stage.desk, &stage.owner, Some(vec![told[1].id])).await.unwrap();
        let (unread, count) =
            desk::notifications::list(&stage.desk, &agent, true, desk::Paging::default()).await.unwrap();
        assert_eq!((unread.items.len(), count), (1, 1), "the owner cannot mark the agent's");
        assert_eq!(unread.items[0].id, told[1].id);
        desk::notifications::mark_read(&stage.desk, &agent, None).await.unwrap();
        assert!(stage.told(&agent).await.iter().all(|told| told.read_at.is_some()));
        process.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_given_a_task_is_told_unless_they_took_it_themselves() {
    both(async |db| {
        let stage = Stage::new(&db).await;
        let agent = stage.member("Dana", Role::Agent).await;
        let process = Process::start(&stage.desk, Vec::new(), None);
        let for_agent = Some(PickMember::Id(id(&agent)));
        let task =
            NewTask { title: "Call Acme".to_owned(), assignee: for_agent.clone(), ..NewTask::default() };
        let made = desk::tasks::create(&stage.desk, &stage.owner, task.clone()).await.unwrap().value;
        let told = stage.until_told(&agent, 1).await;
        assert_eq!((told[0].kind.as_str(), told[0].title.as_str()), ("assigned", "Alex gave you #1"));
        assert_eq!((told[0].body.as_str(), told[0].task), ("Call Acme", Some((made.view.task.id, 1))));

        desk::tasks::create(&stage.desk, &agent, task).await.unwrap();
        let unassigned = NewTask { title: "Order paper".to_owned(), ..NewTask::default() };
        let other =
            desk::tasks::create(&stage.desk, &stage.owner, unassigned).await.unwrap().value.view.task.id;
        let patch = TaskPatch { assignee: Some(for_agent), ..TaskPatch::default() };
        desk::tasks::update(&stage.desk, &stage.owner, other, patch, None).await.unwrap();
        let told = stage.until_told(&agent, 2).await;
        assert_eq!(told[0].title, "Alex gave you #3");
        let patch = TaskPatch { title: Some("Order more paper".to_owned()), ..TaskPatch::default() };
        desk::tasks::update(&stage.desk, &stage.owner, other, patch, None).await.unwrap();
        until("everything is handled", async || lag(&stage).await == 0).await;
        assert_eq!(stage.told(&agent).await.len(), 2);
        assert!(stage.told(&stage.owner).await.is_empty());
        process.stop().await;
    })
    .await;
}

/// How much waits in the outbox and for the groups.
pub(crate) async fn lag(stage: &Stage) -> i64 {
    let backlog = bus::Bus::database(stage.desk.store().clone()).backlog().await.unwrap();
    backlog.outbox.events + backlog.lag.iter().map(|lag| lag.events).sum::<i64>()
}
