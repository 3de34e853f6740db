//! The released program as a process, on a database that was filled beforehand.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use desk::Desk;
use desk::workspaces::Setup;
use domain::caller::Role;
use domain::{Actor, Caller, SystemClock, SystemIds, Via};
use store::{Location, Options, Store};
use tempfile::TempDir;

/// Limits that a load from one address does not reach, and what lets webhooks lead to this machine.
pub(crate) const GENEROUS: [(&str, &str); 3] = [
    ("DESKHAND_LIMITS__REQUESTS_PER_MINUTE", "1000000"),
    ("DESKHAND_LIMITS__VISITOR_MESSAGES_PER_MINUTE", "100000"),
    ("DESKHAND_WEBHOOKS__ALLOWED_NETWORKS", "127.0.0.0/8"),
];

/// Where a measured desk keeps its rows.
#[derive(Clone)]
pub(crate) enum Place {
    Sqlite,
    Postgres(String),
}

/// A desk that is filled before the program starts.
pub(crate) struct Prepared {
    pub(crate) folder: TempDir,
    pub(crate) place: Place,
    pub(crate) desk: Desk,
    pub(crate) owner: Caller,
    pub(crate) token: String,
    /// The widget channel's key.
    pub(crate) channel: String,
}

pub(crate) fn binary() -> PathBuf {
    let path = PathBuf::from("target/release/deskhand");
    assert!(path.exists(), "build it first: cargo build --release -p deskhand");
    path
}

/// An address of this machine that is free now.
pub(crate) fn free_address() -> String {
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
    free.expect("a free port").to_string()
}

impl Prepared {
    pub(crate) async fn new(place: Place) -> Self {
        let folder = TempDir::with_prefix("deskhand-bench-").expect("a temporary folder");
        let location = match &place {
            Place::Sqlite => Location::Sqlite(folder.path().join("deskhand.db")),
            Place::Postgres(url) => Location::Postgres(url.clone()),
        };
        let options = Options { location, connections: 8, serve: false, clock: Arc::new(SystemClock) };
        let store = Store::open(options).await.expect("the database opens");
        let desk = Desk::new(store, Arc::new(SystemClock), Arc::new(SystemIds));
        let setup = Setup {
            workspace: "Bench".to_owned(),
            name: "Olga Owner".to_owned(),
            email: "olga@example.com".to_owned(),
            password: "correct horse".to_owned(),
            zone: "Europe/Berlin".to_owned(),
        };
        let member = desk::workspaces::create(&desk, setup).await.expect("a workspace");
        let owner = Caller {
            workspace: member.workspace,
            actor: Actor::Member { id: member.id, name: member.name, role: Role::Owner },
            via: Via::Api,
            address: None,
            correlation_id: desk.new_id(),
            idempotency: None,
        };
        let (_, token) =
            desk::sessions::create_token(&desk, &owner, member.id, "bench", None).await.expect("a token");
        let channel = desk::channels::list(&desk, &owner).await.expect("channels").remove(0).key;
        Self { folder, place, desk, owner, token, channel }
    }

    /// Closes the database and starts the program on it.
    pub(crate) async fn start(self) -> Running {
        self.desk.store().close().await;
        let Self { folder, place, token, channel, desk, .. } = self;
        drop(desk);
        let mut running = Running {
            child: None,
            folder,
            place,
            token,
            channel,
            address: String::new(),
            ready: Duration::ZERO,
        };
        running.exec().await;
        running
    }
}

/// The program, running.
pub(crate) struct Running {
    child: Option<Child>,
    pub(crate) folder: TempDir,
    pub(crate) place: Place,
    pub(crate) token: String,
    pub(crate) channel: String,
    pub(crate) address: String,
    /// From exec until `/ready` said yes.
    pub(crate) ready: Duration,
}

