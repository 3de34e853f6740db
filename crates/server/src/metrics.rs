//! What Prometheus reads. Names are fixed; they are part of the surface.

use std::time::Duration;

use bus::{Backlog, Bus, Outcome};
use domain::BreakerState;
use prometheus::{
    Encoder, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry,
    TextEncoder,
};

use crate::Health;

/// The labels of what is one figure.
const NONE: &[&str] = &[];
/// What a scrape reads from the database.
const BACKLOG: &str = "backlog";
const CONVERSATIONS: &str = "conversations";
const WEBHOOKS: &str = "webhooks";

/// The process's metrics. Cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    registry: Registry,
    pub(crate) requests: IntCounterVec,
    pub(crate) durations: HistogramVec,
    pub(crate) live_connections: IntGauge,
    answers: Histogram,
    lateness: Histogram,
    conversations_waiting: GaugeVec,
    outbox_pending: GaugeVec,
    outbox_oldest: GaugeVec,
    bus_lag: GaugeVec,
    bus_handled: IntCounterVec,
    bus_retries: IntCounterVec,
    dead_letters: GaugeVec,
    webhook_deliveries: IntCounterVec,
    webhooks_pending: GaugeVec,
    breakers: GaugeVec,
    trace_spans: IntCounterVec,
    trace_spans_waiting: GaugeVec,
    scrape_errors: IntCounterVec,
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
        let answers = Histogram::with_opts(
            HistogramOpts::new(
                "deskhand_answer_seconds",
                "How long customers waited from their message until the hand answered or called a person.",
            )
            .buckets(vec![0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0, 120.0]),
        )?;
        let lateness = Histogram::with_opts(
            HistogramOpts::new(
                "deskhand_reminder_lateness_seconds",
                "How long after its moment each reminder was fired.",
            )
            .buckets(vec![0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0]),
        )?;
        let conversations_waiting = GaugeVec::new(
            Opts::new("deskhand_conversations_waiting", "Conversations that wait for a person."),
            &[],
        )?;
        let outbox_pending =
            GaugeVec::new(Opts::new("deskhand_outbox_pending", "Events that were not sent yet."), &[])?;
        let outbox_oldest = GaugeVec::new(
            Opts::new("deskhand_outbox_oldest_age_seconds", "Age of the oldest event not sent yet."),
            &[],
        )?;
        let scrape_errors = IntCounterVec::new(
            Opts::new(
                "deskhand_scrape_errors_total",
                "Scrapes in which something could not be read from the database; its series are absent then.",
            ),
            &["source"],
        )?;
        for source in [BACKLOG, CONVERSATIONS, WEBHOOKS] {
            scrape_errors.with_label_values(&[source]).inc_by(0);
        }
        let bus_lag = GaugeVec::new(
            Opts::new("deskhand_bus_lag", "Events that a group has not handled yet."),
            &["topic", "group", "partition"],
        )?;
        let bus_handled = IntCounterVec::new(
            Opts::new(
                "deskhand_bus_handled_total",
                "Events that a group of this process is done with, by what became of them.",
            ),
            &["topic", "group", "outcome"],
        )?;
        let bus_retries = IntCounterVec::new(
            Opts::new(
                "deskhand_bus_retries_total",
                "Events that a group of this process failed at and tries again.",
            ),
            &["topic", "group"],
        )?;
        let dead_letters = GaugeVec::new(
            Opts::new(
                "deskhand_dead_letters",
                "Events that a group could not handle and that nobody has replayed or dropped.",
            ),
            &["topic", "group"],
        )?;
        let webhook_deliveries = IntCounterVec::new(
            Opts::new(
                "deskhand_webhook_deliveries_total",
                "Attempts of this process to deliver to webhooks, by what became of the delivery.",
            ),
            &["outcome"],
        )?;
        let webhooks_pending = GaugeVec::new(
            Opts::new("deskhand_webhooks_pending", "Deliveries that wait to be sent to webhooks."),
            &[],
        )?;
        let breakers = GaugeVec::new(
            Opts::new(
                "deskhand_breaker_state",
                "Breakers around what is remote: 0 closed, 1 half open, 2 open.",
            ),
            &["dependency"],
        )?;
        let trace_spans = IntCounterVec::new(
            Opts::new(
                "deskhand_trace_spans_total",
                "Spans of traces by what became of them: exported, unsampled, or dropped for want of room or of a collector.",
            ),
            &["outcome"],
        )?;
        let trace_spans_waiting = GaugeVec::new(
            Opts::new(
                "deskhand_trace_spans_waiting",
                "Spans that are held until it is known whether their trace is kept, or wait for the collector.",
            ),
            &[],
        )?;
        let build = GaugeVec::new(Opts::new("deskhand_build_info", "The version that runs."), &["version"])?;
        build.with_label_values(&[version]).set(1.0);
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(durations.clone()))?;
        registry.register(Box::new(live_connections.clone()))?;
        registry.register(Box::new(answers.clone()))?;
        registry.register(Box::new(lateness.clone()))?;
        registry.register(Box::new(conversations_waiting.clone()))?;
        registry.register(Box::new(outbox_pending.clone()))?;
        registry.register(Box::new(outbox_oldest.clone()))?;
        registry.register(Box::new(bus_lag.clone()))?;
        registry.register(Box::new(bus_handled.clone()))?;
        registry.register(Box::new(bus_retries.clone()))?;
        registry.register(Box::new(dead_letters.clone()))?;
        registry.register(Box::new(webhook_deliveries.clone()))?;
        registry.register(Box::new(webhooks_pending.clone()))?;
        registry.register(Box::new(breakers.clone()))?;
        registry.register(Box::new(trace_spans.clone()))?;
        registry.register(Box::new(trace_spans_waiting.clone()))?;
        registry.register(Box::new(scrape_errors.clone()))?;
        registry.register(Box::new(build))?;
        Ok(Self {
            registry,
            requests,
            durations,
            live_connections,
            answers,
            lateness,
            conversations_waiting,
            outbox_pending,
            outbox_oldest,
            bus_lag,
            bus_handled,
            bus_retries,
            dead_letters,
            webhook_deliveries,
            webhooks_pending,
            breakers,
            trace_spans,
            trace_spans_waiting,
            scrape_errors,
        })
    }

    /// A customer waited that long for the hand.
    pub fn answered(&self, after: Duration) {
        self.answers.observe(after.as_secs_f64());
    }

    /// A reminder came that long after its moment.
    pub fn reminded(&self, late: Duration) {
        self.lateness.observe(late.as_secs_f64());
    }

    /// Shows what the bus has before it, or that it could not be read: a value of before would look like now's.
    pub(crate) fn set_backlog(&self, backlog: Option<Backlog>) {
        let Some(backlog) = backlog else {
            self.outbox_pending.reset();
            self.outbox_oldest.reset();
            self.bus_lag.reset();
            self.dead_letters.reset();
            return self.scrape_errors.with_label_values(&[BACKLOG]).inc();
        };
        self.outbox_pending.with_label_values(NONE).set(backlog.outbox.events as f64);
        self.outbox_oldest.with_label_values(NONE).set(backlog.outbox.oldest.as_secs_f64());
        for lag in backlog.lag {
            let partition = lag.partition.to_string();
            let labels = [lag.topic.as_str(), lag.group.as_str(), partition.as_str()];
            self.bus_lag.with_label_values(&labels).set(lag.events as f64);
        }
        // A group without any is not among them.
        self.dead_letters.reset();
        for (group, topic, letters) in backlog.dead {
            self.dead_letters.with_label_values(&[topic.as_str(), group.as_str()]).set(letters as f64);
        }
    }

    /// Shows what is remote, and whether it is left alone.
    pub(crate) fn set_breakers(&self, health: &Health) {
        for (dependency, state) in health.dependencies() {
            let value = match state {
                BreakerState::Closed => 0.0,
                BreakerState::HalfOpen => 1.0,
                BreakerState::Open => 2.0,
            };
            self.breakers.with_label_values(&[dependency]).set(value);
        }
    }

    /// Shows what the groups of this process did.
    pub(crate) fn set_counts(&self, bus: &Bus) {
        for ((topic, group, outcome), events) in bus.counts() {
            let counter = match outcome {
                Outcome::Retried => self.bus_retries.with_label_values(&[topic.as_str(), group]),
                outcome => self.bus_handled.with_label_values(&[topic.as_str(), group, outcome.as_str()]),
            };
            counter.inc_by(events.saturating_sub(counter.get()));
        }
    }

    /// Shows what became of deliveries to webhooks, and how many wait, or that this could not be read.
    pub(crate) fn set_webhooks(&self, counts: &[(desk::webhooks::Outcome, u64)], pending: Option<i64>) {
        for (outcome, attempts) in counts {
            let counter = self.webhook_deliveries.with_label_values(&[outcome.as_str()]);
            counter.inc_by(attempts.saturating_sub(counter.get()));
        }
        match pending {
            Some(pending) => self.webhooks_pending.with_label_values(NONE).set(pending as f64),
            None => {
                self.webhooks_pending.reset();
                self.scrape_errors.with_label_values(&[WEBHOOKS]).inc();
            }
        }
    }

    /// Shows what became of spans, where traces are sent.
    pub(crate) fn set_spans(&self, counts: Option<trace::Counts>) {
        let Some(counts) = counts else { return };
        self.trace_spans_waiting.with_label_values(NONE).set(counts.waiting as f64);
        let outcomes =
            [("exported", counts.exported), ("unsampled", counts.unsampled), ("dropped", counts.dropped)];
        for (outcome, spans) in outcomes {
            let counter = self.trace_spans.with_label_values(&[outcome]);
            counter.inc_by(spans.saturating_sub(counter.get()));
        }
    }

    /// Shows how many conversations wait, or that it could not be read.
    pub(crate) fn set_waiting(&self, waiting: Option<i64>) {
        match waiting {
            Some(waiting) => self.conversations_waiting.with_label_values(NONE).set(waiting as f64),
            None => {
                self.conversations_waiting.reset();
                self.scrape_errors.with_label_values(&[CONVERSATIONS]).inc();
            }
        }
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
