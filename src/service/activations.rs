//! What was in force when: read from the log, which is the one place that says it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::stored;
use crate::{
    audit::entry::{Action, Facts, canonical},
    domain::{decision::Versioned, principal::Principal, timestamp::Timestamp},
    storage::{self, Tx, audit::activations::of_rare_action},
};

/// How many are read back. A lender changes its model a few times a year.
const MOST: u32 = 10_000;

/// What can be put into force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Model,
    Policy,
}

/// How something came into force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A server was started with it.
    Configured,
    /// Somebody promoted a model, with or without a policy.
    Promoted,
    /// Somebody went back to what was in force before.
    RolledBack,
    /// Somebody published a policy.
    Published,
}

/// Something that was put into force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activation {
    pub what: Versioned,
    pub cause: Cause,
    pub at: Timestamp,
    /// When the next took its place; `None` while it is in force.
    pub until: Option<Timestamp>,
    pub by: Principal,
    /// The entry.
    pub sequence: u64,
}

/// What the entry of an activation says.
#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    cause: Cause,
    /// The SHA-256 of each of a model's files.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    files: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    model: Option<Versioned>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    policy: Option<Versioned>,
    /// What was in force before; left out when nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replaces: Option<Versioned>,
}

impl Kind {
    /// What an entry is called that puts one into force.
    #[must_use]
    pub const fn action(self) -> Action {
        match self {
            Self::Model => Action::ModelActivated,
            Self::Policy => Action::PolicyActivated,
        }
    }

    /// What a person calls it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Policy => "policy",
        }
    }
}

/// Everything of one kind that was ever in force, the last first.
pub(super) async fn history(tx: &mut Tx, kind: Kind) -> Result<Vec<Activation>, storage::Error> {
    let mut until = None;
    let mut history = Vec::new();
    for row in of_rare_action(tx, kind.action(), MOST).await? {
        let corrupt =
            || storage::Error::Corrupt { table: "audit_entries", column: "entry", id: row.sequence.to_string() };
        let entry = stored::parse_entry(&row.entry)?;
        let payload: Payload = serde_json::from_str(entry.payload.get()).map_err(|_| corrupt())?;
        let what = match kind {
            Kind::Model => payload.model,
            Kind::Policy => payload.policy,
        };
        history.push(Activation {
            what: what.ok_or_else(corrupt)?,
            cause: payload.cause,
            at: entry.time,
            until: until.replace(entry.time),
            by: entry.actor,
            sequence: entry.sequence,
        });
    }
    Ok(history)
}

/// An entry that puts something into force, before it has its place.
#[derive(Debug)]
pub(super) struct NewActivation<'a> {
    pub(super) kind: Kind,
    pub(super) what: &'a Versioned,
    pub(super) cause: Cause,
    pub(super) replaces: Option<&'a Versioned>,
    /// The SHA-256 of each of a model's files.
    pub(super) files: BTreeMap<String, String>,
}

impl NewActivation<'_> {
    /// What the entry is about, as in `model/personal-loan/1`.
    pub(super) fn subject(&self) -> String {
        format!("{}/{}/{}", self.kind.as_str(), self.what.name, self.what.version)
    }

    pub(super) fn payload(&self) -> Result<String, storage::Error> {
        let of = |kind| (self.kind == kind).then(|| self.what.clone());
        let payload = Payload {
            cause: self.cause,
            files: self.files.clone(),
            model: of(Kind::Model),
            policy: of(Kind::Policy),
            replaces: self.replaces.cloned(),
        };
        canonical(&payload).map_err(|error| storage::Error::Conflict(error.to_string()))
    }

    /// What its entry says beside the payload.
    pub(super) fn facts<'a>(
        &self,
        actor: &'a Principal,
        request_id: crate::domain::id::RequestId,
        subject: &'a str,
    ) -> Facts<'a> {
        Facts { action: self.kind.action(), actor, build: super::BUILD, request_id, subject }
    }
}
