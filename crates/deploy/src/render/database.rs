//! The database where it is in the cluster: PostgreSQL in a StatefulSet with copies that are tried, or a cluster of the
//! operator CloudNativePG.

use std::collections::BTreeMap;

use k8s_openapi::api::batch::v1::{CronJob, CronJobSpec, JobSpec, JobTemplateSpec};
use k8s_openapi::api::core::v1::{
    Container, EmptyDirVolumeSource, PersistentVolumeClaim, PersistentVolumeClaimVolumeSource,
    PodTemplateSpec, Volume, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Serialize;
use serde_json::{Value, json};

use super::POSTGRES_PASSWORD;
use super::custom::{Custom, Spec};
use super::meta::{keep, say_why};
use super::object::Object;
use super::pod::{empty_dir, env, mount, pod, resources, restricted, secret_env};
use super::stateful::{DATA, Kept, claim, container_ports, every, exec, headless, service, stateful_set};
use super::why::Why;
use crate::error::Error;
use crate::fleet::{self, Database, Fleet, ImageRef, Monitoring};
use crate::values::Backup;

/// The label of the database, and of what copies it.
pub(super) const POSTGRES: &str = "postgres";
pub(super) const BACKUP: &str = "backup";
const DRILL: &str = "restore-drill";
/// The user that the image of PostgreSQL has for it.
const USER: i64 = 999;
const PORT: (&str, i32) = ("postgres", 5432);
const COPIES: &str = "copies";

/// Copies the database, looks whether the copy can be read, and only then counts it among those that are kept.
const COPY: &str = r#"set -eu
name="/backup/deskhand-$(date -u +%Y%m%dT%H%M%SZ).dump"
pg_dump --format=custom --file="$name.part"
pg_restore --list "$name.part" > /dev/null
mv "$name.part" "$name"
ls -1 /backup/deskhand-*.dump | sort -r | tail -n "+$((KEEP + 1))" | xargs -r rm --
echo "copied to $name"
"#;

/// Restores the latest copy into a database that goes with the pod.
const TRY: &str = r#"set -eu
latest="$(ls -1 /backup/deskhand-*.dump | sort -r | head -n 1)"
initdb --pgdata=/tmp/drill --username=deskhand --auth=trust > /dev/null
pg_ctl --pgdata=/tmp/drill --wait --silent --log=/tmp/drill.log \
  --options="-c listen_addresses='' -c unix_socket_directories=/tmp" start
export PGHOST=/tmp PGUSER=deskhand
psql --quiet --dbname=postgres --command="CREATE ROLE deskhand_app NOLOGIN" --command="CREATE ROLE deskhand_system NOLOGIN"
createdb drill
pg_restore --dbname=drill --no-owner --exit-on-error "$latest"
psql --dbname=drill --tuples-only --no-align \
  --command="SELECT 'restored ' || count(*) || ' tables' FROM pg_tables WHERE schemaname = 'public'"
pg_ctl --pgdata=/tmp/drill --wait --silent stop
echo "$latest can be restored"
"#;

/// The database, as far as it is in the cluster.
pub(super) fn objects(fleet: &Fleet) -> Result<Vec<Object>, Error> {
    match &fleet.database {
        Database::External { .. } => Ok(Vec::new()),
        Database::StatefulSet {
            namespace,
            image,
            volume,
            resources,
            max_connections,
            grace_secs,
            backup,
        } => {
            let postgres = Container {
                name: POSTGRES.to_owned(),
                image: Some(image.name.clone()),
                image_pull_policy: Some(image.pull_policy.to_owned()),
                args: Some(vec!["-c".to_owned(), format!("max_connections={max_connections}")]),
                env: Some(vec![
                    env("POSTGRES_USER", "deskhand"),
                    env("POSTGRES_DB", "deskhand"),
                    env("PGDATA", "/var/lib/postgresql/data/pgdata"),
                    secret_env(POSTGRES_PASSWORD, fleet.secret.name(), POSTGRES_PASSWORD, false),
                ]),
                ports: Some(container_ports(&[PORT])),
                startup_probe: exec(READY, every(5, 60)),
                readiness_probe: exec(READY, every(10, 3)),
                liveness_probe: exec(READY, every(10, 6)),
                resources: Some(super::pod::resources(resources)),
                security_context: Some(restricted()),
                volume_mounts: Some(vec![
                    mount(DATA, "/var/lib/postgresql/data"),
                    mount("run", "/var/run/postgresql"),
                    mount("shm", "/dev/shm"),
                    mount("tmp", "/tmp"),
                ]),
                ..Container::default()
            };
            let shm = EmptyDirVolumeSource {
                medium: Some("Memory".to_owned()),
                size_limit: Some(Quantity("128Mi".to_owned())),
            };
            let shm = Volume { name: "shm".to_owned(), empty_dir: Some(shm), ..Volume::default() };
            let set = stateful_set(
                fleet,
                Kept {
                    part: POSTGRES,
                    namespace,
                    replicas: 1,
                    user: USER,
                    container: postgres,
                    volumes: vec![empty_dir("run", "16Mi"), shm, empty_dir("tmp", "64Mi")],
                    volume,
                    grace_secs: *grace_secs,
                    annotations: BTreeMap::new(),
                    waits_for_a_node: false,
                    reasons: &[Why::OneDatabase],
                },
            );
            let mut objects = vec![
                Object::new(&set)?,
                Object::new(&service(fleet, POSTGRES, namespace, &[PORT]))?,
                Object::new(&headless(fleet, POSTGRES, namespace, &[PORT]))?,
            ];
            if let Some((backup, volume)) = backup {
                objects.extend(copies(fleet, namespace, image, backup, volume)?);
            }
            Ok(objects)
        }
        Database::CloudNativePg { namespace, instances, image, volume, resources, max_connections } => {
            let parts = ClusterParts {
                instances: *instances,
                image,
                volume,
                resources,
                connections: *max_connections,
            };
            Ok(vec![Object::new(&cluster(fleet, namespace, parts))?])
        }
    }
}

/// While the image makes the database, it listens at its socket alone: only an address says that it is there.
const READY: &[&str] = &["pg_isready", "--username=deskhand", "--dbname=deskhand", "--host=127.0.0.1"];

fn copies(
    fleet: &Fleet,
    namespace: &str,
    image: &ImageRef,
    backup: &Backup,
    volume: &fleet::Volume,
) -> Result<[Object; 3], Error> {
    let mut metadata = fleet.meta(BACKUP, fleet.names.of(BACKUP), namespace);
    // Whoever removes a fleet does not mean its copies.
    keep(&mut metadata);
    let claim = PersistentVolumeClaim { metadata, spec: Some(claim(volume)), status: None };
    let password = secret_env("PGPASSWORD", fleet.secret.name(), POSTGRES_PASSWORD, false);
    let where_it_is = vec![
        env("PGHOST", fleet.names.host(POSTGRES, namespace)),
        env("PGUSER", "deskhand"),
        env("PGDATABASE", "deskhand"),
        env("KEEP", backup.keep.to_string()),
        password,
    ];
    let copy = Task { part: BACKUP, schedule: &backup.schedule, script: COPY, env: where_it_is, tmp: "64Mi" };
    let size = volume.size.as_str();
    let drill =
        Task { part: DRILL, schedule: &backup.drill_schedule, script: TRY, env: Vec::new(), tmp: size };
    Ok([
        Object::new(&claim)?,
        Object::new(&cron_job(fleet, namespace, image, backup, copy))?,
        Object::new(&cron_job(fleet, namespace, image, backup, drill))?,
    ])
}

/// Something that is done with copies, now and then.
struct Task<'a> {
    part: &'static str,
    schedule: &'a str,
    script: &'static str,
    env: Vec<k8s_openapi::api::core::v1::EnvVar>,
    tmp: &'a str,
}

