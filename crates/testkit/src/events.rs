//! Events to send, as if a use case had appended them.

use domain::ids::{EventId, WorkspaceId};
use domain::{ActorRef, Clock as _, Envelope, EventType, SystemClock, Via};
use store::{Error, Scope, Store};
use uuid::Uuid;

/// An event of `kind` about `subject`, of now, with no data.
pub fn event(workspace: WorkspaceId, kind: EventType, subject: Uuid, sequence: i64) -> Envelope {
    Envelope {
        id: EventId(Uuid::now_v7()),
        kind,
        schema_version: kind.schema_version().to_owned(),
        workspace_id: workspace,
        subject_id: subject,
        sequence,
        occurred_at: SystemClock.now(),
        correlation_id: Uuid::now_v7(),
        traceparent: None,
        actor: ActorRef {
            kind: "system".to_owned(),
            id: None,
            name: "System".to_owned(),
            via: Via::Workers,
            address: None,
        },
        data: serde_json::json!({}),
    }
}

/// Appends `events`, which are all of one workspace, to the outbox in one transaction.
pub async fn append(store: &Store, events: Vec<Envelope>) {
    let scope = events.first().map_or(Scope::System, |event| Scope::Workspace(event.workspace_id));
    let appended: Result<(), Error> = store
        .write(scope, events, |tx, events| {
            Box::pin(async move { events.iter().try_for_each(|event| store::outbox::append(tx, event)) })
        })
        .await;
    appended.expect("events are appended");
}
