//! From a visitor's message to what stands in the conversation.

use desk::articles::ImportFile;
use desk::visitors::Introduction;
use desk::{Delivery, Error, Paging};
use domain::conversation::{Author, Message, Reason, State};
use domain::ids::ConversationId;
use domain::{Caller, EventType, Topic};
use hand::{Decision, Hand};
use testkit::both;

use crate::setting::{self, Setting};

async fn visit(setting: &Setting, text: &str) -> (Caller, ConversationId) {
    let Setting { desk, caller, .. } = setting;
    let channel = desk::channels::list(desk, caller).await.unwrap().remove(0);
    let id = desk.new_id();
    let started =
        desk::visitors::start_new(desk, &channel, Introduction::default(), None, id, None).await.unwrap();
    let (visitor, _) = desk::visitors::authenticate(desk, &started.token.unwrap(), None, id).await.unwrap();
    desk::visitors::write(desk, &visitor, started.conversation, text, Some("c1".into())).await.unwrap();
    (visitor, started.conversation)
}

/// The messages that the hand has to deal with, in order.
async fn deliveries(setting: &Setting) -> Vec<Delivery> {
    let events: Result<Vec<domain::Envelope>, store::Error> = setting
        .desk
        .store()
        .write(store::Scope::System, (), |tx, ()| {
            Box::pin(async move {
                store::bus::ensure(tx, &[("hand", &Topic::ALL)]).await?;
                store::bus::relay(tx, 10_000).await?;
                let mut events = Vec::new();
                for (topic, partition) in Topic::all_partitions() {
                    for logged in store::bus::read(tx, topic, partition, 0, 10_000).await? {
                        events.push(serde_json::from_str(&logged.envelope).expect("an envelope"));
                    }
                }
                Ok(events)
            })
        })
        .await;
    let received = events.unwrap().into_iter().filter(|event| event.kind == EventType::MessageReceived);
    received
        .map(|event| Delivery {
            group: "hand",
            topic: event.kind.topic(),
            partition: event.partition(),
            fence: 0,
            event: event.into(),
            position: 0,
            stretch: None,
            flush: None,
            span: tracing::Span::none(),
        })
        .collect()
}

async fn messages(setting: &Setting, id: ConversationId) -> Vec<Message> {
    let page =
        desk::conversations::messages(&setting.desk, &setting.caller, id, Paging::default()).await.unwrap();
    page.items.into_iter().rev().collect()
}

async fn state(setting: &Setting, id: ConversationId) -> (State, Option<Reason>, Option<String>) {
    let view = desk::conversations::get(&setting.desk, &setting.caller, id).await.unwrap();
    (view.conversation.state, view.conversation.reason, view.conversation.summary)
}

#[tokio::test]
async fn a_covered_question_is_answered_once_with_its_sources() {
    both(async |database| {
        let setting = setting::with_guides(&database).await;
        let (_, id) = visit(&setting, "how do I invite an agent?").await;
        let delivery = deliveries(&setting).await.remove(0);
        let hand = Hand::default();
        hand::answer(&hand, &setting.desk, &delivery).await.unwrap();
        let answer = messages(&setting, id).await.pop().unwrap();
        assert_eq!(answer.author, Author::Hand);
        assert_eq!(answer.sources[0].slug, "members-and-roles");
        assert!(answer.text.contains(answer.sources[0].quote.lines().next().unwrap()), "{}", answer.text);
        assert_eq!(state(&setting, id).await.0, State::Bot);

        // The same event again does nothing.
        let before = messages(&setting, id).await.len();
        let again = hand::answer(&hand, &setting.desk, &delivery).await;
        assert!(matches!(again, Err(Error::Handled)), "{again:?}");
        assert_eq!(messages(&setting, id).await.len(), before);
    })
    .await;
}

#[tokio::test]
async fn what_is_not_covered_and_who_wants_a_person_is_handed_over_with_the_reason() {
    both(async |database| {
        let setting = setting::with_guides(&database).await;
        for (text, expected) in [
            ("where is my parcel, order 88213", Reason::NotCovered),
            ("Can I speak with a real person please?", Reason::AskedForPerson),
        ] {
            let (_, id) = visit(&setting, text).await;
            let delivery = deliveries(&setting).await.pop().unwrap();
            let all = deliveries(&setting).await;
            let delivery = all.into_iter().find(|one| one.event.subject_id == id.0).unwrap_or(delivery);
            hand::answer(&Hand::default(), &setting.desk, &delivery).await.unwrap();
            let (state, reason, summary) = state(&setting, id).await;
            assert_eq!((state, reason), (State::Offered, Some(expected)));
            assert!(summary.unwrap().contains(text));
        }
    })
    .await;
}

