//! Each verb: shown, done, taken back.

use domain::ids::ChatId;
use domain::task::{Due, When};
use domain::{Caller, EventType, Role, Topic, Via};
use hand::orders::{Ask, Status, say};
use jiff::civil::{date, time};

use super::stage::{at, lines, stage};

#[tokio::test]
async fn the_call_to_dana_is_understood_done_and_taken_back() {
    let stage = stage().await;
    let ticket = stage.ticket().await;
    let text = "call Dana tomorrow at 9 about the refund, remind me 30 min before";
    let before = stage.everything().await;
    let ask = |confirm| Ask { ticket: Some(ticket), ..stage.ask(text, confirm) };

    let preview = say(&stage.desk, &stage.me, ask(false)).await.unwrap();
    assert_eq!(preview.status, Status::Preview);
    assert_eq!(
        lines(&preview),
        [
            ("Title", "call Dana about the refund"),
            ("Due", "tomorrow, Sunday 22 November, 09:00"),
            ("Reminders", "30 min before"),
            ("Ticket", "#1 Where is my refund?"),
        ]
    );
    assert_eq!(stage.everything().await, before);
    let words: Vec<(String, &str)> = preview
        .spans
        .iter()
        .map(|span| (text.chars().skip(span.start).take(span.end - span.start).collect(), span.kind))
        .collect();
    assert_eq!(
        words,
        [
            ("tomorrow".to_owned(), "date"),
            ("at 9".to_owned(), "time"),
            ("remind me 30 min before".to_owned(), "reminder")
        ]
    );

    let done = say(&stage.desk, &stage.me, ask(true)).await.unwrap();
    assert_eq!(done.status, Status::Done);
    assert_eq!(
        done.text,
        "Added task #1 “call Dana about the refund”, due tomorrow, Sunday 22 November, 09:00."
    );
    assert_eq!(done.lines, preview.lines);
    let kinds: Vec<_> = done.records.iter().map(|record| (record.kind, record.number)).collect();
    assert_eq!(kinds, [("task", Some(1)), ("ticket", Some(1))]);
    let task = stage.task(1).await;
    assert_eq!(task.view.task.ticket, Some(ticket));
    assert_eq!(task.view.task.due_at.unwrap().to_string(), "2026-11-22T08:00:00Z");
    assert_eq!(task.reminders[0].due_at.to_string(), "2026-11-22T07:30:00Z");
    assert_eq!(task.reminders[0].member, stage.ada);

    let undo = stage.confirm_in(done.chat, "undo").await;
    assert_eq!(
        (undo.status, undo.text.as_str()),
        (Status::Done, "Undone: added task #1 “call Dana about the refund”.")
    );
    assert_eq!(stage.everything().await, before);
}

#[tokio::test]
async fn a_task_gets_all_that_was_said_of_it() {
    let stage = stage().await;
    let bea = stage.invite("Bea Miller", Role::Agent).await;
    let before = stage.everything().await;
    let text =
        "check the VAT numbers every Monday at 9 p1 @billing @tax #Finance +Bea, remind me 1 hour before";
    let done = stage.both(text).await;
    assert_eq!(
        lines(&done),
        [
            ("Title", "check the VAT numbers"),
            ("Due", "Monday 23 November, 09:00"),
            ("Repeats", "every Monday at 09:00"),
            ("Reminders", "1 hour before"),
            ("Priority", "urgent (p1)"),
            ("Labels", "@billing @tax"),
            ("Project", "Finance (new)"),
            ("Assignee", "Bea Miller"),
        ]
    );
    let task = stage.task(1).await;
    assert_eq!(task.view.task.assignee, Some(bea));
    assert_eq!(task.view.project.as_ref().unwrap().0, "Finance");
    assert_eq!(task.view.task.labels, ["billing", "tax"]);
    assert_eq!(task.view.task.priority, Some(1));
    assert_eq!(task.view.task.recurrence.as_ref().unwrap().rule(), "FREQ=WEEKLY;BYDAY=MO");
    assert_eq!(task.reminders[0].when, When::Before { before_minutes: 60 });
    stage.take_back(&done, before).await;

    let again = stage.preview("send the offer #finance").await;
    assert!(lines(&again).contains(&("Project", "Finance")), "the project is there now");
}

#[tokio::test]
async fn me_is_the_one_who_speaks() {
    let stage = stage().await;
    let done = stage.both("send the offer +me").await;
    assert!(lines(&done).contains(&("Assignee", "Ada Lovelace (you)")));
    assert_eq!(stage.task(1).await.view.task.assignee, Some(stage.ada));
}

