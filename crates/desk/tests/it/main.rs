//! The use cases on real databases: who may do what, and what comes of it.

mod articles;
mod authority;
mod conversations;
mod people;
mod stage;
mod tasks;
