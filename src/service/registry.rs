//! Keeping the models and policies that decide, and finding them again by the hash that a decision names.

use std::sync::Arc;

use super::{
    activations::{self, Kind},
    models::LoadedModel,
    promotion::{self, PromotionError},
};
use crate::{
    decide::pipeline::Decider,
    domain::timestamp::Timestamp,
    policy::Policy,
    storage::{
        self, Db, Tx,
        registry::{self, KeptModel, KeptPolicy},
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
///
/// # Errors
/// One of them is kept under its version with other bytes.
pub async fn keep(db: &Db, model: &LoadedModel, policy: &LoadedPolicy, now: Timestamp) -> Result<(), PromotionError> {
    let mut tx = db.write().await?;
    promotion::keep_model(&mut tx, now, model).await?;
    promotion::keep_policy(&mut tx, now, policy).await?;
    Ok(tx.commit().await?)
}

/// What is in force in a database, checked whole; `None` where nothing is yet.
pub async fn in_force(db: &Db) -> Result<Option<Result<(LoadedModel, LoadedPolicy), NotKept>>, storage::Error> {
    let mut tx = db.read().await?;
    let model = activations::history(&mut tx, Kind::Model).await?.into_iter().next();
    let policy = activations::history(&mut tx, Kind::Policy).await?.into_iter().next();
    let Some((model, policy)) = model.zip(policy) else { return Ok(None) };
    Ok(Some(pair(&mut tx, &model.what.sha256, &policy.what.sha256).await?.and_then(KeptPair::load)))
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
    Ok(pair(tx, model_sha256, policy_sha256).await?.and_then(KeptPair::check))
}

/// A model and a policy as they are kept, not looked at yet.
#[derive(Debug)]
pub struct KeptPair {
    model_sha256: String,
    policy_sha256: String,
    model: Result<KeptModel, String>,
    policy: Result<KeptPolicy, String>,
}

/// Reads what is kept under the hashes of a model and a policy.
pub async fn pair(
    tx: &mut Tx,
    model_sha256: &str,
    policy_sha256: &str,
) -> Result<Result<KeptPair, NotKept>, storage::Error> {
    let model = match registry::model(tx, model_sha256).await {
        Ok(Some(kept)) => Ok(kept),
        Ok(None) => return Ok(Err(NotKept::NoModel(model_sha256.to_owned()))),
        Err(error @ storage::Error::Corrupt { .. }) => Err(error.to_string()),
        Err(error) => return Err(error),
    };
    let policy = match registry::policy(tx, policy_sha256).await {
        Ok(Some(kept)) => Ok(kept),
        Ok(None) => return Ok(Err(NotKept::NoPolicy(policy_sha256.to_owned()))),
        Err(error @ storage::Error::Corrupt { .. }) => Err(error.to_string()),
        Err(error) => return Err(error),
    };
    let (model_sha256, policy_sha256) = (model_sha256.to_owned(), policy_sha256.to_owned());
    Ok(Ok(KeptPair { model_sha256, policy_sha256, model, policy }))
}

impl KeptPair {
    /// Checks both whole. Takes as long as computing every parity vector.
    pub fn load(self) -> Result<(LoadedModel, LoadedPolicy), NotKept> {
        let other = |found: &str| format!("its hash is {found}");
        let (model_sha256, policy_sha256) = (self.model_sha256, self.policy_sha256);
        let model = self.model.and_then(|kept| {
            let model = LoadedModel::from_kept(kept).map_err(|error| error.to_string())?;
            let found = &model.kept.identity.sha256;
            if *found == model_sha256 { Ok(model) } else { Err(other(found)) }
        });
        let policy = self.policy.and_then(|kept| {
            let policy = parse_policy(&kept.text)?;
            let found = &policy.kept.identity.sha256;
            if *found == policy_sha256 { Ok(policy) } else { Err(other(found)) }
        });
        Ok((
            model.map_err(|what| NotKept::OtherModel { sha256: model_sha256, what })?,
            policy.map_err(|what| NotKept::OtherPolicy { sha256: policy_sha256, what })?,
        ))
    }

    /// Checks both whole, and that they fit.
    pub fn check(self) -> Result<Decider, NotKept> {
        let (model, policy) = self.load()?;
        Decider::new(model.model, policy.policy).map_err(|error| NotKept::Misfit {
            model: model.kept.identity.sha256.clone(),
            policy: policy.kept.identity.sha256.clone(),
            what: error.to_string(),
        })
    }
}

fn parse_policy(text: &[u8]) -> Result<LoadedPolicy, String> {
    let text = std::str::from_utf8(text).map_err(|_| "it is not text".to_owned())?;
    LoadedPolicy::parse(text).map_err(|error| error.to_string())
}
