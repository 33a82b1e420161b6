//! Held against the definition: reading a value and writing it again gives the same bytes.

use proptest::prelude::*;

use super::*;

/// The definition: reading and writing gives the same bytes.
fn defined(bytes: &[u8]) -> bool {
    let value: Result<serde_json::Value, _> = serde_json::from_slice(bytes);
    value.is_ok_and(|value| serde_json_canonicalizer::to_vec(&value).is_ok_and(|canonical| canonical == bytes))
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        (-1e6..1e6_f64).prop_map(Into::into),
        "\\PC{0,8}|[\\x00-\\x20\"\\\\/é😀ﬀ]{0,6}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::from),
            prop::collection::btree_map("[a-c\"\\\\\n😀ﬀ]{0,3}", inner, 0..6)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_the_canonicalizer_writes_is_canonical(value in json()) {
        let text = serde_json_canonicalizer::to_string(&value).unwrap();
        prop_assert!(defined(text.as_bytes()) == is_canonical(text.as_bytes()), "{}", text);
    }

    #[test]
    fn one_changed_byte_is_judged_as_by_the_definition(value in json(), place in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut text = serde_json_canonicalizer::to_vec(&value).unwrap();
        let place = place.index(text.len());
        text[place] = byte;
        prop_assert!(defined(&text) == is_canonical(&text), "{}", String::from_utf8_lossy(&text));
    }

    #[test]
    fn json_as_it_comes_is_judged_as_by_the_definition(value in json()) {
        for text in [serde_json::to_string(&value).unwrap(), serde_json::to_string_pretty(&value).unwrap()] {
            prop_assert!(defined(text.as_bytes()) == is_canonical(text.as_bytes()), "{}", text);
        }
    }

    #[test]
    fn any_number_is_judged_as_by_the_definition(number in "-?[0-9]{0,3}(\\.[0-9]{0,18})?(e[+-]?[0-9]{1,3})?|-?0\\.0{0,8}[0-9]{1,17}") {
        prop_assert!(defined(number.as_bytes()) == is_canonical(number.as_bytes()), "{}", number);
    }
}

#[test]
fn the_first_special_byte_is_found_wherever_it_stands() {
    for length in 0..40 {
        for byte in 0..=u8::MAX {
            let special = byte < 0x20 || byte == b'"' || byte == b'\\';
            for place in 0..length {
                // Everything else there is, the greatest and the least among it.
                let others = (0x20..=0xff).cycle().step_by(83).filter(|byte| !matches!(byte, b'"' | b'\\'));
                let mut bytes: Vec<u8> = others.take(length).collect();
                bytes[place] = byte;
                let is_ascii_before = bytes[..place].is_ascii();
                let expected = special.then_some(Special { place, is_ascii_before });
                assert_eq!(first_special(&bytes, 0), expected, "{bytes:?}");
            }
        }
    }
}

#[test]
fn the_end_of_the_digits_is_found_whatever_stands_there() {
    for count in 0..20 {
        for byte in 0..=u8::MAX {
            let mut bytes: Vec<u8> = (b'0'..=b'9').cycle().skip(count).take(count).collect();
            bytes.push(byte);
            bytes.extend([0xff, b'7', 0xfa, 0x00, b'/', b':', b'0', b'9', b'e']);
            let expected = if byte.is_ascii_digit() { count + 1 } else { count };
            assert_eq!(digits(&bytes), expected, "{count} and {byte}");
            assert_eq!(digits(&bytes[..=count]), expected, "{count} and {byte} at the end");
        }
    }
}

#[test]
fn what_is_deeper_than_the_reader_goes_is_refused() {
    for depth in [1, 126, 127, 128, 200] {
        let text = "[".repeat(depth) + &"]".repeat(depth);
        assert_eq!(is_canonical(text.as_bytes()), defined(text.as_bytes()), "{depth}");
    }
}
