//! What is kept of a decision: enough to repeat it, bit for bit, and to explain it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{
    application::{AttributeValue, Bureau, Employment, Finances, Loan},
    decision::Decision,
    probability::Probability,
    reason::ReasonCode,
};

/// What was scored and ruled on, and what came of it.
///
/// Invariant: holds nothing of the applicant but the age in whole years, which the policy read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecisionRecord {
    pub application: ScoredApplication,
    pub policy_inputs: PolicyInputs,
    /// In the schema's order.
    pub features: Vec<Contribution>,
    pub baseline: f64,
    pub margin: f64,
    pub decision: Decision,
}

/// What the policy read of the applicant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyInputs {
    pub applicant_age_years: u32,
}

/// An application without its applicant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoredApplication {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_reference: Option<String>,
    pub loan: Loan,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub employment: Option<Employment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finances: Option<Finances>,
    pub bureau: Option<Bureau>,
    pub attributes: BTreeMap<String, AttributeValue>,
}

/// Why a score is what it is: `baseline` plus all contributions is `margin`, to 1e-9.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Explanation {
    /// The expected margin over the training rows.
    pub baseline: f64,
    /// The log-odds of default.
    pub margin: f64,
    pub probability_of_default: Probability,
    /// Largest movement first.
    pub contributions: Vec<Contribution>,
}

/// What one feature was, and how it moved the margin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Contribution {
    #[schema(example = "revolving_utilization")]
    pub feature: String,
    /// As the model read it: a number in the training unit, a category's name, true or false; null when missing.
    pub value: AttributeValue,
    /// In log-odds: above zero raises the risk.
    #[schema(example = 0.4123)]
    pub contribution: f64,
    /// The code of the reason that is stated when this feature counts against an applicant.
    pub reason: ReasonCode,
}

impl DecisionRecord {
    /// Every feature's value and contribution, largest movement first.
    #[must_use]
    pub fn explanation(&self) -> Explanation {
        let mut contributions = self.features.clone();
        contributions.sort_by(|a, b| b.contribution.abs().total_cmp(&a.contribution.abs()));
        Explanation {
            baseline: self.baseline,
            margin: self.margin,
            probability_of_default: self.decision.probability_of_default,
            contributions,
        }
    }
}
