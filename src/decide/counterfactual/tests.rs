use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{domain::intake, model::Model, policy::Policy};

/// The shipped model and policy.
static DECIDER: LazyLock<Decider> = LazyLock::new(|| {
    let model = Model::without_parity(include_bytes!("../../../models/personal-loan/1/model.json")).expect("sound");
    let policy = Policy::parse(include_str!("../../../config/policy.toml")).expect("sound");
    Decider::new(Arc::new(model), Arc::new(policy)).expect("they fit")
});

/// What changes from one applicant to the next.
#[derive(Debug, Clone, Copy)]
struct Case {
    amount: i64,
    term: u16,
    income: i64,
    debts: i64,
    utilization: f64,
}

impl Default for Case {
    fn default() -> Self {
        Self { amount: 2_000_000, term: 60, income: 5_000_000, debts: 90_000, utilization: 0.6 }
    }
}

fn record(decider: &Decider, case: Case) -> DecisionRecord {
    let Case { amount, term, income, debts, utilization } = case;
    let json = serde_json::json!({
        "applicant": {"reference": "C-1", "given_name": "Zaphira", "family_name": "Quux", "date_of_birth": "1988-03-14"},
        "loan": {"amount": amount, "currency": "USD", "term_months": term, "purpose": "debt_consolidation"},
        "employment": {"years": 4},
        "finances": {"annual_income": income, "income_verification": "source_verified", "home_ownership": "rent",
                     "monthly_debt_payments": debts},
        "bureau": {"delinquencies_24m": 0, "inquiries_6m": 1, "months_since_delinquency": null,
                   "months_since_public_record": null, "open_accounts": 9, "total_accounts": 21, "public_records": 0,
                   "bankruptcies": 0, "revolving_balance": 1_400_000, "revolving_utilization": utilization,
                   "first_credit_line": "2004-06-01"},
        "attributes": {},
    });
    let now = Timestamp::parse("2026-11-22T13:00:00Z").expect("an instant");
    let application = intake::parse(json.to_string().as_bytes(), now.date()).expect("valid");
    decider.decide(&application, DecisionId::new(Uuid::nil()), now).expect("no faults").record
}

fn money(minor: i64) -> Money {
    Money::from_minor(minor).expect("an amount")
}

#[test]
fn asked_as_it_was_decided_it_is_the_decision_that_was_made() {
    let record = record(&DECIDER, Case::default());
    let again = Question::of(&DECIDER, &record).decide(record.application.loan.amount, 60).expect("no faults");
    assert_eq!(again.record, record);
    let longest = Question::of(&DECIDER, &record).decide(record.application.loan.amount, 480).expect("it is read");
    assert!(longest.decision.rules.iter().any(|rule| rule.id.starts_with("outside-training-range")));
}

#[test]
fn a_smaller_loan_or_less_debt_that_would_be_approved_is_found() {
    let record = record(&DECIDER, Case::default());
    assert_eq!(record.decision.outcome, Outcome::Review);
    let question = Question::of(&DECIDER, &record);
    let search = question.largest_approved(&[60, 36], money(2_000_000));
    assert!(search.matters);
    let [long, short] = search.offers[..] else { panic!("an offer for each term") };
    let short = short.answer.expect("an amount");
    assert!(long.answer.is_none_or(|long| long.amount <= short.amount), "a shorter term is never the riskier one");
    assert_eq!(question.decide(short.amount, 36).expect("no faults").decision.score, short.score);
    assert_eq!(short.amount, money(2_000_000), "over 36 months it would be approved as asked for");
    for change in question.changes() {
        assert!(change.to.is_none_or(|(to, answer)| to < change.from && answer.outcome == Outcome::Approve));
        assert!(change.best_score >= record.decision.score, "paying debts never lowers the score");
    }
}

