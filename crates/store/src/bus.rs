//! The bus's tables: the log of each partition, who reads it how far, what was handled, and what could not be.
//!
//! Everything here but [`take`] and [`take_all`] needs the system's scope. Leases are counted
//! on the database's clock.

pub mod dead;
mod delivery;
mod leases;
mod ledger;
mod log;
mod outgoing;
mod relay;
mod remap;

pub use delivery::{Delivery, Stretch};
pub use leases::{
    Lease, Owned, commit, forget_members, join, leave, live_members, next_expiry, owners, release, renew,
    take_free, take_over_all,
};
pub use ledger::{Claim, prune_ledger, take, take_all};
pub(crate) use ledger::{Taken, hold, take_together};
pub use log::{
    Lag, Logged, Outstanding, Unread, end, ensure, lag, oldest_from, outbox_backlog, prune_log, read,
    read_of, traces, unread,
};
pub use outgoing::{Outgoing, anybody_at_work, claim, ends_in_database, let_go, resettle, sent, settle};
pub use relay::{ByPlace, Moved, relay, relay_telling};
pub use remap::{Unhandled, partitions, places, remap};
