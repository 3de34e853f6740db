//! What a fleet's things are called and labelled. The chart has the same names; nothing is named elsewhere.

use std::collections::BTreeMap;

use crate::program;

/// Names and labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// What names of objects begin with.
    pub base: String,
    /// The release: which fleet of several in a cluster.
    pub instance: String,
    /// The namespace of everything that has none of its own.
    pub namespace: String,
}

impl Names {
    /// The name of a part's objects: `deskhand-api`.
    pub fn of(&self, part: &str) -> String {
        format!("{}-{part}", self.base)
    }

    /// The address of a Service from every namespace.
    pub fn host(&self, part: &str, namespace: &str) -> String {
        format!("{}.{namespace}.svc", self.of(part))
    }

    /// By which a part's pods are found. These never change: a Deployment cannot change its selector.
    pub fn selector(&self, part: &str) -> BTreeMap<String, String> {
        BTreeMap::from([
            ("app.kubernetes.io/name".to_owned(), program::NAME.to_owned()),
            ("app.kubernetes.io/instance".to_owned(), self.instance.clone()),
            ("app.kubernetes.io/component".to_owned(), part.to_owned()),
        ])
    }

    /// By which all pods of the fleet are found.
    pub fn selector_of_all(&self) -> BTreeMap<String, String> {
        let mut labels = self.selector("");
        labels.remove("app.kubernetes.io/component");
        labels
    }
}

/// Whether it is a DNS label: small letters, digits and hyphens, at most 63, which hyphens neither begin nor end.
pub(crate) fn is_label(text: &str) -> bool {
    let inner = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Whether it is a name with dots between DNS labels, at most 253.
pub(crate) fn is_dns_name(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_label)
}

/// Whether it can be the value of a label.
pub(crate) fn is_label_value(text: &str) -> bool {
    let inner = |letter: u8| letter.is_ascii_alphanumeric() || b"-_.".contains(&letter);
    let ends = |letter: Option<u8>| letter.is_none_or(|letter| letter.is_ascii_alphanumeric());
    text.len() <= 63 && text.bytes().all(inner) && ends(text.bytes().next()) && ends(text.bytes().last())
}

/// Whether it can be the key of a label or an annotation.
pub(crate) fn is_label_key(text: &str) -> bool {
    let (prefix, name) = text.rsplit_once('/').map_or((None, text), |(prefix, name)| (Some(prefix), name));
    prefix.is_none_or(is_dns_name) && !name.is_empty() && is_label_value(name)
}
