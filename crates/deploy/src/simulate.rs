//! How a fleet scales under a load, by the arithmetic of the controllers themselves.
//!
//! [`hpa`] is Kubernetes' own autoscaler and [`keda`] what stands before it where replicas follow a queue.
//! Everything is a function of what it is given: no clock, no randomness without a seed, no file.

pub mod hpa;
pub mod keda;
