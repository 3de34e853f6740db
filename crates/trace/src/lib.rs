//! Traces: what happens on behalf of one request, in whatever process, and which of it is sent to a collector.
//!
//! Spans are those of [`tracing`]; this gives them a place in a trace, passes that place on, holds what has ended
//! until it is known whether its trace is kept (`tail`), and sends that by OTLP (`export`). Where nothing was
//! started, every function here does nothing. Nothing of what a request or an event says goes into a trace.

mod export;
mod tail;

use std::collections::VecDeque;
use std::num::{NonZeroU64, NonZeroU128};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use domain::TraceParent;
use opentelemetry::trace::{
    Link, Span as _, SpanContext, SpanId, SpanKind, TraceContextExt, TraceFlags, TraceId, TraceState, Tracer,
    TracerProvider,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    Sampler, SamplingDecision, SamplingResult, SdkTracer, SdkTracerProvider, ShouldSample, SpanData,
    SpanProcessor,
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::{Level, Metadata, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

use export::Collector;
use tail::{Decided, Held};

/// How many spans wait for the collector at most.
const QUEUE: usize = 10_000;
/// From how many on they are sent at once.
const FULL: usize = 512;
/// How often it is looked which traces are over.
const LOOK: Duration = Duration::from_millis(500);
/// How long the last spans may take to the collector when the process ends.
const FLUSH: Duration = Duration::from_secs(5);

/// The tracer of this process, where traces are sent.
static STARTED: OnceLock<Started> = OnceLock::new();

struct Started {
    tracer: SdkTracer,
    shared: Arc<Shared>,
}

/// Where traces go and which.
#[derive(Debug, Clone)]
pub struct Options {
    /// The collector's address, without `/v1/traces`.
    pub endpoint: String,
    /// The share of ordinary traces that is kept, 0 to 1.
    pub ratio: f64,
    /// The version of the program that sends them.
    pub version: &'static str,
    /// What the process does.
    pub roles: String,
}

/// Traces cannot be sent from here.
#[derive(Debug, thiserror::Error)]
#[error("no client for the collector can be made")]
pub struct StartError(#[source] reqwest::Error);

/// How many spans had which end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// The collector has them.
    pub exported: u64,
    /// Their trace is an ordinary one that is not kept.
    pub unsampled: u64,
    /// There was no room for them, or the collector did not take them.
    pub dropped: u64,
    /// None yet: their trace may go on, or the collector has not answered.
    pub waiting: u64,
}

/// What the spans' processor and the sender share.
#[derive(Debug, Default)]
struct Shared {
    held: Mutex<Held>,
    queue: Mutex<VecDeque<SpanData>>,
    /// There is enough for a batch.
    full: Notify,
    exported: AtomicU64,
    unsampled: AtomicU64,
    dropped: AtomicU64,
    /// Taken from the queue, and neither exported nor dropped.
    sending: AtomicU64,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Queues what is kept, and counts the rest.
    fn note(&self, decided: Decided) {
        self.unsampled.fetch_add(decided.unsampled, Ordering::Relaxed);
        let mut dropped = decided.dropped;
        if !decided.kept.is_empty() {
            let mut queue = locked(&self.queue);
            for span in decided.kept {
                match queue.len() < QUEUE {
                    true => queue.push_back(span),
                    false => dropped += 1,
                }
            }
            if queue.len() >= FULL {
                self.full.notify_one();
            }
        }
        self.dropped.fetch_add(dropped, Ordering::Relaxed);
    }

    fn look(&self) {
        let decided = locked(&self.held).look(Instant::now());
        self.note(decided);
    }

    /// Decides about all that is held.
    fn finish(&self) {
        let decided = locked(&self.held).finish(Instant::now());
        self.note(decided);
    }

    /// Up to `most` spans that wait to be sent; nothing where none does.
    fn take(&self, most: usize) -> Option<Vec<SpanData>> {
        let mut queue = locked(&self.queue);
        let count = queue.len().min(most);
        self.sending.fetch_add(u64::try_from(count).unwrap_or(0), Ordering::Relaxed);
        (count > 0).then(|| queue.drain(..count).collect())
    }

    /// Counts `spans` that were taken.
    fn count(&self, spans: usize, exported: bool) {
        let spans = u64::try_from(spans).unwrap_or(0);
        let counter = if exported { &self.exported } else { &self.dropped };
        counter.fetch_add(spans, Ordering::Relaxed);
        self.sending.fetch_sub(spans, Ordering::Relaxed);
    }

    fn counts(&self) -> Counts {
        let waiting = locked(&self.held).len() + locked(&self.queue).len();
        Counts {
            exported: self.exported.load(Ordering::Relaxed),
            unsampled: self.unsampled.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
            waiting: self.sending.load(Ordering::Relaxed) + u64::try_from(waiting).unwrap_or(0),
        }
    }
}

/// Takes spans as they end, to where they are held.
#[derive(Debug)]
struct Holder(Arc<Shared>);

impl SpanProcessor for Holder {
    fn on_start(&self, span: &mut opentelemetry_sdk::trace::Span, _: &Context) {
        let decided = locked(&self.0.held).begins(span.span_context().trace_id(), Instant::now());
        self.0.note(decided);
    }

    fn on_end(&self, mut span: SpanData) {
        // It is here for the log; a span has it anyway.
        span.attributes.retain(|attribute| attribute.key.as_str() != "trace_id");
        let decided = locked(&self.0.held).ends(span, Instant::now());
        self.0.note(decided);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// Records everything, and marks what is kept in any case: what another process has marked, and a share of the
/// rest that follows from the trace's id, so that all processes mark the same.
#[derive(Debug, Clone)]
struct Marks(Sampler);

impl ShouldSample for Marks {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let mut result = self.0.should_sample(parent, trace, name, kind, attributes, links);
        let is_marked = parent.is_some_and(|parent| parent.span().span_context().is_sampled());
        result.decision = match result.decision {
            SamplingDecision::Drop if !is_marked => SamplingDecision::RecordOnly,
            _ => SamplingDecision::RecordAndSample,
        };
        result
    }
}

/// Traces that are sent from this process.
pub struct Traces {
    provider: SdkTracerProvider,
    shared: Arc<Shared>,
    collector: Collector,
}

impl Traces {
    /// Begins to trace this process; [`layer`](Self::layer) has to become part of the subscriber, and
    /// [`run`](Self::run) has to run.
    ///
    /// Errors where no client for the collector can be made. Whether it is there is not asked.
    pub fn start(options: &Options) -> Result<Self, StartError> {
        let collector = Collector::new(options)?;
        let shared = Arc::new(Shared::default());
        let provider = SdkTracerProvider::builder()
            .with_sampler(Marks(Sampler::TraceIdRatioBased(options.ratio)))
            .with_span_processor(Holder(Arc::clone(&shared)))
            .build();
        let started = Started { tracer: provider.tracer("deskhand"), shared: Arc::clone(&shared) };
        // A second start in one process changes nothing for those who ask here.
        let _ = STARTED.set(started);
        Ok(Self { provider, shared, collector })
    }

    /// What makes traces of the spans of the crates that `ours` names, and of their warnings.
    pub fn layer<S>(&self, ours: fn(&Metadata<'_>) -> bool) -> impl Layer<S> + Send + Sync + 'static + use<S>
    where
        S: tracing::Subscriber + for<'s> LookupSpan<'s> + Send + Sync,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("deskhand"))
            .with_context_activation(false)
            .with_location(false)
            .with_target(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(
                filter_fn(move |metadata| {
                    let least = if metadata.is_span() { Level::DEBUG } else { Level::WARN };
                    *metadata.level() <= least && ours(metadata)
                })
                .with_max_level_hint(Level::DEBUG),
            )
    }

    /// Sends what is kept until `shutdown`; then decides about what is left and sends that, which takes a few seconds
    /// at most.
    pub async fn run(self, shutdown: CancellationToken) {
        let looking = async {
            while !shutdown.is_cancelled() {
                self.shared.look();
                tokio::select! {
                    () = shutdown.cancelled() => {}
                    () = tokio::time::sleep(LOOK) => {}
                }
            }
        };
        let sending = async {
            tokio::select! {
                () = export::run(&self.shared, &self.collector, &shutdown) => {}
                () = async {
                    shutdown.cancelled().await;
                    tokio::time::sleep(FLUSH).await;
                } => tracing::warn!("the collector did not take the last traces in time"),
            }
        };
        tokio::join!(looking, sending);
    }
}

/// How many spans had which end; nothing where none are sent.
pub fn counts() -> Option<Counts> {
    STARTED.get().map(|started| started.shared.counts())
}

/// Whether traces are sent from this process.
pub fn is_on() -> bool {
    STARTED.get().is_some()
}

fn remote(parent: TraceParent) -> Context {
    let flags = TraceFlags::default().with_sampled(parent.sampled);
    let (trace, span) = (TraceId::from(parent.trace.get()), SpanId::from(parent.span.get()));
    Context::new().with_remote_span_context(SpanContext::new(trace, span, flags, true, TraceState::default()))
}

/// The place of `span` in its trace; nothing where it has none.
fn place(span: &Span) -> Option<TraceParent> {
    STARTED.get()?;
    let context = span.context();
    let span = context.span();
    let context = span.span_context();
    Some(TraceParent {
        trace: NonZeroU128::new(u128::from_be_bytes(context.trace_id().to_bytes()))?,
        span: NonZeroU64::new(u64::from_be_bytes(context.span_id().to_bytes()))?,
        sampled: context.is_sampled(),
    })
}

/// The place of what runs now in its trace, for what it causes elsewhere.
pub fn current() -> Option<TraceParent> {
    place(&Span::current())
}

/// Lets `span` begin now, in the trace of `parent`, or where there is none in a new one. Its field `trace_id`, which
/// has to be declared and empty, says in which.
pub fn begin(span: &Span, parent: Option<TraceParent>) {
    if !is_on() {
        return;
    }
    if let Some(parent) = parent {
        // It fails for a span that was begun before, which this one was not.
        let _ = span.set_parent(remote(parent));
    }
    if let Some(place) = place(span) {
        span.record("trace_id", format_args!("{:032x}", place.trace));
    }
}

/// A round of sending events that is under way.
#[derive(Debug, Clone, Copy)]
pub struct Sending {
    system: &'static str,
    began: SystemTime,
}

/// Begins to send events to the log that is kept by `system`; nothing where no traces are sent.
pub fn sending(system: &'static str) -> Option<Sending> {
    is_on().then(|| Sending { system, began: opentelemetry::time::now() })
}

impl Sending {
    /// An event of the trace `parent` is in the log.
    pub fn sent(&self, topic: &'static str, partition: u32, parent: TraceParent) {
        let Some(started) = STARTED.get() else { return };
        started
            .tracer
            .span_builder(format!("send {topic}"))
            .with_kind(SpanKind::Producer)
            .with_start_time(self.began)
            .with_attributes([
                KeyValue::new("messaging.system", self.system),
                KeyValue::new("messaging.operation.type", "send"),
                KeyValue::new("messaging.operation.name", "send"),
                KeyValue::new("messaging.destination.name", topic),
                KeyValue::new("messaging.destination.partition.id", partition.to_string()),
            ])
            .start_with_context(&started.tracer, &remote(parent))
            .end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(ratio: f64, parent: Option<&Context>, trace: u128) -> bool {
        let marks = Marks(Sampler::TraceIdRatioBased(ratio));
        let result = marks.should_sample(parent, TraceId::from(trace), "test", &SpanKind::Internal, &[], &[]);
        // What is not marked is recorded as well: it may turn out to be slow.
        assert_ne!(result.decision, SamplingDecision::Drop);
        result.decision == SamplingDecision::RecordAndSample
    }

    #[test]
    fn every_process_marks_the_same_share_of_traces_and_what_was_marked_before() {
        // The golden ratio's digits spread them evenly.
        let ids: Vec<u128> =
            (1..=2_000).map(|n: u128| n.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)).collect();
        for (ratio, least, most) in [(0.0, 0, 0), (0.1, 120, 280), (0.5, 850, 1150), (1.0, 2_000, 2_000)] {
            let marked: Vec<u128> = ids.iter().copied().filter(|id| marks(ratio, None, *id)).collect();
            assert!((least..=most).contains(&marked.len()), "{ratio}: {}", marked.len());
            for id in &ids {
                let parent = |sampled| {
                    let parent = format!("00-{id:032x}-00f067aa0ba902b7-{:02x}", u8::from(sampled));
                    remote(parent.parse().unwrap())
                };
                assert_eq!(marks(ratio, Some(&parent(false)), *id), marked.contains(id), "{id:x}");
                assert!(marks(ratio, Some(&parent(true)), *id));
            }
        }
    }

    #[test]
    fn what_waits_for_the_collector_has_an_end_and_the_rest_is_counted() {
        let shared = Shared::default();
        let kept = (0..QUEUE + 7).map(|_| tail::tests::span(1)).collect();
        shared.note(Decided { kept, unsampled: 3, dropped: 2 });
        let waiting = u64::try_from(QUEUE).unwrap();
        assert_eq!(shared.counts(), Counts { exported: 0, unsampled: 3, dropped: 9, waiting });
        let taken = shared.take(500).unwrap().len();
        assert_eq!(shared.counts().waiting, waiting, "neither sent nor dropped yet");
        shared.count(taken, true);
        let rest = shared.take(QUEUE).unwrap().len();
        shared.count(rest, false);
        assert_eq!(shared.take(1), None);
        assert_eq!(
            shared.counts(),
            Counts { exported: 500, unsampled: 3, dropped: 9 + waiting - 500, waiting: 0 }
        );
    }
}
