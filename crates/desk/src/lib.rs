//! The use cases: the only way in which anything changes.
//!
//! A use case takes the caller first, asks [`authority`] whether the caller may, opens one transaction, and
//! changes rows and appends events in it. No HTTP, no SQL: who calls and how rows are kept is not known here.

pub mod articles;
pub mod audit;
pub mod authority;
pub mod channels;
pub mod chats;
pub mod contacts;
pub mod conversations;
pub mod dead_letters;
mod error;
mod job;
pub mod members;
pub mod notifications;
pub mod projects;
pub mod reminders;
pub mod search;
mod secrets;
pub mod sessions;
pub mod tasks;
pub mod tickets;
pub mod undo;
mod vault;
pub mod visitors;
pub mod webhooks;
pub mod workspaces;

use std::sync::Arc;

use domain::{Clock, Ids};
use ipnet::IpNet;
use store::Store;

pub use authority::UseCase;
pub use error::{Check, Error, FieldError, Result};
pub use job::Done;
pub use store::bus::Delivery;
pub use store::{Cursor, Page};

/// What every use case needs. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    store: Store,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    passwords: secrets::Passwords,
    webhooks: Arc<webhooks::Shared>,
}

impl Desk {
    /// A desk over `store`.
    pub fn new(store: Store, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Self {
        Self { store, clock, ids, passwords: secrets::Passwords::default(), webhooks: Arc::default() }
    }

    /// The same, that can make webhooks and deliver to them: with the installation's key, which seals their secrets,
    /// and the networks beyond the public internet that they may lead to.
    #[must_use]
    pub fn with_webhooks(self, key: &[u8], allowed: Vec<IpNet>) -> Self {
        Self { webhooks: Arc::new(webhooks::Shared::new(key, allowed)), ..self }
    }

    /// The database; for those who wait for its wakes or close it, not for changing it.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The clock.
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Where new ids come from.
    pub fn ids(&self) -> &Arc<dyn Ids> {
        &self.ids
    }

    /// A new id.
    pub fn new_id(&self) -> uuid::Uuid {
        self.ids.next()
    }
}

/// Which part of a list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paging {
    /// How many rows, 1 to 200.
    pub limit: i64,
    /// Where the page begins.
    pub cursor: Option<Cursor>,
}

impl Default for Paging {
    fn default() -> Self {
        Self { limit: 50, cursor: None }
    }
}
