//! The fleet: what it takes to run Deskhand on Kubernetes, worked out without a cluster.
//!
//! Today this is [`simulate`], how a fleet scales under a load. Nothing here speaks to a cluster, reads a file or
//! knows what time it is.

pub mod simulate;
