//! The hand: the answering agent, which answers customers from the articles or asks for a person.
//!
//! [`Hand::decide`] only reads; [`answer`] carries a decision out through the desk, which refuses it once a person
//! has the conversation. Nothing is said that the articles do not say.

mod case;
mod knowledge;
mod language;
mod markup;
mod model;
pub mod orders;
mod question;
mod quote;
mod score;
mod talk;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use desk::articles::Passage;
use desk::{Delivery, Desk, articles, conversations};
use domain::Breaker;
use domain::conversation::{Author, Message, Reason, Source, State};
use domain::event::data;
use domain::ids::WorkspaceId;
use domain::text;

pub use model::{Asked, Model, ModelError, OpenAi, OpenAiOptions, Passages, Reply};
pub use quote::Found;

use knowledge::{Knowledge, Memory};
use question::Question;
use talk::Small;

/// How often a question is looked up anew because the articles change; during a long import the last time counts.
const ATTEMPTS: u32 = 4;
/// How many characters of a message a summary repeats.
const SUMMARY_CHARS: usize = 300;

/// What the hand does about a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// It answers.
    Answer {
        /// The text, in simple Markdown.
        text: String,
        /// What it rests on.
        sources: Vec<Source>,
    },
    /// It asks for a person.
    HandOff {
        /// Why.
        reason: Reason,
        /// What it is about, for the member who takes it.
        summary: String,
    },
    /// It says something polite.
    Small {
        /// The text.
        text: String,
    },
}

/// The answering agent. Cheap to clone; clones share what they remember of articles.
#[derive(Clone)]
pub struct Hand {
    memory: Arc<Memory>,
    model: Option<Arc<dyn Model>>,
    breaker: Arc<Breaker>,
}

impl Default for Hand {
    fn default() -> Self {
        Self::new(None)
    }
}

impl Hand {
    /// A hand that lets `model` write its answers, or quotes where there is none or it fails.
    pub fn new(model: Option<Arc<dyn Model>>) -> Self {
        Self { memory: Arc::default(), model, breaker: Arc::new(Breaker::new("model")) }
    }

    /// The breaker around the model, where there is one: while it is open, questions are answered by quotes at once.
    pub fn breaker(&self) -> Option<Arc<Breaker>> {
        self.model.as_ref().map(|_| Arc::clone(&self.breaker))
    }

    /// What to do about `question`, which came after the messages in `history`. Writes nothing.
    ///
    /// Errors only where the articles cannot be read.
    pub async fn decide(
        &self,
        desk: &Desk,
        workspace: WorkspaceId,
        question: &str,
        history: &[Message],
    ) -> desk::Result<Decision> {
        self.conclude(desk, workspace, question, history, None).await
    }

    /// The sections that may answer what is `asked`, from what is remembered of the articles.
    async fn seek(&self, desk: &Desk, workspace: WorkspaceId, asked: &str) -> desk::Result<Sought> {
        Ok(Sought::of(asked, self.memory.latest(desk, workspace).await?, self.sections()))
    }

    /// How many sections an answer can be made of.
    fn sections(&self) -> usize {
        if self.model.is_some() { model::SECTIONS } else { quote::SECTIONS }
    }

    /// What to do about `question`; with what was sought for it, and the articles' revision and the passages that
    /// were read then, if they were.
    async fn conclude(
        &self,
        desk: &Desk,
        workspace: WorkspaceId,
        question: &str,
        history: &[Message],
        read: Option<(Sought, i64, Vec<Passage>)>,
    ) -> desk::Result<Decision> {
        if talk::wants_person(question) {
            let summary = summary(question, history);
            return Ok(Decision::HandOff { reason: Reason::AskedForPerson, summary });
        }
        if let Some(small) = talk::small(question) {
            return Ok(Decision::Small { text: polite(small).to_owned() });
        }
        let (mut sought, mut revision, mut passages) = match read {
            Some(read) => read,
            None => {
                let sought = self.seek(desk, workspace, question).await?;
                let (revision, passages) = articles::passages(desk, workspace, sought.ids()).await?;
                (sought, revision, passages)
            }
        };
        for _ in 1..ATTEMPTS {
            if revision == sought.knowledge.revision() {
                break;
            }
            // The articles were changed since: their sections have other ids now.
            let knowledge = self.memory.at(desk, workspace, revision).await?;
            sought = Sought::of(question, knowledge, self.sections());
            (revision, passages) = articles::passages(desk, workspace, sought.ids()).await?;
        }
        let found = sought.found(passages);
        let before = history.iter().rev().find(|message| message.author == Author::Contact);
        let before = before.map(|message| message.text.as_str());
        let asked = Asked { question, before, found: &found, clues: &sought.question.clues };
        let reply = match self.model.as_ref().filter(|_| self.breaker.allows(Instant::now())) {
            None => Passages::reply(&asked),
            Some(model) => match model.reply(&asked).await {
                Ok(reply) => {
                    if self.breaker.succeeded() {
                        tracing::info!("the model answers again");
                    }
                    reply
                }
                Err(error) => {
                    let opened = self.breaker.failed(Instant::now());
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        breaker.opened = opened,
                        "the model gave no answer; quoting instead"
                    );
                    Passages::reply(&asked)
                }
            },
        };
        Ok(match reply {
            Reply::Answer { text, sources } => Decision::Answer { text, sources },
            Reply::NotCovered => {
                Decision::HandOff { reason: Reason::NotCovered, summary: summary(question, history) }
            }
        })
    }
}

