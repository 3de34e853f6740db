//! Probes: those that end a program before it has begun, that ask others than the program, or that knock at a door that
//! is not there.

use serde_json::Value;

use super::rollout::deadline;
use super::value::{items, listed, text, whole};
use super::world::{Workload, World, name_of};
use super::{Found, Says, Severity, at, then};

pub(super) fn check(world: &World<'_>, found: &mut Found) {
    for (index, workload) in world.workloads.iter().enumerate() {
        for (container, pointer) in workload.running() {
            slow_start(world, found, workload, (container, &pointer));
            for kind in ["livenessProbe", "readinessProbe", "startupProbe"] {
                if let Some(probe) = container.get(kind).filter(|probe| probe.is_object()) {
                    port(world, found, workload, (container, probe, &format!("{pointer}/{kind}")));
                    dependency(world, found, index, (kind, probe, &format!("{pointer}/{kind}")));
                }
            }
        }
        progress(world, found, workload);
    }
}

/// The times of a probe, in seconds.
struct Times {
    delay: u64,
    period: u64,
    timeout: u64,
    failures: u64,
}

impl Times {
    fn of(probe: &Value) -> Self {
        let of = |key: &str, otherwise: u64| {
            let secs = whole(probe, &format!("/{key}")).and_then(|secs| u64::try_from(secs).ok());
            secs.unwrap_or(otherwise).min(1_000_000)
        };
        Self {
            delay: of("initialDelaySeconds", 0),
            period: of("periodSeconds", 10).max(1),
            timeout: of("timeoutSeconds", 1).max(1),
            failures: of("failureThreshold", 3).max(1),
        }
    }

    /// When it has failed so often that something happens, if it fails from the beginning.
    fn gives_up(&self) -> u64 {
        self.delay + self.period * (self.failures - 1) + self.timeout.min(self.period)
    }
}

/// A program that needs longer than the probes give it, and begins again and again.
fn slow_start(
    world: &World<'_>,
    found: &mut Found,
    workload: &Workload<'_>,
    (container, pointer): (&Value, &str),
) {
    let probe = |kind| container.get(kind).filter(|probe: &&Value| probe.is_object()).map(Times::of);
    let readiness = probe("readinessProbe");
    let said = workload.said("start-secs").map(|secs| (secs as u64, "deskhand.dev/start-secs"));
    let (kind, times) = match (probe("startupProbe"), probe("livenessProbe")) {
        (Some(times), _) => ("startupProbe", times),
        (None, Some(times)) => ("livenessProbe", times),
        (None, None) => return,
    };
    // Whoever lets a readiness probe wait for longer knows that the program is not there before.
    let guessed = || {
        let delay = readiness.as_ref().map_or(0, |times| times.delay);
        (kind == "livenessProbe" && delay > 0).then_some((delay, "the readinessProbe's initialDelaySeconds"))
    };
    let Some((start, by)) = said.or_else(guessed) else { return };
    let end = times.gives_up();
    if start <= end {
        return;
    }
    let says = Says {
        what: format!(
            "container {} needs {start} s to start by {by}, and its {kind} ends it after {end} s",
            name_of(container)
        ),
        remedy: format!("add a startupProbe whose periodSeconds x failureThreshold is more than {start}"),
        timeline: vec![
            at(0, "the container begins"),
            at(
                times.delay,
                format!(
                    "the {kind} asks for the first time, and fails: the program is not up before {start}"
                ),
            ),
            at(
                end,
                format!(
                    "it has failed {} times, every {} s: the container is ended and begun anew",
                    times.failures, times.period
                ),
            ),
            at(end * 2 + 10, "and again, after 10 s, then 20, 40, up to 300: CrashLoopBackOff"),
        ],
    };
    found.add(
        world,
        ("probe-kills-slow-start", Severity::Error),
        (workload.object, &format!("{pointer}/{kind}")),
        says,
    );
}

/// An update that counts as failed while its pods may still be starting.
fn progress(world: &World<'_>, found: &mut Found, workload: &Workload<'_>) {
    if workload.object.kind() != "Deployment" {
        return;
    }
    let deadline = deadline(workload);
    for (container, pointer) in workload.running() {
        let Some(times) = container.get("startupProbe").filter(|probe| probe.is_object()).map(Times::of)
        else {
            continue;
        };
        let end = times.gives_up();
        if end <= deadline {
            continue;
        }
        let says = Says {
            what: format!(
                "the startupProbe gives container {} {end} s, and progressDeadlineSeconds the update {deadline} s",
                name_of(container)
            ),
            remedy: format!("set progressDeadlineSeconds to more than {end}"),
            timeline: vec![
                at(0, "an update begins a new pod, which is slow today"),
                at(
                    deadline,
                    "ProgressDeadlineExceeded: the update has failed, and what waits for it rolls back",
                ),
                at(end, "until now the pod would have been within its own limit"),
            ],
        };
        found.add(
            world,
            ("deadline-before-startup", Severity::Warning),
            (workload.object, &format!("{pointer}/startupProbe")),
            says,
        );
    }
}

