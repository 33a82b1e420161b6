use proptest::prelude::*;
use rstest::rstest;
use serde_json::json;

use super::*;
use crate::domain::principal::Role;

fn draft(actor: &str, subject: &str, payload: &serde_json::Value) -> Draft {
    let actor = Principal { subject: actor.to_owned(), role: Role::Officer };
    let request_id = "req_019aa9a5-0000-7000-8000-000000000001".parse().unwrap();
    let facts = Facts { action: Action::ApplicationDecided, actor: &actor, build: "0.1.0", request_id, subject };
    Draft::new(facts, &canonical(payload).unwrap()).unwrap()
}

fn noon() -> Timestamp {
    Timestamp::parse("2026-11-22T12:00:00Z").unwrap()
}

#[test]
fn a_placed_entry_is_canonical_and_reads_back() {
    let placed = draft("ada", "app_1", &json!({"z": 1.0, "a": [true, null]})).place(12, noon());
    assert_eq!(
        placed.bytes,
        r#"{"action":"application.decided","actor":{"role":"officer","subject":"ada"},"build":"0.1.0","payload":{"a":[true,null],"z":1},"request_id":"req_019aa9a5-0000-7000-8000-000000000001","sequence":12,"subject":"app_1","time":"2026-11-22T12:00:00.000000Z"}"#
    );
    assert_eq!(placed.leaf_hash, tree::leaf_hash(placed.bytes.as_bytes()), "the hash that was begun early");
    let entry = Entry::parse(placed.bytes.as_bytes()).unwrap();
    assert_eq!((entry.sequence, entry.subject.as_str(), entry.time), (12, "app_1", noon()));
    assert_eq!(entry.payload.get(), r#"{"a":[true,null],"z":1}"#);
}

#[test]
fn an_entry_that_names_an_answer_is_canonical_and_reads_back() {
    let hash = tree::leaf_hash(b"an answer");
    let placed = draft("ada", "app_1", &json!({})).naming_answer(hash).place(12, noon());
    assert_eq!(placed.leaf_hash, tree::leaf_hash(placed.bytes.as_bytes()), "the hash that was begun early");
    let entry = Entry::parse(placed.bytes.as_bytes()).unwrap();
    assert_eq!(entry.response_sha256, Some(hash.to_string()));
}

#[test]
fn one_subject_in_two_roles_is_two_actors() {
    let name = |role| actor_name(&Principal { subject: "ada".to_owned(), role });
    assert_eq!((name(Role::Officer), name(Role::Service)), ("officer:ada".to_owned(), "service:ada".to_owned()));
    assert_eq!(draft("ada", "app_1", &json!({})).actor_name(), "officer:ada");
}

#[rstest]
#[case::white_space(|entry: &str| entry.replacen(':', ": ", 1), EntryError::NotCanonical)]
#[case::another_order(|entry: &str| entry.replace(r#""role":"officer","subject":"ada""#, r#""subject":"ada","role":"officer""#), EntryError::NotCanonical)]
#[case::another_spelling_of_a_number(|entry: &str| entry.replace(r#""z":1"#, r#""z":1.0"#), EntryError::NotCanonical)]
#[case::another_spelling_of_a_text(|entry: &str| entry.replace("ada", r"\u0061da"), EntryError::NotCanonical)]
#[case::a_name_twice(|entry: &str| entry.replace(r#""z":1"#, r#""z":1,"z":1"#), EntryError::NotCanonical)]
#[case::an_unknown_name(|entry: &str| entry.replacen('{', r#"{"aa":1,"#, 1), EntryError::NotAnEntry)]
#[case::an_unknown_action(|entry: &str| entry.replace("decided", "denied"), EntryError::NotAnEntry)]
#[case::cut_off(|entry: &str| entry[..entry.len() - 1].to_owned(), EntryError::NotAnEntry)]
fn bytes_that_were_not_written_here_are_refused(#[case] change: fn(&str) -> String, #[case] error: EntryError) {
    let placed = draft("ada", "app_1", &json!({"z": 1})).place(0, noon());
    assert_eq!(Entry::parse(change(&placed.bytes).as_bytes()).unwrap_err(), error);
}

/// RFC 8785, section 3.2.2 (the sample) with the answer of section 3.2.3.
#[test]
fn the_sample_of_the_rfc_comes_out() {
    let sample = r#"{
       "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
       "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
       "literals": [null, true, false]
     }"#;
    let value: serde_json::Value = serde_json::from_str(sample).unwrap();
    assert_eq!(
        canonical(&value).unwrap(),
        r#"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}"#
    );
}

/// RFC 8785, section 3.2.3: names sort by UTF-16 code units, so an emoji comes before U+FB33.
#[test]
fn names_sort_as_in_the_rfc() {
    let sample = r#"{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh",
        "1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}"#;
    let value: serde_json::Value = serde_json::from_str(sample).unwrap();
    let sorted: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&canonical(&value).unwrap()).unwrap();
    let values: Vec<_> = sorted.values().map(|text| text.as_str().unwrap()).collect();
    assert_eq!(
        values,
        [
            "Carriage Return",
            "One",
            "Control",
            "Latin Small Letter O With Diaeresis",
            "Euro Sign",
            "Emoji: Grinning Face",
            "Hebrew Letter Dalet With Dagesh",
        ]
    );
}

/// RFC 8785, appendix B.
#[rstest]
#[case(0x0000_0000_0000_0000, "0")]
#[case(0x8000_0000_0000_0000, "0")]
#[case(0x0000_0000_0000_0001, "5e-324")]
#[case(0x8000_0000_0000_0001, "-5e-324")]
#[case(0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308")]
#[case(0x4340_0000_0000_0000, "9007199254740992")]
#[case(0xc340_0000_0000_0000, "-9007199254740992")]
#[case(0x4430_0000_0000_0000, "295147905179352830000")]
#[case(0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22")]
#[case(0x44b5_2d02_c7e1_4af6, "1e+23")]
#[case(0x444b_1ae4_d6e2_ef4e, "999999999999999700000")]
#[case(0x444b_1ae4_d6e2_ef50, "1e+21")]
#[case(0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7")]
#[case(0x3eb0_c6f7_a0b5_ed8d, "0.000001")]
#[case(0x41b3_de43_5555_5553, "333333333.3333332")]
#[case(0x41b3_de43_5555_5554, "333333333.33333325")]
#[case(0x41b3_de43_5555_5555, "333333333.3333333")]
#[case(0xbecb_f647_612f_3696, "-0.0000033333333333333333")]
fn numbers_are_spelt_as_in_the_rfc(#[case] bits: u64, #[case] spelling: &str) {
    assert_eq!(canonical(&f64::from_bits(bits)).unwrap(), spelling);
}

#[test]
fn what_has_no_canonical_form_is_refused() {
    assert!(canonical(&f64::NAN).is_err());
    assert!(canonical(&f64::INFINITY).is_err());
}

proptest! {
    #[test]
    fn every_entry_is_canonical_whatever_its_texts_and_numbers(
        actor in ".{1,20}", subject in ".{1,20}", name in ".{0,10}", number in any::<f64>(), sequence in 0..MAX_SEQUENCE,
    ) {
        let placed = draft(&actor, &subject, &json!({ name: number, "zz": [sequence] })).place(sequence, noon());
        let entry = Entry::parse(placed.bytes.as_bytes());
        prop_assert!(entry.is_ok(), "{:?} {}", entry, placed.bytes);
        prop_assert_eq!(entry.unwrap().sequence, sequence);
        prop_assert_eq!(placed.leaf_hash, tree::leaf_hash(placed.bytes.as_bytes()));
    }
}
