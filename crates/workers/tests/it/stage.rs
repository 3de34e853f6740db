//! What the tests share: a desk with a workspace, its members, and a process that runs the workers.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bus::{Bus, Handler};
use channels::webhooks::{Sender, SystemNames};
use desk::notifications::Notification;
use desk::workspaces::Setup;
use desk::{Desk, Paging};
use domain::ids::MemberId;
use domain::{Actor, Caller, Role, SystemClock, SystemIds, Via};
use store::Store;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use workers::{Group, MailSettings, Workers, WorkersOptions};

pub(crate) struct Stage {
    pub(crate) desk: Desk,
    pub(crate) owner: Caller,
}

impl Stage {
    /// A workspace with its owner, Alex.
    pub(crate) async fn new(store: &Store) -> Self {
        let desk = desk(store);
        let owner = workspace(&desk, "Acme", "Alex").await;
        Self { desk, owner }
    }

    /// Another workspace on the same desk; gives its owner, Gwen.
    pub(crate) async fn other_workspace(&self) -> Caller {
        workspace(&self.desk, "Globex", "Gwen").await
    }

    /// Another member who has joined.
    pub(crate) async fn member(&self, name: &str, role: Role) -> Caller {
        let email = format!("{}@example.org", name.to_lowercase());
        let (_, token) = desk::members::invite(&self.desk, &self.owner, name, &email, role).await.unwrap();
        let password = "correct horse".to_owned();
        let member = desk::members::join(&self.desk, &token, name, "UTC", password).await.unwrap();
        caller(&member)
    }

    /// What `caller` was told, newest first.
    pub(crate) async fn told(&self, caller: &Caller) -> Vec<Notification> {
        desk::notifications::list(&self.desk, caller, false, Paging::default()).await.unwrap().0.items
    }

    /// Waits until `caller` was told as much.
    pub(crate) async fn until_told(&self, caller: &Caller, count: usize) -> Vec<Notification> {
        until("the member is told", async || self.told(caller).await.len() >= count).await;
        let told = self.told(caller).await;
        assert_eq!(told.len(), count, "{told:?}");
        told
    }
}

async fn workspace(desk: &Desk, workspace: &str, name: &str) -> Caller {
    let setup = Setup {
        workspace: workspace.to_owned(),
        name: name.to_owned(),
        email: format!("{}@example.org", name.to_lowercase()),
        password: "correct horse".to_owned(),
        zone: "UTC".to_owned(),
    };
    caller(&desk::workspaces::create(desk, setup).await.unwrap())
}

fn caller(member: &desk::members::Member) -> Caller {
    Caller {
        workspace: member.workspace,
        actor: Actor::Member { id: member.id, name: member.name.clone(), role: member.role },
        via: Via::Page,
        address: Some(std::net::Ipv4Addr::LOCALHOST.into()),
        correlation_id: Uuid::now_v7(),
        idempotency: None,
    }
}

pub(crate) fn id(caller: &Caller) -> MemberId {
    caller.member().unwrap()
}

/// Sends webhooks to this machine.
fn sender() -> Sender {
    Sender::new(vec!["127.0.0.0/8".parse().unwrap()], Arc::new(SystemNames::default()))
}

/// A desk over `store`, as each process of an installation has one.
pub(crate) fn desk(store: &Store) -> Desk {
    Desk::new(store.clone(), Arc::new(SystemClock), Arc::new(SystemIds))
        .with_webhooks(&[7; 32], vec!["127.0.0.0/8".parse().unwrap()])
}

/// Waits until `done`, at most 20 seconds.
pub(crate) async fn until(what: &str, done: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !done().await {
        assert!(Instant::now() < deadline, "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A process that does everything in the background.
pub(crate) struct Process {
    shutdown: CancellationToken,
    workers: Workers,
}

impl Process {
    pub(crate) fn start(desk: &Desk, handlers: Vec<Arc<dyn Handler>>, mail: Option<MailSettings>) -> Self {
        Self::with(desk, handlers, mail, Some(sender()))
    }

    /// One that makes deliveries to webhooks and does not send them.
    pub(crate) fn without_sender(desk: &Desk) -> Self {
        Self::with(desk, Vec::new(), None, None)
    }

    fn with(
        desk: &Desk,
        handlers: Vec<Arc<dyn Handler>>,
        mail: Option<MailSettings>,
        webhooks: Option<Sender>,
    ) -> Self {
        let shutdown = CancellationToken::new();
        let options = WorkersOptions {
            desk: desk.clone(),
            bus: Bus::database(desk.store().clone()),
            groups: BTreeSet::from([Group::Recurring, Group::Notify, Group::Audit, Group::Webhooks]),
            handlers,
            clock: true,
            late: Arc::new(|_| ()),
            relay: true,
            mail,
            webhooks,
        };
        let workers = workers::start(options, &shutdown);
        Self { shutdown, workers }
    }

    /// Ends it in the middle of everything.
    pub(crate) fn kill(self) {
        drop(self.workers);
    }

    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        let ended = tokio::time::timeout(Duration::from_secs(20), self.workers.ended()).await;
        ended.expect("the workers end in time");
    }
}
