//! The model card (after M. Mitchell et al., "Model Cards for Model Reporting", 2019).

use super::file::{ModelFile, TrainingRange};
use crate::features::schema::{Feature, Kind, Monotone};

/// What training measured, for the card.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CardFacts {
    /// What the model is for, in a sentence or two.
    pub purpose: String,
    /// How it is built, a sentence or two each.
    pub design: Vec<String>,
    /// Figures on the rows held out for the test: name and value, in the order to be shown.
    pub test_metrics: Vec<(String, f64)>,
    /// Where the AUC on those rows lies with 95 % confidence.
    pub auc_interval: Option<[f64; 2]>,
    /// Figures on the inner hold-out that calibration and cut-offs were chosen on.
    pub holdout_metrics: Vec<(String, f64)>,
    /// The models it was held against on the same test rows.
    pub benchmarks: Vec<BenchmarkFacts>,
    /// Mean absolute contribution of each feature over the test rows, in the schema's order.
    pub importances: Vec<f64>,
    /// Where the data comes from, in the words of whoever trained it.
    pub data: String,
    /// Known limits, a sentence each.
    pub notes: Vec<String>,
    /// What training warned of, a sentence each.
    pub warnings: Vec<String>,
}

/// A model that was trained for comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct BenchmarkFacts {
    pub name: String,
    /// The rows it was trained on; fewer than the model's own where it would take too long.
    pub trained_on: usize,
    pub auc: f64,
    /// Where its AUC lies with 95 % confidence.
    pub auc_interval: Option<[f64; 2]>,
    /// By how much our AUC is above its own on the same rows, and where that lies with 95 % confidence.
    pub auc_gain: Option<(f64, [f64; 2])>,
    pub log_loss: f64,
}

/// What every card says of fairness.
const FAIRNESS: &str = "## Fairness\n\nNo feature names age, sex, marital status, nationality, race or religion: a schema that does is \
    refused. Other features may stand for them all the same; `report.html` compares the segments that the schema names, and the lender has to \
    compare by the groups that it may lawfully compare by.\n";

/// Writes the card in Markdown.
#[must_use]
pub fn render(file: &ModelFile, facts: &CardFacts) -> String {
    let sections = [
        format!("# Model card: {} {}\n\n{}\n", inline(&file.name), inline(&file.version), inline(&facts.purpose)),
        list("Warnings", &facts.warnings),
        figures(facts),
        benchmarks(facts),
        design(file, facts),
        features(file, facts),
        data(file, facts),
        list("Limits", &facts.notes),
        FAIRNESS.to_owned(),
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
    let interval = facts.auc_interval.map_or_else(String::new, |ends| {
        format!("\nThe AUC on the test rows lies between {} with 95 % confidence (DeLong).\n", range(ends))
    });
    format!(
        "## Figures\n\n| figure | test rows | inner hold-out |\n|---|---:|---:|\n{}{interval}",
        rows(names.map(row))
    )
}

fn benchmarks(facts: &CardFacts) -> String {
    if facts.benchmarks.is_empty() {
        return String::new();
    }
    let row = |model: &BenchmarkFacts| {
        let (auc, log_loss) = (number(model.auc), number(model.log_loss));
        let interval = model.auc_interval.map_or_else(|| "-".to_owned(), range);
        let gain =
            model.auc_gain.map_or_else(|| "-".to_owned(), |(gain, ends)| format!("{} ({})", number(gain), range(ends)));
        format!("| {} | {} | {auc} | {interval} | {gain} | {log_loss} |\n", inline(&model.name), model.trained_on)
    };
    format!(
        "## Held against other models\n\nOn the same test rows; intervals are of 95 % (DeLong).\n\n\
         | model | trained on rows | AUC | lies between | our AUC less its own | log-loss |\n|---|---:|---:|---:|---:|---:|\n{}",
        rows(facts.benchmarks.iter().map(row))
    )
}

/// "0.6875 and 0.7007".
fn range([low, high]: [f64; 2]) -> String {
    format!("{} and {}", number(low), number(high))
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

fn design(file: &ModelFile, facts: &CardFacts) -> String {
    let calibration = format!(
        "Log-odds = {} + {} · raw margin (Platt). The slope is above 0, so no order changes.",
        number(file.calibration.intercept()),
        number(file.calibration.slope())
    );
    if facts.design.is_empty() { list("Design", &[calibration]) } else { list("Design", &facts.design) }
}

fn data(file: &ModelFile, facts: &CardFacts) -> String {
    let about = if facts.data.is_empty() { String::new() } else { format!("{}\n\n", inline(&facts.data)) };
    let provenance = &file.provenance;
    let files = provenance.data.iter();
    let files = files.map(|file| format!("| {} | {} | `{}` |\n", inline(&file.name), file.rows, inline(&file.sha256)));
    format!(
        "## Where it comes from\n\n{about}Trained by {} with seed {} on {} rows, {} of them bad; tested on {} others. \
         Split: {}.\n\n| file | rows | SHA-256 |\n|---|---:|---|\n{}\n\
         {} {} of depth {} or less.\n{}",
        inline(&provenance.trained_by),
        provenance.seed,
        provenance.train_rows,
        percent(provenance.bad_rate),
        provenance.test_rows,
        inline(&provenance.split),
        rows(files),
        file.forest.trees(),
        file.forest.kind(),
        file.forest.depth(),
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

/// A heading and a line for each sentence; nothing when there are none.
fn list(heading: &str, sentences: &[String]) -> String {
    if sentences.is_empty() {
        return String::new();
    }
    let lines = sentences.iter().map(|sentence| format!("- {}\n", inline(sentence)));
    format!("## {heading}\n\n{}", rows(lines))
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
                auc_interval: Some([0.7, 0.82]),
                auc_gain: Some((0.0212, [-0.01, 0.05])),
                log_loss: 0.5,
            }],
            importances: vec![0.21, 0.3, 0.05],
            notes: vec!["Loans of one lender only.".to_owned()],
            warnings: vec!["the training part has only 30 bad loans".to_owned()],
            data: "Loans of one lender.".to_owned(),
            design: vec!["Two trees.".to_owned()],
            auc_interval: Some([0.7, 0.85]),
        };
        insta::assert_snapshot!(render(&example_file(), &facts));
    }

    #[test]
    fn a_card_without_facts_is_still_a_card() {
        let card = render(&example_file(), &CardFacts::default());
        assert!(card.contains("## What it reads") && !card.contains("## Limits"));
    }
}
