//! A change as it is handed to the recorder: everything but its place in the log is made.

use std::io::Write as _;

use crate::{
    audit::{entry::Draft, kept_answer, tree::Hash},
    domain::{
        decision::{Decision, Outcome},
        id::{ApplicationId, DecisionId},
        timestamp::Timestamp,
    },
    service::{Answer, idempotency::Reservation, vault::Held, view::ApplicationView},
    storage::{applications::NewApplication, audit::activations::Marks, data_keys::NewDataKey},
};

use super::RecordError;

/// A change to record.
#[derive(Debug)]
pub(in crate::service) struct Change {
    /// The answer to keep, where the caller named a key for it: see [`Change::keep`].
    pub(in crate::service) kept: Option<KeptAnswer>,
    pub(in crate::service) application_id: ApplicationId,
    pub(in crate::service) entry: Draft,
    pub(in crate::service) decision: DecisionDraft,
    pub(in crate::service) answer: AnswerDraft,
    pub(in crate::service) effect: Effect,
}

impl Change {
    /// Keeps the answer under the key that the caller named, and has the entry name what is kept.
    pub(in crate::service) fn keep(self, reservation: Reservation, held: &Held) -> Result<Self, RecordError> {
        let kept = KeptAnswer::seal(reservation, &self.answer, held)?;
        let sha256 = kept.sha256(self.answer.status);
        Ok(Self { entry: self.entry.naming_answer(sha256), kept: Some(kept), ..self })
    }
}

/// An entry that decides no application: what was put into force. It is left out when the last entry of its action
/// says the same already.
#[derive(Debug)]
pub(in crate::service) struct Event {
    pub(in crate::service) entry: Draft,
    /// What the entry was made around: canonical JSON.
    pub(in crate::service) payload: String,
}

/// What a change does to the application.
#[derive(Debug)]
pub(in crate::service) enum Effect {
    /// It is new, and so is the key that its applicant is sealed under; decided by what these marks put into force.
    Receive(Box<(NewApplication, NewDataKey)>, Marks),
    /// It goes on from the version that was seen, if that still stands.
    Review { seen_version: u32 },
}

impl Effect {
    /// The application's version after the change.
    pub(in crate::service) const fn version(&self) -> u32 {
        match self {
            Self::Receive(..) => 1,
            Self::Review { seen_version } => *seen_version + 1,
        }
    }
}

/// An answer to keep under its caller's key.
#[derive(Debug)]
pub(in crate::service) struct KeptAnswer {
    pub(in crate::service) reservation: Reservation,
    /// The [`AnswerDraft`]'s JSON, sealed.
    pub(in crate::service) response: Vec<u8>,
}

impl KeptAnswer {
    fn seal(reservation: Reservation, answer: &AnswerDraft, held: &Held) -> Result<Self, RecordError> {
        let response = held.seal_answer(&reservation.id, &answer.open_json)?;
        Ok(Self { reservation, response })
    }

    fn sha256(&self, status: u16) -> Hash {
        let Reservation { id, request_mac, .. } = &self.reservation;
        let (caller, route, key) = (id.caller.as_str(), id.route, id.key.as_str());
        kept_answer::KeptAnswer { caller, route, key, request_mac, status: status.into(), response: &self.response }
            .sha256()
    }
}

/// A decision without its place in the log.
#[derive(Debug)]
pub(in crate::service) struct DecisionDraft {
    pub(in crate::service) id: DecisionId,
    pub(in crate::service) decided_at: Timestamp,
    pub(in crate::service) outcome: Outcome,
    pub(in crate::service) automatic: bool,
    pub(in crate::service) score: i32,
}

impl DecisionDraft {
    pub(in crate::service) const fn new(decision: &Decision) -> Self {
        Self {
            id: decision.id,
            decided_at: decision.decided_at,
            outcome: decision.outcome,
            automatic: decision.automatic,
            score: decision.score,
        }
    }
}

/// Room for an answer, so that it does not move while it grows.
const ROOM: usize = 3 << 10;
/// Room for a decision's place in the log.
const AUDIT_ROOM: usize = 128;

/// An answer that lacks only what is known at the commit: where its decision stands in the log.
///
/// Invariant: the view's JSON up to the end of the decision's last field; `decision` is its last field.
#[derive(Debug)]
pub(in crate::service) struct AnswerDraft {
    status: u16,
    open_json: Vec<u8>,
}

impl AnswerDraft {
    /// Writes an answer. The view's decision has no place in the log yet.
    pub(in crate::service) fn new(status: u16, view: &ApplicationView) -> Result<Self, serde_json::Error> {
        let mut open_json = Vec::with_capacity(ROOM);
        serde_json::to_writer(&mut open_json, view)?;
        // The two braces that close the decision and the answer come after the decision's place in the log.
        open_json.truncate(open_json.len() - 2);
        Ok(Self { status, open_json })
    }

    /// Takes up what was sealed of an answer that was given before.
    pub(in crate::service) const fn reopened(status: u16, open_json: Vec<u8>) -> Self {
        Self { status, open_json }
    }

    /// The whole answer.
    pub(in crate::service) fn finish(&self, id: ApplicationId, version: u32, sequence: u64, leaf: Hash) -> Answer {
        let mut body = Vec::with_capacity(self.open_json.len() + AUDIT_ROOM);
        body.extend_from_slice(&self.open_json);
        write!(body, r#","audit":{{"sequence":{sequence},"leaf_hash":"{leaf}"}}}}}}"#).expect("a Vec takes all bytes");
        Answer { status: self.status, application_id: id, version, body, replayed: false }
    }
}

/// Why a change was not recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::service) enum Rejection {
    Record(RecordError),
    /// The application stands at another version than the one that was seen.
    Version {
        current: u32,
    },
    /// There is no such application.
    NoApplication,
    /// Something else is in force than what decided.
    Superseded,
}

impl From<RecordError> for Rejection {
    fn from(error: RecordError) -> Self {
        Self::Record(error)
    }
}
