//! Logs, metrics and traces.
//!
//! Invariant: no personal data ever reaches any of them. A log line names a request by its id and its
//! route's template, never by the address that was asked for; a metric's labels are closed lists.

pub mod log;
pub mod metrics;
pub mod trace;

pub use metrics::{Metrics, RecorderMetrics};
