//! One entry and its canonical bytes (RFC 8785).

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::domain::{id::RequestId, principal::Principal, timestamp::Timestamp};

/// What was done: a closed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub enum Action {
    /// An application was decided by model and policy.
    #[serde(rename = "application.decided")]
    ApplicationDecided,
    /// A person decided an application, or overrode a decision.
    #[serde(rename = "application.reviewed")]
    ApplicationReviewed,
}

/// One change of state.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub action: Action,
    pub actor: Principal,
    /// The version of underwright that wrote the entry.
    #[schema(example = "0.1.0")]
    pub build: String,
    /// What was done, in full.
    #[schema(value_type = Object)]
    pub payload: Box<RawValue>,
    #[schema(value_type = String)]
    pub request_id: RequestId,
    /// From 0, without gaps.
    pub sequence: u64,
    /// What the entry is about: an application's id.
    pub subject: String,
    /// When it was recorded; never earlier than the entry before.
    pub time: Timestamp,
}
