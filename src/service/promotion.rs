//! Putting a model or a policy into force, and going back.
//!
//! What is promoted is kept whole, read back from where every server will read it, and checked there with the other
//! part, before the log says that it is in force: all in one transaction.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    App,
    activations::{self, Activation, Cause, Kind, NewActivation},
    custody::Caller,
    models::LoadedModel,
    recorder::LoneEntry,
    registry::{self, LoadedPolicy, NotKept},
};
use crate::{
    domain::{
        decision::{AuditRef, Versioned},
        timestamp::Timestamp,
    },
    model::bundle::sha256_hex,
    storage::{self, Db, Tx, registry as table, registry::KeptModel},
};

/// Why nothing was put into force. Nothing was kept either.
#[derive(Debug, thiserror::Error)]
pub enum PromotionError {
    /// A version never changes.
    #[error(
        "{kind} {name}@{version} is kept with other bytes (sha256 {kept}): a version never changes; give this one \
         another version"
    )]
    OtherBytes { kind: &'static str, name: String, version: String, kept: String },
    /// No such model is kept.
    #[error("no model {0} is kept: `underwright models list` shows those that are")]
    NoModel(String),
    /// The log has no earlier model.
    #[error("there is nothing to go back to: no other model was in force before this one")]
    NothingBefore,
    /// One part alone cannot decide.
    #[error("nothing is in force yet: start a server, or promote a model together with a policy (--policy)")]
    NothingInForce,
    #[error(transparent)]
    Refused(#[from] NotKept),
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

/// What is to be put into force.
#[derive(Debug, Clone, Copy)]
pub enum Promotion<'a> {
    /// A bundle, alone or with the policy that goes with it.
    Bundle(&'a LoadedModel, Option<&'a LoadedPolicy>),
    /// A model that is kept, by name and version.
    Kept { name: &'a str, version: &'a str },
    /// The model that was in force before the one that is.
    Back,
    /// A policy.
    Policy(&'a LoadedPolicy),
}

/// What is in force now, and what changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Promoted {
    pub model: Versioned,
    pub policy: Versioned,
    /// The entries of what changed; empty when it was in force already.
    pub audit: Vec<AuditRef>,
}

/// What would be in force, by hash.
struct Wanted {
    model: Option<Versioned>,
    files: BTreeMap<String, String>,
    policy: Option<Versioned>,
}

/// Puts something into force: for every server that shares the database, from the next decision on.
///
/// # Errors
/// As [`PromotionError`]: what does not check, does not fit or has changed under its version is not put into force.
pub async fn promote(
    db: &Db,
    now: Timestamp,
    caller: Caller<'_>,
    promotion: Promotion<'_>,
) -> Result<Promoted, PromotionError> {
    let mut change = LoneEntry::begin(db, now).await?;
    let now = change.now();
    let tx = change.tx();
    let models = activations::history(tx, Kind::Model).await?;
    let policies = activations::history(tx, Kind::Policy).await?;
    let (model_before, policy_before) = (models.first().map(what), policies.first().map(what));
    let Wanted { model, files, policy } = keep(tx, now, promotion, &models).await?;
    let model = model.as_ref().or(model_before).ok_or(PromotionError::NothingInForce)?;
    let policy = policy.as_ref().or(policy_before).ok_or(PromotionError::NothingInForce)?;
    let decider = registry::decider(tx, &model.sha256, &policy.sha256).await??;
    // Named as the files say it, not as a row does.
    let (model, policy) = (decider.model().identity(), decider.policy().identity());
    let cause = match promotion {
        Promotion::Bundle(..) | Promotion::Kept { .. } => Cause::Promoted,
        Promotion::Back => Cause::RolledBack,
        Promotion::Policy(_) => Cause::Published,
    };
    let parts = [
        NewActivation { kind: Kind::Model, what: model, cause, replaces: model_before, files },
        NewActivation { kind: Kind::Policy, what: policy, cause, replaces: policy_before, files: BTreeMap::new() },
    ];
    let mut audit = Vec::new();
    for new in parts.iter().filter(|new| new.replaces != Some(new.what)) {
        let subject = new.subject();
        audit.push(change.add(new.facts(caller.who, caller.request_id, &subject), &new.payload()?)?);
    }
    if !audit.is_empty() {
        change.finish().await?;
    }
    Ok(Promoted { model: model.clone(), policy: policy.clone(), audit })
}

/// As [`promote`], asked of a server, which takes it up at once.
///
/// # Errors
/// As [`promote`].
pub async fn promote_on(app: &App, caller: Caller<'_>, promotion: Promotion<'_>) -> Result<Promoted, PromotionError> {
    let promoted = promote(app.db(), app.clock().now(), caller, promotion).await?;
    app.look_for_what_is_in_force().await?;
    Ok(promoted)
}

fn what(activation: &Activation) -> &Versioned {
    &activation.what
}

/// Keeps what is new, and says what is wanted.
async fn keep(
    tx: &mut Tx,
    now: Timestamp,
    promotion: Promotion<'_>,
    models: &[Activation],
) -> Result<Wanted, PromotionError> {
    let mut wanted = Wanted { model: None, files: BTreeMap::new(), policy: None };
    let sha256 = match promotion {
        Promotion::Bundle(model, policy) => {
            keep_model(tx, now, model).await?;
            if let Some(policy) = policy {
                keep_policy(tx, now, policy).await?;
                wanted.policy = Some(policy.kept.identity.clone());
            }
            model.kept.identity.sha256.clone()
        }
        Promotion::Policy(policy) => {
            keep_policy(tx, now, policy).await?;
            wanted.policy = Some(policy.kept.identity.clone());
            return Ok(wanted);
        }
        Promotion::Kept { name, version } => table::model_of_version(tx, name, version)
            .await?
            .ok_or_else(|| PromotionError::NoModel(format!("{name}@{version}")))?,
        Promotion::Back => {
            let current = models.first().ok_or(PromotionError::NothingBefore)?;
            let before = models.iter().find(|earlier| earlier.what != current.what);
            before.ok_or(PromotionError::NothingBefore)?.what.sha256.clone()
        }
    };
    let kept = table::model(tx, &sha256).await?.ok_or(NotKept::NoModel(sha256))?;
    wanted.files = sums(&kept);
    wanted.model = Some(kept.identity);
    Ok(wanted)
}

/// The SHA-256 of each file of a bundle, by name.
pub(super) fn sums(kept: &KeptModel) -> BTreeMap<String, String> {
    let report = kept.report_html.as_ref().map(|report| ("report.html", report.as_bytes()));
    let files = [
        ("card.md", kept.card_md.as_bytes()),
        ("model.json", kept.model_json.as_slice()),
        ("parity.jsonl", kept.parity_jsonl.as_slice()),
    ];
    files.into_iter().chain(report).map(|(name, bytes)| (name.to_owned(), sha256_hex(bytes))).collect()
}

pub(super) async fn keep_model(tx: &mut Tx, now: Timestamp, model: &LoadedModel) -> Result<(), PromotionError> {
    let Versioned { name, version, sha256 } = &model.kept.identity;
    let there = table::model_of_version(tx, name, version).await?;
    same_bytes(Kind::Model, &model.kept.identity, there.filter(|there| there != sha256))?;
    Ok(table::keep_model(tx, &model.kept, now).await?)
}

pub(super) async fn keep_policy(tx: &mut Tx, now: Timestamp, policy: &LoadedPolicy) -> Result<(), PromotionError> {
    let Versioned { name, version, sha256 } = &policy.kept.identity;
    let there = table::policy_of_version(tx, name, version).await?;
    same_bytes(Kind::Policy, &policy.kept.identity, there.filter(|there| there != sha256))?;
    Ok(table::keep_policy(tx, &policy.kept, now).await?)
}

fn same_bytes(kind: Kind, identity: &Versioned, other: Option<String>) -> Result<(), PromotionError> {
    let Versioned { name, version, .. } = identity.clone();
    other.map_or(Ok(()), |kept| Err(PromotionError::OtherBytes { kind: kind.as_str(), name, version, kept }))
}
