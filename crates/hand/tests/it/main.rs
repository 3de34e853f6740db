//! The hand over a real desk, on both databases.

mod questions;
mod setting;
