use proptest::prelude::*;
use serde_json::{Value, json};
use time::macros::date;

use super::*;

const SCHEMA: &str = r#"
name = "personal-loan"
currency = "USD"
[[feature]]
name = "annual_income"
column = "annual_inc"
source = "/finances/annual_income"
scale = 0.01
reason = "UW-INCOME"
[[feature]]
name = "loan_to_income"
derive = "ratio(loan_amount, annual_income)"
reason = "UW-LOAN-TO-INCOME"
[[feature]]
name = "home_ownership"
column = "home_ownership"
source = "/finances/home_ownership"
kind = "category"
categories = ["rent", "own", "mortgage"]
column_values = { RENT = "rent", OWN = "own", MORTGAGE = "mortgage" }
reason = "UW-HOME-OWNERSHIP"
[[feature]]
name = "employment_years"
column = "emp_length"
source = "employment_years_capped_10"
column_values = { "< 1 year" = "0", "1 year" = "1", "4 years" = "4", "10+ years" = "10" }
reason = "UW-EMPLOYMENT"
[[feature]]
name = "credit_history_months"
derive = "months_between(first_credit_line, application_date)"
reason = "UW-CREDIT-HISTORY"
[[feature]]
name = "debt_to_income"
column = "dti"
source = "debt_to_income_percent"
min = 0
reason = "UW-DEBT-TO-INCOME"
[[feature]]
name = "branch_visits"
column = "visits"
source = "/attributes/branch visits"
min = 0
max = 50
reason = "UW-VISITS"
[[feature]]
name = "owns_phone"
column = "phone"
source = "/attributes/phone"
kind = "boolean"
reason = "UW-PHONE"
[[feature]]
name = "account"
column = "account"
source = "/attributes/account"
kind = "category"
categories = ["none", "small", "large"]
reason = "UW-ACCOUNT"
[[input]]
name = "loan_amount"
column = "loan_amnt"
source = "/loan/amount"
scale = 0.01
[[input]]
name = "first_credit_line"
column = "earliest_cr_line"
source = "/bureau/first_credit_line"
kind = "date"
[[input]]
name = "application_date"
column = "issue_d"
source = "application_date"
kind = "date"
"#;

fn extractor() -> Extractor {
    Extractor::compile(&toml::from_str(SCHEMA).expect("a schema")).expect("a sound schema")
}

fn application_json() -> Value {
    json!({
        "applicant": {"reference": "C-1", "given_name": "Ada", "family_name": "Example", "date_of_birth": "1988-03-14"},
        "loan": {"amount": 1_200_000, "currency": "USD", "term_months": 36, "purpose": "car"},
        "employment": {"years": 4.5},
        "finances": {"annual_income": 6_400_000, "income_verification": "verified", "home_ownership": "rent",
                     "monthly_debt_payments": 98_000},
        "bureau": {"delinquencies_24m": 0, "inquiries_6m": 1, "open_accounts": 9, "total_accounts": 21,
                   "public_records": 0, "revolving_balance": 840_000, "first_credit_line": "2004-06-01"},
        "attributes": {"branch visits": 3, "phone": true, "account": "large"}
    })
}

fn application(change: impl FnOnce(&mut Value)) -> Application {
    let mut json = application_json();
    change(&mut json);
    serde_json::from_value(json).expect("an application")
}

/// A row given as (column, text) pairs; other columns are empty.
fn read_row(
    extractor: &Extractor,
    row: &[(&str, &str)],
    unseen: UnseenCategory,
) -> Result<FeatureVector, Vec<CellFault>> {
    let text_of = |index: usize| {
        let column = extractor.columns()[index].as_str();
        row.iter().find(|(name, _)| *name == column).map_or("", |(_, text)| *text)
    };
    extractor.from_row(text_of, unseen)
}

fn bits(values: &FeatureVector) -> Vec<u64> {
    values.values().iter().map(|value| value.to_bits()).collect()
}

#[test]
fn a_row_and_the_same_application_give_the_same_bits() {
    let extractor = extractor();
    let row = [
        ("annual_inc", "64000.0"),
        ("loan_amnt", " 12000 "),
        ("home_ownership", "RENT"),
        ("emp_length", "4 years"),
        ("earliest_cr_line", "2004-06-01"),
        ("issue_d", "2011-01-15"),
        ("dti", "18.38"),
        ("visits", "3"),
        ("phone", "1"),
        ("account", "large"),
    ];
    let from_row = read_row(&extractor, &row, UnseenCategory::Refuse).expect("a sound row");
    let from_application = extractor.from_application(&application(|_| {}), date!(2011 - 01 - 02));
    assert_eq!(bits(&from_row), bits(&from_application));
    assert_eq!(from_row.values(), [64000.0, 0.1875, 0.0, 4.0, 79.0, 18.38, 3.0, 1.0, 2.0]);
}

