//! Decisions: each names its audit entry, in which everything that repeats it is recorded.

use std::sync::LazyLock;

use super::{
    Error, Tx,
    db::on_backend,
    rows::{Column, Insertion, Writing, insert_rows},
};
use crate::{
    audit::tree::Hash,
    domain::{
        decision::Outcome,
        id::{ApplicationId, DecisionId},
        timestamp::Timestamp,
    },
};

/// A decision and its place in the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDecision {
    pub audit_sequence: u64,
    pub leaf_hash: Hash,
    pub application_id: ApplicationId,
    /// The application's version that this decision makes.
    pub number: u32,
    pub id: DecisionId,
    pub decided_at: Timestamp,
    pub outcome: Outcome,
    pub automatic: bool,
    pub score: i32,
}

pub(super) static INSERT: LazyLock<Insertion> = LazyLock::new(|| {
    Insertion::new(
        "INSERT INTO decisions (audit_sequence, leaf_hash, application_id, number, id, decided_at, outcome, automatic, \
         score)",
        &[
            Column::Integer,
            Column::Bytes,
            Column::Text,
            Column::Integer,
            Column::Text,
            Column::Text,
            Column::Text,
            Column::Integer,
            Column::Integer,
        ],
    )
});

/// The entries of an application's decisions, oldest first.
const ENTRIES: &str = "SELECT e.entry FROM decisions d JOIN audit_entries e ON e.sequence = d.audit_sequence \
                       WHERE d.application_id = $1 ORDER BY d.number";

/// The entry of an application's decision by model and policy, which is its first.
const FIRST_ENTRY: &str = "SELECT e.entry FROM decisions d JOIN audit_entries e ON e.sequence = d.audit_sequence \
                           WHERE d.application_id = $1 AND d.number = 1";

pub(super) fn queries() -> impl Iterator<Item = &'static str> {
    [ENTRIES, FIRST_ENTRY].into_iter()
}

/// Inserts decisions. Their entries and applications must be there.
pub async fn insert(writing: &mut Writing<'_>, decisions: &mut [NewDecision]) -> Result<(), Error> {
    insert_rows!(writing, INSERT, decisions, |new| [
        super::audit::signed(new.audit_sequence)?,
        new.leaf_hash.as_bytes().to_vec(),
        new.application_id.to_string(),
        i64::from(new.number),
        new.id.to_string(),
        new.decided_at.to_string(),
        new.outcome.as_str(),
        i64::from(new.automatic),
        i64::from(new.score),
    ])
}

/// The audit entries (canonical JSON) of an application's decisions, oldest first.
pub async fn entries(tx: &mut Tx, application: ApplicationId) -> Result<Vec<String>, Error> {
    Ok(on_backend!(tx, |connection| {
        sqlx::query_scalar(ENTRIES).bind(application.to_string()).fetch_all(connection).await?
    }))
}

/// The audit entry (canonical JSON) of an application's decision by model and policy.
pub async fn first_entry(tx: &mut Tx, application: ApplicationId) -> Result<Option<String>, Error> {
    Ok(on_backend!(tx, |connection| {
        sqlx::query_scalar(FIRST_ENTRY).bind(application.to_string()).fetch_optional(connection).await?
    }))
}
