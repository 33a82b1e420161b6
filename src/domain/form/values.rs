//! The kinds of value that a contract is made of.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize,
    de::{self, IntoDeserializer, SeqAccess, value::StrDeserializer},
};
use time::{Date, macros::format_description};

use super::{At, FormValue, Read, Slot, Wrong};
use crate::domain::fault::{Fault, FaultCode};

/// A text, borrowed from the body where it has no escapes.
pub(in crate::domain) type Text<'de> = Cow<'de, str>;
/// A whole number. One that is too large for it saturates: it is out of every range as well.
pub(in crate::domain) type Whole = i64;
/// A finite number; JSON has no other.
pub(in crate::domain) type Number = f64;

impl<'de> FormValue<'de> for Text<'de> {
    const IS: &'static str = "a string";

    fn from_text(text: Text<'de>) -> Read<Self> {
        Ok(text)
    }
}

impl FormValue<'_> for Whole {
    const IS: &'static str = "an integer, without a decimal point or an exponent";

    fn from_whole(value: i64) -> Read<Self> {
        Ok(value)
    }

    /// Digits without end arrive as a float; they are an integer all the same.
    #[expect(clippy::cast_possible_truncation, reason = "`as` saturates, which is what is meant")]
    fn from_number(value: f64) -> Read<Self> {
        const BEYOND_I64: f64 = 9.3e18;
        if value.abs() > BEYOND_I64 { Ok(value as i64) } else { Err(Wrong::kind(Self::IS)) }
    }
}

impl FormValue<'_> for Number {
    const IS: &'static str = "a number";

    #[expect(clippy::cast_precision_loss, reason = "above 2^53 every number is out of its field's range")]
    fn from_whole(value: i64) -> Read<Self> {
        Ok(value as Self)
    }

    fn from_number(value: f64) -> Read<Self> {
        // Canonical JSON has no negative zero: what is recorded must be what was scored.
        Ok(if value == 0.0 { 0.0 } else { value })
    }
}

impl<'de> FormValue<'de> for Date {
    const IS: &'static str = "a calendar date, such as 2026-11-22";

    fn from_text(text: Text<'de>) -> Read<Self> {
        let form = format_description!("[year]-[month]-[day]");
        // The format alone would take years with a sign.
        let well_formed = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        well_formed
            .then(|| Self::parse(&text, form).ok())
            .flatten()
            .ok_or(Wrong { code: FaultCode::WrongFormat, message: Self::IS.into() })
    }
}

/// One of a closed list of words: any enum whose variants serde reads by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::domain) struct Choice<T>(pub(in crate::domain) T);

impl<'de, T: Deserialize<'de>> FormValue<'de> for Choice<T> {
    const IS: &'static str = "a string";

    fn from_text(text: Text<'de>) -> Read<Self> {
        let word: StrDeserializer<'_, NotListed> = text.as_ref().into_deserializer();
        T::deserialize(word)
            .map(Self)
            .map_err(|NotListed(message)| Wrong { code: FaultCode::UnknownValue, message: message.into() })
    }
}

/// Serde's error, asked only for the list of words that it would have taken.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct NotListed(String);

impl de::Error for NotListed {
    fn custom<M: fmt::Display>(_: M) -> Self {
        Self("one of the words of the contract".to_owned())
    }

    fn unknown_variant(_: &str, words: &'static [&'static str]) -> Self {
        Self(format!("one of {}", words.join(", ")))
    }
}

/// A list of values.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::domain) struct List<T>(pub(in crate::domain) Vec<Slot<T>>);

impl<T> List<T> {
    /// The values, when every item has one.
    pub(in crate::domain) fn values<U>(self, each: impl Fn(T) -> U) -> Option<Vec<U>> {
        self.0.into_iter().map(|item| item.value().map(&each)).collect()
    }
}

impl<'de, T: FormValue<'de>> FormValue<'de> for List<T> {
    const IS: &'static str = "a list";

    fn from_list<A: SeqAccess<'de>>(mut list: A) -> Result<Read<Self>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Ok(Self(items)))
    }

    fn inspect(&self, at: &At<'_>, faults: &mut Vec<Fault>) {
        for (index, item) in self.0.iter().enumerate() {
            match item {
                Slot::Null => faults.push(Wrong::kind(T::IS).at(&at.index(index))),
                item => item.inspect(&at.index(index), faults),
            }
        }
    }
}
