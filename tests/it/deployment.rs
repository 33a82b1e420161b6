//! The files in `deploy/` against the program that they deploy.

use std::{collections::BTreeSet, fs, path::PathBuf, time::Duration};

use serde_json::Value;
use underwright::{
    config::{Flags, Mode, Settings},
    domain::decision::Outcome,
    telemetry::{Metrics, metrics::RefusedCause},
};

fn deploy(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("deploy").join(file)
}

fn text(file: &str) -> String {
    fs::read_to_string(deploy(file)).unwrap_or_else(|error| panic!("deploy/{file}: {error}"))
}

/// Every name of ours in a text, without what Prometheus puts behind the names of histograms and counters.
fn metrics_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|sign: char| !(sign.is_ascii_alphanumeric() || sign == '_'));
    let ours = words.filter(|word| word.starts_with("underwright_"));
    let bare = |word: &str| {
        ["_bucket", "_count", "_sum", "_total"].iter().find_map(|end| word.strip_suffix(end).map(str::to_owned))
    };
    ours.map(|word| bare(word).unwrap_or_else(|| word.to_owned())).collect()
}

#[test]
fn dashboard_and_alerts_name_only_metrics_that_exist() {
    let metrics = Metrics::new();
    // A series stands on the page once it was counted.
    metrics.request_answered("GET", "/healthz", 200, Duration::from_millis(1));
    metrics.recorder.decided(Outcome::Approve, true);
    metrics.recorder.refused(RefusedCause::QueueFull);
    metrics.problem_answered("rate_limited".to_owned());
    let known = metrics_in(&metrics.encode().expect("a page"));
    let dashboard = text("grafana/underwright.json");
    serde_json::from_str::<Value>(&dashboard).expect("the dashboard is JSON");
    for (file, named) in
        [("grafana", metrics_in(&dashboard)), ("prometheus", metrics_in(&text("prometheus/alerts.yaml")))]
    {
        assert!(named.len() >= 4, "{file} names only {named:?}");
        let missing: Vec<_> = named.difference(&known).collect();
        assert!(missing.is_empty(), "{file} names {missing:?}; there are {known:?}");
    }
}

#[test]
fn the_settings_to_begin_with_are_read_as_settings_for_production() {
    let flags = Flags { config: Some(deploy("underwright.toml")), ..Flags::default() };
    let settings = Settings::load(&flags, std::iter::empty()).expect("the settings are read");
    assert_eq!(settings.mode, Mode::Production);
    assert!(!settings.keys.encryption.is_empty() && settings.audit.signing_key_file.is_some());
}
