//! Random settings that a fleet can have, the same for the same seed.

use std::path::Path;

use deploy::Fleet;
use deploy::values::{Layers, Values};
use serde_json::{Map, Value, json};

/// Numbers that are the same for the same seed (SplitMix64, by Steele, Lea and Flood).
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
    }

    fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.below(from.len())]
    }
}

/// Settings that need each other, and which a change of one alone would seldom meet.
fn bundles() -> Vec<Value> {
    let set = |groups: &[&str]| json!({ "groups": groups });
    vec![
        json!({"entry": {"kind": "none"}}),
        json!({"entry": {"kind": "nodeport", "nodePort": 30123}}),
        json!({"entry": {"kind": "loadbalancer", "sourceRanges": ["10.0.0.0/8", "192.168.0.0/16"], "annotations": {"example.com/lb": "internal"}}}),
        json!({"entry": {"kind": "ingress", "host": "desk.example", "tls": true, "ingress": {"className": "public"}}}),
        json!({"entry": {"kind": "ingress", "host": "desk.example", "tls": false, "ingress": {"className": "traefik"}, "annotations": {"example.com/a": "1"}}}),
        json!({"entry": {"kind": "gateway", "host": "desk.example", "tls": true, "gateway": {"create": true, "className": "cloud", "name": ""}}}),
        json!({"entry": {"kind": "gateway", "host": "desk.example", "tls": false, "gateway": {"create": true, "className": "cloud", "name": "own"}}}),
        json!({"entry": {"kind": "gateway", "host": "support.example", "gateway": {"create": false, "name": "shared", "namespace": "gateways"}}}),
        json!({"database": {"kind": "external"}, "devSecret": {"create": false}, "existingSecret": "its-secrets"}),
        json!({"database": {"kind": "external", "external": {"port": 6432, "cidrs": ["10.1.0.0/16"]}}, "devSecret": {"create": false}, "existingSecret": "its-secrets"}),
        json!({"database": {"kind": "statefulset", "maxConnections": 300, "statefulset": {"storage": {"size": "50Gi", "className": "fast"}}}}),
        json!({"database": {"kind": "statefulset", "maxConnections": 100, "statefulset": {"namespace": "deskhand-data"}}, "backup": {"enabled": false}}),
        json!({"database": {"kind": "statefulset", "maxConnections": 100}, "backup": {"enabled": true, "keep": 3, "schedule": "5 4 * * 1"}}),
        json!({"database": {"kind": "cloudnativepg", "maxConnections": 200}, "devSecret": {"create": false}, "existingSecret": "its-secrets"}),
        json!({"database": {"kind": "cloudnativepg", "maxConnections": 100, "cloudnativepg": {"instances": 1}}, "devSecret": {"create": false}, "existingSecret": "its-secrets"}),
        json!({"environment": "development", "existingSecret": "", "devSecret": {"create": true}, "database": {"kind": "statefulset", "maxConnections": 120}}),
        json!({"bus": {"kind": "none"}}),
        json!({"bus": {"kind": "nats", "nats": {"replicas": 1}, "replication": 1}}),
        json!({"bus": {"kind": "nats", "nats": {"replicas": 3, "namespace": "deskhand-bus"}, "replication": 3}}),
        json!({"bus": {"kind": "kafka", "replication": 3}}),
        json!({"bus": {"kind": "kafka", "replication": 1, "kafka": {"replicas": 1, "minInsyncReplicas": 1}}}),
        json!({"bus": {"kind": "strimzi", "replication": 3, "prefix": "support"}}),
        json!({"bus": {"kind": "strimzi", "replication": 1, "strimzi": {"replicas": 1, "minInsyncReplicas": 1, "namespace": "kafka"}}}),
        json!({"bus": {"kind": "external", "url": "kafka://broker-0.example:9093,broker-1.example:9093", "external": {"port": 9093, "cidrs": ["10.2.0.0/16"]}}}),
        json!({"bus": {"kind": "external", "url": "nats://nats.example:4222", "external": {"port": 4222}}}),
        json!({"workers": {"enabled": true, "roles": ["workers"], "scaling": {"kind": "keda", "min": 2, "max": 12, "lag": {"topic": "conversations.incoming", "group": "hand", "perReplica": 7, "fallbackReplicas": 3}}}, "bus": {"kind": "kafka"}}),
        json!({"workers": {"enabled": true, "roles": ["workers"], "scaling": {"kind": "lag", "min": 2, "max": 3, "cpuPercent": 0, "lag": {"topic": "task-events", "group": "audit"}}}, "bus": {"kind": "strimzi"}, "monitoring": {"kind": "operator"}}),
        json!({"workers": {"enabled": true, "scaling": {"kind": "hpa", "min": 1, "max": 6, "cpuPercent": 55}}}),
        json!({"workerSets": {"mail": set(&["notify"]), "answers": set(&["hand"])}}),
        json!({"workerSets": {"audit": {"groups": ["audit"], "replicas": 1, "pdb": {"enabled": false}, "drain": {"preStopSeconds": 3}}}}),
        json!({"workerSets": {"off": {"enabled": false}}}),
        json!({"relay": {"enabled": true}, "clock": {"enabled": true}}),
        json!({"web": {"enabled": false}, "api": {"roles": ["web", "api", "channels", "relay", "clock", "workers"]}}),
        json!({"web": {"enabled": true, "roles": ["web"]}, "api": {"roles": ["api", "channels", "relay", "clock", "workers"]}}),
        json!({"namespaces": {"create": true}, "web": {"namespace": "front"}, "workers": {"namespace": "back"}, "migrations": {"namespace": "back"}}),
        json!({"monitoring": {"kind": "none"}}),
        json!({"monitoring": {"kind": "annotations"}}),
        json!({"monitoring": {"kind": "operator", "labels": {"release": "prometheus"}, "intervalSeconds": 30}}),
        json!({"monitoring": {"kind": "own", "own": {"namespace": "watch", "retentionDays": 3}}}),
        json!({"monitoring": {"kind": "own"}}),
        json!({"tracing": {"kind": "collector", "ratio": 1, "retentionDays": 30}}),
        json!({"tracing": {"kind": "collector", "ratio": 0.25, "namespace": "traces"}}),
        json!({"tracing": {"kind": "none"}}),
        json!({"logging": {"fluentBit": {"enabled": true, "namespace": "logs", "lokiHost": "loki.logs.svc", "lokiPort": 3101}}}),
        json!({"networkPolicy": {"enabled": false}}),
        json!({"networkPolicy": {"enabled": true, "egress": [{"cidr": "10.9.0.0/16", "ports": [25]}, {"cidr": "0.0.0.0/0", "ports": []}]}}),
        json!({"networkPolicy": {"enabled": true, "egress": [], "entryFrom": [{"namespaceLabels": {"kubernetes.io/metadata.name": "gateways"}, "podLabels": {}}], "metricsFrom": [{"namespaceLabels": {"team": "watch"}, "podLabels": {"app": "prometheus"}}]}}),
        json!({"settings": {"log": {"level": "debug"}, "trusted_proxies": ["10.0.0.0/8", "192.168.1.7"], "limits": {"body_bytes": 2_097_152}}}),
        json!({"settings": {"log.level": "warn", "broker": {"tls": true, "user": "desk"}, "trace": {"ratio": 0.5}}}),
        json!({"settings": {"model": {"url": "http://model.models.svc:8080/v1", "name": "small"}, "public_url": "https://other.example"}}),
        json!({"api": {"settings": {"database": {"pool": 40}, "shutdown": {"drain_secs": 10}}}}),
        json!({"api": {"podLabels": {"team": "support"}, "podAnnotations": {"example.com/scan": "off"}, "nodeSelector": {"disk": "fast"}, "tolerations": [{"key": "only", "operator": "Equal", "value": "desk", "effect": "NoSchedule"}], "priorityClassName": "high"}}),
        json!({"commonLabels": {"team": "support", "cost-centre": "42"}, "imagePullSecrets": ["registry"]}),
        json!({"image": {"tag": "0.0.9"}}),
        json!({"image": {"digest": "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}}),
        json!({"nameOverride": "help"}),
        json!({"namespace": "elsewhere"}),
        json!({"serviceAccount": {"annotations": {"example.com/role": "desk"}}}),
    ]
}

/// A value of the kind that a schema asks for.
fn value(random: &mut Random, key: &str, schema: &Value) -> Option<Value> {
    if let Some(words) = schema["enum"].as_array() {
        return Some(random.pick(words).clone());
    }
    let number =
        |random: &mut Random| json!(random.pick(&[1, 2, 3, 4, 5, 7, 10, 12, 15, 30, 60, 90, 120, 300]));
    match key {
        "cpu" => {
            return Some(
                random.pick(&[json!("150m"), json!("1"), json!(2), json!(0.5), json!("1500m")]).clone(),
            );
        }
        "memory" | "ephemeralStorage" => {
            return Some(
                random
                    .pick(&[json!("192Mi"), json!("1Gi"), json!("0.5Gi"), json!(536_870_912), json!("2G")])
                    .clone(),
            );
        }
        "size" => return Some(random.pick(&[json!("2Gi"), json!("100Gi"), json!("30G")]).clone()),
        "ratio" => return Some(random.pick(&[json!(0), json!(1), json!(0.1), json!(0.125)]).clone()),
        "annotations" | "podAnnotations" => {
            return Some(json!({"example.com/note": "yes", "example.com/n": 3}));
        }
        "className" => return Some(random.pick(&[json!(""), json!("standard")]).clone()),
        "namespace" => return Some(random.pick(&[json!(""), json!("side"), json!("deskhand-more")]).clone()),
        "tag" => return Some(random.pick(&[json!("1.2.3"), json!("v4"), json!(17.6)]).clone()),
        "repository" => return Some(json!("mirror.example:5000/some/thing")),
        "host" => {
            return Some(random.pick(&[json!(""), json!("desk.example"), json!("a.b.example")]).clone());
        }
        _ => {}
    }
    match schema["type"].as_str() {
        Some("boolean") => Some(json!(random.below(2) == 1)),
        Some("integer") => Some(number(random)),
        _ => None,
    }
}

/// A random leaf of the settings, as settings of only that.
fn leaf(random: &mut Random, schema: &Value) -> Option<Value> {
    let properties = schema["properties"].as_object()?;
    let keys: Vec<&String> = properties.keys().collect();
    let key = *random.pick(&keys);
    let below = &properties[key];
    let inner = if below["properties"].is_object() { leaf(random, below) } else { value(random, key, below) };
    Some(Value::Object(Map::from_iter([(key.clone(), inner?)])))
}

fn with(profile: &str, texts: &[String]) -> Result<Layers, deploy::Error> {
    texts.iter().enumerate().try_fold(Layers::profile(profile)?, |layers, (at, text)| {
        layers.file(Path::new(&format!("{at}.yaml")), text)
    })
}

/// Settings as files, weakest first, that a fleet of that profile can have. What cannot be is left out again.
pub(super) fn settings(random: &mut Random, profile: &str) -> Vec<String> {
    let (bundles, schema) = (bundles(), Values::schema());
    let mut texts: Vec<String> = Vec::new();
    let (many, some) = (random.below(5), random.below(12));
    for at in 0..many + some {
        let one = if at < many { Some(random.pick(&bundles).clone()) } else { leaf(random, &schema) };
        let Some(one) = one else { continue };
        texts.push(one.to_string());
        let works = with(profile, &texts).is_ok_and(|layers| Fleet::try_from(&layers).is_ok());
        if !works {
            texts.pop();
        }
    }
    texts
}

/// The objects of the model.
pub(super) fn rendered(profile: &str, texts: &[String]) -> Vec<Value> {
    let fleet = Fleet::try_from(&with(profile, texts).unwrap()).unwrap();
    deploy::render(&fleet).unwrap().iter().map(|object| object.value().clone()).collect()
}
