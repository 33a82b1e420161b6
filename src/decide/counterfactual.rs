//! What would have to be otherwise for another answer.
//!
//! Every answer here is given by the pipeline that decides, as of the day of the decision: nothing is inferred from
//! contributions. Amounts are tried one by one from the top, so that what is found holds for policies and models in which
//! a smaller loan is not always the better one.

use super::{
    pipeline::{Decided, DecidedRow, Decider, Undecided},
    record::DecisionRecord,
    replay::of_nobody,
};
use crate::domain::{
    application::Application, decision::Outcome, fault::Fault, id::DecisionId, money::Money, probability::Probability,
    timestamp::Timestamp,
};

/// An application that was decided, to be decided again with something changed.
#[derive(Debug, Clone)]
pub struct Question<'a> {
    decider: &'a Decider,
    undecided: Undecided,
    id: DecisionId,
    decided_at: Timestamp,
}

/// What would be answered to a loan.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Answer {
    pub amount: Money,
    pub term_months: u16,
    pub outcome: Outcome,
    pub default_probability: Probability,
    pub score: i32,
}

/// The largest amount at which a loan over this term would be approved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Offer {
    pub term_months: u16,
    /// `None` when it would be at none of those that were tried.
    pub answer: Option<Answer>,
}

/// What comes of trying amounts and terms.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// For each term, in the order given.
    pub offers: Vec<Offer>,
    /// Whether any of them changes anything: the outcome or the probability.
    pub matters: bool,
    /// The largest amount that was tried.
    pub top: Money,
}

/// Something besides the loan that an applicant may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lever {
    /// Debts are paid off, and cost less a month.
    MonthlyDebts,
    /// Balances on revolving accounts are paid down, and their share of the limits with them.
    RevolvingBalances,
}

/// The least change of one thing alone with which the loan as asked for would be approved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    pub lever: Lever,
    pub from: Money,
    /// What it would have to come down to; `None` when that alone would not be enough.
    pub to: Option<(Money, Answer)>,
    /// The score with as little of it as was tried.
    pub best_score: i32,
}

/// At most so many amounts are tried between the top and nothing.
const MOST_AMOUNTS: i64 = 150;
/// So many are decided at a time: the first of them that is approved ends the search.
const BLOCK: usize = 32;

impl<'a> Question<'a> {
    /// Takes up a decision; `decider` is what made it.
    #[must_use]
    pub fn of(decider: &'a Decider, record: &DecisionRecord) -> Self {
        let decided_at = record.decision.decided_at;
        let undecided = Undecided {
            application: of_nobody(record.application.clone()),
            applicant_age_years: record.policy_inputs.applicant_age_years,
            today: decided_at.date(),
        };
        Self { decider, undecided, id: record.decision.id, decided_at }
    }

    /// Decides another loan to the same applicant on the same day.
    ///
    /// # Errors
    /// The faults of an amount or a term that the model does not read.
    pub fn decide(&self, amount: Money, term_months: u16) -> Result<Decided, Vec<Fault>> {
        let Undecided { application, applicant_age_years, .. } = self.with_loan(amount, term_months);
        self.decider.decide_at_age(&application, applicant_age_years, self.id, self.decided_at)
    }

    /// Looks for the largest amount that would be approved, for each of these terms: from `top` down.
    #[must_use]
    pub fn largest_approved(&self, terms: &[u16], top: Money) -> Search {
        let as_decided = self.answers(std::slice::from_ref(&self.undecided)).pop().flatten();
        let mut matters = false;
        let mut offer = |term_months: u16| {
            for block in amounts(top).chunks(BLOCK) {
                let loans: Vec<_> = block.iter().map(|amount| self.with_loan(*amount, term_months)).collect();
                for answer in self.answers(&loans).into_iter().flatten() {
                    matters |= as_decided.is_none_or(|then| differs(&then, &answer));
                    if answer.outcome == Outcome::Approve {
                        return Offer { term_months, answer: Some(answer) };
                    }
                }
            }
            Offer { term_months, answer: None }
        };
        let offers = terms.iter().map(|term| offer(*term)).collect();
        Search { offers, matters, top }
    }

