//! The chart in `charts/deskhand` against the model.

mod compare;
mod generated;
mod helm;
mod random;
mod refusals;
mod validators;
