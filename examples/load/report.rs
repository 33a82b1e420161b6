//! What a load came to.

use std::{
    collections::BTreeMap,
    fmt,
    time::{Duration, Instant},
};

use serde::Serialize;

use crate::send::Sent;

/// What the load cost, and what is left of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Costs {
    /// Processor time of all servers while it was counted.
    pub(crate) server: Duration,
    /// Processor time of the sender.
    pub(crate) own: Duration,
    pub(crate) peak_memory_bytes: u64,
    pub(crate) rows: u64,
}

/// What a load came to.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) decisions_a_second: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) p999_ms: f64,
    pub(crate) max_ms: f64,
    /// Answers by status, while it was counted.
    pub(crate) statuses: BTreeMap<u16, usize>,
    pub(crate) server_cpu_us_each: f64,
    pub(crate) sender_cpu_us_each: f64,
    pub(crate) peak_memory_mb: f64,
    /// Answers of 201, those before the counting too.
    pub(crate) acknowledged_in_all: u64,
    /// Decisions in the store afterwards.
    pub(crate) rows: u64,
}

impl Report {
    /// `sent` is everything; what was answered from `begun` to `until` is counted.
    #[expect(clippy::cast_precision_loss, reason = "figures to be read")]
    pub(crate) fn new(sent: &[Sent], begun: Instant, until: Instant, costs: Costs) -> Self {
        let counted: Vec<&Sent> = sent.iter().filter(|one| (begun..until).contains(&one.answered_at)).collect();
        let quantile = |share: f64| quantile_ms(counted.iter().copied(), share);
        let mut statuses = BTreeMap::new();
        for one in &counted {
            *statuses.entry(one.status).or_default() += 1;
        }
        let decided = statuses.get(&201).copied().unwrap_or_default() as f64;
        Self {
            decisions_a_second: decided / (until - begun).as_secs_f64(),
            p50_ms: quantile(0.5),
            p99_ms: quantile(0.99),
            p999_ms: quantile(0.999),
            max_ms: quantile(1.0),
            server_cpu_us_each: costs.server.as_secs_f64() * 1e6 / decided,
            sender_cpu_us_each: costs.own.as_secs_f64() * 1e6 / decided,
            peak_memory_mb: costs.peak_memory_bytes as f64 / 1e6,
            acknowledged_in_all: sent.iter().filter(|one| one.status == 201).count() as u64,
            rows: costs.rows,
            statuses,
        }
    }
}

/// How long the given share of the requests took at most; NaN when there are none.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
pub(crate) fn quantile_ms<'a>(sent: impl Iterator<Item = &'a Sent>, share: f64) -> f64 {
    let mut latencies_ms: Vec<f64> = sent.map(|one| one.took.as_secs_f64() * 1e3).collect();
    latencies_ms.sort_by(f64::total_cmp);
    let index = (latencies_ms.len() as f64 * share) as usize;
    latencies_ms.get(index.min(latencies_ms.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:.0} decisions a second", self.decisions_a_second)?;
        writeln!(
            f,
            "latency: p50 {:.2} ms, p99 {:.2} ms, p99.9 {:.2} ms, most {:.2} ms",
            self.p50_ms, self.p99_ms, self.p999_ms, self.max_ms
        )?;
        writeln!(f, "answers by status: {:?}", self.statuses)?;
        writeln!(
            f,
            "processor time of each: server {:.1} µs, sender {:.1} µs; memory of the server at most {:.0} MB",
            self.server_cpu_us_each, self.sender_cpu_us_each, self.peak_memory_mb
        )?;
        write!(f, "acknowledged in all {}, rows in the store {}", self.acknowledged_in_all, self.rows)
    }
}
