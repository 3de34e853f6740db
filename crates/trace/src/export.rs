//! Sending spans to the collector: OTLP over HTTP, in batches, from a queue that has an end.
//!
//! Nobody waits for it. What a collector that is away or too slow does not take is dropped and counted.

use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use opentelemetry_sdk::trace::SpanData;
use prost::Message as _;
use reqwest::{Client, StatusCode, header, redirect};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{Options, Shared, StartError};

/// How many spans are sent together at most.
const BATCH: usize = 512;
/// How long spans are gathered before fewer are sent.
const GATHER: Duration = Duration::from_millis(500);
/// How long the collector may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The longest wait before a collector that is away is asked again.
const LONGEST: Duration = Duration::from_secs(30);

/// Where spans go, and what is said of who sends them.
pub(crate) struct Collector {
    client: Client,
    url: String,
    resource: Resource,
    scope: InstrumentationScope,
}

/// What became of a batch.
enum Sent {
    Taken,
    /// It would be refused again.
    Refused(StatusCode),
    /// It may be taken later.
    Away(String),
}

impl Collector {
    pub(crate) fn new(options: &Options) -> Result<Self, StartError> {
        // One cryptographic library in the program; where it was named before, that is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .timeout(TIMEOUT)
            // What is sent is for the host that was configured and for no other.
            .redirect(redirect::Policy::none())
            .build()
            .map_err(|error| StartError(error.without_url()))?;
        let url = format!("{}/v1/traces", options.endpoint.trim_end_matches('/'));
        let attribute = |key: &str, value: String| KeyValue {
            key: key.to_owned(),
            value: Some(AnyValue { value: Some(Value::StringValue(value)) }),
            ..KeyValue::default()
        };
        let attributes = vec![
            attribute("service.name", "deskhand".to_owned()),
            attribute("service.version", options.version.to_owned()),
            attribute("service.instance.id", uuid::Uuid::now_v7().to_string()),
            attribute("deskhand.roles", options.roles.clone()),
        ];
        let resource = Resource { attributes, ..Resource::default() };
        let scope = InstrumentationScope {
            name: "deskhand".to_owned(),
            version: options.version.to_owned(),
            ..InstrumentationScope::default()
        };
        Ok(Self { client, url, resource, scope })
    }

    fn encode(&self, spans: Vec<SpanData>) -> Vec<u8> {
        let scope_spans = ScopeSpans {
            scope: Some(self.scope.clone()),
            spans: spans.into_iter().map(Span::from).collect(),
            ..ScopeSpans::default()
        };
        let resource_spans = ResourceSpans {
            resource: Some(self.resource.clone()),
            scope_spans: vec![scope_spans],
            ..ResourceSpans::default()
        };
        ExportTraceServiceRequest { resource_spans: vec![resource_spans] }.encode_to_vec()
    }

    async fn send(&self, body: Vec<u8>) -> Sent {
        let request = self.client.post(&self.url).header(header::CONTENT_TYPE, "application/x-protobuf");
        match request.body(body).send().await.map(|response| response.status()) {
            Ok(status) if status.is_success() => Sent::Taken,
            // Those that OTLP's specification names.
            Ok(
                status @ (StatusCode::TOO_MANY_REQUESTS
                | StatusCode::BAD_GATEWAY
                | StatusCode::SERVICE_UNAVAILABLE
                | StatusCode::GATEWAY_TIMEOUT),
            ) => Sent::Away(format!("it answers {status}")),
            Ok(status) => Sent::Refused(status),
            Err(error) => {
                let error = error.without_url();
                let causes = std::iter::successors(Some(&error as &dyn std::error::Error), |e| e.source());
                Sent::Away(causes.map(ToString::to_string).collect::<Vec<_>>().join(": "))
            }
        }
    }
}

/// Sends what is decided to be kept until `shutdown`, and then what there is.
pub(crate) async fn run(shared: &Shared, collector: &Collector, shutdown: &CancellationToken) {
    let mut away = 0;
    while !shutdown.is_cancelled() {
        tokio::select! {
            () = shutdown.cancelled() => break,
            () = shared.full.notified() => {}
            () = tokio::time::sleep(GATHER) => {}
        }
        while let Some(spans) = shared.take(BATCH) {
            deliver(shared, collector, spans, &mut away, shutdown).await;
        }
    }
    shared.finish();
    while let Some(spans) = shared.take(BATCH) {
        let count = spans.len();
        let sent = collector.send(collector.encode(spans)).await;
        shared.count(count, matches!(sent, Sent::Taken));
        if !matches!(sent, Sent::Taken) {
            warn!("the collector did not take the last traces");
            return;
        }
    }
}

/// Sends `spans`, again and again while the collector is `away`, until it takes or refuses them, or `shutdown`.
async fn deliver(
    shared: &Shared,
    collector: &Collector,
    spans: Vec<SpanData>,
    away: &mut u32,
    shutdown: &CancellationToken,
) {
    let count = spans.len();
    let body = collector.encode(spans);
    loop {
        match collector.send(body.clone()).await {
            Sent::Taken => {
                if std::mem::take(away) > 0 {
                    info!("the collector takes traces again");
                }
                return shared.count(count, true);
            }
            Sent::Refused(status) => {
                warn!(
                    status = status.as_u16(),
                    spans = count,
                    "the collector refuses traces; they are dropped"
                );
                return shared.count(count, false);
            }
            Sent::Away(why) => {
                *away += 1;
                if *away == 1 {
                    warn!(why, "the collector is away; traces wait for it as long as there is room for them");
                }
            }
        }
        let wait = Duration::from_secs(1 << (*away - 1).min(5)).min(LONGEST);
        tokio::select! {
            () = shutdown.cancelled() => return shared.count(count, false),
            () = tokio::time::sleep(wait) => {}
        }
    }
}
