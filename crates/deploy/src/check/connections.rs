//! Connections: what the pools of all replicas open, against what the database takes.

use serde_json::Value;

use super::hosts::{self, environment};
use super::rollout::steps;
use super::termination::is_deskhand;
use super::value::{items, text, whole};
use super::world::{Workload, World};
use super::{Found, Says, Severity, at};
use crate::manifests::Object;

/// What PostgreSQL takes where nobody sets it, and keeps for its administrators.
const DEFAULT_MOST: i64 = 100;
const RESERVED: i64 = 3;
/// Deskhand's `database.pool` where nobody sets it.
const DESKHAND_POOL: i64 = 10;

pub(super) fn check(world: &World<'_>, found: &mut Found) {
    let databases: Vec<Database<'_>> =
        (0..world.workloads.len()).filter_map(|index| database(world, index)).collect();
    for database in &databases {
        let clients = clients(world, |workload, container| {
            let known = database_of(world, workload, container);
            match known {
                Some(service) => database.services.iter().any(|own| std::ptr::eq(*own, service)),
                // Where the address is a secret it is this one, if there is no other.
                None => databases.len() == 1 && is_deskhand(container),
            }
        });
        weigh(world, found, (database.object, database.pointer), &clients, database.most);
    }
    if let (true, Some(most)) = (databases.is_empty(), world.options.max_connections) {
        let clients = clients(world, |_, _| true);
        if let Some(workload) = clients.first().map(|client| client.workload) {
            weigh(world, found, (workload.object, "/spec"), &clients, most);
        }
    }
}

struct Database<'a> {
    object: &'a Object,
    pointer: &'static str,
    services: Vec<&'a Object>,
    most: i64,
}

/// `max_connections` in a text such as `-c max_connections=200` or a line of postgresql.conf.
fn named(text: &str) -> Option<i64> {
    let (_, rest) = text.split_once("max_connections")?;
    let rest = rest.trim_start_matches([' ', '=', ':', '\'', '"', '\t']);
    let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
    rest.get(..end)?.parse().ok()
}

fn database<'a>(world: &World<'a>, index: usize) -> Option<Database<'a>> {
    let workload = world.workloads.get(index)?;
    if workload.object.kind() == "Cluster" {
        let value = &workload.object.value;
        let most = whole(value, "/spec/postgresql/parameters/max_connections").unwrap_or(DEFAULT_MOST);
        return Some(Database {
            object: workload.object,
            pointer: "/spec/postgresql/parameters/max_connections",
            services: world.services_of(index),
            most: most - RESERVED,
        });
    }
    let is_server = |image: &str| {
        let name = image.rsplit('/').next().unwrap_or(image).split([':', '@']).next().unwrap_or_default();
        matches!(name, "postgres" | "postgresql" | "pgvector" | "timescaledb" | "postgis")
    };
    let (container, _) =
        workload.running().find(|(container, _)| text(container, "/image").is_some_and(is_server))?;
    let words =
        items(container, "/args").iter().chain(items(container, "/command")).filter_map(Value::as_str);
    let by_argument = words.collect::<Vec<_>>().join(" ");
    let by_variable = || {
        let variables = environment(world, workload, container);
        let is_it = |(name, _): &&(String, String)| name.ends_with("MAX_CONNECTIONS");
        variables.iter().find(is_it).and_then(|(_, value)| value.trim().parse().ok())
    };
    let by_file = || {
        let volumes = items(workload.pod, "/volumes").iter();
        let maps = volumes.filter_map(|volume| {
            world.get("ConfigMap", workload.namespace, text(volume, "/configMap/name")?)
        });
        maps.flat_map(|map| map.value.get("data").and_then(Value::as_object).into_iter().flatten())
            .filter_map(|(_, text)| text.as_str())
            .flat_map(str::lines)
            .filter(|line| line.trim_start().starts_with("max_connections"))
            .find_map(named)
    };
    let said = workload.said("max-connections").map(|most| most as i64);
    let most =
        said.or_else(|| named(&by_argument)).or_else(by_variable).or_else(by_file).unwrap_or(DEFAULT_MOST);
    Some(Database {
        object: workload.object,
        pointer: "/spec/template/spec/containers/0",
        services: world.services_of(index),
        most: most - RESERVED,
    })
}

