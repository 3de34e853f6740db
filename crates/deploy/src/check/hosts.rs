//! What pods are told by their environment and arguments, and which hosts that names.
//!
//! It must not look at the values of Secrets.

use serde_json::Value;

use super::termination::is_deskhand;
use super::value::{items, shown, text};
use super::world::{Workload, World};
use crate::manifests::Object;

/// The longest value that is looked at, in bytes.
const MOST_BYTES: usize = 4_096;
/// The most hosts of one container.
const MOST_HOSTS: usize = 200;
/// What names of variables end in that hold a host.
const ENDINGS: &[&str] = &[
    "HOST", "HOSTNAME", "ADDR", "ADDRESS", "URL", "URI", "SERVER", "SERVERS", "ENDPOINT", "BROKERS", "HOSTS",
    "SERVICE", "DSN", "UPSTREAM", "TARGET",
];

/// Words in the names of variables that hold the program's own address, as others see it.
const OWN: &[&str] =
    &["PUBLIC", "EXTERNAL_URL", "ORIGIN", "CALLBACK", "REDIRECT", "COOKIE", "ISSUER", "SITE_URL", "ROOT_URL"];
/// What the page speaks to: the API, and who collects traces.
const PAGE: &[&str] = &["DESKHAND_API_URL", "DESKHAND_OTLP__ENDPOINT"];
/// What a migration speaks to: it sends no traces.
const MIGRATION: &[&str] = &["DESKHAND_BUS_URL", "DESKHAND_DATABASE_URL"];

/// The variables of a container whose value is known: written, or from a ConfigMap of the manifests.
pub(super) fn environment(
    world: &World<'_>,
    workload: &Workload<'_>,
    container: &Value,
) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let map = |name: &str| world.get("ConfigMap", workload.namespace, name);
    for source in items(container, "/envFrom") {
        let Some(map) = text(source, "/configMapRef/name").and_then(map) else { continue };
        let prefix = text(source, "/prefix").unwrap_or_default();
        let data = map.value.get("data").and_then(Value::as_object);
        all.extend(data.into_iter().flatten().map(|(key, value)| (format!("{prefix}{key}"), shown(value))));
    }
    for variable in items(container, "/env") {
        let Some(name) = text(variable, "/name") else { continue };
        let from = || {
            let key = text(variable, "/valueFrom/configMapKeyRef/key")?;
            map(text(variable, "/valueFrom/configMapKeyRef/name")?)?.value.get("data")?.get(key)
        };
        if let Some(value) = variable.get("value").or_else(from) {
            all.push((name.to_owned(), shown(value)));
        }
    }
    all.retain(|(_, value)| value.len() <= MOST_BYTES);
    all
}

/// A host that a pod is told to speak to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Host {
    pub(super) name: String,
    pub(super) port: Option<u16>,
    /// Which variable or argument says so.
    pub(super) by: String,
}

/// The ports of schemes.
fn port_of(scheme: &str) -> Option<u16> {
    Some(match scheme {
        "http" | "ws" => 80,
        "https" | "wss" => 443,
        "postgres" | "postgresql" | "jdbc:postgresql" => 5432,
        "mysql" | "jdbc:mysql" => 3306,
        "redis" | "rediss" => 6379,
        "nats" => 4222,
        "kafka" => 9092,
        "amqp" => 5672,
        "mongodb" => 27017,
        _ => return None,
    })
}

fn is_name(text: &str) -> bool {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_');
    !text.is_empty()
        && text.len() <= 253
        && text.chars().all(fits)
        && text.starts_with(|letter: char| letter.is_ascii_alphanumeric())
        && text.chars().any(|letter| letter.is_ascii_alphabetic())
}

/// The hosts that a value names. Without a scheme or a port a word is a host only where `is_host` says so.
fn read(value: &str, is_host: bool) -> Vec<(String, Option<u16>)> {
    let mut hosts = Vec::new();
    let (scheme, rest) = value.split_once("://").map_or(("", value), |(scheme, rest)| (scheme, rest));
    let scheme =
        scheme.rsplit(|letter: char| letter.is_whitespace() || letter == '=').next().unwrap_or(scheme);
    for part in rest.split([',', ' ', ';', '\n']) {
        let part = part.split_once("://").map_or(part, |(_, rest)| rest);
        let part = part.split(['/', '?', '#']).next().unwrap_or(part);
        let part = part.rsplit('@').next().unwrap_or(part);
        let (name, port) = match part.rsplit_once(':') {
            Some((name, port)) => (name, port.parse::<u16>().ok()),
            None => (part, None),
        };
        if is_name(name) && (port.is_some() || !scheme.is_empty() || is_host) {
            hosts.push((name.to_owned(), port.or_else(|| port_of(scheme))));
        }
        if hosts.len() >= MOST_HOSTS {
            break;
        }
    }
    hosts
}

/// Whether a process of Deskhand is the page alone, which opens no database and speaks to the API. Arguments are stronger than
/// the environment, and the last of several variables counts.
pub(super) fn is_page(container: &Value, environment: &[(String, String)]) -> bool {
    let words = items(container, "/command").iter().chain(items(container, "/args"));
    let words: Vec<&str> = words.filter_map(Value::as_str).collect();
    let by_flag = words.iter().enumerate().find_map(|(at, word)| match word.strip_prefix("--roles")? {
        "" => words.get(at + 1).copied(),
        rest => rest.strip_prefix('='),
    });
    let by_variable =
        || Some(environment.iter().rev().find(|(name, _)| name == "DESKHAND_ROLES")?.1.as_str());
    by_flag.or_else(by_variable).is_some_and(|roles| roles.trim() == "web")
}

