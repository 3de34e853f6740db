//! The store's contract, run on both databases.

mod reminders;
