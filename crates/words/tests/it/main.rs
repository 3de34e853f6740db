//! The reader of plain words, one binary: examples, and texts that nobody meant.

#![allow(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

mod anything;
mod cases;
mod commands;