#[tokio::test]
async fn completing_leads_back_to_the_ticket() {
    let stage = stage().await;
    let ticket = stage.ticket().await;
    let ask = Ask { ticket: Some(ticket), ..stage.ask("call Dana", true) };
    say(&stage.desk, &stage.me, ask).await.unwrap();
    let before = stage.everything().await;
    let done = stage.both("complete call dana").await;
    assert_eq!(
        done.text,
        "Completed task #1 “call Dana”. It was promised in ticket #1 “Where is my refund?”."
    );
    assert_eq!(done.records[1].id, ticket.0);
    assert_eq!(stage.task(1).await.view.task.status.as_str(), "done");
    stage.take_back(&done, before).await;
}

#[tokio::test]
async fn what_is_done_is_reopened_and_can_be_done_again() {
    let stage = stage().await;
    stage.add("call Dana").await;
    stage.confirm("complete #1").await;
    let twice = stage.confirm("complete #1").await;
    assert_eq!((twice.status, twice.text.as_str()), (Status::Answer, "Task #1 “call Dana” is done already."));
    let before = stage.everything().await;
    let done = stage.both("reopen call Dana").await;
    assert_eq!(done.text, "Reopened task #1 “call Dana”.");
    assert_eq!(stage.task(1).await.view.task.status.as_str(), "todo");
    stage.take_back(&done, before).await;
    stage.confirm("reopen #1").await;
    assert_eq!(stage.preview("reopen #1").await.text, "Task #1 “call Dana” is open already.");
}

#[tokio::test]
async fn a_deleted_task_comes_back_with_its_parts() {
    let stage = stage().await;
    stage.add("plan the party").await;
    stage.confirm("add subtask book the room to #1").await;
    let before = stage.everything().await;
    let done = stage.both("delete plan the party").await;
    assert_eq!(done.text, "Deleted task #1 “plan the party” with its part.");
    assert_eq!(stage.everything().await, []);
    stage.take_back(&done, before).await;
}

#[tokio::test]
async fn a_task_is_moved_renamed_and_ranked() {
    let stage = stage().await;
    stage.add_due("send the offer", Some((date(2026, 11, 22), None))).await;
    let before = stage.everything().await;
    let done = stage.both("move #1 to Friday at 10 and make it p2").await;
    assert_eq!(
        lines(&done),
        [
            ("Task", "#1 “send the offer”"),
            ("Due", "Friday 27 November, 10:00 (was tomorrow, Sunday 22 November)"),
            ("Priority", "high (p2)")
        ]
    );
    assert_eq!(
        done.text,
        "Changed task #1 “send the offer”: due Friday 27 November, 10:00 and high (p2) now."
    );
    let task = stage.task(1).await.view.task;
    assert_eq!(task.due, Some(Due { date: date(2026, 11, 27), time: Some(time(10, 0, 0, 0)) }));
    assert_eq!(task.priority, Some(2));
    assert_eq!(stage.preview("make #1 p2").await.text, "Task #1 “send the offer” is like that already.");
    stage.take_back(&done, before.clone()).await;

    let done = stage.both("rename send the offer to send the invoice").await;
    assert_eq!(stage.task(1).await.view.task.title, "send the invoice");
    stage.take_back(&done, before).await;
}

#[tokio::test]
async fn a_time_said_elsewhere_is_the_same_instant_for_the_task() {
    let mut stage = stage().await;
    stage.add_due("send the offer", Some((date(2026, 11, 22), Some(time(9, 0, 0, 0))))).await;
    stage.zone = "America/New_York";
    // It is four in the morning there, and the task is due at three tomorrow.
    let done = stage.both("move #1 to tomorrow at 10am").await;
    assert!(
        lines(&done).contains(&(
            "Due",
            "tomorrow, Sunday 22 November, 10:00 (was tomorrow, Sunday 22 November, 03:00)"
        )),
        "{:?}",
        lines(&done)
    );
    let task = stage.task(1).await.view.task;
    assert_eq!(task.due_at.unwrap().to_string(), "2026-11-22T15:00:00Z");
    assert_eq!(task.zone, "Europe/Berlin");
}

