//! What was done, in words that go after a name: "Dana changed the due date from … to …".

use domain::EventType;
use domain::event::data::Change;
use domain::text::shorten;

/// The longest value that a sentence shows.
const VALUE: usize = 80;

/// The sentence for an event of type `action` with these changes.
pub(super) fn say(action: &str, changes: &[Change]) -> String {
    let Some(kind) = EventType::parse(action) else {
        // A newer version's.
        return action.replace(['.', '_'], " ");
    };
    let plain = match kind {
        EventType::WorkspaceCreated => "made the workspace",
        EventType::WorkspaceUpdated => return changed("the settings", changes),
        EventType::MemberAdded => "invited the member",
        EventType::MemberJoined => "joined",
        EventType::MemberUpdated => return changed("the member", changes),
        EventType::MemberSignedIn => "signed in",
        EventType::MemberSignedOut => "signed out",
        EventType::TokenCreated => "made the API token",
        EventType::TokenRevoked => "revoked the API token",
        EventType::ChannelCreated => "made the channel",
        EventType::ChannelUpdated => return changed("the channel", changes),
        EventType::ContactCreated => "wrote for the first time",
        EventType::ContactUpdated => return changed("the contact", changes),
        EventType::ConversationStarted => "began the conversation",
        EventType::ConversationOffered => "asked for a person",
        EventType::ConversationClaimed => "took the conversation",
        EventType::ConversationReturned => "gave the conversation back",
        EventType::ConversationClosed => "closed the conversation",
        EventType::ConversationReopened => "opened the conversation again",
        EventType::MessageReceived => "wrote",
        EventType::MessageSent => "sent a message",
        EventType::TicketOpened => "opened the ticket",
        EventType::TicketUpdated => return changed("the ticket", changes),
        EventType::TicketClosed => "closed the ticket",
        EventType::TicketReopened => "opened the ticket again",
        EventType::TaskCreated => "created the task",
        EventType::TaskUpdated => return changed("the task", changes),
        EventType::TaskMoved => return or_changed("moved the task", changes),
        EventType::TaskCompleted => "completed the task",
        EventType::TaskReopened => "reopened the task",
        EventType::TaskSnoozed => return or_changed("put the task off", changes),
        EventType::TaskDeleted => "deleted the task",
        EventType::TaskRestored => "brought the task back",
        EventType::TaskCommented => "commented on the task",
        EventType::TaskCommentRemoved => "took a comment on the task back",
        EventType::ProjectCreated => "made the project",
        EventType::ProjectUpdated => return changed("the project", changes),
        EventType::ProjectDeleted => "deleted the project",
        EventType::ArticleCreated => "wrote the article",
        EventType::ArticleUpdated => return changed("the article", changes),
        EventType::ArticleDeleted => "deleted the article",
        EventType::ArticleRestored => "brought the article back",
        EventType::DeadLetterReplayed => "had dead letters handled again",
        EventType::DeadLetterDropped => "dropped dead letters",
        EventType::WebhookCreated => "made the webhook",
        EventType::WebhookUpdated => return changed("the webhook", changes),
        EventType::WebhookDeleted => "deleted the webhook",
        EventType::WebhookRotated => "gave the webhook a new secret",
        EventType::WebhookDisabled => "disabled the webhook, which does not work any more",
        EventType::WebhookTested => "tested the webhook",
        EventType::WebhookReplayed => "had deliveries of the webhook sent again",
        EventType::ReminderDue => "reminded of the task",
        EventType::NotificationCreated => "told a member",
    };
    plain.to_owned()
}

/// The changes one after the other, or that `what` was changed where they are not known.
fn changed(what: &str, changes: &[Change]) -> String {
    let parts: Vec<String> = changes.iter().map(part).collect();
    match parts.as_slice() {
        [] => format!("changed {what}"),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn or_changed(plain: &str, changes: &[Change]) -> String {
    if changes.is_empty() { plain.to_owned() } else { changed("", changes) }
}

/// What people call a field.
fn field(name: &str) -> String {
    match name {
        "due" => "due date".to_owned(),
        "recurrence" => "repetition".to_owned(),
        "parent" => "parent task".to_owned(),
        "zone" => "time zone".to_owned(),
        "email" => "e-mail address".to_owned(),
        "hand" => "answering by Deskhand".to_owned(),
        "handoff_text" => "text for hand-offs".to_owned(),
        "reply_minutes" => "promised time to reply".to_owned(),
        other => other.replace('_', " "),
    }
}

fn part(change: &Change) -> String {
    let name = field(&change.field);
    let long = matches!(change.field.as_str(), "notes" | "body" | "greeting" | "handoff_text");
    let (from, to) = (change.from.as_deref().map(value), change.to.as_deref().map(value));
    match (change.field.as_str(), from, to) {
        ("assignee", _, Some(to)) => format!("assigned it to {to}"),
        ("assignee", Some(from), None) => format!("took it from {from}"),
        (_, None, Some(_)) if long => format!("added the {name}"),
        (_, Some(_), Some(_)) if long => format!("changed the {name}"),
        (_, Some(from), Some(to)) => format!("changed the {name} from {from} to {to}"),
        (_, None, Some(to)) => format!("set the {name} to {to}"),
        (_, Some(_), None) => format!("removed the {name}"),
        (_, None, None) => format!("changed the {name}"),
    }
}

fn value(text: &str) -> String {
    shorten(text, VALUE)
}

#[cfg(test)]
mod tests {
    use domain::EventType;
    use domain::event::data::Change;

    use super::say;

    fn change(field: &str, from: Option<&str>, to: Option<&str>) -> Change {
        Change { field: field.to_owned(), from: from.map(str::to_owned), to: to.map(str::to_owned) }
    }

    #[test]
    fn every_event_has_a_sentence_of_its_own() {
        let mut sentences: Vec<String> = EventType::ALL.iter().map(|kind| say(kind.as_str(), &[])).collect();
        assert!(sentences.iter().all(|sentence| !sentence.is_empty() && !sentence.contains('.')));
        sentences.sort();
        let count = sentences.len();
        sentences.dedup();
        assert_eq!(sentences.len(), count);
    }

    #[test]
    fn changes_are_said_one_after_the_other() {
        let due = change("due", Some("2026-11-22"), Some("2026-11-23 09:00"));
        let assignee = change("assignee", None, Some("Dana"));
        let priority = change("priority", Some("2"), None);
        assert_eq!(say("task.updated", &[]), "changed the task");
        assert_eq!(
            say("task.updated", std::slice::from_ref(&due)),
            "changed the due date from 2026-11-22 to 2026-11-23 09:00"
        );
        assert_eq!(
            say("task.updated", &[due, assignee, priority]),
            "changed the due date from 2026-11-22 to 2026-11-23 09:00, assigned it to Dana and removed the priority"
        );
        assert_eq!(
            say("task.snoozed", &[change("due", None, Some("2026-11-23"))]),
            "set the due date to 2026-11-23"
        );
    }

    #[test]
    fn an_event_of_a_newer_version_is_said_as_it_is_named() {
        assert_eq!(say("task.was_frozen", &[]), "task was frozen");
    }
}
