//! Guards: rules that every policy has and none can forget. Each sends a case to review in which
//! the probability does not mean what it should.

use super::{
    Case,
    reasons::{NO_BUREAU_FILE, OUTSIDE_EXPERIENCE, RULE_NOT_EVALUATED},
};
use crate::domain::reason::Reason;

const NO_BUREAU_FILE_ID: &str = "no-bureau-file";
const OUTSIDE_TRAINING_RANGE_ID: &str = "outside-training-range";
const RULE_NOT_EVALUATED_ID: &str = "rule-not-evaluated";

/// Whether an id is kept for the guards.
pub(super) fn owns(id: &str) -> bool {
    [NO_BUREAU_FILE_ID, OUTSIDE_TRAINING_RANGE_ID, RULE_NOT_EVALUATED_ID].contains(&id)
}

/// The guards that a case sets off by itself, each with its id.
///
/// Whether there is a bureau file is known of an application, not of a row of features.
pub(super) fn of(case: &Case<'_>) -> Vec<(String, Reason)> {
    let mut fired = Vec::new();
    if case.reads_bureau && case.application.is_some_and(|application| application.bureau.is_none()) {
        fired.push((NO_BUREAU_FILE_ID.to_owned(), NO_BUREAU_FILE.reason(None)));
    }
    if let Some(&index) = case.assessment.outside_training_range.first() {
        let feature = case.schema.features.get(index).map(|feature| feature.name.as_str());
        fired.push((OUTSIDE_TRAINING_RANGE_ID.to_owned(), OUTSIDE_EXPERIENCE.reason(feature)));
    }
    fired
}

/// The guard of a rule that had no answer.
pub(super) fn of_unanswered(rule_id: &str) -> (String, Reason) {
    (format!("{RULE_NOT_EVALUATED_ID}:{rule_id}"), RULE_NOT_EVALUATED.reason(None))
}
