//! Application + model + policy + now → decision.

use std::sync::Arc;

use crate::{
    domain::{application::Application, decision::Decision, fault::Fault, id::DecisionId, timestamp::Timestamp},
    features::extract::FeatureVector,
    model::{Assessment, Model},
    policy::{Policy, PolicyError, Ruling},
};

use super::record::{DecisionRecord, Explanation};

/// A model and a policy that fit each other, ready to decide. Cheap to clone and to share.
#[derive(Debug, Clone)]
pub struct Decider {
    model: Arc<Model>,
    policy: Arc<Policy>,
}

/// A decision with all that led to it.
#[derive(Debug, Clone)]
pub struct Decided {
    pub decision: Decision,
    /// What repeats the decision, and explains it.
    pub record: DecisionRecord,
}

impl Decided {
    /// Every feature's value and contribution.
    #[must_use]
    pub fn explanation(&self) -> Explanation {
        self.record.explanation()
    }
}

/// A ruling on features alone.
#[derive(Debug, Clone)]
pub struct DecidedRow {
    pub assessment: Assessment,
    pub ruling: Ruling,
}

impl Decider {
    /// Joins a model and a policy.
    ///
    /// # Errors
    /// Every feature that a rule names and the model does not have.
    pub fn new(model: Arc<Model>, policy: Arc<Policy>) -> Result<Self, PolicyError> {
        Ok(Self { model, policy })
    }

    /// The model that scores.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The policy that rules.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Decides an application: pure, and the same bits for the same arguments.
    ///
    /// # Errors
    /// The faults of an application that lacks what this model reads, or says what it does not know.
    pub fn decide(&self, application: &Application, id: DecisionId, now: Timestamp) -> Result<Decided, Vec<Fault>> {
        let _ = (application, id, now);
        unimplemented!()
    }

    /// Decides on features alone: a row of a file, where no application is known.
    #[must_use]
    pub fn decide_row(&self, features: &FeatureVector) -> DecidedRow {
        let _ = features;
        unimplemented!()
    }
}
