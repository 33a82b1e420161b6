use proptest::prelude::*;

use super::*;
use crate::domain::application::{AttributeValue, HomeOwnership, IncomeVerification, Purpose};

fn any_date() -> impl Strategy<Value = Date> {
    (date!(1910 - 01 - 01).to_julian_day()..=date!(1960 - 01 - 01).to_julian_day())
        .prop_map(|day| Date::from_julian_day(day).expect("in range"))
}

fn any_money() -> impl Strategy<Value = Money> {
    (1..=Money::MAX_MINOR).prop_map(|amount| Money::from_minor(amount).expect("in range"))
}

fn any_bureau() -> impl Strategy<Value = Bureau> {
    let counters = (0..10_u32, 0..10_u32, prop::option::of(0..200_u32), 0..50_u32, 0..50_u32, 0..5_u32);
    (counters, any_money(), prop::option::of(0.0..=10.0_f64)).prop_map(
        |(
            (delinquencies_24m, inquiries_6m, months, open_accounts, closed, public_records),
            revolving_balance,
            share,
        )| {
            Bureau {
                delinquencies_24m,
                inquiries_6m,
                months_since_delinquency: months,
                months_since_public_record: months,
                open_accounts,
                total_accounts: open_accounts + closed,
                public_records,
                bankruptcies: months.map(|_| public_records),
                revolving_balance,
                revolving_utilization: share,
                first_credit_line: Some(date!(1990 - 01 - 01)),
            }
        },
    )
}

prop_compose! {
    fn any_application()(
        name in "[a-zà-ž][a-z'à-ž \u{202e}\u{4e00}-\u{4e10}]{0,99}[a-z]",
        birth in any_date(),
        amount in any_money(),
        term_months in 1..=480_u16,
        years in prop::option::of(prop::option::of(0.0..=80.0_f64)),
        income in prop::option::of(any_money()),
        bureau in prop::option::of(any_bureau()),
        number in -1e300..1e300_f64,
    ) -> Application {
        Application {
            external_reference: years.map(|_| format!("LOS-{term_months}")),
            applicant: Applicant {
                reference: format!("C-{term_months}"),
                given_name: name.clone(),
                family_name: name.clone(),
                date_of_birth: birth,
                national_id: None,
                email: Some("a@example.com".to_owned()),
                phone: None,
                address: Some(Address {
                    lines: vec![name.clone()], city: name.clone(), region: None, postal_code: None, country: "DE".to_owned(),
                }),
            },
            loan: Loan { amount, currency: "EUR".to_owned(), term_months, purpose: Purpose::Wedding },
            employment: years.map(|years| Employment { years }),
            finances: income.map(|annual_income| Finances {
                annual_income,
                income_verification: IncomeVerification::Verified,
                home_ownership: HomeOwnership::None,
                monthly_debt_payments: annual_income,
            }),
            bureau,
            attributes: [("a".to_owned(), AttributeValue::Number(number)), (name, AttributeValue::Null)]
                .into_iter().filter(|(name, _)| name.chars().count() <= 64).collect(),
        }
    }
}

/// JSON of any shape, with the contract's own names among its keys.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
    ];
    let key =
        prop_oneof![Just("applicant"), Just("loan"), Just("amount"), Just("lines"), Just("attributes"), Just("zz")];
    leaf.prop_recursive(6, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::hash_map(key.clone().prop_map(str::to_owned), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn a_valid_application_reads_back_as_it_was_written(application in any_application()) {
        let json = serde_json::to_vec(&application).expect("JSON");
        prop_assert_eq!(parse(&json, TODAY), Ok(application));
    }

    #[test]
    fn any_json_is_read_or_refused_without_a_panic(json in any_json()) {
        prop_assert!(!matches!(parse(json.to_string().as_bytes(), TODAY), Err(Refusal::Malformed(_))));
    }

    #[test]
    fn any_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(parse(&bytes, TODAY).is_err());
    }

    #[test]
    fn every_injected_fault_is_stated(places in prop::sample::subsequence(INJECTED.to_vec(), 1..INJECTED.len())) {
        let mut body = example();
        for (pointer, _) in &places {
            *body.pointer_mut(pointer).expect("known") = json!([]);
        }
        let found: Vec<_> = faults(body.to_string()).into_iter().map(|fault| (fault.pointer, fault.code)).collect();
        for (pointer, code) in places {
            prop_assert!(found.contains(&(pointer.to_owned(), code)), "{} in {:?}", pointer, found);
        }
    }
}

const INJECTED: [(&str, FaultCode); 8] = [
    ("/applicant/given_name", FaultCode::WrongType),
    ("/applicant/date_of_birth", FaultCode::WrongType),
    ("/applicant/address/lines", FaultCode::WrongLength),
    ("/loan/amount", FaultCode::WrongType),
    ("/loan/purpose", FaultCode::WrongType),
    ("/employment", FaultCode::WrongType),
    ("/finances/annual_income", FaultCode::WrongType),
    ("/bureau/revolving_utilization", FaultCode::WrongType),
];
