//! The whole system: real processes of the program on real databases, spoken to as people's programs do.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a test fails loudly, says what it does, and asks the machine for the time"
)]

mod api;
mod backup;
mod chaos;
mod degraded;
mod drain;
mod front;
mod live;
mod metrics;
mod program;
mod shapes;
mod starts;
mod tail;
mod topics;
mod traces;
