//! The files of a model bundle: writing and checking them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{Assessment, Model, file::ModelFile};
use crate::features::{
    extract::FeatureVector,
    schema::{Feature, Schema, SchemaError},
};

/// Why a bundle is refused.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// Not JSON, or not of the form of a model.
    #[error("model.json cannot be read: {0}")]
    NotAModel(String),
    /// A later or unknown format.
    #[error("model.json has format {found}; this version of underwright reads format {expected}")]
    Format { found: u32, expected: u32 },
    /// The schema is faulty.
    #[error("model.json: {0}")]
    Schema(#[from] SchemaError),
    /// Values that cannot be true, each in a sentence.
    #[error("model.json is inconsistent:\n  {}", .0.join("\n  "))]
    Inconsistent(Vec<String>),
    /// A parity vector cannot be read, or gives other bits on this machine.
    #[error("parity.jsonl, line {line}: {what}")]
    Parity { line: usize, what: String },
    /// A file is not the one that was written.
    #[error("SHA256SUMS: {0}")]
    Sums(String),
}

/// The bytes of `model.json` for a model file. Reading them gives the same model file.
///
/// # Panics
///
/// Never: a model file has no map whose keys are not text.
#[must_use]
pub fn model_json(file: &ModelFile) -> Vec<u8> {
    let mut bytes = serde_json::to_vec(file).expect("a model file has no map with keys other than text");
    bytes.push(b'\n');
    bytes
}

/// SHA-256 of bytes, in lower-case hexadecimal.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// A line of `parity.jsonl`: an input, and what the model says of it, to the bit.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ParityVector {
    /// Every feature's raw value by name, as [`Schema::json_value`] shows it.
    features: Map<String, Value>,
    margin: f64,
    probability_of_default: f64,
    /// In the schema's order.
    contributions: Vec<f64>,
}

/// One line of `parity.jsonl`, with its line end: an input and what `model` says of it.
///
/// # Panics
///
/// Never: a parity vector has no map whose keys are not text.
#[must_use]
pub fn parity_line(model: &Model, values: &FeatureVector) -> String {
    let assessment = model.assess(values);
    let vector = ParityVector {
        features: model.schema().named_values(values),
        margin: assessment.margin,
        probability_of_default: assessment.default_probability.value(),
        contributions: assessment.contributions.into(),
    };
    serde_json::to_string(&vector).expect("a parity vector has no map with keys other than text") + "\n"
}

/// The inputs of `parity.jsonl` of which anything is known, as a sample of the rows that a model was tested on: that is
/// what `train` draws them from, evenly. None for a model that was trained elsewhere, whose inputs are partly made up.
#[must_use]
pub fn tested_on(model: &Model, parity_jsonl: &[u8]) -> Vec<FeatureVector> {
    if !model.provenance().trained_by.starts_with(OWN_TRAINER) {
        return Vec::new();
    }
    let lines = parity_jsonl.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let inputs = lines.filter_map(|line| {
        let vector: ParityVector = serde_json::from_slice(line).ok()?;
        read_features(model.schema(), &vector.features).ok()
    });
    inputs.filter(|values| !values.values().iter().all(|value| value.is_nan())).collect()
}

/// How [`super::file::Provenance::trained_by`] begins for what `train` made.
const OWN_TRAINER: &str = "underwright ";

/// Computes every vector of `parity.jsonl` again. Refuses the first that gives other bits, and a
/// file without any.
pub(super) fn check_parity(model: &Model, parity_jsonl: &[u8]) -> Result<(), BundleError> {
    let lines = parity_jsonl.strip_suffix(b"\n").unwrap_or(parity_jsonl).split(|byte| *byte == b'\n');
    for (line, text) in (1..).zip(lines) {
        check_vector(model, text).map_err(|what| BundleError::Parity { line, what })?;
    }
    Ok(())
}

fn check_vector(model: &Model, line: &[u8]) -> Result<(), String> {
    let vector: ParityVector = serde_json::from_slice(line).map_err(|error| format!("not a parity vector: {error}"))?;
    let values = read_features(model.schema(), &vector.features)?;
    let assessment = model.assess(&values);
    let Assessment { margin, default_probability, contributions, baseline, .. } = &assessment;
    same_bits("margin", *margin, vector.margin)?;
    same_bits("probability_of_default", default_probability.value(), vector.probability_of_default)?;
    if contributions.len() != vector.contributions.len() {
        return Err("there must be one contribution for each feature".to_owned());
    }
    for ((feature, here), &expected) in model.schema().features.iter().zip(contributions).zip(&vector.contributions) {
        same_bits(&format!("contribution of `{}`", feature.name), *here, expected)?;
    }
    let sum: f64 = contributions.iter().sum();
    if (baseline + sum - margin).abs() > super::ADDITIVITY_TOLERANCE {
        return Err("baseline and contributions do not sum to the margin".to_owned());
    }
    Ok(())
}

fn same_bits(what: &str, here: f64, expected: f64) -> Result<(), String> {
    if here.to_bits() == expected.to_bits() {
        return Ok(());
    }
    Err(format!(
        "the {what} is {here} here and {expected} in the file: a file was changed, or this machine computes otherwise"
    ))
}

fn read_features(schema: &Schema, given: &Map<String, Value>) -> Result<FeatureVector, String> {
    if given.len() != schema.features.len() {
        return Err("`features` must hold every feature once".to_owned());
    }
    let raw_value = |(index, feature): (usize, &Feature)| {
        let name = &feature.name;
        let json = given.get(name).ok_or_else(|| format!("there is no `{name}`"))?;
        schema.raw_value(index, json).ok_or_else(|| format!("`{name}` is not a value of that feature"))
    };
    schema.features.iter().enumerate().map(raw_value).collect::<Result<Vec<f64>, String>>().map(FeatureVector::new)
}

/// The text of `SHA256SUMS` for files given by name and content, as `sha256sum` writes it.
#[must_use]
pub fn sums(files: &[(&str, &[u8])]) -> String {
    let lines: Vec<String> = files.iter().map(|(name, bytes)| format!("{}  {name}\n", sha256_hex(bytes))).collect();
    lines.concat()
}

/// Checks files against the text of `SHA256SUMS`: each is listed with its hash, and nothing else is.
pub fn check_sums(sums: &str, files: &[(&str, &[u8])]) -> Result<(), BundleError> {
    let refuse = |what: String| Err(BundleError::Sums(what));
    let mut listed = BTreeMap::new();
    for line in sums.lines() {
        let Some((hash, name)) = line.split_once("  ") else {
            return refuse("a line is not a hash, two spaces and a file name".to_owned());
        };
        if listed.insert(name, hash).is_some() {
            return refuse(format!("{name} is listed twice"));
        }
    }
    for (name, bytes) in files {
        match listed.remove(name) {
            None => return refuse(format!("{name} is not listed")),
            Some(hash) if hash != sha256_hex(bytes) => {
                return refuse(format!("{name} is not the file that was written; restore the bundle from its source"));
            }
            Some(_) => {}
        }
    }
    match listed.into_keys().next() {
        Some(name) => refuse(format!("{name} is listed and is not there")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
