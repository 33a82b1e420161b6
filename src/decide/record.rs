//! What is kept of a decision: enough to repeat it, bit for bit, and to explain it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

use crate::{
    domain::{
        application::{Application, AttributeValue, Bureau, Employment, Finances, Loan},
        decision::Decision,
        probability::Probability,
        reason::ReasonCode,
    },
    features::extract::FeatureVector,
    model::{Assessment, Model},
};

/// What was scored and ruled on, and what came of it.
///
/// Invariant: holds nothing of the applicant but the age in whole years, which the policy read.
///
/// Its fields, and those of its features, are written in the order of canonical JSON: nothing large is put in order then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecisionRecord {
    pub application: ScoredApplication,
    pub baseline: f64,
    pub decision: Decision,
    /// In the schema's order.
    #[serde(serialize_with = "write_features")]
    pub features: Vec<ScoredFeature>,
    pub margin: f64,
    pub policy_inputs: PolicyInputs,
    /// SHA-256 of the map from features and rules to reasons and their texts, in lower-case hexadecimal.
    pub reason_map_sha256: String,
}

fn write_features<S: Serializer>(features: &[ScoredFeature], serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct InOrder<'a> {
        contribution: f64,
        feature: &'a str,
        reason: &'a ReasonCode,
        value: &'a serde_json::Value,
    }

    serializer.collect_seq(features.iter().map(|ScoredFeature { feature, value, contribution, reason }| InOrder {
        contribution: *contribution,
        feature,
        reason,
        value,
    }))
}

impl DecisionRecord {
    /// Every feature's value and contribution, largest movement first; ties in the schema's order.
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

/// What the policy read of the applicant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyInputs {
    pub applicant_age_years: u32,
}

/// An application without its applicant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScoredApplication {
    /// The sender's own reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "LOS-2026-000123")]
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
    pub contributions: Vec<ScoredFeature>,
}

/// What one feature was, and how it moved the margin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScoredFeature {
    #[schema(example = "revolving_utilization")]
    pub feature: String,
    /// As the model read it: a number in the training unit, a category's name, true or false; null when missing.
    #[schema(value_type = AttributeValue)]
    pub value: serde_json::Value,
    /// In log-odds: above zero raises the risk.
    #[schema(example = 0.4123)]
    pub contribution: f64,
    /// The code of the reason that is stated when this feature counts against an applicant.
    pub reason: ReasonCode,
}

impl ScoredFeature {
    /// Every feature of a model with what it was and how it moved the margin, in the schema's order.
    #[must_use]
    pub fn all(model: &Model, features: &FeatureVector, assessment: &Assessment) -> Vec<Self> {
        let schema = model.schema();
        let scored = schema.features.iter().zip(features.values()).zip(&assessment.contributions).enumerate();
        scored
            .map(|(index, ((feature, &raw), &contribution))| Self {
                feature: feature.name.clone(),
                value: schema.json_value(index, raw),
                contribution: plain_zero(contribution),
                reason: model.reason_of(index).code.clone(),
            })
            .collect()
    }
}

impl ScoredApplication {
    /// Leaves the applicant out.
    #[must_use]
    pub fn of(application: &Application) -> Self {
        let Application { external_reference, applicant: _, loan, employment, finances, bureau, attributes } =
            application;
        Self {
            external_reference: external_reference.clone(),
            loan: loan.clone(),
            employment: employment.clone(),
            finances: finances.clone(),
            bureau: bureau.clone(),
            attributes: attributes.clone(),
        }
    }
}

/// Canonical JSON has no negative zero, so that a record with one would not read back to the bit.
pub(super) fn plain_zero(value: f64) -> f64 {
    if value == 0.0 { 0.0 } else { value }
}
