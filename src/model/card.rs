//! The model card (after M. Mitchell et al., "Model Cards for Model Reporting", 2019).

use super::file::{ModelFile, TrainingRange};
use crate::features::schema::{Feature, Kind, Monotone};

/// What training measured, for the card.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CardFacts {
    /// What the model is for, in a sentence or two.
    pub purpose: String,
    /// Figures on the rows held out for the test: name and value, in the order to be shown.
    pub test_metrics: Vec<(String, f64)>,
    /// Figures on the inner hold-out that calibration and cut-offs were chosen on.
    pub holdout_metrics: Vec<(String, f64)>,
    /// The models it was held against on the same test rows.
    pub benchmarks: Vec<BenchmarkFacts>,
    /// Mean absolute contribution of each feature over the test rows, in the schema's order.
    pub importances: Vec<f64>,
    /// Limits and warnings, a sentence each.
    pub notes: Vec<String>,
}

/// A model that was trained for comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct BenchmarkFacts {
    pub name: String,
    /// The rows it was trained on; fewer than the model's own where it would take too long.
    pub trained_on: usize,
    pub auc: f64,
    pub log_loss: f64,
}

/// Writes the card in Markdown.
#[must_use]
pub fn render(file: &ModelFile, facts: &CardFacts) -> String {
    let sections = [
        format!("# Model card: {} {}\n\n{}\n", inline(&file.name), inline(&file.version), inline(&facts.purpose)),
        figures(facts),
        benchmarks(facts),
        features(file, facts),
        calibration(file),
        data(file),
        notes(facts),
    ];
    sections.into_iter().filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n")
}

fn figures(facts: &CardFacts) -> String {
    let value_of = |figures: &[(String, f64)], name: &str| {
        figures.iter().find(|(known, _)| known == name).map_or_else(|| "-".to_owned(), |(_, value)| number(*value))
    };
    let row = |name: &String| {
        let (tested, held_out) = (value_of(&facts.test_metrics, name), value_of(&facts.holdout_metrics, name));
        format!("| {} | {tested} | {held_out} |\n", inline(name))
    };
    let is_tested = |name: &String| facts.test_metrics.iter().any(|(tested, _)| tested == name);
    let only_held_out = facts.holdout_metrics.iter().map(|(name, _)| name).filter(|name| !is_tested(name));
    let names = facts.test_metrics.iter().map(|(name, _)| name).chain(only_held_out);
    format!("## Figures\n\n| figure | test rows | inner hold-out |\n|---|---:|---:|\n{}", rows(names.map(row)))
}

fn benchmarks(facts: &CardFacts) -> String {
    if facts.benchmarks.is_empty() {
        return String::new();
    }
    let row = |model: &BenchmarkFacts| {
        let (auc, log_loss) = (number(model.auc), number(model.log_loss));
        format!("| {} | {} | {auc} | {log_loss} |\n", inline(&model.name), model.trained_on)
    };
    format!(
        "## Held against other models\n\nOn the same test rows.\n\n| model | trained on rows | AUC | log-loss |\n\
         |---|---:|---:|---:|\n{}",
        rows(facts.benchmarks.iter().map(row))
    )
}

fn features(file: &ModelFile, facts: &CardFacts) -> String {
    let row = |(index, feature): (usize, &Feature)| {
        let importance = facts.importances.get(index).map_or_else(|| "-".to_owned(), |value| number(*value));
        let reason = feature.reason.as_ref().and_then(|code| file.reasons.get_key_value(code));
        format!(
            "| {} | {} | {} | {} | {importance} | {} |\n",
            inline(&feature.display_label()),
            origin(feature),
            direction(feature),
            file.training_ranges.get(index).map_or_else(String::new, trained_on),
            reason.map_or_else(String::new, |(code, text)| format!("{code}: {}", inline(text))),
        )
    };
    format!(
        "## What it reads\n\n\
         Importance is the mean absolute contribution to the log-odds over the test rows. Values outside the training \
         range send an application to review.\n\n\
         | feature | read from | as it rises, risk | trained on | importance | reason |\n|---|---|---|---|---:|---|\n{}",
        rows(file.schema.features.iter().enumerate().map(row))
    )
}

