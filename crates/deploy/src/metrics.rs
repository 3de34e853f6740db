//! The metrics that the program exports, and those of other programs that are read together with them.
//!
//! Tests compare the list with a real scrape, and rules and dashboards with the list. It must not name anything that the
//! program does not have.

#[cfg(test)]
mod tests;

/// How a metric behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It only grows, and begins anew with the process.
    Counter,
    /// It rises and falls.
    Gauge,
    /// It has buckets: `_bucket`, `_sum` and `_count`.
    Histogram,
}

/// A metric that the program exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Its name, with its unit.
    pub name: &'static str,
    /// How it behaves.
    pub kind: Kind,
    /// The labels that the program gives it; scraping adds others.
    pub labels: &'static [&'static str],
}

const fn counter(name: &'static str, labels: &'static [&'static str]) -> Metric {
    Metric { name, kind: Kind::Counter, labels }
}

const fn gauge(name: &'static str, labels: &'static [&'static str]) -> Metric {
    Metric { name, kind: Kind::Gauge, labels }
}

const fn histogram(name: &'static str, labels: &'static [&'static str]) -> Metric {
    Metric { name, kind: Kind::Histogram, labels }
}

/// Every metric that the program exports.
pub const METRICS: &[Metric] = &[
    histogram("deskhand_answer_seconds", &[]),
    gauge("deskhand_breaker_state", &["dependency"]),
    gauge("deskhand_build_info", &["version"]),
    counter("deskhand_bus_handled_total", &["topic", "group", "outcome"]),
    gauge("deskhand_bus_lag", &["topic", "group", "partition"]),
    counter("deskhand_bus_retries_total", &["topic", "group"]),
    gauge("deskhand_conversations_waiting", &[]),
    gauge("deskhand_dead_letters", &["topic", "group"]),
    histogram("deskhand_http_request_duration_seconds", &["method", "route"]),
    counter("deskhand_http_requests_total", &["method", "route", "status"]),
    gauge("deskhand_live_connections", &[]),
    gauge("deskhand_outbox_oldest_age_seconds", &[]),
    gauge("deskhand_outbox_pending", &[]),
    histogram("deskhand_reminder_lateness_seconds", &[]),
    counter("deskhand_scrape_errors_total", &["source"]),
    counter("deskhand_trace_spans_total", &["outcome"]),
    gauge("deskhand_trace_spans_waiting", &[]),
    counter("deskhand_webhook_deliveries_total", &["outcome"]),
    gauge("deskhand_webhooks_pending", &[]),
];

/// Another program that exports metrics, and those of its metrics that rules, dashboards and autoscalers of ours use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exporter {
    /// Its name, as people know it.
    pub name: &'static str,
    /// The metrics.
    pub metrics: &'static [&'static str],
}

/// The exporters that ours is read together with.
pub const EXPORTERS: &[Exporter] = &[
    Exporter { name: "prometheus", metrics: &["ALERTS", "up"] },
    Exporter {
        name: "kubelet",
        metrics: &[
            "kubelet_volume_stats_available_bytes",
            "kubelet_volume_stats_capacity_bytes",
            "kubelet_volume_stats_inodes",
            "kubelet_volume_stats_inodes_free",
        ],
    },
    Exporter {
        name: "kube-state-metrics",
        metrics: &[
            "kube_deployment_spec_replicas",
            "kube_deployment_status_replicas_available",
            "kube_horizontalpodautoscaler_spec_max_replicas",
            "kube_horizontalpodautoscaler_status_current_replicas",
            "kube_job_status_failed",
            "kube_pod_container_status_restarts_total",
        ],
    },
    Exporter {
        name: "kafka-exporter",
        metrics: &[
            "kafka_brokers",
            "kafka_consumergroup_lag",
            "kafka_topic_partition_under_replicated_partition",
        ],
    },
    Exporter {
        name: "postgres_exporter",
        metrics: &[
            "pg_database_size_bytes",
            "pg_settings_max_connections",
            "pg_stat_activity_count",
            "pg_stat_database_blks_hit",
            "pg_stat_database_blks_read",
            "pg_stat_database_deadlocks",
            "pg_stat_database_xact_commit",
            "pg_stat_database_xact_rollback",
        ],
    },
    Exporter { name: "cloudnative-pg", metrics: &["cnpg_collector_up", "cnpg_pg_replication_lag"] },
];

/// Whether the program exports a series of that name, be it a part of a histogram.
pub fn exports(series: &str) -> bool {
    METRICS.iter().any(|metric| match metric.kind {
        Kind::Counter | Kind::Gauge => metric.name == series,
        Kind::Histogram => {
            series.strip_prefix(metric.name).is_some_and(|part| matches!(part, "_bucket" | "_sum" | "_count"))
        }
    })
}

/// The exporter that we know to export a series of that name.
pub fn exporter_of(series: &str) -> Option<&'static Exporter> {
    EXPORTERS.iter().find(|exporter| exporter.metrics.contains(&series))
}
