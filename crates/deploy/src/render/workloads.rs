//! What runs Deskhand: Deployments with their Services and disruption budgets, and the Job that migrates.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment};
use k8s_openapi::api::batch::v1::{Job, JobSpec};
use k8s_openapi::api::core::v1::{
    ConfigMapEnvSource, Container, ContainerPort, EnvFromSource, EnvVar, PodTemplateSpec, Service,
    ServicePort, ServiceSpec,
};
use k8s_openapi::api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use sha2::{Digest as _, Sha256};

use super::meta::{annotate, say_why, selector};
use super::object::Object;
use super::plain::scraped_annotations;
use super::pod::{
    HTTP, MANAGEMENT, empty_dir, env, http_probe, mount, placed, pod, resources, restricted, secret_env,
    sleep_first,
};
use super::shared::{settings_digest, variables};
use super::why::Why;
use crate::error::Error;
use crate::fleet::{Database, Fleet, Part, Scaling, Way, optional_secrets};
use crate::program;
use crate::values::Migrations;

/// The label of the Job that migrates.
pub(super) const MIGRATE: &str = "migrate";
/// How much a process may write to its folder.
const TMP_SIZE: &str = "64Mi";

/// A part's Deployment, Service and disruption budget.
pub(super) fn objects(fleet: &Fleet, part: &Part) -> Result<Vec<Object>, Error> {
    let mut objects = vec![Object::new(&deployment(fleet, part))?];
    if part.serves() {
        objects.push(Object::new(&service(fleet, part))?);
    }
    if part.values.pdb.enabled {
        objects.push(Object::new(&disruption_budget(fleet, part))?);
    }
    Ok(objects)
}

fn deployment(fleet: &Fleet, part: &Part) -> Deployment {
    let values = &part.values;
    let replicas = match part.scaling {
        Scaling::Fixed { replicas } => Some(replicas),
        Scaling::Cpu { .. } | Scaling::Keda { .. } | Scaling::Lag { .. } => None,
    };
    let mut metadata = fleet.meta(&part.name, fleet.names.of(&part.name), &part.namespace);
    let mut reasons = vec![Why::Rollout, Why::Probes];
    reasons.push(if values.drain.pre_stop_seconds > 0 { Why::PreStop } else { Why::NoPreStop });
    reasons.extend(replicas.is_none().then_some(Why::NoReplicas));
    if part.believes_pods {
        reasons.push(if fleet.network_policy.is_some() { Why::BelievedPage } else { Why::BelievedPods });
    }
    say_why(&mut metadata, &reasons);
    let mut spec = pod(fleet, fleet.user, container(fleet, part), vec![empty_dir("tmp", TMP_SIZE)]);
    spec.termination_grace_period_seconds = Some(i64::from(values.drain.grace_period_seconds));
    placed(&mut spec, fleet, part);
    let number = |number: i32| Some(IntOrString::Int(number));
    Deployment {
        metadata,
        spec: Some(DeploymentSpec {
            replicas,
            revision_history_limit: Some(5),
            selector: selector(&fleet.names, &part.name),
            strategy: Some(DeploymentStrategy {
                rolling_update: Some(RollingUpdateDeployment {
                    max_surge: number(values.rollout.max_surge),
                    max_unavailable: number(values.rollout.max_unavailable),
                }),
                type_: Some("RollingUpdate".to_owned()),
            }),
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta {
                    annotations: Some(pod_annotations(fleet, part)),
                    labels: Some(fleet.pod_labels(&part.name, &values.pod_labels)),
                    ..ObjectMeta::default()
                }),
                spec: Some(spec),
            },
            ..DeploymentSpec::default()
        }),
        status: None,
    }
}

fn pod_annotations(fleet: &Fleet, part: &Part) -> BTreeMap<String, String> {
    let mut annotations = part.values.pod_annotations.clone();
    annotations.insert("deskhand.dev/settings".to_owned(), settings_digest(fleet));
    annotations.extend(scraped_annotations(fleet, program::MANAGEMENT_PORT));
    annotations
}

