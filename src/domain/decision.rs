//! What was decided, and why.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{id::DecisionId, probability::Probability, reason::Reason, timestamp::Timestamp};

/// What is answered to an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The loan may be made.
    Approve,
    /// A person decides.
    Review,
    /// The loan is refused.
    Decline,
}

impl Outcome {
    /// Reads the word for an outcome.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Approve, Self::Review, Self::Decline].into_iter().find(|outcome| outcome.as_str() == word)
    }

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Review => "review",
            Self::Decline => "decline",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How far an application has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Approved or declined.
    Decided,
    /// A person must decide.
    AwaitingReview,
}

impl Status {
    /// Reads the word for a status.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Decided, Self::AwaitingReview].into_iter().find(|status| status.as_str() == word)
    }

    /// The status that an outcome leaves an application in.
    #[must_use]
    pub const fn after(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Review => Self::AwaitingReview,
            Outcome::Approve | Outcome::Decline => Self::Decided,
        }
    }

    /// The word that stands in answers and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Decided => "decided",
            Self::AwaitingReview => "awaiting_review",
        }
    }
}

/// A rule that fired, and what it asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FiredRule {
    #[schema(example = "debt-to-income-cap")]
    pub id: String,
    pub outcome: Outcome,
}

/// A model or a policy, named so that it can be found again and proved to be the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub struct Versioned {
    #[schema(example = "personal-loan")]
    pub name: String,
    #[schema(example = "1")]
    pub version: String,
    /// SHA-256 of the bytes that decide, in lower-case hexadecimal.
    pub sha256: String,
}

/// Where a decision stands in the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditRef {
    /// The entry's number, from 0, without gaps.
    pub sequence: u64,
    /// The entry's RFC 6962 leaf hash, in lower-case hexadecimal.
    pub leaf_hash: String,
}

/// A decision, before it has its place in the audit log.
///
/// Invariant: an approval carries no reasons; a review or a decline carries one to four, most
/// important first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Decision {
    pub id: DecisionId,
    pub outcome: Outcome,
    /// Whether model and policy decided, without a person.
    pub automatic: bool,
    pub probability_of_default: Probability,
    #[schema(example = 530)]
    pub score: i32,
    #[schema(example = "D")]
    pub grade: String,
    pub reasons: Vec<Reason>,
    pub rules: Vec<FiredRule>,
    pub model: Versioned,
    pub policy: Versioned,
    pub decided_at: Timestamp,
}
