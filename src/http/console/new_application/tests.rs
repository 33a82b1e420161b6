use std::fmt::Write;

use serde_json::{Value, json};
use time::{UtcOffset, macros::date};

use super::{fields::Field, *};
use crate::{
    domain::{
        application::{HomeOwnership, IncomeVerification, Purpose},
        fault::Fault,
        intake,
        language::Language,
    },
    http::console::forms::Fields,
    model::Model,
};

const ENGLISH: Texts = Texts::new(Language::English, UtcOffset::UTC);
const CHINESE: Texts = Texts::new(Language::Chinese, UtcOffset::UTC);

/// A model that reads an amount, and attributes of every kind, two of them from one.
fn model() -> Model {
    let file = json!({
        "format": 1, "name": "leases", "version": "1",
        "schema": {"name": "leases", "currency": "EUR",
            "input": [{"name": "begun", "source": "/attributes/begun_on", "column": "begun", "kind": "date"}],
            "feature": [
                {"name": "amount", "source": "/loan/amount", "scale": 0.01, "column": "amount", "min": 500.0, "max": 75_000.0, "reason": "UW-A"},
                {"name": "mileage", "source": "/attributes/mileage~1year", "column": "m", "min": 0.0, "max": 90_000.0, "reason": "UW-B"},
                {"name": "mileage_again", "source": "/attributes/mileage~1year", "column": "m2", "reason": "UW-B"},
                {"name": "fuel", "label": "What it runs on", "source": "/attributes/fuel", "column": "f", "kind": "category",
                 "categories": ["petrol", "plug_in"], "reason": "UW-C"},
                {"name": "insured", "source": "/attributes/insured", "column": "i", "kind": "boolean", "reason": "UW-D"},
            ]},
        "reasons": {"UW-A": "A", "UW-B": "B", "UW-C": "C", "UW-D": "D"},
        "encodings": [{"feature": "fuel", "prior": 0.1, "statistics": [0.1, 0.2]}],
        "forest": {"features": 5, "bias": -1.0, "trees": [
            {"splits": [{"feature": 0, "threshold": 9_000.0, "missing_above": false}], "leaf_values": [-0.1, 0.1], "leaf_covers": [5.0, 5.0]},
        ]},
        "calibration": {"slope": 1.0, "intercept": 0.0},
        "training_ranges": [
            {"feature": "amount", "range": [500.0, 75_000.0], "missing": false},
            {"feature": "mileage", "range": [0.0, 90_000.0], "missing": true},
            {"feature": "mileage_again", "range": [0.0, 90_000.0], "missing": true},
            {"feature": "fuel", "categories": ["petrol", "plug_in"], "missing": true},
            {"feature": "insured", "range": [0.0, 1.0], "missing": true},
        ],
        "provenance": {"data": [], "train_rows": 10, "test_rows": 0, "bad_rate": 0.1, "seed": 1, "trained_by": "hand", "split": "none",
                       "parameters": {}, "metrics": {}},
    });
    Model::without_parity(file.to_string().as_bytes()).unwrap_or_else(|error| panic!("{error}"))
}

/// The fields as a browser sends them.
fn fields(typed: &[(&str, &str)]) -> Fields {
    let escape = |text: &str| {
        text.bytes().fold(String::new(), |mut escaped, byte| {
            write!(escaped, "%{byte:02X}").unwrap();
            escaped
        })
    };
    let pairs: Vec<String> = typed.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
    Fields::parse(pairs.join("&").as_bytes())
}

fn sent(t: Texts, typed: &[(&str, &str)]) -> Form {
    Form::sent(t, &model(), &fields(typed))
}

fn body(typed: &[(&str, &str)]) -> Value {
    serde_json::from_str(&sent(ENGLISH, typed).body()).unwrap()
}

/// Every fault that the rules find in what was sent, as the service finds them.
fn faults(form: &Form) -> Vec<Fault> {
    let model = model();
    let check = |application: &_| model.extractor().check_application(application);
    match intake::parse_for(form.body().as_bytes(), date!(2026 - 11 - 22), check) {
        Ok(application) => check(&application),
        Err(Refusal::Faults(faults)) => faults,
        Err(Refusal::Malformed(malformed)) => panic!("{malformed}"),
    }
}

/// What is said at a field.
fn said(t: Texts, typed: &[(&str, &str)], pointer: &str) -> Option<String> {
    let mut form = sent(t, typed);
    let found = faults(&form);
    form.tell(&found);
    form.fields().find(|field| field.pointer == pointer)?.fault.clone()
}

