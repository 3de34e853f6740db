//! A NATS server with JetStream, in a temporary folder, on loopback; one for the test program, or one of a test's own
//! that it stops and starts.
//!
//! It must not outlive the program: a guard starts it and ends it when its standard input closes.

use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Arguments: the server, the port, the folder. It goes on until its standard input ends.
const GUARD: &str = r#"
exec >>"$3/log" 2>&1
trap '' INT TERM HUP
"$1" --addr 127.0.0.1 --port "$2" --jetstream --store_dir "$3/data" &
server=$!
cat >/dev/null
kill -KILL $server
wait $server
"#;

static SHARED: OnceLock<Nats> = OnceLock::new();

/// A NATS server that a test may end as `kill -9` does, and start again on what it has kept.
pub struct Nats {
    port: u16,
    folder: PathBuf,
    guard: Option<Child>,
}

impl Nats {
    /// A server of one's own, that answers.
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("deskhand-nats-").tempdir().expect("a folder").keep();
        let port =
            TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let mut server = Self { port, folder, guard: None };
        server.start_again();
        server
    }

    /// Starts it again after [`kill`](Self::kill), on the same port.
    pub fn start_again(&mut self) {
        let mut guard = Command::new("/bin/sh");
        guard
            .args(["-c", GUARD, "guard"])
            .arg(crate::tool("bin/nats-server", "nats"))
            .arg(self.port.to_string())
            .arg(&self.folder);
        guard.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        self.guard = Some(guard.spawn().expect("the shell starts"));
        let deadline = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let log = || std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            assert!(Instant::now() < deadline, "nats-server did not start: {}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends it at once, as `kill -9` does.
    pub fn kill(&mut self) {
        if let Some(mut guard) = self.guard.take() {
            drop(guard.stdin.take());
            guard.wait().expect("the guard ends");
        }
    }

    /// Removes what it has kept; it must not run.
    pub fn forget(&self) {
        std::fs::remove_dir_all(self.folder.join("data")).expect("its data are removed");
    }

    /// Where it is, as `HOST:PORT`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.kill();
        // What is left in the temporary folder does no harm.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The address of the server that all tests of this program share.
pub fn nats() -> String {
    SHARED.get_or_init(Nats::start).address()
}
