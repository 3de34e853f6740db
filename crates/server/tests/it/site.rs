//! A whole desk for one test: a database, the workers, and the server on a loopback port.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bus::Bus;
use desk::Desk;
use desk::workspaces::Setup;
use domain::{Clock, Role, SystemClock, SystemIds};
use jiff::Timestamp;
use server::{App, Health, Metrics, Options};
use testkit::{Database, ManualClock};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use workers::{Group, Workers, WorkersOptions};

use crate::people::Person;

/// The password of everybody.
pub(crate) const PASSWORD: &str = "correct horse";

/// A desk that serves, with the workspace Acme and its owner Alex.
pub(crate) struct Site {
    pub(crate) url: String,
    pub(crate) desk: Desk,
    pub(crate) health: Health,
    /// The owner, with a token.
    pub(crate) owner: Person,
    address: SocketAddr,
    shutdown: CancellationToken,
    tasks: JoinSet<()>,
    workers: Workers,
    database: Database,
}

/// Another process that serves the same desk, and does nothing else.
pub(crate) struct Twin {
    url: String,
    desk: Desk,
    shutdown: CancellationToken,
    tasks: JoinSet<()>,
}

/// Runs `test` against a desk on SQLite, then against one on PostgreSQL.
pub(crate) async fn both(test: impl AsyncFn(&Site)) {
    both_with(Options::default, test).await;
}

/// The same, with a server of these options.
pub(crate) async fn both_with(options: impl Fn() -> Options, test: impl AsyncFn(&Site)) {
    for database in [testkit::sqlite().await, testkit::postgres().await] {
        eprintln!("on {:?}:", database.location());
        let site = Site::open(database, Arc::new(SystemClock), options()).await;
        test(&site).await;
        site.close().await;
    }
}

/// The same with the usual limits, at a time that the test moves; the database's own clock goes as ever.
pub(crate) async fn both_at(start: Timestamp, test: impl AsyncFn(&Site, &ManualClock)) {
    testkit::both_at(start, async |database, clock| {
        let site = Site::open(database, clock.clone(), generous()).await;
        test(&site, &clock).await;
        site.close().await;
    })
    .await;
}

/// Begins to serve on a port of its own, until `shutdown`.
async fn serve(
    options: Options,
    desk: &Desk,
    bus: &Bus,
    health: &Health,
    shutdown: &CancellationToken,
) -> (SocketAddr, JoinSet<()>) {
    let live = bus.live().await.unwrap();
    let metrics = Metrics::new("test").unwrap();
    let app = App::new(options, desk.clone(), bus.clone(), live.clone(), health.clone(), metrics);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut tasks = JoinSet::new();
    let service = server::router(app).into_make_service_with_connect_info::<SocketAddr>();
    let end = shutdown.clone();
    tasks.spawn(async move {
        axum::serve(listener, service).with_graceful_shutdown(end.cancelled_owned()).await.unwrap();
    });
    let end = shutdown.clone();
    tasks.spawn(async move { live.run(end).await });
    health.set_started();
    (address, tasks)
}

/// Limits that no test meets by accident.
pub(crate) fn generous() -> Options {
    Options {
        requests_per_minute: 1_000_000,
        visitor_messages_per_minute: 100_000,
        sign_in_per_minute: 10_000,
        ..Options::default()
    }
}

impl Site {
    async fn open(database: Database, clock: Arc<dyn Clock>, options: Options) -> Self {
        let desk =
            Desk::new(database.store.clone(), clock, Arc::new(SystemIds)).with_webhooks(&[7; 32], Vec::new());
        let bus = Bus::database(database.store.clone());
        let health = Health::default();
        let shutdown = CancellationToken::new();
        let (address, tasks) = serve(options, &desk, &bus, &health, &shutdown).await;
        let workers = WorkersOptions {
            desk: desk.clone(),
            bus,
            groups: BTreeSet::from([Group::Recurring, Group::Notify, Group::Audit, Group::Webhooks]),
            handlers: Vec::new(),
            clock: true,
            late: Arc::new(|_| ()),
            relay: true,
            mail: None,
            webhooks: None,
        };
        let workers = workers::start(workers, &shutdown);
        let url = format!("http://{address}");
        let owner = Person::owner(&desk, &url, "Acme", "alex@example.org").await;
        Self { url, desk, health, owner, address, shutdown, tasks, workers, database }
    }

