//! Undo: everything that a person does at the page can be taken back, until somebody builds on it.

use desk::tasks::NewTask;
use desk::tickets::TicketView;
use desk::visitors::Introduction;
use desk::{Error, Paging};
use domain::conversation::State;
use domain::ids::{ConversationId, MemberId, TaskId, TicketId, UndoId};
use domain::task::{Due, ReminderState, When};
use domain::{Caller, EventType, Role, Via};
use jiff::SignedDuration;
use testkit::{both, both_at};

use crate::stage::Stage;

/// 21 November 2026, ten in the morning in Berlin.
const START: &str = "2026-11-21T09:00:00Z";

impl Stage {
    async fn undo(&self, id: Option<UndoId>) -> desk::Result<String> {
        desk::undo::undo(&self.desk, &self.owner, id.unwrap()).await.map(|undone| undone.text)
    }

    /// Panics unless this cannot be undone.
    async fn cannot_undo(&self, id: Option<UndoId>) {
        let refused = self.undo(id).await;
        assert!(matches!(refused, Err(Error::Conflict { code: "cannot_undo", .. })), "{refused:?}");
    }

    /// A task that is due on 23 November 2026 at nine.
    async fn task(&self) -> TaskId {
        let due = Due { date: jiff::civil::date(2026, 11, 23), time: Some(jiff::civil::time(9, 0, 0, 0)) };
        let new = NewTask { title: "call Dana".to_owned(), due: Some(due), ..NewTask::default() };
        desk::tasks::create(&self.desk, &self.owner, new).await.unwrap().value.view.task.id
    }

    async fn reminders(&self, task: TaskId) -> Vec<(When, ReminderState)> {
        let task = desk::tasks::get(&self.desk, &self.owner, task).await.unwrap();
        task.reminders.iter().map(|reminder| (reminder.when, reminder.state)).collect()
    }

    /// A customer who has written, and the conversation.
    async fn customer(&self) -> (Caller, ConversationId) {
        let channel = desk::channels::list(&self.desk, &self.owner).await.unwrap().remove(0);
        let id = self.desk.new_id();
        let started =
            desk::visitors::start_new(&self.desk, &channel, Introduction::default(), None, id, None)
                .await
                .unwrap();
        let (caller, _) =
            desk::visitors::authenticate(&self.desk, &started.token.unwrap(), None, id).await.unwrap();
        let written =
            desk::visitors::write(&self.desk, &caller, started.conversation, "help me please", None);
        written.await.unwrap();
        (caller, started.conversation)
    }

    /// A customer's conversation that the owner has claimed, and its ticket.
    async fn ticket(&self) -> (Caller, ConversationId, TicketId) {
        let (customer, id) = self.customer().await;
        desk::conversations::claim(&self.desk, &self.owner, id).await.unwrap();
        let view = desk::conversations::get(&self.desk, &self.owner, id).await.unwrap();
        (customer, id, view.conversation.ticket.unwrap())
    }

    async fn state(&self, id: ConversationId) -> (State, Option<MemberId>) {
        let view = desk::conversations::get(&self.desk, &self.owner, id).await.unwrap();
        (view.conversation.state, view.conversation.claimed_by)
    }

