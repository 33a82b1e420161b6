//! Traces: the way of a request through its stages, sent to a collector (OTLP over HTTP) where one is set.
//!
//! Where none is set nothing is made, kept or sent. A span holds the request's id, its method and its route's template,
//! and no personal data: what may stand in a log line may stand in a span, and nothing else.

use std::collections::HashMap;

use opentelemetry::{propagation::TextMapPropagator as _, trace::TracerProvider as _};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{Sampler, SdkTracerProvider},
};
use tracing::{Level, Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::{
    Layer,
    filter::{FilterFn, filter_fn},
    registry::LookupSpan,
};

use crate::config;

/// The header in which a caller names the trace that its request is a part of (W3C Trace Context).
pub const TRACEPARENT: &str = "traceparent";

/// What makes traces, until it is stopped.
#[derive(Debug)]
pub struct Traces(SdkTracerProvider);

/// Traces cannot be sent.
#[derive(Debug, thiserror::Error)]
#[error("traces cannot be sent to telemetry.otlp_endpoint: {0}")]
pub struct NoTraces(#[from] ExporterBuildError);

impl Traces {
    /// Begins to send traces, when a collector is set. They are sent by a thread of its own, in batches; what it
    /// cannot keep up with is dropped, and never holds up a request.
    pub fn start(settings: &config::Telemetry) -> Result<Option<Self>, NoTraces> {
        let Some(endpoint) = &settings.otlp_endpoint else { return Ok(None) };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_endpoint(endpoint)
            .with_timeout(settings.export_timeout())
            .build()?;
        let resource = Resource::builder().with_service_name(settings.service_name.clone()).build();
        let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(settings.sampling_ratio)));
        let provider = SdkTracerProvider::builder()
            .with_resource(resource)
            .with_sampler(sampler)
            .with_batch_exporter(exporter)
            .build();
        Ok(Some(Self(provider)))
    }

    /// What listens to the spans of this crate, and to nobody else's.
    pub(super) fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    {
        let tracer = self.0.tracer("underwright");
        let layer = tracing_opentelemetry::layer().with_tracer(tracer).with_location(false).with_threads(false);
        layer.with_filter(own_spans())
    }

    /// Sends what is left. The collector has its time-out for that.
    pub fn stop(self) {
        if let Err(error) = self.0.shutdown() {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

fn own_spans() -> FilterFn {
    filter_fn(|metadata| {
        metadata.is_span() && *metadata.level() <= Level::DEBUG && metadata.target().starts_with("underwright")
    })
}

/// Makes a request's span a part of the trace that its caller names. What is no `traceparent` is passed over.
pub fn adopt(span: &Span, traceparent: &str) {
    let carrier = HashMap::from([(TRACEPARENT.to_owned(), traceparent.to_owned())]);
    let parent = TraceContextPropagator::new().extract(&carrier);
    // Where no traces are made there is nothing to be a part of.
    let _ = span.set_parent(parent);
}
