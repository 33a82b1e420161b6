//! Words for the values of closed lists.

use super::texts::Texts;
use crate::domain::{
    decision::{Outcome, Status},
    principal::Role,
};

impl Texts {
    /// A role: `Loan officer`.
    #[must_use]
    pub const fn role(self, role: Role) -> &'static str {
        match role {
            Role::Officer => self.shell_role_officer(),
            Role::Manager => self.shell_role_manager(),
            Role::Risk => self.shell_role_risk(),
            Role::Auditor => self.shell_role_auditor(),
            Role::Privacy => self.shell_role_privacy(),
            Role::Service => self.shell_role_service(),
            Role::Admin => self.shell_role_admin(),
        }
    }

    /// An outcome as it stands: `Approved`, `Waits for review`, `Declined`.
    #[must_use]
    pub const fn outcome(self, outcome: Outcome) -> &'static str {
        match outcome {
            Outcome::Approve => self.shell_outcome_approve(),
            Outcome::Review => self.shell_outcome_review(),
            Outcome::Decline => self.shell_outcome_decline(),
        }
    }

    /// A status: `Decided`, `Waits for review`.
    #[must_use]
    pub const fn status(self, status: Status) -> &'static str {
        match status {
            Status::Decided => self.shell_status_decided(),
            Status::AwaitingReview => self.shell_outcome_review(),
        }
    }
}

/// The class of an outcome's pill.
#[must_use]
pub const fn outcome_class(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Approve => "approve",
        Outcome::Review => "review",
        Outcome::Decline => "decline",
    }
}
