//! A model: a forest with its schema, calibration, reasons and proof of identity.

pub mod bundle;
pub mod calibration;
pub mod card;
pub mod file;
pub mod population;
pub mod reasons;
pub mod scorecard;

mod batch;
mod check;
mod experience;

use crate::{
    domain::{decision::Versioned, probability::Probability, reason::ReasonCode},
    features::{
        extract::{Extractor, FeatureVector},
        schema::{Feature, Schema},
    },
    forest::engine::{self, Engine},
};
use bundle::BundleError;
use calibration::Calibration;
use experience::Experience;
use file::{FORMAT, ModelFile, Provenance};

/// How far baseline and contributions may be from the margin that they sum to.
const ADDITIVITY_TOLERANCE: f64 = 1e-9;

/// A checked model, ready to score.
///
/// Invariant: its parity vectors gave the expected bits on this machine; every feature has a reason
/// with a text; contributions and baseline sum to the margin within 1e-9.
#[derive(Debug)]
pub struct Model {
    identity: Versioned,
    schema: Schema,
    calibration: Calibration,
    provenance: Provenance,
    extractor: Extractor,
    encoders: Vec<Encoder>,
    engine: Engine,
    margin_bounds: (f64, f64),
    experience: Vec<Experience>,
    reasons: Vec<FeatureReason>,
    labels: Vec<String>,
}

/// What a model says of one applicant. All in log-odds of default but the probability.
#[derive(Debug, Clone)]
pub struct Assessment {
    /// Log-odds of default, calibrated.
    pub margin: f64,
    /// The probability whose log-odds are `margin`.
    pub default_probability: Probability,
    /// The expected margin over the training rows.
    pub baseline: f64,
    /// By how much each feature moved the margin from the baseline, in the schema's order.
    pub contributions: Box<[f64]>,
    /// Indexes of the features whose value lies outside what the model was trained on.
    pub outside_training_range: Vec<usize>,
}

/// A reason code with its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureReason {
    pub code: ReasonCode,
    pub text: String,
}

/// Buffers that an assessment fills, so that a caller who assesses many applicants allocates once.
#[derive(Debug, Clone, Default)]
pub struct Scratch {
    encoded: Vec<f64>,
    forest: engine::Scratch,
}

/// Turns a category feature into what the forest reads.
#[derive(Debug)]
struct Encoder {
    index: usize,
    /// The statistic of each category, then the prior for any other.
    statistics: Vec<f64>,
}

impl Model {
    /// Reads and checks the two files of a bundle that decide. Every parity vector is computed
    /// again and must give the same bits.
    pub fn parse(model_json: &[u8], parity_jsonl: &[u8]) -> Result<Self, BundleError> {
        let model = Self::without_parity(model_json)?;
        bundle::check_parity(&model, parity_jsonl)?;
        Ok(model)
    }

    /// Reads and checks `model.json` alone: for a trainer, which has yet to write the parity
    /// vectors. Everything else loads through [`Model::parse`].
    pub fn without_parity(model_json: &[u8]) -> Result<Self, BundleError> {
        let unreadable = |error: serde_json::Error| BundleError::NotAModel(error.to_string());
        let found = serde_json::from_slice::<FormatOnly>(model_json).map_err(unreadable)?.format;
        if found != FORMAT {
            return Err(BundleError::Format { found, expected: FORMAT });
        }
        let file: ModelFile = serde_json::from_slice(model_json).map_err(unreadable)?;
        let extractor = Extractor::compile(&file.schema)?;
        let faults = check::faults(&file);
        if !faults.is_empty() {
            return Err(BundleError::Inconsistent(faults));
        }
        Ok(Self::assemble(file, extractor, bundle::sha256_hex(model_json)))
    }

    /// Builds a model from a file that has been checked.
    fn assemble(file: ModelFile, extractor: Extractor, sha256: String) -> Self {
        let forest = file.calibration.fold(&file.forest);
        let features = &file.schema.features;
        let text_of = |feature: &Feature| {
            let (code, text) = file.reasons.get_key_value(feature.reason.as_ref()?)?;
            Some(FeatureReason { code: code.clone(), text: text.clone() })
        };
        Self {
            identity: Versioned { name: file.name, version: file.version, sha256 },
            calibration: file.calibration,
            provenance: file.provenance,
            extractor,
            encoders: file.encodings.into_iter().filter_map(|encoding| Encoder::new(encoding, features)).collect(),
            engine: Engine::compile(&forest),
            margin_bounds: forest.margin_bounds(),
            experience: features
                .iter()
                .zip(&file.training_ranges)
                .map(|(f, range)| Experience::new(f, range))
                .collect(),
            reasons: features.iter().filter_map(text_of).collect(),
            labels: features.iter().map(Feature::display_label).collect(),
            schema: file.schema,
        }
    }

