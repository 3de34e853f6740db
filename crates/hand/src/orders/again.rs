//! Undo, said aloud.
//!
//! Within a chat it takes back the newest order of that chat that still stands; where the chat has none, the
//! newest thing that the member did. The preview names it.

use desk::UseCase;
use desk::chats::Item;
use desk::undo::Undone;

use super::outcome::{Outcome, Stop, Told};
use super::refusals::small;
use super::{Line, Order};

/// What was taken back, as a sentence.
pub fn undone(undone: &Undone) -> String {
    format!("Undone: {}.", small(undone.text.trim_end_matches('.')))
}

impl Order<'_> {
    pub(super) async fn undo(&self) -> Told {
        self.may(UseCase::Undo)?;
        let last = self.last_in_chat().await?;
        if self.confirm {
            let taken_back = match last.and_then(|item| item.undo) {
                Some(id) => desk::undo::undo(self.desk, &self.caller, id).await?,
                None => desk::undo::undo_latest(self.desk, &self.caller).await?,
            };
            return Ok(Outcome::done(undone(&taken_back), Vec::new(), Vec::new(), None));
        }
        let done = match last {
            Some(item) => item.text,
            None => match desk::undo::latest(self.desk, &self.caller).await? {
                Some(latest) => latest.text,
                None => return Err(Stop::failed("There is nothing left to undo.")),
            },
        };
        let value = done.trim_end_matches('.').to_owned();
        let text = format!("Takes this back: {}.", small(&value));
        Ok(Outcome::preview(text, vec![Line { label: "Take back", value }], Vec::new()))
    }

    /// The newest order of this chat that can be taken back and was not.
    async fn last_in_chat(&self) -> desk::Result<Option<Item>> {
        let Some(chat) = self.chat else { return Ok(None) };
        match desk::chats::get(self.desk, &self.caller, chat).await {
            Ok(items) => Ok(items.into_iter().rev().find(|item| item.undo.is_some() && !item.undone)),
            Err(desk::Error::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
