//! What the server does, as its clients notice it: over a real connection, on both databases.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a test fails loudly, and what it spawns ends with it"
)]

mod bad_input;
mod contract;
mod dead_letters;
mod document;
mod foreign;
mod front;
mod live;
mod people;
mod say;
mod sessions;
mod site;
mod socket;
mod texts;
mod webhooks;
mod widget;
