//! Reasons: what is said of a factor to whoever asks why.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A reason code, such as `UW-INCOME`.
///
/// Invariant: `UW-` or the lender's own prefix; upper-case letters, digits and hyphens, 3 to 64.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[schema(value_type = String, example = "UW-REVOLVING-UTILIZATION")]
pub struct ReasonCode(String);

impl ReasonCode {
    /// Parses a reason code; `None` when it has another form.
    #[must_use]
    pub fn new(code: impl Into<String>) -> Option<Self> {
        let code = code.into();
        let well_formed = (3..=64).contains(&code.len())
            && code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-')
            && !code.starts_with('-')
            && !code.ends_with('-');
        well_formed.then_some(Self(code))
    }

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ReasonCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Self::new(code).ok_or_else(|| {
            serde::de::Error::custom(
                "a reason code has 3 to 64 upper-case letters, digits and hyphens, such as UW-INCOME",
            )
        })
    }
}

/// A reason as it is stated to an applicant or an officer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// The code, for machines and statistics.
    pub code: ReasonCode,
    /// The text, for the applicant.
    #[schema(example = "Proportion of balances to credit limits is too high")]
    pub text: String,
    /// The feature that was scored, when the reason comes from the score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feature: Option<String>,
    /// By how much it raised the log-odds of default, when the reason comes from the score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contribution: Option<f64>,
}
