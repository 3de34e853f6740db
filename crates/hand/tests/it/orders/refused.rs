//! What is not clear or cannot be done: a sentence that says what to do, and nothing changed.

use domain::Role;
use hand::orders::{Ask, Status, say};
use jiff::civil::date;

use super::stage::{caller, lines, stage};

#[tokio::test]
async fn several_tasks_of_a_name_are_asked_about_with_their_numbers() {
    let stage = stage().await;
    stage.add("call Dana about the refund").await;
    stage.add("call Dana about the offer").await;
    for confirm in [false, true] {
        let reply = say(&stage.desk, &stage.me, stage.ask("complete call Dana", confirm)).await.unwrap();
        assert_eq!(reply.status, Status::Clarify);
        assert_eq!(reply.records.iter().map(|r| r.number).collect::<Vec<_>>(), [Some(2), Some(1)]);
        assert_eq!(
            reply.text,
            "Which task do you mean by “call Dana”? #2 “call Dana about the offer” or #1 “call Dana about the \
             refund”. Say its number, such as “complete #2”."
        );
    }
    assert!(stage.everything().await.iter().all(|task| task.status == "todo"));
    assert_eq!(stage.confirm("complete #2").await.status, Status::Done);
    // One open task is left that fits, and finished ones do not stand in its way.
    assert_eq!(
        stage.confirm("complete call Dana").await.text,
        "Completed task #1 “call Dana about the refund”."
    );
}

#[tokio::test]
async fn what_only_comes_near_is_never_taken() {
    let stage = stage().await;
    stage.add("call Dana about the refund").await;
    let reply = stage.confirm("delete refund Dana").await;
    assert_eq!(reply.status, Status::Clarify);
    assert!(reply.text.contains("Did you mean one of these? #1"), "{}", reply.text);
    assert_eq!(stage.everything().await.len(), 1);
    let reply = stage.confirm("delete zebra").await;
    assert_eq!(reply.status, Status::Failed);
    assert!(reply.text.starts_with("No task is called “zebra”."), "{}", reply.text);
    let reply = stage.confirm("complete #99").await;
    assert_eq!(reply.status, Status::Failed);
    assert!(reply.text.starts_with("There is no task #99."), "{}", reply.text);
    let reply = stage.confirm("complete #18446744073709551615").await;
    assert_eq!(reply.status, Status::Failed, "{}", reply.text);
}

#[tokio::test]
async fn wildcards_in_a_name_are_only_characters() {
    let stage = stage().await;
    stage.add("call Dana").await;
    for text in ["delete %", "delete _all Dana", "delete c%a"] {
        let reply = stage.confirm(text).await;
        assert_ne!(reply.status, Status::Done, "{text}: {}", reply.text);
    }
    assert_eq!(stage.everything().await.len(), 1);
}

#[tokio::test]
async fn unknown_and_ambiguous_people_stop_the_order() {
    let stage = stage().await;
    stage.invite("Bob Smith", Role::Agent).await;
    stage.invite("Bob Jones", Role::Agent).await;
    for confirm in [false, true] {
        let unknown = say(&stage.desk, &stage.me, stage.ask("call Dana +Zed", confirm)).await.unwrap();
        assert_eq!(unknown.status, Status::Failed);
        assert!(
            unknown.text.starts_with("Nobody here is called “Zed”. Members are Ada Lovelace,"),
            "{}",
            unknown.text
        );
        let both = say(&stage.desk, &stage.me, stage.ask("call Dana +Bob", confirm)).await.unwrap();
        assert_eq!(both.status, Status::Clarify);
        assert!(both.text.contains("Bob Jones or Bob Smith"), "{}", both.text);
    }
    assert_eq!(stage.everything().await, []);
    stage.add("call Dana").await;
    assert_eq!(stage.confirm("assign #1 to Bob Jones").await.status, Status::Done);
}

#[tokio::test]
async fn somebody_inactive_gets_no_tasks() {
    let stage = stage().await;
    let bea = stage.invite("Bea Miller", Role::Agent).await;
    let patch = desk::members::MemberPatch { active: Some(false), ..Default::default() };
    desk::members::update(&stage.desk, &stage.me, bea, patch, None).await.unwrap();
    assert_eq!(stage.confirm("call Dana +Bea").await.status, Status::Failed);
}

#[tokio::test]
async fn viewers_ask_and_list_and_change_nothing() {
    let stage = stage().await;
    stage.add_due("call Dana", Some((date(2026, 11, 21), None))).await;
    let vic = stage.invite("Vic", Role::Viewer).await;
    let viewer = caller(stage.workspace, vic, "Vic", Role::Viewer);
    let before = stage.everything().await;
    for text in [
        "pay the rent",
        "complete #1",
        "reopen #1",
        "delete #1",
        "move #1 to Friday",
        "assign #1 to me",
        "snooze #1 until Friday",
        "add subtask X to #1",
        "comment on #1: no",
        "remind me about #1 tomorrow at 9",
        "close ticket 1",
        "undo",
    ] {
        for confirm in [false, true] {
            let reply = say(&stage.desk, &viewer, stage.ask(text, confirm)).await.unwrap();
            assert_eq!(reply.status, Status::Failed, "{text}");
            assert!(reply.text.starts_with("Viewers read and search"), "{text}: {}", reply.text);
        }
    }
    assert_eq!(stage.everything().await, before);
    let list = say(&stage.desk, &viewer, stage.ask("what's due today", true)).await.unwrap();
    assert_eq!((list.status, list.tasks.len()), (Status::Answer, 1));
}