    /// Looks for what else would be enough by itself, of an application that was not approved. What changes nothing is left
    /// out.
    #[must_use]
    pub fn changes(&self) -> Vec<Change> {
        let as_decided = self.answers(std::slice::from_ref(&self.undecided)).pop().flatten();
        let Some(as_decided) = as_decided.filter(|answer| answer.outcome != Outcome::Approve) else {
            return Vec::new();
        };
        let levers = [Lever::MonthlyDebts, Lever::RevolvingBalances].into_iter();
        levers.filter_map(|lever| self.change(lever, &as_decided)).collect()
    }

    fn change(&self, lever: Lever, as_decided: &Answer) -> Option<Change> {
        let from = lever.now(&self.undecided.application)?;
        let lower = amounts(from);
        let tried: Vec<Undecided> = lower
            .iter()
            .map(|to| {
                let mut changed = self.undecided.clone();
                lever.set(&mut changed.application, *to);
                changed
            })
            .collect();
        let answers = self.answers(&tried);
        let last = answers.last().copied().flatten()?;
        if !answers.iter().flatten().any(|answer| differs(as_decided, answer)) {
            return None;
        }
        let enough = lower.into_iter().zip(answers).find_map(|(to, answer)| {
            answer.filter(|answer| answer.outcome == Outcome::Approve).map(|answer| (to, answer))
        });
        Some(Change { lever, from, to: enough, best_score: last.score })
    }

    fn with_loan(&self, amount: Money, term_months: u16) -> Undecided {
        let mut changed = self.undecided.clone();
        (changed.application.loan.amount, changed.application.loan.term_months) = (amount, term_months);
        changed
    }

    /// `None` stands for one that the model cannot read.
    fn answers(&self, asked: &[Undecided]) -> Vec<Option<Answer>> {
        let answer = |(undecided, row): (&Undecided, Option<DecidedRow>)| {
            let DecidedRow { assessment, ruling, .. } = row?;
            Some(Answer {
                amount: undecided.application.loan.amount,
                term_months: undecided.application.loan.term_months,
                outcome: ruling.outcome,
                default_probability: assessment.default_probability,
                score: ruling.score,
            })
        };
        asked.iter().zip(self.decider.decide_many(asked.iter())).map(answer).collect()
    }
}

fn differs(one: &Answer, other: &Answer) -> bool {
    one.outcome != other.outcome || one.default_probability != other.default_probability
}

impl Lever {
    /// What it is now; `None` where there is nothing to change.
    fn now(self, application: &Application) -> Option<Money> {
        let now = match self {
            Self::MonthlyDebts => application.finances.as_ref()?.monthly_debt_payments,
            Self::RevolvingBalances => application.bureau.as_ref()?.revolving_balance,
        };
        (now.minor() > 0).then_some(now)
    }

    fn set(self, application: &mut Application, to: Money) {
        match self {
            Self::MonthlyDebts => {
                if let Some(finances) = &mut application.finances {
                    finances.monthly_debt_payments = to;
                }
            }
            Self::RevolvingBalances => {
                if let Some(bureau) = &mut application.bureau {
                    let share = to.as_f64() / bureau.revolving_balance.as_f64();
                    bureau.revolving_utilization = bureau.revolving_utilization.map(|utilization| utilization * share);
                    bureau.revolving_balance = to;
                }
            }
        }
    }
}

/// The smallest of 1, 2, 5, 10, 20, 50 … minor units that parts an amount into at most so many steps.
#[must_use]
pub fn round_step(amount: Money, most_steps: i64) -> i64 {
    let least = amount.minor().div_euclid(most_steps.max(1)) + i64::from(amount.minor() % most_steps.max(1) != 0);
    let steps = std::iter::successors(Some((1_i64, 0)), |(step, place)| {
        let next = if place % 3 == 1 { step / 2 * 5 } else { step * 2 };
        Some((next, place + 1))
    });
    steps.map(|(step, _)| step).find(|step| *step >= least).unwrap_or(1)
}

/// Amounts to try: `top`, then every round one below it, descending, above zero.
fn amounts(top: Money) -> Vec<Money> {
    let step = round_step(top, MOST_AMOUNTS);
    let highest = (top.minor() - 1).max(0) / step;
    let rounds = (1..=highest).rev().filter_map(|steps| Money::from_minor(steps * step));
    std::iter::once(top).chain(rounds).collect()
}

#[cfg(test)]
mod tests;
