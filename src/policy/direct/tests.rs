use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::{
    domain::application::AttributeValue,
    features::extract::FeatureVector,
    policy::{
        Policy,
        rules::Rules,
        tests::{Situation, policy_text, rule, situation},
    },
};

const SHIPPED: &str = include_str!("../../../config/policy.toml");

/// What stands for a number in a rule: also what is missing, and what may be of any kind.
fn number() -> impl Strategy<Value = String> {
    const NAMES: [&str; 16] = [
        "0",
        "1",
        "0.5",
        "20",
        "1e300",
        "features.debt_to_income",
        "features.loan_to_income",
        "features.utilization",
        "attributes.anything",
        "attributes.other",
        "attributes.none",
        "applicant.age_years",
        "loan.amount",
        "bureau.open_accounts",
        "probability_of_default",
        "score",
    ];
    prop::sample::select(&NAMES[..]).prop_map(str::to_owned).prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            (inner.clone(), prop::sample::select(vec!["+", "-", "*", "/"]), inner.clone())
                .prop_map(|(a, operator, b)| format!("({a} {operator} {b})")),
            inner.clone().prop_map(|a| format!("(-{a})")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("(features.member ? {a} : {b})")),
        ]
    })
}

fn text() -> impl Strategy<Value = String> {
    const NAMES: [&str; 7] =
        ["\"rent\"", "\"own\"", "\"branch\"", "features.home", "attributes.anything", "attributes.other", "null"];
    prop::sample::select(&NAMES[..]).prop_map(str::to_owned)
}

fn condition() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        (number(), prop::sample::select(vec!["<", "<=", ">", ">=", "==", "!="]), number())
            .prop_map(|(a, operator, b)| format!("{a} {operator} {b}")),
        (number(), any::<bool>()).prop_map(|(a, equal)| format!("{a} {} null", if equal { "==" } else { "!=" })),
        (text(), text()).prop_map(|(a, b)| format!("{a} == {b}")),
        (text(), text(), text()).prop_map(|(a, b, c)| format!("{a} in [{b}, {c}]")),
        (number(), number(), number()).prop_map(|(a, b, c)| format!("{a} in [{b}, {c}]")),
        prop::sample::select(vec![
            "true",
            "false",
            "features.member",
            "attributes.anything",
            "has(features.loan_to_income)",
            "has(attributes.anything)",
            "attributes.other.startsWith(\"br\")",
            "has(loan.amount)",
        ])
        .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
            inner.clone().prop_map(|a| format!("!({a})")),
            (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
        ]
    })
}

fn attribute() -> impl Strategy<Value = AttributeValue> {
    prop_oneof![
        Just(AttributeValue::Null),
        any::<bool>().prop_map(AttributeValue::Boolean),
        prop::sample::select(vec![0.0, -0.0, 0.5, 20.0]).prop_map(AttributeValue::Number),
        prop::sample::select(vec!["branch", "rent", ""]).prop_map(|text| AttributeValue::Text(text.to_owned())),
    ]
}

fn any_situation() -> impl Strategy<Value = Situation> {
    let feature = |values: &[f64]| prop::sample::select(values.to_vec());
    let features = (
        feature(&[f64::NAN, 0.0, 20.0]),
        feature(&[f64::NAN, 0.5, 1.0]),
        feature(&[f64::NAN, 0.0, 0.5]),
        feature(&[f64::NAN, 0.0, 1.0, 2.0]),
        feature(&[f64::NAN, 0.0, 1.0]),
    );
    (0.01..0.99_f64, features, attribute(), attribute(), any::<bool>()).prop_map(
        |(probability, (a, b, c, d, e), anything, other, is_row)| {
            let mut situation = situation(probability);
            situation.features = FeatureVector::new([a, b, c, d, e]);
            if let Some(application) = &mut situation.application {
                application.attributes =
                    BTreeMap::from([("anything".to_owned(), anything), ("other".to_owned(), other)]);
            }
            situation.application.take_if(|_| is_row);
            situation
        },
    )
}

/// The rules of a policy that takes one condition; `None` when it is refused.
fn rules(when: &str) -> Option<Rules> {
    Policy::parse(&policy_text(&rule("r", when, "review"))).ok().map(|policy| policy.rules)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_direct_answer_is_what_the_interpreter_says(when in condition(), situation in any_situation()) {
        let Some(rules) = rules(&when) else { return Ok(()) };
        let (direct, interpreted) = rules.both_answers(&situation.case(), 540);
        if let Some(direct) = direct {
            prop_assert_eq!(direct, interpreted, "{}", when);
        }
    }
}

#[test]
fn plain_conditions_need_no_interpreter() {
    let situation = situation(0.2);
    for when in [
        "features.debt_to_income > 40",
        "has(features.loan_to_income) && features.loan_to_income < 3",
        "!has(attributes.anything) || features.home == \"rent\"",
        "loan.purpose in [\"car\", \"house\"]",
        "finances.monthly_debt_payments * 12 / finances.annual_income > 0.4",
        "features.member ? score < 500 : probability_of_default >= 0.5",
        "-features.debt_to_income + 2 - 1 <= 0",
    ] {
        let (direct, interpreted) = rules(when).expect(when).both_answers(&situation.case(), 540);
        assert_eq!(direct, Some(interpreted), "{when}");
    }
}

#[test]
fn what_compares_a_missing_value_is_left_to_the_interpreter() {
    let situation = situation(0.2);
    for when in ["features.loan_to_income > 1", "attributes.channel.startsWith(\"br\")", "0 / 0 < 1"] {
        let (direct, _) = rules(when).expect(when).both_answers(&situation.case(), 540);
        assert_eq!(direct, None, "{when}");
    }
}

#[test]
fn every_rule_of_the_shipped_policy_can_be_answered_directly() {
    let policy = Policy::parse(SHIPPED).expect("the shipped policy");
    assert!(policy.rules.all_direct());
}
