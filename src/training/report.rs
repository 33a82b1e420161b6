//! The validation report: one HTML file that needs nothing else, in the order in which a validator
//! reads: what it is for, how well it parts, whether it means what it says, what it reads, against
//! what it was held, where it comes from, what to beware of.

mod plots;

use std::fmt::Write;

use super::{
    benchmark::Benchmark,
    evaluate::{Metrics, Outcomes},
    run::InnerSummary,
    schema_file::CardTable,
};
use crate::{
    features::schema::{Feature, Kind, Monotone},
    model::{card::CardFacts, file::ModelFile},
};

/// What a report is made from.
#[derive(Debug, Clone, Copy)]
pub struct ReportFacts<'a> {
    pub file: &'a ModelFile,
    pub card: &'a CardFacts,
    /// The test part, with the model's calibrated margins.
    pub test: Outcomes<'a>,
    pub metrics: &'a Metrics,
    pub inner: &'a InnerSummary,
    pub benchmarks: &'a [Benchmark],
    pub about: &'a CardTable,
    /// Of `model.json`.
    pub sha256: &'a str,
}

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;color:#1c2430;max-width:62rem;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2.2rem;border-bottom:1px solid #d5dae1}\
table{border-collapse:collapse;width:100%;font-size:.9rem}td,th{padding:.3rem .6rem;text-align:left;border-bottom:1px solid #e6e9ee;vertical-align:top}\
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}code{font-size:.85em;overflow-wrap:anywhere}\
.plots{display:flex;flex-wrap:wrap;gap:1rem}figure{margin:0;flex:1 1 18rem}figcaption{font-size:.85rem;color:#55606e}\
svg{width:100%;height:auto}svg text{font:11px system-ui,sans-serif;fill:#55606e}";

/// Writes the report. Everything that comes from the schema or the data is escaped.
#[must_use]
pub fn render(facts: &ReportFacts<'_>) -> String {
    let title = format!("{} {}", escape(&facts.file.name), escape(&facts.file.version));
    let sections = [
        format!("<h1>Validation report: {title}</h1>\n<p>{}</p>\n", escape(&facts.card.purpose)),
        figures(facts),
        plots_section(facts),
        benchmarks(facts),
        features(facts),
        provenance(facts),
        notes(facts),
    ];
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Validation report: {title}</title>\
         <style>{STYLE}</style></head>\n<body>\n{}</body>\n</html>\n",
        sections.concat()
    )
}

fn figures(facts: &ReportFacts<'_>) -> String {
    let held_out = facts.inner.metrics.named();
    let rows = facts.metrics.named().into_iter().map(|(name, value)| {
        let inner = held_out.iter().find(|(known, _)| *known == name);
        let inner = inner.map_or_else(String::new, |(_, value)| number(*value));
        format!("<tr><td>{name}<td class=n>{}<td class=n>{inner}\n", number(value))
    });
    let crossed = facts.inner.cross_calibrated.map_or_else(String::new, |line| {
        format!(
            " When each half of the hold-out is calibrated by the other, slope {} and intercept {} are left.",
            number(line.slope),
            number(line.intercept)
        )
    });
    format!(
        "<h2>Figures</h2>\n<table><tr><th>figure<th class=n>test rows<th class=n>inner hold-out\n{}</table>\n\
         <p>Test: {}. Inner hold-out: {}, predicted before calibration by trees that have not seen them; the number of \
         trees was chosen on it, and its slope and intercept are the model's calibration.{crossed}</p>\n",
        rows.collect::<String>(),
        escape(&facts.file.provenance.split),
        escape(&facts.inner.split),
    )
}

fn plots_section(facts: &ReportFacts<'_>) -> String {
    format!(
        "<h2>On the test rows</h2>\n<div class=plots>\n{}{}{}</div>\n",
        plots::roc(facts.test),
        plots::calibration(facts.test),
        plots::distribution(facts.test),
    )
}

fn benchmarks(facts: &ReportFacts<'_>) -> String {
    if facts.benchmarks.is_empty() {
        return String::new();
    }
    let row = |name: &str, rows: String, metrics: &Metrics| {
        let figure = |value: Option<f64>| value.map_or_else(String::new, number);
        format!(
            "<tr><td>{}<td class=n>{rows}<td class=n>{}<td class=n>{}<td class=n>{}\n",
            escape(name),
            figure(metrics.auc),
            figure(metrics.ks),
            number(metrics.log_loss)
        )
    };
    let others = facts.benchmarks.iter().map(|b| row(b.name, b.trained_on.to_string(), &b.metrics));
    format!(
        "<h2>Held against other models</h2>\n<p>On the same features and test rows. These models keep to no direction of risk.</p>\n\
         <table><tr><th>model<th class=n>rows trained on<th class=n>AUC<th class=n>KS<th class=n>log-loss\n{}{}</table>\n",
        row("this model", facts.file.provenance.train_rows.to_string(), facts.metrics),
        others.collect::<String>()
    )
}

fn features(facts: &ReportFacts<'_>) -> String {
    let greatest = facts.card.importances.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let mut rows = String::new();
    for (index, feature) in facts.file.schema.features.iter().enumerate() {
        let importance = facts.card.importances.get(index).copied().unwrap_or_default();
        let reason = feature.reason.as_ref().and_then(|code| facts.file.reasons.get_key_value(code));
        let _ = writeln!(
            rows,
            "<tr><td>{}<br><code>{}</code><td>{}<td class=n>{}{}<td>{}",
            escape(&feature.display_label()),
            escape(feature.derive.as_deref().or(feature.source.as_deref()).unwrap_or_default()),
            direction(feature),
            number(importance),
            plots::bar(importance / greatest),
            reason.map_or_else(String::new, |(code, text)| format!("<code>{code}</code><br>{}", escape(text))),
        );
    }
    format!(
        "<h2>What it reads</h2>\n<p>Importance is the mean absolute contribution to the log-odds over the test rows. A \
         direction holds exactly: between any two applicants who differ in that feature alone.</p>\n\
         <table><tr><th>feature, read from<th>as it rises, risk<th class=n>importance<th>reason stated\n{rows}</table>\n"
    )
}

fn direction(feature: &Feature) -> &'static str {
    match (feature.kind, feature.monotone) {
        (Kind::Category, _) => "by category",
        (_, Monotone::Free) => "moves freely",
        (_, Monotone::Increasing) => "never falls",
        (_, Monotone::Decreasing) => "never rises",
    }
}

