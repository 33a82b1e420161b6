//! The policy that is shipped, held to what its comments say.

use rstest::rstest;

use crate::policy::{Case, FeatureReason, Policy};
use crate::{
    domain::{application::Application, decision::Outcome, intake, probability::Probability, reason::ReasonCode},
    features::{
        extract::{Extractor, FeatureVector},
        schema::Schema,
    },
    model::Assessment,
};

const TEXT: &str = include_str!("../../../config/policy.toml");
const SCHEMA: &str = include_str!("../../../models/personal-loan/schema.toml");
const TODAY: time::Date = time::macros::date!(2026 - 11 - 22);

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
    intake::parse(body.to_string().as_bytes(), TODAY).expect("valid")
}

/// What the shipped policy's rules make of a case whose score approves, read as the shipped model reads it.
fn rules(changes: &[(&str, serde_json::Value)], age_years: u32) -> Vec<(String, Outcome)> {
    let application = application(changes);
    let schema: Schema = toml::from_str(SCHEMA).expect("a schema");
    let extractor = Extractor::compile(&schema).expect("a sound schema");
    ruling(&schema, &extractor.from_application(&application, TODAY), Some((&application, age_years)))
}

/// The same for a row of a file, which has features and no application.
fn rules_of_row(changes: &[(&str, serde_json::Value)]) -> Vec<(String, Outcome)> {
    let schema: Schema = toml::from_str(SCHEMA).expect("a schema");
    let extractor = Extractor::compile(&schema).expect("a sound schema");
    ruling(&schema, &extractor.from_application(&application(changes), TODAY), None)
}

fn ruling(schema: &Schema, features: &FeatureVector, of: Option<(&Application, u32)>) -> Vec<(String, Outcome)> {
    let policy = Policy::parse(TEXT).unwrap_or_else(|error| panic!("{error}"));
    policy.check_against(schema).expect("it fits");
    let reason = FeatureReason { code: ReasonCode::new("UW-X").expect("a code"), text: "X".to_owned() };
    let ruling = policy.rule(&Case {
        application: of.map(|(application, _)| application),
        applicant_age_years: of.map(|(_, age_years)| age_years),
        schema,
        reads_bureau: true,
        reasons: &vec![reason; schema.features.len()],
        features,
        assessment: &Assessment {
            margin: -3.0,
            default_probability: Probability::from_margin(-3.0),
            baseline: -3.0,
            contributions: vec![0.0; schema.features.len()].into(),
            outside_training_range: Vec::new(),
        },
    });
    ruling.fired.into_iter().map(|rule| (rule.id, rule.outcome)).collect()
}

#[test]
fn an_ordinary_application_fires_no_rule() {
    assert_eq!(rules(&[], 38), []);
}

#[rstest]
#[case::age(&[], 17, "minimum-age", Outcome::Decline)]
#[case::debt(&[("finances.monthly_debt_payments", 213_400.into())], 38, "debt-to-income-cap", Outcome::Review)]
#[case::loan(&[("loan.amount", 3_200_100.into())], 38, "loan-to-income-cap", Outcome::Review)]
#[case::bankruptcy(
    &[("bureau.bankruptcies", 1.into()), ("bureau.months_since_public_record", 23.into())],
    38, "recent-bankruptcy", Outcome::Review
)]
#[case::bankruptcy_undated(&[("bureau.bankruptcies", 1.into())], 38, "recent-bankruptcy", Outcome::Review)]
#[case::thin_file(
    &[("bureau.open_accounts", 2.into()), ("bureau.total_accounts", 2.into())],
    38, "thin-credit-file", Outcome::Review
)]
#[case::inquiries(&[("bureau.inquiries_6m", 6.into())], 38, "many-inquiries", Outcome::Review)]
#[case::unverified(
    &[("loan.amount", 2_000_000.into()), ("finances.income_verification", "not_verified".into())],
    38, "unverified-income", Outcome::Review
)]
fn each_rule_fires_on_its_case(
    #[case] changes: &[(&str, serde_json::Value)],
    #[case] age_years: u32,
    #[case] id: &str,
    #[case] outcome: Outcome,
) {
    assert_eq!(rules(changes, age_years), [(id.to_owned(), outcome)]);
}

#[test]
fn debts_over_sixty_percent_of_income_are_declined() {
    let expected = [("debt-to-income-cap", Outcome::Review), ("debt-to-income-limit", Outcome::Decline)];
    let fired = rules(&[("finances.monthly_debt_payments", 320_100.into())], 38);
    assert_eq!(fired, expected.map(|(id, outcome)| (id.to_owned(), outcome)));
}

#[test]
fn what_lies_at_a_limit_is_still_in_order() {
    let at_limits = [
        ("loan.amount", 1_999_999.into()),
        ("finances.income_verification", "not_verified".into()),
        ("finances.annual_income", 6_000_000.into()),
        ("finances.monthly_debt_payments", 200_000.into()),
        ("bureau.bankruptcies", 1.into()),
        ("bureau.months_since_public_record", 24.into()),
        ("bureau.inquiries_6m", 5.into()),
    ];
    assert_eq!(rules(&at_limits, 18), []);
}

#[test]
fn an_applicant_without_income_has_no_ratios_and_goes_to_review() {
    let expected = ["debt-to-income-cap", "debt-to-income-limit", "loan-to-income-cap"]
        .map(|id| (format!("rule-not-evaluated:{id}"), Outcome::Review));
    assert_eq!(rules(&[("finances.annual_income", 0.into())], 38), expected);
}

#[test]
fn a_row_of_a_file_meets_the_same_rules_but_the_one_on_age() {
    assert_eq!(rules_of_row(&[]), []);
    let inquiries = [("bureau.inquiries_6m", 6.into())];
    assert_eq!(rules_of_row(&inquiries), [("many-inquiries".to_owned(), Outcome::Review)]);
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
