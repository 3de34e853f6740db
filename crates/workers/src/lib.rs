//! What reacts to events and to time: one module a group, and the clock.
