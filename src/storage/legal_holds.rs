//! Applicants whose data must be kept.

use super::{Error, Tx, db::on_backend};
use crate::crypto::IndexTag;

const FIND: &str = "SELECT audit_sequence FROM legal_holds WHERE applicant_index = $1";
const PLACE: &str = "INSERT INTO legal_holds (applicant_index, subject, audit_sequence) VALUES ($1, $2, $3)";
const RELEASE: &str = "DELETE FROM legal_holds WHERE applicant_index = $1";

pub(super) const QUERIES: [&str; 3] = [FIND, PLACE, RELEASE];

/// The sequence of the entry that placed the hold; `None` when there is none.
pub async fn find(tx: &mut Tx, applicant: IndexTag) -> Result<Option<u64>, Error> {
    let sequence: Option<i64> = on_backend!(tx, |connection| {
        sqlx::query_scalar(FIND).bind(applicant.as_bytes().to_vec()).fetch_optional(connection).await?
    });
    let corrupt = |_| Error::corrupt("legal_holds", "audit_sequence", "a hold");
    sequence.map(|sequence| u64::try_from(sequence).map_err(corrupt)).transpose()
}

/// Places a hold. `audit_sequence` is the place that its entry will have, in the same transaction.
pub async fn place(tx: &mut Tx, applicant: IndexTag, subject: &str, audit_sequence: u64) -> Result<(), Error> {
    let sequence = super::audit::signed(audit_sequence)?;
    on_backend!(tx, |connection| {
        sqlx::query(PLACE).bind(applicant.as_bytes().to_vec()).bind(subject).bind(sequence).execute(connection).await?;
    });
    Ok(())
}

/// Removes a hold.
pub async fn release(tx: &mut Tx, applicant: IndexTag) -> Result<(), Error> {
    on_backend!(tx, |connection| {
        sqlx::query(RELEASE).bind(applicant.as_bytes().to_vec()).execute(connection).await?;
    });
    Ok(())
}