fn port(
    world: &World<'_>,
    found: &mut Found,
    workload: &Workload<'_>,
    (container, probe, pointer): (&Value, &Value, &str),
) {
    for action in ["httpGet", "tcpSocket", "grpc"] {
        let Some(port) = probe.pointer(&format!("/{action}/port")) else { continue };
        let declared = items(container, "/ports");
        let (is_there, severity) = match port.as_str().filter(|text| text.parse::<u16>().is_err()) {
            Some(name) => (declared.iter().any(|port| text(port, "/name") == Some(name)), Severity::Error),
            None => {
                let number = whole(probe, &format!("/{action}/port"));
                let is_there = declared.is_empty()
                    || declared.iter().any(|port| whole(port, "/containerPort") == number);
                (is_there, Severity::Note)
            }
        };
        if is_there {
            continue;
        }
        let asked = super::value::shown(port);
        let names: Vec<String> = declared
            .iter()
            .map(|port| {
                format!(
                    "{} ({})",
                    text(port, "/name").unwrap_or("-"),
                    whole(port, "/containerPort").unwrap_or(0)
                )
            })
            .collect();
        let has = if names.is_empty() { "none".to_owned() } else { listed(&names) };
        let times = Times::of(probe);
        let effect = if severity == Severity::Error {
            "the name is no port of the container, so every probe fails"
        } else {
            "unless something listens there that the ports do not name, every probe fails"
        };
        let says = Says {
            what: format!(
                "the probe of container {} asks port {asked}, and its ports are {has}",
                name_of(container)
            ),
            remedy: "name the port that is probed among the container's ports".to_owned(),
            timeline: vec![
                at(times.delay, format!("the first probe asks port {asked}: {effect}")),
                at(times.gives_up(), format!("{} failures: the probe acts on it", times.failures)),
            ],
        };
        found.add(world, ("probe-port-missing", severity), (workload.object, pointer), says);
    }
}

/// Words in the path or the command of a probe by which it asks something else than the program.
const SHARED: &[(&str, &str)] = &[
    ("/health/db", "the database"),
    ("/healthz/db", "the database"),
    ("/health/database", "the database"),
    ("/ready/db", "the database"),
    ("/db/health", "the database"),
    ("health/deep", "what it depends on"),
    ("deep-health", "what it depends on"),
    ("deephealth", "what it depends on"),
    ("/dependencies", "what it depends on"),
];
/// Programs that ask a server, and the flags by which they name one.
const CLIENTS: &[(&str, &[&str])] = &[
    ("pg_isready", &["-h ", "--host=", "--host "]),
    ("psql", &["-h ", "--host=", "--host "]),
    ("mysqladmin", &["-h ", "--host=", "--host ", "-h"]),
    ("redis-cli", &["-h "]),
    ("nc ", &["-z ", "-zv ", "-vz "]),
];

/// What a probe asks that others ask too.
fn asks(world: &World<'_>, workload: &Workload<'_>, probe: &Value) -> Option<String> {
    if let Some(said) = workload.annotation("deskhand.dev/readiness-asks") {
        return Some(said.to_owned());
    }
    let path = text(probe, "/httpGet/path").unwrap_or_default().to_lowercase();
    if let Some((_, what)) = SHARED.iter().find(|(word, _)| path.contains(word)) {
        return Some(format!("{what} ({path})"));
    }
    let words: Vec<&str> = items(probe, "/exec/command").iter().filter_map(Value::as_str).collect();
    let line = words.join(" ");
    let (_, flags) = CLIENTS.iter().find(|(client, _)| line.contains(client))?;
    let rest = flags.iter().find_map(|flag| line.split_once(flag).map(|(_, rest)| rest))?;
    let host = rest.split_whitespace().next()?.trim_matches(['"', '\'']);
    let host = host.split(':').next().unwrap_or(host);
    let service = super::hosts::service(world, workload.namespace, host)?;
    // A probe of the database's own pod that goes by its Service asks itself.
    let is_own = world.behind(service).iter().any(|index| {
        world.workloads.get(*index).is_some_and(|behind| std::ptr::eq(behind.object, workload.object))
    });
    (!is_own).then(|| format!("Service {}", service.name()))
}

fn dependency(
    world: &World<'_>,
    found: &mut Found,
    index: usize,
    (kind, probe, pointer): (&str, &Value, &str),
) {
    let Some(workload) = world.workloads.get(index) else { return };
    if kind == "startupProbe"
        || (kind == "livenessProbe" && workload.annotation("deskhand.dev/readiness-asks").is_some())
    {
        return;
    }
    let Some(asked) = asks(world, workload, probe) else { return };
    let times = Times::of(probe);
    let (_, most) = world.replicas(index);
    let end = times.period * (times.failures - 1) + times.timeout;
    let (id, severity, effect, remedy) = if kind == "livenessProbe" {
        let effect = format!(
            "all {most} replicas are ended and begun anew, at the same time, and all ask {asked} when they are back"
        );
        (
            "liveness-on-dependency",
            Severity::Error,
            effect,
            "let the livenessProbe ask the process and nothing else",
        )
    } else {
        let services: Vec<&str> =
            world.services_of(index).into_iter().map(|service| service.name()).collect();
        let of =
            if services.is_empty() { workload.title() } else { format!("Service {}", listed(&services)) };
        let effect = format!(
            "all {most} replicas are unready at once: {of} has no endpoint, and cannot even say what is wrong"
        );
        (
            "readiness-on-dependency",
            Severity::Warning,
            effect,
            "let the readinessProbe ask what only this replica can have; tell of the rest by a metric",
        )
    };
    let says = Says {
        what: format!("the {kind} asks {asked}, which every replica shares"),
        remedy: remedy.to_owned(),
        timeline: vec![
            at(0, format!("{asked} is away, for {} s", end + 5)),
            at(end, format!("{} probes have failed, every {} s: {effect}", times.failures, times.period)),
            at(end + 5, format!("{asked} is back")),
            then("the outage of one thing became that of everything that asks it"),
        ],
    };
    found.add(world, (id, severity), (workload.object, pointer), says);
}