/// A question, and the sections that may answer it; their texts are still to be read.
struct Sought {
    knowledge: Arc<Knowledge>,
    question: Question,
    /// The sections' ids, the best first, each with its fit.
    best: Vec<(i64, f64)>,
}

impl Sought {
    fn of(asked: &str, knowledge: Arc<Knowledge>, sections: usize) -> Self {
        let question = question::take_apart(asked, &knowledge);
        let best = knowledge.best(&question, sections);
        Self { knowledge, question, best }
    }

    fn ids(&self) -> Vec<i64> {
        self.best.iter().map(|(id, _)| *id).collect()
    }

    /// The sections with their texts. Those that are gone are left out.
    fn found(&self, passages: Vec<Passage>) -> Vec<Found> {
        let mut passages: HashMap<i64, Passage> =
            passages.into_iter().map(|passage| (passage.id, passage)).collect();
        let best = self.best.iter();
        best.filter_map(|(id, fit)| Some(Found { passage: passages.remove(id)?, fit: *fit })).collect()
    }
}

fn polite(small: Small) -> &'static str {
    match small {
        Small::Greeting => "Hello! What would you like to know?",
        Small::Thanks => "You're welcome! Write here whenever you need something else.",
        Small::Farewell => "Goodbye! Write here whenever you need something.",
        Small::Nature => {
            "I'm Deskhand, a program that looks for answers in the help pages. If you'd rather talk to a person, just say so."
        }
        Small::Nothing => "I couldn't read a question in that. What would you like to know?",
    }
}

/// What the customer wants, for the member who takes over.
fn summary(question: &str, history: &[Message]) -> String {
    let short =
        |text: &str| text::shorten(&text.split_whitespace().collect::<Vec<_>>().join(" "), SUMMARY_CHARS);
    let mut summary = format!("Asked: “{}”", short(question));
    let before = history.iter().rev().filter(|message| message.author == Author::Contact);
    let before: Vec<String> = before.take(2).map(|message| format!("“{}”", short(&message.text))).collect();
    if !before.is_empty() {
        summary.push_str(" Before that: ");
        summary.push_str(&before.into_iter().rev().collect::<Vec<_>>().join(", "));
    }
    summary
}

/// Deals with the message that `delivery` tells of: answers it, or asks for a person.
///
/// Idempotent by the event's id: the ledger's row is written with what is posted. Reading and thinking happen
/// before, in no transaction; the conversation's fence refuses what a person has overtaken. Gives whether the customer
/// was told something.
pub async fn answer(hand: &Hand, desk: &Desk, delivery: &Delivery) -> desk::Result<bool> {
    let Ok(data::Body { snapshot: message, .. }) = delivery.event.read::<data::Body<data::Message>>() else {
        // Not a message: nothing to answer, and asking again would not change that.
        conversations::stay_silent(desk, delivery).await?;
        return Ok(false);
    };
    let workspace = delivery.event.workspace_id;
    // Where a person has the conversation, or a person is wanted, the articles are not asked.
    let is_for_articles = message.state != State::Claimed.as_str()
        && !talk::wants_person(&message.text)
        && talk::small(&message.text).is_none();
    let sought = if is_for_articles { Some(hand.seek(desk, workspace, &message.text).await?) } else { None };
    let ids = sought.as_ref().map(Sought::ids).unwrap_or_default();
    let Some(read) = conversations::for_hand(desk, delivery, ids).await? else {
        conversations::stay_silent(desk, delivery).await?;
        return Ok(false);
    };
    let history: Vec<Message> =
        read.recent.into_iter().filter(|earlier| earlier.sequence < message.sequence).collect();
    let fence = read.conversation.fence;
    let decision = if read.hand_enabled {
        let passages = sought.map(|sought| (sought, read.articles_revision, read.passages));
        hand.conclude(desk, workspace, &message.text, &history, passages).await?
    } else {
        Decision::HandOff { reason: Reason::HandOff, summary: summary(&message.text, &history) }
    };
    match decision {
        Decision::Answer { text, sources } => {
            conversations::answer(desk, delivery, fence, text, sources).await
        }
        Decision::Small { text } => conversations::answer(desk, delivery, fence, text, Vec::new()).await,
        Decision::HandOff { reason, summary } => {
            conversations::offer(desk, delivery, fence, reason, summary).await
        }
    }
}
