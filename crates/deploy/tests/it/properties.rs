//! Settings that nobody thought of: they are refused with a reason, or what comes of them holds.

use std::path::Path;

use deploy::values::Layers;
use deploy::{Fleet, explain, profiles::PROFILES};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};

use crate::invariants::hold;

/// What each setting may be set to, good and bad.
const CHOICES: &[(&str, &[&str])] = &[
    ("environment", &["production", "development", "x"]),
    ("namespace", &["", "desk", "kube-system", "Bad_Name"]),
    ("namespaces.create", &["true", "false"]),
    ("nameOverride", &["", "d", "help-desk", "a-name-that-is-much-longer-than-thirty", "-x"]),
    ("commonLabels.team", &["a", "a b", "yes"]),
    ("image.tag", &["", "1.2.3", "latest", "v1+2"]),
    ("image.repository", &["registry.example/x", "UPPER", "a:b"]),
    ("existingSecret", &["", "s", "S!"]),
    ("devSecret.create", &["true", "false"]),
    ("settings.log.level", &["debug", "loud", "null"]),
    ("settings.shutdown.drain_secs", &["5", "60", "600"]),
    ("settings.broker.tls", &["on", "off", "true"]),
    ("settings.model.key", &["sk-1"]),
    ("web.enabled", &["true", "false"]),
    ("api.enabled", &["true", "false"]),
    ("api.roles", &["{api}", "{web,api}", "{web,api,channels,relay,clock,workers}", "{}", "{apy}"]),
    ("api.namespace", &["", "other"]),
    ("api.replicas", &["0", "1", "5", "x"]),
    ("api.resources.requests.cpu", &["100m", "4", "0", "x"]),
    ("api.scaling.kind", &["none", "hpa", "keda", "lag"]),
    ("api.scaling.max", &["1", "3", "20"]),
    ("api.rollout.maxSurge", &["0", "1"]),
    ("api.drain.preStopSeconds", &["0", "30", "100"]),
    ("api.probes.liveness.successThreshold", &["1", "2"]),
    ("workers.enabled", &["true", "false"]),
    ("workers.roles", &["{workers}", "{channels,relay,clock,workers}", "{relay}"]),
    ("workers.groups", &["{}", "{hand}", "{hand,recurring,notify,audit,webhooks}"]),
    ("workers.scaling.kind", &["none", "hpa", "keda", "lag"]),
    ("workers.scaling.max", &["2", "3", "12", "13"]),
    ("workers.pdb.enabled", &["true", "false"]),
    ("workerSets.x.groups", &["{hand}", "{notify}"]),
    ("workerSets.a-set-with-a-name-that-is-far-too-long-for-kubernetes.replicas", &["1"]),
    ("relay.enabled", &["true", "false"]),
    ("clock.enabled", &["true", "false"]),
    ("migrations.enabled", &["true", "false"]),
    ("database.kind", &["external", "statefulset", "cloudnativepg"]),
    ("database.maxConnections", &["0", "100"]),
    ("database.statefulset.storage.size", &["1Gi", "0", "x"]),
    ("backup.schedule", &["1 2 * * *", "never"]),
    ("bus.kind", &["none", "nats", "kafka", "strimzi", "external"]),
    ("bus.url", &["", "kafka://k:9092", "nats://n:4222"]),
    ("bus.replication", &["1", "2", "3"]),
    ("bus.nats.replicas", &["1", "2", "3"]),
    ("bus.kafka.replicas", &["1", "3"]),
    ("bus.kafka.minInsyncReplicas", &["1", "2", "3"]),
    ("entry.kind", &["none", "nodeport", "loadbalancer", "ingress", "gateway"]),
    ("entry.host", &["", "desk.example"]),
    ("entry.tls", &["true", "false"]),
    ("entry.nodePort", &["0", "30080", "80"]),
    ("entry.ingress.className", &["", "public"]),
    ("entry.gateway.create", &["true", "false"]),
    ("entry.gateway.className", &["", "public"]),
    ("networkPolicy.enabled", &["true", "false"]),
    ("networkPolicy.egress", &["{}", "{x}"]),
    ("monitoring.kind", &["none", "annotations", "operator", "own"]),
    ("monitoring.own.namespace", &["", "watch"]),
    ("tracing.kind", &["none", "collector"]),
    ("tracing.ratio", &["0.1", "1", "2"]),
    ("logging.fluentBit.enabled", &["true", "false"]),
    ("logging.fluentBit.namespace", &["deskhand", "logs"]),
];

fn flag() -> impl Strategy<Value = String> {
    (any::<usize>(), any::<usize>()).prop_map(|(key, value)| {
        let (key, values) = CHOICES[key % CHOICES.len()];
        format!("{key}={}", values[value % values.len()])
    })
}

fn profile() -> impl Strategy<Value = &'static str> {
    (0..PROFILES.len()).prop_map(|at| PROFILES[at].name)
}

fn settings_text() -> impl Strategy<Value = String> {
    let line = (0..4_usize, "[a-zA-Z.]{1,12}", prop_oneof![Just(String::new()), "[ -~]{0,12}"])
        .prop_map(|(depth, key, value)| format!("{}{key}: {value}\n", "  ".repeat(depth)));
    prop_oneof![any::<String>(), proptest::collection::vec(line, 0..8).prop_map(|lines| lines.concat())]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn random_settings_are_refused_with_a_reason_or_hold(
        name in profile(),
        flags in proptest::collection::vec(flag(), 0..7),
    ) {
        let mut layers = Layers::profile(name).unwrap();
        for flag in &flags {
            layers = layers.set(flag).unwrap();
        }
        match Fleet::try_from(&layers) {
            Ok(fleet) => hold(&deploy::render(&fleet).unwrap()),
            Err(error) => assert!(error.to_string().lines().count() > 1, "{name} {flags:?}: {error}"),
        }
    }

    #[test]
    fn no_file_of_settings_makes_it_panic(name in profile(), text in settings_text()) {
        if let Ok(layers) = Layers::profile(name).unwrap().file(Path::new("v.yaml"), &text) {
            let _ = Fleet::try_from(&layers);
        }
    }

    #[test]
    fn nothing_that_is_asked_to_be_explained_makes_it_panic(path in "[a-z.0-9-]{0,40}") {
        let layers = Layers::profile("local").unwrap();
        let _ = explain::explain(&layers, "local", &path);
    }
}
