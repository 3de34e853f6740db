//! The domain's tests, one binary.

mod recurrence;
