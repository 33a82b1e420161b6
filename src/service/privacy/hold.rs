//! Legal holds.

use serde::Serialize;
use utoipa::ToSchema;

use super::PrivacyError;
use crate::{
    audit::entry::Action,
    domain::decision::AuditRef,
    service::custody::{Caller, Custody},
    storage::{data_keys, legal_holds},
};

/// Whether there is a hold on an applicant's data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HoldState {
    pub held: bool,
    /// The entry of the change; left out when nothing changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit: Option<AuditRef>,
}

/// What the entry of a hold, or of its end, records beside the applicant's keyed hash.
#[derive(Serialize)]
struct HoldRecord {
    /// How many applications have a living key at this time.
    applications: usize,
}

/// Keeps an applicant's data from erasure and from the end of its retention period, applications to come included. One
/// that is there already stays as it is.
///
/// # Errors
/// [`PrivacyError::NotFound`] when there is no application of this applicant.
pub async fn hold(custody: &Custody, caller: Caller<'_>, reference: &str) -> Result<HoldState, PrivacyError> {
    let (tag, subject) = (custody.vault.index().reference(reference), custody.vault.index().subject(reference));
    let mut change = custody.begin().await?;
    if legal_holds::find(change.tx(), tag).await?.is_some() {
        return Ok(HoldState { held: true, audit: None });
    }
    let applications = data_keys::of_applicant(change.tx(), tag).await?.len();
    if applications == 0 {
        return Err(PrivacyError::NotFound);
    }
    // Written with its entry: the hold names it, so it comes second.
    let sequence = change.sequence();
    let record = HoldRecord { applications };
    legal_holds::place(change.tx(), tag, &subject, sequence).await?;
    let audit = custody.commit(change, caller, Action::ApplicantHeld, (&subject, &record)).await?;
    Ok(HoldState { held: true, audit: Some(audit) })
}

/// Ends a hold; where there is none, nothing happens.
pub async fn release(custody: &Custody, caller: Caller<'_>, reference: &str) -> Result<HoldState, PrivacyError> {
    let (tag, subject) = (custody.vault.index().reference(reference), custody.vault.index().subject(reference));
    let mut change = custody.begin().await?;
    if legal_holds::find(change.tx(), tag).await?.is_none() {
        return Ok(HoldState { held: false, audit: None });
    }
    let applications = data_keys::of_applicant(change.tx(), tag).await?.len();
    legal_holds::release(change.tx(), tag).await?;
    let record = HoldRecord { applications };
    let audit = custody.commit(change, caller, Action::ApplicantReleased, (&subject, &record)).await?;
    Ok(HoldState { held: false, audit: Some(audit) })
}