    /// Another process on this desk's database; on SQLite, where there can be none, another server in this.
    pub(crate) async fn twin(&self) -> Twin {
        let store = self.database.another().await;
        let desk = Desk::new(store.clone(), Arc::new(SystemClock), Arc::new(SystemIds));
        let shutdown = CancellationToken::new();
        let (address, tasks) =
            serve(generous(), &desk, &Bus::database(store), &Health::default(), &shutdown).await;
        Twin { url: format!("http://{address}"), desk, shutdown, tasks }
    }

    async fn close(mut self) {
        self.health.set_draining();
        self.shutdown.cancel();
        let ended = async {
            self.workers.ended().await;
            while let Some(ended) = self.tasks.join_next().await {
                ended.unwrap();
            }
        };
        tokio::time::timeout(Duration::from_secs(20), ended).await.expect("the desk ends in time");
    }

    /// Another workspace on this desk; gives its owner, with a token.
    pub(crate) async fn other_workspace(&self) -> Person {
        Person::owner(&self.desk, &self.url, "Globex", "gwen@example.org").await
    }

    /// Another member of Acme, who has joined, with a token.
    pub(crate) async fn member(&self, name: &str, role: Role) -> Person {
        let email = format!("{}@example.org", name.to_lowercase());
        let workspace = self.owner.member.workspace;
        let password = PASSWORD.to_owned();
        let member = desk::members::add(&self.desk, workspace, name, &email, role, password).await.unwrap();
        Person::with_token(&self.desk, &self.url, member).await
    }

    /// Somebody without any credentials.
    pub(crate) fn nobody(&self) -> Person {
        self.owner.without_credentials()
    }

    /// Signs in over HTTP; gives the member with the session's cookie.
    pub(crate) async fn sign_in(&self, email: &str) -> Person {
        let body = serde_json::json!({"email": email, "password": PASSWORD});
        let reply = self.nobody().post("/api/v1/session", &body).await;
        reply.expect(201);
        self.owner.with_cookie(&reply.cookie())
    }

    /// Sends bytes as they are and gives everything that comes back.
    pub(crate) async fn raw(&self, request: &[u8]) -> String {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut stream = tokio::net::TcpStream::connect(self.address).await.unwrap();
        // The server may have heard enough before all is said.
        let _ = stream.write_all(request).await;
        let mut answer = Vec::new();
        // What does not close the connection by itself has said all there is within this time.
        let _ = tokio::time::timeout(Duration::from_secs(3), stream.read_to_end(&mut answer)).await;
        String::from_utf8_lossy(&answer).into_owned()
    }
}

impl Twin {
    /// `person`, who speaks to this process.
    pub(crate) fn person(&self, person: &Person) -> Person {
        person.at(&self.url)
    }

    pub(crate) async fn close(mut self, site: &Site) {
        self.shutdown.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap();
        }
        if !site.desk.store().is_exclusive() {
            self.desk.store().close().await;
        }
    }
}

/// The owner's set-up of a workspace.
pub(crate) fn setup(workspace: &str, email: &str) -> Setup {
    let name = email.split('@').next().unwrap();
    Setup {
        workspace: workspace.to_owned(),
        name: name[..1].to_uppercase() + &name[1..],
        email: email.to_owned(),
        password: PASSWORD.to_owned(),
        zone: "UTC".to_owned(),
    }
}

/// Waits until `done`, at most ten seconds.
pub(crate) async fn until(what: &str, done: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !done().await {
        assert!(Instant::now() < deadline, "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
