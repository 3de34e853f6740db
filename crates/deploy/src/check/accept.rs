//! Findings that somebody has accepted: an annotation `deskhand.dev/accept.ID: reason` on the object.
//!
//! It must not accept anything without a reason.

use crate::manifests::Object;

/// What the annotations begin with; the rule's id follows.
const PREFIX: &str = "deskhand.dev/accept.";

/// Why `object` accepts what the rule `id` finds in it, where it does.
pub(super) fn reason(object: &Object, id: &str) -> Option<String> {
    let reason = object.annotations()?.get(&format!("{PREFIX}{id}"))?.as_str()?.trim();
    (!reason.is_empty()).then(|| reason.to_owned())
}
