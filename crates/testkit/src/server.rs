//! A server beside a test: in a temporary folder, on loopback, ended as `kill -9` does and started again on what it
//! has kept.
//!
//! It must not outlive the program. So a guard starts it and reads from a pipe that only the program holds: when that
//! ends, also by a signal, the pipe closes, and the guard ends the server and removes the folder.

use std::ffi::OsString;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Arguments: the folder, the signal that ends the server at once, the server's command.
const GUARD: &str = r#"
folder=$1 signal=$2
shift 2
exec >>"$folder/log" 2>&1
trap '' INT TERM HUP
"$@" &
server=$!
read -r after
kill -"$signal" $server
wait $server
[ "$after" = keep ] || rm -rf "$folder"
"#;

/// How long a server may take until it answers.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Server {
    folder: PathBuf,
    port: u16,
    /// What ends it at once.
    signal: &'static str,
    command: Vec<OsString>,
    /// Whom it runs as, where that is not who runs the tests.
    account: Option<(u32, u32)>,
    guard: Option<Child>,
}

/// A port that is free now. That somebody takes it in between would show as a server that does not start.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port()
}

/// A new folder for a server's files.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = tempfile::Builder::new().prefix(&format!("deskhand-{name}-")).tempdir();
    folder.expect("a temporary folder").keep()
}

impl Server {
    /// What shall run in `folder` and listen at `port`; it is not started yet.
    pub(crate) fn new(folder: PathBuf, port: u16, command: Vec<OsString>) -> Self {
        Self { folder, port, signal: "KILL", command, account: None, guard: None }
    }

    pub(crate) fn ended_by(mut self, signal: &'static str) -> Self {
        self.signal = signal;
        self
    }

    pub(crate) fn run_as(mut self, account: Option<(u32, u32)>) -> Self {
        self.account = account;
        self
    }

    /// Lets `words` follow its command.
    pub(crate) fn follow<'w>(&mut self, words: impl IntoIterator<Item = &'w str>) {
        self.command.extend(words.into_iter().map(OsString::from));
    }

    /// Lets its command be what follows `words`.
    pub(crate) fn precede(&mut self, words: impl IntoIterator<Item = OsString>) {
        self.command.splice(0..0, words);
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// What it said.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// Starts it; [`answers`](Self::answers) waits for it.
    pub(crate) fn start(&mut self) {
        let mut guard = Command::new("/bin/sh");
        guard.args(["-c", GUARD, "guard"]).arg(&self.folder).arg(self.signal).args(&self.command);
        // A group of its own: Ctrl-C in a terminal reaches the tests, not the one who cleans up after them.
        guard.process_group(0).current_dir("/");
        guard.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        if let Some((user, group)) = self.account {
            guard.uid(user).gid(group);
        }
        self.guard = Some(guard.spawn().expect("the shell starts"));
    }

    /// Waits until it takes connections.
    pub(crate) fn answers(&self) {
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < deadline, "it did not start: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Saves what it has kept so far, for [`go_back`](Self::go_back); it must not run.
    pub(crate) fn save(&self) {
        copy(&self.folder.join("data"), &self.folder.join("saved"));
    }

    /// Puts what was saved in the place of what it has kept since; it must not run.
    pub(crate) fn go_back(&self) {
        copy(&self.folder.join("saved"), &self.folder.join("data"));
    }

    /// Ends it at once; it can be started again on what it has kept.
    pub(crate) fn kill(&mut self) {
        if let Some(mut guard) = self.guard.take() {
            let mut pipe = guard.stdin.take().expect("the guard's pipe");
            pipe.write_all(b"keep\n").expect("the guard listens");
            drop(pipe);
            guard.wait().expect("the guard ends");
        }
    }
}

/// Lets `to` be as `from` is, which may be missing.
fn copy(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    if from.exists() {
        let copied = Command::new("cp").arg("-a").arg(from).arg(to).status().expect("cp starts");
        assert!(copied.success(), "{} is not copied", from.display());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        match self.guard.take() {
            Some(mut guard) => {
                drop(guard.stdin.take());
                let _ = guard.wait();
            }
            // What is left in the temporary folder does no harm.
            None => _ = std::fs::remove_dir_all(&self.folder),
        }
    }
}
