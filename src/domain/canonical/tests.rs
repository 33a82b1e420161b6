use std::collections::BTreeMap;

use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Map, Value, json, value::RawValue};

use super::*;

/// Texts in which everything occurs that is written or sorted in a way of its own.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-c_]{0,4}", "[a-b\"\\\\/\u{0}-\u{1f}\u{7f}é€\u{2028}\u{fb33}😀]{0,6}", any::<String>(),]
}

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1_000..1_000_i64).prop_map(Value::from),
        any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(Value::from),
        (-1e3..1e3_f64).prop_map(Value::from),
        prop::sample::select(vec![-0.0, 1e20, 1e21, 1e22, 1e-6, 1e-7, 5e-324, f64::MAX, 9_007_199_254_740_993.0])
            .prop_map(Value::from),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf =
        prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), number(), text().prop_map(Value::from)];
    leaf.prop_recursive(4, 60, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((text(), inner), 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_value_is_written_as_an_independent_library_writes_it(value in value()) {
        prop_assert_eq!(canonical(&value).expect("canonical"), serde_json_canonicalizer::to_string(&value).expect("theirs"));
    }
}

/// One of each form that serde has.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Form {
    Unit,
    Newtype(f32),
    Tuple(u8, char),
    Struct { later: Option<i8>, earlier: (), nested: BTreeMap<char, Wrapped> },
}

#[derive(Serialize)]
struct Wrapped(&'static [u8]);

#[derive(Serialize)]
struct Pair(i128, u128);

#[derive(Serialize)]
struct Nothing;

#[test]
fn every_form_is_written_as_an_independent_library_writes_it() {
    let nested = BTreeMap::from([('ß', Wrapped(b"\x00\xff")), ('a', Wrapped(b""))]);
    let forms = (
        [
            Form::Unit,
            Form::Newtype(0.1),
            Form::Tuple(255, '"'),
            Form::Struct { later: Some(-128), earlier: (), nested },
        ],
        Pair(-(1 << 70), 1 << 100),
        Nothing,
        (i64::MIN, u64::MAX, i32::MIN, u16::MAX),
        None::<bool>,
    );
    assert_eq!(canonical(&forms).expect("canonical"), serde_json_canonicalizer::to_string(&forms).expect("theirs"));
}

/// The example of RFC 8785, section 3.2.2, and the order of names of section 3.2.3.
#[test]
fn the_examples_of_the_rfc_come_out_as_it_prints_them() {
    let value: Value = serde_json::from_str(
        r#"{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
            "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}"#,
    )
    .expect("JSON");
    let expected = r#"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}"#;
    assert_eq!(canonical(&value).expect("canonical"), expected);
    let names = json!({"\u{20ac}": 1, "\r": 2, "\u{fb33}": 3, "1": 4, "\u{1f600}": 5, "\u{80}": 6, "\u{f6}": 7});
    let expected = "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"\u{f6}\":7,\"\u{20ac}\":1,\"\u{1f600}\":5,\"\u{fb33}\":3}";
    assert_eq!(canonical(&names).expect("canonical"), expected);
}

#[rstest]
#[case::infinity(&f64::INFINITY, "a number is not finite")]
#[case::nan(&f32::NAN, "a number is not finite")]
#[case::name(&BTreeMap::from([(1, 2)]), "a name is not a text")]
#[case::raw(&RawValue::from_string("{}".to_owned()).expect("JSON"), "text that is JSON already")]
fn what_has_no_canonical_form_is_refused(#[case] value: &impl Serialize, #[case] why: &str) {
    let error = canonical(value).expect_err(why).to_string();
    assert!(error.contains(why), "{error}");
}

#[test]
fn one_name_twice_is_refused() {
    struct Twice;
    impl Serialize for Twice {
        fn serialize<S: ser::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map([("a", 1), ("b", 2), ("a", 3)])
        }
    }
    assert_eq!(
        canonical(&Twice).expect_err("refused").to_string(),
        "the value cannot be written as canonical JSON: an object has one name twice"
    );
}
