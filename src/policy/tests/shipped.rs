//! The policy that is shipped, held to what its comments say.

use rstest::rstest;

use crate::policy::{Case, FeatureReason, Policy};
use crate::{
    domain::{application::Application, decision::Outcome, intake, probability::Probability, reason::ReasonCode},
    features::{extract::FeatureVector, schema::Schema},
    model::Assessment,
};

const TEXT: &str = include_str!("../../../config/policy.toml");

fn application(changes: &[(&str, serde_json::Value)]) -> Application {
    let mut body = serde_json::json!({
        "applicant": {"reference": "C-1", "given_name": "A", "family_name": "B", "date_of_birth": "1988-03-14"},
        "loan": {"amount": 1_200_000, "currency": "USD", "term_months": 36, "purpose": "car"},
        "finances": {"annual_income": 6_400_000, "income_verification": "verified", "home_ownership": "rent",
            "monthly_debt_payments": 98_000},
        "bureau": {"delinquencies_24m": 0, "inquiries_6m": 1, "open_accounts": 9, "total_accounts": 21,
            "public_records": 1, "bankruptcies": 0, "revolving_balance": 840_000}
    });
    for (pointer, value) in changes {
        let (section, field) = pointer.split_once('.').expect("section.field");
        body[section][field] = value.clone();
    }
    intake::parse(body.to_string().as_bytes(), time::macros::date!(2026 - 11 - 22)).expect("valid")
}

/// What the shipped policy's rules make of a case whose score approves.
fn rules(changes: &[(&str, serde_json::Value)], age_years: u32, debt_to_income: f64) -> Vec<(String, Outcome)> {
    let policy = Policy::parse(TEXT).unwrap_or_else(|error| panic!("{error}"));
    let schema: Schema =
        toml::from_str("name = \"t\"\n[[feature]]\nname = \"debt_to_income\"\n[[feature]]\nname = \"loan_to_income\"")
            .expect("a schema");
    policy.check_against(&schema).expect("it fits");
    let reason = FeatureReason { code: ReasonCode::new("UW-X").expect("a code"), text: "X".to_owned() };
    let ruling = policy.rule(&Case {
        application: Some(&application(changes)),
        applicant_age_years: Some(age_years),
        schema: &schema,
        reads_bureau: true,
        reasons: &[reason.clone(), reason],
        features: &FeatureVector::new([debt_to_income, 0.2]),
        assessment: &Assessment {
            margin: -3.0,
            default_probability: Probability::from_margin(-3.0),
            baseline: -3.0,
            contributions: Box::new([0.0, 0.0]),
            outside_training_range: Vec::new(),
        },
    });
    ruling.fired.into_iter().map(|rule| (rule.id, rule.outcome)).collect()
}

#[test]
fn an_ordinary_application_fires_no_rule() {
    assert_eq!(rules(&[], 38, 18.4), []);
}

#[rstest]
#[case::age(&[], 17, 18.4, "minimum-age", Outcome::Decline)]
#[case::debt(&[], 38, 40.01, "debt-to-income-cap", Outcome::Review)]
#[case::bankruptcy(
    &[("bureau.bankruptcies", 1.into()), ("bureau.months_since_public_record", 23.into())],
    38, 18.4, "recent-bankruptcy", Outcome::Review
)]
#[case::bankruptcy_undated(&[("bureau.bankruptcies", 1.into())], 38, 18.4, "recent-bankruptcy", Outcome::Review)]
#[case::thin_file(
    &[("bureau.open_accounts", 2.into()), ("bureau.total_accounts", 2.into())],
    38, 18.4, "thin-credit-file", Outcome::Review
)]
#[case::inquiries(&[("bureau.inquiries_6m", 6.into())], 38, 18.4, "many-inquiries", Outcome::Review)]
#[case::unverified(
    &[("loan.amount", 2_000_000.into()), ("finances.income_verification", "not_verified".into())],
    38, 18.4, "unverified-income", Outcome::Review
)]
fn each_rule_fires_on_its_case(
    #[case] changes: &[(&str, serde_json::Value)],
    #[case] age_years: u32,
    #[case] debt_to_income: f64,
    #[case] id: &str,
    #[case] outcome: Outcome,
) {
    assert_eq!(rules(changes, age_years, debt_to_income), [(id.to_owned(), outcome)]);
}

#[test]
fn what_lies_at_a_limit_is_still_in_order() {
    let at_limits = [
        ("bureau.bankruptcies", 1.into()),
        ("bureau.months_since_public_record", 24.into()),
        ("bureau.inquiries_6m", 5.into()),
    ];
    assert_eq!(rules(&at_limits, 18, 40.0), []);
}

#[test]
fn an_applicant_without_income_has_no_debt_to_income_and_goes_to_review() {
    let expected =
        ["debt-to-income-cap", "debt-to-income-limit"].map(|id| (format!("rule-not-evaluated:{id}"), Outcome::Review));
    assert_eq!(rules(&[], 38, f64::NAN), expected);
}

#[test]
fn the_grades_stand_for_the_probabilities_in_the_comments() {
    let policy = Policy::parse(TEXT).expect("a policy");
    for (probability, letter) in
        [(0.0535, "A"), (0.087, "B"), (0.138, "C"), (0.1834, "D"), (0.311, "E"), (0.432, "F"), (0.5, "G")]
    {
        let margin: f64 = libm::log(probability / (1.0 - probability));
        assert_eq!(policy.grades.of(policy.scaling.score(margin)), letter, "{probability}");
    }
}
