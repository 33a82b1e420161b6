//! One entry and its canonical bytes (RFC 8785).
//!
//! The bytes of an entry are its JSON in canonical form: no white space, names sorted, one spelling for
//! every number and text. They are made once: a [`Draft`] holds everything but the entry's place and time,
//! which are known only when its transaction is about to commit and stand near the end, because the names
//! `sequence` and `time` sort late. The hash over what comes before is then already computed.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::tree::{self, Hash};
pub use crate::domain::canonical::{NotCanonical, canonical, canonical_into, reader::is_canonical};
use crate::domain::{id::RequestId, principal::Principal, timestamp::Timestamp};

/// The largest sequence that canonical JSON keeps exactly: 2^53 − 1.
pub const MAX_SEQUENCE: u64 = 9_007_199_254_740_991;

/// What was done: a closed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub enum Action {
    /// An application was decided by model and policy.
    #[serde(rename = "application.decided")]
    ApplicationDecided,
    /// A person decided an application, or overrode a decision.
    #[serde(rename = "application.reviewed")]
    ApplicationReviewed,
    /// From here on the log's checkpoints are signed by this key.
    #[serde(rename = "signing_key.activated")]
    SigningKeyActivated,
    /// From here on this model scores.
    #[serde(rename = "model.activated")]
    ModelActivated,
    /// From here on this policy decides.
    #[serde(rename = "policy.activated")]
    PolicyActivated,
    /// An applicant's data keys were destroyed, because that was asked for.
    #[serde(rename = "applicant.erased")]
    ApplicantErased,
    /// A legal hold was placed on an applicant's data.
    #[serde(rename = "applicant.held")]
    ApplicantHeld,
    /// A legal hold was released.
    #[serde(rename = "applicant.released")]
    ApplicantReleased,
    /// The data keys of applications were destroyed, because their retention period had ended.
    #[serde(rename = "applicants.expired")]
    ApplicantsExpired,
    /// Somebody looked at an applicant's personal data.
    #[serde(rename = "applicant.viewed")]
    ApplicantViewed,
    /// A letter to an applicant was made.
    #[serde(rename = "notice.issued")]
    NoticeIssued,
    /// Data keys were wrapped by another key-encryption key.
    #[serde(rename = "keys.rotated")]
    KeysRotated,
    /// The whole log was verified beside a running server.
    #[serde(rename = "log.verified")]
    LogVerified,
    /// Somebody signed in to the console.
    #[serde(rename = "session.started")]
    SessionStarted,
    /// Sessions of the console were ended, by whom they belong to or by whoever manages accounts.
    #[serde(rename = "session.ended")]
    SessionEnded,
    /// Somebody was not signed in to the console.
    #[serde(rename = "sign_in.refused")]
    SignInRefused,
    /// An account was added.
    #[serde(rename = "account.added")]
    AccountAdded,
    /// An account was disabled or enabled, or got another role or password.
    #[serde(rename = "account.changed")]
    AccountChanged,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 18] = [
        Self::ApplicationDecided,
        Self::ApplicationReviewed,
        Self::SigningKeyActivated,
        Self::ModelActivated,
        Self::PolicyActivated,
        Self::ApplicantErased,
        Self::ApplicantHeld,
        Self::ApplicantReleased,
        Self::ApplicantsExpired,
        Self::ApplicantViewed,
        Self::NoticeIssued,
        Self::KeysRotated,
        Self::LogVerified,
        Self::SessionStarted,
        Self::SessionEnded,
        Self::SignInRefused,
        Self::AccountAdded,
        Self::AccountChanged,
    ];

    /// The word that stands in the entry.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ApplicationDecided => "application.decided",
            Self::ApplicationReviewed => "application.reviewed",
            Self::SigningKeyActivated => "signing_key.activated",
            Self::ModelActivated => "model.activated",
            Self::PolicyActivated => "policy.activated",
            Self::ApplicantErased => "applicant.erased",
            Self::ApplicantHeld => "applicant.held",
            Self::ApplicantReleased => "applicant.released",
            Self::ApplicantsExpired => "applicants.expired",
            Self::ApplicantViewed => "applicant.viewed",
            Self::NoticeIssued => "notice.issued",
            Self::KeysRotated => "keys.rotated",
            Self::LogVerified => "log.verified",
            Self::SessionStarted => "session.started",
            Self::SessionEnded => "session.ended",
            Self::SignInRefused => "sign_in.refused",
            Self::AccountAdded => "account.added",
            Self::AccountChanged => "account.changed",
        }
    }

    /// Parses the word that stands in an entry.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == word)
    }

    /// Whether an entry of it lists applications whose data keys were destroyed.
    #[must_use]
    pub const fn is_erasure(self) -> bool {
        matches!(self, Self::ApplicantErased | Self::ApplicantsExpired)
    }

    /// Whether an entry of it records a decision on an application, which the table of decisions repeats.
    #[must_use]
    pub const fn is_decision(self) -> bool {
        matches!(self, Self::ApplicationDecided | Self::ApplicationReviewed)
    }
}

