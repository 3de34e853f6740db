//! The hand-off: one wins, the machine is silent, nobody is stranded.

use desk::visitors::Introduction;
use desk::{Error, Paging};
use domain::conversation::{Author, Reason, State};
use domain::ids::ConversationId;
use domain::{Caller, EventType, Role};
use testkit::both;

use crate::stage::Stage;

/// A visitor who has just written `text`.
async fn visit(stage: &Stage, text: &str) -> (Caller, ConversationId) {
    let channel = desk::channels::list(&stage.desk, &stage.owner).await.unwrap().remove(0);
    let id = stage.desk.new_id();
    let started = desk::visitors::start_new(&stage.desk, &channel, Introduction::default(), None, id, None)
        .await
        .unwrap();
    let token = started.token.unwrap();
    let (caller, _) = desk::visitors::authenticate(&stage.desk, &token, None, id).await.unwrap();
    desk::visitors::write(&stage.desk, &caller, started.conversation, text, Some("c1".into())).await.unwrap();
    (caller, started.conversation)
}

async fn texts(stage: &Stage, id: ConversationId) -> Vec<(Author, String)> {
    let page = desk::conversations::messages(&stage.desk, &stage.owner, id, Paging::default()).await.unwrap();
    page.items.into_iter().rev().map(|message| (message.author, message.text)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_claim_at_once_one_wins_and_the_others_are_told_who() {
    both(async |database| {
        let stage = Stage::set(database).await;
        let (_, id) = visit(&stage, "I want a person").await;
        let mut claims = tokio::task::JoinSet::new();
        for n in 0..8 {
            let agent = stage.member(&format!("Agent {n}"), Role::Agent).await;
            let desk = stage.desk.clone();
            claims.spawn(async move {
                (agent.name().to_owned(), desk::conversations::claim(&desk, &agent, id).await)
            });
        }
        let outcomes = claims.join_all().await;
        let winners: Vec<&String> =
            outcomes.iter().filter(|(_, outcome)| outcome.is_ok()).map(|(name, _)| name).collect();
        assert_eq!(winners.len(), 1);
        for (_, outcome) in outcomes.iter().filter(|(_, outcome)| outcome.is_err()) {
            assert!(
                matches!(outcome, Err(Error::AlreadyClaimed { name, .. }) if name == winners[0]),
                "{outcome:?}"
            );
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn once_a_person_has_it_nothing_of_the_hand_gets_in() {
    both(async |database| {
        let stage = Stage::set(database).await;
        let (visitor, id) = visit(&stage, "how do I invite somebody?").await;
        desk::visitors::write(&stage.desk, &visitor, id, "hello?", Some("c2".into())).await.unwrap();
        let deliveries = stage.deliveries("hand", EventType::MessageReceived).await;
        let seen =
            desk::conversations::for_hand(&stage.desk, &deliveries[0], Vec::new()).await.unwrap().unwrap();
        let fence = seen.conversation.fence;
        // While the hand thinks, a person takes the conversation.
        desk::conversations::claim(&stage.desk, &stage.owner, id).await.unwrap();
        let late =
            desk::conversations::answer(&stage.desk, &deliveries[0], fence, "late".into(), Vec::new()).await;
        assert!(!late.unwrap());
        let offer =
            desk::conversations::offer(&stage.desk, &deliveries[1], fence, Reason::NotCovered, "late".into())
                .await;
        assert!(!offer.unwrap());
        assert!(
            desk::conversations::for_hand(&stage.desk, &deliveries[1], Vec::new()).await.unwrap().is_none()
        );
        assert!(texts(&stage, id).await.iter().all(|(author, _)| *author != Author::Hand));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_comes_twice_is_answered_once() {
    both(async |database| {
        let stage = Stage::set(database).await;
        let (_, id) = visit(&stage, "how do I invite somebody?").await;
        let delivery = stage.deliveries("hand", EventType::MessageReceived).await.remove(0);
        let answer =
            |text: &str| desk::conversations::answer(&stage.desk, &delivery, 1, text.to_owned(), Vec::new());
        assert!(answer("once").await.unwrap());
        let again = answer("twice").await;
        assert!(matches!(again, Err(Error::Handled)), "{again:?}");
        let hand: Vec<_> =
            texts(&stage, id).await.into_iter().filter(|(author, _)| *author == Author::Hand).collect();
        assert_eq!(hand, [(Author::Hand, "once".to_owned())]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_opens_a_ticket_tells_the_customer_and_waits_in_the_inbox() {
    both(async |database| {
        let stage = Stage::set(database).await;
        let (visitor, id) = visit(&stage, "do you ship to Mars?").await;
        let delivery = stage.deliveries("hand", EventType::MessageReceived).await.remove(0);
        let offered = desk::conversations::offer(
            &stage.desk,
            &delivery,
            1,
            Reason::NotCovered,
            "shipping to Mars".into(),
        );
        assert!(offered.await.unwrap());
        let view = desk::conversations::get(&stage.desk, &stage.owner, id).await.unwrap();
        assert_eq!(view.conversation.state, State::Offered);
        assert_eq!(view.conversation.reason, Some(Reason::NotCovered));
        assert!(view.conversation.deadline.is_some());
        assert_eq!(
            view.ticket.as_ref().map(|(number, status, _)| (*number, status.as_str())),
            Some((1, "open"))
        );
        let counts = desk::conversations::counts(&stage.desk, &stage.owner).await.unwrap();
        assert_eq!((counts.waiting, counts.open), (1, 1));
        let (_, _, messages) = desk::visitors::messages(&stage.desk, &visitor, id, 1, 10).await.unwrap();
        assert_eq!(messages[0].author, Author::System);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ticket_and_what_agents_are_told_name_the_question_that_was_handed_over() {
    both(async |database| {
        let stage = Stage::set(database).await;
        // Each conversation: what the customer wrote, and with which message the hand gave up, and why.
        let cases: [(&[&str], usize, Reason, &str); 5] = [
            (
                &["how do I invite somebody?", "do you ship to Mars?"],
                1,
                Reason::NotCovered,
                "do you ship to Mars?",
            ),
            (&["hi", "refunds?", "are you there?"], 1, Reason::NotCovered, "refunds?"),
            (
                &["when do you open?", "where is my refund?", "a person please"],
                2,
                Reason::AskedForPerson,
                "where is my refund?",
            ),
            (
                &["where is my refund?", "thank you", "a person please"],
                2,
                Reason::AskedForPerson,
                "where is my refund?",
            ),
            (&["I want a person"], 0, Reason::AskedForPerson, "I want a person"),
        ];
        for (case, (said, handed_over, reason, question)) in cases.into_iter().enumerate() {
            let (visitor, id) = visit(&stage, said[0]).await;
            for text in &said[1..] {
                desk::visitors::write(&stage.desk, &visitor, id, text, None).await.unwrap();
            }
            let deliveries = stage.deliveries("hand", EventType::MessageReceived).await;
            let theirs: Vec<_> =
                deliveries.into_iter().filter(|delivery| delivery.event.subject_id == id.0).collect();
            let offer =
                desk::conversations::offer(&stage.desk, &theirs[handed_over], 1, reason, "so".to_owned());
            assert!(offer.await.unwrap());
            let view = desk::conversations::get(&stage.desk, &stage.owner, id).await.unwrap();
            assert_eq!(view.ticket.unwrap().2, question, "case {case}");
            let offered = stage.deliveries("notify", EventType::ConversationOffered).await;
            let offered = offered.into_iter().filter(|delivery| delivery.event.subject_id == id.0).collect();
            desk::notifications::tell(&stage.desk, offered, false).await.unwrap();
            let (told, _) =
                desk::notifications::list(&stage.desk, &stage.owner, true, Paging::default()).await.unwrap();
            assert_eq!(told.items[0].body, question, "case {case}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_a_conversation_unasked_gets_a_ticket_about_the_newest_question() {
    both(async |database| {
        let stage = Stage::set(database).await;
        let (visitor, id) = visit(&stage, "how do I invite somebody?").await;
        desk::visitors::write(&stage.desk, &visitor, id, "and how do I remove them?", None).await.unwrap();
        desk::visitors::write(&stage.desk, &visitor, id, "hello??", None).await.unwrap();
        desk::conversations::claim(&stage.desk, &stage.owner, id).await.unwrap();
        let view = desk::conversations::get(&stage.desk, &stage.owner, id).await.unwrap();
        assert_eq!(view.conversation.subject, "how do I invite somebody?");
        assert_eq!(view.ticket.unwrap().2, "and how do I remove them?");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_a_customer_writes_again_agents_are_told_what() {
    both(async |database| {
        let stage = Stage::set(database).await;
        let (visitor, id) = visit(&stage, "where is my refund?").await;
        desk::conversations::claim(&stage.desk, &stage.owner, id).await.unwrap();
        desk::conversations::close(&stage.desk, &stage.owner, id).await.unwrap();
        desk::visitors::write(&stage.desk, &visitor, id, "it came, but too little", None).await.unwrap();
        let reopened = stage.deliveries("notify", EventType::ConversationReopened).await;
        desk::notifications::tell(&stage.desk, reopened, false).await.unwrap();
        let (told, _) =
            desk::notifications::list(&stage.desk, &stage.owner, true, Paging::default()).await.unwrap();
        assert_eq!(told.items[0].body, "it came, but too little");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_the_ticket_closes_the_conversation_and_undo_opens_both() {
    both(async |database| {
        let stage = Stage::set(database).await;
        let (visitor, id) = visit(&stage, "help").await;
        desk::conversations::claim(&stage.desk, &stage.owner, id).await.unwrap();
        let ticket = desk::conversations::get(&stage.desk, &stage.owner, id)
            .await
            .unwrap()
            .conversation
            .ticket
            .unwrap();
        let closed = desk::tickets::close(&stage.desk, &stage.owner, ticket).await.unwrap();
        assert!(closed.value.ticket.closed);
        let state = async || {
            desk::conversations::get(&stage.desk, &stage.owner, id).await.unwrap().conversation.state
        };
        assert_eq!(state().await, State::Closed);
        desk::undo::undo(&stage.desk, &stage.owner, closed.undo.unwrap()).await.unwrap();
        assert_eq!(state().await, State::Claimed);
        desk::conversations::close(&stage.desk, &stage.owner, id).await.unwrap();
        // The customer writes again: a person was promised, so it waits for one.
        desk::visitors::write(&stage.desk, &visitor, id, "one more thing", None).await.unwrap();
        assert_eq!(state().await, State::Offered);
        assert!(!desk::tickets::get(&stage.desk, &stage.owner, ticket).await.unwrap().ticket.closed);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_sent_again_is_the_same_message() {
    both(async |database| {
        let stage = Stage::set(database).await;
        let (visitor, id) = visit(&stage, "first").await;
        let again =
            desk::visitors::write(&stage.desk, &visitor, id, "first", Some("c1".into())).await.unwrap();
        assert_eq!(again.sequence, 1);
        assert_eq!(texts(&stage, id).await.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn visitors_see_their_own_conversations_and_no_notes() {
    both(async |database| {
        let stage = Stage::set(database).await;
        let (dana, hers) = visit(&stage, "mine").await;
        let (eve, _) = visit(&stage, "other").await;
        let peek = desk::visitors::messages(&stage.desk, &eve, hers, 0, 10).await;
        assert!(matches!(peek, Err(Error::NotFound(_))), "{peek:?}");
        let write = desk::visitors::write(&stage.desk, &eve, hers, "hi", None).await;
        assert!(matches!(write, Err(Error::NotFound(_))), "{write:?}");
        desk::conversations::reply(&stage.desk, &stage.owner, hers, "careful, VIP", true, None)
            .await
            .unwrap();
        let (_, _, messages) = desk::visitors::messages(&stage.desk, &dana, hers, 0, 10).await.unwrap();
        assert_eq!(messages.iter().map(|message| message.text.as_str()).collect::<Vec<_>>(), ["mine"]);
        assert_eq!(desk::visitors::conversations(&stage.desk, &dana).await.unwrap().len(), 1);
        let unclaimed =
            desk::conversations::reply(&stage.desk, &stage.owner, hers, "hello", false, None).await;
        assert!(matches!(unclaimed, Err(Error::Conflict { code: "not_claimed", .. })), "{unclaimed:?}");
    })
    .await;
}
