//! The lender's policy: rules, cut-offs, score scaling, grades, and which reasons are stated.

pub mod cut_offs;
pub mod reasons;
pub mod rules;

use crate::{
    domain::{
        application::Application,
        decision::{FiredRule, Outcome, Versioned},
        reason::Reason,
    },
    features::extract::FeatureVector,
    model::{Assessment, Model},
};

/// A checked policy, ready to rule.
#[derive(Debug)]
pub struct Policy {
    identity: Versioned,
}

/// What a policy rules on.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// `None` when only features are known, as in a file of training rows.
    pub application: Option<&'a Application>,
    /// Whole years, at the decision; `None` when no application is known.
    pub applicant_age_years: Option<u32>,
    pub model: &'a Model,
    pub features: &'a FeatureVector,
    pub assessment: &'a Assessment,
}

/// What a policy rules.
#[derive(Debug, Clone, PartialEq)]
pub struct Ruling {
    /// The strictest of the probability's band and everything that fired.
    pub outcome: Outcome,
    pub score: i32,
    pub grade: String,
    /// The guards, then the rules, in the policy's order.
    pub fired: Vec<FiredRule>,
    /// None on an approval; else one to four, most important first.
    pub reasons: Vec<Reason>,
}

/// A policy that cannot be used: everything that is wrong with it, a line each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the policy cannot be used:\n{}", .problems.join("\n"))]
pub struct PolicyError {
    pub problems: Vec<String>,
}

impl Policy {
    /// Reads and checks a policy file.
    ///
    /// # Errors
    /// Everything that is wrong with it, and what to do.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let _ = text;
        unimplemented!()
    }

    /// Name, version and SHA-256 of the file.
    #[must_use]
    pub const fn identity(&self) -> &Versioned {
        &self.identity
    }

    /// Rules on a case.
    #[must_use]
    pub fn rule(&self, case: &Case<'_>) -> Ruling {
        let _ = case;
        unimplemented!()
    }
}
