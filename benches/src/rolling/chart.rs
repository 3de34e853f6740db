//! What the program that is measured prints of its own fleet: how many processes of what, with which settings, and
//! after which times.

use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::server::binary;

pub(super) const PROFILE: &str = "production";

/// A question that is asked of a process again and again.
pub(super) struct Probe {
    pub(super) path: String,
    pub(super) delay: Duration,
    pub(super) period: Duration,
    pub(super) timeout: Duration,
    /// How many answers in a row, good and bad, change what is thought of it.
    pub(super) successes: u64,
    pub(super) failures: u64,
}

/// Processes that are alike.
pub(super) struct Part {
    pub(super) name: String,
    /// The settings that stand in the manifests.
    pub(super) settings: Vec<(String, String)>,
    /// The settings that come from the secret.
    pub(super) secrets: Vec<String>,
    pub(super) replicas: usize,
    /// How many may be there beyond these while they are replaced; none may be missing.
    pub(super) surge: usize,
    pub(super) startup: Probe,
    pub(super) readiness: Probe,
    /// How long one that is to end goes on as before.
    pub(super) pre_stop: Duration,
    /// How long it may take to end, all in all.
    pub(super) grace: Duration,
    /// The name of the Service before it, and whether people come by it.
    pub(super) service: Option<(String, bool)>,
}

/// What is at `path`, which has to be there.
fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    value.pointer(path).unwrap_or_else(|| panic!("the manifests have no {path} in {value}"))
}

fn text(value: &Value, path: &str) -> String {
    at(value, path).as_str().expect("text").to_owned()
}

fn number(value: &Value, path: &str) -> u64 {
    at(value, path).as_u64().expect("a number")
}

fn seconds(value: &Value, path: &str) -> Duration {
    Duration::from_secs(number(value, path))
}

impl Probe {
    fn of(value: &Value) -> Self {
        Self {
            path: text(value, "/httpGet/path"),
            delay: seconds(value, "/initialDelaySeconds"),
            period: seconds(value, "/periodSeconds"),
            timeout: seconds(value, "/timeoutSeconds"),
            successes: number(value, "/successThreshold"),
            failures: number(value, "/failureThreshold"),
        }
    }
}

/// The parts of the profile.
pub(super) fn parts() -> Vec<Part> {
    let asked = ["deploy", "render", "--profile", PROFILE, "--json"];
    let rendered = Command::new(binary()).args(asked).output().expect("the program runs");
    assert!(rendered.status.success(), "{}", String::from_utf8_lossy(&rendered.stderr));
    let list: Value = serde_json::from_slice(&rendered.stdout).expect("manifests");
    let manifests = at(&list, "/items").as_array().expect("a list");
    let of_kind = |kind: &'static str| manifests.iter().filter(move |manifest| manifest["kind"] == kind);
    let deployments = of_kind("Deployment");
    deployments.map(|deployment| part(deployment, &of_kind)).collect()
}

fn part<'a, I: Iterator<Item = &'a Value>>(deployment: &Value, of_kind: &impl Fn(&'static str) -> I) -> Part {
    let name = text(deployment, "/metadata/name");
    let pod = at(deployment, "/spec/template");
    let container = at(pod, "/spec/containers/0");
    let strategy = at(deployment, "/spec/strategy/rollingUpdate");
    assert_eq!(number(strategy, "/maxUnavailable"), 0, "{name} may do with fewer, which is not done here");
    // Without a number of its own it is as many as the autoscaler keeps at rest.
    let replicas = deployment.pointer("/spec/replicas").and_then(Value::as_u64).unwrap_or_else(|| {
        let scaler = of_kind("HorizontalPodAutoscaler")
            .find(|scaler| scaler.pointer("/spec/scaleTargetRef/name") == Some(&Value::from(name.as_str())));
        number(scaler.expect("an autoscaler"), "/spec/minReplicas")
    });
    let labels = at(pod, "/metadata/labels");
    let service = of_kind("Service").find(|service| {
        let mut selector = at(service, "/spec/selector").as_object().expect("labels").iter();
        selector.all(|(key, value)| labels.get(key) == Some(value))
    });
    let (own, secrets): (Vec<&Value>, Vec<&Value>) = at(container, "/env")
        .as_array()
        .expect("a list")
        .iter()
        .partition(|entry| entry["value"].is_string());
    let mut settings = Vec::new();
    for source in container["envFrom"].as_array().into_iter().flatten() {
        let shared =
            of_kind("ConfigMap").find(|map| map["metadata"]["name"] == source["configMapRef"]["name"]);
        let data = at(shared.expect("the settings"), "/data").as_object().expect("settings");
        settings.extend(
            data.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned())),
        );
    }
    settings.extend(own.into_iter().map(|entry| (text(entry, "/name"), text(entry, "/value"))));
    Part {
        settings,
        secrets: secrets.into_iter().map(|entry| text(entry, "/name")).collect(),
        replicas: usize::try_from(replicas).expect("a few"),
        surge: usize::try_from(number(strategy, "/maxSurge")).expect("a few"),
        startup: Probe::of(at(container, "/startupProbe")),
        readiness: Probe::of(at(container, "/readinessProbe")),
        pre_stop: seconds(container, "/lifecycle/preStop/sleep/seconds"),
        grace: seconds(pod, "/spec/terminationGracePeriodSeconds"),
        service: service.map(|service| {
            (
                text(service, "/metadata/name"),
                service.pointer("/spec/type") == Some(&Value::from("LoadBalancer")),
            )
        }),
        name,
    }
}
