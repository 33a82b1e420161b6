//! What a model reads: its features, their order, kinds and directions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::reason::ReasonCode;

/// The features of a model, in the order in which it reads them.
///
/// Invariant: names are unique; every feature has a source, a column and a reason code.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Schema {
    /// The product, such as `personal-loan`.
    pub name: String,
    /// The currency that money features are in; an application in another one is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Values that are read but not scored: what derived features are computed from.
    #[serde(default, rename = "input", skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<Feature>,
    #[serde(rename = "feature")]
    pub features: Vec<Feature>,
}

/// Everything that is wrong with a schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the schema cannot be used:\n  {}", faults.join("\n  "))]
pub struct SchemaError {
    /// One sentence per fault; never empty.
    pub faults: Vec<String>,
}

impl Schema {
    /// Checks that every value can be read and that no fault is left: names, reasons, sources,
    /// formulas, categories, ranges. [`super::extract::Extractor::compile`] does the same and keeps
    /// what it resolved.
    pub fn check(&self) -> Result<(), SchemaError> {
        super::resolve::resolve(self).map(drop)
    }

    /// A feature's raw value as JSON: a number, a category's name, a boolean, or null when missing.
    ///
    /// `index` is the feature's place in `features`. A whole number is written without a fraction,
    /// and a category that the schema does not list as an empty text.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "only whole numbers below 2^53 and indexes are cast")]
    pub fn json_value(&self, index: usize, raw: f64) -> Value {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        let feature = &self.features[index];
        if raw.is_nan() {
            return Value::Null;
        }
        match feature.kind {
            Kind::Category => {
                let category = usize::try_from(raw as i64).ok().and_then(|code| feature.categories.get(code));
                Value::from(category.map_or("", String::as_str))
            }
            Kind::Boolean => Value::from(raw != 0.0),
            Kind::Number | Kind::Date if raw.fract() == 0.0 && raw.abs() < EXACT => Value::from(raw as i64),
            Kind::Number | Kind::Date => Value::from(raw),
        }
    }

    /// The raw value that [`Schema::json_value`] gave as JSON; `None` when it is not one of the
    /// feature at `index`.
    #[must_use]
    pub fn raw_value(&self, index: usize, value: &Value) -> Option<f64> {
        let feature = &self.features[index];
        match (feature.kind, value) {
            (_, Value::Null) => Some(f64::NAN),
            (Kind::Category, Value::String(name)) => {
                let known = feature.categories.iter().position(|category| category == name);
                let code = if name.is_empty() { Some(feature.categories.len()) } else { known };
                code.and_then(|code| u32::try_from(code).ok()).map(f64::from)
            }
            (Kind::Boolean, Value::Bool(answer)) => Some(f64::from(u8::from(*answer))),
            (Kind::Number | Kind::Date, Value::Number(number)) => number.as_f64().filter(|raw| raw.is_finite()),
            _ => None,
        }
    }

    /// Every feature's name with its value, in the schema's order.
    #[must_use]
    pub fn named_values(&self, values: &super::extract::FeatureVector) -> Map<String, Value> {
        self.features
            .iter()
            .zip(values.values())
            .enumerate()
            .map(|(index, (feature, &raw))| (feature.name.clone(), self.json_value(index, raw)))
            .collect()
    }
}

impl Feature {
    /// What a person calls it: its `label`, or its name with spaces.
    #[must_use]
    pub fn display_label(&self) -> String {
        self.label.clone().unwrap_or_else(|| {
            let mut text = self.name.replace('_', " ");
            if let Some(first) = text.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            text
        })
    }
}

/// One value that is read, or derived from others that are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    pub name: String,
    /// What a person calls it; made from the name when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Its column in a training file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// A JSON pointer into an application, or the name of a value computed from one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// A formula over other features and inputs, in place of `column` and `source`:
    /// `ratio(a, b)`, `months_between(a, b)`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub derive: Option<String>,
    /// Application value times `scale` gives the training file's unit (0.01: minor units to dollars).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<f64>,
    #[serde(default)]
    pub kind: Kind,
    /// For `kind = "category"`: the values, in the order of their codes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// The training file's spelling of a value, where it differs from the application's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub column_values: BTreeMap<String, String>,
    /// The least value allowed, in the training file's unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// The greatest value allowed, in the training file's unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    #[serde(default, skip_serializing_if = "Monotone::is_free")]
    pub monotone: Monotone,
    /// The reason stated when this feature counts against an applicant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonCode>,
}

/// What kind of value a feature is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    #[default]
    Number,
    Category,
    /// true is 1, false is 0.
    Boolean,
    /// A calendar date; for inputs of derived features only.
    Date,
}

/// How risk moves as a feature rises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Monotone {
    /// In any way.
    #[default]
    Free,
    /// Never falls.
    Increasing,
    /// Never rises.
    Decreasing,
}

impl Monotone {
    /// Whether no direction is asked for.
    #[must_use]
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde's skip_serializing_if calls")]
    pub const fn is_free(&self) -> bool {
        matches!(self, Self::Free)
    }
}
