use uuid::Uuid;

use super::*;
use crate::{
    domain::{canonical::canonical, decision::Outcome, fault::FaultCode, intake, reason::Reason},
    model::tests::{example, example_rows},
};

const POLICY: &str = r#"
    name = "example"
    version = "2"
    cut_offs = { approve_below = 0.3, decline_from = 0.6 }
    grade = [{ letter = "A", from_score = 500 }, { letter = "B" }]

    [[rule]]
    id = "minimum-age"
    when = "applicant.age_years < 18"
    then = "decline"
    reason = "UW-AGE"
    text = "Applicants must be 18 years of age"

    [[rule]]
    id = "long-term"
    when = "features.duration > 60"
    then = "review"
    reason = "UW-TERM"
"#;

fn decider() -> Decider {
    let policy = Policy::parse(POLICY).expect("a policy");
    Decider::new(Arc::new(example()), Arc::new(policy)).expect("they fit")
}

fn application(birth: &str, attributes: &str) -> Application {
    let json = format!(
        r#"{{"external_reference": "R-1",
            "applicant": {{"reference": "C-1", "given_name": "Zaphira", "family_name": "Quux", "date_of_birth": "{birth}"}},
            "loan": {{"amount": 1200000, "currency": "USD", "term_months": 36, "purpose": "car"}},
            "attributes": {attributes}}}"#
    );
    intake::parse(json.as_bytes(), now().date()).expect("valid")
}

fn now() -> Timestamp {
    Timestamp::parse("2026-11-22T13:00:00Z").expect("an instant")
}

fn decide(birth: &str, attributes: &str) -> Decided {
    decider().decide(&application(birth, attributes), DecisionId::new(Uuid::nil()), now()).expect("no faults")
}

const RISKY: &str = r#"{"duration": 24, "account": "none", "phone": true}"#;

#[test]
fn a_decision_names_what_decided_and_why() {
    let decided = decide("1988-03-14", RISKY);
    let decision = &decided.decision;
    let model = example();
    let features = &example_rows()[0];
    assert_eq!(decision.probability_of_default, model.assess(features).default_probability);
    assert_eq!((decision.outcome, decision.automatic), (Outcome::Review, true));
    assert_eq!(&decision.model, model.identity());
    assert_eq!((decision.policy.name.as_str(), decision.policy.version.as_str()), ("example", "2"));
    assert_eq!(decision.decided_at, now());
    let features: Vec<_> = decision.reasons.iter().filter_map(|reason| reason.feature.as_deref()).collect();
    assert_eq!(features.len(), decision.reasons.len());
    assert!(decision.reasons.iter().all(|reason| reason.contribution > Some(0.0)));
}

#[test]
fn the_same_arguments_give_the_same_record_to_the_byte() {
    let record = || decide("1988-03-14", RISKY).record;
    let bytes = || canonical(&record()).expect("canonical");
    assert_eq!(bytes(), bytes());
    assert_eq!(bytes(), serde_json_canonicalizer::to_string(&record()).expect("theirs"));
}

#[test]
fn a_record_reads_back_to_the_bit_from_canonical_json_and_explains() {
    let decided = decide("1988-03-14", r#"{"duration": 24.5, "phone": null}"#);
    let text = canonical(&decided.record).expect("canonical");
    let read: DecisionRecord = serde_json::from_str(&text).expect("a record");
    assert_eq!(read, decided.record);
    let explanation = read.explanation();
    assert_eq!(explanation, decided.explanation());
    let sum: f64 = explanation.contributions.iter().map(|scored| scored.contribution).sum();
    assert!((explanation.baseline + sum - explanation.margin).abs() < 1e-9);
    assert!(explanation.contributions.is_sorted_by(|a, b| a.contribution.abs() >= b.contribution.abs()));
}

#[test]
fn a_record_holds_nothing_of_the_applicant_but_the_age() {
    let json = serde_json::to_string(&decide("1988-03-14", RISKY).record).expect("JSON");
    for personal in ["Zaphira", "Quux", "C-1", "1988", "applicant\""] {
        assert!(!json.contains(personal), "{personal} in {json}");
    }
    assert!(json.contains(r#""policy_inputs":{"applicant_age_years":38}"#));
}

#[test]
fn an_explanation_has_the_shape_of_the_contract() {
    let explanation = serde_json::to_value(decide("1988-03-14", RISKY).explanation()).expect("JSON");
    let keys: Vec<_> = explanation.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["baseline", "margin", "probability_of_default", "contributions"]);
    let contributions = explanation["contributions"].as_array().expect("a list");
    let account = contributions.iter().find(|scored| scored["feature"] == "account").expect("present");
    assert_eq!((&account["value"], &account["reason"]), (&"none".into(), &"EX-ACCOUNT".into()));
    assert!(account["contribution"].is_number());
}

#[test]
fn the_day_of_the_eighteenth_birthday_is_old_enough() {
    let outcome = |birth| decide(birth, r#"{"duration": 6, "account": "small"}"#).decision.outcome;
    assert_eq!(outcome("2008-11-22"), Outcome::Approve);
    let young = decide("2008-11-23", RISKY).decision;
    assert_eq!(young.outcome, Outcome::Decline);
    assert_eq!(young.reasons.first().map(|Reason { code, .. }| code.as_str()), Some("UW-AGE"));
}

#[test]
fn an_application_that_the_model_cannot_read_is_not_decided() {
    let application = application("1988-03-14", r#"{"duration": "long", "account": "huge", "hobby": 1}"#);
    let faults = decider().decide(&application, DecisionId::new(Uuid::nil()), now()).expect_err("faults");
    let codes: Vec<_> = faults.iter().map(|fault| (fault.pointer.as_str(), fault.code)).collect();
    let expected = [
        ("/attributes/account", FaultCode::UnknownValue),
        ("/attributes/duration", FaultCode::WrongType),
        ("/attributes/hobby", FaultCode::UnknownField),
    ];
    assert_eq!(codes, expected);
}

#[test]
fn a_row_is_scored_to_the_same_bits_as_its_application() {
    let [row] = &decider().decide_rows(example_rows()[..1].to_vec())[..] else { panic!("one row") };
    let decided = decide("1988-03-14", RISKY);
    assert_eq!(row.assessment.margin.to_bits(), decided.record.margin.to_bits());
    assert_eq!(row.ruling.score, decided.decision.score);
    assert!(row.ruling.fired.iter().any(|rule| rule.id == "rule-not-evaluated:minimum-age"));
}

#[test]
fn a_policy_about_other_features_is_not_joined_to_a_model() {
    let policy = Policy::parse(&POLICY.replace("features.duration", "features.length")).expect("a policy");
    let error = Decider::new(Arc::new(example()), Arc::new(policy)).expect_err("they do not fit");
    assert!(error.problems[0].contains("features.length is not in the model"), "{error}");
}