#[tokio::test]
async fn who_is_no_member_says_nothing() {
    let stage = stage().await;
    let hand = domain::Caller::hand(stage.workspace, uuid::Uuid::now_v7());
    let refused = say(&stage.desk, &hand, stage.ask("call Dana", true)).await;
    assert!(matches!(refused, Err(desk::Error::Forbidden { role: None })));
}

#[tokio::test]
async fn a_zone_that_does_not_exist_is_the_requests_fault() {
    let stage = stage().await;
    let ask = Ask { zone: "Mars/Olympus".to_owned(), ..stage.ask("call Dana", false) };
    assert!(matches!(say(&stage.desk, &stage.me, ask).await, Err(desk::Error::Invalid(_))));
}

#[tokio::test]
async fn a_ticket_that_is_not_there_stops_the_order() {
    let stage = stage().await;
    let ask =
        Ask { ticket: Some(domain::ids::TicketId(uuid::Uuid::now_v7())), ..stage.ask("call Dana", true) };
    assert_eq!(say(&stage.desk, &stage.me, ask).await.unwrap().status, Status::Failed);
    assert_eq!(stage.everything().await, []);
}

#[tokio::test]
async fn sentences_that_are_not_clear_are_asked_about() {
    let stage = stage().await;
    for (text, said) in [
        ("", "What is to be done?"),
        ("   \u{200B}\u{202E} ", "What is to be done?"),
        ("call Dana on 3/4", "Is 3/4 the 3 April or the 4 March?"),
        ("call Dana on 30 February", "There is no such day"),
        ("call Dana at 25:30", "There is no such time of day"),
        ("call Dana today at 8am", "That time is over already"),
        ("call Dana tomorrow at 9:00 Europe/Nowhere", "That time zone is not known"),
        ("call Dana, remind me 30 min before", "Before what shall the reminder come?"),
    ] {
        for confirm in [false, true] {
            let reply = say(&stage.desk, &stage.me, stage.ask(text, confirm)).await.unwrap();
            assert_eq!(reply.status, Status::Clarify, "{text}: {}", reply.text);
            assert!(reply.text.starts_with(said), "{text}: {}", reply.text);
        }
    }
    assert_eq!(stage.preview("call Dana tomorrow at 9:00 America/New_York").await.status, Status::Preview);
    assert_eq!(stage.everything().await, []);
}

#[tokio::test]
async fn what_is_too_long_is_neither_done_nor_kept_whole() {
    let stage = stage().await;
    let reply = stage.confirm(&"very ".repeat(50_000)).await;
    assert_eq!(reply.status, Status::Clarify);
    assert!(reply.text.contains("longer than 1,000 characters"));
    let kept = desk::chats::get(&stage.desk, &stage.me, reply.chat).await.unwrap();
    assert_eq!(kept[0].said.chars().count(), 200);
    assert_eq!(stage.preview(&"ä".repeat(501)).await.status, Status::Failed, "a title has 500 characters");
    assert_eq!(stage.preview(&"ä".repeat(500)).await.status, Status::Preview);
    assert_eq!(stage.preview(&"ä".repeat(1_001)).await.status, Status::Clarify);
}

#[tokio::test]
async fn hostile_text_is_only_text() {
    let stage = stage().await;
    let done = stage
        .both("<script>alert(1)</script> \u{202E}call\u{0} Da\u{200B}na'); DROP TABLE tasks;-- now")
        .await;
    assert_eq!(lines(&done)[0].1, "<script>alert(1)</script> call Dana'); DROP TABLE tasks;-- now");
    assert_eq!(
        stage.task(1).await.view.task.title,
        "<script>alert(1)</script> call Dana'); DROP TABLE tasks;-- now"
    );
    let kept = desk::chats::get(&stage.desk, &stage.me, done.chat).await.unwrap();
    assert!(!kept[0].said.contains(['\u{202E}', '\u{0}', '\u{200B}']));
    for text in [
        "\"",
        "“",
        "#",
        "@",
        "+",
        "#1",
        "complete",
        "complete #",
        "comment on #1:",
        "assign #1 to +",
        "search \"\"",
        "snooze #1 for 99999999999 days",
        "move #1 to 31 December 99999",
        "remind me",
        "🙂🙂🙂",
        "\u{301}\u{301}",
        "every every every",
        "undo undo",
        "delete \u{0}",
        "list tasks @ # +",
        "add subtask to #1",
        "مرحبا بالعالم",
        "call Dana in 9999999 weeks",
        "remind me 99999999 days before #1",
        "p1 p2 p3 p4",
        "@a".repeat(300).as_str(),
        "x @a1 @a2 @a3 @a4 @a5 @a6 @a7 @a8 @a9 @b1 @b2 @b3 @b4 @b5 @b6 @b7 @b8 @b9 @c1 @c2 @c3",
    ] {
        let preview = stage.preview(text).await;
        assert!(!preview.text.is_empty(), "{text}");
        let before = stage.everything().await;
        let confirmed = stage.confirm(text).await;
        match preview.status {
            Status::Preview => assert!(matches!(confirmed.status, Status::Done | Status::Failed), "{text}"),
            same => {
                assert_eq!(confirmed.status, same, "{text}");
                assert_eq!(stage.everything().await, before, "{text}");
            }
        }
    }
}
