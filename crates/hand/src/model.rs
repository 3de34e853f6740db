//! Who answers: one interface for the built-in answerer and for language models.
//!
//! Whatever a model gives has been checked against the sections before it leaves here; see [`check`].

mod check;
mod openai;

use desk::articles::Passage;
use domain::conversation::Source;
use futures_util::future::BoxFuture;

use crate::case;
use crate::question::Clue;
use crate::quote::{self, Found};
use crate::score::{ENOUGH, ENOUGH_FOR_A_CASE};

pub use openai::{OpenAi, OpenAiOptions};

/// The most sections that a model is shown.
pub(crate) const SECTIONS: usize = 6;

/// What a model is asked.
pub struct Asked<'a> {
    /// The customer's question.
    pub question: &'a str,
    /// What the customer wrote just before, where that was another message.
    pub before: Option<&'a str>,
    /// The sections that may answer it, the best first.
    pub found: &'a [Found],
    pub(crate) clues: &'a [Clue],
}

/// What a model says.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// An answer that rests on its sources.
    Answer {
        /// The text, in simple Markdown.
        text: String,
        /// What it rests on.
        sources: Vec<Source>,
    },
    /// The sections do not answer the question.
    NotCovered,
}

/// Why a model gave no reply that could be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// It could not be reached, or took too long.
    #[error("the model cannot be reached: {0}")]
    Unreachable(String),
    /// It answered with an error, or with what cannot be read.
    #[error("the model's response cannot be used: {0}")]
    Unusable(String),
    /// What it said is not in the sections.
    #[error("the model's answer is not covered by the articles")]
    Invented,
}

/// Something that answers questions from sections of articles.
pub trait Model: Send + Sync {
    /// The reply to what is asked. It says nothing that is not in the sections.
    fn reply<'a>(&'a self, asked: &'a Asked<'a>) -> BoxFuture<'a, Result<Reply, ModelError>>;
}

/// The built-in answerer: quotes the best sections where they cover the question.
#[derive(Debug, Clone, Copy, Default)]
pub struct Passages;

impl Passages {
    pub(crate) fn reply(asked: &Asked<'_>) -> Reply {
        let enough = if case::is_own_case(asked.question) { ENOUGH_FOR_A_CASE } else { ENOUGH };
        if asked.found.first().is_none_or(|best| best.fit < enough) {
            return Reply::NotCovered;
        }
        let (text, sources) = quote::answer(asked.found, asked.clues);
        Reply::Answer { text, sources }
    }
}

impl Model for Passages {
    fn reply<'a>(&'a self, asked: &'a Asked<'a>) -> BoxFuture<'a, Result<Reply, ModelError>> {
        Box::pin(async move { Ok(Self::reply(asked)) })
    }
}

/// A section's words as a model and the check see them: its heading and its text.
pub(crate) fn whole_text(passage: &Passage) -> String {
    format!("{}\n{}\n{}", passage.title, passage.heading.as_deref().unwrap_or_default(), passage.body)
}
