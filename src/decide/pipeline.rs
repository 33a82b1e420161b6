//! Application + model + policy + now → decision.

use std::sync::Arc;

use time::Date;

use super::{
    reason_map,
    record::{DecisionRecord, Explanation, PolicyInputs, ScoredApplication, ScoredFeature, plain_zero},
};
use crate::{
    domain::{
        application::Application, decision::Decision, fault::Fault, id::DecisionId, intake::age_years,
        timestamp::Timestamp,
    },
    features::extract::FeatureVector,
    model::{Assessment, Model},
    policy::{Case, Policy, PolicyError, Ruling},
};

/// A model and a policy that fit each other, ready to decide. Cheap to clone and to share.
#[derive(Debug, Clone)]
pub struct Decider {
    model: Arc<Model>,
    policy: Arc<Policy>,
    reason_map_sha256: Arc<str>,
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

/// A ruling on a row or a line of a file, of which nothing is kept.
#[derive(Debug, Clone)]
pub struct DecidedRow {
    pub features: FeatureVector,
    pub assessment: Assessment,
    pub ruling: Ruling,
}

/// What a decision takes: of the applicant the age alone.
#[derive(Debug, Clone)]
pub struct Undecided {
    pub application: Application,
    pub applicant_age_years: u32,
    /// In UTC.
    pub today: Date,
}

/// A step on the way to a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Reading the features, scoring and explaining.
    Score,
    /// Applying the policy.
    Policy,
}

/// What was made of an application before it is written down.
struct Weighed {
    features: FeatureVector,
    assessment: Assessment,
    ruling: Ruling,
}

impl Decider {
    /// Joins a model and a policy.
    ///
    /// # Errors
    /// Everything that a rule asks for and the model does not have.
    pub fn new(model: Arc<Model>, policy: Arc<Policy>) -> Result<Self, PolicyError> {
        policy.check_against(model.schema())?;
        let reason_map_sha256 = reason_map::sha256(&model, &policy).into();
        Ok(Self { model, policy, reason_map_sha256 })
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
        self.decide_watched(application, (id, now), |_| {})
    }

    /// Decides an application as [`Decider::decide`] does, and says at the end of each step that it was taken.
    ///
    /// # Errors
    /// As [`Decider::decide`].
    pub fn decide_watched(
        &self,
        application: &Application,
        (id, now): (DecisionId, Timestamp),
        taken: impl FnMut(Step),
    ) -> Result<Decided, Vec<Fault>> {
        let applicant_age_years = age_years(application.applicant.date_of_birth, now.date());
        let weighed = self.weigh(application, applicant_age_years, now.date(), taken)?;
        Ok(self.write_down(application, applicant_age_years, (id, now), weighed))
    }

    /// Decides an application as [`Decider::decide`] does, of an applicant of whom nothing is known but the age.
    /// What else the application says of the applicant is not looked at.
    ///
    /// # Errors
    /// As [`Decider::decide`].
    pub fn decide_at_age(
        &self,
        application: &Application,
        applicant_age_years: u32,
        id: DecisionId,
        now: Timestamp,
    ) -> Result<Decided, Vec<Fault>> {
        let weighed = self.weigh(application, applicant_age_years, now.date(), |_| {})?;
        Ok(self.write_down(application, applicant_age_years, (id, now), weighed))
    }

    fn write_down(
        &self,
        application: &Application,
        applicant_age_years: u32,
        (id, now): (DecisionId, Timestamp),
        weighed: Weighed,
    ) -> Decided {
        let Weighed { features, assessment, ruling } = weighed;
        let decision = self.decision(id, now, &assessment, ruling);
        let record = DecisionRecord {
            application: ScoredApplication::of(application),
            policy_inputs: PolicyInputs { applicant_age_years },
            features: ScoredFeature::all(&self.model, &features, &assessment),
            baseline: plain_zero(assessment.baseline),
            margin: plain_zero(assessment.margin),
            reason_map_sha256: self.reason_map_sha256.as_ref().to_owned(),
            decision: decision.clone(),
        };
        Decided { decision, record }
    }