/// The Service of the database that a container is told of, where that can be seen.
fn database_of<'a>(world: &World<'a>, workload: &Workload<'a>, container: &Value) -> Option<&'a Object> {
    let hosts = hosts::of_container(world, workload, container);
    let found: Vec<&Object> = hosts
        .iter()
        .filter(|host| {
            host.port == Some(5432)
                || host.by.contains("DB")
                || host.by.contains("DATABASE")
                || host.by.contains("POSTGRES")
                || host.by.contains("PG")
        })
        .filter_map(|host| hosts::service(world, workload.namespace, &host.name))
        .collect();
    found.first().copied()
}

struct Client<'w, 'a> {
    workload: &'w Workload<'a>,
    pool: i64,
    least: i64,
    most: i64,
    surge: i64,
}

/// The most connections of a container's pool, where it says so.
fn pool(world: &World<'_>, workload: &Workload<'_>, container: &Value) -> Option<i64> {
    let of_setting = |(name, value): &(String, String)| {
        let name = name.to_uppercase();
        let is_pool = name.contains("POOL") || name.contains("MAX_OPEN_CONN") || name.contains("MAX_CONNS");
        let is_other =
            ["MIN", "IDLE", "TIME", "LIFE", "RECYCLE", "OVERFLOW", "PRE_PING", "THREAD", "MODE", "NAME"];
        let number = value.trim().parse::<i64>().ok().filter(|number| (1..=100_000).contains(number));
        number.filter(|_| is_pool && !is_other.iter().any(|word| name.contains(word)))
    };
    let variables = environment(world, workload, container);
    if is_deskhand(container) && hosts::is_page(container, &variables) {
        return None;
    }
    let by_setting = variables.iter().filter_map(of_setting).max();
    let said = workload.said("pool").map(|pool| pool as i64);
    said.or(by_setting).or_else(|| is_deskhand(container).then_some(DESKHAND_POOL))
}

fn clients<'w, 'a>(
    world: &'w World<'a>,
    is_client: impl Fn(&Workload<'a>, &Value) -> bool,
) -> Vec<Client<'w, 'a>> {
    let mut clients = Vec::new();
    for (index, workload) in world.workloads.iter().enumerate() {
        let mine = workload.running().filter(|(container, _)| is_client(workload, container));
        let pool: i64 = mine.filter_map(|(container, _)| pool(world, workload, container)).sum();
        if pool == 0 || matches!(workload.object.kind(), "Job" | "CronJob") {
            continue;
        }
        let (least, most) = world.replicas(index);
        let surge = steps(workload, most).map_or(0, |(surge, _)| surge);
        clients.push(Client { workload, pool, least, most, surge });
    }
    clients
}

fn weigh(
    world: &World<'_>,
    found: &mut Found,
    (object, pointer): (&Object, &str),
    clients: &[Client<'_, '_>],
    most: i64,
) {
    let sum = |of: fn(&Client<'_, '_>) -> i64| {
        clients.iter().fold(0_i64, |sum, client| sum.saturating_add(client.pool.saturating_mul(of(client))))
    };
    let (usual, peak) = (sum(|client| client.least), sum(|client| client.most));
    let updating = clients.iter().map(|client| client.pool.saturating_mul(client.surge)).max().unwrap_or(0);
    let all = peak.saturating_add(updating);
    if clients.is_empty() || all <= most {
        return;
    }
    let parts: Vec<String> = clients
        .iter()
        .map(|client| format!("{} of {} x {}", client.most, client.workload.object.name(), client.pool))
        .collect();
    let mut timeline = vec![at(0, format!("the least replicas can open {usual} connections, of {most}"))];
    if peak > usual {
        timeline.push(at(
            300,
            format!("a busy hour: every autoscaler is at its most, and the pools can open {peak}"),
        ));
    }
    if updating > 0 && peak <= most {
        timeline.push(at(600, format!("an update begins new pods beside the old ones: {updating} more")));
    }
    timeline.push(at(601, format!("connection {} is refused: too many clients already; requests fail, and probes that ask the database with them", most + 1)));
    let severity = if peak > most { Severity::Error } else { Severity::Warning };
    let says = Says {
        what: format!(
            "pools can open {all} connections ({}), and the database takes {most}",
            parts.join(", ")
        ),
        remedy: format!("make the pools smaller, raise max_connections above {all}, or put a pooler between"),
        timeline,
    };
    found.add(world, ("pools-exceed-connections", severity), (object, pointer), says);
}
