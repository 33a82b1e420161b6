//! What a person decided on an application, from an untrusted form.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{decision::Outcome, fault::Refusal, reason::ReasonCode};

/// What a person may decide: a review ends in one of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FinalOutcome {
    /// The loan may be made.
    Approve,
    /// The loan is refused.
    Decline,
}

impl From<FinalOutcome> for Outcome {
    fn from(outcome: FinalOutcome) -> Self {
        match outcome {
            FinalOutcome::Approve => Self::Approve,
            FinalOutcome::Decline => Self::Decline,
        }
    }
}

/// A person's final decision, checked.
///
/// Invariant: a decline states one to four reasons, each once; an approval none to four; the note has at
/// most 10,000 characters and no payment card number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewForm {
    pub outcome: FinalOutcome,
    /// Why: needed for a decline, because the applicant must be told.
    #[serde(default)]
    pub reason_codes: Vec<ReasonCode>,
    /// For colleagues and auditors; never shown to the applicant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "Payslips of the last three months seen; income confirmed.")]
    pub note: Option<String>,
}

/// Reads a person's decision.
///
/// # Errors
/// As [`super::intake::parse`].
pub fn parse(json: &[u8]) -> Result<ReviewForm, Refusal> {
    let _ = json;
    unimplemented!()
}
