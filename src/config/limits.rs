//! How much callers may ask for, and how long they are kept waiting.

use std::{net::IpAddr, time::Duration};

use serde::Deserialize;

use super::InvalidSettings;

/// Bounds on what callers may ask for. Of the rates, 0 means no bound.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// How long a change may wait to be recorded, as long as the queue can be kept that short. What would wait longer
    /// is refused with 503 before it is decided. 0: only a full queue refuses.
    pub record_within_ms: u64,
    /// How long a request may take until its answer begins; then it is answered 503.
    pub answer_within_ms: u64,
    /// How many requests a minute one caller, known by a verified token, may send in the long run.
    pub caller_per_minute: u32,
    /// How many it may send at once after a pause.
    pub caller_burst: u32,
    /// How many requests a minute without a token that was verified before may come from one address.
    pub address_per_minute: u32,
    /// How many may come at once after a pause.
    pub address_burst: u32,
    /// The proxies whose `X-Forwarded-For` is believed. Of others, the connection's own address counts.
    pub trusted_proxies: Vec<IpAddr>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            record_within_ms: 150,
            answer_within_ms: 30_000,
            caller_per_minute: 0,
            caller_burst: 1_000,
            address_per_minute: 0,
            address_burst: 100,
            trusted_proxies: Vec::new(),
        }
    }
}

impl Limits {
    /// How long a change may wait to be recorded.
    #[must_use]
    pub const fn record_within(&self) -> Option<Duration> {
        match self.record_within_ms {
            0 => None,
            millis => Some(Duration::from_millis(millis)),
        }
    }

    /// How long a request may take until its answer begins.
    #[must_use]
    pub const fn answer_within(&self) -> Duration {
        Duration::from_millis(self.answer_within_ms)
    }

    pub(super) fn check(&self) -> Result<(), InvalidSettings> {
        if self.caller_burst == 0 || self.address_burst == 0 || self.answer_within_ms == 0 {
            let message = "limits.caller_burst, limits.address_burst and limits.answer_within_ms must be above 0";
            return Err(InvalidSettings::Refused(message.to_owned()));
        }
        Ok(())
    }
}
