//! The store's contract, run on both databases.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a test fails loudly")]

mod bus;
mod dead;
mod events;
mod flush;
mod isolation;
mod relay;
mod reminders;
mod search;
mod writes;