    /// Name, version and SHA-256 of `model.json`.
    #[must_use]
    pub const fn identity(&self) -> &Versioned {
        &self.identity
    }

    /// What the model reads.
    #[must_use]
    pub const fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Reads what the model reads from an application or a row.
    #[must_use]
    pub const fn extractor(&self) -> &Extractor {
        &self.extractor
    }

    /// Where the model comes from.
    #[must_use]
    pub const fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// How raw margins become log-odds.
    #[must_use]
    pub const fn calibration(&self) -> Calibration {
        self.calibration
    }

    /// The reason stated when the feature at `index` counts against an applicant.
    #[must_use]
    pub fn reason_of(&self, index: usize) -> &FeatureReason {
        &self.reasons[index]
    }

    /// The reasons of all features, in the schema's order.
    #[must_use]
    pub fn reasons(&self) -> &[FeatureReason] {
        &self.reasons
    }

    /// What a person calls the feature at `index`.
    #[must_use]
    pub fn label_of(&self, index: usize) -> &str {
        &self.labels[index]
    }

    /// The least and the greatest number of the feature at `index` among the training rows; `None` where that is not known.
    #[must_use]
    pub fn training_range(&self, index: usize) -> Option<[f64; 2]> {
        self.experience.get(index)?.range()
    }

    /// The expected margin over the training rows.
    #[must_use]
    pub const fn baseline(&self) -> f64 {
        self.engine.baseline()
    }

    /// The least and the greatest margin that any applicant can have.
    #[must_use]
    pub const fn margin_bounds(&self) -> (f64, f64) {
        self.margin_bounds
    }

    /// Scores and explains one applicant.
    ///
    /// `values` must come from this model's [`Model::extractor`].
    #[must_use]
    pub fn assess(&self, values: &FeatureVector) -> Assessment {
        self.assess_with(values, &mut Scratch::default())
    }

    /// [`Model::assess`] with buffers of the caller's.
    #[must_use]
    pub fn assess_with(&self, values: &FeatureVector, scratch: &mut Scratch) -> Assessment {
        let margin = self.margin_with(values, scratch);
        let mut contributions = vec![0.0; self.schema.features.len()].into_boxed_slice();
        self.engine.explain(&mut scratch.forest, &mut contributions);
        Assessment {
            margin,
            default_probability: Probability::from_margin(margin),
            baseline: self.baseline(),
            contributions,
            outside_training_range: self.outside_training_range(values),
        }
    }

    /// Log-odds of default, without an explanation: the same bits as [`Model::assess`] gives.
    #[must_use]
    pub fn margin(&self, values: &FeatureVector) -> f64 {
        self.margin_with(values, &mut Scratch::default())
    }

    /// [`Model::margin`] with buffers of the caller's.
    #[must_use]
    pub fn margin_with(&self, values: &FeatureVector, scratch: &mut Scratch) -> f64 {
        scratch.encoded.clear();
        scratch.encoded.extend_from_slice(values.values());
        for encoder in &self.encoders {
            encoder.encode(&mut scratch.encoded[encoder.index..=encoder.index]);
        }
        self.engine.score(&scratch.encoded, &mut scratch.forest)
    }

    /// The probability of default alone: the same bits as [`Model::assess`] gives.
    #[must_use]
    pub fn probability_only(&self, values: &FeatureVector) -> Probability {
        Probability::from_margin(self.margin(values))
    }

    fn outside_training_range(&self, values: &FeatureVector) -> Vec<usize> {
        let judged = self.experience.iter().zip(values.values()).enumerate();
        judged.filter(|(_, (experience, value))| !experience.covers(**value)).map(|(index, _)| index).collect()
    }
}

/// Reads the format alone, so that a later format is named and not reported as faulty fields.
#[derive(serde::Deserialize)]
struct FormatOnly {
    format: u32,
}

impl Encoder {
    /// `None` for a feature that does not exist, which a checked file has not.
    fn new(encoding: file::Encoding, features: &[Feature]) -> Option<Self> {
        let index = features.iter().position(|feature| feature.name == encoding.feature)?;
        let mut statistics = encoding.statistics;
        statistics.push(encoding.prior);
        Some(Self { index, statistics })
    }

    /// Puts each category's statistic in its place; a missing category stays missing.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a code is a small whole number")]
    fn encode(&self, values: &mut [f64]) {
        for value in values.iter_mut().filter(|value| !value.is_nan()) {
            let code = (*value as usize).min(self.statistics.len() - 1);
            *value = self.statistics[code];
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
