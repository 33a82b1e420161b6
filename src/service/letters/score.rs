//! What a letter says of the score: the number, within which bounds it could have been, and what lowered it.

use crate::{
    decide::{pipeline::Decider, record::DecisionRecord},
    domain::{id::ApplicationId, principal::Principal, reason::Reason, timestamp::Timestamp},
    features::extract::FeatureVector,
    policy::reasons::{MOST_STATED, raised},
    service::{App, applications, applications::ReadError, earlier},
};

/// Named beside the others when it lowered the score at all, however many do (15 U.S.C. 1681g(f)(9)).
const INQUIRIES: &str = "UW-INQUIRIES";

/// The score that an application was given, as 15 U.S.C. 1681g(f)(1) has it disclosed.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreFacts {
    pub score: i32,
    /// No applicant of this model and policy can have a lower score, and none a higher one than `greatest`.
    pub least: i32,
    pub greatest: i32,
    /// What lowered it, the strongest first: at most four, and inquiries where they did.
    pub key_factors: Vec<Reason>,
    pub computed_at: Timestamp,
}

/// Reads them from the decision by model and policy, with the very model and policy that made it.
pub(super) async fn facts(app: &App, who: &Principal, id: ApplicationId) -> Result<ScoreFacts, ReadError> {
    let record = applications::record(app, who, id).await?;
    let decider = earlier::decider_of(app, &record.decision).await?;
    let decider = decider.ok_or_else(|| {
        ReadError::Contradicted("the model and the policy that decided are not kept any more".to_owned())
    })?;
    of(&decider, &record)
}

fn of(decider: &Decider, record: &DecisionRecord) -> Result<ScoreFacts, ReadError> {
    let (model, scaling) = (decider.model(), decider.policy().scaling());
    let schema = model.schema();
    let values = record.features.iter().enumerate().map(|(index, one)| schema.raw_value(index, &one.value));
    let values: Option<Vec<f64>> = values.collect();
    let same = record.features.iter().map(|one| &one.feature).eq(schema.features.iter().map(|one| &one.name));
    let values = values.filter(|_| same).ok_or_else(|| {
        ReadError::Contradicted("a decision's features are not those of the model that it names".to_owned())
    })?;
    let contributions: Vec<f64> = record.features.iter().map(|one| one.contribution).collect();
    let values = FeatureVector::new(values);
    let all = raised(schema, model.reasons(), &values, &contributions);
    let (least, greatest) = model.margin_bounds();
    Ok(ScoreFacts {
        score: record.decision.score,
        least: scaling.score(greatest),
        greatest: scaling.score(least),
        key_factors: key_factors(all),
        computed_at: record.decision.decided_at,
    })
}

fn key_factors(all: impl Iterator<Item = Reason>) -> Vec<Reason> {
    let mut named: Vec<Reason> = all.collect();
    let beyond = named.split_off(MOST_STATED.min(named.len()));
    named.extend(beyond.into_iter().find(|reason| reason.code.as_str() == INQUIRIES));
    named
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::reason::ReasonCode;

    #[test]
    fn four_factors_are_named_and_inquiries_as_a_fifth() {
        let named = |codes: &[&str]| {
            let reason = |code: &&str| Reason {
                code: ReasonCode::new(*code).expect("a code"),
                text: String::new(),
                feature: None,
                contribution: None,
            };
            let named = key_factors(codes.iter().map(reason));
            named.into_iter().map(|reason| reason.code.as_str().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(named(&["A-1", "A-2"]), ["A-1", "A-2"]);
        assert_eq!(named(&["A-1", "A-2", "A-3", "A-4", "A-5", INQUIRIES]), ["A-1", "A-2", "A-3", "A-4", INQUIRIES]);
        assert_eq!(named(&[INQUIRIES, "A-2", "A-3", "A-4", "A-5"]), [INQUIRIES, "A-2", "A-3", "A-4"]);
    }
}