#[tokio::test]
async fn a_task_is_given_away_and_to_nobody() {
    let stage = stage().await;
    stage.add("send the offer").await;
    stage.invite("Bea Miller", Role::Agent).await;
    let before = stage.everything().await;
    let done = stage.both("assign #1 to Bea").await;
    assert_eq!(done.text, "Assigned task #1 “send the offer” to Bea Miller.");
    assert_eq!(stage.task(1).await.view.assignee.as_deref(), Some("Bea Miller"));
    assert_eq!(stage.preview("give #1 to bea").await.status, Status::Answer);
    let mine = stage.both("assign send the offer to me").await;
    assert_eq!(
        lines(&mine),
        [("Task", "#1 “send the offer”"), ("Assignee", "Ada Lovelace (you) (was Bea Miller)")]
    );
    stage.both("assign #1 to nobody").await;
    assert_eq!(stage.everything().await, before);
}

#[tokio::test]
async fn a_task_is_put_off_until_a_time_or_for_a_while() {
    let stage = stage().await;
    stage.add_due("send the offer", Some((date(2026, 11, 21), None))).await;
    let before = stage.everything().await;
    let done = stage.both("snooze #1 until Monday at 9").await;
    assert_eq!(done.text, "Snoozed task #1 “send the offer” until Monday 23 November, 09:00.");
    stage.take_back(&done, before.clone()).await;
    let done = stage.both("snooze send the offer for 2 weeks").await;
    assert_eq!(stage.task(1).await.view.task.due, Some(Due { date: date(2026, 12, 5), time: None }));
    stage.take_back(&done, before).await;
    stage.confirm("complete #1").await;
    let late = stage.preview("snooze #1 until Monday").await;
    assert_eq!(late.status, Status::Failed);
    assert!(late.text.contains("reopen #1"), "{}", late.text);
}

#[tokio::test]
async fn a_part_belongs_to_its_task() {
    let stage = stage().await;
    stage.add("plan the party").await;
    let before = stage.everything().await;
    let done = stage.both("add subtask book the room tomorrow to plan the party").await;
    assert_eq!(done.text, "Added task #2 “book the room” as a part of task #1 “plan the party”.");
    let part = stage.task(2).await;
    assert_eq!(part.view.parent, Some((1, "plan the party".to_owned())));
    assert_eq!(part.view.task.due, Some(Due { date: date(2026, 11, 22), time: None }));
    let deeper = stage.preview("add subtask buy chairs to #2").await;
    assert_eq!(deeper.status, Status::Failed);
    assert!(deeper.text.contains("add it to #1"), "{}", deeper.text);
    stage.take_back(&done, before).await;
}

#[tokio::test]
async fn a_comment_is_kept_as_it_was_said() {
    let stage = stage().await;
    stage.add("send the offer").await;
    let done = stage.both("comment on #1: Dana said “not before Friday”, p1?").await;
    assert_eq!(done.text, "Commented on task #1 “send the offer”.");
    let id = stage.task(1).await.view.task.id;
    let comments = desk::tasks::comments(&stage.desk, &stage.me, id, Default::default()).await.unwrap();
    assert_eq!(comments.items[0].text, "Dana said “not before Friday”, p1?");
}

#[tokio::test]
async fn reminders_are_added_to_a_task_that_is_there() {
    let stage = stage().await;
    stage.add_due("send the offer", Some((date(2026, 11, 23), Some(time(9, 0, 0, 0))))).await;
    let done = stage.both("remind me about #1 tomorrow at 18:00").await;
    assert_eq!(done.text, "You will be reminded of task #1 “send the offer”: at 18:00 the day before.");
    stage.both("remind me 15 minutes before #1").await;
    let mut reminders: Vec<_> = stage.task(1).await.reminders.iter().map(|r| r.due_at.to_string()).collect();
    reminders.sort();
    assert_eq!(reminders, ["2026-11-22T17:00:00Z", "2026-11-23T07:45:00Z"]);
    let twice = stage.preview("remind me 15 minutes before #1").await;
    assert_eq!(twice.text, "Task #1 “send the offer” has that reminder already.");

    stage.add("call Dana").await;
    let undated = stage.preview("remind me 15 minutes before #2").await;
    assert_eq!(undated.status, Status::Failed);
    assert!(undated.text.contains("has no due date"), "{}", undated.text);
}