#[test]
fn what_is_typed_as_people_write_it_is_the_application_of_the_contract() {
    let example = crate::http::api::document::example_application();
    let mut made = body(&[
        ("/external_reference", "LOS-2026-000123"),
        ("/applicant/reference", "C-88121"),
        ("/applicant/given_name", "Ada"),
        ("/applicant/family_name", " Example "),
        ("/applicant/date_of_birth", "14 March 1988"),
        ("/applicant/national_id", "123-45-6789"),
        ("/applicant/email", "ada@example.com"),
        ("/applicant/phone", "+1 (555) 0100"),
        ("/applicant/address/lines", "1 Main St\r\n"),
        ("/applicant/address/city", "Springfield"),
        ("/applicant/address/region", "IL"),
        ("/applicant/address/postal_code", "62701"),
        ("/applicant/address/country", "us"),
        ("/loan/amount", "12,000.00"),
        ("/loan/currency", "usd"),
        ("/loan/term_months", "36"),
        ("/loan/purpose", "debt_consolidation"),
        ("/employment/years", "4"),
        ("/finances/annual_income", "$64,000"),
        ("/finances/income_verification", "source_verified"),
        ("/finances/home_ownership", "rent"),
        ("/finances/monthly_debt_payments", "980"),
        ("bureau", "file"),
        ("/bureau/delinquencies_24m", "0"),
        ("/bureau/inquiries_6m", "1"),
        ("/bureau/months_since_delinquency", ""),
        ("/bureau/months_since_public_record", ""),
        ("/bureau/open_accounts", "9"),
        ("/bureau/total_accounts", "21"),
        ("/bureau/public_records", "0"),
        ("/bureau/bankruptcies", "0"),
        ("/bureau/revolving_balance", "8,400"),
        ("/bureau/revolving_utilization", "43.1%"),
        ("/bureau/first_credit_line", "2004-06-01"),
    ]);
    // Left out is as good as null, and no attribute as good as an empty list of them.
    made["bureau"]["months_since_delinquency"] = Value::Null;
    made["bureau"]["months_since_public_record"] = Value::Null;
    made["attributes"] = json!({});
    assert_eq!(made, example);
}

#[test]
fn an_empty_form_says_of_every_field_that_must_be_given_that_it_must() {
    let mut form = sent(CHINESE, &[]);
    let found = faults(&form);
    let told = form.tell(&found);
    let asked = form.fields().filter(|field| field.must_be_given());
    let must: Vec<&Field> = asked.collect();
    assert!(must.len() > 10);
    for field in must {
        assert_eq!(field.fault.as_deref(), Some("必须填写"), "{}", field.pointer);
    }
    assert!(told.iter().all(|told| told.id.is_some()));
    assert!(form.fields().all(|field| field.must_be_given() || field.fault.is_none()));
}

#[test]
fn without_a_file_its_fields_are_neither_sent_nor_missed() {
    let body = body(&[("bureau", "none"), ("/bureau/open_accounts", "nonsense")]);
    assert!(body.get("bureau").is_none(), "{body}");
    let mut form = sent(ENGLISH, &[("bureau", "none"), ("/bureau/open_accounts", "nonsense")]);
    let found = faults(&form);
    assert!(form.tell(&found).iter().all(|told| !told.id.as_deref().unwrap_or_default().starts_with("bureau")));
}

#[test]
fn whatever_is_typed_into_any_field_is_refused_in_words_of_the_form_s_own() {
    let long = "x".repeat(10_000);
    let digits = "9".repeat(10_000);
    let typed = [
        "?",
        "-1",
        "0.001",
        "9999-01-01",
        "1799-01-01",
        "4111 1111 1111 1111",
        "a\u{0}b",
        "<b>",
        "\u{202e}",
        &long,
        &digits,
    ];
    for t in [ENGLISH, CHINESE] {
        for pointer in sent(t, &[]).fields().map(|field| field.pointer.clone()) {
            for text in typed {
                let told = said(t, &[(&pointer, text)], &pointer);
                let apology =
                    told.as_ref().is_some_and(|told| told.contains("Not accepted") || told.contains("不接受"));
                assert!(!apology, "{pointer}: {told:?}");
            }
        }
    }
}

#[test]
fn a_fault_says_what_would_be_right_in_the_unit_that_is_typed() {
    for (typed, pointer, expected) in [
        (vec![("/loan/amount", "12,00")], "/loan/amount", "Write an amount such as 12,000.00"),
        (vec![("/loan/amount", "0"), ("/loan/currency", "JPY")], "/loan/amount", "Must be 50,000 or more"),
        (vec![("/loan/amount", "75,000.01"), ("/loan/currency", "EUR")], "/loan/amount", "Must be 75,000.00 or less"),
        (vec![("/loan/currency", "USD")], "/loan/currency", "The model in force takes EUR alone"),
        (vec![("/bureau/revolving_utilization", "1001")], "/bureau/revolving_utilization", "Must be 1000% or less"),
        (vec![("/loan/term_months", "481")], "/loan/term_months", "Must be 480 or less"),
        (vec![("/employment/years", "81")], "/employment/years", "Must be 80 or less"),
        (vec![("/applicant/date_of_birth", "3/4/1988")], "/applicant/date_of_birth", "Write a day such as 1988-03-14"),
        (vec![("/applicant/date_of_birth", "2026-11-23")], "/applicant/date_of_birth", "Must not be in the future"),
        (vec![("/applicant/date_of_birth", "1826-11-23")], "/applicant/date_of_birth", "Must be at most 120 years ago"),
        (
            vec![("/bureau/open_accounts", "9"), ("/bureau/total_accounts", "8")],
            "/bureau/total_accounts",
            "Must not be fewer than the open accounts, which it counts as well",
        ),
        (
            vec![("/applicant/address/lines", "1\n2\n3\n4\n5\n6\n7")],
            "/applicant/address/lines",
            "Write at most 6 lines",
        ),
        (vec![("/applicant/address/city", "X")], "/applicant/address/country", "Must be given"),
        (vec![("/finances/annual_income", "1")], "/finances/home_ownership", "Must be given"),
    ] {
        assert_eq!(said(ENGLISH, &typed, pointer).as_deref(), Some(expected), "{typed:?}");
    }
}

