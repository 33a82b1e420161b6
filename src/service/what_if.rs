//! What another policy would have made of the applications that came in last.

use std::sync::Arc;

use rayon::prelude::*;
use serde::Serialize;

use super::registry::{self, LoadedPolicy, NotKept};
use crate::{
    audit::entry::{Action, Entry},
    decide::{pipeline::Decider, replay::Inputs},
    domain::decision::Outcome,
    model::Model,
    policy::PolicyError,
    storage::{self, Db, Tx, audit, entries},
};

/// How many entries are read at a time.
const CHUNK: u64 = 2_048;

/// Why nothing was compared.
#[derive(Debug, thiserror::Error)]
pub enum WhatIfError {
    #[error("nothing is in force in this database yet: start a server first")]
    NothingInForce,
    #[error(transparent)]
    NotKept(#[from] NotKept),
    /// It names what the model does not have.
    #[error(transparent)]
    Misfit(#[from] PolicyError),
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

/// How many applications of those that were decided again came out how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Outcomes {
    pub approve: u64,
    pub review: u64,
    pub decline: u64,
}

/// The last applications under the policy in force and under another, by the model in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Comparison {
    /// How many were decided again.
    pub applications: u64,
    /// Under the policy that is in force.
    pub in_force: Outcomes,
    /// Under the other.
    pub other: Outcomes,
    /// How many came out otherwise.
    pub changed: u64,
    /// How many the model in force cannot read.
    pub unreadable: u64,
}

impl Outcomes {
    const fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Approve => self.approve += 1,
            Outcome::Review => self.review += 1,
            Outcome::Decline => self.decline += 1,
        }
    }
}

/// Decides the last applications again, at most so many, under the policy in force and under another.
///
/// # Errors
/// The other policy does not fit the model in force, nothing is in force, or the log cannot be read.
pub async fn compare(db: &Db, other: &LoadedPolicy, most: u64) -> Result<Comparison, WhatIfError> {
    let (model, policy) = registry::in_force(db).await?.ok_or(WhatIfError::NothingInForce)??;
    let decider = |policy| Decider::new(Arc::<Model>::clone(&model.model), policy);
    let (in_force, other) = (decider(policy.policy)?, decider(Arc::clone(&other.policy))?);
    let mut tx = db.read().await?;
    let mut comparison = Comparison::default();
    let mut end = audit::head(&mut tx).await?.map_or(0, |head| head.size);
    while end > 0 && comparison.applications + comparison.unreadable < most {
        let first = end.saturating_sub(CHUNK);
        let left = most - comparison.applications - comparison.unreadable;
        let payloads = decided(&mut tx, first, end, left).await?;
        let outcomes: Vec<_> = payloads
            .par_iter()
            .map(|entry| Inputs::parse(entry.payload.get()).ok()?.outcomes([&in_force, &other]))
            .collect();
        comparison.add(&outcomes);
        end = first;
    }
    Ok(comparison)
}

impl Comparison {
    fn add(&mut self, outcomes: &[Option<[Outcome; 2]>]) {
        for outcomes in outcomes {
            let Some([in_force, other]) = outcomes else {
                self.unreadable += 1;
                continue;
            };
            self.applications += 1;
            self.in_force.count(*in_force);
            self.other.count(*other);
            self.changed += u64::from(in_force != other);
        }
    }
}

/// The last decisions by model and policy of a part of the log, at most so many.
async fn decided(tx: &mut Tx, first: u64, end: u64, most: u64) -> Result<Vec<Entry>, storage::Error> {
    let rows = entries::range(tx, first, end).await?;
    let entries = rows.part(0..rows.len()).rev().filter_map(|(_, entry)| serde_json::from_str::<Entry>(entry).ok());
    let decided = entries.filter(|entry| entry.action == Action::ApplicationDecided);
    Ok(decided.take(usize::try_from(most).unwrap_or(usize::MAX)).collect())
}