    async fn view(&self, id: TicketId) -> TicketView {
        desk::tickets::get(&self.desk, &self.owner, id).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_that_is_taken_back_is_gone_and_the_history_says_so() {
    both(async |database| {
        let stage = Stage::set(database).await;
        let task = stage.task().await;
        let comment =
            async |text: &str| desk::tasks::comment(&stage.desk, &stage.owner, task, text).await.unwrap();
        comment("stays").await;
        let done = comment("by mistake").await;
        assert_eq!(stage.undo(done.undo).await.unwrap(), "Commented on task #1 “call Dana”");
        let left = desk::tasks::comments(&stage.desk, &stage.owner, task, Paging::default()).await.unwrap();
        assert_eq!(left.items.iter().map(|c| c.text.as_str()).collect::<Vec<_>>(), ["stays"]);
        let view = desk::tasks::get(&stage.desk, &stage.owner, task).await.unwrap().view;
        assert_eq!(view.comments, 1);
        stage.cannot_undo(done.undo).await;
        let removed = stage.deliveries("audit", EventType::TaskCommentRemoved).await;
        assert_eq!(removed.len(), 1);
        desk::audit::keep(&stage.desk, removed).await.unwrap();
        let history =
            desk::audit::history(&stage.desk, &stage.owner, task.0, Paging::default()).await.unwrap();
        assert_eq!(history.items[0].text, "took a comment on the task back");
        // On a task that is gone there is nothing to take back.
        let late = comment("late").await;
        desk::tasks::delete(&stage.desk, &stage.owner, task, None).await.unwrap();
        stage.cannot_undo(late.undo).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_comes_again_can_be_undone_once() {
    both(async |database| {
        let stage = Stage::set(database).await;
        let task = stage.task().await;
        let key = domain::IdempotencyKey { key: "one".to_owned(), request_hash: "of the body".to_owned() };
        let caller = Caller { idempotency: Some(key), ..stage.owner.clone() };
        let comment = async || desk::tasks::comment(&stage.desk, &caller, task, "once").await.unwrap();
        let (first, again) = (comment().await, comment().await);
        assert_eq!(first, again);
        stage.undo(again.undo).await.unwrap();
        stage.cannot_undo(first.undo).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reminders_that_were_added_go_and_one_that_was_removed_comes_back_as_it_was() {
    both_at(START.parse().unwrap(), async |database, clock| {
        let stage = Stage::at(database, clock.clone()).await;
        let task = stage.task().await;
        let before = |before_minutes| When::Before { before_minutes };
        let whens = vec![before(30), before(60)];
        let both = desk::tasks::add_reminders(&stage.desk, &stage.owner, task, whens).await.unwrap();
        let one = desk::tasks::add_reminder(&stage.desk, &stage.owner, task, before(5)).await.unwrap();
        assert_eq!(stage.undo(both.undo).await.unwrap(), "Added 2 reminders to task #1 “call Dana”");
        assert_eq!(stage.reminders(task).await, [(before(5), ReminderState::Pending)]);

        let remove =
            async |id| desk::tasks::remove_reminder(&stage.desk, &stage.owner, task, id).await.unwrap();
        let removed = remove(one.value.id).await;
        assert_eq!(stage.reminders(task).await, []);
        stage.cannot_undo(one.undo).await;
        assert_eq!(stage.undo(removed.undo).await.unwrap(), "Removed a reminder of task #1 “call Dana”");
        assert_eq!(stage.reminders(task).await, [(before(5), ReminderState::Pending)]);

        // The same one was set again meanwhile.
        let removed = remove(one.value.id).await;
        let again = desk::tasks::add_reminder(&stage.desk, &stage.owner, task, before(5)).await.unwrap();
        stage.cannot_undo(removed.undo).await;
        // What it missed while it was away is not made up for.
        let removed = remove(again.value.id).await;
        clock.advance(SignedDuration::from_hours(72));
        stage.undo(removed.undo).await.unwrap();
        assert_eq!(stage.reminders(task).await, [(before(5), ReminderState::Cancelled)]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reminder_that_has_come_is_not_taken_back_and_removed_it_comes_back_as_come() {
    // The database's clock decides what is due, and by that this is long ago.
    both_at("2020-01-01T09:00:00Z".parse().unwrap(), async |database, clock| {
        let stage = Stage::at(database, clock.clone()).await;
        let new = NewTask { title: "call Dana".to_owned(), ..NewTask::default() };
        let task = desk::tasks::create(&stage.desk, &stage.owner, new).await.unwrap().value.view.task.id;
        let when = When::At { at: "2020-01-01T12:00".parse().unwrap() };
        let added = desk::tasks::add_reminder(&stage.desk, &stage.owner, task, when).await.unwrap();
        let claims = desk::reminders::claim_due(&stage.desk, 10).await.unwrap();
        assert_eq!(desk::reminders::fire(&stage.desk, stage.workspace, claims).await.unwrap().len(), 1);
        stage.cannot_undo(added.undo).await;
        let removed =
            desk::tasks::remove_reminder(&stage.desk, &stage.owner, task, added.value.id).await.unwrap();
        stage.undo(removed.undo).await.unwrap();
        assert_eq!(stage.reminders(task).await, [(when, ReminderState::Fired)]);
        assert!(
            desk::reminders::claim_due(&stage.desk, 10).await.unwrap().is_empty(),
            "it does not come twice"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_was_reopened_by_mistake_was_finished_when_it_was() {
    both_at(START.parse().unwrap(), async |database, clock| {
        let stage = Stage::at(database, clock.clone()).await;
        let task = stage.task().await;
        let done = desk::tasks::complete(&stage.desk, &stage.owner, task).await.unwrap().value;
        clock.advance(SignedDuration::from_hours(72));
        let reopened = desk::tasks::reopen(&stage.desk, &stage.owner, task).await.unwrap();
        assert_eq!(reopened.value.view.task.completed_at, None);
        stage.undo(reopened.undo).await.unwrap();
        let after = desk::tasks::get(&stage.desk, &stage.owner, task).await.unwrap();
        assert_eq!(after.view.task.completed_at, done.view.task.completed_at);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_was_renamed_or_given_away_is_as_it_was() {
    both(async |database| {
        let stage = Stage::set(database).await;
        let (_, _, ticket) = stage.ticket().await;
        let bea = stage.member("Bea", Role::Agent).await.member();
        let update = async |subject: Option<&str>, assignee| {
            desk::tickets::update(&stage.desk, &stage.owner, ticket, subject, assignee, None).await.unwrap()
        };
        let before = stage.view(ticket).await;
        let renamed = update(Some("Refund"), None).await;
        assert_eq!(stage.undo(renamed.undo).await.unwrap(), "Renamed ticket #1 “Refund”");
        assert_eq!(stage.view(ticket).await.ticket.subject, "help me please");
        let found = desk::search::search(&stage.desk, &stage.owner, "help", Vec::new(), 5).await.unwrap();
        assert!(found.iter().any(|hit| hit.id == ticket.0), "the search knows it by its subject again");
        let given = update(None, Some(bea)).await;
        assert_eq!(stage.undo(given.undo).await.unwrap(), "Assigned ticket #1 “help me please”");
        let after = stage.view(ticket).await;
        assert_eq!((after.ticket.assignee, after.assignee), (before.ticket.assignee, before.assignee));
        assert_eq!(update(Some("help me please"), None).await.undo, None, "nothing changed");
        let both = update(Some("Refund"), Some(None)).await;
        update(Some("Refund for Dana"), None).await;
        stage.cannot_undo(both.undo).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_that_was_closed_is_again_with_whom_it_was() {
    both(async |database| {
        let stage = Stage::set(database).await;
        let close = async |id| desk::conversations::close(&stage.desk, &stage.owner, id).await.unwrap();
        // With the hand, with nobody but a promise, with another member, given back.
        let (_, id) = stage.customer().await;
        let closed = close(id).await;
        stage.undo(closed.undo).await.unwrap();
        assert_eq!(stage.state(id).await, (State::Bot, None));

        let bea = stage.member("Bea", Role::Agent).await;
        desk::conversations::claim(&stage.desk, &bea, id).await.unwrap();
        let ticket =
            desk::conversations::get(&stage.desk, &bea, id).await.unwrap().conversation.ticket.unwrap();
        let closed = close(id).await;
        assert!(stage.view(ticket).await.ticket.closed);
        assert_eq!(stage.undo(closed.undo).await.unwrap(), "Closed conversation #1 “help me please”");
        assert_eq!(stage.state(id).await, (State::Claimed, bea.member()));
        assert!(!stage.view(ticket).await.ticket.closed);

        desk::conversations::give_back(&stage.desk, &bea, id).await.unwrap();
        let closed = desk::tickets::close(&stage.desk, &stage.owner, ticket).await.unwrap();
        stage.undo(closed.undo).await.unwrap();
        assert_eq!(stage.state(id).await, (State::Returned, None));
        assert!(!stage.view(ticket).await.ticket.closed);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_that_was_closed_stands_again_with_its_promise() {
    both(async |database| {
        let stage = Stage::set(database).await;
        let (customer, id, _) = stage.ticket().await;
        desk::conversations::close(&stage.desk, &stage.owner, id).await.unwrap();
        desk::visitors::write(&stage.desk, &customer, id, "one more thing", None).await.unwrap();
        let before = desk::conversations::get(&stage.desk, &stage.owner, id).await.unwrap().conversation;
        assert_eq!(before.state, State::Offered);
        let closed = desk::conversations::close(&stage.desk, &stage.owner, id).await.unwrap();
        stage.undo(closed.undo).await.unwrap();
        let after = desk::conversations::get(&stage.desk, &stage.owner, id).await.unwrap().conversation;
        assert_eq!((after.state, after.deadline), (before.state, before.deadline));
        assert!(after.fence > before.fence, "what was prepared before is refused");
        // Once the customer has written, nobody closes or opens it behind their back.
        let closed = desk::conversations::close(&stage.desk, &stage.owner, id).await.unwrap();
        desk::visitors::write(&stage.desk, &customer, id, "hello?", None).await.unwrap();
        stage.cannot_undo(closed.undo).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_was_opened_again_is_closed_unless_somebody_wrote() {
    both(async |database| {
        let stage = Stage::set(database).await;
        let (customer, id, ticket) = stage.ticket().await;
        let bea = stage.member("Bea", Role::Agent).await;
        let reopen = async || desk::tickets::reopen(&stage.desk, &bea, ticket).await.unwrap();
        assert_eq!(reopen().await.undo, None, "it was open");
        desk::tickets::close(&stage.desk, &stage.owner, ticket).await.unwrap();
        let closed = stage.state(id).await;
        let messages = async || {
            desk::conversations::get(&stage.desk, &stage.owner, id).await.unwrap().conversation.messages
        };
        let said = messages().await;
        let reopened = reopen().await;
        assert_eq!(stage.state(id).await, (State::Claimed, bea.member()));
        let undone = desk::undo::undo(&stage.desk, &bea, reopened.undo.unwrap()).await.unwrap();
        assert_eq!(undone.text, "Reopened ticket #1 “help me please”");
        assert_eq!(stage.state(id).await, closed);
        assert!(stage.view(ticket).await.ticket.closed);
        assert_eq!(messages().await, said, "the customer is not told again that it is closed");
        let reopened = reopen().await;
        desk::visitors::write(&stage.desk, &customer, id, "thank you", None).await.unwrap();
        let refused = desk::undo::undo(&stage.desk, &bea, reopened.undo.unwrap()).await;
        assert!(matches!(refused, Err(Error::Conflict { code: "cannot_undo", .. })), "{refused:?}");
        assert_eq!(stage.state(id).await, (State::Claimed, bea.member()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_be_undone_next_is_said_and_nothing_happens() {
    both(async |database| {
        let stage = Stage::set(database).await;
        let latest = async |caller: &Caller| desk::undo::latest(&stage.desk, caller).await.unwrap();
        assert_eq!(latest(&stage.owner).await, None);
        let task = stage.task().await;
        desk::tasks::complete(&stage.desk, &stage.owner, task).await.unwrap();
        let next = latest(&stage.owner).await.unwrap();
        assert_eq!(next.text, "Completed task #1 “call Dana”");
        assert_eq!(latest(&stage.owner).await.unwrap(), next, "to look changes nothing");
        assert_eq!(desk::undo::undo_latest(&stage.desk, &stage.owner).await.unwrap(), next);
        assert_eq!(latest(&stage.owner).await.unwrap().text, "Added task #1 “call Dana”");
        let bea = stage.member("Bea", Role::Agent).await;
        assert_eq!(latest(&bea).await, None, "others' are not one's own");
        let program = Caller { via: Via::Api, ..bea.clone() };
        desk::tasks::comment(&stage.desk, &program, task, "noted").await.unwrap();
        assert_eq!(latest(&bea).await, None, "what programs do is not undone by hand");
        let viewer = stage.member("Vic", Role::Viewer).await;
        assert!(matches!(desk::undo::latest(&stage.desk, &viewer).await, Err(Error::Forbidden { .. })));
    })
    .await;
}
