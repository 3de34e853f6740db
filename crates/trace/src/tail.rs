//! Which traces are kept. The decision falls at the end of a trace: until then its spans are held here.
//!
//! Nothing is sent from here, and nobody is asked what time it is.

use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime};

use opentelemetry::trace::{Status, TraceId};
use opentelemetry_sdk::trace::SpanData;

/// A trace that takes longer is kept.
pub(crate) const SLOW: Duration = Duration::from_secs(1);
/// How long after its last span more of a trace is waited for: a request's event is with its groups much sooner.
pub(crate) const QUIET: Duration = Duration::from_secs(5);

/// How much is held at most.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Traces, also those that are known to be kept and have no span here.
    pub(crate) traces: usize,
    /// Spans of all traces together.
    pub(crate) spans: usize,
    /// Spans of one trace.
    pub(crate) spans_of_one: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { traces: 20_000, spans: 20_000, spans_of_one: 1_000 }
    }
}

/// What became of spans.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Decided {
    /// To be sent.
    pub(crate) kept: Vec<SpanData>,
    /// Of traces that are not kept: how many.
    pub(crate) unsampled: u64,
    /// What there was no room for: how many.
    pub(crate) dropped: u64,
}

/// The part of a trace that this process has had lately.
#[derive(Debug)]
struct Part {
    kept: bool,
    /// Spans that have begun and have not ended.
    open: u32,
    /// When the first began and the last ended or began here.
    began: Instant,
    last: Instant,
    /// From when until when its ended spans took.
    extent: Option<(SystemTime, SystemTime)>,
    spans: Vec<SpanData>,
}

impl Part {
    fn new(now: Instant) -> Self {
        Self { kept: false, open: 0, began: now, last: now, extent: None, spans: Vec::new() }
    }

    /// Notes a span that has ended; says whether it is one that the trace has to be kept for.
    fn take(&mut self, span: &SpanData) -> bool {
        let (from, to) = self.extent.unwrap_or((span.start_time, span.end_time));
        let (from, to) = (from.min(span.start_time), to.max(span.end_time));
        self.extent = Some((from, to));
        let took = to.duration_since(from).unwrap_or_default();
        is_wanted(span) || took > SLOW
    }

    fn is_over(&self, now: Instant) -> bool {
        self.open == 0 && now.saturating_duration_since(self.last) >= QUIET
    }
}

/// Whether `span` alone is a reason to keep its trace.
fn is_wanted(span: &SpanData) -> bool {
    let took = span.end_time.duration_since(span.start_time).unwrap_or_default();
    span.span_context.is_sampled() || matches!(span.status, Status::Error { .. }) || took > SLOW
}

/// The spans of traces that are not decided about.
#[derive(Debug, Default)]
pub(crate) struct Held {
    bounds: Bounds,
    parts: HashMap<TraceId, Part>,
    spans: usize,
}

impl Held {
    #[cfg(test)]
    fn within(bounds: Bounds) -> Self {
        Self { bounds, ..Self::default() }
    }

    /// How many spans are held.
    pub(crate) fn len(&self) -> usize {
        self.spans
    }

    /// A span of `trace` begins.
    pub(crate) fn begins(&mut self, trace: TraceId, now: Instant) -> Decided {
        let mut decided = Decided::default();
        if self.parts.len() >= self.bounds.traces && !self.parts.contains_key(&trace) {
            decided = self.settle(now, |part, _| part.open == 0);
            if self.parts.len() >= self.bounds.traces {
                // Its spans are looked at one by one.
                return decided;
            }
        }
        let part = self.parts.entry(trace).or_insert_with(|| Part::new(now));
        part.open += 1;
        part.last = now;
        decided
    }

    /// A span has ended.
    pub(crate) fn ends(&mut self, span: SpanData, now: Instant) -> Decided {
        let mut decided = Decided::default();
        let Some(part) = self.parts.get_mut(&span.span_context.trace_id()) else {
            match is_wanted(&span) {
                true => decided.kept.push(span),
                false => decided.dropped += 1,
            }
            return decided;
        };
        part.open = part.open.saturating_sub(1);
        part.last = now;
        part.kept |= part.take(&span);
        if part.kept {
            self.spans -= part.spans.len();
            decided.kept.append(&mut part.spans);
            decided.kept.push(span);
        } else if part.spans.len() >= self.bounds.spans_of_one {
            decided.dropped += 1;
        } else {
            part.spans.push(span);
            self.spans += 1;
            if self.spans > self.bounds.spans {
                // What has ended is decided about now: more of it that may come is decided about by itself.
                decided = self.settle(now, |part, _| part.open == 0);
            }
            if self.spans > self.bounds.spans {
                decided.dropped += self.drop_largest();
            }
        }
        decided
    }

