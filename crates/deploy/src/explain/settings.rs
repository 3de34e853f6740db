//! Which setting a field of a manifest comes from. It knows names, and no values.

use crate::fleet::Fleet;
use crate::render::Object;

/// Kind, the field or what is above it, and the setting or what is above that. `PART` is where the component stands.
const FIELDS: &[(&str, &str, &str)] = &[
    ("Deployment", "spec.replicas", "PART.replicas"),
    ("Deployment", "spec.strategy.rollingUpdate", "PART.rollout"),
    ("Deployment", "pod.terminationGracePeriodSeconds", "PART.drain.gracePeriodSeconds"),
    ("Deployment", "pod.priorityClassName", "PART.priorityClassName"),
    ("Deployment", "pod.nodeSelector", "PART.nodeSelector"),
    ("Deployment", "pod.tolerations", "PART.tolerations"),
    ("Deployment", "pod.topologySpreadConstraints", "PART.topologySpread"),
    ("Deployment", "pod.securityContext.runAsUser", "security.runAsUser"),
    ("Deployment", "container.lifecycle.preStop.sleep.seconds", "PART.drain.preStopSeconds"),
    ("Deployment", "container.livenessProbe", "PART.probes.liveness"),
    ("Deployment", "container.readinessProbe", "PART.probes.readiness"),
    ("Deployment", "container.startupProbe", "PART.probes.startup"),
    ("Deployment", "container.resources", "PART.resources"),
    ("Deployment", "container.image", "image"),
    ("Job", "container.resources", "migrations.resources"),
    ("Job", "container.image", "image"),
    ("Job", "spec.activeDeadlineSeconds", "migrations.activeDeadlineSeconds"),
    ("Job", "spec.backoffLimit", "migrations.backoffLimit"),
    ("PodDisruptionBudget", "spec.maxUnavailable", "PART.pdb.maxUnavailable"),
    ("HorizontalPodAutoscaler", "spec.minReplicas", "PART.scaling.min"),
    ("HorizontalPodAutoscaler", "spec.maxReplicas", "PART.scaling.max"),
    ("HorizontalPodAutoscaler", "spec.behavior", "PART.scaling"),
    ("HorizontalPodAutoscaler", "spec.metrics.external.target.averageValue", "PART.scaling.lag.perReplica"),
    (
        "HorizontalPodAutoscaler",
        "spec.metrics.containerResource.target.averageUtilization",
        "PART.scaling.cpuPercent",
    ),
    ("ScaledObject", "spec.minReplicaCount", "PART.scaling.min"),
    ("ScaledObject", "spec.maxReplicaCount", "PART.scaling.max"),
    ("ScaledObject", "spec.pollingInterval", "PART.scaling.lag.pollingInterval"),
    ("ScaledObject", "spec.fallback.replicas", "PART.scaling.lag.fallbackReplicas"),
    ("ScaledObject", "spec.triggers.metadata.lagThreshold", "PART.scaling.lag.perReplica"),
    ("ScaledObject", "spec.advanced.horizontalPodAutoscalerConfig.behavior", "PART.scaling"),
    ("Service", "spec.ports.port", "PART.service.port"),
    ("Service", "spec.ports.nodePort", "entry.nodePort"),
    ("Service", "spec.type", "entry.kind"),
    ("Service", "spec.externalTrafficPolicy", "entry.externalTrafficPolicy"),
    ("Ingress", "spec.ingressClassName", "entry.ingress.className"),
    ("StatefulSet", "spec.replicas", "PART.replicas"),
    ("StatefulSet", "container.resources", "PART.resources"),
    ("StatefulSet", "container.image", "PART.image"),
    ("StatefulSet", "spec.volumeClaimTemplates.spec.resources.requests.storage", "PART.storage.size"),
    ("KafkaNodePool", "spec.replicas", "bus.strimzi.replicas"),
    ("KafkaNodePool", "spec.resources", "bus.strimzi.resources"),
    ("Kafka", "spec.kafka.version", "bus.strimzi.version"),
    ("Kafka", "spec.kafka.config.min.insync.replicas", "bus.strimzi.minInsyncReplicas"),
    ("Kafka", "spec.kafka.config.default.replication.factor", "bus.replication"),
    ("Cluster", "spec.instances", "database.cloudnativepg.instances"),
    ("CronJob", "spec.schedule", "backup.schedule"),
    ("CronJob", "container.resources", "backup.resources"),
    ("DaemonSet", "container.resources", "logging.fluentBit.resources"),
    ("DaemonSet", "container.image", "logging.fluentBit.image"),
    ("PersistentVolumeClaim", "spec.resources.requests.storage", "backup.storage.size"),
];

/// The setting behind a field, where there is one.
pub(super) fn behind(fleet: &Fleet, object: &Object, part: &str, field: &str) -> Option<String> {
    let kind = object.kind();
    let field = shortened(field);
    let (_, prefix, setting) = FIELDS
        .iter()
        .filter(|(of, prefix, _)| *of == kind && below(&field, prefix).is_some())
        .max_by_key(|(_, prefix, _)| prefix.len())?;
    let rest = below(&field, prefix).unwrap_or_default();
    let place = match part {
        "postgres" => "database.statefulset".to_owned(),
        "nats" | "kafka" => format!("bus.{part}"),
        "prometheus" => "monitoring.own".to_owned(),
        "traces" | "collector" => "tracing".to_owned(),
        "kafka-exporter" => "bus.exporter".to_owned(),
        other => fleet.part(other).map(|part| part.key.clone()).unwrap_or_else(|| other.to_owned()),
    };
    let is_way_in = object.value().pointer("/spec/type").is_some_and(|of| of != "ClusterIP");
    let setting = match (kind, part) {
        ("CronJob", "restore-drill") if *prefix == "spec.schedule" => "backup.drillSchedule".to_owned(),
        ("Service", _) if *prefix == "spec.ports.port" && is_way_in => "entry.port".to_owned(),
        // What is not ours listens where it always does.
        ("Service", _) if *prefix == "spec.ports.port" && fleet.part(part).is_none() => return None,
        _ => setting.replace("PART", &place),
    };
    let rest = rest.replace("ephemeral-storage", "ephemeralStorage");
    Some(if rest.is_empty() { setting } else { format!("{setting}.{rest}") })
}

/// What of a field comes after a prefix.
fn below<'f>(field: &'f str, prefix: &str) -> Option<&'f str> {
    let rest = field.strip_prefix(prefix)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('.') }
}

/// A field without the places of items in lists, with short names for what is deep.
fn shortened(field: &str) -> String {
    let mut words: Vec<&str> = field.split('.').collect();
    let items = ["containers", "metrics", "triggers", "ports", "volumeClaimTemplates"];
    let mut at = 0;
    while at + 1 < words.len() {
        if items.contains(&words[at]) {
            words.remove(at + 1);
        }
        at += 1;
    }
    let field = words.join(".");
    let of_pods = field.strip_prefix("spec.jobTemplate.").unwrap_or(&field);
    for (long, short) in [("spec.template.spec.containers.", "container."), ("spec.template.spec.", "pod.")] {
        if let Some(rest) = of_pods.strip_prefix(long) {
            return format!("{short}{rest}");
        }
    }
    field
}
