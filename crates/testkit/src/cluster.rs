//! PostgreSQL servers, as an unprivileged user: one for the test program, or one of a test's own.

use std::ffi::OsString;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::server::{self, Server};

static SHARED: OnceLock<Postgres> = OnceLock::new();
static READY: tokio::sync::OnceCell<()> = tokio::sync::OnceCell::const_new();
static COUNT: AtomicU32 = AtomicU32::new(1);

/// The folder that holds `initdb` and `postgres`: the one in PATH, or the newest that Debian installed.
fn programs() -> PathBuf {
    let has_both = |folder: &PathBuf| folder.join("initdb").exists() && folder.join("postgres").exists();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut installed: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    installed.sort();
    std::env::split_paths(&path)
        .chain(installed.into_iter().rev())
        .find(has_both)
        .expect("these tests need PostgreSQL's programs initdb and postgres: run `make setup`")
}

/// The user and group of the account `postgres`: the server refuses to run as root.
fn unprivileged() -> Option<(u32, u32)> {
    let process = fs::metadata("/proc/self").ok()?;
    if std::os::unix::fs::MetadataExt::uid(&process) != 0 {
        return None;
    }
    let accounts = fs::read_to_string("/etc/passwd").expect("the list of accounts");
    let mut fields = accounts
        .lines()
        .find(|line| line.starts_with("postgres:"))
        .expect("as root, these tests need the account `postgres`: run `make setup`")
        .split(':');
    let mut number = |place| fields.nth(place)?.parse().ok();
    Some((number(2).expect("a user id"), number(0).expect("a group id")))
}

/// A PostgreSQL server that a test may end as a crash does, and start again on what it has kept.
pub struct Postgres {
    server: Server,
}

impl Postgres {
    /// A server of one's own, that answers.
    pub async fn start() -> Self {
        let mut server = Self::prepared();
        // What nobody waited for to be on the disk is not there when it is killed.
        server.server.follow(["-c", "wal_writer_delay=10s", "-c", "autovacuum=off"]);
        server.start_again();
        server.make_roles().await;
        server
    }

    /// The same on a disk whose flushes take `slower` longer.
    pub async fn start_on_slow_disk(slower: Duration) -> Self {
        let mut server = Self::prepared();
        let (source, library) = ("slow_disk.c", server.server.folder().join("slow_disk.so"));
        std::fs::write(server.server.folder().join(source), include_str!("slow_disk.c"))
            .expect("it is written");
        let mut compiler = Command::new("cc");
        compiler.args(["-O2", "-shared", "-fPIC", "-o"]).arg(&library).arg(source).arg("-ldl");
        let made = compiler.current_dir(server.server.folder()).status().expect("a C compiler");
        assert!(made.success(), "no slow disk");
        let mut preload = OsString::from("LD_PRELOAD=");
        preload.push(library);
        let slower = format!("SLOWER_MICROSECONDS={}", slower.as_micros()).into();
        server.server.precede(["env".into(), preload, slower]);
        server.start_again();
        server.make_roles().await;
        server
    }

    /// One with an empty cluster; it is not started yet.
    fn prepared() -> Self {
        let (folder, port, account) = (server::folder("postgres"), server::free_port(), unprivileged());
        let (programs, data) = (programs(), folder.join("data"));
        let mut init = Command::new(programs.join("initdb"));
        init.arg("-D").arg(&data).args(["-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8"]);
        init.arg("--locale=C.UTF-8").current_dir("/");
        if let Some((user, group)) = account {
            std::os::unix::fs::chown(&folder, Some(user), Some(group)).expect("the folder is handed over");
            init.uid(user).gid(group);
        }
        let made = init.output().expect("initdb runs");
        assert!(made.status.success(), "no cluster: {}", String::from_utf8_lossy(&made.stderr));
        let command = vec![
            programs.join("postgres").into(),
            "-D".into(),
            data.into(),
            "-k".into(),
            folder.clone().into(),
            "-p".into(),
            port.to_string().into(),
            "-c".into(),
            "listen_addresses=127.0.0.1".into(),
            "-c".into(),
            "max_connections=300".into(),
        ];
        // It ends its own processes, writes nothing more, and recovers at the next start.
        let server = Server::new(folder, port, command).ended_by("QUIT").run_as(account);
        Self { server }
    }

    /// Starts it again after [`kill`](Self::kill), on the same port.
    pub fn start_again(&mut self) {
        self.server.start();
        self.server.answers();
    }

    /// Ends it at once, without letting it write down anything.
    pub fn kill(&mut self) {
        self.server.kill();
    }

    /// Where it is, as `HOST:PORT`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.server.port())
    }

    async fn administrator(&self) -> Result<PgConnection, sqlx::Error> {
        PgConnection::connect(&format!("postgres://postgres@{}/postgres", self.address())).await
    }

    /// Waits until it takes statements, then makes the roles: they belong to the server, not to one database.
    async fn make_roles(&self) {
        let deadline = Instant::now() + Duration::from_secs(60);
        let mut connection = loop {
            match self.administrator().await {
                Ok(connection) => break connection,
                Err(error) if Instant::now() > deadline => {
                    panic!("PostgreSQL did not start: {error}\n{}", self.server.log())
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        };
        for sql in [
            "CREATE ROLE deskhand LOGIN",
            "CREATE ROLE deskhand_app NOLOGIN",
            "CREATE ROLE deskhand_system NOLOGIN",
            "GRANT deskhand_app, deskhand_system TO deskhand",
        ] {
            connection.execute(sql).await.expect(sql);
        }
    }

    /// Runs what only a superuser may, in the database at `url`.
    pub async fn administer(&self, url: &str, sql: &str) {
        let mut connection =
            PgConnection::connect(&url.replace("deskhand@", "postgres@")).await.expect("it answers");
        connection.execute(AssertSqlSafe(sql.to_owned())).await.expect("the statement runs");
    }

    /// The URL of a new, empty database; its owner is not a superuser.
    pub async fn new_database(&self) -> String {
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let mut connection = self.administrator().await.expect("PostgreSQL answers");
        connection
            .execute(AssertSqlSafe(format!("CREATE DATABASE {name} OWNER deskhand TEMPLATE template0")))
            .await
            .expect("a new database");
        format!("postgres://deskhand@{}/{name}", self.address())
    }
}

/// The URL of a new, empty database on the server that all tests of this program share.
pub(crate) async fn new_database() -> String {
    let shared = SHARED.get_or_init(|| {
        let mut server = Postgres::prepared();
        server.server.start();
        server
    });
    READY.get_or_init(|| shared.make_roles()).await;
    shared.new_database().await
}
