//! The built-in catalogue of reasons.

use std::collections::BTreeMap;

use crate::{domain::reason::ReasonCode, features::schema::Schema};

/// The built-in text of a reason code.
#[must_use]
pub fn text_of(_code: &str) -> Option<&'static str> {
    None
}

/// A text for each reason code of a schema: from `overrides`, else built in, else the label of the
/// first feature that has it.
#[must_use]
pub fn resolve(_schema: &Schema, _overrides: &BTreeMap<ReasonCode, String>) -> BTreeMap<ReasonCode, String> {
    BTreeMap::new()
}
