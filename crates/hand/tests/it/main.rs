//! The hand over a real desk, on both databases.

mod answering;
mod model;
mod orders;
mod questions;
mod setting;
