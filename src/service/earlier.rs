//! What decided earlier: for showing a decision as it was made, long after another model or policy was put into force.

use std::sync::{Mutex, PoisonError};

use super::{App, blocking::off_the_runtime, registry};
use crate::{
    decide::pipeline::Decider,
    domain::decision::{Decision, Versioned},
    storage,
};

/// How many pairs are held ready. Pages that look further back load them anew.
const MOST: usize = 4;

/// Pairs of a model and a policy that were asked for, the latest last.
#[derive(Debug, Default)]
pub(super) struct Earlier(Mutex<Vec<Decider>>);

impl Earlier {
    fn find(&self, decision: &Decision) -> Option<Decider> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = held.iter().position(|decider| decided(decider, decision))?;
        let found = held.remove(place);
        held.push(found.clone());
        Some(found)
    }

    fn keep(&self, decider: Decider) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= MOST {
            held.remove(0);
        }
        held.push(decider);
    }
}

/// The model and policy that a decision names, checked whole when they are not in force any more; `None` when they
/// cannot be found again.
pub async fn decider_of(app: &App, decision: &Decision) -> Result<Option<Decider>, storage::Error> {
    let in_force = app.last_in_force();
    if decided(in_force.decider(), decision) {
        return Ok(Some(in_force.decider().clone()));
    }
    if let Some(found) = app.earlier().find(decision) {
        return Ok(Some(found));
    }
    let mut tx = app.db().read().await?;
    let pair = registry::pair(&mut tx, &decision.model.sha256, &decision.policy.sha256).await?;
    drop(tx);
    let pair = match pair {
        Ok(pair) => pair,
        Err(why) => return Ok(lost(&why.to_string(), &decision.model)),
    };
    match off_the_runtime(|| pair.check()).await {
        Ok(decider) => {
            app.earlier().keep(decider.clone());
            Ok(Some(decider))
        }
        Err(why) => Ok(lost(&why.to_string(), &decision.model)),
    }
}

fn lost(why: &str, model: &Versioned) -> Option<Decider> {
    tracing::warn!(why, model = model.name, "what decided an application cannot be shown any more");
    None
}

fn decided(decider: &Decider, decision: &Decision) -> bool {
    let (model, policy) = (decider.model().identity(), decider.policy().identity());
    model.sha256 == decision.model.sha256 && policy.sha256 == decision.policy.sha256
}
