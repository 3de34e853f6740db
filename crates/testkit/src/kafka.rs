//! An Apache Kafka broker in KRaft mode, in a temporary folder, on loopback; one for the test program, or one of a test's
//! own that it stops and starts.
//!
//! It must not outlive the program: a guard starts it and ends it when its standard input closes.

use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Arguments: the folder of Kafka's jars, the folder. It goes on until its standard input ends.
const GUARD: &str = r#"
exec >>"$2/log" 2>&1
trap '' INT TERM HUP
options="-Xms256m -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dlog4j2.configurationFile=$2/log4j2.yaml"
if [ ! -d "$2/data" ]; then
  java $options -cp "$1/*" kafka.tools.StorageTool format -t 4L6g3nShT-eMCtK--X86sw -c "$2/server.properties" || exit 1
fi
java $options -cp "$1/*" kafka.Kafka "$2/server.properties" &
server=$!
cat >/dev/null
kill -KILL $server
wait $server
"#;

const LOGGING: &str = "Configuration:
  Appenders:
    Console: {name: out, target: SYSTEM_ERR, PatternLayout: {pattern: \"%d %p %m (%c)%n\"}}
  Loggers:
    Root: {level: warn, AppenderRef: {ref: out}}
";

static SHARED: OnceLock<Kafka> = OnceLock::new();

/// A Kafka broker that a test may end as `kill -9` does, and start again on what it has kept.
pub struct Kafka {
    port: u16,
    folder: PathBuf,
    guard: Option<Child>,
}

impl Kafka {
    /// A broker of one's own, that answers.
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("deskhand-kafka-").tempdir().expect("a folder").keep();
        let free = || {
            TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port()
        };
        let (port, controller) = (free(), free());
        let properties = format!(
            "process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
auto.create.topics.enable=false
log.cleaner.dedupe.buffer.size=4194304
group.initial.rebalance.delay.ms=0
",
            folder.join("data").display()
        );
        std::fs::write(folder.join("server.properties"), properties).expect("the properties are written");
        std::fs::write(folder.join("log4j2.yaml"), LOGGING).expect("the log's settings are written");
        let mut broker = Self { port, folder, guard: None };
        broker.start_again();
        broker
    }

    /// Starts it again after [`kill`](Self::kill), on the same port.
    pub fn start_again(&mut self) {
        let mut guard = Command::new("/bin/sh");
        guard.args(["-c", GUARD, "guard"]).arg(crate::tool("lib", "kafka")).arg(&self.folder);
        guard.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        self.guard = Some(guard.spawn().expect("the shell starts"));
        let deadline = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let log = || std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            assert!(Instant::now() < deadline, "Kafka did not start: {}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Ends it at once, as `kill -9` does.
    pub fn kill(&mut self) {
        if let Some(mut guard) = self.guard.take() {
            drop(guard.stdin.take());
            guard.wait().expect("the guard ends");
        }
    }

    /// Where it is, as `HOST:PORT`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

impl Drop for Kafka {
    fn drop(&mut self) {
        self.kill();
        // What is left in the temporary folder does no harm.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The address of the broker that all tests of this program share.
pub fn kafka() -> String {
    SHARED.get_or_init(Kafka::start).address()
}
