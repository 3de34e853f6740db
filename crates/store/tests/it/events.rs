//! Events to send, and the system's transactions in one line.

use domain::ids::{EventId, WorkspaceId};
use domain::{ActorRef, Envelope, EventType, Via};
use store::{Error, Scope, Store};
use uuid::Uuid;

/// An event of `kind` about `subject`.
pub(crate) fn event(workspace: WorkspaceId, kind: EventType, subject: Uuid, sequence: i64) -> Envelope {
    Envelope {
        id: EventId(Uuid::now_v7()),
        kind,
        schema_version: kind.schema_version().to_owned(),
        workspace_id: workspace,
        subject_id: subject,
        sequence,
        occurred_at: domain::Clock::now(&domain::SystemClock),
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

/// Appends `events` to the outbox in one transaction of their workspace.
pub(crate) async fn append(store: &Store, events: Vec<Envelope>) {
    let scope = events.first().map_or(Scope::System, |event| Scope::Workspace(event.workspace_id));
    let appended: Result<(), Error> = store
        .write(scope, events, |tx, events| {
            Box::pin(async move {
                for event in events {
                    store::outbox::append(tx, event)?;
                }
                Ok(())
            })
        })
        .await;
    appended.unwrap();
}

/// Runs one call on the transaction of the whole system and gives its result.
macro_rules! system {
    ($store:expr, $input:expr, |$tx:ident, $name:pat_param| $call:expr) => {{
        let result: Result<_, store::Error> = $store
            .write(store::Scope::System, $input, |$tx, $name| Box::pin(async move { $call.await }))
            .await;
        result.unwrap()
    }};
}

pub(crate) use system;
