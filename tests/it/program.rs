//! Starting and ending processes of the program.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

use tempfile::TempDir;

/// How long a process may take to start, and to do what is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until `is_so`; `what` says what is wrong where it never is.
pub(crate) async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The program. It is built here when it is missing or older than its sources; a run of all the workspace's
/// tests has built it already.
pub(crate) fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        if let Some(named) = std::env::var_os("DESKHAND_PROGRAM") {
            return PathBuf::from(named);
        }
        let here = std::env::current_exe().expect("this test program's own path");
        let built = here.ancestors().nth(2).expect("the folder of built programs").join("deskhand");
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
        let age = |path: &Path| {
            fs::metadata(path).and_then(|data| data.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
        };
        if newest(&root.join("crates")) > age(&built) {
            let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
            let status = Command::new(cargo).args(["build", "-p", "deskhand"]).current_dir(root).status();
            assert!(status.expect("cargo runs").success(), "the program cannot be built");
        }
        built
    })
}

/// When the newest source of the program was written.
fn newest(folder: &Path) -> SystemTime {
    let mut newest = SystemTime::UNIX_EPOCH;
    for entry in fs::read_dir(folder).expect("the sources").map(|entry| entry.expect("a source")) {
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_dir() {
            if name != "tests" && name != "schemas" && name != "testkit" {
                newest = newest.max(self::newest(&path));
            }
        } else if path.extension().is_some_and(|end| end == "rs" || end == "sql" || end == "toml") {
            newest = newest.max(entry.metadata().and_then(|data| data.modified()).expect("a time"));
        }
    }
    newest
}

/// A folder for one test, and the settings that all of its processes get.
pub(crate) struct Place {
    folder: TempDir,
    variables: Vec<(String, String)>,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("deskhand-system-").tempdir().expect("a folder");
        let generous = [
            ("DESKHAND_LIMITS__REQUESTS_PER_MINUTE", "1000000"),
            ("DESKHAND_LIMITS__VISITOR_MESSAGES_PER_MINUTE", "100000"),
            ("DESKHAND_LIMITS__SIGN_IN_PER_MINUTE", "10000"),
            ("DESKHAND_LISTEN", "127.0.0.1:0"),
            ("DESKHAND_WEBHOOKS__ALLOWED_NETWORKS", "127.0.0.1"),
        ];
        let variables = generous.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        Self { folder, variables }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// For processes that share the database at `url`.
    pub(crate) fn on_postgres(self, url: &str) -> Self {
        let key = "c2l4dGVlbiByYW5kb20gYnl0ZXMgdHdpY2Ugb3ZlciE=";
        self.with("DESKHAND_DATABASE_URL", url).with("DESKHAND_SECRET_KEY", key)
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        self.settle(Command::new(program()), arguments)
    }

    fn settle(&self, mut command: Command, arguments: &[&str]) -> Command {
        command.args(arguments).current_dir(self.path()).env_clear().env("HOME", self.path());
        command.envs(self.variables.clone()).stdin(Stdio::null());
        command
    }

    /// Runs a command to its end: exit code, stdout, stderr.
    pub(crate) fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = self.command(arguments).output().expect("the program runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
    }

    /// Starts a command that speaks to the desk at `url`, to be read as it prints.
    pub(crate) fn follow(&self, arguments: &[&str], url: &str, token: &str) -> Child {
        let mut command = Command::new(program());
        command.args(arguments).current_dir(self.path()).env_clear().env("HOME", self.path());
        command.env("DESKHAND_URL", url).env("DESKHAND_TOKEN", token);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("the program starts")
    }

    /// Starts `serve`; its output goes to files named after `name`.
    pub(crate) fn start(&self, name: &str, arguments: &[&str]) -> Process {
        self.start_under(&[], name, arguments)
    }

    /// Starts `serve` by another program, such as one that shows it another time.
    pub(crate) fn start_under(&self, other: &[&str], name: &str, arguments: &[&str]) -> Process {
        let said = self.path().join(format!("{name}.err"));
        // The log of all starts of a process is kept together, for a look at it when a test fails.
        let log = File::options().create(true).append(true).open(self.path().join(format!("{name}.log")));
        let command = match other {
            [] => Command::new(program()),
            [other, others @ ..] => {
                let mut command = Command::new(other);
                command.args(others).arg(program());
                command
            }
        };
        let child = self
            .settle(command, &[&["serve"], arguments].concat())
            .stdout(log.expect("a log"))
            .stderr(File::create(&said).expect("a file"))
            .spawn()
            .expect("the program starts");
        Process { child, said, begun: Instant::now() }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let kept = self.folder.path().with_extension("failed");
            // What a failed test leaves is looked at by a person, if at all.
            let _ = fs::rename(self.folder.path(), &kept);
            eprintln!("what the processes said is in {}", kept.display());
        }
    }
}

/// A running process; it is killed when the test forgets it.
pub(crate) struct Process {
    child: Child,
    said: PathBuf,
    begun: Instant,
}

impl Process {
    /// What it said on stderr.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(&self.said).unwrap_or_default()
    }

    /// Waits until it is ready; gives its address, which is empty where it serves no pages.
    pub(crate) async fn ready(&mut self) -> String {
        loop {
            let said = self.said();
            for line in said.lines().filter(|_| said.ends_with('\n')) {
                if let Some(url) = line.strip_prefix("Deskhand is ready at ") {
                    return url.to_owned();
                }
                if line.starts_with("Deskhand runs;") {
                    return String::new();
                }
            }
            if let Some(status) = self.child.try_wait().expect("a process") {
                panic!("it ended with {status} instead of starting: {said}");
            }
            assert!(self.begun.elapsed() < PATIENCE, "it does not start: {said}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The token of the first owner's link.
    pub(crate) async fn setup_token(&self) -> String {
        loop {
            let said = self.said();
            if let Some((_, rest)) = said.split_once("/setup#") {
                return rest.split_whitespace().next().expect("a token").to_owned();
            }
            assert!(self.begun.elapsed() < PATIENCE, "there is no link: {said}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Ends it at once, without a word.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ended");
    }

    /// Asks it to end.
    pub(crate) fn terminate(&self) {
        self.signal("TERM");
    }

    /// Sends it a signal, such as `STOP`.
    pub(crate) fn signal(&self, signal: &str) {
        let status =
            Command::new("kill").args([&format!("-{signal}"), &self.child.id().to_string()]).status();
        assert!(status.expect("kill runs").success());
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a process") {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "it does not end: {}", self.said());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
