//! A model: a forest with its schema, calibration, reasons and proof of identity.

pub mod bundle;
pub mod calibration;
pub mod card;
pub mod file;
pub mod population;
pub mod reasons;
pub mod scorecard;

use crate::{
    domain::{decision::Versioned, probability::Probability, reason::ReasonCode},
    features::{
        extract::{Extractor, FeatureVector},
        schema::Schema,
    },
};
use bundle::BundleError;
use calibration::Calibration;
use file::{ModelFile, Provenance};

/// A checked model, ready to score.
///
/// Invariant: its parity vectors gave the expected bits on this machine; every feature has a reason
/// with a text; contributions and baseline sum to the margin within 1e-9.
#[derive(Debug)]
pub struct Model {
    identity: Versioned,
    file: ModelFile,
    extractor: Extractor,
    reasons: Vec<FeatureReason>,
    labels: Vec<String>,
}

/// What a model says of one applicant. All in log-odds of default but the probability.
#[derive(Debug, Clone)]
pub struct Assessment {
    /// Log-odds of default, calibrated.
    pub margin: f64,
    /// The probability whose log-odds are `margin`.
    pub default_probability: Probability,
    /// The expected margin over the training rows.
    pub baseline: f64,
    /// By how much each feature moved the margin from the baseline, in the schema's order.
    pub contributions: Box<[f64]>,
    /// Indexes of the features whose value lies outside what the model was trained on.
    pub outside_training_range: Vec<usize>,
}

/// A reason code with its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureReason {
    pub code: ReasonCode,
    pub text: String,
}

impl Model {
    /// Reads and checks the two files of a bundle that decide. Every parity vector is computed
    /// again and must give the same bits.
    pub fn parse(_model_json: &[u8], _parity_jsonl: &[u8]) -> Result<Self, BundleError> {
        Err(BundleError::NotAModel("not built yet".to_owned()))
    }

    /// Reads and checks `model.json` alone: for a trainer, which has yet to write the parity
    /// vectors. Everything else loads through [`Model::parse`].
    pub fn without_parity(_model_json: &[u8]) -> Result<Self, BundleError> {
        Err(BundleError::NotAModel("not built yet".to_owned()))
    }

    /// Name, version and SHA-256 of `model.json`.
    #[must_use]
    pub const fn identity(&self) -> &Versioned {
        &self.identity
    }

    /// What the model reads.
    #[must_use]
    pub const fn schema(&self) -> &Schema {
        &self.file.schema
    }

    /// Reads what the model reads from an application or a row.
    #[must_use]
    pub const fn extractor(&self) -> &Extractor {
        &self.extractor
    }

    /// Where the model comes from.
    #[must_use]
    pub const fn provenance(&self) -> &Provenance {
        &self.file.provenance
    }

    /// How raw margins become log-odds.
    #[must_use]
    pub const fn calibration(&self) -> Calibration {
        self.file.calibration
    }

    /// The reason stated when the feature at `index` counts against an applicant.
    #[must_use]
    pub fn reason_of(&self, index: usize) -> &FeatureReason {
        &self.reasons[index]
    }

    /// What a person calls the feature at `index`.
    #[must_use]
    pub fn label_of(&self, index: usize) -> &str {
        &self.labels[index]
    }

    /// The expected margin over the training rows.
    #[must_use]
    pub fn baseline(&self) -> f64 {
        0.0
    }

    /// Scores and explains one applicant.
    #[must_use]
    pub fn assess(&self, _values: &FeatureVector) -> Assessment {
        Assessment {
            margin: 0.0,
            default_probability: Probability::from_margin(0.0),
            baseline: 0.0,
            contributions: Box::new([]),
            outside_training_range: Vec::new(),
        }
    }

    /// Log-odds of default, without an explanation: the same bits as [`Model::assess`] gives.
    #[must_use]
    pub fn margin(&self, _values: &FeatureVector) -> f64 {
        0.0
    }

    /// The probability of default alone: the same bits as [`Model::assess`] gives.
    #[must_use]
    pub fn probability_only(&self, values: &FeatureVector) -> Probability {
        Probability::from_margin(self.margin(values))
    }
}
