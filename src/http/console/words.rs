//! Words for the values of closed lists.

use std::borrow::Borrow;

use super::texts::Texts;
use crate::audit::entry::Action;
use crate::domain::{
    decision::{Outcome, Status},
    principal::Role,
};

impl Texts {
    /// A role: `Loan officer`.
    #[must_use]
    pub fn role(self, role: impl Borrow<Role>) -> &'static str {
        match role.borrow() {
            Role::Officer => self.shell_role_officer(),
            Role::Manager => self.shell_role_manager(),
            Role::Risk => self.shell_role_risk(),
            Role::Auditor => self.shell_role_auditor(),
            Role::Privacy => self.shell_role_privacy(),
            Role::Service => self.shell_role_service(),
            Role::Admin => self.shell_role_admin(),
        }
    }

    /// What an entry of the log records.
    #[must_use]
    pub const fn action(self, action: Action) -> &'static str {
        match action {
            Action::ApplicationDecided => self.audit_action_application_decided(),
            Action::ApplicationReviewed => self.audit_action_application_reviewed(),
            Action::SigningKeyActivated => self.audit_action_signing_key_activated(),
            Action::ModelActivated => self.audit_action_model_activated(),
            Action::PolicyActivated => self.audit_action_policy_activated(),
            Action::ApplicantErased => self.audit_action_applicant_erased(),
            Action::ApplicantHeld => self.audit_action_applicant_held(),
            Action::ApplicantReleased => self.audit_action_applicant_released(),
            Action::ApplicantsExpired => self.audit_action_applicants_expired(),
            Action::ApplicantViewed => self.audit_action_applicant_viewed(),
            Action::NoticeIssued => self.audit_action_notice_issued(),
            Action::KeysRotated => self.audit_action_keys_rotated(),
            Action::LogVerified => self.audit_action_log_verified(),
            Action::SessionStarted => self.audit_action_session_started(),
            Action::SessionEnded => self.audit_action_session_ended(),
            Action::SignInRefused => self.audit_action_sign_in_refused(),
            Action::AccountAdded => self.audit_action_account_added(),
            Action::AccountChanged => self.audit_action_account_changed(),
        }
    }

    /// An outcome as it stands: `Approved`, `Waits for review`, `Declined`.
    #[must_use]
    pub fn outcome(self, outcome: impl Borrow<Outcome>) -> &'static str {
        match outcome.borrow() {
            Outcome::Approve => self.shell_outcome_approve(),
            Outcome::Review => self.shell_outcome_review(),
            Outcome::Decline => self.shell_outcome_decline(),
        }
    }

    /// A status: `Decided`, `Waits for review`.
    #[must_use]
    pub fn status(self, status: impl Borrow<Status>) -> &'static str {
        match status.borrow() {
            Status::Decided => self.shell_status_decided(),
            Status::AwaitingReview => self.shell_outcome_review(),
        }
    }

    /// The class of an outcome's pill: for templates.
    #[must_use]
    #[expect(clippy::unused_self, reason = "a template calls it on what it has at hand")]
    pub fn outcome_class(self, outcome: impl Borrow<Outcome>) -> &'static str {
        outcome_class(*outcome.borrow())
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
