//! What comes in from outside and goes out to it, apart from HTTP. Today, outwards: mail and webhooks.
//!
//! A channel carries; what is said and to whom is decided elsewhere.

pub mod mail;
pub mod webhooks;
