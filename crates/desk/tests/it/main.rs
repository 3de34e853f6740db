//! The use cases on real databases: who may do what, and what comes of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a test fails loudly")]

mod articles;
mod authority;
mod conversations;
mod people;
mod stage;
mod tasks;
mod undo;