proptest! {
    #[test]
    fn amounts_in_minor_units_give_the_bits_of_the_decimals_in_a_file(
        income in 1_i64..10_000_000_000, loan in 1_i64..1_000_000_000,
    ) {
        let extractor = extractor();
        let decimal = |minor: i64| format!("{}.{:02}", minor / 100, minor % 100);
        let (income_text, loan_text) = (decimal(income), decimal(loan));
        let row = [("annual_inc", income_text.as_str()), ("loan_amnt", loan_text.as_str())];
        let from_row = read_row(&extractor, &row, UnseenCategory::Refuse).expect("a sound row");
        let application = application(|json| {
            json["finances"]["annual_income"] = income.into();
            json["loan"]["amount"] = loan.into();
        });
        let from_application = extractor.from_application(&application, date!(2011 - 01 - 02));
        prop_assert_eq!(&bits(&from_row)[..2], &bits(&from_application)[..2]);
    }

    #[test]
    fn debt_to_income_from_payments_is_the_decimal_that_a_file_shows(hundredths in 0_i64..100_000, income in 1_000_i64..50_000) {
        // Payments that give exactly this percentage: an income of a whole number of 1,200 units.
        let application = application(|json| {
            json["finances"]["annual_income"] = (income * 120_000).into();
            json["finances"]["monthly_debt_payments"] = (income * hundredths).into();
        });
        let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
        let extractor = extractor();
        let from_row = read_row(&extractor, &[("dti", &text)], UnseenCategory::Refuse).expect("a sound row");
        let from_application = extractor.from_application(&application, date!(2011 - 01 - 02));
        prop_assert_eq!(from_row.values()[5].to_bits(), from_application.values()[5].to_bits());
    }
}

#[test]
fn what_is_absent_is_missing_and_so_is_what_is_derived_from_it() {
    let extractor = extractor();
    let from_row = read_row(&extractor, &[("loan_amnt", "100")], UnseenCategory::Refuse).expect("a sound row");
    let bare = application(|json| {
        let fields = json.as_object_mut().expect("an object");
        for section in ["employment", "finances", "bureau", "attributes"] {
            fields.remove(section);
        }
    });
    let from_application = extractor.from_application(&bare, date!(2011 - 01 - 02));
    assert!(from_row.values().iter().chain(from_application.values()).all(|value| value.is_nan()));
}

#[test]
fn employment_counts_complete_years_and_at_most_ten() {
    let extractor = extractor();
    for (years, expected) in [(0.9, 0.0), (4.0, 4.0), (4.99, 4.0), (10.0, 10.0), (35.0, 10.0)] {
        let application = application(|json| json["employment"]["years"] = years.into());
        assert_eq!(extractor.from_application(&application, date!(2011 - 01 - 02)).values()[3], expected);
    }
}

#[test]
fn every_fault_of_a_row_is_reported() {
    let row = [
        ("annual_inc", "inf"),
        ("loan_amnt", "12,000"),
        ("home_ownership", "CASTLE"),
        ("emp_length", "nan"),
        ("issue_d", "01/02/2011"),
        ("visits", "51"),
        ("phone", "maybe"),
    ];
    let faults = read_row(&extractor(), &row, UnseenCategory::Refuse).expect_err("a faulty row");
    let mut seen: Vec<(&str, FaultCode)> = faults.iter().map(|fault| (fault.column.as_str(), fault.code)).collect();
    seen.sort_unstable();
    let expected = [
        ("annual_inc", FaultCode::OutOfRange),
        ("emp_length", FaultCode::OutOfRange),
        ("home_ownership", FaultCode::UnknownValue),
        ("issue_d", FaultCode::WrongFormat),
        ("loan_amnt", FaultCode::WrongFormat),
        ("phone", FaultCode::WrongFormat),
        ("visits", FaultCode::OutOfRange),
    ];
    assert_eq!(seen, expected);
    let castle = faults.iter().find(|fault| fault.column == "home_ownership").expect("a fault");
    assert_eq!(castle.to_string(), "column `home_ownership`: must be one of MORTGAGE, OWN, RENT");
}

#[test]
fn an_unseen_category_can_be_accepted_and_is_then_none_of_the_categories() {
    let extractor = extractor();
    let row = [("home_ownership", "CASTLE")];
    let values = read_row(&extractor, &row, UnseenCategory::Accept).expect("accepted");
    assert_eq!(values.values()[2], 3.0);
    assert_eq!(extractor.unseen_categories(&values).collect::<Vec<_>>(), [2]);
}

#[test]
fn an_application_in_order_has_no_faults() {
    assert_eq!(extractor().check_application(&application(|_| {})), []);
    // No bureau file and absent attributes are legal.
    let sparse = application(|json| {
        json["bureau"] = Value::Null;
        json["attributes"] = json!({"account": null});
    });
    assert_eq!(extractor().check_application(&sparse), []);
}

