//! What a container may do to its node and its neighbours: what kube-linter asks by default, and Pod Security
//! "restricted" beside it.

use serde_json::Value;

use super::value::{is_true, items, listed, text, whole};
use super::world::{Workload, World, name_of};
use super::{Found, Moment, Says, Severity, at, then};

/// Folders of a node that are more than a program's own.
const SENSITIVE: &[&str] = &["/", "/boot", "/dev", "/etc", "/lib", "/proc", "/sys", "/usr"];
/// Settings of the kernel that hold for a pod alone (`safe sysctls`).
const SAFE: &[&str] = &[
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
];

pub(super) fn check(world: &World<'_>, found: &mut Found) {
    for workload in world.workloads.iter().filter(|workload| !workload.is_made) {
        containers(world, found, workload);
        host(world, found, workload);
    }
}

/// What a stranger can do who has found a way to run a command in a container.
fn breach(container: &str, effect: &str) -> Vec<Moment> {
    vec![
        at(0, format!("a flaw of what runs in {container} lets a stranger run a command there")),
        then(effect),
    ]
}

/// A setting of the container, or of the pod where the container says nothing.
fn setting<'v>(workload: &'v Workload<'_>, container: &'v Value, key: &str) -> Option<&'v Value> {
    let pointer = format!("/securityContext/{key}");
    container.pointer(&pointer).or_else(|| workload.pod.pointer(&pointer))
}

fn runs_as_root(workload: &Workload<'_>, container: &Value) -> bool {
    let user = setting(workload, container, "runAsUser").and_then(Value::as_i64);
    let refuses = setting(workload, container, "runAsNonRoot").and_then(Value::as_bool) == Some(true);
    user == Some(0) || (!refuses && user.is_none())
}

fn keeps_raw_sockets(container: &Value) -> bool {
    let of = |list: &str| items(container, &format!("/securityContext/capabilities/{list}"));
    let has = |list: &str, name: &str| {
        of(list).iter().any(|one| one.as_str().is_some_and(|one| one.eq_ignore_ascii_case(name)))
    };
    has("add", "NET_RAW") || !(has("drop", "ALL") || has("drop", "NET_RAW"))
}

