//! Erasing an applicant.

use serde::Serialize;
use utoipa::ToSchema;

use super::{PrivacyError, destroy};
use crate::{
    audit::entry::{Action, Entry},
    domain::{decision::AuditRef, id::ApplicationId, timestamp::Timestamp},
    service::custody::{Caller, Custody},
    storage::{self, Tx, audit, data_keys, failpoint, legal_holds},
};

/// How many applications are looked at together when a journal is gone through again.
const CHUNK: usize = 500;

/// What an erasure came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Erasure {
    /// How many applications lost their applicant by this request: none when it was erased before.
    #[schema(example = 2)]
    pub applications: usize,
    /// When the applicant was erased.
    pub erased_at: Timestamp,
    /// The entry of the erasure.
    pub audit: AuditRef,
}

/// Why keys were destroyed.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum Cause {
    /// Somebody asked for it.
    Request,
    /// It had been done before a backup was restored, and the journal knows.
    Journal,
}

/// What an erasure's entry records: whose applications, by their ids, and nothing of whom they were about.
#[derive(Serialize)]
struct ErasureRecord<'a> {
    applications: &'a [ApplicationId],
    cause: Cause,
}

/// Erases an applicant: destroys the data keys of every application under this reference.
///
/// Asked for again it does nothing and answers with the entry of the first time. The journal is written before the
/// database, so that an erasure that was begun is ended by the next start whatever happens in between.
///
/// # Errors
/// [`PrivacyError::OnHold`], and [`PrivacyError::NotFound`] when there never was such an applicant.
pub async fn erase(custody: &Custody, caller: Caller<'_>, reference: &str) -> Result<Erasure, PrivacyError> {
    let (tag, subject) = (custody.vault.index().reference(reference), custody.vault.index().subject(reference));
    let mut change = custody.begin().await?;
    if legal_holds::find(change.tx(), tag).await?.is_some() {
        return Err(PrivacyError::OnHold);
    }
    let ids = data_keys::of_applicant(change.tx(), tag).await?;
    if ids.is_empty() {
        return earlier(change.tx(), &subject).await?.ok_or(PrivacyError::NotFound);
    }
    let now = change.now();
    custody.journal.append(&ids, now).await.map_err(|cause| PrivacyError::Journal(cause.to_string()))?;
    failpoint::reach("erasure.after_journal")?;
    destroy(change.tx(), &ids, now).await?;
    failpoint::reach("erasure.after_keys")?;
    let record = ErasureRecord { applications: &ids, cause: Cause::Request };
    let audit = custody.commit(change, caller, Action::ApplicantErased, (&subject, &record)).await?;
    failpoint::reach("erasure.after_commit")?;
    custody.scrub().await;
    Ok(Erasure { applications: ids.len(), erased_at: now, audit })
}

/// The last erasure of an applicant who is not there any more.
async fn earlier(tx: &mut Tx, subject: &str) -> Result<Option<Erasure>, storage::Error> {
    let found = audit::latest(tx, subject, Action::ApplicantErased).await?;
    found
        .map(|stored| {
            let corrupt = |_| storage::Error::Corrupt {
                table: "audit_entries",
                column: "entry",
                id: stored.sequence.to_string(),
            };
            let entry: Entry = serde_json::from_str(&stored.entry).map_err(corrupt)?;
            let audit = AuditRef { sequence: stored.sequence, leaf_hash: stored.leaf_hash.to_string() };
            Ok(Erasure { applications: 0, erased_at: entry.time, audit })
        })
        .transpose()
}

/// Destroys again what the journal says was destroyed, where a restored backup has brought it back. Answers how many
/// applications that were.
pub async fn reapply(custody: &Custody, caller: Caller<'_>) -> Result<usize, PrivacyError> {
    let journaled = custody.journal.read().await.map_err(|cause| PrivacyError::Journal(cause.to_string()))?;
    let mut done = 0;
    for chunk in journaled.chunks(CHUNK) {
        let mut living = Vec::new();
        let mut tx = custody.db.read().await?;
        for &id in chunk {
            if data_keys::find(&mut tx, id).await?.is_some() {
                living.push(id);
            }
        }
        drop(tx);
        if living.is_empty() {
            continue;
        }
        let mut change = custody.begin().await?;
        let now = change.now();
        destroy(change.tx(), &living, now).await?;
        let record = ErasureRecord { applications: &living, cause: Cause::Journal };
        custody.commit(change, caller, Action::ApplicantErased, ("journal", &record)).await?;
        done += living.len();
    }
    if done > 0 {
        custody.scrub().await;
    }
    Ok(done)
}
