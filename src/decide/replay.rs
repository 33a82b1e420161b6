//! Deciding again what was decided, and holding the one against the other, bit for bit.
//!
//! Everything that led to a decision stands in the payload of its audit entry, and what must come of it
//! again stands beside it. The record is made anew and written as canonical JSON; numbers have one spelling
//! there, so equal bytes are equal bits. Of the applicant it takes the age alone, which the payload holds, so
//! that a decision can be repeated when the applicant's data are erased.

mod application;
mod repeater;

pub use repeater::{Recorded, Repeater};
use serde::Deserialize;
use serde_json::Value;
use time::Date;

use super::{
    pipeline::Decider,
    record::{DecisionRecord, PolicyInputs, ScoredApplication},
};
use crate::domain::{
    application::{Applicant, Application},
    canonical::canonical,
    decision::Outcome,
    fault::Fault,
    id::DecisionId,
    timestamp::Timestamp,
};

/// What repeats a decision, read from the payload of its audit entry. Borrows the payload.
#[derive(Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the names are those of the payload")]
pub struct Inputs<'a> {
    application: ScoredApplication,
    policy_inputs: PolicyInputs,
    #[serde(borrow)]
    decision: DecisionInputs<'a>,
}

#[derive(Debug, Deserialize)]
struct DecisionInputs<'a> {
    id: DecisionId,
    decided_at: Timestamp,
    #[serde(borrow)]
    model: Named<'a>,
    #[serde(borrow)]
    policy: Named<'a>,
}

#[derive(Debug, Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    sha256: std::borrow::Cow<'a, str>,
}

/// A payload that is not one of a decision by model and policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("its payload is not that of a decision by model and policy")]
pub struct NotADecision;

/// One thing that did not come out as it is recorded.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Difference {
    /// A JSON pointer into the payload, such as `/decision/probability_of_default`.
    pub pointer: String,
    /// As it is recorded; null when it is not.
    pub expected: Value,
    /// As it came out; null when it did not.
    pub got: Value,
}

/// The parts of a payload that deciding again makes. What else it holds is not its concern.
const REMADE: [&str; 7] =
    ["application", "baseline", "decision", "features", "margin", "policy_inputs", "reason_map_sha256"];

impl<'a> Inputs<'a> {
    /// Reads what repeats a decision.
    pub fn parse(payload: &'a str) -> Result<Self, NotADecision> {
        serde_json::from_str(payload).map_err(|_| NotADecision)
    }

    /// The hash by which the decision names its model.
    #[must_use]
    pub fn model_sha256(&self) -> &str {
        &self.decision.model.sha256
    }

    /// The hash by which the decision names its policy.
    #[must_use]
    pub fn policy_sha256(&self) -> &str {
        &self.decision.policy.sha256
    }

    /// Decides again with `decider`, and holds what comes of it against `payload`, from which these inputs were
    /// read. Every difference in the payload's order; empty when it came out the same to the bit.
    #[must_use]
    pub fn replay(self, decider: &Decider, payload: &str) -> Vec<Difference> {
        match self.decide_again(decider) {
            Ok(record) => compare(&record, payload),
            Err(faults) => {
                let got = serde_json::to_value(&faults).unwrap_or_default();
                vec![Difference { pointer: String::new(), expected: Value::Null, got }]
            }
        }
    }

    /// What each of these deciders makes of the application, as of when it was decided; `None` where one cannot read it.
    #[must_use]
    pub fn outcomes<const N: usize>(self, deciders: [&Decider; N]) -> Option<[Outcome; N]> {
        let Self { application, policy_inputs: PolicyInputs { applicant_age_years: age }, decision } = self;
        let application = of_nobody(application);
        let mut outcomes = [Outcome::Review; N];
        for (outcome, decider) in outcomes.iter_mut().zip(deciders) {
            let decided = decider.decide_at_age(&application, age, decision.id, decision.decided_at).ok()?;
            *outcome = decided.decision.outcome;
        }
        Some(outcomes)
    }

    fn decide_again(self, decider: &Decider) -> Result<DecisionRecord, Vec<Fault>> {
        let Self { application, policy_inputs: PolicyInputs { applicant_age_years }, decision } = self;
        let application = of_nobody(application);
        let decided = decider.decide_at_age(&application, applicant_age_years, decision.id, decision.decided_at)?;
        Ok(decided.record)
    }
}

/// An application as it was decided, of an applicant of whom nothing is known.
pub(super) fn of_nobody(application: ScoredApplication) -> Application {
    let ScoredApplication { external_reference, loan, employment, finances, bureau, attributes } = application;
    let applicant = Applicant {
        reference: String::new(),
        given_name: String::new(),
        family_name: String::new(),
        date_of_birth: Date::MIN,
        national_id: None,
        email: None,
        phone: None,
        address: None,
    };
    Application { external_reference, applicant, loan, employment, finances, bureau, attributes }
}

fn compare(record: &DecisionRecord, payload: &str) -> Vec<Difference> {
    if is_record(payload, record) {
        return Vec::new();
    }
    let recorded: Value = serde_json::from_str(payload).unwrap_or_default();
    let made = serde_json::to_value(record).unwrap_or_default();
    let mut differences = Vec::new();
    for part in REMADE {
        collect(format!("/{part}"), recorded.get(part), made.get(part), &mut differences);
    }
    differences
}

/// Whether a payload is a record, before which stands the sealed applicant alone.
fn is_record(payload: &str, record: &DecisionRecord) -> bool {
    let made = canonical(record).unwrap_or_default();
    let before = made.strip_prefix('{').and_then(|made| payload.strip_suffix(made));
    // `{"applicant":{"ciphertext":"…","key":"…"},` has ten quotes, and nothing else has a place there.
    before.is_some_and(|before| {
        before == "{" || (before.starts_with("{\"applicant\":{") && before.matches('"').count() == 10)
    })
}

/// Walks both values together and notes where they part.
fn collect(pointer: String, recorded: Option<&Value>, made: Option<&Value>, differences: &mut Vec<Difference>) {
    match (recorded, made) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let added = new.keys().filter(|key| !old.contains_key(*key));
            for key in old.keys().chain(added) {
                let pointer = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
                collect(pointer, old.get(key), new.get(key), differences);
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) => {
            for index in 0..old.len().max(new.len()) {
                collect(format!("{pointer}/{index}"), old.get(index), new.get(index), differences);
            }
        }
        _ if same(recorded, made) => {}
        _ => differences.push(Difference {
            pointer,
            expected: recorded.cloned().unwrap_or_default(),
            got: made.cloned().unwrap_or_default(),
        }),
    }
}

/// Numbers are the same when their bits are, however they were written.
fn same(recorded: Option<&Value>, made: Option<&Value>) -> bool {
    match (recorded, made) {
        (Some(Value::Number(old)), Some(Value::Number(new))) => {
            old.as_f64().map(f64::to_bits) == new.as_f64().map(f64::to_bits)
        }
        _ => recorded == made,
    }
}