fn cron_job(fleet: &Fleet, namespace: &str, image: &ImageRef, backup: &Backup, task: Task<'_>) -> CronJob {
    let Task { part, schedule, script, env, tmp } = task;
    let only_reads = part == DRILL;
    let mut amounts = resources(&backup.resources);
    if only_reads {
        // What it restores lies in its own folder, and a pod is evicted that holds more than this there.
        let limits = amounts.limits.get_or_insert_default();
        limits.insert("ephemeral-storage".to_owned(), Quantity(tmp.to_owned()));
    }
    let container = Container {
        name: part.to_owned(),
        image: Some(image.name.clone()),
        image_pull_policy: Some(image.pull_policy.to_owned()),
        command: Some(["/bin/sh", "-c", script].map(str::to_owned).to_vec()),
        env: (!env.is_empty()).then_some(env),
        resources: Some(amounts),
        security_context: Some(restricted()),
        volume_mounts: Some(vec![
            VolumeMount { read_only: only_reads.then_some(true), ..mount(COPIES, "/backup") },
            mount("tmp", "/tmp"),
        ]),
        ..Container::default()
    };
    let source = PersistentVolumeClaimVolumeSource {
        claim_name: fleet.names.of(BACKUP),
        read_only: only_reads.then_some(true),
    };
    let volume =
        Volume { name: COPIES.to_owned(), persistent_volume_claim: Some(source), ..Volume::default() };
    let mut spec = pod(fleet, USER, container, vec![volume, empty_dir("tmp", tmp)]);
    spec.restart_policy = Some("Never".to_owned());
    let template = PodTemplateSpec {
        metadata: Some(ObjectMeta {
            labels: Some(fleet.pod_labels(part, &BTreeMap::new())),
            ..ObjectMeta::default()
        }),
        spec: Some(spec),
    };
    let job = JobSpec {
        active_deadline_seconds: Some(3600),
        backoff_limit: Some(2),
        template,
        ttl_seconds_after_finished: Some(7 * 86_400),
        ..JobSpec::default()
    };
    CronJob {
        metadata: fleet.meta(part, fleet.names.of(part), namespace),
        spec: Some(CronJobSpec {
            concurrency_policy: Some("Forbid".to_owned()),
            failed_jobs_history_limit: Some(3),
            job_template: JobTemplateSpec { metadata: None, spec: Some(job) },
            schedule: schedule.to_owned(),
            starting_deadline_seconds: Some(3600),
            successful_jobs_history_limit: Some(1),
            time_zone: Some("Etc/UTC".to_owned()),
            ..CronJobSpec::default()
        }),
        status: None,
    }
}

