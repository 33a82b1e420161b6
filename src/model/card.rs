//! The model card.

use super::file::ModelFile;

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
    pub auc: f64,
    pub log_loss: f64,
}

/// Writes the card in Markdown.
#[must_use]
pub fn render(_file: &ModelFile, _facts: &CardFacts) -> String {
    String::new()
}
