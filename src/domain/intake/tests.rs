mod properties;

use rstest::rstest;
use serde_json::{Value, json};
use time::macros::date;

use super::*;
use crate::domain::{
    application::{AttributeValue, Purpose},
    fault::Malformed,
};

const TODAY: Date = date!(2026 - 11 - 22);

/// The example of the contract.
fn example() -> Value {
    json!({
        "external_reference": "LOS-2026-000123",
        "applicant": {
            "reference": "C-88121", "given_name": "Ada", "family_name": "Example", "date_of_birth": "1988-03-14",
            "national_id": "123-45-6789", "email": "ada@example.com", "phone": "+15550100",
            "address": {
                "lines": ["1 Main St"], "city": "Springfield", "region": "IL", "postal_code": "62701", "country": "US"
            }
        },
        "loan": {"amount": 1_200_000, "currency": "USD", "term_months": 36, "purpose": "debt_consolidation"},
        "employment": {"years": 4},
        "finances": {
            "annual_income": 6_400_000, "income_verification": "source_verified", "home_ownership": "rent",
            "monthly_debt_payments": 98_000
        },
        "bureau": {
            "delinquencies_24m": 0, "inquiries_6m": 1, "months_since_delinquency": null,
            "months_since_public_record": null, "open_accounts": 9, "total_accounts": 21, "public_records": 0,
            "bankruptcies": 0, "revolving_balance": 840_000, "revolving_utilization": 0.431,
            "first_credit_line": "2004-06-01"
        },
        "attributes": {}
    })
}

/// The example with the value at `pointer` set to a JSON text.
fn with(pointer: &str, value: &str) -> String {
    const MARK: &str = "\u{1}mark";
    let mut body = example();
    let (parent, field) = pointer.rsplit_once('/').expect("a pointer to a field");
    let parent = body.pointer_mut(parent).expect("known").as_object_mut().expect("an object");
    parent.insert(field.to_owned(), MARK.into());
    body.to_string().replace(&json!(MARK).to_string(), value)
}

fn without(pointer: &str) -> String {
    let mut body = example();
    let (parent, field) = pointer.rsplit_once('/').expect("a pointer to a field");
    body.pointer_mut(parent).expect("known").as_object_mut().expect("an object").remove(field).expect("present");
    body.to_string()
}

fn faults(json: impl AsRef<[u8]>) -> Vec<Fault> {
    match parse(json.as_ref(), TODAY) {
        Err(Refusal::Faults(faults)) => faults,
        other => panic!("expected faults, got {other:?}"),
    }
}

fn only_fault(json: impl AsRef<[u8]>) -> (String, FaultCode) {
    let mut faults = faults(json);
    assert_eq!(faults.len(), 1, "{faults:?}");
    let fault = faults.remove(0);
    (fault.pointer, fault.code)
}

fn malformed(json: impl AsRef<[u8]>) -> Malformed {
    match parse(json.as_ref(), TODAY) {
        Err(Refusal::Malformed(malformed)) => malformed,
        other => panic!("expected malformed, got {other:?}"),
    }
}

#[test]
fn the_example_of_the_contract_is_read_and_written_back_in_its_shape() {
    let application = parse(example().to_string().as_bytes(), TODAY).expect("valid");
    assert_eq!(application.loan.purpose, Purpose::DebtConsolidation);
    assert_eq!(application.loan.amount.minor(), 1_200_000);
    assert_eq!(application.applicant.date_of_birth, date!(1988 - 03 - 14));
    let mut expected = example();
    expected["employment"]["years"] = json!(4.0);
    assert_eq!(serde_json::to_value(&application).expect("JSON"), expected);
}

#[test]
fn the_least_application_has_an_applicant_and_a_loan() {
    let json = r#"{"applicant": {"reference": "C-1", "given_name": "A", "family_name": "B", "date_of_birth": "2000-02-29"},
        "loan": {"amount": 1, "currency": "EUR", "term_months": 480, "purpose": "other"}}"#;
    let application = parse(json.as_bytes(), TODAY).expect("valid");
    assert_eq!((application.employment, application.finances, application.bureau), (None, None, None));
}

