//! Logs and metrics.
//!
//! Invariant: no personal data ever reaches either. A log line names a request by its id and its
//! route's template, never by the address that was asked for; a metric's labels are closed lists.

pub mod log;
pub mod metrics;

pub use metrics::{Metrics, RecorderMetrics};
