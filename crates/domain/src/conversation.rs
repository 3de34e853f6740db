//! Conversations and the hand-off from the machine to a person, as a state machine.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{ArticleId, ChannelId, ContactId, ConversationId, MemberId, MessageId, TicketId};

/// The most characters a message may have.
pub const MESSAGE_LIMIT: usize = 4_000;

/// Who has the word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The hand answers.
    Bot,
    /// A person was promised; the hand is silent and the staff's inbox shows it.
    Offered,
    /// A member has it; the hand is silent.
    Claimed,
    /// A member gave it back; the hand answers again.
    Returned,
    /// Over, until the customer writes again.
    Closed,
}

/// What can happen to a conversation's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The hand, or a rule, asks for a person.
    Offer,
    /// A member takes it.
    Claim,
    /// The member gives it back to the hand.
    Return,
    /// A member ends it.
    Close,
    /// The customer writes after the end; a ticket had been opened for it.
    ReopenWithTicket,
    /// The customer writes after the end; the hand had dealt with it alone.
    ReopenWithoutTicket,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Bot, Self::Offered, Self::Claimed, Self::Returned, Self::Closed];

    /// The state after `step`, or nothing where `step` cannot happen now.
    pub fn after(self, step: Step) -> Option<Self> {
        match (step, self) {
            (Step::Offer, Self::Bot | Self::Returned) => Some(Self::Offered),
            (Step::Claim, Self::Bot | Self::Offered | Self::Returned) => Some(Self::Claimed),
            (Step::Return, Self::Claimed) => Some(Self::Returned),
            (Step::Close, Self::Bot | Self::Offered | Self::Claimed | Self::Returned) => Some(Self::Closed),
            (Step::ReopenWithTicket, Self::Closed) => Some(Self::Offered),
            (Step::ReopenWithoutTicket, Self::Closed) => Some(Self::Bot),
            _ => None,
        }
    }

    /// Whether the hand may speak.
    pub fn hand_may_answer(self) -> bool {
        matches!(self, Self::Bot | Self::Returned)
    }

    /// The word for it on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bot => "bot",
            Self::Offered => "offered",
            Self::Claimed => "claimed",
            Self::Returned => "returned",
            Self::Closed => "closed",
        }
    }

    /// The state of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// Why a person was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The customer wants a person.
    AskedForPerson,
    /// The articles do not cover the question.
    NotCovered,
    /// The hand is switched off in this workspace.
    HandOff,
    /// A member took it unasked.
    ClaimedByMember,
    /// The customer wrote again after the end.
    ReopenedByCustomer,
}

impl Reason {
    const ALL: [Self; 5] = [
        Self::AskedForPerson,
        Self::NotCovered,
        Self::HandOff,
        Self::ClaimedByMember,
        Self::ReopenedByCustomer,
    ];

    /// The word for it on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AskedForPerson => "asked_for_person",
            Self::NotCovered => "not_covered",
            Self::HandOff => "hand_off",
            Self::ClaimedByMember => "claimed_by_member",
            Self::ReopenedByCustomer => "reopened_by_customer",
        }
    }

    /// The reason of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }
}

/// A conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// Its number in the workspace.
    pub number: i64,
    /// The channel it came in by.
    pub channel: ChannelId,
    /// Whom it is with.
    pub contact: ContactId,
    /// What it is about: the beginning of the first message.
    pub subject: String,
    /// Who has the word.
    pub state: State,
    /// Goes up by one whenever the state changes; what was prepared under an older one is refused.
    pub fence: i64,
    /// The member who has it.
    pub claimed_by: Option<MemberId>,
    /// Why a person was asked for.
    pub reason: Option<Reason>,
    /// What it was about when a person was asked for.
    pub summary: Option<String>,
    /// Until when a person was promised.
    pub deadline: Option<Timestamp>,
    /// Its ticket.
    pub ticket: Option<TicketId>,
    /// How many messages it has; the newest one's sequence.
    pub messages: i64,
    /// When it began.
    pub created_at: Timestamp,
    /// When something last happened in it.
    pub updated_at: Timestamp,
    /// Goes up by one with every change; the ETag.
    pub version: i64,
}

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// The customer.
    Contact,
    /// A member of the staff.
    Member,
    /// The answering agent.
    Hand,
    /// Deskhand itself.
    System,
}

impl Author {
    /// The word for it on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Member => "member",
            Self::Hand => "hand",
            Self::System => "system",
        }
    }

    /// The author kind of that name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Contact, Self::Member, Self::Hand, Self::System].into_iter().find(|a| a.as_str() == text)
    }
}

/// A passage of an article that an answer rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// The article.
    pub article_id: ArticleId,
    /// Its slug.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// The section's heading, where it has one.
    pub heading: Option<String>,
    /// The words that the answer rests on.
    pub quote: String,
}

/// A message in a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Its conversation.
    pub conversation: ConversationId,
    /// Its place in the conversation, from 1, without gaps.
    pub sequence: i64,
    /// Who wrote it.
    pub author: Author,
    /// The member's or contact's id.
    pub author_id: Option<uuid::Uuid>,
    /// The author's name at that time.
    pub author_name: String,
    /// What it says; for the hand, simple Markdown.
    pub text: String,
    /// Only for the staff.
    pub note: bool,
    /// What an answer of the hand rests on.
    pub sources: Vec<Source>,
    /// The id that the client gave it, so that sending again does not double it.
    pub client_id: Option<String>,
    /// When it was written.
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::{State, Step};

    #[test]
    fn the_hand_is_silent_from_the_offer_until_it_is_given_back() {
        let offered = State::Bot.after(Step::Offer).unwrap();
        let claimed = offered.after(Step::Claim).unwrap();
        let returned = claimed.after(Step::Return).unwrap();
        assert!(!offered.hand_may_answer() && !claimed.hand_may_answer());
        assert!(returned.hand_may_answer());
    }

    #[test]
    fn nobody_claims_what_is_claimed_or_closed() {
        assert_eq!(State::Claimed.after(Step::Claim), None);
        assert_eq!(State::Closed.after(Step::Claim), None);
        assert_eq!(State::Closed.after(Step::Close), None);
    }

    #[test]
    fn no_state_strands_a_customer() {
        for state in State::ALL {
            let ways = [Step::Claim, Step::ReopenWithTicket, Step::ReopenWithoutTicket, Step::Return];
            assert!(ways.into_iter().any(|step| state.after(step).is_some()), "{state:?} has no way on");
        }
    }
}
