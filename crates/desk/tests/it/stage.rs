//! A desk with a workspace and people, for tests.

use std::sync::Arc;

use desk::workspaces::Setup;
use desk::{Delivery, Desk};
use domain::ids::{ContactId, MemberId, WorkspaceId};
use domain::{Actor, Caller, Clock, Envelope, EventType, Ids, Role, SystemClock, SystemIds, Via};
use testkit::Database;

/// A desk and its people.
pub(crate) struct Stage {
    pub(crate) desk: Desk,
    pub(crate) workspace: WorkspaceId,
    pub(crate) owner: Caller,
    pub(crate) _database: Database,
}

impl Stage {
    pub(crate) async fn set(database: Database) -> Self {
        Self::at(database, Arc::new(SystemClock)).await
    }

    /// A desk whose time is `clock`'s.
    pub(crate) async fn at(database: Database, clock: Arc<dyn Clock>) -> Self {
        let desk = Desk::new(database.store.clone(), clock, Arc::new(SystemIds));
        let setup = Setup {
            workspace: "Northwind".to_owned(),
            name: "Olga Owner".to_owned(),
            email: "olga@example.com".to_owned(),
            password: "correct horse".to_owned(),
            zone: "Europe/Berlin".to_owned(),
        };
        let owner = desk::workspaces::create(&desk, setup).await.unwrap();
        let workspace = owner.workspace;
        let owner = caller(workspace, owner.id, "Olga Owner", Role::Owner);
        Self { desk, workspace, owner, _database: database }
    }

    /// A second member with that role.
    pub(crate) async fn member(&self, name: &str, role: Role) -> Caller {
        let email = format!("{}@example.com", name.to_lowercase().replace(' ', "."));
        let member =
            desk::members::add(&self.desk, self.workspace, name, &email, role, "correct horse".to_owned());
        caller(self.workspace, member.await.unwrap().id, name, role)
    }

    /// Everything in the outbox, oldest first, as deliveries to `group`, and empties it.
    pub(crate) async fn deliveries(&self, group: &'static str, kind: EventType) -> Vec<Delivery> {
        let moved: Result<Vec<Envelope>, store::Error> = self
            .desk
            .store()
            .write(store::Scope::System, group, |tx, group| {
                Box::pin(async move {
                    store::bus::ensure(tx, &[(*group, &domain::Topic::ALL)]).await?;
                    store::bus::relay(tx, 10_000).await?;
                    let mut events = Vec::new();
                    for (topic, partition) in domain::Topic::all_partitions() {
                        for logged in store::bus::read(tx, topic, partition, 0, 10_000).await? {
                            events.push(serde_json::from_str(&logged.envelope).expect("an envelope"));
                        }
                    }
                    Ok(events)
                })
            })
            .await;
        moved
            .unwrap()
            .into_iter()
            .filter(|event| event.kind == kind)
            .map(|event| Delivery {
                group,
                topic: event.kind.topic(),
                partition: event.partition(),
                fence: 0,
                event: event.into(),
                position: 0,
                stretch: None,
                flush: None,
                span: tracing::Span::none(),
            })
            .collect()
    }
}

/// A member as a caller at the page.
pub(crate) fn caller(workspace: WorkspaceId, id: MemberId, name: &str, role: Role) -> Caller {
    Caller {
        workspace,
        actor: Actor::Member { id, name: name.to_owned(), role },
        via: Via::Page,
        address: None,
        correlation_id: SystemIds.next(),
        idempotency: None,
    }
}

/// A contact as a caller.
pub(crate) fn visitor(workspace: WorkspaceId) -> Caller {
    let actor = Actor::Contact { id: ContactId(SystemIds.next()), name: "Dana".to_owned() };
    Caller { actor, via: Via::Widget, ..Caller::system(workspace, Via::Widget, SystemIds.next()) }
}
