//! A PostgreSQL server for one test program: in a temporary folder, on loopback, as an unprivileged user.
//!
//! It must not outlive the program. So a guard starts it and reads from a pipe that only the program holds:
//! when that ends, also by a signal, the pipe closes, and the guard stops the server and removes the folder.

use std::fs;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

/// Arguments: folder, port, folder of PostgreSQL's programs. It goes on until its standard input ends.
const GUARD: &str = r#"
exec >"$1/log" 2>&1
trap '' INT TERM HUP
"$3/initdb" -D "$1/data" -U postgres -A trust --no-sync -E UTF8 --locale=C.UTF-8 || exit 1
"$3/postgres" -D "$1/data" -k "$1" -p "$2" -c listen_addresses=127.0.0.1 -c max_connections=300 &
server=$!
cat >/dev/null
kill -QUIT $server
wait $server
rm -rf "$1"
"#;

struct Cluster {
    port: u16,
    folder: PathBuf,
    // Its standard input is the pipe; it is closed when this program ends.
    _guard: Child,
}

static CLUSTER: OnceLock<Cluster> = OnceLock::new();
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

fn start() -> Cluster {
    let folder =
        tempfile::Builder::new().prefix("deskhand-postgres-").tempdir().expect("a temporary folder").keep();
    // The port is free now; that somebody takes it in between would show as a server that does not start.
    let port =
        TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
    let mut guard = Command::new("/bin/sh");
    guard.args(["-c", GUARD, "guard"]).arg(&folder).arg(port.to_string()).arg(programs());
    // A group of its own: Ctrl-C in a terminal reaches the tests, not the one who cleans up after them.
    guard.current_dir("/").process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    if let Some((user, group)) = unprivileged() {
        std::os::unix::fs::chown(&folder, Some(user), Some(group)).expect("the folder is handed over");
        guard.uid(user).gid(group);
    }
    let guard = guard.spawn().expect("the shell starts");
    Cluster { port, folder, _guard: guard }
}

fn log_of(folder: &Path) -> String {
    fs::read_to_string(folder.join("log")).unwrap_or_default()
}

async fn administrator(cluster: &Cluster) -> Result<PgConnection, sqlx::Error> {
    PgConnection::connect(&format!("postgres://postgres@127.0.0.1:{}/postgres", cluster.port)).await
}

/// Waits until the server answers, then makes the roles: they belong to the server, not to one database.
async fn prepare(cluster: &Cluster) {
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut connection = loop {
        match administrator(cluster).await {
            Ok(connection) => break connection,
            Err(error) if Instant::now() > deadline => {
                panic!("PostgreSQL did not start: {error}\n{}", log_of(&cluster.folder))
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

/// The URL of a new, empty database; its owner is not a superuser.
pub(crate) async fn new_database() -> String {
    let cluster = CLUSTER.get_or_init(start);
    READY.get_or_init(|| prepare(cluster)).await;
    let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let mut connection = administrator(cluster).await.expect("PostgreSQL answers");
    connection
        .execute(AssertSqlSafe(format!("CREATE DATABASE {name} OWNER deskhand TEMPLATE template0")))
        .await
        .expect("a new database");
    format!("postgres://deskhand@127.0.0.1:{}/{name}", cluster.port)
}
