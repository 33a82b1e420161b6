//! An entry as a row: a column for each thing that an auditor asks for, named as auditors name it.
//!
//! What an entry does not say is empty: a decision has an outcome, the activation of a model has none. Nothing here
//! is personal data in the clear, because an entry holds none.

use std::borrow::Cow;

use serde::{Deserialize, de::IgnoredAny};

use super::{ExportError, Leaf};
use crate::domain::timestamp::Timestamp;

/// One cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Text(String),
    Integer(i64),
    /// Finite.
    Number(f64),
    Boolean(bool),
    /// Microseconds since 1970, in UTC.
    Time(Timestamp),
}

/// What a column holds. Every cell of it is of this kind, or empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Integer,
    Number,
    Boolean,
    Time,
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    pub name: &'static str,
    pub kind: Kind,
}

macro_rules! columns {
    ($($name:literal: $kind:ident),+ $(,)?) => { [$(Column { name: $name, kind: Kind::$kind }),+] };
}

/// Every column, in the order of a row's cells.
pub const COLUMNS: [Column; 36] = columns![
    "sequence": Integer,
    "recorded_at": Time,
    "actor": Text,
    "role": Text,
    "action": Text,
    "subject": Text,
    "application_id": Text,
    "external_reference": Text,
    "request_id": Text,
    "decision_id": Text,
    "decided_at": Time,
    "automatic": Boolean,
    "outcome": Text,
    "probability_of_default": Number,
    "score": Integer,
    "grade": Text,
    "margin": Number,
    "baseline": Number,
    "amount_minor": Integer,
    "currency": Text,
    "term_months": Integer,
    "purpose": Text,
    "reasons": Text,
    "reason_texts": Text,
    "rules": Text,
    "has_note": Boolean,
    "previous_outcome": Text,
    "model": Text,
    "model_version": Text,
    "model_sha256": Text,
    "policy": Text,
    "policy_version": Text,
    "policy_sha256": Text,
    "reason_map_sha256": Text,
    "build": Text,
    "leaf_hash": Text,
];

/// What stands between several values in one cell.
const SEPARATOR: &str = "; ";

/// The cells of an entry, in the order of [`COLUMNS`].
pub fn cells(leaf: &Leaf) -> Result<[Option<Value>; COLUMNS.len()], ExportError> {
    let not_an_entry = || ExportError::NotAnEntry(leaf.sequence);
    let entry: Entry<'_> = serde_json::from_str(&leaf.entry).map_err(|_| not_an_entry())?;
    let sequence = i64::try_from(leaf.sequence).map_err(|_| not_an_entry())?;
    let Payload { application, decision, margin, baseline, note, previous, reason_codes, reason_map_sha256 } =
        entry.payload;
    let decision = decision.unwrap_or_default();
    let ScoredApplication { external_reference, loan } = application.unwrap_or_default();
    let loan = loan.unwrap_or_default();
    let (model, policy) = (decision.model.unwrap_or_default(), decision.policy.unwrap_or_default());
    let stated = decision.reasons.as_deref().unwrap_or_default();
    // A reviewer's codes stand beside the decision, because an approval states no reasons.
    let codes = reason_codes.unwrap_or_else(|| stated.iter().map(|reason| reason.code.clone()).collect());
    let rules = decision.rules.unwrap_or_default();
    // The note itself is sealed.
    let has_note = decision.id.is_some().then_some(Value::Boolean(note.is_some()));
    let application_id = entry.subject.starts_with("app_").then(|| entry.subject.clone());
    Ok([
        Some(Value::Integer(sequence)),
        Some(Value::Time(entry.time)),
        text(Some(entry.actor.subject)),
        text(Some(entry.actor.role)),
        text(Some(entry.action)),
        text(Some(entry.subject)),
        text(application_id),
        text(external_reference),
        text(Some(entry.request_id)),
        text(decision.id),
        decision.decided_at.map(Value::Time),
        decision.automatic.map(Value::Boolean),
        text(decision.outcome),
        decision.probability_of_default.map(Value::Number),
        decision.score.map(Value::Integer),
        text(decision.grade),
        margin.map(Value::Number),
        baseline.map(Value::Number),
        loan.amount.map(Value::Integer),
        text(loan.currency),
        loan.term_months.map(Value::Integer),
        text(loan.purpose),
        joined(codes.iter()),
        joined(stated.iter().map(|reason| &reason.text)),
        joined(rules.iter().map(|rule| &rule.id)),
        has_note,
        text(previous.map(|previous| previous.outcome)),
        text(model.name),
        text(model.version),
        text(model.sha256),
        text(policy.name),
        text(policy.version),
        text(policy.sha256),
        text(reason_map_sha256),
        text(Some(entry.build)),
        Some(Value::Text(leaf.hash.to_string())),
    ])
}

