//! What follows from other settings, where nobody says it.

use deploy::Object;
use deploy::check::{Options, check};
use deploy::manifests::Manifests;
use serde_json::Value;

use crate::rendered;

const PROXIES: &str = "DESKHAND_TRUSTED_PROXIES";

fn made(profile: &str, flags: &[&str]) -> Vec<Object> {
    rendered(profile, flags).unwrap_or_else(|error| panic!("{profile} {flags:?}: {error}"))
}

fn one<'o>(objects: &'o [Object], kind: &str, name: &str) -> &'o Value {
    let found = objects.iter().find(|object| object.kind() == kind && object.name() == name);
    found.unwrap_or_else(|| panic!("no {kind} {name}")).value()
}

/// Whom the API's own variables tell it to believe, and why.
fn believed(profile: &str, flags: &[&str]) -> (Option<String>, Option<String>) {
    let objects = made(profile, flags);
    let api = one(&objects, "Deployment", "deskhand-api");
    let variables = api.pointer("/spec/template/spec/containers/0/env").unwrap().as_array().unwrap();
    let networks = variables.iter().find(|variable| variable["name"] == PROXIES);
    let why = api.pointer("/metadata/annotations/deskhand.dev~1why-trusted-proxies");
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    (text(networks.map(|variable| &variable["value"])), text(why))
}

#[test]
fn the_api_believes_pods_where_the_page_is_a_process_of_its_own() {
    for profile in ["local", "basic", "production", "namespaced"] {
        let (networks, why) = believed(profile, &[]);
        assert!(networks.is_some_and(|networks| networks.starts_with("10.0.0.0/8,")), "{profile}");
        assert!(why.is_some_and(|why| why.contains("the policies let nobody else ask")), "{profile}");
    }
    // Whoever asks the API itself is asked for himself.
    for profile in ["support-fleet", "event-platform"] {
        assert_eq!(believed(profile, &[]), (None, None), "{profile}");
    }
    let (_, why) = believed("production", &["networkPolicy.enabled=false"]);
    assert!(why.unwrap().contains("other pods could say so, too"));
}

#[test]
fn who_says_whom_the_api_believes_has_the_last_word() {
    assert_eq!(believed("production", &["settings.trusted_proxies={10.1.0.0/16}"]), (None, None));
    let own = believed("production", &["api.settings.trusted_proxies={10.1.0.0/16}"]);
    assert_eq!(own, (Some("10.1.0.0/16".to_owned()), None));
    // What the page believes is another matter.
    assert!(believed("production", &["web.settings.trusted_proxies={10.1.0.0/16}"]).1.is_some());
}

#[test]
fn a_load_balancer_keeps_the_clients_address_and_every_node_answers_at_its_port() {
    let policy = |profile: &str, name: &str, flags: &[&str]| {
        one(&made(profile, flags), "Service", name)["spec"]["externalTrafficPolicy"]
            .as_str()
            .map(str::to_owned)
    };
    assert_eq!(policy("production", "deskhand-web", &[]).as_deref(), Some("Local"));
    assert_eq!(policy("production", "deskhand-api", &[]), None);
    assert_eq!(policy("support-fleet", "deskhand-api", &[]).as_deref(), Some("Local"));
    assert_eq!(policy("basic", "deskhand-web", &[]).as_deref(), Some("Cluster"));
    let chosen = policy("basic", "deskhand-web", &["entry.externalTrafficPolicy=Local"]);
    assert_eq!(chosen.as_deref(), Some("Local"));
}

fn migration(flags: &[&str]) -> String {
    let objects = made("production", flags);
    objects.iter().find(|object| object.kind() == "Job").unwrap().name().to_owned()
}

/// A Job's pod cannot be changed, so that another pod has to be another Job.
#[test]
fn the_migrations_name_follows_from_all_that_its_pod_is() {
    let mut names: Vec<String> = [
        "api.replicas=1",
        "image.tag=1.2.3",
        "settings.log.level=debug",
        "security.runAsUser=1001",
        "migrations.resources.limits.memory=300Mi",
        "existingSecret=another",
        "commonLabels.team=support",
    ]
    .map(|flag| migration(&[flag]))
    .to_vec();
    assert_eq!(names[0], migration(&[]), "what its pod has not changes nothing");
    assert_eq!(migration(&["migrations.activeDeadlineSeconds=60"]), migration(&[]));
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all, "{names:?}");
}

#[test]
fn namespaces_that_come_with_the_fleet_stay_when_it_is_removed() {
    for object in made("namespaced", &[]).iter().filter(|object| object.kind() == "Namespace") {
        let kept = object.value().pointer("/metadata/annotations/helm.sh~1resource-policy");
        assert_eq!(kept.and_then(Value::as_str), Some("keep"), "{}", object.name());
    }
}

#[test]
fn all_traces_are_kept_but_in_production() {
    for (flags, percent) in [
        (&[][..], 10),
        (&["environment=staging"], 100),
        (&["environment=development"], 100),
        (&["environment=staging", "tracing.ratio=0.5"], 50),
        (&["tracing.ratio=0"], 0),
    ] {
        let objects = made("event-platform", flags);
        let text = one(&objects, "ConfigMap", "deskhand-collector")["data"]["config.yaml"].as_str().unwrap();
        assert!(text.contains(&format!("sampling_percentage: {percent}\n")), "{flags:?}: {text}");
    }
}

#[test]
fn replicas_without_a_known_lag_are_from_the_fewest_to_the_most() {
    let replicas = |profile: &str, part: &str, flags: &[&str]| {
        let objects = made(profile, flags);
        one(&objects, "ScaledObject", part)["spec"]["fallback"]["replicas"].as_i64().unwrap()
    };
    assert_eq!(replicas("support-fleet", "deskhand-workers", &[]), 4);
    assert_eq!(replicas("support-fleet", "deskhand-workers", &["workers.scaling.max=3"]), 3);
    assert_eq!(replicas("support-fleet", "deskhand-workers", &["workers.scaling.min=6"]), 6);
    assert_eq!(replicas("event-platform", "deskhand-workers-audit", &["workers.scaling.kind=keda"]), 3);
}

/// How many connections a fleet's pools are said to open, at the most.
fn connections(profile: &str) -> String {
    let files = deploy::output::files(&made(profile, &[])).unwrap();
    let mut manifests = Manifests::new();
    for (name, text) in &files {
        manifests.add(name, text.as_bytes()).unwrap();
    }
    let report = check(&manifests, &Options { max_connections: Some(1), ..Options::default() });
    let found = report.findings.iter().find(|finding| finding.id == "pools-exceed-connections");
    found.unwrap_or_else(|| panic!("{profile}: no finding")).what.clone()
}

#[test]
fn the_page_alone_opens_no_connections() {
    let said = connections("production");
    assert!(said.contains("10 of deskhand-api x 10"), "{said}");
    assert!(!said.contains("deskhand-web"), "{said}");
    // Where the API serves the page, its processes open what they open.
    let said = connections("event-platform");
    assert!(said.contains("3 of deskhand-api x 50"), "{said}");
}
