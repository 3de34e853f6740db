//! What the program itself says and the fleet goes by: ports, paths, roles, groups, topics. Nothing here is a choice of a
//! fleet's.

use config::{Group, Role};
use domain::Topic;

/// Its name: of the binary, of the part of everything, and of releases unless they have another.
pub const NAME: &str = "deskhand";
/// Its version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Where it serves.
pub const PORT: i32 = 8000;
/// Where it serves probes and metrics, apart from everything else.
pub const MANAGEMENT_PORT: i32 = 9000;
/// Whether it has started.
pub const STARTUP: &str = "/startup";
/// Whether it takes traffic.
pub const READY: &str = "/ready";
/// Whether it is alive.
pub const HEALTH: &str = "/health";
/// Its metrics.
pub const METRICS: &str = "/metrics";
/// The folder that its processes may write to, as far as they write at all.
pub const DATA_DIR: &str = "/tmp/deskhand";
/// How long its end takes beside what `shutdown.drain_secs` allows for, in seconds: the last commit and the last traces.
pub const FLUSH_SECS: i32 = 5;
/// The setting that bounds how long the rest of an end takes.
pub const DRAIN_KEY: &str = "shutdown.drain_secs";
/// The setting that says whom it believes about where a request comes from.
pub const PROXIES_KEY: &str = "trusted_proxies";
/// The networks that clusters give to pods: those that are nobody's, that of carriers, and that of local IPv6.
pub const POD_NETWORKS: &str = "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,fd00::/8";

/// The role with this name.
pub fn role(name: &str) -> Option<Role> {
    Role::ALL.iter().copied().find(|role| role.as_str() == name)
}

/// The group with this name.
pub fn group(name: &str) -> Option<Group> {
    Group::ALL.iter().copied().find(|group| group.as_str() == name)
}

/// The groups that workers run. Live updates are told by every process that serves pages.
pub fn worked_groups() -> impl Iterator<Item = Group> {
    Group::ALL.iter().copied().filter(|group| *group != Group::Live)
}

/// The topics that a group reads.
pub fn topics(group: Group) -> &'static [Topic] {
    match group {
        Group::Hand => &[Topic::ConversationsIncoming],
        Group::Recurring => &[Topic::TaskEvents],
        Group::Notify | Group::Webhooks => {
            &[Topic::ConversationsIncoming, Topic::TaskEvents, Topic::Reminders, Topic::Audit]
        }
        Group::Audit => &Topic::ALL,
        Group::Live => &[],
    }
}

/// A topic's name on a broker.
pub fn topic_name(prefix: &str, topic: Topic) -> String {
    format!("{prefix}.{}", topic.as_str())
}

/// The name under which a group's positions are found on Kafka.
pub fn group_name(prefix: &str, group: Group) -> String {
    format!("{prefix}.{}", group.as_str())
}
