//! The settings of what is around Deskhand: database, bus, the way in, what watches.

use std::collections::BTreeMap;

use super::component::{Resources, Selecting, WhenUnsatisfiable};
use super::quantity::Quantity;
use super::read::Share;
use super::shape::{choices, values};

choices! {
    /// When an image is pulled.
    PullPolicy {
        /// At every start.
        Always = "Always",
        /// When the node has none of it.
        IfNotPresent = "IfNotPresent",
        /// Never.
        Never = "Never",
    }
    /// Where the database is.
    DatabaseKind {
        /// Elsewhere.
        External = "external",
        /// A StatefulSet of ours, of one.
        StatefulSet = "statefulset",
        /// A cluster of the operator CloudNativePG.
        CloudNativePg = "cloudnativepg",
    }
    /// What carries events.
    BusKind {
        /// The database.
        None = "none",
        /// NATS with JetStream, in a StatefulSet of ours.
        Nats = "nats",
        /// Kafka, in a StatefulSet of ours.
        Kafka = "kafka",
        /// Kafka, by the operator Strimzi.
        Strimzi = "strimzi",
        /// A broker elsewhere.
        External = "external",
    }
    /// The way in.
    EntryKind {
        /// None.
        None = "none",
        /// A port of every node.
        NodePort = "nodeport",
        /// A load balancer of the cloud.
        LoadBalancer = "loadbalancer",
        /// An Ingress.
        Ingress = "ingress",
        /// Gateway API.
        Gateway = "gateway",
    }
    /// Which pods a node passes on to what comes from outside.
    ExternalTraffic {
        /// Those of every node; the node's address takes the place of the client's.
        Cluster = "Cluster",
        /// Its own; the client's address stays.
        Local = "Local",
    }
    /// Who collects metrics.
    MonitoringKind {
        /// Nobody.
        None = "none",
        /// A Prometheus that goes by annotations.
        Annotations = "annotations",
        /// The Prometheus operator.
        Operator = "operator",
        /// A Prometheus of ours, with Grafana and Alertmanager.
        Own = "own",
    }
    /// Who takes traces.
    TracingKind {
        /// Nobody.
        None = "none",
        /// A collector of ours, and what keeps them.
        Collector = "collector",
    }
}

