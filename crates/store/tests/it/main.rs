//! The store's contract, run on both databases.

mod bus;
mod events;
mod reminders;
