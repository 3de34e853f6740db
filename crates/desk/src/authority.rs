//! Who may do what: one table, asked by every use case before anything else.

use domain::caller::Role;
use domain::{Actor, Caller};

use crate::error::{Error, Result};

/// The least a member must be, or which other actor it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum For {
    /// Members of this role and above; and Deskhand itself.
    Members(Role),
    /// Contacts, in their own conversations.
    Contacts,
    /// The answering agent.
    Hand,
    /// Deskhand itself: the clock, the workers, the command line on the database.
    System,
}

macro_rules! use_cases {
    ($($(#[$doc:meta])* $name:ident => $who:expr,)*) => {
        /// Everything that can be asked of the desk.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum UseCase {
            $($(#[$doc])* $name,)*
        }

        impl UseCase {
            /// Every use case.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }

            fn who(self) -> For {
                match self { $(Self::$name => $who,)* }
            }
        }
    };
}

use_cases! {
    /// See tasks, projects, labels, comments and reminders.
    ReadTasks => For::Members(Role::Viewer),
    /// Make a task.
    CreateTask => For::Members(Role::Agent),
    /// Change, move, snooze, complete or reopen a task.
    UpdateTask => For::Members(Role::Agent),
    /// Delete a task.
    DeleteTask => For::Members(Role::Agent),
    /// Comment on a task.
    CommentTask => For::Members(Role::Agent),
    /// Set or remove reminders.
    SetReminder => For::Members(Role::Agent),
    /// Make, change or delete a project.
    ManageProjects => For::Members(Role::Agent),
    /// See conversations, messages and tickets.
    ReadConversations => For::Members(Role::Viewer),
    /// Claim, answer, return or close a conversation.
    WorkConversation => For::Members(Role::Agent),
    /// Change, close or reopen a ticket.
    WorkTicket => For::Members(Role::Agent),
    /// See contacts.
    ReadContacts => For::Members(Role::Viewer),
    /// Change a contact.
    UpdateContact => For::Members(Role::Agent),
    /// See articles, drafts too.
    ReadArticles => For::Members(Role::Viewer),
    /// Write, import or delete articles.
    WriteArticles => For::Members(Role::Agent),
    /// See who the members are.
    ReadMembers => For::Members(Role::Viewer),
    /// Invite, change or deactivate members.
    ManageMembers => For::Members(Role::Admin),
    /// Make somebody owner, or change an owner.
    ManageOwners => For::Members(Role::Owner),
    /// Change one's own name, zone or password.
    UpdateSelf => For::Members(Role::Viewer),
    /// Make, see and revoke one's own API tokens.
    ManageTokens => For::Members(Role::Viewer),
    /// See channels.
    ReadChannels => For::Members(Role::Viewer),
    /// Make or change channels.
    ManageChannels => For::Members(Role::Admin),
    /// See the workspace's settings.
    ReadSettings => For::Members(Role::Viewer),
    /// Change the workspace's settings.
    ManageSettings => For::Members(Role::Admin),
    /// Search everything.
    Search => For::Members(Role::Viewer),
    /// Give orders in plain words; each order needs its own use case too.
    Say => For::Members(Role::Viewer),
    /// Undo what one did.
    Undo => For::Members(Role::Agent),
    /// See and mark one's own notifications.
    ReadNotifications => For::Members(Role::Viewer),
    /// See the history of a record.
    ReadHistory => For::Members(Role::Viewer),
    /// See who did what in the whole workspace.
    ReadAudit => For::Members(Role::Admin),
    /// See dead letters, have them handled again, and drop them.
    ManageDeadLetters => For::Members(Role::Admin),
    /// See, make, change, test and delete webhooks, see what they were sent, and have it sent again.
    ManageWebhooks => For::Members(Role::Admin),
    /// Write to the desk, as a customer.
    VisitorWrite => For::Contacts,
    /// Read one's own conversations, as a customer.
    VisitorRead => For::Contacts,
    /// Answer a customer, or ask for a person.
    Answer => For::Hand,
    /// React to events and to time.
    React => For::System,
}

/// Whether `actor` may do `what`.
pub fn allows(actor: &Actor, what: UseCase) -> bool {
    match (what.who(), actor) {
        (For::Members(least), Actor::Member { role, .. }) => *role >= least,
        (For::Members(_) | For::System, Actor::System) => true,
        (For::Contacts, Actor::Contact { .. }) => true,
        (For::Hand, Actor::Hand) => true,
        _ => false,
    }
}

/// Errors with [`Error::Forbidden`] where the caller may not do `what`.
pub(crate) fn require(caller: &Caller, what: UseCase) -> Result<()> {
    if allows(&caller.actor, what) {
        return Ok(());
    }
    let role = match &caller.actor {
        Actor::Member { role, .. } => Some(*role),
        _ => None,
    };
    Err(Error::Forbidden { role })
}
