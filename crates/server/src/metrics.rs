//! What Prometheus reads. Names are fixed; they are part of the surface.

use prometheus::{
    Encoder, GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry, TextEncoder,
};

/// The process's metrics. Cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    registry: Registry,
    pub(crate) requests: IntCounterVec,
    pub(crate) durations: HistogramVec,
    pub(crate) live_connections: IntGauge,
    pub(crate) conversations_waiting: IntGauge,
    pub(crate) outbox_pending: IntGauge,
    pub(crate) outbox_oldest: prometheus::Gauge,
    pub(crate) bus_lag: GaugeVec,
}

impl Metrics {
    /// The metrics of a process of that version.
    ///
    /// Errors where a name is registered twice, which is a mistake of the program's.
    pub fn new(version: &str) -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let requests = IntCounterVec::new(
            Opts::new("deskhand_http_requests_total", "HTTP requests by method, route and status."),
            &["method", "route", "status"],
        )?;
        let durations = HistogramVec::new(
            HistogramOpts::new("deskhand_http_request_duration_seconds", "How long HTTP requests took.")
                .buckets(vec![0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0]),
            &["method", "route"],
        )?;
        let live_connections = IntGauge::new(
            "deskhand_live_connections",
            "Live sockets that are open, of members and visitors.",
        )?;
        let conversations_waiting =
            IntGauge::new("deskhand_conversations_waiting", "Conversations that wait for a person.")?;
        let outbox_pending = IntGauge::new("deskhand_outbox_pending", "Events that were not sent yet.")?;
        let outbox_oldest = prometheus::Gauge::new(
            "deskhand_outbox_oldest_age_seconds",
            "Age of the oldest event not sent yet.",
        )?;
        let bus_lag = GaugeVec::new(
            Opts::new("deskhand_bus_lag", "Events that a group has not handled yet."),
            &["topic", "group", "partition"],
        )?;
        let build = GaugeVec::new(Opts::new("deskhand_build_info", "The version that runs."), &["version"])?;
        build.with_label_values(&[version]).set(1.0);
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(durations.clone()))?;
        registry.register(Box::new(live_connections.clone()))?;
        registry.register(Box::new(conversations_waiting.clone()))?;
        registry.register(Box::new(outbox_pending.clone()))?;
        registry.register(Box::new(outbox_oldest.clone()))?;
        registry.register(Box::new(bus_lag.clone()))?;
        registry.register(Box::new(build))?;
        Ok(Self {
            registry,
            requests,
            durations,
            live_connections,
            conversations_waiting,
            outbox_pending,
            outbox_oldest,
            bus_lag,
        })
    }

    /// The registry, for what others measure.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// All metrics in Prometheus' text format.
    pub fn text(&self) -> String {
        let mut out = Vec::new();
        // Writing to memory cannot fail; a metric that cannot be encoded is left out by the encoder.
        let _ = TextEncoder::new().encode(&self.registry.gather(), &mut out);
        String::from_utf8(out).unwrap_or_default()
    }
}
