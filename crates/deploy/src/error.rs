//! Why there is no fleet.

use std::fmt;

use crate::values::Problem;

/// Why there is no fleet, or no output of it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no profile of that name.
    #[error("there is no profile {name}{hint}")]
    Profile {
        /// What was asked for.
        name: String,
        /// What may have been meant, or what there is.
        hint: String,
    },
    /// Settings that cannot be used, all of them at once.
    #[error("the settings of the fleet cannot be used:{}", Lines(.0))]
    Values(Vec<Problem>),
    /// There is nothing of that name to explain.
    #[error("{0}")]
    Explain(String),
    /// The manifests cannot be written as YAML, which they always can.
    #[error("cannot write YAML")]
    Yaml(#[from] serde_saphyr::ser::Error),
    /// The manifests cannot be made, which they always can.
    #[error("cannot make the manifests")]
    Json(#[from] serde_json::Error),
    /// The folder cannot be written.
    #[error("cannot write {path}")]
    Write {
        /// What of it.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The folder cannot be written as it is.
    #[error("{0}")]
    Folder(String),
}

impl Error {
    pub(crate) fn one(problem: Problem) -> Self {
        Self::Values(vec![problem])
    }
}

/// A line for each problem.
struct Lines<'a>(&'a [Problem]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}