#[test]
fn a_loan_that_no_amount_helps_has_no_offer_and_one_that_nothing_moves_is_said_to_be_so() {
    // Six of ten dollars go to debts: the policy declines whatever the amount.
    let record_of = |policy: &str| {
        let policy = Policy::parse(policy).expect("a policy");
        let model = Model::without_parity(include_bytes!("../../../models/personal-loan/1/model.json")).expect("sound");
        let decider = Decider::new(Arc::new(model), Arc::new(policy)).expect("they fit");
        let record = record(&decider, Case { debts: 300_000, ..Case::default() });
        (decider, record)
    };
    let (decider, record) = record_of(include_str!("../../../config/policy.toml"));
    assert_eq!(record.decision.outcome, Outcome::Decline);
    let search = Question::of(&decider, &record).largest_approved(&[36, 60], money(2_000_000));
    assert!(search.offers.iter().all(|offer| offer.answer.is_none()) && search.matters);

    let model = Model::without_parity(&crate::model::bundle::model_json(&crate::model::tests::example_file()));
    let policy = "name = \"p\"\nversion = \"1\"\ncut_offs = { approve_below = 0.001, decline_from = 0.002 }\n\
                  grade = [{ letter = \"A\" }]";
    let policy = Policy::parse(policy).expect("a policy");
    let decider = Decider::new(Arc::new(model.expect("sound")), Arc::new(policy)).expect("they fit");
    let json = r#"{"applicant": {"reference": "C-1", "given_name": "Z", "family_name": "Q", "date_of_birth": "1988-03-14"},
        "loan": {"amount": 1200000, "currency": "USD", "term_months": 36, "purpose": "car"},
        "attributes": {"duration": 24, "account": "none", "phone": true}}"#;
    let now = Timestamp::parse("2026-11-22T13:00:00Z").expect("an instant");
    let application = intake::parse(json.as_bytes(), now.date()).expect("valid");
    let record = decider.decide(&application, DecisionId::new(Uuid::nil()), now).expect("no faults").record;
    let question = Question::of(&decider, &record);
    assert!(!question.largest_approved(&[36, 48], money(1_200_000)).matters, "this model does not read the loan");
    assert_eq!(question.changes(), []);
}

#[test]
fn steps_are_round_and_few() {
    let step = |minor, most| round_step(money(minor), most);
    assert_eq!([step(2_030_000, 150), step(1_200_000, 150), step(100, 150), step(0, 150)], [20_000, 10_000, 1, 1]);
    assert_eq!(step(Money::MAX_MINOR, 1), 10_000_000_000_000_000);
    assert_eq!(amounts(money(3)), [money(3), money(2), money(1)]);
    assert_eq!(amounts(money(0)), [money(0)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn amounts_fall_from_the_top_in_round_steps(top in 1..=Money::MAX_MINOR) {
        let tried = amounts(money(top));
        prop_assert_eq!(tried[0], money(top));
        prop_assert!(tried.len() <= 1 + usize::try_from(MOST_AMOUNTS).expect("small"));
        prop_assert!(tried.windows(2).all(|pair| pair[0] > pair[1]));
        let step = round_step(money(top), MOST_AMOUNTS);
        prop_assert!(tried[1..].iter().all(|amount| amount.minor() % step == 0 && amount.minor() > 0));
    }

    #[test]
    fn what_is_found_is_approved_and_nothing_larger_that_was_tried_is(
        amount in 100_000..4_000_000_i64, term in prop_oneof![Just(36_u16), Just(60)],
        income in 2_000_000..15_000_000_i64, debts in 0..300_000_i64, utilization in 0.0..1.1_f64,
    ) {
        let record = record(&DECIDER, Case { amount, term, income, debts, utilization });
        let question = Question::of(&DECIDER, &record);
        let top = record.application.loan.amount;
        let search = question.largest_approved(&[term], top);
        let found = search.offers[0].answer;
        if record.decision.outcome == Outcome::Approve {
            prop_assert_eq!(found.map(|answer| answer.amount), Some(top));
        }
        for amount in amounts(top) {
            let decided = question.decide(amount, term).expect("no faults").decision;
            if let Some(answer) = found.filter(|answer| answer.amount >= amount) {
                prop_assert_eq!((answer.amount, answer.score), (amount, decided.score));
                prop_assert_eq!(decided.outcome, Outcome::Approve);
                break;
            }
            prop_assert_ne!(decided.outcome, Outcome::Approve);
        }
        for change in question.changes() {
            prop_assert!(record.decision.outcome != Outcome::Approve);
            prop_assert!(change.to.is_none_or(|(to, answer)| to <= change.from && answer.outcome == Outcome::Approve));
        }
    }
}
