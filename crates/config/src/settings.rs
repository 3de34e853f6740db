//! The table: every setting, once.
//!
//! Each line reads `name: type as kind = default, example value`. The first words of its comment are its
//! documentation everywhere: here, in `config show --help` and in the chart's values.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;

use crate::kinds::{
    Address, Bus, Choice, Count, Database, Endpoint, Fraction, HiddenKey, HiddenText, List, MailServer,
    Mailbox, Maybe, Name, Networks, Origin, Path, Text, Waits, Whole,
};
use crate::secret::{Secret, SecretKey};
use crate::table::settings;
use crate::urls::{BusUrl, DatabaseUrl, WebUrl};
use crate::words::{Group, LogFormat, LogLevel, OnOff, Role, Sasl};

settings! {
    /// The settings in force, checked one by one and against each other.
    root {
        /// Where people, visitors and programs connect.
        listen: SocketAddr as Address = "127.0.0.1:8000", example "0.0.0.0:8000";
        /// Where the probes and metrics are also served, apart from everything else.
        management_listen: Option<SocketAddr> as Maybe<Address>, example "0.0.0.0:9000";
        /// The address that people see in their browser: for links in mail, and for the check of where
        /// requests come from. Without it, `listen` is taken.
        public_url: Option<WebUrl> as Maybe<Origin>, example "https://desk.example";
        /// The folder for what this process keeps: the embedded database and the installation's key.
        data_dir: PathBuf as Path = "./deskhand-data", example "/var/lib/deskhand";
        /// Where the records are. Without it, `deskhand.db` in `data_dir`.
        database_url: Option<DatabaseUrl> as Maybe<Database>, example "postgres://deskhand:PASSWORD@db:5432/deskhand";
        /// What carries events from the outbox to the workers.
        bus_url: BusUrl as Bus = "database:", example "kafka://kafka-0:9092,kafka-1:9092";
        /// The parts of Deskhand that this process runs.
        roles: BTreeSet<Role> as List<Role> = "web,api,channels,relay,clock,workers", example "web,api";
        /// The groups that the role `workers` runs.
        groups: BTreeSet<Group> as List<Group> = "hand,recurring,notify,audit,live,webhooks", example "hand,notify";
        /// Where the role `web` finds the role `api` when they are two processes.
        api_url: Option<WebUrl> as Maybe<Origin>, example "http://deskhand-api:8000";
        /// The key behind everything that this installation signs. Made and kept in `data_dir` when absent;
        /// processes that share a database need the same one.
        secret_key: Option<SecretKey> as Maybe<HiddenKey>, example "c2l4dGVlbiByYW5kb20gYnl0ZXMgdHdpY2Ugb3ZlciE=";
        /// Proxies that may say whom a request comes from. From anyone else, `X-Forwarded-For` is ignored.
        trusted_proxies: Vec<IpNet> as Networks = "", example "10.0.0.0/8,192.168.1.7";
    }
    /// How a broker is spoken to, where `bus_url` names one.
    section broker: Broker {
        /// What the names of topics and streams begin with; installations that share a broker need different ones.
        prefix: String as Name = "deskhand", example "support";
        /// How many copies of each event the broker keeps; 3 in production, on at least three servers.
        replication: u32 as Count<1, 5> = "1", example "3";
        /// Whether the connection is encrypted.
        tls: OnOff as Choice<OnOff> = "off", example "on";
        /// The certificates that the broker's own is checked with, in PEM. Without it, the system's.
        ca_file: Option<PathBuf> as Maybe<Path>, example "/etc/deskhand/broker-ca.pem";
        /// Who signs in to the broker.
        user: Option<String> as Maybe<Text>, example "deskhand";
        /// With which password.
        password: Option<Secret> as Maybe<HiddenText>, example "...";
        /// How user and password are proven to Kafka.
        sasl: Sasl as Choice<Sasl> = "scram-sha-512", example "scram-sha-256";
        /// A file of NATS credentials, instead of user and password.
        credentials_file: Option<PathBuf> as Maybe<Path>, example "/etc/deskhand/desk.creds";
    }
    /// How long a group waits before it tries an event again that failed, in seconds, once for each time that it
    /// does; after the last one the event is a dead letter.
    section retry: Retry {
        /// The answering agent.
        hand: Vec<u64> as Waits = "1,2,4", example "1,5,30";
        /// What makes the next task of a series.
        recurring: Vec<u64> as Waits = "1,2,4", example "1,5,30";
        /// What tells members.
        notify: Vec<u64> as Waits = "1,2,4", example "1,5,30";
        /// What keeps the history.
        audit: Vec<u64> as Waits = "1,2,4", example "1,5,30";
        /// What makes deliveries to webhooks of events; how often those are sent again is fixed.
        webhooks: Vec<u64> as Waits = "1,2,4", example "1,5,30";
    }
    /// The model that writes answers: any endpoint with OpenAI's interface. Without one, the built-in answerer.
    section model: Model {
        /// Where the model is, up to and without `/chat/completions`.
        url: Option<WebUrl> as Maybe<Endpoint>, example "http://localhost:11434/v1";
        /// The model's name, as its endpoint knows it.
        name: Option<String> as Maybe<Text>, example "qwen3:8b";
        /// The key that the endpoint asks for.
        key: Option<Secret> as Maybe<HiddenText>, example "sk-...";
        /// How long to wait for an answer before the built-in answerer takes over, in seconds.
        timeout_secs: u64 as Whole<1, 300> = "20", example "20";
    }
    /// How mail goes out. Without it, notifications stay on the page.
    section smtp: Smtp {
        /// The server that takes the mail, with user and password where it asks for them.
        url: Option<Secret> as Maybe<MailServer>, example "smtps://user:PASSWORD@mail.example:465";
        /// Whom the mail is from.
        from: Option<String> as Maybe<Mailbox>, example "Deskhand <desk@example.org>";
    }
    /// Webhooks: other programs that are told of events.
    section webhooks: Webhooks {
        /// Networks beyond the public internet that webhooks may lead to, also without encryption. Whoever may make
        /// webhooks can reach what is in them.
        allowed_networks: Vec<IpNet> as Networks = "", example "10.20.0.0/16,192.168.1.7";
    }
    /// What the process says about itself.
    section log: Log {
        /// `text` is for a person at a terminal, `json` for a collector.
        format: LogFormat as Choice<LogFormat> = "text", example "json";
        /// The least severe entry that is logged.
        level: LogLevel as Choice<LogLevel> = "info", example "debug";
    }
    /// Where traces go.
    section otlp: Otlp {
        /// The collector, spoken to with OTLP over HTTP. Without it, no traces are sent.
        endpoint: Option<WebUrl> as Maybe<Endpoint>, example "http://localhost:4318";
    }
    /// Which traces are kept.
    section trace: Trace {
        /// The share of ordinary traces that are kept; those that failed or took longer than a second always are.
        ratio: f64 as Fraction = "1", example "0.1";
    }
    /// How the process ends.
    section shutdown: Shutdown {
        /// How long what is in flight may take after SIGTERM, in seconds.
        drain_secs: u64 as Whole<1, 600> = "20", example "20";
    }
    /// The database's connections.
    section database: DatabasePool {
        /// The most connections that this process opens.
        pool: u32 as Count<1, 500> = "10", example "20";
    }
    /// What one client may ask for.
    section limits: Limits {
        /// The largest body of a request, in bytes.
        body_bytes: u64 as Whole<1_024, 1_073_741_824> = "1048576", example "1048576";
        /// Requests a minute of one token or one signed-in member.
        requests_per_minute: u32 as Count<1, 1_000_000> = "6000", example "6000";
        /// Messages a minute of one visitor.
        visitor_messages_per_minute: u32 as Count<1, 100_000> = "30", example "30";
        /// Attempts a minute to sign in from one address.
        sign_in_per_minute: u32 as Count<1, 10_000> = "10", example "10";
    }
}