#[tokio::test]
async fn a_claimed_conversation_gets_no_word_of_the_hand() {
    both(async |database| {
        let setting = setting::with_guides(&database).await;
        let (_, id) = visit(&setting, "how do I invite an agent?").await;
        let delivery = deliveries(&setting).await.remove(0);
        let member = desk::members::list(&setting.desk, &setting.caller).await.unwrap().remove(0);
        let actor = domain::Actor::Member { id: member.id, name: member.name, role: member.role };
        let caller = Caller { actor, ..setting.caller.clone() };
        desk::conversations::claim(&setting.desk, &caller, id).await.unwrap();
        hand::answer(&Hand::default(), &setting.desk, &delivery).await.unwrap();
        assert!(messages(&setting, id).await.iter().all(|message| message.author != Author::Hand));
    })
    .await;
}

#[tokio::test]
async fn a_changed_article_counts_at_the_next_question_and_other_workspaces_never() {
    both(async |database| {
        let setting = setting::empty(&database).await;
        let hand = Hand::default();
        let ask = async |text: &str| hand.decide(&setting.desk, setting.workspace, text, &[]).await.unwrap();
        let question = "how long does shipping to Norway take?";
        assert!(matches!(ask(question).await, Decision::HandOff { reason: Reason::NotCovered, .. }));
        assert!(matches!(ask("hi there").await, Decision::Small { .. }));

        let new = desk::articles::NewArticle {
            title: "Shipping".to_owned(),
            body: "## How long does shipping take?\n\nTo Norway shipping takes four days.\n\n## Parcels\n\nThey are brown."
                .to_owned(),
            ..Default::default()
        };
        let article = desk::articles::create(&setting.desk, &setting.caller, new).await.unwrap();
        let Decision::Answer { text, .. } = ask(question).await else { panic!("an answer") };
        assert!(text.contains("> To Norway shipping takes four days."), "{text}");

        let foreign = domain::ids::WorkspaceId(setting.desk.new_id());
        let elsewhere = hand.decide(&setting.desk, foreign, question, &[]).await.unwrap();
        assert!(matches!(elsewhere, Decision::HandOff { .. }), "{elsewhere:?}");

        desk::articles::delete(&setting.desk, &setting.caller, article.item.id, None).await.unwrap();
        assert!(matches!(ask(question).await, Decision::HandOff { .. }));
    })
    .await;
}

#[tokio::test]
async fn an_example_in_code_is_quoted_as_code_and_says_little_about_the_section() {
    both(async |database| {
        let setting = setting::empty(&database).await;
        let file = |name: &str, text: &str| ImportFile { path: format!("{name}.md"), text: text.to_owned() };
        let files = vec![
            file(
                "orders",
                "# Typing orders\n\nType an order: `remind me of the warranty of the lawn mower`.",
            ),
            file("lamps", "# Lamps\n\n## Change the bulb\n\nSwitch the lamp off and turn the bulb out."),
        ];
        desk::articles::import(&setting.desk, &setting.caller, files).await.unwrap();
        let decide = async |question: &str| {
            Hand::default().decide(&setting.desk, setting.workspace, question, &[]).await.unwrap()
        };
        let about_the_example = decide("how long is the warranty of a lawn mower?").await;
        assert!(matches!(about_the_example, Decision::HandOff { .. }), "{about_the_example:?}");
        let about_the_section = decide("how do I type an order?").await;
        let Decision::Answer { text, sources } = about_the_section else {
            panic!("not answered: {about_the_section:?}")
        };
        assert!(text.contains("> Type an order: `remind me of the warranty of the lawn mower`."), "{text}");
        assert_eq!(sources[0].quote, "Type an order: `remind me of the warranty of the lawn mower`.");
    })
    .await;
}

#[tokio::test]
async fn a_question_about_the_customers_own_case_is_left_to_a_person_unless_a_section_is_about_just_that() {
    both(async |database| {
        let setting = setting::empty(&database).await;
        let text = "# Delivery\n\n## Where is my order?\n\nOpen the link in the mail that confirmed your order.\n\n\
            ## Delivery abroad\n\nWe deliver to all of Europe within five days.";
        let file = ImportFile { path: "delivery.md".to_owned(), text: text.to_owned() };
        desk::articles::import(&setting.desk, &setting.caller, vec![file]).await.unwrap();
        for (question, is_answered) in [
            ("where is my order?", true),
            ("do you deliver to Europe?", true),
            ("my order was to be here within five days", false),
        ] {
            let decision = Hand::default().decide(&setting.desk, setting.workspace, question, &[]).await.unwrap();
            assert_eq!(matches!(decision, Decision::Answer { .. }), is_answered, "{question}: {decision:?}");
        }
    })
    .await;
}
