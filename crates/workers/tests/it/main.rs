//! The workers on real databases: what they make of events and of time.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a test fails loudly")]

mod audit;
mod burst;
mod mail;
mod notify;
mod plans;
mod recurring;
mod stage;
mod webhooks;