    /// Decides an application as [`Decider::decide`] does, as of `today`, and keeps no record: a line of
    /// a file.
    ///
    /// # Errors
    /// As [`Decider::decide`].
    pub fn decide_unrecorded(&self, application: &Application, today: Date) -> Result<DecidedRow, Vec<Fault>> {
        let applicant_age_years = age_years(application.applicant.date_of_birth, today);
        let Weighed { features, assessment, ruling } = self.weigh(application, applicant_age_years, today, |_| {})?;
        Ok(DecidedRow { features, assessment, ruling })
    }

    /// Decides many applications, each as [`Decider::decide_at_age`] does, in order, and keeps no records. `None` stands
    /// for one with faults.
    #[must_use]
    pub fn decide_many<'a>(&self, many: impl Iterator<Item = &'a Undecided> + Clone) -> Vec<Option<DecidedRow>> {
        let extractor = self.model.extractor();
        let read = |undecided: &Undecided| {
            let Undecided { application, today, .. } = undecided;
            extractor.check_application(application).is_empty().then(|| extractor.from_application(application, *today))
        };
        let read: Vec<Option<FeatureVector>> = many.clone().map(read).collect();
        let is_read: Vec<bool> = read.iter().map(Option::is_some).collect();
        let rows: Vec<FeatureVector> = read.into_iter().flatten().collect();
        let mut assessed = self.model.assess_all(&rows).into_iter().zip(rows);
        let decided = many.zip(is_read).map(|(undecided, is_read)| {
            let (assessment, features) = if is_read { assessed.next()? } else { return None };
            let ruling = self.policy.rule(&Case {
                application: Some(&undecided.application),
                applicant_age_years: Some(undecided.applicant_age_years),
                ..self.case(&features, &assessment)
            });
            Some(DecidedRow { features, assessment, ruling })
        });
        decided.collect()
    }

    /// SHA-256 of the map from features and rules to reasons and their texts, in lower-case hexadecimal.
    #[must_use]
    pub fn reason_map_sha256(&self) -> &str {
        &self.reason_map_sha256
    }

    fn weigh(
        &self,
        application: &Application,
        applicant_age_years: u32,
        today: Date,
        mut taken: impl FnMut(Step),
    ) -> Result<Weighed, Vec<Fault>> {
        let extractor = self.model.extractor();
        let faults = extractor.check_application(application);
        if !faults.is_empty() {
            return Err(faults);
        }
        let features = extractor.from_application(application, today);
        let assessment = self.model.assess(&features);
        taken(Step::Score);
        let ruling = self.policy.rule(&Case {
            application: Some(application),
            applicant_age_years: Some(applicant_age_years),
            ..self.case(&features, &assessment)
        });
        taken(Step::Policy);
        Ok(Weighed { features, assessment, ruling })
    }

    /// Decides on features alone: rows of a file, where no application is known, in order.
    ///
    /// A rule about the application has no answer then, which goes to review.
    #[must_use]
    pub fn decide_rows(&self, rows: Vec<FeatureVector>) -> Vec<DecidedRow> {
        let assessments = self.model.assess_all(&rows);
        let decided = rows.into_iter().zip(assessments).map(|(features, assessment)| {
            let ruling = self.policy.rule(&self.case(&features, &assessment));
            DecidedRow { features, assessment, ruling }
        });
        decided.collect()
    }

    fn case<'a>(&'a self, features: &'a FeatureVector, assessment: &'a Assessment) -> Case<'a> {
        Case {
            application: None,
            applicant_age_years: None,
            schema: self.model.schema(),
            reads_bureau: self.model.extractor().reads_bureau(),
            reasons: self.model.reasons(),
            features,
            assessment,
        }
    }

    fn decision(&self, id: DecisionId, now: Timestamp, assessment: &Assessment, ruling: Ruling) -> Decision {
        Decision {
            id,
            outcome: ruling.outcome,
            automatic: true,
            probability_of_default: assessment.default_probability,
            score: ruling.score,
            grade: ruling.grade,
            reasons: ruling.reasons,
            rules: ruling.fired,
            model: self.model.identity().clone(),
            policy: self.policy.identity().clone(),
            decided_at: now,
        }
    }
}

#[cfg(test)]
mod tests;
