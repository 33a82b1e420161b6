//! A model: a forest with its schema, calibration, reasons and proof of identity.

pub mod bundle;
pub mod calibration;
pub mod card;
pub mod scorecard;

use crate::{
    domain::{decision::Versioned, probability::Probability, reason::ReasonCode},
    features::schema::Schema,
};

/// A checked model, ready to score.
///
/// Invariant: its parity vectors gave the expected bits on this machine; every feature has a reason
/// with a text; contributions and baseline sum to the margin within 1e-9.
#[derive(Debug)]
pub struct Model {
    identity: Versioned,
    schema: Schema,
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
    /// Name, version and SHA-256 of `model.json`.
    #[must_use]
    pub const fn identity(&self) -> &Versioned {
        &self.identity
    }

    /// What the model reads.
    #[must_use]
    pub const fn schema(&self) -> &Schema {
        &self.schema
    }
}