fn origin(feature: &Feature) -> String {
    let text = feature.derive.as_ref().or(feature.source.as_ref());
    text.map_or_else(String::new, |text| format!("`{}`", inline(text)))
}

fn direction(feature: &Feature) -> &'static str {
    match (feature.kind, feature.monotone) {
        (Kind::Category, _) => "by category",
        (_, Monotone::Free) => "moves freely",
        (_, Monotone::Increasing) => "never falls",
        (_, Monotone::Decreasing) => "never rises",
    }
}

fn trained_on(range: &TrainingRange) -> String {
    let values = match range.range {
        Some([min, max]) => format!("{min} to {max}"),
        None => inline(&range.categories.join(", ")),
    };
    let missing = if range.missing { "or missing" } else { "" };
    [values.as_str(), missing].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

fn calibration(file: &ModelFile) -> String {
    format!(
        "## Calibration\n\nLog-odds = {} + {} · raw margin (Platt), learnt on rows that the trees have not seen. The slope \
         is above 0, so no order changes.\n",
        number(file.calibration.intercept()),
        number(file.calibration.slope())
    )
}

fn data(file: &ModelFile) -> String {
    let provenance = &file.provenance;
    let files = provenance.data.iter();
    let files = files.map(|file| format!("| {} | {} | `{}` |\n", inline(&file.name), file.rows, inline(&file.sha256)));
    format!(
        "## Where it comes from\n\nTrained by {} with seed {} on {} rows, {} of them bad; tested on {} others. \
         Split: {}.\n\n| file | rows | SHA-256 |\n|---|---:|---|\n{}\n\
         {} symmetric trees of depth {} or less.\n{}",
        inline(&provenance.trained_by),
        provenance.seed,
        provenance.train_rows,
        percent(provenance.bad_rate),
        provenance.test_rows,
        inline(&provenance.split),
        rows(files),
        file.forest.trees.len(),
        file.forest.trees.iter().map(|tree| tree.splits.len()).max().unwrap_or(0),
        parameters(file),
    )
}

fn parameters(file: &ModelFile) -> String {
    if file.provenance.parameters.is_empty() {
        return String::new();
    }
    let row = |(name, value): (&String, &f64)| format!("| {} | {value} |\n", inline(name));
    format!("\n| parameter | value |\n|---|---:|\n{}", rows(file.provenance.parameters.iter().map(row)))
}

fn notes(facts: &CardFacts) -> String {
    if facts.notes.is_empty() {
        return String::new();
    }
    format!("## Limits\n\n{}", rows(facts.notes.iter().map(|note| format!("- {}\n", inline(note)))))
}

fn rows(lines: impl Iterator<Item = String>) -> String {
    lines.collect::<Vec<String>>().concat()
}

/// A text that stands in one line or one cell: no line ends, no cell ends.
fn inline(text: &str) -> String {
    text.replace(['\n', '\r'], " ").replace('|', "\\|")
}

/// Four decimals; whole numbers, which are counts, without.
fn number(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() >= 2.0 { format!("{value}") } else { format!("{value:.4}") }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tests::example_file;

    #[test]
    fn a_card_shows_everything_that_was_measured() {
        let metric = |name: &str, value| (name.to_owned(), value);
        let facts = CardFacts {
            purpose: "Estimates the probability that a loan goes bad.".to_owned(),
            test_metrics: vec![metric("AUC", 0.7812), metric("rows", 20.0)],
            holdout_metrics: vec![metric("AUC", 0.79), metric("calibration slope", 1.01)],
            benchmarks: vec![BenchmarkFacts {
                name: "logistic | regression".to_owned(),
                trained_on: 800,
                auc: 0.76,
                log_loss: 0.5,
            }],
            importances: vec![0.21, 0.3, 0.05],
            notes: vec!["Loans of one lender only.".to_owned()],
        };
        insta::assert_snapshot!(render(&example_file(), &facts));
    }

    #[test]
    fn a_card_without_facts_is_still_a_card() {
        let card = render(&example_file(), &CardFacts::default());
        assert!(card.contains("## What it reads") && !card.contains("## Limits"));
    }
}
