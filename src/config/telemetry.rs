//! Where traces go.

use std::time::Duration;

use serde::Deserialize;

use super::InvalidSettings;

/// Traces. Without an endpoint none are made, at no cost.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Telemetry {
    /// A collector that takes OTLP over HTTP, such as `http://127.0.0.1:4318/v1/traces`: the whole address.
    pub otlp_endpoint: Option<String>,
    /// What this service is called there.
    pub service_name: String,
    /// The share of requests that are traced, from 0 to 1. A caller that sends a `traceparent` has decided already.
    pub sampling_ratio: f64,
    /// How long the collector may take over a batch of spans.
    pub export_timeout_ms: u64,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            otlp_endpoint: None,
            service_name: "underwright".to_owned(),
            sampling_ratio: 0.01,
            export_timeout_ms: 3_000,
        }
    }
}

impl Telemetry {
    /// How long the collector may take over a batch of spans.
    #[must_use]
    pub const fn export_timeout(&self) -> Duration {
        Duration::from_millis(self.export_timeout_ms)
    }

    pub(super) fn check(&self) -> Result<(), InvalidSettings> {
        let refuse = |message: &str| Err(InvalidSettings::Refused(message.to_owned()));
        let is_web = |endpoint: &String| endpoint.starts_with("http://") || endpoint.starts_with("https://");
        if !self.otlp_endpoint.as_ref().is_none_or(is_web) {
            return refuse(
                "telemetry.otlp_endpoint must be an address such as http://127.0.0.1:4318/v1/traces (OTLP over HTTP)",
            );
        }
        if !(0.0..=1.0).contains(&self.sampling_ratio) {
            return refuse("telemetry.sampling_ratio must be from 0 to 1");
        }
        Ok(())
    }
}
