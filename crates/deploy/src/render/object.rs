//! A manifest, as everything that makes or reads one has it.

use serde::Serialize;
use serde_json::Value;

/// The order in which kinds come: what others need first. What is not named comes after all of them.
const ORDER: &[&str] = &[
    "Namespace",
    "ServiceAccount",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "Secret",
    "ConfigMap",
    "PersistentVolumeClaim",
    "NetworkPolicy",
    "Service",
    "PodDisruptionBudget",
    "Cluster",
    "Kafka",
    "KafkaNodePool",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "CronJob",
    "Deployment",
];

/// One manifest.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    value: Value,
}

impl Object {
    /// Of one of Kubernetes' types, or one of ours that is written as one.
    pub(crate) fn new(of: &impl Serialize) -> Result<Self, serde_json::Error> {
        Ok(Self { value: serde_json::to_value(of)? })
    }

    /// All of it.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// What it is.
    pub fn kind(&self) -> &str {
        self.value.get("kind").and_then(Value::as_str).unwrap_or_default()
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.metadata("name")
    }

    /// Its namespace; empty where it is in none.
    pub fn namespace(&self) -> &str {
        self.metadata("namespace")
    }

    fn metadata(&self, field: &str) -> &str {
        self.value.pointer(&format!("/metadata/{field}")).and_then(Value::as_str).unwrap_or_default()
    }

    /// Its place among the others.
    pub(crate) fn place(&self) -> (usize, String, String, String) {
        let at = ORDER.iter().position(|kind| *kind == self.kind()).unwrap_or(ORDER.len());
        (at, self.kind().to_owned(), self.name().to_owned(), self.namespace().to_owned())
    }
}
