//! Names, labels and annotations of objects.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};

use super::why::Why;
use crate::fleet::{Fleet, Names};
use crate::program;

/// What everything of a fleet is part of.
const PART_OF: &str = "app.kubernetes.io/part-of";

impl Fleet {
    /// The labels of a part's objects.
    pub(super) fn labels(&self, part: &str) -> BTreeMap<String, String> {
        let mut labels = self.common_labels.clone();
        labels.extend(self.names.selector(part));
        let version = if self.image.version.is_empty() { program::VERSION } else { &self.image.version };
        labels.extend([
            ("app.kubernetes.io/version".to_owned(), version.to_owned()),
            (PART_OF.to_owned(), program::NAME.to_owned()),
            ("app.kubernetes.io/managed-by".to_owned(), program::NAME.to_owned()),
            ("deskhand.dev/environment".to_owned(), self.environment.as_str().to_owned()),
        ]);
        labels
    }

    /// The metadata of the object `name` of a part, in a namespace.
    pub(super) fn meta(&self, part: &str, name: String, namespace: &str) -> ObjectMeta {
        ObjectMeta {
            name: Some(name),
            namespace: Some(namespace.to_owned()),
            labels: Some(self.labels(part)),
            ..ObjectMeta::default()
        }
    }

    /// The labels of a part's pods: those by which they are found, and those that a person wants.
    pub(super) fn pod_labels(&self, part: &str, more: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut labels = self.common_labels.clone();
        labels.extend(more.clone());
        labels.extend(self.names.selector(part));
        labels.insert(PART_OF.to_owned(), program::NAME.to_owned());
        labels
    }
}

/// Finds a part's pods.
pub(super) fn selector(names: &Names, part: &str) -> LabelSelector {
    LabelSelector { match_labels: Some(names.selector(part)), match_expressions: None }
}

/// Puts annotations on an object, where there are any.
pub(super) fn annotate(meta: &mut ObjectMeta, annotations: &BTreeMap<String, String>) {
    if !annotations.is_empty() {
        meta.annotations.get_or_insert_default().extend(annotations.clone());
    }
}

/// Lets Helm leave an object where it is when the fleet is removed.
pub(super) fn keep(meta: &mut ObjectMeta) {
    let kept = ("helm.sh/resource-policy".to_owned(), "keep".to_owned());
    meta.annotations.get_or_insert_default().extend([kept]);
}

/// Says on an object why it is as it is.
pub(super) fn say_why(meta: &mut ObjectMeta, reasons: &[Why]) {
    let annotations = meta.annotations.get_or_insert_default();
    annotations.extend(reasons.iter().map(|why| (why.key(), why.text().to_owned())));
}
