//! Webhooks over real connections: what arrives, and where nothing ever does.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails loudly")]

mod webhooks;
