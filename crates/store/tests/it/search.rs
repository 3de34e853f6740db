//! Search finds the same on both databases, in its own workspace, whatever is typed.

use domain::ids::{ConversationId, WorkspaceId};
use jiff::{SignedDuration, Timestamp};
use store::search::{self, Doc, Hit, Kind, Query};
use store::{Error, Store};
use testkit::both;
use uuid::Uuid;

#[derive(Clone)]
struct Record {
    kind: Kind,
    id: Uuid,
    conversation: Option<ConversationId>,
    number: Option<i64>,
    title: String,
    body: String,
    updated_at: Timestamp,
}

fn record(kind: Kind, number: i64, title: &str, body: &str) -> Record {
    Record {
        kind,
        id: Uuid::now_v7(),
        conversation: None,
        number: Some(number),
        title: title.to_owned(),
        body: body.to_owned(),
        updated_at: domain::Clock::now(&domain::SystemClock),
    }
}

impl Record {
    fn doc(&self) -> Doc<'_> {
        Doc {
            kind: self.kind,
            record_id: self.id,
            conversation_id: self.conversation,
            number: self.number,
            slug: None,
            title: &self.title,
            body: &self.body,
            updated_at: self.updated_at,
        }
    }
}

async fn add(store: &Store, workspace: WorkspaceId, records: &[Record]) {
    let added: Result<(), Error> = store
        .write(workspace, records.to_vec(), |tx, records| {
            Box::pin(async move {
                for record in records {
                    search::insert(tx, &record.doc())?;
                }
                Ok(())
            })
        })
        .await;
    added.unwrap();
}

async fn put(store: &Store, workspace: WorkspaceId, record: &Record) {
    let put: Result<(), Error> = store
        .write(workspace, record.clone(), |tx, record| {
            Box::pin(async move { search::put(tx, &record.doc()).await })
        })
        .await;
    put.unwrap();
}

async fn find_of(store: &Store, workspace: WorkspaceId, text: &str, kinds: &[Kind]) -> Vec<Hit> {
    let hits: Result<Vec<Hit>, Error> = store
        .read(workspace, (text.to_owned(), kinds.to_vec()), |tx, (text, kinds)| {
            Box::pin(async move { search::query(tx, &Query { text, kinds, limit: 20 }).await })
        })
        .await;
    hits.unwrap()
}

async fn find(store: &Store, workspace: WorkspaceId, text: &str) -> Vec<String> {
    find_of(store, workspace, text, &[]).await.into_iter().map(|hit| hit.title).collect()
}

fn workspace() -> WorkspaceId {
    WorkspaceId(Uuid::now_v7())
}

