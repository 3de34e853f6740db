//! What sets the number of replicas.

use k8s_openapi::api::autoscaling::v2::{
    ContainerResourceMetricSource, CrossVersionObjectReference, ExternalMetricSource, HPAScalingPolicy,
    HPAScalingRules, HorizontalPodAutoscaler, HorizontalPodAutoscalerBehavior, HorizontalPodAutoscalerSpec,
    MetricIdentifier, MetricSpec, MetricTarget,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::meta::say_why;
use super::object::Object;
use super::why::Why;
use crate::error::Error;
use crate::fleet::{Fleet, Follow, Part, Scaling};
use crate::program;
use crate::values::Behavior;

/// The metric of a lag, as kafka-exporter names it.
pub(super) const LAG_METRIC: &str = "kafka_consumergroup_lag";

/// A part's autoscaler.
pub(super) fn objects(fleet: &Fleet, part: &Part) -> Result<Vec<Object>, Error> {
    Ok(match &part.scaling {
        Scaling::Fixed { .. } | Scaling::Keda { .. } => Vec::new(),
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
    HorizontalPodAutoscalerBehavior { scale_down: Some(rules(&follow.down)), scale_up: Some(rules(&follow.up)) }
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
