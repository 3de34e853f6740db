//! The answering agent and orders in plain words.