impl Running {
    async fn exec(&mut self) {
        self.address = free_address();
        let mut command = Command::new(binary());
        command.arg("serve").arg("--data-dir").arg(self.folder.path()).arg("--listen").arg(&self.address);
        if let Place::Postgres(url) = &self.place {
            command.arg("--database-url").arg(url);
        }
        command
            .envs(GENEROUS)
            .env("DESKHAND_DATABASE__POOL", "32")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let started = Instant::now();
        self.child = Some(command.spawn().expect("the program starts"));
        while !ready(&self.address).await {
            assert!(started.elapsed() < Duration::from_secs(60), "the program is not ready");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.ready = started.elapsed();
    }

    fn pid(&self) -> u32 {
        self.child.as_ref().map_or(0, Child::id)
    }

    /// Ends the program and starts it again on the same database.
    pub(crate) async fn restart(&mut self) {
        self.stop();
        self.exec().await;
    }

    /// Another process on the same database.
    pub(crate) async fn beside(&self) -> Self {
        let mut other = Self {
            child: None,
            folder: TempDir::with_prefix("deskhand-bench-").expect("a temporary folder"),
            place: self.place.clone(),
            token: self.token.clone(),
            channel: self.channel.clone(),
            address: String::new(),
            ready: Duration::ZERO,
        };
        other.exec().await;
        other
    }

    /// Ends the program as kill -9 does.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("it is killed");
            let _ = child.wait();
        }
    }

    /// Asks the program to end, and waits.
    pub(crate) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = Command::new("kill").arg(child.id().to_string()).status();
            let _ = child.wait();
        }
    }

    /// Resident memory, in MB (10^6 bytes): now, and at most so far.
    pub(crate) fn memory(&self) -> (f64, f64) {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap_or_default();
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            line.split_whitespace().next().and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(0.0) * 1024.0
                / 1e6
        };
        (field("VmRSS:"), field("VmHWM:"))
    }

    /// Processor time used so far, in seconds.
    pub(crate) fn cpu(&self) -> f64 {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap_or_default();
        let after = text.rsplit_once(") ").map_or("", |(_, after)| after);
        let fields: Vec<&str> = after.split(' ').collect();
        let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
        (ticks(11) + ticks(12)) / 100.0
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn ready(address: &str) -> bool {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let Ok(mut stream) = tokio::net::TcpStream::connect(address).await else { return false };
    let request = format!("GET /ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    if stream.write_all(request.as_bytes()).await.is_err() {
        return false;
    }
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    answer.starts_with(b"HTTP/1.1 200")
}

/// Makes `count` tasks of words that real ones are made of, and gives nothing.
pub(crate) async fn fill_tasks(desk: &Desk, owner: &Caller, count: usize) {
    let mut makers = tokio::task::JoinSet::new();
    for lane in 0..64 {
        let (desk, owner) = (desk.clone(), owner.clone());
        makers.spawn(async move {
            for n in (lane..count).step_by(64) {
                let task = desk::tasks::NewTask { title: title(n), ..Default::default() };
                desk::tasks::create(&desk, &owner, task).await.expect("a task");
            }
        });
    }
    while let Some(done) = makers.join_next().await {
        done.expect("tasks are made");
    }
}

const WHO: [&str; 12] = [
    "Acme", "Dana", "Nordea", "Hartmann", "Okafor", "Brandt", "Lumen", "Kyoto", "Ines", "Tomasz", "Samira",
    "Deepa",
];
const WHAT: [&str; 10] =
    ["call", "invoice", "refund", "contract", "renew", "review", "ship", "audit", "draft", "order"];

/// A title: every one has "task", one in twelve the same name, one in a thousand its own word.
pub(crate) fn title(n: usize) -> String {
    let rare = if n % 1000 == 17 { format!(" zebra{}", n / 1000) } else { String::new() };
    format!("task {} {} about the {} of item {n}{rare}", WHAT[n % 10], WHO[n % 12], WHAT[(n / 7) % 10])
}
