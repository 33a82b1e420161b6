//! Rules for single values, as the `validator` crate calls them, and its errors as faults.

use std::borrow::Cow;

use serde::{Deserialize as _, de::IntoDeserializer as _};
use serde_json::Value;
use validator::{
    ValidateEmail, ValidateLength, ValidateRange, ValidateRequired, ValidationError, ValidationErrors,
    ValidationErrorsKind,
};

use super::{At, List, Slot, Text};
use crate::domain::{
    fault::{Fault, FaultCode},
    text::contains_card_number,
};

/// What has a length.
pub(in crate::domain) trait Counted {
    fn count(&self) -> usize;
}

impl Counted for Text<'_> {
    fn count(&self) -> usize {
        self.chars().count()
    }
}

impl<T> Counted for List<T> {
    fn count(&self) -> usize {
        self.0.len()
    }
}

impl<T: Counted> ValidateLength<u64> for Slot<T> {
    fn length(&self) -> Option<u64> {
        self.as_value().map(|value| value.count() as u64)
    }
}

impl<T: PartialOrd> ValidateRange<T> for Slot<T> {
    fn greater_than(&self, max: T) -> Option<bool> {
        self.as_value().map(|value| *value > max)
    }

    fn less_than(&self, min: T) -> Option<bool> {
        self.as_value().map(|value| *value < min)
    }
}

impl ValidateEmail for Slot<Text<'_>> {
    fn as_email_string(&self) -> Option<Cow<'_, str>> {
        self.as_value().map(|text| Cow::Borrowed(text.as_ref()))
    }
}

impl<T> ValidateRequired for Slot<T> {
    /// A wrong value is there: that it is wrong is stated by itself.
    fn is_some(&self) -> bool {
        self.is_given()
    }
}

/// A text of one line: no control characters (C0, C1), and something besides white space.
pub(in crate::domain) fn plain(slot: &Slot<Text<'_>>) -> Result<(), ValidationError> {
    let Some(text) = slot.as_value() else { return Ok(()) };
    if text.chars().any(char::is_control) {
        return Err(broken_rule(FaultCode::WrongFormat, "must hold no control characters, such as line breaks"));
    }
    if !text.is_empty() && text.trim().is_empty() {
        return Err(broken_rule(FaultCode::WrongFormat, "must hold more than white space"));
    }
    Ok(())
}

/// A text in which no payment card number stands.
pub(in crate::domain) fn no_card_number(slot: &Slot<Text<'_>>) -> Result<(), ValidationError> {
    match slot.as_value() {
        Some(text) if contains_card_number(text) => {
            Err(broken_rule(FaultCode::CardNumber, "must hold no payment card number"))
        }
        _ => Ok(()),
    }
}

/// Holds a text that is no field of its own, such as an item of a list, against the rules for a line.
pub(in crate::domain) fn inspect_line(text: &str, longest: u64, at: &At<'_>, faults: &mut Vec<Fault>) {
    let slot = Slot::Value(Text::Borrowed(text));
    if !slot.validate_length(Some(1), Some(longest), None) {
        let message = format!("must have 1 to {longest} characters");
        faults.push(Fault::new(at.to_string(), FaultCode::WrongLength, message));
    }
    let broken = [plain(&slot), no_card_number(&slot)];
    faults.extend(broken.iter().filter_map(|result| result.as_ref().err()).map(|error| fault(error, at)));
}

/// States a broken rule in the words of [`FaultCode`].
pub(in crate::domain) fn broken_rule(code: FaultCode, message: &'static str) -> ValidationError {
    let mut error = ValidationError::new("").with_message(message.into());
    error.code = code.to_string().into();
    error
}

/// Turns what `validator` found in a form into faults at their places.
///
/// A rule of the whole form says in its parameter `field` where it shows.
pub(in crate::domain) fn broken(result: Result<(), ValidationErrors>, at: &At<'_>, faults: &mut Vec<Fault>) {
    let Err(errors) = result else { return };
    for (field, kind) in errors.into_errors() {
        let ValidationErrorsKind::Field(errors) = kind else { continue };
        for error in errors {
            let place = error.params.get("field").and_then(Value::as_str).unwrap_or(&field);
            faults.push(fault(&error, &at.field(place)));
        }
    }
}

fn fault(error: &ValidationError, at: &At<'_>) -> Fault {
    let limits = || match (error.params.get("min"), error.params.get("max")) {
        (Some(min), Some(max)) => format!("{min} to {max}"),
        (Some(limit), None) => format!("at least {limit}"),
        (None, Some(limit)) => format!("at most {limit}"),
        (None, None) => String::new(),
    };
    let (code, message) = match error.code.as_ref() {
        "required" => (FaultCode::Required, "must be given".to_owned()),
        "length" => (FaultCode::WrongLength, format!("must have {} characters", limits())),
        "range" => (FaultCode::OutOfRange, format!("must be {}", limits())),
        "email" => (FaultCode::WrongFormat, "must be an e-mail address".to_owned()),
        code => (named(code), String::new()),
    };
    Fault::new(at.to_string(), code, error.message.as_ref().map_or(message, ToString::to_string))
}

/// The code that [`broken_rule`] wrote.
fn named(code: &str) -> FaultCode {
    let read: Result<_, serde::de::value::Error> = FaultCode::deserialize(code.into_deserializer());
    read.unwrap_or(FaultCode::WrongFormat)
}

/// The known field that `key` was probably meant to be.
pub(super) fn nearest<'f>(key: &str, fields: &[&'f str]) -> Option<&'f str> {
    /// Longer keys are no misspelling of a field.
    const LONGEST_BYTES: usize = 40;
    if key.len() > LONGEST_BYTES {
        return None;
    }
    let bare = |text: &str| text.bytes().filter(u8::is_ascii_alphanumeric).map(|b| b.to_ascii_lowercase()).collect();
    let key: Vec<u8> = bare(key);
    fields
        .iter()
        .map(|field| (edits(&key, &bare(field)), *field))
        .filter(|(edits, field)| *edits <= field.len() / 4)
        .min()
        .map(|(_, field)| field)
}

/// Insertions, deletions and substitutions from `a` to `b` (Levenshtein, 1966).
fn edits(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