    /// Decides about what has been quiet for long enough, or is slow although it goes on.
    pub(crate) fn look(&mut self, now: Instant) -> Decided {
        let mut decided = self.settle(now, Part::is_over);
        for part in self.parts.values_mut() {
            if !part.kept && part.open > 0 && now.saturating_duration_since(part.began) > SLOW {
                part.kept = true;
                self.spans -= part.spans.len();
                decided.kept.append(&mut part.spans);
            }
        }
        decided
    }

    /// Decides about everything, because nothing more will come.
    pub(crate) fn finish(&mut self, now: Instant) -> Decided {
        self.settle(now, |_, _| true)
    }

    /// Decides about the traces that `is_over` names, with what is known of them.
    fn settle(&mut self, now: Instant, is_over: impl Fn(&Part, Instant) -> bool) -> Decided {
        let mut unsampled = 0;
        self.parts.retain(|_, part| {
            let over = is_over(part, now);
            if over {
                // What is kept was sent when that was known.
                unsampled += part.spans.len();
            }
            !over
        });
        self.spans -= unsampled;
        Decided { unsampled: u64::try_from(unsampled).unwrap_or(u64::MAX), ..Decided::default() }
    }

    /// Makes room where every trace goes on; gives how many spans that cost.
    fn drop_largest(&mut self) -> u64 {
        let Some(part) = self.parts.values_mut().max_by_key(|part| part.spans.len()) else { return 0 };
        let dropped = std::mem::take(&mut part.spans).len();
        self.spans -= dropped;
        u64::try_from(dropped).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use opentelemetry::InstrumentationScope;
    use opentelemetry::trace::{SpanContext, SpanId, SpanKind, TraceFlags, TraceState};
    use opentelemetry_sdk::trace::{SpanEvents, SpanLinks};

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// A clock that a test moves, and the spans that it stamps.
    struct Stage {
        held: Held,
        zero: Instant,
        passed: Duration,
    }

    impl Stage {
        fn new(held: Held) -> Self {
            Self { held, zero: Instant::now(), passed: Duration::ZERO }
        }

        fn now(&self) -> Instant {
            self.zero + self.passed
        }

        fn pass(&mut self, time: Duration) {
            self.passed += time;
        }

        fn begin(&mut self, trace: u128) -> Decided {
            self.held.begins(TraceId::from(trace), self.now())
        }

        /// Ends a span of `trace` that began `took` ago.
        fn end(&mut self, trace: u128, took: Duration) -> Decided {
            self.end_as(trace, took, |_| {})
        }

        fn end_as(&mut self, trace: u128, took: Duration, change: impl Fn(&mut SpanData)) -> Decided {
            let mut span = span(trace);
            span.end_time += self.passed;
            span.start_time = span.end_time - took;
            change(&mut span);
            self.held.ends(span, self.now())
        }

        fn look(&mut self) -> Decided {
            self.held.look(self.now())
        }
    }

    /// A span of `trace` that took no time.
    pub(crate) fn span(trace: u128) -> SpanData {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        SpanData {
            span_context: context(trace, false),
            parent_span_id: SpanId::INVALID,
            parent_span_is_remote: false,
            span_kind: SpanKind::Internal,
            name: "test".into(),
            start_time: time,
            end_time: time,
            attributes: Vec::new(),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: Status::Unset,
            instrumentation_scope: InstrumentationScope::default(),
        }
    }

    fn context(trace: u128, sampled: bool) -> SpanContext {
        let flags = TraceFlags::default().with_sampled(sampled);
        SpanContext::new(TraceId::from(trace), SpanId::from(1), flags, false, TraceState::default())
    }

    fn counts(decided: &Decided) -> (usize, u64, u64) {
        (decided.kept.len(), decided.unsampled, decided.dropped)
    }

    #[test]
    fn an_ordinary_trace_is_held_until_it_is_quiet_and_is_then_gone() {
        let mut stage = Stage::new(Held::default());
        stage.begin(1);
        stage.begin(1);
        assert_eq!(counts(&stage.end(1, 2 * MS)), (0, 0, 0));
        assert_eq!(counts(&stage.end(1, 3 * MS)), (0, 0, 0));
        stage.pass(QUIET - MS);
        assert_eq!((counts(&stage.look()), stage.held.len()), ((0, 0, 0), 2));
        stage.pass(MS);
        assert_eq!((counts(&stage.look()), stage.held.len()), ((0, 2, 0), 0));
        assert!(stage.held.parts.is_empty());
    }

    #[test]
    fn a_failure_at_the_end_keeps_what_came_before_it_and_what_comes_after() {
        let mut stage = Stage::new(Held::default());
        stage.begin(1);
        stage.end(1, 2 * MS);
        stage.pass(4_000 * MS);
        stage.look();
        stage.begin(1);
        let failed = stage.end_as(1, MS, |span| span.status = Status::error("no"));
        assert_eq!(counts(&failed), (2, 0, 0));
        stage.pass(4_000 * MS);
        stage.look();
        stage.begin(1);
        assert_eq!(counts(&stage.end(1, MS)), (1, 0, 0));
        // Once it was quiet, what comes late is decided about by itself.
        stage.pass(QUIET);
        stage.look();
        stage.begin(1);
        assert_eq!(counts(&stage.end(1, MS)), (0, 0, 0));
    }

    #[test]
    fn what_is_slow_in_one_span_or_from_its_first_to_its_last_is_kept() {
        let mut stage = Stage::new(Held::default());
        stage.begin(1);
        assert_eq!(counts(&stage.end(1, SLOW + MS)), (1, 0, 0));

        stage.begin(2);
        stage.end(2, MS);
        stage.pass(SLOW);
        stage.begin(2);
        assert_eq!(counts(&stage.end(2, MS)), (2, 0, 0), "a millisecond, a second, nothing in between");

        stage.begin(3);
        assert_eq!(counts(&stage.end(3, SLOW)), (0, 0, 0), "a second is not more than a second");
    }

    #[test]
    fn what_goes_on_for_longer_than_a_second_is_kept_before_it_ends() {
        let mut stage = Stage::new(Held::default());
        stage.begin(1);
        stage.begin(1);
        stage.end(1, MS);
        stage.pass(SLOW);
        assert_eq!(counts(&stage.look()), (0, 0, 0));
        stage.pass(MS);
        assert_eq!(counts(&stage.look()), (1, 0, 0));
        // However long that is: it is open.
        stage.pass(100 * QUIET);
        stage.look();
        assert_eq!(counts(&stage.end(1, MS)), (1, 0, 0));
    }

    #[test]
    fn what_is_sampled_is_not_held() {
        let mut stage = Stage::new(Held::default());
        stage.begin(1);
        let kept = stage.end_as(1, MS, |span| span.span_context = context(1, true));
        assert_eq!((counts(&kept), stage.held.len()), ((1, 0, 0), 0));
    }

    #[test]
    fn traces_do_not_touch_each_other() {
        let mut stage = Stage::new(Held::default());
        for trace in 1..=3 {
            stage.begin(trace);
            stage.end(trace, MS);
        }
        stage.begin(2);
        let failed = stage.end_as(2, MS, |span| span.status = Status::error("no"));
        assert!(failed.kept.iter().all(|span| span.span_context.trace_id() == TraceId::from(2)));
        assert_eq!(counts(&failed), (2, 0, 0));
        stage.pass(QUIET);
        assert_eq!(counts(&stage.look()), (0, 2, 0));
    }

    #[test]
    fn nothing_more_will_come_at_the_end() {
        let mut stage = Stage::new(Held::default());
        stage.begin(1);
        stage.end(1, MS);
        assert_eq!(counts(&stage.held.finish(stage.now())), (0, 1, 0));
        assert!(stage.held.parts.is_empty());
    }

    #[test]
    fn no_bound_is_passed_and_what_that_costs_is_counted() {
        let bounds = Bounds { traces: 10, spans: 20, spans_of_one: 5 };
        let mut stage = Stage::new(Held::within(bounds));
        let mut total = (0, 0, 0);
        let mut count = |decided: &Decided| {
            let (kept, unsampled, dropped) = counts(decided);
            total = (total.0 + kept, total.1 + unsampled, total.2 + dropped);
        };
        // One that never ends and has many spans.
        count(&stage.begin(1));
        for _ in 0..100 {
            count(&stage.begin(1));
            count(&stage.end(1, MS));
        }
        assert_eq!(stage.held.len(), 5);
        // Many that have ended: the newer ones need the room.
        for trace in 2..1000 {
            count(&stage.begin(trace));
            count(&stage.end(trace, MS));
            assert!(stage.held.len() <= 20 && stage.held.parts.len() <= 10);
        }
        // Many that never end.
        for trace in 1000..2000 {
            for _ in 0..4 {
                count(&stage.begin(trace));
            }
            for _ in 0..3 {
                count(&stage.end(trace, MS));
            }
            assert!(stage.held.len() <= 20 && stage.held.parts.len() <= 10);
        }
        count(&stage.held.finish(stage.now()));
        assert_eq!((total.0, u64::from(total.1 > 0), u64::from(total.2 > 0)), (0, 1, 1));
        assert_eq!(total.1 + total.2, 100 + 998 + 3000);
        // A failure is kept although there was no room for its trace.
        let mut stage = Stage::new(Held::within(Bounds { traces: 0, spans: 20, spans_of_one: 5 }));
        stage.begin(1);
        assert_eq!(counts(&stage.end_as(1, MS, |span| span.status = Status::error("no"))), (1, 0, 0));
    }
}