/// A cluster of CloudNativePG, as far as the fleet says something about it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Cluster {
    instances: i32,
    image_name: String,
    bootstrap: Value,
    storage: ClusterStorage,
    resources: k8s_openapi::api::core::v1::ResourceRequirements,
    postgresql: Value,
    affinity: Value,
    monitoring: Value,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ClusterStorage {
    size: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    storage_class: Option<String>,
}

impl Spec for Cluster {
    const API_VERSION: &'static str = "postgresql.cnpg.io/v1";
    const KIND: &'static str = "Cluster";
}

struct ClusterParts<'a> {
    instances: i32,
    image: &'a ImageRef,
    volume: &'a fleet::Volume,
    resources: &'a crate::values::Resources,
    connections: i32,
}

fn cluster(fleet: &Fleet, namespace: &str, parts: ClusterParts<'_>) -> Custom<Cluster> {
    let mut metadata = fleet.meta(POSTGRES, fleet.names.of(POSTGRES), namespace);
    if parts.instances == 1 {
        say_why(&mut metadata, &[Why::OneDatabase]);
    }
    let mut postgresql = json!({ "parameters": { "max_connections": parts.connections.to_string() } });
    if parts.instances > 1
        && let Some(postgresql) = postgresql.as_object_mut()
    {
        // An acknowledged write is on two disks.
        postgresql.insert("synchronous".to_owned(), json!({ "method": "any", "number": 1 }));
    }
    let spec = Cluster {
        instances: parts.instances,
        image_name: parts.image.name.clone(),
        bootstrap: json!({
            "initdb": {
                "database": "deskhand",
                "owner": "deskhand",
                // The owner may not make roles; the program works under these two.
                "postInitApplicationSQL": [
                    "CREATE ROLE deskhand_app NOLOGIN",
                    "CREATE ROLE deskhand_system NOLOGIN",
                    "GRANT deskhand_app, deskhand_system TO deskhand",
                ],
            }
        }),
        storage: ClusterStorage {
            size: parts.volume.size.as_str().to_owned(),
            storage_class: parts.volume.class.clone(),
        },
        resources: resources(parts.resources),
        postgresql,
        affinity: json!({
            "enablePodAntiAffinity": true,
            "podAntiAffinityType": "preferred",
            "topologyKey": "kubernetes.io/hostname",
        }),
        monitoring: json!({ "enablePodMonitor": matches!(fleet.monitoring, Monitoring::Operator { .. }) }),
    };
    Custom::new(metadata, spec)
}
