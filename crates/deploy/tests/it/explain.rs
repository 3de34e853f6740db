//! Where numbers come from.

use deploy::explain::{explain, reasons};
use deploy::profiles::PROFILES;
use deploy::values::Layers;

fn said(profile: &str, path: &str) -> String {
    let layers = Layers::profile(profile).unwrap();
    serde_json::to_string(&explain(&layers, profile, path).unwrap()).unwrap()
}

#[test]
fn a_number_has_its_setting_and_who_set_it() {
    let text = said("support-fleet", "scaledobject-workers.spec.triggers.0.metadata.lagThreshold");
    assert!(text.contains(r#""value":"1""#), "{text}");
    assert!(
        text.contains(r#""setting":"workers.scaling.lag.perReplica","set_by":"profile support-fleet""#),
        "{text}"
    );
    assert!(text.contains("the first step up is at 3 events"), "{text}");
    let text = said(
        "production",
        "horizontalpodautoscaler-api.spec.metrics.0.containerResource.target.averageUtilization",
    );
    assert!(text.contains(r#""setting":"api.scaling.cpuPercent""#), "{text}");
    let text = said(
        "event-platform",
        "deployment-workers-hand.spec.template.spec.containers.workers-hand.livenessProbe.timeoutSeconds",
    );
    assert!(text.contains(r#""value":1,"setting":"workerSets.hand.probes.liveness.timeoutSeconds","set_by":"profile event-platform""#), "{text}");
}

#[test]
fn a_port_has_the_setting_of_the_way_in_or_of_its_part() {
    let text = said("support-fleet", "service-api.spec.ports.0.port");
    assert!(text.contains(r#""setting":"entry.port","set_by":"profile"#), "{text}");
    let text = said("production", "service-api.spec.ports.0.port");
    assert!(text.contains(r#""setting":"api.service.port""#), "{text}");
    let text = said("support-fleet", "service-kafka.spec.ports.0.port");
    assert!(!text.contains("setting"), "{text}");
    let place = "cronjob-backup.spec.jobTemplate.spec.template.spec.containers.0.resources.requests.cpu";
    let text = said("support-fleet", place);
    assert!(text.contains(r#""setting":"backup.resources.requests.cpu""#), "{text}");
}

#[test]
fn the_first_step_of_a_target_of_100_is_at_221() {
    let text = said(
        "event-platform",
        "horizontalpodautoscaler-workers-recurring.spec.metrics.0.external.target.averageValue",
    );
    assert!(text.contains("from 2 replicas the first step up is at 221 events"), "{text}");
}

#[test]
fn what_is_left_out_is_explained() {
    let text = said("production", "deployment-api.spec.replicas");
    assert!(!text.contains("\"value\""), "{text}");
    assert!(text.contains("every update sets the number back"), "{text}");
}

/// An autoscaler that is not there is no reason.
#[test]
fn replicas_that_nothing_scales_are_not_explained_by_an_autoscaler() {
    let text = said("support-fleet", "deployment-api.spec.replicas");
    assert!(text.contains(r#""value":3"#) && !text.contains("autoscaler"), "{text}");
    let text = said("support-fleet", "deployment-workers.spec.replicas");
    assert!(text.contains("every update sets the number back"), "{text}");
    let text = said("event-platform", "horizontalpodautoscaler-workers-notify.spec.minReplicas");
    assert!(text.contains("workers.scaling.min 3 keeps three of each"), "{text}");
}

#[test]
fn what_is_not_there_is_refused_with_the_nearest() {
    let layers = Layers::profile("local").unwrap();
    let error = |path: &str| explain(&layers, "local", path).unwrap_err().to_string();
    assert!(error("deploymnt-api.spec").contains("did you mean deployment-api?"));
    assert!(error("deployment-api.spec.replica").contains("did you mean replicas?"));
    assert!(error("deployment-api.spec.template.spec.containers.wep").contains("is not in it"));
}

#[test]
fn every_profile_says_what_is_otherwise_than_asked() {
    for profile in PROFILES {
        assert!(reasons(profile.name).count() > 10, "{}", profile.name);
    }
    let kafka: Vec<&str> = reasons("support-fleet").map(|reason| reason.asked).collect();
    assert!(kafka.contains(&"less than $2,000 a year"), "{kafka:?}");
}

/// A reason that shows nowhere is read by nobody, apart from those that are about no manifest.
#[test]
fn every_reason_shows_at_a_manifest_of_its_profiles() {
    let about_none = ["tests beside the chart's templates", "a dead letter is published to its topic again"];
    for profile in PROFILES {
        let layers = Layers::profile(profile.name).unwrap();
        let fleet = deploy::Fleet::try_from(&layers).unwrap();
        let files = deploy::output::files(&deploy::render(&fleet).unwrap()).unwrap();
        let mut shown: Vec<&str> = Vec::new();
        for name in files.keys().filter(|name| *name != "kustomization.yaml") {
            let explained = explain(&layers, profile.name, name.trim_end_matches(".yaml")).unwrap();
            shown.extend(explained.reasons.iter().map(|reason| reason.asked));
        }
        for reason in reasons(profile.name).filter(|reason| !about_none.contains(&reason.asked)) {
            assert!(shown.contains(&reason.asked), "{}: {}", profile.name, reason.asked);
        }
    }
}
