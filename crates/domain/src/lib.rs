//! Deskhand's types and rules: tasks, tickets, conversations, recurrences, reminders, events, hand-off.
//!
//! Nothing here reads a file, a socket or a database; time and ids come in as arguments or through
//! [`clock::Clock`] and [`ids::Ids`].

pub mod breaker;
pub mod caller;
pub mod clock;
pub mod conversation;
pub mod event;
pub mod ids;
pub mod network;
pub mod partition;
pub mod recurrence;
pub mod task;
pub mod text;
pub mod trace;
pub mod webhook;

pub use breaker::{Breaker, BreakerState};
pub use caller::{Actor, ActorRef, Caller, IdempotencyKey, Role, Via};
pub use clock::{Clock, SystemClock};
pub use event::{Envelope, EventType, Topic};
pub use ids::{Ids, SystemIds};
pub use trace::TraceParent;