fn containers(world: &World<'_>, found: &mut Found, workload: &Workload<'_>) {
    type Test = fn(&Workload<'_>, &Value) -> bool;
    let rules: [(&'static str, Severity, Test, &str, &str, &str); 7] = [
        (
            "privileged-container",
            Severity::Warning,
            |_, container| is_true(container, "/securityContext/privileged"),
            "is privileged",
            "take privileged away and add the one capability that it needs",
            "the node's devices are its own: it reads every disk, and every other pod of the node",
        ),
        (
            "privilege-escalation",
            Severity::Note,
            |_, container| {
                let context = container.pointer("/securityContext/allowPrivilegeEscalation");
                context.and_then(Value::as_bool) != Some(false)
            },
            "may gain privileges that its parent does not have",
            "set allowPrivilegeEscalation: false",
            "a program with the setuid bit makes them root in the container",
        ),
        (
            "runs-as-root",
            Severity::Note,
            runs_as_root,
            "may run as root",
            "set runAsNonRoot: true and a runAsUser above 0",
            "they are UID 0: what is mounted from the node is theirs, and a flaw of the kernel is enough for the node",
        ),
        (
            "writable-root",
            Severity::Note,
            |_, container| !is_true(container, "/securityContext/readOnlyRootFilesystem"),
            "can change its own files",
            "set readOnlyRootFilesystem: true, and give it an emptyDir where it has to write",
            "they write a program beside the ones that are there, and it is run",
        ),
        (
            "raw-sockets",
            Severity::Note,
            |_, container| keeps_raw_sockets(container),
            "keeps the capability NET_RAW",
            "set capabilities.drop: [ALL]",
            "they send packets with any sender, and answer for the DNS of their neighbours",
        ),
        (
            "unmasked-proc",
            Severity::Warning,
            |_, container| text(container, "/securityContext/procMount") == Some("Unmasked"),
            "sees all of /proc",
            "take procMount: Unmasked away",
            "they read and change what the kernel shows only to the node",
        ),
        (
            "ssh-port",
            Severity::Note,
            |_, container| {
                items(container, "/ports").iter().any(|port| whole(port, "/containerPort") == Some(22))
            },
            "opens port 22",
            "take the server of SSH out of the image: kubectl exec does without",
            "a way in that no policy of the cluster sees, with keys of its own",
        ),
    ];
    for (id, severity, is_so, what, remedy, effect) in rules {
        let names: Vec<&str> = workload
            .all()
            .filter(|(container, _)| is_so(workload, container))
            .map(|(container, _)| name_of(container))
            .collect();
        let Some(first) = names.first() else { continue };
        let says = Says {
            what: format!("container {} {what}", listed(&names)),
            remedy: remedy.to_owned(),
            timeline: breach(first, effect),
        };
        found.add(world, (id, severity), (workload.object, &workload.at("/containers/0")), says);
    }
}

/// What a pod has of its node.
fn host(world: &World<'_>, found: &mut Found, workload: &Workload<'_>) {
    let name = workload.object.name();
    for (key, effect) in [
        ("hostNetwork", "they hear what the node says, and are behind every NetworkPolicy"),
        ("hostPID", "they see every process of the node, and the environment of each"),
        ("hostIPC", "they read the shared memory of every process of the node"),
    ] {
        if !is_true(workload.pod, &format!("/{key}")) {
            continue;
        }
        let says = Says {
            what: format!("its pods have {key} of their node"),
            remedy: format!("take {key} away, or say in an annotation why it is needed"),
            timeline: breach(name, effect),
        };
        found.add(
            world,
            ("host-namespace", Severity::Warning),
            (workload.object, &workload.at(&format!("/{key}"))),
            says,
        );
    }
    for (index, volume) in items(workload.pod, "/volumes").iter().enumerate() {
        let Some(path) = text(volume, "/hostPath/path") else { continue };
        let trimmed = if path.len() > 1 { path.trim_end_matches('/') } else { path };
        let pointer = workload.at(&format!("/volumes/{index}"));
        let is_socket =
            ["docker.sock", "containerd.sock", "crio.sock"].iter().any(|name| trimmed.ends_with(name));
        let mounts = |container: &Value| {
            items(container, "/volumeMounts")
                .iter()
                .any(|mount| mount.get("name") == volume.get("name") && !is_true(mount, "/readOnly"))
        };
        let writes = workload.all().any(|(container, _)| mounts(container));
        if is_socket {
            let says = Says {
                what: format!("it has {path} of its node"),
                remedy: "take the volume away: whoever can use it is root on the node".to_owned(),
                timeline: breach(name, "they ask the runtime for a privileged container: the node is theirs"),
            };
            found.add(world, ("runtime-socket", Severity::Warning), (workload.object, &pointer), says);
        } else if SENSITIVE.contains(&trimmed) {
            let how = if writes { "reads and changes" } else { "reads" };
            let says = Says {
                what: format!("it {how} {path} of its node"),
                remedy: "mount the one file or folder that it needs, with readOnly: true".to_owned(),
                timeline: breach(
                    name,
                    &format!("they {} what the node keeps in {path}", if writes { "change" } else { "read" }),
                ),
            };
            let severity = if writes { Severity::Warning } else { Severity::Note };
            found.add(world, ("sensitive-host-path", severity), (workload.object, &pointer), says);
        }
    }
    for (index, sysctl) in items(workload.pod, "/securityContext/sysctls").iter().enumerate() {
        let Some(key) = text(sysctl, "/name").filter(|key| !SAFE.contains(key)) else { continue };
        let says = Says {
            what: format!("it sets {key}, which not every node allows"),
            remedy: "take it away, or allow it on the nodes and say which".to_owned(),
            timeline: vec![
                at(0, "a pod is placed on a node that does not allow it"),
                at(
                    1,
                    format!(
                        "SysctlForbidden: {key}; the pod has failed, and the next one is placed on the same node"
                    ),
                ),
            ],
        };
        let pointer = workload.at(&format!("/securityContext/sysctls/{index}"));
        found.add(world, ("unsafe-sysctl", Severity::Warning), (workload.object, &pointer), says);
    }
}
