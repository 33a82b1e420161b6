//! Looking at one row alone.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{ApplicationCopy, DecisionCopy, Marks, Misplacement, Row, What};
use crate::{
    audit::{
        SEGMENT_ENTRIES,
        entry::{Action, Entry, actor_name},
        tree::{self, Hash},
    },
    domain::{
        decision::{Outcome, Status},
        id::DecisionId,
        timestamp::Timestamp,
    },
};

/// A row that agrees with itself and with its copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Examined {
    /// Computed from the entry's bytes.
    pub leaf: Hash,
    pub time: Timestamp,
    /// Whether the table of decisions repeats it.
    pub is_decision: bool,
    /// Whether this is the application's latest decision, at which it stands.
    pub is_latest: bool,
    /// The applications of which it says that their data keys were destroyed.
    pub erased: Marks,
    /// Whether it names an answer that is kept under an `Idempotency-Key`.
    pub names_answer: bool,
}

/// What an erasure says.
#[derive(Deserialize)]
struct Erasure {
    applications: Vec<String>,
}

/// What of a payload is repeated in other tables.
#[derive(Deserialize)]
struct Payload<'a> {
    #[serde(borrow)]
    decision: &'a RawValue,
    #[serde(borrow, default)]
    application: Option<&'a RawValue>,
    /// Which of the application's decisions this is; the first does not say.
    #[serde(default = "first")]
    version: i64,
}

const fn first() -> i64 {
    1
}

#[derive(Deserialize)]
struct DecisionFacts {
    id: DecisionId,
    outcome: Outcome,
    automatic: bool,
    score: i64,
    decided_at: Timestamp,
}

#[derive(Deserialize)]
struct ApplicationFacts {
    #[serde(default)]
    external_reference: Option<String>,
    loan: LoanFacts,
}

#[derive(Deserialize)]
struct LoanFacts {
    amount: i64,
    currency: String,
}

/// Looks at one row alone: its hash, its form, its columns and its copies.
pub fn examine(row: &Row) -> Result<Examined, What> {
    let leaf = tree::leaf_hash(row.entry.as_bytes());
    let answered = row.decision.as_ref().map(|copy| copy.leaf_hash.as_slice());
    let hash_holds = row.leaf_hash == leaf.as_bytes();
    let parsed = Entry::parse(row.entry.as_bytes());
    if let Ok(entry) = &parsed
        && i64::try_from(entry.sequence) != Ok(row.sequence)
    {
        let how = if !hash_holds {
            Misplacement::Relabelled
        } else if i64::try_from(entry.sequence).is_ok_and(|says| says > row.sequence) {
            Misplacement::MovedUp
        } else {
            Misplacement::MovedDown
        };
        return Err(What::Misplaced { says: entry.sequence, how });
    }
    if !hash_holds {
        let entry_holds = answered == Some(leaf.as_bytes());
        return Err(if entry_holds { What::LeafHashChanged } else { What::Changed });
    }
    let entry = parsed.map_err(|_| What::NotCanonical)?;
    for (column, stored, said) in [
        ("recorded_at", &row.recorded_at, entry.time.to_string()),
        ("action", &row.action, entry.action.as_str().to_owned()),
        ("actor", &row.actor, actor_name(&entry.actor)),
        ("request_id", &row.request_id, entry.request_id.to_string()),
        ("subject", &row.subject, entry.subject.clone()),
    ] {
        if *stored != said {
            return Err(What::ColumnChanged { column });
        }
    }
    let names_answer = entry.response_sha256.is_some();
    if !entry.action.is_decision() {
        return match &row.decision {
            None => Ok(Examined {
                leaf,
                time: entry.time,
                is_decision: false,
                is_latest: false,
                erased: marks(&entry),
                names_answer,
            }),
            Some(_) => Err(What::CopyTooMany { table: "decisions" }),
        };
    }
    let Some(decision) = &row.decision else { return Err(What::CopyMissing { table: "decisions" }) };
    if decision.leaf_hash != leaf.as_bytes() {
        return Err(What::Rewritten);
    }
    let Some(application) = &row.application else { return Err(What::CopyMissing { table: "applications" }) };
    let is_latest = compare_copies(&entry, decision, application)?;
    Ok(Examined { leaf, time: entry.time, is_decision: true, is_latest, erased: Marks::default(), names_answer })
}

/// The applications of which an entry says that their data keys were destroyed.
#[must_use]
pub fn erased_by(entry: &Entry) -> Vec<String> {
    if !entry.action.is_erasure() {
        return Vec::new();
    }
    let erasure: Result<Erasure, _> = serde_json::from_str(entry.payload.get());
    erasure.map_or_else(|_| Vec::new(), |erasure| erasure.applications)
}

/// The marks that an erasure leaves.
fn marks(entry: &Entry) -> Marks {
    let (mut marks, time) = (Marks::default(), entry.time.to_string());
    for application in erased_by(entry) {
        marks.add(&application, &time);
    }
    marks
}

/// Holds the copies against the entry, and says whether this is the application's latest decision.
fn compare_copies(entry: &Entry, decision: &DecisionCopy, application: &ApplicationCopy) -> Result<bool, What> {
    let payload: Payload<'_> = serde_json::from_str(entry.payload.get()).map_err(|_| What::NotCanonical)?;
    let facts: DecisionFacts = serde_json::from_str(payload.decision.get()).map_err(|_| What::NotCanonical)?;
    let is_first = entry.action == Action::ApplicationDecided;
    compare(
        "decisions",
        &[
            ("application_id", decision.application_id == entry.subject),
            ("id", decision.id == facts.id.to_string()),
            ("decided_at", decision.decided_at == facts.decided_at.to_string()),
            ("outcome", decision.outcome == facts.outcome.to_string()),
            ("automatic", decision.automatic == facts.automatic),
            ("score", decision.score == facts.score),
            ("number", decision.number == payload.version),
        ],
    )?;
    let is_latest = application.latest == decision.number;
    if is_latest {
        compare(
            "applications",
            &[
                ("version", application.version == decision.number),
                ("outcome", application.outcome == facts.outcome.to_string()),
                ("status", application.status == Status::after(facts.outcome).as_str()),
            ],
        )?;
    }
    if let (true, Some(body)) = (is_first, payload.application) {
        let said: ApplicationFacts = serde_json::from_str(body.get()).map_err(|_| What::NotCanonical)?;
        compare(
            "applications",
            &[
                ("external_reference", application.external_reference == said.external_reference),
                ("amount_minor", application.amount_minor == said.loan.amount),
                ("currency", application.currency == said.loan.currency),
                ("submitted_by", application.submitted_by == actor_name(&entry.actor)),
                ("received_at", application.received_at == facts.decided_at.to_string()),
                ("segment", u64::try_from(application.segment) == Ok(entry.sequence / SEGMENT_ENTRIES)),
            ],
        )?;
    }
    Ok(is_latest)
}

fn compare(table: &'static str, columns: &[(&'static str, bool)]) -> Result<(), What> {
    match columns.iter().find(|(_, same)| !same) {
        Some((column, _)) => Err(What::CopyChanged { table, column }),
        None => Ok(()),
    }
}
