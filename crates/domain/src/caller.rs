//! Who asks: the workspace, the actor and the way in. Every use case takes a [`Caller`] first.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::{ContactId, MemberId, WorkspaceId};

/// What a member may do; see `desk::authority` for the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Works: conversations, tickets, tasks, articles.
    Agent,
    /// Also administers members, channels, tokens and settings.
    Admin,
    /// Also decides who owns the workspace.
    Owner,
}

impl Role {
    /// Every role, least authority first.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Agent, Self::Admin, Self::Owner];

    /// The word for it on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Agent => "agent",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    /// The role of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A member of the staff.
    Member {
        /// Whose id.
        id: MemberId,
        /// The name that history shows.
        name: String,
        /// What they may do.
        role: Role,
    },
    /// A customer.
    Contact {
        /// Whose id.
        id: ContactId,
        /// The name that history shows.
        name: String,
    },
    /// The answering agent.
    Hand,
    /// Deskhand itself: the clock, the workers, the command line on the database.
    System,
}

/// The way in, as history shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// The staff's page.
    Page,
    /// A program with a token.
    Api,
    /// An order in plain words.
    Say,
    /// The chat widget.
    Widget,
    /// The answering agent.
    Hand,
    /// The clock: something came due.
    Clock,
    /// The command line, straight on the database.
    Cli,
    /// A worker that reacts to an event.
    Workers,
}

impl Via {
    /// As it is kept.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Api => "api",
            Self::Say => "say",
            Self::Widget => "widget",
            Self::Hand => "hand",
            Self::Clock => "clock",
            Self::Cli => "cli",
            Self::Workers => "workers",
        }
    }
}

/// An actor as events and history keep it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ActorRef {
    /// `member`, `contact`, `hand` or `system`.
    pub kind: String,
    /// The member's or contact's id.
    pub id: Option<Uuid>,
    /// The name at that time.
    pub name: String,
    /// The way in.
    pub via: Via,
    /// The address that the request came from, where there was one.
    pub address: Option<IpAddr>,
}

/// What a client sends along so that a repeated request is answered, not repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The client's key.
    pub key: String,
    /// SHA-256 of the method, the path and the body, in hex.
    pub request_hash: String,
}

/// Who asks for a use case, from where, and for which workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The workspace that everything happens in.
    pub workspace: WorkspaceId,
    /// Who acts.
    pub actor: Actor,
    /// The way in.
    pub via: Via,
    /// The address of the request, where there was one.
    pub address: Option<IpAddr>,
    /// Ties together everything that one request causes.
    pub correlation_id: Uuid,
    /// The client's idempotency key, where it sent one.
    pub idempotency: Option<IdempotencyKey>,
}

impl Caller {
    /// Deskhand itself, in `workspace`.
    pub fn system(workspace: WorkspaceId, via: Via, correlation_id: Uuid) -> Self {
        Self { workspace, actor: Actor::System, via, address: None, correlation_id, idempotency: None }
    }

    /// The answering agent, in `workspace`.
    pub fn hand(workspace: WorkspaceId, correlation_id: Uuid) -> Self {
        Self { actor: Actor::Hand, ..Self::system(workspace, Via::Hand, correlation_id) }
    }

    /// The member who acts, if it is one.
    pub fn member(&self) -> Option<MemberId> {
        match &self.actor {
            Actor::Member { id, .. } => Some(*id),
            _ => None,
        }
    }

    /// The contact who acts, if it is one.
    pub fn contact(&self) -> Option<ContactId> {
        match &self.actor {
            Actor::Contact { id, .. } => Some(*id),
            _ => None,
        }
    }

    /// The name that people see.
    pub fn name(&self) -> &str {
        match &self.actor {
            Actor::Member { name, .. } | Actor::Contact { name, .. } => name,
            Actor::Hand => "Deskhand",
            Actor::System => "System",
        }
    }

    /// The actor as events keep it.
    pub fn actor_ref(&self) -> ActorRef {
        let (kind, id) = match &self.actor {
            Actor::Member { id, .. } => ("member", Some(id.0)),
            Actor::Contact { id, .. } => ("contact", Some(id.0)),
            Actor::Hand => ("hand", None),
            Actor::System => ("system", None),
        };
        ActorRef {
            kind: kind.to_owned(),
            id,
            name: self.name().to_owned(),
            via: self.via,
            address: self.address,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Via;

    #[test]
    fn a_way_in_is_called_the_same_wherever_it_is_kept() {
        use Via::{Api, Cli, Clock, Hand, Page, Say, Widget, Workers};
        for via in [Page, Api, Say, Widget, Hand, Clock, Cli, Workers] {
            assert_eq!(serde_json::to_value(via).unwrap(), via.as_str());
        }
    }
}