#[tokio::test]
async fn tickets_and_tasks_of_one_number_are_told_apart() {
    let stage = stage().await;
    let ticket = stage.ticket().await;
    stage.add("call Dana").await;
    let done = stage.both("close ticket 1").await;
    assert_eq!(done.text, "Closed ticket #1 “Where is my refund?” and its conversation.");
    assert_eq!(stage.task(1).await.view.task.status.as_str(), "todo");
    let closed = || async { desk::tickets::get(&stage.desk, &stage.me, ticket).await.unwrap().ticket.closed };
    assert!(closed().await);
    assert_eq!(stage.preview("close ticket 1").await.status, Status::Answer);
    desk::undo::undo(&stage.desk, &stage.me, done.undo.unwrap()).await.unwrap();
    assert!(!closed().await);
    stage.both("close ticket #1").await;
    stage.both("reopen ticket 1").await;
    assert!(!closed().await);
    stage.invite("Bea Miller", Role::Agent).await;
    stage.both("assign ticket 1 to Bea").await;
    let view = desk::tickets::get(&stage.desk, &stage.me, ticket).await.unwrap();
    assert_eq!(view.assignee.as_deref(), Some("Bea Miller"));
    assert_eq!(stage.preview("delete ticket 1").await.status, Status::Failed);
    assert_eq!(stage.preview("close ticket 9").await.status, Status::Failed);
}

#[tokio::test]
async fn undo_names_what_it_takes_back_and_goes_back_step_by_step() {
    let stage = stage().await;
    let first = stage.confirm("call Dana").await;
    stage.confirm_in(first.chat, "complete #1").await;
    let ask = Ask { chat: Some(first.chat), ..stage.ask("undo", false) };
    let preview = say(&stage.desk, &stage.me, ask).await.unwrap();
    assert_eq!(preview.status, Status::Preview);
    assert_eq!(lines(&preview), [("Take back", "Completed task #1 “call Dana”")]);
    assert_eq!(stage.task(1).await.view.task.status.as_str(), "done");

    let undo = |chat| stage.confirm_in(chat, "undo");
    assert_eq!(undo(first.chat).await.text, "Undone: completed task #1 “call Dana”.");
    assert_eq!(stage.task(1).await.view.task.status.as_str(), "todo");
    // The task has another version now than when it was made.
    let stuck = undo(first.chat).await;
    assert_eq!(
        (stuck.status, stuck.text.as_str()),
        (Status::Failed, "This cannot be undone: it was changed since.")
    );

    let other = stage.confirm("pay the rent").await;
    assert_eq!(undo(other.chat).await.status, Status::Done);
}

#[tokio::test]
async fn undo_without_a_chat_takes_the_newest_thing_back_and_says_when_there_is_none() {
    let stage = stage().await;
    let nothing = stage.confirm("undo").await;
    assert_eq!((nothing.status, nothing.text.as_str()), (Status::Failed, "There is nothing left to undo."));
    let preview = stage.preview("undo").await;
    assert_eq!((preview.status, preview.text.as_str()), (Status::Failed, "There is nothing left to undo."));
    stage.add("call Dana").await;
    let preview = stage.preview("undo that").await;
    assert_eq!(preview.text, "Takes this back: added task #1 “call Dana”.");
    assert_eq!(lines(&preview), [("Take back", "Added task #1 “call Dana”")]);
    assert_eq!(stage.confirm("undo that").await.text, "Undone: added task #1 “call Dana”.");
    assert_eq!(stage.everything().await, []);
}

#[tokio::test]
async fn comments_reminders_and_what_is_done_to_tickets_can_be_taken_back() {
    let stage = stage().await;
    let ticket = stage.ticket().await;
    stage.add_due("call Dana", Some((date(2026, 11, 23), Some(time(9, 0, 0, 0))))).await;
    for text in ["comment on #1: she is away", "remind me about #1 tomorrow at 18:00"] {
        let before = stage.everything().await;
        let done = stage.both(text).await;
        assert_ne!(stage.everything().await, before, "{text}");
        stage.take_back(&done, before).await;
    }
    stage.invite("Bea Miller", Role::Agent).await;
    let seen = async || {
        let view = desk::tickets::get(&stage.desk, &stage.me, ticket).await.unwrap();
        (view.ticket.subject, view.assignee, view.ticket.closed)
    };
    for text in ["assign ticket 1 to Bea", "rename ticket 1 to Refund of Dana", "close ticket 1"] {
        let before = seen().await;
        let done = stage.both(text).await;
        assert_ne!(seen().await, before, "{text}");
        desk::undo::undo(&stage.desk, &stage.me, done.undo.unwrap()).await.unwrap();
        assert_eq!(seen().await, before, "{text}");
    }
    stage.both("close ticket 1").await;
    let reopened = stage.both("reopen ticket 1").await;
    desk::undo::undo(&stage.desk, &stage.me, reopened.undo.unwrap()).await.unwrap();
    assert!(seen().await.2);
}

