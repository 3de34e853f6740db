//! What sets the number of replicas.

use k8s_openapi::api::autoscaling::v2::{
    ContainerResourceMetricSource, CrossVersionObjectReference, ExternalMetricSource, HPAScalingPolicy,
    HPAScalingRules, HorizontalPodAutoscaler, HorizontalPodAutoscalerBehavior, HorizontalPodAutoscalerSpec,
    MetricIdentifier, MetricSpec, MetricTarget,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde::Serialize;

use super::custom::{Custom, Spec};
use super::meta::say_why;
use super::object::Object;
use super::why::Why;
use crate::error::Error;
use crate::fleet::{Fleet, Follow, Part, Scaling};
use crate::program;
use crate::values::Behavior;

/// The metric of a lag, as kafka-exporter names it.
const LAG_METRIC: &str = "kafka_consumergroup_lag";

/// A part's autoscaler.
pub(super) fn objects(fleet: &Fleet, part: &Part) -> Result<Vec<Object>, Error> {
    Ok(match &part.scaling {
        Scaling::Fixed { .. } => Vec::new(),
        Scaling::Keda { follow, topic, group, per_replica, polling_secs, fallback_replicas } => {
            let trigger = KafkaTrigger {
                bootstrap_servers: bootstrap(fleet),
                consumer_group: program::group_name(fleet.bus.prefix(), *group),
                topic: program::topic_name(fleet.bus.prefix(), *topic),
                lag_threshold: per_replica.to_string(),
                offset_reset_policy: "earliest",
                allow_idle_consumers: "false",
            };
            vec![Object::new(&scaled_object(
                fleet,
                part,
                follow,
                trigger,
                (*polling_secs, *fallback_replicas),
            ))?]
        }
        Scaling::Cpu { follow, percent } => {
            let metrics = vec![cpu(part, *percent)];
            vec![Object::new(&autoscaler(fleet, part, follow, metrics, &[Why::ContainerMetric]))?]
        }
        Scaling::Lag { follow, topic, group, per_replica, percent } => {
            let prefix = fleet.bus.prefix();
            let labels = [
                ("topic", program::topic_name(prefix, *topic)),
                ("consumergroup", program::group_name(prefix, *group)),
            ];
            let mut metrics = vec![lag(labels, *per_replica)];
            metrics.extend(percent.map(|percent| cpu(part, percent)));
            let mut reasons = vec![Why::ExternalMetric, Why::Target, Why::Partitions];
            reasons.extend(percent.is_some().then_some(Why::ContainerMetric));
            vec![Object::new(&autoscaler(fleet, part, follow, metrics, &reasons))?]
        }
    })
}

/// Where KEDA finds the brokers: `bus_url` without its scheme.
pub(super) fn bootstrap(fleet: &Fleet) -> String {
    let url = fleet.settings.get("bus_url").map(String::as_str).unwrap_or_default();
    url.trim_start_matches("kafka://").to_owned()
}

/// How long KEDA waits on the way to zero, where these fleets never go.
const COOLDOWN_SECS: i32 = 300;

/// What KEDA is asked for.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ScaledObject {
    scale_target_ref: TargetName,
    min_replica_count: i32,
    max_replica_count: i32,
    polling_interval: i32,
    cooldown_period: i32,
    fallback: Fallback,
    advanced: Advanced,
    triggers: [Trigger; 1],
}

impl Spec for ScaledObject {
    const API_VERSION: &'static str = "keda.sh/v1alpha1";
    const KIND: &'static str = "ScaledObject";
}

