//! Who acts, and what each role may do.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The roles of contract §2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Decides applications.
    Officer,
    /// Decides, and confirms what others decided.
    Manager,
    /// Owns models and policy.
    Risk,
    /// Reads everything, changes nothing.
    Auditor,
    /// Erases and holds personal data.
    Privacy,
    /// A core-banking system: submits, and reads its own applications.
    Service,
    /// Manages accounts and keys, decides nothing.
    Admin,
}

/// What a principal may do. Every route asks for exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Submit an application for a decision.
    SubmitApplication,
    /// Read applications, their decisions and explanations.
    ReadApplication,
    /// Decide an application that awaits review, or override a decision.
    ReviewApplication,
    /// Re-score without recording.
    Simulate,
    /// Read the audit log.
    ReadAudit,
    /// Read models and policies.
    ReadRegistry,
    /// Put a model or a policy into force.
    PromoteModel,
    /// Find an applicant's applications by reference or national id.
    FindApplicant,
    /// Place and release legal holds on an applicant's data.
    HoldApplicant,
    /// Erase an applicant's data.
    EraseApplicant,
    /// See an applicant's name, contact and other personal data on a page, which is recorded.
    SeeApplicant,
    /// Make the letter that tells an applicant of a decision.
    IssueLetter,
    /// Open the console's home page, and one's own sessions.
    UseConsole,
}

impl Role {
    /// Every role, in the order of the contract.
    pub const ALL: [Self; 7] =
        [Self::Officer, Self::Manager, Self::Risk, Self::Auditor, Self::Privacy, Self::Service, Self::Admin];

    /// The permission table: the one place that says what a role may do.
    #[must_use]
    pub const fn may(self, permission: Permission) -> bool {
        use Permission as P;
        use Role as R;
        match permission {
            P::SubmitApplication => matches!(self, R::Service | R::Officer),
            P::ReadApplication => matches!(self, R::Officer | R::Manager | R::Auditor | R::Service),
            P::ReviewApplication => matches!(self, R::Officer | R::Manager),
            P::SeeApplicant => matches!(self, R::Officer | R::Manager),
            P::IssueLetter => matches!(self, R::Officer | R::Manager | R::Service),
            P::Simulate => matches!(self, R::Officer | R::Manager | R::Risk),
            P::PromoteModel => matches!(self, R::Risk),
            P::ReadAudit => matches!(self, R::Auditor),
            P::ReadRegistry | P::UseConsole => true,
            P::FindApplicant | P::HoldApplicant | P::EraseApplicant => matches!(self, R::Privacy),
        }
    }

    /// The word for it in tokens and entries.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Officer => "officer",
            Self::Manager => "manager",
            Self::Risk => "risk",
            Self::Auditor => "auditor",
            Self::Privacy => "privacy",
            Self::Service => "service",
            Self::Admin => "admin",
        }
    }

    /// Whether this role sees only what it submitted itself.
    #[must_use]
    pub const fn sees_only_its_own(self) -> bool {
        matches!(self, Self::Service)
    }
}

impl FromStr for Role {
    type Err = NotARole;

    fn from_str(text: &str) -> Result<Self, NotARole> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or(NotARole)
    }
}

/// The text names no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a role: one of officer, manager, risk, auditor, privacy, service, admin")]
pub struct NotARole;

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who acts: a person or a system, known by a verified token.
///
/// Invariant: `subject` has 1 to 255 characters and no control characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub struct Principal {
    /// The token's `sub`.
    pub subject: String,
    /// The token's `role`.
    pub role: Role,
}