fn provenance(facts: &ReportFacts<'_>) -> String {
    let provenance = &facts.file.provenance;
    let files = provenance.data.iter().map(|file| {
        format!("<tr><td>{}<td class=n>{}<td><code>{}</code>\n", escape(&file.name), file.rows, escape(&file.sha256))
    });
    let parameters = provenance.parameters.iter().map(|(name, value)| format!("{} {value}", escape(name)));
    format!(
        "<h2>Where it comes from</h2>\n<p>{}</p>\n<table><tr><th>file<th class=n>rows<th>SHA-256\n{}</table>\n\
         <p>Trained by {} on {} rows, {:.2} % of them bad: {} symmetric trees. Seed {}; {}. \
         The file that decides, <code>model.json</code>, has SHA-256 <code>{}</code>.</p>\n",
        escape(&facts.about.data),
        files.collect::<String>(),
        escape(&provenance.trained_by),
        provenance.train_rows,
        provenance.bad_rate * 100.0,
        facts.file.forest.trees.len(),
        provenance.seed,
        parameters.collect::<Vec<_>>().join(", "),
        escape(facts.sha256),
    )
}

fn notes(facts: &ReportFacts<'_>) -> String {
    let notes = facts.card.notes.iter().filter(|note| **note != facts.about.data);
    let notes: Vec<String> = notes.map(|note| format!("<li>{}\n", escape(note))).collect();
    if notes.is_empty() {
        String::new()
    } else {
        format!("<h2>Limits and warnings</h2>\n<ul>\n{}</ul>\n", notes.concat())
    }
}

/// Four decimals; whole numbers, which are counts, without.
fn number(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() >= 2.0 { format!("{value}") } else { format!("{value:.4}") }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_a_label_is_text() {
        assert_eq!(escape("<b a=\"1\">&"), "&lt;b a=&quot;1&quot;&gt;&amp;");
    }
}