values! {
    /// An image.
    Image {
        /// Where it is.
        repository: String,
        /// Its version; for Deskhand's own, empty is this program's. A tag that moves, such as latest, is refused.
        tag: String,
        /// Its digest, such as sha256:..., which decides where it is given.
        digest: String,
        /// When it is pulled.
        pull_policy: PullPolicy,
    }
    /// Namespaces beside the fleet's own.
    Namespaces {
        /// Whether they are made. The fleet's own never is: Helm needs it beforehand.
        create: bool,
    }
    /// Whom the processes run as.
    Security {
        /// The user and the group, by number.
        run_as_user: i32,
    }
    /// The account that pods have.
    ServiceAccount {
        /// Annotations.
        annotations: BTreeMap<String, String>,
    }
    /// A Secret with known contents.
    DevSecret {
        /// Whether it is made. Everybody knows what is in it.
        create: bool,
    }
    /// The Job that brings the database up to date.
    Migrations {
        /// Whether there is one. Processes do it themselves where there is none.
        enabled: bool,
        /// Its namespace, if it has one of its own.
        namespace: String,
        /// How long it may take, in seconds.
        active_deadline_seconds: i32,
        /// How often it is tried again.
        backoff_limit: i32,
        /// What it asks for, and may have.
        resources: Resources,
    }
    /// A volume.
    Storage {
        /// How much it holds.
        size: Quantity,
        /// Its class; empty: the cluster's default.
        class_name: String,
    }
    /// The database.
    Database {
        /// Where it is.
        kind: DatabaseKind,
        /// How many connections it has, where it is ours; where it is not, how many it is said to have (0: unknown).
        max_connections: i32,
        /// Where it is reached, if elsewhere.
        external: External,
        /// A StatefulSet of ours.
        statefulset: PostgresSet,
        /// A cluster of CloudNativePG.
        cloudnativepg: CloudNativePg,
    }
    /// What is elsewhere.
    External {
        /// Its port.
        port: i32,
        /// The networks that it is in, as CIDR. Empty: anywhere.
        cidrs: Vec<String>,
    }
    /// PostgreSQL, in a StatefulSet of one.
    PostgresSet {
        /// Its namespace, if it has one of its own.
        namespace: String,
        /// PostgreSQL's image, with pgvector.
        image: Image,
        /// Its volume.
        storage: Storage,
        /// What it asks for, and may have.
        resources: Resources,
        /// How long its end may take, in seconds.
        grace_period_seconds: i32,
    }
    /// A cluster of CloudNativePG.
    CloudNativePg {
        /// Its namespace, if it has one of its own.
        namespace: String,
        /// How many there are.
        instances: i32,
        /// PostgreSQL's image.
        image: Image,
        /// The volume of each.
        storage: Storage,
        /// What each asks for, and may have.
        resources: Resources,
    }
    /// Copies of the database, where it is ours.
    Backup {
        /// Whether they are made.
        enabled: bool,
        /// When, as cron writes it, in UTC.
        schedule: String,
        /// When the latest copy is restored for trial, as cron writes it, in UTC.
        drill_schedule: String,
        /// How many are kept.
        keep: i32,
        /// Where they are.
        storage: Storage,
        /// What the copying asks for, and may have.
        resources: Resources,
    }
    /// What carries events.
    Bus {
        /// What it is.
        kind: BusKind,
        /// Where it is, if elsewhere: kafka://HOST:PORT,... or nats://HOST:PORT.
        url: String,
        /// What names of topics begin with.
        prefix: String,
        /// How many copies of each event there are.
        replication: i32,
        /// Where it is reached, if elsewhere.
        external: External,
        /// NATS of ours.
        nats: Nats,
        /// Kafka of ours.
        kafka: Kafka,
        /// Kafka by Strimzi.
        strimzi: Strimzi,
        /// What tells Prometheus the lag of groups on Kafka, where replicas follow it.
        exporter: Exporter,
    }
    /// What tells Prometheus the lag of groups on Kafka.
    Exporter {
        /// Its image.
        image: Image,
        /// What it asks for, and may have.
        resources: Resources,
    }
    /// NATS with JetStream.
    Nats {
        /// Its namespace, if it has one of its own.
        namespace: String,
        /// How many servers there are.
        replicas: i32,
        /// Its image.
        image: Image,
        /// What happens to one for which there is no node without another.
        when_unsatisfiable: WhenUnsatisfiable,
        /// The volume of each.
        storage: Storage,
        /// What each asks for, and may have.
        resources: Resources,
    }
    /// Kafka.
    Kafka {
        /// Its namespace, if it has one of its own.
        namespace: String,
        /// How many brokers there are, each of them also a controller.
        replicas: i32,
        /// How many copies there must be before a write is acknowledged.
        min_insync_replicas: i32,
        /// Its image.
        image: Image,
        /// What happens to one for which there is no node without another.
        when_unsatisfiable: WhenUnsatisfiable,
        /// The volume of each.
        storage: Storage,
        /// What each asks for, and may have.
        resources: Resources,
    }
    /// Kafka, by Strimzi.
    Strimzi {
        /// Its namespace, if it has one of its own.
        namespace: String,
        /// How many brokers there are, each of them also a controller.
        replicas: i32,
        /// How many copies there must be before a write is acknowledged.
        min_insync_replicas: i32,
        /// Kafka's version, which the operator must know.
        version: String,
        /// The volume of each.
        storage: Storage,
        /// What each asks for, and may have.
        resources: Resources,
    }
    /// The way in.
    Entry {
        /// What it is.
        kind: EntryKind,
        /// The name under which people find it; needed for an Ingress and for Gateway API.
        host: String,
        /// Whether it is encrypted on the way, so that its address begins with https.
        tls: bool,
        /// The port that people use, of the load balancer or of the Service behind a port of the nodes.
        port: i32,
        /// The port of the nodes; 0: any.
        node_port: i32,
        /// Which pods a node passes on to, by the load balancer or the port of the nodes: only its own, which keeps the
        /// client's address, or those of other nodes as well.
        external_traffic_policy: ExternalTraffic,
        /// Networks that may come in by the load balancer, as CIDR. Empty: all.
        source_ranges: Vec<String>,
        /// Annotations of what is made for it.
        annotations: BTreeMap<String, String>,
        /// The Ingress.
        ingress: Ingress,
        /// Gateway API.
        gateway: Gateway,
    }
    /// An Ingress.
    Ingress {
        /// The class, by the name that it has in the cluster.
        class_name: String,
        /// The Secret with the certificate, where it is encrypted.
        tls_secret: String,
    }
    /// Gateway API.
    Gateway {
        /// Whether a Gateway is made; otherwise the route joins the one that is named.
        create: bool,
        /// The class of the one that is made.
        class_name: String,
        /// The name of the one that is there.
        name: String,
        /// Its namespace; empty: the route's own.
        namespace: String,
        /// The Secret with the certificate of the one that is made.
        tls_secret: String,
    }
    /// Who may talk to whom.
    NetworkPolicy {
        /// Whether it is said: nobody to anybody, except on the paths that are needed.
        enabled: bool,
        /// Who may come to the way in, behind an Ingress or a Gateway. Empty: everybody.
        entry_from: Vec<Selecting>,
        /// Who may fetch metrics. Empty: pods of every namespace.
        metrics_from: Vec<Selecting>,
        /// Where else pods may go beyond the cluster: mail, a model, webhooks.
        egress: Vec<Peer>,
    }
    /// A place beyond the cluster.
    Peer {
        /// The network, as CIDR.
        cidr: String,
        /// Its ports. Empty: all.
        ports: Vec<i32>,
    }
    /// Metrics, dashboards and alerts.
    Monitoring {
        /// Who collects metrics.
        kind: MonitoringKind,
        /// How often, in seconds.
        interval_seconds: i32,
        /// Labels by which the operator finds what is for it.
        labels: BTreeMap<String, String>,
        /// Prometheus, Grafana and Alertmanager of ours.
        own: OwnMonitoring,
    }
    /// Prometheus, Grafana and Alertmanager of ours.
    OwnMonitoring {
        /// Their namespace, if they have one of their own.
        namespace: String,
        /// Prometheus' image.
        prometheus: Image,
        /// Grafana's.
        grafana: Image,
        /// Alertmanager's.
        alertmanager: Image,
        /// Alertmanager's configuration, whole; empty: alerts are shown, and nobody is told.
        alertmanager_config: String,
        /// For how many days metrics are kept.
        retention_days: i32,
        /// Prometheus' volume.
        storage: Storage,
        /// What each asks for, and may have.
        resources: Resources,
    }
    /// Traces.
    Tracing {
        /// Who takes them.
        kind: TracingKind,
        /// The share of ordinary traces that are kept; those that failed or were slow always are. Nothing: 0.1 in production, 1
        /// in staging and development.
        ratio: Option<Share>,
        /// For how many days they are kept.
        retention_days: i32,
        /// The namespace of the collector, if it has one of its own.
        namespace: String,
        /// The collector's image.
        collector: Image,
        /// The image of Tempo, which keeps them and also takes them as Zipkin does.
        store: Image,
        /// The volume that they are kept on.
        storage: Storage,
        /// What each asks for, and may have.
        resources: Resources,
    }
    /// Logs.
    Logging {
        /// Fluent Bit on every node.
        fluent_bit: FluentBit,
    }
    /// Fluent Bit on every node, which sends what pods of the fleet write to Loki.
    FluentBit {
        /// Whether it is there.
        enabled: bool,
        /// Its namespace; it reads the node's files, which Pod Security "restricted" does not allow.
        namespace: String,
        /// Its image.
        image: Image,
        /// Where Loki is.
        loki_host: String,
        /// Loki's port.
        loki_port: i32,
        /// What it asks for, and may have.
        resources: Resources,
    }
}
