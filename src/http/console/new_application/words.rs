//! Names for the values of an application's closed lists.

use serde_json::Value;

use super::fields::Choice;
use crate::http::console::texts::Texts;

/// What a loan is for, what is asked for most first.
const PURPOSES: [&str; 14] = [
    "debt_consolidation",
    "credit_card",
    "home_improvement",
    "house",
    "car",
    "major_purchase",
    "small_business",
    "medical",
    "educational",
    "moving",
    "wedding",
    "vacation",
    "renewable_energy",
    "other",
];

/// What a loan is for.
pub(super) fn purposes(t: Texts) -> Vec<Choice> {
    PURPOSES.into_iter().map(|purpose| category(t, purpose)).collect()
}

/// A category, called as it is among the factors of a decision.
pub(super) fn category(t: Texts, category: &str) -> Choice {
    let mut name = t.factor_value(&Value::from(category));
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    Choice { value: category.to_owned().into(), name: name.into() }
}

/// How the stated income was checked.
pub(super) fn verifications(t: Texts) -> Vec<Choice> {
    named(&[
        ("verified", t.intake_verification_verified()),
        ("source_verified", t.intake_verification_source()),
        ("not_verified", t.intake_verification_none()),
    ])
}

/// How the applicant lives.
pub(super) fn homes(t: Texts) -> Vec<Choice> {
    named(&[
        ("rent", t.intake_home_rent()),
        ("mortgage", t.intake_home_mortgage()),
        ("own", t.intake_home_own()),
        ("other", t.intake_home_other()),
        ("none", t.intake_home_none()),
    ])
}

/// An attribute that is true or false.
pub(super) fn yes_or_no(t: Texts) -> Vec<Choice> {
    named(&[("true", t.intake_yes()), ("false", t.intake_no())])
}

fn named(words: &[(&'static str, &'static str)]) -> Vec<Choice> {
    words.iter().map(|(value, name)| Choice { value: (*value).into(), name: (*name).into() }).collect()
}