fn container(fleet: &Fleet, part: &Part) -> Container {
    let values = &part.values;
    let port = |name: &str, port: i32| ContainerPort {
        container_port: port,
        name: Some(name.to_owned()),
        protocol: Some("TCP".to_owned()),
        ..ContainerPort::default()
    };
    let mut ports = Vec::new();
    if part.serves() {
        ports.push(port(HTTP, program::PORT));
    }
    ports.push(port(MANAGEMENT, program::MANAGEMENT_PORT));
    let probe = |times, path| Some(http_probe(times, path, MANAGEMENT));
    Container {
        name: part.name.clone(),
        image: Some(fleet.image.name.clone()),
        image_pull_policy: Some(fleet.image.pull_policy.to_owned()),
        args: Some(vec!["serve".to_owned()]),
        env: Some(environment(fleet, part)),
        env_from: Some(vec![EnvFromSource {
            config_map_ref: Some(ConfigMapEnvSource { name: fleet.names.of("settings"), optional: None }),
            ..EnvFromSource::default()
        }]),
        ports: Some(ports),
        lifecycle: sleep_first(values.drain.pre_stop_seconds),
        liveness_probe: probe(&values.probes.liveness, program::HEALTH),
        readiness_probe: probe(&values.probes.readiness, program::READY),
        startup_probe: probe(&values.probes.startup, program::STARTUP),
        resources: Some(resources(&values.resources)),
        security_context: Some(restricted()),
        volume_mounts: Some(vec![mount("tmp", "/tmp")]),
        ..Container::default()
    }
}

fn environment(fleet: &Fleet, part: &Part) -> Vec<EnvVar> {
    let mut all: Vec<EnvVar> =
        variables(&part.settings).into_iter().map(|(name, value)| env(name, value)).collect();
    if part.uses_database() {
        all.extend(database_variables(fleet));
        all.push(secret_env("DESKHAND_SECRET_KEY", fleet.secret.name(), "DESKHAND_SECRET_KEY", false));
        all.extend(optional_secrets().map(|name| secret_env(name.clone(), fleet.secret.name(), &name, true)));
    }
    all
}

/// Where the database is: the address, or what it is put together from.
fn database_variables(fleet: &Fleet) -> Vec<EnvVar> {
    const NAME: &str = "DESKHAND_DATABASE_URL";
    let secret = fleet.secret.name();
    match &fleet.database {
        Database::External { .. } => vec![secret_env(NAME, secret, NAME, false)],
        Database::StatefulSet { namespace, .. } => {
            let host = fleet.names.host("postgres", namespace);
            let password = super::POSTGRES_PASSWORD;
            let url = format!("postgres://deskhand:$({password})@{host}:5432/deskhand");
            vec![secret_env(password, secret, password, false), env(NAME, url)]
        }
        Database::CloudNativePg { .. } => {
            vec![secret_env(NAME, &fleet.names.of("postgres-app"), "uri", false)]
        }
    }
}

fn service(fleet: &Fleet, part: &Part) -> Service {
    let values = &part.values;
    let mut metadata = fleet.meta(&part.name, fleet.names.of(&part.name), &part.namespace);
    annotate(&mut metadata, &values.service.annotations);
    let mut port = ServicePort {
        app_protocol: Some("http".to_owned()),
        name: Some(HTTP.to_owned()),
        port: values.service.port,
        protocol: Some("TCP".to_owned()),
        target_port: Some(IntOrString::String(HTTP.to_owned())),
        node_port: None,
    };
    let mut spec = ServiceSpec {
        selector: Some(fleet.names.selector(&part.name)),
        type_: Some("ClusterIP".to_owned()),
        ..ServiceSpec::default()
    };
    match &fleet.entry.way {
        Way::NodePort { port: at } if part.serves_pages() => {
            spec.type_ = Some("NodePort".to_owned());
            spec.external_traffic_policy = Some(fleet.entry.traffic.as_str().to_owned());
            port.port = fleet.entry.port;
            port.node_port = *at;
            annotate(&mut metadata, &fleet.entry.annotations);
        }
        Way::LoadBalancer { source_ranges } if part.serves_pages() => {
            spec.type_ = Some("LoadBalancer".to_owned());
            spec.external_traffic_policy = Some(fleet.entry.traffic.as_str().to_owned());
            spec.load_balancer_source_ranges = (!source_ranges.is_empty()).then(|| source_ranges.clone());
            port.port = fleet.entry.port;
            annotate(&mut metadata, &fleet.entry.annotations);
        }
        _ => {}
    }
    spec.ports = Some(vec![port]);
    Service { metadata, spec: Some(spec), status: None }
}

