//! From what is stored to what is answered.

use serde::Deserialize;

use super::{
    Vault,
    vault::Held,
    view::{ApplicationView, DecisionView, HistoryEntry},
};
use crate::{
    audit::{entry::Entry, sealed::Sealed},
    decide::record::{DecisionRecord, ScoredApplication},
    domain::decision::Outcome,
    domain::{
        decision::{AuditRef, Decision, Status},
        id::DecisionId,
        reason::ReasonCode,
    },
    storage::{Error, applications::StoredApplication},
};

/// The data key of an application; `None` once it is destroyed.
pub(super) fn held(vault: &Vault, stored: &StoredApplication) -> Result<Option<Held>, Error> {
    stored.data_key.as_ref().map(|wrapped| vault.unwrap(stored.id, wrapped)).transpose()
}

/// An application and its latest decision, as they are answered.
pub(super) fn application(stored: &StoredApplication, held: Option<&Held>) -> Result<ApplicationView, Error> {
    let corrupt = |table, column| Error::Corrupt { table, column, id: stored.id.to_string() };
    let body: ScoredApplication = serde_json::from_str(&stored.body).map_err(|_| corrupt("applications", "body"))?;
    let applicant = held.map(|held| held.open_applicant(&stored.applicant)).transpose()?;
    let decision: Decision = serde_json::from_str(&stored.decision).map_err(|_| corrupt("decisions", "decision"))?;
    Ok(ApplicationView {
        id: stored.id,
        status: Status::after(stored.outcome),
        version: stored.version,
        received_at: stored.received_at,
        applicant,
        applicant_erased_at: stored.erased_at,
        application: body,
        decision: DecisionView {
            decision,
            audit: Some(AuditRef { sequence: stored.audit_sequence, leaf_hash: stored.leaf_hash.to_string() }),
        },
    })
}

/// What of a decision's payload its history shows.
#[derive(Deserialize)]
struct DecisionPayload {
    decision: DecisionFacts,
    /// A reviewer's codes, which stand beside the decision because an approval states no reasons.
    #[serde(default)]
    reason_codes: Option<Vec<ReasonCode>>,
    #[serde(default)]
    note: Option<Sealed>,
}

#[derive(Deserialize)]
struct DecisionFacts {
    id: DecisionId,
    outcome: Outcome,
    reasons: Vec<StatedReason>,
}

#[derive(Deserialize)]
struct StatedReason {
    code: ReasonCode,
}

/// One step of an application's history, from its audit entry.
pub(super) fn history(entry: &str, held: Option<&Held>) -> Result<HistoryEntry, Error> {
    let entry = parse_entry(entry)?;
    let payload: DecisionPayload =
        serde_json::from_str(entry.payload.get()).map_err(|_| corrupt_entry(entry.sequence.to_string()))?;
    let decision_id = payload.decision.id;
    let note =
        payload.note.zip(held).map(|(sealed, held)| held.open_note(decision_id, &sealed.ciphertext)).transpose()?;
    let stated = payload.decision.reasons.into_iter().map(|reason| reason.code);
    Ok(HistoryEntry {
        sequence: entry.sequence,
        at: entry.time,
        actor: entry.actor,
        action: entry.action,
        decision_id,
        outcome: payload.decision.outcome,
        reason_codes: payload.reason_codes.unwrap_or_else(|| stated.collect()),
        note,
    })
}

/// What repeats a decision, from its audit entry.
pub(super) fn record(entry: &str) -> Result<DecisionRecord, Error> {
    let entry = parse_entry(entry)?;
    serde_json::from_str(entry.payload.get()).map_err(|_| corrupt_entry(entry.sequence.to_string()))
}

/// An entry whose form was checked when it was written, and is checked again by the verifier.
pub(super) fn parse_entry(entry: &str) -> Result<Entry, Error> {
    serde_json::from_str(entry).map_err(|_| corrupt_entry("an entry that cannot be read".to_owned()))
}

pub(super) fn corrupt_entry(id: String) -> Error {
    Error::Corrupt { table: "audit_entries", column: "entry", id }
}