#[rstest]
#[case::missing_section(without("/loan"), "/loan", FaultCode::Required)]
#[case::null_section(with("/applicant", "null"), "/applicant", FaultCode::Required)]
#[case::missing_field(without("/finances/annual_income"), "/finances/annual_income", FaultCode::Required)]
#[case::null_counter(with("/bureau/open_accounts", "null"), "/bureau/open_accounts", FaultCode::Required)]
#[case::misspelt(with("/finances/anual_income", "1"), "/finances/anual_income", FaultCode::UnknownField)]
#[case::pointer_escapes(with("/loan/a~b", "{\"x\": [1]}"), "/loan/a~0b", FaultCode::UnknownField)]
#[case::money_with_a_point(with("/loan/amount", "1200000.0"), "/loan/amount", FaultCode::WrongType)]
#[case::money_with_an_exponent(with("/loan/amount", "12e5"), "/loan/amount", FaultCode::WrongType)]
#[case::money_as_text(with("/loan/amount", "\"1200000\""), "/loan/amount", FaultCode::WrongType)]
#[case::no_money(with("/loan/amount", "0"), "/loan/amount", FaultCode::OutOfRange)]
#[case::negative_money(with("/finances/annual_income", "-1"), "/finances/annual_income", FaultCode::OutOfRange)]
#[case::more_than_canonical(with("/loan/amount", "9007199254740992"), "/loan/amount", FaultCode::OutOfRange)]
#[case::more_than_u64(with("/loan/amount", "99999999999999999999999"), "/loan/amount", FaultCode::OutOfRange)]
#[case::negative_zero(with("/bureau/inquiries_6m", "-0"), "/bureau/inquiries_6m", FaultCode::WrongType)]
#[case::boolean(with("/bureau/inquiries_6m", "true"), "/bureau/inquiries_6m", FaultCode::WrongType)]
#[case::object(with("/bureau/inquiries_6m", "{\"a\":1}"), "/bureau/inquiries_6m", FaultCode::WrongType)]
#[case::list(with("/bureau", "[]"), "/bureau", FaultCode::WrongType)]
#[case::half_a_month(with("/loan/term_months", "36.5"), "/loan/term_months", FaultCode::WrongType)]
#[case::too_long(with("/loan/term_months", "481"), "/loan/term_months", FaultCode::OutOfRange)]
#[case::currency(with("/loan/currency", "\"usd\""), "/loan/currency", FaultCode::WrongFormat)]
#[case::purpose(with("/loan/purpose", "\"yacht\""), "/loan/purpose", FaultCode::UnknownValue)]
#[case::purpose_type(with("/loan/purpose", "3"), "/loan/purpose", FaultCode::WrongType)]
#[case::utilization(
    with("/bureau/revolving_utilization", "43.1"),
    "/bureau/revolving_utilization",
    FaultCode::OutOfRange
)]
#[case::years(with("/employment/years", "-0.5"), "/employment/years", FaultCode::OutOfRange)]
#[case::no_date(with("/applicant/date_of_birth", "\"1988-02-30\""), "/applicant/date_of_birth", FaultCode::WrongFormat)]
#[case::signed_year(
    with("/applicant/date_of_birth", "\"+1988-02-03\""),
    "/applicant/date_of_birth",
    FaultCode::WrongFormat
)]
#[case::four_centuries(
    with("/applicant/date_of_birth", "\"1626-01-01\""),
    "/applicant/date_of_birth",
    FaultCode::OutOfRange
)]
#[case::credit_in_future(
    with("/bureau/first_credit_line", "\"2026-11-23\""),
    "/bureau/first_credit_line",
    FaultCode::InFuture
)]
#[case::credit_before_birth(
    with("/bureau/first_credit_line", "\"1988-03-13\""),
    "/bureau/first_credit_line",
    FaultCode::Contradiction
)]
#[case::accounts(with("/bureau/total_accounts", "8"), "/bureau/total_accounts", FaultCode::Contradiction)]
#[case::bankruptcies(with("/bureau/bankruptcies", "1"), "/bureau/public_records", FaultCode::Contradiction)]
#[case::empty_name(with("/applicant/given_name", "\"\""), "/applicant/given_name", FaultCode::WrongLength)]
#[case::blank_name(with("/applicant/given_name", "\"  \""), "/applicant/given_name", FaultCode::WrongFormat)]
#[case::control(with("/applicant/given_name", "\"A\\u0000da\""), "/applicant/given_name", FaultCode::WrongFormat)]
#[case::c1_control(with("/applicant/given_name", "\"A\\u0085da\""), "/applicant/given_name", FaultCode::WrongFormat)]
#[case::email(with("/applicant/email", "\"ada@\""), "/applicant/email", FaultCode::WrongFormat)]
#[case::phone(with("/applicant/phone", "\"555-0100\""), "/applicant/phone", FaultCode::WrongFormat)]
#[case::country(with("/applicant/address/country", "\"USA\""), "/applicant/address/country", FaultCode::WrongFormat)]
#[case::no_lines(with("/applicant/address/lines", "[]"), "/applicant/address/lines", FaultCode::WrongLength)]
#[case::null_line(
    with("/applicant/address/lines", "[\"a\", null]"),
    "/applicant/address/lines/1",
    FaultCode::WrongType
)]
#[case::card_in_line(
    with("/applicant/address/lines", "[\"4111 1111 1111 1111\"]"),
    "/applicant/address/lines/0",
    FaultCode::CardNumber
)]
#[case::card_in_reference(
    with("/external_reference", "\"5555555555554444\""),
    "/external_reference",
    FaultCode::CardNumber
)]
#[case::card_in_attribute(
    with("/attributes", "{\"memo\": \"4111-1111-1111-1111\"}"),
    "/attributes/memo",
    FaultCode::CardNumber
)]
#[case::attribute_list(with("/attributes", "{\"a\": [1]}"), "/attributes/a", FaultCode::WrongType)]
#[case::attribute_twice(with("/attributes", "{\"a\": 1, \"a\": 2}"), "/attributes/a", FaultCode::DuplicateField)]
#[case::attribute_integer(with("/attributes", "{\"a\": 9007199254740993}"), "/attributes/a", FaultCode::OutOfRange)]
#[case::attribute_name(with("/attributes", "{\" a\": 1}"), "/attributes/ a", FaultCode::WrongFormat)]
fn one_fault_is_named_where_it_stands(#[case] json: String, #[case] pointer: &str, #[case] code: FaultCode) {
    assert_eq!(only_fault(json), (pointer.to_owned(), code));
}

