//! What holds for the whole source, and no compiler checks: who may use whom, and habits.
//!
//! It reads files and the workspace's metadata. It starts no database and builds nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that fails is to fail loudly")]

mod arrows;
mod documents;
mod source;
mod tidy;
