//! The lender's policy: rules, cut-offs, score scaling, grades, and which reasons are stated.
//!
//! The model predicts; the policy decides. A [`Policy`] is a TOML file, checked whole when it loads,
//! and known by its name, its version and the SHA-256 of its bytes. It rules on a [`Case`]: the
//! outcome is the strictest of what the probability's band, the rules that fired and the guards
//! ask for, so that a rule can only make an outcome stricter.

pub mod cut_offs;
mod direct;
mod file;
pub mod grades;
mod guards;
mod lowering;
pub mod reasons;
mod rules;
#[cfg(test)]
mod tests;
mod variables;

use crate::{
    domain::{
        application::Application,
        decision::{FiredRule, Outcome, Versioned},
        reason::{Reason, ReasonCode},
    },
    features::{extract::FeatureVector, schema::Schema},
    model::{Assessment, FeatureReason, scorecard::ScoreScaling},
};
use cut_offs::CutOffs;
use grades::Grades;
use rules::{Answer, Rules};

/// A checked policy, ready to rule.
#[derive(Debug)]
pub struct Policy {
    identity: Versioned,
    cut_offs: CutOffs,
    scaling: ScoreScaling,
    grades: Grades,
    rules: Rules,
}

/// What a policy rules on.
///
/// Invariant: `reasons`, `features` and the contributions are in the order of `schema.features`.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// `None` when only features are known, as in a file of training rows.
    pub application: Option<&'a Application>,
    /// Whole years, at the decision; `None` when no application is known.
    pub applicant_age_years: Option<u32>,
    pub schema: &'a Schema,
    /// Whether the model reads the credit bureau's file.
    pub reads_bureau: bool,
    pub reasons: &'a [FeatureReason],
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

/// A rule, as a person reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleView<'a> {
    pub id: &'a str,
    /// CEL, as it stands in the file.
    pub when: &'a str,
    pub then: Outcome,
    pub reason: &'a ReasonCode,
    /// What the applicant is told.
    pub text: &'a str,
}

/// A policy that cannot be used: everything that is wrong with it, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the policy cannot be used:\n  {}", .problems.join("\n  "))]
pub struct PolicyError {
    /// A sentence for each problem; never empty.
    pub problems: Vec<String>,
}

impl Policy {
    /// Reads and checks a policy file.
    ///
    /// # Errors
    /// Everything that is wrong with it, and what to do.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        file::parse(text)
    }

    /// Name, version and SHA-256 of the file.
    #[must_use]
    pub const fn identity(&self) -> &Versioned {
        &self.identity
    }

    /// The bands of the probability.
    #[must_use]
    pub const fn cut_offs(&self) -> &CutOffs {
        &self.cut_offs
    }

    /// How log-odds become points.
    #[must_use]
    pub const fn scaling(&self) -> &ScoreScaling {
        &self.scaling
    }

    /// The names of ranges of scores.
    #[must_use]
    pub const fn grades(&self) -> &Grades {
        &self.grades
    }

    /// Every rule, in the policy's order.
    pub fn rules(&self) -> impl Iterator<Item = RuleView<'_>> {
        self.rules.iter().map(|rule| RuleView {
            id: &rule.id,
            when: &rule.when,
            then: rule.then,
            reason: &rule.reason,
            text: &rule.text,
        })
    }

    /// The reason of each rule with its text, in the policy's order: what a person may state too.
    pub fn reasons(&self) -> impl Iterator<Item = (&ReasonCode, &str)> {
        self.rules.reasons()
    }

    /// Checks that the rules name only features that a model has, as what they are.
    ///
    /// # Errors
    /// Everything that a rule asks for and the schema does not give.
    pub fn check_against(&self, schema: &Schema) -> Result<(), PolicyError> {
        let problems = self.rules.misfits(schema);
        if problems.is_empty() { Ok(()) } else { Err(PolicyError { problems }) }
    }

    /// Rules on a case.
    #[must_use]
    pub fn rule(&self, case: &Case<'_>) -> Ruling {
        let score = self.scaling.score(case.assessment.margin);
        let band = self.cut_offs.outcome(case.assessment.default_probability);
        let fired = self.fired(case, score);
        let outcome = fired.iter().map(|(rule, _)| rule.outcome).fold(band, Ord::max);
        let decisive = fired.iter().filter(|(rule, _)| rule.outcome == outcome);
        let reasons = reasons::stated(outcome, band, decisive.map(|(_, reason)| reason.clone()).collect(), case);
        let fired = fired.into_iter().map(|(rule, _)| rule).collect();
        Ruling { outcome, score, grade: self.grades.of(score).to_owned(), fired, reasons }
    }

    /// Everything that fired, with its reason.
    fn fired(&self, case: &Case<'_>, score: i32) -> Vec<(FiredRule, Reason)> {
        let review = |(id, reason)| (FiredRule { id, outcome: Outcome::Review }, reason);
        let mut fired: Vec<_> = guards::of(case).into_iter().map(review).collect();
        for (rule, answer) in self.rules.answers(case, score) {
            match answer {
                Answer::Silent => {}
                Answer::NotEvaluated => fired.push(review(guards::of_unanswered(&rule.id))),
                Answer::Fired => {
                    let reason = Reason {
                        code: rule.reason.clone(),
                        text: rule.text.clone(),
                        feature: None,
                        contribution: None,
                    };
                    fired.push((FiredRule { id: rule.id.clone(), outcome: rule.then }, reason));
                }
            }
        }
        fired
    }
}
