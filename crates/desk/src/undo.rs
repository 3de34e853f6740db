//! Undo: what a person did a moment ago is taken back, if nobody has built on it since.

use serde::{Deserialize, Serialize};

/// What takes something back.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Operation {}
