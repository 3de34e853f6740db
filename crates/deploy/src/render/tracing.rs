//! Who takes traces: a collector that decides when they are over, and Tempo, which keeps them.

use k8s_openapi::api::core::v1::Container;

use super::meta::say_why;
use super::monitoring::{container, found_at};
use super::network::{COLLECTOR, TRACES};
use super::object::Object;
use super::plain::{Files, Plain, config_map, config_mount, config_volume, deployment, filled};
use super::pod::{empty_dir, mount};
use super::stateful::{DATA, Kept, container_ports, every, headless, http, service, stateful_set};
use super::why::Why;
use crate::error::Error;
use crate::fleet::{Fleet, Tracing, Volume};
use crate::values;

const COLLECTOR_CONFIG: &str = include_str!("../../assets/collector/collector.yaml");
const STORE_CONFIG: &str = include_str!("../../assets/traces/tempo.yaml");
/// Where Deskhand sends traces.
const OTLP: (&str, i32) = ("otlp-http", 4318);
const HEALTH: (&str, i32) = ("health", 13_133);
/// Where the collector's own metrics are.
pub(super) const COLLECTOR_METRICS: i32 = 8888;
/// Where the store takes traces as Zipkin does, and where it is asked.
const ZIPKIN: (&str, i32) = ("zipkin", 9411);
pub(super) const QUERIES: i32 = 3200;
/// The user that both images have.
const USER: i64 = 10_001;

/// The collector and the store.
pub(super) fn objects(fleet: &Fleet) -> Result<Vec<Object>, Error> {
    let Tracing::Collector { namespace, ratio, values } = &fleet.tracing else { return Ok(Vec::new()) };
    let mut objects = collector(fleet, namespace, *ratio, values)?;
    objects.extend(store(fleet, namespace, values)?);
    Ok(objects)
}

fn collector(
    fleet: &Fleet,
    namespace: &str,
    ratio: f64,
    values: &values::Tracing,
) -> Result<Vec<Object>, Error> {
    let places = [
        ("TRACE_PERCENT", percent(ratio)),
        ("TRACES_URL", format!("http://{}:{}/api/v2/spans", fleet.names.host(TRACES, namespace), ZIPKIN.1)),
    ];
    let files = Files::from([("config.yaml".to_owned(), filled(COLLECTOR_CONFIG, &places))]);
    let container = Container {
        args: Some(vec!["--config=/etc/otelcol-contrib/config.yaml".to_owned()]),
        ports: Some(container_ports(&[OTLP, HEALTH, ("telemetry", COLLECTOR_METRICS)])),
        startup_probe: http("/", HEALTH.0, every(5, 60)),
        readiness_probe: http("/", HEALTH.0, every(10, 3)),
        liveness_probe: http("/", HEALTH.0, every(10, 6)),
        volume_mounts: Some(vec![config_mount(COLLECTOR, "/etc/otelcol-contrib")]),
        ..container(COLLECTOR, &values.collector, &values.resources)
    };
    let plain = Plain {
        part: COLLECTOR,
        namespace,
        user: USER,
        container,
        volumes: vec![config_volume(fleet, COLLECTOR)],
        annotations: found_at(fleet, COLLECTOR_METRICS, &files),
    };
    let mut deployment = deployment(fleet, plain);
    say_why(&mut deployment.metadata, &[Why::TailSampling]);
    Ok(vec![
        Object::new(&deployment)?,
        Object::new(&service(fleet, COLLECTOR, namespace, &[OTLP]))?,
        Object::new(&config_map(fleet, COLLECTOR, COLLECTOR, namespace, &files))?,
    ])
}

/// A share in per cent, without a point where it is whole.
fn percent(share: f64) -> String {
    let percent = (share * 100_000.0).round() / 1_000.0;
    percent.to_string()
}

fn store(fleet: &Fleet, namespace: &str, values: &values::Tracing) -> Result<Vec<Object>, Error> {
    let hours = i64::from(values.retention_days) * 24;
    let files =
        Files::from([("tempo.yaml".to_owned(), filled(STORE_CONFIG, &[("TRACE_HOURS", hours.to_string())]))]);
    let ports = [ZIPKIN, ("queries", QUERIES)];
    let container = Container {
        args: Some(vec!["-config.file=/etc/tempo/tempo.yaml".to_owned()]),
        ports: Some(container_ports(&ports)),
        startup_probe: http("/ready", "queries", every(5, 60)),
        readiness_probe: http("/ready", "queries", every(10, 3)),
        liveness_probe: http("/ready", "queries", every(30, 6)),
        volume_mounts: Some(vec![
            mount(DATA, "/var/tempo"),
            mount("tmp", "/tmp"),
            config_mount(TRACES, "/etc/tempo"),
        ]),
        ..container(TRACES, &values.store, &values.resources)
    };
    let volume = Volume {
        size: values.storage.size.clone(),
        class: (!values.storage.class_name.is_empty()).then(|| values.storage.class_name.clone()),
    };
    let kept = Kept {
        part: TRACES,
        namespace,
        replicas: 1,
        user: USER,
        container,
        volumes: vec![config_volume(fleet, TRACES), empty_dir("tmp", "64Mi")],
        volume: &volume,
        grace_secs: 120,
        annotations: found_at(fleet, QUERIES, &files),
        waits_for_a_node: false,
        reasons: &[],
    };
    Ok(vec![
        Object::new(&stateful_set(fleet, kept))?,
        Object::new(&service(fleet, TRACES, namespace, &ports))?,
        Object::new(&headless(fleet, TRACES, namespace, &ports))?,
        Object::new(&config_map(fleet, TRACES, TRACES, namespace, &files))?,
    ])
}