#[test]
fn every_fault_of_an_application_is_reported_with_its_pointer() {
    let wrong = application(|json| {
        json["loan"]["currency"] = "EUR".into();
        json["finances"]["home_ownership"] = "other".into();
        json.as_object_mut().expect("an object").remove("employment");
        json["attributes"] = json!({"branch visits": -1, "phone": "yes", "account": "huge", "a/b": 1});
    });
    let faults = extractor().check_application(&wrong);
    let seen: Vec<(&str, FaultCode)> = faults.iter().map(|fault| (fault.pointer.as_str(), fault.code)).collect();
    let expected = [
        ("/attributes/account", FaultCode::UnknownValue),
        ("/attributes/a~1b", FaultCode::UnknownField),
        ("/attributes/branch visits", FaultCode::OutOfRange),
        ("/attributes/phone", FaultCode::WrongType),
        ("/employment", FaultCode::Required),
        ("/finances/home_ownership", FaultCode::UnknownValue),
        ("/loan/currency", FaultCode::UnknownValue),
    ];
    assert_eq!(seen, expected);
    assert_eq!(faults[0].message, "must be one of large, none, small");
    assert_eq!(faults[2].message, "must be from 0 to 50");
}

#[test]
fn a_value_is_shown_as_json_and_read_back() {
    let schema: Schema = toml::from_str(SCHEMA).expect("a schema");
    let values = extractor()
        .from_application(&application(|json| json["employment"]["years"] = Value::Null), date!(2011 - 01 - 02));
    let named = schema.named_values(&values);
    let expected = json!({
        "annual_income": 64000, "loan_to_income": 0.1875, "home_ownership": "rent", "employment_years": null,
        "credit_history_months": 79, "debt_to_income": 18.38, "branch_visits": 3, "owns_phone": true, "account": "large"
    });
    assert_eq!(Value::Object(named.clone()), expected);
    for (index, (value, &raw)) in named.values().zip(values.values()).enumerate() {
        let back = schema.raw_value(index, value).expect("its own value");
        assert!(back.to_bits() == raw.to_bits() || (back.is_nan() && raw.is_nan()));
    }
    assert_eq!(schema.raw_value(2, &json!("castle")), None);
    assert_eq!(schema.raw_value(0, &json!("64000")), None);
}

const FAULTY: &str = r#"
name = "faulty"
[[feature]]
name = "income"
column = "inc"
source = "/finances/annual_incom"
reason = "UW-INCOME"
[[feature]]
name = "income"
column = "income"
source = "/finances/annual_income"
[[feature]]
name = "applicant_age"
column = "age"
source = "/attributes/age"
reason = "UW-AGE"
[[feature]]
name = "chicken"
derive = "ratio(egg, income)"
reason = "UW-A1"
[[feature]]
name = "egg"
derive = "ratio(chicken, nest)"
reason = "UW-A1"
[[feature]]
name = "hen"
derive = "sum(cock, 1)"
reason = "UW-A1"
[[feature]]
name = "cock"
derive = "sum(hen, 1)"
reason = "UW-A1"
[[feature]]
name = "home"
column = "home"
source = "/finances/home_ownership"
kind = "category"
reason = "UW-HOME"
monotone = "increasing"
[[feature]]
name = "purpose"
column = "purpose"
source = "/loan/purpose"
kind = "category"
categories = ["car", "boat"]
column_values = { Auto = "automobile" }
reason = "UW-PURPOSE"
[[feature]]
name = "term"
column = "term"
source = "/loan/term_months"
min = 60
max = 36
scale = -1.0
reason = "UW-TERM"
"#;

#[test]
fn every_fault_of_a_schema_is_named() {
    let schema: Schema = toml::from_str(FAULTY).expect("a schema");
    let faults = schema.check().expect_err("faulty").faults.join("\n");
    for expected in [
        "`income`: the name is used twice",
        "`income`: the source `/finances/annual_incom` is not known; known are /loan/amount, /loan/term_months,",
        "debt_to_income_percent, employment_years_capped_10, /attributes/<name>",
        "`income`: has no `reason`",
        "`applicant_age`: its name says `age`",
        "`applicant_age`: its column says `age`",
        "`egg`: is derived from `nest`, which is no feature",
        "`hen`: is derived from itself",
        "`cock`: is derived from itself",
        "`home`: is a category, so it needs `categories`",
        "`home`: categories have no order, so `monotone` says nothing",
        "`purpose`: the category `boat` never occurs in an application",
        "`purpose`: `column_values` turns `Auto` into what is no value of it",
        "`term`: `min` must not be above `max`",
        "`term`: `scale` must be a number above 0",
    ] {
        assert!(faults.contains(expected), "no \"{expected}\" in\n{faults}");
    }
}