/// The settings whose hosts a part of Deskhand speaks to, where those are not all.
fn asked_by(container: &Value, environment: &[(String, String)]) -> Option<&'static [&'static str]> {
    let words = items(container, "/command").iter().chain(items(container, "/args"));
    if words.filter_map(Value::as_str).any(|word| word == "migrate") {
        return Some(MIGRATION);
    }
    is_page(container, environment).then_some(PAGE)
}

/// The hosts that a container is told of.
pub(super) fn of_container(world: &World<'_>, workload: &Workload<'_>, container: &Value) -> Vec<Host> {
    let environment = environment(world, workload, container);
    let mut hosts: Vec<Host> = Vec::new();
    // Settings are shared by all parts of Deskhand, and not every part asks all of them.
    let only: Option<&[&str]> = is_deskhand(container).then(|| asked_by(container, &environment)).flatten();
    for (name, value) in &environment {
        let upper = name.to_uppercase();
        if OWN.iter().any(|word| upper.contains(word))
            || only.is_some_and(|only| !only.contains(&name.as_str()))
        {
            continue;
        }
        let is_host = ENDINGS.iter().any(|ending| upper.ends_with(ending)) && !value.contains(' ');
        for (host, port) in read(value, is_host) {
            // A port may stand in a variable of its own: DB_HOST and DB_PORT.
            let beside = || {
                let stem = ENDINGS.iter().find_map(|ending| upper.strip_suffix(ending))?;
                let other =
                    environment.iter().find(|(name, _)| name.to_uppercase() == format!("{stem}PORT"))?;
                other.1.trim().parse().ok()
            };
            hosts.push(Host { name: host, port: port.or_else(beside), by: name.clone() });
        }
    }
    for list in ["/args", "/command"] {
        for argument in items(container, list).iter().filter_map(Value::as_str) {
            if argument.len() > MOST_BYTES || argument.contains('\n') {
                continue;
            }
            let (flag, value) = argument.split_once('=').unwrap_or(("", argument));
            let is_host = ENDINGS.iter().any(|ending| flag.to_uppercase().ends_with(ending));
            let by = if flag.is_empty() { "an argument" } else { flag };
            if flag.is_empty() && !value.contains("://") {
                continue;
            }
            hosts.extend(read(value, is_host).into_iter().map(|(name, port)| Host {
                name,
                port,
                by: by.to_owned(),
            }));
        }
    }
    hosts.truncate(MOST_HOSTS);
    hosts
}

/// The Service that a name leads to from a namespace, by the cluster's DNS.
pub(super) fn service<'a>(world: &World<'a>, namespace: &str, host: &str) -> Option<&'a Object> {
    let parts: Vec<&str> = host.trim_end_matches('.').split('.').collect();
    match parts.as_slice() {
        [name] => world.get("Service", namespace, name),
        [name, space] | [name, space, "svc"] | [name, space, "svc", ..] => {
            world.get("Service", space, name).or_else(|| headless(world, namespace, &parts))
        }
        // One pod of a StatefulSet, by its headless Service.
        [_, name, space, "svc", ..] => world.get("Service", space, name),
        _ => None,
    }
}

/// `POD.SERVICE` within the namespace.
fn headless<'a>(world: &World<'a>, namespace: &str, parts: &[&str]) -> Option<&'a Object> {
    let [_, name] = parts else { return None };
    world.get("Service", namespace, name)
}

/// Whether a name can only be one outside of the cluster.
pub(super) fn is_outside(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or_default();
    let is_ours = matches!(last, "svc" | "local" | "localhost" | "internal" | "cluster");
    host.contains('.')
        && !is_ours
        && last.len() >= 2
        && last.chars().all(|letter| letter.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read_from_urls_lists_and_words() {
        let host = |name: &str, port| (name.to_owned(), port);
        for (value, is_host, expected) in [
            ("postgres://me:secret@db:5433/desk", false, vec![host("db", Some(5433))]),
            (
                "http://api.shop.svc.cluster.local/x",
                false,
                vec![host("api.shop.svc.cluster.local", Some(80))],
            ),
            (
                "kafka-0:9092,kafka-1:9092",
                false,
                vec![host("kafka-0", Some(9092)), host("kafka-1", Some(9092))],
            ),
            ("redis", true, vec![host("redis", None)]),
            ("redis", false, vec![]),
            ("127.0.0.1:80", false, vec![]),
            ("12:30", false, vec![]),
            ("kafka://a:1,b:2", false, vec![host("a", Some(1)), host("b", Some(2))]),
        ] {
            assert_eq!(read(value, is_host), expected, "{value}");
        }
    }

    #[test]
    fn outside_is_what_has_a_domain_of_its_own() {
        assert!(is_outside("db.example.org"));
        for inside in
            ["db", "db.shop.svc", "db.shop.svc.cluster.local", "metadata.google.internal", "10.0.0.1"]
        {
            assert!(!is_outside(inside), "{inside}");
        }
    }
}
