//! The answers kept under an `Idempotency-Key`, held against the entries that name them.

use super::{Finding, What};
use crate::{
    audit::{entry::Entry, kept_answer::KeptAnswer},
    domain::timestamp::Timestamp,
};

/// A kept answer, as it stands, with the entry of its decision. Nothing of it is believed.
#[derive(Debug, Clone, Default)]
pub struct AnswerRow {
    pub caller: String,
    pub route: String,
    pub key: String,
    pub request_mac: Vec<u8>,
    pub status: i64,
    pub application_id: String,
    pub version: i64,
    pub response: Vec<u8>,
    pub created_at: String,
    /// The place and the bytes of the entry; `None` when there is no such decision.
    pub entry: Option<(i64, String)>,
}

/// Looks at one kept answer alone, and says when its decision was recorded.
///
/// A hash names one row: the table's key is part of what is hashed, so no two rows pass for the answer of one entry.
pub fn examine_answer(row: &AnswerRow) -> Result<Timestamp, Finding> {
    let inserted = |sequence| {
        let (application, version) = (row.application_id.clone(), row.version);
        Finding { sequence, what: What::AnswerInserted { application, version } }
    };
    let Some((sequence, entry)) = &row.entry else { return Err(inserted(None)) };
    // Of an entry that cannot be read something else was found.
    let entry: Option<Entry> = serde_json::from_str(entry).ok();
    let Some((named, time)) = entry.and_then(|entry| Some((entry.response_sha256?, entry.time))) else {
        return Err(inserted(Some(*sequence)));
    };
    let kept = KeptAnswer {
        caller: &row.caller,
        route: &row.route,
        key: &row.key,
        request_mac: &row.request_mac,
        status: row.status,
        response: &row.response,
    };
    if kept.sha256().to_string() != named || row.created_at != time.to_string() {
        return Err(Finding::at(*sequence, What::AnswerChanged));
    }
    Ok(time)
}