fn text(text: Option<Cow<'_, str>>) -> Option<Value> {
    text.map(|text| Value::Text(text.into_owned()))
}

fn joined<'a>(texts: impl Iterator<Item = &'a Cow<'a, str>>) -> Option<Value> {
    let texts: Vec<&str> = texts.map(AsRef::as_ref).collect();
    (!texts.is_empty()).then(|| Value::Text(texts.join(SEPARATOR)))
}

type Text<'a> = Option<Cow<'a, str>>;

/// What is shown of an entry.
#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    action: Cow<'a, str>,
    #[serde(borrow)]
    actor: Actor<'a>,
    #[serde(borrow)]
    build: Cow<'a, str>,
    #[serde(borrow)]
    payload: Payload<'a>,
    #[serde(borrow)]
    request_id: Cow<'a, str>,
    #[serde(borrow)]
    subject: Cow<'a, str>,
    time: Timestamp,
}

#[derive(Deserialize)]
struct Actor<'a> {
    #[serde(borrow)]
    subject: Cow<'a, str>,
    #[serde(borrow)]
    role: Cow<'a, str>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Payload<'a> {
    #[serde(borrow)]
    application: Option<ScoredApplication<'a>>,
    #[serde(borrow)]
    decision: Option<Decision<'a>>,
    margin: Option<f64>,
    baseline: Option<f64>,
    note: Option<IgnoredAny>,
    #[serde(borrow)]
    previous: Option<Previous<'a>>,
    #[serde(borrow)]
    reason_codes: Option<Vec<Cow<'a, str>>>,
    #[serde(borrow)]
    reason_map_sha256: Text<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ScoredApplication<'a> {
    #[serde(borrow)]
    external_reference: Text<'a>,
    #[serde(borrow)]
    loan: Option<Loan<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Loan<'a> {
    amount: Option<i64>,
    #[serde(borrow)]
    currency: Text<'a>,
    term_months: Option<i64>,
    #[serde(borrow)]
    purpose: Text<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Decision<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    decided_at: Option<Timestamp>,
    automatic: Option<bool>,
    #[serde(borrow)]
    outcome: Text<'a>,
    probability_of_default: Option<f64>,
    score: Option<i64>,
    #[serde(borrow)]
    grade: Text<'a>,
    #[serde(borrow)]
    reasons: Option<Vec<Reason<'a>>>,
    #[serde(borrow)]
    rules: Option<Vec<Rule<'a>>>,
    #[serde(borrow)]
    model: Option<Named<'a>>,
    #[serde(borrow)]
    policy: Option<Named<'a>>,
}

#[derive(Deserialize)]
struct Previous<'a> {
    #[serde(borrow)]
    outcome: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Reason<'a> {
    #[serde(borrow)]
    code: Cow<'a, str>,
    #[serde(borrow)]
    text: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Rule<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Named<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    version: Text<'a>,
    #[serde(borrow)]
    sha256: Text<'a>,
}
