//! The answer to another amount and term, beside the decision that was made.

use std::cmp::Reverse;

use crate::{
    decide::{counterfactual::Question, pipeline::Decider, record::DecisionRecord},
    domain::{
        decision::{FiredRule, Outcome},
        money::Money,
    },
    http::console::{
        format::{grouped, money, percent},
        texts::Texts,
        translated::Translated,
    },
};

/// So many factors that moved are shown.
const MOST_MOVED: usize = 4;

/// What came of it.
#[derive(Debug)]
pub enum Tried {
    Answered(Box<Answered>),
    /// What is wrong with the amount or the term.
    Refused(Vec<String>),
}

/// An answer.
#[derive(Debug)]
pub struct Answered {
    pub outcome: Outcome,
    /// All of it in a sentence, for whoever hears the page.
    pub said: String,
    pub loan: String,
    pub score: String,
    /// By how much it is another score than the one that was decided; empty when it is the same.
    pub moved: String,
    pub is_worse: bool,
    pub grade: String,
    pub probability: String,
    /// The factors that moved the score, the strongest first.
    pub factors: Vec<Moved>,
    pub rules: Vec<FiredRule>,
    pub reasons: Vec<Translated>,
}

/// A factor, and by how many points it moved the score.
#[derive(Debug)]
pub struct Moved {
    pub label: String,
    pub from: String,
    pub to: String,
    pub points: String,
    pub is_worse: bool,
}

impl Tried {
    /// Decides the loan by what decided the application, as of its day.
    #[must_use]
    pub fn of((decider, then): (&Decider, &DecisionRecord), amount: Money, term_months: u16, t: Texts) -> Self {
        match Question::of(decider, then).decide(amount, term_months) {
            Ok(decided) => Self::Answered(Box::new(Answered::of(decider, then, &decided.record, t))),
            Err(faults) => Self::Refused(faults.iter().map(|fault| fault.message.clone()).collect()),
        }
    }
}

impl Answered {
    fn of(decider: &Decider, then: &DecisionRecord, now: &DecisionRecord, t: Texts) -> Self {
        let (decision, loan) = (&now.decision, &now.application.loan);
        let moved = i64::from(decision.score) - i64::from(then.decision.score);
        let loan = t.casework_loan(money(loan.amount.minor(), &loan.currency), loan.term_months.to_string());
        let probability = percent(decision.probability_of_default.value());
        Self {
            outcome: decision.outcome,
            said: t.what_if_said(loan.as_str(), t.outcome(decision.outcome), probability.as_str(), decision.score),
            loan,
            score: decision.score.to_string(),
            moved: if moved == 0 { String::new() } else { signed_points(moved) },
            is_worse: moved < 0,
            grade: decision.grade.clone(),
            probability,
            factors: factors(decider, then, now, t),
            rules: decision.rules.clone(),
            reasons: decision.reasons.iter().map(|reason| t.stated(reason)).collect(),
        }
    }
}

/// The factors whose points are others, which sum to the difference of the scores.
fn factors(decider: &Decider, then: &DecisionRecord, now: &DecisionRecord, t: Texts) -> Vec<Moved> {
    let points = |record: &DecisionRecord| {
        let contributions: Vec<f64> = record.features.iter().map(|scored| scored.contribution).collect();
        decider.policy().scaling().breakdown(record.baseline, &contributions, record.margin).parts
    };
    let schema = decider.model().schema();
    let differences = points(now).into_iter().zip(points(then)).map(|(now, then)| now - then);
    let mut moved: Vec<(i64, usize)> = differences.zip(0..).filter(|(points, _)| *points != 0).collect();
    moved.sort_by_key(|(points, index)| (Reverse(points.abs()), *index));
    moved.truncate(MOST_MOVED);
    let factor = |(points, index): (i64, usize)| Moved {
        label: t.factor_of(&now.features[index].feature, schema).text,
        from: t.factor_value(&then.features[index].value),
        to: t.factor_value(&now.features[index].value),
        points: signed_points(points),
        is_worse: points < 0,
    };
    moved.into_iter().map(factor).collect()
}

fn signed_points(points: i64) -> String {
    let written = grouped(&points.to_string());
    if points > 0 { format!("+{written}") } else { written }
}
