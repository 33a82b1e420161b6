//! The forms that payloads have, learnt from those that were read.
//!
//! Neighbouring payloads differ in their values and hardly in anything else. What stands between the values (names,
//! brackets, commas) is compared with what stood there in a payload that was read from end to end and found canonical; only
//! the values themselves are read. A text that has a known form, and canonical values, is canonical: its names are in
//! order because those of the other were.

use std::ops::Range;

use crate::domain::canonical::reader::Reader;

/// How many places are remembered at most: a log that was made up cannot fill the memory.
const MOST: usize = 1 << 14;

/// Forms of texts in each of which up to `N` values are asked for.
///
/// They are kept as a tree: forms that begin alike share their beginning.
#[derive(Debug)]
pub struct Forms<const N: usize> {
    places: Vec<Place>,
    first: Vec<usize>,
}

/// What stands before a value, or at the end.
#[derive(Debug)]
struct Place {
    before: Box<str>,
    /// Which of the values that are asked for stands here.
    asked: Option<usize>,
    /// The places that may be next, those with the longest text first: one may begin as another. None at the end.
    next: Vec<usize>,
}

impl<const N: usize> Default for Forms<N> {
    fn default() -> Self {
        Self { places: Vec::new(), first: Vec::new() }
    }
}

impl<const N: usize> Forms<N> {
    /// Reads a text of a known form, and gives the values that are asked for as they stand; `None` when its form is not
    /// known, and then the reader stands anywhere.
    pub(super) fn read<'a>(&self, reader: &mut Reader<'a>) -> Option<[Option<&'a str>; N]> {
        let mut values = [None; N];
        let mut next = &self.first;
        loop {
            let known = next.iter().map(|index| &self.places[*index]);
            let place = known.into_iter().find(|place| reader.word(&place.before).is_some())?;
            if place.next.is_empty() {
                return Some(values);
            }
            let value = reader.scalar()?;
            if let Some(asked) = place.asked {
                values[asked] = Some(value);
            }
            next = &place.next;
        }
    }

    /// Learns the form of a text that is canonical, and which of its values are those that are asked for: parts of it.
    pub(super) fn learn(&mut self, text: &str, values: [Option<&str>; N]) {
        let mut scalars = Vec::new();
        if Reader::new(text).scalars(&mut scalars).is_none() || self.places.len() + scalars.len() >= MOST {
            return;
        }
        let place_of = |value: &str| (value.as_ptr() as usize).wrapping_sub(text.as_ptr() as usize);
        let (mut parent, mut read) = (None, 0);
        for Range { start, end } in scalars {
            let asked = values.iter().position(|value| value.is_some_and(|value| place_of(value) == start));
            parent = Some(self.place(parent, &text[read..start], asked));
            read = end;
        }
        self.place(parent, &text[read..], None);
    }

    /// The place behind another that has this text before it.
    fn place(&mut self, parent: Option<usize>, before: &str, asked: Option<usize>) -> usize {
        let siblings = parent.map_or(&self.first, |parent| &self.places[parent].next);
        if let Some(known) = siblings.iter().find(|index| *self.places[**index].before == *before) {
            return *known;
        }
        let new = self.places.len();
        let order = siblings.partition_point(|index| self.places[*index].before.len() > before.len());
        self.places.push(Place { before: before.into(), asked, next: Vec::new() });
        match parent {
            Some(parent) => self.places[parent].next.insert(order, new),
            None => self.first.insert(order, new),
        }
        new
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::canonical::{canonical, reader::is_canonical};

    fn known(forms: &Forms<1>, text: &str) -> bool {
        let mut reader = Reader::new(text);
        forms.read(&mut reader).is_some() && reader.is_at_end()
    }

    /// Values of few shapes, so that many have one form, and texts without escapes.
    fn value() -> impl Strategy<Value = Value> {
        let scalar = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Into::into),
            (-1e6..1e6_f64).prop_map(Into::into),
            "[a-zé ]{0,9}".prop_map(Value::from),
        ];
        (prop::collection::vec(scalar, 5), 0..4_usize).prop_map(|(s, shape)| match shape {
            0 => json!({"a": s[0], "b": {"c": s[1], "d": [s[2], s[3]]}, "e": s[4]}),
            1 => json!({"a": s[0], "b": {"c": s[1], "d": [s[2]]}, "e": s[4]}),
            2 => json!({"a": s[0], "b": {"c": s[1], "d": []}}),
            _ => json!({"a": s[0]}),
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        #[test]
        fn a_text_of_a_known_form_is_canonical_and_one_that_was_learnt_is_known(
            learnt in prop::collection::vec(value(), 1..5),
            other in value(),
            place in any::<prop::sample::Index>(),
            byte in any::<u8>(),
        ) {
            let mut forms = Forms::<1>::default();
            for value in &learnt {
                let text = canonical(value).unwrap();
                forms.learn(&text, [None]);
                prop_assert!(known(&forms, &text), "{}", text);
            }
            let text = canonical(&other).unwrap();
            let is_alike = |value: &Value| {
                let shape = |value: &Value| (value.get("e").is_some(), value["b"]["d"].as_array().map(Vec::len));
                shape(value) == shape(&other)
            };
            prop_assert_eq!(known(&forms, &text), learnt.iter().any(is_alike), "{}", text);
            let mut bytes = text.into_bytes();
            let place = place.index(bytes.len());
            bytes[place] = byte;
            if let Ok(changed) = String::from_utf8(bytes) {
                prop_assert!(!known(&forms, &changed) || is_canonical(changed.as_bytes()), "{}", changed);
            }
        }
    }

    #[test]
    fn the_value_that_is_asked_for_is_found_in_every_text_of_its_form() {
        let mut forms = Forms::<1>::default();
        let text = r#"{"a":[1,"x"],"b":true}"#;
        forms.learn(text, [Some(&text[8..11])]);
        forms.learn(r#"{"a":[],"b":true}"#, [None]);
        let read = |text: &'static str| forms.read(&mut Reader::new(text));
        assert_eq!(read(r#"{"a":[2.5,"other"],"b":null}"#), Some([Some("\"other\"")]));
        assert_eq!(read(r#"{"a":[2.5,7],"b":"é"}"#), Some([Some("7")]));
        assert_eq!(read(r#"{"a":[],"b":0}"#), Some([None]));
        for unknown in [r#"{"a":[2.5],"b":null}"#, r#"{"a":[2.50,"x"],"b":0}"#, r#"{"a":[1,"\n"],"b":0}"#, ""] {
            assert_eq!(read(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn no_more_is_learnt_than_memory_is_meant_to_hold() {
        let mut forms = Forms::<1>::default();
        for n in 0..MOST {
            forms.learn(&format!(r#"{{"a{n}":[1,2,3,4,5,6,7,8]}}"#), [None]);
        }
        assert!(forms.places.len() <= MOST && known(&forms, r#"{"a3":[1,2,3,4,5,6,7,8]}"#));
    }
}