#[rstest]
#[case::nothing("", 1, "it ends too early")]
#[case::cut("{\"loan\":\n {\"amount\": 1", 2, "it ends too early")]
#[case::not_json("{\"loan\": NaN}", 1, "this is not JSON")]
#[case::two_values("{} {}", 1, "something follows the value")]
#[case::huge("{\"loan\": {\"amount\": 1e999}}", 1, "a number is too large")]
#[case::raw_control("{\"external_reference\": \"a\u{7}\"}", 1, "a text holds an unescaped control character")]
fn bytes_that_are_not_json_are_placed(#[case] json: &str, #[case] line: usize, #[case] problem: &str) {
    let malformed = malformed(json);
    assert_eq!((malformed.line, malformed.problem), (line, problem));
}

#[test]
fn bytes_that_are_not_utf8_are_placed() {
    let found = malformed(b"{\n \"external_reference\": \"\xff\"}");
    assert_eq!((found.line, found.column, found.problem), (2, 25, "it is not UTF-8"));
}

#[test]
fn ten_thousand_nested_lists_or_objects_are_refused_wherever_they_stand() {
    let lists = "[".repeat(10_000) + &"]".repeat(10_000);
    assert_eq!(only_fault(&lists), (String::new(), FaultCode::WrongType));
    assert_eq!(only_fault(with("/loan/amount", &lists)), ("/loan/amount".to_owned(), FaultCode::WrongType));
    assert_eq!(only_fault(with("/attributes", &format!("{{\"a\":{lists}}}"))).1, FaultCode::WrongType);
    assert_eq!(only_fault(with("/nested", &lists)), ("/nested".to_owned(), FaultCode::UnknownField));
    assert_eq!(malformed("{\"a\":".repeat(10_000)).problem, "it ends too early");
}

#[test]
fn a_body_that_is_no_object_is_the_wrong_type() {
    for json in ["null", "1", "\"text\"", "true", "[]"] {
        assert_eq!(only_fault(json), (String::new(), FaultCode::WrongType), "{json}");
    }
}

#[test]
fn a_field_given_twice_is_refused_even_when_both_say_the_same() {
    let json = example().to_string().replace("\"term_months\":36", "\"term_months\":36,\"term_months\":36");
    assert_eq!(only_fault(json), ("/loan/term_months".to_owned(), FaultCode::DuplicateField));
}

#[test]
fn a_misspelt_field_gets_a_hint_and_a_foreign_one_none() {
    let message = |pointer: &str| faults(with(pointer, "1")).remove(0).message;
    assert_eq!(message("/finances/annualIncome"), "is not a field here; did you mean annual_income?");
    assert_eq!(message("/bureau/total_acounts"), "is not a field here; did you mean total_accounts?");
    assert_eq!(message("/loan/interest_rate"), "is not a field here");
}

