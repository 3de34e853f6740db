//! The workers on real databases: what they make of events and of time.

mod audit;
mod burst;
mod mail;
mod notify;
mod recurring;
mod stage;