#[test]
fn every_value_of_a_closed_list_is_offered_and_nothing_else() {
    let form = sent(ENGLISH, &[]);
    let offered = |pointer: &str| {
        let field = form.fields().find(|field| field.pointer == pointer).unwrap();
        field.choices().iter().map(|choice| choice.value.clone().into_owned()).collect::<Vec<_>>()
    };
    // A word that is in no list is answered with those that are.
    let known = |list: Result<(), serde_json::Error>| {
        let said = list.unwrap_err().to_string();
        said.split('`').skip(3).step_by(2).map(str::to_owned).collect::<Vec<_>>()
    };
    let lists = [
        ("/loan/purpose", known(serde_json::from_str::<Purpose>("\"?\"").map(drop))),
        ("/finances/income_verification", known(serde_json::from_str::<IncomeVerification>("\"?\"").map(drop))),
        ("/finances/home_ownership", known(serde_json::from_str::<HomeOwnership>("\"?\"").map(drop))),
    ];
    for (pointer, mut known) in lists {
        let mut offered = offered(pointer);
        known.sort();
        offered.sort();
        assert!(known.len() > 2, "{known:?}");
        assert_eq!(offered, known, "{pointer}");
    }
}

#[test]
fn what_the_model_declares_is_asked_for_each_once_and_sent_as_its_kind() {
    let form = sent(ENGLISH, &[]);
    let group = form.groups.last().unwrap();
    let asked: Vec<(&str, &str)> = group.fields.iter().map(|field| (field.label.as_ref(), field.id.as_str())).collect();
    assert_eq!(
        asked,
        [
            ("Begun", "attributes-0"),
            ("Mileage", "attributes-1"),
            ("What it runs on", "attributes-2"),
            ("Insured", "attributes-3")
        ]
    );
    let typed = [
        ("/attributes/begun_on", "2024/5/1"),
        ("/attributes/mileage~1year", "12,500"),
        ("/attributes/fuel", "plug_in"),
        ("/attributes/insured", "false"),
    ];
    let expected = json!({"begun_on": "2024-05-01", "mileage/year": 12_500, "fuel": "plug_in", "insured": false});
    assert_eq!(body(&typed)["attributes"], expected);
    assert!(faults(&sent(ENGLISH, &typed)).iter().all(|fault| !fault.pointer.starts_with("/attributes")));
    for (pointer, typed, expected) in [
        ("/attributes/begun_on", "soon", "Write a day such as 1988-03-14"),
        ("/attributes/mileage~1year", "90,001", "Must be 90,000 or less"),
        ("/attributes/mileage~1year", "many", "Write a number such as 4.5"),
        ("/attributes/fuel", "steam", "Choose one"),
        ("/attributes/insured", "maybe", "Choose one"),
    ] {
        assert_eq!(
            said(ENGLISH, &sound_but((pointer, typed)), pointer).as_deref(),
            Some(expected),
            "{pointer} {typed}"
        );
    }
}

/// A sound application, but for one field.
fn sound_but<'a>(other: (&'a str, &'a str)) -> Vec<(&'a str, &'a str)> {
    vec![
        ("/applicant/reference", "C-1"),
        ("/applicant/given_name", "Ada"),
        ("/applicant/family_name", "Example"),
        ("/applicant/date_of_birth", "1988-03-14"),
        ("/loan/amount", "12,000"),
        ("/loan/currency", "EUR"),
        ("/loan/term_months", "36"),
        ("/loan/purpose", "car"),
        ("bureau", "none"),
        other,
    ]
}

#[test]
fn the_same_fields_are_the_same_bytes_whatever_order_they_come_in() {
    let mut typed = sound_but(("/attributes/fuel", "petrol"));
    let once = sent(ENGLISH, &typed).body();
    typed.reverse();
    assert_eq!(sent(CHINESE, &typed).body(), once);
    assert!(faults(&sent(ENGLISH, &typed)).is_empty(), "{:?}", faults(&sent(ENGLISH, &typed)));
}