#[tokio::test]
async fn other_forms_beginnings_and_accents_of_a_word_find_it() {
    both(async |db| {
        let ours = workspace();
        let records = [
            record(Kind::Task, 1, "Install the printers", ""),
            record(Kind::Contact, 2, "Zoë Müller", "zoe.mueller@example.com +49 40 1234"),
            record(Kind::Article, 3, "Über uns", "Wir verkaufen Fahrräder"),
        ];
        add(&db, ours, &records).await;
        for (text, title) in [
            ("installing printer", "Install the printers"),
            ("inst", "Install the printers"),
            ("the printers", "Install the printers"),
            ("zoe", "Zoë Müller"),
            ("MULLER zoë", "Zoë Müller"),
            ("zoe.mueller@example.com", "Zoë Müller"),
            ("example.com", "Zoë Müller"),
            ("Fahrräder", "Über uns"),
            ("fahrr", "Über uns"),
        ] {
            assert_eq!(find(&db, ours, text).await, [title], "{text}");
        }
        assert_eq!(find(&db, ours, "screen").await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn nothing_that_is_typed_is_a_query_language() {
    both(async |db| {
        let ours = workspace();
        add(&db, ours, &[record(Kind::Task, 1, "Refund for Acme and or not near", "")]).await;
        for text in [
            "\"",
            "'",
            "refund\"",
            "refund' OR 1=1 --",
            "refund*",
            "(refund",
            "refund & ! |",
            "title:refund",
            "refund:*",
            "\\",
            "{title} : refund",
            "NEAR(refund, 2)",
            "^refund",
            "refund AND",
            "-refund",
            "a\u{0}b refund",
            "refund <-> acme",
            "%",
            "",
            "   ",
            "🙂",
            "\u{202E}refund",
        ] {
            // What is found does not matter as much as that it is an answer and not an error.
            let found = find(&db, ours, text).await;
            assert!(found.len() <= 1, "{text}");
            assert_eq!(!found.is_empty(), text.contains("refund"), "{text}");
        }
        let endless = "refund ".repeat(2_000) + &"word ".repeat(2_000) + &"x".repeat(100_000);
        find(&db, ours, &endless).await;
    })
    .await;
}

#[tokio::test]
async fn other_workspaces_are_neither_found_nor_in_the_way() {
    both(async |db| {
        let (ours, theirs) = (workspace(), workspace());
        add(&db, ours, &[record(Kind::Task, 7, "Refund for us", "")]).await;
        let others: Vec<Record> = (0..300).map(|n| record(Kind::Task, n, "Refund for them", "")).collect();
        add(&db, theirs, &others).await;
        assert_eq!(find(&db, ours, "refund").await, ["Refund for us"]);
        assert_eq!(find(&db, ours, "#7").await, ["Refund for us"]);
        assert_eq!(find(&db, ours, "them").await, Vec::<String>::new());
        assert_eq!(find(&db, workspace(), "refund").await, Vec::<String>::new());
        // Nobody removes or replaces what is another workspace's.
        let foreign = others[0].id;
        let removed: Result<(), Error> =
            db.write(ours, foreign, |tx, id| Box::pin(async move { search::remove(tx, *id).await })).await;
        removed.unwrap();
        assert_eq!(find_of(&db, theirs, "#0", &[]).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_common_word_hides_no_kind_and_the_title_counts_most() {
    both(async |db| {
        let ours = workspace();
        let article = record(Kind::Article, 1, "Refunds", "How money comes back");
        let mut records = vec![article, record(Kind::Ticket, 2, "A refund is late", "")];
        records.extend((0..1_300).map(|n| record(Kind::Task, n, "Call a customer", "about the refund")));
        add(&db, ours, &records).await;
        let found = find(&db, ours, "refund").await;
        assert_eq!(found.len(), 20);
        assert!(found[..2].contains(&"Refunds".to_owned()), "{found:?}");
        assert!(found[..2].contains(&"A refund is late".to_owned()), "{found:?}");
        assert_eq!(find(&db, ours, "money back").await, ["Refunds"]);
        let tickets = find_of(&db, ours, "refund", &[Kind::Ticket]).await;
        assert_eq!(tickets.iter().map(|hit| hit.kind).collect::<Vec<_>>(), [Kind::Ticket]);
    })
    .await;
}

#[tokio::test]
async fn a_number_finds_its_records_first() {
    both(async |db| {
        let ours = workspace();
        let records = [
            record(Kind::Task, 12, "Water the plants", ""),
            record(Kind::Ticket, 12, "Lamp broken", ""),
            record(Kind::Task, 120, "Buy 12 lamps", ""),
        ];
        add(&db, ours, &records).await;
        for text in ["#12", "12", " 12 "] {
            let mut found = find(&db, ours, text).await;
            assert_eq!(found.pop().as_deref(), Some("Buy 12 lamps"), "{text}");
            found.sort();
            assert_eq!(found, ["Lamp broken", "Water the plants"], "{text}");
        }
        assert_eq!(find_of(&db, ours, "#12", &[Kind::Ticket]).await.len(), 1);
        assert_eq!(find(&db, ours, "#99999999999999999999").await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn messages_lead_to_their_conversation_once() {
    both(async |db| {
        let ours = workspace();
        let conversation = ConversationId(Uuid::now_v7());
        let of = |id: Uuid, body: &str, later: i64| Record {
            id,
            conversation: Some(conversation),
            updated_at: domain::Clock::now(&domain::SystemClock) + SignedDuration::from_secs(later),
            ..record(Kind::Conversation, 5, "Broken lamp", body)
        };
        let records = [
            of(conversation.0, "", 0),
            of(Uuid::now_v7(), "The lamp has the serial number QX77.", 1),
            of(Uuid::now_v7(), "QX77 again, please", 2),
        ];
        add(&db, ours, &records).await;
        let hits = find_of(&db, ours, "qx77", &[]).await;
        assert_eq!(hits.len(), 1);
        assert_eq!((hits[0].id, hits[0].conversation_id), (conversation.0, Some(conversation)));
        assert_eq!((hits[0].title.as_str(), hits[0].number), ("Broken lamp", Some(5)));
        let marked: Vec<&str> =
            hits[0].snippet.iter().filter(|piece| piece.hit).map(|piece| piece.text.as_str()).collect();
        assert_eq!(marked, ["QX77"]);
        // The subject is the conversation's, not each message's.
        assert_eq!(find_of(&db, ours, "broken", &[]).await.len(), 1);
        assert_eq!(find_of(&db, ours, "#5", &[]).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn where_nothing_has_all_words_what_has_the_rarest_comes_first() {
    both(async |db| {
        let ours = workspace();
        let mut records: Vec<Record> =
            (0..50).map(|n| record(Kind::Task, n, "Call the customer", "about an order")).collect();
        records.insert(0, record(Kind::Task, 99, "Repair the cinema projector", ""));
        add(&db, ours, &records).await;
        let found = find(&db, ours, "customer asks about projector nonsuch").await;
        assert_eq!(found[0], "Repair the cinema projector", "{found:?}");
        assert_eq!(found.len(), 20);
    })
    .await;
}

#[tokio::test]
async fn a_changed_record_is_found_by_its_new_words_only_and_a_removed_one_not_at_all() {
    both(async |db| {
        let ours = workspace();
        let mut task = record(Kind::Task, 1, "Paint the fence", "green");
        put(&db, ours, &task).await;
        assert_eq!(find(&db, ours, "fence green").await, ["Paint the fence"]);
        task.title = "Paint the door".to_owned();
        put(&db, ours, &task).await;
        put(&db, ours, &task).await;
        assert_eq!(find(&db, ours, "door green").await, ["Paint the door"]);
        assert_eq!(find(&db, ours, "fence").await, Vec::<String>::new());
        let removed: Result<(), Error> =
            db.write(ours, task.id, |tx, id| Box::pin(async move { search::remove(tx, *id).await })).await;
        removed.unwrap();
        assert_eq!(find(&db, ours, "door").await, Vec::<String>::new());
        assert_eq!(find(&db, ours, "#1").await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn a_document_of_any_size_and_script_can_be_kept() {
    both(async |db| {
        let ours = workspace();
        let words: String =
            (0..60_000).map(|n| format!("{:x} ", n * 2_654_435_761_u64 % 0xfff_ffff)).collect();
        for (n, body) in
            [words, "日本語のテキスト ".repeat(20_000), "x".repeat(1_000_000), "ä".repeat(150_000)]
                .into_iter()
                .enumerate()
        {
            let record = record(Kind::Article, i64::try_from(n).unwrap(), &format!("Big {n}"), &body);
            put(&db, ours, &record).await;
        }
        assert_eq!(find(&db, ours, "big").await.len(), 4);
    })
    .await;
}