/// One change of state.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub action: Action,
    /// Who did it.
    pub actor: Principal,
    /// The version of underwright that wrote the entry.
    #[schema(example = "0.1.0")]
    pub build: String,
    /// What was done, with all that repeats it. Personal data in it is sealed.
    #[schema(value_type = Object)]
    pub payload: Box<RawValue>,
    /// The request that asked for it.
    pub request_id: RequestId,
    /// The SHA-256 of the answer that is kept under the request's `Idempotency-Key`, when it had one: in lower-case
    /// hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_sha256: Option<String>,
    /// Its place in the log: from 0, without gaps.
    #[schema(example = 123)]
    pub sequence: u64,
    /// What it is about: an application's id; what was put into force, as in `model/personal-loan/1`; a keyed hash of an
    /// applicant's reference; an account, as in `account/ada`; `journal`, `retention`, `keys`, `log` or `sign-in`.
    #[schema(example = "app_019aa9a5-0000-7000-8000-000000000001")]
    pub subject: String,
    /// When it was recorded. Never earlier than the entry before, even when a clock was set back.
    pub time: Timestamp,
}

/// Bytes that are not an entry in canonical form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    #[error("it is not an entry")]
    NotAnEntry,
    #[error("it is not in canonical form")]
    NotCanonical,
}

impl Entry {
    /// Reads an entry from its canonical bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, EntryError> {
        let entry: Self = serde_json::from_slice(bytes).map_err(|_| EntryError::NotAnEntry)?;
        if is_canonical(bytes) { Ok(entry) } else { Err(EntryError::NotCanonical) }
    }
}

/// Names an actor in one text, for a column: one subject in two roles is two actors.
#[must_use]
pub fn actor_name(actor: &Principal) -> String {
    format!("{}:{}", actor.role, actor.subject)
}

/// What an entry says beside its payload, its place and its time.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    pub action: Action,
    pub actor: &'a Principal,
    pub build: &'a str,
    pub request_id: RequestId,
    pub subject: &'a str,
}

/// Room for what stands around a payload: more than nearly always does.
const AROUND_PAYLOAD: usize = 512;

/// An entry that has yet to get its place and time: everything else is written, and hashed.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Up to the comma before `"sequence":`.
    before_sequence: String,
    /// From the comma after the sequence up to and with `"time":"`.
    before_time: String,
    /// The leaf hash over `before_sequence`.
    hasher: Sha256,
    action: Action,
    actor_name: String,
    request_id: RequestId,
    subject: String,
}

/// An entry in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Canonical JSON.
    pub bytes: String,
    pub leaf_hash: Hash,
}

impl Draft {
    /// Writes an entry around a payload, which must be canonical JSON already.
    pub fn new(facts: Facts<'_>, canonical_payload: &str) -> Result<Self, NotCanonical> {
        Self::around(facts, canonical_payload.len(), |text| {
            text.push_str(canonical_payload);
            Ok(())
        })
    }

    /// Writes an entry around a payload that is written in its place: canonical JSON, for which there is `room` before the
    /// text must move.
    pub fn around(
        facts: Facts<'_>,
        room: usize,
        write_payload: impl FnOnce(&mut String) -> Result<(), NotCanonical>,
    ) -> Result<Self, NotCanonical> {
        let mut before_sequence = String::with_capacity(room + AROUND_PAYLOAD);
        before_sequence.push_str(r#"{"action":"#);
        canonical_into(&mut before_sequence, &facts.action)?;
        before_sequence.push_str(r#","actor":"#);
        canonical_into(&mut before_sequence, facts.actor)?;
        before_sequence.push_str(r#","build":"#);
        canonical_into(&mut before_sequence, facts.build)?;
        before_sequence.push_str(r#","payload":"#);
        write_payload(&mut before_sequence)?;
        before_sequence.push_str(r#","request_id":"#);
        canonical_into(&mut before_sequence, &facts.request_id)?;
        let mut before_time = r#","subject":"#.to_owned();
        canonical_into(&mut before_time, facts.subject)?;
        before_time.push_str(r#","time":""#);
        let hasher = tree::begin_leaf().chain_update(&before_sequence);
        Ok(Self {
            before_sequence,
            before_time,
            hasher,
            action: facts.action,
            actor_name: actor_name(facts.actor),
            request_id: facts.request_id,
            subject: facts.subject.to_owned(),
        })
    }

    /// Names the answer that is kept under the request's `Idempotency-Key`, by its hash.
    #[must_use]
    pub fn naming_answer(mut self, response_sha256: Hash) -> Self {
        let named = format!(r#","response_sha256":"{response_sha256}""#);
        self.before_sequence.push_str(&named);
        self.hasher.update(&named);
        self
    }

    /// What was done.
    #[must_use]
    pub const fn action(&self) -> Action {
        self.action
    }

    /// Who did it, as [`actor_name`] names them.
    #[must_use]
    pub fn actor_name(&self) -> &str {
        &self.actor_name
    }

    /// The request that asked for it.
    #[must_use]
    pub const fn request_id(&self) -> RequestId {
        self.request_id
    }

    /// What it is about.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The entry at a place and time. `sequence` is at most [`MAX_SEQUENCE`].
    #[must_use]
    pub fn place(&self, sequence: u64, time: Timestamp) -> Placed {
        let begin = self.before_sequence.len();
        let mut bytes = String::with_capacity(begin + self.before_time.len() + AROUND_PAYLOAD);
        bytes.push_str(&self.before_sequence);
        write!(bytes, r#","sequence":{sequence}{}{time}"}}"#, self.before_time).expect("a String takes all text");
        let leaf_hash = tree::finish(self.hasher.clone().chain_update(&bytes[begin..]));
        Placed { bytes, leaf_hash }
    }
}

#[cfg(test)]
mod tests;
