//! The hand over a real desk, on both databases.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a test fails loudly")]

mod answering;
mod model;
mod orders;
mod questions;
mod setting;