#[test]
fn every_fault_is_stated_at_once_in_the_order_of_the_pointers() {
    let json = r#"{"applicant": {"reference": "", "given_name": 7, "date_of_birth": "2030-01-01", "age": 3},
        "loan": {"amount": -5, "currency": "US", "term_months": 0}, "finances": {}, "bureau": "none"}"#;
    let found: Vec<_> = faults(json).into_iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect();
    let expected = [
        "/applicant/age unknown_field",
        "/applicant/date_of_birth in_future",
        "/applicant/family_name required",
        "/applicant/given_name wrong_type",
        "/applicant/reference wrong_length",
        "/bureau wrong_type",
        "/finances/annual_income required",
        "/finances/home_ownership required",
        "/finances/income_verification required",
        "/finances/monthly_debt_payments required",
        "/loan/amount out_of_range",
        "/loan/currency wrong_format",
        "/loan/purpose required",
        "/loan/term_months out_of_range",
    ];
    assert_eq!(found, expected);
}

#[test]
fn messages_say_what_would_be_right_and_never_the_value() {
    let secret = "zq-secret-value";
    let text = format!("\"{secret}\"");
    let pointers =
        ["/loan/purpose", "/loan/currency", "/applicant/email", "/applicant/phone", "/applicant/date_of_birth"];
    for pointer in pointers.into_iter().chain(["/loan/amount", "/finances/home_ownership", "/bureau/first_credit_line"])
    {
        for fault in faults(with(pointer, &text)) {
            assert!(!fault.message.contains(secret) && fault.message.len() > 10, "{fault:?}");
        }
    }
    let purpose = faults(with("/loan/purpose", &text)).remove(0).message;
    assert!(purpose.starts_with("must be one of car, credit_card, debt_consolidation"), "{purpose}");
}

#[test]
fn an_attribute_may_be_any_plain_value_and_null_is_kept() {
    let json = with("/attributes", r#"{"a/b": 1, "b": "x", "c": true, "d": null, "e": -0.0, "f": ""}"#);
    let attributes = parse(json.as_bytes(), TODAY).expect("valid").attributes;
    assert_eq!(attributes["a/b"], AttributeValue::Number(1.0));
    assert_eq!(attributes["b"], AttributeValue::Text("x".to_owned()));
    assert_eq!(attributes["c"], AttributeValue::Boolean(true));
    assert_eq!(attributes["d"], AttributeValue::Null);
    assert!(matches!(attributes["e"], AttributeValue::Number(zero) if zero.is_sign_positive()));
    let many: serde_json::Map<_, _> = (0..257).map(|n| (format!("a{n}"), json!(n))).collect();
    assert_eq!(only_fault(with("/attributes", &Value::Object(many).to_string())).1, FaultCode::WrongLength);
}

#[test]
fn a_south_african_identity_number_is_no_card_number() {
    // 13 digits with a Luhn check digit, as a Visa number may have.
    let json = with("/applicant/national_id", "\"4001014800084\"");
    assert!(parse(json.as_bytes(), TODAY).is_ok());
}

#[rstest]
#[case(date!(2008 - 11 - 22), 18)]
#[case(date!(2008 - 11 - 23), 17)]
#[case(date!(2026 - 11 - 22), 0)]
#[case(date!(2027 - 01 - 01), 0)]
fn age_counts_birthdays(#[case] birth: Date, #[case] years: u32) {
    assert_eq!(age_years(birth, TODAY), years);
}

#[test]
fn one_born_on_29_february_comes_of_age_on_1_march() {
    let birth = date!(2008 - 02 - 29);
    assert_eq!(age_years(birth, date!(2026 - 02 - 28)), 17);
    assert_eq!(age_years(birth, date!(2026 - 03 - 01)), 18);
}

#[test]
fn what_the_model_cannot_read_is_said_together_with_what_nobody_could() {
    let body = json!({
        "applicant": {"reference": "C-1", "given_name": "A", "family_name": "B", "date_of_birth": "1988-03-14"},
        "loan": {"amount": 12.5, "currency": "EUR", "term_months": 36, "purpose": "car"},
        "attributes": {"unheard_of": 1},
    });
    let check = |application: &Application| {
        assert_eq!(application.loan.currency, "EUR");
        assert!(application.attributes.contains_key("unheard_of"));
        vec![
            Fault::new("/loan/currency", FaultCode::UnknownValue, "must be USD"),
            Fault::new("/loan/amount", FaultCode::OutOfRange, "about the mended value"),
        ]
    };
    let refusal = parse_for(body.to_string().as_bytes(), TODAY, check).expect_err("two faults");
    let Refusal::Faults(faults) = refusal else { panic!("{refusal}") };
    let found: Vec<_> = faults.iter().map(|fault| (fault.pointer.as_str(), fault.code)).collect();
    assert_eq!(found, [("/loan/amount", FaultCode::WrongType), ("/loan/currency", FaultCode::UnknownValue)]);
}
