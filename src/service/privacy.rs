//! The rights of applicants: erasure, and the holds that stand against it.
//!
//! An applicant is found by the lender's own number for it, through the blind index. To erase one is to destroy the
//! data keys of all of its applications: what was sealed under them (the applicant, reviewers' notes, answers
//! kept for repeats) is unreadable from then on in every table, export and entry, and no hash changes. The audit log
//! names an applicant by a keyed hash alone.

mod erase;
mod hold;
mod search;

pub use erase::{Erasure, erase, reapply};
pub use hold::{HoldState, hold, release};
pub use search::{ApplicantSearch, FoundApplication, search};

use crate::{
    domain::{fault::Refusal, id::ApplicationId, timestamp::Timestamp},
    storage::{self, Tx, applications, data_keys},
};

/// Why something was not done about an applicant. Nothing of it is kept.
#[derive(Debug, thiserror::Error)]
pub enum PrivacyError {
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// No application names this applicant.
    #[error("there is no application of this applicant")]
    NotFound,
    /// A legal hold stands against it.
    #[error("there is a legal hold on this applicant's data: release it before erasing")]
    OnHold,
    /// The journal of erasures cannot be written, without which a restored backup would bring the applicant back.
    #[error("the erasure journal cannot be written: {0}; nothing was erased")]
    Journal(String),
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

/// Destroys the data keys of applications.
pub(super) async fn destroy(tx: &mut Tx, ids: &[ApplicationId], now: Timestamp) -> Result<(), storage::Error> {
    for &id in ids {
        data_keys::destroy(tx, id).await?;
        applications::mark_erased(tx, id, now).await?;
    }
    Ok(())
}
