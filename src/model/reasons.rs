//! The built-in catalogue of reasons.
//!
//! A text says what its feature measures and no more. It states a direction ("is low") only where the
//! feature's name leaves no other, and otherwise names the matter ("Purpose of the loan"), as the
//! sample notices of Regulation B (12 CFR part 1002, appendix C) do. A reason is stated only when
//! its feature raised the risk.

use std::collections::BTreeMap;

use crate::{
    domain::reason::ReasonCode,
    features::schema::{Feature, Schema},
};

/// Code and text, by code.
const CATALOGUE: [(&str, &str); 27] = [
    ("UW-BALANCE-TO-INCOME", "Balances on revolving accounts are high in relation to income"),
    ("UW-BANKRUPTCIES", "Number of bankruptcies on the credit file"),
    ("UW-CLOSED-ACCOUNTS", "Number of credit accounts that are closed"),
    ("UW-CREDIT-HISTORY", "Length of credit history is short"),
    ("UW-CREDIT-LIMIT", "Sum of the limits on revolving accounts"),
    ("UW-DEBT-TO-INCOME", "Existing debt payments are high in relation to income"),
    ("UW-DELINQUENCIES", "Number of late payments in the last two years"),
    ("UW-EMPLOYMENT-LENGTH", "Length of employment is short"),
    ("UW-HOME-OWNERSHIP", "Kind of housing: rented, owned or mortgaged"),
    ("UW-INCOME", "Income is low"),
    ("UW-INCOME-VERIFICATION", "How far the stated income was verified"),
    ("UW-INQUIRIES", "Number of recent inquiries by lenders"),
    ("UW-INSTALMENT", "Size of the loan's monthly instalment"),
    ("UW-INSTALMENT-TO-INCOME", "The loan's instalments are high in relation to income"),
    ("UW-LOAN-AMOUNT", "Amount of the loan requested"),
    ("UW-LOAN-TO-INCOME", "Amount of the loan is high in relation to income"),
    ("UW-OPEN-ACCOUNTS", "Number of open credit accounts"),
    ("UW-PUBLIC-RECORDS", "Number of adverse public records on the credit file"),
    ("UW-PURPOSE", "Purpose of the loan"),
    ("UW-REMAINING-INCOME", "Income left after existing debt payments is low"),
    ("UW-REVOLVING-BALANCE", "Balance on revolving accounts"),
    ("UW-REVOLVING-UTILIZATION", "Proportion of balances to credit limits is too high"),
    ("UW-TERM", "Repayment term of the loan is long"),
    ("UW-TIME-SINCE-DELINQUENCY", "Time since the last late payment"),
    ("UW-TIME-SINCE-PUBLIC-RECORD", "Time since the last adverse public record"),
    ("UW-TOTAL-ACCOUNTS", "Number of credit accounts, open and closed"),
    ("UW-TOTAL-DEBT-TO-INCOME", "Debt payments, with this loan's, are high in relation to income"),
];

/// The built-in text of a reason code.
#[must_use]
pub fn text_of(code: &str) -> Option<&'static str> {
    CATALOGUE.binary_search_by_key(&code, |(known, _)| known).ok().map(|place| CATALOGUE[place].1)
}

/// Every built-in reason code with its text, in the order of the codes.
pub fn standard() -> impl Iterator<Item = (&'static str, &'static str)> {
    CATALOGUE.into_iter()
}

/// A text for each reason code of a schema: from `overrides`, else built in, else the label of the
/// first feature that has it.
#[must_use]
pub fn resolve(schema: &Schema, overrides: &BTreeMap<ReasonCode, String>) -> BTreeMap<ReasonCode, String> {
    let mut texts = BTreeMap::new();
    for feature in &schema.features {
        if let Some(code) = &feature.reason {
            texts.entry(code.clone()).or_insert_with(|| text_for(code, feature, overrides));
        }
    }
    texts
}

fn text_for(code: &ReasonCode, feature: &Feature, overrides: &BTreeMap<ReasonCode, String>) -> String {
    let given = overrides.get(code).cloned();
    given.or_else(|| text_of(code.as_str()).map(str::to_owned)).unwrap_or_else(|| feature.display_label())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_is_in_order_and_every_code_well_formed() {
        assert!(CATALOGUE.is_sorted_by_key(|(code, _)| *code));
        for (code, text) in CATALOGUE {
            assert!(ReasonCode::new(code).is_some(), "{code}");
            assert_eq!(text_of(code), Some(text));
        }
        assert_eq!(text_of("UW-NO-SUCH"), None);
    }

    #[test]
    fn a_lenders_text_goes_before_the_built_in_one_and_a_label_stands_in() {
        let schema: Schema = toml::from_str(
            r#"
name = "any"
[[feature]]
name = "income"
reason = "UW-INCOME"
[[feature]]
name = "loan_purpose"
reason = "UW-PURPOSE"
[[feature]]
name = "branch_visits"
reason = "XY-VISITS"
"#,
        )
        .expect("a schema");
        let code = |code: &str| ReasonCode::new(code).expect("a code");
        let overrides = BTreeMap::from([(code("UW-INCOME"), "Your income".to_owned())]);
        let expected =
            [("UW-INCOME", "Your income"), ("UW-PURPOSE", "Purpose of the loan"), ("XY-VISITS", "Branch visits")];
        let expected = expected.map(|(name, text)| (code(name), text.to_owned()));
        assert_eq!(resolve(&schema, &overrides), BTreeMap::from(expected));
    }
}
