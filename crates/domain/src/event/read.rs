//! Taking events apart that may have come from anywhere: what cannot be handled is told apart by what is wrong.

use serde_json::Value;

use super::{Envelope, EventType, major};

/// Why bytes are no event that this version can handle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// They are not JSON.
    #[error("it is not JSON: {0}")]
    NotJson(String),
    /// They are JSON, but not an envelope.
    #[error("it is not an event: {0}")]
    NotAnEvent(String),
    /// The event's type is not known here.
    #[error("its type “{0}” is not one that this version knows")]
    UnknownType(String),
    /// The shape of its data is not known here.
    #[error("its data are of version {found}, and this version knows `{kind}` up to {known}")]
    UnknownVersion {
        /// The event's type.
        kind: &'static str,
        /// The version that it names.
        found: String,
        /// The newest major that is known.
        known: u32,
    },
}

/// How much of what was found is repeated.
const SHOWN: usize = 80;

pub(super) fn parse(bytes: &[u8]) -> Result<Envelope, Unreadable> {
    let event: Envelope = serde_json::from_slice(bytes).map_err(|error| explain(bytes, &error))?;
    let known = event.kind.major();
    match major(&event.schema_version) {
        Some(found) if (1..=known).contains(&found) => Ok(event),
        _ => Err(Unreadable::UnknownVersion {
            kind: event.kind.as_str(),
            found: crate::text::shorten(&event.schema_version, SHOWN),
            known,
        }),
    }
}

/// What is wrong with `bytes`, which gave `error` when they were read as an event.
fn explain(bytes: &[u8], error: &serde_json::Error) -> Unreadable {
    let value: Value = match serde_json::from_slice(bytes) {
        Ok(value) => value,
        Err(error) => return Unreadable::NotJson(error.to_string()),
    };
    match value.get("type").and_then(Value::as_str) {
        Some(kind) if EventType::parse(kind).is_none() => {
            Unreadable::UnknownType(crate::text::shorten(kind, SHOWN))
        }
        _ => Unreadable::NotAnEvent(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn envelope() -> Value {
        json!({
            "id": "01946f3e-7a00-7000-8000-000000000001",
            "type": "task.created",
            "schema_version": "1.0",
            "workspace_id": "01946f3e-7a00-7000-8000-000000000002",
            "subject_id": "01946f3e-7a00-7000-8000-000000000003",
            "sequence": 1,
            "occurred_at": "2026-01-05T09:00:00Z",
            "correlation_id": "01946f3e-7a00-7000-8000-000000000004",
            "actor": {"kind": "system", "id": null, "name": "Deskhand", "via": "workers", "address": null},
            "data": {"title": "Call Dana", "a_later_version": {"adds": "this"}},
        })
    }

    fn read(change: impl FnOnce(&mut Value)) -> Result<Envelope, Unreadable> {
        let mut event = envelope();
        change(&mut event);
        parse(event.to_string().as_bytes())
    }

    #[test]
    fn fields_that_a_later_minor_adds_are_kept_in_the_data_and_no_mistake_elsewhere() {
        let event = read(|event| {
            event["schema_version"] = json!("1.7");
            event["trace"] = json!("new");
        });
        assert_eq!(event.unwrap().data["a_later_version"]["adds"], "this");
    }

    #[test]
    fn a_trace_is_read_where_there_is_one_and_a_malformed_one_spoils_nothing() {
        let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let traced = read(|event| event["traceparent"] = json!(traceparent)).unwrap();
        assert_eq!(traced.traceparent, traceparent.parse().ok());
        let written = serde_json::to_value(&traced).unwrap();
        assert_eq!(written["traceparent"], traceparent);

        let untraced = read(|_| {}).unwrap();
        assert_eq!(untraced.traceparent, None);
        assert_eq!(serde_json::to_value(&untraced).unwrap().get("traceparent"), None);
        for bad in [json!(7), json!(null), json!(""), json!({"trace": 1}), json!("00-00-00-00")] {
            assert_eq!(read(|event| event["traceparent"] = bad.clone()).unwrap().traceparent, None, "{bad}");
        }
    }

    #[test]
    fn what_cannot_be_handled_is_told_apart() {
        assert!(matches!(parse(b"hello"), Err(Unreadable::NotJson(_))));
        assert!(matches!(parse(b"\xff\xfe"), Err(Unreadable::NotJson(_))));
        assert!(matches!(parse(b""), Err(Unreadable::NotJson(_))));
        assert!(matches!(parse(b"[1]"), Err(Unreadable::NotAnEvent(_))));
        assert!(matches!(read(|event| event["id"] = json!(7)), Err(Unreadable::NotAnEvent(_))));
        let unknown = read(|event| event["type"] = json!("task.teleported"));
        assert_eq!(unknown, Err(Unreadable::UnknownType("task.teleported".to_owned())));
        for bad in ["2.0", "0.9", "1", "", "one.two", "-1.0"] {
            let found = read(|event| event["schema_version"] = json!(bad));
            assert!(matches!(found, Err(Unreadable::UnknownVersion { known: 1, .. })), "{bad}: {found:?}");
        }
    }
}
