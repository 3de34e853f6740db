//! Orders in plain words, end to end on a real desk: what is shown is what is done, and can be taken back.

#![allow(clippy::unwrap_used, reason = "a test fails loudly")]

mod lists;
mod refused;
mod stage;
mod verbs;
