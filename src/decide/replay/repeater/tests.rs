//! What repeats at a glance is what repeats by the definition.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{decide::replay::Inputs, domain::intake, model::Model, policy::Policy};

const POLICY: &str = include_str!("../../../../config/policy.toml");
const MODEL: &[u8] = include_bytes!("../../../../models/personal-loan/1/model.json");
const PARITY: &[u8] = include_bytes!("../../../../models/personal-loan/1/parity.jsonl");

fn decider() -> Decider {
    let model = Model::parse(MODEL, PARITY).expect("the shipped model");
    let policy = Policy::parse(POLICY).expect("the shipped policy");
    Decider::new(Arc::new(model), Arc::new(policy)).expect("they fit")
}

/// An invented application, every field of it given.
fn example_application() -> Value {
    json!({
        "external_reference": "LOS-2026-000123",
        "applicant": {"reference": "C-1", "given_name": "A", "family_name": "B", "date_of_birth": "1988-03-14"},
        "loan": {"amount": 1_200_000, "currency": "USD", "term_months": 36, "purpose": "debt_consolidation"},
        "employment": {"years": 4},
        "finances": {"annual_income": 6_400_000, "income_verification": "source_verified", "home_ownership": "rent",
            "monthly_debt_payments": 98_000},
        "bureau": {"delinquencies_24m": 0, "inquiries_6m": 1, "months_since_delinquency": null,
            "months_since_public_record": null, "open_accounts": 9, "total_accounts": 21, "public_records": 0,
            "bankruptcies": 0, "revolving_balance": 840_000, "revolving_utilization": 0.431,
            "first_credit_line": "2004-06-01"},
        "attributes": {}
    })
}

fn now() -> Timestamp {
    Timestamp::parse("2026-11-22T13:00:00Z").expect("an instant")
}

