//! What is counted, for a Prometheus server to collect.
//!
//! Every label is a closed list (an outcome, a route's template, a status), so that the number of
//! series stays small whatever callers send.

use std::{fmt, sync::Arc, time::Duration};

use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{
        counter::Counter,
        family::{Family, MetricConstructor},
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};

use crate::domain::decision::Outcome;

/// The metrics of one process. Cheap to clone; every clone counts into the same series.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    /// What the recorder counts.
    pub recorder: RecorderMetrics,
    requests: Family<RequestLabels, Histogram, RequestSeconds>,
}

/// What the recorder counts: its queue, its commits and what they decided.
#[derive(Debug, Clone)]
pub struct RecorderMetrics {
    queue_depth: Gauge,
    batch_size: Histogram,
    commit_seconds: Histogram,
    decisions: Family<DecisionLabels, Counter>,
    refused: Family<RefusedLabels, Counter>,
}

/// Why the recorder did not record a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefusedCause {
    /// The queue was full.
    QueueFull,
    /// The store did not answer, or refused to write.
    StoreUnavailable,
    /// The server was stopping.
    ShuttingDown,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DecisionLabels {
    outcome: String,
    decided_by: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusedLabels {
    cause: &'static str,
}

/// The methods that are counted under their own name.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/// What every other method is counted under: callers may make up as many as they like.
const OTHER_METHOD: &str = "other";

fn method_label(method: &str) -> &'static str {
    METHODS.into_iter().find(|known| *known == method).unwrap_or(OTHER_METHOD)
}

/// Makes the histogram of a new route: 0.5 ms to 8 s, by powers of two.
#[derive(Debug, Clone, Copy)]
struct RequestSeconds;

impl MetricConstructor<Histogram> for RequestSeconds {
    fn new_metric(&self) -> Histogram {
        Histogram::new(exponential_buckets(0.0005, 2.0, 15))
    }
}

impl Metrics {
    /// Registers every metric, all at zero.
    #[must_use]
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("underwright");
        let recorder = RecorderMetrics::register(&mut registry);
        let requests = Family::new_with_constructor(RequestSeconds);
        registry.register_with_unit(
            "request_duration",
            "Time from a request's head to its answer's head",
            Unit::Seconds,
            requests.clone(),
        );
        Self { registry: Arc::new(registry), recorder, requests }
    }

    /// Counts one answered request. `route` is the route's template, never the path asked for.
    pub fn request_answered(&self, method: &str, route: &str, status: u16, took: Duration) {
        let labels = RequestLabels { method: method_label(method), route: route.to_owned(), status };
        self.requests.get_or_create(&labels).observe(took.as_secs_f64());
    }

    /// All series in the `OpenMetrics` text format.
    pub fn encode(&self) -> Result<String, fmt::Error> {
        let mut page = String::new();
        text::encode(&mut page, &self.registry)?;
        Ok(page)
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl RecorderMetrics {
    /// Metrics that belong to no registry: for commands that show none, and for tests.
    #[must_use]
    pub fn unregistered() -> Self {
        Self::register(&mut Registry::default())
    }

    fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            queue_depth: Gauge::default(),
            batch_size: Histogram::new(exponential_buckets(1.0, 2.0, 11)),
            commit_seconds: Histogram::new(exponential_buckets(0.000_25, 2.0, 15)),
            decisions: Family::default(),
            refused: Family::default(),
        };
        registry.register("recorder_queue_depth", "Changes waiting for the next commit", metrics.queue_depth.clone());
        registry.register("recorder_batch_size", "Changes written by one commit", metrics.batch_size.clone());
        registry.register_with_unit(
            "recorder_commit",
            "Time from opening a transaction to its durable commit",
            Unit::Seconds,
            metrics.commit_seconds.clone(),
        );
        registry.register("decisions", "Decisions recorded, by outcome", metrics.decisions.clone());
        registry.register(
            "recorder_refused",
            "Changes that were not recorded, by cause; their senders were told",
            metrics.refused.clone(),
        );
        metrics
    }

    /// States how many changes wait for the next commit.
    pub fn queue_depth(&self, depth: usize) {
        self.queue_depth.set(i64::try_from(depth).unwrap_or(i64::MAX));
    }

    /// Counts one durable commit of `batch_size` changes.
    pub fn committed(&self, batch_size: usize, took: Duration) {
        self.batch_size.observe(f64::from(u32::try_from(batch_size).unwrap_or(u32::MAX)));
        self.commit_seconds.observe(took.as_secs_f64());
    }

    /// Counts one recorded decision.
    pub fn decided(&self, outcome: Outcome, automatic: bool) {
        let decided_by = if automatic { "policy" } else { "person" };
        self.decisions.get_or_create(&DecisionLabels { outcome: outcome.to_string(), decided_by }).inc();
    }

    /// Counts one change that was not recorded.
    pub fn refused(&self, cause: RefusedCause) {
        let cause = match cause {
            RefusedCause::QueueFull => "queue_full",
            RefusedCause::StoreUnavailable => "store_unavailable",
            RefusedCause::ShuttingDown => "shutting_down",
        };
        self.refused.get_or_create(&RefusedLabels { cause }).inc();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_shows_what_was_counted_under_the_routes_template() {
        let metrics = Metrics::new();
        metrics.recorder.decided(Outcome::Review, true);
        metrics.recorder.committed(3, Duration::from_millis(2));
        metrics.recorder.refused(RefusedCause::QueueFull);
        metrics.request_answered("GET", "/v1/applications/{id}", 200, Duration::from_millis(3));
        let page = metrics.encode().unwrap();
        for line in [
            "underwright_decisions_total{outcome=\"review\",decided_by=\"policy\"} 1",
            "underwright_recorder_batch_size_count 1",
            "underwright_recorder_refused_total{cause=\"queue_full\"} 1",
            "underwright_request_duration_seconds_count{method=\"GET\",route=\"/v1/applications/{id}\",status=\"200\"} 1",
        ] {
            assert!(page.contains(line), "{line} is not in:\n{page}");
        }
    }

    #[test]
    fn methods_that_callers_make_up_share_one_series() {
        let metrics = Metrics::new();
        for method in ["BREW", "WHEN", "get"] {
            metrics.request_answered(method, "unknown", 404, Duration::from_millis(1));
        }
        metrics.request_answered("DELETE", "unknown", 404, Duration::from_millis(1));
        let page = metrics.encode().unwrap();
        for (method, count) in [("other", 3), ("DELETE", 1)] {
            let line = format!(
                "underwright_request_duration_seconds_count{{method=\"{method}\",route=\"unknown\",status=\"404\"}} {count}"
            );
            assert!(page.contains(&line), "{line} is not in:\n{page}");
        }
        assert!(!page.contains("BREW") && !page.contains("WHEN"), "{page}");
    }
}
