//! Which reasons are stated: only true ones, at most four, the most important first.

use std::collections::BTreeMap;

use super::Case;
use crate::{
    domain::{
        decision::Outcome,
        reason::{Reason, ReasonCode},
    },
    features::{
        extract::FeatureVector,
        schema::{Feature, Schema},
    },
    model::FeatureReason,
};

/// The most reasons that are stated. More say less (12 CFR 1002.9, comment 9(b)(2)-1).
pub const MOST_STATED: usize = 4;

/// A reason that belongs to every policy, with its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BuiltIn {
    pub code: &'static str,
    pub text: &'static str,
}

/// The bureau has no file, and the model was made to read one.
pub const NO_BUREAU_FILE: BuiltIn =
    BuiltIn { code: "UW-NO-BUREAU-FILE", text: "No credit bureau file was found for the applicant" };
/// A value lies outside what the model learned from: its probability is a guess there.
pub const OUTSIDE_EXPERIENCE: BuiltIn = BuiltIn {
    code: "UW-OUTSIDE-EXPERIENCE",
    text: "A value in the application is missing, or lies outside the range, in a way that no loan did from which the model learned",
};
/// A rule had no answer.
pub const RULE_NOT_EVALUATED: BuiltIn = BuiltIn {
    code: "UW-RULE-NOT-EVALUATED",
    text: "A rule of the lending policy could not be applied to the application",
};
/// The probability alone, when no single factor raised it.
pub const RISK: BuiltIn =
    BuiltIn { code: "UW-RISK", text: "The risk of default, all factors taken together, is too high" };

/// Every reason that belongs to every policy.
pub const BUILT_IN: [BuiltIn; 4] = [NO_BUREAU_FILE, OUTSIDE_EXPERIENCE, RULE_NOT_EVALUATED, RISK];

impl BuiltIn {
    /// The reason as it is stated, with the feature that it is about, if it is about one.
    pub(super) fn reason(self, feature: Option<&str>) -> Reason {
        let code = ReasonCode::new(self.code).expect("the codes above are well formed, as a test holds");
        Reason { code, text: self.text.to_owned(), feature: feature.map(str::to_owned), contribution: None }
    }
}

/// Chooses the reasons of an outcome.
///
/// `fired` are the reasons of all that asked for exactly this outcome, in order: they come first,
/// because they alone suffice. What the score says follows when the probability's own `band` is
/// not approve: each feature that raised the margin, the strongest first, features of one code
/// merged. What did not lead here is not stated.
pub(super) fn stated(outcome: Outcome, band: Outcome, fired: Vec<Reason>, case: &Case<'_>) -> Vec<Reason> {
    if outcome == Outcome::Approve {
        return Vec::new();
    }
    let mut reasons: Vec<Reason> = Vec::new();
    let scored = (band != Outcome::Approve)
        .then(|| raised(case.schema, case.reasons, case.features, &case.assessment.contributions));
    for reason in fired.into_iter().chain(scored.into_iter().flatten()) {
        if reasons.len() == MOST_STATED {
            break;
        }
        if reasons.iter().all(|stated| stated.code != reason.code) {
            reasons.push(reason);
        }
    }
    if reasons.is_empty() {
        reasons.push(RISK.reason(None));
    }
    reasons
}

/// How the text of a reason begins that is stated because a value is missing; the feature's label follows.
pub const NOT_GIVEN: &str = "Not given or not known: ";

/// What is stated of a value that is missing.
fn not_given(feature: &Feature) -> String {
    format!("{NOT_GIVEN}{}", feature.display_label())
}

/// A reason for each code whose features raised the margin, the strongest first; ties in the
/// schema's order. It names the feature that raised it most, and states their sum.
///
/// A value that is missing raised the risk by being missing: its text says so, since "too high" would be untrue of a
/// value that nobody knows.
///
/// `reasons`, `values` and `contributions` are in the order of `schema.features`.
pub fn raised(
    schema: &Schema,
    reasons: &[FeatureReason],
    values: &FeatureVector,
    contributions: &[f64],
) -> impl Iterator<Item = Reason> {
    struct Raised {
        strongest: usize,
        sum: f64,
    }
    let mut by_code: BTreeMap<&ReasonCode, Raised> = BTreeMap::new();
    for (index, &contribution) in contributions.iter().enumerate().filter(|(_, contribution)| **contribution > 0.0) {
        let raised = by_code.entry(&reasons[index].code).or_insert_with(|| Raised { strongest: index, sum: 0.0 });
        raised.sum += contribution;
        if contribution > contributions[raised.strongest] {
            raised.strongest = index;
        }
    }
    let mut raised: Vec<Raised> = by_code.into_values().collect();
    raised.sort_by(|a, b| b.sum.total_cmp(&a.sum).then(a.strongest.cmp(&b.strongest)));
    raised.into_iter().map(move |Raised { strongest, sum }| {
        let feature = &schema.features[strongest];
        let is_missing = values.values()[strongest].is_nan();
        Reason {
            code: reasons[strongest].code.clone(),
            text: if is_missing { not_given(feature) } else { reasons[strongest].text.clone() },
            feature: Some(feature.name.clone()),
            contribution: Some(sum),
        }
    })
}
