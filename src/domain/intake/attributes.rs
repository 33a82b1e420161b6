//! The further named values of an application, for models whose schema declares them.

use std::collections::{BTreeMap, btree_map::Entry};

use serde::de::{IgnoredAny, MapAccess};

use crate::domain::{
    application::AttributeValue,
    fault::{Fault, FaultCode},
    form::{At, FormValue, Key, Read, Slot, Text, Wrong, inspect_line},
};

const MOST_ATTRIBUTES: usize = 256;
const LONGEST_NAME_CHARACTERS: usize = 64;
const LONGEST_TEXT_CHARACTERS: u64 = 1_000;
/// 2^53 - 1: canonical JSON and the models' numbers keep larger integers no longer exactly.
const GREATEST_INTEGER: i64 = 9_007_199_254_740_991;

/// Named values. A `null` is kept: it says "not known" for a name that the sender knows.
#[derive(Debug, Default)]
pub(super) struct Attributes<'de> {
    values: BTreeMap<Text<'de>, Slot<AttributeValue>>,
    twice: Vec<Text<'de>>,
}

impl Attributes<'_> {
    /// The values, when nothing is wrong with any.
    pub(super) fn finish(self) -> Option<BTreeMap<String, AttributeValue>> {
        let finish = |slot| match slot {
            Slot::Null => Some(AttributeValue::Null),
            slot => slot.value(),
        };
        self.values.into_iter().map(|(name, slot)| Some((name.into_owned(), finish(slot)?))).collect()
    }
}

impl<'de> FormValue<'de> for Attributes<'de> {
    const IS: &'static str = "an object";

    fn from_object<A: MapAccess<'de>>(mut object: A) -> Result<Read<Self>, A::Error> {
        let mut attributes = Self::default();
        while let Some(Key(name)) = object.next_key()? {
            match attributes.values.entry(name) {
                Entry::Vacant(entry) => {
                    entry.insert(object.next_value()?);
                }
                Entry::Occupied(entry) => {
                    object.next_value::<IgnoredAny>()?;
                    attributes.twice.push(entry.key().clone());
                }
            }
        }
        Ok(Ok(attributes))
    }

    fn inspect(&self, at: &At<'_>, faults: &mut Vec<Fault>) {
        if self.values.len() > MOST_ATTRIBUTES {
            let message = format!("must have at most {MOST_ATTRIBUTES} attributes");
            faults.push(Fault::new(at.to_string(), FaultCode::WrongLength, message));
        }
        for name in &self.twice {
            let pointer = at.field(name).to_string();
            faults.push(Fault::new(pointer, FaultCode::DuplicateField, "must be given once"));
        }
        for (name, slot) in &self.values {
            let at = at.field(name);
            if !is_name(name) {
                let message = format!(
                    "must be named with 1 to {LONGEST_NAME_CHARACTERS} characters, none of them a control \
                     character, and no white space at either end"
                );
                faults.push(Fault::new(at.to_string(), FaultCode::WrongFormat, message));
            }
            slot.inspect(&at, faults);
        }
    }
}

fn is_name(name: &str) -> bool {
    (1..=LONGEST_NAME_CHARACTERS).contains(&name.chars().count())
        && name.trim() == name
        && !name.chars().any(char::is_control)
}

impl<'de> FormValue<'de> for AttributeValue {
    const IS: &'static str = "a number up to 2^53 in size, a string, true, false or null";

    fn from_text(text: Text<'de>) -> Read<Self> {
        Ok(Self::Text(text.into_owned()))
    }

    fn from_whole(value: i64) -> Read<Self> {
        if value.unsigned_abs() > GREATEST_INTEGER.unsigned_abs() {
            return Err(Wrong { code: FaultCode::OutOfRange, message: Self::IS.into() });
        }
        f64::from_whole(value).map(Self::Number)
    }

    fn from_number(value: f64) -> Read<Self> {
        f64::from_number(value).map(Self::Number)
    }

    fn from_boolean(value: bool) -> Read<Self> {
        Ok(Self::Boolean(value))
    }

    fn inspect(&self, at: &At<'_>, faults: &mut Vec<Fault>) {
        match self {
            Self::Text(text) if !text.is_empty() => inspect_line(text, LONGEST_TEXT_CHARACTERS, at, faults),
            _ => {}
        }
    }
}
