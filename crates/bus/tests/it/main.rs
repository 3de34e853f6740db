//! The bus on its real databases: relays, groups and the live feed, running.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test fails loudly"
)]

mod broker;
mod groups;
mod keys;
mod letters;
mod live;
mod secured;
mod stage;
mod stretches;
mod topics;