fn disruption_budget(fleet: &Fleet, part: &Part) -> PodDisruptionBudget {
    let mut metadata = fleet.meta(&part.name, fleet.names.of(&part.name), &part.namespace);
    say_why(&mut metadata, &[Why::Disruption]);
    PodDisruptionBudget {
        metadata,
        spec: Some(PodDisruptionBudgetSpec {
            max_unavailable: Some(IntOrString::Int(part.values.pdb.max_unavailable)),
            selector: Some(selector(&fleet.names, &part.name)),
            unhealthy_pod_eviction_policy: Some("AlwaysAllow".to_owned()),
            ..PodDisruptionBudgetSpec::default()
        }),
        status: None,
    }
}

/// The Job that migrates. Its name follows from all that its pod is, since the pods of a Job cannot be changed.
pub(super) fn migration(fleet: &Fleet) -> Result<Option<Object>, Error> {
    let Some((namespace, migrations)) = &fleet.migrations else { return Ok(None) };
    let template = migration_template(fleet, migrations);
    // The chart writes the same text: JSON without spaces, its keys in order.
    let digest = hex::encode(Sha256::digest(serde_json::to_value(&template)?.to_string()));
    let name = format!("{}-{MIGRATE}-{}", fleet.names.base, digest.get(..8).unwrap_or_default());
    let mut metadata = fleet.meta(MIGRATE, name, namespace);
    let comes_with_the_fleet = fleet.creates_namespaces && *namespace != fleet.names.namespace;
    let first = fleet.database.comes_first() && !comes_with_the_fleet;
    say_why(&mut metadata, &[if first { Why::Hook } else { Why::LateHook }]);
    annotate(
        &mut metadata,
        &BTreeMap::from(
            [
                ("helm.sh/hook", if first { "pre-install,pre-upgrade" } else { "pre-upgrade" }),
                ("helm.sh/hook-delete-policy", "before-hook-creation,hook-succeeded"),
                ("argocd.argoproj.io/hook", if first { "PreSync" } else { "Sync" }),
                ("argocd.argoproj.io/hook-delete-policy", "BeforeHookCreation"),
            ]
            .map(|(key, value)| (key.to_owned(), value.to_owned())),
        ),
    );
    let job = Job {
        metadata,
        spec: Some(JobSpec {
            active_deadline_seconds: Some(i64::from(migrations.active_deadline_seconds)),
            backoff_limit: Some(migrations.backoff_limit),
            template,
            ttl_seconds_after_finished: Some(600),
            ..JobSpec::default()
        }),
        status: None,
    };
    Ok(Some(Object::new(&job)?))
}

/// Its pod. As a hook it runs before the ConfigMap and the account are there: it brings the settings, and needs no account.
fn migration_template(fleet: &Fleet, migrations: &Migrations) -> PodTemplateSpec {
    let mut all: Vec<EnvVar> =
        variables(&fleet.settings).into_iter().map(|(name, value)| env(name, value)).collect();
    all.extend(database_variables(fleet));
    let of_the_broker = optional_secrets().filter(|name| name.starts_with("DESKHAND_BROKER__"));
    all.extend(of_the_broker.map(|name| secret_env(name.clone(), fleet.secret.name(), &name, true)));
    let container = Container {
        name: MIGRATE.to_owned(),
        image: Some(fleet.image.name.clone()),
        image_pull_policy: Some(fleet.image.pull_policy.to_owned()),
        args: Some(vec!["migrate".to_owned()]),
        env: Some(all),
        resources: Some(resources(&migrations.resources)),
        security_context: Some(restricted()),
        volume_mounts: Some(vec![mount("tmp", "/tmp")]),
        ..Container::default()
    };
    let mut spec = pod(fleet, fleet.user, container, vec![empty_dir("tmp", TMP_SIZE)]);
    spec.restart_policy = Some("Never".to_owned());
    spec.service_account_name = None;
    PodTemplateSpec {
        metadata: Some(ObjectMeta {
            labels: Some(fleet.pod_labels(MIGRATE, &BTreeMap::new())),
            ..ObjectMeta::default()
        }),
        spec: Some(spec),
    }
}