#[derive(Debug, Serialize)]
struct TargetName {
    name: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Fallback {
    failure_threshold: i32,
    replicas: i32,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Advanced {
    horizontal_pod_autoscaler_config: AutoscalerConfig,
}

#[derive(Debug, Serialize)]
struct AutoscalerConfig {
    name: String,
    behavior: HorizontalPodAutoscalerBehavior,
}

#[derive(Debug, Serialize)]
struct Trigger {
    #[serde(rename = "type")]
    kind: &'static str,
    metadata: KafkaTrigger,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct KafkaTrigger {
    bootstrap_servers: String,
    consumer_group: String,
    topic: String,
    lag_threshold: String,
    offset_reset_policy: &'static str,
    allow_idle_consumers: &'static str,
}

fn scaled_object(
    fleet: &Fleet,
    part: &Part,
    follow: &Follow,
    trigger: KafkaTrigger,
    (polling_secs, fallback_replicas): (i32, i32),
) -> Custom<ScaledObject> {
    let name = fleet.names.of(&part.name);
    let mut metadata = fleet.meta(&part.name, name.clone(), &part.namespace);
    say_why(&mut metadata, &[Why::Cooldown, Why::Target, Why::Partitions]);
    let spec = ScaledObject {
        scale_target_ref: TargetName { name: name.clone() },
        min_replica_count: follow.min,
        max_replica_count: follow.max,
        polling_interval: polling_secs,
        cooldown_period: COOLDOWN_SECS,
        fallback: Fallback { failure_threshold: 3, replicas: fallback_replicas },
        advanced: Advanced {
            horizontal_pod_autoscaler_config: AutoscalerConfig { name, behavior: behavior(follow) },
        },
        triggers: [Trigger { kind: "kafka", metadata: trigger }],
    };
    Custom::new(metadata, spec)
}

fn autoscaler(
    fleet: &Fleet,
    part: &Part,
    follow: &Follow,
    metrics: Vec<MetricSpec>,
    reasons: &[Why],
) -> HorizontalPodAutoscaler {
    let name = fleet.names.of(&part.name);
    let mut metadata = fleet.meta(&part.name, name.clone(), &part.namespace);
    say_why(&mut metadata, reasons);
    HorizontalPodAutoscaler {
        metadata,
        spec: Some(HorizontalPodAutoscalerSpec {
            behavior: Some(behavior(follow)),
            max_replicas: follow.max,
            metrics: Some(metrics),
            min_replicas: Some(follow.min),
            scale_target_ref: CrossVersionObjectReference {
                api_version: Some("apps/v1".to_owned()),
                kind: "Deployment".to_owned(),
                name,
            },
        }),
        status: None,
    }
}

/// How fast replicas come and go.
pub(super) fn behavior(follow: &Follow) -> HorizontalPodAutoscalerBehavior {
    let rules = |behavior: &Behavior| HPAScalingRules {
        policies: Some(
            behavior
                .policies
                .iter()
                .map(|policy| HPAScalingPolicy {
                    period_seconds: policy.period_seconds,
                    type_: policy.type_.as_str().to_owned(),
                    value: policy.value,
                })
                .collect(),
        ),
        select_policy: Some("Max".to_owned()),
        stabilization_window_seconds: Some(behavior.stabilization_window_seconds),
        ..HPAScalingRules::default()
    };
    HorizontalPodAutoscalerBehavior {
        scale_down: Some(rules(&follow.down)),
        scale_up: Some(rules(&follow.up)),
    }
}

fn cpu(part: &Part, percent: i32) -> MetricSpec {
    MetricSpec {
        container_resource: Some(ContainerResourceMetricSource {
            container: part.name.clone(),
            name: "cpu".to_owned(),
            target: MetricTarget {
                average_utilization: Some(percent),
                type_: "Utilization".to_owned(),
                ..MetricTarget::default()
            },
        }),
        type_: "ContainerResource".to_owned(),
        ..MetricSpec::default()
    }
}

fn lag(labels: [(&str, String); 2], per_replica: i32) -> MetricSpec {
    MetricSpec {
        external: Some(ExternalMetricSource {
            metric: MetricIdentifier {
                name: LAG_METRIC.to_owned(),
                selector: Some(LabelSelector {
                    match_labels: Some(labels.map(|(key, value)| (key.to_owned(), value)).into()),
                    match_expressions: None,
                }),
            },
            target: MetricTarget {
                average_value: Some(Quantity(per_replica.to_string())),
                type_: "AverageValue".to_owned(),
                ..MetricTarget::default()
            },
        }),
        type_: "External".to_owned(),
        ..MetricSpec::default()
    }
}
