//! Members' chats with the desk in plain words, kept so that any process can go on with them.

use domain::Caller;
use domain::ids::ChatId;

use crate::error::{Error, Result};
use crate::{Desk, UseCase};

pub use store::chats::Item;

/// How many of the newest orders of a chat are shown.
const SHOWN: i64 = 200;

/// Adds an order and its outcome to the caller's chat, which begins with the first.
pub async fn add(desk: &Desk, caller: &Caller, chat: ChatId, item: Item) -> Result<()> {
    desk.write(caller, UseCase::Say, (chat, item), |tx, job| {
        Box::pin(async move {
            let (chat, item) = &job.input;
            let member = job.caller.member().ok_or(Error::Forbidden { role: None })?;
            store::chats::begin(tx, *chat, member).await?;
            if store::chats::owner(tx, *chat).await? != Some(member) {
                return Err(Error::NotFound("chat"));
            }
            store::chats::insert(tx, *chat, item).await?;
            Ok(())
        })
    })
    .await
}

/// The newest orders of the caller's chat, oldest first.
pub async fn get(desk: &Desk, caller: &Caller, chat: ChatId) -> Result<Vec<Item>> {
    desk.read(caller, UseCase::Say, (chat, caller.member()), |tx, (chat, member)| {
        Box::pin(async move {
            match store::chats::owner(tx, *chat).await? {
                Some(owner) if Some(owner) == *member => Ok(store::chats::items(tx, *chat, SHOWN).await?),
                _ => Err(Error::NotFound("chat")),
            }
        })
    })
    .await
}
