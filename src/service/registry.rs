//! Keeping the models and policies that decide, and finding them again by the hash that a decision names.

use std::sync::Arc;

use super::models::LoadedModel;
use crate::{
    decide::pipeline::Decider,
    domain::timestamp::Timestamp,
    model::Model,
    policy::Policy,
    storage::{
        self, Db, Tx,
        registry::{self, KeptPolicy},
    },
};

/// A policy with the file that it was read from.
#[derive(Debug, Clone)]
pub struct LoadedPolicy {
    pub policy: Arc<Policy>,
    /// What the policy was read from, to be kept.
    pub kept: Arc<KeptPolicy>,
}

impl LoadedPolicy {
    /// Reads and checks a policy file.
    ///
    /// # Errors
    /// Everything that is wrong with it, and what to do.
    pub fn parse(text: &str) -> Result<Self, crate::policy::PolicyError> {
        let policy = Policy::parse(text)?;
        let kept = KeptPolicy { identity: policy.identity().clone(), text: text.as_bytes().to_vec() };
        Ok(Self { policy: Arc::new(policy), kept: Arc::new(kept) })
    }
}

/// Keeps a model and a policy, durably, before they decide anything.
pub async fn keep(db: &Db, model: &LoadedModel, policy: &LoadedPolicy, now: Timestamp) -> Result<(), storage::Error> {
    let mut tx = db.write().await?;
    registry::keep_model(&mut tx, &model.kept, now).await?;
    registry::keep_policy(&mut tx, &policy.kept, now).await?;
    tx.commit().await
}

/// Why a model or a policy cannot be found again: what is missing or wrong, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotKept {
    #[error("the model {0} is not kept in this database")]
    NoModel(String),
    #[error("the policy {0} is not kept in this database")]
    NoPolicy(String),
    #[error("what is kept as the model {sha256} is not it: {what}")]
    OtherModel { sha256: String, what: String },
    #[error("what is kept as the policy {sha256} is not it: {what}")]
    OtherPolicy { sha256: String, what: String },
    #[error("the policy {policy} does not fit the model {model}: {what}")]
    Misfit { model: String, policy: String, what: String },
}

/// The decider that decisions name by the hashes of its model and its policy. Both are hashed and checked
/// again, parity vectors and all: a decision is repeated by what decided it, or not at all.
pub async fn decider(
    tx: &mut Tx,
    model_sha256: &str,
    policy_sha256: &str,
) -> Result<Result<Decider, NotKept>, storage::Error> {
    let model = match registry::model(tx, model_sha256).await {
        Ok(Some(kept)) => Model::parse(&kept.model_json, &kept.parity_jsonl).map_err(|error| error.to_string()),
        Ok(None) => return Ok(Err(NotKept::NoModel(model_sha256.to_owned()))),
        Err(error @ storage::Error::Corrupt { .. }) => Err(error.to_string()),
        Err(error) => return Err(error),
    };
    let policy = match registry::policy(tx, policy_sha256).await {
        Ok(Some(kept)) => parse_policy(&kept.text),
        Ok(None) => return Ok(Err(NotKept::NoPolicy(policy_sha256.to_owned()))),
        Err(error @ storage::Error::Corrupt { .. }) => Err(error.to_string()),
        Err(error) => return Err(error),
    };
    Ok(join(model, policy, model_sha256, policy_sha256))
}

fn parse_policy(text: &[u8]) -> Result<Policy, String> {
    let text = std::str::from_utf8(text).map_err(|_| "it is not text".to_owned())?;
    Policy::parse(text).map_err(|error| error.to_string())
}

fn join(
    model: Result<Model, String>,
    policy: Result<Policy, String>,
    model_sha256: &str,
    policy_sha256: &str,
) -> Result<Decider, NotKept> {
    let other = |found: &str| format!("its hash is {found}");
    let model = model
        .and_then(|model| match model.identity().sha256.as_str() {
            found if found == model_sha256 => Ok(model),
            found => Err(other(found)),
        })
        .map_err(|what| NotKept::OtherModel { sha256: model_sha256.to_owned(), what })?;
    let policy = policy
        .and_then(|policy| match policy.identity().sha256.as_str() {
            found if found == policy_sha256 => Ok(policy),
            found => Err(other(found)),
        })
        .map_err(|what| NotKept::OtherPolicy { sha256: policy_sha256.to_owned(), what })?;
    Decider::new(Arc::new(model), Arc::new(policy)).map_err(|error| NotKept::Misfit {
        model: model_sha256.to_owned(),
        policy: policy_sha256.to_owned(),
        what: error.to_string(),
    })
}
