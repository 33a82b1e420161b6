//! What is wrong with an input, said so that its sender can mend it.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One thing that is wrong, where it stands, and what would be right.
///
/// Invariant: `message` never repeats the refused value, which may be personal data.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
pub struct Fault {
    /// Where: a JSON pointer (RFC 6901) into the body; the empty pointer is the whole body.
    #[schema(example = "/finances/annual_income")]
    pub pointer: String,
    /// What: one of a closed list.
    pub code: FaultCode,
    /// What would be right, in a sentence for a person.
    pub message: String,
}

/// The closed list of faults that a value can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FaultCode {
    /// A value that must be there is missing or null.
    Required,
    /// A field that is not part of the contract; it may be misspelt.
    UnknownField,
    /// A field that appears twice.
    DuplicateField,
    /// A value of another JSON type than the contract's.
    WrongType,
    /// A number or a date outside its range.
    OutOfRange,
    /// A text that is too short or too long.
    WrongLength,
    /// A text that has not the form asked for (a date, an e-mail address, a currency code).
    WrongFormat,
    /// A value that is not among those allowed.
    UnknownValue,
    /// A date that lies in the future.
    InFuture,
    /// Values that cannot both be true.
    Contradiction,
    /// A payment card number where none belongs.
    CardNumber,
}

impl fmt::Display for FaultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Required => "required",
            Self::UnknownField => "unknown_field",
            Self::DuplicateField => "duplicate_field",
            Self::WrongType => "wrong_type",
            Self::OutOfRange => "out_of_range",
            Self::WrongLength => "wrong_length",
            Self::WrongFormat => "wrong_format",
            Self::UnknownValue => "unknown_value",
            Self::InFuture => "in_future",
            Self::Contradiction => "contradiction",
            Self::CardNumber => "card_number",
        })
    }
}

impl Fault {
    /// States a fault.
    #[must_use]
    pub fn new(pointer: impl Into<String>, code: FaultCode, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code, message: message.into() }
    }
}

/// Why a body was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The bytes are not one JSON value.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The JSON says something that the contract does not allow: every fault, sorted by pointer.
    #[error("{} of the values are not as the contract asks", .0.len())]
    Faults(Vec<Fault>),
}

/// Bytes that are not one JSON value, and where that shows.
///
/// Invariant: says nothing of what the bytes hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the body is not well-formed JSON: {problem} at line {line}, column {column}")]
pub struct Malformed {
    /// What is wrong, in words of this project's own.
    pub problem: &'static str,
    /// From 1.
    pub line: usize,
    /// In bytes, from 1; 0 when the line itself is what is wrong.
    pub column: usize,
}
