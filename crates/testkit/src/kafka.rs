//! Apache Kafka in KRaft mode: a broker for the test program, or some of a test's own.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::secured::Certificates;
use crate::server::{self, Server};

const JAVA: [&str; 4] = ["-Xms256m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];

const LOGGING: &str = "Configuration:
  Appenders:
    Console: {name: out, target: SYSTEM_ERR, PatternLayout: {pattern: \"%d %p %m (%c)%n\"}}
  Loggers:
    Root: {level: warn, AppenderRef: {ref: out}}
";

static SHARED: OnceLock<Kafka> = OnceLock::new();

/// Kafka brokers, most often one, that a test may end as `kill -9` does, and start again on what they have kept.
pub struct Kafka {
    brokers: Vec<Server>,
}

/// Who may come in, by SCRAM-SHA-512 over TLS.
#[derive(Clone, Copy)]
struct Login<'a> {
    user: &'a str,
    password: &'a str,
}

impl Kafka {
    /// A broker of one's own, that answers.
    pub fn start() -> Self {
        Self::brokers(1, None)
    }

    /// Three brokers that answer, each with copies of what the others have.
    pub fn three() -> Self {
        Self::brokers(3, None)
    }

    /// A broker that speaks TLS only and lets in `user` with `password`; and the file of the authority that it is
    /// signed by.
    pub fn with_password(user: &str, password: &str) -> (Self, PathBuf) {
        let kafka = Self::brokers(1, Some(Login { user, password }));
        let ca_file = kafka.brokers[0].folder().join(Certificates::CA);
        (kafka, ca_file)
    }

    fn brokers(count: u16, login: Option<Login<'_>>) -> Self {
        let ports: Vec<(u16, u16)> = (0..count).map(|_| (server::free_port(), server::free_port())).collect();
        let brokers = (1..=count).map(|id| broker(id, &ports, login)).collect();
        let mut kafka = Self { brokers };
        kafka.start_again();
        kafka
    }

    /// Starts those again that were ended by [`kill`](Self::kill), on the same ports.
    pub fn start_again(&mut self) {
        for broker in &mut self.brokers {
            broker.start();
        }
        for broker in &self.brokers {
            broker.answers();
        }
    }

    /// Ends all of them at once, as `kill -9` does.
    pub fn kill(&mut self) {
        for broker in &mut self.brokers {
            broker.kill();
        }
    }

    /// Saves what they have kept so far; they must not run.
    pub fn save(&self) {
        self.brokers.iter().for_each(Server::save);
    }

    /// Loses what they have kept since it was saved; they must not run.
    pub fn go_back(&self) {
        self.brokers.iter().for_each(Server::go_back);
    }

    /// Ends one of them.
    pub fn kill_one(&mut self, index: usize) {
        self.brokers[index].kill();
    }

    /// Starts one of them again.
    pub fn start_one_again(&mut self, index: usize) {
        self.brokers[index].start();
        self.brokers[index].answers();
    }

    /// Where they are, as `HOST:PORT` with commas between.
    pub fn address(&self) -> String {
        let addresses: Vec<String> =
            self.brokers.iter().map(|broker| format!("127.0.0.1:{}", broker.port())).collect();
        addresses.join(",")
    }
}

/// The broker `id` of those with `ports`, each for clients and for the other brokers; it is not started yet.
fn broker(id: u16, ports: &[(u16, u16)], login: Option<Login<'_>>) -> Server {
    let folder = server::folder("kafka");
    let (port, controller) = ports[usize::from(id) - 1];
    let voters: Vec<String> =
        (1..).zip(ports).map(|(id, (_, port)): (u16, _)| format!("{id}@127.0.0.1:{port}")).collect();
    let (copies, in_sync) = if ports.len() >= 3 { (3, 2) } else { (1, 1) };
    let client = if login.is_some() { "SASL_SSL" } else { "PLAINTEXT" };
    let mut properties = format!(
        "process.roles=broker,controller
node.id={id}
controller.quorum.voters={}
listeners=CLIENT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=CLIENT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=CLIENT
listener.security.protocol.map=CONTROLLER:PLAINTEXT,CLIENT:{client}
log.dirs={}
offsets.topic.replication.factor={copies}
offsets.topic.num.partitions=1
transaction.state.log.replication.factor={copies}
transaction.state.log.min.isr={in_sync}
share.coordinator.state.topic.replication.factor={copies}
share.coordinator.state.topic.min.isr={in_sync}
auto.create.topics.enable=false
log.cleaner.dedupe.buffer.size=4194304
group.initial.rebalance.delay.ms=0
",
        voters.join(","),
        folder.join("data").display()
    );
    let mut format: Vec<OsString> = Vec::new();
    if let Some(Login { user, password }) = login {
        Certificates::new().write(&folder);
        let _ = write!(
            properties,
            "ssl.keystore.type=PEM
ssl.keystore.location={0}/both.pem
ssl.truststore.type=PEM
ssl.truststore.location={0}/{1}
sasl.enabled.mechanisms=SCRAM-SHA-512
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
listener.name.client.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule \
             required username=\"{user}\" password=\"{password}\";
",
            folder.display(),
            Certificates::CA
        );
        let scram = format!("SCRAM-SHA-512=[name={user},password={password}]");
        format.extend(["--add-scram".into(), scram.into()]);
    }
    let file = folder.join("server.properties");
    fs::write(&file, properties).expect("the properties are written");
    fs::write(folder.join("log4j2.yaml"), LOGGING).expect("the log's settings are written");
    let mut tool = java(&folder);
    tool.extend(["kafka.tools.StorageTool", "format", "-t", "4L6g3nShT-eMCtK--X86sw", "-c"].map(Into::into));
    tool.push(file.clone().into());
    tool.extend(format);
    let made = Command::new(&tool[0]).args(&tool[1..]).output().expect("Java starts");
    assert!(made.status.success(), "no storage: {}", String::from_utf8_lossy(&made.stderr));
    let mut command = java(&folder);
    command.extend(["kafka.Kafka".into(), file.into()]);
    Server::new(folder, port, command)
}

/// Java with Kafka's jars; the name of a program in them follows.
fn java(folder: &Path) -> Vec<OsString> {
    let mut command: Vec<OsString> = vec!["java".into()];
    command.extend(JAVA.map(Into::into));
    command.push(format!("-Dlog4j2.configurationFile={}/log4j2.yaml", folder.display()).into());
    command.extend(["-cp".into(), crate::tool("lib", "kafka").join("*").into()]);
    command
}

fn shared() -> &'static Kafka {
    SHARED.get_or_init(Kafka::start)
}

/// The address of the broker that all tests of this program share.
pub fn kafka() -> String {
    shared().address()
}

/// Sends `lines`, each a key, a tab and a value, to `topic` of the shared broker by Apache Kafka's own Java client,
/// which chooses the partitions.
pub fn send_by_java(topic: &str, lines: &str) {
    let mut client = java(shared().brokers[0].folder());
    client.push("org.apache.kafka.tools.ConsoleProducer".into());
    client.extend(["--bootstrap-server", &kafka(), "--topic", topic].map(Into::into));
    client.extend(["--reader-property", "parse.key=true"].map(Into::into));
    let mut client = Command::new(&client[0])
        .args(&client[1..])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("Java starts");
    let mut stdin = client.stdin.take().expect("its input");
    stdin.write_all(lines.as_bytes()).expect("it reads");
    drop(stdin);
    let output = client.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