/// The payload that an application's decision is recorded with.
fn payload(decider: &Decider, application: &Value) -> Option<String> {
    let application = intake::parse(application.to_string().as_bytes(), now().date()).ok()?;
    let decided = decider.decide(&application, DecisionId::new(uuid::Uuid::nil()), now()).ok()?;
    let record = canonical(&decided.record).ok()?;
    Some(format!(r#"{{"applicant":{{"ciphertext":"AAAA","key":"app_1"}},{}"#, &record[1..]))
}

/// Whether a payload repeats at a glance; `None` when it is not even read.
fn at_a_glance(repeater: &Repeater, payload: &str) -> Option<bool> {
    Some(repeater.repeats(&[Recorded::read(payload)?])[0])
}

/// Whether a payload repeats by the definition.
fn defined(repeater: &Repeater, payload: &str) -> bool {
    let inputs = Inputs::parse(payload);
    inputs.is_ok_and(|inputs| inputs.replay(repeater.decider(), payload).is_empty())
}

fn form() -> impl Strategy<Value = Value> {
    let optional = |values: Vec<Value>| prop::sample::select(values);
    let numbers = (0_i64..50_000_000, 0_u16..121, 0.0..2.0_f64, 0_i64..90_000_000, 0_u32..500);
    let bureau = optional(vec![json!(null), json!(0), json!(7), json!(130)]);
    let sections = (
        optional(vec![json!({"years": 4}), json!({"years": 0.5}), json!({"years": null})]),
        optional(vec![json!("LOS-1"), json!("\u{e9}"), json!("a \"b\" \\"), json!(null)]),
        optional(vec![json!("rent"), json!("own"), json!("none")]),
        any::<bool>(),
    );
    (numbers, bureau, sections).prop_map(
        |((amount, months, utilization, income, small), months_since, (employment, reference, home, has_file))| {
            let mut form = example_application();
            form["loan"]["amount"] = json!(amount);
            form["loan"]["term_months"] = json!(months);
            form["finances"]["annual_income"] = json!(income);
            form["finances"]["home_ownership"] = home;
            form["employment"] = employment;
            if reference.is_null() {
                form.as_object_mut().expect("an object").remove("external_reference");
            } else {
                form["external_reference"] = reference;
            }
            form["bureau"]["revolving_utilization"] = json!(utilization);
            form["bureau"]["months_since_delinquency"] = months_since;
            form["bureau"]["total_accounts"] = json!(small + 500);
            form["bureau"]["open_accounts"] = json!(small);
            if !has_file {
                form["bureau"] = Value::Null;
            }
            form
        },
    )
}

#[test]
fn what_is_written_is_read_and_repeats() {
    let repeater = Repeater::new(decider());
    let payload = payload(repeater.decider(), &example_application()).expect("it is decided");
    assert_eq!(at_a_glance(&repeater, &payload), Some(true));
    let recorded = Recorded::read(&payload).expect("read");
    let identities = (repeater.decider().model().identity(), repeater.decider().policy().identity());
    assert_eq!(recorded.model_sha256(), identities.0.sha256);
    assert_eq!(recorded.policy_sha256(), identities.1.sha256);
    let without_applicant = payload.replacen(r#""applicant":{"ciphertext":"AAAA","key":"app_1"},"#, "", 1);
    assert_eq!(at_a_glance(&repeater, &without_applicant), Some(true));
}

#[test]
fn every_changed_byte_is_judged_as_by_the_definition() {
    let repeater = Repeater::new(decider());
    let payload = payload(repeater.decider(), &example_application()).expect("it is decided");
    let (applicant, rest) = payload.split_at(payload.find(r#","application""#).expect("an application"));
    for place in 0..rest.len() {
        for mask in [1, 2, 0x10] {
            let mut bytes = rest.as_bytes().to_vec();
            bytes[place] ^= mask;
            let changed = format!("{applicant}{}", String::from_utf8_lossy(&bytes));
            if at_a_glance(&repeater, &changed) == Some(true) {
                assert!(defined(&repeater, &changed), "{place}: {changed}");
            }
        }
    }
}

#[test]
fn a_number_in_no_spelling_of_json_is_not_believed() {
    let repeater = Repeater::new(decider());
    let payload = payload(repeater.decider(), &example_application()).expect("it is decided");
    let begin = payload.find(r#""margin":"#).expect("a margin") + r#""margin":"#.len();
    let margin = &payload[begin..begin + payload[begin..].find(',').expect("an end")];
    assert!(margin.starts_with('-'), "{margin}");
    for (other, repeats) in [
        (format!("{margin}e0"), true),
        (format!("{margin}0"), true),
        (format!("{margin}e+0"), true),
        (margin.replacen('-', "-0", 1), false),
        (margin.replacen("-0", "-", 1), false),
        (margin.replacen('-', "", 1), false),
        (format!("+{margin}"), false),
        (format!("{margin}e"), false),
        (format!("{margin}."), false),
        (String::new(), false),
    ] {
        if other == margin {
            continue;
        }
        let changed = payload.replacen(&format!(r#""margin":{margin}"#), &format!(r#""margin":{other}"#), 1);
        assert_eq!(at_a_glance(&repeater, &changed), Some(repeats), "{other}");
        assert_eq!(defined(&repeater, &changed), repeats, "{other}");
    }
}

proptest! {
    #[test]
    fn many_repeat_together_as_each_does_alone(forms in prop::collection::vec(form(), 1..70)) {
        let repeater = Repeater::new(decider());
        let payloads: Vec<String> = forms.iter().filter_map(|form| payload(repeater.decider(), form)).collect();
        let records: Vec<_> = payloads.iter().filter_map(|payload| Recorded::read(payload)).collect();
        // All but those with an escape in a text.
        let escaped = payloads.iter().filter(|payload| payload.contains('\\')).count();
        prop_assert_eq!(records.len() + escaped, payloads.len());
        prop_assert!(repeater.repeats(&records).into_iter().all(|repeats| repeats));
    }

    #[test]
    fn an_application_is_read_as_it_was_written(form in form()) {
        let decider = decider();
        let Some(payload) = payload(&decider, &form) else { return Ok(()) };
        let Some(recorded) = Recorded::read(&payload) else { return Ok(()) };
        let inputs: Inputs<'_> = Inputs::parse(&payload).expect("a decision");
        prop_assert_eq!(recorded.application(), &super::super::of_nobody(inputs.application));
    }
}
