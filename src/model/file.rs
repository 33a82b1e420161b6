//! What stands in `model.json`: everything that decides, and where it comes from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{calibration::Calibration, population::Population};
use crate::{domain::reason::ReasonCode, features::schema::Schema, forest::Forest};

/// The `format` that this build writes and reads.
pub const FORMAT: u32 = 1;

/// The content of `model.json`. Its bytes' SHA-256 is the model's identity.
///
/// As read it may be anything; [`super::Model`] is what has been checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelFile {
    /// [`FORMAT`].
    pub format: u32,
    pub name: String,
    pub version: String,
    pub schema: Schema,
    /// A text for each of the schema's reason codes, no more and no fewer.
    pub reasons: BTreeMap<ReasonCode, String>,
    /// One for each category feature, in the schema's order. Trees of any shape read the codes of those that
    /// have none.
    pub encodings: Vec<Encoding>,
    /// Uncalibrated: raw margins. It reads encoded values, in the schema's order.
    pub forest: Forest,
    pub calibration: Calibration,
    /// One for each feature, in the schema's order; none at all when nothing is known of the training data.
    pub training_ranges: Vec<TrainingRange>,
    pub provenance: Provenance,
}

/// What the forest reads in place of a category: the smoothed rate of bad loans in it, learnt on
/// the training part alone. A missing category stays missing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Encoding {
    /// The feature's name.
    pub feature: String,
    /// For a category that the schema does not list.
    pub prior: f64,
    /// One for each of the feature's `categories`, in their order.
    pub statistics: Vec<f64>,
}

/// The values of a feature that the model was trained on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingRange {
    /// The feature's name.
    pub feature: String,
    /// The least and the greatest value of a number, false as 0 and true as 1; none when it was
    /// always missing, and for categories.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<[f64; 2]>,
    /// The categories that occurred.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// Whether it was ever missing.
    pub missing: bool,
}

/// Where a model comes from.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    pub data: Vec<DataFile>,
    /// Rows the trees, the statistics and the calibration were learnt on.
    pub train_rows: u64,
    /// Rows held out for the figures of the card.
    pub test_rows: u64,
    /// Share of bad loans among the training rows.
    pub bad_rate: f64,
    pub seed: u64,
    /// What trained it, with its version: `underwright 0.1.0`.
    pub trained_by: String,
    /// How training and test rows were told apart, for a person.
    pub split: String,
    /// The same for a machine: which rows were used, which were held out, and which went bad. None
    /// when the model was trained elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub population: Option<Population>,
    pub parameters: BTreeMap<String, f64>,
    pub metrics: BTreeMap<String, f64>,
}

/// A file of training data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataFile {
    /// The file's name without its folder.
    pub name: String,
    /// SHA-256 of the file's bytes, in lower-case hexadecimal.
    pub sha256: String,
    /// SHA-256 of its text: the same whether the file is compressed or not.
    pub content_sha256: String,
    /// Rows read from it.
    pub rows: u64,
}
