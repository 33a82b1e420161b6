//! What is counted, for a Prometheus server to collect.
//!
//! Every label is a closed list (an outcome, a route's template, a status), so that the number of
//! series stays small whatever callers send.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

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
    problems: Family<ProblemLabels, Counter>,
}

/// What the recorder counts: its queue, its commits and what they decided.
#[derive(Debug, Clone)]
pub struct RecorderMetrics {
    queue_depth: Gauge,
    batch_size: Histogram,
    commit_seconds: Histogram,
    decisions: Family<DecisionLabels, Counter>,
    refused: Family<RefusedLabels, Counter>,
    /// In the order of [`Stage::ALL`].
    stages: [Histogram; Stage::ALL.len()],
}

/// A stage on the way of one decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Parsing and checking the body, which is one pass.
    Intake,
    /// Reading the features, scoring and explaining, which is one look-up.
    Score,
    /// The policy's rules and cut-offs.
    Policy,
    /// Sealing the applicant, and writing down what is recorded and answered.
    Seal,
    /// Waiting for a commit to begin.
    Queue,
    /// The commit, which all changes of a batch share.
    Commit,
}

impl Stage {
    /// In their order.
    pub const ALL: [Self; 6] = [Self::Intake, Self::Score, Self::Policy, Self::Seal, Self::Queue, Self::Commit];

    /// What it is called on the page.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Intake => "intake",
            Self::Score => "score",
            Self::Policy => "policy",
            Self::Seal => "seal",
            Self::Queue => "queue",
            Self::Commit => "commit",
        }
    }
}

/// Counts stages that follow one another on one thread, each from the end of the one before.
#[derive(Debug)]
pub struct Stages<'a> {
    metrics: &'a RecorderMetrics,
    begun: Instant,
}

impl<'a> Stages<'a> {
    /// Begins the first stage.
    #[must_use]
    pub fn begin(metrics: &'a RecorderMetrics) -> Self {
        Self { metrics, begun: Instant::now() }
    }

    /// Ends a stage, and begins the next.
    pub fn end(&mut self, stage: Stage) {
        let now = Instant::now();
        self.metrics.stage(stage, now.saturating_duration_since(self.begun));
        self.begun = now;
    }
}

/// Why the recorder did not record a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefusedCause {
    /// The queue was full.
    QueueFull,
    /// So many waited that this change would have waited too long.
    Backlog,
    /// A commit took so long that the store must have fallen silent.
    StoreSilent,
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

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StageLabels {
    stage: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ProblemLabels {
    code: String,
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

/// Makes the histogram of a stage: 2 µs to 1.9 s.
#[derive(Debug, Clone, Copy)]
struct StageSeconds;

impl MetricConstructor<Histogram> for StageSeconds {
    fn new_metric(&self) -> Histogram {
        Histogram::new(exponential_buckets(0.000_002, 2.5, 16))
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
        let problems = Family::default();
        registry.register("problems", "Requests answered with a problem, by its code", problems.clone());
        Self { registry: Arc::new(registry), recorder, requests, problems }
    }

    /// Counts one request that was answered with a problem. `code` is a word of the closed list.
    pub fn problem_answered(&self, code: String) {
        self.problems.get_or_create(&ProblemLabels { code }).inc();
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
        let stages: Family<StageLabels, Histogram, StageSeconds> = Family::new_with_constructor(StageSeconds);
        let metrics = Self {
            queue_depth: Gauge::default(),
            batch_size: Histogram::new(exponential_buckets(1.0, 2.0, 11)),
            commit_seconds: Histogram::new(exponential_buckets(0.000_25, 2.0, 15)),
            decisions: Family::default(),
            refused: Family::default(),
            stages: Stage::ALL.map(|stage| stages.get_or_create_owned(&StageLabels { stage: stage.label() })),
        };
        registry.register_with_unit(
            "stage",
            "Time that a decision spends in each stage of its way; the commit is shared by its batch",
            Unit::Seconds,
            stages,
        );
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

    /// Counts one decision's time in a stage.
    pub fn stage(&self, stage: Stage, took: Duration) {
        self.stages[stage as usize].observe(took.as_secs_f64());
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
            RefusedCause::Backlog => "backlog",
            RefusedCause::StoreSilent => "store_silent",
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
        metrics.recorder.stage(Stage::Commit, Duration::from_millis(2));
        metrics.problem_answered("rate_limited".to_owned());
        metrics.request_answered("GET", "/v1/applications/{id}", 200, Duration::from_millis(3));
        let page = metrics.encode().unwrap();
        for line in [
            "underwright_decisions_total{outcome=\"review\",decided_by=\"policy\"} 1",
            "underwright_recorder_batch_size_count 1",
            "underwright_stage_seconds_count{stage=\"commit\"} 1",
            "underwright_stage_seconds_count{stage=\"queue\"} 0",
            "underwright_problems_total{code=\"rate_limited\"} 1",
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