#[tokio::test]
async fn the_chat_keeps_what_was_entered_and_no_previews() {
    let stage = stage().await;
    let chat = ChatId(stage.desk.new_id());
    for text in ["call Dana", "what's due today", "undo"] {
        let ask = Ask { chat: Some(chat), ..stage.ask(text, false) };
        say(&stage.desk, &stage.me, ask).await.unwrap();
    }
    assert!(desk::chats::get(&stage.desk, &stage.me, chat).await.is_err(), "nothing is kept yet");
    for text in ["call Dana", "list my tasks", "call Dana on 3/4", "complete #77", "undo"] {
        assert_eq!(stage.confirm_in(chat, text).await.chat, chat);
    }
    let items = desk::chats::get(&stage.desk, &stage.me, chat).await.unwrap();
    let kept: Vec<_> = items.iter().map(|i| (i.said.as_str(), i.status.as_str(), i.undone)).collect();
    assert_eq!(
        kept,
        [
            ("call Dana", "done", true),
            ("list my tasks", "answer", false),
            ("call Dana on 3/4", "clarify", false),
            ("complete #77", "failed", false),
            ("undo", "done", false)
        ]
    );
    assert_eq!(items[0].records[0]["kind"], "task");
    assert_eq!(items[0].records[0]["number"], 1);
}

#[tokio::test]
async fn a_chat_of_somebody_else_is_not_written_to() {
    let stage = stage().await;
    let mine = stage.confirm("call Dana").await.chat;
    let bea = stage.invite("Bea Miller", Role::Agent).await;
    let other = super::stage::caller(stage.workspace, bea, "Bea Miller", Role::Agent);
    let ask = Ask { chat: Some(mine), ..stage.ask("pay the rent", true) };
    let reply = say(&stage.desk, &other, ask).await.unwrap();
    assert_eq!(reply.status, Status::Done);
    assert_ne!(reply.chat, mine);
    assert_eq!(desk::chats::get(&stage.desk, &stage.me, mine).await.unwrap().len(), 1);
    assert_eq!(desk::chats::get(&stage.desk, &other, reply.chat).await.unwrap().len(), 1);
}

#[tokio::test]
async fn history_says_that_it_was_said() {
    let stage = stage().await;
    stage.add("pay the rent").await;
    stage.confirm("call Dana").await;
    let events = stage.desk.store().write(store::Scope::System, (), |tx, ()| {
        Box::pin(async move {
            store::bus::ensure(tx, &[("audit", &Topic::ALL)]).await?;
            store::bus::relay(tx, 100).await?;
            let mut found = Vec::new();
            for (topic, partition) in Topic::all_partitions() {
                found.extend(store::bus::read(tx, topic, partition, 0, 100).await?);
            }
            Ok::<_, store::Error>(found)
        })
    });
    let events: Vec<domain::Envelope> =
        events.await.unwrap().iter().map(|logged| serde_json::from_str(&logged.envelope).unwrap()).collect();
    let mut ways: Vec<_> = events
        .iter()
        .filter(|event| event.kind == EventType::TaskCreated)
        .map(|event| event.actor.via)
        .collect();
    ways.sort_by_key(|via| *via == Via::Say);
    assert_eq!(ways, [Via::Page, Via::Say]);
}

#[tokio::test]
async fn an_order_that_is_sent_twice_with_its_key_is_done_once() {
    let stage = stage().await;
    let key = domain::IdempotencyKey { key: "one".to_owned(), request_hash: "of the body".to_owned() };
    let caller = Caller { idempotency: Some(key), ..stage.me.clone() };
    let first = say(&stage.desk, &caller, stage.ask("call Dana", true)).await.unwrap();
    let second = say(&stage.desk, &caller, stage.ask("call Dana", true)).await.unwrap();
    assert_eq!(stage.everything().await.len(), 1);
    assert_eq!((first.text, first.undo), (second.text, second.undo));
}

#[tokio::test]
async fn a_time_that_the_clocks_skip_is_the_first_one_after() {
    let stage = at("2027-03-27T09:00:00Z").await;
    let done = stage.both("check the backup tomorrow at 2:30am").await;
    assert!(lines(&done).contains(&("Due", "tomorrow, Sunday 28 March, 03:00")), "{:?}", lines(&done));
    let task = stage.task(1).await.view.task;
    assert_eq!(task.due_at.unwrap().to_string(), "2027-03-28T01:00:00Z");
}

#[tokio::test]
async fn the_zone_of_the_speaker_is_the_zone_of_the_task() {
    let mut stage = stage().await;
    stage.zone = "America/New_York";
    stage.both("call Dana tomorrow at 9").await;
    let task = stage.task(1).await.view.task;
    assert_eq!(task.zone, "America/New_York");
    assert_eq!(task.due_at.unwrap().to_string(), "2026-11-22T14:00:00Z");
}
